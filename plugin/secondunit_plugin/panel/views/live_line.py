"""One line: whether a small draft follows every change, and how far it is."""

from typing import assert_never

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QAction, QHBoxLayout, QLabel, QToolButton, QWidget

from secondunit_plugin.panel.model.live import Following, Idle, NotLive, Off
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.words import in_panel


class LiveLine(QWidget):
    def __init__(self, model: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.button = QToolButton()
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.said = QLabel()
        self.said.setProperty("role", "quiet")
        self.said.setWordWrap(True)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.button)
        layout.addWidget(self.said, 1)
        model.live.changed.connect(self._show)

    def bind(self, action: QAction) -> None:
        """The command that turns it on and off."""
        action.setCheckable(True)
        action.setToolTip(self.tr("A small draft follows every change; it is not kept"))
        self.button.setDefaultAction(action)
        self._show()

    def _show(self) -> None:
        live = self._model.live
        action = self.button.defaultAction()
        if action is not None:
            action.setChecked(live.on)
        match live.state:
            case Off():
                said = self.tr("A small draft can follow every change.")
            case Idle():
                said = self.tr("Nothing to show yet.")
            case Following(done=False):
                said = self.tr("A small draft is being made…")
            case Following():
                said = self.tr("The viewer shows a small draft.")
            case NotLive(why):
                said = in_panel(why)
            case _:
                assert_never(live.state)
        self.said.setText(said)
