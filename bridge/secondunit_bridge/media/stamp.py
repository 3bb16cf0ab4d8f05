"""What the headers of OpenEXR and DPX pictures say of time and reel: SMPTE ST 12-1 timecode, rate, reel name."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from secondunit_bridge.errors import BadInput
from secondunit_bridge.rates import FrameTime, can_drop_frames, exact_rate, format_timecode, parse_timecode

STAMPED = (".exr", ".dpx")


@dataclass(frozen=True, slots=True)
class Stamp:
    """`rate` None: the header names none. `start`: None without a timecode that counts at the rate asked for."""

    rate: Fraction | None
    start: FrameTime | None
    drop_frame: bool
    reel: str


def read_stamp(path: str, rate: Fraction | None = None) -> Stamp:
    """Of one picture; of other formats, nothing. `rate`: at which timecode counts, else the header's own."""
    if Path(path).suffix.lower() not in STAMPED:
        return Stamp(None, None, False, "")
    import OpenImageIO as oiio

    image = oiio.ImageInput.open(path)
    if image is None:
        return Stamp(None, None, False, "")
    spec = image.spec()
    image.close()
    own_rate = _rate(spec.getattribute("FramesPerSecond") or (spec.get_float_attribute("dpx:FrameRate", 0.0), 1))
    packed = spec.getattribute("smpte:TimeCode")
    start, drop_frame = None, False
    counted = rate or own_rate
    if packed is not None and counted is not None:
        start, drop_frame = unpacked_timecode(int(packed[0]), counted)
    return Stamp(own_rate, start, drop_frame, str(spec.getattribute("reelName") or ""))


def _rate(value: tuple[float, float]) -> Fraction | None:
    """From a numerator and a denominator."""
    try:
        return exact_rate(Fraction(value[0]) / Fraction(value[1]))
    except (BadInput, ValueError, OverflowError, ZeroDivisionError):
        return None


def packed_timecode(time: FrameTime, drop_frame: bool) -> int:
    """As SMPTE ST 12-1 packs it, time and flags; above 30 frames a second pairs are counted and bit 15 tells them."""
    text = format_timecode(time, drop_frame).replace(";", ":")
    hours, minutes, seconds, frames = (int(part) for part in text.split(":"))
    second = 0
    if time.rate > 30:
        frames, second = divmod(frames, 2)

    def bcd(number: int) -> int:
        return number // 10 << 4 | number % 10

    flags = bool(drop_frame) << 6 | second << 15
    return bcd(hours) << 24 | bcd(minutes) << 16 | bcd(seconds) << 8 | bcd(frames) | flags


def unpacked_timecode(packed: int, rate: Fraction) -> tuple[FrameTime | None, bool]:
    """The inverse, and whether it drops frames; None for what is no time at this rate."""

    def number(shift: int, mask: int) -> int:
        bits = packed >> shift & mask
        return (bits >> 4) * 10 + (bits & 15)

    frames, drop_frame = number(0, 0x3F), bool(packed & 0x40) and can_drop_frames(rate)
    if rate > 30:
        frames = 2 * frames + (packed >> 15 & 1)
    separator = ";" if drop_frame else ":"
    text = f"{number(24, 0x3F):02}:{number(16, 0x7F):02}:{number(8, 0x7F):02}{separator}{frames:02}"
    try:
        return parse_timecode(text, rate), drop_frame
    except BadInput:
        return None, False
