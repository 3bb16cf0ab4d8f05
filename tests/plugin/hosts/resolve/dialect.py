"""OTIO as DaVinci Resolve writes it and takes it in.

The shape is that of its own exports in https://github.com/ambiguousengine/davinci-resolve-mcp-free (refs/otio-conform);
what it takes in, and what it leaves out of exports, is in LIMITATIONS of `program.py`: a source range that does not
count in the timecode of its media, a clip without media and an older schema make no timeline, markers are read and not
written.
"""

import json
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

from secondunit_bridge.rates import exact_rate

from tests.plugin.hosts.conformance import probed
from tests.plugin.hosts.resolve.model import Item, PoolClip, TimelineModel, TrackModel, Transition, World, file_path

_KEY = "DEFAULT_MEDIA"
_PATTERN = re.compile(r"(?P<folder>.*)/(?P<prefix>[^/]*)%0(?P<width>\d+)d(?P<suffix>[^/]*)")
_SLOTS = ("Transform", "Cropping", "Dynamic Zoom", "Composite", "Lens Correction", "Retime and Scaling", "Video Faders")


def _time(value: Fraction | int, rate: Fraction) -> dict[str, Any]:
    return {"OTIO_SCHEMA": "RationalTime.1", "rate": float(rate), "value": float(value)}


def _range(start: Fraction | int, frames: Fraction | int, rate: Fraction) -> dict[str, Any]:
    return {
        "OTIO_SCHEMA": "TimeRange.1",
        "duration": _time(frames, rate),
        "start_time": _time(start, rate),
    }


def timecode_of(clip: PoolClip) -> int:
    """The first frame of a file as its timecode counts it; numbered pictures without one count from 0, as in
    https://github.com/ynput/ayon-core, img_seq_2x_speed_resolve.json."""
    info = clip.info
    return info.start.frame if info.start is not None else 0


def exported(timeline: TimelineModel) -> dict[str, Any]:
    links: dict[str, int] = {}
    tracks = [_track(timeline, kind, track, links) for kind in ("video", "audio") for track in timeline.tracks[kind]]
    return {
        "OTIO_SCHEMA": "Timeline.1",
        "metadata": {"Resolve_OTIO": {"Resolve OTIO Meta Version": "1.0"}},
        "name": timeline.name,
        "global_start_time": _time(timeline.start, timeline.rate),
        "tracks": {
            "OTIO_SCHEMA": "Stack.1",
            "metadata": {},
            "name": "",
            "source_range": None,
            "effects": [],
            "markers": [],
            "enabled": True,
            "children": tracks,
        },
    }


def _track(timeline: TimelineModel, kind: str, track: TrackModel, links: dict[str, int]) -> dict[str, Any]:
    sound = {"Audio Type": "Stereo", "SoloOn": False} if kind == "audio" else {}
    children: list[dict[str, Any]] = []
    at = timeline.start
    leads = {one.at: one for one in track.transitions}
    for item in sorted(track.items, key=lambda one: one.at):
        if item.at < timeline.start:  # it is there, and nothing of it plays
            continue
        if item.at > at:
            if (lead := leads.pop(at, None)) is not None:
                children.append(_lead(lead, timeline.rate))
            children.append(
                {
                    "OTIO_SCHEMA": "Gap.1",
                    "metadata": {},
                    "name": "",
                    "source_range": _range(0, item.at - at, timeline.rate),
                    "effects": [],
                    "markers": [],
                    "enabled": True,
                }
            )
        if (lead := leads.pop(item.at, None)) is not None:
            children.append(_lead(lead, timeline.rate))
        children.append(_clip(timeline, kind, item, links))
        at = item.end
    if (lead := leads.pop(at, None)) is not None:
        children.append(_lead(lead, timeline.rate))
    return {
        "OTIO_SCHEMA": "Track.1",
        "metadata": {"Resolve_OTIO": {**sound, "Locked": track.locked}},
        "name": track.name,
        "source_range": None,
        "effects": [],
        "markers": [],
        "enabled": track.enabled,
        "children": children,
        "kind": kind.capitalize(),
    }


def _lead(lead: Transition, rate: Fraction) -> dict[str, Any]:
    return {
        "OTIO_SCHEMA": "Transition.1",
        "metadata": {"Resolve_OTIO": {"Transition Type": "Cross Dissolve"}},
        "name": "Cross Dissolve",
        "in_offset": _time(lead.into, rate),
        "out_offset": _time(lead.out, rate),
        "transition_type": "SMPTE_Dissolve",
    }


