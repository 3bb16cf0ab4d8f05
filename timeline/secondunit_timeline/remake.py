"""A take made again from its record: the same frames of the same shots, in the media that the cut has today."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, assert_never
from uuid import uuid4

import opentimelineio as otio
from secondunit_bridge.errors import CutError
from secondunit_bridge.media.decoding import DECODING
from secondunit_bridge.messages import (
    CameraMove,
    Condition,
    FramesAfter,
    FramesBefore,
    IgnoreRegion,
    Look,
    Mask,
    Order,
    Record,
    ReferenceImage,
    ReferenceShot,
    Slot,
    Sound,
    SourceShot,
    Span,
    Strokes,
    Take,
    Text,
)
from secondunit_bridge.rates import FrameRange, FrameTime, format_timecode, frames_per_day

from secondunit_timeline.generations import slot_of
from secondunit_timeline.index import Index, Item, TrackIndex
from secondunit_timeline.interchange import media_path
from secondunit_timeline.operations import AddTake, Operation, SwapTake
from secondunit_timeline.orders import media_timecode, shown_from, shown_to, span
from secondunit_timeline.references import is_recipe
from secondunit_timeline.retimes import speed_of
from secondunit_timeline.shots import open_shot
from secondunit_timeline.slugs import is_slug_reference
from secondunit_timeline.staleness import closes_loop
from secondunit_timeline.takes import PREFIX, RECIPE, Asked, asked_in, key_of, recipe, reference, take_of
from secondunit_timeline.times import exact, frames_of, rate_of

if TYPE_CHECKING:
    from secondunit_bridge.media.probe import MediaInfo


@dataclass(frozen=True, slots=True)
class Remake:
    """`places`: track and record frame of each clip that holds the take, and the source time of its first frame there.

    `asked`: what the old take's recipe says beside its record.
    """

    order: Order
    places: tuple[tuple[str, FrameTime, FrameTime], ...]
    asked: Asked | None


def plan_remake(index: Index, key: str, record: Record, folder: Path, seeds: tuple[int, ...] = ()) -> Remake:
    """The take `key` again, into `folder`; without `seeds`, with its own.

    What lies beside the take now counts, and what its shot plays now. The media may have been relinked and may have
    another size: frames that do not lie beside it are found by path, by reel and timecode, or by the file's name.
    Raises CutError where the cut does not hold them.
    """
    places = tuple(places_of(index, key))
    if not places:
        raise CutError(f"no clip of the cut holds the take {key!r}: name one that it holds")
    media = _Media(index, record.name)
    old = record.order.slot
    track, item = _item(index, places[0])
    slot = replace(old, start=record.start, drop_frame=record.drop_frame)
    conditions: list[Condition] = []
    for condition in record.order.conditions:
        beside = _beside(index, track, item, places[0][2], condition, record, slot)
        conditions.append(beside if beside is not None else media.today(condition))
    if (shown := _shown(index, track, item, conditions, slot)) is not None:
        source, slot, start = shown
        if any(isinstance(condition, Mask) and condition.span.range.duration > 1 for condition in conditions):
            raise CutError(
                f"{record.name} was made with a mask for other frames than {item.child.name!r} plays now: replace the "
                "shot anew, with a mask for these"
            )
        conditions = [source if isinstance(condition, SourceShot) else condition for condition in conditions]
        places = ((places[0][0], places[0][1], start), *places[1:])
    slot = _sized(index, media, conditions, slot)
    order = replace(
        record.order,
        id=uuid4().hex,
        slot=slot,
        conditions=tuple(_scaled(condition, old, slot) for condition in conditions),
        seeds=seeds or (record.seed,),
        delivery=replace(record.order.delivery, folder=str(folder.resolve())),
    )
    held = item.child.media_references().get(key + RECIPE)
    asked = asked_in(held) if isinstance(held, otio.schema.GeneratorReference) else None
    return Remake(order, places, asked if asked is not None and asked.parameters else None)


def place_remake(remake: Remake, takes: Sequence[Take], plays: bool = True) -> tuple[Operation, ...]:
    """Beside the old take, which stays, on every clip that holds it.

    The first of `takes` becomes active, if it `plays`.
    """
    operations: list[Operation] = []
    for track, at, start in remake.places:
        operations += (
            AddTake(track, at, key_of(take), reference(take, start), recipe(take, remake.asked)) for take in takes
        )
        if plays:
            operations.append(SwapTake(track, at, key_of(takes[0])))
    return tuple(operations)


def places_of(index: Index, key: str) -> Iterator[tuple[str, FrameTime, FrameTime]]:
    """See `Remake`."""
    for track in index.tracks:
        for item in track.items:
            held = item.child.media_references().get(key) if isinstance(item.child, otio.schema.Clip) else None
            if held is not None and held.available_range is not None:
                start = held.available_range.start_time
                first = FrameTime(round(start.value), rate_of(start))
                yield track.name, FrameTime(int(item.start), index.rate), first


def _item(index: Index, place: tuple[str, FrameTime, FrameTime]) -> tuple[TrackIndex, Item]:
    track = index.track(place[0])
    item = track.at(place[1].frame)
    assert item is not None
    return track, item


def _camera_keys(clip: otio.schema.Clip) -> list[str]:
    return [
        key
        for key, media in clip.media_references().items()
        if not (key.startswith(PREFIX) or is_recipe(media) or is_slug_reference(media))
    ]


def _beside(
    index: Index,
    track: TrackIndex,
    item: Item,
    first: FrameTime,
    condition: Condition,
    record: Record,
    slot: Slot,
) -> FramesBefore | FramesAfter | None:
    """The camera frames that meet a take which is a clip of its own, as they lie there now; `first`: see `Remake`.

    None where nothing lies there at normal speed and at the take's rate.
    """
    if not isinstance(condition, FramesBefore | FramesAfter) or _camera_keys(item.child):
        return None
    if take_of(item.child, condition.span) is not None:
        return None
    before, near = track.at(item.start - 1) if item.start > 0 else None, track.at(item.end)
    loops = isinstance(condition, FramesAfter) and closes_loop(record)
    if isinstance(condition, FramesBefore) or (loops and _path(near) != condition.span.path == _path(before)):
        near = before
    if (
        near is None
        or not isinstance(near.child, otio.schema.Clip)
        or {speed_of(near.child), speed_of(item.child)} != {1}
    ):
        return None
    if media_path(near.child.media_reference) is None:
        return None
    shot = open_shot(index, track, near)
    low = frames_of(item.child.trimmed_range().start_time, slot.rate) - first.frame
    high = low + item.duration * slot.rate / index.rate
    if shot.info.rate != slot.rate or low.denominator != 1 or high.denominator != 1:
        return None
    wanted, into = condition.span.range.duration, condition.into
    if isinstance(condition, FramesBefore):
        end = shot.used.end - (int(low) - slot.head) + into
        start = min(shown_from(shot, end, wanted), end - slot.head - into)
    else:
        start = shot.used.start - (int(high) - slot.head - slot.frames) - into
        end = max(shown_to(shot, start, wanted), start + slot.tail + into)
    if start < 0 or end > shot.info.frames:
        raise CutError(
            f"{shot.name!r} lies beside the take {item.child.name!r} and holds too few frames there: "
            f"{max(-start, end - shot.info.frames)} are missing"
        )
    return replace(condition, span=span(shot, start, end))


def _path(item: Item | None) -> str | None:
    held = item is not None and isinstance(item.child, otio.schema.Clip)
    return media_path(item.child.media_reference) if item is not None and held else None


def _shown(
    index: Index, track: TrackIndex, item: Item, conditions: Sequence[Condition], slot: Slot
) -> tuple[SourceShot, Slot, FrameTime] | None:
    """What the shot plays now, its slot and the source time of the take's first frame; None where the take holds it."""
    source = next((condition for condition in conditions if isinstance(condition, SourceShot)), None)
    cameras = _camera_keys(item.child)
    if source is None or len(cameras) != 1:
        return None
    clip = item.child.clone()
    clip.active_media_reference_key = cameras[0]
    shot = open_shot(index, track, item._replace(child=clip))
    frames = source.span.range
    if shot.info.path != source.span.path or (frames.start <= shot.used.start and shot.used.end <= frames.end):
        return None
    head, tail = min(slot.head, shot.unused_before), min(slot.tail, shot.unused_after)
    first = shot.used.start - head
    new = replace(slot, frames=shot.used.duration, head=head, tail=tail, start=media_timecode(shot, first))
    return SourceShot(span(shot, first, shot.used.end + tail)), new, FrameTime(shot.first.frame + first, shot.info.rate)


