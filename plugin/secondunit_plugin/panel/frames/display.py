"""PQ, HLG and linear light as an SDR display shows them, by OpenColorIO. In the frames process."""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Fixed, so that a name means the same colour in every version of OpenColorIO that has it.
_CONFIG = "studio-config-v4.0.0_aces-v2.0_ocio-v2.5"
_HDR = {"smpte2084": "Rec.2100-PQ - Display", "arib-std-b67": "Rec.2100-HLG - Display"}
_LINEAR, _SRGB = "Linear Rec.709 (sRGB)", "sRGB Encoded Rec.709 (sRGB)"
_DISPLAY, _VIEW = "sRGB - Display", "ACES 2.0 - SDR 100 nits (Rec.709)"
_STEPS = 33

Transform = Any
"""A processor of OpenColorIO."""


def needs_one(transfer: str) -> bool:
    """Whether codes of that transfer would be wrong on an SDR display."""
    return transfer in _HDR or transfer == "linear"


@cache
def transform_of(transfer: str) -> Transform | None:
    """From blue, green, red of 16 bits to 8 bits; None where OpenColorIO is not installed.

    HDR by the ACES 2.0 view for 100 cd/m². Linear light by sRGB's curve: what is brighter than white was clipped.
    """
    try:
        import PyOpenColorIO as ocio
    except ImportError:
        return None
    config = ocio.Config.CreateFromBuiltinConfig(_CONFIG)
    if transfer == "linear":
        made = config.getProcessor(_LINEAR, _SRGB)
    else:
        view = ocio.DisplayViewTransform(src=_HDR[transfer], display=_DISPLAY, view=_VIEW)
        steps = np.linspace(0, 1, _STEPS, dtype=np.float32)
        table = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1)
        config.getProcessor(view).getDefaultCPUProcessor().applyRGB(table)
        lut = ocio.Lut3DTransform(_STEPS)  # a view of ACES takes longer than a frame lasts
        lut.setInterpolation(ocio.INTERP_TETRAHEDRAL)
        lut.setData(np.ascontiguousarray(np.clip(table, 0, 1).transpose(2, 1, 0, 3)[..., ::-1]).ravel())
        made = ocio.Config.CreateRaw().getProcessor(lut)
    return made.getOptimizedCPUProcessor(ocio.BIT_DEPTH_UINT16, ocio.BIT_DEPTH_UINT8, ocio.OPTIMIZATION_DEFAULT)


def applied(transform: Transform, codes: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """`codes`: blue, green, red, shape (height, width, 3); with a fourth channel that is 255."""
    import PyOpenColorIO as ocio

    height, width = codes.shape[:2]
    source, shown = np.ascontiguousarray(codes), np.empty((height, width, 4), np.uint8)
    transform.apply(
        ocio.PackedImageDesc(source, width, height, 3, ocio.BIT_DEPTH_UINT16, 2, 6, 6 * width),
        ocio.PackedImageDesc(shown, width, height, 4, ocio.BIT_DEPTH_UINT8, 1, 4, 4 * width),
    )
    shown[..., 3] = 255
    return shown
