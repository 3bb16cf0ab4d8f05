"""A move of the camera: its name, and how far it goes; its path is drawn on the picture."""

from PyQt5.QtCore import QSignalBlocker, Qt
from PyQt5.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout
from secondunit_bridge.controls import CameraMoveControl, Control
from secondunit_bridge.messages import CameraMove
from superqt import QLabeledSlider

from secondunit_plugin.panel.controls.base import DrawButton, Field
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.model.values import ControlValue
from secondunit_plugin.panel.words import of_move

_PERCENT = 100


class CameraField(Field):
    def __init__(self, control: Control, kind: CameraMoveControl, model: PanelModel) -> None:
        super().__init__()
        self._moves = QComboBox()
        self._moves.addItem(self.tr("none"), "")
        for move in kind.moves:
            self._moves.addItem(of_move(move), move)
        self._moves.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._amount = QLabeledSlider(Qt.Orientation.Horizontal)
        self._amount.setRange(1, _PERCENT)
        self._amount.setValue(round(CameraMove("").amount * _PERCENT))
        self._amount.setAccessibleName(self.tr("How far the camera moves, in percent of the frame"))
        self._amount.setToolTip(self._amount.accessibleName())
        self._draw = DrawButton("camera-control", self.tr("Show the move on the picture"), control, model)
        self._moves.currentIndexChanged.connect(self._changed)
        self._amount.valueChanged.connect(self._changed)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._moves, 1)
        row.addWidget(self._draw)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row)
        amount = QHBoxLayout()
        amount.addWidget(self._amount, 1)
        amount.addWidget(QLabel(self.tr("% of the frame")))
        layout.addLayout(amount)
        self.setFocusProxy(self._moves)

    def show_value(self, value: ControlValue | None) -> None:
        move = value if isinstance(value, CameraMove) else None
        with QSignalBlocker(self._moves), QSignalBlocker(self._amount):
            self._moves.setCurrentIndex(self._moves.findData(move.move if move is not None else ""))
            if move is not None:
                self._amount.setValue(round(move.amount * _PERCENT))
        self._amount.setEnabled(move is not None)

    def _changed(self) -> None:
        move = self._moves.currentData()
        self.edited.emit(CameraMove(move, self._amount.value() / _PERCENT) if move else None)
