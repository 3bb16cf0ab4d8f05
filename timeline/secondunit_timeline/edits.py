"""The edit kernel: pure operations on a cut.

Operations are applied in order; each addresses the cut as those before it left it. A frame is counted from the cut's
first frame as 0, at the cut's rate. A clip that is split keeps its media references, its metadata and its effects on
both sides; a marker goes to the side that holds its first frame. Transitions beside an edit stay where the handles
of both clips carry them, else the edit is refused; those inside an overwritten range go with it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import assert_never

import opentimelineio as otio
from secondunit_bridge.errors import CutError
from secondunit_bridge.rates import FrameTime, can_drop_frames, format_timecode

from secondunit_timeline import trims
from secondunit_timeline.changes import Change, Edit, Splice, Written
from secondunit_timeline.dialects import is_locked
from secondunit_timeline.index import cut_rate, duration_of, named_tracks, no_such_track
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
    GrowTake,
    Insert,
    InsertGap,
    Into,
    Lift,
    Operation,
    Overwrite,
    PlayTake,
    RemoveRecipe,
    ReplaceShot,
    ReplaceSlug,
    RippleTrim,
    Roll,
    Side,
    Slice,
    Slide,
    Slip,
    SwapTake,
    Trim,
)
from secondunit_timeline.retimes import handles_of, shows_within, speed_of
from secondunit_timeline.strips import Lead, Strip, Transitions
from secondunit_timeline.times import (
    Frames,
    exact,
    frames_of,
    frames_text,
    rate_of,
    rational_time,
    simple,
    time_range,
)


@dataclass(frozen=True, slots=True)
class Policies:
    """What an edit may do besides what it was asked for. Whatever it does is reported as a change of its own."""

    transitions: Transitions = Transitions.REFUSE
    sync: tuple[str, ...] | None = None
    """The tracks that move along where an operation does not name its own; None: every track that is not locked."""


DEFAULTS = Policies()


def slug(name: str, start: FrameTime, frames: FrameTime) -> otio.schema.Clip:
    """A placeholder for a take: `frames` long in the cut, its source time counted from `start`."""
    length = Fraction(frames.frame) * start.rate / frames.rate
    return otio.schema.Clip(
        name,
        otio.schema.MissingReference(
            name, time_range(start.frame, simple(length), start.rate), metadata={"secondunit": {"slug": True}}
        ),
        otio.opentime.TimeRange(rational_time(start.frame, start.rate), rational_time(frames.frame, frames.rate)),
    )


def is_slug(clip: otio.core.Item) -> bool:
    if not isinstance(clip, otio.schema.Clip):
        return False
    own = clip.media_reference.metadata.get("secondunit")
    return hasattr(own, "get") and bool(own.get("slug", False))


def is_recipe(reference: otio.core.MediaReference | None) -> bool:
    """Whether it is an order, made or to be made, rather than media."""
    return isinstance(reference, otio.schema.GeneratorReference) and reference.generator_kind.startswith("secondunit.")


def edit(
    cut: otio.schema.Timeline, operations: Sequence[Operation], policies: Policies = DEFAULTS
) -> tuple[otio.schema.Timeline, Edit]:
    """The cut after all `operations`, and what they changed. `cut` stays as it is; one refusal refuses them all."""
    plan = _Plan(cut, policies)
    for operation in operations:
        plan.apply(operation)
    return plan.cut, plan.finish()


Rippling = Insert | Extend | Extract | CloseGap | RippleTrim


class _Plan:
    def __init__(self, source: otio.schema.Timeline, policies: Policies) -> None:
        self._policies = policies
        self.cut = cut = source.deepcopy()
        self.rate = cut_rate(cut)
        start = cut.global_start_time
        self._start = round(frames_of(start, self.rate)) if start is not None else 0
        self._tracks = {name: track for track, name in named_tracks(cut)}
        self._order = list(self._tracks.values())
        self._sources = dict(zip(self._tracks, source.tracks, strict=True))
        self._strips: dict[str, Strip] = {}
        self._changes: list[Change] = []
        self._added: list[Splice] = []
        self._notes: list[tuple[str, FrameTime, str, Frames, str]] = []

    def note(self, track: str, frame: Frames, verb: str, frames: Frames, name: str) -> None:
        at = FrameTime(self._start + int(frame), self.rate)
        self._notes.append((track, at, verb, frames, name))

    def finish(self) -> Edit:
        for strip in self._strips.values():
            strip.write()
        primitives = [one for change in self._changes for one in change.primitives if isinstance(one, Splice)]
        Written.keep(written for one in primitives for side in (one.removed, one.added) for written in side)
        return Edit(self._changes)

    def apply(self, operation: Operation) -> None:
        self._apply(operation)
        for strip in self._strips.values():
            if strip.reports:
                done, self._notes = self._notes, []
                for report in strip.reports:
                    self.note(strip.name, *report)
                self._notes += done
                strip.reports.clear()
        splices = (strip.take_splice(self._order) for strip in self._strips.values())
        made = [*self._added, *(splice for splice in splices if splice is not None)]
        self._added.clear()
        assert self._notes or not made, operation
        self._changes += [Change(*note) for note in self._notes[:-1]]
        self._changes += [Change(*note, tuple(made)) for note in self._notes[-1:]]
        self._notes.clear()

    def _apply(self, operation: Operation) -> None:
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
            case SwapTake() | PlayTake():
                self._swap_take(operation)
            case AddTake():
                self._add_take(operation)
            case AddTrack():
                self._add_track(operation)
            case Extract() | CloseGap():
                self._extract(operation)
            case Slice():
                self._slice(operation)
            case Trim() | RippleTrim():
                self._trim(operation)
            case Roll() | Slip() | Slide():
                self._move(operation)
            case Fill():
                self._fill(operation)
            case ReplaceShot() | ReplaceSlug():
                self._replace(operation)
            case GrowTake():
                self._grow_take(operation)
            case AddRecipe():
                self._add_references(operation, {f"{operation.key}.recipe": operation.recipe})
            case RemoveRecipe():
                self._remove_recipe(operation)
            case ApproveTake():
                self._approve_take(operation)
            case _:
                assert_never(operation)

    def _strip(self, name: str) -> Strip:
        if name not in self._strips:
            track = self._tracks.get(name)
            if track is None:
                raise no_such_track(name, self._tracks)
            if is_locked(track):
                raise CutError(f"track {name} is locked: unlock it in the host, or choose another track")
            if track.source_range is not None:
                raise CutError(f"track {name} is trimmed as a whole (it has a source range): remove that first")
            start = FrameTime(self._start, self.rate)
            self._strips[name] = Strip(track, name, start, self._sources.get(name), self._policies.transitions)
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
                f"{clip.name!r} lasts {frames_text(frames)} frames of the cut at {float(self.rate):g}: "
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
        self._note_dropped(strip, strip.replace(at, frames, operation.clip.deepcopy()))
        self.note(strip.name, at, "overwrite", frames, operation.clip.name)

    def _lift(self, operation: Lift) -> None:
        strip, at = self._strip(operation.track), self._frame(operation.at, operation.track)
        frames = self._positive(operation.frames, operation.track)
        lifted = min(frames, strip.end - at)
        if lifted > 0:
            self._note_dropped(strip, strip.replace(at, lifted, strip.gap(lifted)))
            self.note(strip.name, at, "lift", lifted, "")

    def _insert(self, operation: Insert) -> None:
        strip, at = self._strip(operation.track), self._frame(operation.at, operation.track)
        frames = self._length(operation.clip, operation.track)
        i = strip.cut_at(at)
        lead = strip.leads[i]
        first, last = (lead, None) if operation.dissolve is Side.LEFT else (None, lead)
        strip.splice(i, i, [(operation.clip.deepcopy(), frames)], first, last)
        strip.check(i - 1, i + 2)
        self._ripple(operation, at, frames)
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
                    f"{strip.name} {strip.timecode(at)}: moving what follows would split {strip.children[i].name!r}: "
                    "unlock the track from sync, or choose one of its edit points"
                )
            elif (lead := strip.leads[i]) is not None:
                raise CutError(
                    f"{strip.name} {strip.timecode(at)}: a gap would break the transition {lead.name!r}: "
                    "remove it first"
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
            raise CutError(f"{shot.name!r} cannot grow by {frames_text(total)} frames: give at least one")
        at_head = operation.end is End.HEAD
        handle = handles_of(shot, self.rate)[0 if at_head else 1]

        def where() -> str:
            return f"{strip.name} {strip.timecode(start)}: {shot.name!r}"

        start = strip.start(i)
        if growth and speed_of(shot) is None:
            raise CutError(f"{where()} has a speed ramp and cannot grow: render it, or remove the ramp")
        if growth and handle is not None and growth > handle:
            raise CutError(
                f"{where()} has {frames_text(max(0, handle))} camera frames beyond its {operation.end}, "
                f"{frames_text(growth - handle)} are missing: generate these"
            )
        edge = strip.start(i) if at_head else strip.start(i + 1)
        landing = total if operation.into is Into.RIPPLE else edge - total if at_head else edge + total
        if landing.denominator != 1 and total.denominator != 1:
            raise CutError(
                f"{where()} would grow by {frames_text(total)} frames of the cut, which ends between two of them: "
                f"choose frames at {float(own):g} that add up to whole frames at {float(self.rate):g}"
            )
        lo, hi = self._make_room(strip, i, at_head, total, operation.into, where)
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
                f"{where()} would end on a cut that has the transition {there.name!r} already: remove one of them"
            )
        outer = moved if moved is not None else there
        first = outer if at_head else strip.leads[lo]
        last = strip.leads[hi] if at_head else outer
        strip.splice(lo, hi, new, first, last)
        strip.check(lo - 1, lo + len(new) + 1)
        if operation.into is Into.RIPPLE:
            self._ripple(operation, edge, total)
        if growth:
            self.note(strip.name, edge, f"extend {operation.end} {operation.into}", growth, shot.name)
        if clip is not None:
            at = edge if at_head and operation.into is Into.RIPPLE else edge - total if at_head else edge + growth
            self.note(strip.name, at, f"place {operation.into}", made, clip.name)

    def _make_room(
        self, strip: Strip, i: int, at_head: bool, total: Frames, into: Into, where: Callable[[], str]
    ) -> tuple[int, int]:
        """What a shot that grows by `total` takes the place of, as [lo, hi) with the shot in it."""
        match into:
            case Into.RIPPLE:
                return i, i + 1
            case Into.GAP:
                step = -1 if at_head else 1
                k, room = i + step, Fraction(0)
                while 0 <= k < len(strip.children) and strip.is_gap(k) and room < total:
                    room += strip.length(k)
                    k += step
                if room < total and (at_head or k < len(strip.children)):
                    raise CutError(
                        f"{where()} has a gap of {frames_text(simple(room))} frames beside it, "
                        f"{frames_text(simple(total - room))} are missing: extend by less, or ripple or overwrite"
                    )
            case Into.OVER:
                pass
            case _:
                assert_never(into)
        if at_head:
            if (missing := total - strip.start(i)) > 0:
                raise CutError(
                    f"{where()} would begin {frames_text(missing)} frames before the cut: extend by less, or ripple"
                )
            before = len(strip.children)
            lo = strip.cut_at(strip.start(i) - total)
            i += len(strip.children) - before
            self._note_dropped(strip, strip.inside(lo + 1, i))
            return lo, i + 1
        hi = strip.cut_at(min(strip.start(i + 1) + total, strip.end))
        self._note_dropped(strip, strip.inside(i + 2, hi))
        return i, hi

    def _note_dropped(self, strip: Strip, leads: list[Lead]) -> None:
        for lead in leads:
            self.note(strip.name, lead.at, "drop transition", lead.frames, lead.name)

    def _swap_take(self, operation: SwapTake | PlayTake) -> None:
        strip, at = self._strip(operation.track), self._frame(operation.at, operation.track)
        i = strip.shot(at)
        clip = strip.children[i]
        references = clip.media_references()

        def where() -> str:
            return f"{strip.name} {strip.timecode(strip.start(i))}: {clip.name!r}"

        reference = references.get(operation.key)
        if reference is None:
            raise CutError(f"{where()} has no take {operation.key!r}: it has {', '.join(sorted(references))}")
        if is_recipe(reference):
            raise CutError(f"{where()}: {operation.key!r} is a recipe, not a picture: choose the take made from it")
        strip.own_range(i)
        previous = clip.active_media_reference_key
        clip.active_media_reference_key = operation.key
        if isinstance(operation, PlayTake):
            start = rational_time(operation.start.frame, operation.start.rate)
            clip.source_range = otio.opentime.TimeRange(start, clip.source_range.duration)
        if not shows_within(clip, reference.available_range):
            raise CutError(
                f"{where()} uses {_range_text(clip.source_range)}, but {operation.key!r} holds only "
                f"{_range_text(reference.available_range)}: make the take again with this range"
            )
        strip.check(i, i + 1)
        self.note(strip.name, strip.start(i), f"swap {previous} to {operation.key}", strip.length(i), clip.name)

    def _add_take(self, operation: AddTake) -> None:
        added: dict[str, otio.core.MediaReference] = {operation.key: operation.reference}
        if operation.recipe is not None:
            added[f"{operation.key}.recipe"] = operation.recipe
        self._add_references(operation, added)

    def _add_references(self, operation: AddTake | AddRecipe, added: dict[str, otio.core.MediaReference]) -> None:
        strip, at = self._strip(operation.track), self._frame(operation.at, operation.track)
        i = strip.shot(at)
        strip.touch(i, i + 1)
        clip = strip.children[i]
        references = clip.media_references()
        for key, reference in added.items():
            if key in references:
                raise CutError(
                    f"{strip.where(i)} has a take {key!r} already: takes are never replaced, give it another key"
                )
            references[key] = reference.deepcopy()
        clip.set_media_references(references, clip.active_media_reference_key)
        verb = "add recipe" if isinstance(operation, AddRecipe) else "add"
        self.note(strip.name, strip.start(i), f"{verb} {operation.key}", strip.length(i), clip.name)

    def _remove_recipe(self, operation: RemoveRecipe) -> None:
        strip, at = self._strip(operation.track), self._frame(operation.at, operation.track)
        i = strip.shot(at)
        strip.touch(i, i + 1)
        clip = strip.children[i]
        references = clip.media_references()
        if not is_recipe(references.get(operation.key)) or operation.key == clip.active_media_reference_key:
            raise CutError(f"{strip.where(i)}: {operation.key!r} is not a recipe beside what the clip plays")
        del references[operation.key]
        clip.set_media_references(references, clip.active_media_reference_key)
        self.note(strip.name, strip.start(i), f"remove recipe {operation.key}", strip.length(i), clip.name)

    def _approve_take(self, operation: ApproveTake) -> None:
        strip, at = self._strip(operation.track), self._frame(operation.at, operation.track)
        i = strip.shot(at)
        strip.touch(i, i + 1)
        clip = strip.children[i]
        references = clip.media_references()
        take = references.get(operation.key)
        if take is None or is_recipe(take) or not operation.key.startswith("take."):
            raise CutError(f"{strip.where(i)} has no take {operation.key!r}: it has {', '.join(sorted(references))}")
        ours = take.metadata.get("secondunit", {})
        take.metadata["secondunit"] = {**ours, "approved": True}
        self.note(strip.name, strip.start(i), f"approve {operation.key}", strip.length(i), clip.name)

    def _grow_take(self, operation: GrowTake) -> None:
        strip = self._strip(operation.track)
        i = strip.shot(self._frame(operation.at, operation.track))
        strip.touch(i, i + 1)
        clip = strip.children[i]
        references = clip.media_references()
        if operation.key not in references:
            raise CutError(f"{strip.where(i)} has no take {operation.key!r}: it has {', '.join(sorted(references))}")
        held, longer = references[operation.key].available_range, operation.reference.available_range
        if held is None or longer is None:
            raise CutError(f"{strip.where(i)}: {operation.key!r} does not say which frames it holds: add it as a take")
        rate = rate_of(held.start_time)
        start, new_start = frames_of(held.start_time, rate), frames_of(longer.start_time, rate)
        if start < new_start or start + frames_of(held.duration, rate) > new_start + frames_of(longer.duration, rate):
            raise CutError(
                f"{strip.where(i)}: {operation.key!r} holds {_range_text(held)}, the longer one {_range_text(longer)}: "
                "a take that grows keeps every frame"
            )
        references[operation.key] = operation.reference.deepcopy()
        clip.set_media_references(references, clip.active_media_reference_key)
        gained = simple((frames_of(longer.duration, rate) - frames_of(held.duration, rate)) * self.rate / rate)
        self.note(strip.name, strip.start(i), f"grow {operation.key}", gained, clip.name)

    def _in_sync(self, operation: Rippling) -> list[str]:
        sync = operation.sync if operation.sync is not None else self._policies.sync
        if sync is None:
            sync = tuple(name for name, track in self._tracks.items() if not is_locked(track))
        return [name for name in dict.fromkeys(sync) if name != operation.track]

    def _ripple(self, operation: Rippling, at: Frames, frames: Frames) -> None:
        """Moves what lies from `at` on by `frames` on the tracks in sync; all of them or none."""
        strips = [self._strip(name) for name in self._in_sync(operation)]
        blocked = [(strip.name, what) for strip in strips if (what := strip.blocks(at, frames)) is not None]
        if blocked:
            listed = "\n".join(f"  {what} on {name}" for name, what in blocked)
            where = format_timecode(FrameTime(self._start + int(at), self.rate), can_drop_frames(self.rate))
            raise CutError(
                f"a ripple of {frames_text(frames)} frames at {where} would cut through:\n{listed}\n"
                "cut them there, lock their tracks, or leave these out of the sync"
            )
        for strip in strips:
            if at < strip.end:
                strip.ripple(at, frames)
                self.note(strip.name, at, "ripple", frames, "")

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
        trims.extract(strip, start, frames)
        self._ripple(operation, start, -frames)
        self.note(strip.name, start, "close gap" if isinstance(operation, CloseGap) else "extract", frames, "")

    def _slice(self, operation: Slice) -> None:
        strip, at = self._strip(operation.track), self._frame(operation.at, operation.track)
        if at >= strip.end:
            raise CutError(f"{strip.name} {strip.timecode(at)}: the track ends before: nothing can be sliced")
        i = strip.position(at)
        if strip.start(i) != at:
            name = strip.children[i].name
            strip.cut_at(at)
            strip.check(i - 1, i + 3)
            self.note(strip.name, at, "slice", strip.length(i + 1), name)

    def _trim(self, operation: Trim | RippleTrim) -> None:
        strip = self._strip(operation.track)
        i, by, end = strip.shot(self._frame(operation.shot_at, operation.track)), operation.by, operation.end
        if by == 0:
            raise CutError(f"{strip.where(i)}: a trim by 0 frames does nothing: give at least one")
        edge, start, name = strip.start(i + 1) if end is End.TAIL else strip.start(i), strip.start(i), ""
        name = strip.children[i].name
        if isinstance(operation, Trim):
            trims.trim(strip, i, end, by)
        else:
            trims.ripple_trim(strip, i, end, by)
            growth = by if end is End.TAIL else -by
            self._ripple(operation, edge + min(growth, 0) if end is End.TAIL else start, growth)
        verb = "trim" if isinstance(operation, Trim) else "ripple trim"
        self.note(strip.name, edge, f"{verb} {end}", by, name)

    def _move(self, operation: Roll | Slip | Slide) -> None:
        strip = self._strip(operation.track)
        if operation.by == 0:
            raise CutError(f"{strip.name}: a move by 0 frames does nothing: give at least one")
        at: Frames
        if isinstance(operation, Roll):
            at = self._frame(operation.at, operation.track)
            i = strip.position(at)
            if i == len(strip.children) or strip.start(i) != at:
                raise CutError(f"{strip.name} {strip.timecode(at)}: there is no edit point: give the time of one")
            name, verb = strip.children[i].name, "roll"
            trims.roll(strip, i, operation.by)
        else:
            i = strip.shot(self._frame(operation.shot_at, operation.track))
            at, name = strip.start(i), strip.children[i].name
            verb = "slip" if isinstance(operation, Slip) else "slide"
            (trims.slip if isinstance(operation, Slip) else trims.slide)(strip, i, operation.by)
        self.note(strip.name, at, verb, operation.by, name)

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
        self._note_dropped(strip, strip.replace(at, room, clip))
        self.note(strip.name, at, f"fill {operation.length}", room, clip.name)

    def _replace(self, operation: ReplaceShot | ReplaceSlug) -> None:
        strip = self._strip(operation.track)
        i = strip.shot(self._frame(operation.shot_at, operation.track))
        there = strip.children[i]
        if isinstance(operation, ReplaceSlug) and not is_slug(there):
            raise CutError(f"{strip.where(i)} is no slug: nothing but slugs is replaced by this")
        clip, start, frames = operation.clip.deepcopy(), strip.start(i), strip.length(i)
        trims.cut_to(clip, frames, self.rate)
        strip.splice(i, i + 1, [(clip, frames)], strip.leads[i], strip.leads[i + 1])
        strip.check(i - 1, i + 2)
        verb = "replace slug" if isinstance(operation, ReplaceSlug) else "replace"
        self.note(strip.name, start, f"{verb} {there.name!r} by", frames, clip.name)

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
        position = below[-1] + 1 if below else len(stack)
        stack.insert(position, track)
        self._tracks[operation.name] = track
        self._order.insert(position, track)
        written = Written(track)
        Written.keep([written])
        self._added.append(Splice(None, position, (), (written,)))
        self.note(operation.name, 0, "add track", 0, operation.name)


def _range_text(times: otio.opentime.TimeRange) -> str:
    rate = rate_of(times.duration)
    start, duration = frames_of(times.start_time, rate), exact(times.duration.value)
    return f"{frames_text(start)} to {frames_text(start + duration)} at {float(rate):g}"
