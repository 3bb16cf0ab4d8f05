"""A unit's models: what is there, downloads, imports, checks and removals. One of these at a time for each model."""

import os
import secrets
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import orjson
from secondunit_bridge.errors import ModelError
from secondunit_bridge.messages import (
    AdapterWeights,
    Cancelled,
    Failed,
    OrderStatus,
    Weights,
    WeightsProgress,
    WeightsState,
)

from secondunit_inference import cards
from secondunit_inference.cards import Adapter, ModelCard
from secondunit_inference.weights import tensors
from secondunit_inference.weights.layout import INDEX, PART, adapter_path, faults
from secondunit_inference.weights.local import chosen, hashed, link_or_copy
from secondunit_inference.weights.record import (
    RECORD,
    StoredAdapter,
    StoredFile,
    WeightsRecord,
    read_record,
    stands,
    write_record,
    write_whole,
)

LICENCES = "licences.json"
_IMPORT = ".import-"
_END_SECONDS = 2.0
"""A call that was left ends within so long."""


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

    def fetch(
        self, model: str, adapters: tuple[str, ...], accept: bool, on_end: Callable[[Callable[[], None]], Any]
    ) -> Iterator[WeightsProgress]:
        """`on_end` is told how to end the download at once. Raises ModelError."""
        card = _card(model)
        wanted_names = {_adapter(card, name).name for name in adapters}
        with self._alone(model):
            self._accept(card, accept)
            weights = self._weights(card)
            ready = weights.state is WeightsState.READY
            there = {one.name for one in weights.adapters if one.state is WeightsState.READY}
            if ready and wanted_names <= there:
                return
            record = read_record(self._folder / model)
            if not ready and record is not None and not record.repository:
                raise ModelError(
                    f"{model} was imported and is not mended from the hub: `secondunit models remove {model}` first"
                )
            if find_spec("huggingface_hub") is None:
                raise ModelError("huggingface_hub is not installed: `pip install 'secondunit[diffusion]'`")
            self._folder.mkdir(parents=True, exist_ok=True)
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "secondunit_inference.weights.hub",
                    model,
                    str(self._folder / model),
                    *sorted(wanted_names - there),
                ],
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
            files = chosen(source)
            self._accept(card, accept)
            self._folder.mkdir(parents=True, exist_ok=True)
            for left in self._folder.glob(f"{_IMPORT}{model}-????????"):  # by a unit that was killed
                shutil.rmtree(left)
            building = self._folder / f"{_IMPORT}{model}-{secrets.token_hex(4)}"
            try:
                link_or_copy(files, building)
                if wrong := faults(building, card):
                    raise ModelError(_lines(f"{source} cannot be imported as {card.title}:", wrong))
                record = WeightsRecord(
                    model, "", "", tuple(StoredFile(path, p.stat().st_size) for path, p in files.items())
                )
                unread: list[str] = []
                record = yield from hashed(building, record, unread)
                if unread:
                    raise ModelError(_lines(f"{source} cannot be imported:", unread))
                write_record(building, record)
                building.rename(target)
            finally:
                shutil.rmtree(building, ignore_errors=True)

    def take_in_adapter(self, model: str, name: str, source: Path, accept: bool) -> Iterator[WeightsProgress]:
        """Links one of the card's adapters from a file, or copies it, and reads it once. Raises ModelError."""
        card = _card(model)
        adapter = _adapter(card, name)
        with self._alone(model):
            folder = self._folder / model
            weights = self._weights(card)
            if weights.state is not WeightsState.READY:
                raise ModelError(f"{card.title} is not ready: {weights.todo}; an adapter comes after its model")
            file = StoredFile(adapter_path(adapter), source.stat().st_size if source.is_file() else 0)
            target = folder / file.path
            if target.exists():
                raise ModelError(
                    f"{target} is there already: `secondunit models remove {model} --adapter {name}` first"
                )
            if source.suffix != ".safetensors" or not source.is_file():
                raise ModelError(f"{source} is no .safetensors file: other formats are not loaded")
            if fault := tensors.fault(source):
                raise ModelError(f"{source} {fault}")
            if not any("lora" in tensor for tensor in tensors.named(source)):
                raise ModelError(f"{source} holds no LoRA")
            self._accept(card, accept)
            part = target.with_name(f"{target.name}{PART}")
            part.unlink(missing_ok=True)
            link_or_copy({part.relative_to(folder).as_posix(): source.resolve()}, folder)
            try:
                unread: list[str] = []
                stored = StoredAdapter(name, "", "", replace(file, path=f"{file.path}{PART}"))
                one = WeightsRecord(model, "", "", (stored.file,))
                one = yield from hashed(folder, one, unread)
                if unread:
                    raise ModelError(_lines(f"{source} cannot be imported:", unread))
                part.rename(target)
            finally:
                part.unlink(missing_ok=True)
            record = read_record(folder) or WeightsRecord(model, "", "", ())
            write_record(folder, record.with_adapter(replace(stored, file=replace(one.files[0], path=file.path))))

    def check(self, model: str, hashes: bool) -> Iterator[WeightsProgress]:
        """Reads every file again with `hashes`. Raises ModelError with all that is wrong."""
        card = _card(model)
        with self._alone(model):
            folder = self._folder / model
            record = read_record(folder)
            if not (folder / INDEX).exists() or (record is not None and not record.complete):
                raise ModelError(f"{card.title} is not ready: {self._weights(card).todo}")
            if hashes and (record is None or not record.every):
                raise ModelError(f"{folder} was neither downloaded nor imported: there are no hashes to compare with")
            wrong: list[str] = []
            if hashes and record is not None:
                whole = replace(record, adapters=tuple(one for one in record.adapters if one.file.modified))
                whole = yield from hashed(folder, whole, wrong)
                for file in whole.every:
                    record = record.with_file(file)
                write_record(folder, record)
            wrong += faults(folder, card)
            if wrong:
                raise ModelError(_lines(f"{card.title} in {folder} cannot be loaded:", wrong))

    def remove(self, model: str, adapters: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Deletes what was downloaded or imported, or of it the named adapters alone; gives what else lies in the
        folder and stays. Raises ModelError."""
        card = _card(model)
        named = [_adapter(card, name).name for name in adapters]
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
            # The record goes first: what is left after a crash counts as nothing.
            if named:
                unknown = [name for name in named if record.adapter(name) is None]
                if unknown:
                    raise ModelError(f"{', '.join(unknown)} of {model}: neither downloaded nor imported")
                files = tuple(adapter.file for adapter in record.adapters if adapter.name in named)
                kept = tuple(adapter for adapter in record.adapters if adapter.name not in named)
                write_record(folder, replace(record, adapters=kept))
            else:
                files = record.every
                (folder / RECORD).unlink()
            ours = {name for file in files for name in (file.path, f"{file.path}{PART}")}
            places = set() if named else {folder}
            for path in ours:
                file = folder / path
                if file.parent.resolve().is_relative_to(folder.resolve()):
                    file.unlink(missing_ok=True)
                    places.add(file.parent)
            for place in sorted(places, key=lambda place: len(place.parts), reverse=True):
                with suppress(OSError):
                    place.rmdir()
            if named:
                return ()
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
        elif (record is None or not record.files) and not (folder / INDEX).exists():
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
            adapters=tuple(_adapter_weights(folder, record, adapter) for adapter in card.adapters),
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


def _adapter(card: ModelCard, name: str) -> Adapter:
    found = next((adapter for adapter in card.adapters if adapter.name == name), None)
    if found is None:
        known = ", ".join(adapter.name for adapter in card.adapters) or "none"
        raise ModelError(f"{card.title} has no adapter {name!r}: it has {known}")
    return found


def _adapter_weights(folder: Path, record: WeightsRecord | None, adapter: Adapter) -> AdapterWeights:
    known = record.adapter(adapter.name) if record else None
    path = folder / adapter_path(adapter)
    part = path.with_name(f"{path.name}{PART}")
    if known is None:
        state = WeightsState.READY if path.is_file() else WeightsState.MISSING
    elif stands(folder, known.file):
        state = WeightsState.READY
    else:
        state = WeightsState.DAMAGED if known.file.modified else WeightsState.INCOMPLETE
    held = next((one.stat().st_size for one in (path, part) if one.is_file()), 0)
    sha256 = known.file.sha256 if known is not None and state is WeightsState.READY else ""
    return AdapterWeights(adapter.name, adapter.kind, adapter.repository, state, sha256, held)


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
