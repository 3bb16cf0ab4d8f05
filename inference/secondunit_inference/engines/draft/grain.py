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

    Only blocks without structure count: there a wrong flow does no harm. `keep` (full size) leaves regions out.
    """
    levels, deviations, ratios, patches = [], [], [], []
    for picture, neighbour in pairs:
        mean = (picture.astype(np.float32) + neighbour) * np.float32(0.5 / 65535)
        residual = cv2.transform(
            (picture.astype(np.float32) - neighbour) * np.float32(1 / 65535 / np.sqrt(2)), _OPPONENT
        )
        luma = cv2.transform(mean, _LUMA[None])
        height, width = luma.shape[:2]
        coarse = cv2.resize(luma, (max(1, width // 4), max(1, height // 4)), interpolation=cv2.INTER_AREA)
        structure = cv2.resize(
            cv2.morphologyEx(coarse, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)),
            (width // _BLOCK, height // _BLOCK),
            interpolation=cv2.INTER_AREA,
        )
        blocks = _blocks(residual)
        variance = blocks.var(axis=2)
        level = _blocks(luma[..., None]).mean(axis=(2, 3))
        usable = (level > 0.02) & (level < 0.98)
        if keep is not None:
            usable &= _blocks(keep.astype(np.float32)[..., None]).min(axis=(2, 3)) > 0
        if not usable.any():
            continue
        flat = usable & (structure <= np.quantile(structure[usable], 0.4))
        # Motion that the flow missed shows as outliers upwards.
        flat &= variance[..., 0] <= np.quantile(variance[..., 0][flat], 0.75)
        levels.append(level[flat])
        deviations.append(np.sqrt(variance[..., 0][flat]))
        ratios.append(variance[flat][:, 1:].mean(axis=0) / max(1e-12, float(variance[flat][:, 0].mean())))
        patches.append(_spectrum(residual, flat))
    if not levels:
        return NO_GRAIN
    colour = np.sqrt(np.mean(ratios, axis=0))
    spectra = np.sqrt(np.mean(patches, axis=0))
    return Grain(
        _curve(np.concatenate(levels), np.concatenate(deviations)), (float(colour[0]), float(colour[1])), spectra
    )


def _blocks(picture: Floats) -> Floats:
    rows, columns = picture.shape[0] // _BLOCK, picture.shape[1] // _BLOCK
    cut = picture[: rows * _BLOCK, : columns * _BLOCK].reshape(rows, _BLOCK, columns, _BLOCK, -1)
    return cut.transpose(0, 2, 1, 3, 4).reshape(rows, columns, _BLOCK * _BLOCK, -1)


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
    step = max(1, len(rows) // 400)
    total = np.zeros((3, _PATCH, _PATCH), np.float64)
    for row, column in zip(rows[::step].tolist(), columns[::step].tolist(), strict=True):
        patch = residual[row * _BLOCK : row * _BLOCK + _PATCH, column * _BLOCK : column * _BLOCK + _PATCH]
        if patch.shape[:2] != (_PATCH, _PATCH):
            continue
        centred = (patch - patch.mean(axis=(0, 1))) * window[..., None]
        total += np.square(np.abs(scipy.fft.fft2(centred, axes=(0, 1)))).transpose(2, 0, 1)
    if not total.any():
        return np.ones((3, _PATCH, _PATCH), np.float32)
    return np.asarray(total / np.maximum(total.mean(axis=(1, 2), keepdims=True), 1e-20), np.float32)


class GrainMaker:
    """Adds grain to pictures; the same seed and frame give the same grain."""

    def __init__(self, grain: Grain, seed: int) -> None:
        self._seed = seed
        self._table = grain.deviations
        self.present = bool(grain.deviations.max() > 1e-5)
        if not self.present:
            return
        random = np.random.default_rng([seed & (2**63 - 1), 0])
        tile = np.empty((_TILE, _TILE, 3), np.float32)
        for channel, strength in enumerate((1.0, *grain.colour)):
            white = scipy.fft.rfft2(random.standard_normal((_TILE, _TILE), np.float32))
            shifted = scipy.fft.fftshift(grain.spectra[channel])
            # One more sample on the far side, so that the enlarged spectrum is centred on the zero frequency.
            wide = np.pad(shifted, ((0, 1), (0, 1)), mode="wrap")
            at = np.fft.fftshift(np.fft.fftfreq(_TILE)).astype(np.float32) * _PATCH + _PATCH // 2
            x, y = np.meshgrid(at, at)
            amplitude = scipy.fft.ifftshift(cv2.remap(wide, x, y, cv2.INTER_LINEAR))[:, : _TILE // 2 + 1]
            noise = scipy.fft.irfft2(white * amplitude, s=(_TILE, _TILE))
            tile[..., channel] = noise * (strength / max(1e-9, float(noise.std())))
        self._tile = cv2.transform(tile, _TO_RGB)

    def add(self, picture: Picture, frame: int, share: Floats | None = None) -> Picture:
        """`share` (full size): the part of the grain's variance that the picture lacks; None: all of it."""
        if not self.present:
            return picture
        height, width = picture.shape[:2]
        random = np.random.default_rng([self._seed & (2**63 - 1), 1, frame])
        top, left = random.integers(0, _TILE, 2).tolist()
        tile = self._tile[:, ::-1] if random.random() < 0.5 else self._tile
        tile = np.roll(tile, (top, left), axis=(0, 1))
        level = (cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) >> 8).astype(np.uint8)
        deviation = cv2.LUT(level, (self._table * 65535).astype(np.float32))
        if share is not None:
            deviation *= np.sqrt(share)
        result = np.empty_like(picture)
        for row in range(0, height, _TILE):
            for column in range(0, width, _TILE):
                area = (slice(row, min(height, row + _TILE)), slice(column, min(width, column + _TILE)))
                part = deviation[area]
                noise = tile[: part.shape[0], : part.shape[1]] * part[..., None]
                result[area] = cv2.add(picture[area], noise, dtype=cv2.CV_16U)
        return result
