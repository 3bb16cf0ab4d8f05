"""OpenEXR pictures of takes: half floats as they are given, with what a conform needs in the header.

Header attributes: OpenEXR 3 standard attributes (`timeCode`, `framesPerSecond`, `reelName`, `chromaticities`).
"""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from secondunit_bridge.media.probe import EXR_TAGS, Encoding
from secondunit_bridge.media.stamp import packed_timecode
from secondunit_bridge.rates import FrameTime

_D65 = (0.3127, 0.3290)
_ACES_WHITE = (0.32168, 0.33767)
# x and y of red, green, blue and white. By ffmpeg's names: ISO/IEC 23091-2, table 2.
_PRIMARIES = {
    "bt709": (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, *_D65),
    "bt470bg": (0.64, 0.33, 0.29, 0.60, 0.15, 0.06, *_D65),
    "smpte170m": (0.63, 0.34, 0.31, 0.595, 0.155, 0.07, *_D65),
    "bt2020": (0.708, 0.292, 0.170, 0.797, 0.131, 0.046, *_D65),
    "smpte432": (0.68, 0.32, 0.265, 0.69, 0.15, 0.06, *_D65),
}
_AP0 = (0.7347, 0.2653, 0.0, 1.0, 0.0001, -0.077, *_ACES_WHITE)  # SMPTE ST 2065-1
_AP1 = (0.713, 0.293, 0.165, 0.830, 0.128, 0.044, *_ACES_WHITE)  # ACES S-2014-004
# Colour spaces of OpenColorIO's studio configuration whose primaries are known here; of others none are written.
_SPACES = {
    "ACEScg": _AP1,
    "ACEScct": _AP1,
    "ACEScc": _AP1,
    "ACES2065-1": _AP0,
    "Linear Rec.709 (sRGB)": _PRIMARIES["bt709"],
    "Linear Rec.2020": _PRIMARIES["bt2020"],
    "Linear P3-D65": _PRIMARIES["smpte432"],
    "Rec.2100-HLG - Display": _PRIMARIES["bt2020"],
    "Rec.2100-PQ - Display": _PRIMARIES["bt2020"],
}


@dataclass(frozen=True, slots=True)
class Header:
    """`space`: a name of OpenColorIO's studio configuration, or empty where `encoding` says all."""

    rate: Fraction
    pixel_aspect: Fraction
    encoding: Encoding
    start: FrameTime | None
    drop_frame: bool
    reel: str
    space: str


def write_exr(path: Path, picture: NDArray[np.float32], header: Header, frame: int) -> None:
    """One picture, shape (height, width, 3), without loss beyond half floats; `frame`: its number in the take, from 0.

    Raises OSError.
    """
    import OpenImageIO as oiio

    height, width = picture.shape[:2]
    spec = oiio.ImageSpec(width, height, 3, oiio.HALF)
    spec.attribute("compression", "zip")
    spec.attribute("PixelAspectRatio", float(header.pixel_aspect))
    spec.attribute("FramesPerSecond", oiio.TypeRational, (header.rate.numerator, header.rate.denominator))
    spec.attribute("Software", "Second Unit")
    if header.start is not None and header.rate <= 60:  # packed timecode holds no more frames a second
        time = FrameTime(header.start.frame + frame, header.start.rate)
        spec.attribute("smpte:TimeCode", oiio.TypeTimeCode, (packed_timecode(time, header.drop_frame), 0))
    if header.reel:
        spec.attribute("reelName", header.reel)
    chromaticities = _SPACES.get(header.space) if header.space else _PRIMARIES.get(header.encoding.primaries)
    if chromaticities is not None:
        spec.attribute("chromaticities", oiio.TypeDesc("float[8]"), chromaticities)
    spec.attribute(EXR_TAGS, f"{header.encoding.primaries} {header.encoding.transfer}")
    if header.space:
        spec.attribute("com.secondunit.colour_space", header.space)
    output = oiio.ImageOutput.create(str(path))
    if output is None or not output.open(str(path), spec) or not output.write_image(picture) or not output.close():
        raise OSError(oiio.geterror() if output is None else output.geterror())
