"""The JSON of an OTIO file, checked and normalised before OpenTimelineIO sees it.

OTIO crashes at some small files and reads times that poison its arithmetic (measured with 0.18.1). What is sound comes
out in the form that the rest of the package counts on: exact rates, absolute addresses, source times and markers where
OTIO counts them. How the file had it is kept in `stashes`.
"""

from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
from secondunit_bridge.errors import BadInput, CutError

from secondunit_timeline.dialects import Program, program_of
from secondunit_timeline.schemas import SCHEMAS, STAND_INS, Kind, Schema, Slot
from secondunit_timeline.stashes import (
    FROM_FIRST_FRAME,
    KEPT,
    OURS,
    RATES,
    SPELLED,
    STAND_IN,
    TIMES,
    hide,
    own,
    owned,
    shift_marker,
    text_of,
)
from secondunit_timeline.times import cached_rate, exact, rescaled, simple

# Python's parser and OTIO's both recurse; a cut nested deeper than this was not made by an editor.
DEEPEST = 200
# Beyond these, neighbouring frames are the same number, or OTIO holds an integer in too few bits.
_MOST, _MOST_WHOLE = 2**53, 2**31
_LONGEST_NUMBER = 64
_POLICIES = ("error", "hold", "black")
_COLOURS = frozenset(getattr(otio.schema.MarkerColor, name) for name in dir(otio.schema.MarkerColor) if name.isupper())

# JSON types of the fields that hold one value.
_PLAIN: dict[Kind, tuple[type, ...]] = {
    Kind.TEXT: (str, type(None)),
    Kind.FLAG: (bool,),
    Kind.NUMBER: (float, int),
    Kind.WHOLE: (int,),
}
_TYPES = {
    label: {field: _PLAIN[kind] for field, kind in schema.fields.items() if kind in _PLAIN}
    for label, schema in SCHEMAS.items()
}
# What a stand-in holds where the file holds nothing that fits.
_EMPTY: dict[Kind, Any] = {
    Kind.TEXT: "",
    Kind.FLAG: True,
    Kind.RANGE_OR_NULL: None,
    Kind.TIME_OR_NULL: None,
    Kind.COLOUR: None,
    Kind.BOUNDS: None,
    Kind.CHILDREN: [],
    Kind.EFFECTS: [],
    Kind.MARKERS: [],
}
# Of a later version of a schema, what may be left out without another frame being shown.
_BESIDE = (Kind.TEXT, Kind.FLAG, Kind.COLOUR, Kind.BOUNDS)
_MISSING: dict[str, Any] = {
    "OTIO_SCHEMA": "MissingReference.1",
    "metadata": {},
    "name": "",
    "available_range": None,
    "available_image_bounds": None,
}
_ZERO = {"OTIO_SCHEMA": "RationalTime.1", "rate": 1.0, "value": 0.0}


