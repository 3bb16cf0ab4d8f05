"""A cut as strips on tracks, which is what code inside a host tells and is told, and the cut that strips mean."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import opentimelineio as otio
import orjson
from secondunit_bridge.errors import CutError
from secondunit_timeline.dialects import entry, link_of, marker_text, sound_stream
from secondunit_timeline.documents import parsed, plain, text_of
from secondunit_timeline.flat import source_of, source_start
from secondunit_timeline.index import Index, Item, TrackIndex
from secondunit_timeline.interchange import media_path, reference_to
from secondunit_timeline.nests import opened
from secondunit_timeline.references import is_recipe
from secondunit_timeline.retimes import speed_of
from secondunit_timeline.takes import PREFIX
from secondunit_timeline.times import Frames, exact, frames_of, frames_text, rate_of, rational_time, simple, time_range
from secondunit_timeline.validation import Validation

if TYPE_CHECKING:  # it brings PyAV
    from secondunit_bridge.media.probe import MediaInfo

OURS, HOST_ID = "secondunit", "host_id"
"""metadata["secondunit"]["host_id"] of a clip in a cut that was read from a host."""
_CAMERA = "DEFAULT_MEDIA"
_HOSTS_OWN = "host"


class Kind(StrEnum):
    PICTURE = "picture"
    SOUND = "sound"


@dataclass(frozen=True, slots=True)
class Media:
    """What a strip plays of a file.

    `path` is absolute, that of an image sequence `DIR/NAME_%04d.png`. `first`: the frame that shows first, counted
    from the file's first as 0 at `rate`, the media's own; between two frames where the rates differ. `speed`: seconds
    of media a second of the cut, negative backwards, 0 holds `first`. `stream`: which sound stream of the file.
    """

    path: str
    rate: Fraction
    first: Fraction
    speed: Fraction = Fraction(1)
    stream: int = 0


@dataclass(frozen=True, slots=True)
class Strip:
    """`start` and `frames` count at the cut's rate, from its first frame as 0. Strips of a track never overlap.

    `media` None: what only the host can show, such as a title or an adjustment; `nest`, if that is a cut. `link`:
    strips with the same one belong together; "" none. `generated`: a take plays. `state`: text that the host keeps with
    the strip as it is, through saving and loading; the takes, where there are any.
    """

    id: str
    track: str
    kind: Kind
    name: str
    start: int
    frames: int
    media: Media | None
    enabled: bool = True
    link: str = ""
    generated: bool = False
    state: str = ""
    nest: "Nest | None" = None

    @property
    def end(self) -> int:
        return self.start + self.frames


@dataclass(frozen=True, slots=True)
class Transition:
    """From `into` frames before the cut point `at` to `out` frames after it; the strips themselves meet at `at`.

    `left` and `right` are the ids of the strips, None for a gap. The strips need that much media beyond the cut point.
    `kind` as OTIO names it: "SMPTE_Dissolve", or "Custom_Transition" with its `name`.
    """

    track: str
    at: int
    into: int
    out: int
    left: str | None
    right: str | None
    kind: str = otio.schema.TransitionTypes.SMPTE_Dissolve
    name: str = ""


@dataclass(frozen=True, slots=True)
class Track:
    name: str
    kind: Kind
    enabled: bool = True
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Marker:
    """A marker of the cut as a whole; `text` is its comment."""

    name: str
    at: int
    frames: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True)
class Strips:
    """A cut. `start`: its first frame's timecode, as frames since 00:00:00:00; all frames count at `rate`.

    `tracks` from bottom to top, each name once; `strips` by track and time.
    """

    name: str
    rate: Fraction
    start: int
    tracks: tuple[Track, ...]
    strips: tuple[Strip, ...]
    transitions: tuple[Transition, ...] = ()
    markers: tuple[Marker, ...] = ()


@dataclass(frozen=True, slots=True)
class Nest:
    """A cut that a strip shows, at the rate of the cut around it, from its frame `first` on.

    `strips` starts at 0 and has no markers; its ids are of the nest alone.
    """

    strips: Strips
    first: int


def identified(
    cut: otio.schema.Timeline, new_id: Callable[[], str] = lambda: uuid4().hex
) -> tuple[otio.schema.Timeline, dict[str, str]]:
    """A copy of `cut` in which every item has an id of its own, and which new id was copied from which."""
    made: otio.schema.Timeline = cut.deepcopy()
    return made, identify(made, new_id)


def identify(cut: otio.schema.Timeline, new_id: Callable[[], str] = lambda: uuid4().hex) -> dict[str, str]:
    """Gives every item of `cut` itself an id of its own; which new id was copied from which.

    Of items that share an id, as the parts of a clip that was split do, the first keeps it.
    """
    copies: dict[str, str] = {}
    seen: set[str] = set()
    for track in Index(cut).tracks:
        for child in track.children:
            if isinstance(child, otio.schema.Gap):
                continue
            name = str(entry(child.metadata, OURS, HOST_ID) or "")
            if not name or name in seen:
                issued = new_id()
                if name:
                    copies[issued] = name
                child.metadata[OURS] = {**(entry(child.metadata, OURS) or {}), HOST_ID: issued}
                name = issued
            seen.add(name)
    return copies


def strips_from(cut: otio.schema.Timeline, probed: Callable[[str], "MediaInfo | None"]) -> Strips:
    """`cut`, whose items have ids (see `identified`). `probed`: what a file holds, None where it is not there.

    Raises CutError where an edit point lies between two frames of the cut.
    """
    index = Index(cut)
    tracks: list[Track] = []
    strips: list[Strip] = []
    transitions: list[Transition] = []
    for track in index.tracks:
        kind = Kind.PICTURE if track.kind == otio.schema.TrackKind.Video else Kind.SOUND
        tracks.append(Track(track.name, kind, track.enabled, track.locked))
        for number, item in enumerate(track.items):
            if not isinstance(item.child, otio.schema.Gap):
                strips.append(_strip(index, track, item, kind, probed))
            if item.before is not None:
                left = track.items[number - 1] if number else None
                transitions.append(_transition(index, track, item.before, item.start, left, item))
        if track.items and (last := track.items[-1]).after is not None:
            transitions.append(_transition(index, track, last.after, last.end, last, None))
    # Between two gaps nothing is to be seen.
    transitions = [one for one in transitions if one.left is not None or one.right is not None]
    markers = []
    for marker in cut.tracks.markers:
        marked = marker.marked_range
        at, frames = (int(frames_of(time, index.rate)) for time in (marked.start_time, marked.duration))
        markers.append(Marker(marker.name, at, frames, marker_text(marker)))
    return Strips(
        cut.name, index.rate, index.start.frame, tuple(tracks), tuple(strips), tuple(transitions), tuple(markers)
    )


def _strip(
    index: Index, track: TrackIndex, item: Item, kind: Kind, probed: Callable[[str], "MediaInfo | None"]
) -> Strip:
    child = item.child
    clip = child if isinstance(child, otio.schema.Clip) else None
    link = link_of(child)
    return Strip(
        id=id_of(child),
        track=track.name,
        kind=kind,
        name=child.name,
        start=_whole(index, track, item.start, child.name),
        frames=_whole(index, track, item.end, child.name) - int(item.start),
        media=_media(clip, probed) if clip is not None else None,
        enabled=child.enabled,
        link="" if link is None else link[-1] if link[0] == OURS else "/".join(link),
        generated=clip is not None and clip.active_media_reference_key.startswith(PREFIX),
        state=_state(clip) if clip is not None else "",
        nest=_nest(child, index.rate, probed) if isinstance(child, otio.schema.Stack) else None,
    )


def _nest(stack: otio.schema.Stack, rate: Fraction, probed: Callable[[str], "MediaInfo | None"]) -> Nest | None:
    """None for what a host did not tell as one, or what is retimed since: only the host can show that."""
    first = frames_of(stack.trimmed_range().start_time, rate)
    if speed_of(stack) != 1 or first.denominator != 1 or not all(isinstance(one, otio.schema.Track) for one in stack):
        return None
    try:
        return Nest(strips_from(opened(stack, rate), probed), int(first))
    except CutError:
        return None


def id_of(item: otio.core.Item) -> str:
    """Raises CutError for an item without id."""
    name = entry(item.metadata, OURS, HOST_ID)
    if not name:
        raise CutError(f"{item.name!r} has no id of the host: read the cut from the host again")
    return str(name)


def _whole(index: Index, track: TrackIndex, frame: Frames, name: str) -> int:
    if frame.denominator != 1:
        raise CutError(
            f"{name!r} on {track.name} begins or ends at frame {frames_text(frame)}, between two frames of the cut, "
            f"where no host can: trim it at {float(index.rate):g} frames a second"
        )
    return int(frame)


def _media(clip: otio.schema.Clip, probed: Callable[[str], "MediaInfo | None"]) -> Media | None:
    path, speed = media_path(clip.media_reference), speed_of(clip)
    if path is None or speed is None:
        return None
    source, info = source_of(clip), None
    if source.origin is None or source.number is not None:
        info = probed(path)
    available = clip.media_reference.available_range
    own = info.rate if info is not None else source.rate or rate_of((available or clip.source_range).start_time)
    first = source.from_first_frame(
        source_start(clip), info.start if info is not None else None, info.first_number if info is not None else None
    )
    return Media(path, own, first * own, speed, sound_stream(clip))


def _state(clip: otio.schema.Clip) -> str:
    """The takes and recipes of a clip, with what they stand beside; empty where there are none."""
    references = clip.media_references()
    if not any(key.startswith(PREFIX) or is_recipe(one) for key, one in references.items()):
        return ""
    held = {key: plain(one.to_json_string(-1)) for key, one in references.items()}
    return text_of({"active": clip.active_media_reference_key, "references": held}).decode()


def _transition(
    index: Index, track: TrackIndex, child: otio.schema.Transition, at: Frames, left: Item | None, right: Item | None
) -> Transition:
    sides = [
        None if one is None or isinstance(one.child, otio.schema.Gap) else id_of(one.child) for one in (left, right)
    ]
    into, out = (frames_of(time, index.rate) for time in (child.in_offset, child.out_offset))
    return Transition(
        track.name,
        _whole(index, track, at, child.name),
        _whole(index, track, into, child.name),
        _whole(index, track, out, child.name),
        sides[0],
        sides[1],
        child.transition_type,
        child.name,
    )


def cut_from(strips: Strips, probed: Callable[[str], "MediaInfo | None"]) -> otio.schema.Timeline:
    """The cut that a host tells as strips; every clip carries its strip's id.

    Takes come from the strips' `state`; where a strip plays a file that its state does not know, as after relinking in
    the host, that file is its media beside them. A `state` that cannot be read is left out and said in
    metadata["secondunit"]["notes"]. Raises CutError for what is no cut: strips that overlap or lie on no track, ids
    that occur twice.
    """
    cut = otio.schema.Timeline(strips.name, global_start_time=rational_time(strips.start, strips.rate))
    notes: list[str] = []
    by_track: dict[str, list[Strip]] = {track.name: [] for track in strips.tracks}
    ids: set[str] = set()
    for strip in strips.strips:
        if strip.track not in by_track:
            raise CutError(f"{strip.name!r} lies on {strip.track!r}, which is no track of {strips.name!r}")
        if not strip.id or strip.id in ids:
            raise CutError(f"two strips of {strips.name!r} have the id {strip.id!r}, one is {strip.name!r}")
        ids.add(strip.id)
        by_track[strip.track].append(strip)
    leads = {(one.track, one.at): one for one in strips.transitions}
    if len(leads) != len(strips.transitions):
        raise CutError(f"two transitions of {strips.name!r} lie on one cut point")
    for track in strips.tracks:
        kind = otio.schema.TrackKind.Video if track.kind is Kind.PICTURE else otio.schema.TrackKind.Audio
        made = otio.schema.Track(track.name, kind=kind)
        made.enabled = track.enabled
        if track.locked:
            made.metadata[OURS] = {"locked": True}
        end = 0
        for strip in sorted(by_track[track.name], key=lambda strip: strip.start):
            if strip.start < end or strip.frames < 1 or strip.kind is not track.kind:
                raise CutError(
                    f"{strip.name!r} on {track.name}, {strip.frames} frames of {strip.kind} from {strip.start}, "
                    f"cannot lie there: it is a track of {track.kind} that is taken up to {end}"
                )
            for at, length in ((end, strip.start - end), (strip.start, 0)):
                if (lead := leads.pop((track.name, at), None)) is not None:
                    made.append(_lead(lead, strips.rate))
                if length:
                    made.append(otio.schema.Gap(source_range=time_range(0, length, strips.rate)))
            made.append(_item(strip, strips.rate, probed, notes))
            end = strip.end
        if (lead := leads.pop((track.name, end), None)) is not None:
            made.append(_lead(lead, strips.rate))
        cut.tracks.append(made)
    if leads:
        raise CutError(f"transitions of {strips.name!r} lie on no edit point: {', '.join(map(str, leads))}")
    for marker in strips.markers:
        marked = time_range(marker.at, marker.frames, strips.rate)
        cut.tracks.markers.append(otio.schema.Marker(marker.name, marked, comment=marker.text))
    if notes:
        cut.metadata[OURS] = {"notes": notes}
    return cut


def _lead(transition: Transition, rate: Fraction) -> otio.schema.Transition:
    into, out = (rational_time(frames, rate) for frames in (transition.into, transition.out))
    return otio.schema.Transition(transition.name, transition.kind, into, out)


def _item(
    strip: Strip, rate: Fraction, probed: Callable[[str], "MediaInfo | None"], notes: list[str]
) -> otio.core.Item:
    if strip.nest is None:
        return _clip(strip, rate, probed, notes)
    held = cut_from(strip.nest.strips, probed)
    notes += held.metadata.get(OURS, {}).get("notes", ())
    tracks = list(held.tracks)
    del held.tracks[:]
    stack = otio.schema.Stack(strip.name, tracks, time_range(strip.nest.first, strip.frames, rate))
    stack.enabled = strip.enabled
    stack.metadata[OURS] = {HOST_ID: strip.id, **({"link": strip.link} if strip.link else {})}
    return stack


def _clip(
    strip: Strip, rate: Fraction, probed: Callable[[str], "MediaInfo | None"], notes: list[str]
) -> otio.schema.Clip:
    clip = otio.schema.Clip()
    if strip.state:
        try:
            clip = _with_takes(strip)
        except (CutError, orjson.JSONDecodeError, KeyError, TypeError) as error:
            notes.append(f"{strip.name!r}: the takes that the host keeps with it cannot be read ({error})")
    clip.name, clip.enabled = strip.name, strip.enabled
    media = strip.media
    told = {"link": strip.link, "stream": media.stream if media is not None else 0}
    clip.metadata[OURS] = {HOST_ID: strip.id, **{key: value for key, value in told.items() if value}}
    if media is None:
        clip.media_reference = otio.schema.GeneratorReference(strip.name, _HOSTS_OWN)
        clip.source_range = time_range(0, strip.frames, rate)
        return clip
    references = clip.media_references()
    playing = [key for key, one in references.items() if media_path(one) == media.path and not is_recipe(one)]
    if clip.active_media_reference_key not in playing:
        if not playing:
            references[_CAMERA] = _reference(media, probed(media.path))
            playing = [_CAMERA]
        clip.set_media_references(references, playing[0])
    available = clip.media_reference.available_range
    start = media.first / media.rate
    if available is not None:
        start += exact(available.start_time.value) / rate_of(available.start_time)
    clip.source_range = otio.opentime.TimeRange(
        rational_time(simple(start * media.rate), media.rate), rational_time(strip.frames, rate)
    )
    if media.speed != 1:
        clip.effects.append(otio.schema.LinearTimeWarp(time_scalar=float(media.speed)))
    return clip


def _reference(media: Media, info: "MediaInfo | None") -> otio.core.MediaReference:
    """`info` None: offline, or sound alone. There, and of a still, frames count from 0, and there is no last one."""
    if info is None or info.frames == 1:
        return otio.schema.ExternalReference(media.path)
    start = info.start.frame if info.start is not None else 0
    made = reference_to(media.path, time_range(start, info.frames, info.rate), info.first_number or 0)
    if info.reel:
        made.metadata["cmx_3600"] = {"reel": info.reel}
    return made


def _with_takes(strip: Strip) -> otio.schema.Clip:
    """Other people's projects bring a `state`, too: it is checked like a file before OTIO sees it."""
    held = orjson.loads(strip.state)
    clip = {
        "OTIO_SCHEMA": "Clip.2",
        "media_references": held["references"],
        "active_media_reference_key": held["active"],
    }
    track = {"OTIO_SCHEMA": "Track.1", "kind": otio.schema.TrackKind.Video, "children": [clip]}
    document = {"OTIO_SCHEMA": "Timeline.1", "tracks": {"OTIO_SCHEMA": "Stack.1", "children": [track]}}
    validation = Validation(Path(strip.name), lambda _node, _field: None, dialects=False)
    validation.cut(document)
    validation.hide_foreign()
    return parsed(text_of(document)).find_clips()[0].deepcopy()
