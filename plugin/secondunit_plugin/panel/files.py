"""What the panel keeps for itself, for the work of operations."""

import os
from hashlib import sha256
from pathlib import Path

import platformdirs
from secondunit_bridge.errors import BadInput
from secondunit_bridge.files import write_bytes


def data_folder() -> Path:
    """The folder in SECONDUNIT_PANEL, else one in the user's data folder."""
    named = os.environ.get("SECONDUNIT_PANEL")
    return Path(named).absolute() if named else platformdirs.user_data_path("secondunit-panel", appauthor=False)


def write(path: Path, content: bytes) -> None:
    """Makes the folder where there is none. Raises BadInput."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"the folder {path.parent} cannot be made ({error.strerror}): check permissions") from None
    write_bytes(path, content)


def keep(folder: Path, name: str, content: bytes, suffix: str) -> Path:
    """A file named by its contents as well, so that the same contents are kept once. Raises BadInput."""
    path = folder / f"{name}-{sha256(content).hexdigest()[:16]}{suffix}"
    if not path.exists():
        write(path, content)
    return path
