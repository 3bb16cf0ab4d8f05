"""What a format cannot hold of a cut, told clip by clip before it is written."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from math import ceil, floor
from pathlib import Path

import opentimelineio as otio

from secondunit_timeline.dialects import is_empty_effect
from secondunit_timeline.flat import source_start
from secondunit_timeline.formats.cdl import cdl_of
from secondunit_timeline.formats.edl_writer import edl_tracks, reel_name
from secondunit_timeline.formats.features import Fate, NotKept
from secondunit_timeline.formats.media import media_of, playing
from secondunit_timeline.formats.mlt_positions import position_of, shown_by_mlt, step
from secondunit_timeline.formats.writing import WRITERS
from secondunit_timeline.index import Index, Item, TrackIndex
from secondunit_timeline.interchange import media_path
from secondunit_timeline.retimes import shows_within, speed_of
from secondunit_timeline.times import exact, frames_of, rate_of

VIDEO = otio.schema.TrackKind.Video


@dataclass(frozen=True, slots=True)
class Loss:
    """One thing in the cut that comes out otherwise or not at all.

    `at`: its record timecode, empty for a whole track or cut.
    """

    feature: str
    track: str
    at: str
    name: str
    fate: Fate
    how: str


def not_kept(suffix: str) -> NotKept:
    """What the format of `suffix` changes or loses; of OpenTimelineIO's own formats, nothing."""
    writer = WRITERS.get(suffix.lower())
    if writer is None:
        return {}
    kept_not: NotKept = import_module(f"secondunit_timeline.formats.{writer}").NOT_KEPT
    return kept_not


def losses(cut: otio.schema.Timeline, suffix: str) -> list[Loss]:
    """Everything in `cut` that the format of `suffix` does not hold as it is, in the order of tracks and time."""
    index = Index(cut)
    if suffix.lower() in (".otioz", ".otiod"):
        return list(_outside_bundle(index))
    fates = not_kept(suffix)
    found = []
    for name, track, at, what in _features(index, suffix.lower()):
        if name in fates:
            fate, how = fates[name]
            where = index.timecode(floor(at)) if at is not None else ""
            found.append(Loss(name, track, where, what, fate, how))
    return found


def _outside_bundle(index: Index) -> Iterator[Loss]:
    """A bundle holds a whole .otio, and of the media the files that play."""
    for track in index.tracks:
        for item in track.items:
            inner = item.child.find_clips() if isinstance(item.child, otio.core.Composition) else [item.child]
            for clip in (clip for clip in inner if isinstance(clip, otio.schema.Clip)):
                where = (track.name, index.timecode(floor(item.start)), clip.name)
                path = media_path(clip.media_reference)
                if isinstance(clip.media_reference, otio.schema.ImageSequenceReference):
                    yield Loss("image sequence", *where, "changed", "its pictures stay outside the bundle")
                elif isinstance(clip.media_reference, otio.schema.ExternalReference) and (
                    path is None or not Path(path).is_file()
                ):
                    yield Loss("offline media", *where, "changed", "it becomes missing media")
                if len(clip.media_references()) > 1:
                    how = "their media stays outside the bundle"
                    yield Loss("other media references, takes among them", *where, "changed", how)


_Found = tuple[str, str, Fraction | None, str]


def _features(index: Index, suffix: str) -> Iterator[_Found]:
    """Features of the cut by name, with track, record frame from its first frame, and what has them."""
    cut = index.cut
    if _foreign(cut.metadata):
        yield "metadata", "", None, cut.name
    for marker in cut.tracks.markers:
        yield "marker of the cut", "", Fraction(frames_of(marker.marked_range.start_time, index.rate)), marker.name
    pictures = [track for track in index.tracks if track.kind == VIDEO and _has_clips(track)]
    sounds = [track for track in index.tracks if track.kind != VIDEO and _has_clips(track)]
    held, heard = edl_tracks(index)
    starts = [
        item.start
        for track in ([*held, *(one for one, _ in heard)] if suffix == ".edl" else index.tracks)
        for item in track.items
        if not isinstance(item.child, otio.schema.Gap) and (item.child.enabled or suffix != ".edl")
    ]
    if starts and min(starts) > 0:
        yield "gap at the start of the cut", "", Fraction(0), f"{float(min(starts)):g} frames"
    for track in pictures:
        if suffix == ".edl" and track.enabled and track not in held:
            yield "several video tracks", track.name, None, f"{len(track.items)} items"
    for track in sounds:
        if suffix == ".edl" and track.enabled and track not in [one for one, _ in heard]:
            yield "more than four sound tracks", track.name, None, f"{len(track.items)} items"
    yield from _names(index)
    counts: dict[str, int] = {}
    for track in index.tracks:
        counts[track.kind] = counts.get(track.kind, 0) + 1
        if track.track.name not in ("", f"{track.kind[:1]}{counts[track.kind]}"):
            yield "name of a track", track.name, None, track.name
        if not track.enabled and _has_clips(track):
            yield "disabled track", track.name, None, track.name
        if _foreign(track.track.metadata):
            yield "metadata", track.name, None, track.name
        for marker in track.track.markers:
            yield "marker of a track", track.name, None, marker.name
        if track.items and isinstance(track.items[-1].child, otio.schema.Gap):
            last = track.items[-1]
            yield "gap at the end of a track", track.name, Fraction(last.start), f"{float(last.duration):g} frames"
        for left, item in zip((None, *track.items), track.items, strict=False):
            for name, what in (*_of_item(item, left, index, track), *_inside(item.child, index)):
                yield name, track.name, Fraction(item.start), what


