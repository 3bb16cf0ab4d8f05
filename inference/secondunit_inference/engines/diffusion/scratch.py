"""Where a model's pictures lie until they are written: in memory, those of a long take in files mapped into it.

The system writes mapped pictures to the disk where it needs the memory. The files have no names, so that they are gone
with the process, however it ends.
"""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from secondunit_inference.engines.diffusion.framing import Floats
from secondunit_inference.engines.diffusion.planned import Planned

IN_MEMORY = 2_000_000_000
"""Bytes of pictures that stay in memory: a minute of small ones, three seconds of 1080p."""
_BLOCK = 512_000_000
"""Bytes of a file: each mapped one takes one of the process's file handles, of which there are often 1024."""
_ZEROS = 16_000_000
_PIXEL = 12


def picture_bytes(planned: Planned) -> int:
    """Of all the pictures of the takes that are made at once, and of the enlarged ones beside them."""
    framings = [planned.framing] + ([planned.enlarging.framing] if planned.enlarging is not None else [])
    pixels = sum(framing.width * framing.height for framing in framings)
    return planned.speed.batch * planned.timing.frames * pixels * _PIXEL


def mapped_bytes(planned: Planned) -> int:
    """What of that lies on the disk of the takes."""
    total = picture_bytes(planned)
    return total if total > IN_MEMORY else 0


class Scratch:
    """`folder`: where files are made; None keeps all in memory. `frames`: as many pictures of one size are expected.

    `check` is called for each picture.
    """

    def __init__(self, folder: Path | None, frames: int, check: Callable[[], None]) -> None:
        self._folder, self._frames, self._check = folder, frames, check
        self._free: list[Floats] = []

    def put(self, picture: Floats) -> Floats:
        """The same values, to be kept and to be written to. Raises OSError where the disk is full."""
        self._check()
        if self._folder is None:
            return picture
        if not self._free or self._free[-1].shape != picture.shape:
            count = min(max(1, _BLOCK // picture.nbytes), self._frames)
            self._free = list(_mapped((count, *picture.shape), self._folder))
        place = self._free.pop()
        place[:] = picture
        return place


def _mapped(shape: tuple[int, ...], folder: Path) -> Floats:
    size = int(np.prod(shape)) * 4
    with tempfile.TemporaryFile(dir=folder) as file:
        # Writing to mapped memory that the disk has no room for would end the process.
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)
        else:
            for start in range(0, size, _ZEROS):
                file.write(bytes(min(_ZEROS, size - start)))
            file.flush()
        return np.asarray(np.memmap(file, np.float32, "r+", shape=shape))
