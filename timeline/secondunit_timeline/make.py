"""What of a cut's recipes is missing, in which order it can be made, and the takes put in their places."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, Any, assert_never

import opentimelineio as otio
import orjson
from secondunit_bridge.errors import CutError, SecondUnitError
from secondunit_bridge.messages import (
    Card,
    Task,
)
from secondunit_bridge.rates import FrameTime

from secondunit_timeline.index import Index, Item, TrackIndex
from secondunit_timeline.recipe_kinds import MADE, Extend, Generate, Join, Match, Replace
from secondunit_timeline.recipes import Written, before, is_made, read_recipes
from secondunit_timeline.references import is_recipe
from secondunit_timeline.shots import find_clip
from secondunit_timeline.takes import PlacedTake

if TYPE_CHECKING:
    from secondunit_timeline import staleness


@dataclass(frozen=True, slots=True)
class Missing:
    pass


@dataclass(frozen=True, slots=True)
class UpToDate:
    take: str


@dataclass(frozen=True, slots=True)
class Stale:
    take: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Approved:
    """The shot has an approved take: nothing is made again there. `reasons`: why the take would be stale."""

    take: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Offline:
    """The take was made from other files of the camera frames, such as proxies; `reasons`: from which."""

    take: str
    reasons: tuple[str, ...]


State = Missing | UpToDate | Stale | Approved | Offline


@dataclass(frozen=True, slots=True)
class Step:
    """A recipe, or a take to be made again, on the clip at `at`; `after`: the numbers of the steps that it waits for.

    `written` is None for a take that no recipe asked for.
    """

    number: int
    track: str
    at: FrameTime
    shot: str
    kind: str
    key: str
    state: State
    wanted: bool
    after: tuple[int, ...]
    written: Written | None


def plan_making(
    cut: otio.schema.Timeline,
    folder: Path,
    remake: bool = False,
    shots: Sequence[str] = (),
    offline_grade: bool = False,
) -> tuple[Step, ...]:
    """Every recipe of the cut with its state, those that wait behind those that they wait for.

    `remake`: takes that are there are wanted again, too, approved ones aside. `offline_grade`: those made from proxies
    are wanted again as they were made, approved ones first. `shots`: only these are wanted. Raises CutError with all
    that is wrong with the recipes, or with the ring of shots that wait for each other.
    """
    index = Index(cut)
    written = read_recipes(index, folder)
    chosen = {place_of(*find_clip(index, name)) for name in shots} if shots else None
    steps = [
        Step(0, one.track, one.at, one.shot, one.kind, one.key, Missing(), _chosen(chosen, one), (), one)
        for one in written
        if not is_made(index, one)
    ]
    by_take = {(one.track, one.at.frame, one.take_key): one for one in written}
    redone = list(_offline_steps(index, chosen)) if offline_grade else []
    steps += redone
    places = {(step.track, step.at.frame) for step in redone}
    for take, camera in _newest(index):
        if (take.track, take.at.frame) in places:
            continue
        one = by_take.get((take.track, take.at.frame, take.key))
        state = _state(index, take, one, camera)
        if one is None and isinstance(state, UpToDate) and not remake:
            continue
        wanted = remake and not isinstance(state, Approved) and _chosen(chosen, take)
        kind = one.kind if one is not None else take.task
        steps.append(Step(0, take.track, take.at, take.shot, kind, take.key, state, wanted, (), one))
    return _sorted(index, steps)


def _chosen(places: set[tuple[str, int]] | None, one: Written | PlacedTake) -> bool:
    return places is None or (one.track, one.at.frame) in places


def _offline_steps(index: Index, chosen: set[tuple[str, int]] | None) -> Iterator[Step]:
    from secondunit_timeline import staleness

    for take, grade in staleness.to_redo(index):
        if index.track(take.track).kind == otio.schema.TrackKind.Video:
            state = Offline(take.name, (staleness.reason(grade),))
            yield Step(0, take.track, take.at, take.shot, take.task, take.key, state, _chosen(chosen, take), (), None)


def place_of(track: TrackIndex, item: Item) -> tuple[str, int]:
    return track.name, int(item.start)


def _newest(index: Index) -> "list[tuple[PlacedTake, staleness.State]]":
    """Of each clip on a video track the take that is active, else the newest version."""
    if not any(is_recipe(media) for clip in index.cut.find_clips() for media in clip.media_references().values()):
        return []  # and no media is opened
    from secondunit_timeline import staleness  # it brings PyAV

    found: dict[tuple[str, int], tuple[PlacedTake, staleness.State]] = {}
    for take, camera in staleness.states(index):
        if index.track(take.track).kind == otio.schema.TrackKind.Video:
            place = (take.track, take.at.frame)
            if place not in found or not found[place][0].active:
                found[place] = take, camera
    return list(found.values())


def _state(index: Index, take: PlacedTake, written: Written | None, camera: "staleness.State") -> State:
    from secondunit_timeline import staleness

    reasons = list(_changes(index, written)) if written is not None else []
    if isinstance(camera, staleness.Stale):
        reasons.append(staleness.reason(camera))
    item = index.track(take.track).at(take.at.frame)
    assert item is not None
    for media in item.child.media_references().values():
        ours = media.metadata.get("secondunit", {})
        if ours.get("approved", False):
            return Approved(str(ours.get("name", "")), tuple(reasons))
    if reasons:
        return Stale(take.name, tuple(reasons))
    if isinstance(camera, staleness.OfflineGrade):
        return Offline(take.name, (staleness.reason(camera),))
    return UpToDate(take.name)


def _changes(index: Index, written: Written) -> Iterator[str]:
    """Why a take is no longer what its recipe would make."""
    made = written.parameters.get(MADE)
    if not isinstance(made, dict):
        return
    if made.get("recipe") != fingerprint(written.parameters):
        yield "its recipe has changed"
    sources = made.get("from", {})
    for name, then in sources.items() if isinstance(sources, dict) else ():
        now = identity(index, name)
        if now is None:
            yield f"{name} is gone"
        elif now != then:
            yield f"{name} shows something else"


def fingerprint(parameters: dict[str, Any]) -> str:
    said = {key: value for key, value in parameters.items() if key != MADE}
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def identity(index: Index, name: str) -> str | None:
    """What a shot that a recipe refers to shows: its take, or its camera frames; None where it is not there."""
    if is_file(name):
        return name
    try:
        clip = find_clip(index, name)[1].child
    except SecondUnitError:
        return None
    take = clip.media_reference.metadata.get("secondunit", {}).get("take")
    if take:
        return str(take)
    times = clip.trimmed_range()
    return f"{clip.name} {times.start_time.value:g}+{times.duration.value:g}@{times.start_time.rate:g}"


def _sorted(index: Index, steps: list[Step]) -> tuple[Step, ...]:
    """Numbered in an order in which they can be made, with what each waits for."""
    at: dict[tuple[str, int], list[int]] = {}
    for number, step in enumerate(steps):
        at.setdefault((step.track, step.at.frame), []).append(number)
    needs = {number: _needs(index, steps, number, at) for number in range(len(steps))}
    sorter = TopologicalSorter(needs)
    try:
        sorter.prepare()
    except CycleError as error:
        ring = " → ".join(f"{steps[number].shot!r}" for number in reversed(error.args[1]))
        raise CutError(f"these shots wait for each other, nothing was ordered: {ring}") from None
    tracks = {track.name: number for number, track in enumerate(index.tracks)}
    order: list[int] = []
    while sorter.is_active():
        ready = sorter.get_ready()
        order += sorted(ready, key=lambda number: (tracks[steps[number].track], steps[number].at.frame, number))
        sorter.done(*ready)
    new = {number: position for position, number in enumerate(order)}
    return tuple(
        replace(steps[number], number=new[number], after=tuple(sorted(new[need] for need in needs[number])))
        for number in order
    )


_KINDS = ("generate", "match", "replace", "extend", "join")


def _needs(index: Index, steps: list[Step], number: int, at: dict[tuple[str, int], list[int]]) -> set[int]:
    """The wanted steps that change what this one looks at."""
    step = steps[number]
    if not step.wanted:
        return set()
    track = index.track(step.track)
    item = track.at(step.at.frame)
    assert item is not None
    places: list[tuple[tuple[str, int], tuple[str, ...]]] = []
    written = step.written
    if written is not None:
        match written.recipe:
            case Generate(like=like, continues=continues):
                places += ((place_of(*find_clip(index, name)), _KINDS[:3]) for name in like if not is_file(name))
                if continues and (previous := before(track, item)) is not None:
                    places.append((place_of(track, previous), _KINDS[:3]))
            case Match(like=like):
                places += ((place_of(*find_clip(index, name)), _KINDS[:3]) for name in like if not is_file(name))
            case Replace() | Extend():
                pass
            case Join():
                beside = (before(track, item), track.at(item.end))
                places += ((place_of(track, one), _KINDS[:4]) for one in beside if one is not None)
            case _:
                assert_never(written.recipe)
    needs = {
        other
        for place, kinds in places
        for other in at.get(place, ())
        if steps[other].wanted and steps[other].kind in kinds
    }
    # On one clip, what it plays is made before what is made of it.
    for other in at[step.track, step.at.frame]:
        one = steps[other]
        if one.wanted and other != number and (_KINDS.index(one.kind), one.key) < (_KINDS.index(step.kind), step.key):
            needs.add(other)
    return needs


def is_file(name: str) -> bool:
    return Path(name).is_absolute()


def refused_by(cards: Iterable[Card], steps: Iterable[Step]) -> list[str]:
    """What no card of the unit can do, as far as recipes tell without the cut's media."""
    known = {(card.engine, card.model): card for card in cards}
    problems = []
    for step in steps:
        if not step.wanted or step.written is None:
            continue
        settings, asked = step.written.settings, step.written.recipe
        card = known.get((settings.engine, settings.model))
        where = f"{step.shot!r}"
        if card is None:
            offered = ", ".join(f"{engine} {model}" for engine, model in known)
            problems.append(f"{where}: there is no {settings.engine} {settings.model} here: this unit has {offered}")
            continue
        task = Task.EXTEND if isinstance(asked, Generate) and asked.continues else Task(step.kind)
        if task not in {limit.task for limit in card.limits}:
            problems.append(f"{where}: {card.engine} {card.model} does not {task.value}")
        if isinstance(asked, Generate) and asked.camera and asked.camera.move not in card.camera_moves:
            moves = ", ".join(card.camera_moves) or "none"
            problems.append(f"{where}: {card.engine} has no camera move {asked.camera.move!r}: it has {moves}")
    return problems
