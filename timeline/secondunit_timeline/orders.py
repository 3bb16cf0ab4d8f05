"""What all orders planned from a cut share: settings, the frames they stand on, and where camera frames end."""

from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import ceil
from pathlib import Path
from statistics import median
from uuid import uuid4

from secondunit_bridge.errors import BadInput
from secondunit_bridge.media.decoding import DECODING
from secondunit_bridge.messages import (
    CameraMove,
    Card,
    Codec,
    Condition,
    Delivery,
    IgnoreRegion,
    Look,
    Order,
    Parameter,
    Slot,
    SoundKind,
    Span,
    Strokes,
    Task,
    Text,
)
from secondunit_bridge.rates import FrameRange, FrameTime, frames_per_day

from secondunit_timeline.shots import Shot

CONTEXT = 24
"""Camera frames beside a slot that an order shows to an engine that asks for no other number: a second of motion."""

# A change of shot inside one file: the area averages of neighbouring frames differ by this share of full scale, and by
# this many times what they differ by otherwise. Both were chosen on cuts, pans and flashes of real footage.
_CUT_DIFFERENCE = 0.08
_CUT_RATIO = 6.0


@dataclass(frozen=True, slots=True)
class Settings:
    """What every order can be told. `folder`: where takes are written. One take for each seed."""

    folder: Path
    handles: int = 12
    seeds: tuple[int, ...] = (0,)
    engine: str = "draft"
    model: str = "draft"
    sound: SoundKind = SoundKind.ROOM_TONE
    ignore: tuple[IgnoreRegion, ...] = field(default=())
    codec: Codec = Codec.PRORES_HQ
    encoding: str = ""
    """See `Slot.encoding`."""
    prompt: str = ""
    negative: str = ""
    looks: tuple[Look, ...] = ()
    camera: CameraMove | None = None
    strokes: Strokes | None = None
    parameters: tuple[Parameter, ...] = ()
    card: Card | None = None
    """That of the model, where the unit was asked."""
    beside: int | None = None
    """Camera frames beside the slot that an order shows to the engine; None: as many as the card asks for."""

    def context(self, rate: Fraction) -> int:
        """How many camera frames at `rate` an order shows to the engine beside its slot."""
        if self.beside is not None:
            return self.beside
        asked = self.card.context if self.card is not None else None
        return CONTEXT if asked is None else 1 + ceil((asked.frame - 1) * rate / asked.rate)


def make_order(
    task: Task, show: str, shot: str, slot: Slot, conditions: tuple[Condition, ...], settings: Settings
) -> Order:
    for region in settings.ignore:
        if region.left >= slot.width or region.top >= slot.height:
            raise BadInput(
                f"the region to ignore at {region.left},{region.top} lies outside the picture of {shot!r}, which is "
                f"{slot.width}×{slot.height}"
            )
    return Order(
        id=uuid4().hex,
        task=task,
        show=show or "untitled",
        shot=shot or "shot",
        slot=replace(slot, encoding=settings.encoding),
        conditions=(*conditions, *steering(settings)),
        engine=settings.engine,
        model=settings.model,
        parameters=settings.parameters,
        seeds=settings.seeds,
        delivery=Delivery(str(settings.folder.resolve()), settings.codec),
    )


def steering(settings: Settings) -> tuple[Condition, ...]:
    """What steers an order of every task."""
    text = (Text(settings.prompt, settings.negative),) if settings.prompt or settings.negative else ()
    motion = tuple(one for one in (settings.camera, settings.strokes) if one is not None)
    return (*text, *settings.looks, *motion, *settings.ignore)


def slot_for(shot: Shot, frames: int, head: int, tail: int, start: FrameTime | None) -> Slot:
    """A slot in the format of the shot's media; `frames`, `head`, `tail` and `start` count at the media's rate."""
    return Slot(
        frames=frames,
        head=head,
        tail=tail,
        rate=shot.info.rate,
        cut_rate=shot.record.rate,
        width=shot.info.width,
        height=shot.info.height,
        pixel_aspect=shot.info.pixel_aspect,
        start=start,
        drop_frame=shot.info.drop_frame,
    )


def span(shot: Shot, start: int, end: int) -> Span:
    frames = FrameRange(start, end - start, shot.info.rate)
    return Span(shot.info.path, frames, shot.reel, media_timecode(shot, start))


def media_timecode(shot: Shot, frame: int) -> FrameTime:
    """The source timecode of a media frame, the file's own where it has one; wraps at 24 hours."""
    start = shot.info.start or shot.first
    day = frames_per_day(shot.info.rate, shot.info.drop_frame)
    return FrameTime((start.frame + frame) % day, shot.info.rate)


def camera_end(shot: Shot, wanted: int) -> int:
    """The media frame after the last one that still shows this shot, looking at `wanted` frames past its out point.

    In a film cut into shots the unused frames behind an out point are the next shot; they are no handle.
    """
    stop = min(shot.info.frames, shot.used.end + wanted)
    change = _first_change(shot, max(shot.used.start, shot.used.end - CONTEXT), stop, range(shot.used.end, stop))
    return shot.info.frames if change is None else change


def camera_start(shot: Shot, wanted: int) -> int:
    """The first media frame that shows this shot, looking at `wanted` frames before its in point."""
    first = max(0, shot.used.start - wanted)
    stop = min(shot.used.end, shot.used.start + CONTEXT)
    change = _first_change(shot, first, stop, range(shot.used.start, first, -1))
    return 0 if change is None else change


def shown_from(shot: Shot, end: int, wanted: int) -> int:
    """The first of `wanted` media frames before `end`, also before the in point where they still show this shot."""
    first = max(0, end - wanted)
    return max(first, camera_start(shot, shot.used.start - first)) if first < shot.used.start else first


def shown_to(shot: Shot, start: int, wanted: int) -> int:
    """The end of `wanted` media frames from `start` on, also past the out point where they still show this shot."""
    end = min(shot.info.frames, start + wanted)
    return min(end, camera_end(shot, end - shot.used.end)) if end > shot.used.end else end


def _first_change(shot: Shot, start: int, stop: int, candidates: range) -> int | None:
    """The first of `candidates` whose frame differs from the frame before it as only another shot does."""
    if not candidates:
        return None
    steps = DECODING.get().steps(shot.info.path, shot.info.rate, start, stop)
    usual = median(steps) if steps else 0.0
    for frame in candidates:
        step = steps[frame - start - 1] if frame > start else 0.0
        if step > _CUT_DIFFERENCE and step > _CUT_RATIO * usual:
            return frame
    return None