class Validation:
    """`path` names the file in errors; `resolve` makes the address in a field of a media reference absolute.

    `dialects`: whether programs' own ways of counting are turned into OTIO's, as in .otio files.
    """

    def __init__(self, path: Path, resolve: Callable[[dict[str, Any], str], None], dialects: bool) -> None:
        self._path = path
        self._resolve = resolve
        self._dialects = dialects
        self.objects = 0
        """Objects that were checked, times among them."""
        self._open: list[tuple[Any, Any]] = []
        """(container, key) of what OTIO keeps as it is."""
        self._written: dict[str, dict[float, float]] = {}
        """For each field: rate as written to exact rate, where all such rates of the field are written alike."""
        self._first: dict[str, dict[float, float]] = {}
        self._depth = 0
        self._stood: Counter[str] = Counter()
        self._notes: list[str] = []
        self._fractions: list[tuple[dict[str, Any], dict[str, Any], float]] = []
        self._reversed: list[str] = []
        parts: dict[Kind, Callable[[dict[str, Any], str, Any], None]] = {
            Kind.POLICY: self._policy,
            Kind.TIME: self._time_of,
            Kind.TIME_OR_NULL: self._time_or_null,
            Kind.RANGE: self._range,
            Kind.RANGE_OR_NULL: self._range_or_null,
            Kind.COLOUR: self._colour,
            Kind.BOUNDS: self._bounds,
            Kind.ANYTHING: self._anything,
            Kind.CHILDREN: self._children,
            Kind.EFFECTS: self._effects,
            Kind.MARKERS: self._markers,
            Kind.REFERENCE: self._reference,
            Kind.REFERENCES: self._references,
            Kind.TRACKS: self._tracks,
        }
        self._parts = {
            label: {field: parts[kind] for field, kind in schema.fields.items() if kind in parts}
            for label, schema in SCHEMAS.items()
        }

    def cut(self, root: dict[str, Any]) -> None:
        """Checks and normalises the JSON of a timeline in place; raises CutError where it cannot be read."""
        self._object(root, Slot.CUT)
        spelled = False
        if self._dialects:
            for clip, start, rate in self._fractions:
                spelled = self._whole_frame(clip, start, rate) or spelled
        rows = [
            [field, exact_rate, written]
            for field, rates in self._first.items()
            for exact_rate, written in rates.items()
            if written != exact_rate
        ]
        ours = own(root)
        ours.pop(RATES, None)
        ours.pop(KEPT, None)
        ours.pop(SPELLED, None)
        if spelled:
            ours[SPELLED] = True
        if rows:
            ours[RATES] = rows
        kept = [*self._notes, *(f"{count} × {what}" for what, count in self._stood.items())]
        if self._reversed:
            kept.append(
                "Premiere writes reversed clips with another start than the one they play from; "
                f"compare with the sequence: {_some(self._reversed)}"
            )
        if kept:
            ours[KEPT] = kept

    def hide_foreign(self) -> None:
        """Hides what OTIO would read as objects of its own among what it should keep as it is."""
        for container, key in self._open:
            value = container[key]
            holder = [value]
            hide(holder)
            container[key] = holder[0]

    def _bad(self, what: str) -> CutError:
        return CutError(f"{self._path}: {what}; export the cut again, or correct it there")

    def _misfit(self, node: dict[str, Any], field: str) -> CutError:
        value = repr(node.get(field))
        return self._bad(f"{_what(node)} has no usable {field}: {value[:80]}{'…' if len(value) > 80 else ''}")

    # Objects

    def _object(self, node: Any, slot: Slot) -> None:
        label: Any = node.get("OTIO_SCHEMA") if node.__class__ is dict else None
        schema = SCHEMAS.get(label) if label.__class__ is str else None
        if schema is None or slot not in schema.slots:
            schema = self._unfamiliar(node, slot)
        label = schema.label
        self._depth += 1
        if self._depth > DEEPEST // 2:
            raise self._bad(f"it is nested more than {DEEPEST} levels deep")
        self.objects += 1
        types, parts = _TYPES[label], self._parts[label]
        unknown = None
        for field, value in list(node.items()):  # reading notes things in metadata, which may be new
            allowed = types.get(field)
            if allowed is not None:
                if value.__class__ not in allowed:
                    raise self._misfit(node, field)
            elif (part := parts.get(field)) is not None:
                part(node, field, value)
            elif field != "OTIO_SCHEMA":
                if field == "OTIO_REF_ID":
                    unknown = field
                self._open.append((node, field))
        if unknown:
            raise self._bad(f"{_what(node)} is referred to by id ({unknown}), which is not read")
        for field in schema.required:
            if field not in node:
                raise self._misfit(node, field)
        if label in _FURTHER:
            _FURTHER[label](self, node)
        self._depth -= 1

    def _unfamiliar(self, node: Any, slot: Slot) -> Schema:
        """Turns an object of a schema that OTIO does not know into one that stands for it."""
        label = node.get("OTIO_SCHEMA") if isinstance(node, dict) else None
        if not isinstance(label, str) or not label:
            raise self._bad(f"among {slot.value} is something that is no OTIO object: {str(node)[:80]}")
        name, _, version = label.rpartition(".")
        known = max((one for one in SCHEMAS.values() if one.name == name), key=lambda one: one.version, default=None)
        newer = known is not None and version.isdecimal() and int(version) > known.version
        if known is not None and slot not in known.slots:
            raise self._bad(f"among {slot.value} is a {name}, which has no place there")
        if label == "SerializableObjectRef.1":
            raise self._bad(f"among {slot.value} is a reference by id, which is not read")
        if slot in (Slot.CUT, Slot.TRACKS) and not newer:
            raise self._bad(f"instead of {slot.value} it has a {label}")
        lasts = None if newer else _length(node)
        passes = slot is Slot.TRACK and not newer and lasts is None and _is_time(node.get("in_offset"))
        if slot is Slot.TRACK and not newer and lasts is None and not passes:
            raise self._bad(
                f"a {label} ({node.get('name')!r}) on a track does not say how long it lasts, so that nothing behind "
                "it can be placed"
            )
        base = SCHEMAS["Transition.1" if passes else STAND_INS[slot]] if known is None or not newer else known
        fields = self._stand(node, base, label, newer, lasts)
        bare = "metadata" not in node
        own(node)[STAND_IN] = {"schema": label, "newer": newer, "fields": fields, "bare": bare}
        node["OTIO_SCHEMA"] = base.label
        what = "changes nothing here" if slot is Slot.EFFECT and not newer else f"stands here as {base.label}"
        self._stood[f"{label} {what} and comes back in .otio"] += 1
        return base

    def _stand(
        self, node: dict[str, Any], base: Schema, label: str, newer: bool, lasts: dict[str, Any] | None
    ) -> dict[str, list[str | None]]:
        """Gives `node` what `base` demands. Returns each field that changed: what it holds now, and held, as JSON."""
        fields: dict[str, list[str | None]] = {}

        def put(field: str, value: Any) -> None:
            before = text_of(node[field]) if field in node else None
            fields[field] = [text_of(value), fields[field][1] if field in fields else before]
            node[field] = value

        if not isinstance(node.get("metadata", {}), dict):
            raise self._misfit(node, "metadata")
        for field, kind in base.fields.items():
            if field == "metadata":
                continue
            if field not in node:
                put(field, self._default(base, field, kind, label))
            elif not _fits(kind, node[field]):
                if newer and kind not in _BESIDE:
                    raise self._misfit(node, field)
                colour = base.name == "Marker" and field == "color"
                put(field, _marker_colour(node[field]) if colour else self._default(base, field, kind, label))
        if base.label == "Clip.2":
            if not node["media_references"]:
                put("media_references", {"DEFAULT_MEDIA": dict(_MISSING)})
            if node["active_media_reference_key"] not in node["media_references"]:
                put("active_media_reference_key", next(iter(node["media_references"])))
            if node.get("source_range") is None and lasts is not None:
                put("source_range", lasts)
        if base.label == "Track.1" and lasts is not None and not node["children"]:
            put("children", [_gap(lasts)])
        return fields

    def _default(self, base: Schema, field: str, kind: Kind, label: str) -> Any:
        """What a stand-in holds where the file holds nothing that fits."""
        if field in ("kind", "effect_name"):
            return label
        if field == "transition_type":
            return "Custom_Transition"
        if field == "active_media_reference_key":
            return "DEFAULT_MEDIA"
        if kind is Kind.REFERENCES:
            return {"DEFAULT_MEDIA": dict(_MISSING)}
        if kind is Kind.RANGE:
            return {"OTIO_SCHEMA": "TimeRange.1", "duration": dict(_ZERO), "start_time": dict(_ZERO)}
        if kind not in _EMPTY:
            raise self._bad(f"a {label} has no {field} that can be used, which a {base.name} needs")
        return [] if _EMPTY[kind] == [] else _EMPTY[kind]

    # Fields

    def _anything(self, node: dict[str, Any], field: str, value: Any) -> None:
        if value.__class__ is not dict:
            raise self._misfit(node, field)
        if value:
            if field == "metadata" and OURS in value and value[OURS].__class__ is not dict:
                raise self._bad(f"{_what(node)} has metadata {OURS!r} that is not of this program")
            self._open.append((node, field))

    def _policy(self, node: dict[str, Any], field: str, value: Any) -> None:
        if value not in _POLICIES:
            raise self._misfit(node, field)

    def _number(self, node: dict[str, Any], field: str) -> float:
        value: Any = node.get(field)
        if value.__class__ not in (int, float) or not -_MOST < value < _MOST:
            raise self._misfit(node, field)
        return value

    def _time_of(self, node: dict[str, Any], field: str, value: Any) -> None:
        self._time(node, field, value)

    def _time_or_null(self, node: dict[str, Any], field: str, value: Any) -> None:
        if value is not None:
            self._time(node, field, value)

    def _range_or_null(self, node: dict[str, Any], field: str, value: Any) -> None:
        if value is not None:
            self._range(node, field, value)

    def _range(self, node: dict[str, Any], field: str, value: Any) -> None:
        if value.__class__ is not dict or value.get("OTIO_SCHEMA") != "TimeRange.1":
            raise self._misfit(node, field)
        if len(value) != 3:
            self._strip(value, ("OTIO_SCHEMA", "start_time", "duration"))
        self.objects += 1
        self._time(node, _START[field], value.get("start_time"))
        duration: Any = value.get("duration")
        self._time(node, _DURATION[field], duration)
        if duration["value"] < 0:
            raise self._bad(f"{_what(node)} has a {field} that lasts {duration['value']:g} frames")

    def _time(self, owner: dict[str, Any], field: str, time: Any) -> None:
        if time.__class__ is not dict or time.get("OTIO_SCHEMA") != "RationalTime.1":
            raise self._bad(f"{_what(owner)} has no usable {field}: {str(time)[:80]}")
        if len(time) != 3:
            self._strip(time, ("OTIO_SCHEMA", "rate", "value"))
        self.objects += 1
        value: Any = time.get("value")
        rate: Any = time.get("rate")
        if value.__class__ is float:
            if not value.is_integer() and field == "source_range.start_time":
                self._fractions.append((owner, time, rate))
        elif value.__class__ is not int:
            raise self._bad(f"{_what(owner)} has no usable {field}: its value is {value!r}")
        if not -_MOST < value < _MOST:
            raise self._bad(f"{_what(owner)} has no usable {field}: its value is {value:g}")
        rates = self._written.get(field)
        found = rates.get(rate) if rates is not None and rate.__class__ is float else None
        if found is None:
            found = self._exact(owner, field, rate, value)
        if found != rate:
            time["rate"] = found

    def _exact(self, owner: dict[str, Any], field: str, rate: Any, value: float) -> float:
        """The exact rate that a file means, having kept how it is written."""
        if rate.__class__ not in (int, float):
            raise self._bad(f"{_what(owner)} has no usable {field}: its rate is {rate!r}")
        if rate <= 0 and value == 0:
            own(owner).setdefault(RATES, {})[field] = rate
            return 1.0
        try:
            found = float(cached_rate(rate))
        except BadInput:
            raise self._bad(f"{_what(owner)} has the rate {rate:g} in its {field}") from None
        written = self._first.setdefault(field, {}).setdefault(found, rate)
        if written == rate:
            self._written.setdefault(field, {})[rate] = found
        else:
            own(owner).setdefault(RATES, {})[field] = rate
        return found

    def _strip(self, value: dict[str, Any], fields: tuple[str, ...]) -> None:
        """OTIO drops what a time holds besides; inside it could be anything."""
        more = [field for field in value if field not in fields]
        for field in more:
            del value[field]
        if more:
            note = f"times hold more than OTIO's do, which is left out: {_some(more)}"
            if note not in self._notes:
                self._notes.append(note)

    def _colour(self, node: dict[str, Any], field: str, value: Any) -> None:
        if value is None:
            return
        if not _fits(Kind.COLOUR, value):
            self._set_aside(node, field)
            return
        self.objects += 1

    def _bounds(self, node: dict[str, Any], field: str, value: Any) -> None:
        if value is None:
            return
        if not _fits(Kind.BOUNDS, value):
            self._set_aside(node, field)
            return
        self.objects += 3

    def _set_aside(self, node: dict[str, Any], field: str) -> None:
        """Stashes a value of a schema that OTIO does not know."""
        label = node[field].get("OTIO_SCHEMA") if isinstance(node[field], dict) else None
        if not isinstance(label, str) or label in ("Color.1", "Box2d.1"):
            raise self._misfit(node, field)
        stash = own(node).setdefault(STAND_IN, {"schema": None, "newer": True, "fields": {}})
        stash["fields"][field] = [text_of(None), text_of(node[field])]
        node[field] = None
        self._stood[f"{label} is left out here and comes back in .otio"] += 1

    def _list(self, node: dict[str, Any], field: str, value: Any, slot: Slot) -> None:
        if value.__class__ is not list:
            raise self._misfit(node, field)
        for child in value:
            self._object(child, slot)

    def _children(self, node: dict[str, Any], field: str, value: Any) -> None:
        self._list(node, field, value, Slot.STACK if node["OTIO_SCHEMA"] == "Stack.1" else Slot.TRACK)

    def _effects(self, node: dict[str, Any], field: str, value: Any) -> None:
        self._list(node, field, value, Slot.EFFECT)

    def _markers(self, node: dict[str, Any], field: str, value: Any) -> None:
        self._list(node, field, value, Slot.MARKER)

    def _reference(self, _node: dict[str, Any], _field: str, value: Any) -> None:
        if value is not None:
            self._object(value, Slot.MEDIA)

    def _references(self, node: dict[str, Any], field: str, value: Any) -> None:
        if value.__class__ is not dict or "OTIO_SCHEMA" in value:
            raise self._misfit(node, field)
        for reference in value.values():
            self._object(reference, Slot.MEDIA)

    def _tracks(self, node: dict[str, Any], field: str, value: Any) -> None:
        if value is None:
            raise self._bad(f"the timeline {node.get('name')!r} has no {field}")
        self._object(value, Slot.TRACKS)
        if self._dialects:
            self._shorter([track for track in value["children"] if track["OTIO_SCHEMA"] == "Track.1"])

    # What concerns more than one field

    def _clip(self, clip: dict[str, Any]) -> None:
        references = clip["media_references"]
        active = references.get(clip["active_media_reference_key"])
        if active is None:
            raise self._bad(f"{_what(clip)} does not hold the media that it plays")
        if self._dialects:
            self._from_media_start(clip, active)
            if clip.get("markers"):
                self._from_clip_start(clip)
            if clip.get("effects") and program_of(clip.get("metadata", {})) is Program.PREMIERE:
                speeds = [effect.get("time_scalar", 1) for effect in clip["effects"]]
                self._reversed += [str(clip.get("name"))] if min(speeds) < 0 else []

    def _old_clip(self, clip: dict[str, Any]) -> None:
        if "media_references" in clip:  # OTIO crashes
            raise self._bad(f"{_what(clip)} mixes two versions of the format (Clip.1 and Clip.2)")

    def _gap_range(self, gap: dict[str, Any]) -> None:
        if gap.get("source_range", gap) is None:  # OTIO has no length for it
            del gap["source_range"]

    def _speed(self, effect: dict[str, Any]) -> None:
        self._number(effect, "time_scalar")

    def _transition(self, transition: dict[str, Any]) -> None:
        for side in ("in_offset", "out_offset"):
            if transition[side]["value"] < 0:
                raise self._misfit(transition, side)

    def _external(self, reference: dict[str, Any]) -> None:
        if reference["target_url"]:
            self._resolve(reference, "target_url")

    def _sequence(self, reference: dict[str, Any]) -> None:
        for field in ("start_frame", "frame_step", "frame_zero_padding"):
            if not -_MOST_WHOLE < reference[field] < _MOST_WHOLE:
                raise self._misfit(reference, field)
        if not 0 <= reference["frame_zero_padding"] <= _LONGEST_NUMBER:
            raise self._misfit(reference, "frame_zero_padding")
        rate = self._number(reference, "rate")
        if rate > 0:
            reference["rate"] = self._exact(reference, "rate", rate, 0)
        if reference["target_url_base"] or reference["name_prefix"] or reference["name_suffix"]:
            self._resolve(reference, "target_url_base")

    # Programs' own ways of counting

    def _whole_frame(self, clip: dict[str, Any], start: dict[str, Any], rate: float) -> bool:
        """Whether it is a start that Hiero turned from one spelling of a rate into another.

        86400 at 23.976 is 86400.0887 at 23.976024627685547. Where the rates as written make it a whole frame of the
        media, that frame is meant.
        """
        available = _active(clip).get("available_range")
        if available is None:
            return False
        media = available["start_time"]["rate"]
        first = self._first.get("available_range.start_time", {})
        written = owned(_active(clip)).get(RATES, {}).get("available_range.start_time", first.get(media, media))
        if written <= 0 or (written == media and rate == start["rate"]):
            return False
        frames = start["value"] * written / rate
        if abs(frames - round(frames)) > 1e-3:
            own(clip).setdefault(TIMES, {})["source_range.start_time"] = [start["value"], start["value"]]
            return False
        now = float(rescaled(round(frames), cached_rate(media), cached_rate(rate)))
        own(clip).setdefault(TIMES, {})["source_range.start_time"] = [now, start["value"]]
        start["value"] = now
        return True

    def _shorter(self, tracks: list[dict[str, Any]]) -> None:
        """Kdenlive's first OTIO export left out gaps and transitions, so that its clips come back butted together."""
        short = []
        for track in tracks:
            shown: Any = track.get("source_range")
            lengths: list[Any] = [child.get("source_range") for child in track["children"] if not _passes(child)]
            if shown is not None and lengths and None not in lengths and shown["start_time"]["value"] == 0:
                lasts = sum((_seconds(length["duration"]) for length in lengths), Fraction(0))
                short += [str(track.get("name"))] if lasts < _seconds(shown["duration"]) else []
        if short:
            self._notes.append(
                f"tracks whose clips are together shorter than the file says: {_some(short)}; the program that wrote "
                "it may have left out gaps or transitions: compare the cut with its project"
            )

    def _from_media_start(self, clip: dict[str, Any], media: dict[str, Any]) -> None:
        """Hiero's older exporters count a clip's start from 0 where its media starts elsewhere."""
        shown, available = clip.get("source_range"), media.get("available_range")
        if not shown or not available or program_of(media.get("metadata", {})) is not Program.HIERO:
            return
        start, length = _seconds(shown["start_time"]), _seconds(shown["duration"])
        first, lasts = _seconds(available["start_time"]), _seconds(available["duration"])
        if start + length <= first and start >= 0 and start + length <= lasts:
            rate = cached_rate(shown["start_time"]["rate"])
            written = shown["start_time"]["value"]
            now = float(simple(Fraction(exact(written)) + first * rate))
            own(clip).setdefault(TIMES, {})["source_range.start_time"] = [now, written]
            own(clip)[FROM_FIRST_FRAME] = True
            shown["start_time"]["value"] = now
            self._stood["clip that counts from its media's first frame, counted here in the media's timecode"] += 1

    def _from_clip_start(self, clip: dict[str, Any]) -> None:
        """Kdenlive counts a clip's markers from the first frame that the clip plays."""
        shown: Any = clip.get("source_range")
        for marker in clip["markers"] if shown is not None else ():
            if program_of(marker.get("metadata", {})) is Program.KDENLIVE:
                shift_marker(marker, shown["start_time"], 1)
                own(marker)[FROM_FIRST_FRAME] = True


