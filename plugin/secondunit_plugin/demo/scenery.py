"""Procedural landscapes for the sample cut: sky, clouds, mountains, forests, reeds and a lake."""

from dataclasses import dataclass

import numpy as np

from secondunit_plugin.demo.layers import HEIGHT, WIDTH, Layer, Plane, blur, colour, layer, noise, profile, smooth


@dataclass(frozen=True, slots=True)
class Light:
    """An evening: colours of the sky from the zenith down, of the haze and of the sun, which stands at `x`, `y`."""

    x: float
    y: float
    zenith: Plane
    middle: Plane
    horizon: Plane
    sun: Plane
    haze: Plane
    shade: Plane


EVENING = Light(
    x=905,
    y=268,
    zenith=colour(0.19, 0.29, 0.47),
    middle=colour(0.55, 0.55, 0.63),
    horizon=colour(0.97, 0.73, 0.50),
    sun=colour(1.0, 0.86, 0.62),
    haze=colour(0.90, 0.69, 0.55),
    shade=colour(0.075, 0.105, 0.135),
)


def sky(light: Light, height: int, width: int, horizon: float) -> Layer:
    y = np.arange(height, dtype=np.float32)[:, None] / np.float32(horizon)
    x = np.arange(width, dtype=np.float32)[None, :]
    down = smooth(0.0, 0.72, y)
    paint = light.zenith * (1 - down) + light.middle * down
    low = smooth(0.35, 1.02, y)
    paint = paint * (1 - low) + light.horizon * low
    distance = np.hypot((x - light.x) / 1.25, np.arange(height, dtype=np.float32)[:, None] - light.y)
    halo = 0.50 * np.exp(-distance / 210) + 0.55 * np.exp(-((distance / 62) ** 2))
    disc = smooth(23, 19, distance)
    paint = paint + (light.sun * 1.06 - paint) * np.clip(halo + disc, 0, 1)
    return layer(paint.astype(np.float32), np.ones((height, width), np.float32), 0, 0.0)


def clouds(rng: np.random.Generator, light: Light, width: int, bottom: int, cover: float, near: float) -> Layer:
    """A bank of clouds above row `bottom`, lit from the sun's side; `cover` 0 to 1."""
    field = noise(rng, 1024, 2048, 2.5, 800, squash=2.6)
    field += 0.17 * noise(rng, 1024, 2048, 1.6, 90, squash=1.8)
    lit = np.roll(field, (9, -13), (0, 1)) - field
    lit /= lit.std()
    height = bottom
    body = field[:height, :width]
    y = np.arange(height, dtype=np.float32)[:, None] / bottom
    x = np.arange(width, dtype=np.float32)[None, :]
    threshold = 1.15 - 2.1 * cover + 0.75 * np.abs(y - 0.45) * 2
    thick = smooth(-0.30, 2.1, body - threshold)
    alpha = smooth(0, 0.60, thick) * smooth(1.0, 0.70, y) * 0.93
    warm = np.exp(-np.hypot((x - light.x) / 460, (y * bottom - light.y) / 260))
    edge = smooth(-1.9, 2.3, lit[:height, :width] + 0.75 - 1.5 * thick)
    dark = light.middle * 0.68 + light.haze * (0.10 + 0.25 * warm)
    rose = light.horizon * 0.72 + light.haze * 0.26 + light.middle * 0.06
    bright = rose + (light.sun * 1.04 - rose) * (0.22 + 0.62 * warm)
    paint = dark + (bright - dark) * edge
    return layer(np.clip(paint, 0, 1.05).astype(np.float32), alpha.astype(np.float32), 0, near)


