"""How many camera frames the model sees beside what it makes."""

from PyQt5.QtCore import QSignalBlocker
from PyQt5.QtWidgets import QSpinBox
from secondunit_bridge.controls import FrameRangeControl

from secondunit_plugin.panel.controls.base import Field
from secondunit_plugin.panel.model.values import Beside, ControlValue

_MOST = 999


class BesideField(Field):
    """The same number on each side where there is footage on both."""

    def __init__(self, kind: FrameRangeControl) -> None:
        super().__init__()
        self._box = QSpinBox()
        self._box.setRange(0, kind.most or _MOST)
        self._box.setSpecialValueText(self.tr("as the model asks"))
        self._box.setSuffix(self.tr(" frames on each side"))
        self._box.valueChanged.connect(lambda frames: self.edited.emit(Beside(frames) if frames else None))
        self._hold(self._box)

    def show_value(self, value: ControlValue | None) -> None:
        with QSignalBlocker(self._box):
            self._box.setValue(value.frames if isinstance(value, Beside) else 0)
