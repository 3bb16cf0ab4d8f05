"""Colour into the space that video models were trained in, and back.

Models know display pictures, R'G'B' from 0 to 1 in the primaries of BT.709. SDR codes are that already and stay as
they are. Anything else goes through OpenColorIO to scene-linear BT.709 and through a curve that has an inverse: sRGB's
(IEC 61966-2-1) up to a shoulder, a logarithm above it, so that highlights up to 512 times white come back.
"""

from functools import cached_property
from math import log

import numpy as np
from numpy.typing import NDArray
from secondunit_bridge.errors import OrderRefused
from secondunit_bridge.media.probe import Encoding

from secondunit_inference.sources import LINEAR

Floats = NDArray[np.float32]

CONFIG = "studio-config-v4.0.0_aces-v2.0_ocio-v2.5"
"""Fixed, so that a name means the same colour in every version of OpenColorIO that has it."""
_LINEAR = "Linear Rec.709 (sRGB)"
_HLG, _PQ = "Rec.2100-HLG - Display", "Rec.2100-PQ - Display"
_OF_TRANSFER = {"arib-std-b67": _HLG, "smpte2084": _PQ}
_OF_LINEAR = {"bt2020": "Linear Rec.2020", "smpte432": "Linear P3-D65"}
_WIDE = "Rec.1886 Rec.2020 - Display"
"""SDR in the primaries of BT.2020; the configuration has no such space, only its curve and its primaries."""
_SHOULDER = 0.6
_WHITEST = 512.0
"""LogC4, the longest of the log curves, ends at 469.8 (ARRI LogC4 specification)."""


def space_of(named: str, encoding: Encoding) -> str:
    """The order's colour space, else the one that the file's tags mean; empty for SDR, whose codes stay as they are."""
    if named or encoding.transfer in _OF_TRANSFER:
        return named or _OF_TRANSFER[encoding.transfer]
    if encoding.transfer == "linear":
        return _OF_LINEAR.get(encoding.primaries, _LINEAR)
    return _WIDE if encoding.primaries == "bt2020" else ""


def is_linear(space: str) -> bool:
    """Whether a colour space of the configuration, by its name, is scene-linear."""
    return space.startswith(LINEAR)


def encoding_of(space: str) -> Encoding:
    """The tags of pictures that are made without camera frames; what tags cannot say is left as BT.709."""
    if space in (_HLG, _PQ):
        transfer = next(transfer for transfer, name in _OF_TRANSFER.items() if name == space)
        return Encoding("rgb48le", 16, "bt2020nc", "bt2020", transfer, False)
    transfer = "linear" if is_linear(space) else "bt709"
    return Encoding("rgb48le", 16, "bt709", "bt709", transfer, False)


class Space:
    """`name`: a colour space of OpenColorIO's built-in studio configuration, or empty. Raises OrderRefused."""

    def __init__(self, name: str) -> None:
        self.name = name
        if not name:
            return
        import PyOpenColorIO as ocio

        config = ocio.Config.CreateFromBuiltinConfig(CONFIG)
        if name == _WIDE:
            curve = ocio.ExponentTransform((2.4, 2.4, 2.4, 1), ocio.NEGATIVE_MIRROR)  # ITU-R BT.1886
            to = ocio.GroupTransform([curve, ocio.ColorSpaceTransform(_OF_LINEAR["bt2020"], _LINEAR)])
            self._to_linear = config.getProcessor(to).getDefaultCPUProcessor()
            back = config.getProcessor(to, ocio.TRANSFORM_DIR_INVERSE)
            self._from_linear = back.getDefaultCPUProcessor()
            return
        if config.getColorSpace(name) is None:
            known = ", ".join(space.getName() for space in config.getColorSpaces())
            raise OrderRefused(f"there is no colour space {name!r}: there are {known}")
        self._to_linear = config.getProcessor(name, _LINEAR).getDefaultCPUProcessor()
        self._from_linear = config.getProcessor(_LINEAR, name).getDefaultCPUProcessor()

    def into(self, codes: Floats) -> Floats:
        """Codes of the space, shape (height, width, 3), 1 full scale, as a display picture; clipped to 0..1."""
        if not self.name:
            return np.clip(codes, 0, 1)
        linear = np.ascontiguousarray(codes, np.float32).copy()
        self._to_linear.applyRGB(linear)
        return np.clip(self._curve(linear), 0, 1)

    def out_of(self, display: Floats) -> Floats:
        if not self.name:
            return display
        codes = np.ascontiguousarray(self._inverse(display), np.float32)
        self._from_linear.applyRGB(codes)
        return codes

    @cached_property
    def _shoulder(self) -> tuple[float, float]:
        """Scale and width of the logarithm: it meets sRGB's curve with its slope and reaches 1 at `_WHITEST`."""
        slope = 1.055 / 2.4 * _SHOULDER ** (1 / 2.4 - 1)
        room, span = 1 - float(_srgb(np.float32(_SHOULDER))), _WHITEST - _SHOULDER
        low, high = 1e-6, span
        for _ in range(100):  # slope × width × ln(1 + span / width) grows with width
            width = (low + high) / 2
            low, high = (width, high) if slope * width * log(1 + span / width) < room else (low, width)
        return slope * low, low

    def _curve(self, linear: Floats) -> Floats:
        scale, width = self._shoulder
        above = np.maximum(linear - np.float32(_SHOULDER), 0)
        knee = _srgb(np.float32(_SHOULDER))
        return np.where(above > 0, knee + scale * np.log1p(above / width), _srgb(linear)).astype(np.float32)

    def _inverse(self, display: Floats) -> Floats:
        scale, width = self._shoulder
        knee = _srgb(np.float32(_SHOULDER))
        above = np.float32(_SHOULDER) + width * np.expm1(np.maximum(display - knee, 0) / scale)
        return np.where(display > knee, above, _linear(display)).astype(np.float32)


def _srgb(linear: Floats | np.float32) -> Floats:
    """Below 0 as a straight line goes on."""
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055)


def _linear(display: Floats) -> Floats:
    return np.where(display <= 0.04045, display / 12.92, ((np.maximum(display, 0) + 0.055) / 1.055) ** 2.4)
