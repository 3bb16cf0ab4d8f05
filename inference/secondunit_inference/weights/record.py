"""What was downloaded or imported as a model's weights, in `secondunit.json` beside them."""

import hashlib
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson
from secondunit_bridge.errors import ModelError

from secondunit_inference.store import sync_folder

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
class WeightsRecord:
    """`repository` and `revision` are empty for imported weights."""

    model: str
    repository: str
    revision: str
    files: tuple[StoredFile, ...]

    @property
    def complete(self) -> bool:
        return all(file.modified for file in self.files)

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files)

    @property
    def sha256(self) -> str:
        """Over the names and hashes of all files; empty until they are complete."""
        if not self.complete:
            return ""
        lines = (f"{file.sha256}  {file.path}\n" for file in sorted(self.files, key=lambda file: file.path))
        return hashlib.sha256("".join(lines).encode()).hexdigest()


def read_record(folder: Path) -> WeightsRecord | None:
    """None where there is none. Raises ModelError for one that cannot be read."""
    path = folder / RECORD
    try:
        found = orjson.loads(path.read_bytes())
        files = tuple(
            StoredFile(str(file["path"]), int(file["bytes"]), str(file["sha256"]), int(file["modified"]))
            for file in found["files"]
        )
        return WeightsRecord(str(found["model"]), str(found["repository"]), str(found["revision"]), files)
    except FileNotFoundError:
        return None
    except (OSError, orjson.JSONDecodeError, TypeError, KeyError, ValueError) as error:
        raise ModelError(f"{path} cannot be read ({error}): move the folder away, then get or import again") from error


def write_record(folder: Path, record: WeightsRecord) -> None:
    write_whole(folder / RECORD, orjson.dumps(record, option=orjson.OPT_INDENT_2))


def write_whole(path: Path, data: bytes) -> None:
    """The file is there with all of its bytes, or as it was before."""
    temporary = path.with_name(f".{path.name}-{secrets.token_hex(4)}.part")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def hashing(path: Path, sha256: "hashlib._Hash") -> Iterator[int]:
    """Feeds the file to `sha256`; gives the number of bytes of each part that was read."""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            sha256.update(chunk)
            yield len(chunk)
