"""The edit kernel: pure operations on a cut.

Operations are applied in order; each addresses the cut as those before it left it. A frame is counted from the cut's
first frame as 0, at the cut's rate. A clip that is split keeps its media references, its metadata and its effects on
both sides; a marker goes to the side that holds its first frame. Transitions beside an edit stay where the handles
of both clips carry them, else the edit is refused; those inside an overwritten range go with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import gcd, lcm
from typing import assert_never

import numpy as np
import opentimelineio as otio
from numpy.typing import NDArray
from secondunit_bridge.errors import CutError, ShotNotFound
from secondunit_bridge.rates import FrameTime, can_drop_frames, format_timecode

from secondunit_timeline.index import cut_rate, duration_of, is_locked, named_tracks, no_such_track
from secondunit_timeline.retimes import handles_of, shows_within, speed_of
from secondunit_timeline.times import Frames, exact, frames_of, rate_of, rational_time, rescaled, simple, time_range


class End(StrEnum):
    HEAD = "head"
    TAIL = "tail"


class Into(StrEnum):
    """What makes room for an extension: the gap beside it, everything after it, or the neighbours it covers."""

    GAP = "gap"
    RIPPLE = "ripple"
    OVER = "over"


class Side(StrEnum):
    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Overwrite:
    track: str
    at: FrameTime
    clip: otio.schema.Clip


@dataclass(frozen=True, slots=True)
class Insert:
    """Splits what lies at `at` and moves the rest of this track. A dissolve there stays with the clip on `dissolve`."""

    track: str
    at: FrameTime
    clip: otio.schema.Clip
    dissolve: Side = Side.LEFT


@dataclass(frozen=True, slots=True)
class InsertGap:
    """Moves the rest of a track at one of its own edit points or in a gap; never splits a clip."""

    track: str
    at: FrameTime
    frames: int


@dataclass(frozen=True, slots=True)
class Lift:
    """Leaves a gap."""

    track: str
    at: FrameTime
    frames: int


@dataclass(frozen=True, slots=True)
class Extend:
    """The clip under `shot_at` grows by `camera_frames` of its media, and `clip` abuts it there.

    `camera_frames` are counted at the rate of the clip's source range, before a retime. With RIPPLE at the head the
    clip's place in the cut stays and what follows moves. A dissolve at that end moves to the new end.
    """

    track: str
    shot_at: FrameTime
    end: End
    camera_frames: int
    clip: otio.schema.Clip | None
    into: Into


@dataclass(frozen=True, slots=True)
class SwapTake:
    """Makes `key` the active media reference of the clip at `at`."""

    track: str
    at: FrameTime
    key: str


@dataclass(frozen=True, slots=True)
class AddTake:
    """Adds `reference` as `key` and `recipe` as `key`.recipe to the clip at `at`; the active reference stays."""

    track: str
    at: FrameTime
    key: str
    reference: otio.core.MediaReference
    recipe: otio.schema.GeneratorReference | None = None


@dataclass(frozen=True, slots=True)
class AddTrack:
    """An empty track above the track `above`; None: above all others of its kind."""

    name: str
    kind: str = otio.schema.TrackKind.Video
    above: str | None = None


Operation = Overwrite | Insert | InsertGap | Lift | Extend | SwapTake | AddTake | AddTrack


@dataclass(frozen=True, slots=True)
class Change:
    """`at` is record timecode, as frames since 00:00:00:00; `frames` are counted at its rate."""

    track: str
    at: FrameTime
    verb: str
    frames: Frames
    name: str

    def __str__(self) -> str:
        timecode = format_timecode(self.at, can_drop_frames(self.at.rate))
        return f"{self.track} {timecode} {self.verb} {_count(self.frames)} {self.name!r}"


class Edit(tuple[Change, ...]):
    """What was done to a cut, in order."""

    __slots__ = ()

    def __str__(self) -> str:
        return "\n".join(map(str, self))


def edit(cut: otio.schema.Timeline, operations: Sequence[Operation]) -> tuple[otio.schema.Timeline, Edit]:
    """The cut after all `operations`, and what they changed. `cut` stays as it is; one refusal refuses them all."""
    plan = _Plan(cut.deepcopy())
    for operation in operations:
        plan.apply(operation)
    return plan.cut, plan.finish()


def _count(frames: Frames) -> str:
    return str(frames) if isinstance(frames, int) else f"{float(frames):.3f}"


class _Plan:
    def __init__(self, cut: otio.schema.Timeline) -> None:
        self.cut = cut
        self.rate = cut_rate(cut)
        start = cut.global_start_time
        self._start = round(frames_of(start, self.rate)) if start is not None else 0
        self._tracks = {name: track for track, name in named_tracks(cut)}
        self._strips: dict[str, _Strip] = {}
        self._changes: list[Change] = []

    def note(self, track: str, frame: Frames, verb: str, frames: Frames, name: str) -> None:
        at = FrameTime(self._start + int(frame), self.rate)
        self._changes.append(Change(track, at, verb, frames, name))

    def timecode(self, frame: Frames) -> str:
        return format_timecode(FrameTime(self._start + int(frame), self.rate), can_drop_frames(self.rate))

    def finish(self) -> Edit:
        for strip in self._strips.values():
            strip.write()
        return Edit(self._changes)

    def apply(self, operation: Operation) -> None:
        match operation:
            case Overwrite():
                self._overwrite(operation)
            case Insert():
                self._insert(operation)
            case InsertGap():
                self._insert_gap(operation)
            case Lift():
                self._lift(operation)
            case Extend():
                self._extend(operation)
            case SwapTake():
                self._swap_take(operation)
            case AddTake():
                self._add_take(operation)
            case AddTrack():
                self._add_track(operation)
            case _:
                assert_never(operation)

    def _strip(self, name: str) -> "_Strip":
        if name not in self._strips:
            track = self._tracks.get(name)
            if track is None:
                raise no_such_track(name, self._tracks)
            if is_locked(track):
                raise CutError(f"track {name} is locked: unlock it in the host, or choose another track")
            if track.source_range is not None:
                raise CutError(f"track {name} is trimmed as a whole (it has a source range): remove that first")
            self._strips[name] = _Strip(self, track, name)
        return self._strips[name]

    def _frame(self, at: FrameTime, track: str) -> int:
        frame = simple(Fraction(at.frame) * self.rate / at.rate) if at.rate != self.rate else at.frame
        if not isinstance(frame, int):
            raise CutError(
                f"{track}: frame {at.frame} at {float(at.rate):g} falls between frames of the cut, "
                f"which runs at {float(self.rate):g}: give a frame of the cut"
            )
        if frame < 0:
            raise CutError(f"{track}: frame {frame} lies before the cut's first frame: give a frame from 0 on")
        return frame

    def _length(self, clip: otio.schema.Clip, track: str) -> int:
        frames = duration_of(clip, self.rate, track)
        if not isinstance(frames, int) or frames <= 0:
            raise CutError(
                f"{clip.name!r} lasts {_count(frames)} frames of the cut at {float(self.rate):g}: "
                "give it a length of whole frames"
            )
        return frames

    def _positive(self, frames: int, track: str) -> int:
        if frames <= 0:
            raise CutError(f"{track}: {frames} frames cannot be edited: give at least one")
        return frames

    def _overwrite(self, operation: Overwrite) -> None:
        strip, at = self._strip(operation.track), self._frame(operation.at, operation.track)
        frames = self._length(operation.clip, operation.track)
        strip.replace(at, frames, operation.clip.deepcopy())
        self.note(strip.name, at, "overwrite", frames, operation.clip.name)

    def _lift(self, operation: Lift) -> None:
        strip, at = self._strip(operation.track), self._frame(operation.at, operation.track)
        frames = self._positive(operation.frames, operation.track)
        lifted = min(frames, strip.end - at)
        if lifted > 0:
            strip.replace(at, lifted, strip.gap(lifted))
            self.note(strip.name, at, "lift", lifted, "")

    def _insert(self, operation: Insert) -> None:
        strip, at = self._strip(operation.track), self._frame(operation.at, operation.track)
        frames = self._length(operation.clip, operation.track)
        i = strip.cut_at(at)
        lead = strip.leads[i]
        first, last = (lead, None) if operation.dissolve is Side.LEFT else (None, lead)
        strip.splice(i, i, [(operation.clip.deepcopy(), frames)], first, last)
        strip.check(i - 1, i + 2)
        self.note(strip.name, at, "insert", frames, operation.clip.name)

    def _insert_gap(self, operation: InsertGap) -> None:
        strip, at = self._strip(operation.track), self._frame(operation.at, operation.track)
        frames = self._positive(operation.frames, operation.track)
        if at < strip.end:
            i = strip.position(at)
            if not strip.is_gap(i) and strip.start(i) == at and i and strip.is_gap(i - 1) and strip.leads[i] is None:
                i -= 1
            if strip.is_gap(i):
                strip.splice(
                    i, i + 1, [(strip.children[i], strip.length(i) + frames)], strip.leads[i], strip.leads[i + 1]
                )
                strip.set_length(i)
            elif strip.start(i) != at:
                raise CutError(
                    f"{strip.name} {self.timecode(at)}: moving what follows would split {strip.children[i].name!r}: "
                    "unlock the track from sync, or choose one of its edit points"
                )
            elif (lead := strip.leads[i]) is not None:
                raise CutError(
                    f"{strip.name} {self.timecode(at)}: a gap would break the transition {lead.name!r}: remove it first"
                )
            else:
                strip.splice(i, i, [(strip.gap(frames), frames)], None, None)
            self.note(strip.name, at, "insert gap", frames, "")

    def _extend(self, operation: Extend) -> None:
        strip = self._strip(operation.track)
        i = strip.shot(self._frame(operation.shot_at, operation.track))
        shot = strip.children[i]
        strip.own_range(i)
        own = rate_of(shot.source_range.duration)
        growth = simple(Fraction(operation.camera_frames) * self.rate / own)
        clip = operation.clip.deepcopy() if operation.clip is not None else None
        made = duration_of(clip, self.rate, strip.name) if clip is not None else 0
        total = growth + made
        if growth < 0 or made < 0 or not total:
            raise CutError(f"{shot.name!r} cannot grow by {_count(total)} frames: give at least one")
        at_head = operation.end is End.HEAD
        handle = handles_of(shot, self.rate)[0 if at_head else 1]
        where = f"{strip.name} {self.timecode(strip.start(i))}: {shot.name!r}"
        if growth and speed_of(shot) is None:
            raise CutError(f"{where} has a speed ramp and cannot grow: render it, or remove the ramp")
        if growth and handle is not None and growth > handle:
            raise CutError(
                f"{where} has {_count(max(0, handle))} camera frames beyond its {operation.end}, "
                f"{_count(growth - handle)} are missing: generate these"
            )
        edge = strip.start(i) if at_head else strip.start(i + 1)
        landing = total if operation.into is Into.RIPPLE else edge - total if at_head else edge + total
        if landing.denominator != 1 and total.denominator != 1:
            raise CutError(
                f"{where} would grow by {_count(total)} frames of the cut, which ends between two of them: "
                f"choose frames at {float(own):g} that add up to whole frames at {float(self.rate):g}"
            )
        lo, hi = strip.make_room(i, at_head, total, operation.into, where)
        # Between them, [lo, hi) are the items that the longer shot replaces, itself included.
        shot_at = hi - 1 if at_head else lo
        grown = strip.length(shot_at) + growth
        strip.grow(shot, growth, at_head, own)
        new = [(shot, grown)]
        if clip is not None:
            new.insert(0 if at_head else 1, (clip, made))
        moved = strip.leads[shot_at] if at_head else strip.leads[shot_at + 1]
        there = strip.leads[lo] if at_head else strip.leads[hi]
        covered = lo != shot_at if at_head else hi != shot_at + 1
        if covered and moved is not None and there is not None:
            raise CutError(
                f"{where} would end on a cut that has the transition {there.name!r} already: remove one of them"
            )
        outer = moved if moved is not None else there
        first = outer if at_head else strip.leads[lo]
        last = strip.leads[hi] if at_head else outer
        strip.splice(lo, hi, new, first, last)
        strip.check(lo - 1, lo + len(new) + 1)
        if growth:
            self.note(strip.name, edge, f"extend {operation.end} {operation.into}", growth, shot.name)
        if clip is not None:
            at = edge if at_head and operation.into is Into.RIPPLE else edge - total if at_head else edge + growth
            self.note(strip.name, at, f"place {operation.into}", made, clip.name)

    def _swap_take(self, operation: SwapTake) -> None:
        strip, at = self._strip(operation.track), self._frame(operation.at, operation.track)
        i = strip.shot(at)
        clip = strip.children[i]
        references = clip.media_references()
        where = f"{strip.name} {self.timecode(strip.start(i))}: {clip.name!r}"
        reference = references.get(operation.key)
        if reference is None:
            raise CutError(f"{where} has no take {operation.key!r}: it has {', '.join(sorted(references))}")
        if isinstance(reference, otio.schema.GeneratorReference) and operation.key.endswith(".recipe"):
            raise CutError(f"{where}: {operation.key!r} is a recipe, not a picture: choose the take made from it")
        strip.own_range(i)
        previous = clip.active_media_reference_key
        clip.active_media_reference_key = operation.key
        if not shows_within(clip, reference.available_range):
            raise CutError(
                f"{where} uses {_range_text(clip.source_range)}, but {operation.key!r} holds only "
                f"{_range_text(reference.available_range)}: make the take again with this range"
            )
        strip.check(i, i + 1)
        self.note(strip.name, strip.start(i), f"swap {previous} to {operation.key}", strip.length(i), clip.name)

    def _add_take(self, operation: AddTake) -> None:
        strip, at = self._strip(operation.track), self._frame(operation.at, operation.track)
        i = strip.shot(at)
        clip = strip.children[i]
        references = clip.media_references()
        added: dict[str, otio.core.MediaReference] = {operation.key: operation.reference}
        if operation.recipe is not None:
            added[f"{operation.key}.recipe"] = operation.recipe
        for key, reference in added.items():
            if key in references:
                raise CutError(
                    f"{strip.name} {self.timecode(strip.start(i))}: {clip.name!r} has a take {key!r} already: "
                    "takes are never replaced, give it another key"
                )
            references[key] = reference.deepcopy()
        clip.set_media_references(references, clip.active_media_reference_key)
        self.note(strip.name, strip.start(i), f"add {operation.key}", strip.length(i), clip.name)

    def _add_track(self, operation: AddTrack) -> None:
        if not operation.name or operation.name in self._tracks:
            raise CutError(f"a track {operation.name!r} cannot be added: give a name that the cut does not have")
        stack = self.cut.tracks
        if operation.above is not None and operation.above not in self._tracks:
            raise no_such_track(operation.above, self._tracks)
        below = [
            position
            for position, (track, name) in enumerate(named_tracks(self.cut))
            if (track.kind == operation.kind if operation.above is None else name == operation.above)
        ]
        track = otio.schema.Track(operation.name, kind=operation.kind)
        stack.insert(below[-1] + 1 if below else len(stack), track)
        self._tracks[operation.name] = track
        self.note(operation.name, 0, "add track", 0, operation.name)


def _range_text(times: otio.opentime.TimeRange) -> str:
    rate = rate_of(times.duration)
    start, duration = frames_of(times.start_time, rate), exact(times.duration.value)
    return f"{_count(start)} to {_count(start + duration)} at {float(rate):g}"


class _Strip:
    """A track taken apart: items in `children`, the transition before each in `leads` (one more, after the last).

    Times are kept in ticks, whole parts of a frame that all lengths on this track share, so that numpy can hold them.
    """

    def __init__(self, plan: _Plan, track: otio.schema.Track, name: str) -> None:
        self._plan = plan
        self._rate = plan.rate
        self._track = track
        self.name = name
        self._original: list[otio.core.Composable] = list(track)
        self.children: list[otio.core.Item] = []
        self.leads: list[otio.schema.Transition | None] = [None]
        lengths: list[Frames] = []
        for child in self._original:
            if isinstance(child, otio.schema.Transition):
                if self.leads[-1] is not None:
                    raise CutError(f"two transitions lie side by side on track {name}: remove one")
                self.leads[-1] = child
            else:
                self.children.append(child)
                self.leads.append(None)
                lengths.append(duration_of(child, self._rate, name))
        self._ticks = lcm(*{length.denominator for length in lengths})
        ticks = [0, *(int(length * self._ticks) for length in lengths)]
        # 64 bits hold any cut with common rates; where the common denominator is too large, Python's integers do.
        large = sum(ticks) >= 1 << 62
        self._starts: NDArray[np.int64] = np.cumsum(np.array(ticks, dtype=object if large else np.int64))

    def _to_ticks(self, frames: Frames) -> int:
        if self._ticks % frames.denominator:
            factor = frames.denominator // gcd(frames.denominator, self._ticks)
            if int(self._starts[-1]) * factor >= 1 << 62:
                self._starts = self._starts.astype(object)
            self._starts = self._starts * factor
            self._ticks *= factor
        return int(frames * self._ticks)

    def _to_frames(self, ticks: int) -> Frames:
        return ticks if self._ticks == 1 else simple(Fraction(ticks, self._ticks))

    @property
    def end(self) -> Frames:
        return self._to_frames(int(self._starts[-1]))

    def start(self, i: int) -> Frames:
        return self._to_frames(int(self._starts[i]))

    def length(self, i: int) -> Frames:
        return self._to_frames(int(self._starts[i + 1] - self._starts[i]))

    def is_gap(self, i: int) -> bool:
        return isinstance(self.children[i], otio.schema.Gap)

    def gap(self, frames: Frames) -> otio.schema.Gap:
        return otio.schema.Gap(source_range=time_range(0, frames, self._rate))

    def position(self, frame: Frames) -> int:
        """The item on `frame`; as many as there are items when it lies past the end."""
        ticks = self._to_ticks(frame)  # first: it may change the starts
        return int(np.searchsorted(self._starts, ticks, side="right")) - 1

    def shot(self, frame: Frames) -> int:
        i = self.position(frame)
        if i < len(self.children) and isinstance(self.children[i], otio.schema.Clip):
            return i
        raise ShotNotFound(f"{self.name} {self._plan.timecode(frame)}: there is no clip: give a frame inside the shot")

    def own_range(self, i: int) -> None:
        """Writes down the range that an item without a source range plays, so that it can be changed."""
        child = self.children[i]
        if child.source_range is None:
            child.source_range = child.trimmed_range()

    def splice(
        self,
        lo: int,
        hi: int,
        new: list[tuple[otio.core.Item, Frames]],
        first: otio.schema.Transition | None,
        last: otio.schema.Transition | None,
    ) -> None:
        """Puts `new` in place of [lo, hi), with the transitions on its outer cut points; the rest moves along."""
        ticks = [self._to_ticks(length) for _, length in new]
        base, after = int(self._starts[lo]), int(self._starts[hi])
        inner, end = [], base
        for length in ticks:
            inner.append(end)
            end += length
        if end != after:
            self._starts[hi:] += end - after
        if len(inner) == hi - lo:
            self._starts[lo:hi] = inner
        else:
            fresh = np.array(inner, dtype=self._starts.dtype)
            self._starts = np.concatenate((self._starts[:lo], fresh, self._starts[hi:]))
        self.children[lo:hi] = [child for child, _ in new]
        if new:
            self.leads[lo : hi + 1] = [first, *[None] * (len(new) - 1), last]
        else:
            self.leads[lo : hi + 1] = [first if first is not None else last]

    def cut_at(self, frame: Frames) -> int:
        """Makes `frame` a cut point, with a gap before it past the track's end; the item that starts there."""
        if (missing := frame - self.end) > 0:
            n = len(self.children)
            self.splice(n, n, [(self.gap(missing), missing)], self.leads[n], None)
            return n + 1
        i = self.position(frame)
        if i == len(self.children) or (offset := frame - self.start(i)) == 0:
            return i
        rest = self.length(i) - offset
        self.prepare_cut(i, frame)
        left = self.children[i]
        right = left.deepcopy()
        _shorten(left, offset, self._rate)
        _advance(right, offset, rest, self._rate)
        self.splice(i, i + 1, [(left, offset), (right, rest)], self.leads[i], self.leads[i + 1])
        return i + 1

    def replace(self, at: Frames, frames: Frames, child: otio.core.Item) -> None:
        """Puts `child` over [at, at + frames); what is there is shortened or goes."""
        end = min(at + frames, self.end)
        i = self.position(at) if at < self.end else self.cut_at(at)
        j = self.position(end) if at < self.end else i
        if i == j < len(self.children) and at > self.start(i):
            i = self.cut_at(at)
            j = self.position(end)
        new: list[tuple[otio.core.Item, Frames]] = [(child, frames)]
        hi = j
        if (kept := at - self.start(i)) > 0:
            self.prepare_cut(i, at)
            _shorten(self.children[i], kept, self._rate)
            new.insert(0, (self.children[i], kept))
        if (covered := end - self.start(j)) > 0:
            self.prepare_cut(j, end)
            rest = self.length(j) - covered
            _advance(self.children[j], covered, rest, self._rate)
            new.append((self.children[j], rest))
            hi = j + 1
        self.note_dropped(i + 1, hi)
        self.splice(i, hi, new, self.leads[i], self.leads[hi] if hi > i else None)
        self.check(i - 1, i + len(new) + 1)

    def prepare_cut(self, i: int, frame: Frames) -> None:
        child = self.children[i]
        if speed_of(child) is None:
            raise CutError(
                f"{self.name} {self._plan.timecode(frame)}: {child.name!r} has a speed ramp and cannot be split: "
                "render it, or remove the ramp"
            )
        self.own_range(i)

    def note_dropped(self, lo: int, hi: int) -> None:
        for k in range(lo, hi):
            if (lead := self.leads[k]) is not None:
                length = frames_of(lead.in_offset, self._rate) + frames_of(lead.out_offset, self._rate)
                self._plan.note(self.name, self.start(k), "drop transition", length, lead.name)

    def set_length(self, i: int) -> None:
        """Writes the planned length of a gap into it."""
        self.children[i].source_range = time_range(0, self.length(i), self._rate)

    def make_room(self, i: int, at_head: bool, total: Frames, into: Into, where: str) -> tuple[int, int]:
        """What a shot that grows by `total` takes the place of, as [lo, hi) with the shot in it."""
        match into:
            case Into.RIPPLE:
                return i, i + 1
            case Into.GAP:
                step = -1 if at_head else 1
                k, room = i + step, Fraction(0)
                while 0 <= k < len(self.children) and self.is_gap(k) and room < total:
                    room += self.length(k)
                    k += step
                if room < total and (at_head or k < len(self.children)):
                    raise CutError(
                        f"{where} has a gap of {_count(simple(room))} frames beside it, "
                        f"{_count(simple(total - room))} are missing: extend by less, or ripple or overwrite"
                    )
            case Into.OVER:
                pass
            case _:
                assert_never(into)
        if at_head:
            if (missing := total - self.start(i)) > 0:
                raise CutError(
                    f"{where} would begin {_count(missing)} frames before the cut: extend by less, or ripple"
                )
            before = len(self.children)
            lo = self.cut_at(self.start(i) - total)
            i += len(self.children) - before
            self.note_dropped(lo + 1, i)
            return lo, i + 1
        hi = self.cut_at(min(self.start(i + 1) + total, self.end))
        self.note_dropped(i + 2, hi)
        return i, hi

    def grow(self, shot: otio.core.Item, growth: Frames, at_head: bool, own: Fraction) -> None:
        frames = growth * own / self._rate
        times = shot.source_range
        start, duration = exact(times.start_time.value), exact(times.duration.value)
        if at_head:
            start -= frames * (speed_of(shot) or 0) * rate_of(times.start_time) / own
        shot.source_range = otio.opentime.TimeRange(
            rational_time(simple(Fraction(start)), rate_of(times.start_time)),
            rational_time(simple(Fraction(duration + frames)), own),
        )

    def check(self, lo: int, hi: int) -> None:
        """Refuses where a transition on the items [lo, hi), which an edit touched, has lost what carries it."""
        lo, hi = max(lo, 0), min(hi, len(self.children))
        for k in range(lo, hi + 1):
            lead = self.leads[k]
            if lead is None:
                continue
            into, out = frames_of(lead.in_offset, self._rate), frames_of(lead.out_offset, self._rate)
            if lo <= k - 1 < hi:
                other = self.leads[k - 1]
                used = into + (frames_of(other.out_offset, self._rate) if other is not None else 0)
                self._carry(lead, k, k - 1, out, handles_of(self.children[k - 1], self._rate)[1], used)
            if lo <= k < hi:
                other = self.leads[k + 1]
                used = out + (frames_of(other.in_offset, self._rate) if other is not None else 0)
                self._carry(lead, k, k, into, handles_of(self.children[k], self._rate)[0], used)

    def _carry(
        self, lead: otio.schema.Transition, k: int, i: int, needed: Frames, handle: Frames | None, used: Frames
    ) -> None:
        child = self.children[i]
        where = f"{self.name} {self._plan.timecode(self.start(k))}: the transition {lead.name!r}"
        name = "the gap" if self.is_gap(i) else repr(child.name)
        if used > self.length(i):
            raise CutError(
                f"{where} would need {_count(used)} frames of {name}, which has {_count(self.length(i))}: "
                f"{_count(used - self.length(i))} are missing, shorten or remove the transition"
            )
        if handle is not None and needed > handle:
            raise CutError(
                f"{where} needs {_count(needed)} frames of {name} beyond the cut, {_count(needed - max(0, handle))} "
                "are missing: give it more handle, shorten or remove the transition"
            )

    def write(self) -> None:
        """Puts the items back into the track, in one slice assignment from the first to the last that changed."""
        new: list[otio.core.Composable] = []
        for lead, child in zip(self.leads, self.children, strict=False):
            if lead is not None:
                new.append(lead)
            new.append(child)
        if (last := self.leads[-1]) is not None:
            new.append(last)
        old = self._original
        shorter = min(len(old), len(new))
        head = next((k for k in range(shorter) if old[k] is not new[k]), shorter)
        tail = next((k for k in range(shorter - head) if old[-1 - k] is not new[-1 - k]), shorter - head)
        if (len(new) - head - tail) * tail > 4 * len(new):
            tail = 0  # OTIO moves the tail for every item put before it
        if head + tail < max(len(old), len(new)):
            self._track[head : len(old) - tail] = new[head : len(new) - tail]


