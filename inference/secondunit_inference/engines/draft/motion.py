"""Optical flow, the camera's own motion, and what is left of the flow without it.

Fields have shape (height, width, 2), x first, in pixels of a working picture at most 960 wide; a transform is a 2 × 3
matrix on the same pixels.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from secondunit_inference.job import Picture

Floats = NDArray[np.float32]
Matrix = NDArray[np.float64]

_WORKING_WIDTH = 960
_GRID_STEP = 8
_PUSHED_WIDTH = 500
# Neighbours that part by more than this many pixels belong to two motions.
_TORN = 1.2


@dataclass(frozen=True, slots=True)
class Scale:
    """From full pixels to working pixels."""

    width: int
    height: int
    factor: float


def working_scale(width: int, height: int) -> Scale:
    factor = min(1.0, _WORKING_WIDTH / width)
    return Scale(max(32, round(width * factor)), max(32, round(height * factor)), factor)


def grey(picture: Picture, scale: Scale) -> NDArray[np.uint8]:
    """8-bit square root of luma at working size: flow in shadows needs their contrast."""
    small = cv2.resize(picture, (scale.width, scale.height), interpolation=cv2.INTER_AREA)
    luma = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return np.asarray(np.sqrt(luma * (255.0 * 255.0 / 65535.0)), np.uint8)


def flow(a: NDArray[np.uint8], b: NDArray[np.uint8], start: Floats | None = None) -> Floats:
    """Where each pixel of `a` is in `b`, relative to itself (Kroeger et al. 2016, Dense Inverse Search)."""
    search = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    if start is not None:
        search.setUseSpatialPropagation(True)
        return np.asarray(search.calc(a, b, start.copy()), np.float32)
    return np.asarray(search.calc(a, b, None), np.float32)


def grid(height: int, width: int) -> Floats:
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return np.stack([x, y], axis=-1)


def transform_field(matrix: Matrix, height: int, width: int) -> Floats:
    """The displacement that a transform gives each pixel."""
    x = np.arange(width, dtype=np.float32)[None, :]
    y = np.arange(height, dtype=np.float32)[:, None]
    m = matrix.astype(np.float32)
    field = np.empty((height, width, 2), np.float32)
    field[..., 0] = (m[0, 0] - 1) * x + m[0, 1] * y + m[0, 2]
    field[..., 1] = m[1, 0] * x + (m[1, 1] - 1) * y + m[1, 2]
    return field


def camera_motion(field: Floats, picture: NDArray[np.uint8]) -> Matrix:
    """The affine transform that most of the textured picture follows: iteratively reweighted least squares."""
    height, width = field.shape[:2]
    texture = cv2.morphologyEx(cv2.GaussianBlur(picture, (0, 0), 1.0), cv2.MORPH_GRADIENT, np.ones((5, 5), np.uint8))
    samples = (slice(_GRID_STEP // 2, None, _GRID_STEP), slice(_GRID_STEP // 2, None, _GRID_STEP))
    points = grid(height, width)[samples].reshape(-1, 2).astype(np.float64)
    moves = field[samples].reshape(-1, 2).astype(np.float64)
    weight_texture = np.minimum(texture[samples].reshape(-1).astype(np.float64), 24.0) + 0.5
    centre = np.array([width / 2, height / 2])
    design = np.column_stack([(points - centre) / width, np.ones(len(points))])
    weights = weight_texture.copy()
    ridge = np.diag([1e-2, 1e-2, 1e-6]) * weights.sum() * 1e-3
    parameters = np.zeros((3, 2))
    parameters[2] = np.median(moves, axis=0)
    for scale in (4.0, 2.0, 1.0, 0.5, 0.25, 0.25):
        error = np.linalg.norm(moves - design @ parameters, axis=1)
        weights[:] = weight_texture / (1 + np.square(error / scale)) ** 2
        weighted = design * weights[:, None]
        parameters = np.linalg.solve(weighted.T @ design + ridge, weighted.T @ moves)
    linear = parameters[:2].T / width
    offset = parameters[2] - linear @ centre
    return np.column_stack([np.eye(2) + linear, offset]).astype(np.float64)


def length(field: Floats) -> Floats:
    """Of each vector; many times faster than `np.linalg.norm` along an axis."""
    x, y = field[..., 0], field[..., 1]
    return np.asarray(np.sqrt(x * x + y * y), np.float32)


def chain(first: Matrix, second: Matrix) -> Matrix:
    """`first`, then `second`."""
    both = _square(second) @ _square(first)
    return both[:2]


def inverse(matrix: Matrix) -> Matrix:
    return np.asarray(np.linalg.inv(_square(matrix))[:2], np.float64)


def power(matrix: Matrix, exponent: float) -> Matrix:
    """A motion near the identity, done `exponent` times."""
    generator = _square(matrix) - np.eye(3)
    # log(I + G), four terms: camera motions of neighbouring frames are small.
    logarithm = generator - generator @ generator / 2 + np.linalg.matrix_power(generator, 3) / 3
    step = logarithm * exponent
    result = np.eye(3)
    term = np.eye(3)
    for order in range(1, 9):
        term = term @ step / order
        result = result + term
    return result[:2]


def full_transform(matrix: Matrix, scale: Scale) -> Matrix:
    """A transform of working pixels as one of full pixels (pixel centres at whole numbers)."""
    factor = scale.factor
    up = np.array([[1 / factor, 0, 0.5 / factor - 0.5], [0, 1 / factor, 0.5 / factor - 0.5], [0, 0, 1]])
    return (up @ _square(matrix) @ np.linalg.inv(up))[:2]


def _square(matrix: Matrix) -> Matrix:
    return np.vstack([matrix, [0, 0, 1]]) if matrix.shape[0] == 2 else matrix


def sample(field: Floats, where: Floats) -> Floats:
    """A field read at the positions `where + identity`."""
    height, width = where.shape[:2]
    position = grid(height, width) + where
    return np.asarray(
        cv2.remap(field, position[..., 0], position[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    )


def consistency(forward: Floats, backward: Floats) -> Floats:
    """Distance in pixels between where a pixel starts and where it comes back to."""
    back = sample(backward, forward)
    return length(forward + back)


def push(field: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """The backward field of a forward `field`: pixels land where they go, of two at one place the faster one.

    Returns the field and where nothing landed; there it continues its surroundings smoothly. Pixels on the border of
    two motions, whose own motion is a mixture of both, land nowhere: they would be strewn over what opens up.
    """
    full = (field.shape[1], field.shape[0])
    if full[0] > _PUSHED_WIDTH:
        half = (full[0] // 2, full[1] // 2)
        small, holes = _pushed(cv2.resize(field, half, interpolation=cv2.INTER_AREA) * np.float32(0.5))
        landed = cv2.resize(small, full, interpolation=cv2.INTER_LINEAR) * np.float32(2)
        return landed, cv2.resize(holes.astype(np.uint8), full, interpolation=cv2.INTER_NEAREST) > 0
    return _pushed(field)


def _pushed(field: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    height, width = field.shape[:2]
    target = grid(height, width) + field
    speed = np.square(field).sum(axis=2)
    kernel = np.ones((3, 3), np.uint8)
    steepest = np.max([cv2.morphologyEx(field[..., axis], cv2.MORPH_GRADIENT, kernel) for axis in (0, 1)], axis=0)
    one_motion = cv2.erode(speed, kernel) > 0.25 * cv2.dilate(speed, kernel)
    whole = np.flatnonzero(((steepest < _TORN) | one_motion).ravel())
    order = whole[np.argsort(speed.ravel()[whole], kind="stable")]
    flat, speeds = field.reshape(-1, 2)[order], speed.reshape(-1)[order]
    x0 = np.floor(target[..., 0]).astype(np.int32).reshape(-1)[order]
    y0 = np.floor(target[..., 1]).astype(np.int32).reshape(-1)[order]
    landed = np.zeros((height, width, 2), np.float32)
    strength = np.full((height, width), -1.0, np.float32)
    for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
        px, py = x0 + dx, y0 + dy
        inside = (px >= 0) & (px < width) & (py >= 0) & (py < height)
        inside[inside] = speeds[inside] >= strength[py[inside], px[inside]]
        landed[py[inside], px[inside]] = -flat[inside]
        strength[py[inside], px[inside]] = speeds[inside]
    holes = strength < 0
    result = fill(landed, holes)
    smooth = [cv2.medianBlur(np.ascontiguousarray(result[..., axis]), 5) for axis in (0, 1)]
    return np.stack(smooth, axis=-1), holes


def fill(field: Floats, holes: NDArray[np.bool_]) -> Floats:
    """Holes continue what surrounds them: averages over ever larger areas, from the smallest that holds anything."""
    if not holes.any():
        return field
    weight = (~holes).astype(np.float32)
    return _filled(field * weight[..., None], weight)


def _filled(known: Floats, weight: Floats) -> Floats:
    """`known` is weighted already (pull-push, Gortler et al. 1996)."""
    height, width = weight.shape
    result = known / np.maximum(weight, 1e-6)[..., None]
    if weight.min() >= 0.5 or min(height, width) < 4:
        return np.asarray(result, np.float32)
    half = ((width + 1) // 2, (height + 1) // 2)
    coarse = _filled(
        cv2.resize(known, half, interpolation=cv2.INTER_AREA), cv2.resize(weight, half, interpolation=cv2.INTER_AREA)
    )
    below = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    share = np.minimum(weight * 2, 1)[..., None]
    return np.asarray(below + (result - below) * share, np.float32)
