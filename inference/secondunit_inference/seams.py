"""Colour at a seam: generated frames meet the camera's frame, the correction holds or dies away behind it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from secondunit_bridge.media.seam import area_averages, kept_cells
from secondunit_bridge.messages import IgnoreRegion

from secondunit_inference.job import Picture

_MOST = 0.08


@dataclass(frozen=True, slots=True)
class Correction:
    """Gains on R', G', B' that bring a generated picture to its camera neighbour."""

    gains: NDArray[np.float64]

    def apply(self, picture: Picture, share: float) -> Picture:
        """`share` 1 is the whole correction, 0 none."""
        if share <= 0 or np.abs(self.gains - 1).max() < 1e-4:
            return picture
        gains = self.gains.astype(np.float32) ** np.float32(share)
        return np.clip(picture * gains + np.float32(0.5), 0, 65535).astype(np.uint16)


def correction(camera: Picture, generated: Picture, ignore: tuple[IgnoreRegion, ...] = ()) -> Correction:
    """Robust gains between two neighbouring frames, from area averages; what moved between them hardly counts."""
    keep = kept_cells(camera.shape[0], camera.shape[1], ignore)
    a, b = area_averages(camera)[keep], area_averages(generated)[keep]
    gains = np.ones(3)
    for channel in range(3):
        usable = (a[:, channel] > 0.03) & (b[:, channel] > 0.03) & (a[:, channel] < 0.97) & (b[:, channel] < 0.97)
        if np.count_nonzero(usable) > 16:
            gains[channel] = np.exp(np.median(np.log(a[usable, channel] / b[usable, channel])))
    return Correction(np.clip(gains, 1 - _MOST, 1 + _MOST))
