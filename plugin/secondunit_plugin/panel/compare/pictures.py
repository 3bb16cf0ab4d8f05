"""What is made of two R'G'B' pictures of one size: arrays of shape (height, width, 3), 8-bit codes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from secondunit_plugin.panel.compare.bands import BANDS

Rgb = NDArray[np.uint8]

_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)


def luma(picture: Rgb) -> NDArray[np.float32]:
    """Y' of BT.709, in percent; shape (height, width)."""
    return np.asarray(picture @ (_LUMA * np.float32(100 / 255)), np.float32)


def false_colour(picture: Rgb) -> Rgb:
    """Luma as grey, and in a band's colour where it lies in one."""
    levels = luma(picture)
    shown = np.repeat(np.clip(levels * 2.55, 0, 255).astype(np.uint8)[..., None], 3, axis=2)
    for band in BANDS:
        shown[(levels >= band.low) & (levels < band.high)] = band.colour
    return shown


@dataclass(frozen=True, slots=True, eq=False)
class Difference:
    """`picture`: enlarged, black where both are equal. `mean`, `largest`: of the channels, in 8-bit codes."""

    picture: Rgb
    mean: float
    largest: int


def difference(a: Rgb, b: Rgb, gain: int) -> Difference:
    apart = np.maximum(a, b) - np.minimum(a, b)
    shown = np.minimum(apart, 255 // gain).astype(np.uint8) * np.uint8(gain) if gain > 1 else apart
    return Difference(shown, float(apart.mean()), int(apart.max()))


def wiped(a: Rgb, b: Rgb, at: float) -> Rgb:
    """`a` on the left of the share `at` of the width, `b` on the right."""
    column = round(at * a.shape[1])
    return np.concatenate((a[:, :column], b[:, column:]), axis=1)
