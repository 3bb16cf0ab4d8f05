"""A draft turned into an order, and its takes into an edit, for the work of operations: brings OpenTimelineIO."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import assert_never

from secondunit_bridge.messages import (
    CameraMove,
    Condition,
    Look,
    Mask,
    Order,
    Parameter,
    ReferenceImage,
    ReferenceShot,
    SoundKind,
    Strokes,
    Take,
    Text,
)
from secondunit_timeline.anchors import readdressed
from secondunit_timeline.edits import edit
from secondunit_timeline.extensions import Extension, place_extension, plan_extension
from secondunit_timeline.generations import Generation, Where, place_generation, plan_generation
from secondunit_timeline.index import Index
from secondunit_timeline.joins import Join, place_join, plan_join
from secondunit_timeline.matches import Match, place_match, plan_match, plan_replace
from secondunit_timeline.operations import End, Into
from secondunit_timeline.operations import Operation as Change
from secondunit_timeline.orders import Settings
from secondunit_timeline.takes import stand_ins

from secondunit_plugin.panel.model import draft as drafts
from secondunit_plugin.panel.model.cut import Version
from secondunit_plugin.panel.model.draft import Draft
from secondunit_plugin.panel.model.reading import version_of
from secondunit_plugin.panel.model.values import Seeds


@dataclass(frozen=True, slots=True, eq=False)
class Planned:
    """A draft on the cut of `then`. `order` is None where the camera's own frames are enough."""

    draft: Draft
    then: Index
    plan: Extension | Join | Match | Generation

    @property
    def order(self) -> Order | None:
        return self.plan.order

    @property
    def notes(self) -> tuple[str, ...]:
        return self.plan.notes if isinstance(self.plan, Extension) else ()


def plan(version: Version, draft: Draft, folder: Path) -> Planned:
    """Refuses what cannot be placed, before anything is made. Raises BadInput."""
    planned = _plan(version.index, draft, folder)
    takes = stand_ins(planned.order) if planned.order is not None else ()
    edit(version.index.cut, changes(planned, takes))
    return planned


def order_to_ask_with(version: Version, draft: Draft, folder: Path) -> Order | None:
    """The order as far as its controls depend on it, before a person has said what is to be seen in it."""
    if isinstance(draft.asking, drafts.Generate | drafts.Replace):
        draft = replace(draft, values={"prompt": Text("-")})
    elif isinstance(draft.asking, drafts.Match):
        draft = replace(draft, values={"like": (ReferenceImage("-"),)})
    elif isinstance(draft.asking, drafts.Extend):  # whatever room there is
        draft = replace(draft, values={}, asking=replace(draft.asking, into="handles"))
    else:
        draft = replace(draft, values={})
    return _plan(version.index, draft, folder).order


def changes(planned: Planned, takes: Sequence[Take]) -> tuple[Change, ...]:
    match planned.plan:
        case Extension():
            return place_extension(planned.plan, takes)
        case Join():
            return place_join(planned.plan, takes)
        case Match():
            return place_match(planned.plan, takes)
        case Generation():
            return place_generation(planned.plan, takes)
        case _:
            assert_never(planned.plan)


def cut_in(version: Version, planned: Planned, takes: Sequence[Take]) -> Version:
    """The takes in the place that they were ordered for, wherever that lies in this version. Raises CutError."""
    moved = readdressed(changes(planned, takes), planned.then, version.index)
    cut, done = edit(version.index.cut, moved)
    return version_of(cut, str(done))


def _plan(index: Index, draft: Draft, folder: Path) -> Planned:
    settings, further = _settings(draft, folder)
    place, asked = draft.place, draft.asking
    shot = f"{place.track}@+{place.at.frame}"
    made: Extension | Join | Match | Generation
    match asked:
        case drafts.Extend(end, frames, into):
            room = Into(into) if into not in (None, "handles") else None
            made = plan_extension(index, shot, End(end), frames, room, into == "handles", settings)
        case drafts.Join(covered):
            made = plan_join(index, place.at, covered, settings, place.track)
        case drafts.Match():
            like = [one for one in further if isinstance(one, ReferenceImage | ReferenceShot)]
            further = tuple(one for one in further if one not in like)
            made = plan_match(index, shot, like, settings)
        case drafts.Replace():
            made = plan_replace(index, shot, None, settings)
        case drafts.Generate(frames, where):
            stills = [one for one in further if isinstance(one, ReferenceImage) and one.at is None]
            further = tuple(one for one in further if one not in stills[:1])
            image = stills[0].path if stills else None
            made = plan_generation(index, place.at, frames, Where(where), image, None, settings)
        case _:
            assert_never(asked)
    if made.order is not None and further:
        order = replace(made.order, conditions=(*made.order.conditions, *further))
        made = replace(made, order=order)
    return Planned(draft, index, made)


def _settings(draft: Draft, folder: Path) -> tuple[Settings, tuple[Condition, ...]]:
    """What every order is told, and the conditions beside it."""
    settings = Settings(folder, engine=draft.engine, model=draft.model)
    parameters: list[Parameter] = []
    further: list[Condition] = []
    for name, value in draft.values.items():
        match value:
            case Seeds(first, takes):
                settings = replace(settings, seeds=tuple(range(first, first + takes)))
            case Text(prompt, negative):
                settings = replace(settings, prompt=prompt, negative=negative)
            case SoundKind():
                settings = replace(settings, sound=value)
            case CameraMove() | Mask() | Strokes():
                further.append(value)
            case tuple():
                for one in value:
                    if isinstance(one, Look):
                        settings = replace(settings, looks=(*settings.looks, one))
                    else:
                        further.append(one)
            case str() | int() | float() | bool():
                parameters.append(Parameter(name, value))
            case _:
                assert_never(value)
    return replace(settings, parameters=tuple(parameters)), tuple(further)
