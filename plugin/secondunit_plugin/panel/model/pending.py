"""What waits to be cut in: takes that have arrived for their slugs, slugs of orders that came to nothing.

A cut that an editing program has open holds no slugs: there, the orders themselves are awaited. What is done by itself
is done while nobody types or moves the mouse, and while the program's cut and playhead rest, so that nothing changes
under a hand.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PyQt5.QtCore import QCoreApplication, QEvent, QObject, QTimer, pyqtSignal

from secondunit_plugin.panel.model.orders import Broken, OrdersModel, Stopped
from secondunit_plugin.panel.model.takes import TakeId

if TYPE_CHECKING:
    from secondunit_timeline.placing import Ordered

IDLE_MS = 2000
_INPUT = {
    QEvent.Type.KeyPress,
    QEvent.Type.MouseButtonPress,
    QEvent.Type.MouseButtonRelease,
    QEvent.Type.MouseMove,
    QEvent.Type.Wheel,
    QEvent.Type.TabletMove,
    QEvent.Type.TabletPress,
    QEvent.Type.TouchUpdate,
}


@dataclass(frozen=True, slots=True)
class Choices:
    """`as_they_arrive`: the first take of an order fills its slug, or is cut in, by itself.

    `take_failed_out`: the slug of an order that came to nothing goes by itself; else it stays and is listed.
    """

    as_they_arrive: bool = True
    take_failed_out: bool = True


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A take, or with an empty `path` a slug, that the cut has no place for: it waits for a person to place it."""

    order_id: str
    name: str
    path: str
    why: str


@dataclass(frozen=True, slots=True)
class Awaited:
    """An order of a program's cut that no take of is in it. `name`: the shot's.

    `by_itself`: its first take may be cut in by itself. Not so a take that came while the cut was not open here: that
    is offered. `ordered`: None for one whose `Running` has it.
    """

    name: str
    by_itself: bool
    ordered: "Ordered | None" = None


