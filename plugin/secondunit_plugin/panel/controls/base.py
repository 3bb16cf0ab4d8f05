"""What every field of the form has."""

from PyQt5.QtCore import pyqtSignal
from PyQt5.QtWidgets import QWidget

from secondunit_plugin.panel.model.values import ControlValue


class Field(QWidget):
    """Shows and edits the value of one control; the form writes the label and the accessible name beside it.

    `edited` with a `ControlValue`, or None where the control adds nothing to the order, whenever a person changes it.
    """

    edited = pyqtSignal(object)

    def show_value(self, value: ControlValue | None) -> None:
        """Sets what is shown, without `edited`. None: the control's default."""
        raise NotImplementedError