def _sized(index: Index, media: "_Media", conditions: Sequence[Condition], slot: Slot) -> Slot:
    """The slot in the size of the media that it stands on, or of the cut where no camera frame leads to it."""
    for condition in conditions:
        if isinstance(condition, FramesBefore | FramesAfter | SourceShot):
            info = media.info(condition.span.path, condition.span.range.rate)
            return replace(slot, width=info.width, height=info.height, pixel_aspect=info.pixel_aspect)
    new = slot_of(index, slot.frames, slot.head, slot.tail)
    return replace(slot, width=new.width, height=new.height, pixel_aspect=new.pixel_aspect)


def _scaled(condition: Condition, old: Slot, new: Slot) -> Condition:
    if not isinstance(condition, IgnoreRegion) or (old.width, old.height) == (new.width, new.height):
        return condition
    left, right = (edge * new.width / old.width for edge in (condition.left, condition.left + condition.width))
    top, bottom = (edge * new.height / old.height for edge in (condition.top, condition.top + condition.height))
    return IgnoreRegion(floor(left), floor(top), ceil(right) - floor(left), ceil(bottom) - floor(top))


class _Media:
    """The files that the cut refers to, and where in them the frames of a record lie."""

    def __init__(self, index: Index, take: str) -> None:
        self._take = take
        self._files: dict[str, tuple[str, otio.opentime.TimeRange | None]] = {}
        self._probed: dict[tuple[str, Fraction], MediaInfo] = {}
        for clip in index.cut.find_clips():
            for held in clip.media_references().values():
                path = None if is_recipe(held) else media_path(held)
                if path is not None and path not in self._files:
                    ours = held.metadata.get("cmx_3600") or clip.metadata.get("cmx_3600") or {}
                    self._files[path] = (str(ours.get("reel", "")), held.available_range)

    def info(self, path: str, rate: Fraction) -> "MediaInfo":
        if (path, rate) not in self._probed:
            self._probed[path, rate] = DECODING.get().probe(path, rate)
        return self._probed[path, rate]

    def today(self, condition: Condition) -> Condition:
        match condition:
            case FramesBefore() | FramesAfter() | SourceShot() | ReferenceShot() | Sound():
                return replace(condition, span=self.span(condition.span))
            case ReferenceImage() | Look() | Mask():
                path = condition.span.path if isinstance(condition, Mask) else condition.path
                if not Path(path).is_file():
                    raise CutError(f"{self._take}: {path}, which it was made from, is gone: restore it")
                return condition
            case Text() | CameraMove() | IgnoreRegion() | Strokes():
                return condition
            case _:
                assert_never(condition)

    def span(self, old: Span) -> Span:
        path = self._file(old)
        start = old.range.start
        if path != old.path:
            info = self.info(path, old.range.rate)
            if info.rate != old.range.rate:
                raise CutError(
                    f"{self._take} was made from {old.path} at {float(old.range.rate):g} frames a second, {path} runs "
                    f"at {float(info.rate):g}: order it anew"
                )
            if old.timecode is not None and (first := self._first(path, old.range.rate)) is not None:
                start = (old.timecode.frame - first.frame) % frames_per_day(info.rate, info.drop_frame)
            if start + old.range.duration > info.frames:
                raise CutError(
                    f"{path} does not hold the {old.range.duration} frames from {_said(old)} on that {self._take} was "
                    "made from: relink to the whole of the media"
                )
        return replace(old, path=path, range=FrameRange(start, old.range.duration, old.range.rate))

    def _first(self, path: str, rate: Fraction) -> FrameTime | None:
        """The source time of the file's first frame: its timecode, or what the cut says."""
        info = self.info(path, rate)
        if info.start is not None:
            return info.start
        available = self._files[path][1]
        if available is None or rate_of(available.start_time) != info.rate:
            return None
        return FrameTime(int(exact(available.start_time.value)), info.rate)

    def _file(self, old: Span) -> str:
        if old.path in self._files:
            return old.path
        name = PureWindowsPath(old.path).stem
        found = [path for path, (reel, _) in self._files.items() if reel and reel == old.reel]
        found = found or [path for path in self._files if PureWindowsPath(path).stem == name]
        if not found and old.reel:
            found = [
                path for path in self._files if Path(path).exists() and self.info(path, old.range.rate).reel == old.reel
            ]
        if len(found) > 1:
            found = [path for path in found if self._holds(path, old)]
        if len(found) == 1:
            return found[0]
        if not found and Path(old.path).exists():  # a reference that never was in the cut
            return old.path
        where = f"{len(found)} files of the cut hold them" if found else "no media of the cut holds them"
        raise CutError(f"{self._take} was made from {_said(old)} of {old.path}, and {where}: relink the cut to it")

    def _holds(self, path: str, old: Span) -> bool:
        first = self._first(path, old.range.rate)
        if first is None or old.timecode is None:
            return False
        frames = self.info(path, old.range.rate).frames
        return 0 <= old.timecode.frame - first.frame <= frames - old.range.duration


def _said(span: Span) -> str:
    where = f"frame {span.range.start}" if span.timecode is None else format_timecode(span.timecode)
    return f"{span.reel} {where}".strip()
