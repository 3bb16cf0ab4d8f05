"""Sharpness and grain of decoded frames, changed in their luma codes."""

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from secondunit_bridge.media.probe import Encoding

from secondunit_inference.engines.draft.cube import plane
from secondunit_inference.engines.draft.grain import Grain, noise_tile

Floats = NDArray[np.float32]

_TILE_SCALE = 256.0
# Detail beyond this share of the range is an edge that would ring: it is not sharpened further.
_SHARPENED_UP_TO = 0.04


class Detail:
    """`sharpen`: share of the fine detail that is added (negative: taken). `core`: share of the detail within two and
    a half grain deviations that is taken. `grain`: what is added, by level. Fine is what a box of `size` pixels hides.
    """

    def __init__(
        self, sharpen: float, core: float, core_deviation: float, size: int, grain: Grain | None, seed: int
    ) -> None:
        self._sharpen, self._core, self._core_deviation = sharpen, core, core_deviation
        self._box = (size, size)
        self._grain = grain
        self._seed = seed
        if grain is not None:
            tile = noise_tile(grain.spectra[0], np.random.default_rng([seed & (2**63 - 1), 0]))
            self._tile = np.clip(np.rint(tile * np.float32(_TILE_SCALE)), -32768, 32767).astype(np.int16)
            self._laid: NDArray[np.int16] | None = None

    def apply(self, frame: av.VideoFrame, encoding: Encoding, number: int) -> av.VideoFrame:
        """Changes `frame`, whose samples nobody else may hold."""
        rgb = encoding.matrix == "gbr"
        luma = plane(frame, 0)
        low, span = (0.0, 65535.0) if rgb else (0.0, 1023.0) if encoding.full_range else (64.0, 876.0)
        change: NDArray[np.int16] | None = None
        if self._sharpen or self._core:
            fine = cv2.subtract(luma, cv2.blur(luma, self._box), dtype=cv2.CV_16S)
            change = _limited(fine, _SHARPENED_UP_TO * span)
            if self._core:
                cored = _limited(fine, 2.5 * self._core_deviation * span)
                change = cv2.addWeighted(change, self._sharpen, cored, -self._core, 0)
            else:
                change = cv2.addWeighted(change, self._sharpen, change, 0, 0)
        if self._grain is not None:
            noise = self._noise(luma, self._grain, low, span, number)
            change = noise if change is None else cv2.add(change, noise)
        if change is not None:
            for index in range(3 if rgb else 1):
                samples = plane(frame, index)
                cv2.add(samples, change, dst=samples, dtype=cv2.CV_16U)
                if not rgb:
                    cv2.min(samples, 1023, dst=samples)
        return frame

    def _noise(self, luma: NDArray[np.uint16], grain: Grain, low: float, span: float, number: int) -> NDArray[np.int16]:
        height, width = luma.shape
        if self._laid is None:
            # One tile more than the frame needs, so that every offset is a view.
            repeats = (-(-height // self._tile.shape[0]) + 1, -(-width // self._tile.shape[1]) + 1)
            self._laid = np.tile(self._tile, repeats)
        random = np.random.default_rng([self._seed & (2**63 - 1), 1, number])
        top, left = random.integers(0, self._tile.shape[0], 2).tolist()
        # Codes are whole numbers: a finer gain than that keeps small deviations apart.
        fineness = 16.0 if span < 2000 else 0.25
        level = cv2.convertScaleAbs(luma, alpha=255 / (span + 2 * low))
        codes = (np.arange(256, dtype=np.float32) * np.float32((span + 2 * low) / 255) - np.float32(low)) / np.float32(
            span
        )
        deviation = np.interp(codes, np.linspace(0, 1, 256), grain.deviations) * span * fineness
        gain = cv2.LUT(level, np.clip(np.rint(deviation), 0, 32767).astype(np.int16))
        noise = self._laid[top : top + height, left : left + width]
        return np.asarray(cv2.multiply(noise, gain, scale=1 / (_TILE_SCALE * fineness)), np.int16)


def _limited(values: NDArray[np.int16], most: float) -> NDArray[np.int16]:
    limit = np.int16(min(32767, round(most)))
    return np.clip(values, -limit, limit)
