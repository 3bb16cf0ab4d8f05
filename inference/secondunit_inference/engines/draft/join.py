"""Two shots joined over a cut or a gap: each side moves towards the other while it gives way to it."""

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from secondunit_bridge.errors import OrderRefused
from secondunit_bridge.media.probe import Encoding
from secondunit_bridge.media.read import picture
from secondunit_bridge.messages import FramesAfter, FramesBefore, IgnoreRegion, Order, Seam, Sound, Span
from secondunit_bridge.rates import FrameRange, FrameTime

from secondunit_inference.engines.draft import motion
from secondunit_inference.engines.draft.ahead import Ahead
from secondunit_inference.engines.draft.card import TRUSTED_FRAMES
from secondunit_inference.engines.draft.continuation import CONTEXT, Continuation
from secondunit_inference.engines.draft.footage import (
    CameraFrames,
    camera_frames,
    ignored,
    reader,
    sound_beside,
    span_frames,
    total_frames,
)
from secondunit_inference.engines.draft.motion import Floats
from secondunit_inference.job import Job, Made, Picture
from secondunit_inference.seams import Correction, meet, uncorrected

# Of the pixels of two shots of one scene at least so many find each other again; of two scenes far fewer.
_SIMILAR_SHARE = 0.45
_CONSISTENT = 1.5
_MOST_LIGHT = 0.5


def join(order: Order, seed: int, job: Job) -> Made:
    slot = order.slot
    before = next(c for c in order.conditions if isinstance(c, FramesBefore))
    after = next(c for c in order.conditions if isinstance(c, FramesAfter))
    ignore = ignored(order)
    job.progress.loading(f"camera frames of {before.span.path} and {after.span.path}")
    left = _Side(before.span, before.into, slot.head, order, seed, ignore, job, backwards=False)
    job.progress.preview(FrameTime(0, slot.rate), left.shown)
    with ThreadPoolExecutor(1) as pool:
        measured = pool.submit(left.measure)
        right = _Side(after.span, after.into, slot.tail, order, seed, ignore, job, backwards=True)
        right.measure()
        measured.result()
    one, other = left.camera.info.encoding, right.camera.info.encoding
    if _colour(one) != _colour(other):
        raise OrderRefused(
            f"{before.span.path} is {' '.join(_colour(one))}, {after.span.path} is {' '.join(_colour(other))}:"
            " bring one to the colour of the other before joining them"
        )
    same_codes = (one.matrix, one.full_range) == (other.matrix, other.full_range)
    count = slot.frames
    middle = count // 2
    job.progress.step(0, total_frames(order), "measuring the way from one shot to the other")
    meeting = _Meeting(left.picture(middle), right.picture(count - 1 - middle), job)
    blender = _Blender(meeting, left, right, count)

    def blended(number: int, a: Picture, b: Picture) -> Picture:
        return blender.frame(number, a, b)

    first_raw = blended(0, left.picture(0), right.picture(count - 1))
    job.check()
    last_raw = blended(count - 1, left.picture(count - 1), right.picture(0))
    opening = meet(left.neighbour, first_raw, ignore, camera_last=False)
    ending = meet(right.neighbour, last_raw, ignore, camera_last=True)
    job.check()
    if count == 1:
        # One frame cannot be brought to both sides.
        opening, ending = uncorrected(opening), uncorrected(ending)
    seams = (
        Seam(FrameTime(slot.head, slot.rate), opening.before, opening.after),
        Seam(FrameTime(slot.head + count, slot.rate), ending.before, ending.after),
    )

    def frames() -> Iterator[av.VideoFrame | Picture]:
        total = total_frames(order)
        yield from left.handle
        with closing(left.slot_pictures(count)) as leaving, closing(right.slot_pictures(count)) as coming:
            for number, (a, b) in enumerate(zip(leaving, coming, strict=True)):
                job.check()
                result = _ramped(blended(number, a, b), number, count, opening.correction, ending.correction)
                job.progress.step(slot.head + number + 1, total, "frames")
                job.progress.preview(FrameTime(slot.head + number, slot.rate), result)
                yield result
        yield from right.handle if same_codes else (picture(frame, other) for frame in right.handle)
        job.progress.step(total, total, "frames")

    notes = []
    if not meeting.similar:
        notes.append(
            f"the two shots do not show the same view ({meeting.share:.0%} of the picture corresponds):"
            " joined by a dissolve in which both keep moving"
        )
    missing = max(0, count - before.into - after.into)
    if missing:
        notes.append(f"{missing} of {count} frames have no camera picture on either side")
    sound = next((c for c in order.conditions if isinstance(c, Sound)), None)
    return Made(
        frames=Ahead(frames(), 2),
        encoding=one,
        sound=sound_beside(sound, order, slot.head, after=False, seed=seed) if sound else (),
        seams=seams,
        look=None,
        trusted=None if missing <= 2 * TRUSTED_FRAMES else before.into + TRUSTED_FRAMES,
        placeholder=False,
        notes=tuple(notes),
        cube="",
    )


