"""A folder in diffusers' layout: which files a model needs, and what in a folder keeps it from being loaded.

model_index.json names the pipeline's class and, for each component, its library and class; each component has a folder
of its own with its configuration and, if it has any, its weights.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
from secondunit_bridge.errors import ModelError

from secondunit_inference.cards import Adapter, ModelCard
from secondunit_inference.weights import tensors
from secondunit_inference.weights.record import RECORD, read_record

INDEX = "model_index.json"
ADAPTERS = "adapters"
"""The folder beside a model's components that holds published LoRAs of it. Each order checks those that it uses."""
PART = ".part"
"""What the name of a file ends with while it is downloaded."""
UPSAMPLER = "latent_upsampler"
"""The folder that may lie there too, for orders that ask for it: the network that doubles pictures, as published."""
_WEIGHTS = re.compile(r"(diffusion_pytorch_model|model)(-\d{5}-of-\d{5})?\.safetensors(\.index\.json)?")
_OTHERS = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*\.(json|txt|model|jinja)")
_SAFETENSORS_INDEX = ".safetensors.index.json"
_LIBRARIES = ("diffusers", "transformers", "ltx2")  # the last one: classes that diffusers does not export from its root
_WITHOUT_WEIGHTS = re.compile(
    r"(Tokenizer|TokenizerFast|TokenizersBackend|Scheduler|Guidance|FeatureExtractor)|.*Processor(Fast|Pil)?"
)
_MOST_FILES = 5_000
_MOST_JSON_BYTES = 128 * 1024 * 1024
_MOST_PARSED_BYTES = 16 * 1024 * 1024
_NO_CODE = ("auto_map", "custom_pipelines", "trust_remote_code")
_NOT_TEXT = {b"PK\x03\x04": "a zip archive, as pickles are", b"\x7fELF": "a program", b"\x1f\x8b": "compressed"}


@dataclass(frozen=True, slots=True)
class Classes:
    """What a card allows: the pipeline's class, and each component's classes."""

    pipeline: str
    components: tuple[tuple[str, frozenset[str]], ...]


def classes_of(card: ModelCard) -> Classes:
    named: dict[str, set[str]] = {}
    for configuration in (card.full, card.tiny):
        for name, component in configuration.items():
            named.setdefault(name, set()).add(component.class_name)
    return Classes(card.pipeline.class_name, tuple((name, frozenset(names)) for name, names in sorted(named.items())))


def components_of(index: Mapping[str, Any]) -> dict[str, str]:
    """Each component that the pipeline has, with its class. Raises ModelError for what is no pair of names."""
    found = {}
    for name, value in index.items():
        if name.startswith("_") or not isinstance(value, list):
            continue
        if value == [None, None]:
            continue
        if len(value) != 2 or not all(isinstance(part, str) for part in value) or not name.isidentifier():
            raise ModelError(f"{INDEX} names no library and class for {name!r}")
        if value[0] not in _LIBRARIES:
            raise ModelError(f"{INDEX} takes {name!r} from {value[0]!r}: only diffusers and transformers are loaded")
        found[name] = value[1]
    return found


def wanted(path: str, components: Mapping[str, str]) -> bool:
    """Whether a model needs a repository's file: the index, and each component's files of known kinds."""
    folder, _, name = path.rpartition("/")
    return path == INDEX or (folder in components and allowed(name))


def allowed(name: str) -> bool:
    if ".safetensors" in name:
        return _WEIGHTS.fullmatch(name) is not None
    return _OTHERS.fullmatch(name) is not None


def adapter_path(adapter: Adapter) -> str:
    """Where an adapter lies in its model's folder: by its published name, without the repository's folders."""
    return f"{ADAPTERS}/{adapter.file.rpartition('/')[2]}"


