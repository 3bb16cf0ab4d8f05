"""What a format cannot hold of a cut, told clip by clip before it is written."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from math import ceil, floor
from pathlib import Path

import opentimelineio as otio

from secondunit_timeline.dialects import is_empty_effect
from secondunit_timeline.formats.cdl import cdl_of
from secondunit_timeline.formats.edl_writer import edl_tracks, reel_name
from secondunit_timeline.formats.features import Fate, NotKept
from secondunit_timeline.formats.media import media_of, playing, reel_of
from secondunit_timeline.formats.mlt_positions import position_of, shown_by_mlt, step
from secondunit_timeline.formats.writing import WRITERS
from secondunit_timeline.index import Index, Item, TrackIndex
from secondunit_timeline.interchange import media_path
from secondunit_timeline.retimes import speed_of
from secondunit_timeline.times import frames_of, rate_of

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
        item.start for track in index.tracks for item in track.items if not isinstance(item.child, otio.schema.Gap)
    ]
    if starts and min(starts) > 0:
        yield "gap at the start of the cut", "", Fraction(0), f"{float(min(starts)):g} frames"
    for track in pictures:
        if suffix == ".edl" and track.enabled and track not in held:
            yield "several video tracks", track.name, None, f"{len(track.items)} items"
    for track in sounds:
        if suffix == ".edl" and track.enabled and track not in [one for one, _ in heard]:
            yield "more than four sound tracks", track.name, None, f"{len(track.items)} items"
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
            for name, what in _of_item(item, left, index, track):
                yield name, track.name, Fraction(item.start), what


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
    speed = speed_of(child)
    if speed is None:
        yield "speed ramp", child.name
    elif isinstance(child, otio.schema.Clip) and _between_frames(child, index.rate):
        yield "retimed clip that begins between its own frames", child.name
    if isinstance(child, otio.schema.Clip) and _shows_nearest(child, item, index.rate):
        yield "frames that another speed or rate repeats or skips", child.name
    if speed is not None and speed * round(index.rate) * 10 % 1:
        yield "speed between tenths of a frame a second", f"{child.name}: {float(speed):.4%}"
    if not isinstance(child, otio.schema.Clip):
        yield "nest", child.name
        if speed not in (None, 1):
            yield "retimed nest", child.name
        return
    if isinstance(child.media_reference, otio.schema.ImageSequenceReference) and speed not in (None, 0, 1):
        yield "retimed image sequence", child.name
    yield from _of_media(child, index)


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


def _of_media(clip: otio.schema.Clip, index: Index) -> Iterator[tuple[str, str]]:
    match clip.media_reference:
        case otio.schema.MissingReference():
            yield "missing media", clip.name
        case otio.schema.GeneratorReference() as made:
            yield "title or generator", f"{clip.name} ({made.generator_kind})"
        case otio.schema.ImageSequenceReference() as pictures:
            yield "image sequence", clip.name
            if pictures.frame_step != 1:
                yield "image sequence that counts in steps", clip.name
        case _:
            yield "media address", clip.name
    reel = reel_of(clip)
    if reel and reel_name(reel) != reel:
        yield "reel of several words", f"{clip.name}: {reel}"
    others = [key for key in clip.media_references() if key != clip.active_media_reference_key]
    if others:
        yield "other media references, takes among them", f"{clip.name}: {', '.join(others)}"
    if clip.source_range is not None:
        start = clip.source_range.start_time
        if frames_of(start, rate_of(start)) != floor(frames_of(start, rate_of(start))):
            yield "source time between frames of the media", clip.name
        if media_of(clip, index.rate).rate != index.rate:
            yield "media of another rate", f"{clip.name}: {float(media_of(clip, index.rate).rate):g}"


def _between_frames(clip: otio.schema.Clip, rate: Fraction) -> bool:
    """Whether the nearest whole frame as the clip plays is another frame of its media than the one it begins with."""
    played = playing(clip, rate)
    if played.speed in (0, 1):
        return False
    into = (played.first - played.media.start) * played.media.rate
    own = into / abs(played.speed)
    return abs(round(own) * abs(played.speed) - into) >= Fraction(1, 2)


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


def _has_clips(track: TrackIndex) -> bool:
    return any(not isinstance(item.child, otio.schema.Gap) for item in track.items)


def _foreign(metadata: Iterable[str]) -> bool:
    """Whether it holds more than reels and what reading itself notes."""
    return any(key not in ("cmx_3600", "secondunit", "cdl") for key in metadata)
