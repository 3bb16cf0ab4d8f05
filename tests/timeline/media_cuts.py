"""Cuts of media that exists, and takes as a unit would give them for an order."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
from secondunit_bridge.messages import Order, Record, Take
from secondunit_bridge.rates import FrameTime
from secondunit_timeline.times import time_range

from tests.timeline.cuts import RATE

MakeClip = Callable[..., Path]
TEN_HOURS = 10 * 3600


def shot(path: Path, frames: int, first: int, used: int, name: str = "A", rate: Fraction = RATE) -> otio.schema.Clip:
    """A clip of `used` frames from frame `first` of a file of `frames`, in the file's timecode from 10:00:00:00."""
    start = TEN_HOURS * round(rate)
    media = otio.schema.ExternalReference(str(path), time_range(start, frames, rate))
    return otio.schema.Clip(name, media, time_range(start + first, used, rate))


def sounding_cut(
    *video: otio.core.Composable, sound: tuple[otio.core.Composable, ...] = (), rate: Fraction = RATE
) -> otio.schema.Timeline:
    """V1 and, where there is sound, A1; starts at 01:00:00:00."""
    start = otio.opentime.RationalTime(3600 * round(rate), float(rate))
    cut = otio.schema.Timeline("show", global_start_time=start)
    for name, kind, children in (("V1", "Video", video), ("A1", "Audio", sound)):
        if children:
            track = otio.schema.Track(name, kind=kind)
            track.extend(children)
            cut.tracks.append(track)
    return cut


def take_for(order: Order, path: str = "/takes/A_v001.mov", start: FrameTime | None = None) -> Take:
    """`start`: the timecode that the unit assigns where the order has none."""
    slot = order.slot
    start = slot.start or start
    assert start is not None
    record = Record(
        "id1", "A_v001", "UAAAAAAA", start, slot.drop_frame, order, order.seeds[0], "", (), (), None, None, False, ()
    )
    return Take(path, slot.head + slot.frames + slot.tail, "00", "", record)
