"""Which control is being drawn on the picture."""

from PyQt5.QtCore import QObject, pyqtSignal
from secondunit_bridge.controls import CameraMoveControl, Control, MaskControl, StrokesControl

from secondunit_plugin.panel.model.draft import DraftModel, Known
from secondunit_plugin.panel.model.values import shown


class ToolsModel(QObject):
    """Put down where the draft no longer has the control."""

    changed = pyqtSignal()

    def __init__(self, draft: DraftModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._draft = draft
        self.active: Control | None = None
        draft.form_changed.connect(self._check)
        draft.changed.connect(self._check)

    def use(self, control: Control | None) -> None:
        """One that is drawn on the picture, or none."""
        if control is not None and not isinstance(control.kind, MaskControl | StrokesControl | CameraMoveControl):
            return
        if control != self.active:
            self.active = control
            self.changed.emit()

    def _check(self) -> None:
        if self.active is None:
            return
        state, draft = self._draft.controls, self._draft.draft
        controls = state.controls if isinstance(state, Known) else ()
        still = next((one for one in controls if one.name == self.active.name), None)
        if still is None or draft is None or not shown(still, draft.values, controls):
            self.use(None)
        else:
            self.active = still