_FURTHER: dict[str, Callable[[Validation, dict[str, Any]], None]] = {
    "Clip.2": Validation._clip,
    "Clip.1": Validation._old_clip,
    "Gap.1": Validation._gap_range,
    "Filler.1": Validation._gap_range,
    "Transition.1": Validation._transition,
    "LinearTimeWarp.1": Validation._speed,
    "FreezeFrame.1": Validation._speed,
    "ExternalReference.1": Validation._external,
    "ImageSequenceReference.1": Validation._sequence,
}
_RANGES = {
    field
    for schema in SCHEMAS.values()
    for field, kind in schema.fields.items()
    if kind in (Kind.RANGE, Kind.RANGE_OR_NULL)
}
_START = {field: f"{field}.start_time" for field in _RANGES}
_DURATION = {field: f"{field}.duration" for field in _RANGES}


def _what(node: dict[str, Any]) -> str:
    return f"the {str(node.get('OTIO_SCHEMA')).partition('.')[0].lower()} {str(node.get('name') or '')[:80]!r}"


def _some(names: list[str]) -> str:
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")


def _passes(child: dict[str, Any]) -> bool:
    return bool(child["OTIO_SCHEMA"] == "Transition.1")


def _active(clip: dict[str, Any]) -> dict[str, Any]:
    if "media_references" in clip:
        active: dict[str, Any] = clip["media_references"][clip["active_media_reference_key"]]
        return active
    return clip.get("media_reference") or {}


