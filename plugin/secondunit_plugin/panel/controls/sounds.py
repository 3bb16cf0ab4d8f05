"""What sound the take has."""

from PyQt5.QtCore import QSignalBlocker
from PyQt5.QtWidgets import QComboBox
from secondunit_bridge.messages import SoundKind

from secondunit_plugin.panel.controls.base import Field
from secondunit_plugin.panel.model.values import ControlValue
from secondunit_plugin.panel.words import of_sound


class SoundField(Field):
    def __init__(self) -> None:
        super().__init__()
        self._box = QComboBox()
        for kind in SoundKind:
            self._box.addItem(of_sound(kind), kind)
        self._box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._box.currentIndexChanged.connect(lambda _: self.edited.emit(SoundKind(self._box.currentData())))
        self._hold(self._box)

    def show_value(self, value: ControlValue | None) -> None:
        shown = value if isinstance(value, SoundKind) else SoundKind.ROOM_TONE
        with QSignalBlocker(self._box):
            self._box.setCurrentIndex(list(SoundKind).index(shown))
