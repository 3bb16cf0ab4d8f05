"""Both pictures read and put together, for the work of operations: brings numpy."""

from collections import OrderedDict
from dataclasses import dataclass
from fractions import Fraction
from typing import assert_never

import numpy as np
from PyQt5.QtGui import QImage
from secondunit_bridge.media.decoding import DECODING

from secondunit_plugin.panel.compare.pictures import Rgb, difference, false_colour, wiped
from secondunit_plugin.panel.model.compare import Mode
from secondunit_plugin.panel.pictures import image

_KEPT = 4


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
    """Few frames, kept for the next picture of the same ones. Not for use by several threads at once."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Frame, int, int], Rgb] = OrderedDict()

    def read(self, frame: Frame, width: int, height: int) -> Rgb:
        """In that size, which leaves the file's pixel aspect out of account. Raises MediaError, BadInput."""
        key = frame, width, height
        found = self._kept.pop(key, None)
        if found is None:
            read = DECODING.get().picture(frame.path, frame.frame, frame.rate, width, height)
            found = np.frombuffer(read.pixels, np.uint8).reshape(height, width, 3)
        self._kept[key] = found
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return found


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