def _colour(encoding: Encoding) -> tuple[str, str]:
    """Primaries and transfer. ITU-T H.273 gives one curve several names."""
    transfer = encoding.transfer
    return encoding.primaries, "bt709" if transfer in ("smpte170m", "bt2020-10", "bt2020-12") else transfer


class _Side:
    """One shot of a join: camera frames where it has them under the slot, continued where it has none.

    Frames of the slot are counted from this side, from 0.
    """

    def __init__(
        self,
        span: Span,
        into: int,
        handle: int,
        order: Order,
        seed: int,
        ignore: tuple[IgnoreRegion, ...],
        job: Job,
        *,
        backwards: bool,
    ) -> None:
        self._span, self._into, self._order, self.job = span, into, order, job
        self._seed, self._ignore, self._backwards = seed, ignore, backwards
        limits = span.range
        # The file's frames from the handle's outer end to the slot's, and the end inside the slot with its context.
        inner = limits.start if backwards else limits.end
        slot_edge = inner + into if backwards else inner - into
        self._slot_edge = slot_edge
        outer = slot_edge + handle if backwards else slot_edge - handle
        neighbour = slot_edge if backwards else slot_edge - 1
        wanted = (min(outer, neighbour), max(outer, neighbour + 1))
        self.camera: CameraFrames = camera_frames(_part(span, *wanted), order, job)
        self.handle = self.camera.frames if handle else []
        self.neighbour = self.camera.pictures[0 if backwards else -1]
        self.shown = self.camera.pictures[0]
        self._end = (
            (inner, min(limits.end, inner + CONTEXT)) if backwards else (max(limits.start, inner - CONTEXT), inner)
        )

    def measure(self) -> None:
        context = camera_frames(_part(self._span, *self._end), self._order, self.job).pictures
        self.continuation = Continuation(
            context[::-1] if self._backwards else context, self._seed, self._ignore, self.job
        )

    def picture(self, number: int) -> Picture:
        if number >= self._into:
            return self.continuation.frame(number - self._into + 1)
        at = self._slot_edge - 1 - number if self._backwards else self._slot_edge + number
        with reader(self._span) as source:
            return picture(source.frame(at), source.info.encoding)

    def slot_pictures(self, count: int) -> Generator[Picture, None, None]:
        """In the order of time."""
        made = max(0, count - self._into)
        if self._backwards:
            for number in range(made, 0, -1):
                yield self.continuation.frame(number)
        if self._into:
            part = (self._slot_edge - self._into, self._slot_edge)
            if not self._backwards:
                part = (self._slot_edge, self._slot_edge + self._into)
            with reader(self._span) as source:
                for frame in span_frames(source, _part(self._span, *part), self._order):
                    yield picture(frame, source.info.encoding)
        if not self._backwards:
            for number in range(1, made + 1):
                yield self.continuation.frame(number)


def _part(span: Span, start: int, stop: int) -> Span:
    return Span(span.path, FrameRange(start, stop - start, span.range.rate))


@dataclass(frozen=True, slots=True)
class _Ways:
    """Flow from the left picture to the right one and back, and how sure it is (1) at working size."""

    there: Floats
    back: Floats
    sure_there: Floats
    sure_back: Floats


def _ways(a: NDArray[np.uint8], b: NDArray[np.uint8], job: Job) -> _Ways:
    there = motion.flow(a, b)
    job.check()
    back = motion.flow(b, a)
    sure = []
    fields = []
    for one, other in ((there, back), (back, there)):
        error = motion.consistency(one, other)
        trust = np.exp(-np.square(error / _CONSISTENT)).astype(np.float32)
        smooth_trust = cv2.GaussianBlur(trust, (0, 0), 3)
        # What finds no way back follows its surroundings.
        followed = motion.fill(one * (trust > 0.3)[..., None], trust <= 0.3)
        fields.append(cv2.GaussianBlur(followed, (0, 0), 2))
        sure.append(smooth_trust)
    return _Ways(fields[0], fields[1], sure[0], sure[1])


