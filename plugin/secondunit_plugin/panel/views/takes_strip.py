"""The takes that are there, one of which is looked at."""

from fractions import Fraction

from PyQt5.QtCore import QSignalBlocker, QSize, Qt
from PyQt5.QtGui import QIcon, QPixmap
from PyQt5.QtWidgets import QListView, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from secondunit_plugin.panel.frames.messages import MediaTime
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.model.takes import TakeId
from secondunit_plugin.panel.model.thumbnails import ThumbnailOf, Wanted

_WIDTH = 160


class TakesStrip(QWidget):
    """A take that arrives is chosen where none is."""

    def __init__(self, model: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._thumbnails: dict[Wanted, QListWidgetItem] = {}
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
        model.takes.cleared.connect(self._clear)
        model.thumbnails.arrived.connect(self._draw)
        model.takes.added.connect(self._add)
        model.takes.chosen_changed.connect(self._show_chosen)

    def _add(self, take: TakeId) -> None:
        made = self._model.takes.take(take)
        item = QListWidgetItem(made.record.name)
        item.setData(Qt.ItemDataRole.UserRole, take)
        item.setToolTip("\n".join((made.path, *made.record.notes)))
        self.list.addItem(item)
        slot = made.record.order.slot
        middle = MediaTime(made.path, Fraction(slot.head + slot.frames // 2) / slot.rate, slot.rate)
        self._thumbnails[ThumbnailOf(middle, _WIDTH)] = item
        self._model.thumbnails.wanted(ThumbnailOf(middle, _WIDTH))
        if self._model.takes.chosen is None:
            self._model.takes.choose(take)

    def _draw(self, one: Wanted) -> None:
        jpeg, item = self._model.thumbnails.get(one), self._thumbnails.get(one)
        if jpeg is not None and item is not None:
            picture = QPixmap()
            picture.loadFromData(jpeg)
            item.setIcon(QIcon(picture))

    def _clear(self) -> None:
        self._thumbnails.clear()
        self.list.clear()

    def _choose(self, item: QListWidgetItem | None) -> None:
        self._model.takes.choose(item.data(Qt.ItemDataRole.UserRole) if item is not None else None)

    def _show_chosen(self) -> None:
        with QSignalBlocker(self.list):
            for row in range(self.list.count()):
                item = self.list.item(row)
                if item is not None and item.data(Qt.ItemDataRole.UserRole) == self._model.takes.chosen:
                    self.list.setCurrentItem(item)
