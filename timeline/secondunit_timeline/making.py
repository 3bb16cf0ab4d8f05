"""Recipes on their way into the cut: each planned on the cut as it then is, made, and put in its place."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from typing import Any, assert_never

import anyio
import anyio.to_thread
import opentimelineio as otio
from secondunit_bridge.errors import CutError, NotAuthorised, SecondUnitError, UnitUnreachable
from secondunit_bridge.messages import (
    Card,
    Condition,
    FramesBefore,
    IgnoreRegion,
    Look,
    Mask,
    Order,
    Record,
    ReferenceImage,
    ReferenceShot,
    Slot,
    SourceShot,
    Take,
    Task,
    Text,
)
from secondunit_bridge.rates import FrameTime
from secondunit_bridge.wire import to_proto

from secondunit_timeline.changes import Edit
from secondunit_timeline.edits import edit
from secondunit_timeline.edits import plan as try_edit
from secondunit_timeline.extensions import place_extension, plan_extension
from secondunit_timeline.generations import handles_beside, slot_of
from secondunit_timeline.index import Index, Item, TrackIndex
from secondunit_timeline.joins import place_join, plan_join
from secondunit_timeline.make import Missing, Step, fingerprint, identity, is_file, place_of
from secondunit_timeline.matches import look_of, mask_of, place_match, plan_match, plan_replace
from secondunit_timeline.operations import AddTake, Lift, Operation, Overwrite, PlayTake, RemoveRecipe
from secondunit_timeline.orders import Settings, make_order, shown_from, slot_for, span, steering
from secondunit_timeline.recipe_kinds import MADE, Extend, Generate, Join, Match, Replace
from secondunit_timeline.recipes import Written, before, pending
from secondunit_timeline.remake import place_remake, plan_remake
from secondunit_timeline.shots import find_clip, open_shot
from secondunit_timeline.takes import Asked, clip_of, key_of, recipe, record_of, reference, stand_ins
from secondunit_timeline.times import Frames, frames_of, rational_time

__all__ = ["Failure", "Made"]

IN_FLIGHT = 4
"""Orders that wait at the unit at one time; the unit makes as many at once as it has devices."""


@dataclass(frozen=True, slots=True)
class Failure:
    shot: str
    error: SecondUnitError


@dataclass(frozen=True, slots=True)
class Made:
    """`cut` holds what could be made, in place; the cut that was given is unchanged."""

    cut: otio.schema.Timeline
    edit: Edit
    takes: tuple[Take, ...]
    notes: tuple[str, ...]
    failed: tuple[Failure, ...]


@dataclass(frozen=True, slots=True)
class Job:
    """`order` is None where nothing has to be made. `place`: what puts the order's takes into the cut."""

    order: Order | None
    place: Callable[[Sequence[Take]], tuple[Operation, ...]]
    notes: tuple[str, ...] = ()


def order_id(order: Order, step: Step) -> str:
    """The same for the same order in the same place, so that the unit makes it once."""
    content: bytes = to_proto(replace(order, id="")).SerializeToString(deterministic=True)
    ordinal = step.written.ordinal if step.written is not None else 0
    place = f"{step.track}\0{step.shot}\0{step.kind}\0{ordinal}".encode()
    return hashlib.sha256(content + place).hexdigest()[:40]


