"""The unit and its machine, in a window of its own: what it uses, models, checks, folders, earlier orders."""

from PyQt5.QtCore import QTimer
from PyQt5.QtGui import QHideEvent, QShowEvent
from PyQt5.QtWidgets import QDialog, QTabWidget, QVBoxLayout, QWidget

from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.model.snapshot import Unasked
from secondunit_plugin.panel.model.unit import Reached
from secondunit_plugin.panel.views.checks_list import ChecksList
from secondunit_plugin.panel.views.earlier_orders import EarlierOrders
from secondunit_plugin.panel.views.folders_list import FoldersList
from secondunit_plugin.panel.views.models_table import ModelsTable
from secondunit_plugin.panel.views.unit_use import UnitUseView

_POLL_MS = 2000


class UnitPage(QDialog):
    """Asks the unit while it is shown, and nothing before."""

    def __init__(self, model: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Unit"))
        self.resize(1080, 600)
        self._model = model
        self.use = UnitUseView(model)
        self.models = ModelsTable(model)
        self.checks = ChecksList(model)
        self.folders = FoldersList(model)
        self.earlier = EarlierOrders(model)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.use, self.tr("Unit"))
        self.tabs.addTab(self.models, self.tr("Models"))
        self.tabs.addTab(self.checks, self.tr("Checks"))
        self.tabs.addTab(self.folders, self.tr("Folders"))
        self.tabs.addTab(self.earlier, self.tr("Earlier orders"))
        column = QVBoxLayout(self)
        column.addWidget(self.tabs)
        self._poll = QTimer(self)
        self._poll.setInterval(_POLL_MS)
        self._poll.timeout.connect(self._ask)
        self.tabs.currentChanged.connect(lambda _: self._open_tab())
        model.unit_changed.connect(self._unit_changed)

    def show_model(self, name: str) -> None:
        self.tabs.setCurrentWidget(self.models)
        self.models.select(name)

    def showEvent(self, a0: QShowEvent | None) -> None:
        super().showEvent(a0)
        self._open_tab()
        self._ask()
        self._poll.start()

    def hideEvent(self, a0: QHideEvent | None) -> None:
        super().hideEvent(a0)
        self._poll.stop()

    def _ask(self) -> None:
        if isinstance(self._model.unit, Reached):
            self._model.use.refresh()

    def _unit_changed(self) -> None:
        if self.isVisible() and isinstance(self._model.unit, Reached):
            self._ask()
            self._open_tab()

    def _open_tab(self) -> None:
        shown = self.tabs.currentWidget()
        if shown is self.models:
            self._model.weights.refresh()
        elif shown is self.checks and isinstance(self._model.checks.state, Unasked):
            self._model.checks.refresh()
        elif shown is self.folders:
            self._model.folders.refresh()
        elif shown is self.earlier:
            self._model.earlier.refresh()
