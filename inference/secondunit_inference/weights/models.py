"""A unit's models: what is there, downloads, imports, checks and removals. One of these at a time for each model."""

import errno
import hashlib
import os
import secrets
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import orjson
from secondunit_bridge.errors import ModelError
from secondunit_bridge.messages import Cancelled, Failed, OrderStatus, Weights, WeightsProgress, WeightsState

from secondunit_inference import cards
from secondunit_inference.cards import ModelCard
from secondunit_inference.store import SPARE_BYTES
from secondunit_inference.weights.hub import PART
from secondunit_inference.weights.layout import INDEX, components_of, faults, wanted
from secondunit_inference.weights.record import (
    RECORD,
    StoredFile,
    WeightsRecord,
    hashing,
    read_record,
    write_record,
    write_whole,
)

LICENCES = "licences.json"
_IMPORT = ".import-"
_END_SECONDS = 2.0
"""A call that was left ends within so long."""
_NO_LINKS = (errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


class Models:
    """`folder`: where weights lie, a folder for each model. `orders`: every order that the unit knows."""

    def __init__(self, folder: Path, orders: Callable[[], Iterable[OrderStatus]]) -> None:
        self._folder = folder
        self._orders = orders
        self._changed = threading.Condition()
        self._at_work: set[str] = set()

    def all(self) -> Iterator[Weights]:
        for name in cards.names():
            yield self._weights(cards.card(name))

    def fetch(self, model: str, accept: bool, on_end: Callable[[Callable[[], None]], Any]) -> Iterator[WeightsProgress]:
        """`on_end` is told how to end the download at once. Raises ModelError."""
        card = _card(model)
        with self._alone(model):
            self._accept(card, accept)
            weights = self._weights(card)
            if weights.state is WeightsState.READY:
                return
            record = read_record(self._folder / model)
            if record is not None and not record.repository:
                raise ModelError(
                    f"{model} was imported and is not mended from the hub: `secondunit models remove {model}` first"
                )
            if find_spec("huggingface_hub") is None:
                raise ModelError("huggingface_hub is not installed: `pip install 'secondunit[diffusion]'`")
            self._folder.mkdir(parents=True, exist_ok=True)
            process = subprocess.Popen(
                [sys.executable, "-m", "secondunit_inference.weights.hub", model, str(self._folder / model)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=os.environ | {"HF_HUB_DISABLE_TELEMETRY": "1"},
            )
            on_end(process.kill)
            error = ""
            try:
                assert process.stdout is not None
                for line in process.stdout:
                    said = orjson.loads(line)
                    error = said.get("error", "")
                    if not error:
                        yield WeightsProgress(**said)
            finally:
                process.kill()
                status = process.wait()
            if error:
                raise ModelError(error)
            if status:
                raise ModelError(
                    f"the download of {model} was ended ({status}): `secondunit models get {model}` goes on"
                )

    def take_in(self, model: str, source: Path, accept: bool) -> Iterator[WeightsProgress]:
        """Links the files of a folder in diffusers' layout, or copies them, and reads them once. Raises ModelError."""
        card = _card(model)
        with self._alone(model):
            target = self._folder / model
            if target.exists():
                raise ModelError(
                    f"{target} is there already: `secondunit models remove {model}` makes room for another"
                )
            chosen = _chosen(source)
            self._accept(card, accept)
            self._folder.mkdir(parents=True, exist_ok=True)
            for left in self._folder.glob(f"{_IMPORT}{model}-????????"):  # by a unit that was killed
                shutil.rmtree(left)
            building = self._folder / f"{_IMPORT}{model}-{secrets.token_hex(4)}"
            try:
                _place(chosen, building)
                if wrong := faults(building, card):
                    raise ModelError(_lines(f"{source} cannot be imported as {card.title}:", wrong))
                record = WeightsRecord(
                    model, "", "", tuple(StoredFile(path, p.stat().st_size) for path, p in chosen.items())
                )
                unread: list[str] = []
                record = yield from _hashed(building, record, unread)
                if unread:
                    raise ModelError(_lines(f"{source} cannot be imported:", unread))
                write_record(building, record)
                building.rename(target)
            finally:
                shutil.rmtree(building, ignore_errors=True)

    def check(self, model: str, hashes: bool) -> Iterator[WeightsProgress]:
        """Reads every file again with `hashes`. Raises ModelError with all that is wrong."""
        card = _card(model)
        with self._alone(model):
            folder = self._folder / model
            record = read_record(folder)
            if not (folder / INDEX).exists() or (record is not None and not record.complete):
                raise ModelError(f"{card.title} is not ready: {self._weights(card).todo}")
            if hashes and record is None:
                raise ModelError(f"{folder} was neither downloaded nor imported: there are no hashes to compare with")
            wrong: list[str] = []
            if hashes and record is not None:
                record = yield from _hashed(folder, record, wrong)
                write_record(folder, record)
            wrong += faults(folder, card)
            if wrong:
                raise ModelError(_lines(f"{card.title} in {folder} cannot be loaded:", wrong))

    def remove(self, model: str) -> tuple[str, ...]:
        """Deletes what was downloaded or imported; gives what else lies in the folder and stays. Raises ModelError."""
        card = _card(model)
        with self._alone(model):
            folder = self._folder / model
            record = read_record(folder) if folder.is_dir() and not folder.is_symlink() else None
            if record is None:
                raise ModelError(f"{folder} was neither downloaded nor imported: nothing was removed")
            for status in self._orders():
                if status.order.model == model and not _ended(status):
                    raise ModelError(
                        f"an order for {status.order.shot!r} needs {card.title}: wait for it or cancel it, then remove"
                    )
            ours = {RECORD, *(name for file in record.files for name in (file.path, f"{file.path}{PART}"))}
            places = {folder}
            (folder / RECORD).unlink()  # first: what is left after a crash counts as nothing
            for path in ours:
                file = folder / path
                if file.parent.resolve().is_relative_to(folder.resolve()):
                    file.unlink(missing_ok=True)
                    places.add(file.parent)
            for place in sorted(places, key=lambda place: len(place.parts), reverse=True):
                with suppress(OSError):
                    place.rmdir()
            return tuple(str(path) for path in sorted(folder.rglob("*")) if not path.is_dir())

    def _weights(self, card: ModelCard) -> Weights:
        folder = self._folder / card.model
        record, todo = None, ""
        try:
            record = read_record(folder)
        except ModelError as error:
            todo = str(error)
        get = f"secondunit models get {card.model}"
        if todo:
            state = WeightsState.DAMAGED
        elif record is None and not (folder / INDEX).exists():
            state = WeightsState.MISSING
            todo = f"`{get}` downloads it from {card.source.repository}"
        elif record is not None and not record.complete:
            state, todo = WeightsState.INCOMPLETE, f"`{get}` goes on with the download"
        elif wrong := faults(folder, card):
            state, todo = WeightsState.DAMAGED, "; ".join(wrong)
        else:
            state = WeightsState.READY
        return Weights(
            model=card.model,
            state=state,
            todo=todo,
            accepted=self._accepted().get(_licence_key(card), ""),
            folder=str(folder),
            revision=record.revision if record else "",
            sha256=record.sha256 if record else "",
            bytes=_disk_use(folder),
            total_bytes=record.bytes if record else 0,
        )

    @contextmanager
    def _alone(self, model: str) -> Iterator[None]:
        with self._changed:
            if not self._changed.wait_for(lambda: model not in self._at_work, _END_SECONDS):
                raise ModelError(f"{model} is being downloaded, imported, checked or removed: wait until that is done")
            self._at_work.add(model)
        try:
            yield
        finally:
            with self._changed:
                self._at_work.discard(model)
                self._changed.notify_all()

    def _accepted(self) -> dict[str, str]:
        """When each licence was accepted, by its id and address."""
        try:
            read = orjson.loads((self._folder / LICENCES).read_bytes())
        except (OSError, orjson.JSONDecodeError):
            return {}
        return {str(key): str(when) for key, when in read.items()} if isinstance(read, dict) else {}

    def _accept(self, card: ModelCard, accept: bool) -> None:
        """Raises ModelError where the licence is neither accepted now nor was before."""
        key = _licence_key(card)
        licence = card.licence
        if key in self._accepted():
            return
        if not accept:
            raise ModelError(
                f"the licence of {card.title} has to be accepted first: {licence.id or 'no name'}; commercial use: "
                f"{licence.commercial}; {licence.url}; give --accept-licence"
            )
        with self._changed:
            self._folder.mkdir(parents=True, exist_ok=True)
            accepted = self._accepted() | {key: datetime.now(UTC).isoformat(timespec="seconds")}
            write_whole(self._folder / LICENCES, orjson.dumps(accepted, option=orjson.OPT_INDENT_2))


def _card(model: str) -> ModelCard:
    """Its name is one of the cards', so that it can be the name of a folder."""
    if model not in cards.names():
        raise ModelError(f"there is no model {model!r}: `secondunit models list` shows those there are")
    return cards.card(model)


def _licence_key(card: ModelCard) -> str:
    return f"{card.licence.id} {card.licence.url}"


def _lines(title: str, wrong: Iterable[str]) -> str:
    return "\n  ".join((title, *wrong))


def _ended(status: OrderStatus) -> bool:
    return isinstance(status.last, Failed | Cancelled) or len(status.takes) == len(status.order.seeds)


def _disk_use(folder: Path) -> int:
    """Of a folder that a download may be changing."""
    used = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                used += Path(place, name).lstat().st_size
    return used


def _chosen(source: Path) -> dict[str, Path]:
    """The files of a folder that a model needs. Raises ModelError where a link leads out of it.

    A snapshot in huggingface_hub's cache consists of links to its `blobs`, which are followed.
    """
    root = source.resolve()
    homes = [root]
    if root.parent.name == "snapshots":
        homes.append(root.parent.parent / "blobs")
    try:
        index = orjson.loads((root / INDEX).read_bytes())
        components = components_of(index) if isinstance(index, dict) else {}
    except OSError as error:
        raise ModelError(f"{source} has no {INDEX}: give a folder in diffusers' layout") from error
    except orjson.JSONDecodeError as error:
        raise ModelError(f"{source / INDEX} is no JSON: {error}") from error
    found = {}
    for path in (root / INDEX, *(path for name in components for path in sorted((root / name).glob("*")))):
        relative = path.relative_to(root).as_posix()
        real = path.resolve()
        if not any(real.is_relative_to(home) for home in homes):
            raise ModelError(f"{source / relative} is a link that leads out of the folder")
        if wanted(relative, components) and real.is_file():
            found[relative] = real
    return found


def _place(chosen: dict[str, Path], folder: Path) -> None:
    """Hard links, or copies where the disk is another one. Raises ModelError where those do not fit."""
    folder.mkdir()
    for number, (path, real) in enumerate(chosen.items()):
        target = folder / path
        target.parent.mkdir(exist_ok=True)
        try:
            os.link(real, target)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise ModelError(f"{real} cannot be imported: {error}") from error
            needed = sum(file.stat().st_size for file in list(chosen.values())[number:])
            if shutil.disk_usage(folder).free < needed + SPARE_BYTES:
                raise ModelError(
                    f"{needed / 1e9:.1f} GB have to be copied to {folder.parent}, which has less than 1 GB more free"
                ) from error
            shutil.copy2(real, target)


def _hashed(folder: Path, record: WeightsRecord, wrong: list[str]) -> Generator[WeightsProgress, None, WeightsRecord]:
    """Reads every file; gives the record with the hashes found. Where another is recorded, `wrong` is told."""
    done = 0
    files = []
    for file in record.files:
        sha256 = hashlib.sha256()
        path = folder / file.path
        try:
            modified = path.stat().st_mtime_ns
            for size in hashing(path, sha256):
                done += size
                yield WeightsProgress(f"reading {file.path}", done, record.bytes)
        except OSError as error:
            wrong.append(f"{file.path} cannot be read: {error}")
            files.append(file)
            continue
        found = sha256.hexdigest()
        if file.sha256 and found != file.sha256:
            wrong.append(f"{file.path} has the hash {found}, {file.sha256} is recorded")
            files.append(file)
        else:
            files.append(replace(file, sha256=found, modified=modified))
    return replace(record, files=tuple(files))