def _seconds(time: dict[str, Any]) -> Fraction:
    return Fraction(exact(time["value"])) / cached_rate(time["rate"])


def _is_time(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.get("OTIO_SCHEMA") == "RationalTime.1"
        and all(type(value.get(key)) in (int, float) for key in ("rate", "value"))
        and 1e-6 <= value["rate"] < 1_000_000
    )


def _is_range(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.get("OTIO_SCHEMA") == "TimeRange.1"
        and _is_time(value.get("start_time"))
        and _is_time(value.get("duration"))
    )


def _length(node: dict[str, Any]) -> dict[str, Any] | None:
    """The range that an unknown child says it lasts: its own, a duration, or its media's."""
    found: Any = node.get("source_range")
    if not _is_range(found) and _is_time(node.get("duration")):
        found = {"start_time": {**node["duration"], "value": 0.0}, "duration": node["duration"]}
    elif not _is_range(found):
        references = node.get("media_references")
        media = references.get(node.get("active_media_reference_key")) if isinstance(references, dict) else None
        found = media.get("available_range") if isinstance(media, dict) else None
        if not _is_range(found):
            return None
    times = {
        key: {"OTIO_SCHEMA": "RationalTime.1", "rate": float(cached_rate(time["rate"])), "value": float(time["value"])}
        for key, time in found.items()
        if key in ("start_time", "duration")
    }
    return {"OTIO_SCHEMA": "TimeRange.1", **times}


