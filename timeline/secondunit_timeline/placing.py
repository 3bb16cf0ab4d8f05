"""Takes that come back put into the cut as it is by then: exactly where they were ordered for, or refused with why."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

import opentimelineio as otio
from secondunit_bridge.errors import BadInput, CutError, ShotNotFound
from secondunit_bridge.messages import FramesAfter, FramesBefore, Order, SourceShot, Span, Take, Task
from secondunit_bridge.rates import FrameTime

from secondunit_timeline.anchors import readdressed
from secondunit_timeline.changes import Edit
from secondunit_timeline.edits import edit
from secondunit_timeline.extensions import place_extension, plan_extension
from secondunit_timeline.formats.media import reel_in
from secondunit_timeline.generations import Generation, Where, place_generation
from secondunit_timeline.index import Index, Item, TrackIndex
from secondunit_timeline.interchange import media_path
from secondunit_timeline.joins import place_join, plan_join
from secondunit_timeline.matches import Match, place_match
from secondunit_timeline.operations import End, Into, Operation
from secondunit_timeline.orders import Settings, media_timecode
from secondunit_timeline.reels import reel_key, same_reel
from secondunit_timeline.shots import Shot, open_shot, source_extent, video_clips


@dataclass(frozen=True, slots=True)
class Ordered:
    """An order, and what puts its takes into `cut`, the one that it was planned from.

    `order` is None where camera frames are enough, so that nothing has to be made.
    """

    cut: otio.schema.Timeline
    order: Order | None
    operations: Callable[[Sequence[Take]], tuple[Operation, ...]]
    notes: tuple[str, ...] = ()


def place(cut: otio.schema.Timeline, ordered: Ordered, takes: Sequence[Take]) -> tuple[otio.schema.Timeline, Edit]:
    """`cut` with the takes in it, and what was done; the first of them is active.

    `cut` may be a later version of the one that was ordered from: each place moves as the shots there have moved, see
    `anchors`. Raises ShotNotFound where they cannot be told any more, and CutError where they have changed so that the
    takes do not fit; both name the takes' files, which stay where they are.
    """
    strange = [take.record.name for take in takes if ordered.order is None or take.record.order.id != ordered.order.id]
    if strange:
        raise BadInput(f"{', '.join(strange)} were not made for this order: give the takes of {_named(ordered.order)}")
    if ordered.order is not None and not takes:
        raise BadInput(f"there is no take of {_named(ordered.order)} to place")
    try:
        operations = ordered.operations(takes)
        if cut is not ordered.cut:
            operations = readdressed(operations, Index(ordered.cut), Index(cut))
        return edit(cut, operations)
    except CutError as error:
        files = ", ".join(take.path for take in takes)
        raise type(error)(f"{error}\nNothing was placed. The takes: {files}" if files else str(error)) from error


def _named(order: Order | None) -> str:
    return f"the order for {order.shot!r}" if order is not None else "an order that makes something"


def found_again(
    cut: otio.schema.Timeline, order: Order, into: Into | None = None, handles_only: bool = False
) -> Ordered:
    """What an order does in `cut` when the cut that it was planned from is not at hand, as after a restart.

    Its place is where the camera frames of its conditions are: the one place in the cut from which the same order would
    be planned. A generated clip stands on none: its place is the time of the cut that its order is named after, while
    the lowest video track is empty there. `into`, `handles_only`: for an extension, see `plan_extension`. Raises
    ShotNotFound where there is none, or more than one.
    """
    index = Index(cut)
    match order.task:
        case Task.MATCH | Task.REPLACE:
            found = list(_again_on_shots(index, order))
        case Task.EXTEND:
            found = list(_again_at_ends(index, order, into, handles_only))
        case Task.JOIN:
            found = list(_again_between(index, order))
        case Task.GENERATE:
            found = [_again_in_gap(index, order)]
    if len(found) != 1:
        where = ", ".join(place for place, _ in found)
        raise ShotNotFound(
            f"{_named(order)} would be planned at {len(found)} places of the cut: {where}: place its take by hand"
            if found
            else f"the cut shows the camera frames of {_named(order)} nowhere as they were: place its take by hand"
        )
    return Ordered(cut, order, found[0][1])


Found = tuple[str, Callable[[Sequence[Take]], tuple[Operation, ...]]]


def _again_on_shots(index: Index, order: Order) -> Iterator[Found]:
    source = next(one.span for one in order.conditions if isinstance(one, SourceShot))
    for shot in _shots(index, source):
        first = _first(shot, source)
        if first is None or shot.info.rate != source.range.rate:
            continue
        if first <= shot.used.start and shot.used.end <= first + source.range.duration:
            start = FrameTime(shot.first.frame + first, shot.info.rate)
            yield _said(index, shot), partial(place_match, Match(shot, order, start))


def _again_at_ends(index: Index, order: Order, into: Into | None, handles_only: bool) -> Iterator[Found]:
    beside = next(one for one in order.conditions if isinstance(one, FramesBefore | FramesAfter))
    tail, slot = isinstance(beside, FramesBefore), order.slot
    settings = Settings(Path(order.delivery.folder), slot.tail if tail else slot.head)
    for shot in _shots(index, beside.span):
        first = _first(shot, beside.span)
        if first is None or not shot.speed:
            continue
        low, high = source_extent(shot.clip, shot.info, shot.record, shot.speed)
        camera = first + beside.span.range.duration - high if tail else low - first
        if camera < 0:
            continue
        end = End.TAIL if tail == (shot.speed > 0) else End.HEAD
        at = f"{shot.track}@+{shot.record.start}"
        frames = shot.cut_frames(camera) + shot.cut_frames(slot.frames)
        try:
            plan = plan_extension(index, at, end, frames, into, handles_only, settings)
        except BadInput:
            continue
        if plan.order is not None and _alike(plan.order, order):
            yield _said(index, shot), partial(place_extension, plan)


def _again_between(index: Index, order: Order) -> Iterator[Found]:
    before = next(one.span for one in order.conditions if isinstance(one, FramesBefore))
    after = next(one.span for one in order.conditions if isinstance(one, FramesAfter))
    slot = order.slot
    settings = Settings(Path(order.delivery.folder), max(slot.head, slot.tail))
    for track in index.tracks:
        clips = [item for item in track.items if isinstance(item.child, otio.schema.Clip)]
        for left, right in pairwise(clips):
            gap = track.at(left.end)
            apart = gap is not right
            if apart and (gap is None or gap.end != right.start):
                continue
            if not (_plays(left, before) and _plays(right, after)):
                continue
            frames = None if apart else int(slot.frames * index.rate / slot.rate)
            at = FrameTime(int(left.end), index.rate)
            try:
                plan = plan_join(index, at, frames, settings, track.name)
            except BadInput:
                continue
            if _alike(plan.order, order):
                yield f"{track.name} {index.timecode(at.frame)}", partial(place_join, plan)


def _again_in_gap(index: Index, order: Order) -> Found:
    """Raises ShotNotFound, with the reason."""
    at, slot = ordered_at(index.cut, order), order.slot
    if at is None or at.rate != index.rate:
        raise ShotNotFound(
            f"{_named(order)} stands on no frames of the cut, and was not ordered for a time of this cut: "
            "place its take by hand"
        )
    frames = round(slot.frames * slot.cut_rate / slot.rate)
    track = next(one for one in index.tracks if one.kind == otio.schema.TrackKind.Video)
    item = track.at(at.frame)
    when = f"{track.name} {index.timecode(at.frame)}"
    if item is None or not isinstance(item.child, otio.schema.Gap) or item.end < at.frame + frames:
        raise ShotNotFound(
            f"{_named(order)} was ordered for {frames} frames at {when}, where no gap is that long: "
            "place its take by hand"
        )
    generation = Generation(track.name, at, frames, Where.OVERWRITE, False, order, ())
    return when, partial(place_generation, generation)


def ordered_at(cut: otio.schema.Timeline, order: Order) -> FrameTime | None:
    """The time of `cut` that a generated clip was ordered for; None where it was ordered for another cut."""
    name, _, frame = order.shot.rpartition("_")
    return FrameTime(int(frame), order.slot.cut_rate) if name == (cut.name or "cut") and frame.isdecimal() else None


def shots_of(index: Index, order: Order) -> tuple[Shot, ...]:
    """The shots of the cut that play camera frames of each of the order's conditions, else the one nearest to them."""
    found: list[Shot] = []
    for condition in order.conditions:
        if isinstance(condition, FramesBefore | FramesAfter | SourceShot):
            apart = [
                (max(first - shot.used.end, shot.used.start - first - condition.span.range.duration), shot)
                for shot in _shots(index, condition.span)
                if (first := _first(shot, condition.span)) is not None
            ]
            playing = [shot for distance, shot in apart if distance < 0]
            nearest = [shot for _, shot in sorted(apart, key=lambda one: one[0])][:1]
            found += [shot for shot in playing or nearest if shot not in found]
    return tuple(found)


