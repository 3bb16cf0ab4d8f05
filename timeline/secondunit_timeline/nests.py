"""A nest opened as a cut of its own, and filled again."""

from fractions import Fraction

import opentimelineio as otio

from secondunit_timeline.retimes import handles_of
from secondunit_timeline.times import Frames, rational_time


def opened(nest: otio.core.Composition, rate: Fraction) -> otio.schema.Timeline:
    """A copy of what the nest holds, as a cut that counts from 0 at `rate`."""
    stack = otio.schema.Stack("tracks")
    inside = nest.deepcopy()
    tracks = [inside] if isinstance(inside, otio.schema.Track) else list(inside)
    if isinstance(inside, otio.schema.Track):
        inside.source_range = None
    else:
        del inside[:]
    stack.extend(tracks)
    cut = otio.schema.Timeline(nest.name, global_start_time=rational_time(0, rate))
    cut.tracks = stack
    return cut


def fill(nest: otio.core.Composition, cut: otio.schema.Timeline) -> None:
    """Puts the tracks of `cut`, or of a nest that is a track, its items, in the place of what the nest holds."""
    outer = cut.tracks[0] if isinstance(nest, otio.schema.Track) else cut.tracks
    children = list(outer)
    del outer[:]
    nest[:] = children


def missing(nest: otio.core.Item, before: otio.core.Item, rate: Fraction) -> Frames:
    """How many frames the nest shows beyond what it holds, that it did not already show so `before`."""
    short: list[Frames] = []
    for now, was in zip(handles_of(nest, rate), handles_of(before, rate), strict=True):
        if now is not None:
            short.append(max(0, -now) - max(0, -(was or 0)))
    return max(short, default=0)
