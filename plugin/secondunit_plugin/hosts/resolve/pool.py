"""Files in Resolve's media pool: one item a file, ours in a bin of their own."""

import re
from collections.abc import Iterator
from os.path import normpath
from pathlib import PurePath
from typing import Any

from secondunit_bridge.errors import HostError

from secondunit_plugin.hosts.frames import Probed

BIN = "Second Unit"
_NUMBER = re.compile(r"%0?(\d*)d")


class Pool:
    """Items are looked for once, then known by their paths as the program writes them, `DIR/NAME_[1001-1099].png`."""

    def __init__(self, handle: Any, probed: Probed) -> None:
        self._handle, self._probed = handle, probed
        self._known: dict[str, Any] = {}
        self._searched = False

    def know(self, item: Any) -> None:
        """What a timeline plays needs no search."""
        if item is not None and (path := item.GetClipProperty("File Path")):
            self._known.setdefault(normpath(path), item)

    def item(self, path: str) -> Any:
        """That of a file, which is imported where there is none. Raises HostError."""
        known = named(path, self._probed)
        if known not in self._known and not self._searched:
            self._searched = True
            for folder in _folders(self._handle.GetRootFolder()):
                for item in folder.GetClipList() or ():
                    self.know(item)
        if known not in self._known:
            self._known[known] = self._imported(path)
        return self._known[known]

    def _imported(self, path: str) -> Any:
        """Imports go into the folder that is open in the pool, which is opened again:
        https://github.com/samuelgursky/davinci-resolve-mcp/blob/main/docs/reference/api-limitations.md#mediapoolimportmedia
        """
        root = self._handle.GetRootFolder()
        ours = next((one for one in root.GetSubFolderList() or () if one.GetName() == BIN), None)
        ours = ours if ours is not None else self._handle.AddSubFolder(root, BIN)
        info = self._probed(path) if _NUMBER.search(PurePath(path).name) else None
        asked: Any = path
        if info is not None:
            first = info.first_number or 0
            asked = {"FilePath": path, "StartIndex": first, "EndIndex": first + info.frames - 1}
        before = self._handle.GetCurrentFolder()
        self._handle.SetCurrentFolder(ours)
        try:
            made = self._handle.ImportMedia([asked])
        finally:
            self._handle.SetCurrentFolder(before)
        if not made or made[0] is None:
            raise HostError(f"DaVinci Resolve does not import {path}: look whether it plays there")
        return made[0]


def named(path: str, probed: Probed) -> str:
    """A file as the program calls it, numbered pictures `DIR/NAME_[1001-1099].png`."""
    info = probed(path) if _NUMBER.search(PurePath(path).name) else None
    if info is None:
        return normpath(path)
    first, last = info.first_number or 0, (info.first_number or 0) + info.frames - 1

    def numbers(match: re.Match[str]) -> str:
        width = int(match[1] or 0)
        return f"[{first:0{width}}-{last:0{width}}]"

    return normpath(_NUMBER.sub(numbers, path).replace("%%", "%"))


def _folders(root: Any) -> Iterator[Any]:
    yield root
    for folder in root.GetSubFolderList() or ():
        yield from _folders(folder)