def _shorten(item: otio.core.Item, length: Frames, rate: Fraction) -> None:
    """Keeps the first `length` frames, with the markers on them."""
    times = item.source_range
    own = rate_of(times.duration)
    markers = item.markers
    for k in reversed(range(len(markers))):
        if _marker_offset(markers[k], times, rate) >= length:
            del markers[k]
    duration = rational_time(rescaled(length, rate, own), times.duration.rate)
    item.source_range = otio.opentime.TimeRange(times.start_time, duration)


def _advance(item: otio.core.Item, offset: Frames, rest: Frames, rate: Fraction) -> None:
    """Keeps what follows the first `offset` frames, `rest` frames long, with the markers on it."""
    times = item.source_range
    own, start_rate = rate_of(times.duration), rate_of(times.start_time)
    speed = speed_of(item)
    assert speed is not None
    played = rescaled(offset, rate, start_rate)
    source = played if speed == 1 else simple(played * speed)
    markers = item.markers
    for k in reversed(range(len(markers))):
        if _marker_offset(markers[k], times, rate) < offset:
            del markers[k]
        elif source != played:
            marked = markers[k].marked_range
            moved = rescaled(simple(Fraction(source - played)), start_rate, rate_of(marked.start_time))
            start = rational_time(exact(marked.start_time.value) + moved, rate_of(marked.start_time))
            markers[k].marked_range = otio.opentime.TimeRange(start, marked.duration)
    item.source_range = otio.opentime.TimeRange(
        rational_time(exact(times.start_time.value) + source, times.start_time.rate),
        rational_time(rescaled(rest, rate, own), times.duration.rate),
    )


def _marker_offset(marker: otio.schema.Marker, times: otio.opentime.TimeRange, rate: Fraction) -> Frames:
    """A marker lies at its item's start plus track time, which a retime does not stretch."""
    return frames_of(marker.marked_range.start_time, rate) - frames_of(times.start_time, rate)
