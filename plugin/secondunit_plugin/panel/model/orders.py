"""The orders that the unit makes for this panel, each as its last event left it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, assert_never

from PyQt5.QtCore import QObject, pyqtSignal
from secondunit_bridge.messages import (
    Cancelled,
    Event,
    Failed,
    Loading,
    Order,
    OrderStatus,
    Preview,
    Queued,
    Step,
    Take,
    TakeReady,
)

if TYPE_CHECKING:
    from secondunit_timeline.placing import Ordered


@dataclass(frozen=True, slots=True)
class Waiting:
    """`position`: how many orders are before it."""

    position: int


@dataclass(frozen=True, slots=True)
class Preparing:
    what: str


@dataclass(frozen=True, slots=True)
class Making:
    """`done` of `total` steps of take `take`, counted from 0."""

    take: int
    done: int
    total: int
    what: str
    seconds_left: float | None


@dataclass(frozen=True, slots=True)
class Made:
    pass


@dataclass(frozen=True, slots=True)
class Broken:
    """`error`: a class name of `errors`; `log`: the path of the worker's log, or empty."""

    error: str
    message: str
    log: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """Cancelled."""


OrderState = Waiting | Preparing | Making | Made | Broken | Stopped


@dataclass(frozen=True, slots=True)
class Running:
    """An order and what has become of it.

    `ordered`: how its takes get into the cut; None for an order that another run of the panel, or another program,
    sent: its place is found again by its camera frames. `takes` by their index among the seeds. `event`: the number of
    the last event.
    """

    order: Order
    ordered: "Ordered | None"
    state: OrderState
    takes: Mapping[int, Take] = field(default_factory=dict)
    event: int = 0

    @property
    def share(self) -> float:
        """Of the whole order, 0 to 1, as far as its steps tell."""
        match self.state:
            case Made():
                return 1.0
            case Making(take, done, total):
                return (take + done / max(1, total)) / len(self.order.seeds)
            case _:
                return len(self.takes) / len(self.order.seeds)

    @property
    def ended(self) -> bool:
        return isinstance(self.state, Made | Broken | Stopped)


def after(running: Running, event: Event) -> Running:
    """The order one event later; an event that it has seen changes nothing. Previews change nothing either."""
    if event.number <= running.event and not isinstance(event, Failed):
        return running
    running = replace(running, event=event.number)
    match event:
        case Queued():
            return replace(running, state=Waiting(event.position))
        case Loading():
            return replace(running, state=Preparing(event.what))
        case Step():
            making = Making(event.take, event.done, event.total, event.what, event.seconds_left)
            return replace(running, state=making)
        case Preview():
            return running
        case TakeReady():
            takes = {**running.takes, event.index: event.take}
            state = Made() if len(takes) == len(running.order.seeds) else running.state
            return replace(running, takes=takes, state=state)
        case Failed():
            return replace(running, state=Broken(event.error, event.message, event.log))
        case Cancelled():
            return replace(running, state=Stopped())
        case _:
            assert_never(event)


@dataclass(frozen=True, slots=True)
class Earlier:
    """An order as the unit lists it. `queued`: when, as an ISO 8601 time in UTC, or empty."""

    running: Running
    queued: str


def listed(status: OrderStatus) -> Earlier:
    """Without what a running order has come to beside its last event."""
    places = {seed: place for place, seed in enumerate(status.order.seeds)}
    takes = {places[take.record.seed]: take for take in status.takes}
    running = Running(status.order, None, Waiting(0), takes)
    return Earlier(after(running, status.last), status.queued)


class OrdersModel(QObject):
    """By order id, in the order in which they were sent. Takes are announced once each.

    `queue`: the ids of those that have not ended, and of those that did since the panel has been watching, until they
    are cleared from it.
    """

    cleared = pyqtSignal()
    added = pyqtSignal(str)
    """Order id."""
    changed = pyqtSignal(str)
    """Order id."""
    queue_changed = pyqtSignal()
    preview_arrived = pyqtSignal(object)
    """A `Preview`."""
    take_arrived = pyqtSignal(str, int)
    """Order id, index of the take among its seeds."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.orders: dict[str, Running] = {}
        self.queue: list[str] = []

    @property
    def waiting(self) -> list[str]:
        """Order ids, the next first."""
        places = {
            order_id: running.state.position
            for order_id in self.queue
            if isinstance((running := self.orders[order_id]).state, Waiting)
        }
        return sorted(places, key=places.__getitem__)

    def clear_ended(self) -> None:
        self.queue = [order_id for order_id in self.queue if not self.orders[order_id].ended]
        self.queue_changed.emit()

    def clear(self) -> None:
        """For another cut; the orders go on at the unit."""
        self.orders, self.queue = {}, []
        self.cleared.emit()
        self.queue_changed.emit()

    def add(self, order: Order, ordered: "Ordered | None") -> None:
        known = self.orders.get(order.id)
        if known is None:
            before = sum(not self.orders[one].ended for one in self.queue)  # until the unit says
            self.orders[order.id] = Running(order, ordered, Waiting(before))
            self.queue.append(order.id)
            self.added.emit(order.id)
            self.queue_changed.emit()
        elif ordered is not None:  # the unit's list was faster than its answer
            self.orders[order.id] = replace(known, ordered=ordered)

    def restore(self, status: OrderStatus, ordered: "Ordered | None" = None) -> None:
        """As the unit lists it. Takes that a lost connection kept from here arrive as if by their events."""
        known = status.order.id in self.orders
        self.add(status.order, ordered)
        places = {seed: place for place, seed in enumerate(status.order.seeds)}
        for take in status.takes:
            if (index := places[take.record.seed]) not in self.orders[status.order.id].takes:
                running = self.orders[status.order.id]
                self.orders[status.order.id] = replace(running, takes={**running.takes, index: take})
                self.take_arrived.emit(status.order.id, index)
        self.take(status.last)
        if not known and self.orders[status.order.id].ended:
            self.queue.remove(status.order.id)
            self.queue_changed.emit()

    def take(self, event: Event) -> None:
        before = self.orders.get(event.order_id)
        if before is None:
            return
        if isinstance(event, Preview):
            self.preview_arrived.emit(event)
        running = self.orders[event.order_id] = after(before, event)
        if isinstance(event, TakeReady) and event.index not in before.takes:
            self.take_arrived.emit(event.order_id, event.index)
        if running.state != before.state or running.takes != before.takes:
            self.changed.emit(event.order_id)
