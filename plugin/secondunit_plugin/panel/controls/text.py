"""What is to be seen, in words."""

from PyQt5.QtCore import QSignalBlocker
from PyQt5.QtWidgets import QPlainTextEdit, QVBoxLayout
from secondunit_bridge.controls import TextControl
from secondunit_bridge.messages import Text

from secondunit_plugin.panel.controls.base import Field
from secondunit_plugin.panel.model.values import ControlValue

_LINES = 4


class TextField(Field):
    def __init__(self, kind: TextControl) -> None:
        super().__init__()
        self._prompt = QPlainTextEdit()
        self._prompt.setPlaceholderText(self.tr("What is to be seen"))
        self._negative = QPlainTextEdit()
        self._negative.setPlaceholderText(self.tr("What is not to be seen"))
        self._negative.setAccessibleName(self.tr("What is not to be seen"))
        self._negative.setVisible(kind.negative)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for box, lines in ((self._prompt, _LINES), (self._negative, _LINES // 2)):
            box.setTabChangesFocus(True)
            box.setFixedHeight(box.fontMetrics().lineSpacing() * lines + 12)
            box.textChanged.connect(self._changed)
            layout.addWidget(box)
        self.setFocusProxy(self._prompt)

    def show_value(self, value: ControlValue | None) -> None:
        text = value if isinstance(value, Text) else Text("")
        for box, words in ((self._prompt, text.prompt), (self._negative, text.negative)):
            if box.toPlainText() != words:
                with QSignalBlocker(box):
                    box.setPlainText(words)

    def _changed(self) -> None:
        text = Text(self._prompt.toPlainText().strip(), self._negative.toPlainText().strip())
        self.edited.emit(text if text.prompt or text.negative else None)
