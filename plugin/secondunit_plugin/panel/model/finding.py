"""Where the orders of a cut belong in it, for the work of operations: brings OpenTimelineIO."""

from collections.abc import Iterator, Mapping, Sequence
from typing import assert_never

import opentimelineio as otio
from secondunit_bridge.errors import CutError, ShotNotFound
from secondunit_bridge.messages import Condition, FramesAfter, FramesBefore, Order, SourceShot, Task
from secondunit_bridge.rates import FrameTime
from secondunit_timeline.anchors import readdressed
from secondunit_timeline.index import Index
from secondunit_timeline.operations import Insert, Overwrite
from secondunit_timeline.placing import asked_frames, found_again, ordered_at, shots_of
from secondunit_timeline.shots import Shot
from secondunit_timeline.takes import PREFIX, key_of, placed_takes, stand_ins

from secondunit_plugin.panel.model.cut import Version
from secondunit_plugin.panel.model.draft import Asking, Extend, Generate, Join, Match, Replace
from secondunit_plugin.panel.model.orders import Running
from secondunit_plugin.panel.model.places import GapPlace, JoinPlace, Place, ShotPlace
from secondunit_plugin.panel.model.takes import Located


def located(version: Version, orders: Sequence[Running]) -> dict[str, Located]:
    """By order id: the places that its takes were made for, and those where one of them plays."""
    held = _held(version)
    shots: dict[tuple[Condition, ...], tuple[Shot, ...]] = {}  # many orders stand on the same frames
    found = {}
    for running in orders:
        playing = {place for take in running.takes.values() for place in held.get(key_of(take), ())}
        try:
            places, why = {place for place, _ in _made_for(version, running, shots)}, ""
            if not places and not playing:
                found_again(version.index.cut, running.order)  # says why
        except CutError as error:
            places, why = set(), str(error)
        found[running.order.id] = Located(frozenset(places | playing), why if not playing else "")
    return found


def approved_in(version: Version) -> frozenset[str]:
    """The ids of the takes that the cut holds as approved."""
    return frozenset(take.key.removeprefix(PREFIX) for take in placed_takes(version.index) if take.approved)


def again(version: Version, running: Running) -> tuple[Place, Asking]:
    """The place for another order like this one, and what its task is told. Raises ShotNotFound."""
    order = running.order
    found: dict[type[Place], tuple[Place, tuple[Shot, ...]]] = {}
    for place, shots in _made_for(version, running, {}):
        found.setdefault(type(place), (place, shots))
    kinds: Mapping[Task, tuple[type[Place], ...]] = {
        Task.EXTEND: (ShotPlace,),
        Task.MATCH: (ShotPlace,),
        Task.REPLACE: (ShotPlace,),
        Task.JOIN: (JoinPlace, GapPlace),
        Task.GENERATE: (GapPlace,),
    }
    for kind in kinds[order.task]:
        if kind in found:
            place, shots = found[kind]
            return place, _asking(order, place, shots)
    raise ShotNotFound(
        f"the cut has no place for another order like the one for {order.shot!r}: it is gone or filled; select a place,"
        " or undo the edit"
    )


def _asking(order: Order, place: Place, shots: tuple[Shot, ...]) -> Asking:
    slot = order.slot
    frames = round(slot.frames * slot.cut_rate / slot.rate)
    match order.task:
        case Task.EXTEND:
            end, frames = asked_frames(shots[0], order)
            return Extend("head" if end == "head" else "tail", frames)
        case Task.JOIN:
            return Join() if isinstance(place, GapPlace) else Join(frames)
        case Task.MATCH:
            return Match()
        case Task.REPLACE:
            return Replace()
        case Task.GENERATE:
            return Generate(frames)
        case _:
            assert_never(order.task)


def _held(version: Version) -> dict[str, list[Place]]:
    """The shots that hold a take, by its key."""
    shots = {(one.track, one.at.frame): one for one in version.places if isinstance(one, ShotPlace)}
    held: dict[str, list[Place]] = {}
    for track in version.index.tracks:
        for item in track.items:
            place = shots.get((track.name, int(item.start)))
            if place is not None and isinstance(item.child, otio.schema.Clip):
                for key in item.child.media_references():
                    held.setdefault(key, []).append(place)
    return held


def _made_for(
    version: Version, running: Running, known: dict[tuple[Condition, ...], tuple[Shot, ...]]
) -> Iterator[tuple[Place, tuple[Shot, ...]]]:
    """With the shots whose camera frames the order stands on; `known` has those found before. Raises CutError."""
    order = running.order
    if order.task is Task.GENERATE:
        track, at = _generated_at(version.index, running)
        for place in version.places:
            end = place.at.frame + (place.frames if not isinstance(place, JoinPlace) else 0)
            if place.track == track and place.at.frame <= at.frame < end:
                yield place, ()
        return
    stands_on = tuple(one for one in order.conditions if isinstance(one, FramesBefore | FramesAfter | SourceShot))
    shots = known[stands_on] if stands_on in known else known.setdefault(stands_on, shots_of(version.index, order))
    edges = {(shot.track, shot.record.end) for shot in shots}, {(shot.track, shot.record.start) for shot in shots}
    after = order.task is Task.JOIN or any(isinstance(one, FramesBefore) for one in order.conditions)
    before = order.task is Task.JOIN or not after
    for place in version.places:
        start = place.track, place.at.frame
        match place:
            case ShotPlace():
                if start in edges[1]:
                    yield place, tuple(shot for shot in shots if (shot.track, shot.record.start) == start)
            case GapPlace(track, at, frames):
                met = (not after or start in edges[0]) and (not before or (track, at.frame + frames) in edges[1])
                if met and order.task in (Task.EXTEND, Task.JOIN):
                    yield place, shots
            case JoinPlace():
                if order.task is Task.JOIN and start in edges[0] and start in edges[1]:
                    yield place, shots
            case _:
                assert_never(place)


def _generated_at(index: Index, running: Running) -> tuple[str, FrameTime]:
    ordered, order = running.ordered, running.order
    if ordered is not None:
        operations = ordered.operations(stand_ins(order))
        if index.cut is not ordered.cut:
            operations = readdressed(operations, Index(ordered.cut), index)
        return next((one.track, one.at) for one in operations if isinstance(one, Insert | Overwrite))
    at = ordered_at(index.cut, order)
    if at is None:
        raise ShotNotFound(f"the order for {order.shot!r} was not made for a time of this cut: place its take by hand")
    return next(track.name for track in index.tracks if track.kind == otio.schema.TrackKind.Video), at
