"""What is kept of a sequence that an editing program has open, for the work of operations: brings OpenTimelineIO.

The program holds the cut; its project shows nothing of an order before the take is in it. So each order that a take is
awaited of is a file here, with the cut that it was planned from, in a folder of the sequence in the unit's home. It is
written before the unit gets the order, and removed when nobody waits for a take of it any more.
"""

import hashlib
import time
import zlib
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import orjson
from secondunit_bridge.errors import BadInput, CutError
from secondunit_bridge.files import write_bytes
from secondunit_bridge.messages import OrderStatus
from secondunit_timeline.dialects import entry
from secondunit_timeline.index import Index
from secondunit_timeline.interchange import media_path
from secondunit_timeline.ordered import ordered_from_json, ordered_to_json
from secondunit_timeline.placing import Ordered

from secondunit_plugin.hosts.strips import HOST_ID, OURS
from secondunit_plugin.panel.events import UnitLink
from secondunit_plugin.panel.model.cut import OpenCut
from secondunit_plugin.panel.model.pending import Choices, Unplaced
from secondunit_plugin.panel.model.saved import pending_from_json, pending_to_json

_FORMAT = 1
_STATE, _ORDERED = "state.json", ".ordered"
_UNKNOWN_SECONDS = 24 * 3600
"""An order that the unit does not know for so long after it was written never came there."""


@dataclass(frozen=True, slots=True)
class Kept:
    """`why`: what could not be read, a line each; or empty."""

    ordered: tuple[Ordered, ...]
    unplaced: tuple[Unplaced, ...]
    choices: Choices
    why: str


def submit(link: UnitLink, opened: OpenCut, ordered: Ordered) -> None:
    """Gives the unit an order for `opened`; where a program has that open, it is kept first."""
    order = ordered.order
    assert order is not None
    if opened.sequence is not None:
        folder = _folder(link.home, opened)
        _make(folder)
        write_bytes(folder / (order.id + _ORDERED), zlib.compress(ordered_to_json(ordered), 1))
    link.call(lambda unit: unit.submit(order))


def save(
    home: Path, opened: OpenCut, unplaced: tuple[Unplaced, ...], choices: Choices, settled: Collection[str]
) -> None:
    """`settled`: ids of orders that nobody waits for any more. Raises BadInput."""
    assert opened.sequence is not None
    folder = _folder(home, opened)
    _make(folder)
    document = {
        "format": _FORMAT,
        "project": opened.sequence.project,
        "sequence": opened.sequence.sequence,
        **pending_to_json(unplaced, choices),
    }
    write_bytes(folder / _STATE, orjson.dumps(document, option=orjson.OPT_INDENT_2))
    _drop(folder, settled)


def load(home: Path, opened: OpenCut) -> Kept:
    folder, unread = _folder(home, opened), list[str]()
    unplaced, choices, ordered = tuple[Unplaced, ...](), Choices(), list[Ordered]()
    with suppress(FileNotFoundError):
        try:
            document = orjson.loads((folder / _STATE).read_bytes())
            if document["format"] != _FORMAT:
                raise ValueError(f"format {document['format']!r}")
            unplaced, choices = pending_from_json(document)
        except FileNotFoundError:
            raise
        except (OSError, KeyError, TypeError, ValueError) as error:
            unread.append(f"{folder / _STATE} cannot be read ({error}): move it away to begin anew")
    for file in sorted(folder.glob("*" + _ORDERED)):
        try:
            ordered.append(ordered_from_json(zlib.decompress(file.read_bytes())))
        except (OSError, zlib.error, CutError) as error:
            unread.append(f"{file} cannot be read ({error}): its takes are listed at their place, if they have come")
    return Kept(tuple(ordered), unplaced, choices, "\n".join(unread))


def carry_over(home: Path, before: OpenCut, opened: OpenCut) -> None:
    """Where a program has saved its project under another name, what was awaited is awaited there, too.

    That is the same sequence with the same clips, by the program's own ids, in another project. Raises BadInput.
    """
    one, other = before.sequence, opened.sequence
    if one is None or other is None or one.sequence != other.sequence or _ids(before) != _ids(opened):
        return
    for file in _folder(home, before).glob("*" + _ORDERED):
        target = _folder(home, opened) / file.name
        _make(target.parent)
        with suppress(FileNotFoundError):  # it was settled meanwhile
            write_bytes(target, file.read_bytes())


def _ids(opened: OpenCut) -> frozenset[str]:
    clips = opened.version.index.cut.find_clips()
    return frozenset(str(entry(clip.metadata, OURS, HOST_ID) or "") for clip in clips)


def settled(home: Path, opened: OpenCut, unit_has: Sequence[OrderStatus]) -> frozenset[str]:
    """Ids of kept orders that nobody has to wait for, whose files are removed.

    A take of them is in the cut, as after a panel was killed between the two; or the unit never had them.
    """
    folder, by_id, found = _folder(home, opened), {one.order.id: one for one in unit_has}, set[str]()
    held: frozenset[str] | None = None
    for file in folder.glob("*" + _ORDERED):
        status = by_id.get(file.stem)
        if status is None:
            with suppress(OSError):
                if time.time() - file.stat().st_mtime > _UNKNOWN_SECONDS:
                    found.add(file.stem)
        elif status.takes:
            held = held if held is not None else files_in(opened.version.index)
            if any(take.path in held for take in status.takes):
                found.add(file.stem)
    _drop(folder, found)
    return frozenset(found)


def files_in(index: Index) -> frozenset[str]:
    """Every media file of the cut, also those that are not played."""
    return frozenset(
        path
        for clip in index.cut.find_clips()
        for media in clip.media_references().values()
        if (path := media_path(media)) is not None
    )


def _folder(home: Path, opened: OpenCut) -> Path:
    assert opened.sequence is not None
    name = f"{opened.sequence.project}\n{opened.sequence.sequence}"
    return home / "panel" / hashlib.sha256(name.encode()).hexdigest()[:24]


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"{folder} cannot be made ({error.strerror}): check the disk") from None


def _drop(folder: Path, order_ids: Collection[str]) -> None:
    for order_id in order_ids:
        try:
            (folder / (order_id + _ORDERED)).unlink(missing_ok=True)
        except OSError as error:
            raise BadInput(f"{folder} cannot be written ({error.strerror}): check its permissions") from None
