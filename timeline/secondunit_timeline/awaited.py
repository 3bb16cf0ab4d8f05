"""Slugs of orders that are being made: placed when an order is sent, filled when its take arrives, or taken out.

A slug carries its order's id, so that it is found wherever the clip was moved and however it was trimmed or sliced.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import opentimelineio as otio
from secondunit_bridge.errors import CutError
from secondunit_bridge.messages import Order, Take
from secondunit_bridge.rates import FrameTime

from secondunit_timeline.anchors import readdressed
from secondunit_timeline.changes import Edit
from secondunit_timeline.edits import edit
from secondunit_timeline.index import Index, Item, TrackIndex
from secondunit_timeline.operations import (
    AddTake,
    Extend,
    FillSlug,
    Insert,
    JoinShots,
    Lift,
    Operation,
    Overwrite,
    RemoveSlug,
    SwapTake,
)
from secondunit_timeline.placing import Ordered
from secondunit_timeline.slugs import OURS, is_slug_reference
from secondunit_timeline.takes import PREFIX, RECIPE, key_of, recipe, record_of, reference, stand_ins
from secondunit_timeline.times import frames_of, rate_of

_KEY = "slug."


@dataclass(frozen=True, slots=True)
class AwaitedSlug:
    """`at` and `frames` in the cut, of the clip that holds the slug; `plays`: the clip is nothing but the slug."""

    track: str
    at: FrameTime
    frames: int
    name: str
    order_id: str
    plays: bool


@dataclass(frozen=True, slots=True)
class Held:
    """What a clip in the cut shows of a slug or a take: its seconds from `first` on, of `seconds` in all."""

    track: str
    at: FrameTime
    frames: int
    first: Fraction
    seconds: Fraction


def awaited(index: Index) -> Iterator[AwaitedSlug]:
    """By track and time."""
    for track, item, key in _slugs(index):
        at = FrameTime(int(item.start), index.rate)
        plays = item.child.active_media_reference_key == key
        yield AwaitedSlug(track.name, at, int(item.duration), item.child.name, key.removeprefix(_KEY), plays)


def place_slugs(cut: otio.schema.Timeline, ordered: Ordered) -> tuple[otio.schema.Timeline, Edit]:
    """`cut` with slugs where the order's take will be; as `placing.place`, `cut` may be a later version."""
    operations = slugged(ordered)
    if cut is not ordered.cut:
        operations = readdressed(operations, Index(ordered.cut), Index(cut))
    return edit(cut, operations)


def slugged(ordered: Ordered) -> tuple[Operation, ...]:
    """What places the slugs of an order. A slug beside a shot's own media lies there and is not played."""
    order = ordered.order
    if order is None:
        raise CutError("an order for which nothing is made has no slug: place it")
    planned = ordered.operations(stand_ins(order)[:1])
    played = {operation.key for operation in planned if isinstance(operation, SwapTake)}
    made: list[Operation] = []
    index = Index(ordered.cut)
    for operation in planned:
        match operation:
            case Overwrite(clip=clip) | Insert(clip=clip) | JoinShots(clip=clip) | Extend(clip=clip):
                made.append(replace(operation, clip=_slug_clip(clip, order) if clip is not None else None))
            case AddTake(track, at, key, media):
                item = index.track(track).at(at.frame * index.rate / at.rate)
                assert item is not None
                instead_of = item.child.active_media_reference_key if key in played else ""
                made.append(
                    AddTake(track, at, _KEY + order.id, _slug_reference(media.available_range, order, instead_of))
                )
            case SwapTake():
                pass
            case _:
                made.append(operation)
    return tuple(made)


def filled(index: Index, take: Take) -> tuple[Operation, ...]:
    """What puts a take on every clip that holds its order's slug or another take of its order; else nothing.

    How these clips were trimmed stays. The take is played where the slug or the other take was.
    """
    order_id, key = take.record.order.id, key_of(take)
    operations: list[Operation] = []
    for track, item, slug in _slugs(index):
        if slug == _KEY + order_id:
            at = FrameTime(int(item.start), index.rate)
            operations.append(FillSlug(track.name, at, slug, key, reference(take), recipe(take), take.record.name))
    if operations:
        return tuple(operations)
    for track, item, other in _takes(index, order_id):
        at = FrameTime(int(item.start), index.rate)
        held = item.child.media_references()
        if key not in held:
            first = held[other].available_range.start_time
            start = FrameTime(round(first.value), rate_of(first))
            operations.append(AddTake(track.name, at, key, reference(take, start), recipe(take)))
        if item.child.active_media_reference_key != key:
            operations.append(SwapTake(track.name, at, key))
    return tuple(operations)


