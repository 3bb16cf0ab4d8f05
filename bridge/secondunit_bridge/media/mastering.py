"""What HDR files say of the display that they were mastered on and of their light: SMPTE ST 2086, CTA-861.3."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

from av.video.frame import VideoFrame

_DISPLAY = struct.Struct("=20i2i")
"""AVMasteringDisplayMetadata: x and y of red, green, blue and white, least and most luminance, each as a numerator and
a denominator; whether the primaries, and whether the luminances are there (libavutil/mastering_display_metadata.h)."""
_LIGHT = struct.Struct("=2I")
"""AVContentLightMetadata: MaxCLL and MaxFALL."""


@dataclass(frozen=True, slots=True)
class Mastering:
    """`primaries`: CIE 1931 x and y of red, green, blue and white. `luminance`: least and most of the display, cd/m².

    `light`: MaxCLL and MaxFALL, cd/m². Each is empty where the file does not say it.
    """

    primaries: tuple[Fraction, ...]
    luminance: tuple[Fraction, ...]
    light: tuple[int, ...]

    def __str__(self) -> str:
        display = f"display up to {float(self.luminance[1]):g} cd/m²" if self.luminance else ""
        light = f"MaxCLL {self.light[0]}, MaxFALL {self.light[1]}" if self.light else ""
        return ", ".join(part for part in (display, light) if part) or "the display's primaries"


def mastering_of(frame: VideoFrame) -> Mastering | None:
    """From a decoded frame, to which libavcodec hands on what the stream or the file says."""
    try:
        side_data = cast("Mapping[str, bytes]", frame.side_data)
        display, light = (
            bytes(side_data[name]) if name in side_data else b""
            for name in ("MASTERING_DISPLAY_METADATA", "CONTENT_LIGHT_LEVEL")
        )
    except ValueError:  # PyAV 18.1 refuses all side data beside a kind that it does not know
        return None
    numbers: tuple[Fraction, ...] = ()
    has_primaries = has_luminance = 0
    if len(display) >= _DISPLAY.size:
        *pairs, has_primaries, has_luminance = _DISPLAY.unpack_from(display)
        numbers = tuple(Fraction(pairs[at], pairs[at + 1] or 1) for at in range(0, 20, 2))
    levels = _LIGHT.unpack_from(light) if len(light) >= _LIGHT.size else ()
    found = Mastering(
        numbers[:8] if has_primaries else (), numbers[8:] if has_luminance else (), levels if any(levels) else ()
    )
    return found if found != Mastering((), (), ()) else None


def x264_parameters(mastering: Mastering) -> str:
    """As the encoder's own option `x264-params` takes them; a display without both parts has no form there."""
    parts = []
    if mastering.primaries and mastering.luminance:
        red, green, blue, white = (
            ",".join(str(round(part * 50_000)) for part in mastering.primaries[at : at + 2]) for at in range(0, 8, 2)
        )
        least, most = (round(part * 10_000) for part in mastering.luminance)
        parts.append(f"mastering-display=G({green})B({blue})R({red})WP({white})L({most},{least})")
    if mastering.light:
        parts.append(f"cll={mastering.light[0]},{mastering.light[1]}")
    return ":".join(parts)
