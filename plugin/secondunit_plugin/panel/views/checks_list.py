"""Whether everything that orders need is on this machine, and what to do about what is not."""

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from secondunit_plugin.panel.icons import icon
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.model.snapshot import Found, NotFound
from secondunit_plugin.panel.views.rows import Rows

_ICONS = {"ok": "check", "FAIL": "alert-outline", "–": "minus"}


class ChecksList(QWidget):
    def __init__(self, model: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._checks = model.checks
        self.list = Rows(self.tr("Checks"), (self.tr("What"), self.tr("Result"), self.tr("It says")), (240, 90, 0))
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.again = QPushButton(icon("reload"), self.tr("Check again"))
        self.again.clicked.connect(self._checks.refresh)
        column = QVBoxLayout(self)
        column.addWidget(self.list, 1)
        column.addWidget(self.said)
        column.addWidget(self.again, 0, Qt.AlignmentFlag.AlignLeft)
        self.list.chosen.connect(self._show_selected)
        self._checks.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        self.again.setEnabled(not self._checks.asking)
        self.again.setText(self.tr("Checking…") if self._checks.asking else self.tr("Check again"))
        state = self._checks.state
        if isinstance(state, Found):
            results = {"ok": self.tr("in order"), "FAIL": self.tr("missing"), "–": self.tr("left out")}
            rows = {one.name: (one.name, results[one.mark], one.says) for one in state.value}
            self.list.show_rows(rows, {one.name: icon(_ICONS[one.mark]) for one in state.value})
            failed = [one.name for one in state.value if one.mark == "FAIL"]
            if failed and self.list.selected is None:
                self.list.select(failed[0])
        self._show_selected()

    def _show_selected(self) -> None:
        state, selected = self._checks.state, self.list.selected
        match state:
            case NotFound(why):
                self.said.setText(why)
            case Found(found):
                self.said.setText(next((one.says for one in found if one.name == selected), ""))
            case _:
                self.said.setText("")
