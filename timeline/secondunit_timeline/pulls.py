"""Pull lists: which frames of which reel a cut needs, with handles, for a scan, a transfer or a render farm."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor

import opentimelineio as otio
from secondunit_bridge.errors import BadInput
from secondunit_bridge.rates import FrameRange

from secondunit_timeline.formats.cdl import Cdl, cdl_of
from secondunit_timeline.formats.media import media_of, reel_of
from secondunit_timeline.index import Index
from secondunit_timeline.reels import Placed, clips, played
from secondunit_timeline.takes import PREFIX
from secondunit_timeline.times import frames_of

CAMERA = otio.schema.Clip.DEFAULT_MEDIA_KEY


@dataclass(frozen=True, slots=True)
class Pull:
    """One range of one medium. Frames count in source timecode at the medium's rate, from 00:00:00:00.

    `frames`: what to deliver, handles included. `used`: from the first to the last frame that plays. `short`: how many
    handle frames the medium does not hold before and after. `reel` is empty and `url` may be where the cut names none.
    """

    reel: str
    name: str
    url: str
    frames: FrameRange
    used: FrameRange
    short: tuple[int, int]
    clips: tuple[str, ...]
    cdl: Cdl | None


@dataclass(frozen=True, slots=True)
class PullList:
    """By reel and timecode. `notes`: what is asked for otherwise than the cut plays it, or not at all."""

    cut: str
    rate: Fraction
    handles: int
    pulls: tuple[Pull, ...]
    notes: tuple[str, ...]

    @property
    def frames(self) -> int:
        return sum(pull.frames.duration for pull in self.pulls)

    @property
    def seconds(self) -> Fraction:
        return sum((pull.frames.duration / pull.frames.rate for pull in self.pulls), Fraction(0))


def pull_list(cut: otio.schema.Timeline, handles: int, whole: bool = False) -> PullList:
    """What the enabled picture clips of `cut` play, `handles` frames of each medium more at either end.

    A retimed clip asks for length × speed frames, a freeze for one, a speed ramp for all of its medium, a nest for all
    that it holds. A take on a camera shot asks for the camera frames behind it; a take that is a clip of its own has
    none and is noted. `whole`: all of each medium instead. Ranges of one medium become one where they overlap or fewer
    than `handles` frames lie between them.
    """
    if handles < 0:
        raise BadInput(f"{handles} handle frames cannot be pulled: give 0 or more")
    index = Index(cut)
    shown = {track.name: track for track in index.tracks if track.enabled}
    notes: dict[str, None] = {}
    found: list[Pull] = []
    for placed in clips(index):
        if placed.track in shown and _shows(placed, shown[placed.track].track):
            found += _pulled(placed, index, handles, whole, notes)
    found.sort(key=lambda pull: (_medium(pull), pull.frames.start))
    merged: list[Pull] = []
    for pull in found:
        last = merged[-1] if merged else None
        if (
            last is not None
            and _medium(last) == _medium(pull)
            and pull.frames.start - last.frames.end < max(1, handles)
        ):
            merged[-1] = _joined(last, pull)
        else:
            merged.append(pull)
    return PullList(cut.name, index.rate, handles, tuple(merged), tuple(notes))


def _shows(placed: Placed, track: otio.schema.Track) -> bool:
    holder = placed.clip.parent()
    picture = isinstance(holder, otio.schema.Track) and holder.kind == otio.schema.TrackKind.Video
    return picture and holder.enabled and bool(placed.clip.enabled) and bool(track[placed.position].enabled)


def _medium(pull: Pull) -> tuple[str, str, Fraction]:
    """A reel is one tape or card, whatever files hold it; without one, a file is a medium of its own."""
    return (pull.reel, "" if pull.reel else pull.url or pull.name, pull.frames.rate)


def _pulled(placed: Placed, index: Index, handles: int, whole: bool, notes: dict[str, None]) -> Iterator[Pull]:
    where = f"{placed.clip.name} ({placed.track} {index.timecode(placed.at.frame)})"
    clip = _camera(placed.clip)
    if clip is None:
        notes[f"{where}: made by the unit, nothing to pull"] = None
        return
    if isinstance(clip.media_reference, otio.schema.GeneratorReference):
        return
    shown = played(replace(placed, clip=clip), index.rate)
    if shown is None:
        notes[f"{where}: the cut does not say which frames it plays"] = None
        return
    media = media_of(clip, index.rate)
    low, high = floor(shown.low * media.rate), ceil(shown.high * media.rate)
    first, last = None, None
    if (available := clip.media_reference.available_range) is not None:
        first = ceil(frames_of(available.start_time, media.rate))
        last = first + floor(frames_of(available.duration, media.rate))
    if shown.ramp:
        low, high = (first, last) if first is not None and last is not None else (low, high)
        asked = "all of its medium is asked for" if first is not None else "it is asked for at normal speed"
        notes[f"{where}: {asked}, since its speed changes"] = None
    if whole and first is not None and last is not None:
        begin, end = first, last
    else:
        begin, end = max(low - handles, min(low, 0)), high + handles
    if first is not None and last is not None:
        if low < first or high > last:
            notes[
                f"{where}: plays {max(0, first - low) + max(0, high - last)} frames that its medium does not hold"
            ] = None
        if begin < first or end > last:
            begin, end = max(begin, min(first, low)), min(end, max(last, high))
    short = (0, 0) if whole else (begin - (low - handles), high + handles - end)
    if not whole and any(short):
        notes[f"{where}: its medium is {short[0]} frames short before and {short[1]} after"] = None
    yield Pull(
        reel_of(clip),
        media.name,
        media.url,
        FrameRange(begin, end - begin, media.rate),
        FrameRange(low, high - low, media.rate),
        short,
        (where,),
        cdl_of(clip),
    )


def _camera(clip: otio.schema.Clip) -> otio.schema.Clip | None:
    """The clip on its camera media: itself, or behind a take; None where no camera took it."""
    if not clip.active_media_reference_key.startswith(PREFIX):
        return clip
    if CAMERA not in clip.media_references():
        return None
    camera = clip.clone()
    camera.active_media_reference_key = CAMERA
    return camera


def _joined(one: Pull, other: Pull) -> Pull:
    def span(ranges: Sequence[FrameRange]) -> FrameRange:
        start, end = min(each.start for each in ranges), max(each.end for each in ranges)
        return FrameRange(start, end - start, ranges[0].rate)

    frames = span((one.frames, other.frames))
    return replace(
        one,
        name=one.name if one.name == other.name else ", ".join(dict.fromkeys([*one.name.split(", "), other.name])),
        frames=frames,
        used=span((one.used, other.used)),
        short=(
            one.short[0] if one.frames.start <= other.frames.start else other.short[0],
            one.short[1] if one.frames.end >= other.frames.end else other.short[1],
        ),
        clips=(*one.clips, *other.clips),
        cdl=one.cdl if one.cdl == other.cdl else None,
    )
