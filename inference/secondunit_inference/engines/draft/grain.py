"""Grain as it changes from frame to frame: measured, taken out of a picture, and made anew."""

from dataclasses import dataclass

import cv2
import numpy as np
import scipy.fft
from numpy.typing import NDArray

from secondunit_inference.job import Picture

Floats = NDArray[np.float32]

_BLOCK = 16
_PATCH = 32
_LEVELS = 16
_TILE = 1024
_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
# Y, B - Y, R - Y of R, G, B and back.
_OPPONENT = np.stack([_LUMA, np.array([0, 0, 1], np.float32) - _LUMA, np.array([1, 0, 0], np.float32) - _LUMA])
_TO_RGB = np.linalg.inv(_OPPONENT.astype(np.float64)).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Grain:
    """`deviations`: luma deviation, 0..1, at 256 luma levels. `colour`: that of B-Y and R-Y over that of luma.

    `spectra`: shape (3, 32, 32), amplitudes whose squares have mean 1, zero frequency first.
    """

    deviations: Floats
    colour: tuple[float, float]
    spectra: Floats


NO_GRAIN = Grain(np.zeros(256, np.float32), (0.0, 0.0), np.ones((3, _PATCH, _PATCH), np.float32))


def measure_grain(pairs: list[tuple[Picture, Picture]], keep: NDArray[np.bool_] | None = None) -> Grain:
    """From pairs of a picture and its neighbour, the latter moved onto it by whole pixels (interpolation kills grain).

    `keep` (full size) leaves regions out.
    """
    parts = []
    for picture, neighbour in pairs:
        one, other = picture.astype(np.float32), neighbour.astype(np.float32)
        residual = cv2.transform(one - other, _OPPONENT * np.float32(1 / 65535 / np.sqrt(2)))
        luma = cv2.transform(one + other, _LUMA[None] * np.float32(0.5 / 65535))
        parts.append((residual, luma))
    return _measured(parts, keep)


def measure_luma_grain(pairs: list[tuple[Floats, Floats]]) -> Grain:
    """As `measure_grain`, of luma 0..1 alone: the grain has no colour."""
    scale = np.float32(1 / np.sqrt(2))
    half = np.float32(0.5)
    parts = [
        (np.asarray((one - other)[..., None] * scale, np.float32), np.asarray((one + other) * half, np.float32))
        for one, other in pairs
    ]
    return _measured(parts, None)


