"""Small things made of media files, kept on disk by what the file was when they were made. In the frames process."""

import hashlib
import os
from contextlib import suppress
from pathlib import Path

import platformdirs
from secondunit_bridge.media.container import first_file

_MOST_BYTES = 256 * 1024 * 1024


def folder() -> Path:
    named = os.environ.get("SECONDUNIT_CACHE")
    return Path(named) if named else platformdirs.user_cache_path("secondunit", appauthor=False) / "frames"


class Cache:
    """What cannot be read or written is made again."""

    def __init__(self, at: Path) -> None:
        self._folder = at

    def key(self, path: str, *what: object) -> str:
        """Of a thing made of a media file as it is on disk: another size or time of its change is another file."""
        state = Path(first_file(path)).stat()
        text = "\0".join(map(str, (Path(path).resolve(), state.st_size, state.st_mtime_ns, *what)))
        return hashlib.blake2b(text.encode(), digest_size=20).hexdigest()

    def get(self, key: str) -> bytes | None:
        with suppress(OSError):
            return (self._folder / key).read_bytes() or None
        return None

    def put(self, key: str, data: bytes) -> None:
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            temporary = self._folder / f".{key}.{os.getpid()}"
            temporary.write_bytes(data)
            temporary.replace(self._folder / key)

    def shrink(self, most: int = _MOST_BYTES) -> None:
        """Removes the oldest until `most` bytes are left."""
        with suppress(OSError):
            found = sorted(((file.stat(), file) for file in self._folder.iterdir()), key=lambda one: -one[0].st_mtime)
            kept = 0
            for state, file in found:
                kept += state.st_size
                if kept > most:
                    file.unlink(missing_ok=True)
