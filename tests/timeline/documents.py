"""OTIO JSON as OpenTimelineIO 0.18.1 writes it, with every field, so that a cut can be compared with its file."""

import json
from pathlib import Path
from typing import Any


def time(value: float = 0.0, rate: float = 24.0) -> dict[str, Any]:
    return {"OTIO_SCHEMA": "RationalTime.1", "rate": rate, "value": value}


def times(start: float = 0.0, duration: float = 10.0, rate: float = 24.0) -> dict[str, Any]:
    return {"OTIO_SCHEMA": "TimeRange.1", "duration": time(duration, rate), "start_time": time(start, rate)}


def item(schema: str, **fields: Any) -> dict[str, Any]:
    common = {"name": "", "metadata": {}, "source_range": None, "effects": [], "markers": [], "enabled": True}
    return {"OTIO_SCHEMA": schema, **common, "color": None, **fields}


def media(schema: str = "ExternalReference.1", **fields: Any) -> dict[str, Any]:
    common = {"name": "", "metadata": {}, "available_range": times(0, 100), "available_image_bounds": None}
    url = {"target_url": "/media/a.mov"} if schema == "ExternalReference.1" else {}
    return {"OTIO_SCHEMA": schema, **common, **url, **fields}


def clip(name: str = "c", reference: Any = None, **fields: Any) -> dict[str, Any]:
    held = {"DEFAULT_MEDIA": media() if reference is None else reference}
    given = {"media_references": held, "active_media_reference_key": "DEFAULT_MEDIA", "source_range": times(12, 40)}
    return item("Clip.2", **{"name": name, **given, **fields})


def effect(schema: str = "Effect.1", **fields: Any) -> dict[str, Any]:
    return {"OTIO_SCHEMA": schema, "name": "", "metadata": {}, "effect_name": "", "enabled": True, **fields}


def marker(schema: str = "Marker.2", **fields: Any) -> dict[str, Any]:
    common = {"name": "m", "metadata": {}, "color": "RED", "marked_range": times(20, 1), "comment": ""}
    return {"OTIO_SCHEMA": schema, **common, **fields}


def track(*children: Any, **fields: Any) -> dict[str, Any]:
    return item("Track.1", **{"name": "V1", "kind": "Video", "children": list(children), **fields})


def timeline(*tracks: Any, **fields: Any) -> dict[str, Any]:
    stack = item("Stack.1", name="tracks", children=list(tracks))
    common = {"name": "cut", "metadata": {}, "global_start_time": time(86400), "tracks": stack}
    return {"OTIO_SCHEMA": "Timeline.1", **common, **fields}


def saved(folder: Path, document: Any, name: str = "cut.otio") -> Path:
    path = folder / name
    path.write_text(json.dumps(document))
    return path
