"""What waits to be cut in: slugs in the cut, takes that have no place, and what happens to them by itself."""

from pathlib import Path

from PyQt5.QtCore import Qt, QUrl
from PyQt5.QtGui import QDesktopServices, QKeyEvent
from PyQt5.QtWidgets import QCheckBox, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget
from superqt import QFlowLayout

from secondunit_plugin.panel.icons import icon
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.model.pending import Awaited, Choices

_ORDER = Qt.ItemDataRole.UserRole
"""The id of an order that a row of a program's cut stands for."""


class Pending(QWidget):
    """A double click on a take that is offered cuts it in; on one without a place, it shows its folder."""

    def __init__(self, model: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.list = QListWidget()
        self.list.setWordWrap(True)
        self.list.setAccessibleName(self.tr("What waits to be cut in"))
        self.fill = QPushButton(self.tr("Fill the slugs at once"))
        self.cut_in = QPushButton(self.tr("Cut in"))
        self.cut_in.setToolTip(self.tr("The selected take; without one, all that are offered"))
        self.leave_out = QPushButton(self.tr("Leave out"))
        self.leave_out.setToolTip(self.tr("Takes the selected one off this list; what was made stays (Delete)"))
        self.as_they_arrive = QCheckBox()
        self.take_failed_out = QCheckBox(self.tr("Slugs of failed orders go"))
        choices = QFlowLayout()
        for one in (self.as_they_arrive, self.take_failed_out, self.fill, self.cut_in, self.leave_out):
            choices.addWidget(one)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.addWidget(self.list, 1)
        column.addLayout(choices)
        self.as_they_arrive.clicked.connect(self._choose)
        self.take_failed_out.clicked.connect(self._choose)
        self.fill.clicked.connect(model.pending.carry_out)
        self.cut_in.clicked.connect(self._cut_in)
        self.leave_out.clicked.connect(self._leave_out)
        self.list.itemActivated.connect(self._activate)
        self.list.itemSelectionChanged.connect(self._enable)
        model.pending.changed.connect(self._show)
        model.cut.changed.connect(self._show)
        self._show()

    def keyPressEvent(self, a0: QKeyEvent | None) -> None:
        if a0 is not None and a0.key() == Qt.Key.Key_Delete and self.leave_out.isEnabled():
            self._leave_out()
        else:
            super().keyPressEvent(a0)

    def _show(self) -> None:
        pending, opened = self._model.pending, self._model.cut.open
        selected = self._selected()
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
        awaited = pending.awaited or {}
        refused = {one.order_id for one in pending.unplaced}
        for order_id, one in awaited.items():
            if order_id not in refused:
                came = order_id in pending.offered or order_id in pending.waiting
                text = f"{one.name}: {self._state(order_id, one)}"
                self._add("tray-arrow-down" if came else "timer-sand", text, order_id=order_id)
        for unplaced in pending.unplaced:
            why, _, _ = unplaced.why.partition("\nNothing was placed")  # its file is shown when it is pointed at
            order_id = unplaced.order_id if pending.awaited is not None else ""
            self._add("alert-outline", f"{unplaced.name}: {why}", unplaced.path, order_id)
        for row in range(self.list.count()):
            item = self.list.item(row)
            if item is not None and selected and item.data(_ORDER) == selected:
                self.list.setCurrentItem(item)
        hosted = pending.awaited is not None
        self.take_failed_out.setVisible(not hosted)
        self.fill.setVisible(not hosted)
        self.cut_in.setVisible(hosted)
        self.leave_out.setVisible(hosted)
        self.fill.setEnabled(bool(pending.waiting or pending.over))
        if hosted:
            self.as_they_arrive.setText(self.tr("The first take is cut in by itself"))
            why = self.tr("Not in a program whose own undo would not take it back as one step")
            self.as_they_arrive.setToolTip("" if pending.fills else why)
        else:
            self.as_they_arrive.setText(self.tr("The first take fills its slug"))
            self.as_they_arrive.setToolTip("")
        self.as_they_arrive.setEnabled(pending.fills)
        self.as_they_arrive.setChecked(pending.choices.as_they_arrive and pending.fills)
        self.take_failed_out.setChecked(pending.choices.take_failed_out)
        self._enable()

    def _state(self, order_id: str, awaited: Awaited) -> str:
        pending = self._model.pending
        by_itself = awaited.by_itself and pending.choices.as_they_arrive
        if self._model.cut.open is None:
            return self.tr("its take is offered when its cut is open again")
        if order_id in pending.waiting:
            return self.tr("its take has come, and is cut in once nobody works on the cut")
        if order_id in pending.offered:
            return self.tr("its take has come, and is offered")
        if order_id not in self._model.orders.orders:
            return self.tr("the unit has not said yet what has become of it")
        return self.tr("being made, then cut in by itself") if by_itself else self.tr("being made")

    def _add(self, symbol: str, text: str, path: str = "", order_id: str = "") -> None:
        item = QListWidgetItem(icon(symbol), text)
        item.setToolTip(path)
        item.setData(_ORDER, order_id)
        self.list.addItem(item)

    def _selected(self) -> str:
        return next((str(item.data(_ORDER)) for item in self.list.selectedItems()), "")

    def _can_be_cut_in(self) -> list[str]:
        """Order ids."""
        pending, selected = self._model.pending, self._selected()
        came = [order_id for order_id in pending.awaited or () if order_id in (*pending.offered, *pending.waiting)]
        return [order_id for order_id in came if selected in ("", order_id)]

    def _enable(self) -> None:
        here = self._model.cut.open is not None
        self.cut_in.setEnabled(here and bool(self._can_be_cut_in()))
        self.leave_out.setEnabled(here and bool(self._selected()))

    def _cut_in(self) -> None:
        for order_id in self._can_be_cut_in():
            self._model.pending.cut_in(order_id)

    def _leave_out(self) -> None:
        self._model.pending.settle(self._selected())

    def _choose(self) -> None:
        as_they_arrive = self._model.pending.choices.as_they_arrive
        if self._model.pending.fills:
            as_they_arrive = self.as_they_arrive.isChecked()
        self._model.pending.choose(Choices(as_they_arrive, self.take_failed_out.isChecked()))

    def _activate(self, item: QListWidgetItem) -> None:
        order_id = str(item.data(_ORDER))
        if order_id and order_id in self._can_be_cut_in():
            self._model.pending.cut_in(order_id)
        elif item.toolTip():
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(Path(item.toolTip()).parent)))
