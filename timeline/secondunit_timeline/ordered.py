"""An order with its place in its cut, written down: its takes land as planned when who planned it has ended."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import partial
from typing import Any

import opentimelineio as otio
import orjson
from secondunit_bridge.errors import CutError, SecondUnitError
from secondunit_bridge.messages import Order, Take, Task
from secondunit_bridge.rates import FrameTime

from secondunit_timeline.documents import plain, text_of, timeline_of
from secondunit_timeline.operations import (
    AddTake,
    AddTrack,
    End,
    Extend,
    Insert,
    Into,
    JoinShots,
    Operation,
    Overwrite,
    Side,
    SwapTake,
)
from secondunit_timeline.placing import Ordered
from secondunit_timeline.takes import clip_of, key_of, recipe, reference, stand_ins
from secondunit_timeline.times import frames_of, rate_of, simple

FORMAT = "secondunit.ordered.1"


def ordered_to_json(ordered: Ordered) -> bytes:
    """Without its notes. Raises CutError where nothing is made: nobody has to wait for that."""
    from secondunit_bridge.wire import record_to_json

    if ordered.order is None:
        raise CutError("an order for which nothing is made cannot be kept: place it")
    stand_in = stand_ins(ordered.order)[:1]
    document = {
        "format": FORMAT,
        "record": record_to_json(stand_in[0].record),  # which holds the order
        "operations": [_to_json(operation) for operation in ordered.operations(stand_in)],
        "cut": plain(ordered.cut.to_json_string(-1)),
    }
    return orjson.dumps(document)


def ordered_from_json(text: bytes) -> Ordered:
    """Raises CutError where `text` is not what `ordered_to_json` writes."""
    from secondunit_bridge.wire import record_from_json

    try:
        document = orjson.loads(text)
        if document["format"] != FORMAT:
            raise CutError(f"the format {document['format']!r}, and this is {FORMAT}")
        order, cut, planned = record_from_json(document["record"]).order, document["cut"], document["operations"]
        operations = partial(_operations, order, planned)
        operations(stand_ins(order))  # what cannot be read is said here
        return Ordered(timeline_of(cut), order, operations)
    except (KeyError, TypeError, ValueError, SecondUnitError) as error:
        raise CutError(f"this is no order that was written down: {error}") from None


def _to_json(operation: Operation) -> dict[str, Any]:
    """As it places a stand-in."""
    match operation:
        case AddTrack(name, kind, above):
            return {"kind": "track", "name": name, "of": kind, "above": above}
        case Overwrite(track, at, clip):
            return {"kind": "overwrite", **_at(track, at), "clip": _plain(clip)}
        case Insert(track, at, clip, dissolve, sync):
            return {"kind": "insert", **_at(track, at), "clip": _plain(clip), "dissolve": dissolve, "sync": sync}
        case JoinShots(track, at, clip, sound):
            return {"kind": "join", **_at(track, at), "clip": _plain(clip), "sound": sound}
        case Extend(track, at, end, camera, clip, into, sync):
            grown = {"end": end, "camera": str(camera), "into": into, "sync": sync}
            return {"kind": "extend", **_at(track, at), **grown, "clip": None if clip is None else _plain(clip)}
        case AddTake(track, at, _, media):
            start = media.available_range.start_time
            return {"kind": "take", **_at(track, at), "start": _time(FrameTime(round(start.value), rate_of(start)))}
        case SwapTake(track, at):
            return {"kind": "play", **_at(track, at)}
        case _:
            raise CutError(f"an order that asks for {type(operation).__name__} cannot be written down")


def _operations(order: Order, planned: Sequence[dict[str, Any]], takes: Sequence[Take]) -> tuple[Operation, ...]:
    return tuple(operation for document in planned for operation in _from_json(order, document, takes))


def _from_json(order: Order, document: dict[str, Any], takes: Sequence[Take]) -> Iterator[Operation]:
    """As it places `takes`."""
    if document["kind"] == "track":
        yield AddTrack(document["name"], document["of"], document["above"])
        return
    track, at = str(document["track"]), _read(document["at"])
    match document["kind"]:
        case "overwrite":
            yield Overwrite(track, at, _clip(order, document["clip"], takes))
        case "insert":
            clip = _clip(order, document["clip"], takes)
            yield Insert(track, at, clip, Side(document["dissolve"]), _names(document["sync"]))
        case "join":
            yield JoinShots(track, at, _clip(order, document["clip"], takes), tuple(document["sound"]))
        case "extend":
            clip = None if document["clip"] is None or not takes else _clip(order, document["clip"], takes)
            camera = simple(Fraction(document["camera"]))
            end, into = End(document["end"]), Into(document["into"])
            yield Extend(track, at, end, camera, clip, into, _names(document["sync"]))
        case "take":
            # Handles count in the take's own timecode, what lies on a shot in the shot's.
            start = None if order.task is Task.EXTEND else _read(document["start"])
            for take in takes:
                yield AddTake(track, at, key_of(take), reference(take, start), recipe(take))
        case "play":
            yield SwapTake(track, at, key_of(takes[0]))
        case kind:
            raise ValueError(f"an operation of the kind {kind!r}")


def _clip(order: Order, document: dict[str, Any], takes: Sequence[Take]) -> otio.schema.Clip:
    """The stand-in's clip with `takes` in its place."""
    planned = otio.core.deserialize_json_from_string(text_of(document).decode())
    used, start = planned.source_range, stand_ins(order)[0].record.start
    length = FrameTime(round(used.duration.value), rate_of(used.duration))
    made = clip_of(takes, simple(Fraction(frames_of(used.start_time, start.rate) - start.frame)), length)
    made.enabled = planned.enabled
    made.effects.extend(effect.clone() for effect in planned.effects)
    return made


def _plain(clip: otio.schema.Clip) -> Any:
    """What `_clip` reads."""
    bare = otio.schema.Clip(source_range=clip.source_range)
    bare.enabled = clip.enabled
    bare.effects.extend(effect.clone() for effect in clip.effects)
    return plain(bare.to_json_string(-1))


def _at(track: str, at: FrameTime) -> dict[str, Any]:
    return {"track": track, "at": _time(at)}


def _time(at: FrameTime) -> list[Any]:
    return [at.frame, str(at.rate)]


def _read(time: list[Any]) -> FrameTime:
    frame, rate = time
    return FrameTime(int(frame), Fraction(rate))


def _names(names: list[str] | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(names)
