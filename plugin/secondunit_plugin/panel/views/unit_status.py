"""One line: whether the unit answers."""

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QAction, QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from secondunit_plugin.panel import words
from secondunit_plugin.panel.icons import icon
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.model.unit import Ended, Lost, Reached, Searching, UnitState


class UnitStatus(QWidget):
    def __init__(self, model: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._icon = QLabel()
        self.text = QLabel(words.of_unit(model.unit))
        self.text.setAccessibleName(self.tr("Unit"))
        self.start = QPushButton(self.tr("Start the unit"))
        self.start.hide()
        self.start.clicked.connect(model.link.start_unit)
        self.more = QToolButton()
        self.more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.more.setAutoRaise(True)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(6, 0, 6, 0)
        layout.addWidget(self._icon)
        layout.addWidget(self.text)
        layout.addWidget(self.start)
        layout.addStretch(1)
        layout.addWidget(self.more)
        model.unit_changed.connect(self._show)

    def bind(self, action: QAction) -> None:
        """What shows more of the unit."""
        self.more.setDefaultAction(action)

    def _show(self) -> None:
        said = words.of_unit(self._model.unit)
        self.text.setText(said.splitlines()[0])
        self.text.setToolTip(said)
        self.start.setVisible(isinstance(self._model.unit, Ended))
        self._icon.setPixmap(icon(_icon_of(self._model.unit)).pixmap(16, 16))


def _icon_of(state: UnitState) -> str:
    match state:
        case Searching():
            return "lan-pending"
        case Reached():
            return "lan-connect"
        case Lost():
            return "lan-disconnect"
        case Ended():
            return "power-sleep"
