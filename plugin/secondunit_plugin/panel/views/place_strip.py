"""The places of the cut: its shots, gaps and cut points, from which one is selected."""

from collections.abc import Iterable

from PyQt5.QtCore import QMimeData, QSignalBlocker, QSize
from PyQt5.QtGui import QFocusEvent, QIcon
from PyQt5.QtWidgets import QListView, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from secondunit_plugin.panel import drops, words
from secondunit_plugin.panel.icons import icon
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.model.places import GapPlace, JoinPlace, Place, ShotPlace

_HEIGHT = 66


class PlaceList(QListWidget):
    """Shots can be dragged out of it."""

    def __init__(self, strip: "PlaceStrip") -> None:
        super().__init__()
        self._strip = strip
        self.setDragEnabled(True)
        self.setDragDropMode(QListWidget.DragOnly)

    def mimeData(self, items: Iterable[QListWidgetItem]) -> QMimeData | None:
        places = [self._strip.place_at(self.row(item)) for item in items]
        shots = [place for place in places if isinstance(place, ShotPlace)]
        return drops.of_place(shots[0]) if shots else None

    def focusInEvent(self, e: QFocusEvent | None) -> None:
        """Qt would select the first place when the focus comes here without one."""
        with QSignalBlocker(self):
            super().focusInEvent(e)
        self._strip.show_place()


class PlaceStrip(QWidget):
    def __init__(self, model: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._places: tuple[Place, ...] = ()
        self.list = PlaceList(self)
        self.list.setAccessibleName(self.tr("Places of the cut"))
        self.list.setFlow(QListView.LeftToRight)
        self.list.setWrapping(False)
        self.list.setIconSize(QSize(16, 16))
        self.list.setFixedHeight(_HEIGHT)
        self.list.currentRowChanged.connect(self._select)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.list)
        model.cut.changed.connect(self._show_cut)
        model.place_changed.connect(self.show_place)

    def step(self, places: int) -> None:
        """Selects the place `places` further on."""
        row = self.list.currentRow() + places
        if 0 <= row < self.list.count():
            self.list.setCurrentRow(row)

    def place_at(self, row: int) -> Place:
        return self._places[row]

    def _show_cut(self) -> None:
        opened = self._model.cut.open
        places = opened.version.places if opened is not None else ()
        if places == self._places:
            return
        self._places = places
        with QSignalBlocker(self.list):
            self.list.clear()
            for place in places:
                item = QListWidgetItem(_icon_of(place), f"{place.track}  {words.of_place(place)}")
                if opened is not None:
                    item.setToolTip(opened.version.index.timecode(place.at.frame))
                self.list.addItem(item)
        self.show_place()

    def show_place(self) -> None:
        place = self._model.place
        with QSignalBlocker(self.list):
            self.list.setCurrentRow(self._places.index(place) if place in self._places else -1)
            item = self.list.currentItem()
            if item is not None:
                self.list.scrollToItem(item)
            else:
                self.list.clearSelection()

    def _select(self, row: int) -> None:
        self._model.select(self._places[row] if row >= 0 else None)


def _icon_of(place: Place) -> QIcon:
    match place:
        case ShotPlace():
            return icon("movie-outline")
        case GapPlace():
            return icon("select")
        case JoinPlace():
            return icon("arrow-collapse-horizontal")
