"""What moves in the sample cut: a sailing boat, a train on a viaduct, a hot-air balloon, birds.

Sprites are (4, height, width) as `layers.Layer.pixels`: R'G'B' multiplied by coverage, then 1 - coverage.
"""

import numpy as np

from secondunit_plugin.demo.layers import Plane, blur_x, colour, noise, polygon, smooth
from secondunit_plugin.demo.scenery import Light


def _over(sprite: Plane, paint: Plane, cover: Plane) -> None:
    sprite *= 1 - cover
    sprite[:3] += paint * cover


def _empty(height: int, width: int) -> Plane:
    sprite = np.zeros((4, height, width), np.float32)
    sprite[3] = 1
    return sprite


def sailing_boat(light: Light, tall: int) -> Plane:
    """Seen from the shore, the sun behind its sails; the waterline is the last row."""
    k = tall / 200
    height, width = tall, int(150 * k)
    sprite = _empty(height, width)
    x = np.arange(width, dtype=np.float32)[None, :] / k
    y = np.arange(height, dtype=np.float32)[:, None] / k

    def shape(*points: tuple[float, float]) -> Plane:
        return polygon([(px * k, py * k) for px, py in points], height, width)

    curve = [(70 - 52 * (1 - t) ** 1.0 - 9 * np.sin(np.pi * t), 166 - 156 * t) for t in np.linspace(0, 1, 14)]
    main_sail = shape((70, 166), *curve, (70, 10))
    fold = 0.06 * np.sin(y / 21 + x / 30) + 0.05 * np.sin(y / 9)
    through = np.clip(0.70 + 0.0022 * (166 - y) - 0.0035 * np.abs(x - 52) + fold, 0, 1)
    _over(sprite, light.sun * through * colour(0.93, 0.80, 0.66), main_sail)
    seams = sum(np.exp(-(((y - row - 0.10 * (70 - x)) / 0.8) ** 2)) for row in (40, 70, 100, 130))
    _over(sprite, light.shade * 3, main_sail * np.clip(seams * 0.28, 0, 1))
    front = [(78 + 50 * (1 - t) + 7 * np.sin(np.pi * t), 160 - 132 * t) for t in np.linspace(0, 1, 12)]
    jib = shape((82, 162), *front, (76, 26))
    _over(sprite, light.sun * np.clip(through * 0.86 - 0.002 * (x - 78), 0, 1) * colour(0.90, 0.70, 0.56), jib)
    _over(sprite, light.shade * 0.8, shape((72, 4), (74.4, 4), (75, 180), (71.4, 180)))
    _over(sprite, light.shade * 0.7, shape((20, 167), (75, 165), (75, 168), (20, 170)))
    hull = shape((12, 178), (140, 174), (128, 190), (116, 200), (34, 200), (20, 192))
    planks = 0.75 + 0.9 * np.exp(-((y - 177) ** 2) / 9) + 0.15 * np.sin(y * 1.9)
    _over(sprite, light.shade * 0.9 * planks + colour(0.05, 0.022, 0.01), hull)
    _over(sprite, light.sun * 0.75, shape((12, 177), (140, 173), (140, 174.6), (12, 178.8)) * 0.8)
    body = shape((36, 180), (38, 158), (43, 153), (50, 155), (54, 166), (56, 180))
    head = np.clip(6.2 - np.hypot(x - 45, y - 146.5), 0, 1)
    _over(sprite, light.shade * 0.8, np.maximum(body, head))
    return sprite


