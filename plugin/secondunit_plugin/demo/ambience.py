"""Sound for the sample cut, synthesised: wind, water, a train that crosses the stereo field, a burner, bells, birds.

Sounds are float32 (2, samples) at 48 kHz. Each place has a steady ambience of its own with quiet stretches between its
events, from which room tone can be made.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.floating]  # float32 in all that leaves this module

RATE = 48_000


def _coloured(rng: np.random.Generator, count: int, gain: Callable[[Samples], Samples]) -> Samples:
    """Noise with root mean square 1 and the spectrum `gain` of frequency in Hz."""
    frequency = np.fft.rfftfreq(count, 1 / RATE).astype(np.float32)
    spectrum = np.fft.rfft(rng.standard_normal(count)) * gain(frequency)
    sound = np.fft.irfft(spectrum, count)
    return np.asarray(sound / np.sqrt(np.mean(sound**2)), np.float32)


def _band(low: float, high: float) -> Callable[[Samples], Samples]:
    return lambda f: np.asarray((f / (f + low)) ** 2 / (1 + (f / high) ** 2), np.float32)


def _slow(rng: np.random.Generator, count: int, hertz: float) -> Samples:
    """A wandering value with deviation 1, which changes about `hertz` times a second."""
    return _coloured(rng, count, lambda f: np.exp(-((f / hertz) ** 2)) * (f > 0))


def _wide(rng: np.random.Generator, count: int, gain: Callable[[Samples], Samples], width: float) -> Samples:
    middle = _coloured(rng, count, gain)
    sides = np.stack([_coloured(rng, count, gain), _coloured(rng, count, gain)])
    return np.asarray(middle * np.sqrt(1 - width) + sides * np.sqrt(width), np.float32)


def _place(sound: Samples, pan: Samples | float) -> Samples:
    """Equal-power panning, 0 left to 1 right."""
    angle = np.clip(pan, 0, 1) * np.float32(np.pi / 2)
    return np.stack([sound * np.cos(angle), sound * np.sin(angle)]).astype(np.float32)


def _add(total: Samples, sound: Samples, at: float) -> None:
    first = int(at * RATE)
    count = min(sound.shape[1], total.shape[1] - first)
    if first >= 0 and count > 0:
        total[:, first : first + count] += sound[:, :count]


def _bell(seconds: float, pitch: float) -> Samples:
    t = np.arange(int(seconds * RATE), dtype=np.float32) / RATE
    partials = ((1.0, 1.0, 1.6), (2.0, 0.5, 2.4), (2.76, 0.45, 3.2), (5.4, 0.22, 5.5), (8.9, 0.10, 9.0))
    sound = sum(level * np.sin(2 * np.pi * pitch * ratio * t) * np.exp(-t * decay) for ratio, level, decay in partials)
    return np.asarray(sound * np.minimum(t / 0.002, 1), np.float32)


def _chirp(rng: np.random.Generator, notes: int) -> Samples:
    """A small bird: short glides between 2.5 and 5 kHz."""
    parts = []
    for _ in range(notes):
        t = np.arange(int(rng.uniform(0.05, 0.11) * RATE), dtype=np.float32) / RATE
        low, high = rng.uniform(2500, 3600), rng.uniform(3400, 5000)
        glide = low + (high - low) * np.sin(np.pi * t / t[-1] * rng.uniform(0.5, 1.0))
        parts += [np.sin(2 * np.pi * np.cumsum(glide) / RATE) * np.sin(np.pi * t / t[-1]) ** 2]
        parts += [np.zeros(int(rng.uniform(0.03, 0.10) * RATE))]
    return np.concatenate(parts).astype(np.float32)


def _settle(total: Samples) -> Samples:
    """Brings a place to its loudness and rounds off what would exceed -3 dBFS."""
    return np.asarray(np.tanh(total * 2 / 0.7) * 0.7, np.float32)


def lake(seed: int, count: int, boat: Callable[[Samples], Samples], bell_at: float, chorus: bool = False) -> Samples:
    """Lapping water, crickets, the boat's bell from where the boat is (`boat`: pan by seconds), birds at dusk."""
    rng = np.random.default_rng(seed)
    t = np.arange(count, dtype=np.float32) / RATE
    total = _wide(rng, count, _band(60, 420), 0.5) * np.float32(0.0050)
    for side in range(2):
        lap = np.clip(_slow(rng, count, 1.7) * 0.6 + 0.45, 0, None) ** 1.6
        total[side] += _coloured(rng, count, _band(350, 1500)) * lap * np.float32(0.0085)
    pulses = np.clip(np.sin(2 * np.pi * 31 * t), 0, 1) * (np.sin(2 * np.pi * 2.3 * t + 1) > -0.1)
    cricket = np.sin(2 * np.pi * 4300 * t) * pulses * (0.0016 + 0.0004 * _slow(rng, count, 0.8))
    total += _place(cricket.astype(np.float32), 0.78)
    strikes = _bell(2.2, 1180.0)
    for delay, level in ((0.0, 0.085), (0.36, 0.055)):
        pan = float(boat(np.array([bell_at + delay], np.float32))[0])
        _add(total, _place(strikes * np.float32(level), pan), bell_at + delay)
    if chorus:
        for at in np.arange(0.35, count / RATE - 0.5, 1.25):
            song = _chirp(rng, int(rng.integers(2, 5))) * np.float32(rng.uniform(0.02, 0.05))
            _add(total, _place(song, float(rng.uniform(0.05, 0.95))), float(at + rng.uniform(0, 0.3)))
    return _settle(total)


