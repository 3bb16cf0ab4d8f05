"""Painted layers that move against each other in front of a camera, and the noise they are painted with.

Pictures are display-referred R'G'B' (BT.709), float32, planar (3, height, width), 1.0 is white. A layer is wider than
the frame; it is sampled between pixels, so that slow moves glide. Everything follows from a `numpy` generator's seed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.floating]  # float32 wherever a frame is painted

WIDTH, HEIGHT = 1280, 720
_STRIP = 40  # rows composited at a time, so that the strip of every layer stays in the processor's cache
CENTRE = HEIGHT * 0.52  # the row that a camera going forward holds


def colour(red: float, green: float, blue: float) -> Plane:
    return np.array([red, green, blue], np.float32)[:, None, None]


def noise(rng: np.random.Generator, height: int, width: int, slope: float, size: float, squash: float = 1.0) -> Plane:
    """Tileable Gaussian noise with deviation 1 and amplitude falling as frequency**-slope.

    `size`: the largest feature in pixels; `squash`: how many times wider than high features are.
    """
    fy = np.fft.fftfreq(height)[:, None] / squash
    fx = np.fft.rfftfreq(width)[None, :]
    radius = np.hypot(fy, fx).astype(np.float32)
    gain = (radius + 1.0 / size) ** -slope * (1 - np.exp(-((radius * size) ** 2)))
    spectrum = np.fft.rfft2(rng.standard_normal((height, width), np.float32)) * gain
    field = np.fft.irfft2(spectrum, (height, width)).astype(np.float32)
    return np.asarray(field / field.std(), np.float32)


def profile(rng: np.random.Generator, width: int, slope: float, size: float) -> Plane:
    return noise(rng, 1, width, slope, size).reshape(width)


def smooth(low: float, high: float, value: Plane) -> Plane:
    share = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)


def blur_x(plane: Plane, radius: int) -> Plane:
    """A box blur along rows, edges repeated."""
    padded = np.pad(plane, [(0, 0)] * (plane.ndim - 1) + [(radius + 1, radius)], mode="edge")
    total = np.cumsum(padded, axis=-1, dtype=np.float64)
    return ((total[..., 2 * radius + 1 :] - total[..., : -2 * radius - 1]) / (2 * radius + 1)).astype(np.float32)


def blur(plane: Plane, radius: int) -> Plane:
    for _ in range(2):
        plane = blur_x(plane, radius)
        plane = blur_x(plane.swapaxes(-1, -2), radius).swapaxes(-1, -2)
    return np.ascontiguousarray(plane)


@dataclass(frozen=True, slots=True)
class Layer:
    """`pixels`: (4, height, width), R'G'B' multiplied by coverage, then 1 - coverage. `top`: the frame row of row 0.

    `near`: how far it moves when the camera moves by 1. Frame rows from `solid` to its end cover all behind.
    """

    pixels: Plane
    top: int
    near: float
    solid: int


def layer(paint: Plane, cover: Plane, top: int, near: float) -> Layer:
    pixels = np.concatenate([paint * cover, 1 - cover[None]]).astype(np.float32)
    full = np.flatnonzero(~(cover > 0.999).all(axis=1))
    solid = top + (int(full[-1]) + 1 if full.size else 0)
    return Layer(pixels, top, near, solid)


def _sample(pixels: Plane, first: int, rows: int, x: float) -> Plane:
    """`rows` rows from `first` on, the frame's width from `x` on, interpolated between two pixels."""
    left = int(x)
    share = np.float32(x - left)
    window = pixels[:, first : first + rows, left : left + WIDTH]
    if share < 1e-3:
        return window
    out = pixels[:, first : first + rows, left + 1 : left + 1 + WIDTH] - window
    out *= share
    out += window
    return out


def _sample_zoomed(pixels: Plane, ys: Plane, xs: Plane) -> Plane:
    y0, x0 = ys.astype(np.intp), xs.astype(np.intp)
    low, high = y0.min(), y0.max() + 2
    band = pixels[:, low : min(high, pixels.shape[1])]
    y0 -= low
    fy = (ys - np.floor(ys))[:, None]
    upper = band.take(y0, axis=1, mode="clip")
    lower = band.take(y0 + 1, axis=1, mode="clip")
    lower -= upper
    lower *= fy
    upper += lower
    left = upper.take(x0, axis=2, mode="clip")
    right = upper.take(x0 + 1, axis=2, mode="clip")
    right -= left
    right *= xs - np.floor(xs)
    left += right
    return left


def _hides(one: Layer, start: int, stop: int, y: float, push: float) -> bool:
    """Whether nothing behind `one` is seen in these rows."""
    zoom = 1 + push * one.near
    solid, end = (
        (row - y * one.near - CENTRE) * zoom + CENTRE for row in (one.solid, one.top + one.pixels.shape[1] - 1)
    )
    return solid <= start and stop <= end


