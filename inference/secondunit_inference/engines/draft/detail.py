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
        self._changes: NDArray[np.int16] | None = None
        self._gains: NDArray[np.int16] | None = None
        # These are kept from frame to frame: fresh memory costs more than the arithmetic.
        self._blurred = np.empty((0, 0), np.uint16)
        self._fine = self._change = self._gain = self._grained = np.empty((0, 0), np.int16)
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
            if self._changes is None:
                self._changes = self._by_detail(span)
            self._blurred = cv2.blur(luma, self._box, self._blurred)
            if rgb:
                self._fine = cv2.subtract(luma, self._blurred, self._fine, dtype=cv2.CV_16S)
            else:
                self._fine = cv2.subtract(luma.view(np.int16), self._blurred.view(np.int16), self._fine)
            change = self._change = cv2.LUT(self._fine.view(np.uint16), self._changes, self._change)
        if self._grain is not None:
            noise = self._noise(luma, self._grain, low, span, number)
            change = noise if change is None else cv2.add(change, noise, change)
        if change is not None and rgb:
            for index in range(3):
                samples = plane(frame, index)
                cv2.add(samples, change, dst=samples, dtype=cv2.CV_16U)
        elif change is not None:
            codes = luma.view(np.int16)
            cv2.add(codes, change, dst=codes)
            np.clip(codes, 0, 1023, out=codes)
        return frame

    def _by_detail(self, span: float) -> NDArray[np.int16]:
        """What is added for each fine detail of 16 bits, the negative ones behind the others."""
        fine = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.float64)
        limited = np.clip(fine, -_SHARPENED_UP_TO * span, _SHARPENED_UP_TO * span)
        cored = np.clip(fine, -2.5 * self._core_deviation * span, 2.5 * self._core_deviation * span)
        return np.clip(np.rint(self._sharpen * limited - self._core * cored), -32768, 32767).astype(np.int16)

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
        if self._gains is None:
            levels = (np.arange(65536) - low) / span
            deviations = np.interp(levels, np.linspace(0, 1, 256), grain.deviations) * span * fineness
            self._gains = np.clip(np.rint(deviations), 0, 32767).astype(np.int16)
        self._gain = cv2.LUT(luma, self._gains, self._gain)
        noise = self._laid[top : top + height, left : left + width]
        self._grained = cv2.multiply(noise, self._gain, self._grained, 1 / (_TILE_SCALE * fineness))
        return self._grained
