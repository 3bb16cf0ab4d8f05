"""The cut: its tracks, and above them the playhead's timecode, its places by name, and the zoom."""

from fractions import Fraction

from PyQt5.QtCore import QEvent, QSize, QStringListModel, Qt
from PyQt5.QtGui import QFontDatabase, QKeyEvent
from PyQt5.QtWidgets import QCompleter, QHBoxLayout, QLabel, QLineEdit, QListView, QToolButton, QVBoxLayout, QWidget

from secondunit_plugin.panel import words
from secondunit_plugin.panel.background import Operation
from secondunit_plugin.panel.commands import Command
from secondunit_plugin.panel.icons import icon
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.model.places import Place, number_of
from secondunit_plugin.panel.views.small_pictures import SmallPictures
from secondunit_plugin.panel.views.tracks_area import TracksArea


class _Names(QListView):
    """While it is open its keys are its own, not the window's."""

    def __init__(self) -> None:
        super().__init__()
        self.setUniformItemSizes(True)

    def event(self, e: QEvent | None) -> bool:
        own = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
        if isinstance(e, QKeyEvent) and e.type() == QEvent.Type.ShortcutOverride and e.key() in own:
            e.accept()
            return True
        return super().event(e)


class Timeline(QWidget):
    def __init__(self, model: PanelModel, pictures: SmallPictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.timecode = QLabel()
        self.timecode.setAccessibleName(self.tr("Playhead"))
        self.timecode.setFont(QFontDatabase.systemFont(QFontDatabase.FixedFont))
        self.timecode.setProperty("role", "timecode")
        self.timecode.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.rate = QLabel()
        self.rate.setProperty("role", "quiet")
        self._places: tuple[Place, ...] = ()
        self.places = QLineEdit()
        self.places.setAccessibleName(self.tr("Places of the cut"))
        self.places.setPlaceholderText(self.tr("Find a shot, a gap or a cut point"))
        self.places.setMinimumWidth(260)
        self.places.addAction(icon(Command.FIND.value.icon), QLineEdit.LeadingPosition)
        self._names = QStringListModel(self)
        finder = QCompleter(self._names, self)
        finder.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        finder.setFilterMode(Qt.MatchFlag.MatchContains)
        finder.setMaxVisibleItems(16)
        finder.setPopup(_Names())
        self.places.setCompleter(finder)
        self.area = TracksArea(model, pictures)
        bar = QHBoxLayout()
        bar.setContentsMargins(8, 4, 8, 4)
        bar.setSpacing(8)
        bar.addWidget(self.timecode)
        bar.addWidget(self.rate)
        bar.addStretch(1)
        bar.addWidget(self.places)
        bar.addSpacing(8)
        for command, do in (
            (Command.ZOOM_OUT, lambda: self.area.zoom(-1)),
            (Command.ZOOM_IN, lambda: self.area.zoom(1)),
            (Command.FIT, self.area.fit),
        ):
            button = QToolButton()
            button.setIcon(icon(command.value.icon))
            button.setIconSize(QSize(16, 16))
            button.setAutoRaise(True)
            button.setToolTip(f"{command.words} ({command.value.keys[0]})")
            button.setAccessibleName(command.words)
            button.clicked.connect(do)
            bar.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(bar)
        column.addWidget(self.area, 1)
        self.setTabOrder(self.places, self.area)
        finder.activated[str].connect(self._choose)
        self.places.editingFinished.connect(self._show_place)
        model.cut.changed.connect(self._show_cut)
        model.place_changed.connect(self._show_place)
        model.playback.moved.connect(self._show_playhead)
        self._show_cut()

    def write_name(self) -> None:
        """Lets a person write a name."""
        self.places.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.places.selectAll()

    def _show_cut(self) -> None:
        opened = self._model.cut.open
        places = opened.version.places if opened is not None else ()
        self.setEnabled(opened is not None)
        if places is not self._places:
            self._places = places
            Operation(self, lambda: [_name(place) for place in places]).success(self._names.setStringList).run()
            self._show_place()
        layout = opened.version.layout if opened is not None else None
        self.rate.setText(
            self.tr("{rate} fps, ends at {end}").format(rate=_rate(layout.rate), end=layout.timecode(layout.frames - 1))
            if layout is not None
            else ""
        )
        self._show_playhead()

    def _show_playhead(self) -> None:
        opened = self._model.cut.open
        self.timecode.setText(
            opened.version.layout.timecode(self._model.playback.in_cut) if opened is not None else "--:--:--:--"
        )

    def _show_place(self) -> None:
        place = self._model.place
        self.places.setText(_name(place) if place is not None else "")
        self.places.setCursorPosition(0)

    def _choose(self, name: str) -> None:
        """Of several places of one name the first behind the one that is selected."""
        names = self._names.stringList()
        after = number_of(self._model.place_shown, self._places)
        start = 0 if after is None else after + 1
        found = next((number for number in (*range(start, len(names)), *range(start)) if names[number] == name), None)
        if found is not None:
            self._model.select(self._places[found])
            self.area.setFocus()


def _rate(rate: Fraction) -> str:
    """Exact: 23.976 is a name, 24000/1001 the rate."""
    return str(rate) if rate.denominator == 1 else f"{float(rate):.3f} ({rate})"


def _name(place: Place) -> str:
    return f"{place.track}  {words.of_place(place)}"
