"""Samples of one clip on their way into the mix of a cut: its channels, fades and speed."""

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from secondunit_bridge.media.sound import SoundReader

from secondunit_timeline.flat import Sounding

Samples = NDArray[np.float32]

# Places of L, R and C in the layouts of `playback`.
_LEFT, _RIGHT, _CENTRE = 0, 1, 2
# Half the taps of the windowed sinc that plays retimed sound, at normal speed.
_SINC_REACH = 16


def spread(samples: Samples, channels: int) -> Samples:
    """Into the channels of the mix: mono to L and R of stereo, to C of a larger layout; others channel by channel."""
    own = samples.shape[0]
    if own == channels:
        return samples
    spread = np.zeros((channels, samples.shape[1]), np.float32)
    if own == 1:
        spread[[_LEFT, _RIGHT] if channels == 2 else [_CENTRE]] = samples
    else:
        spread[: min(own, channels)] = samples[:channels]
    return spread


def gain(sounding: Sounding, low: int, high: int) -> Samples:
    gain = np.ones(high - low, np.float32)
    at = np.arange(low, high)
    for fade in sounding.fades:
        progress = np.clip((at - fade.start) / max(1, fade.end - fade.start), 0, 1)
        if not fade.rising:
            progress = 1 - progress
        gain *= np.sin(progress * (np.pi / 2)).astype(np.float32)
    return gain


def retimed(reader: SoundReader, position: Fraction, speed: Fraction, low: int, high: int) -> Samples:
    """The source at `position` + `speed` × s for each record sample s, by a Hann-windowed sinc: pitch follows speed."""
    # Whole and fractional parts are taken apart exactly, so that a long cut loses no precision.
    first = position + speed * low
    base = int(first // 1)
    at = float(first - base) + float(speed) * np.arange(high - low)
    stretch = max(1.0, abs(float(speed)))
    reach = int(np.ceil(_SINC_REACH * stretch))
    whole = np.floor(at).astype(np.int64)
    start = int(whole.min()) - reach
    source = reader.read(base + start, int(whole.max()) + reach + 2 - start)
    taps = np.arange(-reach + 1, reach + 1)
    distance = (at - whole)[:, None] - taps[None, :]
    window = np.where(np.abs(distance) < reach, 0.5 + 0.5 * np.cos(np.pi * distance / reach), 0)
    kernel = (np.sinc(distance / stretch) * window / stretch).astype(np.float32)
    gathered = source[:, (whole - start)[:, None] + taps[None, :]]
    return np.asarray(np.einsum("cnt,nt->cn", gathered, kernel), np.float32)
