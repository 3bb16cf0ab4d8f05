"""Files of weights that lie on this machine: those of a folder that a model needs, linked or copied, and read."""

import errno
import hashlib
import os
import shutil
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import orjson
from secondunit_bridge.errors import ModelError
from secondunit_bridge.messages import WeightsProgress

from secondunit_inference.store import SPARE_BYTES
from secondunit_inference.weights import tensors
from secondunit_inference.weights.layout import INDEX, Extra, components_of, content_fault, wanted
from secondunit_inference.weights.record import WeightsRecord, hashing

_NO_LINKS = (errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


def chosen(source: Path) -> dict[str, Path]:
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


def chosen_extra(extra: Extra, source: Path) -> dict[str, Path]:
    """The files of an adapter or an upsampler, by their places in the model's folder. Raises ModelError."""
    if extra.file.endswith("/"):
        paths = {path: extra.place(f"{extra.file}{path.name}") for path in sorted(source.glob("*"))}
        found = {place: path.resolve() for path, place in paths.items() if place and path.is_file()}
        wrong = [f"{path} {fault}" for path in found.values() if (fault := content_fault(path))]
        if wrong or not any(place.endswith(".safetensors") for place in found):
            raise ModelError("\n".join(wrong) or f"{source} is no folder with .safetensors: give the upsampler's")
        return found
    if source.suffix != ".safetensors" or not source.is_file():
        raise ModelError(f"{source} is no .safetensors file: other formats are not loaded")
    if fault := tensors.lora_fault(source):
        raise ModelError(f"{source} {fault}")
    return {extra.place(extra.file): source.resolve()}


def link_or_copy(files: dict[str, Path], folder: Path) -> None:
    """Hard links, or copies where the disk is another one. Raises ModelError where those do not fit."""
    folder.mkdir(exist_ok=True)
    for number, (path, real) in enumerate(files.items()):
        target = folder / path
        target.parent.mkdir(exist_ok=True)
        try:
            os.link(real, target)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise ModelError(f"{real} cannot be imported: {error}") from error
            needed = sum(file.stat().st_size for file in list(files.values())[number:])
            if shutil.disk_usage(folder).free < needed + SPARE_BYTES:
                raise ModelError(
                    f"{needed / 1e9:.1f} GB have to be copied to {folder.parent}, which has less than 1 GB more free"
                ) from error
            shutil.copy2(real, target)


def hashed(folder: Path, record: WeightsRecord, wrong: list[str]) -> Generator[WeightsProgress, None, WeightsRecord]:
    """Reads every file; gives the record with the hashes found. Where another is recorded, `wrong` is told."""
    done = 0
    total = sum(file.bytes for file in record.every)
    for file in record.every:
        sha256 = hashlib.sha256()
        path = folder / file.path
        try:
            modified = path.stat().st_mtime_ns
            for size in hashing(path, sha256):
                done += size
                yield WeightsProgress(f"reading {file.path}", done, total)
        except OSError as error:
            wrong.append(f"{file.path} cannot be read: {error}")
            continue
        found = sha256.hexdigest()
        if file.sha256 and found != file.sha256:
            wrong.append(f"{file.path} has the hash {found}, {file.sha256} is recorded")
        else:
            record = record.with_file(replace(file, sha256=found, modified=modified))
    return record
