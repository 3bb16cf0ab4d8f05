"""The selected place with what lies before and after it, and what is sensible to order there."""

from itertools import zip_longest

from PyQt5.QtCore import QSize, Qt
from PyQt5.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget
from secondunit_bridge.messages import Task

from secondunit_plugin.panel import words
from secondunit_plugin.panel.commands import Command
from secondunit_plugin.panel.icons import icon, icon_of
from secondunit_plugin.panel.model.draft import task_of
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.model.states import MakeVersion, OfflineGrade, Stale
from secondunit_plugin.panel.model.suggestions import Suggestion, suggestions
from secondunit_plugin.panel.views.filmstrip import Filmstrip
from secondunit_plugin.panel.views.small_pictures import SmallPictures

_MOST = 4


class PlaceStrip(QWidget):
    """Nothing where no place is selected."""

    def __init__(self, model: PanelModel, pictures: SmallPictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.film = Filmstrip(model, pictures)
        self._suggested: tuple[Suggestion, ...] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 4)
        column.setSpacing(2)
        column.addWidget(self.film)
        self._mark = QLabel()
        self.state = QLabel()
        self.state.setWordWrap(True)
        self.state.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.state.setAccessibleName(self.tr("The take in the cut"))
        said = QHBoxLayout()
        said.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        said.addWidget(self.state, 1)
        column.addLayout(said)
        self.version = QPushButton()
        self.version.setIcon(icon(Command.NEW_VERSION.value.icon))
        self.version.clicked.connect(lambda: model.states.make_version(model.place))
        column.addWidget(self.version)
        # Made once, so that the focus goes through them before it goes to the form.
        self.buttons = [self._button(number) for number in range(_MOST)]
        for button in self.buttons:
            column.addWidget(button)
        self.setAccessibleName(self.tr("Place"))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        model.place_changed.connect(self._show)
        model.cut.changed.connect(self._show)
        model.handles.changed.connect(self._show)
        model.jumps.changed.connect(self._show)
        model.draft.changed.connect(self._mark_drafted)
        model.states.changed.connect(self._show_state)
        self._show()

    def _button(self, number: int) -> QToolButton:
        button = QToolButton()
        button.setIconSize(QSize(16, 16))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        button.setCheckable(True)
        button.setProperty("role", "suggestion")
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.clicked.connect(lambda: self._take_up(number))
        return button

    def _show(self) -> None:
        place, opened = self._model.place, self._model.cut.open
        # A gap that a slug lies in by now is shown as it was: that is what is ordered for.
        version = opened.version_with(place) if opened is not None else None
        layout = self._model.handles.narrowed(version, place) if version and place else None
        around = layout.around(place) if layout is not None and place is not None else None
        self.setVisible(around is not None)
        self._show_state()
        if version is None or layout is None or place is None or around is None:
            return
        self.film.show_place(layout, place, around)
        self._suggested = suggestions(layout, place, self._model.jumps.is_at(version, place))[:_MOST]
        for button, suggestion in zip_longest(self.buttons, self._suggested):
            button.setVisible(suggestion is not None)
            if suggestion is not None:
                button.setText(words.of_purpose(suggestion.purpose))
                button.setToolTip(button.text())
                button.setIcon(icon(_icon_of(task_of(suggestion.asking))))
        self._mark_drafted()

    def _show_state(self) -> None:
        """Of the take at the place, where something is to be done about it."""
        remedy = self._model.states.remedy(self._model.place)
        for widget in (self._mark, self.state):
            widget.setVisible(remedy is not None)
        self.version.setVisible(isinstance(remedy, MakeVersion))
        if remedy is None or not isinstance(state := remedy.take.state, Stale | OfflineGrade):
            return
        self._mark.setPixmap(icon(icon_of(state), "#e0b060").pixmap(16, 16))
        self.state.setText(f"{words.why_of(state)}\n{words.of_remedy(remedy)}")
        self.version.setText(Command.NEW_VERSION.words)
        self.version.setToolTip(f"{words.of_remedy(remedy)} ({Command.NEW_VERSION.value.keys[0]})")

    def _take_up(self, number: int) -> None:
        self._model.take_up(self._suggested[number])
        self._mark_drafted()

    def _mark_drafted(self) -> None:
        """Presses the button of what is drafted."""
        draft = self._model.draft.draft
        for button, suggestion in zip(self.buttons, self._suggested, strict=False):
            drafted = draft is not None and (draft.place, draft.asking) == (suggestion.place, suggestion.asking)
            button.setChecked(drafted)


def _icon_of(task: Task) -> str:
    match task:
        case Task.GENERATE:
            return "movie-open-plus-outline"
        case Task.EXTEND:
            return "arrow-expand-right"
        case Task.JOIN:
            return "arrow-collapse-horizontal"
        case Task.REPLACE:
            return "movie-open-edit-outline"
        case Task.MATCH:
            return "palette-outline"
