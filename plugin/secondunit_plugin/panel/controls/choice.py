"""One of several, and yes or no."""

from PyQt5.QtCore import QSignalBlocker
from PyQt5.QtWidgets import QCheckBox, QComboBox
from secondunit_bridge.controls import ChoiceControl, ToggleControl

from secondunit_plugin.panel.controls.base import Field
from secondunit_plugin.panel.model.values import ControlValue


class ChoiceField(Field):
    def __init__(self, kind: ChoiceControl) -> None:
        super().__init__()
        self._kind = kind
        self._box = QComboBox()
        for choice in kind.choices:
            self._box.addItem(choice or self.tr("as the model does"), choice)
        self._box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._box.currentIndexChanged.connect(lambda _: self.edited.emit(self._box.currentData()))
        self._hold(self._box)

    def show_value(self, value: ControlValue | None) -> None:
        with QSignalBlocker(self._box):
            self._box.setCurrentIndex(self._box.findData(value if isinstance(value, str) else self._kind.default))


class ToggleField(Field):
    def __init__(self, kind: ToggleControl) -> None:
        super().__init__()
        self._kind = kind
        self._box = QCheckBox()
        self._box.toggled.connect(self.edited.emit)
        self._hold(self._box)

    def show_value(self, value: ControlValue | None) -> None:
        with QSignalBlocker(self._box):
            self._box.setChecked(value if isinstance(value, bool) else self._kind.default)
