"""What the panel keeps for itself, for the work of operations: written whole or not at all."""

import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

import platformdirs


def data_folder() -> Path:
    """The folder in SECONDUNIT_PANEL, else one in the user's data folder."""
    named = os.environ.get("SECONDUNIT_PANEL")
    return Path(named).absolute() if named else platformdirs.user_data_path("secondunit-panel", appauthor=False)


def write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(file.name).unlink()
            raise


def keep(folder: Path, data: bytes, suffix: str) -> Path:
    """A file named by its contents, so that the same contents are kept once."""
    path = folder / f"{sha256(data).hexdigest()[:20]}{suffix}"
    if not path.exists():
        write(path, data)
    return path