def _clip(timeline: TimelineModel, kind: str, item: Item, links: dict[str, int]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if kind == "audio":
        told["Channels"] = [{"Source Channel ID": 0, "Source Track ID": item.stream}]
    if item.link:
        told["Link Group ID"] = links.setdefault(item.link, len(links) + 1)
    effects: list[dict[str, Any]] = []
    if item.speed != 1:
        warp = {"OTIO_SCHEMA": "LinearTimeWarp.1", "metadata": {}, "name": "", "effect_name": ""}
        effects.append({**warp, "time_scalar": float(item.speed)})
    effects += item.effects or [_slot(name) for name in _SLOTS]
    if item.clip is None:
        source, media = _range(0, item.frames, timeline.rate), _missing()
    else:
        own, start = item.clip.info.rate, timecode_of(item.clip)
        # At the rate of the timeline, also where the media's is another: qt_embedded_tc.json of ayon-core.
        source = _range((start + item.first) * timeline.rate / own, item.frames, timeline.rate)
        media = {
            "metadata": {},
            "name": Path(file_path(item.clip)).name,
            "available_range": _range(start, item.clip.info.frames, own),
            "available_image_bounds": None,
            **_address(item.clip),
        }
    return {
        "OTIO_SCHEMA": "Clip.2",
        "metadata": {"Resolve_OTIO": told},
        "name": item.name,
        "source_range": source,
        "effects": effects,
        "markers": [],
        "enabled": item.enabled,
        "media_references": {_KEY: media},
        "active_media_reference_key": _KEY,
    }


def _address(clip: PoolClip) -> dict[str, Any]:
    match = _PATTERN.fullmatch(clip.path)
    if match is None:
        return {"OTIO_SCHEMA": "ExternalReference.1", "target_url": clip.path}
    return {
        "OTIO_SCHEMA": "ImageSequenceReference.1",
        "target_url_base": match["folder"],
        "name_prefix": match["prefix"],
        "name_suffix": match["suffix"],
        "start_frame": clip.number,
        "frame_step": 1,
        "rate": float(clip.info.rate),
        "frame_zero_padding": int(match["width"]),
        "missing_frame_policy": "error",
    }


def _slot(name: str) -> dict[str, Any]:
    told = {"Effect Name": name, "Enabled": True, "Name": name, "Parameters": [], "Type": 2}
    return {
        "OTIO_SCHEMA": "Effect.1",
        "metadata": {"Resolve_OTIO": told},
        "name": "",
        "effect_name": "Resolve Effect",
    }


def _missing() -> dict[str, Any]:
    return {
        "OTIO_SCHEMA": "MissingReference.1",
        "metadata": {},
        "name": "",
        "available_range": None,
        "available_image_bounds": None,
    }


def _frames(time: dict[str, Any]) -> tuple[Fraction, Fraction]:
    return Fraction(time["value"]).limit_denominator(1000), exact_rate(time["rate"])


class _Refused(Exception):
    """The program says nothing: there is no timeline."""


def imported(path: Path, name: str, world: World) -> TimelineModel | None:
    document = json.loads(path.read_text())
    start, rate = _frames(document["global_start_time"])
    timeline = TimelineModel(name, rate, int(start))
    try:
        for track in document["tracks"]["children"]:
            timeline.tracks[track["kind"].lower()].append(_read_track(track, timeline, world))
    except _Refused:
        return None
    for marker in document["tracks"]["markers"]:
        at, _ = _frames(marker["marked_range"]["start_time"])
        timeline.markers[int(at)] = {"name": marker["name"], "note": "", "color": "Blue", "duration": 1.0}
    return timeline


def _read_track(track: dict[str, Any], timeline: TimelineModel, world: World) -> TrackModel:
    made = TrackModel(track["name"], enabled=track["enabled"], locked=track["metadata"]["Resolve_OTIO"]["Locked"])
    at = timeline.start
    for child in track["children"]:
        schema = child["OTIO_SCHEMA"]
        if schema == "Transition.1":
            into, out = (int(_frames(child[key])[0]) for key in ("in_offset", "out_offset"))
            made.transitions.append(Transition(at, into, out))
            continue
        length, own = _frames(child["source_range"]["duration"])
        frames = length * timeline.rate / own
        if frames.denominator != 1:
            raise _Refused
        if schema == "Clip.2":
            made.items.append(_read_clip(child, at, int(frames), world))
        elif schema != "Gap.1":
            raise _Refused
        at += int(frames)
    return made


def _read_clip(child: dict[str, Any], at: int, frames: int, world: World) -> Item:
    media = child["media_references"][child["active_media_reference_key"]]
    if media["available_range"] is None:
        raise _Refused
    if media["OTIO_SCHEMA"] == "ImageSequenceReference.1":
        name = f"{media['name_prefix']}%0{media['frame_zero_padding']}d{media['name_suffix']}"
        path = f"{media['target_url_base']}/{name}"
    elif media["OTIO_SCHEMA"] == "ExternalReference.1" and not media["target_url"].startswith("file:"):
        path = media["target_url"]
    else:
        raise _Refused
    clip = _pool_clip(path, world)
    first, own = _frames(child["source_range"]["start_time"])
    start = timecode_of(clip)
    speed = next((one["time_scalar"] for one in child["effects"] if one["OTIO_SCHEMA"] == "LinearTimeWarp.1"), 1)
    offset = first * clip.info.rate / own - start
    if not 0 <= offset < clip.info.frames:  # among them a range that counts from 0 in media with timecode
        raise _Refused
    told = child["metadata"].get("Resolve_OTIO", {})
    channels = told.get("Channels") or [{}]
    effects = [one for one in child["effects"] if one["OTIO_SCHEMA"] == "Effect.1"]
    return Item(
        *(Path(clip.path).name, clip, at, frames, offset, Fraction(speed).limit_denominator(1000)),
        *(channels[0].get("Source Track ID", 0), child["enabled"], str(told.get("Link Group ID", ""))),
        effects=effects,
    )


def _pool_clip(path: str, world: World) -> PoolClip:
    """The one of the pool that has the file, else it is imported."""
    project = world.current
    assert project is not None
    if "%" not in path and probed(path) is None:
        raise _Refused
    return world.clip(path)
