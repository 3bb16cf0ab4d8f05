"""Film stock: how a painted frame becomes an exposed one."""

import numpy as np
from numpy.typing import NDArray

from secondunit_plugin.demo.layers import HEIGHT, WIDTH, Plane, noise, smooth

_STRIP = 40  # rows finished at a time, within the processor's cache


class Stock:
    """Film: grain whose strength follows the tone, strongest below the middle, and a gentle fall-off to the corners."""

    def __init__(self, rng: np.random.Generator, strength: float) -> None:
        size = 2048
        common = noise(rng, 1024, size, 0.0, 4e9)
        own = rng.standard_normal((3, 1024, size), dtype=np.float32)
        grain = 0.75 * common + 0.5 * own
        soft = 0.52 * grain
        for axis, step in ((1, 1), (1, -1), (2, 1), (2, -1)):
            soft += 0.12 * np.roll(grain, step, axis)
        self._grain = (soft / soft.std() * strength).astype(np.float32)
        y = np.linspace(-1, 1, HEIGHT, dtype=np.float32)[:, None]
        x = np.linspace(-1, 1, WIDTH, dtype=np.float32)[None, :]
        self._corners = 1 - 0.20 * smooth(0.5, 1.9, np.asarray(x * x * 0.9 + y * y * 0.8))

    def expose(self, frame: Plane, rng: np.random.Generator, gain: tuple[float, float, float]) -> NDArray[np.uint16]:
        """The finished picture, uint16 (height, width, 3); `gain` for red, green and blue."""
        y, x = int(rng.integers(0, 1024 - HEIGHT)), int(rng.integers(0, 2048 - WIDTH))
        picture = np.empty((HEIGHT, WIDTH, 3), np.uint16)
        flip = -1 if rng.random() < 0.5 else 1
        for start in range(0, HEIGHT, _STRIP):
            rows = slice(start, start + _STRIP)
            for channel in range(3):
                tone = frame[channel, rows] * np.float32(gain[channel])
                tone *= self._corners[rows]
                # A shoulder above 0.8 instead of a clip.
                over = np.maximum(tone - 0.8, 0)
                tone -= over * over / (over + np.float32(0.22))
                dark = np.clip(1.15 - tone, 0, 1)
                grain = self._grain[channel, y + start : y + start + _STRIP, x : x + WIDTH][:, ::flip] * dark
                grain *= np.sqrt(np.maximum(tone, 0.004)) * np.float32(1.6)
                tone += grain
                np.clip(tone, 0, 1, out=tone)
                tone *= np.float32(65535)
                picture[rows, :, channel] = tone
        return picture