def _names(index: Index) -> Iterator[_Found]:
    named: dict[tuple[object, ...], str] = {}
    for track in index.tracks:
        for item in track.items:
            inner = item.child.find_clips() if isinstance(item.child, otio.core.Composition) else [item.child]
            for clip in (clip for clip in inner if isinstance(clip, otio.schema.Clip)):
                media = media_of(clip, index.rate)
                first = named.setdefault((media.url or media.name, media.reel, media.start, media.rate), clip.name)
                if first != clip.name:
                    yield "other name for the same media", track.name, Fraction(item.start), f"{clip.name} ({first})"


def _of_item(item: Item, left: Item | None, index: Index, track: TrackIndex) -> Iterator[tuple[str, str]]:
    child = item.child
    for transition, before, after in _transitions(item, left, track):
        into, out = (frames_of(side, index.rate) for side in (transition.in_offset, transition.out_offset))
        if (into > 0 and _is_nothing(before)) or (out > 0 and _is_nothing(after)):
            yield "fade that reaches into a gap", transition.name
        if transition.transition_type != otio.schema.TransitionTypes.SMPTE_Dissolve:
            yield "wipe or other transition", transition.name or transition.transition_type
        elif into == 0:
            yield "dissolve", transition.name
        if into > 0:
            yield "dissolve across its cut point", transition.name
        if into > 0 and out > 0 and into not in (out, out - 1):
            yield "dissolve unevenly across its cut point", transition.name
    if item.start != floor(item.start) or item.duration != floor(item.duration):
        yield "edit point between frames of the cut", child.name
    if isinstance(child, otio.schema.Gap):
        return
    if not child.enabled:
        yield "disabled clip", child.name
    if _foreign(child.metadata):
        yield "metadata", child.name
    for effect in child.effects:
        if not isinstance(effect, otio.schema.TimeEffect) and not is_empty_effect(effect):
            yield "effect other than a speed", f"{child.name}: {effect.effect_name or effect.name}"
    if isinstance(child, otio.schema.Clip) and cdl_of(child) is not None:
        yield "colour decision (ASC CDL)", child.name
    for marker in child.markers:
        yield "clip marker", f"{child.name}: {marker.name}"
        yield "marker colour", f"{child.name}: {marker.name}"
        yield from _of_place(marker, item, index)
    speed = speed_of(child)
    if speed is None:
        yield "speed ramp", child.name
    elif isinstance(child, otio.schema.Clip) and _between_frames(child, item, index.rate):
        yield "retimed clip that begins between its own frames", child.name
    if isinstance(child, otio.schema.Clip) and _shows_nearest(child, item, index.rate):
        yield "frames that another speed or rate repeats or skips", child.name
    if speed is not None and speed * round(index.rate) * 10 % 1:
        yield "speed between tenths of a frame a second", f"{child.name}: {float(speed):.4%}"
    if not isinstance(child, otio.schema.Clip):
        yield "nest", child.name
        if speed != 1:
            yield "retimed nest", child.name
        inner = [child] if isinstance(child, otio.schema.Track) else child
        if len({track.kind for track in inner if isinstance(track, otio.schema.Track) and len(track)}) > 1:
            yield "nest with pictures and sound", child.name
        return
    if isinstance(child.media_reference, otio.schema.ImageSequenceReference) and speed not in (None, 0, 1):
        yield "retimed image sequence", child.name
    yield from _of_media(child, item, index)


def _transitions(
    item: Item, left: Item | None, track: TrackIndex
) -> Iterator[tuple[otio.schema.Transition, Item | None, Item | None]]:
    """Those that `item` is the first to have, with what lies before and after them."""
    if item.before is not None:
        yield item.before, left, item
    if item.after is not None and item is track.items[-1]:
        yield item.after, item, None


def _is_nothing(item: Item | None) -> bool:
    return item is None or isinstance(item.child, otio.schema.Gap)


def _inside(nest: otio.core.Item, index: Index) -> Iterator[tuple[str, str]]:
    """Features of what a nest holds."""
    if not isinstance(nest, otio.core.Composition):
        return
    for inner in [nest] if isinstance(nest, otio.schema.Track) else nest:
        if isinstance(inner, otio.schema.Track):
            track = TrackIndex(inner, inner.name, index.rate)
            for left, item in zip((None, *track.items), track.items, strict=False):
                for name, what in (*_of_item(item, left, index, track), *_inside(item.child, index)):
                    yield name, f"{nest.name}/{what}"


