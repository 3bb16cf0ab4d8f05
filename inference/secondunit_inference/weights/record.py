"""What was downloaded or imported as a model's weights, in `secondunit.json` beside them."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson
from secondunit_bridge.errors import ModelError
from secondunit_bridge.files import write_whole

RECORD = "secondunit.json"
_CHUNK = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class StoredFile:
    """`sha256`: empty where its source names none and it has not been read yet.

    `modified`: the file's time in nanoseconds when its hash was last found right; 0: not yet. A file of another time
    has to be read again before it counts.
    """

    path: str
    bytes: int
    sha256: str = ""
    modified: int = 0


@dataclass(frozen=True, slots=True)
class StoredAdapter:
    """`repository` and `revision` are empty for an imported one."""

    name: str
    repository: str
    revision: str
    files: tuple[StoredFile, ...]

    @property
    def complete(self) -> bool:
        return all(file.modified for file in self.files)

    @property
    def sha256(self) -> str:
        """Of its weights: an adapter is one file, an upsampler's configuration does not count."""
        return next(file.sha256 for file in self.files if file.path.endswith(".safetensors"))

    def stands(self, folder: Path) -> bool:
        return all(stands(folder, file) for file in self.files)


@dataclass(frozen=True, slots=True)
class WeightsRecord:
    """`repository` and `revision` are empty for imported weights. `files`: of the model itself; none where it was laid
    there by hand and only its adapters are recorded."""

    model: str
    repository: str
    revision: str
    files: tuple[StoredFile, ...]
    adapters: tuple[StoredAdapter, ...] = ()

    @property
    def complete(self) -> bool:
        return all(file.modified for file in self.files)

    @property
    def every(self) -> tuple[StoredFile, ...]:
        return (*self.files, *(file for adapter in self.adapters for file in adapter.files))

    def adapter(self, name: str) -> StoredAdapter | None:
        return next((adapter for adapter in self.adapters if adapter.name == name), None)

    def with_adapter(self, adapter: StoredAdapter) -> "WeightsRecord":
        others = (other for other in self.adapters if other.name != adapter.name)
        return replace(self, adapters=(*others, adapter))

    def with_file(self, file: StoredFile) -> "WeightsRecord":
        """The file of that path, one of the model's or an adapter's, as it is known now."""

        def exchanged(files: tuple[StoredFile, ...]) -> tuple[StoredFile, ...]:
            return tuple(file if file.path == old.path else old for old in files)

        adapters = tuple(replace(adapter, files=exchanged(adapter.files)) for adapter in self.adapters)
        return replace(self, files=exchanged(self.files), adapters=adapters)

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files)

    @property
    def sha256(self) -> str:
        """Over the names and hashes of the model's files; empty until they are complete."""
        if not self.files or not self.complete:
            return ""
        lines = (f"{file.sha256}  {file.path}\n" for file in sorted(self.files, key=lambda file: file.path))
        return hashlib.sha256("".join(lines).encode()).hexdigest()


def read_record(folder: Path) -> WeightsRecord | None:
    """None where there is none. Raises ModelError for one that cannot be read."""
    path = folder / RECORD
    try:
        found = orjson.loads(path.read_bytes())
        files = tuple(_file(file) for file in found["files"])
        adapters = tuple(
            StoredAdapter(
                str(one["name"]), str(one["repository"]), str(one["revision"]), tuple(map(_file, one["files"]))
            )
            for one in found.get("adapters", ())
        )
        return WeightsRecord(str(found["model"]), str(found["repository"]), str(found["revision"]), files, adapters)
    except FileNotFoundError:
        return None
    except (OSError, orjson.JSONDecodeError, TypeError, KeyError, ValueError) as error:
        raise ModelError(f"{path} cannot be read ({error}): move the folder away, then get or import again") from error


def _file(found: Any) -> StoredFile:
    return StoredFile(str(found["path"]), int(found["bytes"]), str(found["sha256"]), int(found["modified"]))


def stands(folder: Path, file: StoredFile) -> bool:
    """Whether the file is there as it was when its hash was last found right."""
    try:
        status = (folder / file.path).stat()
    except OSError:
        return False
    return bool(file.modified) and (status.st_size, status.st_mtime_ns) == (file.bytes, file.modified)


def write_record(folder: Path, record: WeightsRecord) -> None:
    write_whole(folder / RECORD, orjson.dumps(record, option=orjson.OPT_INDENT_2))


def hashing(path: Path, sha256: "hashlib._Hash") -> Iterator[int]:
    """Feeds the file to `sha256`; gives the number of bytes of each part that was read."""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            sha256.update(chunk)
            yield len(chunk)
