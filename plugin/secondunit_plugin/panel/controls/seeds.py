"""How many takes, and from which seed on."""

from PyQt5.QtCore import QSignalBlocker
from PyQt5.QtWidgets import QHBoxLayout, QLabel, QSpinBox, QToolButton
from secondunit_bridge.controls import SeedControl

from secondunit_plugin.panel.controls.base import Field
from secondunit_plugin.panel.icons import icon
from secondunit_plugin.panel.model.values import ControlValue, Seeds

_LARGEST = 2**31 - 1
_NARROWEST = 70


class SeedsField(Field):
    def __init__(self, kind: SeedControl) -> None:
        super().__init__()
        self._takes = QSpinBox()
        self._takes.setRange(1, kind.most)
        self._takes.setAccessibleName(self.tr("Number of takes"))
        self._first = QSpinBox()
        self._first.setRange(0, _LARGEST)
        self._first.setMinimumWidth(_NARROWEST)
        self._first.setAccessibleName(self.tr("Seed of the first take"))
        further = QToolButton()
        further.setIcon(icon("dice-multiple-outline"))
        further.setToolTip(self.tr("Seeds that this number of takes has not used"))
        further.setAccessibleName(self.tr("Other seeds"))
        further.clicked.connect(self._step)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._takes)
        layout.addWidget(QLabel(self.tr("takes from seed")))
        layout.addWidget(self._first, 1)
        layout.addWidget(further)
        self._takes.valueChanged.connect(self._changed)
        self._first.valueChanged.connect(self._changed)
        self.setFocusProxy(self._takes)

    def show_value(self, value: ControlValue | None) -> None:
        seeds = value if isinstance(value, Seeds) else Seeds(0, 1)
        with QSignalBlocker(self._takes), QSignalBlocker(self._first):
            self._takes.setValue(seeds.takes)
            self._first.setValue(seeds.first)

    def _step(self) -> None:
        self._first.setValue(min(_LARGEST, self._first.value() + self._takes.value()))

    def _changed(self) -> None:
        self.edited.emit(Seeds(self._first.value(), self._takes.value()))
