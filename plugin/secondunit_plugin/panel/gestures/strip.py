"""The buttons of the tool that is taken up."""

from collections.abc import Callable
from functools import partial

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtWidgets import QButtonGroup, QComboBox, QFrame, QHBoxLayout, QLabel, QSlider, QToolButton, QWidget

from secondunit_plugin.panel.controls.base import tool_button
from secondunit_plugin.panel.gestures.camera_tool import CameraTool
from secondunit_plugin.panel.gestures.mask_tool import MaskTool
from secondunit_plugin.panel.gestures.tool import Tool
from secondunit_plugin.panel.model.values import MarkForm
from secondunit_plugin.panel.words import of_move

_WIDEST, _SOFTEST = 40, 20
"""In percent of the picture's width."""
_PERCENT = 100


class Strip(QFrame):
    """`forms`, `erase`, `size` and `soft` are a mask's only. `changed`: what the tool paints next is another."""

    done = pyqtSignal()
    changed = pyqtSignal()

    def __init__(self, tool: Tool, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "tools")
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.forms: dict[MarkForm, QToolButton] = {}
        self.erase: QToolButton | None = None
        self.size_: QSlider | None = None
        self.soft: QSlider | None = None
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(6, 4, 6, 4)
        if isinstance(tool, MaskTool):
            self._fill_for_mask(tool)
        elif isinstance(tool, CameraTool):
            self._fill_for_camera(tool)
        undo = tool_button("undo-variant", self.tr("Take the last one away (Backspace)"))
        undo.clicked.connect(tool.undo)
        clear = tool_button("delete-sweep-outline", self.tr("Take all away"))
        clear.clicked.connect(lambda: tool.set_value(None))
        hint = QLabel(tool.hint)
        hint.setProperty("role", "quiet")
        done = tool_button("check", self.tr("Done (Escape)"))
        done.clicked.connect(self.done)
        for widget in (undo, clear, hint, done):
            self._row.addWidget(widget)
        self.adjustSize()

    def _fill_for_mask(self, tool: MaskTool) -> None:
        group = QButtonGroup(self)
        words = {
            MarkForm.BRUSH: ("brush", self.tr("Brush (B)")),
            MarkForm.BOX: ("vector-square", self.tr("Box (R)")),
            MarkForm.LASSO: ("lasso", self.tr("Lasso (F)")),
        }
        for form, (name, text) in words.items():
            button = self.forms[form] = tool_button(name, text)
            button.setCheckable(True)
            button.setChecked(form is tool.form)
            button.clicked.connect(partial(self._use_form, tool, form))
            group.addButton(button)
            self._row.addWidget(button)
        self.erase = tool_button("eraser", self.tr("Erase (E)"))
        self.erase.setCheckable(True)
        self.erase.toggled.connect(lambda erases: setattr(tool, "erases", erases))
        self._row.addWidget(self.erase)
        self.size_ = self._slider(self.tr("Size"), 1, _WIDEST, tool.width, tool.set_width)
        self.soft = self._slider(self.tr("Soft edge"), 0, _SOFTEST, tool.soft, tool.set_soft)

    def _fill_for_camera(self, tool: CameraTool) -> None:
        moves = QComboBox()
        moves.setAccessibleName(self.tr("Camera move"))
        moves.addItem(self.tr("none"), "")
        for move in tool.moves:
            moves.addItem(of_move(move), move)
        _show_move(tool, moves)
        moves.activated.connect(lambda place: tool.choose(moves.itemData(place)))
        tool.repaint.connect(partial(_show_move, tool, moves))
        self._row.addWidget(moves)

    def _slider(self, name: str, least: int, most: int, value: float, use: Callable[[float], None]) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(least, most)
        slider.setValue(round(value * _PERCENT))
        slider.setFixedWidth(80)
        slider.setAccessibleName(self.tr("{name}, in percent of the picture's width").format(name=name))
        slider.setToolTip(slider.accessibleName())
        slider.valueChanged.connect(lambda percent: use(percent / _PERCENT))
        self._row.addWidget(QLabel(name))
        self._row.addWidget(slider)
        return slider

    def _use_form(self, tool: MaskTool, form: MarkForm, _checked: bool = False) -> None:
        tool.form = form
        self.changed.emit()


def _show_move(tool: CameraTool, moves: QComboBox) -> None:
    moves.setCurrentIndex(moves.findData(tool.move.move if tool.move is not None else ""))
