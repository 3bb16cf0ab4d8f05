"""Numbers: a slider with the number beside it."""

from PyQt5.QtCore import QSignalBlocker, Qt
from PyQt5.QtWidgets import QHBoxLayout, QSpinBox
from secondunit_bridge.controls import IntegerControl, NumberControl
from superqt import QLabeledDoubleSlider

from secondunit_plugin.panel.controls.base import Field
from secondunit_plugin.panel.model.values import ControlValue


class NumberField(Field):
    def __init__(self, kind: NumberControl) -> None:
        super().__init__()
        self._kind = kind
        self._slider = QLabeledDoubleSlider(Qt.Orientation.Horizontal)
        self._slider.setRange(kind.minimum, kind.maximum)
        self._slider.setDecimals(2)
        self._slider.valueChanged.connect(lambda value: self.edited.emit(float(value)))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._slider)
        self.setFocusProxy(self._slider)

    def show_value(self, value: ControlValue | None) -> None:
        with QSignalBlocker(self._slider):
            self._slider.setValue(value if isinstance(value, int | float) else self._kind.default)


class IntegerField(Field):
    def __init__(self, kind: IntegerControl) -> None:
        super().__init__()
        self._kind = kind
        self._box = QSpinBox()
        self._box.setRange(kind.minimum, kind.maximum)
        self._box.valueChanged.connect(self.edited.emit)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._box)
        self.setFocusProxy(self._box)

    def show_value(self, value: ControlValue | None) -> None:
        with QSignalBlocker(self._box):
            self._box.setValue(value if isinstance(value, int) else self._kind.default)
