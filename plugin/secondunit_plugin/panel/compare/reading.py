"""Both pictures read and put together, for the work of operations: brings PyAV and numpy."""

from collections import OrderedDict
from dataclasses import dataclass
from fractions import Fraction
from typing import assert_never

import av
import numpy as np
from PyQt5.QtGui import QImage
from secondunit_bridge.media.read import VideoReader, picture

from secondunit_plugin.panel.compare.pictures import Rgb, difference, false_colour, wiped
from secondunit_plugin.panel.model.compare import Mode
from secondunit_plugin.panel.pictures import image

_FILES = 4
_KEPT = 16


@dataclass(frozen=True, slots=True)
class Frame:
    """Frame `frame` of a file, from its first as 0, read at `rate`."""

    path: str
    frame: int
    rate: Fraction


@dataclass(frozen=True, slots=True)
class Composed:
    """`apart`: the mean and the largest difference of the channels, in 8-bit codes, where differences are shown."""

    image: QImage
    apart: tuple[float, int] | None = None


class Pictures:
    """Frames of few files, kept for the next picture of the same frames. Not for use by several threads at once."""

    def __init__(self) -> None:
        self._readers: OrderedDict[tuple[str, Fraction], VideoReader] = OrderedDict()
        self._kept: OrderedDict[tuple[Frame, int, int], Rgb] = OrderedDict()

    def close(self) -> None:
        for reader in self._readers.values():
            reader.close()
        self._readers.clear()
        self._kept.clear()

    def read(self, frame: Frame, width: int, height: int) -> Rgb:
        """In that size, which leaves the file's pixel aspect out of account. Raises MediaError, BadInput."""
        found = self._kept.get((frame, width, height))
        if found is None:
            found = self._kept[frame, width, height] = self._decoded(frame, width, height)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return found

    def _decoded(self, frame: Frame, width: int, height: int) -> Rgb:
        key = frame.path, frame.rate
        reader = self._readers.pop(key, None) or VideoReader(*key)
        self._readers[key] = reader
        if len(self._readers) > _FILES:
            self._readers.popitem(last=False)[1].close()
        codes = (picture(reader.frame(frame.frame), reader.info.encoding) >> 8).astype(np.uint8)
        if codes.shape[:2] == (height, width):
            return codes
        packed = av.VideoFrame.from_ndarray(np.ascontiguousarray(codes), format="rgb24")
        return packed.reformat(width=width, height=height, interpolation="AREA").to_ndarray().astype(np.uint8)


def composed(a: Rgb, b: Rgb, mode: Mode, at: float, gain: int, flipped: bool) -> Composed:
    """`a`: the take; `b`: what it is compared with; of one size. `flipped`: `b` as it is."""
    if flipped:
        return Composed(image(b))
    match mode:
        case Mode.WIPE:
            return Composed(image(wiped(a, b, at)))
        case Mode.FLIP:
            return Composed(image(a))
        case Mode.DIFFERENCE:
            found = difference(a, b, gain)
            return Composed(image(found.picture), (found.mean, found.largest))
        case Mode.FALSE_COLOUR:
            return Composed(image(false_colour(wiped(a, b, at))))
        case _:
            assert_never(mode)