@dataclass(frozen=True, slots=True)
class Extra:
    """What a card lists beside its model, by its name for `--adapter`. `file`: an adapter's, or a folder and "/"."""

    name: str
    kind: str
    repository: str
    file: str

    def place(self, path: str) -> str:
        """Where a file of the repository comes to lie in the model's folder; empty for one that is not needed."""
        folder, _, name = path.rpartition("/")
        if self.file.endswith("/"):
            return path if f"{folder}/" == self.file and allowed(name) else ""
        return f"{ADAPTERS}/{name}" if path == self.file else ""


def extras(card: ModelCard) -> tuple[Extra, ...]:
    adapters = (Extra(one.name, one.kind, one.repository, one.file) for one in card.adapters)
    if card.upsampler is None:
        return tuple(adapters)
    return (*adapters, Extra(UPSAMPLER, "upsampler", card.upsampler.repository, f"{UPSAMPLER}/"))


def has_weights(class_name: str) -> bool:
    return re.search(f"({_WITHOUT_WEIGHTS.pattern})$", class_name) is None


def index_faults(index: Any, classes: Classes) -> list[str]:
    """Why a model_index.json is not that of the card's model."""
    if not isinstance(index, dict):
        return [f"{INDEX} is no object"]
    if index.get("_class_name") != classes.pipeline:
        return [f"{INDEX} names the pipeline {index.get('_class_name')!r}, the card {classes.pipeline!r}"]
    try:
        components = components_of(index)
    except ModelError as error:
        return [str(error)]
    faults = []
    known = dict(classes.components)
    for name, class_name in components.items():
        expected = known.get(name, frozenset())
        replaceable = not any(map(has_weights, expected))  # tokenizers and schedulers come in several classes
        if class_name not in expected and (has_weights(class_name) or not replaceable):
            said = f"the card {' or '.join(map(repr, sorted(expected)))}" if expected else "the card none"
            faults.append(f"{INDEX} names the class {class_name!r} for {name!r}, {said}")
    faults.extend(
        f"{INDEX} lacks the component {name!r}"
        for name, expected in known.items()
        if name not in components and any(map(has_weights, expected))
    )
    return faults


def faults(folder: Path, card: ModelCard) -> tuple[str, ...]:
    """What keeps the folder from being loaded as the card's model; empty: nothing.

    Reads configurations and headers, no tensors; of files that stay as they are, once.
    """
    try:
        stats = tuple(sorted(_stats(folder)))
    except (ModelError, OSError) as error:
        return (str(error),)
    return _faults(folder, classes_of(card), stats)


def _stats(folder: Path) -> Iterator[tuple[str, int, int, int]]:
    """Path, size, time and inode of every file."""
    count = 0
    root = folder.resolve()
    for place, folders, names in os.walk(root):
        for name in (*folders, *names):
            path = Path(place, name)
            relative = path.relative_to(root).as_posix()
            count += 1
            if count > _MOST_FILES:
                raise ModelError(f"{folder} holds more than {_MOST_FILES} files: that is no model")
            if path.is_symlink() and not path.resolve().is_relative_to(root):
                raise ModelError(f"{relative} is a link that leads out of the folder")
            if name in names:
                if not path.is_file():
                    raise ModelError(f"{relative} is no file")
                status = path.stat()
                yield relative, status.st_size, status.st_mtime_ns, status.st_ino


@lru_cache(64)
def _faults(folder: Path, classes: Classes, stats: tuple[tuple[str, int, int, int], ...]) -> tuple[str, ...]:
    files = {path: (size, modified) for path, size, modified, _ in stats}
    try:
        record = read_record(folder)
    except ModelError as error:
        return (str(error),)
    found = [f"{path} is none of the files that a model needs" for path in files if not _belongs(path)]
    found += _record_faults(files, record.files if record else ())
    found += [f"{path} {fault}" for path in files if _belongs(path) and (fault := content_fault(folder / path))]
    if INDEX not in files:
        return (*found, f"{INDEX} is missing")
    if found:
        return tuple(found)
    index = orjson.loads((folder / INDEX).read_bytes())
    found += index_faults(index, classes)
    if not found:
        for name, class_name in components_of(index).items():
            found += _component_faults(folder, name, class_name, files)
    return tuple(found)