class Making:
    """The cut as it becomes: planned from by several threads, replaced as a whole each time that takes are placed."""

    def __init__(
        self, cut: otio.schema.Timeline, steps: tuple[Step, ...], folder: Path, cards: Sequence[Card] = ()
    ) -> None:
        """`cards`: what the unit offers."""
        self.cut = cut
        self.steps = steps
        self.edit = Edit(())
        self._folder = folder
        self._cards = {(card.engine, card.model): card for card in cards}
        self._source = Index(cut)
        self._placed: dict[int, tuple[Take, ...]] = {}
        self._format: Slot | None = None

    def plan(self, step: Step) -> Job:
        """On the cut as it is now. Raises SecondUnitError."""
        index = Index(self.cut)
        job = self._plan(step, index)
        if job.order is None:
            return job
        return replace(job, order=replace(job.order, id=order_id(job.order, step)))

    def planned(self, step: Step) -> Job:
        """As `plan`; the edit is tried with stand-ins, so that what it refuses is refused before anything is made."""
        job = self.plan(step)
        try_edit(Index(self.cut), job.place(stand_ins(job.order) if job.order is not None else ()))
        return job

    def place(self, step: Step, made: Job, takes: tuple[Take, ...]) -> None:
        """Raises SecondUnitError, with the cut as it was, where the cut has become another there."""
        job = self.plan(step)
        if job.order != made.order:
            raise CutError(
                f"the cut around {step.shot!r} has changed while its take was made: it was not placed; its file is "
                f"{', '.join(take.path for take in takes)}"
            )
        self.cut, done = edit(self.cut, job.place(takes))
        self.edit = Edit((*self.edit, *done))
        self._placed[step.number] = takes

    def _plan(self, step: Step, index: Index) -> Job:
        written = step.written
        if not isinstance(step.state, Missing):
            return self._again(step, index)
        assert written is not None
        track, item, key = self._find(written, index)
        at = FrameTime(int(item.start), index.rate)
        selector = f"{track.name}@+{at.frame}"
        remove = RemoveRecipe(track.name, at, key)
        said = self._said(index, written)
        settings = self._settings(written)
        match written.recipe:
            case Generate():
                order = self._generation(step, index, track, item)
                return Job(order, lambda takes: _fill(track.name, at, key, order.slot.head, takes, said))
            case Match(like):
                match_plan = plan_match(index, selector, self._looks(step, index, like), settings)
                return Job(match_plan.order, lambda takes: (*place_match(match_plan, takes, said), remove))
            case Replace(mask):
                again = plan_replace(index, selector, mask or None, settings)
                return Job(again.order, lambda takes: (*place_match(again, takes, said), remove))
            case Extend(end, frames, into, handles_only):
                longer = plan_extension(index, selector, end, frames, into, handles_only, settings)
                return Job(longer.order, lambda takes: (remove, *place_extension(longer, takes, said)), longer.notes)
            case Join(frames) if key != item.child.active_media_reference_key:
                over = plan_join(index, FrameTime(int(item.end), index.rate), frames, settings, track.name)
                return Job(over.order, lambda takes: (remove, *place_join(over, takes, said)))
            case Join():
                lifted, _ = edit(index.cut, [Lift(track.name, at, int(item.duration))])
                across = plan_join(Index(lifted), at, None, settings, track.name)
                offset = across.order.slot.head + across.offset

                def place(takes: Sequence[Take]) -> tuple[Operation, ...]:
                    sound = clip_of(takes, offset, FrameTime(across.frames, index.rate), said)
                    return (
                        *_fill(track.name, at, key, offset, takes, said),
                        *(Overwrite(name, at, sound) for name in across.sound),
                    )

                return Job(across.order, place)
            case _:
                assert_never(written.recipe)

    def _settings(self, written: Written) -> Settings:
        settings = written.settings
        return replace(settings, card=self._cards.get((settings.engine, settings.model)))

    def _find(self, written: Written, index: Index) -> tuple[TrackIndex, Item, str]:
        """The recipe in the cut as it is now: among those that say the same, by how many before it were placed."""

        def alike(one: Written) -> bool:
            same = (written.track, written.shot, written.recipe, written.settings)
            return (one.track, one.shot, one.recipe, one.settings) == same

        rank = sum(
            alike(step.written) and step.written.ordinal < written.ordinal and step.number not in self._placed
            for step in self.steps
            if step.written is not None and isinstance(step.state, Missing)
        )
        found = [one for one in pending(index, self._folder) if alike(one)]
        if len(found) <= rank:
            raise CutError(f"{written.shot!r} on {written.track} is no longer in the cut")
        one = found[rank]
        track = index.track(one.track)
        item = track.at(one.at.frame)
        assert item is not None
        return track, item, one.key

    def _said(self, index: Index, written: Written) -> Asked:
        """What the made recipe says beside its record: itself, and what it was made from."""
        like = written.recipe.like if isinstance(written.recipe, Generate | Match) else ()
        sources = {name: identity(index, name) for name in like}
        parameters = {key: value for key, value in written.parameters.items() if key != MADE}
        place = fingerprint(_placing(parameters))
        made = {"recipe": fingerprint(parameters), "place": place, "from": sources}
        return Asked(written.kind, {**parameters, MADE: made})

    def _looks(self, step: Step, index: Index, like: Sequence[str]) -> list[ReferenceImage | ReferenceShot]:
        """What shots that others are like show now; where they lie is read from the cut that was given."""
        looks: list[ReferenceImage | ReferenceShot] = []
        for name in like:
            if not is_file(name):
                place = place_of(*find_clip(self._source, name))
                key = next(
                    (
                        key_of(self._placed[other.number][0])
                        for other in reversed(self.steps)
                        if other.number in step.after
                        and (other.track, other.at.frame) == place
                        and self._placed.get(other.number)
                    ),
                    None,
                )
                if key is not None:
                    shot = open_shot(index, *_holder(index, key))
                    looks.append(ReferenceShot(span(shot, shot.used.start, shot.used.end)))
                    continue
            looks.append(look_of(self._source, name))
        return looks

    def _generation(self, step: Step, index: Index, track: TrackIndex, item: Item) -> Order:
        written = step.written
        assert written is not None and isinstance(written.recipe, Generate)
        asked, settings = written.recipe, self._settings(written)
        frames = int(item.duration)
        handles = handles_beside(settings, dict(asked.keyframes), frames)
        head, tail = (
            max(handle, ceil(offset))
            for handle, offset in zip(
                handles,
                (
                    frames_of(item.before.in_offset, index.rate) if item.before is not None else 0,
                    frames_of(item.after.out_offset, index.rate) if item.after is not None else 0,
                ),
                strict=True,
            )
        )
        if asked.continues:
            previous = before(track, item)
            assert previous is not None
            shot = open_shot(index, track, previous)
            if shot.speed != 1:
                raise CutError(f"{shot.name!r} is retimed: a clip that continues it needs it at normal speed")
            overlap = min(shot.source_frames(head), shot.used.duration)
            slot = slot_for(shot, shot.source_frames(frames), overlap, shot.source_frames(tail), None)
            conditions = self._conditions(step, index, asked, slot)
            return make_order(Task.EXTEND, index.cut.name, written.shot, slot, conditions, settings)
        if self._format is None:
            self._format = slot_of(self._source, 1, 0, 0)
        slot = replace(self._format, frames=frames, head=head, tail=tail)
        conditions = self._conditions(step, index, asked, slot)
        return make_order(Task.GENERATE, index.cut.name, written.shot, slot, conditions, settings)

    def _conditions(self, step: Step, index: Index, asked: Generate, slot: Slot) -> tuple[Condition, ...]:
        """What steers a generated clip; the head of `slot` repeats frames of the clip that it continues."""
        conditions: list[Condition] = []
        if asked.continues:
            written = step.written
            assert written is not None
            settings = self._settings(written)
            if isinstance(step.state, Missing):
                track, item, _ = self._find(written, index)
            else:
                track, item = _holder(index, step.key)
            previous = before(track, item)
            if previous is None:
                raise CutError(f"{step.shot!r} continues the clip before it, and there is none")
            shot = open_shot(index, track, previous)
            context = max(settings.context(shot.info.rate), slot.head)
            out = shot.used.end
            conditions.append(FramesBefore(span(shot, shown_from(shot, out, context), out)))
        if asked.image:
            conditions.append(ReferenceImage(asked.image))
        conditions += (
            ReferenceImage(still, FrameTime(slot.head + ceil(frame * slot.rate / slot.cut_rate), slot.rate))
            for frame, still in asked.keyframes
        )
        conditions += self._looks(step, index, asked.like)
        if asked.camera is not None:
            conditions.append(asked.camera)
        return tuple(conditions)

    def _again(self, step: Step, index: Index) -> Job:
        """A further version of a take: from its recipe as it is now, else from its record alone."""
        _, item = _holder(index, step.key)
        record = record_of(item.child, step.key)
        if record is None:
            raise CutError(f"{step.shot!r}: the take {step.key} has no record here, so that it cannot be made again")
        written, order = step.written, record.order
        said: Asked | None = None
        seeds: tuple[int, ...] = ()
        if written is not None:
            order, seeds = self._as_written(step, index, record), written.settings.seeds
            said = self._said(index, written)
        remake = plan_remake(index, step.key, replace(record, order=order), self._folder, seeds)
        if said is not None:
            remake = replace(remake, asked=said)
        if _same_work(remake.order, record.order):
            last = max(
                known.seed for key in item.child.media_references() if (known := record_of(item.child, key)) is not None
            )
            again = tuple(range(last + 1, last + 1 + len(remake.order.seeds)))
            remake = replace(remake, order=replace(remake.order, seeds=again))
        return Job(remake.order, lambda takes: place_remake(remake, takes))

    def _as_written(self, step: Step, index: Index, record: Record) -> Order:
        """The record's order, steered by what the recipe says now; its frames and handles stay."""
        written, order = step.written, record.order
        assert written is not None
        kept: tuple[Condition, ...] = order.conditions
        match written.recipe:
            case Generate() as asked:
                kept = self._conditions(step, index, asked, order.slot)
                if (order.task is Task.EXTEND) != asked.continues:
                    raise CutError(
                        f"{step.shot!r}: the take was made otherwise (continues): write a recipe on a new clip"
                    )
            case Match(like):
                sources = tuple(one for one in kept if not isinstance(one, ReferenceImage | ReferenceShot))
                kept = (sources[0], *self._looks(step, index, like), *sources[1:])
            case Replace(mask):
                source = next(one.span for one in kept if isinstance(one, SourceShot))
                masks = [one for one in kept if isinstance(one, Mask)]
                if mask and mask != next((one.span.path for one in masks), ""):
                    masks = [mask_of(mask, step.shot, source)]
                kept = (*(one for one in kept if not isinstance(one, Mask)), *(masks if mask else ()))
            case Extend() | Join():
                made = written.parameters.get(MADE)
                if isinstance(made, dict) and made.get("place") != fingerprint(_placing(written.parameters)):
                    raise CutError(
                        f"{step.shot!r}: its recipe to {written.kind} has changed, and with it its place in the cut: "
                        "lift the clip, and write the recipe on the shot again"
                    )
            case _:
                assert_never(written.recipe)
        settings = written.settings
        kept = tuple(one for one in kept if not isinstance(one, Text | Look | IgnoreRegion))
        return replace(
            order,
            slot=replace(order.slot, encoding=settings.encoding),
            conditions=(*kept, *steering(settings)),
            engine=settings.engine,
            model=settings.model,
            parameters=settings.parameters,
            delivery=replace(order.delivery, codec=settings.codec),
        )


