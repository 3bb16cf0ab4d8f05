"""A cut's tracks in record frames, built in one pass and searched by bisection."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

import opentimelineio as otio
from secondunit_bridge.errors import CutError
from secondunit_bridge.rates import FrameTime, can_drop_frames, format_timecode

from secondunit_timeline.dialects import is_locked
from secondunit_timeline.times import Frames, frames_of, rate_of

__all__ = ["Index", "Item", "TrackIndex", "cut_rate", "nested_tracks"]

# Rates of files that count in a time scale instead of frames.
_TIME_SCALES = {Fraction(scale): Fraction(scale, 1001) for scale in (24000, 30000, 48000, 60000)}


class Item(NamedTuple):
    """A clip, gap or nest of a track, at its record frames counted from the cut's first frame as 0.

    `before` and `after` are the transitions on the cut points at its ends.
    """

    child: otio.core.Item
    start: Frames
    duration: Frames
    before: otio.schema.Transition | None
    after: otio.schema.Transition | None

    @property
    def end(self) -> Frames:
        return self.start + self.duration


class TrackIndex:
    """A track without its transitions, in order and without holes. `locked` as far as the file says so."""

    def __init__(self, track: otio.schema.Track, name: str, rate: Fraction) -> None:
        self.track: otio.schema.Track = track
        self.name: str = name
        self.kind: str = track.kind
        self.enabled: bool = track.enabled
        self.locked: bool = is_locked(track)
        self.children, self.leads = parts_of(list(track), name)
        """The items, and the transitions before each and after the last."""
        first = -frames_of(track.source_range.start_time, rate) if track.source_range is not None else 0
        self.lengths: list[Frames] = lengths_of(self.children, rate, name)
        self._starts: list[Frames] = list(accumulate(self.lengths, initial=first))

    @cached_property
    def items(self) -> tuple[Item, ...]:
        return tuple(map(Item, self.children, self._starts, self.lengths, self.leads, self.leads[1:]))

    @property
    def end(self) -> Frames:
        return self._starts[-1] if self.children else 0

    def at(self, frame: Frames) -> Item | None:
        """What lies on `frame`; None before the first and after the last item."""
        position = self.position(frame)
        return None if position is None else self.items[position]

    def position(self, frame: Frames) -> int | None:
        """The index in `items` of what lies on `frame`."""
        position = bisect_right(self._starts, frame) - 1
        return position if 0 <= position < len(self.children) else None


class Index:
    """`rate` is the cut's, `start` its first frame's timecode, `tracks` from bottom to top as the cut orders them.

    A track without a name is called V1, V2, A1 ... by its place among its kind; of equal names the second is `NAME#2`.
    """

    def __init__(self, cut: otio.schema.Timeline) -> None:
        self.cut: otio.schema.Timeline = cut
        self.rate: Fraction = cut_rate(cut)
        start = cut.global_start_time
        frames = frames_of(start, self.rate) if start is not None else 0
        self.start: FrameTime = FrameTime(round(frames), self.rate)
        self.drop_frame: bool = can_drop_frames(self.rate)
        """OTIO does not store it; at 29.97 and 59.94 drop-frame is the field's default."""
        self.tracks: tuple[TrackIndex, ...] = tuple(
            TrackIndex(track, name, self.rate) for track, name in named_tracks(cut)
        )

    @property
    def end(self) -> Frames:
        return max((track.end for track in self.tracks), default=0)

    def track(self, name: str) -> TrackIndex:
        for track in self.tracks:
            if track.name == name:
                return track
        raise no_such_track(name, (track.name for track in self.tracks))

    def timecode(self, frame: int) -> str:
        """The record timecode of a frame counted from the cut's first frame as 0."""
        return format_timecode(FrameTime(self.start.frame + frame, self.rate), self.drop_frame)


