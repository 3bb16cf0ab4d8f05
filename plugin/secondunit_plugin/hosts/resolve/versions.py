"""A cut as OTIO that Resolve takes in, and a timeline made of it beside the open one.

What Resolve takes in: clips in the shape of its own exports, with bare paths, and source ranges within the timecode of
their media; anything else makes no timeline, and no message says why.
https://github.com/samuelgursky/davinci-resolve-mcp/blob/main/docs/reference/api-limitations.md ("`.otio` document
shape"); https://github.com/ambiguousengine/davinci-resolve-mcp-free/tree/main/refs/otio-conform (exports, and titles,
which are refused).
"""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

import opentimelineio as otio
from secondunit_bridge.errors import HostError
from secondunit_bridge.files import write_whole
from secondunit_bridge.rates import FrameTime, can_drop_frames, format_timecode
from secondunit_timeline.dialects import sound_stream
from secondunit_timeline.index import Index
from secondunit_timeline.interchange import media_path, reference_to
from secondunit_timeline.references import is_recipe
from secondunit_timeline.takes import PREFIX
from secondunit_timeline.times import frames_of, rational_time, simple, time_range

from secondunit_plugin.hosts.frames import Probed
from secondunit_plugin.hosts.resolve.kept import Row
from secondunit_plugin.hosts.resolve.pool import Pool, named, numbers_of
from secondunit_plugin.hosts.resolve.timelines import AUDIO, VIDEO, Place, Timeline, items_of
from secondunit_plugin.hosts.strips import HOST_ID, OURS, Kind, Media, Strip, Strips, id_of, strips_from

_RESOLVE = "Resolve_OTIO"
_KEY = "DEFAULT_MEDIA"
_WITH_TIMECODE = (".exr", ".dpx")
"""Pictures whose headers hold one."""


def document(cut: otio.schema.Timeline, probed: Probed) -> otio.schema.Timeline:
    """`cut` in the shape of Resolve's exports. Raises HostError where a clip is nothing that Resolve takes in."""
    made: otio.schema.Timeline = cut.deepcopy()
    strips = strips_from(cut, probed)
    by_id = {strip.id: strip for strip in strips.strips}
    links = {link: number for number, link in enumerate(sorted({one.link for one in strips.strips if one.link}), 1)}
    made.metadata.clear()
    made.metadata[_RESOLVE] = {"Resolve OTIO Meta Version": "1.0"}
    del made.tracks.markers[:]
    counts = {Kind.PICTURE: 0, Kind.SOUND: 0}
    for track, told in zip(made.tracks, strips.tracks, strict=True):
        counts[told.kind] += 1
        track.name = f"{'Video' if told.kind is Kind.PICTURE else 'Audio'} {counts[told.kind]}"
        track.metadata.pop(OURS, None)
        sound = {"Audio Type": "Stereo", "SoloOn": False} if told.kind is Kind.SOUND else {}
        track.metadata[_RESOLVE] = {**sound, **track.metadata.get(_RESOLVE, {}), "Locked": told.locked}
        for child in track:
            if isinstance(child, otio.schema.Clip):
                _shape(child, by_id[id_of(child)], strips, links, probed)
            child.metadata.pop(OURS, None)
            for marker in child.markers if isinstance(child, otio.core.Item) else ():
                marker.metadata.pop(OURS, None)
    return made


def _shape(clip: otio.schema.Clip, strip: Strip, strips: Strips, links: Mapping[str, int], probed: Probed) -> None:
    """Source ranges count at the rate of the timeline, also of media at another one, as in qt_embedded_tc.json of
    https://github.com/ynput/ayon-core (tests/client/ayon_core/pipeline/editorial/resources)."""
    media = clip.media_reference.clone()  # the clip lets go of its own below
    if media_path(media) is None or is_recipe(media):
        start = FrameTime(strips.start + strip.start, strips.rate)
        raise HostError(
            f"{strip.name!r} on {strip.track} at {format_timecode(start, can_drop_frames(strips.rate))} is a title, or "
            "what else DaVinci Resolve alone shows: it takes in no OTIO with one in it. Cut this in where no clip is "
            "trimmed or moved, or take it out"
        )
    if strip.media is not None and (
        clip.active_media_reference_key.startswith(PREFIX) or media.available_range is None
    ):
        # In the time of its file: what a cut counts for a take is the shot's.
        media = _reference(clip, strip.media, probed)
        first = strip.media.first / strip.media.rate * strips.rate
        clip.source_range = otio.opentime.TimeRange(
            rational_time(simple(first + frames_of(media.available_range.start_time, strips.rate)), strips.rate),
            rational_time(strip.frames, strips.rate),
        )
    clip.set_media_references({_KEY: media}, _KEY)
    group = {"Link Group ID": links[strip.link]} if strip.link else {}
    kept = {key: value for key, value in clip.metadata.get(_RESOLVE, {}).items() if key != "Link Group ID"}
    channels = [{"Source Channel ID": 0, "Source Track ID": sound_stream(clip)}]
    sound = {"Channels": channels} if strip.kind is Kind.SOUND and "Channels" not in kept else {}
    clip.metadata[_RESOLVE] = {**sound, **kept, **group}