def balloon(light: Light, tall: int) -> Plane:
    """A striped hot-air balloon with its basket, lit from the sun's side."""
    height, width = tall, int(tall * 0.78)
    ball = tall * 0.76
    half = width / 2
    y = (np.arange(height, dtype=np.float32)[:, None] + 0.5) / ball
    x = (np.arange(width, dtype=np.float32)[None, :] + 0.5 - half) / half
    t = np.clip(y, 0, 1)
    radius = np.where(
        t < 0.45,
        np.sqrt(np.clip(1 - ((0.45 - t) / 0.45) ** 2, 0, 1)),
        1 - 0.80 * np.clip((t - 0.45) / 0.55, 0, 1) ** 1.7,
    )
    radius = np.asarray(radius * (y <= 1), np.float32)
    cover = np.clip((radius - np.abs(x)) * half + 0.5, 0, 1) * (radius > 0)
    across = np.clip(x / np.maximum(radius, 1e-3), -1, 1)
    angle = np.arcsin(across)
    gore = angle / np.pi * 16
    stripe = smooth(0.42, 0.58, np.asarray(np.abs((gore / 2) % 1 - 0.5) * 2))
    cream, red, blue = colour(0.93, 0.84, 0.68), colour(0.66, 0.16, 0.12), colour(0.10, 0.20, 0.30)
    paint = cream + (red - cream) * stripe
    band = smooth(0.50, 0.515, t) * smooth(0.64, 0.625, t)
    zigzag = smooth(-0.02, 0.02, 0.03 - np.abs(t - 0.57 - 0.026 * np.asarray(np.abs((gore % 1) - 0.5) * 4 - 1)))
    paint = paint + (blue - paint) * band
    paint = paint + (cream - paint) * (band * zigzag)
    normal_z = np.sqrt(np.clip(1 - across**2, 0, 1))
    sun = np.clip(0.62 * across + 0.42 * normal_z - 0.30 * (t - 0.45), 0, 1)
    seam = 1 - 0.20 * np.exp(-(((gore % 1) - 0.5) ** 2) / 0.010)
    puff = 1 + 0.10 * np.cos((gore % 1 - 0.5) * np.pi)
    lit = (0.30 * light.middle * 1.3 + light.sun * (0.92 * sun**1.2)) * (seam * puff)
    paint = paint * lit + light.haze * 0.05
    sprite = _empty(height, width)
    _over(sprite, paint.astype(np.float32), cover.astype(np.float32))
    k = tall / 250
    left, right, top, foot = half - 14 * k, half + 14 * k, tall * 0.905, tall - 2.0
    mouth = width / 2 * 0.20

    def shape(*points: tuple[float, float]) -> Plane:
        return polygon(points, height, width)

    for a, b in ((-1.0, -1.0), (-0.4, -0.3), (0.4, 0.3), (1.0, 1.0)):
        x0, x1 = half + a * mouth, half + b * 13 * k
        rope = shape((x0 - 0.5, ball * 0.985), (x0 + 0.5, ball * 0.985), (x1 + 0.5, top + 2), (x1 - 0.5, top + 2))
        _over(sprite, light.shade * 0.9, rope * 0.9)
    basket = shape((left, top), (right, top), (right - 2 * k, foot), (left + 2 * k, foot))
    weave = 1 + 0.25 * np.sin(np.arange(width) / k * 1.6)[None, :] * np.sin(np.arange(height) / k * 1.9)[:, None]
    side = 0.5 + 0.7 * smooth(-0.12, 0.12, x)
    _over(sprite, (colour(0.30, 0.18, 0.09) * weave * side).astype(np.float32), basket)
    _over(
        sprite,
        light.sun * 0.45,
        shape((left - k, top - 2 * k), (right + k, top - 2 * k), (right, top + k), (left, top + k)),
    )
    for at in (-6, 5):
        rows, columns = np.arange(height)[:, None], np.arange(width)[None, :]
        person = np.clip(3.6 * k - np.hypot(columns - half - at * k, rows - top + 9 * k) + 0.5, 0, 1)
        trunk = shape(
            (half + (at - 4) * k, top),
            (half + (at - 3) * k, top - 6 * k),
            (half + (at + 3) * k, top - 6 * k),
            (half + (at + 4) * k, top),
        )
        _over(sprite, light.shade * 1.1, np.maximum(person, trunk).astype(np.float32))
    return sprite


