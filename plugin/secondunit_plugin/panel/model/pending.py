"""What waits to be cut in: takes that have arrived for their slugs, slugs of orders that came to nothing.

It is done while nobody types or moves the mouse, so that nothing changes under a hand.
"""

from dataclasses import dataclass

from PyQt5.QtCore import QCoreApplication, QEvent, QObject, QTimer, pyqtSignal

from secondunit_plugin.panel.model.orders import Broken, OrdersModel, Stopped
from secondunit_plugin.panel.model.takes import TakeId

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
    """`as_they_arrive`: the first take of an order fills its slug by itself.

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


class PendingModel(QObject):
    """`waiting`: the take that fills the slugs of an order, by its id; `over`: orders whose slugs go."""

    changed = pyqtSignal()
    take_due = pyqtSignal(object)
    """A `TakeId`, to be put in the place of its slug."""
    slug_due = pyqtSignal(str)
    """The id of an order whose slugs are to be taken out."""

    def __init__(self, orders: OrdersModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._orders = orders
        self.choices = Choices()
        self.waiting: dict[str, TakeId] = {}
        self.over: list[str] = []
        self.unplaced: tuple[Unplaced, ...] = ()
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

    def carry_out(self) -> None:
        """What waits, at once."""
        self._rest()
        takes, over = list(self.waiting.values()), self.over
        self.waiting, self.over = {}, []
        for take in takes:
            self.take_due.emit(take)
        for order_id in over:
            self.slug_due.emit(order_id)
        self.changed.emit()

    def put_aside(self, unplaced: Unplaced) -> None:
        others = (one for one in self.unplaced if (one.order_id, one.path) != (unplaced.order_id, unplaced.path))
        self.unplaced = (*others, unplaced)
        self.changed.emit()

    def placed(self, order_id: str, path: str) -> None:
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
        self.changed.emit()

    def _arrived(self, order_id: str, index: int) -> None:
        if self.choices.as_they_arrive and order_id not in self._seen:
            self._seen.add(order_id)
            self.waiting[order_id] = TakeId(order_id, index)
            self._wait()

    def _ended(self, order_id: str) -> None:
        running = self._orders.orders[order_id]
        ended = isinstance(running.state, Broken | Stopped) and not running.takes
        if ended and self.choices.take_failed_out and order_id not in self._seen:
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