def _of_media(clip: otio.schema.Clip, item: Item, index: Index) -> Iterator[tuple[str, str]]:
    match clip.media_reference:
        case otio.schema.MissingReference():
            yield "missing media", clip.name
        case otio.schema.GeneratorReference() as made:
            yield "title or generator", f"{clip.name} ({made.generator_kind})"
        case otio.schema.ExternalReference() as file if not file.target_url:
            yield "missing media", clip.name
        case otio.schema.ImageSequenceReference() as pictures:
            yield "image sequence", clip.name
            if media_of(clip, index.rate).rate != index.rate:
                yield "image sequence of another rate", clip.name
            if pictures.frame_step != 1:
                yield "image sequence that counts in steps", clip.name
        case _:
            yield "media address", clip.name
    media = media_of(clip, index.rate)
    if media.length is not None:
        yield "length of the media", clip.name
        if clip.source_range is not None and not shows_within(clip, clip.media_reference.available_range):
            yield "media shorter than what plays", clip.name
    elif not isinstance(clip.media_reference, otio.schema.GeneratorReference):
        yield "media of unknown length", clip.name
    reel = media.reel
    if reel and reel_name(reel) != reel:
        yield "reel of several words", f"{clip.name}: {reel}"
    others = [key for key in clip.media_references() if key != clip.active_media_reference_key]
    if others:
        yield "other media references, takes among them", f"{clip.name}: {', '.join(others)}"
    if clip.source_range is not None:
        begin = source_start(clip) - _under(item, index.rate) * (speed_of(clip) or 1)
        if source_start(clip) * media.rate % 1 or begin * media.rate % 1:
            yield "source time between frames of the media", clip.name
        if media.rate != index.rate:
            yield "media of another rate", f"{clip.name}: {float(media.rate):g}"


def _of_place(marker: otio.schema.Marker, item: Item, index: Index) -> Iterator[tuple[str, str]]:
    child, at = item.child, _seconds(marker.marked_range.start_time)
    what = f"{child.name}: {marker.name}"
    first, speed = source_start(child), speed_of(child) or Fraction(1)
    if isinstance(child, otio.schema.Clip) and isinstance(child.media_reference, otio.schema.GeneratorReference):
        yield "marker of a title", what
    if not 0 <= (at - first) / speed * index.rate < item.duration:
        yield "marker outside the frames that play", what
    rate = index.rate
    if isinstance(child, otio.schema.Clip):
        media = media_of(child, index.rate)
        rate = media.rate
        if at < media.start and not isinstance(child.media_reference, otio.schema.GeneratorReference):
            yield "marker before the media", what
    if at * rate % 1 or _seconds(marker.marked_range.duration) * rate % 1:
        yield "marker between frames", what


def _between_frames(clip: otio.schema.Clip, item: Item, rate: Fraction) -> bool:
    """Whether a retimed clip, or the part of it under a transition, begins between its own frames.

    Where the frames do not fall together at all, the nearest is another frame of the media than the one meant.
    """
    played = playing(clip, rate)
    if played.speed in (0, 1):
        return False
    into = (played.first - played.media.start) * played.media.rate
    own = into / abs(played.speed)
    under = _under(item, rate) * played.media.rate
    return abs(round(own) * abs(played.speed) - into) >= Fraction(1, 2) or bool(under and (own - under) % 1)


def _under(item: Item, rate: Fraction) -> Fraction:
    """How far the transition before an item reaches back, in seconds of the record."""
    return Fraction(frames_of(item.before.in_offset, rate)) / rate if item.before is not None else Fraction(0)


def _shows_nearest(clip: otio.schema.Clip, item: Item, rate: Fraction) -> bool:
    """Whether the frames nearest in time, which MLT shows, are others than those that the cut means."""
    played = playing(clip, rate)
    media = played.media
    if played.ramp or played.speed == 0 or isinstance(clip.media_reference, otio.schema.GeneratorReference):
        return False
    meant, first = played.speed * media.rate / rate, (played.first - media.start) * media.rate
    if meant == 1 and first == floor(first):
        return False
    way = -1 if played.speed < 0 else 1
    position = position_of(first, step(played.speed, media.rate, rate))
    return any(
        shown_by_mlt(position + way * number, played.speed, media.rate, rate) != floor(first + number * meant)
        for number in range(ceil(item.duration))
    )


def _seconds(time: otio.opentime.RationalTime) -> Fraction:
    return Fraction(exact(time.value)) / rate_of(time)


def _has_clips(track: TrackIndex) -> bool:
    return any(not isinstance(item.child, otio.schema.Gap) for item in track.items)


def _foreign(metadata: Iterable[str]) -> bool:
    """Whether it holds more than reels and what reading itself notes."""
    return any(key not in ("cmx_3600", "secondunit", "cdl") for key in metadata)
