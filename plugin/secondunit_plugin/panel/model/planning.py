"""A draft turned into an order, and its takes into an edit, for the work of operations: brings OpenTimelineIO."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
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
from secondunit_timeline.edits import edit
from secondunit_timeline.extensions import place_extension, plan_extension
from secondunit_timeline.generations import Where, place_generation, plan_generation
from secondunit_timeline.index import Index
from secondunit_timeline.joins import place_join, plan_join
from secondunit_timeline.matches import place_match, plan_match, plan_replace
from secondunit_timeline.operations import End, Into
from secondunit_timeline.operations import Operation as Change
from secondunit_timeline.orders import Settings
from secondunit_timeline.placing import Ordered, place
from secondunit_timeline.takes import stand_ins

from secondunit_plugin.panel.model import draft as drafts
from secondunit_plugin.panel.model.cut import Version
from secondunit_plugin.panel.model.draft import Draft
from secondunit_plugin.panel.model.reading import version_of
from secondunit_plugin.panel.model.values import Seeds


def plan(version: Version, draft: Draft, folder: Path) -> Ordered:
    """Refuses what cannot be placed, before anything is made. Raises BadInput."""
    ordered = _plan(version.index, draft, folder)
    edit(ordered.cut, ordered.operations(stand_ins(ordered.order) if ordered.order is not None else ()))
    return ordered


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


def cut_in(version: Version, ordered: Ordered, takes: Sequence[Take]) -> Version:
    """The takes in the place that they were ordered for, wherever that lies in this version. Raises CutError."""
    cut, done = place(version.index.cut, ordered, takes)
    return version_of(cut, str(done))


def _plan(index: Index, draft: Draft, folder: Path) -> Ordered:
    settings, further = _settings(draft, folder)
    at, asked = draft.place.at, draft.asking
    shot = f"{draft.place.track}@+{at.frame}"
    order: Order | None
    operations: Callable[[Sequence[Take]], tuple[Change, ...]]
    notes: tuple[str, ...] = ()
    match asked:
        case drafts.Extend(end, frames, into):
            room = Into(into) if into not in (None, "handles") else None
            extension = plan_extension(index, shot, End(end), frames, room, into == "handles", settings)
            order, operations, notes = extension.order, partial(place_extension, extension), extension.notes
        case drafts.Join(covered):
            join = plan_join(index, at, covered, settings, draft.place.track)
            order, operations = join.order, partial(place_join, join)
        case drafts.Match():
            like = [one for one in further if isinstance(one, ReferenceImage | ReferenceShot)]
            further = tuple(one for one in further if one not in like)
            matching = plan_match(index, shot, like, settings)
            order, operations = matching.order, partial(place_match, matching)
        case drafts.Replace():
            replacing = plan_replace(index, shot, None, settings)
            order, operations = replacing.order, partial(place_match, replacing)
        case drafts.Generate(frames, where):
            stills = [one for one in further if isinstance(one, ReferenceImage) and one.at is None]
            further = tuple(one for one in further if one not in stills[:1])
            image = stills[0].path if stills else None
            generation = plan_generation(index, at, frames, Where(where), image, settings)
            order, operations = generation.order, partial(place_generation, generation)
        case _:
            assert_never(asked)
    if order is not None and further:
        order = replace(order, conditions=(*order.conditions, *further))
    return Ordered(index.cut, order, operations, notes)


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
