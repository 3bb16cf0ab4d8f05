"""The look of a shot as figures: colours, grain, sharpness; and the change of colours from one to another."""

import math
from dataclasses import dataclass

import av
import cv2
import numpy as np
import scipy.linalg
from av.video.reformatter import ColorRange, Interpolation
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from secondunit_bridge.media.probe import Encoding
from secondunit_bridge.media.read import picture
from secondunit_bridge.media.seam import lab, luma_edge_energy
from secondunit_bridge.messages import IgnoreRegion, Measure

from secondunit_inference.engines.draft import cube
from secondunit_inference.engines.draft.cube import plane
from secondunit_inference.engines.draft.grain import Grain, measure_luma_grain
from secondunit_inference.job import Picture

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

_WIDTH = 480
_BLACK = 0.025
# Deviations, in L*a*b* units, below which a shot counts as flat: its spread says nothing and is not stretched.
_FLAT = np.array([5.0, 5.0, 5.0])
_MOST_STRETCH = 1.6
_ROUNDS = 4
# L*a*b* units: two shots that are further apart are not made alike by a table without breaking its picture.
_MOST_SHIFT, _MOST_RETOUCH = 22.0, 2.0
_PIXELS = 12_000


@dataclass(frozen=True, slots=True)
class Colours:
    """Mean and covariance of the shot's colours in CIELAB."""

    mean: Doubles
    covariance: Doubles


def small(frame: av.VideoFrame, encoding: Encoding) -> Picture:
    """R'G'B', at most 480 wide, each pixel an area's average: grain is not part of the colours."""
    factor = min(1.0, _WIDTH / frame.width)
    size = (max(8, round(frame.width * factor)), max(8, round(frame.height * factor)))
    limits = ColorRange.JPEG if encoding.full_range else ColorRange.MPEG
    reduced = frame.reformat(*size, interpolation=Interpolation.AREA, src_color_range=limits, dst_color_range=limits)
    return picture(reduced, encoding)


def luma(frame: av.VideoFrame, encoding: Encoding) -> Floats:
    """0..1; of the frame's middle, at most 960 × 544: enough to measure grain and edges."""
    limits = ColorRange.JPEG if encoding.full_range else ColorRange.MPEG
    if encoding.matrix == "gbr":
        codes = plane(frame.reformat(format="gbrp16le"), 0)
        low, span = 0, 65535
    else:
        codes = plane(frame.reformat(format="yuv422p10le", src_color_range=limits, dst_color_range=limits), 0)
        low, span = (0, 1023) if encoding.full_range else (64, 876)
    height, width = codes.shape
    top, left = max(0, (height - 544) // 2), max(0, (width - 960) // 2)
    middle = codes[top : top + 544, left : left + 960].astype(np.float32)
    return (middle - np.float32(low)) / np.float32(span)


def seen_pixels(smalls: list[Picture], full: tuple[int, int], ignore: tuple[IgnoreRegion, ...]) -> NDArray[np.bool_]:
    """Pixels of the small pictures outside ignored regions and black bars (black at the edge in every picture)."""
    height, width = smalls[0].shape[:2]
    keep = np.ones((height, width), np.bool_)
    for region in ignore:
        top, left = region.top * height // full[0], region.left * width // full[1]
        bottom = -(-(region.top + region.height) * height // full[0])
        right = -(-(region.left + region.width) * width // full[1])
        keep[max(0, top) : bottom, max(0, left) : right] = False
    brightest = np.zeros((height, width), np.uint16)
    for item in smalls:
        for channel in range(3):
            np.maximum(brightest, item[..., channel], out=brightest)
    for lines, axis in ((brightest.max(axis=1), 0), (brightest.max(axis=0), 1)):
        lit = np.flatnonzero(lines > _BLACK * 65535)
        if lit.size:
            # The row in which a bar meets the picture is a mixture of both.
            first = lit[0] + 1 if lit[0] else 0
            last = lit[-1] if lit[-1] < len(lines) - 1 else len(lines)
            dark = np.ones(len(lines), np.bool_)
            dark[first:last] = False
            keep &= ~(dark[:, None] if axis == 0 else dark[None, :])
    return keep if keep.any() else np.ones_like(keep)


def pixels(smalls: list[Picture], keep: NDArray[np.bool_]) -> Floats:
    """Shape (pixels, 3), R'G'B' 0..1: evenly picked, as many as a normal distribution needs."""
    places = np.flatnonzero(keep)
    count = len(places) * len(smalls)
    which, place = np.divmod(np.arange(0, count, max(1, count // _PIXELS)), len(places))
    found = np.stack([item.reshape(-1, 3) for item in smalls])[which, places[place]]
    return found.astype(np.float32) / np.float32(65535)


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
        furthest = _MOST_RETOUCH if turn else _MOST_SHIFT
        maps.append((matrix, now.mean, now.mean + np.clip(wanted.mean - now.mean, -furthest, furthest)))
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
    knots_in = np.array([0.0, max(start / 2, start - 30), start, min((start + 100) / 2, start + 30), 100.0])
    line = end + slope * (knots_in - start)
    line[0], line[-1] = 0.0, 100.0
    # Inside, where the straight line would leave the range; and blacks are not lifted until their codes show.
    line[1] = np.clip(line[1], 0.25 * knots_in[1], 2.5 * knots_in[1])
    line[3] = np.clip(line[3], 100 - 2.5 * (100 - knots_in[3]), 100 - 0.25 * (100 - knots_in[3]))
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


def shot_grain(pairs: list[tuple[Floats, Floats]]) -> Grain:
    """From the luma of pairs of neighbouring frames. The camera's motion between them is undone by whole pixels."""
    moved = []
    for one, other in pairs:
        height, width = one.shape
        half = (width // 2, height // 2)
        (x, y), _ = cv2.phaseCorrelate(
            cv2.resize(one, half), cv2.resize(other, half), cv2.createHanningWindow(half, cv2.CV_32F)
        )
        x, y = round(2 * x), round(2 * y)
        if abs(x) > width // 4 or abs(y) > height // 4:
            x = y = 0
        rows = slice(max(0, -y), height - max(0, y))
        columns = slice(max(0, -x), width - max(0, x))
        there_rows = slice(rows.start + y, rows.stop + y)
        there_columns = slice(columns.start + x, columns.stop + x)
        moved.append((one[rows, columns], other[there_rows, there_columns]))
    return measure_luma_grain(moved)


def sharpness(lumas: list[Floats], factor: float) -> float:
    """Edge energy at the size of the smaller of two shots: a small reference must not blur a large shot."""
    sizes = [(max(16, round(item.shape[1] * factor)), max(16, round(item.shape[0] * factor))) for item in lumas]
    scaled = [
        item if factor == 1 else cv2.resize(item, size, interpolation=cv2.INTER_AREA)
        for item, size in zip(lumas, sizes, strict=True)
    ]
    return float(np.median([luma_edge_energy(item) for item in scaled]))


def measured(shot: Colours, reference: Colours, grain: tuple[float, float], edges: tuple[float, float]) -> Measure:
    """The shot against its reference; `colour` is `colour_distance`. Pairs hold the shot's value first."""
    floor = 0.5 / 255
    return Measure(
        luma=float(shot.mean[0] - reference.mean[0]),
        colour=colour_distance(shot, reference),
        grain=(grain[0] + floor) / (grain[1] + floor),
        sharpness=(edges[0] + 1e-6) / (edges[1] + 1e-6),
    )