def composite(
    frame: Plane, layers: Sequence[Layer], x: float, y: float = 0.0, push: float = 0.0, bottom: int = HEIGHT
) -> None:
    """Paints `layers`, back to front, into rows 0 to `bottom` of `frame` as a camera sees them.

    The camera stands at `x`, `y` pixels (of a layer with `near` 1) and has gone `push` forward: a layer grows by
    `push * near`.
    """
    for start in range(0, bottom, _STRIP):
        stop = min(start + _STRIP, bottom)
        strip = frame[:, start:stop]
        first = max((i for i, one in enumerate(layers) if _hides(one, start, stop, y, push)), default=0)
        for one in layers[first:]:
            height, width = one.pixels.shape[1:]
            top = one.top - y * one.near
            if push:
                zoom = 1 + push * one.near
                rows = np.arange(start, stop, dtype=np.float32)
                ys = (rows - CENTRE) / zoom + CENTRE - top
                inside = np.flatnonzero((ys >= 0) & (ys < height - 1))
                if not inside.size:
                    continue
                xs = (np.arange(WIDTH, dtype=np.float32) - WIDTH / 2) / zoom + WIDTH / 2
                seen = _sample_zoomed(one.pixels, ys[inside], np.clip(xs + x * one.near, 0, width - 2))
                part = strip[:, inside[0] : inside[-1] + 1]
            elif y:
                ys = np.arange(start, stop, dtype=np.float32) - np.float32(top)
                inside = np.flatnonzero((ys >= 0) & (ys < height - 1))
                if not inside.size:
                    continue
                row = int(ys[inside[0]])
                share = np.float32(ys[inside[0]] - row)
                seen = _sample(one.pixels, row, inside.size + 1, x * one.near)
                seen = seen[:, :-1] * (1 - share) + seen[:, 1:] * share
                part = strip[:, inside[0] : inside[-1] + 1]
            else:
                low, high = max(start, one.top), min(stop, one.top + height)
                if low >= high:
                    continue
                seen = _sample(one.pixels, low - one.top, high - low, x * one.near)
                part = strip[:, low - start : high - start]
            part *= seen[3]
            part += seen[:3]


def stamp(frame: Plane, sprite: Plane, x: float, y: float) -> None:
    """Paints `sprite` (4, h, w; as `Layer.pixels`) with its top left corner at a place between pixels."""
    height, width = sprite.shape[1:]
    left, top = int(np.floor(x)), int(np.floor(y))
    fx, fy = np.float32(x - left), np.float32(y - top)
    clear = np.zeros((4, height + 2, width + 2), np.float32)
    clear[3] = 1
    clear[:, 1:-1, 1:-1] = sprite
    moved = clear[:, :, 1:] * (1 - fx) + clear[:, :, :-1] * fx
    moved = moved[:, 1:] * (1 - fy) + moved[:, :-1] * fy
    x0, x1 = max(0, left), min(frame.shape[2], left + width + 1)
    y0, y1 = max(0, top), min(frame.shape[1], top + height + 1)
    if x0 < x1 and y0 < y1:
        seen = moved[:, y0 - top : y1 - top, x0 - left : x1 - left]
        part = frame[:, y0:y1, x0:x1]
        part *= seen[3]
        part += seen[:3]


def glow(frame: Plane, x: float, y: float, radius: float, light: Plane) -> None:
    """Adds a soft light (screened, so that it never clips hard) round a place."""
    reach = int(radius * 3)
    x0, x1 = max(0, int(x) - reach), min(frame.shape[2], int(x) + reach)
    y0, y1 = max(0, int(y) - reach), min(frame.shape[1], int(y) + reach)
    if x0 >= x1 or y0 >= y1:
        return
    dx = np.arange(x0, x1, dtype=np.float32) - np.float32(x)
    dy = np.arange(y0, y1, dtype=np.float32)[:, None] - np.float32(y)
    spread = np.float32(radius * radius)
    weight = (np.exp(-dx * dx / spread) * np.exp(-dy * dy / spread)) * light
    part = frame[:, y0:y1, x0:x1]
    part += weight * (1 - np.minimum(part, 1))


def polygon(points: Sequence[tuple[float, float]], height: int, width: int) -> Plane:
    """Coverage (height, width) of a polygon, by 4 x 4 samples a pixel."""
    ys = ((np.arange(height * 4) + 0.5) / 4)[:, None]
    xs = ((np.arange(width * 4) + 0.5) / 4)[None, :]
    inside = np.zeros((height * 4, width * 4), bool)
    for (ax, ay), (bx, by) in zip(points, [*points[1:], points[0]], strict=True):
        if ay != by:
            inside ^= ((ys < ay) != (ys < by)) & (xs < (bx - ax) * (ys - ay) / (by - ay) + ax)
    return np.asarray(inside.reshape(height, 4, width, 4).mean(axis=(1, 3)), np.float32)
