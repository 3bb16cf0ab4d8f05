"""The look of a shot as figures: colours, grain, sharpness; and the change of colours from one to another."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import scipy.linalg
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from secondunit_bridge.media.seam import edge_energy, lab
from secondunit_bridge.messages import IgnoreRegion, Measure

from secondunit_inference.engines.draft import cube, motion
from secondunit_inference.engines.draft.grain import Grain, measure_grain
from secondunit_inference.job import Picture

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

_WIDTH = 480
_BLACK = 0.025
# Deviations, in L*a*b* units, below which a shot counts as flat: its spread says nothing and is not stretched.
_FLAT = np.array([5.0, 5.0, 5.0])
_MOST_STRETCH = 1.6
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Colours:
    """Mean and covariance of the shot's colours in CIELAB."""

    mean: Doubles
    covariance: Doubles


def small(picture: Picture) -> Floats:
    """R'G'B' 0..1, at most 480 wide, each pixel an area's average: grain is not part of the colours."""
    height, width = picture.shape[:2]
    factor = min(1.0, _WIDTH / width)
    size = (max(8, round(width * factor)), max(8, round(height * factor)))
    resized = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return np.asarray(resized, np.float32) / np.float32(65535)


def seen_pixels(smalls: list[Floats], full: tuple[int, int], ignore: tuple[IgnoreRegion, ...]) -> NDArray[np.bool_]:
    """Pixels of the small pictures outside ignored regions and black bars (black at the edge in every picture)."""
    height, width = smalls[0].shape[:2]
    keep = np.ones((height, width), np.bool_)
    for region in ignore:
        top, left = region.top * height // full[0], region.left * width // full[1]
        bottom = -(-(region.top + region.height) * height // full[0])
        right = -(-(region.left + region.width) * width // full[1])
        keep[max(0, top) : bottom, max(0, left) : right] = False
    brightest = np.max([picture.max(axis=2) for picture in smalls], axis=0)
    for lines, axis in ((brightest.max(axis=1), 0), (brightest.max(axis=0), 1)):
        lit = np.flatnonzero(lines > _BLACK)
        if lit.size:
            # The row in which a bar meets the picture is a mixture of both.
            first = lit[0] + 1 if lit[0] else 0
            last = lit[-1] if lit[-1] < len(lines) - 1 else len(lines)
            dark = np.ones(len(lines), np.bool_)
            dark[first:last] = False
            keep &= ~(dark[:, None] if axis == 0 else dark[None, :])
    return keep if keep.any() else np.ones_like(keep)


def pixels(smalls: list[Floats], keep: NDArray[np.bool_]) -> Floats:
    """Shape (pixels, 3)."""
    return np.concatenate([picture[keep] for picture in smalls])


def colours(rgb: Floats) -> Colours:
    values = lab(rgb).astype(np.float64)
    return Colours(values.mean(axis=0), np.cov(values, rowvar=False))


def colour_distance(a: Colours, b: Colours) -> float:
    """2-Wasserstein distance of the normal distributions in CIELAB; 1 is one unit of CIE76 Delta E."""
    root = _root(a.covariance)
    spread = np.trace(a.covariance) + np.trace(b.covariance) - 2 * np.trace(_root(root @ b.covariance @ root))
    return math.sqrt(float(np.square(a.mean - b.mean).sum()) + max(0.0, float(spread)))


def _root(matrix: Doubles) -> Doubles:
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T)


def colour_table(source: Floats, reference: Floats, strength: float) -> Floats:
    """The table (see `cube`) that moves the source's colours to the reference's; both shape (pixels, 3), R'G'B' 0..1.

    Monge-Kantorovich map between normal distributions (Pitié and Kokaram 2007) in CIELAB: there distances are about
    what is seen, and lightness and tint are apart. Near black and white the tint's shift fades, as no light has colour
    there, and lightness bends instead of clipping.
    """
    identity = cube.lattice()
    wanted = colours(reference)
    maps: list[tuple[Doubles, Doubles, Doubles]] = []

    def convert(rgb: Floats) -> Floats:
        values = lab(rgb).astype(np.float64)
        for matrix, start, end in maps:
            values = _moved(values, matrix, start, end)
        return rgb_of_lab(values)

    # The spread is moved once, within its limits; later rounds bring the mean home that clipping and fading left over.
    for turn in range(_ROUNDS):
        now = colours(convert(source) if maps else source)
        matrix = np.eye(3) if turn else _transport(now.covariance, wanted.covariance)
        maps.append((matrix, now.mean, wanted.mean))
    table = convert(identity.reshape(-1, 3)).reshape(identity.shape)
    return np.asarray(identity + np.float32(strength) * (table - identity), np.float32)


def _transport(source: Doubles, reference: Doubles) -> Doubles:
    flat = np.diag(np.square(_FLAT))
    root = _root(source + flat)
    inverse = np.linalg.inv(root)
    matrix = inverse @ _root(root @ (reference + flat) @ root) @ inverse
    values, vectors = scipy.linalg.eigh(matrix)
    limited = np.clip(values, 1 / _MOST_STRETCH, _MOST_STRETCH)
    return np.asarray((vectors * limited) @ vectors.T, np.float64)


def _moved(values: Doubles, matrix: Doubles, start: Doubles, end: Doubles) -> Doubles:
    moved = (values - start) @ matrix.T + end
    light = values[..., 0]
    # 0 at black and white, 1 between L* 12 and 94.
    share = np.clip(light / 12, 0, 1) * np.clip((100 - light) / 6, 0, 1)
    share = share * share * (3 - 2 * share)
    result = moved.copy()
    result[..., 1:] = values[..., 1:] + (moved[..., 1:] - values[..., 1:]) * share[..., None]
    result[..., 0] = _bent(light, moved[..., 0], float(matrix[0, 0]), float(start[0]), float(end[0]))
    return result


def _bent(light: Doubles, moved: Doubles, slope: float, start: float, end: float) -> Doubles:
    """The line of slope `slope` through (start, end) with its ends led to black and white, plus what tint adds."""
    knots_in = np.array([0.0, max(1.0, start - 30), start, min(99.0, start + 30), 100.0])
    line = end + slope * (knots_in - start)
    line[0], line[-1] = 0.0, 100.0
    # Monotone, and inside, where the straight line would leave the range.
    line[1] = np.clip(line[1], 0.25 * knots_in[1], None)
    line[3] = np.clip(line[3], None, 100 - 0.25 * (100 - knots_in[3]))
    line = np.maximum.accumulate(line)
    curve = PchipInterpolator(knots_in, line)(np.clip(light, 0, 100))
    straight = end + slope * (light - start)
    inner = np.clip(light / 12, 0, 1) * np.clip((100 - light) / 6, 0, 1)
    return np.asarray(curve + (moved - straight) * inner)


def rgb_of_lab(values: Doubles) -> Floats:
    """The inverse of `lab`. Colours outside R'G'B' are drawn to the grey of their lightness until they fit."""
    linear = _linear(values)
    grey = np.clip(_linear(values * np.array([1.0, 0.0, 0.0])), 0, 1)
    low = np.where(linear < 0, grey / np.maximum(grey - linear, 1e-9), 1.0)
    high = np.where(linear > 1, (1 - grey) / np.maximum(linear - grey, 1e-9), 1.0)
    fit = np.clip(np.minimum(low, high).min(axis=-1, keepdims=True), 0, 1)
    return np.asarray(np.clip(grey + (linear - grey) * fit, 0, 1) ** (1 / 2.4), np.float32)


_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
_FROM_XYZ = np.linalg.inv(_TO_XYZ)


def _linear(values: Doubles) -> Doubles:
    y = (values[..., 0] + 16) / 116
    f = np.stack([y + values[..., 1] / 500, y, y - values[..., 2] / 200], axis=-1)
    xyz = np.where(f > 6 / 29, f**3, (f - 4 / 29) * 3 * (6 / 29) ** 2) * _TO_XYZ.sum(axis=1)
    return np.asarray(xyz @ _FROM_XYZ.T)


def shot_grain(pairs: list[tuple[Picture, Picture]], change: Callable[[Picture], Picture] | None = None) -> Grain:
    """Grain from pairs of neighbouring frames; `change` is applied to both, e.g. a table of colours."""
    moved = []
    for picture, neighbour in pairs:
        height, width = picture.shape[:2]
        scale = motion.working_scale(width, height)
        field = motion.flow(motion.grey(picture, scale), motion.grey(neighbour, scale))
        full = cv2.resize(field, (width, height)) * np.array([width / scale.width, height / scale.height], np.float32)
        where = np.rint(full + motion.grid(height, width))
        onto = cv2.remap(neighbour, where[..., 0], where[..., 1], cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT_101)
        moved.append((change(picture), change(onto)) if change else (picture, onto))
    return measure_grain(moved)


def sharpness(pictures: list[Picture], width: int) -> float:
    """Edge energy at a common width: a small reference must not blur a large shot."""
    energies = []
    for picture in pictures:
        size = (width, max(8, round(picture.shape[0] * width / picture.shape[1])))
        same = picture.shape[1] == width
        energies.append(edge_energy(picture if same else cv2.resize(picture, size, interpolation=cv2.INTER_AREA)))
    return float(np.median(energies))


def measured(shot: Colours, reference: Colours, grain: tuple[float, float], edges: tuple[float, float]) -> Measure:
    """The shot against its reference; `colour` is `colour_distance`. Pairs hold the shot's value first."""
    floor = 0.5 / 255
    return Measure(
        luma=float(shot.mean[0] - reference.mean[0]),
        colour=colour_distance(shot, reference),
        grain=(grain[0] + floor) / (grain[1] + floor),
        sharpness=(edges[0] + 1e-6) / (edges[1] + 1e-6),
    )
