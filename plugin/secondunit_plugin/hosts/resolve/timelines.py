"""A timeline of Resolve as a cut: exported as OTIO, with the ids and names that only its items tell."""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
from secondunit_bridge.errors import HostError
from secondunit_bridge.rates import FrameTime, exact_rate, format_timecode, parse_timecode
from secondunit_timeline.index import Index
from secondunit_timeline.interchange import read_cut
from secondunit_timeline.times import frames_of, rational_time, time_range

from secondunit_plugin.hosts.frames import Probed
from secondunit_plugin.hosts.resolve.kept import Row
from secondunit_plugin.hosts.strips import HOST_ID, OURS, Kind, Strip, Strips, Track, cut_from, strips_from

VIDEO, AUDIO = "video", "audio"
_CUSTOM = "custom_data"


@dataclass(frozen=True, slots=True)
class Place:
    """A track as the program counts it: among those of its kind, from 1 on."""

    kind: str
    number: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """`handle` is the program's. `items`: its items of clips by their strips' ids; `places`: by the names of tracks."""

    handle: Any
    cut: otio.schema.Timeline
    rate: Fraction
    start: int
    items: Mapping[str, Any]
    places: Mapping[str, Place]


def read_timeline(app: Any, handle: Any, rows: Mapping[str, Row], probed: Probed) -> Timeline:
    """Raises HostError where the program exports nothing, or something else than its items."""
    cut = _exported(app, handle)
    rate, start = Index(cut).rate, int(handle.GetStartFrame())
    cut.name = str(handle.GetName())
    cut.global_start_time = rational_time(start, rate)
    found: dict[Place, dict[str, Any]] = {}
    made: list[tuple[Place, otio.schema.Track]] = []
    for place, track in list(_tracks(handle, cut)):
        made.append((place, track))
        found[place] = _identified(handle, place, track, rate, start, rows)
    del cut.tracks[:]
    cut.tracks.extend([track for _, track in made])
    names = {track.name: place for track, (place, _) in zip(Index(cut).tracks, made, strict=True)}
    items = {name: item for there in found.values() for name, item in there.items()}
    states = {row.id: row.state for row in rows.values() if row.state}
    for track in Index(cut).tracks:
        for clip in track.children:
            if isinstance(clip, otio.schema.Clip) and (state := states.get(_id(clip))):
                _give_takes(clip, state, rate, probed)
    cut.tracks.markers[:] = list(_markers(handle, rate))
    return Timeline(handle, cut, rate, start, items, names)


def _exported(app: Any, handle: Any) -> otio.schema.Timeline:
    with tempfile.TemporaryDirectory(prefix="secondunit-resolve-") as folder:
        path = Path(folder) / "timeline.otio"
        # The constants are those of the handle: the program takes no text in their place, and writes nothing then.
        # https://github.com/samuelgursky/davinci-resolve-mcp/blob/main/docs/reference/api-limitations.md#timelineexport
        handle.Export(str(path), app.EXPORT_OTIO, app.EXPORT_NONE)
        if not path.is_file():
            raise HostError(
                f"DaVinci Resolve has not exported {handle.GetName()!r} as OTIO: close its dialogs, then try again"
            )
        return read_cut(path)


def _tracks(handle: Any, cut: otio.schema.Timeline) -> Iterator[tuple[Place, otio.schema.Track]]:
    """Every track of pictures and sound that the program has, also those that the export may leave out."""
    for kind, told in ((VIDEO, otio.schema.TrackKind.Video), (AUDIO, otio.schema.TrackKind.Audio)):
        count = int(handle.GetTrackCount(kind))
        names = [str(handle.GetTrackName(kind, number)) for number in range(1, count + 1)]
        exported = [track for track in cut.tracks if track.kind == told]
        found: list[otio.schema.Track | None] = [*exported]
        if len(exported) != count:
            found = [next((track for track in exported if track.name == name), None) for name in names]
            if any(len(track) and track not in found for track in exported):
                raise HostError(
                    f"DaVinci Resolve exports {len(exported)} {kind} tracks of {handle.GetName()!r} and has {count}: "
                    "give its tracks names that differ, then try again"
                )
        for number, (name, track) in enumerate(zip(names, found, strict=True), start=1):
            made = track.deepcopy() if track is not None else otio.schema.Track(kind=told)
            made.name = name
            made.enabled = bool(handle.GetIsTrackEnabled(kind, number))
            if handle.GetIsTrackLocked(kind, number):
                made.metadata[OURS] = {"locked": True}
            yield Place(kind, number), made


def items_of(handle: Any, place: Place) -> list[Any]:
    return list(handle.GetItemListInTrack(place.kind, place.number) or ())


