"""A camera move over one picture, with parallax from a guessed depth."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from secondunit_inference.job import Picture

Floats = NDArray[np.float32]

# Near things travel this much more, far ones this much less than the middle.
_PARALLAX = 0.35
_SHAKE = 0.12
# Of a held camera: breath and balance below one, hands above it.
_SHAKE_HERTZ = (0.2, 0.5, 1.1, 2.2)
_LARGEST = 2.0


class Still:
    """`picture` covers a frame of `width` × `height` (its edges are cropped where its shape differs).

    Depth is a guess: lower, sharper and more colourful parts are taken for nearer. It is smooth but for the picture's
    own edges, so that nothing tears and no hole opens; what would be uncovered is stretched instead.
    """

    def __init__(
        self,
        picture: Picture,
        width: int,
        height: int,
        pixel_aspect: float,
        move: str,
        amount: float,
        seconds: float,
        seed: int,
    ) -> None:
        self._width, self._height = width, height
        cover = max(width * pixel_aspect / picture.shape[1], height / picture.shape[0])
        # Source pixels for one pixel of the frame; a far larger source is reduced first, so that it does not alias.
        if cover * _LARGEST < 1:
            size = (round(picture.shape[1] * cover * _LARGEST), round(picture.shape[0] * cover * _LARGEST))
            picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint16)
            cover = 1 / _LARGEST
        self._picture = picture
        self._step = np.array([pixel_aspect / cover, 1 / cover], np.float32)
        self._depth = _depth(picture) - np.float32(0.5)
        self._path = _path(move, amount, seconds, seed)

    def frame(self, way: float) -> Picture:
        """`way` from 0 to 1 is the whole move."""
        x, y, zoom, roll, push, turn = self._path(way)
        source_height, source_width = self._picture.shape[:2]
        scale = 1 / zoom
        # A coarse grid: the field is smooth.
        coarse = (max(16, self._height // 4), max(16, self._width // 4))
        u = (np.arange(coarse[1], dtype=np.float32) + 0.5) / coarse[1] * self._width - self._width / 2
        v = (np.arange(coarse[0], dtype=np.float32) + 0.5) / coarse[0] * self._height - self._height / 2
        across, down = np.meshgrid(u, v)
        turned = across * np.float32(np.cos(roll)) - down * np.float32(np.sin(roll))
        down = across * np.float32(np.sin(roll)) + down * np.float32(np.cos(roll))
        across = turned
        depth: Floats = np.zeros(coarse, np.float32)
        # Where a pixel comes from depends on how near that place is: a few rounds find it.
        for _ in range(3):
            near = 1 + _PARALLAX * 2 * depth
            shrink = scale * (1 - np.float32(push) * depth)
            px = across * shrink + np.float32(self._width) * (np.float32(x) * near + np.float32(turn) * depth)
            py = down * shrink + np.float32(y * self._height) * near
            sx = px * self._step[0] + source_width / 2 - np.float32(0.5)
            sy = py * self._step[1] + source_height / 2 - np.float32(0.5)
            ratio_x, ratio_y = self._depth.shape[1] / source_width, self._depth.shape[0] / source_height
            depth = cv2.remap(
                self._depth,
                (sx + 0.5) * np.float32(ratio_x) - 0.5,
                (sy + 0.5) * np.float32(ratio_y) - 0.5,
                cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_REPLICATE,
            )
        size = (self._width, self._height)
        mx = cv2.resize(sx, size, interpolation=cv2.INTER_LINEAR)
        my = cv2.resize(sy, size, interpolation=cv2.INTER_LINEAR)
        return np.asarray(
            cv2.remap(self._picture, mx, my, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101), np.uint16
        )


Path = Callable[[float], tuple[float, float, float, float, float, float]]


def _path(move: str, amount: float, seconds: float, seed: int) -> Path:
    """From the way to: shift as shares of the frame, zoom, roll in radians, strength of depth in the zoom, turn."""
    room = 1 + amount * (1 + _PARALLAX) + 0.02

    def eased(way: float) -> float:
        # Under way when the cut comes in, settled but not stopped when it goes out.
        return 0.5 * way + 0.5 * way * way * (3 - 2 * way)

    def swing(way: float) -> float:
        return (eased(way) - 0.5) * amount

    random = np.random.default_rng([seed & (2**63 - 1), 4])
    phases = random.uniform(0, 2 * np.pi, (3, 4))
    speeds = random.uniform(0.8, 1.25, (3, 4)) * np.array(_SHAKE_HERTZ) * seconds

    def shake(axis: int, way: float) -> float:
        return float(np.sum(np.sin(2 * np.pi * speeds[axis] * way + phases[axis]) / np.array([1, 1.8, 3.5, 8]))) / 2

    match move:
        case "":
            return lambda _way: (0.0, 0.0, 1.0, 0.0, 0.0, 0.0)
        case "push-in":
            return lambda way: (0.0, 0.0, 1 + amount * eased(way), 0.0, amount * eased(way) * _PARALLAX, 0.0)
        case "pull-out":
            return lambda way: (
                0.0,
                0.0,
                1 + amount * (1 - eased(way)),
                0.0,
                amount * (1 - eased(way)) * _PARALLAX,
                0.0,
            )
        case "pan-left":
            return lambda way: (-swing(way), 0.0, room, 0.0, 0.0, 0.0)
        case "pan-right":
            return lambda way: (swing(way), 0.0, room, 0.0, 0.0, 0.0)
        case "tilt-up":
            return lambda way: (0.0, -swing(way), room, 0.0, 0.0, 0.0)
        case "tilt-down":
            return lambda way: (0.0, swing(way), room, 0.0, 0.0, 0.0)
        case "orbit":
            return lambda way: (0.0, 0.0, 1 + amount / 2 + 0.02, 0.0, 0.0, swing(way))
        case "handheld":
            reach = amount * _SHAKE
            return lambda way: (
                reach * shake(0, way),
                reach * shake(1, way),
                1 + 4 * reach + 0.02,
                0.15 * reach * shake(2, way),
                0.0,
                0.0,
            )
        case _:
            raise ValueError(move)


def _depth(picture: Picture) -> Floats:
    """0 far to 1 near, at most 480 wide."""
    height, width = picture.shape[:2]
    factor = min(1.0, 480 / width)
    size = (max(16, round(width * factor)), max(16, round(height * factor)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 65535
    luma = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    fine = np.abs(luma - cv2.GaussianBlur(luma, (0, 0), 1.5))
    sharp = cv2.GaussianBlur(cv2.dilate(fine, np.ones((5, 5), np.uint8)), (0, 0), size[0] / 40)
    colourful = cv2.GaussianBlur(small.max(axis=2) - small.min(axis=2), (0, 0), size[0] / 60)
    down = np.broadcast_to(np.linspace(0, 1, size[1], dtype=np.float32)[:, None], luma.shape)
    guess = 0.55 * down + 0.3 * _ranked(sharp) + 0.15 * _ranked(colourful)
    guess = _guided(luma, guess.astype(np.float32), max(4, size[0] // 24), 0.002)
    guess = cv2.GaussianBlur(guess, (0, 0), size[0] / 120)
    low, high = np.quantile(guess, (0.02, 0.98))
    return np.asarray(np.clip((guess - low) / max(1e-3, high - low), 0, 1), np.float32)


def _ranked(values: Floats) -> Floats:
    low, high = np.quantile(values, (0.05, 0.95))
    return np.asarray(np.clip((values - low) / max(1e-6, high - low), 0, 1), np.float32)


def _guided(guide: Floats, values: Floats, radius: int, tolerance: float) -> Floats:
    """Guided filter (He, Sun and Tang 2010): smooth but for the guide's edges."""
    window = (2 * radius + 1, 2 * radius + 1)
    mean_guide, mean_values = cv2.blur(guide, window), cv2.blur(values, window)
    slope = (cv2.blur(guide * values, window) - mean_guide * mean_values) / (
        cv2.blur(guide * guide, window) - mean_guide * mean_guide + tolerance
    )
    offset = mean_values - slope * mean_guide
    return np.asarray(cv2.blur(slope, window) * guide + cv2.blur(offset, window), np.float32)