def _reference(clip: otio.schema.Clip, media: Media, probed: Probed) -> otio.core.MediaReference:
    """That of a whole file, from its own timecode on; numbered pictures without one count from 0, whatever their
    numbers, as in img_seq_2x_speed_resolve.json there."""
    path, rate = media.path, media.rate
    info, numbers, known = probed(path), numbers_of(path), clip.media_reference.available_range
    start, frames = 0, 1  # of a still
    if info is not None:
        start, frames = info.start.frame if info.start is not None else 0, info.frames
    elif known is not None:
        start, frames = int(known.start_time.value), int(known.duration.value)
    if numbers is None:
        made: otio.core.MediaReference = otio.schema.ExternalReference(path, time_range(start, frames, rate))
    else:
        start = start if PurePath(path).suffix.lower() in _WITH_TIMECODE else 0
        made = reference_to(path, time_range(start, numbers[1] - numbers[0] + 1, rate), numbers[0])
        made.target_url_base = str(PurePath(path).parent)
    made.name = PurePath(named(path)).name
    return made


def add_timeline(project: Any, cut: otio.schema.Timeline, name: str, probed: Probed) -> Any:
    """The handle of a timeline with `cut` in it. Raises HostError where the program makes none."""
    pool = project.GetMediaPool()
    before = {str(one.GetUniqueId()) for one in timelines(project)}
    with tempfile.TemporaryDirectory(prefix="secondunit-resolve-") as folder:
        path = Path(folder) / "version.otio"
        write_whole(path, document(cut, probed).to_json_string(-1).encode())
        with Pool(pool).in_our_bin():
            made = pool.ImportTimelineFromFile(str(path), {"timelineName": name, "importSourceClips": True})
    # One that was there before may be returned in place of another: what counts is that it is another.
    if made is None or str(made.GetUniqueId()) in before:
        raise HostError(
            f"DaVinci Resolve makes no timeline {name!r} of the cut's version, and does not say why: look whether its "
            "media is online, and close its dialogs"
        )
    kinds = {otio.schema.TrackKind.Video: VIDEO, otio.schema.TrackKind.Audio: AUDIO}
    counts = dict.fromkeys(kinds.values(), 0)
    for track in Index(cut).tracks:
        kind = kinds[track.kind]
        counts[kind] += 1
        made.SetTrackName(kind, counts[kind], track.name)
    for marker in cut.tracks.markers:
        marked, custom = marker.marked_range, str(marker.metadata.get(OURS, {}).get("custom_data", ""))
        made.AddMarker(
            *(int(marked.start_time.value), (marker.color or "Blue").capitalize(), marker.name, marker.comment or ""),
            *(int(marked.duration.value) + 1, custom),
        )
    return made


def timelines(project: Any) -> Iterator[Any]:
    for number in range(1, int(project.GetTimelineCount()) + 1):
        yield project.GetTimelineByIndex(number)


def free_name(project: Any, name: str, mark: str) -> str:
    """`name` with `mark` and a number, as no timeline is called: where one is, the program makes no other."""
    taken, number = {str(one.GetName()) for one in timelines(project)}, 1
    while (free := f"{name} {mark}{number:02}") in taken:
        number += 1
    return free


def rows_of(handle: Any, planned: otio.schema.Timeline, probed: Probed) -> dict[str, Row]:
    """Whose item is whose strip, in a timeline that was made of `planned`: by track and first frame."""
    strips = strips_from(planned, probed)
    start = int(handle.GetStartFrame())
    counts: dict[str, int] = {VIDEO: 0, AUDIO: 0}
    rows: dict[str, Row] = {}
    for track in strips.tracks:
        kind = VIDEO if track.kind is Kind.PICTURE else AUDIO
        counts[kind] += 1
        there = {strip.start: strip for strip in strips.strips if strip.track == track.name}
        for item in items_of(handle, Place(kind, counts[kind])):
            strip = there.get(int(item.GetStart()) - start)
            if strip is not None and int(item.GetDuration()) == strip.frames:
                rows[str(item.GetUniqueId())] = Row(strip.id, strip.state)
    return rows


def shared(timeline: Timeline, version: Timeline) -> Iterator[tuple[str, Any]]:
    """The items of pictures in `version` that `timeline` has, too, by the ids of their strips."""
    for track in Index(version.cut).tracks:
        if track.kind == otio.schema.TrackKind.Video:
            for child in track.children:
                name = str(child.metadata.get(OURS, {}).get(HOST_ID, ""))
                if name in version.items and name in timeline.items:
                    yield name, version.items[name]