def _gap(lasts: dict[str, Any]) -> dict[str, Any]:
    return {
        "OTIO_SCHEMA": "Gap.1",
        "metadata": {},
        "name": "",
        "source_range": lasts,
        "effects": [],
        "markers": [],
        "enabled": True,
        "color": None,
    }


def _fits(kind: Kind, value: Any) -> bool:
    """Whether a value has the form that a kind of field takes; objects inside are checked later."""
    match kind:
        case Kind.TEXT | Kind.FLAG | Kind.NUMBER | Kind.WHOLE:
            return type(value) in _PLAIN[kind]
        case Kind.POLICY:
            return value in _POLICIES
        case Kind.TIME:
            return _is_time(value)
        case Kind.TIME_OR_NULL:
            return value is None or _is_time(value)
        case Kind.RANGE:
            return _is_range(value)
        case Kind.RANGE_OR_NULL:
            return value is None or _is_range(value)
        case Kind.COLOUR:
            return value is None or (
                isinstance(value, dict)
                and value.get("OTIO_SCHEMA") == "Color.1"
                and value.keys() == {"OTIO_SCHEMA", "r", "g", "b", "a", "name"}
                and all(type(value[key]) in (int, float) for key in "rgba")
                and isinstance(value["name"], str)
            )
        case Kind.BOUNDS:
            return value is None or (
                isinstance(value, dict)
                and value.get("OTIO_SCHEMA") == "Box2d.1"
                and value.keys() == {"OTIO_SCHEMA", "min", "max"}
                and all(
                    isinstance(point, dict)
                    and point.get("OTIO_SCHEMA") == "V2d.1"
                    and point.keys() == {"OTIO_SCHEMA", "x", "y"}
                    and all(type(point[key]) in (int, float) for key in "xy")
                    for point in (value["min"], value["max"])
                )
            )
        case Kind.ANYTHING | Kind.REFERENCES | Kind.TRACKS:
            return isinstance(value, dict)
        case Kind.CHILDREN | Kind.EFFECTS | Kind.MARKERS:
            return isinstance(value, list)
        case Kind.REFERENCE:
            return value is None or isinstance(value, dict)


def _marker_colour(value: Any) -> str:
    """The nearest that Marker.2 has to a colour with a name of its own, as Marker.3 writes it."""
    name = str(value.get("name") or "").upper() if isinstance(value, dict) else ""
    return name if name in _COLOURS else otio.schema.MarkerColor.GREEN
