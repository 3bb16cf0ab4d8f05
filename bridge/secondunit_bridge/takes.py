"""Takes on disk, as the unit writes them and the editing side finds them again."""

import hashlib
from collections.abc import Callable
from pathlib import Path

MARKER = ".secondunit-takes"
"""The file that marks a folder of takes."""

FIRST_NUMBER = 1001
"""The number of the first picture in a take that is a folder."""

_PICTURES = "frame_%04d."
"""How the name begins under which a reader takes the pictures of a take that is a folder."""

_CHUNK_BYTES = 8 * 1024 * 1024


def sound_of(path: str, stream: int) -> tuple[str, int]:
    """The file and stream that hold a sound stream of `path`: beside the pictures of a take that is a folder."""
    place = Path(path)
    beside = place.with_name(f"sound_{stream + 1}.wav")
    return (str(beside), 0) if place.name.startswith(_PICTURES) and beside.is_file() else (path, stream)


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