TRAIN_PITCH = 96  # pixels from one coach to the next


def train(rng: np.random.Generator, light: Light, coaches: int) -> Plane:
    """A steam engine (at the right end) with lit coaches; the rails are the last row."""
    height, width = 36, TRAIN_PITCH * (coaches + 1)
    sprite = _empty(height, width)
    y = np.arange(height, dtype=np.float32)[:, None]

    def shape(*points: tuple[float, float]) -> Plane:
        return polygon(points, height, width)

    body = colour(0.16, 0.075, 0.06) + light.shade * 0.3
    for coach in range(coaches):
        left = coach * TRAIN_PITCH + 2.0
        right = left + TRAIN_PITCH - 4
        shade = 0.7 + 0.8 * np.exp(-(((y - 9) / 3) ** 2)) + 0.15 * (y > 22)
        _over(
            sprite, body * shade, shape((left, 10), (left + 2, 8), (right - 2, 8), (right, 10), (right, 28), (left, 28))
        )
        _over(sprite, light.sun * 0.55, shape((left + 2, 7), (right - 2, 7), (right - 1, 8.4), (left + 1, 8.4)))
        for window in range(7):
            x0 = left + 6 + window * 12.2
            warmth = rng.uniform(0.55, 1.0)
            _over(sprite, colour(1.0, 0.80, 0.46) * warmth, shape((x0, 13), (x0 + 8.4, 13), (x0 + 8.4, 20), (x0, 20)))
            if rng.random() < 0.5:
                _over(sprite, body * 0.6, shape((x0 + 2, 20), (x0 + 3, 16), (x0 + 6, 16), (x0 + 6.6, 20)))
        for wheel in (12.0, 24.0, 70.0, 82.0):
            _over(
                sprite,
                light.shade * 0.6,
                shape(*[(left + wheel + 3.6 * np.cos(a), 31 + 3.6 * np.sin(a)) for a in np.linspace(0, 6.0, 12)]),
            )
        _over(sprite, light.shade * 0.6, shape((left + 4, 28), (right - 4, 28), (right - 4, 30), (left + 4, 30)))
    left = coaches * TRAIN_PITCH
    dark = light.shade * 0.75
    _over(sprite, dark, shape((left + 2, 6), (left + 26, 6), (left + 26, 28), (left + 2, 28)))
    _over(sprite, colour(1.0, 0.66, 0.30), shape((left + 9, 10), (left + 18, 10), (left + 18, 17), (left + 9, 17)))
    _over(
        sprite,
        dark * (0.8 + 1.6 * np.exp(-(((y - 13) / 2.5) ** 2))),
        shape((left + 26, 11), (left + 80, 11), (left + 80, 26), (left + 26, 26)),
    )
    _over(sprite, dark, shape((left + 67, 1), (left + 75, 1), (left + 73, 11), (left + 69, 11)))
    _over(sprite, dark, shape((left + 46, 6), (left + 54, 6), (left + 55, 11), (left + 45, 11)))
    _over(sprite, dark * 0.8, shape((left + 6, 26), (left + 86, 26), (left + 92, 33), (left + 80, 29), (left + 6, 29)))
    for wheel, size in ((16, 3.5), (36, 5.4), (49, 5.4), (62, 5.4), (77, 3.5)):
        _over(
            sprite,
            light.shade * 0.5,
            shape(*[(left + wheel + size * np.cos(a), 34 - size + size * np.sin(a)) for a in np.linspace(0, 6.0, 14)]),
        )
    _over(sprite, colour(1.0, 0.93, 0.74), shape((left + 79, 13), (left + 82, 13), (left + 82, 17), (left + 79, 17)))
    # Half a frame's exposure of movement.
    return blur_x(sprite, 1)


