"""What OpenTimelineIO cannot hold as a file has it, kept in the cut's metadata until the cut is written as .otio.

While a cut is in memory, metadata["secondunit"] holds:

- of the cut, "rates": how the file spells exact rates, as rows (field, exact rate, rate as written);
- of an object, "rates", where it spells one otherwise: {field: rate as written};
- of an object, "times": {field: [time, time as written]};
- of a stand-in, "stand_in": the schema it stands for (null: its own), and each field that differs, as JSON text of
  what stands there and of what the file holds (null: nothing). Text, since OTIO reads objects inside metadata, too;
- of a marker, "from_first_frame": the file counts it from the first frame that its clip plays; of a clip: the file
  counts its start from the first frame of its media;
- of a cut, "spelled": its file counts starts of clips at the rates as it spells them, see `Restoring._start`;
- of a cut, "kept": what of all this an editor should know.

In other programs' metadata, an object that OTIO would refuse, change or crash at has HIDDEN as its key for the schema.
"""

import re
from collections.abc import Container, Iterator, Mapping
from typing import Any

import orjson
from secondunit_bridge.errors import CutError

from secondunit_timeline.schemas import SCHEMAS, Kind
from secondunit_timeline.times import cached_rate, exact, rescaled

OURS = "secondunit"
RATES, TIMES, STAND_IN, FROM_FIRST_FRAME, KEPT = "rates", "times", "stand_in", "from_first_frame", "kept"
SPELLED = "spelled"
HIDDEN = "secondunit.OTIO_SCHEMA"
_INTEGER = "secondunit.integer"
_LARGEST = 2**63

_LABEL = re.compile(r"[A-Za-z_]\w*\.\d{1,9}")
# Names that OTIO makes objects of, and those that it reads as values or as links between objects.
_TAKEN = {schema.name for schema in SCHEMAS.values()} | {
    *("SerializableCollection", "SerializeableCollection", "SerializableObject", "SerializableObjectWithMetadata"),
    *("SerializableObjectRef", "UnknownSchema", "Test", "Adapter", "SchemaDef", "MediaLinker", "HookScript"),
    *(
        "PluginManifest",
        "Composition",
        "Composable",
        "Item",
        "RationalTime",
        "TimeRange",
        "TimeTransform",
        "V2d",
        "Box2d",
    ),
    "Color",
}


def own(node: dict[str, Any]) -> dict[str, Any]:
    """metadata["secondunit"] of an object's JSON."""
    metadata = node.setdefault("metadata", {})
    if not isinstance(metadata, dict):
        return {}
    ours = metadata.setdefault(OURS, {})
    return ours if isinstance(ours, dict) else {}


def owned(node: Mapping[str, Any]) -> dict[str, Any]:
    """The same without making it."""
    metadata = node.get("metadata")
    ours = metadata.get(OURS) if isinstance(metadata, dict) else None
    return ours if isinstance(ours, dict) else {}


def text_of(value: Any) -> str:
    return orjson.dumps(value).decode()


def hide(container: Any) -> None:
    """Hides what lies anywhere in `container`, which OTIO keeps as it is, and must not be read as its own."""
    stack = [container]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            if "OTIO_SCHEMA" in node and not _harmless(node):
                node[HIDDEN] = node.pop("OTIO_SCHEMA")
            places: Iterator[tuple[Any, Any]] = iter(list(node.items()))
        else:
            places = iter(list(enumerate(node)))
        for key, value in places:
            if isinstance(value, (dict, list)):
                stack.append(value)
            elif isinstance(value, int) and value >= _LARGEST:
                node[key] = {_INTEGER: str(value)}


def show(document: Any) -> None:
    """Undoes `hide`."""
    stack = [document]
    while stack:
        node = stack.pop()
        if isinstance(node, dict) and HIDDEN in node:
            node["OTIO_SCHEMA"] = node.pop(HIDDEN)
        for key, value in list(node.items() if isinstance(node, dict) else enumerate(node)):
            if isinstance(value, dict) and _INTEGER in value:
                digits = value[_INTEGER]
                node[key] = int(digits) if isinstance(digits, str) and digits.isdecimal() else digits
            elif isinstance(value, (dict, list)):
                stack.append(value)


