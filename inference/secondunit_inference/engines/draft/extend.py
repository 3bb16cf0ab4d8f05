"""A shot carried on past the end of its media, or before its start."""

from collections.abc import Iterator

import av
from secondunit_bridge.messages import FramesAfter, FramesBefore, Order, Seam, Sound, Span
from secondunit_bridge.rates import FrameRange, FrameTime

from secondunit_inference.engines.draft.ahead import Ahead
from secondunit_inference.engines.draft.card import TRUSTED_FRAMES
from secondunit_inference.engines.draft.continuation import CONTEXT, Continuation
from secondunit_inference.engines.draft.footage import camera_frames, ignored, sound_beside, total_frames
from secondunit_inference.job import Job, Made, Picture
from secondunit_inference.seams import meet


def extend(order: Order, seed: int, job: Job) -> Made:
    slot = order.slot
    camera = next(c for c in order.conditions if isinstance(c, FramesBefore | FramesAfter))
    after = isinstance(camera, FramesAfter)
    kept = (slot.tail if after else slot.head) + camera.into
    total = total_frames(order)
    job.progress.loading(f"camera frames of {camera.span.path}")
    limits = camera.span.range
    needed = min(limits.duration, max(kept, CONTEXT))
    near = FrameRange(limits.start if after else limits.end - needed, needed, limits.rate)
    first_kept = total - kept if after else 0
    first_shown = 0 if after else needed - max(kept, 1)

    def seen(number: int, item: Picture) -> None:
        if number == first_shown:
            job.progress.preview(FrameTime(first_kept, slot.rate), item)

    given = camera_frames(Span(camera.span.path, near), order, job, seen)
    # A head is a tail in reversed time.
    pictures = given.pictures[::-1] if after else given.pictures
    ignore = ignored(order)
    job.progress.step(0, total, "measuring motion")
    continuation = Continuation(pictures, seed, ignore, job)
    generated = total - kept
    raw = continuation.frame(1)
    meeting = meet(pictures[-1], raw, ignore, camera_last=after)
    at = first_kept if after else kept
    seams = (Seam(FrameTime(at, slot.rate), meeting.before, meeting.after),)

    def made(number: int) -> Picture:
        if number == 1:
            return meeting.picture
        return meeting.correction.apply(continuation.frame(number), 1.0)

    def frames() -> Iterator[av.VideoFrame | Picture]:
        numbers = range(generated, 0, -1) if after else range(1, generated + 1)
        own = given.frames[:kept] if after else given.frames[len(given.frames) - kept :]
        done = 0
        if not after:
            yield from own
            done = kept
        for number in numbers:
            job.check()
            result = made(number)
            done += 1
            job.progress.step(done, total, "frames")
            job.progress.preview(FrameTime(done - 1, slot.rate), result)
            yield result
        if after:
            yield from own
            job.progress.step(total, total, "frames")

    sound = next((c for c in order.conditions if isinstance(c, Sound)), None)
    trusted = continuation.trusted
    notes = []
    if continuation.still:
        notes.append("nothing moves in the shot: the generated frames hold its last picture under new grain")
    elif trusted is not None and trusted < min(generated, TRUSTED_FRAMES):
        notes.append(f"the motion before the seam is not steady: {trusted} of {generated} generated frames are trusted")
    return Made(
        frames=Ahead(frames(), 2),
        encoding=given.info.encoding,
        sound=sound_beside(sound, order, kept, after=after, seed=seed) if sound else (),
        seams=seams,
        look=None,
        trusted=None if trusted is None else min(trusted, generated),
        placeholder=False,
        notes=tuple(notes),
        cube="",
    )
