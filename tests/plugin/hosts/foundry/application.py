"""A running Hiero with one project, and its modules as code inside it imports them."""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from glob import glob
from types import ModuleType, SimpleNamespace
from typing import Any

from tests.plugin.hosts.foundry import media, timeline

_EVENTS = ("kSequenceEdited", "kSelectionChanged", "kVersionChanged", "kAfterProjectLoad", "kAfterProjectClose")


class Project:
    """API: `beginUndo` groups "all other undo actions until endUndo() is called"; `undo` takes the last of them back.

    Objects that were held are void after an undo.
    """

    def __init__(self, path: str) -> None:
        self._path, self._root = path, media.Bin("clips", lambda: self)
        self._undo: list[tuple[str, media.Bin]] = []
        self._open: tuple[str, media.Bin] | None = None

    def __deepcopy__(self, _memo: Any) -> "Project":
        return self

    def path(self) -> str:
        return self._path

    def clipsBin(self) -> media.Bin:
        return self._root

    def clips(self) -> list[media.Clip]:
        versions = (version.item() for item in self._root.all_items() for version in item.items())
        return [one for one in versions if isinstance(one, media.Clip)]

    def sequences(self) -> list[timeline.Sequence]:
        found = (item.activeItem() for item in self._root.all_items())
        return [one for one in found if isinstance(one, timeline.Sequence)]

    def track_items(self) -> list[timeline.TrackItem]:
        tracks = (track for one in self.sequences() for track in (*one.videoTracks(), *one.audioTracks()))
        return [item for track in tracks for item in track.items()]

    def beginUndo(self, name: str) -> None:
        assert self._open is None
        self._open = name, deepcopy(self._root)

    def endUndo(self) -> None:
        assert self._open is not None
        self._undo.append(self._open)
        self._open = None

    def cancelUndo(self) -> None:
        assert self._open is not None
        self._root, self._open = self._open[1], None

    def undo(self) -> None:
        self._root = self._undo.pop()[1]

    def undoItemText(self) -> str:
        return self._undo[-1][0] if self._undo else ""

    def reopened(self) -> "Project":
        """As it is saved: Foundry's RenderedMedia finds items by their guid in a project that was opened again."""
        made = Project(self._path)
        made._root = deepcopy(self._root, {id(self._root._project): lambda: made})
        made._root._project = lambda: made
        return made


class VersionScanner:
    """Foundry's, as its docstrings say: `doScan` finds files, and inserts each as a version of the bin item.

    Found is what a path names with any number in place of the last that is behind `_v`, `.v` or `/v`.
    """

    def doScan(self, version: media.Version) -> list[media.Version]:
        item = version.parent()
        return [item.createClipVersion(-1, path) for path in self.findVersionFiles(version)]

    def findVersionFiles(self, version: media.Version) -> list[str]:
        path = media.path_of(version.item()).partition(" ")[0]
        *_, last = re.finditer(r"[/._]v(\d+)", path)
        tried = re.sub(r"%\d*d", "*", f"{path[: last.start(1)]}*{path[last.end(1) :]}")
        known = {media.path_of(one.item()) for one in version.parent().items()}
        found = sorted(glob(tried))  # noqa: PTH207 - the pattern may be in any folder of it
        return [one for one in found if one not in known]


class Application:
    """`sequence`: the guid of the one that is open."""

    def __init__(self) -> None:
        self.project = Project("")
        self.sequence = ""
        self.time, self.selected = 0, list[str]()
        self.scanner = type("VersionScanner", (VersionScanner,), {})
        self._followers: dict[str, list[Callable[[Any], None]]] = {}

    def send(self, event: str) -> None:
        for follower in self._followers.get(event, []):
            follower(SimpleNamespace(type=event, subtype=None))

    def active(self) -> timeline.Sequence | None:
        return next((one for one in self.project.sequences() if one.guid() == self.sequence), None)

    def _set_time(self, time: int) -> None:
        self.time = time

    def _viewer(self) -> Any:
        player = SimpleNamespace(sequence=self.active)
        return SimpleNamespace(
            time=lambda: self.time, setTime=self._set_time, player=lambda: player, playbackSpeed=lambda: 0
        )

    def _editor(self, sequence: timeline.Sequence) -> Any:
        items = [item for track in (*sequence.videoTracks(), *sequence.audioTracks()) for item in track.items()]
        return SimpleNamespace(selection=lambda: tuple(item for item in items if item.guid() in self.selected))

    def _register(self, event: str, follower: Callable[[Any], None]) -> None:
        self._followers.setdefault(event, []).append(follower)

    @contextmanager
    def importable(self) -> Iterator[None]:
        """`import hiero.core` gives this one's, as long as it lasts; there is no Qt, and nothing starts by itself."""
        hiero, core, events, scanner, ui, nuke, qt = (
            ModuleType(name)
            for name in (
                *("hiero", "hiero.core", "hiero.core.events", "hiero.core.VersionScanner", "hiero.ui"),
                *("nuke", "PySide2"),
            )
        )
        core.__dict__.update({name: value for name, value in vars(media).items() if isinstance(value, type)})
        core.__dict__.update({name: value for name, value in vars(timeline).items() if isinstance(value, type)})
        core.__dict__.update(events=events, VersionScanner=scanner)
        scanner.__dict__.update(VersionScanner=self.scanner)
        kinds = SimpleNamespace(**{name: name for name in _EVENTS})
        events.__dict__.update(EventType=kinds, registerInterest=self._register)
        ui.__dict__.update(activeSequence=self.active, currentViewer=self._viewer, getTimelineEditor=self._editor)
        nuke.__dict__.update(env={"studio": False, "hiero": False}, NUKE_VERSION_STRING="15.1v3")
        hiero.__dict__.update(core=core, ui=ui)
        qt.__dict__.update(QtCore=ModuleType("QtCore"), QtWidgets=ModuleType("QtWidgets"))
        modules = {one.__name__: one for one in (hiero, core, events, scanner, ui, nuke, qt)}
        before = {name: sys.modules.get(name) for name in modules}
        sys.modules.update(modules)
        try:
            yield
        finally:
            for name, module in before.items():
                if module is None:
                    del sys.modules[name]
                else:
                    sys.modules[name] = module
