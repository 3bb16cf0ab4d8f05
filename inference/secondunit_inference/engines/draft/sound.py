"""Sound under generated frames, made from the shot's own sound. Arrays: float32, shape (channels, samples)."""

import numpy as np
from numpy.typing import NDArray
from secondunit_bridge.messages import SoundKind

Samples = NDArray[np.float32]

_FADE_SECONDS = 0.02
_HOLD_SECONDS = 0.5
_POOL_SECONDS = 4.0


def continue_sound(camera: Samples, shot: Samples, count: int, rate: int, kind: SoundKind, seed: int) -> Samples:
    """`count` samples that follow `camera`, the sound up to the seam; `shot` is all that may be used.

    The camera's sound stays as it is up to the seam; behind it, its mirror image (which has no step) fades into what
    is made. Digital silence before the seam and in the shot stays digital silence.
    """
    if count <= 0:
        return np.zeros((camera.shape[0], 0), np.float32)
    if not shot.any() and not camera.any():
        return np.zeros((camera.shape[0], count), np.float32)
    match kind:
        case SoundKind.SILENCE:
            made = np.zeros((camera.shape[0], count), np.float32)
        case SoundKind.ROOM_TONE:
            pool = _quiet_parts(shot if shot.any() else camera, rate)
            made = _grains(pool, count, rate, 0.35, seed) * _towards_seam(camera, pool, count, rate)
        case SoundKind.HOLD:
            last = camera if camera.shape[1] >= rate * _HOLD_SECONDS / 2 else shot
            made = _grains([last[:, -int(rate * _HOLD_SECONDS) :]], count, rate, 0.16, seed)
    return _join(camera, made, rate)


def _join(camera: Samples, made: Samples, rate: int) -> Samples:
    fade = min(int(rate * _FADE_SECONDS), made.shape[1], camera.shape[1])
    if fade == 0:
        return made
    angle = (np.arange(fade, dtype=np.float32) + 0.5) / fade * np.float32(np.pi / 2)
    result = made.copy()
    result[:, :fade] = camera[:, : -fade - 1 : -1] * np.cos(angle) + made[:, :fade] * np.sin(angle)
    return result


def _quiet_parts(shot: Samples, rate: int) -> list[Samples]:
    """The steady parts of least energy, about four seconds together, longest neighbours kept together."""
    hop = max(1, rate // 20)
    count = shot.shape[1] // hop
    if count < 8:
        return [shot]
    power = np.square(shot[:, : count * hop], dtype=np.float64).reshape(shot.shape[0], count, hop).mean(axis=(0, 2))
    sounding = power > 0
    if not sounding.any():
        return [shot]
    # A part must be quiet for as long as a grain is: the loudest of seven neighbours (0.35 s) counts.
    padded = np.pad(power, 3, mode="edge")
    loudest = np.lib.stride_tricks.sliding_window_view(padded, 7).max(axis=1)
    ranked = np.argsort(np.where(sounding, loudest, np.inf), kind="stable")
    # The very quietest part of a shot is often a dropout or a breath held: the room is what a tenth of it is below.
    floor = float(np.quantile(loudest[sounding], 0.1))
    wanted = int(_POOL_SECONDS * 20)
    chosen = np.zeros(count, np.bool_)
    for index in ranked[:wanted].tolist():
        # 6 dB above the quietest part it is no longer the room, unless there is too little of it.
        if loudest[index] > floor * 2 and chosen.sum() >= 10:
            break
        chosen[max(0, index - 3) : index + 4] = True
    chosen &= sounding
    edges = np.flatnonzero(np.diff(np.concatenate([[False], chosen, [False]]).astype(np.int8)))
    parts = [shot[:, start * hop : stop * hop] for start, stop in zip(edges[::2], edges[1::2], strict=True)]
    return [part for part in parts if part.shape[1] >= 4 * hop] or parts


def _towards_seam(camera: Samples, pool: list[Samples], count: int, rate: int) -> Samples:
    """Gains that let the tone start at the camera's own floor before the seam, within 6 dB, and settle in a second."""
    hop = max(1, rate // 20)
    near = camera[:, -40 * hop :]
    parts = near.shape[1] // hop
    tone = float(np.median([np.sqrt(np.square(part, dtype=np.float64).mean()) for part in pool]))
    if parts < 4 or tone == 0:
        return np.ones(count, np.float32)
    power = np.square(near[:, : parts * hop], dtype=np.float64).reshape(near.shape[0], parts, hop).mean(axis=(0, 2))
    ratio = float(np.clip(np.sqrt(np.quantile(power, 0.2)) / tone, 0.5, 2.0))
    return np.asarray(ratio ** np.exp(-np.arange(count) / rate), np.float32)


def _grains(pool: list[Samples], count: int, rate: int, seconds: float, seed: int) -> Samples:
    """Overlapping grains from random places, forwards or backwards, all channels from the same place.

    Grains are uncorrelated, so root-Hann windows at half their length keep the power even. Each is drawn to the
    pool's median level.
    """
    random = np.random.default_rng([seed & (2**63 - 1), 2])
    longest = max(part.shape[1] for part in pool)
    length = max(2, min(int(rate * seconds), longest) // 2 * 2)
    parts = [part for part in pool if part.shape[1] >= length]
    window = np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(length) + 0.5) / length)).astype(np.float32)
    places = np.array([part.shape[1] - length + 1 for part in parts], np.float64)
    level = float(np.median([np.sqrt(np.square(part, dtype=np.float64).mean()) for part in parts]))
    made = np.zeros((pool[0].shape[0], count + 2 * length), np.float32)
    last = -1.0
    for start in range(0, count + length, length // 2):
        index = int(random.choice(len(parts), p=places / places.sum()))
        offset = int(random.integers(0, int(places[index])))
        if last >= 0 and abs(offset - last) < length // 8 and places[index] > length:
            offset = int((offset + places[index] // 2) % places[index])
        last = float(offset)
        grain = parts[index][:, offset : offset + length]
        if random.random() < 0.5:
            grain = grain[:, ::-1]
        power = float(np.sqrt(np.square(grain, dtype=np.float64).mean()))
        gain = float(np.clip(level / power, 0.5, 1.5)) if power > 0 else 0.0
        made[:, start : start + length] += grain * (window * np.float32(gain))
    return made[:, length // 2 : length // 2 + count]