def hides(text: str) -> bool:
    return HIDDEN in text or _INTEGER in text


def _harmless(node: Mapping[str, Any]) -> bool:
    label = node["OTIO_SCHEMA"]
    if label == "RationalTime.1":
        return _time(node)
    if label == "TimeRange.1":
        return len(node) == 3 and all(
            isinstance(time := node.get(key), dict) and time.get("OTIO_SCHEMA") == "RationalTime.1" and _time(time)
            for key in ("start_time", "duration")
        )
    if not isinstance(label, str) or not _LABEL.fullmatch(label) or "OTIO_REF_ID" in node:
        return False
    return label.partition(".")[0] not in _TAKEN


def _time(node: Mapping[str, Any]) -> bool:
    numbers = (node.get("value"), node.get("rate"))
    return len(node) == 3 and all(
        isinstance(number, (int, float)) and not isinstance(number, bool) and abs(number) < _LARGEST
        for number in numbers
    )


_MARKERS = ("markers", Kind.MARKERS)
_CLIP_START, _MEDIA_START = "source_range.start_time", "available_range.start_time"
# The fields of each schema that hold objects, and those that hold times or a rate.
_NESTED = {
    label: tuple(
        (field, kind)
        for field, kind in schema.fields.items()
        if kind in (Kind.CHILDREN, Kind.EFFECTS, Kind.MARKERS, Kind.REFERENCES, Kind.TRACKS)
    )
    for label, schema in SCHEMAS.items()
}
_TIMED = {
    label: tuple(
        (field, kind)
        for field, kind in schema.fields.items()
        if kind in (Kind.TIME, Kind.TIME_OR_NULL, Kind.RANGE, Kind.RANGE_OR_NULL) or field == "rate"
    )
    for label, schema in SCHEMAS.items()
}