def ridge(
    rng: np.random.Generator,
    light: Light,
    width: int,
    crest: float,
    relief: float,
    size: float,
    depth: float,
    near: float,
    bottom: int = HEIGHT,
    wooded: float = 0.0,
) -> Layer:
    """A mountain range: its crest near row `crest` with `relief` pixels of height, hazed by `depth` (0 near, 1 far).

    `wooded`: height in pixels of the forest's tree tops along the crest.
    """
    line = crest - relief * (profile(rng, width, 1.85, size) + 0.25) * 0.75
    line -= relief * 0.045 * profile(rng, width, 1.35, size / 8)
    if wooded:
        line -= wooded * np.abs(profile(rng, width, 0.35, 9)) * 0.55
    top = max(0, int(line.min()) - 2)
    height = bottom - top
    y = np.arange(top, bottom, dtype=np.float32)[:, None]
    x = np.arange(width, dtype=np.float32)[None, :]
    below = y - line[None, :]
    cover = np.clip(below + 0.5, 0, 1)

    tall = max(64, 1 << (height - 1).bit_length())
    wide = 1 << (width - 1).bit_length()
    # Gullies: ridged noise, lit from the side, that hangs from the crest.
    field = 1 - np.abs(noise(rng, tall, wide, 1.5, size * 0.45, squash=0.75))
    field += 0.35 * (1 - np.abs(noise(rng, tall, wide, 1.25, size * 0.13, squash=0.8)))
    fine = noise(rng, tall, wide, 0.85, 26, squash=1.6)
    rows = np.clip(below * 0.8, 0, tall - 1).astype(np.intp)
    columns = np.broadcast_to(np.arange(width), rows.shape)
    slope = (field - np.roll(field, 4, 1)) + 0.6 * (np.roll(field, 3, 0) - field)
    face = slope[rows, columns] * np.minimum(1, below / 6)
    texture = fine[:height, :width]
    towards = np.sign(light.x - x) * np.exp(-(((x - light.x) / 900) ** 2)) * 0.7
    lit = np.clip(0.42 + 0.75 * face * (0.35 + np.abs(towards)) + 0.085 * texture, 0, 1)
    stone = light.shade * (0.60 + 0.95 * lit)
    stone = stone + light.sun * (0.17 * np.clip(lit - 0.45, 0, 1) * (1 - 0.5 * depth))
    # Haze gathers in the valley and glows towards the sun.
    glow_x = np.exp(-(((x - light.x) / 520) ** 2))
    mist = depth + (1 - depth) * 0.62 * smooth(0.10, 1.0, below / max(60.0, height * 0.8)) * (0.35 + 0.65 * depth)
    air = light.haze * (0.72 + 0.30 * glow_x) + (light.middle - light.haze) * (0.55 * (1 - glow_x))
    paint = stone + (air - stone) * np.clip(mist * (0.93 + 0.10 * glow_x), 0, 0.985)
    rim = np.exp(-np.abs(below) / 2.2) * (0.30 * glow_x * (1 - 0.4 * depth))
    paint = paint + light.sun * rim * 0.5
    return layer(paint.astype(np.float32), cover.astype(np.float32), top, near)


