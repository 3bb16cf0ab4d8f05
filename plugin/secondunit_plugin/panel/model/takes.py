"""The takes to choose from, and the one that is looked at."""

from dataclasses import dataclass

from PyQt5.QtCore import QObject, pyqtSignal
from secondunit_bridge.messages import Take

from secondunit_plugin.panel.model.orders import OrdersModel


@dataclass(frozen=True, slots=True)
class TakeId:
    """`index` among the order's seeds."""

    order_id: str
    index: int


class TakesModel(QObject):
    """In the order in which they arrived."""

    cleared = pyqtSignal()
    added = pyqtSignal(object)
    """A `TakeId`."""
    chosen_changed = pyqtSignal()

    def __init__(self, orders: OrdersModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._orders = orders
        self.ids: list[TakeId] = []
        self.chosen: TakeId | None = None
        orders.take_arrived.connect(self._add)

    def take(self, take: TakeId) -> Take:
        return self._orders.orders[take.order_id].takes[take.index]

    def clear(self) -> None:
        self.ids = []
        self.choose(None)
        self.cleared.emit()

    def choose(self, take: TakeId | None) -> None:
        if take != self.chosen:
            self.chosen = take
            self.chosen_changed.emit()

    def _add(self, order_id: str, index: int) -> None:
        take = TakeId(order_id, index)
        self.ids.append(take)
        self.added.emit(take)
