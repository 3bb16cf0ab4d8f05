"""The selected place with what lies before and after it, and what is sensible to order there."""

from PyQt5.QtCore import QSize, Qt
from PyQt5.QtWidgets import QSizePolicy, QToolButton, QVBoxLayout, QWidget
from secondunit_bridge.messages import Task

from secondunit_plugin.panel import words
from secondunit_plugin.panel.icons import icon
from secondunit_plugin.panel.model.draft import task_of
from secondunit_plugin.panel.model.panel import PanelModel
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
        self.buttons: list[QToolButton] = []
        self._suggested: tuple[Suggestion, ...] = ()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 4)
        self._column.setSpacing(2)
        self._column.addWidget(self.film)
        self.setAccessibleName(self.tr("Place"))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        model.place_changed.connect(self._show)
        model.cut.changed.connect(self._show)
        model.draft.changed.connect(self._mark_drafted)
        self._show()

    def _show(self) -> None:
        place, opened = self._model.place, self._model.cut.open
        around = opened.version.layout.around(place) if opened is not None and place is not None else None
        self.setVisible(around is not None)
        if opened is None or place is None or around is None:
            return
        self.film.show_place(opened.version.layout, place, around)
        found = suggestions(opened.version.layout, place)[:_MOST]
        if found == self._suggested:
            return
        self._suggested = found
        for button in self.buttons:
            self._column.removeWidget(button)
            button.deleteLater()
        self.buttons = [self._button(suggestion) for suggestion in found]
        before: QWidget = self.film
        for button in self.buttons:
            self._column.addWidget(button)
            self.setTabOrder(before, button)
            before = button
        self._mark_drafted()

    def _button(self, suggestion: Suggestion) -> QToolButton:
        said = words.of_purpose(suggestion.purpose)
        button = QToolButton()
        button.setText(said)
        button.setToolTip(said)
        button.setIcon(icon(_icon_of(task_of(suggestion.asking))))
        button.setIconSize(QSize(16, 16))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        button.setCheckable(True)
        button.setProperty("role", "suggestion")
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.clicked.connect(lambda: self._model.take_up(suggestion))
        return button

    def _mark_drafted(self) -> None:
        """Presses the button of what is drafted."""
        draft = self._model.draft.draft
        for button, suggestion in zip(self.buttons, self._suggested, strict=True):
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
