"""The panel's state on disk, for the work of operations: brings OpenTimelineIO.

A panel that is killed comes back with the cut, every version of it, and what waits. One folder a cut, in the unit's
home: `state.json`, and a file for each version that is written once. What `state.json` does not name is removed a day
later: another panel may hold it.
"""

import hashlib
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, assert_never

import opentimelineio as otio
import orjson
from secondunit_bridge.errors import BadInput, SecondUnitError
from secondunit_bridge.files import write_bytes
from secondunit_bridge.messages import Take
from secondunit_bridge.wire import record_from_json, record_to_json
from secondunit_timeline.documents import parsed
from secondunit_timeline.interchange import as_read

from secondunit_plugin.panel.model.cut import (
    Approved,
    CutIn,
    OpenCut,
    Opened,
    Reloaded,
    Slugged,
    Step,
    TakenOut,
    Version,
)
from secondunit_plugin.panel.model.pending import Choices, Unplaced
from secondunit_plugin.panel.model.reading import version_of, write

FORMAT = 1
_STATE, _VERSION, _LAST = "state.json", ".cut", "last.json"
_KEPT_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class State:
    opened: OpenCut
    unplaced: tuple[Unplaced, ...]
    choices: Choices


def save(home: Path, state: State) -> None:
    """Complete or not at all. Raises BadInput where the folder cannot be written."""
    opened = state.opened
    folder = _folder(home, opened.path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for version in opened.versions:
            target = folder / (version.id + _VERSION)
            if not target.exists():
                write_bytes(target, zlib.compress(version.index.cut.to_json_string(-1).encode(), 1))
        document = {
            "format": FORMAT,
            "path": str(opened.path),
            "digest": opened.digest,
            "saved_as": str(opened.saved_as) if opened.saved_as is not None else None,
            "place": opened.place,
            "versions": [{"id": version.id, "step": _step_to_json(version.step)} for version in opened.versions],
            "filled": [_take_to_json(take) for take in opened.filled.values()],
            **pending_to_json(state.unplaced, state.choices),
        }
        write_bytes(folder / _STATE, orjson.dumps(document, option=orjson.OPT_INDENT_2))
        write_bytes(folder.parent / _LAST, orjson.dumps({"path": str(opened.path.resolve())}))
        named = {version.id + _VERSION for version in opened.versions}
        for file in folder.glob("*" + _VERSION):
            if file.name not in named and time.time() - file.stat().st_mtime > _KEPT_SECONDS:
                file.unlink()
    except OSError as error:
        raise BadInput(f"the panel's state cannot be kept in {folder} ({error.strerror}): check the disk") from None


def load(home: Path, path: Path) -> State | None:
    """None where nothing is kept of the cut at `path`. Raises BadInput where what is kept cannot be read.

    The edited cut is written again where the panel was killed before it was.
    """
    folder = _folder(home, path)
    try:
        document = orjson.loads((folder / _STATE).read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, orjson.JSONDecodeError) as error:
        raise BadInput(f"{folder / _STATE} cannot be read ({error}): move it away to begin anew") from None
    try:
        if document["format"] != FORMAT:
            raise ValueError(f"format {document['format']!r}")
        versions = tuple(_version(folder, one) for one in document["versions"])
        filled = [_take_from_json(one) for one in document["filled"]]
        saved_as = document["saved_as"]
        opened = OpenCut(
            path,
            versions,
            min(int(document["place"]), len(versions) - 1),
            Path(saved_as) if saved_as is not None else None,
            str(document["digest"]),
            {take.record.order.id: take for take in filled},
        )
        state = State(opened, *pending_from_json(document))
    except (KeyError, TypeError, ValueError, OSError, zlib.error, IndexError, SecondUnitError) as error:
        raise BadInput(f"{folder / _STATE} is not what the panel keeps ({error}): move it away to begin anew") from None
    if opened.saved_as is not None and not _is_written(opened, opened.saved_as):
        write(opened)
    return state


def pending_to_json(unplaced: tuple[Unplaced, ...], choices: Choices) -> dict[str, Any]:
    return {
        "unplaced": [{"order": one.order_id, "name": one.name, "path": one.path, "why": one.why} for one in unplaced],
        "choices": {"as_they_arrive": choices.as_they_arrive, "take_failed_out": choices.take_failed_out},
    }


def pending_from_json(document: dict[str, Any]) -> tuple[tuple[Unplaced, ...], Choices]:
    """Raises KeyError, TypeError, ValueError."""
    unplaced = tuple(
        Unplaced(str(one["order"]), str(one["name"]), str(one["path"]), str(one["why"])) for one in document["unplaced"]
    )
    choices = document["choices"]
    return unplaced, Choices(bool(choices["as_they_arrive"]), bool(choices["take_failed_out"]))


def last(home: Path) -> Path | None:
    """The cut that was open last, if it is still there."""
    with suppress(OSError, orjson.JSONDecodeError, KeyError, TypeError):
        path = Path(orjson.loads((home / "panel" / _LAST).read_bytes())["path"])
        return path if path.exists() else None
    return None


def _folder(home: Path, path: Path) -> Path:
    return home / "panel" / hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:24]


def _is_written(opened: OpenCut, target: Path) -> bool:
    content = as_read(opened.version.index.cut.to_json_string(-1), target.resolve().parent)
    try:
        return target.read_bytes() == content
    except OSError:
        return False


def _version(folder: Path, document: dict[str, Any]) -> Version:
    text = zlib.decompress((folder / (document["id"] + _VERSION)).read_bytes())
    cut: otio.schema.Timeline = parsed(text)
    made = version_of(cut, None, _step_from_json(document["step"]))
    return replace(made, id=str(document["id"]))


def _step_to_json(step: Step) -> dict[str, str | bool]:
    match step:
        case Opened():
            return {"kind": "opened"}
        case Slugged(shot, order_id, plays):
            return {"kind": "slugged", "shot": shot, "order": order_id, "plays": plays}
        case CutIn(name, order_id, plays):
            return {"kind": "cut_in", "name": name, "order": order_id, "plays": plays}
        case Approved(name):
            return {"kind": "approved", "name": name}
        case TakenOut(shot):
            return {"kind": "taken_out", "shot": shot}
        case Reloaded(name):
            return {"kind": "reloaded", "name": name}
        case _:
            assert_never(step)


def _step_from_json(document: dict[str, Any]) -> Step:
    match document["kind"]:
        case "opened":
            return Opened()
        case "slugged":
            return Slugged(document["shot"], document["order"], document.get("plays", True))
        case "cut_in":
            return CutIn(document["name"], document["order"], document.get("plays", True))
        case "approved":
            return Approved(document["name"])
        case "taken_out":
            return TakenOut(document["shot"])
        case "reloaded":
            return Reloaded(document["name"])
        case kind:
            raise ValueError(f"a step of the kind {kind!r}")


def _take_to_json(take: Take) -> dict[str, Any]:
    return {
        "path": take.path,
        "frames": take.frames,
        "sha256": take.sha256,
        "lut": take.lut,
        "record": record_to_json(take.record),
    }


def _take_from_json(document: dict[str, Any]) -> Take:
    return Take(
        path=document["path"],
        frames=document["frames"],
        sha256=document["sha256"],
        lut=document["lut"],
        record=record_from_json(document["record"]),
    )
