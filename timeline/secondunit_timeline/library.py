"""The media files of folders, each with its header."""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from secondunit_bridge.errors import BadInput
from secondunit_bridge.media.decoding import DECODING
from secondunit_bridge.media.header import Header

MOVIES = {".mov", ".mp4", ".m4v", ".mxf", ".mkv", ".webm", ".avi", ".mts", ".m2ts", ".ts", ".mpg", ".mpeg", ".dv"}
SOUND = {".wav", ".w64", ".aif", ".aiff", ".flac", ".mp3", ".m4a", ".caf"}
PICTURES = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".dpx", ".exr", ".bmp", ".webp"}
_NUMBERED = re.compile(r"(.*?)(\d+)(\.\w+)")
_AT_ONCE = 8
"""Files that are opened at a time: most of it is waiting for a disk or a server."""


@dataclass(frozen=True, slots=True)
class Library:
    """`unreadable`: why files were left out, one line each."""

    headers: tuple[Header, ...]
    unreadable: tuple[str, ...]


def scan(folders: Iterable[Path]) -> Library:
    """Every media file in `folders` and the folders in them. Raises BadInput for what is no folder."""
    paths: dict[str, None] = {}
    for folder in folders:
        if not folder.is_dir():
            raise BadInput(f"{folder} is not a folder: give the folder that holds the media")
        paths |= dict.fromkeys(_media(folder.resolve()))
    read = read_headers(paths)
    return Library(
        tuple(header for header in read.values() if isinstance(header, Header)),
        tuple(f"{header}" for header in read.values() if not isinstance(header, Header)),
    )


def read_headers(paths: Iterable[str]) -> dict[str, Header | BadInput]:
    """The header of each file, or why it cannot be read."""
    from concurrent.futures import ThreadPoolExecutor

    wanted, decoding = list(dict.fromkeys(paths)), DECODING.get()

    def read(path: str) -> Header | BadInput:
        try:
            return decoding.header(path)
        except BadInput as error:
            return error

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return dict(zip(wanted, pool.map(read, wanted), strict=True))


def _media(folder: Path) -> Iterator[str]:
    """Movies, sound, and numbered pictures as one pattern; hidden files and folders are left out."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        numbered: dict[tuple[str, str], list[str]] = {}
        for name in sorted(names):
            suffix = Path(name).suffix.lower()
            if name.startswith("."):
                continue
            if suffix in MOVIES or suffix in SOUND:
                yield str(Path(place, name))
            elif suffix in PICTURES:
                match = _NUMBERED.fullmatch(name)
                if match is None:
                    yield str(Path(place, name))
                else:
                    numbered.setdefault((match[1], match[3]), []).append(match[2])
        for (prefix, suffix), numbers in numbered.items():
            if len(numbers) == 1:
                yield str(Path(place, f"{prefix}{numbers[0]}{suffix}"))
            else:
                digits = min(map(len, numbers))
                yield str(Path(place.replace("%", "%%"), f"{prefix.replace('%', '%%')}%0{digits}d{suffix}"))
