"""The mouse over a widget: going from point to point with a button held, and dropping something."""

from PyQt5.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt
from PyQt5.QtGui import QDragEnterEvent, QDropEvent, QMouseEvent
from PyQt5.QtWidgets import QApplication, QWidget


def dragged(on: QWidget, *way: QPoint, button: Qt.MouseButton = Qt.MouseButton.LeftButton) -> None:
    last = len(way) - 1
    for place, at in enumerate(way):
        kinds = [QEvent.Type.MouseButtonPress] if place == 0 else [QEvent.Type.MouseMove]
        if place == last:
            kinds.append(QEvent.Type.MouseButtonRelease)
        for kind in kinds:
            pressed = QMouseEvent(kind, QPointF(at), button, button, Qt.KeyboardModifier.NoModifier)
            QApplication.sendEvent(on, pressed)


def dropped(on: QWidget, at: QPoint, data: QMimeData) -> None:
    """On a widget that the mouse would find there and that takes drops."""
    assert on.acceptDrops()
    kinds = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(on, QDragEnterEvent(at, Qt.DropAction.CopyAction, data, *kinds))
    QApplication.sendEvent(on, QDropEvent(QPointF(at), Qt.DropAction.CopyAction, data, *kinds))
