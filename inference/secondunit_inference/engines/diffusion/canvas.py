"""The normal form of an order: the frames of the take's file, and what is known of each before anything is made."""

from dataclasses import dataclass

from secondunit_bridge.errors import OrderRefused
from secondunit_bridge.messages import (
    CameraMove,
    FramesAfter,
    FramesBefore,
    IgnoreRegion,
    Look,
    Mask,
    Order,
    ReferenceImage,
    ReferenceShot,
    Sound,
    SourceShot,
    Span,
    Strokes,
    Task,
    Text,
)


@dataclass(frozen=True, slots=True)
class Known:
    """Camera frames: the first of `span` stands at frame `at` of the take's file, before it where negative."""

    span: Span
    at: int

    @property
    def end(self) -> int:
        return self.at + self.span.range.duration


@dataclass(frozen=True, slots=True)
class Canvas:
    """Frames count from the take's first as 0, at the slot's rate.

    Camera frames of `before` are kept up to `first`, those of `after` from `end` on; [first, end) is made, which is the
    whole slot of a join. `source` is what is made again there, whole or where `mask` is white.
    """

    task: Task
    total: int
    first: int
    end: int
    before: Known | None
    after: Known | None
    source: Known | None
    mask: Mask | None
    keyframes: tuple[ReferenceImage, ...]
    images: tuple[ReferenceImage, ...]
    shots: tuple[ReferenceShot, ...]
    prompt: str
    negative: str
    camera: CameraMove | None
    strokes: Strokes | None
    looks: tuple[Look, ...]
    sound: Sound | None
    ignored: tuple[IgnoreRegion, ...]


def canvas(order: Order) -> Canvas:
    """Raises OrderRefused where conditions are missing, contradict each other or do not fit the slot."""
    slot = order.slot
    total = slot.head + slot.frames + slot.tail
    if slot.frames < 1 or slot.head < 0 or slot.tail < 0:
        raise OrderRefused(
            f"{order.shot}: a slot of {slot.frames} frames with handles of {slot.head} and {slot.tail} cannot be made: "
            "ask for at least one frame and no negative handle"
        )
    before = after = source = mask = camera = strokes = sound = None
    keyframes: list[ReferenceImage] = []
    images: list[ReferenceImage] = []
    shots: list[ReferenceShot] = []
    looks: list[Look] = []
    ignored: list[IgnoreRegion] = []
    prompts: list[str] = []
    negatives: list[str] = []
    first, end = 0, total
    for condition in order.conditions:
        match condition:
            case FramesBefore(span, into):
                first = slot.head if order.task is Task.JOIN else slot.head + into
                before = Known(span, slot.head + into - span.range.duration)
                _refuse_short(order, span, slot.head + into, into)
            case FramesAfter(span, into):
                end = total - slot.tail - (0 if order.task is Task.JOIN else into)
                after = Known(span, total - slot.tail - into)
                _refuse_short(order, span, slot.tail + into, into)
            case SourceShot(span):
                source = Known(span, 0)
                if span.range.duration != total:
                    raise OrderRefused(
                        f"{order.shot}: the source shot has {span.range.duration} frames, the slot with its handles "
                        f"{total}: they must be equal"
                    )
            case Mask():
                mask = condition
                if condition.span.range.duration not in (1, total):
                    raise OrderRefused(
                        f"{order.shot}: the mask {condition.span.path} has {condition.span.range.duration} frames: "
                        f"give one for all, or {total}"
                    )
            case ReferenceImage(_, at):
                if at is None:
                    images.append(condition)
                elif 0 <= at.frame < total and at.rate == slot.rate:
                    keyframes.append(condition)
                else:
                    raise OrderRefused(
                        f"{order.shot}: {condition.path} is wanted at frame {at.frame} at {float(at.rate):g}; the take "
                        f"has frames 0 to {total - 1} at {float(slot.rate):g}"
                    )
            case ReferenceShot():
                shots.append(condition)
            case Text(prompt, negative):
                prompts.append(prompt)
                negatives += [negative] if negative else []
            case CameraMove():
                if camera is not None:
                    raise OrderRefused(f"{order.shot}: the order has two camera moves: give one")
                camera = condition
            case Strokes():
                if strokes is not None:
                    raise OrderRefused(f"{order.shot}: the order has strokes twice: give all of them at once")
                strokes = condition
            case Look():
                looks.append(condition)
            case Sound():
                sound = condition
            case IgnoreRegion():
                ignored.append(condition)
    made = Canvas(
        task=order.task,
        total=total,
        first=first,
        end=end,
        before=before,
        after=after,
        source=source,
        mask=mask,
        keyframes=tuple(sorted(keyframes, key=_time_of)),
        images=tuple(images),
        shots=tuple(shots),
        prompt=" ".join(prompts),
        negative=" ".join(negatives),
        camera=camera,
        strokes=strokes,
        looks=tuple(looks),
        sound=sound,
        ignored=tuple(ignored),
    )
    _refuse_incomplete(order, made)
    return made


def _time_of(image: ReferenceImage) -> int:
    return image.at.frame if image.at is not None else 0


def _refuse_short(order: Order, span: Span, wanted: int, into: int) -> None:
    if not 0 <= into <= order.slot.frames:
        raise OrderRefused(f"{order.shot}: {into} camera frames reach into a slot of {order.slot.frames} frames")
    if span.range.duration < max(1, wanted):
        raise OrderRefused(
            f"{order.shot}: the order gives {span.range.duration} camera frames of {span.path}, its handle and what "
            f"reaches into the slot need {max(1, wanted)}"
        )


def _refuse_incomplete(order: Order, made: Canvas) -> None:
    match order.task:
        case Task.EXTEND if (made.before is None) == (made.after is None):
            raise OrderRefused(f"{order.shot}: an extension needs either the frames before it or those after it")
        case Task.JOIN if made.before is None or made.after is None:
            raise OrderRefused(f"{order.shot}: a join needs the frames before it and the frames after it")
        case Task.EXTEND if made.first >= made.end:
            raise OrderRefused(
                f"{order.shot}: camera frames cover the slot, nothing is left to make: `into` has to be less than its "
                "frames"
            )
        case Task.MATCH | Task.REPLACE if made.source is None:
            raise OrderRefused(f"{order.shot}: a {order.task} needs the source shot")
        case Task.MATCH if not (made.shots or made.images or made.looks):
            raise OrderRefused(f"{order.shot}: a match needs a reference shot, a reference image or a look")
        case Task.GENERATE if not (made.prompt or made.images or made.keyframes or made.shots):
            raise OrderRefused(f"{order.shot}: give a text, an image or a shot to generate from")
        case _:
            pass
