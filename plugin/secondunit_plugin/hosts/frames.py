"""Two cuts compared track by track and frame by frame: what was planned, and what a host says that it holds.

Exact without going through every frame: stretches on which both play the same file at the same speed from the same time
are equal, and only others are counted through.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise, zip_longest
from math import ceil, floor
from os.path import normpath
from pathlib import Path
from typing import TYPE_CHECKING

import opentimelineio as otio
from secondunit_bridge.rates import FrameTime, can_drop_frames, format_timecode
from secondunit_timeline.dialects import entry, sound_stream
from secondunit_timeline.flat import source_of, source_start
from secondunit_timeline.index import Index, TrackIndex, nested_tracks
from secondunit_timeline.retimes import speed_of
from secondunit_timeline.times import Frames, frames_of, frames_text, rate_of

from secondunit_plugin.hosts.strips import HOST_ID, OURS

if TYPE_CHECKING:  # it brings PyAV
    from secondunit_bridge.media.probe import MediaInfo

Probed = Callable[[str], "MediaInfo | None"]


@dataclass(frozen=True, slots=True)
class Difference:
    """The first one. `at`: record timecode, as frames since 00:00:00:00; `planned` and `seen` in words."""

    track: str
    at: FrameTime
    planned: str
    seen: str

    def __str__(self) -> str:
        timecode = format_timecode(self.at, can_drop_frames(self.at.rate))
        return f"{self.track} {timecode} shows {self.seen} instead of {self.planned}"


@dataclass(frozen=True, slots=True)
class _Run:
    """What an item shows on the record frames [start, end): seconds of its file at `start`, and seconds a second.

    `path` is empty where no file shows at a constant speed: a nest, a title, offline media, a ramp.
    """

    start: int
    end: int
    child: otio.core.Item
    path: str = ""
    stream: int = 0
    rate: Fraction = Fraction(1)
    seconds: Fraction = Fraction(0)
    speed: Fraction = Fraction(1)

    def frame(self, at: int, rate: Fraction, media_rate: Fraction) -> int:
        return floor((self.seconds + (at - self.start) * self.speed / rate) * media_rate)

    def said(self, at: int, rate: Fraction) -> str:
        if not self.path:
            return repr(self.child.name)
        return f"frame {self.frame(at, rate, self.rate)} of {self.path}"


def first_difference(planned: otio.schema.Timeline, seen: otio.schema.Timeline, probed: Probed) -> Difference | None:
    """`probed`: what a file holds, None where it is not there.

    Compared are files, frames of them, sound streams and transitions on tracks of the same name, and which tracks are
    switched off. Names, markers and empty tracks are not.
    """
    one, other = Index(planned), Index(seen)
    if one.rate != other.rate:
        return Difference("the cut", one.start, f"{one.rate} frames a second", f"{other.rate}")
    there = {track.name: track for track in other.tracks}
    pairs: list[tuple[TrackIndex | None, TrackIndex | None]] = []
    pairs += ((track, there.pop(track.name, None)) for track in one.tracks)
    pairs += ((None, track) for track in there.values())
    found = [difference for pair in pairs for difference in _on_track(*pair, one.start, probed)]
    return min(found, key=lambda difference: difference.at.frame, default=None)


def _on_track(
    planned: TrackIndex | None, seen: TrackIndex | None, start: FrameTime, probed: Probed
) -> Iterator[Difference]:
    """`start`: the timecode of the first frame. At most one difference of each kind."""
    rate = start.rate
    name = planned.name if planned is not None else seen.name if seen is not None else ""

    def differ(at: int, mine: str, theirs: str) -> Difference:
        return Difference(name, FrameTime(start.frame + at, rate), mine, theirs)

    runs, others = (list(_runs(track, rate, probed)) if track is not None else [] for track in (planned, seen))
    if planned is not None and seen is not None and (runs or others) and planned.enabled != seen.enabled:
        yield differ(0, *("pictures or sound" if one.enabled else "a track switched off" for one in (planned, seen)))
    mine, theirs = _Walk(runs), _Walk(others)
    for low, high in pairwise(sorted({point for run in (*runs, *others) for point in (run.start, run.end)})):
        one, other = mine.at(low), theirs.at(low)
        if (at := _first_unlike(one, other, low, high, rate, probed)) is not None:
            yield differ(at, *("nothing" if run is None else run.said(at, rate) for run in (one, other)))
            break
    leads, other_leads = (_leads(track, rate) if track is not None else {} for track in (planned, seen))
    for point in sorted(leads.keys() | other_leads.keys()):
        if (lead := leads.get(point, "a cut")) != (there := other_leads.get(point, "a cut")):
            yield differ(floor(point), lead, there)
            break


class _Walk:
    """The run on each of rising frames."""

    def __init__(self, runs: list[_Run]) -> None:
        self._runs, self._next = runs, 0

    def at(self, frame: int) -> _Run | None:
        while self._next < len(self._runs) and self._runs[self._next].end <= frame:
            self._next += 1
        run = self._runs[self._next] if self._next < len(self._runs) else None
        return run if run is not None and run.start <= frame else None


def _runs(track: TrackIndex, rate: Fraction, probed: Probed) -> Iterator[_Run]:
    for item in track.items:
        child = item.child
        start, end = ceil(item.start), ceil(item.end)
        if isinstance(child, otio.schema.Gap) or not child.enabled or start >= end:
            continue
        speed = speed_of(child)
        source = source_of(child) if isinstance(child, otio.schema.Clip) else None
        if source is None or source.path is None or speed is None:
            yield _Run(start, end, child)
            continue
        info = probed(source.path) if source.origin is None or source.number is not None else None
        seconds = source.from_first_frame(source_start(child), *_first_frame(info))
        seconds += (start - item.start) * speed / rate
        media = child.media_reference.available_range or child.source_range
        own = info.rate if info is not None else source.rate or rate_of(media.start_time)
        yield _Run(start, end, child, source.path, sound_stream(child), own, seconds, speed)


def _first_frame(info: "MediaInfo | None") -> tuple[FrameTime | None, int | None]:
    return (None, None) if info is None else (info.start, info.first_number)


def _first_unlike(
    planned: _Run | None, seen: _Run | None, low: int, high: int, rate: Fraction, probed: Probed
) -> int | None:
    """The first of the frames [low, high) on which two runs show unlike things."""
    if planned is None or seen is None:
        return None if planned is seen else low
    if not planned.path or not seen.path:
        return None if _alike_inside(planned, seen, rate, probed) else low
    if planned.stream != seen.stream or not _same_file(planned.path, seen.path):
        return low
    apart = seen.start - planned.start
    if planned.speed == seen.speed and planned.seconds + apart * planned.speed / rate == seen.seconds:
        return None
    return next(
        (at for at in range(low, high) if planned.frame(at, rate, seen.rate) != seen.frame(at, rate, seen.rate)), None
    )


def _alike_inside(planned: _Run, seen: _Run, rate: Fraction, probed: Probed) -> bool:
    """Nests are looked into; what only a program can show is known by its id in the host, or its name in a file."""
    one, other = planned.child, seen.child
    if planned.path or seen.path:
        return False
    if isinstance(one, otio.core.Composition) and isinstance(other, otio.core.Composition):
        if one.trimmed_range() != other.trimmed_range():
            return False
        pairs = zip_longest(nested_tracks(one, rate), nested_tracks(other, rate))
        return not any(True for pair in pairs for _ in _on_track(*pair, FrameTime(0, rate), probed))
    ids = [entry(child.metadata, OURS, HOST_ID) for child in (one, other)]
    return bool(one.name == other.name or (ids[0] and ids[0] == ids[1]))


def _same_file(one: str, other: str) -> bool:
    if one == other or normpath(one) == normpath(other):
        return True
    try:
        return Path(one).samefile(other)
    except OSError:  # one of them is not there, or both are image sequences
        return False


def _leads(track: TrackIndex, rate: Fraction) -> dict[Frames, str]:
    """Each transition of the track by its cut point, in words; between two gaps nothing is to be seen."""
    found: dict[Frames, otio.schema.Transition] = {}
    for left, right, lead in zip((None, *track.items), (*track.items, None), track.leads, strict=True):
        empty = all(one is None or isinstance(one.child, otio.schema.Gap) for one in (left, right))
        if lead is not None and not empty:
            found[left.end if left is not None else track.items[0].start] = lead
    return {
        point: f"a {lead.transition_type} from {frames_text(frames_of(lead.in_offset, rate))} frames before the cut to "
        f"{frames_text(frames_of(lead.out_offset, rate))} after it"
        for point, lead in found.items()
    }
