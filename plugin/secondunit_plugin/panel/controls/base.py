"""What every field of the form has."""

from PyQt5.QtCore import pyqtSignal
from PyQt5.QtGui import QDragEnterEvent, QDropEvent
from PyQt5.QtWidgets import QHBoxLayout, QToolButton, QWidget
from secondunit_bridge.controls import Control

from secondunit_plugin.panel import drops
from secondunit_plugin.panel.icons import icon
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.model.values import ControlValue


class Field(QWidget):
    """Shows and edits the value of one control; the form writes the label and the accessible name beside it.

    `edited` with a `ControlValue`, or None where the control adds nothing to the order, whenever a person changes it.
    """

    edited = pyqtSignal(object)

    def show_value(self, value: ControlValue | None) -> None:
        """Sets what is shown, without `edited`. None: the control's default."""
        raise NotImplementedError

    def _hold(self, widget: QWidget) -> None:
        """For a field of one widget: it fills the field and has its focus."""
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(widget)
        self.setFocusProxy(widget)


class DropsFiles(Field):
    """Takes files that are dropped on it."""

    def __init__(self) -> None:
        super().__init__()
        self.setAcceptDrops(True)

    def take_files(self, paths: list[str]) -> None:
        raise NotImplementedError

    def dragEnterEvent(self, a0: QDragEnterEvent | None) -> None:
        data = a0.mimeData() if a0 is not None else None
        if a0 is not None and data is not None and drops.files_in(data):
            a0.acceptProposedAction()

    def dropEvent(self, a0: QDropEvent | None) -> None:
        data = a0.mimeData() if a0 is not None else None
        if a0 is not None and data is not None and (paths := drops.files_in(data)):
            self.take_files(paths)
            a0.acceptProposedAction()


class DrawButton(QToolButton):
    """Takes the tool up that the control is drawn with on the picture, and puts it down. `name` of the icon."""

    def __init__(self, name: str, text: str, control: Control, model: PanelModel) -> None:
        super().__init__()
        self._control, self._tools = control, model.tools
        _label(self, name, text)
        self.setCheckable(True)
        self.clicked.connect(lambda checked: self._tools.use(control if checked else None))
        self._tools.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        active = self._tools.active
        self.setChecked(active is not None and active.name == self._control.name)


def tool_button(name: str, text: str) -> QToolButton:
    """`name` of the icon; `text` says what the button does."""
    button = QToolButton()
    _label(button, name, text)
    return button


def _label(button: QToolButton, name: str, text: str) -> None:
    button.setIcon(icon(name))
    button.setToolTip(text)
    button.setAccessibleName(text)
