"""Every order that the unit knows, of whatever cut, the last first."""

from datetime import datetime
from pathlib import Path

from PyQt5.QtCore import QUrl
from PyQt5.QtGui import QDesktopServices
from PyQt5.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from secondunit_plugin.panel import words
from secondunit_plugin.panel.icons import icon
from secondunit_plugin.panel.model.orders import Earlier
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.model.snapshot import Found
from secondunit_plugin.panel.views.rows import Rows


class EarlierOrders(QWidget):
    def __init__(self, model: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        titles = (self.tr("Date"), self.tr("Show"), self.tr("Order"), self.tr("State"), self.tr("Takes"))
        self.list = Rows(self.tr("Earlier orders"), titles, (140, 140, 230, 0, 60))
        self.open = QPushButton(icon("folder-open-outline"), self.tr("Open its takes"))
        self.open.clicked.connect(self._open)
        self.forget = QPushButton(icon("playlist-remove"), self.tr("Take off the list"))
        self.forget.setToolTip(self.tr("Its takes stay where they are."))
        self.forget.clicked.connect(lambda: model.forget(self.list.selected or ""))
        self.again = QPushButton(icon("reload"), self.tr("Read again"))
        self.again.clicked.connect(model.earlier.refresh)
        buttons = QHBoxLayout()
        for one in (self.open, self.forget, self.again):
            buttons.addWidget(one)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.addWidget(self.list, 1)
        column.addLayout(buttons)
        self.list.chosen.connect(self._show)
        model.earlier.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        state = self._model.earlier.state
        found = {one.running.order.id: one for one in state.value} if isinstance(state, Found) else {}
        if isinstance(state, Found):
            self.list.show_rows({key: _texts(one) for key, one in found.items()})
        selected = found.get(self.list.selected or "")
        self.open.setEnabled(selected is not None and bool(selected.running.takes))
        self.forget.setEnabled(selected is not None and selected.running.ended)
        self.again.setEnabled(not self._model.earlier.asking)

    def _open(self) -> None:
        state = self._model.earlier.state
        if isinstance(state, Found):
            one = next(one for one in state.value if one.running.order.id == self.list.selected)
            folder = Path(one.running.order.delivery.folder)
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


def _texts(one: Earlier) -> tuple[str, ...]:
    order = one.running.order
    at = f"{datetime.fromisoformat(one.queued).astimezone():%Y-%m-%d %H:%M}" if one.queued else ""
    return (
        at,
        order.show,
        f"{order.shot}: {words.of_task(order.task)}",
        words.of_order(one.running),
        f"{len(one.running.takes)}/{len(order.seeds)}",
    )
