"""The orders, with what becomes of each: what is made, what waits and in which order, what failed and why."""

from collections.abc import Mapping
from typing import Any

from PyQt5.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QSortFilterProxyModel,
    Qt,
    QUrl,
    pyqtSignal,
)
from PyQt5.QtGui import QDesktopServices, QDropEvent, QPainter
from PyQt5.QtWidgets import (
    QAbstractItemView,
    QAction,
    QApplication,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionProgressBar,
    QStyleOptionViewItem,
    QToolBar,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from secondunit_plugin.panel import words
from secondunit_plugin.panel.commands import Command
from secondunit_plugin.panel.icons import icon
from secondunit_plugin.panel.model.orders import (
    Broken,
    Made,
    Making,
    OrdersModel,
    OrderState,
    Preparing,
    Running,
    Stopped,
    Waiting,
)
from secondunit_plugin.panel.model.panel import PanelModel

_WIDTH = 420
_ORDER, _STATE, _PROGRESS, _LEFT = range(4)
_ID, _KEY, _SHARE = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1, Qt.ItemDataRole.UserRole + 2
_WIDTHS = {_ORDER: 220, _PROGRESS: 90, _LEFT: 84}


class Queue(QWidget):
    """`tools`: what is done with orders, as buttons; `said` and what lies below it tell why the selected one failed."""

    def __init__(self, model: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._actions: Mapping[Command, QAction] = {}
        self.tools = QToolBar()
        self.tools.setAccessibleName(self.tr("Queue"))
        self._table = _Table(model.orders, self)
        self._sorted = _Sorted(self)
        self._sorted.setSourceModel(self._table)
        self._sorted.sort(0)
        self.list = OrderList()
        self.list.setModel(self._sorted)
        self.list.setAccessibleName(self.tr("Orders"))
        self.list.setItemDelegateForColumn(_PROGRESS, _Bar(self))
        for column, width in _WIDTHS.items():
            self.list.setColumnWidth(column, width)
        header = self.list.header()
        assert header is not None
        header.setStretchLastSection(False)
        header.setSectionResizeMode(_STATE, QHeaderView.ResizeMode.Stretch)
        self.said = QLabel()
        self.said.setProperty("role", "refused")
        self.said.setWordWrap(True)
        self.said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.show_log = QPushButton(icon("text-box-outline"), self.tr("Open the log"))
        self.order_again = QPushButton(icon("reload"), self.tr("Order it again"))
        self.order_again.clicked.connect(self.again)
        self.show_log.clicked.connect(self._open_log)
        self.setMinimumWidth(_WIDTH)
        buttons = QHBoxLayout()
        buttons.addWidget(self.order_again)
        buttons.addWidget(self.show_log)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.tools)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.said)
        layout.addLayout(buttons)
        self.list.moved.connect(model.move)
        selection = self.list.selectionModel()
        assert selection is not None
        selection.selectionChanged.connect(self._show_selected)
        model.orders.queue_changed.connect(self._show_selected)
        model.orders.changed.connect(self._order_changed)
        self._show_selected()

    @property
    def selected(self) -> str | None:
        """The id of the order that is selected."""
        return self.list.currentIndex().data(_ID) if self.list.selectedIndexes() else None

    def select(self, order_id: str) -> None:
        for row in range(self._sorted.rowCount()):
            if (index := self._sorted.index(row, 0)).data(_ID) == order_id:
                self.list.setCurrentIndex(index)

    def bind(self, actions: Mapping[Command, QAction]) -> None:
        """Those of the tools, in their order."""
        self._actions = actions
        self.tools.addActions(actions.values())
        self._show_selected()

    def step(self, by: int) -> None:
        """Moves the selected order one place among those that wait."""
        waiting, order_id = self._model.orders.waiting, self.selected
        if order_id in waiting:
            place = waiting.index(order_id) + by
            others = ["", *(one for one in waiting if one != order_id)]
            if 0 <= place < len(waiting):
                self._model.move(order_id, others[place])

    def again(self) -> None:
        if (order_id := self.selected) is not None:
            self._model.again(order_id)

    def _order_changed(self, order_id: str) -> None:
        broken = isinstance(self._model.orders.orders[order_id].state, Broken)
        if broken and self.selected is None and order_id in self._model.orders.queue:
            self.select(order_id)
        if order_id == self.selected or self._actions:
            self._show_selected()

    def _show_selected(self) -> None:
        orders, order_id = self._model.orders, self.selected
        running = orders.orders.get(order_id) if order_id is not None else None
        match running.state if running is not None else None:
            case Broken(_, message, log):
                said = words.in_panel(message)
                self.said.setText(f"{said}\n{log}" if log else said)
                self.said.show()
                self.order_again.show()
                self.show_log.setVisible(bool(log))
            case _:
                self.said.hide()
                self.order_again.hide()
                self.show_log.hide()
        waiting = orders.waiting
        ended = {one for one in orders.queue if orders.orders[one].ended}
        enabled = {
            Command.CANCEL: bool(set(orders.queue) - ended) and order_id not in ended,
            Command.CANCEL_ALL: bool(set(orders.queue) - ended),
            Command.EARLIER: order_id in waiting[1:],
            Command.LATER: order_id in waiting[:-1],
            Command.AGAIN: order_id in ended,
            Command.CLEAR_ENDED: bool(ended),
        }
        for command, action in self._actions.items():
            action.setEnabled(enabled.get(command, True))

    def _open_log(self) -> None:
        running = self._model.orders.orders[self.selected or ""]
        if isinstance(running.state, Broken):
            QDesktopServices.openUrl(QUrl.fromLocalFile(running.state.log))


