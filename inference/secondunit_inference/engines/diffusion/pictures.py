"""Pictures of a take: the model's, brought to the camera's at each end, and the camera's own where they are kept."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from math import floor

import av
from secondunit_bridge.media.colour import parts, whole
from secondunit_bridge.media.probe import Encoding
from secondunit_bridge.media.read import picture
from secondunit_bridge.messages import Order, Seam
from secondunit_bridge.rates import FrameTime

from secondunit_inference.engines.diffusion.canvas import Known
from secondunit_inference.engines.diffusion.composite import Composite
from secondunit_inference.engines.diffusion.framing import Floats
from secondunit_inference.engines.diffusion.planned import Planned
from secondunit_inference.engines.diffusion.retime import Between
from secondunit_inference.engines.diffusion.space import Space
from secondunit_inference.engines.diffusion.window import Windows, white_of
from secondunit_inference.engines.draft.footage import reader
from secondunit_inference.job import Job, Picture
from secondunit_inference.seams import NO_CORRECTION, Correction, meet

_PREVIEW_WIDTH = 480
"""Previews travel at most this wide."""


class Frames:
    """Pictures of the take, in the codes of its encoding, from the model's frames and the camera's."""

    def __init__(self, plan: Planned, windows: Windows, made: dict[int, Floats], space: Space, job: Job) -> None:
        self._plan, self._windows, self._made, self._space, self._job = plan, windows, made, space, job
        self._framing = plan.framing if plan.enlarging is None else plan.enlarging.framing
        self._between = Between()

    def close(self) -> None:
        self._windows.close()

    def generated(self, frame: int) -> Picture | Floats:
        """Floats where the encoding may hold light beyond white."""
        self._job.check()
        at = self._plan.timing.model_frame(frame)
        low = floor(at)
        shown = self._model(low)
        if at != low:
            shown = self._between.picture((low, low + 1), shown, self._model(low + 1), at - low)
        codes = self._space.out_of(self._framing.out_of(shown))
        return codes if self._space.name else whole(codes)

    def preview(self, codes: Picture | Floats) -> Picture:
        """As a display shows them, and small: log, HDR and scene-linear codes are none of a display."""
        skip = max(1, codes.shape[1] // _PREVIEW_WIDTH)
        return whole(self._space.into(parts(codes[::skip, ::skip])))

    def forget(self, frame: int) -> None:
        """Gives up the model frames that no take frame from `frame` on shows."""
        low = floor(self._plan.timing.model_frame(frame))
        for number in [number for number in self._made if number < low]:
            del self._made[number]

    def _model(self, frame: int) -> Floats:
        return self._made[frame] if frame in self._made else self._windows.known(frame, self._made)


@dataclass(frozen=True, slots=True)
class Corrections:
    """What brings generated frames to the camera's at each end, and the seams that were measured."""

    opening: Correction
    ending: Correction
    seams: tuple[Seam, ...]

    def apply(self, shown: Picture | Floats, share: Fraction) -> Picture | Floats:
        """`share`: how far the frame lies from the opening towards the ending, 0 to 1."""
        if self.ending is NO_CORRECTION:
            return self.opening.apply(shown, 1.0)
        if self.opening is NO_CORRECTION:
            return self.ending.apply(shown, 1.0)
        return self.ending.apply(self.opening.apply(shown, float(1 - share)), float(share))


def corrected(plan: Planned, frames: Frames, encoding: Encoding) -> Corrections:
    scene = plan.canvas
    opening = ending = NO_CORRECTION
    seams = []
    if scene.first < scene.end:
        for known, frame, later in ((scene.before, scene.first, False), (scene.after, scene.end, True)):
            if known is None:
                continue
            camera = _camera_picture(known, frame if later else frame - 1, encoding)
            made = whole(frames.generated(frame - 1 if later else frame))
            meeting = meet(camera, made, scene.ignored, camera_last=later)
            seams.append(Seam(FrameTime(frame, known.span.range.rate), meeting.before, meeting.after))
            if later:
                ending = meeting.correction
            else:
                opening = meeting.correction
    return Corrections(opening, ending, tuple(seams))


def _camera_picture(known: Known, frame: int, encoding: Encoding) -> Picture:
    with reader(known.span) as source:
        return picture(source.frame(known.span.range.start + frame - known.at), encoding)


def take(
    plan: Planned, frames: Frames, corrections: Corrections, encoding: Encoding, order: Order, job: Job
) -> Iterator[av.VideoFrame | Picture | Floats]:
    scene = plan.canvas
    count = max(1, scene.end - scene.first - 1)
    try:
        if plan.composited:
            yield from _composited(plan, frames, encoding, order, job)
            return
        yield from _camera_frames(scene.before, 0, scene.first)
        for frame in range(scene.first, scene.end):
            shown = corrections.apply(frames.generated(frame), Fraction(frame - scene.first, count))
            frames.forget(frame + 1)
            job.progress.preview(FrameTime(frame, order.slot.rate), partial(frames.preview, shown))
            yield shown
        yield from _camera_frames(scene.after, scene.end, scene.total)
    finally:
        frames.close()


def _composited(
    plan: Planned, frames: Frames, encoding: Encoding, order: Order, job: Job
) -> Iterator[av.VideoFrame | Picture | Floats]:
    """Where the mask is black, the source's own codes."""
    source, mask = plan.canvas.source, plan.canvas.mask
    assert source is not None and mask is not None
    composite = Composite(encoding)
    with reader(mask.span) as masks:
        for frame, camera in enumerate(_camera_frames(source, 0, plan.canvas.total)):
            at = min(frame, mask.span.range.duration - 1)
            white = white_of(masks, mask.span.range.start + at)
            if not white.any():
                yield camera
                continue
            shown = frames.generated(frame)
            frames.forget(frame + 1)
            job.progress.preview(FrameTime(frame, order.slot.rate), partial(frames.preview, shown))
            yield composite.frame(camera, shown, white)


def _camera_frames(known: Known | None, first: int, end: int) -> Iterator[av.VideoFrame]:
    """The camera's own frames [first, end) of the take, as decoded, so that their codes stay as they are."""
    if known is None or first >= end:
        return
    begin = known.span.range.start - known.at
    with reader(known.span) as source:
        yield from source.frames(begin + first, begin + end)
