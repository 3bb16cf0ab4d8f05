"""A shot from a picture and a camera move, or a slate from words."""

from collections.abc import Callable, Iterator
from functools import partial

from secondunit_bridge.media.probe import Encoding
from secondunit_bridge.media.read import picture, read_still
from secondunit_bridge.messages import CameraMove, Order, ReferenceImage, ReferenceShot, Sound, Text
from secondunit_bridge.rates import FrameTime

from secondunit_inference.engines.draft.ahead import Ahead
from secondunit_inference.engines.draft.footage import reader, sound_beside, total_frames
from secondunit_inference.engines.draft.slate import Slate
from secondunit_inference.engines.draft.still import Still
from secondunit_inference.job import Job, Made, Picture

# Pictures made here and stills are shown as their values are, the way editing software takes sRGB into BT.709.
_ENCODING = Encoding("rgb48le", 16, "bt709", "bt709", "bt709", False)


def _moved(still: Still, total: int, number: int) -> Picture:
    return still.frame(number / max(1, total - 1))


def generate(order: Order, seed: int, job: Job) -> Made:
    slot = order.slot
    total = total_frames(order)
    encoding = _ENCODING
    found: Picture | None = None
    for condition in order.conditions:
        if isinstance(condition, ReferenceImage):
            found = read_still(condition.path)
            break
        if isinstance(condition, ReferenceShot):
            with reader(condition.span) as source:
                limits = condition.span.range
                found = picture(source.frame(limits.start + limits.duration // 2), source.info.encoding)
                encoding = source.info.encoding
            break
    job.check()
    if found is not None:
        move = next((c for c in order.conditions if isinstance(c, CameraMove)), CameraMove("", 0.0))
        seconds = float(total / slot.rate)
        aspect = float(slot.pixel_aspect)
        still = Still(found, slot.width, slot.height, aspect, move.move, move.amount, seconds, seed)
        draw: Callable[[int], Picture] = partial(_moved, still, total)
    else:
        prompt = " ".join(c.prompt for c in order.conditions if isinstance(c, Text))
        start = slot.start or FrameTime(0, slot.rate)
        draw = Slate(prompt, order.shot, slot.width, slot.height, total, start, slot.drop_frame).frame

    def frames() -> Iterator[Picture]:
        for number in range(total):
            job.check()
            result = draw(number)
            job.progress.step(number + 1, total, "frames")
            job.progress.preview(FrameTime(number, slot.rate), result)
            yield result

    sound = next((c for c in order.conditions if isinstance(c, Sound)), None)
    notes = ("depth is guessed from the picture's own height, sharpness and colour",) if found is not None else ()
    return Made(
        frames=Ahead(frames(), 2),
        encoding=encoding,
        sound=sound_beside(sound, order, 0, after=False, seed=seed) if sound else (),
        seams=(),
        look=None,
        trusted=None,
        placeholder=found is None,
        notes=notes,
        cube="",
    )
