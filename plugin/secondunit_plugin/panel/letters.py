"""Letters that are typed into a list go to the list, not to the commands of the window."""

from PyQt5.QtCore import QEvent, QObject, Qt
from PyQt5.QtGui import QKeyEvent
from PyQt5.QtWidgets import QAbstractItemView, QApplication, QComboBox, QWidget

_COMMANDS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier


class Letters(QObject):
    """Text fields keep their letters by themselves; this does the same for drop-downs and lists.

    `commanded`: a list whose letters are commands.
    """

    def __init__(self, commanded: QWidget, parent: QObject) -> None:
        super().__init__(parent)
        self._commanded = commanded
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._follow)

    def _follow(self, before: QWidget | None, after: QWidget | None) -> None:
        if before is not None:
            before.removeEventFilter(self)
        if isinstance(after, QComboBox | QAbstractItemView) and after is not self._commanded:
            after.installEventFilter(self)

    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:  # noqa: ARG002 - Qt's signature
        if (
            isinstance(a1, QKeyEvent)
            and a1.type() == QEvent.Type.ShortcutOverride
            and not a1.modifiers() & _COMMANDS
            and a1.text().strip()
            and a1.text().isprintable()
        ):
            a1.accept()
            return True
        return False
