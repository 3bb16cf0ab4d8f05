"""Colour at a seam: generated frames are brought to the camera's frame beside them, measured before and after."""

from dataclasses import dataclass
from typing import TypeVar, cast

import numpy as np
from numpy.typing import NDArray
from secondunit_bridge.media.colour import Floats
from secondunit_bridge.media.seam import area_averages, kept_cells, measure
from secondunit_bridge.messages import IgnoreRegion, Measure

from secondunit_inference.job import Picture

_MOST = 0.08
Shown = TypeVar("Shown", Picture, Floats, Picture | Floats)


@dataclass(frozen=True, slots=True)
class Correction:
    """Gains on R', G', B' that bring a generated picture to its camera neighbour."""

    gains: NDArray[np.float64]

    def apply(self, picture: Shown, share: float) -> Shown:
        """`share` 1 is the whole correction, 0 none."""
        if share <= 0 or np.abs(self.gains - 1).max() < 1e-4:
            return picture
        gains = self.gains.astype(np.float32) ** np.float32(share)
        if picture.dtype == np.float32:
            return cast(Shown, picture * gains)
        return cast(Shown, np.clip(picture * gains + np.float32(0.5), 0, 65535).astype(np.uint16))


NO_CORRECTION = Correction(np.ones(3))


@dataclass(frozen=True, slots=True)
class Meeting:
    """One seam: `picture` is the generated frame after `correction`."""

    correction: Correction
    picture: Picture
    before: Measure
    after: Measure


def uncorrected(meeting: Meeting) -> Meeting:
    """The figures of a seam whose correction is not used."""
    return Meeting(NO_CORRECTION, meeting.picture, meeting.before, meeting.before)


def meet(camera: Picture, generated: Picture, ignore: tuple[IgnoreRegion, ...], *, camera_last: bool) -> Meeting:
    """Corrects a generated frame to its camera neighbour, if that brings them nearer in colour.

    `camera_last`: the camera's frame is the later of the two; figures go from the earlier to the later one.
    """

    def measured(picture: Picture) -> Measure:
        return measure(picture, camera, ignore) if camera_last else measure(camera, picture, ignore)

    before = measured(generated)
    found = _correction(camera, generated, ignore)
    corrected = found.apply(generated, 1.0)
    after = before if corrected is generated else measured(corrected)
    if after.colour <= before.colour and abs(after.luma) <= max(0.02, abs(before.luma)):
        return Meeting(found, corrected, before, after)
    return Meeting(NO_CORRECTION, generated, before, before)


def _correction(camera: Picture, generated: Picture, ignore: tuple[IgnoreRegion, ...]) -> Correction:
    """Robust gains between two neighbouring frames, from area averages; what moved between them hardly counts."""
    keep = kept_cells(camera.shape[0], camera.shape[1], ignore)
    a, b = area_averages(camera)[keep], area_averages(generated)[keep]
    gains = np.ones(3)
    for channel in range(3):
        usable = (a[:, channel] > 0.03) & (b[:, channel] > 0.03) & (a[:, channel] < 0.97) & (b[:, channel] < 0.97)
        if np.count_nonzero(usable) > 16:
            gains[channel] = np.exp(np.median(np.log(a[usable, channel] / b[usable, channel])))
    return Correction(np.clip(gains, 1 - _MOST, 1 + _MOST))
