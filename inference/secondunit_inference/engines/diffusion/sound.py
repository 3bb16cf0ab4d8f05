"""Sound of a take: the camera's where the order brings it, else the model's, as long as the frames to the sample."""

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from secondunit_bridge.messages import Order
from secondunit_bridge.rates import FrameTime, samples_before

from secondunit_inference.engines.diffusion.planned import Planned
from secondunit_inference.engines.diffusion.timing import Pass
from secondunit_inference.engines.draft.footage import sound_along, sound_beside
from secondunit_inference.job import SoundStream

Parts = list[tuple[Pass, NDArray[np.float32]]]
"""For each pass its samples, shape (channels, samples)."""
_FADE_SECONDS = 0.05


def sound(plan: Planned, made: Parts, rate: int, order: Order, seed: int) -> tuple[SoundStream, ...]:
    scene = plan.canvas
    if scene.sound is not None:
        if scene.source is not None:
            return sound_along(scene.sound, order)
        if scene.before is None and scene.after is not None:
            return sound_beside(scene.sound, order, scene.total - scene.end, after=True, seed=seed)
        return sound_beside(scene.sound, order, scene.first, after=False, seed=seed)
    if not plan.wants_sound or not made:
        return ()
    whole = _joined(made, plan.card.rate, rate)
    # Take time to model time; the two run alike unless a slot's ends stretch the model's frames.
    slot = order.slot.rate
    total = samples_before(FrameTime(scene.total, slot), rate)
    begin = float(plan.timing.model_frame(0) / plan.card.rate * rate)
    pace = float(slot / plan.timing.step / plan.card.rate)
    places = begin + np.arange(total) * pace
    streams = np.stack(
        [np.interp(places, np.arange(whole.shape[1]), channel, left=0.0, right=0.0) for channel in whole]
    )
    layout = {1: "mono", 2: "stereo"}[whole.shape[0]]
    return (SoundStream(streams.astype(np.float32), rate, layout),)


def _joined(parts: Parts, frame_rate: Fraction, rate: int) -> NDArray[np.float32]:
    """The sound of all passes from the model's first frame on, each faded in before the first frame that is its own."""
    ordered = sorted(parts, key=lambda part: part[0].first)
    placed = [(round(one.first / frame_rate * rate), one.head, samples) for one, samples in ordered]
    whole = np.zeros((placed[0][2].shape[0], max(at + samples.shape[1] for at, _, samples in placed)), np.float32)
    end = 0
    for at, head, samples in placed:
        own = min(at + round(head / frame_rate * rate), end) if end > at else at
        fade = min(round(_FADE_SECONDS * rate), own - at)
        start = own - fade
        share = np.linspace(0, 1, fade, endpoint=False, dtype=np.float32)
        before = whole[:, start:own] * np.sqrt(1 - share)
        whole[:, start : at + samples.shape[1]] = samples[:, start - at :]
        whole[:, start:own] = before + whole[:, start:own] * np.sqrt(share)
        end = at + samples.shape[1]
    return whole