def steam(rng: np.random.Generator, light: Light, size: int) -> Plane:
    """One puff, (4, size, size)."""
    field = noise(rng, 256, 256, 1.7, 90)[:size, :size]
    x = np.linspace(-1, 1, size, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, size, dtype=np.float32)[:, None]
    cover = np.clip(1 - np.hypot(x, y) + 0.20 * field, 0, 1) ** 1.4 * smooth(1.0, 0.75, np.hypot(x, y))
    lit = np.clip(0.62 + 0.35 * x - 0.25 * y + 0.12 * field, 0, 1.1)
    dark, bright = light.middle * 0.82, colour(1.0, 0.95, 0.86)
    paint = dark + (bright - dark) * lit
    return np.concatenate([paint * cover, 1 - cover[None]]).astype(np.float32)


def viaduct(rng: np.random.Generator, light: Light, width: int, deck: int, foot: int) -> Plane:
    """A stone viaduct from row `deck` down to `foot`, (4, foot - deck + 12, width); it fades into the mist below."""
    height = foot - deck + 12
    span, pier = 128.0, 24.0
    x = np.arange(width, dtype=np.float32)[None, :]
    y = np.arange(height, dtype=np.float32)[:, None]
    across = (x + 37) % span - span / 2
    opening = (span - pier) / 2
    spring = 12 + opening + 16
    arch = np.clip(opening - np.hypot(across, np.minimum(y - spring, 0)) + 0.5, 0, 1)
    batter = np.clip((y - spring) * 0.012, 0, 4)
    arch = np.where(y > spring, np.clip(opening - batter - np.abs(across) + 0.5, 0, 1), arch)
    cover = (1 - arch) * (y >= 2)
    parapet = ((y < 2) & (x % 16 < 9)).astype(np.float32)
    cover = np.maximum(cover, parapet)
    brick = noise(rng, 512, 2048, 0.6, 24, squash=1.8)[:height, :width]
    courses = 0.10 * (np.sin(y * np.pi / 3.5) > 0.72)
    edge = np.clip((opening + 7 - np.hypot(across, np.minimum(y - spring, 0))) / 7, 0, 1) * (y <= spring)
    lit = 0.75 + 0.16 * brick - courses + 0.35 * edge + 0.55 * smooth(2, -1, np.abs(y - 9)) + 0.25 * smooth(6, 2, y)
    inner = np.clip((across - opening) / 4 + 1, 0, 1) * (across > 0)
    paint = light.shade * (1.15 * lit) + light.sun * 0.07 * lit
    paint = paint + light.sun * 0.20 * inner * (1 - arch)
    air = light.haze * 0.86
    mist = 0.16 + 0.80 * smooth(height * 0.25, height * 0.98, y)
    paint = paint + (air - paint) * mist
    fade = smooth(height, height * 0.80, y)
    cover = np.asarray(cover * fade, np.float32)
    return np.concatenate([paint * cover, 1 - cover[None]]).astype(np.float32)


def bird(light: Light, phase: float, span: float) -> Plane:
    """One wing beat; `phase` 0 to 1."""
    size = int(span * 1.4) + 4
    lift = np.sin(phase * 2 * np.pi)
    mid = size / 2
    points = []
    for t in np.linspace(-1, 1, 21):
        bend = abs(t) ** 0.7
        points.append((mid + t * span / 2, mid - lift * span * 0.28 * bend + span * 0.16 * abs(t) ** 2.4))
    lower = [(x, y + span * 0.075 * (1 - abs((x - mid) / (span / 2))) ** 0.7 + 0.2) for x, y in reversed(points)]
    cover = polygon([*points, *lower], size, size)
    body = polygon(
        [(mid + span * 0.10 * np.cos(a), mid + span * 0.03 + span * 0.05 * np.sin(a)) for a in np.linspace(0, 6.1, 12)],
        size,
        size,
    )
    sprite = _empty(size, size)
    _over(sprite, light.shade * 0.9 + light.haze * 0.12, np.maximum(cover, body))
    return sprite


def flame(strength: float) -> Plane:
    """The light that a balloon's burner throws, as a colour to add."""
    return colour(1.0, 0.62, 0.26) * np.float32(strength)
