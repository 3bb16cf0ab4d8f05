"""How much two neighbouring pictures differ in colour, grain and sharpness."""

from collections.abc import Sequence

import av
import numpy as np
from numpy.typing import NDArray

from secondunit_bridge.messages import IgnoreRegion, Measure

Floats = NDArray[np.float32]

_GRID = (64, 36)
_BLOCK = 16
# Half a code of 8 bits: below it grain and edges are the codec's, and ratios of them mean nothing.
_FLOOR = 0.5 / 255
_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]], np.float32)
_WHITE = _TO_XYZ.sum(axis=1)


def measure(a: NDArray[np.uint16], b: NDArray[np.uint16], ignore: Sequence[IgnoreRegion] = ()) -> Measure:
    """Differences of `b` from `a`, two R'G'B' pictures of one size; `luma` is positive where `b` is lighter."""
    keep = kept_cells(a.shape[0], a.shape[1], ignore)
    difference = lab(area_averages(b))[keep] - lab(area_averages(a))[keep]
    grain_a, grain_b = grain_deviation(a, ignore), grain_deviation(b, ignore)
    sharp_a, sharp_b = edge_energy(a, ignore), edge_energy(b, ignore)
    return Measure(
        luma=float(difference[:, 0].mean()),
        colour=float(np.linalg.norm(difference, axis=1).mean()),
        grain=(grain_b + _FLOOR) / (grain_a + _FLOOR),
        sharpness=(sharp_b + 1e-6) / (sharp_a + 1e-6),
    )


def area_averages(picture: NDArray[np.uint16]) -> Floats:
    """Shape (36, 64, 3), R'G'B' 0..1."""
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb48le")
    small = frame.reformat(width=_GRID[0], height=_GRID[1], interpolation="AREA")
    return np.asarray(small.to_ndarray() / np.float32(65535), np.float32)


def kept_cells(height: int, width: int, ignore: Sequence[IgnoreRegion]) -> NDArray[np.bool_]:
    """Which of the area averages of a picture touch no ignored region."""
    keep = np.ones((_GRID[1], _GRID[0]), np.bool_)
    for region in ignore:
        top, left = region.top * _GRID[1] // height, region.left * _GRID[0] // width
        bottom = -(-(region.top + region.height) * _GRID[1] // height)
        right = -(-(region.left + region.width) * _GRID[0] // width)
        keep[max(0, top) : bottom, max(0, left) : right] = False
    if not keep.any():
        keep[:] = True
    return keep


def lab(rgb: Floats) -> Floats:
    """CIELAB (D65) of display-referred R'G'B' 0..1, read with BT.1886's 2.4 and BT.709 primaries."""
    xyz = (np.clip(rgb, 0, 1) ** np.float32(2.4)) @ _TO_XYZ.T / _WHITE
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz * ((29 / 6) ** 2 / 3) + 4 / 29)
    channels = [116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])]
    return np.stack(channels, axis=-1).astype(np.float32)


def luma(picture: NDArray[np.uint16]) -> Floats:
    return np.asarray((picture @ _LUMA) / np.float32(65535), np.float32)


def grain_deviation(picture: NDArray[np.uint16], ignore: Sequence[IgnoreRegion] = ()) -> float:
    return luma_grain_deviation(luma(picture), ignore)


def luma_grain_deviation(y: Floats, ignore: Sequence[IgnoreRegion] = ()) -> float:
    """Deviation of the luma above a quarter of the sampling rate, in the quietest fifth of the picture's blocks.

    Blocks near black and white, where grain is clipped, and blocks without any variation are left out.
    """
    fine = y[2:-2, 2:-2] - _binomial(y)
    deviations = np.sqrt(np.maximum(0, _block_means(np.square(fine)) - np.square(_block_means(fine))))
    levels = _block_means(y[2:-2, 2:-2])
    usable = (levels > 0.03) & (levels < 0.97) & (deviations > 1e-6) & _kept_blocks(y.shape, ignore)
    if np.count_nonzero(usable) < 8:
        return 0.0
    quiet = np.sort(deviations[usable])
    return float(np.median(quiet[: max(8, quiet.size // 5)]))


def edge_energy(picture: NDArray[np.uint16], ignore: Sequence[IgnoreRegion] = ()) -> float:
    return luma_edge_energy(luma(picture), ignore)


def luma_edge_energy(y: Floats, ignore: Sequence[IgnoreRegion] = ()) -> float:
    """Energy of the finest gradients over that of gradients four times as coarse, where the picture has edges."""
    height, width = (y.shape[0] - 1) // 4 * 4, (y.shape[1] - 1) // 4 * 4
    fine = np.square(y[:height, 1 : width + 1] - y[:height, :width])
    fine += np.square(y[1 : height + 1, :width] - y[:height, :width])
    cells = _means(fine, 4)
    coarse_y = _means(y[:height, :width], 4)
    coarse = np.square(np.gradient(coarse_y, axis=1)) + np.square(np.gradient(coarse_y, axis=0))
    keep = np.ones(coarse.shape, np.bool_)
    for region in ignore:
        bottom, right = -(-(region.top + region.height) // 4), -(-(region.left + region.width) // 4)
        keep[max(0, region.top // 4) : bottom, max(0, region.left // 4) : right] = False
    if not keep.any():
        keep[:] = True
    edges = keep & (coarse >= np.quantile(coarse[keep], 0.95))
    noise = 2 * luma_grain_deviation(y, ignore) ** 2
    return float(max(0.0, cells[edges].mean() - noise) / (coarse[edges].mean() + 1e-7))


def _binomial(y: Floats) -> Floats:
    rows = (y[:-4] + y[4:]) + 4 * (y[1:-3] + y[3:-1]) + 6 * y[2:-2]
    blurred = ((rows[:, :-4] + rows[:, 4:]) + 4 * (rows[:, 1:-3] + rows[:, 3:-1]) + 6 * rows[:, 2:-2]) / 256
    return np.asarray(blurred, np.float32)


def _block_means(y: Floats) -> Floats:
    rows, columns = y.shape[0] // _BLOCK, y.shape[1] // _BLOCK
    return _means(y[: rows * _BLOCK, : columns * _BLOCK], _BLOCK)


def _means(y: Floats, size: int) -> Floats:
    """Of squares of `size` pixels; the picture's sides are multiples of it."""
    rows = y[::size].copy()
    for row in range(1, size):
        rows += y[row::size]
    cells = rows[:, ::size].copy()
    for column in range(1, size):
        cells += rows[:, column::size]
    return np.asarray(cells / np.float32(size * size), np.float32)


def _kept_blocks(shape: tuple[int, ...], ignore: Sequence[IgnoreRegion]) -> NDArray[np.bool_]:
    keep = np.ones(((shape[0] - 4) // _BLOCK, (shape[1] - 4) // _BLOCK), np.bool_)
    for region in ignore:
        top, left = max(0, region.top - 2) // _BLOCK, max(0, region.left - 2) // _BLOCK
        bottom, right = -(-(region.top + region.height) // _BLOCK), -(-(region.left + region.width) // _BLOCK)
        keep[top:bottom, left:right] = False
    return keep