def nested_tracks(nest: otio.core.Composition, rate: Fraction) -> list[TrackIndex]:
    """The tracks of a nest from bottom to top, a clip beside them as a video track of its own."""
    video = otio.schema.TrackKind.Video
    inner = [nest] if isinstance(nest, otio.schema.Track) else [*nest]
    return [
        TrackIndex(
            one if isinstance(one, otio.schema.Track) else otio.schema.Track("V1", [one.clone()], kind=video),
            one.name,
            rate,
        )
        for one in inner
    ]


def no_such_track(name: str, names: Iterable[str]) -> CutError:
    return CutError(f"there is no track {name!r}: the cut has {', '.join(names) or 'no tracks'}")


def named_tracks(cut: otio.schema.Timeline) -> list[tuple[otio.schema.Track, str]]:
    named: list[tuple[otio.schema.Track, str]] = []
    counts: dict[str, int] = {}
    taken: set[str] = set()
    for child in cut.tracks:
        if not isinstance(child, otio.schema.Track):
            raise CutError(f"{child.name or type(child).__name__!r} lies beside the cut's tracks: put it in a track")
        counts[child.kind] = counts.get(child.kind, 0) + 1
        plain = child.name or f"{(child.kind or '?')[0].upper()}{counts[child.kind]}"
        name, ordinal = plain, 1
        while name in taken:
            ordinal += 1
            name = f"{plain}#{ordinal}"
        taken.add(name)
        named.append((child, name))
    return named


def cut_rate(cut: otio.schema.Timeline) -> Fraction:
    """The frame rate of the global start time, else of the first clip, video before audio, else of a gap or nest."""
    if cut.global_start_time is not None and (rate := _frame_rate(cut.global_start_time)):
        return rate
    tracks = [track for track in cut.tracks if isinstance(track, otio.schema.Track)]
    tracks.sort(key=lambda track: track.kind != otio.schema.TrackKind.Video)
    for kind in (otio.schema.Clip, otio.core.Item):
        for child in (child for track in tracks for child in track if isinstance(child, kind)):
            time = child.source_range
            if time is None and isinstance(child, otio.schema.Clip):
                time = child.media_reference.available_range
            if time is not None and (rate := _frame_rate(time.duration)):
                return rate
    raise CutError(f"the cut {cut.name!r} does not say its frame rate: give it a global start time")


def _frame_rate(time: otio.opentime.RationalTime) -> Fraction | None:
    rate = rate_of(time)
    return rate if 4 <= rate <= 1000 else _TIME_SCALES.get(rate)


def duration_of(child: otio.core.Item, rate: Fraction, track: str) -> Frames:
    try:
        return frames_of(child.duration(), rate)
    except otio.exceptions.CannotComputeAvailableRangeError:
        raise CutError(
            f"{child.name!r} on track {track} has no length: give it a source range or its media an available range"
        ) from None


def parts_of(
    children: Sequence[otio.core.Composable], name: str
) -> tuple[list[otio.core.Item], list[otio.schema.Transition | None]]:
    """A track's items, and the transition before each and after the last."""
    transition = otio.schema.Transition
    items = [child for child in children if not isinstance(child, transition)]
    leads: list[otio.schema.Transition | None] = [None] * (len(items) + 1)
    if len(items) < len(children):
        i = 0
        for child in children:
            if not isinstance(child, transition):
                i += 1
            elif leads[i] is not None:
                raise CutError(f"two transitions lie side by side on track {name}, before item {i + 1}: remove one")
            else:
                leads[i] = child
    return items, leads


def lengths_of(children: Sequence[otio.core.Item], rate: Fraction, track: str) -> list[Frames]:
    usual = float(rate)
    try:
        times = [child.duration() for child in children]
    except otio.exceptions.CannotComputeAvailableRangeError:
        return [duration_of(child, rate, track) for child in children]
    # These loops are most of an index and of a short edit: what nearly every cut holds goes by without a call.
    values = [time.value for time in times]
    lengths = [int(value) for value in values]
    if lengths == values and {time.rate for time in times} <= {usual}:
        return list[Frames](lengths)
    return [frames_of(time, rate) for time in times]