def asked_frames(shot: Shot, order: Order) -> tuple[End, int]:
    """At which end of the shot an extension was ordered, and how long it would be there: unused camera frames first."""
    beside = next(one for one in order.conditions if isinstance(one, FramesBefore | FramesAfter))
    tail, first = isinstance(beside, FramesBefore), _first(shot, beside.span)
    camera = 0
    if first is not None and shot.speed:
        low, high = source_extent(shot.clip, shot.info, shot.record, shot.speed)
        camera = max(0, int(first + beside.span.range.duration - high if tail else low - first))
    end = End.TAIL if tail == (shot.speed is None or shot.speed > 0) else End.HEAD
    return end, shot.cut_frames(camera) + shot.cut_frames(order.slot.frames)


def _shots(index: Index, span: Span) -> Iterator[Shot]:
    """The shots of the cut that play the media of `span`, and can be read."""
    for track, item in video_clips(index):
        if _plays(item, span) and (shot := _opened(index, track, item)) is not None:
            yield shot


def _opened(index: Index, track: TrackIndex, item: Item) -> Shot | None:
    try:
        return open_shot(index, track, item)
    except BadInput:
        return None


def _plays(item: Item, span: Span) -> bool:
    media = item.child.media_reference
    if media_path(media) == span.path:
        return True
    reel = reel_in(media) or reel_in(item.child)
    return bool(reel and span.reel) and same_reel(reel_key(reel), reel_key(span.reel))


