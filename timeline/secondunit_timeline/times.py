"""OTIO's floating-point times as exact numbers, and back."""

from fractions import Fraction
from functools import lru_cache

import opentimelineio as otio
from secondunit_bridge.rates import exact_rate

Frames = int | Fraction
"""A count of frames; whole wherever all rates agree, a fraction where a clip of another rate ends between frames."""

# Files store thirds of a frame as 3.3333333333333335. Up to this denominator a double gives the fraction back, for
# values up to 10^5 (timecode at 24 fps: beyond one hour, fractions up to 1/20,000 still do).
_LARGEST_DENOMINATOR = 50_000

cached_rate = lru_cache(maxsize=256)(exact_rate)


def rate_of(time: otio.opentime.RationalTime) -> Fraction:
    return cached_rate(time.rate)


def exact(value: float) -> Frames:
    """The whole number or fraction that a file means by `value`."""
    whole = int(value)
    return whole if whole == value else simple(Fraction(value).limit_denominator(_LARGEST_DENOMINATOR))


def simple(value: Fraction) -> Frames:
    return value.numerator if value.denominator == 1 else value


def rescaled(frames: Frames, own: Fraction, rate: Fraction) -> Frames:
    """Frames counted at `own`, counted at `rate`."""
    return frames if own is rate or frames == 0 or own == rate else simple(frames * rate / own)


def frames_of(time: otio.opentime.RationalTime, rate: Fraction) -> Frames:
    """`time` counted in frames at `rate`, exactly."""
    value, own = time.value, cached_rate(time.rate)
    whole = int(value)
    if whole == value and own is rate:  # nearly every time in nearly every cut
        return whole
    return rescaled(exact(value), own, rate)


def rational_time(frames: Frames, rate: Fraction | float) -> otio.opentime.RationalTime:
    return otio.opentime.RationalTime(float(frames), float(rate))


def time_range(start: Frames, duration: Frames, rate: Fraction) -> otio.opentime.TimeRange:
    """Both counted at `rate`."""
    return otio.opentime.TimeRange(rational_time(start, rate), rational_time(duration, rate))


def frames_text(frames: Frames) -> str:
    return str(frames) if isinstance(frames, int) else f"{float(frames):.3f}"
