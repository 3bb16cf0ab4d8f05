"""The ways in which a take can be cut in, beside the one that it was ordered for."""

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from functools import partial
from typing import assert_never

import opentimelineio as otio
from secondunit_bridge.errors import BadInput, CutError, SecondUnitError
from secondunit_bridge.messages import Order, Take, Task
from secondunit_bridge.rates import FrameTime

from secondunit_timeline.anchors import readdressed
from secondunit_timeline.edits import plan
from secondunit_timeline.generations import Where, track_for
from secondunit_timeline.index import Index, Item, duration_of
from secondunit_timeline.operations import (
    AddTake,
    AddTrack,
    End,
    Extend,
    Insert,
    Into,
    JoinShots,
    Operation,
    Overwrite,
    SwapTake,
)
from secondunit_timeline.placing import Ordered, found_again
from secondunit_timeline.takes import clip_of, stand_ins
from secondunit_timeline.times import frames_of, frames_text, rate_of


class Way(StrEnum):
    """`SHOT`: one more media reference of the shot, which plays it. `HANDLES`: the same, and nothing moves or plays."""

    GAP = "gap"
    INSERT = "insert"
    OVERWRITE = "overwrite"
    ABOVE = "above"
    SHOT = "shot"
    HANDLES = "handles"


_INTO = {Way.GAP: Into.GAP, Way.INSERT: Into.RIPPLE, Way.OVERWRITE: Into.OVER}


def offered(cut: otio.schema.Timeline, ordered: Ordered) -> dict[Way, str]:
    """Why each way is not open to the order's takes in `cut`; empty where it is."""
    index, found = Index(cut), dict[Way, str]()
    for way in Way:
        try:
            asked = by(ordered, way)
            assert asked.order is not None
            operations = asked.operations(stand_ins(asked.order)[:1])
            if cut is not asked.cut:
                operations = readdressed(operations, Index(asked.cut), index)
            plan(index, operations)
        except SecondUnitError as error:
            found[way] = str(error)
        else:
            found[way] = ""
    return found


def way_of(ordered: Ordered) -> Way | None:
    """The way that the order was planned for; None where nothing is made."""
    if ordered.order is None:
        return None
    operations = ordered.operations(stand_ins(ordered.order)[:1])
    index = Index(ordered.cut)
    kinds = {type(operation) for operation in operations}
    if SwapTake in kinds:
        return Way.SHOT
    if AddTake in kinds:
        return Way.HANDLES
    if AddTrack in kinds:
        return Way.ABOVE
    for operation in operations:
        match operation:
            case Extend(into=into):
                return next(way for way, one in _INTO.items() if one is into)
            case Insert():
                return Way.INSERT
            case Overwrite(track, at, clip) | JoinShots(track, at, clip):
                lowest = next(one.name for one in index.tracks if one.kind == otio.schema.TrackKind.Video)
                if ordered.order.task is Task.GENERATE and track != lowest:
                    return Way.ABOVE
                return Way.OVERWRITE if _no_gap(index, track, at, clip) else Way.GAP
    return None


def by(ordered: Ordered, way: Way) -> Ordered:
    """As `ordered`, its takes cut in by `way`. Raises CutError with the reason where the task does not allow it."""
    order = ordered.order
    if order is None:
        raise CutError("nothing is made here: the shot grows by its own camera frames")
    if way is way_of(ordered):
        return ordered
    match order.task:
        case Task.EXTEND:
            return _extended(ordered, order, way)
        case Task.JOIN:
            return _joined(ordered, way)
        case Task.MATCH | Task.REPLACE:
            return _on_shot(ordered, way)
        case Task.GENERATE:
            return _generated(ordered, way)
        case _:
            assert_never(order.task)


def _extended(ordered: Ordered, order: Order, way: Way) -> Ordered:
    match way:
        case Way.GAP | Way.INSERT | Way.OVERWRITE:
            return found_again(ordered.cut, order, _INTO[way])
        case Way.HANDLES:
            return found_again(ordered.cut, order, None, handles_only=True)
        case Way.SHOT:
            raise CutError(
                "an extension holds frames beyond the shot: keep it as handles, or let it lie beside the shot"
            )
        case Way.ABOVE:
            over = found_again(ordered.cut, order, Into.OVER)
            return replace(ordered, operations=partial(_extension_above, over))
        case _:
            assert_never(way)


def _extension_above(over: Ordered, takes: Sequence[Take]) -> tuple[Operation, ...]:
    index = Index(over.cut)
    grown = next(one for one in over.operations(takes) if isinstance(one, Extend))
    if grown.camera_frames or grown.clip is None:
        raise CutError("camera frames of the shot come first, so that it has to grow itself: choose another way")
    shot = index.track(grown.track).at(grown.shot_at.frame)
    assert shot is not None
    frames = duration_of(grown.clip, index.rate, grown.track)
    start = shot.end if grown.end is End.TAIL else shot.start - frames
    if start < 0:
        raise CutError(f"it would begin {frames_text(-start)} frames before the cut: insert it")
    return _above(index, FrameTime(int(start), index.rate), grown.clip)


