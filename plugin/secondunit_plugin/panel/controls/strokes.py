"""Regions that move, each with a direction and a speed; they are drawn on the picture."""

from dataclasses import replace

from PyQt5.QtCore import QSignalBlocker
from PyQt5.QtWidgets import QComboBox, QDoubleSpinBox, QHBoxLayout, QSpinBox, QVBoxLayout
from secondunit_bridge.controls import Control, StrokesControl
from secondunit_bridge.messages import Stroke, Strokes

from secondunit_plugin.panel.controls.base import DrawButton, Field, tool_button
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.model.values import ControlValue

_FASTEST = 4.0


class StrokesField(Field):
    """One region after the other; the numbers are those of the region that is chosen."""

    def __init__(self, control: Control, kind: StrokesControl, model: PanelModel) -> None:
        super().__init__()
        self._most = kind.most
        self._strokes: tuple[Stroke, ...] = ()
        self.regions = QComboBox()
        self.regions.setAccessibleName(self.tr("Region"))
        self.regions.currentIndexChanged.connect(self._show_region)
        self._draw = DrawButton("gesture", self.tr("Draw moving regions on the picture"), control, model)
        remove = tool_button("trash-can-outline", self.tr("Take the region away"))
        remove.clicked.connect(self._remove)
        self._direction = QSpinBox()
        self._direction.setRange(0, 359)
        self._direction.setWrapping(True)
        self._direction.setSuffix("°")
        self._direction.setAccessibleName(self.tr("Direction, in degrees clockwise from the right"))
        self._speed = QDoubleSpinBox()
        self._speed.setRange(0.0, _FASTEST)
        self._speed.setSingleStep(0.05)
        self._speed.setSuffix(self.tr(" widths/s"))
        self._speed.setAccessibleName(self.tr("Speed, in picture widths a second"))
        for box in (self._direction, self._speed):
            box.setToolTip(box.accessibleName())
        self._direction.valueChanged.connect(self._changed)
        self._speed.valueChanged.connect(self._changed)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._draw)
        row.addWidget(self.regions, 1)
        row.addWidget(remove)
        numbers = QHBoxLayout()
        numbers.setContentsMargins(0, 0, 0, 0)
        numbers.addWidget(self._direction, 1)
        numbers.addWidget(self._speed, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row)
        layout.addLayout(numbers)
        self.setFocusProxy(self._draw)
        self.show_value(None)

    def show_value(self, value: ControlValue | None) -> None:
        strokes = value.strokes if isinstance(value, Strokes) else ()
        grown = len(strokes) > len(self._strokes)
        chosen = self.regions.currentIndex()
        self._strokes = strokes
        with QSignalBlocker(self.regions):
            self.regions.clear()
            for number in range(len(strokes)):
                self.regions.addItem(self.tr("region {number}").format(number=number + 1))
            if not strokes:
                self.regions.addItem(self.tr("none"))
            self.regions.setCurrentIndex(len(strokes) - 1 if grown else min(max(0, chosen), max(0, len(strokes) - 1)))
        self._show_region()

    def _show_region(self) -> None:
        number = self.regions.currentIndex()
        stroke = self._strokes[number] if 0 <= number < len(self._strokes) else None
        with QSignalBlocker(self._direction), QSignalBlocker(self._speed):
            self._direction.setValue(round(stroke.direction) % 360 if stroke is not None else 0)
            self._speed.setValue(stroke.speed if stroke is not None else 0.0)
        for box in (self._direction, self._speed, self.regions):
            box.setEnabled(stroke is not None)

    def _changed(self) -> None:
        number = self.regions.currentIndex()
        if 0 <= number < len(self._strokes):
            changed = replace(
                self._strokes[number], direction=float(self._direction.value()), speed=self._speed.value()
            )
            self.edited.emit(Strokes((*self._strokes[:number], changed, *self._strokes[number + 1 :])))

    def _remove(self) -> None:
        number = self.regions.currentIndex()
        if 0 <= number < len(self._strokes):
            kept = (*self._strokes[:number], *self._strokes[number + 1 :])
            self.edited.emit(Strokes(kept) if kept else None)
