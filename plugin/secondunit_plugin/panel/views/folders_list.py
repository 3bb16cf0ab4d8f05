"""Where files lie and how much they take."""

from typing import assert_never

from PyQt5.QtCore import QUrl
from PyQt5.QtGui import QDesktopServices
from PyQt5.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from secondunit_plugin.panel import words
from secondunit_plugin.panel.icons import icon
from secondunit_plugin.panel.model.folders import Holds
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.model.snapshot import Found
from secondunit_plugin.panel.views.rows import Rows


class FoldersList(QWidget):
    def __init__(self, model: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folders = model.folders
        self.list = Rows(self.tr("Folders"), (self.tr("What"), self.tr("Takes up"), self.tr("Where")), (280, 100, 0))
        self.reveal = QPushButton(icon("folder-open-outline"), self.tr("Open the folder"))
        self.reveal.clicked.connect(self._reveal)
        self.clear = QPushButton(icon("broom"), self.tr("Clear small pictures"))
        self.clear.setToolTip(self.tr("They are made again when they are needed."))
        self.clear.clicked.connect(model.clear_pictures)
        self.again = QPushButton(icon("reload"), self.tr("Measure again"))
        self.again.clicked.connect(self._folders.refresh)
        buttons = QHBoxLayout()
        for one in (self.reveal, self.clear, self.again):
            buttons.addWidget(one)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.addWidget(self.list, 1)
        column.addLayout(buttons)
        self.list.chosen.connect(self._show)
        self._folders.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        state = self._folders.state
        if isinstance(state, Found):
            self.list.show_rows(
                {
                    str(one.path): (self._words(one.holds), words.of_bytes(one.bytes), str(one.path))
                    for one in state.value
                }
            )
        self.reveal.setEnabled(self.list.selected is not None)
        self.again.setEnabled(not self._folders.asking)

    def _words(self, holds: Holds) -> str:
        match holds:
            case Holds.TAKES:
                return self.tr("Takes")
            case Holds.MODELS:
                return self.tr("Models")
            case Holds.LOGS:
                return self.tr("Logs of the unit")
            case Holds.HOME:
                return self.tr("Orders, and the rest of the unit")
            case Holds.PANEL:
                return self.tr("Texts and window of the panel")
            case Holds.PICTURES:
                return self.tr("Small pictures and waveforms")
            case _:
                assert_never(holds)

    def _reveal(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(self.list.selected or ""))