def _placing(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Of the parameters of a recipe those that its place in the cut follows from."""
    return {key: parameters[key] for key in ("end", "frames", "handles", "into", "sound") if key in parameters}


def _holder(index: Index, key: str) -> tuple[TrackIndex, Item]:
    for track in index.tracks:
        if track.kind == otio.schema.TrackKind.Video:
            for item in track.items:
                if isinstance(item.child, otio.schema.Clip) and key in item.child.media_references():
                    return track, item
    raise CutError(f"no clip of the cut holds the take {key!r} any more")


def _same_work(new: Order, old: Order) -> bool:
    """Whether two orders ask for the same pictures, seeds aside."""
    slot = replace(new.slot, start=old.slot.start, drop_frame=old.slot.drop_frame)
    return replace(new, id=old.id, slot=slot, seeds=old.seeds, delivery=old.delivery) == old


def _fill(
    track: str, at: FrameTime, key: str, offset: Frames, takes: Sequence[Take], said: Asked
) -> tuple[Operation, ...]:
    """The takes in the place of the recipe that was all that a clip had, played from frame `offset` of the first on."""
    start = takes[0].record.start
    added = (AddTake(track, at, key_of(take), reference(take, start), recipe(take, said)) for take in takes)
    play = PlayTake(track, at, key_of(takes[0]), rational_time(start.frame + offset, start.rate))
    return (*added, play, RemoveRecipe(track, at, key))


@dataclass(frozen=True, slots=True)
class _Done:
    step: Step
    job: Job
    takes: tuple[Take, ...]


async def carry_out(
    making: Making,
    jobs: Mapping[int, Job],
    order: Callable[[Order], Awaitable[tuple[Take, ...]]],
    keep: Callable[[otio.schema.Timeline], None] | None,
) -> Made:
    """`order`: what has an order made. `jobs`: by number of their steps, those that are planned already.

    `keep` is called with the cut after each step that was placed. A step that fails leaves those that wait for it
    unmade, and no others. Raises UnitUnreachable and NotAuthorised.
    """
    waiting = {step.number: step for step in making.steps if step.wanted}
    missing: dict[int, set[int]] = {number: set(step.after) for number, step in waiting.items()}
    running = 0
    failed: list[Failure] = []
    notes: list[str] = []
    takes: list[Take] = []
    lost: SecondUnitError | None = None
    send, receive = anyio.create_memory_object_stream[_Done | tuple[Step, SecondUnitError]](len(waiting))

    async def work(step: Step) -> None:
        try:
            job = jobs.get(step.number)
            if job is None:
                job = await anyio.to_thread.run_sync(making.planned, step)
            await send.send(_Done(step, job, await order(job.order) if job.order is not None else ()))
        except SecondUnitError as error:
            await send.send((step, error))

    def fail(step: Step, error: SecondUnitError) -> None:
        failed.append(Failure(step.shot, error))
        for number, needs in list(missing.items()):
            if step.number in needs and number in waiting:
                other = waiting.pop(number)
                fail(other, CutError(f"it waits for {step.shot!r}, which was not made"))

    async with anyio.create_task_group() as group:
        while lost is None:
            for number in sorted(waiting):
                if running < IN_FLIGHT and not missing[number]:
                    group.start_soon(work, waiting.pop(number))
                    running += 1
            if not running:
                break
            done = await receive.receive()
            running -= 1
            if isinstance(done, _Done):
                try:
                    await anyio.to_thread.run_sync(making.place, done.step, done.job, done.takes)
                except SecondUnitError as refused:
                    done = (done.step, refused)
            match done:
                case _Done(step, job, made):
                    takes += made
                    said = dict.fromkeys((*job.notes, *(note for take in made for note in take.record.notes)))
                    notes += (f"{step.shot}: {note}" for note in said)
                    for needs in missing.values():
                        needs.discard(step.number)
                    if keep is not None:
                        await anyio.to_thread.run_sync(keep, making.cut)
                case _, (UnitUnreachable() | NotAuthorised()) as gone:
                    lost = gone
                    group.cancel_scope.cancel()
                case step, problem:
                    fail(step, problem)
    if lost is not None:
        raise lost
    return Made(making.cut, making.edit, tuple(takes), tuple(notes), tuple(failed))
