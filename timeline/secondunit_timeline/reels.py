"""Which camera frames a clip plays: a reel and source timecode, whatever file they lie in."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

import opentimelineio as otio
from secondunit_bridge.media.container import CAMERA_RAW
from secondunit_bridge.media.header import Header
from secondunit_bridge.rates import FrameTime, can_drop_frames, format_timecode, frames_per_day

from secondunit_timeline.formats.media import playing
from secondunit_timeline.index import Index, parts_of
from secondunit_timeline.library import MOVIES, PICTURES, SOUND
from secondunit_timeline.times import frames_of, rate_of

_CMX_LENGTH = 8
_NUMBER = re.compile(r"%0?\d*d")
_SUFFIXES = MOVIES | SOUND | PICTURES | CAMERA_RAW


@dataclass(frozen=True, slots=True)
class Placed:
    """A clip in the order that `clips` gives, nests included: there, `at` and `position` are those of the nest.

    `track` names the cut's track and `position` counts among its children. `before` and `after`: the transitions at
    the clip's ends.
    """

    number: int
    track: str
    position: int
    at: FrameTime
    clip: otio.schema.Clip
    before: otio.schema.Transition | None
    after: otio.schema.Transition | None


@dataclass(frozen=True, slots=True)
class Played:
    """The source time [low, high) that a clip plays, in seconds; `rate`: that of its source range.

    `ramp`: the clip has a speed ramp, and is taken at normal speed.
    """

    low: Fraction
    high: Fraction
    rate: Fraction
    ramp: bool

    def frames(self, rate: Fraction) -> tuple[int, int]:
        """The whole frames [start, end) at `rate` that hold it.

        Rates that count timecode alike, as 24 and 24000/1001, are taken for the same: an EDL does not tell them apart.
        """
        own = self.rate if round(self.rate) == round(rate) else rate
        return floor(self.low * own), ceil(self.high * own)


def clips(index: Index) -> Iterator[Placed]:
    """Every clip of the cut, also in nests, track by track."""
    number = 0
    for track in index.tracks:
        places = [place for place, child in enumerate(track.track) if not isinstance(child, otio.schema.Transition)]
        for item, position in zip(track.items, places, strict=True):
            at = FrameTime(floor(item.start), index.rate)
            for clip, before, after in _inside(item.child, item.before, item.after):
                yield Placed(number, track.name, position, at, clip, before, after)
                number += 1


def _inside(
    item: otio.core.Composable, before: otio.schema.Transition | None, after: otio.schema.Transition | None
) -> Iterator[tuple[otio.schema.Clip, otio.schema.Transition | None, otio.schema.Transition | None]]:
    if isinstance(item, otio.schema.Clip):
        yield item, before, after
    elif isinstance(item, otio.schema.Track):
        children, leads = parts_of(list(item), item.name)
        for child, left, right in zip(children, leads, leads[1:], strict=False):
            yield from _inside(child, left, right)
    elif isinstance(item, otio.schema.Stack):
        for child in item:
            yield from _inside(child, None, None)


def played(placed: Placed, cut_rate: Fraction) -> Played | None:
    """What the clip plays, under its transitions too; None where neither the clip nor its media says."""
    clip = placed.clip
    source = clip.source_range or clip.media_reference.available_range
    if source is None:
        return None
    played = playing(clip, cut_rate)
    length = Fraction(frames_of(source.duration, cut_rate)) / cut_rate
    early, late = (
        Fraction(frames_of(offset, cut_rate)) / cut_rate if offset is not None else Fraction(0)
        for offset in (
            placed.before.in_offset if placed.before is not None else None,
            placed.after.out_offset if placed.after is not None else None,
        )
    )
    forwards = played.speed >= 0
    low = played.low(length) - (early if forwards else late) * abs(played.speed)
    high = played.high(length) + (late if forwards else early) * abs(played.speed)
    return Played(low, high, rate_of(source.start_time), played.ramp)


def offset_in(start: FrameTime, drop_frame: bool, frame: int) -> int:
    """How many frames `frame` lies behind `start`, over midnight too; both count frames since 00:00:00:00."""
    day = frames_per_day(start.rate, drop_frame)
    offset = (frame - start.frame) % day
    return offset - day if offset > day // 2 else offset


def shift_of(media: otio.core.MediaReference, header: Header | None, rate: Fraction, first: int) -> int:
    """From the cut's count of the media's frames to its timecode; `first`: a frame that the cut plays.

    Without `header`, or where the file has no timecode, the cut's count is taken for it.
    """
    if header is None or header.start is None:
        return 0
    available = media.available_range
    if available is None:
        return 0 if first >= header.start.frame else header.start.frame
    return header.start.frame - round(frames_of(available.start_time, rate))


def reel_key(reel: str) -> str:
    """What is left of a reel's name in every format: EDLs write spaces as underscores, some systems capitals only."""
    return "_".join(reel.split()).casefold()


def same_reel(one: str, other: str) -> bool:
    """Whether two keys may mean one reel: CMX3600 keeps the first eight characters of a name."""
    short, long = sorted((one, other), key=len)
    return short == long or (len(short) == _CMX_LENGTH and long.startswith(short))


def timecode(frame: int, rate: Fraction, drop_frame: bool | None = None) -> str:
    drops = can_drop_frames(rate) if drop_frame is None else drop_frame
    return format_timecode(FrameTime(frame, rate), drops)


def stem(name: str) -> str:
    """A file's name without its folder, suffix and frame number, whatever system wrote it."""
    name = re.split(r"[\\/]", name)[-1]
    base, dot, suffix = name.rpartition(".")
    plain = base if dot and f".{suffix}".lower() in _SUFFIXES else name
    return "_".join(_NUMBER.split(plain)[0].rstrip("._- ").split()).casefold()
