"""The form: the controls of the draft's model, group by group."""

from functools import partial
from typing import assert_never

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtWidgets import QApplication, QGridLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget
from secondunit_bridge.controls import (
    CameraMoveControl,
    ChoiceControl,
    Control,
    FrameRangeControl,
    ImageControl,
    IntegerControl,
    KeyframesControl,
    LookControl,
    MaskControl,
    NumberControl,
    SeedControl,
    ShotControl,
    SoundControl,
    StrokesControl,
    TextControl,
    ToggleControl,
)

from secondunit_plugin.panel.controls.base import Field, tool_button
from secondunit_plugin.panel.controls.beside import BesideField
from secondunit_plugin.panel.controls.camera import CameraField
from secondunit_plugin.panel.controls.choice import ChoiceField, ToggleField
from secondunit_plugin.panel.controls.keyframes import KeyframesField
from secondunit_plugin.panel.controls.looks import LooksField
from secondunit_plugin.panel.controls.mask import MaskField
from secondunit_plugin.panel.controls.number import IntegerField, NumberField
from secondunit_plugin.panel.controls.references import ReferencesField
from secondunit_plugin.panel.controls.seeds import SeedsField
from secondunit_plugin.panel.controls.sounds import SoundField
from secondunit_plugin.panel.controls.strokes import StrokesField
from secondunit_plugin.panel.controls.text import TextField
from secondunit_plugin.panel.model.draft import Known
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.model.values import shown


def field_for(control: Control, model: PanelModel) -> Field:
    """What draws the control."""
    match control.kind:
        case TextControl() as kind:
            return TextField(kind, model.history)
        case NumberControl() as kind:
            return NumberField(kind)
        case IntegerControl() as kind:
            return IntegerField(kind)
        case ChoiceControl() as kind:
            return ChoiceField(kind)
        case ToggleControl() as kind:
            return ToggleField(kind)
        case SeedControl() as kind:
            return SeedsField(kind)
        case ImageControl() | ShotControl() as kind:
            return ReferencesField(kind, model)
        case KeyframesControl() as kind:
            return KeyframesField(kind, model)
        case FrameRangeControl() as kind:
            return BesideField(kind)
        case MaskControl():
            return MaskField(control, model)
        case StrokesControl() as kind:
            return StrokesField(control, kind, model)
        case CameraMoveControl() as kind:
            return CameraField(control, kind, model)
        case SoundControl():
            return SoundField()
        case LookControl():
            return LooksField()
        case _:
            assert_never(control.kind)


class ControlForm(QWidget):
    """Redrawn on `DraftModel.form_changed`; each field is bound to the draft's value of its control's name."""

    def __init__(self, model: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._draft = model.draft
        self._controls: tuple[Control, ...] = ()
        self._rows: list[Row] = []
        self._closed = {"speed"}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._draft.form_changed.connect(self._draw)
        self._draft.changed.connect(self._show_values)

    def field(self, name: str) -> Field | None:
        return next((row.field for row in self._rows if row.control.name == name), None)

    def row(self, name: str) -> "Row":
        return next(row for row in self._rows if row.control.name == name)

    def _draw(self) -> None:
        state = self._draft.controls
        controls = state.controls if isinstance(state, Known) else ()
        if controls != self._controls:
            self._controls = controls
            self._clear()
            groups: dict[str, QVBoxLayout] = {}
            for control in controls:
                if control.group not in groups:
                    groups[control.group] = self._group(control.group)
                row = Row(control, field_for(control, self._model))
                row.field.edited.connect(partial(self._draft.set_value, control.name))
                row.reset.clicked.connect(partial(self._reset, control.name))
                groups[control.group].addWidget(row)
                self._rows.append(row)
        self._show_values()

    def _group(self, name: str) -> QVBoxLayout:
        group = Group(name.capitalize(), is_open=name not in self._closed)
        group.toggled.connect(partial(self._toggled, name))
        self._layout.addWidget(group)
        return group.rows

    def _toggled(self, name: str, is_open: bool) -> None:
        (self._closed.discard if is_open else self._closed.add)(name)

    def _reset(self, name: str, _checked: bool = False) -> None:
        self._draft.set_value(name, None)

    def _show_values(self) -> None:
        values = self._draft.draft.values if self._draft.draft is not None else {}
        for row in self._rows:
            row.field.show_value(values.get(row.control.name))
            row.set_reset_shown(row.control.name in values)
            row.setVisible(shown(row.control, values, self._controls))

    def _clear(self) -> None:
        focused = QApplication.focusWidget()
        if focused is not None and self.isAncestorOf(focused):
            self.setFocus()  # else it goes to whatever widget comes next
        self._rows.clear()
        while (item := self._layout.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()


class Group(QWidget):
    """Rows below a title that opens and closes them.

    superqt's QCollapsible holds the height of its content, so that rows which come and go are cut off.
    """

    toggled = pyqtSignal(bool)

    def __init__(self, title: str, *, is_open: bool) -> None:
        super().__init__()
        self.title = QToolButton()
        self.title.setText(title)
        self.title.setProperty("role", "group")
        self.title.setCheckable(True)
        self.title.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.title.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        self._content = QWidget()
        self.rows = QVBoxLayout(self._content)
        self.rows.setContentsMargins(0, 0, 0, 6)
        self.rows.setSpacing(4)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.title)
        column.addWidget(self._content)
        self.title.toggled.connect(self._open)
        self.title.setChecked(is_open)
        self._open(is_open)
        self.title.toggled.connect(self.toggled)

    def _open(self, is_open: bool) -> None:
        self._content.setVisible(is_open)
        self.title.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)


class Row(QWidget):
    """A control's label, its field, and what takes it back to its default."""

    def __init__(self, control: Control, field: Field) -> None:
        super().__init__()
        self.control, self.field = control, field
        label = QLabel(control.label)
        label.setBuddy(field)
        label.setWordWrap(True)
        self.reset = tool_button("restore", self.tr("{label}: back to its default").format(label=control.label))
        self.reset.setAutoRaise(True)
        for said in (label, field):
            said.setToolTip(control.description)
        for named in (field, field.focusProxy()):
            if named is not None and not named.accessibleName():
                named.setAccessibleName(control.label)
                named.setAccessibleDescription(control.description)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 2, 0, 2)
        if isinstance(control.kind, _WIDE):
            grid.addWidget(label, 0, 0)
            grid.addWidget(self.reset, 0, 1)
            grid.addWidget(field, 1, 0, 1, 2)
            grid.setColumnStretch(0, 1)
        else:
            label.setFixedWidth(_LABEL_WIDTH)
            grid.addWidget(label, 0, 0)
            grid.addWidget(field, 0, 1)
            grid.addWidget(self.reset, 0, 2)
            grid.setColumnStretch(1, 1)
        policy = self.reset.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.reset.setSizePolicy(policy)

    def set_reset_shown(self, is_set: bool) -> None:
        self.reset.setVisible(is_set)


_WIDE = TextControl | CameraMoveControl | ImageControl | ShotControl | KeyframesControl | SeedControl | LookControl
_LABEL_WIDTH = 88