def conifer(rng: np.random.Generator, height: int) -> Plane:
    """Coverage of a fir, (height, about height / 2)."""
    half = max(3, int(height * 0.27))
    y = np.arange(height, dtype=np.float32)[:, None]
    x = np.arange(-half, half + 1, dtype=np.float32)[None, :]
    # Branches hang: a tier reaches lower further out.
    hung = np.clip(y - 0.55 * np.abs(x), 0, None) / height
    saw = (hung**0.8 * max(4.0, height / 11) + rng.random()) % 1
    reach = (y / height) ** 0.85 * half * (0.38 + 0.62 * saw)
    every = max(1, height // 40)
    ragged = np.abs(rng.standard_normal((2, height // every + 2))).repeat(every, axis=1)[:, :height, None]
    left = np.clip(reach + ragged[0] * half * 0.12 + x + 0.2, 0, 1)
    right = np.clip(reach + ragged[1] * half * 0.12 - x + 0.2, 0, 1)
    gaps = rng.random((height, 2 * half + 1)) > 0.06 + 0.30 * np.abs(x) / half
    trunk = np.clip(1.2 + height / 90 - np.abs(x), 0, 1) * (y > height * 0.1)
    return np.asarray(np.maximum(left * right * np.maximum(gaps, 0.30), trunk), np.float32)


def forest(
    rng: np.random.Generator,
    light: Light,
    width: int,
    ground: Plane,
    tallest: int,
    every: float,
    depth: float,
    near: float,
    bottom: int = HEIGHT,
    soft: int = 0,
    deep: int = 0,
) -> Layer:
    """Firs along `ground` (one row for each column) and down to `deep` pixels below it, one each `every` pixels."""
    top = max(0, int(ground.min()) - int(tallest * 1.05))
    height = bottom - top
    cover = np.clip(np.arange(top, bottom, dtype=np.float32)[:, None] - ground[None, :] + 0.5, 0, 1)
    shade = np.zeros((height, width), np.float32)
    count = int(width / every * (1 + deep / tallest * 2.2))
    places = rng.uniform(-20, width + 20, count)
    lower = np.sort(rng.uniform(0, 1, count) ** 0.8 * deep) if deep else np.zeros(count)
    for place, down in zip(places, lower, strict=True):
        tall = int(tallest * rng.uniform(0.42, 1.0) ** 1.2)
        tree = conifer(rng, max(8, tall))
        column = int(np.clip(place, 0, width - 1))
        foot = int(ground[column] - top + tall * 0.06 + down)
        x0, y0 = int(place) - tree.shape[1] // 2, foot - tree.shape[0]
        cx0, cx1 = max(0, x0), min(width, x0 + tree.shape[1])
        cy0, cy1 = max(0, y0), min(height, foot)
        if cx0 >= cx1 or cy0 >= cy1:
            continue
        part = tree[cy0 - y0 : cy1 - y0, cx0 - x0 : cx1 - x0]
        tone = rng.uniform(-0.6, 1.0) - 1.1 * float(down) / max(deep, 1)
        side = np.linspace(-1, 1, tree.shape[1], dtype=np.float32)[cx0 - x0 : cx1 - x0]
        sunny = side * np.sign(light.x - place)
        shade[cy0:cy1, cx0:cx1] += (tone + 0.9 * sunny - shade[cy0:cy1, cx0:cx1]) * part
        cover[cy0:cy1, cx0:cx1] = np.maximum(cover[cy0:cy1, cx0:cx1], part)
    fine = noise(rng, max(64, 1 << (height - 1).bit_length()), 1 << (width - 1).bit_length(), 0.7, 14)[:height, :width]
    x = np.arange(width, dtype=np.float32)[None, :]
    y = np.arange(top, bottom, dtype=np.float32)[:, None]
    glow_x = np.exp(-(((x - light.x) / 480) ** 2))
    tone3 = np.clip(1 + 0.26 * shade + 0.16 * fine, 0.2, 2)
    wood = light.shade * 0.62 * tone3 + light.sun * (0.055 * np.clip(shade, 0, 2) * (0.25 + glow_x))
    air = light.haze * (0.70 + 0.28 * glow_x) + (light.middle - light.haze) * (0.5 * (1 - glow_x))
    mist = depth * (0.75 + 0.6 * smooth(-tallest * 0.8, 40, y - ground[None, :]))
    paint = wood + (air - wood) * np.clip(mist, 0, 1)
    seen, solid = np.asarray(paint, np.float32), np.asarray(cover, np.float32)
    if soft:
        seen, solid = blur(seen, soft), blur(solid, soft)
    return layer(seen, solid, top, near)


def reeds(rng: np.random.Generator, light: Light, width: int, near: float, soft: int, tallest: int) -> Layer:
    """Grass and reeds against the light, along the lower edge, out of focus by `soft` pixels."""
    height = tallest + 30
    cover = np.zeros((height, width), np.float32)
    warm = np.zeros((height, width), np.float32)
    clumps = np.clip(0.6 + 0.5 * profile(rng, width, 1.0, 500), 0.05, 1.4)
    for _ in range(int(width * 0.30)):
        root = rng.uniform(0, width - 1)
        tall = min(height - 4, tallest * clumps[int(root)] * rng.uniform(0.45, 1.0))
        lean = rng.normal(0.10, 0.16) * tall
        thick = rng.uniform(1.2, 2.9)
        y = np.arange(height - int(tall), height)
        up = (height - y) / max(tall, 1)
        centre = root + lean * up**1.8
        half = thick * (1 - up) ** 0.5 + 0.3
        if rng.random() < 0.16:  # a head of seeds
            half = half + 3.4 * np.exp(-(((up - 0.90) / 0.055) ** 2))
        reach = int(half.max()) + 2
        columns = centre.astype(np.intp)[:, None] + np.arange(-reach, reach + 1)[None, :]
        inside = np.clip(half[:, None] + 0.5 - np.abs(columns - centre[:, None]), 0, 1)
        ok = (columns >= 0) & (columns < width)
        rows = np.broadcast_to(y[:, None], columns.shape)[ok]
        there = columns[ok]
        cover[rows, there] = np.maximum(cover[rows, there], inside[ok])
        warm[rows, there] = np.maximum(warm[rows, there], (inside * up[:, None] ** 1.5 * rng.uniform(0.1, 1))[ok])
    cover[-28:] = np.maximum(cover[-28:], smooth(0, 28, np.arange(28, dtype=np.float32))[:, None])
    paint = light.shade * 0.42 + light.sun * warm * colour(0.30, 0.24, 0.12)
    pixels = np.concatenate([paint * cover, 1 - cover[None]]).astype(np.float32)
    if soft:
        pixels = np.asarray(blur(pixels, soft), np.float32)
    return Layer(pixels, HEIGHT - height, near, HEIGHT)


class Water:
    """A lake below row `horizon`: what stands above it, mirrored in waves that come towards the camera."""

    def __init__(self, rng: np.random.Generator, light: Light, horizon: int) -> None:
        self.horizon, self.light = horizon, light
        rows = HEIGHT - horizon
        swell = noise(rng, 1024, 2048, 1.35, 90, squash=3.0) * 0.72 + noise(rng, 1024, 2048, 1.1, 20, squash=1.6) * 0.36
        swell = blur(swell, 1)
        self._waves = (swell / swell.std()).astype(np.float32)
        below = np.arange(rows, dtype=np.float32) + 1.5
        # Both scales shrink towards the horizon; the logarithm keeps two texels to a row up close.
        self._z = (np.log(below) * 560).astype(np.int32)[:, None]
        scale = (200 / below)[:, None]
        self._x = ((np.arange(WIDTH, dtype=np.float32) - WIDTH / 2) * scale).astype(np.int32)
        # The shore, at the horizon, passes at 0.55 of the camera's way; the water at its feet faster than it walks.
        self._scale = (scale * (0.55 + 1.9 * below[:, None] / rows)).astype(np.float32)
        self._reach = ((below / rows) ** 0.8 * 26 + 1.2)[:, None].astype(np.float32)
        self._rows = np.arange(rows, dtype=np.float32)[:, None]
        self._columns = np.arange(WIDTH, dtype=np.int32)[None, :]
        share = (below / rows)[:, None]
        self._mirror = (0.93 - 0.40 * share**0.9).astype(np.float32)
        self._deep = ((light.shade * 0.55 + colour(0.005, 0.02, 0.035)) * (1 - self._mirror)).astype(np.float32)

    def paint(self, frame: Plane, mirrored: Plane, x: float, time: int) -> None:
        """`mirrored`: (3, rows, width), the world upside down, its row 0 at the horizon."""
        z = (self._z - time) & 1023
        across = self._x + (x * self._scale).astype(np.int32)
        waves = self._waves.ravel().take(z * 2048 + ((across + time // 2) & 2047))
        z = (self._z * 2 + time + 400) & 1023
        waves += 0.6 * self._waves.ravel().take(z * 2048 + ((across * 2 + 900 - time) & 2047))
        shift = waves * self._reach
        rows = np.clip(self._rows + shift, 0, mirrored.shape[1] - 1).astype(np.int32)
        columns = np.clip(self._columns + (shift * 0.18).astype(np.int32), 0, WIDTH - 1)
        index = rows * WIDTH + columns
        path = np.exp(-(((self._columns - self.light.x) / (46 + self._rows * 0.42)) ** 2))
        glint = np.clip(waves - 1.25, 0, 1.2) * path * np.float32(0.60)
        tone = 1 + 0.045 * waves
        for channel in range(3):
            seen = mirrored[channel].ravel().take(index)
            seen *= self._mirror
            seen *= tone
            seen += self._deep[channel]
            seen += glint * self.light.sun[channel, 0, 0]
            frame[channel, self.horizon :] = seen
