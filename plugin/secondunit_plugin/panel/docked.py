"""The panel as a dock in the window of a program that is made with PyQt5, in its process."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from PyQt5.QtCore import QCoreApplication, QEvent, QObject, Qt
from PyQt5.QtGui import QKeyEvent, QKeySequence
from PyQt5.QtWidgets import QAction, QApplication, QDockWidget, QMainWindow, QWidget

from secondunit_plugin.panel import theme
from secondunit_plugin.panel.app import fill
from secondunit_plugin.panel.background import finish
from secondunit_plugin.panel.commands import Command
from secondunit_plugin.panel.plurals import EnglishPlurals
from secondunit_plugin.panel.window import Window

if TYPE_CHECKING:
    from secondunit_plugin.hosts.host import Host
    from secondunit_plugin.panel.model.panel import PanelModel


def dock(window: QMainWindow, host: "Callable[[], Host]") -> "Dock":
    """Puts the panel where it was in `window`, at first on the right.

    `host` reaches the program, and is called in a thread.
    """
    made, closing = Dock(window), ExitStack()
    if not window.restoreDockWidget(made):
        window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, made)
    closing.callback(finish)

    def follow(model: "PanelModel") -> None:
        made.keep_to_itself()
        model.follow(host)

    app = QCoreApplication.instance()
    assert app is not None
    app.installTranslator(EnglishPlurals(app))
    fill(made.panel, closing, "docked.ini", follow)
    app.aboutToQuit.connect(closing.close)
    return made


class Dock(QDockWidget):
    """While the focus is in the panel, its keys are its own: the window's do not see them, nor the other way round."""

    def __init__(self, window: QMainWindow) -> None:
        super().__init__("Second Unit", window)
        self.setObjectName("secondunit")
        self.panel = Window()
        self.panel.setWindowFlags(Qt.WindowType.Widget)
        theme.apply(self.panel)
        self.setWidget(self.panel)
        self._taken: int | None = None

    def keep_to_itself(self) -> None:
        """Once the panel is filled: the program opens and closes its cut."""
        for command in (Command.OPEN, Command.QUIT):
            self.panel.actions_[command].setVisible(False)
        for action in self.panel.findChildren(QAction):
            if action.shortcutContext() == Qt.ShortcutContext.WindowShortcut:
                action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)

    def event(self, event: QEvent | None) -> bool:
        """Where a key is a command of the panel and of the window, Qt would do neither."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            action = self._meant(event)
            if action is not None:
                event.accept()
                self._taken = event.key()
                app = QApplication.instance()
                assert app is not None
                app.installEventFilter(self)
                action.trigger()
                return True
        return super().event(event)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """The press of a key whose command was done is nobody else's."""
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress or event.key() != self._taken:
            return super().eventFilter(watched, event)
        app = QApplication.instance()
        assert app is not None
        app.removeEventFilter(self)
        return True

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """What nobody in the panel has a use for is no command of the window: Delete would delete clips there."""
        if event is not None:
            event.accept()

    def _meant(self, event: QKeyEvent) -> QAction | None:
        keys = QKeySequence(event.key() | int(event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier))
        focus = QApplication.focusWidget()
        for action in self.panel.findChildren(QAction):
            if (
                action.isEnabled()
                and keys in action.shortcuts()
                and any(
                    isinstance(one, QWidget) and focus is not None and (one is focus or one.isAncestorOf(focus))
                    for one in action.associatedWidgets()
                )
            ):
                return action
        return None