def holds(index: Index, order_id: str) -> bool:
    """Whether a slug or a take of the order is in the cut."""
    return any(slug == _KEY + order_id for _, _, slug in _slugs(index)) or any(_takes(index, order_id))


def held(index: Index, order_id: str) -> frozenset[Held]:
    """Where the order's slugs and takes are."""
    return frozenset(
        Held(
            track.name,
            FrameTime(int(item.start), index.rate),
            int(item.duration),
            _seconds(item.child.source_range.start_time) - _seconds(media.available_range.start_time),
            _seconds(media.available_range.duration),
        )
        for track, item, media in _held(index, order_id)
    )


def beside(index: Index, order: Order, other_id: str) -> tuple[Operation, ...]:
    """What lays the slugs of `order` beside the slugs and takes of another order that holds the same: see `held`."""
    return tuple(
        AddTake(
            track.name,
            FrameTime(int(item.start), index.rate),
            _KEY + order.id,
            _slug_reference(media.available_range, order, ""),
        )
        for track, item, media in _held(index, other_id)
    )


def _held(index: Index, order_id: str) -> Iterator[tuple[TrackIndex, Item, otio.core.MediaReference]]:
    slugs = [(track, item, key) for track, item, key in _slugs(index) if key == _KEY + order_id]
    for track, item, key in slugs or _takes(index, order_id):
        yield track, item, item.child.media_references()[key]


def _seconds(time: otio.opentime.RationalTime) -> Fraction:
    rate = rate_of(time)
    return frames_of(time, rate) / rate


def taken_out(index: Index, order_id: str) -> tuple[Operation, ...]:
    """What takes the order's slugs out: a clip that is nothing but this slug leaves a gap of its length."""
    operations: list[Operation] = []
    for track, item, key in _slugs(index):
        if key != _KEY + order_id:
            continue
        at = FrameTime(int(item.start), index.rate)
        others = (other for name, other in item.child.media_references().items() if name != key)
        if item.child.active_media_reference_key == key and not any(map(is_slug_reference, others)):
            operations.append(Lift(track.name, at, int(item.duration)))
        else:
            operations.append(RemoveSlug(track.name, at, key))
    return tuple(operations)


def _slugs(index: Index) -> Iterator[tuple[TrackIndex, Item, str]]:
    for track in index.tracks:
        for item in track.items:
            if isinstance(item.child, otio.schema.Clip):
                for key, media in item.child.media_references().items():
                    if key.startswith(_KEY) and is_slug_reference(media):
                        yield track, item, key


def _takes(index: Index, order_id: str) -> Iterator[tuple[TrackIndex, Item, str]]:
    """Each clip that holds a take of the order, with the key of one, the active one if it is."""
    for track in index.tracks:
        for item in track.items:
            if isinstance(item.child, otio.schema.Clip):
                keys = [key for key in item.child.media_references() if _is_of(item.child, key, order_id)]
                if keys:
                    active = item.child.active_media_reference_key
                    yield track, item, active if active in keys else keys[0]


def _is_of(clip: otio.schema.Clip, key: str, order_id: str) -> bool:
    if not key.startswith(PREFIX) or key.endswith(RECIPE):
        return False
    record = record_of(clip, key)
    return record is not None and record.order.id == order_id


def _slug_clip(clip: otio.schema.Clip, order: Order) -> otio.schema.Clip:
    made = clip.deepcopy()
    made.name = _name(order)
    made.set_media_references(
        {_KEY + order.id: _slug_reference(clip.media_reference.available_range, order, "")}, _KEY + order.id
    )
    return made


def _slug_reference(times: otio.opentime.TimeRange, order: Order, instead_of: str) -> otio.schema.MissingReference:
    return otio.schema.MissingReference(
        _name(order),
        times,
        metadata={OURS: {"slug": True, "order": order.id, "instead_of": instead_of}},
    )


def _name(order: Order) -> str:
    return f"{order.shot} (slug)"
