"""Files in Resolve's media pool: one item a file, ours in a bin of their own."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from os.path import normpath
from pathlib import Path, PurePath
from typing import Any

from secondunit_bridge.errors import HostError

BIN = "Second Unit"
_NUMBER = re.compile(r"%0?(\d*)d")


class Pool:
    """Items are looked for in our bin, in what the items `played` of a timeline play, then in all bins, each once."""

    def __init__(self, handle: Any, played: Iterable[Any] = ()) -> None:
        self._handle = handle
        self._known: dict[str, Any] = {}
        self._left = self._places(played)

    def item(self, path: str) -> Any:
        """That of a file, which is imported where there is none. Raises HostError."""
        known = named(path)
        while known not in self._known:
            found = next(self._left, None)
            if found is None:
                self._known[known] = self._imported(path)
                break
            for item in found:
                if own := item.GetClipProperty("File Path"):
                    self._known.setdefault(normpath(own), item)
        return self._known[known]

    def _places(self, played: Iterable[Any]) -> Iterator[Iterable[Any]]:
        root = self._handle.GetRootFolder()
        yield from (one.GetClipList() or () for one in root.GetSubFolderList() or () if one.GetName() == BIN)
        yield [item for one in played if (item := one.GetMediaPoolItem()) is not None]
        yield from (folder.GetClipList() or () for folder in _folders(root))

    @contextmanager
    def in_our_bin(self) -> Iterator[None]:
        """What is imported goes into the folder that is open in the pool:
        https://github.com/samuelgursky/davinci-resolve-mcp/blob/main/docs/reference/api-limitations.md#mediapoolimportmedia
        """
        root, before = self._handle.GetRootFolder(), self._handle.GetCurrentFolder()
        ours = next((one for one in root.GetSubFolderList() or () if one.GetName() == BIN), None)
        self._handle.SetCurrentFolder(ours if ours is not None else self._handle.AddSubFolder(root, BIN))
        try:
            yield
        finally:
            self._handle.SetCurrentFolder(before)

    def _imported(self, path: str) -> Any:
        asked: Any = path
        if (numbers := numbers_of(path)) is not None:
            asked = {"FilePath": path, "StartIndex": numbers[0], "EndIndex": numbers[1]}
        with self.in_our_bin():
            made = self._handle.ImportMedia([asked])
        if not made or made[0] is None:
            raise HostError(f"DaVinci Resolve does not import {path}: look whether it plays there")
        return made[0]


def numbers_of(path: str) -> tuple[int, int] | None:
    """The first and the last number of numbered pictures, `DIR/NAME_%04d.png`; None for anything else."""
    parts = _NUMBER.split(PurePath(path).name)
    if len(parts) != 3:
        return None
    head, tail = (re.escape(part.replace("%%", "%")) for part in (parts[0], parts[2]))
    pattern = re.compile(f"{head}(\\d+){tail}")
    folder = Path(path).parent
    there = (pattern.fullmatch(one.name) for one in folder.iterdir()) if folder.is_dir() else ()
    found = [int(match[1]) for match in there if match is not None]
    return (min(found), max(found)) if found else None


def named(path: str) -> str:
    """A file as the program calls it, numbered pictures `DIR/NAME_[1001-1099].png`."""
    numbers = numbers_of(path)
    if numbers is None:
        return normpath(path)

    def shown(match: re.Match[str]) -> str:
        width = int(match[1] or 0)
        return f"[{numbers[0]:0{width}}-{numbers[1]:0{width}}]"

    return normpath(_NUMBER.sub(shown, path).replace("%%", "%"))


def _folders(root: Any) -> Iterator[Any]:
    yield root
    for folder in root.GetSubFolderList() or ():
        yield from _folders(folder)
