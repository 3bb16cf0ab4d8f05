"""The mouse over a widget: going from point to point with a button held, and dropping something."""

from PyQt5.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt
from PyQt5.QtGui import QDragEnterEvent, QDropEvent, QMouseEvent
from PyQt5.QtWidgets import QApplication, QScrollArea, QWidget
from pytestqt.qtbot import QtBot


def dragged(on: QWidget, *way: QPoint, button: Qt.MouseButton = Qt.MouseButton.LeftButton) -> None:
    last = len(way) - 1
    for place, at in enumerate(way):
        kinds = [QEvent.Type.MouseButtonPress] if place == 0 else [QEvent.Type.MouseMove]
        if place == last:
            kinds.append(QEvent.Type.MouseButtonRelease)
        for kind in kinds:
            pressed = QMouseEvent(kind, QPointF(at), button, button, Qt.KeyboardModifier.NoModifier)
            QApplication.sendEvent(on, pressed)


def clicked(qtbot: QtBot, on: QWidget) -> None:
    """With the mouse, where it finds the widget on the screen: a form is scrolled to it first."""
    above = on.parentWidget()
    while above is not None:
        if isinstance(above, QScrollArea):
            qtbot.wait(1)  # rows that have just come are laid out
            above.ensureWidgetVisible(on)
        above = above.parentWidget()
    window = on.window()
    assert window is not None
    middle = on.mapTo(window, on.rect().center())

    def found() -> bool:
        child = window.childAt(middle)
        return child is on or (child is not None and on.isAncestorOf(child))

    assert found(), f"something else lies there: {window.childAt(middle)}"
    qtbot.mouseClick(on, Qt.MouseButton.LeftButton)


def dropped(on: QWidget, at: QPoint, data: QMimeData) -> None:
    """On a widget that the mouse would find there and that takes drops."""
    assert on.acceptDrops()
    kinds = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(on, QDragEnterEvent(at, Qt.DropAction.CopyAction, data, *kinds))
    QApplication.sendEvent(on, QDropEvent(QPointF(at), Qt.DropAction.CopyAction, data, *kinds))