class _Meeting:
    """What the two shots have in common in the middle of the slot."""

    def __init__(self, a: Picture, b: Picture, job: Job) -> None:
        self._scale = motion.working_scale(a.shape[1], a.shape[0])
        grey_a, grey_b = motion.grey(a, self._scale), motion.grey(b, self._scale)
        ways = _ways(grey_a, grey_b, job)
        back = motion.sample(_small(b, self._scale), ways.there)
        a_small = _small(a, self._scale)
        alike = cv2.GaussianBlur(np.abs(np.log((a_small.mean(axis=2) + 0.02) / (back.mean(axis=2) + 0.02))), (0, 0), 4)
        sure = (ways.sure_there > 0.5) & (alike < _MOST_LIGHT)
        # Areas without structure agree with anything.
        structured = (
            cv2.morphologyEx(cv2.GaussianBlur(grey_a, (0, 0), 1), cv2.MORPH_GRADIENT, np.ones((7, 7), np.uint8)) > 6
        )
        counted = structured if structured.mean() > 0.02 else np.ones_like(structured)
        self.share = float(sure[counted].mean())
        self.similar = self.share >= _SIMILAR_SHARE
        self.light = np.zeros(3)
        if self.similar:
            usable = sure & (a_small.min(axis=2) > 0.02) & (back.min(axis=2) > 0.02) & (a_small.max(axis=2) < 0.97)
            if usable.mean() > 0.05:
                self.light = np.median(np.log(back[usable] / a_small[usable]), axis=0).astype(np.float64)
                self.light = np.clip(self.light, -_MOST_LIGHT, _MOST_LIGHT)


def _small(item: Picture, scale: motion.Scale) -> Floats:
    small = cv2.resize(item, (scale.width, scale.height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32) / np.float32(65535)


class _Blender:
    def __init__(self, meeting: _Meeting, left: _Side, right: _Side, count: int) -> None:
        self._meeting, self._count = meeting, count
        self._left, self._right = left, right

    def frame(self, number: int, a: Picture, b: Picture) -> Picture:
        way = (number + 1) / (self._count + 1)
        travelled = _ease(way)
        share = _ease(np.clip((way - 0.2) / 0.6, 0, 1)) if self._meeting.similar else travelled
        a = _lit(a, self._meeting.light * travelled)
        b = _lit(b, self._meeting.light * (travelled - 1))
        height, width = a.shape[:2]
        weight: Floats = np.full((height, width), share, np.float32)
        if self._meeting.similar:
            scale = motion.working_scale(width, height)
            ways = _ways(motion.grey(a, scale), motion.grey(b, scale), self._left.job)
            there, back = ways.there * np.float32(travelled), ways.back * np.float32(1 - travelled)
            onto_a, _ = motion.push(there)
            onto_b, _ = motion.push(back)
            a, b = _moved(a, onto_a), _moved(b, onto_b)
            sure = np.minimum(
                motion.sample(ways.sure_there[..., None], onto_a), motion.sample(ways.sure_back[..., None], onto_b)
            )
            sure = cv2.resize(cv2.GaussianBlur(sure, (0, 0), 4), (width, height), interpolation=cv2.INTER_LINEAR)
            # Where the two do not correspond, a short change is less of a ghost than a long one.
            short = _ease(np.clip((way - 0.38) / 0.24, 0, 1))
            weight = np.asarray(short + (share - short) * sure, np.float32)
        mixed = a + (b.astype(np.float32) - a) * weight[..., None]
        result: Picture = np.clip(mixed + 0.5, 0, 65535).astype(np.uint16)
        # A mixture of two grains is weaker than either.
        lacking = np.asarray(1 - np.square(weight) - np.square(1 - weight), np.float32)
        if lacking.max() < 0.02:
            return result
        side = self._left if share < 0.5 else self._right
        return side.continuation.regrained(result, number, lacking)


def _ease(value: float) -> float:
    return float(value * value * (3 - 2 * value))


def _lit(item: Picture, light: NDArray[np.float64]) -> Picture:
    if np.abs(light).max() < 1e-4:
        return item
    return np.asarray(np.clip(item * np.exp(light).astype(np.float32) + 0.5, 0, 65535), np.uint16)


def _moved(item: Picture, onto: Floats) -> Picture:
    height, width = item.shape[:2]
    full = cv2.resize(onto, (width, height), interpolation=cv2.INTER_LINEAR)
    full *= np.array([width / onto.shape[1], height / onto.shape[0]], np.float32)
    full += motion.grid(height, width)
    return np.asarray(
        cv2.remap(item, full[..., 0], full[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101), np.uint16
    )


def _ramped(item: Picture, number: int, count: int, opening: Correction, ending: Correction) -> Picture:
    """Each correction is whole at its own seam and gone at the middle of the slot."""
    middle = max(1.0, count / 2)
    item = opening.apply(item, _ease(max(0.0, 1 - number / middle)))
    return ending.apply(item, _ease(max(0.0, 1 - (count - 1 - number) / middle)))
