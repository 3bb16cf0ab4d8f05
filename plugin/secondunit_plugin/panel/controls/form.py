"""The form: the controls of the draft's model, group by group."""

from typing import assert_never

from PyQt5.QtWidgets import QFormLayout, QGroupBox, QLabel, QVBoxLayout, QWidget
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

from secondunit_plugin.panel.controls.base import Field
from secondunit_plugin.panel.controls.choice import ChoiceField, ToggleField
from secondunit_plugin.panel.controls.number import IntegerField, NumberField
from secondunit_plugin.panel.controls.seeds import SeedsField
from secondunit_plugin.panel.controls.text import TextField
from secondunit_plugin.panel.model.draft import DraftModel, Known
from secondunit_plugin.panel.model.values import shown


def field_for(control: Control) -> Field | None:
    """What draws the control; None for a kind that the panel has no field for, which then adds nothing to the order."""
    match control.kind:
        case TextControl() as kind:
            return TextField(kind)
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
        case (
            ImageControl()
            | KeyframesControl()
            | ShotControl()
            | FrameRangeControl()
            | MaskControl()
            | StrokesControl()
            | CameraMoveControl()
            | SoundControl()
            | LookControl()
        ):
            return None
        case _:
            assert_never(control.kind)


class ControlForm(QWidget):
    """Redrawn on `DraftModel.form_changed`; each field is bound to the draft's value of its control's name."""

    def __init__(self, draft: DraftModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._draft = draft
        self._controls: tuple[Control, ...] = ()
        self._rows: list[tuple[Control, QFormLayout, Field]] = []
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        draft.form_changed.connect(self._draw)
        draft.changed.connect(self._show_values)

    def field(self, name: str) -> Field | None:
        return next((field for control, _, field in self._rows if control.name == name), None)

    def _draw(self) -> None:
        state = self._draft.controls
        controls = state.controls if isinstance(state, Known) else ()
        if controls != self._controls:
            self._controls = controls
            self._clear()
            groups: dict[str, QFormLayout] = {}
            for control in controls:
                field = field_for(control)
                if field is None:
                    continue
                if control.group not in groups:
                    box = QGroupBox(control.group.capitalize())
                    groups[control.group] = QFormLayout(box)
                    groups[control.group].setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
                    self._layout.addWidget(box)
                self._add(control, groups[control.group], field)
        self._show_values()

    def _add(self, control: Control, group: QFormLayout, field: Field) -> None:
        label = QLabel(control.label)
        label.setBuddy(field)
        label.setToolTip(control.description)
        field.setToolTip(control.description)
        for named in (field, field.focusProxy()):
            if named is not None and not named.accessibleName():
                named.setAccessibleName(control.label)
                named.setAccessibleDescription(control.description)
        group.addRow(label, field)
        field.edited.connect(lambda value, name=control.name: self._draft.set_value(name, value))
        self._rows.append((control, group, field))

    def _show_values(self) -> None:
        values = self._draft.draft.values if self._draft.draft is not None else {}
        for control, group, field in self._rows:
            field.show_value(values.get(control.name))
            visible = shown(control, values, self._controls)
            field.setVisible(visible)
            label = group.labelForField(field)
            if label is not None:
                label.setVisible(visible)

    def _clear(self) -> None:
        self._rows.clear()
        while (item := self._layout.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
