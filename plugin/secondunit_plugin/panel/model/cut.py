"""The cut that is open, with every version of it since: edits are pure, so that undo goes back to the one before."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from PyQt5.QtCore import QObject, pyqtSignal
from secondunit_bridge.messages import Codec, Take

from secondunit_plugin.panel.model.layout import Layout
from secondunit_plugin.panel.model.places import Place, number_of

if TYPE_CHECKING:
    from secondunit_timeline.awaited import AwaitedSlug
    from secondunit_timeline.changes import Edit
    from secondunit_timeline.index import Index

    from secondunit_plugin.hosts.host import SequenceId

# What made a version of the one before it. `order_id` is empty where nothing had to be made.


@dataclass(frozen=True, slots=True)
class Opened:
    pass


@dataclass(frozen=True, slots=True)
class Slugged:
    """The slug of an order for `shot`; not `plays`: it lies beside what its clip plays."""

    shot: str
    order_id: str
    plays: bool = True


@dataclass(frozen=True, slots=True)
class CutIn:
    """A take; where its slug was there before, both are one step. `plays` as with a slug."""

    name: str
    order_id: str
    plays: bool = True


@dataclass(frozen=True, slots=True)
class Approved:
    """The take of that name, noted in the cut."""

    name: str


@dataclass(frozen=True, slots=True)
class TakenOut:
    """The slug of an order for `shot` that came to nothing."""

    shot: str


@dataclass(frozen=True, slots=True)
class Reloaded:
    """The cut's file, which another program had written anew."""

    name: str


Step = Opened | Slugged | CutIn | Approved | TakenOut | Reloaded


@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """`index` over the cut, which nothing changes; `step`: what made it of the version before.

    `edit`: the same as changes that can be inverted, while this run of the panel knows them. `id` names it in the
    panel's saved state.
    """

    index: "Index"
    places: tuple[Place, ...]
    layout: Layout
    step: Step = Opened()
    slugs: "tuple[AwaitedSlug, ...]" = ()
    edit: "Edit | None" = None
    id: str = field(default_factory=lambda: uuid4().hex)


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

    `versions` from the one that was read on; `place` is the number of the one that is shown. `digest`: SHA-256 of the
    file when it was read. `filled`: the take that fills the slugs of an order, in every version that is shown. `takes`:
    the folder that they go to, None for `takes` beside `path`. `sequence`: of a cut that an editing program has open in
    its project `path`; None for a cut that is a file. `codec`: what takes are written as.
    """

    path: Path
    versions: tuple[Version, ...]
    place: int = 0
    saved_as: Path | None = None
    digest: str = ""
    filled: Mapping[str, Take] = field(default_factory=dict)
    takes: Path | None = None
    sequence: "SequenceId | None" = None
    codec: Codec = Codec.PRORES_HQ

    def is_of(self, other: "OpenCut | None") -> bool:
        """Whether both are the same cut, in whatever version."""
        return other is not None and (self.path, self.sequence) == (other.path, other.sequence)

    @property
    def version(self) -> Version:
        return self.versions[self.place]

    def version_with(self, place: Place | None) -> Version:
        """The last version up to the one that is shown that has the place; without one, the one that is shown.

        What is ordered for a place that a slug or a take lies in by now is planned as if it did not.
        """
        versions = reversed(self.versions[: self.place + 1])
        return next((one for one in versions if number_of(place, one.places) is not None), self.version)

    @property
    def takes_folder(self) -> Path:
        return self.takes if self.takes is not None else self.path.resolve().parent / "takes"

    def edited(self, version: Version) -> "OpenCut":
        """One version further; those that were undone are gone."""
        versions = (*self.versions[: self.place + 1], version)
        return replace(self, versions=versions, place=self.place + 1)


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
