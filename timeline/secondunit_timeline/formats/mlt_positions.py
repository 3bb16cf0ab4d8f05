"""Which media frame MLT shows at a position of a producer, and the position at which it shows a frame.

Positions count frames of the profile, whatever the media's rate. From the sources of MLT's producer_avformat.c and
producer_timewarp.c; `tests/timeline/test_formats_melt.py` holds them against `melt`.
"""

from fractions import Fraction
from math import ceil, floor

_HALF = Fraction(1, 2)


def step(speed: Fraction, media_rate: Fraction, rate: Fraction) -> Fraction:
    """The media frames that one position moves on by, above 0 also for reverse; `rate` is the profile's."""
    numerator, denominator = _opened_at(speed, rate)
    return media_rate * denominator / numerator


def shown_by_mlt(position: int, speed: Fraction, media_rate: Fraction, rate: Fraction) -> int:
    """The media frame at `position` in MLT's own arithmetic, in which rounding decides between two as near."""
    numerator, denominator = _opened_at(speed, rate)
    seconds = position / (numerator / denominator)
    return int(seconds * (media_rate.numerator / media_rate.denominator) + 0.5)


def _opened_at(speed: Fraction, rate: Fraction) -> tuple[int, int]:
    """The frame rate under which media is opened: at another speed, timewarp's, whose numerator is whole."""
    numerator, denominator = rate.numerator, rate.denominator
    if abs(speed) in (0, 1):
        return numerator, denominator
    if numerator < 1000:
        numerator, denominator = numerator * 1000, denominator * 1000
    return max(1, int(numerator / float(abs(speed)))), denominator


def shown_at(position: int, by: Fraction) -> Fraction:
    """The media frame at `position`, with a fraction where the frames after it need one.

    MLT shows floor(position * by + 1/2), and so on; a cut, floor(start + frames * by).
    """
    return Fraction(floor((position * by + _HALF) * by.denominator), by.denominator)


def position_of(frame: Fraction, by: Fraction) -> int:
    """The position at which MLT shows `frame`; where it never shows it, that of the frame nearest in time."""
    first = ceil((floor(frame) - _HALF) / by)
    if frame >= 0:  # media has no position before its first
        first = max(first, 0)
    last = ceil((floor(frame) + _HALF) / by) - 1
    if first > last:
        return round((frame - _HALF) / by)
    return min(max(ceil((frame - _HALF) / by), first), last)
