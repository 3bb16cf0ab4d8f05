"""The orders, with what becomes of each."""

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from secondunit_plugin.panel import words
from secondunit_plugin.panel.icons import icon
from secondunit_plugin.panel.model.orders import Broken, Made, Making, OrderState, Preparing, Stopped, Waiting
from secondunit_plugin.panel.model.panel import PanelModel

_ORDER_WIDTH = 180


class Queue(QWidget):
    def __init__(self, model: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._items: dict[str, QTreeWidgetItem] = {}
        self.list = QTreeWidget()
        self.list.setAccessibleName(self.tr("Orders"))
        self.list.setHeaderLabels([self.tr("Order"), self.tr("State")])
        self.list.setRootIsDecorated(False)
        self.list.setColumnWidth(0, _ORDER_WIDTH)
        self.setMinimumWidth(2 * _ORDER_WIDTH)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.list)
        model.orders.cleared.connect(self._clear)
        model.orders.added.connect(self._add)
        model.orders.changed.connect(self._show)

    @property
    def selected(self) -> str | None:
        """The id of the order that is selected."""
        items = self.list.selectedItems()
        return items[0].data(0, Qt.ItemDataRole.UserRole) if items else None

    def _clear(self) -> None:
        self._items.clear()
        self.list.clear()

    def _add(self, order_id: str) -> None:
        item = self._items[order_id] = QTreeWidgetItem()
        item.setData(0, Qt.ItemDataRole.UserRole, order_id)
        self.list.addTopLevelItem(item)
        self._show(order_id)

    def _show(self, order_id: str) -> None:
        running, item = self._model.orders.orders[order_id], self._items[order_id]
        said = words.of_order(running.state)
        item.setText(0, f"{running.order.shot}: {words.of_task(running.order.task)}")
        item.setText(1, said)
        item.setIcon(1, icon(_icon_of(running.state)))
        item.setToolTip(1, said)


def _icon_of(state: OrderState) -> str:
    match state:
        case Waiting():
            return "clock-outline"
        case Preparing():
            return "tray-arrow-down"
        case Making():
            return "progress-clock"
        case Made():
            return "check"
        case Broken():
            return "alert-outline"
        case Stopped():
            return "cancel"