def item_at(handle: Any, place: Place, at: int) -> Any:
    """The clip that begins on frame `at`, as the program counts."""
    there = (item for item in items_of(handle, place) if int(item.GetStart()) == at)
    return next((item for item in there if item.GetMediaPoolItem() is not None), None)


def _identified(
    handle: Any, place: Place, track: otio.schema.Track, rate: Fraction, start: int, rows: Mapping[str, Row]
) -> dict[str, Any]:
    """Gives every clip of `track` its id, and returns the program's items by them.

    Transitions are items, too, which straddle a cut:
    https://github.com/samuelgursky/davinci-resolve-mcp/blob/main/docs/reference/api-limitations.md#transition
    """
    there = {
        (int(item.GetStart()) - start, int(item.GetDuration())): (str(item.GetUniqueId()), item)
        for item in items_of(handle, place)
    }
    found: dict[str, Any] = {}
    at = Fraction(0)
    for child in track:
        if isinstance(child, otio.schema.Transition):
            continue
        length = Fraction(frames_of(child.duration(), rate))
        if not isinstance(child, otio.schema.Gap):
            unique, item = there.get((round(at), round(at + length) - round(at)), ("", None))
            # What has no item of its own is known by its place.
            name = rows[unique].id if unique in rows else unique or f"{place.kind}{place.number}/{at}/{child.name}"
            child.metadata[OURS] = {**child.metadata.get(OURS, {}), HOST_ID: name}
            if item is not None:
                found[name] = item
        at += length
    return found


def _id(child: otio.core.Item) -> str:
    return str(child.metadata.get(OURS, {}).get(HOST_ID, ""))


def _give_takes(clip: otio.schema.Clip, state: str, rate: Fraction, probed: Probed) -> None:
    """The takes of `state` beside what the clip plays; everything else of it stays as the program exported it."""
    told = _told(clip, rate, probed)
    if told.media is None:
        return
    strips = Strips("", rate, 0, (Track("V1", Kind.PICTURE),), (replace(told, state=state),))
    one = cut_from(strips, probed).find_clips()[0]
    clip.set_media_references(one.media_references(), one.active_media_reference_key)
    clip.source_range = one.source_range


def _told(clip: otio.schema.Clip, rate: Fraction, probed: Probed) -> Strip:
    alone = otio.schema.Timeline(global_start_time=rational_time(0, rate))
    track = otio.schema.Track("V1", kind=otio.schema.TrackKind.Video)
    track.append(clip.deepcopy())
    alone.tracks.append(track)
    (strip,) = strips_from(alone, probed).strips
    return strip


def _markers(handle: Any, rate: Fraction) -> Iterator[otio.schema.Marker]:
    """From the program: what it exports as OTIO has none. Their frames count from the timeline's first.
    https://github.com/samuelgursky/davinci-resolve-mcp/blob/main/docs/reference/api-limitations.md#timelineexport-export_otio
    """
    for frame, told in sorted((handle.GetMarkers() or {}).items()):
        length = max(0, round(float(told.get("duration", 0))) - 1)  # that of a point is 1
        marker = otio.schema.Marker(
            str(told.get("name", "")),
            time_range(round(float(frame)), length, rate),
            str(told.get("color", "")).upper(),
            comment=str(told.get("note", "")),
        )
        if custom := str(told.get("customData", "")):
            marker.metadata[OURS] = {_CUSTOM: custom}
        yield marker


def playhead(timeline: Any, rate: Fraction) -> FrameTime | None:
    """As the program counts, with the timeline's start; None on pages that have no playhead."""
    text = str(timeline.GetCurrentTimecode() or "")
    if not text:
        return None
    head, _, frames = text.rpartition(";" if ";" in text else ":")
    return parse_timecode(f"{head}{';' if _drops(timeline) else ':'}{frames}", rate)


def show(timeline: Any, at: FrameTime) -> None:
    """`at` counts as the program does, with the timeline's start."""
    timecode = format_timecode(at, _drops(timeline))
    if not timeline.SetCurrentTimecode(timecode):
        raise HostError(f"DaVinci Resolve does not go to {timecode}: open its Edit page, then try again")


def _drops(timeline: Any) -> bool:
    return ";" in str(timeline.GetStartTimecode()) or str(timeline.GetSetting("timelineDropFrameTimecode")) == "1"


def rate_of_timeline(timeline: Any) -> Fraction:
    """As its settings say, such as "23.976" or "29.97 DF"."""
    return exact_rate(float(str(timeline.GetSetting("timelineFrameRate")).split()[0]))