class PendingModel(QObject):
    """`waiting`: the take that fills the slugs of an order, or is cut in, by the order's id; `over`: orders whose slugs
    go; `awaited`: by order id, None where the cut is a file.
    """

    changed = pyqtSignal()
    take_due = pyqtSignal(object, bool)
    """A `TakeId`, to be put in its place, and whether that is done by itself."""
    settled = pyqtSignal(str)
    """The id of an order that is awaited no more."""
    slug_due = pyqtSignal(str)
    """The id of an order whose slugs are to be taken out."""

    def __init__(self, orders: OrdersModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._orders = orders
        self.choices = Choices()
        self.waiting: dict[str, TakeId] = {}
        self.over: list[str] = []
        self.unplaced: tuple[Unplaced, ...] = ()
        self.awaited: dict[str, Awaited] | None = None
        self.fills = True
        """Whether the cut can be changed by itself: not in a program that could not take it back as one step."""
        self._lost = False
        """The program is not there."""
        self._seen: set[str] = set()
        self._idle = QTimer(self)
        self._idle.setSingleShot(True)
        self._idle.setInterval(IDLE_MS)
        self._idle.timeout.connect(self.carry_out)
        orders.cleared.connect(self._clear)
        orders.take_arrived.connect(self._arrived)
        orders.changed.connect(self._ended)

    def choose(self, choices: Choices) -> None:
        """Also lets what came before wait for its place."""
        if choices == self.choices:
            return
        self.choices = choices
        if not choices.as_they_arrive:
            self.waiting.clear()
        if not choices.take_failed_out:
            self.over.clear()
        for order_id, running in self._orders.orders.items():
            if choices.as_they_arrive and running.takes:
                self._arrived(order_id, min(running.takes))
            self._ended(order_id)
        self.changed.emit()

    def restore(self, choices: Choices, unplaced: tuple[Unplaced, ...], filled: set[str]) -> None:
        """`filled`: the ids of the orders whose takes are in the cut."""
        self.choices, self.unplaced = choices, unplaced
        self._seen |= filled
        self.changed.emit()

    # A program's cut

    def restore_awaited(
        self, choices: Choices, unplaced: tuple[Unplaced, ...], awaited: Mapping[str, Awaited], fills: bool
    ) -> None:
        self.choices, self.unplaced, self.awaited, self.fills = choices, unplaced, dict(awaited), fills
        self._lost = False
        self.changed.emit()

    def expect(self, order_id: str, name: str = "") -> None:
        """From then on a take of the order may be cut in by itself; `name`: of one that was not awaited before."""
        if self.awaited is not None and (name or order_id in self.awaited):
            before = self.awaited.get(order_id, Awaited(name, False))
            self.awaited[order_id] = replace(before, by_itself=self.fills)
            self.changed.emit()

    @property
    def offered(self) -> dict[str, TakeId]:
        """By order id, the first take of each awaited order that waits for a person to cut it in."""
        if self._lost:
            return {}
        orders = self._orders.orders
        came = {one: orders[one].takes for one in self.awaited or () if one in orders and one not in self.waiting}
        return {order_id: TakeId(order_id, min(takes)) for order_id, takes in came.items() if takes}

    def ordered(self, order_id: str) -> "Ordered | None":
        """How the takes of an order that another run of the panel sent get into the cut, as far as that was kept."""
        awaited = (self.awaited or {}).get(order_id)
        return awaited.ordered if awaited is not None else None

    def cut_in(self, order_id: str) -> None:
        """The take that is offered, or waits, at once."""
        take = self.waiting.pop(order_id, None) or self.offered.get(order_id)
        if take is not None:
            self._seen.add(order_id)
            self.take_due.emit(take, False)

    def settle(self, order_id: str) -> None:
        """Nobody waits for a take of it any more."""
        if self.awaited is None:
            return
        unplaced = tuple(one for one in self.unplaced if one.order_id != order_id)
        if self.awaited.pop(order_id, None) is not None:
            self.waiting.pop(order_id, None)
            self._seen.add(order_id)
            self.settled.emit(order_id)
        elif unplaced == self.unplaced:
            return
        self.unplaced = unplaced
        self.changed.emit()

    def stir(self) -> None:
        """Something happens in the program: nothing is done by itself until it rests."""
        if self._idle.isActive():
            self._idle.start()

    def lose_host(self) -> None:
        """What comes from now on is offered when its program is there again."""
        self._rest()
        self.waiting, self._lost = {}, True
        self.awaited = {key: replace(one, by_itself=False) for key, one in (self.awaited or {}).items()}
        self.changed.emit()

    # Both

    def carry_out(self) -> None:
        """What waits, at once."""
        self._rest()
        takes, over = list(self.waiting.values()), self.over
        self.waiting, self.over = {}, []
        for take in takes:
            self.take_due.emit(take, True)
        for order_id in over:
            self.slug_due.emit(order_id)
        self.changed.emit()

    def put_aside(self, unplaced: Unplaced) -> None:
        others = (one for one in self.unplaced if (one.order_id, one.path) != (unplaced.order_id, unplaced.path))
        self.unplaced = (*others, unplaced)
        self.changed.emit()

    def placed(self, order_id: str, path: str) -> None:
        self.settle(order_id)
        kept = tuple(one for one in self.unplaced if one.order_id != order_id or one.path not in ("", path))
        if kept != self.unplaced:
            self.unplaced = kept
            self.changed.emit()

    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:  # noqa: ARG002 - Qt's signature
        if a1 is not None and a1.type() in _INPUT:
            self._idle.start()
        return False

    def _clear(self) -> None:
        self._rest()
        self.waiting, self.over, self.unplaced, self._seen = {}, [], (), set()
        self.awaited, self.fills, self._lost = None, True, False
        self.changed.emit()

    def _arrived(self, order_id: str, index: int) -> None:
        if self.awaited is not None and not (order_id in self.awaited and self.awaited[order_id].by_itself):
            self.changed.emit()  # it may be offered
        elif self.choices.as_they_arrive and order_id not in self._seen:
            self._seen.add(order_id)
            self.waiting[order_id] = TakeId(order_id, index)
            self._wait()

    def _ended(self, order_id: str) -> None:
        running = self._orders.orders[order_id]
        ended = isinstance(running.state, Broken | Stopped) and not running.takes
        if self.awaited is not None:
            if ended:
                self.settle(order_id)
        elif ended and self.choices.take_failed_out and order_id not in self._seen:
            self._seen.add(order_id)
            self.over.append(order_id)
            self._wait()

    def _wait(self) -> None:
        """Watches for input only while something waits."""
        application = QCoreApplication.instance()
        if not self._idle.isActive() and application is not None:
            application.installEventFilter(self)
        self._idle.start()
        self.changed.emit()

    def _rest(self) -> None:
        self._idle.stop()
        application = QCoreApplication.instance()
        if application is not None:
            application.removeEventFilter(self)
