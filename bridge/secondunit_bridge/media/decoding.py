"""Who opens media files for what plans and shows them: this process, or another one that does it for a window.

    DECODING.get().probe(path, rate)

A program whose own process must not decode sets `DECODING` to what asks another one.
"""

from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # they bring PyAV and numpy, which who asks another process does without
    import numpy as np
    from numpy.typing import NDArray

    from secondunit_bridge.media.header import Header
    from secondunit_bridge.media.probe import MediaInfo
    from secondunit_bridge.media.read import VideoReader

__all__ = ["DECODING", "Decoding", "Here", "Picture", "in_size", "picture_of", "steps_of"]

# Frames are compared at this size.
_WIDTH, _HEIGHT = 48, 27


@dataclass(frozen=True, slots=True)
class Picture:
    """`pixels`: R'G'B' as `read.picture` gives them, with 8 bits, row by row."""

    width: int
    height: int
    pixels: bytes


class Decoding(Protocol):
    """All of it raises MediaError and BadInput. `rate` as in `probe`."""

    def probe(self, path: str, rate: Fraction | None = None) -> "MediaInfo":
        """See `probe.probe`."""

    def header(self, path: str) -> "Header":
        """See `header.read_header`."""

    def steps(self, path: str, rate: Fraction, start: int, stop: int) -> Sequence[float]:
        """By how much each frame after `start`, up to, not including, `stop`, differs from the one before.

        The mean over all luma codes of a small picture, as a share of full scale.
        """

    def picture(
        self, path: str, frame: int | None, rate: Fraction | None, width: int | None = None, height: int | None = None
    ) -> Picture:
        """Frame `frame` of a file, from its first as 0; None: of a still.

        In `width` by `height` pixels, with `width` alone at most as wide, else whole.
        """


class Here:
    """In this process, each time anew."""

    def probe(self, path: str, rate: Fraction | None = None) -> "MediaInfo":
        from secondunit_bridge.media.probe import probe

        return probe(path, rate)

    def header(self, path: str) -> "Header":
        from secondunit_bridge.media.header import read_header

        return read_header(path)

    def steps(self, path: str, rate: Fraction, start: int, stop: int) -> Sequence[float]:
        from secondunit_bridge.media.read import VideoReader

        with VideoReader(path, rate) as reader:
            return steps_of(reader, start, stop)

    def picture(
        self, path: str, frame: int | None, rate: Fraction | None, width: int | None = None, height: int | None = None
    ) -> Picture:
        from secondunit_bridge.media.read import VideoReader, read_still

        if frame is None:
            return in_size(read_still(path), width, height)
        with VideoReader(path, rate) as reader:
            return picture_of(reader, frame, width, height)


DECODING: ContextVar[Decoding] = ContextVar("DECODING", default=Here())  # noqa: B039 - it holds nothing


def steps_of(reader: "VideoReader", start: int, stop: int) -> list[float]:
    """See `Decoding.steps`."""
    import numpy as np

    small = [
        frame.reformat(width=_WIDTH, height=_HEIGHT, format="gray").to_ndarray().astype(np.float32) / 255
        for frame in reader.frames(start, stop)
    ]
    return [float(np.abs(after - before).mean()) for before, after in pairwise(small)]


def picture_of(reader: "VideoReader", frame: int, width: int | None, height: int | None) -> Picture:
    """See `Decoding.picture`."""
    from secondunit_bridge.media.read import picture

    return in_size(picture(reader.frame(frame), reader.info.encoding), width, height)


def in_size(codes: "NDArray[np.uint16]", width: int | None, height: int | None) -> Picture:
    """See `Decoding.picture`."""
    import numpy as np
    from av.video.frame import VideoFrame

    pixels = np.ascontiguousarray((codes >> 8).astype(np.uint8))
    down, across = pixels.shape[:2]
    if height is not None:
        size = (width or across, height)
    else:
        narrow = min(width or across, across)
        size = (narrow, max(1, round(down * narrow / across)))
    if size != (across, down):
        packed = VideoFrame.from_ndarray(pixels, format="rgb24")
        pixels = packed.reformat(*size, interpolation="AREA").to_ndarray().astype(np.uint8)
    return Picture(*size, pixels.tobytes())
