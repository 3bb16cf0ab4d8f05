"""What waits to be cut in: slugs in the cut, takes that have no place, and what happens to them by itself."""

from pathlib import Path

from PyQt5.QtCore import QUrl
from PyQt5.QtGui import QDesktopServices
from PyQt5.QtWidgets import QCheckBox, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget
from superqt import QFlowLayout

from secondunit_plugin.panel.icons import icon
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.model.pending import Choices


class Pending(QWidget):
    """A double click on a take without a place shows its folder."""

    def __init__(self, model: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.list = QListWidget()
        self.list.setWordWrap(True)
        self.list.setAccessibleName(self.tr("What waits to be cut in"))
        self.fill = QPushButton(self.tr("Fill the slugs at once"))
        self.as_they_arrive = QCheckBox(self.tr("The first take fills its slug"))
        self.take_failed_out = QCheckBox(self.tr("Slugs of failed orders go"))
        choices = QFlowLayout()
        choices.addWidget(self.as_they_arrive)
        choices.addWidget(self.take_failed_out)
        choices.addWidget(self.fill)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.addWidget(self.list, 1)
        column.addLayout(choices)
        self.as_they_arrive.clicked.connect(self._choose)
        self.take_failed_out.clicked.connect(self._choose)
        self.fill.clicked.connect(model.pending.carry_out)
        self.list.itemActivated.connect(self._reveal)
        model.pending.changed.connect(self._show)
        model.cut.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        pending, opened = self._model.pending, self._model.cut.open
        self.list.clear()
        slugs = opened.version.slugs if opened is not None else ()
        for order_id in dict.fromkeys(slug.order_id for slug in slugs):
            ours = [slug for slug in slugs if slug.order_id == order_id]
            running = self._model.orders.orders.get(order_id)
            name = running.order.shot if running is not None else ours[0].name
            tracks = ", ".join(dict.fromkeys(slug.track for slug in ours))
            came = order_id in pending.waiting
            state = self.tr("its take has come") if came else self.tr("waits for its take")
            said = self.tr("Slug for {name} on {track}: {state}")
            self._add("timer-sand", said.format(name=name, track=tracks, state=state))
        for one in pending.unplaced:
            why, _, _ = one.why.partition("\nNothing was placed")  # its file is shown when it is pointed at
            self._add("alert-outline", f"{one.name}: {why}", one.path)
        self.fill.setEnabled(bool(pending.waiting or pending.over))
        self.as_they_arrive.setChecked(pending.choices.as_they_arrive)
        self.take_failed_out.setChecked(pending.choices.take_failed_out)

    def _add(self, symbol: str, text: str, path: str = "") -> None:
        item = QListWidgetItem(icon(symbol), text)
        item.setToolTip(path)
        self.list.addItem(item)

    def _choose(self) -> None:
        self._model.pending.choose(Choices(self.as_they_arrive.isChecked(), self.take_failed_out.isChecked()))

    def _reveal(self, item: QListWidgetItem) -> None:
        if item.toolTip():
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(Path(item.toolTip()).parent)))
