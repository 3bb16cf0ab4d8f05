"""Files written so that a crash leaves the old content or the new, never half of it."""

import os
import secrets
from pathlib import Path

from secondunit_bridge.errors import BadInput

_BINARY = getattr(os, "O_BINARY", 0)  # Windows


def write_whole(path: Path, content: bytes, mode: int = 0o666) -> None:
    """Through a temporary file in the same folder, fsync and rename. `mode` as of os.open. Raises OSError."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, mode), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """As `write_whole`, for a file that a person named. Raises BadInput."""
    try:
        write_whole(path, content)
    except OSError as error:
        raise BadInput(f"{path} cannot be written ({error.strerror}): check the disk's space and permissions") from None


def sync_folder(folder: Path) -> None:
    """Makes names durable that were given or taken there."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
