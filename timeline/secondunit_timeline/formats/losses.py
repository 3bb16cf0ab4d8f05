"""What a format cannot hold of a cut, told clip by clip before it is written."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import Literal

import opentimelineio as otio

from secondunit_timeline.formats.edl_writer import edl_tracks, reel_name
from secondunit_timeline.formats.media import media_of, playing, reel_of
from secondunit_timeline.index import Index, Item, TrackIndex
from secondunit_timeline.interchange import media_path
from secondunit_timeline.retimes import speed_of
from secondunit_timeline.times import frames_of, rate_of

Fate = Literal["kept", "changed", "lost"]
VIDEO = otio.schema.TrackKind.Video


@dataclass(frozen=True, slots=True)
class Feature:
    """Something a cut can hold, and for each format what becomes of it; `how` says it where it is not kept."""

    name: str
    fcpxml: tuple[Fate, str]
    fcp7: tuple[Fate, str]
    edl: tuple[Fate, str]

    def fate(self, suffix: str) -> tuple[Fate, str]:
        match suffix.lower():
            case ".fcpxml":
                return self.fcpxml
            case ".xml":
                return self.fcp7
            case ".edl":
                return self.edl
            case _:
                return KEPT


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


KEPT: tuple[Fate, str] = ("kept", "")
_REFERENCES: tuple[Fate, str] = ("lost", "only the active reference is written; its reel and timecode are kept")
_LEFT_OUT: tuple[Fate, str] = ("lost", "it is left out")
_OURS: tuple[Fate, str] = ("lost", "metadata of clips, tracks and the cut is left out")

FEATURES: dict[str, Feature] = {
    feature.name: feature
    for feature in (
        Feature("cut points", KEPT, KEPT, KEPT),
        Feature("exact rates, NTSC included", KEPT, KEPT, ("changed", "counted in timecode; the list names no rate")),
        Feature("start timecode", KEPT, KEPT, KEPT),
        Feature("source timecode", KEPT, KEPT, KEPT),
        Feature("reel", KEPT, KEPT, KEPT),
        Feature("reel of several words", KEPT, KEPT, ("changed", "spaces become underscores")),
        Feature("media address", KEPT, KEPT, ("changed", "only the file's name is written")),
        Feature("missing media", ("changed", "an address that leads nowhere stands for it"), KEPT, KEPT),
        Feature(
            "image sequence",
            ("changed", "the address of its first picture is written"),
            ("changed", "the address of its first picture is written"),
            ("changed", "only the first picture's name is written"),
        ),
        Feature(
            "title or generator",
            ("changed", "a plain title with its text or name is written"),
            ("changed", "a plain title with its text or name is written"),
            ("changed", "a clip with its name is written"),
        ),
        Feature("constant speed", KEPT, KEPT, KEPT),
        Feature(
            "speed between tenths of a frame a second",
            KEPT,
            KEPT,
            ("changed", "rounded to a tenth of a frame a second"),
        ),
        Feature(
            "retimed clip that begins between its own frames",
            KEPT,
            ("changed", "it begins up to a frame as it plays earlier or later"),
            KEPT,
        ),
        Feature(
            "speed ramp",
            ("lost", "the clip is written at its normal speed"),
            ("lost", "the clip is written at its normal speed"),
            ("lost", "the clip is written at its normal speed"),
        ),
        Feature("dissolve", KEPT, KEPT, KEPT),
        Feature(
            "dissolve across its cut point",
            KEPT,
            KEPT,
            ("changed", "the cut point moves to the dissolve's first frame; the pictures are the same"),
        ),
        Feature(
            "dissolve unevenly across its cut point",
            KEPT,
            ("changed", "the cut point moves to the dissolve's middle; the pictures are the same"),
            KEPT,
        ),
        Feature(
            "wipe or other transition",
            ("changed", "a dissolve of the same length is written"),
            ("changed", "a dissolve of the same length is written"),
            ("changed", "a wipe or a dissolve of the same length is written"),
        ),
        Feature("disabled clip", KEPT, KEPT, ("lost", "it is left out")),
        Feature("several video tracks", KEPT, KEPT, ("lost", "only the lowest that shows anything is written")),
        Feature("more than four sound tracks", KEPT, KEPT, ("lost", "only the first four are written")),
        Feature(
            "name of a track",
            ("lost", "tracks are numbered"),
            ("lost", "tracks are numbered"),
            ("lost", "tracks are numbered"),
        ),
        Feature("disabled track", ("changed", "its clips are written as disabled"), KEPT, ("lost", "it is left out")),
        Feature("nest", KEPT, KEPT, ("changed", "one event with its name is written")),
        Feature("effect other than a speed", _LEFT_OUT, _LEFT_OUT, _LEFT_OUT),
        Feature("clip marker", KEPT, KEPT, ("changed", "a locator in the record's timecode; its length is left out")),
        Feature(
            "marker colour", ("lost", "the marker is written without"), ("lost", "the marker is written without"), KEPT
        ),
        Feature(
            "marker of the cut",
            ("changed", "it becomes a marker of the clip below it"),
            KEPT,
            ("lost", "it is left out"),
        ),
        Feature("marker of a track", _LEFT_OUT, _LEFT_OUT, _LEFT_OUT),
        Feature(
            "edit point between frames of the cut",
            KEPT,
            ("changed", "moved to the nearest frame"),
            ("changed", "moved to the nearest frame"),
        ),
        Feature(
            "source time between frames of the media",
            KEPT,
            ("changed", "moved to the nearest frame"),
            ("changed", "moved to the nearest frame"),
        ),
        Feature("media of another rate", KEPT, KEPT, ("changed", "its timecode is counted at the cut's rate")),
        Feature(
            "gap at the start of the cut",
            KEPT,
            KEPT,
            ("changed", "the cut starts with its first event; record timecodes are the same"),
        ),
        Feature("gap at the end of a track", _LEFT_OUT, _LEFT_OUT, _LEFT_OUT),
        Feature("other media references, takes among them", _REFERENCES, _REFERENCES, _REFERENCES),
        Feature("metadata", _OURS, _OURS, _OURS),
    )
}


def losses(cut: otio.schema.Timeline, suffix: str) -> list[Loss]:
    """Everything in `cut` that the format of `suffix` does not hold as it is, in the order of tracks and time."""
    index = Index(cut)
    if suffix.lower() in (".otioz", ".otiod"):
        return list(_outside_bundle(index))
    found = []
    for name, track, at, what in _features(index, suffix.lower()):
        fate, how = FEATURES[name].fate(suffix)
        if fate != "kept":
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
        for item in track.items:
            for name, what in _of_item(item, index, track):
                yield name, track.name, Fraction(item.start), what


def _of_item(item: Item, index: Index, track: TrackIndex) -> Iterator[tuple[str, str]]:
    child = item.child
    for transition in filter(None, (item.before, item.after if item is track.items[-1] else None)):
        into, out = (frames_of(side, index.rate) for side in (transition.in_offset, transition.out_offset))
        if transition.transition_type != otio.schema.TransitionTypes.SMPTE_Dissolve:
            yield "wipe or other transition", transition.name or transition.transition_type
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
        if not isinstance(effect, otio.schema.TimeEffect) and _means_something(effect):
            yield "effect other than a speed", f"{child.name}: {effect.effect_name or effect.name}"
    for marker in child.markers:
        yield "clip marker", f"{child.name}: {marker.name}"
        yield "marker colour", f"{child.name}: {marker.name}"
    speed = speed_of(child)
    if speed is None:
        yield "speed ramp", child.name
    elif isinstance(child, otio.schema.Clip) and _between_frames(child, index.rate):
        yield "retimed clip that begins between its own frames", child.name
    if speed is not None and speed * round(index.rate) * 10 % 1:
        yield "speed between tenths of a frame a second", f"{child.name}: {float(speed):.4%}"
    if not isinstance(child, otio.schema.Clip):
        yield "nest", child.name
        return
    yield from _of_media(child, index)


def _of_media(clip: otio.schema.Clip, index: Index) -> Iterator[tuple[str, str]]:
    match clip.media_reference:
        case otio.schema.MissingReference():
            yield "missing media", clip.name
        case otio.schema.GeneratorReference() as made:
            yield "title or generator", f"{clip.name} ({made.generator_kind})"
        case otio.schema.ImageSequenceReference():
            yield "image sequence", clip.name
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


def _has_clips(track: TrackIndex) -> bool:
    return any(not isinstance(item.child, otio.schema.Gap) for item in track.items)


def _foreign(metadata: Iterable[str]) -> bool:
    """Whether it holds more than reels and what reading itself notes."""
    return any(key not in ("cmx_3600", "secondunit") for key in metadata)


def _means_something(effect: otio.schema.Effect) -> bool:
    """Resolve writes about twelve slots on every clip; those that are switched off change nothing."""
    resolve = effect.metadata.get("Resolve_OTIO")
    return bool(resolve.get("Enabled", True)) and bool(resolve.get("Parameters")) if hasattr(resolve, "get") else True