def _measured(parts: list[tuple[Floats, Floats]], keep: NDArray[np.bool_] | None) -> Grain:
    """Only blocks without structure count: there a wrong flow does no harm."""
    levels, deviations, ratios, patches = [], [], [], []
    for residual, luma in parts:
        height, width = luma.shape[0] // _BLOCK * _BLOCK, luma.shape[1] // _BLOCK * _BLOCK
        if height < 2 * _PATCH or width < 2 * _PATCH:
            continue
        residual, luma = residual[:height, :width], luma[:height, :width]
        coarse = cv2.resize(luma, (width // 4, height // 4), interpolation=cv2.INTER_AREA)
        structure = _block_means(cv2.morphologyEx(coarse, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)), 4)
        mean = _block_means(residual, _BLOCK).reshape(*structure.shape, -1)
        variance = _block_means(np.square(residual), _BLOCK).reshape(mean.shape) - np.square(mean)
        level = _block_means(luma, _BLOCK)
        usable = (level > 0.02) & (level < 0.98)
        if keep is not None:
            usable &= _block_means(keep[:height, :width].astype(np.float32), _BLOCK) > 0.999
        if np.count_nonzero(usable) < 4:
            continue
        flat = usable & (structure <= np.quantile(structure[usable], 0.4))
        # Motion that the flow missed shows as outliers upwards.
        flat &= variance[..., 0] <= np.quantile(variance[..., 0][flat], 0.75)
        levels.append(level[flat])
        deviations.append(np.sqrt(np.maximum(variance[..., 0][flat], 0)))
        ratios.append(variance[flat][:, 1:].mean(axis=0) / max(1e-12, float(variance[flat][:, 0].mean())))
        patches.append(_spectrum(residual, flat))
    if not levels:
        return NO_GRAIN
    colour = np.sqrt(np.maximum(np.mean(ratios, axis=0), 0)) if ratios[0].size else np.zeros(2)
    spectra = np.sqrt(np.mean(patches, axis=0)).astype(np.float32)
    if len(spectra) == 1:
        spectra = np.repeat(spectra, 3, axis=0)
    return Grain(
        _curve(np.concatenate(levels), np.concatenate(deviations)), (float(colour[0]), float(colour[1])), spectra
    )


def _block_means(values: Floats, size: int) -> Floats:
    target = (values.shape[1] // size, values.shape[0] // size)
    return np.asarray(cv2.resize(values, target, interpolation=cv2.INTER_AREA), np.float32)


def _curve(levels: Floats, deviations: Floats) -> Floats:
    """Deviation by level: medians of bins, joined by lines, each drawn towards the median of all by few blocks."""
    overall = float(np.median(deviations))
    centres, values = [], []
    for index in range(_LEVELS):
        chosen = deviations[(levels >= index / _LEVELS) & (levels < (index + 1) / _LEVELS)]
        if len(chosen):
            trust = len(chosen) / (len(chosen) + 8)
            centres.append((index + 0.5) / _LEVELS)
            values.append(trust * float(np.median(chosen)) + (1 - trust) * overall)
    curve = np.interp(np.linspace(0, 1, 256), centres, values)
    curve = cv2.GaussianBlur(curve.astype(np.float32)[None], (0, 0), 8, borderType=cv2.BORDER_REPLICATE)[0]
    return np.asarray(curve, np.float32)


def _spectrum(residual: Floats, flat: NDArray[np.bool_]) -> Floats:
    """Mean power of windowed patches that start at flat blocks, normalised to mean 1."""
    window = np.outer(np.hanning(_PATCH + 2)[1:-1], np.hanning(_PATCH + 2)[1:-1]).astype(np.float32)
    rows, columns = np.nonzero(flat)
    step = max(1, len(rows) // 100)
    channels = residual.shape[2]
    total = np.zeros((channels, _PATCH, _PATCH), np.float64)
    for row, column in zip(rows[::step].tolist(), columns[::step].tolist(), strict=True):
        patch = residual[row * _BLOCK : row * _BLOCK + _PATCH, column * _BLOCK : column * _BLOCK + _PATCH]
        if patch.shape[:2] != (_PATCH, _PATCH):
            continue
        centred = (patch - patch.mean(axis=(0, 1))) * window[..., None]
        total += np.square(np.abs(scipy.fft.fft2(centred, axes=(0, 1)))).transpose(2, 0, 1)
    if not total.any():
        return np.ones((channels, _PATCH, _PATCH), np.float32)
    return np.asarray(total / np.maximum(total.mean(axis=(1, 2), keepdims=True), 1e-20), np.float32)


def noise_tile(spectrum: Floats, random: np.random.Generator) -> Floats:
    """1024 × 1024 samples of deviation 1 with the spectrum's amplitudes; it continues itself at its edges."""
    white = scipy.fft.rfft2(random.standard_normal((_TILE, _TILE), np.float32))
    # One more sample on the far side, so that the enlarged spectrum is centred on the zero frequency.
    wide = np.pad(scipy.fft.fftshift(spectrum), ((0, 1), (0, 1)), mode="wrap")
    at = np.fft.fftshift(np.fft.fftfreq(_TILE)).astype(np.float32) * _PATCH + _PATCH // 2
    x, y = np.meshgrid(at, at)
    amplitude = scipy.fft.ifftshift(cv2.remap(wide, x, y, cv2.INTER_LINEAR))[:, : _TILE // 2 + 1]
    noise = scipy.fft.irfft2(white * amplitude, s=(_TILE, _TILE))
    return np.asarray(noise / max(1e-9, float(noise.std())), np.float32)


class GrainMaker:
    """Adds grain to pictures; the same seed and frame give the same grain."""

    def __init__(self, grain: Grain, seed: int) -> None:
        self._seed = seed
        self._table = (grain.deviations * 65535).astype(np.float32)
        self.present = bool(grain.deviations.max() > 1e-5)
        if not self.present:
            return
        random = np.random.default_rng([seed & (2**63 - 1), 0])
        tile = np.empty((_TILE, _TILE, 3), np.float32)
        for channel, strength in enumerate((1.0, *grain.colour)):
            tile[..., channel] = noise_tile(grain.spectra[channel], random) * np.float32(strength)
        self._tile = cv2.transform(tile, _TO_RGB)

    def add(self, picture: Picture, frame: int, share: Floats | None = None) -> Picture:
        """`share` (full size): the part of the grain's variance that the picture lacks; None: all of it."""
        if not self.present:
            return picture
        height, width = picture.shape[:2]
        random = np.random.default_rng([self._seed & (2**63 - 1), 1, frame])
        top, left = random.integers(0, _TILE, 2).tolist()
        tile = self._tile[:, ::-1] if random.random() < 0.5 else self._tile
        level = cv2.convertScaleAbs(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), alpha=255 / 65535)
        deviation = cv2.LUT(level, self._table)
        if share is not None:
            deviation *= np.sqrt(share)
        result = np.empty_like(picture)
        # The tile is laid from (-top, -left) on.
        for row in range(-top, height, _TILE):
            for column in range(-left, width, _TILE):
                area = (slice(max(0, row), min(height, row + _TILE)), slice(max(0, column), min(width, column + _TILE)))
                part = cv2.merge([deviation[area]] * 3)
                below, beside = area[0].start - row, area[1].start - column
                noise = np.ascontiguousarray(tile[below : below + part.shape[0], beside : beside + part.shape[1]])
                result[area] = cv2.add(picture[area], cv2.multiply(part, noise), dtype=cv2.CV_16U)
        return result