def _joined(ordered: Ordered, way: Way) -> Ordered:
    match way:
        case Way.ABOVE:
            return replace(ordered, operations=partial(_clip_above, ordered))
        case Way.GAP:
            raise CutError("the shots meet, there is no gap between them: overwrite their ends")
        case Way.OVERWRITE:
            raise CutError("a gap lies there, nothing is overwritten: put it into the gap")
        case Way.INSERT:
            raise CutError("a join stands for the ends of its two shots: inserted, they would be seen twice")
        case Way.SHOT | Way.HANDLES:
            raise CutError("a join lies between two shots, and is a take of neither")
        case _:
            assert_never(way)


def _on_shot(ordered: Ordered, way: Way) -> Ordered:
    match way:
        case Way.OVERWRITE | Way.ABOVE:
            return replace(ordered, operations=partial(_over_shot, ordered, way is Way.ABOVE))
        case Way.GAP | Way.INSERT:
            raise CutError("the take shows the shot's own frames, which would be seen twice")
        case Way.HANDLES | Way.SHOT:
            raise CutError("the take stands for the shot: as a take on the shot it can be switched off again")
        case _:
            assert_never(way)


def _over_shot(ordered: Ordered, above: bool, takes: Sequence[Take]) -> tuple[Operation, ...]:
    index = Index(ordered.cut)
    added = next(one for one in ordered.operations(takes) if isinstance(one, AddTake))
    shot = index.track(added.track).at(added.at.frame * index.rate / added.at.rate)
    assert shot is not None
    if shot.child.effects or shot.before is not None or shot.after is not None:
        raise CutError(f"{shot.child.name!r} has effects or transitions, which a clip of its own would not have")
    times, first = shot.child.trimmed_range(), added.reference.available_range.start_time
    rate = rate_of(first)
    offset = frames_of(times.start_time, rate) - frames_of(first, rate)
    at = FrameTime(int(shot.start), index.rate)
    clip = clip_of(takes, offset, FrameTime(int(shot.duration), index.rate))
    return _above(index, at, clip) if above else (Overwrite(added.track, at, clip),)


def _generated(ordered: Ordered, way: Way) -> Ordered:
    if way in (Way.SHOT, Way.HANDLES):
        raise CutError("a generated clip belongs to no shot: let it lie in the cut")
    return replace(ordered, operations=partial(_generation_by, ordered, way))


def _generation_by(ordered: Ordered, way: Way, takes: Sequence[Take]) -> tuple[Operation, ...]:
    index = Index(ordered.cut)
    at, clip = _clip(ordered, takes)
    track = next(one.name for one in index.tracks if one.kind == otio.schema.TrackKind.Video)
    if way is Way.ABOVE:
        return _above(index, at, clip)
    if way is Way.INSERT:
        return (Insert(track, at, clip),)
    if way is Way.GAP and (why := _no_gap(index, track, at, clip)):
        raise CutError(why)
    return (Overwrite(track, at, clip),)


def _clip_above(ordered: Ordered, takes: Sequence[Take]) -> tuple[Operation, ...]:
    return _above(Index(ordered.cut), *_clip(ordered, takes))


def _clip(ordered: Ordered, takes: Sequence[Take]) -> tuple[FrameTime, otio.schema.Clip]:
    for operation in ordered.operations(takes):
        if isinstance(operation, Overwrite | Insert | JoinShots):
            return operation.at, operation.clip
    raise BadInput("the order puts no clip of its own into the cut")


def _above(index: Index, at: FrameTime, clip: otio.schema.Clip) -> tuple[Operation, ...]:
    video = [track for track in index.tracks if track.kind == otio.schema.TrackKind.Video]
    frames = duration_of(clip, index.rate, video[-1].name)
    name, added = track_for(video, at.frame, int(frames), Where.ABOVE)
    place = Overwrite(name, at, clip)
    return (AddTrack(name), place) if added else (place,)


def _no_gap(index: Index, track: str, at: FrameTime, clip: otio.schema.Clip) -> str:
    """Why the clip lies in no gap there; empty where it does, or behind the track's end."""
    frames = duration_of(clip, index.rate, track)
    item: Item | None = index.track(track).at(at.frame * index.rate / at.rate)
    if item is None:
        return ""
    if not isinstance(item.child, otio.schema.Gap):
        return f"{item.child.name!r} lies there, no gap: insert or overwrite"
    room = item.end - at.frame * index.rate / at.rate
    if room < frames:
        return f"the gap holds {frames_text(room)} frames from there on, the take has {frames_text(frames)}"
    return ""
