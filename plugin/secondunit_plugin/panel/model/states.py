"""Whether the takes in the cut still stand on the camera frames that it shows beside them, and their further versions.

States are worked out once for each version of the cut. A further version lies beside the take, which stays; an approved
take is only made again where its frames have come in full size.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from PyQt5.QtCore import QObject, pyqtSignal
from secondunit_bridge.errors import BadInput, SecondUnitError
from secondunit_bridge.rates import FrameTime
from secondunit_bridge.ratings import Rating

from secondunit_plugin.panel.background import Operation
from secondunit_plugin.panel.events import UnitLink
from secondunit_plugin.panel.model.cut import CutModel, Version
from secondunit_plugin.panel.model.places import Place, ShotPlace
from secondunit_plugin.panel.model.ratings import RatingsModel

if TYPE_CHECKING:
    from secondunit_timeline.placing import Ordered

# As in `secondunit_timeline.staleness`, which brings OpenTimelineIO.


class Where(Enum):
    BEFORE = auto()
    AFTER = auto()
    SHOT = auto()


@dataclass(frozen=True, slots=True)
class Fresh:
    pass


@dataclass(frozen=True, slots=True)
class Stale:
    """`made` and `now`: reel and timecode of the camera frame that meets the take, or of all that it stands for."""

    where: Where
    made: str
    now: str


@dataclass(frozen=True, slots=True)
class OfflineGrade:
    """The media is `file` now. `now` and `made`: its size and codec, and those of what the take was made from."""

    file: str
    now: str
    made: str


@dataclass(frozen=True, slots=True)
class Unknown:
    why: str


State = Fresh | Stale | OfflineGrade | Unknown


@dataclass(frozen=True, slots=True)
class HeldTake:
    """A take on the clip at `at` of a track; `plays`: the clip shows it. `approved` in the cut."""

    track: str
    at: FrameTime
    take_id: str
    name: str
    reel: str
    plays: bool
    approved: bool
    state: State
    made_from: frozenset[str]
    """The reels of the camera frames, or of the takes, that it was made from."""


# What is to be done about the takes of a clip.


@dataclass(frozen=True, slots=True)
class MakeVersion:
    take: HeldTake


@dataclass(frozen=True, slots=True)
class BeingMade:
    """A further version of `take` is ordered."""

    take: HeldTake


@dataclass(frozen=True, slots=True)
class ChooseVersion:
    """`fits` lies beside `take` on the clip."""

    take: HeldTake
    fits: str


@dataclass(frozen=True, slots=True)
class Locked:
    """`take` is stale, and approved."""

    take: HeldTake


Remedy = MakeVersion | BeingMade | ChooseVersion | Locked


@dataclass(frozen=True, slots=True)
class _Sent:
    """Of the versions that were asked for; `refused`: why others were not, a line each."""

    ordered: "tuple[Ordered, ...]"
    refused: tuple[str, ...]


class StatesModel(QObject):
    changed = pyqtSignal()
    ordered = pyqtSignal(object, object)
    """The `OpenCut` and the `Ordered` of a further version, which the unit has."""
    refused = pyqtSignal(object)
    """A SecondUnitError."""
    said = pyqtSignal(str)

    def __init__(self, link: UnitLink, cut: CutModel, ratings: RatingsModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._link, self._cut, self._ratings = link, cut, ratings
        self.takes: tuple[HeldTake, ...] = ()
        """By track and time; those of one clip by their versions."""
        self.marked: dict[tuple[str, int], Stale | OfflineGrade] = {}
        """Of takes that are played and do not fit, by track and first frame of their clips."""
        self._clips: dict[tuple[str, int], list[HeldTake]] = {}
        self._path: Path | None = None
        self._version: Version | None = None
        """The one whose takes these are."""
        self._busy = False
        self._ordering: frozenset[str] = frozenset()
        """Takes of which a further version is being planned."""
        cut.changed.connect(self._follow)
        ratings.changed.connect(self.changed)

    # What there is to know

    def of_take(self, take_id: str, place: Place | None = None) -> State | None:
        """On the clip at `place`, else wherever the cut holds it; None where it does not."""
        held = [take for take in self.takes if take.take_id == take_id]
        here = [take for take in held if place is not None and (take.track, take.at) == (place.track, place.at)]
        return next((take.state for take in here or held), None)

    def remedy(self, place: Place | None) -> Remedy | None:
        """For the clip at `place`; None where its takes fit, as far as is known."""
        if not isinstance(place, ShotPlace):
            return None
        return self._remedy(self._clips.get((place.track, place.at.frame), ()))

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        """Of all of the cut."""
        found = (self._remedy(held) for held in self._clips.values())
        return tuple(one for one in found if one is not None)

    def _remedy(self, held: Sequence[HeldTake]) -> Remedy | None:
        opened = self._cut.open
        if not held or opened is None:
            return None
        take = max(held, key=lambda one: (self._is_approved(one), one.plays))  # of equals the first: the oldest version
        if not isinstance(take.state, Stale | OfflineGrade):
            return None
        slugs = {(slug.track, slug.at) for slug in opened.version.slugs if not slug.plays}
        if take.take_id in self._ordering or (take.track, take.at) in slugs:
            return BeingMade(take)
        if (fits := next((one.name for one in reversed(held) if isinstance(one.state, Fresh)), None)) is not None:
            return ChooseVersion(take, fits)
        if isinstance(take.state, Stale) and self._is_approved(take):
            return Locked(take)
        return MakeVersion(take)

    def _is_approved(self, take: HeldTake) -> bool:
        return take.approved or self._ratings.of(take.take_id) is Rating.APPROVED

    # Verbs

    def make_version(self, place: Place | None) -> None:
        """A further version of the take at `place`, from the camera frames that the cut has there."""
        match self.remedy(place):
            case MakeVersion(take):
                self._order((take,), ())
            case BeingMade(take):
                self._refuse(self.tr("a further version of {name} is being made"), take)
            case ChooseVersion(take, fits):
                said = self.tr("{name} has a version that fits, {fits}: choose it and cut it in")
                self.refused.emit(BadInput(said.format(name=take.name, fits=fits)))
            case Locked(take):
                self._refuse(self.tr("{name} is approved: it is not made again"), take)
            case None:
                self.refused.emit(BadInput(self.tr("no stale take is selected: there is nothing to make again")))
            case other:
                assert_never(other)

    def make_all(self) -> None:
        """Further versions of all that is stale or of offline grade; what was made from one of these waits for it."""
        remedies = self.remedies
        wanted = {one.take.take_id: one.take for one in remedies if isinstance(one, MakeVersion)}
        locked = {one.take.take_id: one.take.name for one in remedies if isinstance(one, Locked)}
        reels = {take.reel for take in wanted.values()}
        waiting = {key: take.name for key, take in wanted.items() if take.made_from & reels}
        takes = tuple(take for key, take in wanted.items() if key not in waiting)
        notes = []
        if locked:
            said = self.tr("Approved, and not made again: {names}")
            notes.append(said.format(names=", ".join(locked.values())))
        if waiting:
            said = self.tr("Made from these, and to be made again after them: {names}")
            notes.append(said.format(names=", ".join(waiting.values())))
        if takes:
            self._order(takes, notes)
        else:
            what = "; ".join(notes) or self.tr("no take of the cut is stale")
            self.refused.emit(BadInput(what))

    def _refuse(self, said: str, take: HeldTake) -> None:
        self.refused.emit(BadInput(said.format(name=take.name)))

    def _order(self, takes: tuple[HeldTake, ...], notes: Sequence[str]) -> None:
        opened, link = self._cut.open, self._link
        if opened is None:
            return
        approved = {take.take_id for take in takes if self._is_approved(take)}

        def work() -> _Sent:
            from secondunit_plugin.panel.model.kept import submit
            from secondunit_plugin.panel.model.remaking import plan_version

            index, folder = opened.version.index, opened.takes_folder
            ordered: list[Ordered] = []
            refused: list[str] = []
            for take in takes:
                try:
                    planned = plan_version(index, take, folder, take.take_id not in approved)
                    submit(link, opened, planned)
                    ordered.append(planned)
                except SecondUnitError as error:
                    refused.append(f"{take.name}: {error}")
            return _Sent(tuple(ordered), tuple(refused))

        def use(sent: _Sent) -> None:
            self._ordering -= {take.take_id for take in takes}
            for one in sent.ordered:
                self.ordered.emit(opened, one)
            if sent.refused:
                self.refused.emit(BadInput("\n".join((*sent.refused, *notes))))
            elif len(takes) > 1 or notes:
                said = self.tr("Made again, as further versions: {names}")
                self.said.emit("\n".join((said.format(names=", ".join(take.name for take in takes)), *notes)))
            self.changed.emit()

        self._ordering |= {take.take_id for take in takes}
        self.changed.emit()
        Operation(self, work).success(use).run()

    # One version of the cut after the other

    def _follow(self) -> None:
        opened = self._cut.open
        path = opened.path if opened is not None else None
        if path != self._path:
            self._path = path
            self._show(None, ())
        if opened is None or opened.version is self._version or self._busy:
            return
        version = opened.version

        def work() -> tuple[HeldTake, ...]:
            from secondunit_plugin.panel.model.remaking import held_takes

            return held_takes(version.index)

        def use(found: tuple[HeldTake, ...]) -> None:
            self._busy = False
            if path == self._path:
                self._show(version, found)
            self._follow()

        def fail(error: SecondUnitError) -> None:
            use(())
            self.refused.emit(error)

        self._busy = True
        Operation(self, work).success(use).failure(fail).run()

    def _show(self, version: Version | None, found: tuple[HeldTake, ...]) -> None:
        self._version, self.takes, self._clips, self.marked = version, found, {}, {}
        for take in found:
            clip = take.track, take.at.frame
            self._clips.setdefault(clip, []).append(take)
            if take.plays and isinstance(take.state, Stale | OfflineGrade):
                self.marked[clip] = take.state
        self.changed.emit()