def _belongs(path: str) -> bool:
    folder, _, name = path.rpartition("/")
    if folder == ADAPTERS:
        return name.removesuffix(PART).endswith(".safetensors")
    if folder == UPSAMPLER:
        return allowed(name.removesuffix(PART))
    return path in (INDEX, RECORD) or (bool(folder) and "/" not in folder and allowed(name))


def _record_faults(files: Mapping[str, tuple[int, int]], recorded: tuple[Any, ...]) -> Iterator[str]:
    if not recorded:
        return
    known = {file.path for file in recorded}
    yield from (
        f"{path} was not there when the weights were recorded"
        for path in files
        if path not in known | {RECORD} and not path.startswith((f"{ADAPTERS}/", f"{UPSAMPLER}/"))
    )
    for file in recorded:
        if file.path not in files:
            yield f"{file.path} is missing"
        elif files[file.path][0] != file.bytes:
            yield f"{file.path} has {files[file.path][0]} bytes, {file.bytes} are recorded"
        elif files[file.path][1] != file.modified:
            yield f"{file.path} was changed or copied since its hash was checked"


def content_fault(path: Path) -> str:
    """By content, whatever the name says. An adapter that is being downloaded is none of the model's business."""
    if path.suffix == PART:
        return ""
    if path.suffix == ".safetensors":
        return tensors.fault(path)
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(4096)
    if kind := next((kind for magic, kind in _NOT_TEXT.items() if start.startswith(magic)), None):
        return f"is {kind}"
    if len(start) > 1 and start[0] == 0x80 and start[1] <= 5:
        return "is a pickle"
    if path.suffix == ".model":  # SentencePiece: a protobuf message that begins with its first field
        return "" if start.startswith(b"\x0a") else "is no SentencePiece model"
    if b"\0" in start:
        return "is no text"
    if path.suffix != ".json":
        return ""
    if size > _MOST_JSON_BYTES:
        return f"has {size} bytes: more than {_MOST_JSON_BYTES} are not read"
    configuration = path.name.endswith(("config.json", INDEX, _SAFETENSORS_INDEX))
    if not configuration:
        return "" if start.lstrip()[:1] in (b"{", b"[") else "is no JSON"
    if size > _MOST_PARSED_BYTES:
        return f"has {size} bytes: more than {_MOST_PARSED_BYTES} are not read"
    try:
        read = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        return f"is no JSON: {error}"
    if not isinstance(read, dict):
        return "is no JSON object"
    asked = [name for name in _NO_CODE if name in read]
    return f"asks for code of its own ({', '.join(asked)}): none is run" if asked else ""


def _component_faults(folder: Path, name: str, class_name: str, files: Mapping[str, tuple[int, int]]) -> Iterator[str]:
    inside = [path for path in files if path.startswith(f"{name}/")]
    if not inside:
        yield f"the component {name!r} has no folder"
        return
    if not has_weights(class_name):
        return
    if f"{name}/config.json" not in files:
        yield f"{name}/config.json is missing"
    elif said := _other_class(orjson.loads((folder / name / "config.json").read_bytes()), class_name):
        yield f"{name}/config.json is that of {said!r}, {INDEX} names {class_name!r}"
    if not any(path.endswith(".safetensors") for path in inside):
        yield f"the component {name!r} has no .safetensors file"
    for path in inside:
        if path.endswith(_SAFETENSORS_INDEX):
            shards = orjson.loads((folder / path).read_bytes()).get("weight_map")
            if not isinstance(shards, dict):
                yield f"{path} has no weight_map"
                continue
            for shard in sorted(set(map(str, shards.values()))):
                if f"{name}/{shard}" not in files:
                    yield f"{name}/{shard} is missing"


def _other_class(configuration: Mapping[str, Any], class_name: str) -> str:
    """The class that a configuration is of, where it is another one than `class_name`."""
    said = configuration.get("_class_name") or class_name
    return "" if said == class_name else str(said)
