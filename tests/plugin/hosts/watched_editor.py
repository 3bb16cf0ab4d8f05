"""A program that exports into a watched folder: our own kernel stands for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import opentimelineio as otio
from secondunit_bridge.rates import FrameTime
from secondunit_plugin.hosts.watched import Watched
from secondunit_timeline.edits import edit
from secondunit_timeline.index import Index
from secondunit_timeline.interchange import read_cut, write_cut
from secondunit_timeline.operations import End, InsertGap, Lift, Operation, Overwrite, Trim

from tests.plugin.hosts.conformance import probed
from tests.timeline.cuts import RATE, at


@contextmanager
def opened(folder: Path) -> Iterator["Exporting"]:
    yield Exporting(folder)


class Exporting:
    def __init__(self, root: Path) -> None:
        self._root, self._projects, self._exports = root, 0, 0

    def open(self, cut: otio.schema.Timeline) -> None:
        self._projects += 1
        self._folder = self._root / f"project{self._projects}"
        self._folder.mkdir()
        self.host = Watched(self._folder, probed)
        self._export(cut)

    def _export(self, cut: otio.schema.Timeline) -> None:
        self._exports += 1
        write_cut(cut, self._folder / f"export{self._exports}.otio")

    def _edit(self, operation: Operation) -> None:
        self._export(edit(read_cut(self.host.newest()), [operation])[0])

    def trim(self, on: int, frames: int) -> None:
        self._edit(Trim("V1", at(on), End.TAIL, -frames))

    def insert_gap(self, at: int, frames: int) -> None:
        self._edit(InsertGap("V1", FrameTime(at, RATE), frames))

    def duplicate(self, on: int, to: int) -> None:
        item = Index(read_cut(self.host.newest())).track("V1").at(on)
        assert item is not None
        self._edit(Overwrite("V1", at(to), item.child.clone()))

    def delete(self, on: int) -> None:
        item = Index(read_cut(self.host.newest())).track("V1").at(on)
        assert item is not None
        self._edit(Lift("V1", at(int(item.start)), int(item.duration)))

    def select(self, on: tuple[int, ...], playhead: int) -> None:
        raise NotImplementedError("a folder tells no selection")

    def undo(self) -> None:
        raise NotImplementedError("nothing in a folder is changed, so that nothing can be undone")

    def reopen(self) -> None:
        self.host = Watched(self._folder, probed)

    def bin(self) -> set[str]:
        raise NotImplementedError("a folder has no bin")
