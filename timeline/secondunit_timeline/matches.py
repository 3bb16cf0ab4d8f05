"""A shot in the look of others, or made again: the take is one more media reference on the same clip."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path

from secondunit_bridge.errors import BadInput, ShotNotFound
from secondunit_bridge.media.decoding import DECODING
from secondunit_bridge.messages import (
    Condition,
    Mask,
    Order,
    ReferenceImage,
    ReferenceShot,
    SourceShot,
    Span,
    Take,
    Task,
)
from secondunit_bridge.rates import FrameRange, FrameTime

from secondunit_timeline.index import Index
from secondunit_timeline.operations import AddTake, Operation, SwapTake
from secondunit_timeline.orders import Settings, make_order, media_timecode, slot_for, span
from secondunit_timeline.shots import Shot, find_clip, open_shot
from secondunit_timeline.takes import Asked, key_of, recipe, reference
from secondunit_timeline.times import frames_of

_STILLS = {".png", ".jpg", ".jpeg", ".tif", ".tiff"}


@dataclass(frozen=True, slots=True)
class Match:
    """Also of a shot that is made again. `start`: the time that the cut counts for the take's first frame."""

    shot: Shot
    order: Order
    start: FrameTime


def plan_match(
    index: Index, selector: str, like: Sequence[ReferenceImage | ReferenceShot], settings: Settings
) -> Match:
    if not (like or settings.prompt or settings.looks):
        raise BadInput(
            "a match needs a look: give --like with a shot of the cut, a video file or an image; models that go by "
            "words or by a LoRA also take --prompt and --look"
        )
    shot, head, tail = _with_handles(index, selector, settings)
    return _match(index, Task.MATCH, shot, head, tail, like, settings)


def plan_replace(index: Index, selector: str, mask: str | None, settings: Settings, scale: float = 1) -> Match:
    """`mask`: a still, or a video file as long as the take or as the shot's media; white is made again.

    `scale`: the take has so many times the shot's width and height, rounded to even numbers.
    """
    if not (settings.prompt or settings.looks or settings.strokes or settings.camera or scale != 1):
        raise BadInput("nothing says what to make of the shot: give --prompt, --strokes or --camera")
    if mask is not None and scale != 1:
        raise BadInput("what lies outside a mask stays the shot's own pixels: give --mask or --scale")
    shot, head, tail = _with_handles(index, selector, settings)
    source = span(shot, shot.used.start - head, shot.used.end + tail)
    masks = (mask_of(mask, shot.name, source),) if mask is not None else ()
    plan = _match(index, Task.REPLACE, shot, head, tail, masks, settings)
    if scale == 1:
        return plan
    slot = plan.order.slot
    larger = replace(slot, width=2 * round(slot.width * scale / 2), height=2 * round(slot.height * scale / 2))
    return replace(plan, order=replace(plan.order, slot=larger))


def _with_handles(index: Index, selector: str, settings: Settings) -> tuple[Shot, int, int]:
    """The shot, and how many media frames the take has before and behind those that the cut plays."""
    track, item = find_clip(index, selector)
    shot = open_shot(index, track, item)
    transitions = (
        (item.before.in_offset if item.before is not None else None),
        (item.after.out_offset if item.after is not None else None),
    )
    head, tail = (
        max(settings.handles, shot.source_frames(ceil(frames_of(offset, index.rate))) if offset is not None else 0)
        for offset in (transitions if shot.speed >= 0 else transitions[::-1])
    )
    return shot, min(head, shot.unused_before), min(tail, shot.unused_after)


def _match(
    index: Index, task: Task, shot: Shot, head: int, tail: int, conditions: Sequence[Condition], settings: Settings
) -> Match:
    first = shot.used.start - head
    order = make_order(
        task,
        index.cut.name,
        shot.name,
        slot_for(shot, shot.used.duration, head, tail, media_timecode(shot, first)),
        (SourceShot(span(shot, first, shot.used.end + tail)), *conditions),
        settings,
    )
    return Match(shot, order, FrameTime(shot.first.frame + first, shot.info.rate))


def mask_of(path: str, shot: str, source: Span) -> Mask:
    """For a take on the frames of `source`. `path`: a still, a video file, or numbered pictures as name_%04d.png."""
    from secondunit_bridge.media.container import is_pattern

    if not (Path(path).is_file() or is_pattern(path)):
        raise BadInput(f"the mask {path}: there is no such file; numbered pictures are named as name_%04d.png")
    take = source.range
    pictures = is_pattern(path) or Path(path).suffix.lower() in _STILLS
    decoding = DECODING.get()
    info = decoding.probe(str(Path(path).resolve()), take.rate if pictures else None)
    shown = decoding.probe(source.path, take.rate)
    held = shown.frames
    if (info.width, info.height) != (shown.width, shown.height):
        raise BadInput(
            f"the mask {path} is {info.width}×{info.height}, {shot!r} is {shown.width}×{shown.height}: give a mask of "
            "its size"
        )
    if info.frames not in (1, take.duration, held):
        raise BadInput(
            f"the mask {path} has {info.frames} frames: give a still, {take.duration} frames, as a take of {shot!r} "
            f"has with its handles, or {held}, as its media has"
        )
    start = take.start if info.frames not in (1, take.duration) else 0
    return Mask(Span(info.path, FrameRange(start, min(info.frames, take.duration), info.rate)))


def look_of(index: Index, name: str) -> ReferenceImage | ReferenceShot:
    """A shot of the cut, a video file or a still image."""
    try:
        shot = open_shot(index, *find_clip(index, name))
        return ReferenceShot(span(shot, shot.used.start, shot.used.end))
    except ShotNotFound as error:
        path = Path(name)
        if not path.is_file():
            raise ShotNotFound(f"{name} is neither a shot of the cut nor a file\n{error}") from None
    if path.suffix.lower() in _STILLS:
        return ReferenceImage(str(path.resolve()))
    info = DECODING.get().probe(str(path.resolve()), index.rate)
    return ReferenceShot(Span(info.path, FrameRange(0, info.frames, info.rate), info.reel, info.start))


def place_match(match: Match, takes: Sequence[Take], asked: Asked | None = None) -> tuple[Operation, ...]:
    track, at = match.shot.track, FrameTime(match.shot.record.start, match.shot.record.rate)
    added = tuple(AddTake(track, at, key_of(take), reference(take, match.start), recipe(take, asked)) for take in takes)
    return (*added, SwapTake(track, at, key_of(takes[0])))
