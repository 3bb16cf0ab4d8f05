"""A table of texts that is shown again without losing what is selected and scrolled to."""

from collections.abc import Mapping, Sequence

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtGui import QIcon
from PyQt5.QtWidgets import QTreeWidget, QTreeWidgetItem, QWidget

_KEY = Qt.ItemDataRole.UserRole


class Rows(QTreeWidget):
    """`widths`: of each column in pixels; the column that has 0 takes what is left."""

    chosen = pyqtSignal()

    def __init__(self, name: str, titles: Sequence[str], widths: Sequence[int], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setHeaderLabels(titles)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self._items: dict[str, QTreeWidgetItem] = {}
        header = self.header()
        assert header is not None
        header.setStretchLastSection(False)
        for column, width in enumerate(widths):
            if width:
                self.setColumnWidth(column, width)
            else:
                header.setSectionResizeMode(column, header.ResizeMode.Stretch)
        self.itemSelectionChanged.connect(self.chosen)

    @property
    def selected(self) -> str | None:
        items = self.selectedItems()
        return items[0].data(0, _KEY) if items else None

    def select(self, key: str) -> None:
        self.setCurrentItem(self._items[key])

    def texts(self, key: str) -> list[str]:
        return [self._items[key].text(column) for column in range(self.columnCount())]

    def show_rows(self, rows: Mapping[str, Sequence[str]], icons: Mapping[str, QIcon] | None = None) -> None:
        """In their order, by a key of each; only what has changed is drawn again."""
        if list(rows) != list(self._items):
            kept = self.selected
            self.clear()
            self._items = {}
            for key in rows:
                item = self._items[key] = QTreeWidgetItem()
                item.setData(0, _KEY, key)
                self.addTopLevelItem(item)
            if kept is not None and kept in rows:
                self.select(kept)
        for key, texts in rows.items():
            self.show_row(key, texts)
            if icons is not None:
                self._items[key].setIcon(0, icons[key])

    def show_row(self, key: str, texts: Sequence[str]) -> None:
        item = self._items[key]
        for column, text in enumerate(texts):
            if item.text(column) != text:
                item.setText(column, text)
                item.setToolTip(column, text)
