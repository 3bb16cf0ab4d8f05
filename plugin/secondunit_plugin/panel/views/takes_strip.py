"""The takes that are there, one of which is looked at."""

from PyQt5.QtCore import QSignalBlocker, QSize, Qt
from PyQt5.QtGui import QIcon, QImage, QPixmap
from PyQt5.QtWidgets import QListView, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from secondunit_plugin.panel.background import Operation
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.model.takes import TakeId
from secondunit_plugin.panel.stills import still

_WIDTH = 160


class TakesStrip(QWidget):
    """A take that arrives is chosen where none is."""

    def __init__(self, model: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Takes"))
        self.list.setViewMode(QListView.IconMode)
        self.list.setFlow(QListView.LeftToRight)
        self.list.setWrapping(False)
        self.list.setMovement(QListView.Static)
        self.list.setIconSize(QSize(_WIDTH, _WIDTH * 9 // 16))
        self.list.setGridSize(QSize(_WIDTH + 24, _WIDTH * 9 // 16 + 40))  # pictures arrive after their items
        self.list.setMinimumHeight(_WIDTH * 9 // 16 + 60)
        self.list.currentItemChanged.connect(self._choose)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.list)
        model.takes.cleared.connect(self.list.clear)
        model.takes.added.connect(self._add)
        model.takes.chosen_changed.connect(self._show_chosen)

    def _add(self, take: TakeId) -> None:
        made = self._model.takes.take(take)
        item = QListWidgetItem(made.record.name)
        item.setData(Qt.ItemDataRole.UserRole, take)
        item.setToolTip("\n".join((made.path, *made.record.notes)))
        self.list.addItem(item)
        slot = made.record.order.slot
        Operation(self, lambda: still(made.path, slot.head + slot.frames // 2, slot.rate, _WIDTH)).success(
            lambda picture: _draw(item, picture)
        ).failure(lambda error: item.setToolTip(str(error))).run()
        if self._model.takes.chosen is None:
            self._model.takes.choose(take)

    def _choose(self, item: QListWidgetItem | None) -> None:
        self._model.takes.choose(item.data(Qt.ItemDataRole.UserRole) if item is not None else None)

    def _show_chosen(self) -> None:
        with QSignalBlocker(self.list):
            for row in range(self.list.count()):
                item = self.list.item(row)
                if item is not None and item.data(Qt.ItemDataRole.UserRole) == self._model.takes.chosen:
                    self.list.setCurrentItem(item)


def _draw(item: QListWidgetItem, picture: QImage) -> None:
    item.setIcon(QIcon(QPixmap.fromImage(picture)))
