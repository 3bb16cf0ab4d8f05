"""A shot found again in another version of its cut: what was planned on one is carried out on the other.

OTIO has no identities. A shot is known by its track, media, reel, source range and speed, and by its place among
equals. Where that means no one clip, or the number of equals is another, it is refused: never a guess. Where a host
keeps ids with its clips (metadata["secondunit"]["host_id"]), they tell the shot from copies of it made meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import assert_never

import opentimelineio as otio
from secondunit_bridge.errors import ShotNotFound
from secondunit_bridge.rates import FrameTime

from secondunit_timeline.dialects import entry
from secondunit_timeline.index import Index, Item, TrackIndex, duration_of
from secondunit_timeline.interchange import media_path
from secondunit_timeline.operations import (
    AddRecipe,
    AddTake,
    AddTrack,
    ApproveTake,
    CloseGap,
    Extend,
    Extract,
    Fill,
    FillLength,
    FillSlug,
    GrowTake,
    Insert,
    InsertGap,
    Inside,
    JoinShots,
    Lift,
    Operation,
    Overwrite,
    PlayTake,
    RemoveRecipe,
    RemoveSlug,
    ReplaceShot,
    ReplaceSlug,
    RippleTrim,
    Roll,
    Slice,
    Slide,
    Slip,
    SwapTake,
    Trim,
)
from secondunit_timeline.retimes import speed_of
from secondunit_timeline.times import Frames, exact, frames_text, rate_of

_Identity = tuple[str, str, Fraction, Fraction, Fraction | None]


@dataclass(frozen=True, slots=True)
class Anchor:
    """`ordinal` of `equals` on its track, from 1 in order of time; `text` is the shot as a person would name it.

    `host_id` is empty where no host gave one.
    """

    track: str
    identity: _Identity | None
    ordinal: int
    equals: int
    text: str
    host_id: str


def anchor_of(index: Index, track: TrackIndex, item: Item) -> Anchor:
    """By what `find` finds `item` again."""
    identity = _identity(item)
    equals = [one for one in track.items if _identity(one) == identity]
    place = next(number for number, one in enumerate(equals, 1) if one.child is item.child)
    text = f"{item.child.name!r} at {index.timecode(int(item.start))} on {track.name}"
    return Anchor(track.name, identity, place, len(equals), text, _host_id(item))


def find(index: Index, anchor: Anchor) -> tuple[TrackIndex, Item]:
    """The anchored shot in another version of the cut; ShotNotFound where it cannot be told."""
    track = next((one for one in index.tracks if one.name == anchor.track), None)
    equals = [one for one in track.items if _identity(one) == anchor.identity] if track is not None else []
    same = [one for one in equals if anchor.host_id and _host_id(one) == anchor.host_id]
    if track is not None and len(same) == 1:
        return track, same[0]
    if track is None or len(equals) != anchor.equals:
        raise ShotNotFound(
            f"{anchor.text} cannot be found again: {len(equals)} shots of the cut show these frames of this media on "
            f"{anchor.track}, there was {anchor.equals} before: place the take by hand"
        )
    return track, equals[anchor.ordinal - 1]


def readdressed(operations: Sequence[Operation], then: Index, now: Index) -> tuple[Operation, ...]:
    """What was planned on the cut of `then`, for that of `now`: each place moves as the shots there have moved.

    All places count in `then` as it is. An operation on a stretch of time asks for every shot that the stretch touches
    or abuts, moved by the same frames. Raises ShotNotFound.
    """
    added = {operation.name for operation in operations if isinstance(operation, AddTrack)}
    return tuple(_readdressed(operation, then, now, added) for operation in operations)


def _readdressed(operation: Operation, then: Index, now: Index, added: set[str]) -> Operation:
    """`added`: tracks that an operation before this one adds; a place there moves with the shot below it."""
    match operation:
        case AddTrack():
            return operation
        case Extend() | Trim() | RippleTrim() | Slip() | Slide() | ReplaceShot() | ReplaceSlug():
            return replace(operation, shot_at=_shot(then, now, operation.track, operation.shot_at))
        case SwapTake() | PlayTake() | AddTake() | GrowTake() | AddRecipe() | RemoveRecipe() | ApproveTake():
            return replace(operation, at=_shot(then, now, operation.track, operation.at))
        case Insert() | InsertGap() | Slice() | Roll() | CloseGap():
            frames: Frames = 0
        case Inside() | FillSlug() | RemoveSlug():
            return replace(operation, at=_shot(then, now, operation.track, operation.at))
        case Overwrite(clip=clip) | JoinShots(clip=clip):
            frames = duration_of(clip, then.rate, operation.track)
        case Lift() | Extract():
            frames = operation.frames
        case Fill():
            source = operation.length is FillLength.SOURCE
            frames = duration_of(operation.clip, then.rate, operation.track) if source else operation.frames or 0
        case _:
            assert_never(operation)
    track = operation.track if operation.track not in added else _below(then, operation.at)
    return replace(operation, at=_time(then, now, track, operation.at, frames))


def _below(then: Index, at: FrameTime) -> str:
    """The topmost video track that shows something at `at`; over a gap the lowest, whose shots beside it tell."""
    frame = at.frame * then.rate / at.rate
    tracks = [track for track in then.tracks if track.kind == otio.schema.TrackKind.Video]
    for track in reversed(tracks):
        item = track.at(frame)
        if item is not None and not isinstance(item.child, otio.schema.Gap):
            return track.name
    return tracks[0].name


def _shot(then: Index, now: Index, name: str, at: FrameTime) -> FrameTime:
    track, frame = then.track(name), at.frame * then.rate / at.rate
    item = track.at(frame)
    if item is None or frame >= item.end or isinstance(item.child, otio.schema.Gap):
        raise ShotNotFound(f"{name} shows no shot at {then.timecode(int(frame))}: nothing can be found again")
    _, found = find(now, anchor_of(then, track, item))
    return _at(found.start + frame - item.start, now.rate)


def _time(then: Index, now: Index, name: str, at: FrameTime, frames: Frames) -> FrameTime:
    track, frame = then.track(name), at.frame * then.rate / at.rate
    items = track.items
    gaps = [isinstance(item.child, otio.schema.Gap) for item in items]
    lo, hi = (track.position(one) for one in (frame, frame + frames))
    lo = len(items) - 1 if lo is None else lo - (items[lo].start == frame)
    hi = len(items) - 1 if hi is None else hi
    while lo >= 0 and gaps[lo]:
        lo -= 1
    while 0 <= hi < len(items) and gaps[hi]:
        hi += 1
    around = [item for item, gap in zip(items[max(0, lo) : hi + 1], gaps[max(0, lo) : hi + 1], strict=True) if not gap]
    moved = {find(now, anchor_of(then, track, item))[1].start - item.start for item in around}
    if len(moved) != 1:
        where = f"{name} {then.timecode(int(frame))}"
        listed = ", ".join(frames_text(by) for by in sorted(moved))
        raise ShotNotFound(
            f"{where}: the shots there have moved apart, by {listed} frames: place the take by hand"
            if moved
            else f"{where}: no shot lies there that this place could be found by: place the take by hand"
        )
    return _at(frame + moved.pop(), now.rate)


def _at(frame: Frames, rate: Fraction) -> FrameTime:
    if frame.denominator != 1:
        raise ShotNotFound(f"the shot lies at frame {frames_text(frame)}, between two of the cut: place it by hand")
    return FrameTime(int(frame), rate)


def _host_id(item: Item) -> str:
    return str(entry(item.child.metadata, "secondunit", "host_id") or "")


def _identity(item: Item) -> _Identity | None:
    """None for a gap; for a nest or a clip without media, its name stands for the media."""
    child = item.child
    if isinstance(child, otio.schema.Gap):
        return None
    media = child.media_reference if isinstance(child, otio.schema.Clip) else None
    reel = ""
    if media is not None:
        where = media if entry(media.metadata, "cmx_3600") else child
        reel = str(entry(where.metadata, "cmx_3600", "reel") or "")
    path = media_path(media) if media is not None else None
    times = child.trimmed_range()
    start, duration = (exact(time.value) / rate_of(time) for time in (times.start_time, times.duration))
    return path or child.name, reel, start, duration, speed_of(child)
