"""The unit at the moment: what it runs on, its memory, the models that it keeps, its versions, since when."""

from datetime import UTC, datetime

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget
from secondunit_bridge.messages import UnitUse

from secondunit_plugin.panel import words
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.model.snapshot import Found
from secondunit_plugin.panel.model.unit import Ended, Reached

_BARS = 2
_STEPS = 1000


class UnitUseView(QWidget):
    def __init__(self, model: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.state, self.device, self.home, self.since, self.loaded, self.versions = (_text() for _ in range(6))
        self.bars = [QProgressBar() for _ in range(_BARS)]
        self._bar_names = [QLabel() for _ in range(_BARS)]
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(10)
        form.addRow(self.tr("State"), self.state)
        form.addRow(self.tr("Device"), self.device)
        for name, bar in zip(self._bar_names, self.bars, strict=True):
            bar.setMaximum(_STEPS)
            form.addRow(name, bar)
        form.addRow(self.tr("Models in memory"), self.loaded)
        form.addRow(self.tr("Runs since"), self.since)
        form.addRow(self.tr("Home"), self.home)
        form.addRow(self.tr("Versions"), self.versions)
        self.start = QPushButton(self.tr("Start the unit"))
        self.start.clicked.connect(model.link.start_unit)
        self.stop = QPushButton(self.tr("Stop the unit"))
        self.stop.setToolTip(self.tr("Orders stay with it, and go on once it is started."))
        self.stop.clicked.connect(model.stop_unit)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.start)
        buttons.addWidget(self.stop)
        column = QVBoxLayout(self)
        column.addLayout(form)
        column.addStretch(1)
        column.addLayout(buttons)
        model.unit_changed.connect(self._show)
        model.use.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        unit, found = self._model.unit, self._model.use.state
        self.state.setText(words.of_unit(unit))
        self.start.setEnabled(isinstance(unit, Ended))
        self.stop.setEnabled(isinstance(unit, Reached))
        if isinstance(unit, Reached):
            self.device.setText(", ".join(unit.info.devices))
            self.home.setText(unit.info.home)
        if isinstance(found, Found) and isinstance(unit, Reached):
            self._show_use(found.value)
        else:
            for label in (self.since, self.loaded, self.versions):
                label.setText("–")
            for bar in self.bars:
                bar.setValue(0)
                bar.setFormat("–")
        for name, bar in zip(self._bar_names, self.bars, strict=True):
            name.setVisible(bool(name.text()))
            bar.setVisible(bool(name.text()))

    def _show_use(self, use: UnitUse) -> None:
        for name, bar, one in zip(self._bar_names, self.bars, use.memory, strict=False):
            called = one.name or self.tr("Main memory")
            name.setText(called)
            bar.setAccessibleName(called)
            bar.setValue(round(one.used / one.total * _STEPS))
            said = self.tr("{used} of {total} used, {free} free").format(
                used=words.of_bytes(one.used),
                total=words.of_bytes(one.total),
                free=words.of_bytes(one.total - one.used),
            )
            own = "" if one.name else self.tr("; {own} by the unit").format(own=words.of_bytes(use.process_bytes))
            bar.setFormat(said + own)
        self.loaded.setText(", ".join(use.loaded) or self.tr("none"))
        self.versions.setText(", ".join(f"{one.package} {one.version}" for one in use.versions))
        began = datetime.fromisoformat(use.started)
        ran = words.of_seconds((datetime.now(UTC) - began).total_seconds())
        self.since.setText(f"{began.astimezone():%Y-%m-%d %H:%M} ({ran})")


def _text() -> QLabel:
    label = QLabel("–")
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
