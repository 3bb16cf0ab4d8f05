"""A take made longer: every frame that it has stays, and only what lies beyond its file is made."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import opentimelineio as otio
from secondunit_bridge.errors import CutError
from secondunit_bridge.messages import (
    FramesAfter,
    FramesBefore,
    IgnoreRegion,
    Look,
    Order,
    Record,
    Sound,
    Take,
    Task,
    Text,
)
from secondunit_bridge.rates import FrameTime

from secondunit_timeline.extensions import Extension, place_extension, plan_extension
from secondunit_timeline.index import Index
from secondunit_timeline.operations import End, Into, Operation
from secondunit_timeline.orders import Settings, media_timecode, span
from secondunit_timeline.remake import Remake, place_remake, places_of
from secondunit_timeline.shots import find_clip, open_shot
from secondunit_timeline.sync import linked_sound
from secondunit_timeline.takes import grown_from, record_of


@dataclass(frozen=True, slots=True)
class GrownTake:
    """`extension`: what grows in the cut. `remake`: what replaces the take there, None where its own frames do."""

    extension: Extension
    remake: Remake | None

    @property
    def order(self) -> Order | None:
        return self.remake.order if self.remake is not None else None


def record_to_grow(index: Index, selector: str) -> Record:
    """That of the take that a clip plays. Raises CutError where it plays none that can grow."""
    _, item = find_clip(index, selector)
    key = item.child.active_media_reference_key
    record = record_of(item.child, key)
    if record is None:
        raise CutError(f"{item.child.name!r} plays no take with a record: only a take grows; extend the shot instead")
    return record


def settings_of(record: Record, settings: Settings) -> Settings:
    """`settings` with what the take was ordered with; its seed is the next one, so that no noise repeats."""
    order = record.order
    texts = [condition for condition in order.conditions if isinstance(condition, Text)]
    return replace(
        settings,
        seeds=(record.seed + 1,),
        engine=order.engine,
        model=order.model,
        codec=order.delivery.codec,
        encoding=order.slot.encoding,
        prompt=" ".join(text.prompt for text in texts if text.prompt),
        negative=" ".join(text.negative for text in texts if text.negative),
        looks=tuple(condition for condition in order.conditions if isinstance(condition, Look)),
        ignore=tuple(condition for condition in order.conditions if isinstance(condition, IgnoreRegion)),
        parameters=order.parameters,
    )


def plan_growth(
    index: Index, selector: str, end: End, frames: int, into: Into | None, handles_only: bool, settings: Settings
) -> GrownTake:
    """As `plan_extension`, for the clip of a take, which becomes one longer file in the place of the one it plays."""
    track, item = find_clip(index, selector)
    record = record_to_grow(index, selector)
    plan = plan_extension(index, selector, end, frames, into, handles_only, settings, one_shot=True)
    if plan.order is None:
        return GrownTake(plan, None)
    conditions = plan.order.conditions
    later = isinstance(conditions[0], FramesBefore)
    _refuse_sides(item.child, record, later)
    shot, old = open_shot(index, track, item), record.order.slot
    whole = span(shot, 0, shot.info.frames)
    missing, outer = plan.order.slot.frames, plan.order.slot.tail if later else plan.order.slot.head
    known: FramesBefore | FramesAfter
    if later:
        added, known = 0, FramesBefore(whole, shot.info.frames - old.head)
        slot = replace(old, frames=known.into + missing, tail=outer, start=media_timecode(shot, 0))
    else:
        added, known = missing + outer, FramesAfter(whole, shot.info.frames - old.tail)
        slot = replace(old, frames=known.into + missing, head=outer, start=media_timecode(shot, -added))
    sound = tuple(Sound(settings.sound, other.under(whole)) for other in linked_sound(index, shot)[:1])
    kept = tuple(condition for condition in conditions[1:] if not isinstance(condition, Sound))
    order = replace(
        plan.order,
        show=record.order.show,
        shot=record.order.shot,
        slot=replace(slot, encoding=settings.encoding),
        conditions=(known, *sound, *kept),
    )
    places = tuple(
        (track, at, FrameTime(start.frame - added, start.rate))
        for track, at, start in places_of(index, item.child.active_media_reference_key)
    )
    grown = replace(
        plan,
        picture=replace(plan.picture, camera=plan.picture.frames),
        sound=tuple(replace(growth, camera=growth.frames) for growth in plan.sound),
    )
    return GrownTake(grown, Remake(order, places, None))


def place_growth(grown: GrownTake, takes: Sequence[Take]) -> tuple[Operation, ...]:
    longer = () if grown.extension.into is None else place_extension(grown.extension, ())
    return (*(place_remake(grown.remake, takes) if grown.remake is not None else ()), *longer)


def _refuse_sides(clip: otio.schema.Clip, record: Record, later: bool) -> None:
    """Only what no camera frame is for can be made."""
    _, first = grown_from(clip, clip.active_media_reference_key, record)
    match first.order.task:
        case Task.GENERATE:
            return
        case Task.EXTEND if isinstance(first.order.conditions[0], FramesBefore) == later:
            return
        case Task.EXTEND:
            reason = "the frames there are the camera's: trim the shot beside it longer"
        case Task.JOIN:
            reason = "camera frames lie on both sides of a join: order another one"
        case Task.MATCH | Task.REPLACE:
            reason = "it lies over the frames of its shot: make it again with longer handles"
    raise CutError(f"{record.name} does not grow there: {reason}")
