"""Numbers: a slider with the number beside it."""

from PyQt5.QtCore import QSignalBlocker, Qt
from PyQt5.QtWidgets import QSpinBox
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
        self._hold(self._slider)

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
        self._hold(self._box)

    def show_value(self, value: ControlValue | None) -> None:
        with QSignalBlocker(self._box):
            self._box.setValue(value if isinstance(value, int) else self._kind.default)