class OrderList(QTreeView):
    """Waiting orders are dragged to other places among those that wait."""

    moved = pyqtSignal(str, str)
    """Order id, and that of the order that it was dropped behind, or empty."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setDragDropMode(QAbstractItemView.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)

    def dropEvent(self, event: QDropEvent | None) -> None:
        assert event is not None
        over, dragged = self.indexAt(event.pos()), self.currentIndex()
        model = self.model()
        if event.source() is self and dragged.isValid() and model is not None:
            row = over.row() if over.isValid() else model.rowCount()
            if over.isValid() and event.pos().y() > self.visualRect(over).center().y():
                row += 1
            before = [model.index(one, 0).data(_ID) for one in range(row) if one != dragged.row()]
            self.moved.emit(dragged.data(_ID), before[-1] if before else "")
        # Qt would take the row out of the model: where it goes is the unit's answer.
        event.setDropAction(Qt.DropAction.IgnoreAction)
        event.accept()


class _Sorted(QSortFilterProxyModel):
    """What is made, what waits by its place, what has ended."""

    def lessThan(self, left: QModelIndex, right: QModelIndex) -> bool:
        return bool(left.data(_KEY) < right.data(_KEY))


class _Table(QAbstractTableModel):
    def __init__(self, orders: OrdersModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._orders = orders
        self._ids = list(orders.queue)
        orders.queue_changed.connect(self._sync)
        orders.changed.connect(self._changed)

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._ids)

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008, ARG002 - Qt's signature
        return 4

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return (self.tr("Order"), self.tr("State"), self.tr("Progress"), self.tr("Left"))[section]
        return None

    def flags(self, index: QModelIndex) -> Qt.ItemFlags:
        flags = Qt.ItemFlags(Qt.ItemFlag.ItemIsEnabled) | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDropEnabled
        if index.isValid() and isinstance(self._running(index).state, Waiting):
            flags |= Qt.ItemFlag.ItemIsDragEnabled
        return flags

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        running = self._running(index)
        match role, index.column():
            case (_, _) if role == _ID:
                return running.order.id
            case (_, _) if role == _KEY:
                return _key(running.state, index.row())
            case (_, _) if role == _SHARE:
                return running.share
            case Qt.ItemDataRole.DisplayRole, 0:
                return f"{running.order.shot}: {words.of_task(running.order.task)}"
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.ToolTipRole, 1:
                return words.of_order(running)
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.AccessibleTextRole, 2:
                return f"{running.share:.0%}"
            case Qt.ItemDataRole.DisplayRole, 3 if isinstance(running.state, Making):
                left = running.state.seconds_left
                return words.of_seconds(left) if left is not None else None
            case Qt.ItemDataRole.DecorationRole, 1:
                return icon(_icon_of(running.state))
            case Qt.ItemDataRole.ToolTipRole, 0:
                return self.tr("{shot}, {model}, seeds {seeds}").format(
                    shot=running.order.shot, model=running.order.model, seeds=", ".join(map(str, running.order.seeds))
                )
        return None

    def _running(self, index: QModelIndex) -> Running:
        return self._orders.orders[self._ids[index.row()]]

    def _changed(self, order_id: str) -> None:
        if order_id in self._ids:
            row = self._ids.index(order_id)
            self.dataChanged.emit(self.index(row, 0), self.index(row, _LEFT))

    def _sync(self) -> None:
        """Rows come and go one by one, so that what is selected and scrolled to stays."""
        queue = self._orders.queue
        for row in reversed(range(len(self._ids))):
            if self._ids[row] not in queue:
                self.beginRemoveRows(QModelIndex(), row, row)
                del self._ids[row]
                self.endRemoveRows()
        for order_id in queue:
            if order_id not in self._ids:
                self.beginInsertRows(QModelIndex(), len(self._ids), len(self._ids))
                self._ids.append(order_id)
                self.endInsertRows()


class _Bar(QStyledItemDelegate):
    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        style = QApplication.style()
        assert style is not None and painter is not None
        style.drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, option, painter, option.widget)
        share = index.data(_SHARE)
        bar = QStyleOptionProgressBar()
        bar.rect = option.rect.adjusted(3, 4, -3, -4)
        bar.minimum, bar.maximum, bar.progress = 0, 1000, round(share * 1000)
        bar.text, bar.textVisible, bar.textAlignment = f"{share:.0%}", True, Qt.AlignmentFlag.AlignCenter
        bar.state = QStyle.State(option.state) | QStyle.StateFlag.State_Horizontal
        bar.palette = option.palette
        style.drawControl(QStyle.ControlElement.CE_ProgressBar, bar, painter)


def _key(state: OrderState, row: int) -> tuple[int, int]:
    match state:
        case Preparing() | Making():
            return (0, row)
        case Waiting(position):
            return (1, position)
        case Made() | Broken() | Stopped():
            return (2, -row)


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
