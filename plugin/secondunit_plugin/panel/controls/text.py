"""What is to be seen, in words, with the texts of earlier orders."""

from PyQt5.QtCore import QPoint, QSignalBlocker, Qt, pyqtSignal
from PyQt5.QtGui import QKeyEvent, QTextCursor
from PyQt5.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QVBoxLayout,
)
from secondunit_bridge.controls import TextControl
from secondunit_bridge.messages import Text

from secondunit_plugin.panel.controls.base import Field, tool_button
from secondunit_plugin.panel.model.history import HistoryModel
from secondunit_plugin.panel.model.values import ControlValue

_LINES = 4
_POPUP = (380, 260)


class PromptEdit(QPlainTextEdit):
    """Up in the first line asks for the text before, Down in the last for the one after."""

    stepped = pyqtSignal(int)

    def keyPressEvent(self, e: QKeyEvent | None) -> None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(e.key())) if e is not None else None
        cursor = self.textCursor()
        way = QTextCursor.MoveOperation.Up if step == -1 else QTextCursor.MoveOperation.Down
        if e is None or step is None or e.modifiers() & Qt.KeyboardModifier.ShiftModifier or cursor.movePosition(way):
            super().keyPressEvent(e)
        else:
            self.stepped.emit(step)


class HistoryPopup(QFrame):
    """The texts of earlier orders, the latest first, narrowed by the words that are typed."""

    chosen = pyqtSignal(object)
    """A `Text`."""

    def __init__(self, texts: tuple[Text, ...], parent: "TextField") -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search"))
        self.search.setAccessibleName(self.tr("Search earlier texts"))
        self.search.setClearButtonEnabled(True)
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Earlier texts"))
        self.list.setWordWrap(True)
        for text in reversed(texts):
            item = QListWidgetItem(text.prompt)
            item.setData(Qt.ItemDataRole.UserRole, text)
            if text.negative:
                item.setToolTip(self.tr("Not: {text}").format(text=text.negative))
            self.list.addItem(item)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addWidget(self.search)
        layout.addWidget(self.list)
        self.resize(*_POPUP)
        self.search.textChanged.connect(self._narrow)
        self.search.returnPressed.connect(self._take)
        self.list.itemActivated.connect(self._take)
        self.list.itemClicked.connect(self._take)
        self.list.setCurrentRow(0)

    def keyPressEvent(self, a0: QKeyEvent | None) -> None:
        if a0 is not None and a0.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._step(-1 if a0.key() == Qt.Key.Key_Up else 1)
        else:
            super().keyPressEvent(a0)

    def _narrow(self, words: str) -> None:
        wanted = words.casefold().split()
        for item in self._items():
            item.setHidden(not all(word in item.text().casefold() for word in wanted))
        seen = self._seen()
        self.list.setCurrentItem(seen[0] if seen else None)

    def _step(self, by: int) -> None:
        seen = self._seen()
        current = self.list.currentItem()
        if seen:
            at = seen.index(current) if current in seen else -by
            self.list.setCurrentItem(seen[min(len(seen) - 1, max(0, at + by))])

    def _items(self) -> list[QListWidgetItem]:
        return [item for row in range(self.list.count()) if (item := self.list.item(row)) is not None]

    def _seen(self) -> list[QListWidgetItem]:
        return [item for item in self._items() if not item.isHidden()]

    def _take(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self.chosen.emit(item.data(Qt.ItemDataRole.UserRole))
        self.close()


class TextField(Field):
    def __init__(self, kind: TextControl, history: HistoryModel) -> None:
        super().__init__()
        self._kind = kind
        self._history = history
        self._back = 0
        """How many texts back in the history the one that is shown lies; 0: what is being written."""
        self._written = Text("")
        self._prompt = PromptEdit()
        self._prompt.setPlaceholderText(self.tr("What is to be seen"))
        self._prompt.stepped.connect(self._step)
        self._negative = QPlainTextEdit()
        self._negative.setPlaceholderText(self.tr("What is not to be seen"))
        self._negative.setAccessibleName(self.tr("What is not to be seen"))
        self._negative.setVisible(kind.negative)
        self.earlier = tool_button("history", self.tr("Texts of earlier orders (Up and Down in the text)"))
        self.earlier.clicked.connect(self._open_search)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._prompt)
        row.addWidget(self.earlier, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row)
        layout.addWidget(self._negative)
        for box, lines in ((self._prompt, _LINES), (self._negative, _LINES // 2)):
            box.setTabChangesFocus(True)
            box.setFixedHeight(box.fontMetrics().lineSpacing() * lines + 12)
            box.textChanged.connect(self._changed)
        self.setFocusProxy(self._prompt)
        history.changed.connect(self._show_history)
        self._show_history()

    def show_value(self, value: ControlValue | None) -> None:
        text = value if isinstance(value, Text) else Text("")
        for box, words in ((self._prompt, text.prompt), (self._negative, text.negative)):
            if box.toPlainText().strip() != words:
                with QSignalBlocker(box):
                    box.setPlainText(words)

    def search(self) -> HistoryPopup:
        popup = HistoryPopup(self._history.texts, self)
        popup.chosen.connect(self._use)
        popup.move(self.mapToGlobal(QPoint(self.width() - _POPUP[0], self._prompt.height() + 2)))
        popup.show()
        popup.search.setFocus()
        return popup

    def _open_search(self) -> None:
        self.search()

    def _step(self, by: int) -> None:
        back = self._back - by
        if not 0 <= back <= len(self._history.texts):
            return
        if self._back == 0:
            self._written = self._text
        self._use(self._history.texts[-back] if back else self._written)
        self._back = back

    def _use(self, text: Text) -> None:
        text = text if self._kind.negative else Text(text.prompt)
        self.show_value(text)
        self._prompt.moveCursor(QTextCursor.MoveOperation.End)
        self._changed()

    @property
    def _text(self) -> Text:
        return Text(self._prompt.toPlainText().strip(), self._negative.toPlainText().strip())

    def _show_history(self) -> None:
        self.earlier.setEnabled(bool(self._history.texts))

    def _changed(self) -> None:
        self._back = 0
        text = self._text
        self.edited.emit(text if text.prompt or text.negative else None)
