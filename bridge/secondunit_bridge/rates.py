"""Exact frame rates, frame counts that carry them, and SMPTE timecode (ST 12-1)."""

import re
from dataclasses import dataclass
from fractions import Fraction

from secondunit_bridge.errors import BadInput

NTSC_BASES = (24, 30, 48, 60, 96, 120)
_TIMECODE = re.compile(r"(\d{1,2}):(\d\d):(\d\d)([:;.,])(\d{1,3})")


@dataclass(frozen=True, slots=True)
class FrameTime:
    """A frame number at its rate: a position, or timecode as frames since 00:00:00:00."""

    frame: int
    rate: Fraction

    @property
    def seconds(self) -> Fraction:
        return self.frame / self.rate


@dataclass(frozen=True, slots=True)
class FrameRange:
    """The frames [start, start + duration)."""

    start: int
    duration: int
    rate: Fraction

    @property
    def end(self) -> int:
        """The first frame after the range."""
        return self.start + self.duration


def exact_rate(value: float | Fraction) -> Fraction:
    """The rate that a file means by `value`: an NTSC rate within 0.018 %, else the nearest fraction.

    Real files hold 23.976, 23.98, 23.976024627685547 and 29.97002997; none of them equals N * 1000/1001.
    """
    exact = Fraction(value).limit_denominator(1_000_000) if 0 < value < 1_000_000 else Fraction(0)
    if exact == 0:
        raise BadInput(f"frame rate {float(value)} is not usable: give a rate above 0 and below 1,000,000")
    ntsc = min((Fraction(base * 1000, 1001) for base in NTSC_BASES), key=lambda rate: abs(rate - exact))
    return ntsc if abs(ntsc - exact) * 5500 <= ntsc else exact


def can_drop_frames(rate: Fraction) -> bool:
    return rate in (Fraction(30000, 1001), Fraction(60000, 1001))


def _drop_per_minute(rate: Fraction, drop_frame: bool) -> int:
    if not drop_frame:
        return 0
    if not can_drop_frames(rate):
        raise BadInput(f"drop-frame timecode exists at 29.97 and 59.94 only, not at {float(rate):g}")
    return round(rate) // 15


def frames_per_day(rate: Fraction, drop_frame: bool) -> int:
    """Where timecode starts anew."""
    return (max(1, round(rate)) * 600 - _drop_per_minute(rate, drop_frame) * 9) * 144


def format_timecode(time: FrameTime, drop_frame: bool = False) -> str:
    """`HH:MM:SS:FF`, `;` before the frames for drop-frame; wraps at 24 hours. Odd rates count by round(rate)."""
    base = max(1, round(time.rate))
    drop = _drop_per_minute(time.rate, drop_frame)
    per_minute, per_ten = base * 60 - drop, base * 600 - drop * 9
    frame = time.frame % frames_per_day(time.rate, drop_frame)
    if drop:
        tens, rest = divmod(frame, per_ten)
        frame += drop * 9 * tens + drop * max(0, (rest - drop) // per_minute)
    seconds, frames = divmod(frame, base)
    digits = len(str(base - 1))
    separator = ";" if drop else ":"
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{separator}{frames:0{max(2, digits)}}"


def parse_timecode(text: str, rate: Fraction) -> FrameTime:
    """Reads `HH:MM:SS:FF`; `;` or `,` before the frames means drop-frame."""
    match = _TIMECODE.fullmatch(text.strip())
    base = max(1, round(rate))
    if match is None or int(match[3]) > 59 or int(match[2]) > 59 or int(match[5]) >= base:
        raise BadInput(f"{text!r} is not a timecode at {float(rate):g} frames a second: write HH:MM:SS:FF")
    hours, minutes, seconds, frames = int(match[1]), int(match[2]), int(match[3]), int(match[5])
    drop = _drop_per_minute(rate, match[4] in ";,")
    if drop and frames < drop and seconds == 0 and minutes % 10:
        raise BadInput(f"{text} does not exist in drop-frame timecode: the count skips it")
    total_minutes = hours * 60 + minutes
    frame = (total_minutes * 60 + seconds) * base + frames - drop * (total_minutes - total_minutes // 10)
    return FrameTime(frame, rate)


def samples_before(time: FrameTime, sample_rate: int) -> int:
    """Sound samples before a frame, rounded down, so that neighbouring ranges neither overlap nor leave a gap."""
    return int(time.frame * sample_rate // time.rate)
