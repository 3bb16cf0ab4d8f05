"""The source range of an item cut, grown and moved, with the markers that lie on it.

`rate` is the cut's; lengths and offsets in the cut count at it.
"""

from fractions import Fraction

import opentimelineio as otio

from secondunit_timeline.retimes import speed_of
from secondunit_timeline.times import Frames, exact, frames_of, rate_of, rational_time, rescaled, simple


def shorten(item: otio.core.Item, length: Frames, rate: Fraction) -> None:
    """Keeps the first `length` frames, with the markers on them."""
    times = item.source_range
    own = rate_of(times.duration)
    markers = item.markers
    for k in reversed(range(len(markers))):
        if _marker_offset(markers[k], times, rate) >= length:
            del markers[k]
    duration = rational_time(rescaled(length, rate, own), times.duration.rate)
    item.source_range = otio.opentime.TimeRange(times.start_time, duration)


def advance(item: otio.core.Item, offset: Frames, rest: Frames, rate: Fraction, speed: Fraction) -> None:
    """Keeps what follows the first `offset` frames, `rest` frames long, with the markers on it."""
    times = item.source_range
    own, start_rate = rate_of(times.duration), rate_of(times.start_time)
    played = rescaled(offset, rate, start_rate)
    source = played if speed == 1 else simple(played * speed)
    markers = item.markers
    for k in reversed(range(len(markers))):
        if _marker_offset(markers[k], times, rate) < offset:
            del markers[k]
    _move_markers(item, source - played, start_rate)
    item.source_range = otio.opentime.TimeRange(
        rational_time(exact(times.start_time.value) + source, times.start_time.rate),
        rational_time(rescaled(rest, rate, own), times.duration.rate),
    )


def _marker_offset(marker: otio.schema.Marker, times: otio.opentime.TimeRange, rate: Fraction) -> Frames:
    """A marker lies at its item's start plus track time, which a retime does not stretch."""
    return frames_of(marker.marked_range.start_time, rate) - frames_of(times.start_time, rate)


def _move_markers(item: otio.core.Item, by: Frames, rate: Fraction) -> None:
    if by:
        for marker in item.markers:
            marked = marker.marked_range
            own = rate_of(marked.start_time)
            start = exact(marked.start_time.value) + rescaled(simple(Fraction(by)), rate, own)
            marker.marked_range = otio.opentime.TimeRange(rational_time(start, own), marked.duration)


def grow(item: otio.core.Item, growth: Frames, at_head: bool, rate: Fraction) -> None:
    """Shows `growth` more frames at one end, at the item's own speed."""
    times = item.source_range
    own = rate_of(times.duration)
    frames = growth * own / rate
    start, duration = exact(times.start_time.value), exact(times.duration.value)
    if at_head:
        played = frames * rate_of(times.start_time) / own
        source = played * (speed_of(item) or 0)
        start -= source
        _move_markers(item, played - source, rate_of(times.start_time))
    item.source_range = otio.opentime.TimeRange(
        rational_time(simple(Fraction(start)), rate_of(times.start_time)),
        rational_time(simple(Fraction(duration + frames)), own),
    )


def between_frames(item: otio.core.Item, offset: Frames, tail: bool, rate: Fraction) -> Frames | None:
    """The media frame at the in point, or at the `tail` the out point, where `offset` moved it between two frames.

    None where it lies on a whole one, where it did not lie on one before, either, or where a retime plays them: there
    the frames of the cut show what lies between by design.
    """
    times = item.source_range
    media = item.media_reference.available_range if isinstance(item, otio.schema.Clip) else None
    own = rate_of(media.duration if media is not None else times.start_time)
    if own == rate or isinstance(rescaled(offset, rate, own), int) or speed_of(item) != 1:
        return None
    point = frames_of(times.start_time, own) + (frames_of(times.duration, own) if tail else 0)
    return None if isinstance(simple(Fraction(point)), int) else point
