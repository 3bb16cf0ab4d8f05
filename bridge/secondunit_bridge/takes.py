"""Takes on disk, as the unit writes them and the editing side finds them again."""

import hashlib
from collections.abc import Callable
from pathlib import Path

MARKER = ".secondunit-takes"
"""The file that marks a folder of takes."""

FIRST_NUMBER = 1001
"""The number of the first picture in a take that is a folder."""

_CHUNK_BYTES = 8 * 1024 * 1024


def digest(place: Path, check: Callable[[], None] = lambda: None) -> str:
    """SHA-256 of a file; of a folder, that of its files' hashes and names in the form that `sha256sum` prints.

    `check` is called now and then, and may raise.
    """
    total = hashlib.sha256()
    if place.is_dir():
        for path in sorted(place.iterdir()):
            total.update(f"{digest(path, check)}  {path.name}\n".encode())
        return total.hexdigest()
    with place.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            check()
            total.update(chunk)
    return total.hexdigest()
