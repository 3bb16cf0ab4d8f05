"""Takes to choose from: the sheet or strip of them, the chosen one in words, and what is done with it."""

from collections.abc import Callable, Mapping
from pathlib import Path

from PyQt5.QtCore import Qt, QUrl
from PyQt5.QtGui import QDesktopServices
from PyQt5.QtWidgets import QAction, QMenu, QSplitter, QToolButton, QVBoxLayout, QWidget
from secondunit_bridge.ratings import Rating

from secondunit_plugin.panel.commands import Command
from secondunit_plugin.panel.compare.modes import Mode
from secondunit_plugin.panel.icons import icon
from secondunit_plugin.panel.model.panel import Notice, PanelModel
from secondunit_plugin.panel.model.takes import TakeId
from secondunit_plugin.panel.views.record_dialog import RecordDialog
from secondunit_plugin.panel.views.small_pictures import SmallPictures
from secondunit_plugin.panel.views.take_details import TakeDetails
from secondunit_plugin.panel.views.takes_list import TakesList
from secondunit_plugin.panel.views.tool_row import ToolRow

_RATINGS = (Command.STAR, Command.REJECT, Command.APPROVE)
_FURTHER = (Command.MORE_LIKE, Command.AGAIN_WITH)
_COMPARE = (Command.WIPE, Command.DIFFERENCE, Command.FALSE_COLOUR)
_BELOW = (Command.SHOW_RECORD, Command.REVEAL)
_SHOWN = (Command.WHOLE_CUT, Command.SHEET)
_DETAILS = 270


class Takes(QWidget):
    def __init__(self, model: PanelModel, pictures: SmallPictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._actions: Mapping[Command, QAction] = {}
        self.tools = ToolRow()
        self.list = TakesList(model, pictures)
        self.details = TakeDetails(model)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self.list)
        split.addWidget(self.details)
        split.setStretchFactor(0, 1)
        split.setSizes([2 * _DETAILS, _DETAILS])
        split.setChildrenCollapsible(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.tools)
        column.addWidget(split, 1)
        model.takes.chosen_changed.connect(self._enable)
        model.compare.changed.connect(self._enable)

    @property
    def commands(self) -> dict[Command, Callable[[], None]]:
        """What there is to do with the chosen take, and with what is shown."""
        choosing, compare, takes = self._model.choosing, self._model.compare, self._model.takes
        return {
            Command.STAR: self._with_chosen(lambda take: choosing.rate(take, Rating.STARRED)),
            Command.REJECT: self._with_chosen(lambda take: choosing.rate(take, Rating.REJECTED)),
            Command.APPROVE: self._with_chosen(lambda take: choosing.rate(take, Rating.APPROVED)),
            Command.MORE_LIKE: self._with_chosen(choosing.more_like),
            Command.AGAIN_WITH: self._with_chosen(choosing.again_with),
            Command.WIPE: lambda: compare.toggle(Mode.WIPE),
            Command.DIFFERENCE: lambda: compare.toggle(Mode.DIFFERENCE),
            Command.FALSE_COLOUR: lambda: compare.toggle(Mode.FALSE_COLOUR),
            Command.SHOW_RECORD: self._with_chosen(self._show_record),
            Command.REVEAL: self._with_chosen(self._reveal),
            Command.WHOLE_CUT: lambda: takes.show_whole_cut(not takes.whole_cut),
        }

    def bind(self, actions: Mapping[Command, QAction]) -> None:
        """Those of the tools, of the menu over a take and of the details."""
        self._actions = actions
        for command in (*_RATINGS, *_FURTHER):
            self.tools.add_action(actions[command])
        self.tools.add_tool(self._compare_button())
        self.tools.add_stretch()
        for command in _SHOWN:
            actions[command].setCheckable(True)
            self.tools.add_action(actions[command])
        self.details.add(*(actions[command] for command in _BELOW))
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self.list.addActions([actions[command] for command in (*_RATINGS, *_FURTHER, *_COMPARE, *_BELOW)])
        self._enable()

    def _with_chosen(self, do: Callable[[TakeId], None]) -> Callable[[], None]:
        def act() -> None:
            if (chosen := self._model.takes.chosen) is not None:
                do(chosen)

        return act

    def _show_record(self, take: TakeId) -> None:
        RecordDialog(self._model.takes.take(take), self).open()

    def _reveal(self, take: TakeId) -> None:
        """Its folder, in the system's file manager."""
        path = Path(self._model.takes.take(take).path)
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent))):
            said = self.tr("no file manager answers: the take is {path}").format(path=path)
            self._model.noticed.emit(Notice(said))

    def _compare_button(self) -> QToolButton:
        button = QToolButton()
        button.setText(self.tr("Compare"))
        button.setIcon(icon(Command.WIPE.value.icon))
        button.setToolTip(self.tr("Compare the take with the original or with another take"))
        button.setAccessibleName(button.text())
        button.setPopupMode(QToolButton.InstantPopup)
        menu = QMenu(button)
        for command in _COMPARE:
            self._actions[command].setCheckable(True)
            menu.addAction(self._actions[command])
        button.setMenu(menu)
        return button

    def _enable(self) -> None:
        chosen, mode = self._model.takes.chosen is not None, self._model.compare.mode
        for command, action in self._actions.items():
            if command not in _SHOWN:
                action.setEnabled(chosen)
        for command, one in zip(_COMPARE, (Mode.WIPE, Mode.DIFFERENCE, Mode.FALSE_COLOUR), strict=True):
            if command in self._actions:
                self._actions[command].setChecked(mode is one)
