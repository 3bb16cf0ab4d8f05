"""What is done to the open cut: one edit after the other, each kept in a file of its own and in the panel's state."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt5.QtCore import QObject, QTimer, pyqtSignal
from secondunit_bridge.errors import BadInput, SecondUnitError
from secondunit_bridge.messages import Take

from secondunit_plugin.panel.background import Operation
from secondunit_plugin.panel.model.cut import CutModel, OpenCut
from secondunit_plugin.panel.model.keeping import KeepingModel, gone_from
from secondunit_plugin.panel.model.orders import OrdersModel
from secondunit_plugin.panel.model.pending import Choices, PendingModel, Unplaced
from secondunit_plugin.panel.model.takes import TakeId

if TYPE_CHECKING:
    from secondunit_timeline.placing import Ordered

    from secondunit_plugin.panel.model.cutting import Lost
    from secondunit_plugin.panel.model.hosted import Hosted
    from secondunit_plugin.panel.model.saved import State

_KEEP_MS = 100
"""Changes that follow each other sooner are saved together."""

Edit = Callable[[OpenCut], OpenCut]


@dataclass(frozen=True, slots=True)
class _Asked:
    """`edit` None: the host's cut is read again. `refused` and `done` on the UI thread, after it.

    `take`: the one that is placed; `by_itself`: nobody asked for that.
    """

    edit: Edit | None
    refused: Callable[[SecondUnitError], object]
    done: Callable[[], object]
    take: Take | None = None
    by_itself: bool = False


@dataclass(frozen=True, slots=True)
class _Kept:
    """What an edit made; `why` the panel's state could not be saved with it; `said`: see `hosted.Made`.

    `gone`: see `KeepingModel.see`.
    """

    opened: OpenCut
    why: str
    said: str = ""
    gone: frozenset[str] = frozenset()


class EditingModel(QObject):
    """`home`: the unit's, where the panel's state lies.

    What it brings of the timeline is imported in the edits' threads.
    """

    stepped = pyqtSignal(object)
    """The `OpenCut`, one step further."""
    filled = pyqtSignal(str, bool)
    """The name of a take that has come into the place of its slug, and whether its clip plays it."""
    refused = pyqtSignal(object)
    """A `SecondUnitError`."""
    said = pyqtSignal(str)
    """What a host's user is told of an edit that was made there, see `hosted.Made`."""
    another_is_open = pyqtSignal()
    """The host has another sequence open than the one that is shown."""
    ways_known = pyqtSignal(object)
    """Why a take cannot be cut in by each `timeline.ways.Way`, by its name; empty where it can."""

    def __init__(
        self,
        cut: CutModel,
        orders: OrdersModel,
        pending: PendingModel,
        home: Path,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.hosted: Hosted | None = None
        """Where the cut is one that an editing program has open: edits are made there, and kept there."""
        self._cut, self._orders, self._pending, self._home = cut, orders, pending, home
        self._edits: deque[_Asked] = deque()
        self._keeping = KeepingModel(cut, pending, home, self)
        self._keeping.refused.connect(self.refused)
        pending.take_due.connect(self.fill_slug)
        pending.slug_due.connect(self.take_slug_out)
        self._keep_soon = QTimer(self)
        self._keep_soon.setSingleShot(True)
        self._keep_soon.setInterval(_KEEP_MS)
        self._keep_soon.timeout.connect(self._keep)
        pending.changed.connect(self._keep_soon.start)

    # Verbs

    def clear(self) -> None:
        """For another cut: what has not begun is not done."""
        self._edits.clear()
        self._keeping.clear()

    def lose_host(self) -> None:
        self.hosted = None
        self._pending.lose_host()

    def place_slug(self, ordered: "Ordered") -> None:
        """In a host, which would show it as a clip that is offline, the order is awaited instead."""
        if self.hosted is not None:
            assert ordered.order is not None
            self._pending.expect(ordered.order.id, ordered.order.shot)
            return

        def edit(opened: OpenCut) -> OpenCut:
            from secondunit_plugin.panel.model import cutting

            return cutting.with_slug(opened, ordered)

        self._ask(edit)

    def place_camera_frames(self, ordered: "Ordered", shot: str) -> None:
        """Where nothing has to be made."""

        def edit(opened: OpenCut) -> OpenCut:
            from secondunit_plugin.panel.model import cutting

            return cutting.with_camera_frames(opened, ordered, shot)

        self._ask(edit)

    def cut_in(self, take_id: TakeId, way: str = "", settled: bool = False) -> None:
        """Puts a take in its place, by another `timeline.ways.Way` than it was ordered for where one is given.

        `settled`: it is approved.
        """
        running = self._orders.orders[take_id.order_id]
        take, hosted = running.takes[take_id.index], self.hosted is not None

        def edit(opened: OpenCut) -> OpenCut:
            from secondunit_timeline.ways import Way

            from secondunit_plugin.panel.model import cutting

            if way:
                made = cutting.cut_in_by(opened, running.order, take, running.ordered, Way(way))
            else:
                made = cutting.cut_in(opened, running.order, take, running.ordered)
            changed.append(made is not opened)
            return cutting.settled(made, take) if settled and not hosted else made

        def tell() -> None:
            if not any(changed):
                said = self.tr("{name} is what the cut plays there: choose another take, or another way")
                self.refused.emit(BadInput(said.format(name=take.record.name)))

        changed: list[bool] = []
        self._ask_to_place(edit, take, tell)

    def ask_ways(self, take_id: TakeId) -> None:
        """Answered by `ways_known`."""
        opened, running = self._cut.open, self._orders.orders[take_id.order_id]
        if opened is None:
            return

        def work() -> dict[str, str]:
            from secondunit_plugin.panel.model import cutting

            return {way.value: why for way, why in cutting.ways(opened, running.order, running.ordered).items()}

        Operation(self, work).success(self.ways_known.emit).run()

    def approve(self, take: Take) -> None:
        """Notes it in the cut, if the cut holds the take; not in a version of a host's cut for that alone."""
        hosted = self.hosted

        def edit(opened: OpenCut) -> OpenCut:
            from secondunit_plugin.panel.model import cutting

            keeps = hosted is None or hosted.keeps_takes
            return cutting.with_approval(opened, take) if keeps else opened

        self._ask(edit)

    def fill_slug(self, take_id: TakeId, by_itself: bool = False) -> None:
        """In a host, the take goes where its order's slug would be."""
        running = self._orders.orders.get(take_id.order_id)
        if running is None:
            return
        take, hosted = running.takes[take_id.index], self.hosted is not None

        def edit(opened: OpenCut) -> OpenCut:
            from secondunit_plugin.panel.model import cutting

            if hosted:
                made = cutting.cut_in(opened, running.order, take, running.ordered)
            else:
                made = cutting.with_take(opened, take)
            if made is not opened and (playing := cutting.is_played(made, take)) is not None:
                plays.append(playing)
            return made

        def tell() -> None:
            if plays and (by_itself or not hosted):
                self.filled.emit(take.record.name, plays[0])

        plays: list[bool] = []
        self._ask_to_place(edit, take, tell, by_itself)

    def take_slug_out(self, order_id: str) -> None:
        running = self._orders.orders.get(order_id)
        if running is None:
            return

        def edit(opened: OpenCut) -> OpenCut:
            from secondunit_plugin.panel.model import cutting

            return cutting.without_slug(opened, running.order)

        self._ask(edit, lambda: self._pending.placed(order_id, ""))

    def undo(self) -> None:
        self._show(lambda opened: opened.place - 1)

    def redo(self) -> None:
        self._show(lambda opened: opened.place + 1)

    def read_host(self) -> None:
        """The host's cut as it is by now."""
        self._append(_Asked(None, self.refused.emit, lambda: None))

    def reload(self) -> None:
        """The cut's file as it is by now; slugs and takes are carried over."""
        if self.hosted is not None:
            self.read_host()
            return
        orders = [(one.order, one.ordered) for one in self._orders.orders.values()]
        missing: list[Lost] = []

        def edit(opened: OpenCut) -> OpenCut:
            from secondunit_plugin.panel.model import cutting

            made, lost = cutting.reloaded(opened, orders)
            missing.extend(lost)
            return made

        def tell() -> None:
            for one in missing:
                name, file = (one.take.record.name, one.take.path) if one.take is not None else (one.order.shot, "")
                self._pending.put_aside(Unplaced(one.order.id, name, file, one.why))

        self._ask(edit, tell)

    # What they come to

    def _show(self, place: Callable[[OpenCut], int]) -> None:
        def edit(opened: OpenCut) -> OpenCut:
            from secondunit_plugin.panel.model import cutting

            return cutting.shown(opened, place(opened))

        self._ask(edit)

    def _ask_to_place(self, edit: Edit, take: Take, tell: Callable[[], object], by_itself: bool = False) -> None:
        """A take that the cut has no place for waits for a person."""
        order_id = take.record.order.id

        def put_aside(error: SecondUnitError) -> None:
            self._pending.put_aside(Unplaced(order_id, take.record.name, take.path, str(error)))
            self.refused.emit(error)

        def done() -> None:
            self._pending.placed(order_id, take.path)
            tell()

        self._append(_Asked(edit, put_aside, done, take, by_itself))

    def _ask(self, edit: Edit, done: Callable[[], object] = lambda: None) -> None:
        self._append(_Asked(edit, self.refused.emit, done))

    def _keep(self) -> None:
        if self._cut.open is not None and self.hosted is None:
            self._ask(lambda opened: opened)

    def _append(self, asked: _Asked) -> None:
        self._edits.append(asked)
        if len(self._edits) == 1:
            self._next()

    def _next(self) -> None:
        opened = self._cut.open
        if opened is None or not self._edits:
            return
        asked, pending, home, hosted = self._edits[0], self._pending, self._home, self.hosted
        unplaced, choices, landed = pending.unplaced, pending.choices, dict(self._keeping.landed)
        if hosted is not None and asked.take is not None:
            landed[asked.take.record.order.id] = asked.take.path

        def work() -> _Kept:
            if hosted is None:
                return _kept(opened, asked.edit or (lambda same: same), unplaced, choices, home)
            if asked.edit is None:
                read = hosted.read(opened)
                return _Kept(read, "", gone=gone_from(read, landed) if read.is_of(opened) else frozenset())
            made = hosted.carry_out(opened, asked.edit, asked.take, asked.by_itself)
            return _Kept(made.opened, "", made.said, gone_from(made.opened, landed))

        def refuse(error: SecondUnitError) -> None:
            if self._is_first(asked, opened):
                asked.refused(error)
                self._go_on()

        def use(kept: _Kept) -> None:
            if kept.why:
                self.refused.emit(SecondUnitError(kept.why))
            if not self._is_first(asked, opened):
                return
            if not kept.opened.is_of(opened):
                self.another_is_open.emit()
            elif kept.opened is not opened:
                self._cut.set_state(kept.opened)
                if kept.opened.place > opened.place and kept.opened.version not in opened.versions:
                    self.stepped.emit(kept.opened)
            self._keeping.see(landed, kept.gone)
            asked.done()
            if kept.said:
                self.said.emit(kept.said)
            self._go_on()

        Operation(self, work).success(use).failure(refuse).run()

    def _is_first(self, asked: _Asked, opened: OpenCut) -> bool:
        """Whether the cut that it was done to is still open."""
        return bool(self._edits) and self._edits[0] is asked and self._cut.state is opened

    def _go_on(self) -> None:
        self._edits.popleft()
        self._next()


# In a thread


def read(path: Path, home: Path) -> "tuple[State, str]":
    """The cut as the panel left it, else as its file is; and what has to be said of it. Raises CutError, BadInput."""
    from secondunit_plugin.panel.model import reading, saved

    why = ""
    try:
        if (state := saved.load(home, path)) is not None:
            return state, ""
    except SecondUnitError as error:
        why = str(error)
    return saved.State(reading.read(path), (), Choices()), why


def _kept(before: OpenCut, edit: Edit, unplaced: tuple[Unplaced, ...], choices: Choices, home: Path) -> _Kept:
    from secondunit_plugin.panel.model import reading, saved

    opened, why = edit(before), ""
    if opened is not before and opened.saved_as is None:
        opened = replace(opened, saved_as=reading.free_beside(opened.path))
    # The state first: `saved.load` writes the cut where the panel was killed in between.
    try:
        saved.save(home, saved.State(opened, unplaced, choices))
    except SecondUnitError as error:
        why = str(error)
    if opened is not before:
        reading.write(opened)
    return _Kept(opened, why)
