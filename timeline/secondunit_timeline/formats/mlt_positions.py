"""Which media frame MLT shows at a position of a producer, and the position at which it shows a frame.

Positions count frames of the profile, whatever the media's rate. From the sources of MLT's producer_avformat.c and
producer_timewarp.c; `tests/timeline/test_kdenlive_melt.py` holds them against `melt`.
"""

from fractions import Fraction
from math import ceil, floor

_HALF = Fraction(1, 2)


def step(speed: Fraction, media_rate: Fraction, rate: Fraction) -> Fraction:
    """The media frames that one position moves on by, above 0 also for reverse; `rate` is the profile's.

    At another speed the timewarp producer opens the media under a frame rate of rate / speed, whose numerator is whole.
    """
    numerator, denominator = rate.numerator, rate.denominator
    if abs(speed) not in (0, 1):
        if numerator < 1000:
            numerator, denominator = numerator * 1000, denominator * 1000
        numerator = max(1, int(numerator / float(abs(speed))))
    return media_rate * denominator / numerator


def shown_at(position: int, by: Fraction) -> Fraction:
    """The media frame at `position`, with a fraction where the frames after it need one.

    MLT shows floor(position * by + 1/2), and so on; a cut, floor(start + frames * by).
    """
    return Fraction(floor((position * by + _HALF) * by.denominator), by.denominator)


def position_of(frame: Fraction, by: Fraction) -> int:
    """The position at which MLT shows `frame`; where it never shows it, that of the first frame after it."""
    first = ceil((floor(frame) - _HALF) / by)
    last = ceil((floor(frame) + _HALF) / by) - 1
    return min(max(ceil((frame - _HALF) / by), first), max(first, last))
