"""Which source time a clip shows: constant retimes, freezes, and the handles its media still holds."""

from fractions import Fraction

import opentimelineio as otio

from secondunit_timeline.times import Frames, exact, frames_of, rate_of, rescaled, simple

_UNCHANGED = Fraction(1)


def speed_of(item: otio.core.Item) -> Fraction | None:
    """Source frames per track frame, negative for reverse, 0 for a freeze; None for a ramp."""
    effects = item.effects
    if not len(effects):  # iterating an empty one costs as much as copying a clip
        return _UNCHANGED
    speed = _UNCHANGED
    for effect in effects:
        if isinstance(effect, otio.schema.LinearTimeWarp):  # FreezeFrame is one with scalar 0
            speed *= exact(effect.time_scalar)
        elif isinstance(effect, otio.schema.TimeEffect):
            return None
    return speed


def handles_of(item: otio.core.Item, rate: Fraction) -> tuple[Frames | None, Frames | None]:
    """How far the item could grow at its head and at its tail, in frames at `rate`; None where nothing limits it.

    Media without an available range, gaps and freezes are not limited; a nest or a clip without a source range has
    nothing beyond what it shows.
    """
    if isinstance(item, otio.schema.Gap):
        return None, None
    available = _available_range(item)
    speed = speed_of(item)
    if available is None or not speed:
        return None, None
    if item.source_range is None:
        return 0, 0
    own = rate_of(item.source_range.duration)
    start, duration = frames_of(item.source_range.start_time, own), exact(item.source_range.duration.value)
    first = frames_of(available.start_time, own)
    last = first + frames_of(available.duration, own)
    if speed > 0:
        head, tail = (start - first) / speed, (last - start) / speed - duration
    else:
        # The frame at the start plays first, those before it follow.
        head, tail = (last - 1 - start) / -speed, (start + 1 - first) / -speed - duration
    return rescaled(simple(Fraction(head)), own, rate), rescaled(simple(Fraction(tail)), own, rate)


def shows_within(clip: otio.schema.Clip, available: otio.opentime.TimeRange | None) -> bool:
    """Whether `available` holds every source frame that the clip shows; unknown counts as yes.

    A clip without a source range shows all of the media that is active.
    """
    times = clip.source_range or clip.media_reference.available_range
    if available is None or times is None:
        return True
    own = rate_of(times.duration)
    speed = speed_of(clip)
    start, duration = frames_of(times.start_time, own), exact(times.duration.value)
    if speed == 0:
        low, high = start, start + 1
    elif speed is not None and speed < 0:
        low, high = start + 1 + duration * speed, start + 1
    else:
        low, high = start, start + duration * (speed or 1)
    first = frames_of(available.start_time, own)
    return first <= low and high <= first + frames_of(available.duration, own)


def _available_range(item: otio.core.Item) -> otio.opentime.TimeRange | None:
    if isinstance(item, otio.schema.Clip):
        return item.media_reference.available_range
    try:
        return item.available_range()
    except otio.exceptions.OTIOError:
        return None
