"""The cut that is open, with every version of it since: edits are pure, so that undo goes back to the one before."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt5.QtCore import QObject, pyqtSignal

from secondunit_plugin.panel.model.layout import Layout
from secondunit_plugin.panel.model.places import Place

if TYPE_CHECKING:
    from secondunit_timeline.index import Index


@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """`index` over the cut, which nothing changes; `done`: what made it of the version before, or empty."""

    index: "Index"
    places: tuple[Place, ...]
    layout: Layout
    done: str = ""


@dataclass(frozen=True, slots=True)
class NoCut:
    pass


@dataclass(frozen=True, slots=True)
class Reading:
    path: Path


@dataclass(frozen=True, slots=True)
class Unreadable:
    path: Path
    why: str


@dataclass(frozen=True, slots=True)
class OpenCut:
    """`path` is what was read, and is never written; edited versions go to `saved_as`, None before the first.

    `versions` from the one that was read on; `place` is the number of the one that is shown.
    """

    path: Path
    versions: tuple[Version, ...]
    place: int = 0
    saved_as: Path | None = None

    @property
    def version(self) -> Version:
        return self.versions[self.place]

    @property
    def takes_folder(self) -> Path:
        return self.path.resolve().parent / "takes"

    def edited(self, version: Version, saved_as: Path) -> "OpenCut":
        """One version further; those that were undone are gone."""
        versions = (*self.versions[: self.place + 1], version)
        return replace(self, versions=versions, place=self.place + 1, saved_as=saved_as)


CutState = NoCut | Reading | Unreadable | OpenCut


class CutModel(QObject):
    changed = pyqtSignal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state: CutState = NoCut()

    def set_state(self, state: CutState) -> None:
        self.state = state
        self.changed.emit()

    @property
    def open(self) -> OpenCut | None:
        return self.state if isinstance(self.state, OpenCut) else None