def _first(shot: Shot, span: Span) -> int | None:
    """The frame of the shot's media that is the first of `span`; None where nothing tells."""
    if shot.info.path == span.path:
        return span.range.start
    if span.timecode is None or shot.info.rate != span.range.rate:
        return None
    return span.timecode.frame - media_timecode(shot, 0).frame


def _said(index: Index, shot: Shot) -> str:
    return f"{shot.name!r} ({shot.track} {index.timecode(shot.record.start)})"


def _alike(planned: Order, order: Order) -> bool:
    """Whether both make the same frames out of the same camera frames."""

    def frames(one: Order) -> list[tuple[object, ...]]:
        conditions = [one for one in one.conditions if isinstance(one, FramesBefore | FramesAfter)]
        return [(type(found), found.into, *_meets(found)) for found in conditions]

    slots = ((one.slot.frames, one.slot.head, one.slot.tail, one.slot.rate, one.slot.start) for one in (planned, order))
    return len(set(slots)) == 1 and frames(planned) == frames(order)


def _meets(known: FramesBefore | FramesAfter) -> tuple[object, ...]:
    """The frame where camera frames meet the take; how many of them an engine is shown depends on its model."""
    span = known.span
    inward = span.range.duration if isinstance(known, FramesBefore) else 0
    if span.timecode is None:
        return span.path, span.range.start + inward
    return span.timecode.rate, span.timecode.frame + inward