class Restoring:
    """Puts what reading changed in the JSON of a cut back as its file had it, in place."""

    def __init__(self, cut: dict[str, Any]) -> None:
        self._rates: dict[str, dict[float, float]] = {}
        self._spelled = bool(owned(cut).pop(SPELLED, False))
        rows = owned(cut).get(RATES)
        for row in rows if isinstance(rows, list) else ():
            match row:
                case [str(field), int() | float() as exact, int() | float() as written]:
                    self._rates.setdefault(field, {})[exact] = written

    def objects(self, cut: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Every object of the cut outside metadata, each as it is put back."""
        stack: list[Any] = [cut]
        while stack:
            node = stack.pop()
            label = node["OTIO_SCHEMA"]
            nested = _NESTED.get(label)
            if nested is None:  # an object in a place where OTIO holds any
                continue
            ours = owned(node)
            restored: tuple[str, ...] = ()
            if ours or self._rates:
                rates, times = ours.pop(RATES, None), ours.pop(TIMES, None)
                if STAND_IN in ours:
                    restored = self._stand_in(node, ours.pop(STAND_IN))
                if _MARKERS in nested and "markers" not in restored:
                    _restore_markers(node)  # their places depend on the clip's start as OTIO has it
                start = self._start(node, _mapping(rates), _mapping(times)) if label == "Clip.2" else None
                self._restore_times(node, label, restored, _mapping(rates), _mapping(times))
                if start is not None and "source_range" not in restored:
                    node["source_range"]["start_time"]["value"] = start
            elif _MARKERS in nested:
                _restore_markers(node)
            yield node
            for field, kind in nested:
                if field not in restored and (value := node.get(field)):
                    if kind is Kind.TRACKS:
                        stack.append(value)
                    else:
                        stack += value.values() if kind is Kind.REFERENCES else value

    def _restore_times(
        self,
        node: dict[str, Any],
        label: str,
        restored: Container[str],
        rates: Mapping[str, Any],
        times: Mapping[str, Any],
    ) -> None:
        for field, kind in _TIMED[label]:
            value = node.get(field)
            if value is None or field in restored:
                continue
            if kind is Kind.NUMBER:
                node[field] = self._rate(value, value, field, rates)
            elif kind in (Kind.RANGE, Kind.RANGE_OR_NULL):
                for part in ("start_time", "duration"):
                    self._restore_time(value[part], f"{field}.{part}", rates, times)
            else:
                self._restore_time(value, field, rates, times)

    def _restore_time(
        self, time: dict[str, Any], field: str, rates: Mapping[str, Any], times: Mapping[str, Any]
    ) -> None:
        time["rate"] = self._rate(time["rate"], time["value"], field, rates)
        match times.get(field):
            case [int() | float() as now, int() | float() as written] if time["value"] == now:
                time["value"] = written

    def _start(self, clip: dict[str, Any], rates: Mapping[str, Any], times: Mapping[str, Any]) -> float | None:
        """The start of a clip as its file counts it, where an edit has moved it; None where it stays as it is.

        Hiero names frame 86538 of media at 23.976, in a clip at 23.976024627685547, by 86538.0889. Who takes the start
        of the media from it as a time, its importer among them, has another frame where it is counted exactly.
        """
        counts_from_media = owned(clip).pop(FROM_FIRST_FRAME, False)
        shown = clip.get("source_range")
        media = _mapping(_mapping(clip.get("media_references")).get(str(clip.get("active_media_reference_key"))))
        available = media.get("available_range")
        if not shown or not available:
            return None
        start, first = shown["start_time"], available["start_time"]
        match times.get(_CLIP_START):
            case [int() | float() as now, int() | float()] if start["value"] == now:
                return None
        exact_rate, media_rate = cached_rate(start["rate"]), cached_rate(first["rate"])
        if counts_from_media:
            return float(exact(start["value"]) - rescaled(exact(first["value"]), media_rate, exact_rate))
        own_rates = _mapping(owned(media).get(RATES))
        written = self._rate(start["rate"], start["value"], _CLIP_START, rates)
        own_written = self._rate(first["rate"], first["value"], _MEDIA_START, own_rates)
        if not self._spelled or written <= 0 or own_written <= 0:
            return None
        frame = rescaled(exact(start["value"]), exact_rate, media_rate)
        return float(frame * exact(written) / exact(own_written))

    def _rate(self, rate: float, value: float, field: str, rates: Mapping[str, Any]) -> float:
        written = rates.get(field)
        if isinstance(written, (int, float)):
            if written <= 0 and rate == 1 and value == 0:
                return written
            if written > 0 and cached_rate(written) == cached_rate(rate):
                return written
        table = self._rates.get(field)
        return rate if table is None else table.get(rate, rate)

    def _stand_in(self, node: dict[str, Any], stash: Any) -> tuple[str, ...]:
        """The fields that are put back as they were. What an edit changed stays, as the stand-in's schema has it."""
        try:
            label, newer, fields = stash["schema"], stash["newer"], dict(stash["fields"])
            stood = {field: (orjson.loads(now), was) for field, (now, was) in fields.items()}
            files = {field: orjson.loads(was) for field, (_, was) in stood.items() if was is not None}
        except (TypeError, KeyError, ValueError, AttributeError) as error:
            raise CutError(
                f"{node.get('name')!r} stands for something that cannot be put back ({error!r}): "
                f"take {STAND_IN!r} out of its metadata"
            ) from None
        restored = tuple(field for field, (now, _) in stood.items() if node.get(field) == now)
        if isinstance(label, str) and (not newer or len(restored) == len(stood)):
            node["OTIO_SCHEMA"] = label
        for field in restored:
            if field in files:
                node[field] = files[field]
            else:
                node.pop(field, None)
        if stash.get("bare") and node["metadata"] == {OURS: {}}:
            del node["metadata"]
        return restored


def _restore_markers(item: dict[str, Any]) -> None:
    for marker in item["markers"]:
        if owned(marker).pop(FROM_FIRST_FRAME, None) and isinstance(item.get("source_range"), dict):
            shift_marker(marker, item["source_range"]["start_time"], -1)


def shift_marker(marker: dict[str, Any], by: Mapping[str, Any], sign: int) -> None:
    """Moves a marker by the start of its clip, to where OTIO counts from, or back."""
    start = marker["marked_range"]["start_time"]
    rate, own_rate = cached_rate(start["rate"]), cached_rate(by["rate"])
    frames = rescaled(exact(start["value"]), rate, rate) + sign * rescaled(exact(by["value"]), own_rate, rate)
    start["value"] = float(frames)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
