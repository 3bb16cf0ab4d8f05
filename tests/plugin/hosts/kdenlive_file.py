"""Kdenlive, where it is not installed: its project is a file, which our kernel edits in its place.

What is told over D-Bus does what the program was seen to do: saving writes the playhead, seeking moves it, media goes
to the bin. `tests/end_to_end/hosts/test_kdenlive.py` runs the same suite over the program.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import opentimelineio as otio
from secondunit_bridge.rates import FrameTime
from secondunit_plugin.hosts.kdenlive.host import Kdenlive
from secondunit_plugin.hosts.kdenlive.project import Project
from secondunit_plugin.hosts.kdenlive.stack import write_property
from secondunit_plugin.hosts.steps import steps
from secondunit_plugin.hosts.strips import identified, strips_from
from secondunit_timeline.edits import edit
from secondunit_timeline.index import Index
from secondunit_timeline.interchange import write_cut
from secondunit_timeline.operations import End, InsertGap, Lift, Operation, Overwrite, Trim

from tests.plugin.hosts.conformance import probed
from tests.timeline.cuts import RATE, at


@contextmanager
def opened(folder: Path) -> Iterator["Editing"]:
    yield Editing(folder)


class Editing:
    """Kdenlive and its window in one."""

    version, modified = "22.12", False

    def __init__(self, root: Path) -> None:
        self._root, self._projects, self._playhead = root, 0, 0

    def has_open(self, project: Path) -> bool:
        return project == self._path

    def __enter__(self) -> "Editing":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def save(self) -> None:
        project = self._read()
        write_property(project.document.bin, "kdenlive:docproperties.position", str(self._playhead))
        self._path.unlink()
        self._path.write_bytes(project.content())

    def do(self, action: str, _seconds: float = 0) -> None:
        assert action in ("file_revert", "raise_project_monitor")

    def do_all(self, actions: Iterable[str]) -> None:
        by = {"monitor_seek_forward-one-second": round(RATE), "monitor_seek_forward-one-frame": 1}
        for action in actions:
            self._playhead = 0 if action == "seek_start" else self._playhead + by[action]

    def add_media(self, path: str, folder: str) -> None:
        project = self._read()
        assert folder == project.folder
        project._stock.keep(path)
        self._path.write_bytes(project.content())

    def open(self, cut: otio.schema.Timeline) -> None:
        self._projects, self._playhead = self._projects + 1, 0
        self._path = self._root / f"project{self._projects}.kdenlive"
        write_cut(cut, self._path)
        self.reopen()

    def _read(self) -> Project:
        return Project(self._path, self._path.read_bytes(), probed)

    def _edit(self, operation: Operation) -> None:
        project = self._read()
        after, copies = identified(edit(project.cut, [operation])[0])
        project.apply(steps(strips_from(project.cut, probed), strips_from(after, probed), copies))
        self._path.write_bytes(project.content())

    def trim(self, on: int, frames: int) -> None:
        self._edit(Trim("V1", at(on), End.TAIL, -frames))

    def insert_gap(self, at: int, frames: int) -> None:
        self._edit(InsertGap("V1", FrameTime(at, RATE), frames))

    def _on(self, frame: int) -> tuple[int, int, otio.core.Item]:
        item = Index(self._read().cut).track("V1").at(frame)
        assert item is not None
        return int(item.start), int(item.duration), item.child

    def duplicate(self, on: int, to: int) -> None:
        self._edit(Overwrite("V1", at(to), self._on(on)[2].clone()))

    def delete(self, on: int) -> None:
        start, frames, _ = self._on(on)
        self._edit(Lift("V1", at(start), frames))

    def select(self, on: Sequence[int], playhead: int) -> None:
        del on
        self._playhead = playhead

    def undo(self) -> None:
        self.host.undo(self.host.read().revision)

    def reopen(self) -> None:
        self.host = Kdenlive(self._path, probed, lambda: [self])  # type: ignore[list-item]

    def bin(self) -> set[str]:
        return set(self._read().media)
