"""The sample cut's camera set-ups: what stands where, how the camera moves, how the light changes.

A set-up is built once (about a second) and then gives its frames in any order: frame `n` follows from the seed alone.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from secondunit_plugin.demo import subjects
from secondunit_plugin.demo.film import Stock
from secondunit_plugin.demo.layers import CENTRE, HEIGHT, WIDTH, Layer, Plane, colour, composite, glow, profile, stamp
from secondunit_plugin.demo.scenery import EVENING, Light, Water, clouds, forest, reeds, ridge, sky

RATE = Fraction(24)


@dataclass(frozen=True, slots=True)
class Exposure:
    """Gains for red, green and blue, with a slow drift of `drift` stops a second and a passing cloud's breath."""

    red: float = 1.0
    green: float = 1.0
    blue: float = 1.0
    drift: float = 0.0
    breath: float = 0.03

    def at(self, frame: int) -> tuple[float, float, float]:
        seconds = frame / 24
        stops = self.drift * seconds + self.breath * float(np.sin(seconds * 1.3 + 0.4))
        gain = 2.0**stops
        return self.red * gain, self.green * gain, self.blue * gain


def _frame_rng(seed: int, frame: int) -> np.random.Generator:
    return np.random.default_rng((seed, frame))


class Lakeside:
    """The camera trucks right along the shore; a sailing boat crosses; reeds pass close by."""

    def __init__(
        self,
        seed: int,
        *,
        grain: float,
        exposure: Exposure,
        horizon: int = 404,
        boat: int = 150,
        start: float = 60.0,
        speed: float = 1.5,
        boat_at: float = 330.0,
        boat_speed: float = 1.1,
        sun: tuple[float, float] = (905, 262),
        grass: int = 190,
        flock: bool = False,
    ) -> None:
        rng = np.random.default_rng(seed)
        self._seed, self._exposure, self._horizon = seed, exposure, horizon
        self._start, self._speed = start, speed
        self._boat_at, self._boat_speed, self._boat_tall = boat_at, boat_speed, boat
        self._light = light = Light(
            sun[0], sun[1], *(getattr(EVENING, n) for n in ("zenith", "middle", "horizon", "sun", "haze", "shade"))
        )
        width, foot = WIDTH + 330, horizon + 2
        ground = (horizon - 7 - 15 * np.abs(profile(rng, width, 1.5, 500))).astype(np.float32)
        self._back = [
            sky(light, foot, WIDTH + 2, horizon),
            clouds(rng, light, WIDTH + 120, horizon - 40, 0.60, 0.04),
            ridge(rng, light, width, horizon - 96, 66, 760, 0.88, 0.07, foot),
            ridge(rng, light, width, horizon - 62, 50, 620, 0.70, 0.15, foot),
            ridge(rng, light, width, horizon - 34, 34, 520, 0.46, 0.28, foot, wooded=5),
            forest(rng, light, width, ground, 34, 4.2, 0.20, 0.55, foot, deep=9),
        ]
        self._water = Water(rng, light, horizon)
        self._fore = [
            reeds(rng, light, WIDTH + 1000, 2.6, 1, grass),
            reeds(rng, light, WIDTH + 1500, 4.2, 4, grass - 20),
        ]
        self._boat = subjects.sailing_boat(light, boat)
        self._flock = [subjects.bird(light, phase / 12, 17.0) for phase in range(12)] if flock else []
        self._flock_at = rng.uniform(-1, 1, (9, 2))
        self._stock = Stock(rng, grain)

    def picture(self, n: int) -> NDArray[np.uint16]:
        seconds = n / 24
        x = self._start + self._speed * n + 0.8 * float(np.sin(seconds * 2.1))
        frame = np.zeros((3, HEIGHT, WIDTH), np.float32)
        composite(frame, self._back, x, bottom=self._horizon)
        self._birds(frame, n)
        mirrored = np.ascontiguousarray(frame[:, : self._horizon][:, ::-1])
        mirrored = mirrored[:, : HEIGHT - self._horizon]
        line = self._horizon + 0.30 * self._boat_tall
        heel = 0.9 * float(np.sin(seconds * 2.6))
        boat_x = self._boat_left(n, x)
        boat_y = line + heel - self._boat_tall
        shadow = self._boat[:, ::-1] * 0.9
        shadow[3] = 1 - (1 - self._boat[3, ::-1]) * 0.9
        stamp(mirrored, shadow, boat_x, line - self._horizon - 3 - heel)
        self._water.paint(frame, mirrored, x, n)
        stamp(frame, self._boat, boat_x, boat_y)
        composite(frame[:, :], self._fore, x)
        flare = 0.10 + 0.012 * float(np.sin(seconds * 3.1))
        glow(frame, self._light.x, self._light.y, 300, self._light.sun * np.float32(flare))
        return self._stock.expose(frame, _frame_rng(self._seed, n), self._exposure.at(n))

    def _boat_left(self, n: float, x: float) -> float:
        return self._boat_at + self._boat_speed * n - (x - self._start) * 0.8

    def boat(self, seconds: Plane) -> Plane:
        """Where the boat is across the frame, 0 to 1."""
        n = seconds * 24
        left = self._boat_at + (self._boat_speed - 0.8 * self._speed) * n
        return np.asarray((left + self._boat_tall * 0.36) / WIDTH, np.float32)

    def _birds(self, frame: Plane, n: int) -> None:
        for index, (dx, dy) in enumerate(self._flock_at if self._flock else ()):
            side = 1 if index % 2 else -1
            x = 250 + 2.3 * n + 26 * (index // 2 + index % 2) * -1 + 6 * dx
            y = 150 + side * 13 * ((index + 1) // 2) + 5 * dy + 6 * np.sin(n / 19 + index) - 0.25 * n
            beat = (n / 14 + index * 0.137) % 1
            stamp(frame, self._flock[int(beat * len(self._flock))], x, y)


class Viaduct:
    """The camera creeps forward towards a viaduct; a steam train crosses from left to right."""

    def __init__(self, seed: int, *, grain: float, exposure: Exposure) -> None:
        rng = np.random.default_rng(seed)
        self._seed, self._exposure = seed, exposure
        self._light = light = Light(
            320, 205, *(getattr(EVENING, n) for n in ("zenith", "middle", "horizon", "sun", "haze", "shade"))
        )
        width = WIDTH + 300
        ground = (612 - 40 * profile(rng, width, 1.6, 700)).astype(np.float32)
        near = (HEIGHT + 40 - 130 * np.abs(np.linspace(-1.1, 0.9, width)) ** 1.6).astype(np.float32)
        self._deck = 392
        arches = subjects.viaduct(rng, light, width, self._deck, 640)
        self._back = [
            sky(light, HEIGHT, WIDTH + 2, 430),
            clouds(rng, light, WIDTH + 120, 400, 0.66, 0.04),
            ridge(rng, light, width, 330, 78, 820, 0.86, 0.08),
            ridge(rng, light, width, 388, 62, 640, 0.66, 0.16),
            ridge(rng, light, width, 450, 44, 560, 0.46, 0.28, wooded=7),
        ]
        self._bridge = Layer(arches, self._deck - 2, 0.5, HEIGHT)
        self._fore = [
            forest(rng, light, width, ground, 58, 6.0, 0.30, 0.7, deep=70),
            forest(
                rng,
                light,
                width + 500,
                np.interp(np.linspace(0, width - 1, width + 500), np.arange(width), near).astype(np.float32),
                205,
                19.0,
                0.04,
                1.5,
                soft=1,
                deep=150,
            ),
        ]
        self._train = subjects.train(rng, light, 6)
        self._puffs = [subjects.steam(rng, light, size) for size in (20, 28, 38, 50, 64, 80, 98)]
        self._drift = rng.uniform(-1, 1, (400, 2))
        self._stock = Stock(rng, grain)

    def picture(self, n: int) -> NDArray[np.uint16]:
        seconds = n / 24
        push = 0.00042 * n
        x = 70 + 0.55 * n
        frame = np.zeros((3, HEIGHT, WIDTH), np.float32)
        composite(frame, self._back, x, push=push)
        zoom = 1 + push * 0.5

        def place(px: float, py: float) -> tuple[float, float]:
            return (px - WIDTH / 2) * zoom + WIDTH / 2, (py - CENTRE) * zoom + CENTRE

        length = self._train.shape[2]
        head = self._head(n) - x * 0.5
        tx, ty = place(head - length, self._deck - self._train.shape[1] + 1)
        stamp(frame, self._train, tx, ty)
        for puff in range(46, -1, -1):
            born = n - n % 2 - puff * 2
            age = (n - born) / 2
            spread = self._drift[born % 400]
            strength = np.float32(0.80 * max(0.0, 1 - age / 47.5) ** 1.15)
            cloud = self._puffs[min(len(self._puffs) - 1, int(age / 6))] * strength
            cloud[3] += 1 - strength
            at = self._head(born) - x * 0.5 - 24 - 0.9 * age + 4 * spread[0]
            px, py = place(at, self._deck - 38 - 4.4 * age**0.74 + 3 * spread[1])
            stamp(frame, cloud, px - cloud.shape[1] / 2, py - cloud.shape[1] / 2)
        composite(frame, [self._bridge], x, push=push)
        fx, fy = place(head - 12, self._deck - 20)
        glow(frame, fx, fy, 16, colour(0.5, 0.42, 0.28))
        composite(frame, self._fore, x, push=push)
        glow(frame, self._light.x, self._light.y, 280, self._light.sun * np.float32(0.10 + 0.01 * np.sin(seconds * 2)))
        return self._stock.expose(frame, _frame_rng(self._seed, n), self._exposure.at(n))

    def _head(self, n: float) -> float:
        return 330 + 5.2 * n

    def train(self, seconds: Plane) -> Plane:
        """Where the engine is across the frame, 0 to 1."""
        n = seconds * 24
        return np.asarray((330 + 5.2 * n - (70 + 0.55 * n) * 0.5 - 60) / WIDTH, np.float32)


class Balloon:
    """The camera cranes up beside a hot-air balloon that drifts over the ridges; two takes differ by `later` frames."""

    def __init__(self, seed: int, take: int, *, grain: float, exposure: Exposure, later: float, shift: float) -> None:
        rng = np.random.default_rng(seed)
        self._seed, self._exposure, self._later, self._shift = seed * 31 + take, exposure, later, shift
        self._light = light = Light(
            1130, 330, *(getattr(EVENING, n) for n in ("zenith", "middle", "horizon", "sun", "haze", "shade"))
        )
        width = WIDTH + 260
        near = (705 + 42 * profile(rng, width, 1.5, 800)).astype(np.float32)
        self._back = [
            sky(light, HEIGHT + 2, WIDTH + 2, 560),
            clouds(rng, light, WIDTH + 200, 500, 0.74, 0.10),
            ridge(rng, light, width, 520, 84, 900, 0.86, 0.16, HEIGHT + 60),
            ridge(rng, light, width, 575, 66, 700, 0.66, 0.30, HEIGHT + 80),
            ridge(rng, light, width, 640, 46, 560, 0.44, 0.50, HEIGHT + 120, wooded=8),
        ]
        self._fore = [forest(rng, light, width, near, 105, 10.0, 0.13, 1.1, HEIGHT + 170, deep=170)]
        self._balloon = subjects.balloon(light, 330)
        self._far = subjects.balloon(light, 64)
        self._stock = Stock(rng, grain)

    def picture(self, n: int) -> NDArray[np.uint16]:
        seconds = n / 24
        time = n + self._later
        x, y = 40 + 0.7 * n + self._shift, 0.55 * n + 4 - 0.4 * self._shift
        frame = np.zeros((3, HEIGHT, WIDTH), np.float32)
        composite(frame, self._back, x, y)
        stamp(frame, self._far, 930 + 0.25 * time - 0.3 * x, 300 - 0.22 * time + 0.3 * y)
        bx = 500 + 0.85 * time - 0.8 * x + 3 * float(np.sin(time / 24 * 1.1))
        by = 150 - 0.50 * time + 0.8 * y + 2 * float(np.sin(time / 24 * 0.8))
        stamp(frame, self._balloon, bx, by)
        burn = float(self.burner(np.array([seconds], np.float32))[0])
        if burn > 0.01:
            width = self._balloon.shape[2]
            glow(frame, bx + width / 2, by + 0.72 * 330, 66, subjects.flame(0.34 * burn))
            glow(frame, bx + width / 2, by + 0.865 * 330, 9, subjects.flame(1.0 * burn))
        composite(frame, self._fore, x, y)
        glow(
            frame, self._light.x, self._light.y, 320, self._light.sun * np.float32(0.12 + 0.01 * np.sin(seconds * 2.3))
        )
        return self._stock.expose(frame, _frame_rng(self._seed, n), self._exposure.at(n))

    def burner(self, seconds: Plane) -> Plane:
        """How strongly the burner burns, 0 to 1."""
        return np.asarray(np.clip(np.sin((seconds + self._later / 24) * 2.4), 0, 1) ** 3, np.float32)
