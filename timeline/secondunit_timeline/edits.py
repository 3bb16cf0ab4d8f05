"""The edit kernel: pure operations on a cut.

Operations are applied in order; each addresses the cut as those before it left it. A frame is counted from the cut's
first frame as 0, at the cut's rate. A clip that is split keeps its media references, its metadata and its effects on
both sides; a marker goes to the side that holds its first frame. Transitions beside an edit stay where the handles
of both clips carry them, else the edit is refused; those inside an overwritten range go with it.

Nests are shallow: one is an item like any other, until `Inside` names what lies in it. A disabled clip keeps its place
like any other, and stays disabled in every part.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import assert_never

import opentimelineio as otio
from secondunit_bridge.errors import CutError
from secondunit_bridge.rates import FrameTime, can_drop_frames, format_timecode

from secondunit_timeline import nests, references, ripples, slugs, trims
from secondunit_timeline.changes import Change, Edit, Splice, Written
from secondunit_timeline.dialects import link_of
from secondunit_timeline.index import Index, TrackIndex, duration_of, no_such_track
from secondunit_timeline.operations import (
    AddRecipe,
    AddTake,
    AddTrack,
    ApproveTake,
    CloseGap,
    End,
    Extend,
    Extract,
    Fill,
    FillLength,
    FillSlug,
    GrowTake,
    Insert,
    InsertGap,
    Inside,
    Into,
    JoinShots,
    Lift,
    Operation,
    Overwrite,
    PlayTake,
    RemoveRecipe,
    RemoveSlug,
    ReplaceShot,
    ReplaceSlug,
    RippleTrim,
    Roll,
    Side,
    Slice,
    Slide,
    Slip,
    SwapTake,
    Transitions,
    Trim,
)
from secondunit_timeline.strips import Note, Strip
from secondunit_timeline.times import Frames, frames_text, simple
from secondunit_timeline.transitions import check

__all__ = ["Links", "Policies", "edit", "plan"]


class Links(StrEnum):
    """What becomes of the clips that are linked with one that is edited."""

    FOLLOW = "follow"
    REFUSE = "refuse"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class Policies:
    """What an edit may do besides what it was asked for. Whatever it does is reported as a change of its own."""

    transitions: Transitions = Transitions.REFUSE
    sync: tuple[str, ...] | None = None
    """The tracks that move along where an operation does not name its own; None: every track that is not locked."""
    links: Links = Links.FOLLOW
    """A linked clip that overlaps the edited one follows a slice, lift, trim, roll, slip and slide; on the tracks in
    sync, a ripple trim, and an extract or insert, which may cut it. Each at its own ends, so that an L-cut stays one.
    Locked tracks stay, and what is linked there is reported."""


DEFAULTS = Policies()


def edit(
    cut: otio.schema.Timeline, operations: Sequence[Operation], policies: Policies = DEFAULTS
) -> tuple[otio.schema.Timeline, Edit]:
    """The cut after all `operations`, and what they changed. `cut` stays as it is; one refusal refuses them all."""
    made = _Plan(Index(cut), policies)
    done = made.carry_out(operations)
    return made.built(), done


def plan(index: Index, operations: Sequence[Operation], policies: Policies = DEFAULTS) -> Edit:
    """What `edit` would change in the cut of `index`, or why it would refuse, without a copy of the cut."""
    return _Plan(index, policies).carry_out(operations)


Rippling = Insert | Extend | Extract | CloseGap | RippleTrim


class _Plan:
    """Works on copies of the few items that change; `built` puts them into a copy of the cut."""

    def __init__(self, index: Index, policies: Policies) -> None:
        self._cut, self._policies = index.cut, policies
        self.rate, self._start = index.rate, index.start
        self._tracks = {track.name: track for track in index.tracks}
        self._order = [track.track for track in index.tracks]
        self._strips: dict[str, Strip] = {}
        self._changes: list[Change] = []
        self._added: list[Splice] = []
        self._new_tracks: list[tuple[int, otio.schema.Track]] = []
        self._notes: list[Note] = []

    def carry_out(self, operations: Sequence[Operation]) -> Edit:
        for operation in operations:
            self._apply(operation)
            splices = (strip.take_splice(self._order) for strip in self._strips.values())
            made = [*self._added, *(splice for splice in splices if splice is not None)]
            self._added.clear()
            assert self._notes or not made, operation
            self._changes += [Change(*note) for note in self._notes[:-1]]
            self._changes += [Change(*note, tuple(made)) for note in self._notes[-1:]]
            self._notes.clear()
        if self._cut.global_start_time is None and not self._says_its_rate():
            raise CutError(
                f"nothing would be left in {self._cut.name!r} that says its frame rate, since it has no start time: "
                "lift the last clip, so that a gap stays, or give the cut a global start time"
            )
        primitives = [one for change in self._changes for one in change.primitives if isinstance(one, Splice)]
        Written.keep(written for one in primitives for side in (one.removed, one.added) for written in side)
        return Edit(self._changes)

    def _says_its_rate(self) -> bool:
        strips = self._strips.values()
        taken = {id(strip.track) for strip in strips}
        left = (track for track in self._order if id(track) not in taken)
        return any(strip.children for strip in strips) or any(len(track) for track in left)

    def built(self) -> otio.schema.Timeline:
        cut = self._cut.deepcopy()
        for position, track in self._new_tracks:
            cut.tracks.insert(position, track)
        copies = dict(zip(map(id, self._order), cut.tracks, strict=True))
        for strip in self._strips.values():
            strip.write(copies[id(strip.track)])
        return cut

    def _apply(self, operation: Operation) -> None:
        match operation:
            case Overwrite():
                self._overwrite(operation)
            case Insert():
                self._insert(operation)
            case InsertGap():
                self._insert_gap(operation)
            case JoinShots():
                self._join(operation)
            case Lift():
                self._lift(operation)
            case Extend():
                self._extend(operation)
            case SwapTake() | PlayTake():
                references.play(*self._clip(operation.track, operation.at), operation)
            case AddTake() | AddRecipe():
                references.add(*self._clip(operation.track, operation.at), operation)
            case RemoveRecipe():
                references.remove_recipe(*self._clip(operation.track, operation.at), operation)
            case ApproveTake():
                references.approve(*self._clip(operation.track, operation.at), operation)
            case GrowTake():
                references.grow(*self._clip(operation.track, operation.at), operation)
            case FillSlug():
                slugs.fill(*self._clip(operation.track, operation.at), operation)
            case RemoveSlug():
                slugs.remove(*self._clip(operation.track, operation.at), operation)
            case AddTrack():
                self._add_track(operation)
            case Inside():
                self._inside(operation)
            case Extract() | CloseGap():
                self._extract(operation)
            case Slice():
                self._slice(operation)
            case Trim() | RippleTrim():
                self._trim(operation)
            case Roll():
                self._roll(operation)
            case Slip() | Slide():
                self._move(operation)
            case Fill():
                self._fill(operation)
            case ReplaceShot() | ReplaceSlug():
                self._replace(operation)
            case _:
                assert_never(operation)

    def _open(self, name: str) -> Strip:
        if name not in self._strips:
            track = self._tracks.get(name)
            if track is None:
                raise no_such_track(name, self._tracks)
            if track.track.source_range is not None:
                raise CutError(f"track {name} is trimmed as a whole (it has a source range): remove that first")
            self._strips[name] = Strip(track, self._start, self._policies.transitions, self._notes)
        return self._strips[name]

    def _strip(self, name: str) -> Strip:
        if name in self._tracks and self._tracks[name].locked:
            raise CutError(f"track {name} is locked: unlock it in the host, or choose another track")
        return self._open(name)

    def _clip(self, track: str, at: FrameTime) -> tuple[Strip, int]:
        strip = self._strip(track)
        return strip, strip.shot(self._frame(at, track))

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
                f"{clip.name!r} lasts {frames_text(frames)} frames of the cut at {float(self.rate):g}: "
                "give it a length of whole frames"
            )
        return frames

    def _positive(self, frames: int, track: str) -> int:
        if frames <= 0:
            raise CutError(f"{track}: {frames} frames cannot be edited: give at least one")
        return frames

    def _linked(self, strip: Strip, lo: int, hi: int, among: AbstractSet[str] | None = None) -> list[tuple[Strip, int]]:
        """What is linked with the items [lo, hi) and overlaps them, on other tracks, `among` these if given."""
        if self._policies.links is Links.IGNORE or len(self._tracks) == 1:
            return []
        found: dict[tuple[str, int], tuple[Strip, int]] = {}
        for i in range(lo, hi):
            link = link_of(strip.children[i])
            if link is None:
                continue
            for name in self._tracks:
                if name == strip.name or (among is not None and name not in among):
                    continue
                other = self._open(name)
                start, end = strip.start(i), min(strip.start(i + 1), other.end)
                for k in range(other.position(start), other.position(end) + 1) if start < end else ():
                    if k < len(other.children) and other.start(k) < end and link_of(other.children[k]) == link:
                        found[name, k] = other, k
        if found and self._policies.links is Links.REFUSE:
            listed = "\n".join(f"  {other.where(k)}" for other, k in found.values())
            raise CutError(f"{strip.where(lo)} is linked with:\n{listed}\nunlink them, or let them follow")
        return [place for place in found.values() if not self._stays(*place)]

    def _stays(self, other: Strip, k: int) -> bool:
        if not self._tracks[other.name].locked:
            return False
        other.note(other.start(k), "leave, its track is locked,", other.length(k), other.children[k].name)
        return True

    def _overwrite(self, operation: Overwrite) -> None:
        strip, at = self._strip(operation.track), self._frame(operation.at, operation.track)
        frames = self._length(operation.clip, operation.track)
        trims.replace(strip, at, frames, operation.clip.deepcopy())
        strip.note(at, "overwrite", frames, operation.clip.name)

    def _join(self, operation: JoinShots) -> None:
        strip, at = self._strip(operation.track), self._frame(operation.at, operation.track)
        frames = self._length(operation.clip, operation.track)
        out, into = strip.joined_by(at, at + frames)
        for name in operation.sound:
            other = self._strip(name)
            i, j = other.touched_by(at, at + frames)
            if j - i != 1 or not other.is_gap(i) or other.start(i + 1) < at + frames:
                raise CutError(
                    f"{name} {other.timecode(at)}: there is no gap of {frames} frames that the sound of a join could "
                    "fill: leave the track out"
                )
            trims.replace(other, at, frames, operation.clip.deepcopy())
            other.note(at, "join", frames, operation.clip.name)
        trims.replace(strip, at, frames, operation.clip.deepcopy())
        strip.note(at, f"join {out!r} and {into!r} by", frames, operation.clip.name)

    def _lift(self, operation: Lift) -> None:
        strip, at = self._strip(operation.track), self._frame(operation.at, operation.track)
        frames = self._positive(operation.frames, operation.track)
        end = min(at + frames, strip.end)
        if end <= at:
            return
        lifted: list[tuple[Strip, Frames, Frames]] = [(strip, at, end)]
        for other, k in self._linked(strip, *strip.touched_by(at, end)):
            low, high = max(at, other.start(k)), min(end, other.start(k + 1))
            if low < high:
                lifted.append((other, low, high))
        for one, low, high in reversed(lifted):
            trims.replace(one, low, high - low, one.gap(high - low))
            one.note(low, "lift", high - low, "")

    def _insert(self, operation: Insert) -> None:
        strip, at = self._strip(operation.track), self._frame(operation.at, operation.track)
        frames = self._length(operation.clip, operation.track)
        in_sync = self._in_sync(operation)
        chosen = self._chosen(strip, at, at, in_sync)
        i = strip.cut_at(at)
        lead = strip.leads[i]
        first, last = (lead, None) if operation.dissolve is Side.LEFT else (None, lead)
        strip.splice(i, i, [(operation.clip.deepcopy(), frames)], first, last)
        check(strip, i - 1, i + 2)
        self._ripple(in_sync, at, frames, chosen)
        strip.note(at, "insert", frames, operation.clip.name)

    def _insert_gap(self, operation: InsertGap) -> None:
        strip, at = self._strip(operation.track), self._frame(operation.at, operation.track)
        frames = self._positive(operation.frames, operation.track)
        if at < strip.end:
            ripples.insert_gap(strip, at, frames)
            strip.note(at, "insert gap", frames, "")

    def _extend(self, operation: Extend) -> None:
        strip, i = self._clip(operation.track, operation.shot_at)
        edge, frames = trims.extend(strip, i, operation)
        if operation.into is Into.RIPPLE:
            self._ripple(self._in_sync(operation), edge, frames)

    def _in_sync(self, operation: Rippling) -> list[str]:
        sync = operation.sync if operation.sync is not None else self._policies.sync
        if sync is None:
            sync = tuple(name for name, track in self._tracks.items() if not track.locked)
        return [name for name in dict.fromkeys(sync) if name != operation.track]

    def _chosen(self, strip: Strip, at: Frames, end: Frames, in_sync: Sequence[str]) -> set[int]:
        """The ids of the items that a ripple over [at, end) may cut: linked with what it cuts on its own track."""
        if at >= strip.end or (at == end and strip.start(strip.position(at)) == at):
            return set()
        linked = self._linked(strip, *strip.touched_by(at, max(end, at + 1)), frozenset(in_sync))
        return {id(other.children[k]) for other, k in linked}

    def _ripple(
        self, in_sync: Sequence[str], at: Frames, frames: Frames, chosen: AbstractSet[int] = ripples.NOBODY
    ) -> None:
        """Moves what lies from `at` on by `frames` on these tracks; all of them or none."""
        strips = [self._strip(name) for name in in_sync]
        blocked = [(one.name, what) for one in strips if (what := ripples.blocks(one, at, frames, chosen)) is not None]
        if blocked:
            listed = "\n".join(f"  {what} on {name}" for name, what in blocked)
            where = format_timecode(FrameTime(self._start.frame + int(at), self.rate), can_drop_frames(self.rate))
            raise CutError(
                f"a ripple of {frames_text(frames)} frames at {where} would cut through:\n{listed}\n"
                "cut them there, lock their tracks, or leave these out of the sync"
            )
        for strip in strips:
            if at < strip.end:
                ripples.ripple(strip, at, frames)
                strip.note(at, "ripple", frames, "")

    def _extract(self, operation: Extract | CloseGap) -> None:
        strip, at = self._strip(operation.track), self._frame(operation.at, operation.track)
        start: Frames = at
        frames: Frames
        if isinstance(operation, CloseGap):
            i = strip.position(at)
            if i == len(strip.children) or not strip.is_gap(i):
                raise CutError(f"{strip.name} {strip.timecode(at)}: there is no gap: give a frame inside one")
            start, frames = strip.start(i), strip.length(i)
        else:
            frames = min(self._positive(operation.frames, operation.track), strip.end - at)
        if frames <= 0:
            raise CutError(f"{strip.name} {strip.timecode(at)}: the track ends before: nothing can be extracted")
        in_sync = self._in_sync(operation)
        chosen = self._chosen(strip, start, start + frames, in_sync)
        ripples.extract(strip, start, frames)
        self._ripple(in_sync, start, -frames, chosen)
        strip.note(start, "close gap" if isinstance(operation, CloseGap) else "extract", frames, "")

    def _slice(self, operation: Slice) -> None:
        strip, at = self._strip(operation.track), self._frame(operation.at, operation.track)
        if at >= strip.end:
            raise CutError(f"{strip.name} {strip.timecode(at)}: the track ends before: nothing can be sliced")
        i = strip.position(at)
        if strip.start(i) == at:
            return
        linked = [(other, k) for other, k in self._linked(strip, i, i + 1) if other.start(k) < at < other.start(k + 1)]
        for one, k in [*linked, (strip, i)]:
            name = one.children[k].name
            one.cut_at(at)
            check(one, k - 1, k + 3)
            one.note(at, "slice", one.length(k + 1), name)

    def _trim(self, operation: Trim | RippleTrim) -> None:
        strip, i = self._clip(operation.track, operation.shot_at)
        by, end = operation.by, operation.end
        if by == 0:
            raise CutError(f"{strip.where(i)}: a trim by 0 frames does nothing: give at least one")
        in_sync = self._in_sync(operation) if isinstance(operation, RippleTrim) else []
        among = frozenset(in_sync) if isinstance(operation, RippleTrim) else None
        places = [(strip, i)]
        for other, k in self._linked(strip, i, i + 1, among):
            # Of several on one track, the one at that end.
            if other is not places[-1][0]:
                places.append((other, k))
            elif end is End.TAIL:
                places[-1] = other, k
        for one, k in reversed(places):
            edge = one.start(k + 1) if end is End.TAIL else one.start(k)
            name = one.children[k].name
            if isinstance(operation, RippleTrim):
                trims.ripple_trim(one, k, end, by)
                if one is strip:
                    growth = by if end is End.TAIL else -by
                    moved = [track for track in in_sync if track not in {place.name for place, _ in places}]
                    self._ripple(moved, edge + min(growth, 0) if end is End.TAIL else edge, growth)
                one.note(edge, f"ripple trim {end}", by, name)
            else:
                trims.trim(one, k, end, by)
                one.note(edge, f"trim {end}", by, name)

    def _roll(self, operation: Roll) -> None:
        strip, at, by = self._strip(operation.track), self._frame(operation.at, operation.track), operation.by
        if by == 0:
            raise CutError(f"{strip.name}: a roll by 0 frames does nothing: give at least one")
        i = strip.position(at)
        if i == len(strip.children) or strip.start(i) != at:
            raise CutError(f"{strip.name} {strip.timecode(at)}: there is no edit point: give the time of one")
        places = [(strip, i)]
        if i and link_of(strip.children[i - 1]) is not None:
            after = {(other.name, k) for other, k in self._linked(strip, i, i + 1)}
            before = self._linked(strip, i - 1, i)
            places += [(other, k + 1) for other, k in before if (other.name, k + 1) in after]
        for one, k in reversed(places):
            trims.roll(one, k, by)
            one.note(one.start(k) - by, "roll", by, one.children[k].name)

    def _move(self, operation: Slip | Slide) -> None:
        strip, i = self._clip(operation.track, operation.shot_at)
        by = operation.by
        if by == 0:
            raise CutError(f"{strip.where(i)}: a move by 0 frames does nothing: give at least one")
        for one, k in [*self._linked(strip, i, i + 1), (strip, i)]:
            at, name = one.start(k), one.children[k].name
            (trims.slip if isinstance(operation, Slip) else trims.slide)(one, k, by)
            one.note(at, "slip" if isinstance(operation, Slip) else "slide", by, name)

    def _fill(self, operation: Fill) -> None:
        strip = self._strip(operation.track)
        at: Frames = self._frame(operation.at, operation.track)
        room: Frames
        if operation.frames is not None:
            room = self._positive(operation.frames, operation.track)
        else:
            i = strip.position(at)
            if i == len(strip.children) or not strip.is_gap(i):
                raise CutError(f"{strip.name} {strip.timecode(at)}: there is no gap to fill: give the frames")
            at, room = strip.start(i), strip.length(i)
        clip = operation.clip.deepcopy()
        match operation.length:
            case FillLength.SOURCE:
                room = self._length(clip, strip.name)
            case FillLength.SEQUENCE:
                trims.cut_to(clip, room, self.rate)
            case FillLength.FIT:
                trims.fit(clip, room, self.rate)
            case _:
                assert_never(operation.length)
        trims.replace(strip, at, room, clip)
        strip.note(at, f"fill {operation.length}", room, clip.name)

    def _replace(self, operation: ReplaceShot | ReplaceSlug) -> None:
        strip, i = self._clip(operation.track, operation.shot_at)
        there = strip.children[i]
        if isinstance(operation, ReplaceSlug) and not slugs.is_slug(there):
            raise CutError(f"{strip.where(i)} is no slug: nothing but slugs is replaced by this")
        clip, start, frames = operation.clip.deepcopy(), strip.start(i), strip.length(i)
        trims.cut_to(clip, frames, self.rate)
        strip.splice(i, i + 1, [(clip, frames)], strip.leads[i], strip.leads[i + 1])
        check(strip, i - 1, i + 2)
        verb = "replace slug" if isinstance(operation, ReplaceSlug) else "replace"
        strip.note(start, f"{verb} {there.name!r} by", frames, clip.name)

    def _inside(self, operation: Inside) -> None:
        strip, at = self._strip(operation.track), self._frame(operation.at, operation.track)
        i = strip.position(at)
        if i == len(strip.children) or not isinstance(strip.children[i], otio.schema.Stack | otio.schema.Track):
            raise CutError(f"{strip.name} {strip.timecode(at)}: there is no nest: give a frame inside one")
        where, before = strip.where(i), strip.children[i]
        made = _Plan(Index(nests.opened(before, self.rate)), self._policies)
        done = made.carry_out(operation.operations)
        if not done:
            return
        nest = strip.own_range(i)
        nests.fill(nest, made.built())
        missing = nests.missing(nest, before, self.rate)
        if missing > 0:
            raise CutError(
                f"{where} would show {frames_text(missing)} frames that it does not hold any more: take fewer out, or "
                "shorten the nest in the cut"
            )
        check(strip, i, i + 1)
        for change in done:
            at_nest = strip.start(i)
            name = f"{change.name}" if change.at is None else f"{change.name} at {change.at.frame}"
            strip.note(at_nest, f"in {nest.name!r}, {change.track}: {change.verb}", change.frames, name)

    def _add_track(self, operation: AddTrack) -> None:
        if not operation.name or operation.name in self._tracks:
            raise CutError(f"a track {operation.name!r} cannot be added: give a name that the cut does not have")
        if operation.above is not None and operation.above not in self._tracks:
            raise no_such_track(operation.above, self._tracks)
        lowest = self._tracks.get(operation.above or "")
        below = [
            position
            for position, track in enumerate(self._order)
            if (track.kind == operation.kind if lowest is None else track is lowest.track)
        ]
        track = otio.schema.Track(operation.name, kind=operation.kind)
        position = below[-1] + 1 if below else len(self._order)
        self._new_tracks.append((position, track))
        self._tracks[operation.name] = TrackIndex(track, operation.name, self.rate)
        self._order.insert(position, track)
        written = Written(track)
        Written.keep([written])
        self._added.append(Splice(None, position, (), (written,)))
        self._notes.append(Note(operation.name, self._start, "add track", 0, operation.name))