def valley(seed: int, count: int, train: Callable[[Samples], Samples]) -> Samples:
    """Wind in a valley and a steam train that passes from left to right (`train`: pan by seconds), then its whistle."""
    rng = np.random.default_rng(seed)
    t = np.arange(count, dtype=np.float32) / RATE
    gusts = np.exp(0.28 * _slow(rng, count, 0.7))
    total = _wide(rng, count, _band(50, 300), 0.6) * gusts * np.float32(0.010)
    total += _wide(rng, count, _band(700, 2600), 0.7) * gusts * np.float32(0.0016)
    pan = 0.5 + 2.2 * (train(t) - 0.46)  # a microphone near the track: it passes more steeply than it is seen to
    beat = t * 5.4 % 1
    chuff = np.exp(-beat * 7) * np.minimum(beat / 0.03, 1) * (1 + 0.35 * (np.floor(t * 5.4) % 4 == 0))
    engine = _coloured(rng, count, _band(180, 1300)) * chuff * np.float32(0.052)
    engine += _coloured(rng, count, _band(30, 110)) * np.float32(0.030)
    clack = np.zeros(count, np.float32)
    knock = np.exp(-np.arange(2400) / 260) * rng.standard_normal(2400)
    for at in np.arange(0.1, count / RATE - 0.3, 0.77):
        for delay, level in ((0.0, 1.0), (0.11, 0.8)):
            first = int((at + delay) * RATE)
            clack[first : first + 2400] += (knock * 0.055 * level).astype(np.float32)[: count - first]
    total += _place(engine, pan) + _place(clack, np.clip(pan - 0.2, 0, 1))
    length = int(0.95 * RATE)
    w = np.arange(length, dtype=np.float32) / RATE
    bend = 1 - 0.05 * np.exp(-w / 0.07)
    voice = sum(np.sin(2 * np.pi * np.cumsum(pitch * bend) / RATE) for pitch in (587.0, 698.0, 880.0))
    voice = voice + 0.5 * _coloured(rng, length, _band(1200, 3500))
    voice *= np.minimum(w / 0.06, 1) * np.minimum((0.95 - w) / 0.25, 1)
    at = 1.55
    _add(total, _place((voice * 0.028).astype(np.float32), float(train(np.array([at], np.float32))[0])), at)
    for echo, level in ((0.42, 0.30), (0.79, 0.16)):
        far = np.convolve(voice, np.ones(24) / 24, "same").astype(np.float32) * np.float32(0.028 * level)
        _add(total, _place(far, 0.15 if level > 0.2 else 0.9), at + echo)
    return _settle(total)


def aloft(seed: int, count: int, burner: Callable[[Samples], Samples], pan: float) -> Samples:
    """High, thin air and the balloon's burner (`burner`: its strength, 0 to 1, by seconds)."""
    rng = np.random.default_rng(seed)
    t = np.arange(count, dtype=np.float32) / RATE
    total = _wide(rng, count, _band(120, 900), 0.75) * np.exp(0.2 * _slow(rng, count, 0.5)) * np.float32(0.0048)
    roar = _coloured(rng, count, _band(90, 700)) * 0.075 + _coloured(rng, count, _band(1500, 5000)) * 0.014
    total += _place((roar * burner(t)).astype(np.float32), pan)
    creak = np.sin(2 * np.pi * np.cumsum(310 + 60 * _slow(rng, count, 6)) / RATE)
    wicker = creak * np.clip(_slow(rng, count, 2.2) - 1.3, 0, None) * 0.010
    total += _place(wicker.astype(np.float32), pan)
    return _settle(total)
