"""What an edit did to a cut, as a list of primitive changes that can be written down, undone and done again.

A primitive names its place by number, in the cut as the primitives before it left it, and holds what was there and
what is there afterwards as plain OTIO JSON. So its inverse is the same primitive with its sides exchanged.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Self

import opentimelineio as otio
import orjson
from secondunit_bridge.errors import CutError
from secondunit_bridge.rates import FrameTime, can_drop_frames, format_timecode

from secondunit_timeline.documents import plain, timeline_of
from secondunit_timeline.times import Frames, frames_text, simple

FORMAT = "secondunit.edit.1"
_UNDO = "undo "
_FASTEST = 1_000_000
_FRACTION = re.compile(r"-?\d{1,24}(?:/\d{1,24})?")


class Written:
    """One object of a cut as OTIO JSON. It is read from `source`, unless given as `value`, and kept as it was then."""

    __slots__ = ("_batch", "_number", "_value", "source")

    def __init__(self, source: otio.core.SerializableObject | None, value: Any = None) -> None:
        self.source = source
        self._value = value
        self._batch: _Batch | None = None
        self._number = 0

    @property
    def json(self) -> Any:
        if self._batch is not None:
            self._value, self._batch = self._batch.values[self._number], None
        return self._value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Written) and bool(self.json == other.json)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Written({self.json!r})"

    @classmethod
    def keep(cls, objects: Iterable[Self]) -> None:
        """Reads all that have not been read, in one call; parsing waits until somebody asks."""
        waiting: dict[int, list[Self]] = {}
        for one in objects:
            if one.source is not None:
                waiting.setdefault(id(one.source), []).append(one)
        # A collection is handed over as one; a list would be turned into C++ values one by one.
        batch = _Batch(otio.schema.SerializableCollection("", [same[0].source for same in waiting.values()]))
        for number, same in enumerate(waiting.values()):
            for one in same:
                one._batch, one._number, one.source = batch, number, None


class _Batch:
    def __init__(self, objects: otio.schema.SerializableCollection) -> None:
        self._text: str = objects.to_json_string(-1)
        self._values: list[Any] | None = None

    @property
    def values(self) -> list[Any]:
        if self._values is None:
            self._values = plain(self._text)["children"]
            self._text = ""
        return self._values


@dataclass(frozen=True, slots=True)
class Splice:
    """In a track, the children [position, position + len(removed)) become `added`; track None: tracks of the cut."""

    track: int | None
    position: int
    removed: tuple[Written, ...]
    added: tuple[Written, ...]

    def inverse(self) -> "Splice":
        return Splice(self.track, self.position, self.added, self.removed)


@dataclass(frozen=True, slots=True)
class Properties:
    """Everything that a cut, its stack of tracks or a track says about itself, its children left out."""

    of: int | str
    """The number of a track, or "cut" or "tracks"."""
    before: Written
    after: Written

    def inverse(self) -> "Properties":
        return Properties(self.of, self.after, self.before)


Primitive = Splice | Properties


@dataclass(frozen=True, slots=True)
class Change:
    """`at` is record timecode, as frames since 00:00:00:00, None for what lies at no time; `frames` count at its rate.

    A change without primitives reports what the next one did besides, such as a transition that went.
    """

    track: str
    at: FrameTime | None
    verb: str
    frames: Frames
    name: str
    primitives: tuple[Primitive, ...] = ()

    def __str__(self) -> str:
        if self.at is None:
            return f"{self.track} {self.verb} {self.name!r}"
        timecode = format_timecode(self.at, can_drop_frames(self.at.rate))
        return f"{self.track} {timecode} {self.verb} {frames_text(self.frames)} {self.name!r}"

    def inverse(self) -> "Change":
        verb = self.verb.removeprefix(_UNDO) if self.verb.startswith(_UNDO) else _UNDO + self.verb
        primitives = tuple(one.inverse() for one in reversed(self.primitives))
        return Change(self.track, self.at, verb, self.frames, self.name, primitives)


class Edit(tuple[Change, ...]):
    """What was done to a cut, in order."""

    __slots__ = ()

    def __str__(self) -> str:
        return "\n".join(map(str, self))

    def inverse(self) -> "Edit":
        return Edit(change.inverse() for change in reversed(self))

    def to_json(self) -> str:
        changes = [
            {
                "track": change.track,
                "at": None if change.at is None else {"frame": change.at.frame, "rate": str(change.at.rate)},
                "verb": change.verb,
                "frames": str(change.frames),
                "name": change.name,
                "text": str(change),
                "primitives": [_primitive_to_json(one) for one in change.primitives],
            }
            for change in self
        ]
        return orjson.dumps({"format": FORMAT, "changes": changes}).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> "Edit":
        """Raises CutError where `text` is not what `to_json` writes, or puts in what a file could not hold."""
        try:
            document = orjson.loads(text)
            if document["format"] != FORMAT:
                raise CutError(f"an edit of the format {document['format']!r} cannot be read: this is {FORMAT}")
            made = cls(_change_from_json(change) for change in document["changes"])
            for change in made:
                for primitive in change.primitives:
                    _refuse_unreadable(primitive)
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            raise CutError(f"this is not an edit ({error!r}): give what Edit.to_json wrote") from None
        return made


def apply(edit: Edit, cut: otio.schema.Timeline) -> otio.schema.Timeline:
    """`cut` after `edit`; `cut` stays as it is. Refused where the cut does not hold what the edit replaces."""
    document = plain(cut.to_json_string(-1))
    for change in edit:
        for primitive in change.primitives:
            if not _apply(primitive, document):
                raise CutError(f"{change}: the cut does not hold what this replaces: apply the edit to its own cut")
    return timeline_of(document)


def _apply(primitive: Primitive, document: Any) -> bool:
    tracks = document["tracks"]["children"]
    if isinstance(primitive, Splice):
        if primitive.track is not None and not 0 <= primitive.track < len(tracks):
            return False
        children = tracks if primitive.track is None else tracks[primitive.track].get("children", [])
        there = slice(primitive.position, primitive.position + len(primitive.removed))
        if children[there] != [one.json for one in primitive.removed] or primitive.position > len(children):
            return False
        children[there] = [one.json for one in primitive.added]
        return True
    owner, inner = document, "tracks"
    if primitive.of != "cut":
        owner, inner = document["tracks"], "children"
        if isinstance(primitive.of, int):
            if not 0 <= primitive.of < len(tracks):
                return False
            owner = tracks[primitive.of]
    if {key: value for key, value in owner.items() if key != inner} != primitive.before.json:
        return False
    kept = owner[inner]
    owner.clear()
    owner.update(primitive.after.json)
    owner[inner] = kept
    return True


def _primitive_to_json(primitive: Primitive) -> dict[str, Any]:
    if isinstance(primitive, Splice):
        sides: dict[str, Any] = {
            "removed": [one.json for one in primitive.removed],
            "added": [one.json for one in primitive.added],
        }
        return {"type": "splice", "track": primitive.track, "position": primitive.position, **sides}
    return {
        "type": "properties",
        "of": primitive.of,
        "before": primitive.before.json,
        "after": primitive.after.json,
    }


def _primitive_from_json(document: dict[str, Any]) -> Primitive:
    def objects(key: str) -> Iterator[Written]:
        return (Written(None, value) for value in document[key])

    match document["type"]:
        case "splice":
            track, position = document["track"], document["position"]
            if type(position) is not int or position < 0 or type(track) not in (int, type(None)):
                raise ValueError(f"position {position!r} on track {track!r}")
            return Splice(track, position, tuple(objects("removed")), tuple(objects("added")))
        case "properties":
            if type(document["of"]) is not int and document["of"] not in ("cut", "tracks"):
                raise ValueError(f"properties of {document['of']!r}")
            return Properties(document["of"], Written(None, document["before"]), Written(None, document["after"]))
        case other:
            raise ValueError(f"primitive {other!r}")


def _refuse_unreadable(primitive: Primitive) -> None:
    """Raises CutError for objects that OpenTimelineIO would crash on, misread, or build where no object belongs."""
    from secondunit_timeline.validation import Validation

    sides: list[dict[str, Any]] = []  # what a cut of nothing else would be
    if isinstance(primitive, Splice):
        for objects in (primitive.removed, primitive.added):
            children = [one.json for one in objects]
            track = {"OTIO_SCHEMA": "Track.1", "kind": "Video", "name": "", "children": children}
            sides.append(_cut_of({"children": [track] if primitive.track is not None else children}))
    else:
        for one in (primitive.before.json, primitive.after.json):
            inner = {"tracks", "children"} & one.keys()
            if inner:
                raise ValueError(f"properties that bring {', '.join(inner)}")
            if primitive.of == "cut":
                sides.append({**one, "tracks": _cut_of({"children": []})["tracks"]})
            elif primitive.of == "tracks":
                sides.append({**_cut_of({}), "tracks": {**one, "children": []}})
            else:
                sides.append(_cut_of({"children": [{**one, "children": []}]}))
    for side in sides:
        checked = orjson.loads(orjson.dumps(side))
        validation = Validation(Path("the edit"), lambda _node, _field: None, dialects=False)
        validation.cut(checked)
        text = orjson.dumps(checked)
        validation.hide_foreign()
        if orjson.dumps(checked) != text:
            raise ValueError("objects of OpenTimelineIO among metadata")


def _cut_of(stack: dict[str, Any]) -> dict[str, Any]:
    tracks = {"OTIO_SCHEMA": "Stack.1", "name": "tracks", **stack}
    return {"OTIO_SCHEMA": "Timeline.1", "name": "", "tracks": tracks}


def _time_from_json(document: dict[str, Any]) -> FrameTime:
    frame, rate = document["frame"], _fraction(document["rate"])
    if type(frame) is not int or not 0 < rate <= _FASTEST:
        raise ValueError(f"frame {frame!r} at {rate}")
    return FrameTime(frame, rate)


def _fraction(text: Any) -> Fraction:
    if not isinstance(text, str) or _FRACTION.fullmatch(text) is None:
        raise ValueError(f"number {str(text)[:40]!r}")
    return Fraction(text)


def _change_from_json(document: dict[str, Any]) -> Change:
    at = document["at"]
    return Change(
        str(document["track"]),
        None if at is None else _time_from_json(at),
        str(document["verb"]),
        simple(_fraction(document["frames"])),
        str(document["name"]),
        tuple(_primitive_from_json(one) for one in document["primitives"]),
    )
