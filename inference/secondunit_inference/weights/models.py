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
from secondunit_bridge.files import write_whole
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
from secondunit_inference.cards import ModelCard
from secondunit_inference.weights.layout import INDEX, PART, Extra, extras, faults
from secondunit_inference.weights.local import chosen, chosen_extra, hashed, link_or_copy
from secondunit_inference.weights.record import (
    RECORD,
    StoredAdapter,
    StoredFile,
    WeightsRecord,
    read_record,
    write_record,
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
        wanted_names = {_extra(card, name).name for name in adapters}
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
        """Links what the card lists beside the model, or copies it, and reads it once.

        `source`: the file of an adapter, the folder of an upsampler. Raises ModelError.
        """
        card = _card(model)
        extra = _extra(card, name)
        with self._alone(model):
            folder = self._folder / model
            weights = self._weights(card)
            if weights.state is not WeightsState.READY:
                raise ModelError(f"{card.title} is not ready: {weights.todo}; an adapter comes after its model")
            files = chosen_extra(extra, source)
            for path in files:
                if (folder / path).exists():
                    raise ModelError(
                        f"{folder / path} is there already: `secondunit models remove {model} --adapter {name}` makes "
                        "room"
                    )
            self._accept(card, accept)
            parts = {f"{path}{PART}": real for path, real in files.items()}
            try:
                for part in parts:
                    (folder / part).unlink(missing_ok=True)
                link_or_copy(parts, folder)
                unread: list[str] = []
                one = WeightsRecord(model, "", "", tuple(StoredFile(p, (folder / p).stat().st_size) for p in parts))
                one = yield from hashed(folder, one, unread)
                if unread:
                    raise ModelError(_lines(f"{source} cannot be imported:", unread))
                for path in files:
                    (folder / f"{path}{PART}").rename(folder / path)
            finally:
                for part in parts:
                    (folder / part).unlink(missing_ok=True)
            stored = tuple(replace(file, path=file.path.removesuffix(PART)) for file in one.files)
            record = read_record(folder) or WeightsRecord(model, "", "", ())
            write_record(folder, record.with_adapter(StoredAdapter(name, "", "", stored)))

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
                whole = replace(record, adapters=tuple(one for one in record.adapters if one.complete))
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
        named = [_extra(card, name).name for name in adapters]
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
                files = tuple(file for one in record.adapters if one.name in named for file in one.files)
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
            adapters=tuple(_extra_weights(folder, record, extra) for extra in extras(card)),
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


def _extra(card: ModelCard, name: str) -> Extra:
    found = next((extra for extra in extras(card) if extra.name == name), None)
    if found is None:
        known = ", ".join(extra.name for extra in extras(card)) or "none"
        raise ModelError(f"{card.title} has no adapter {name!r}: it has {known}")
    return found


def _extra_weights(folder: Path, record: WeightsRecord | None, extra: Extra) -> AdapterWeights:
    known = record.adapter(extra.name) if record else None
    laid = folder / (extra.place(extra.file) or extra.file)  # where it lies by hand
    if known is None:
        found = laid.is_file() or any(laid.glob("*.safetensors"))
        state = WeightsState.READY if found else WeightsState.MISSING
        paths = [laid] if laid.is_file() else [*laid.glob("*")]
    else:
        stands = known.stands(folder)
        changed = WeightsState.DAMAGED if known.complete else WeightsState.INCOMPLETE
        state = WeightsState.READY if stands else changed
        paths = [folder / f"{file.path}{end}" for file in known.files for end in ("", PART)]
    held = sum(path.stat().st_size for path in paths if path.is_file())
    sha256 = known.sha256 if known is not None and state is WeightsState.READY else ""
    return AdapterWeights(extra.name, extra.kind, extra.repository, state, sha256, held)


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
