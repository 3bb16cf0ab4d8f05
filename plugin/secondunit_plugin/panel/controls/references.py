"""Stills and shots that the take is to be like, as a board of pictures."""

from fractions import Fraction
from functools import partial
from pathlib import Path

from PyQt5.QtCore import QMimeData, QSignalBlocker, QSize, Qt
from PyQt5.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QGuiApplication,
    QIcon,
    QImage,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QPixmap,
)
from PyQt5.QtWidgets import (
    QColorDialog,
    QFileDialog,
    QHBoxLayout,
    QListView,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QToolButton,
    QVBoxLayout,
)
from secondunit_bridge.controls import ImageControl, ShotControl
from secondunit_bridge.messages import ReferenceImage

from secondunit_plugin.panel import drops
from secondunit_plugin.panel.controls.base import Field, tool_button
from secondunit_plugin.panel.frames.messages import MediaTime
from secondunit_plugin.panel.icons import icon
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.model.places import Place, ShotPlace
from secondunit_plugin.panel.model.references import Reference
from secondunit_plugin.panel.model.thumbnails import ThumbnailOf, Wanted
from secondunit_plugin.panel.model.values import ControlValue
from secondunit_plugin.panel.pictures import png

_WIDTH = 96
_HEIGHT = 54
_FILLED, _EMPTY = _HEIGHT + 44, 44
"""Heights of a board."""
_SWATCH = 256


class Board(QListWidget):
    """Takes what is dropped or pasted; Delete takes the selected ones away."""

    def __init__(self, field: "ReferencesField", hint: str) -> None:
        """`hint`: what an empty one says."""
        super().__init__()
        self._field, self._hint = field, hint
        self.setViewMode(QListView.IconMode)
        self.setFlow(QListView.LeftToRight)
        self.setMovement(QListView.Static)
        self.setResizeMode(QListView.Adjust)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QListWidget.ExtendedSelection)
        self.setIconSize(QSize(_WIDTH, _HEIGHT))
        self.setGridSize(QSize(_WIDTH + 16, _HEIGHT + 32))
        self.setProperty("role", "board")
        self.setAcceptDrops(True)
        viewport = self.viewport()
        assert viewport is not None
        viewport.setAcceptDrops(True)  # which a list whose items stay where they are does not

    def paintEvent(self, e: QPaintEvent | None) -> None:
        super().paintEvent(e)
        viewport = self.viewport()
        if viewport is not None and not self.count():
            painter = QPainter(viewport)
            painter.setPen(self.palette().placeholderText().color())
            painter.drawText(viewport.rect(), Qt.AlignmentFlag.AlignCenter, self._hint)

    def dragEnterEvent(self, e: QDragEnterEvent | None) -> None:
        if e is not None and drops.holds(e.mimeData()):
            e.acceptProposedAction()

    def dragMoveEvent(self, e: QDragMoveEvent | None) -> None:
        if e is not None and drops.holds(e.mimeData()):
            e.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        data = event.mimeData() if event is not None else None
        if event is not None and data is not None and drops.holds(data):
            self._field.add_from(data)
            event.acceptProposedAction()

    def keyPressEvent(self, e: QKeyEvent | None) -> None:
        if e is None:
            return
        if e.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._field.remove_selected()
        elif e.matches(QKeySequence.StandardKey.Paste):
            self._field.paste()
        else:
            super().keyPressEvent(e)


class ReferencesField(Field):
    """What is added goes to whichever control of the form takes its kind, so that either board takes anything."""

    def __init__(self, kind: ImageControl | ShotControl, model: PanelModel) -> None:
        super().__init__()
        self._model = model
        self._shown: tuple[Reference, ...] | None = None
        stills = isinstance(kind, ImageControl)
        self.board = Board(self, self.tr("Drop stills here") if stills else self.tr("Drop shots here"))
        choose = tool_button("image-plus-outline", self.tr("Choose files"))
        choose.clicked.connect(self._choose)
        paste = tool_button("content-paste", self.tr("Paste a picture or files"))
        paste.clicked.connect(self.paste)
        frame = tool_button("camera-outline", self.tr("Use the frame at the playhead"))
        frame.clicked.connect(lambda: model.use_frame(lambda path: model.references.add([path])))
        swatch = tool_button("palette-outline", self.tr("Add a colour"))
        swatch.clicked.connect(self._choose_colour)
        self._shots = QMenu(self)
        self._shots.aboutToShow.connect(self._list_shots)
        shots = tool_button("movie-open-outline", self.tr("Add a shot of the cut"))
        shots.setMenu(self._shots)
        shots.setPopupMode(QToolButton.InstantPopup)
        remove = tool_button("trash-can-outline", self.tr("Take the selected ones away"))
        remove.clicked.connect(self.remove_selected)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        for button in (choose, paste, frame, swatch, shots) if stills else (shots, choose):
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(remove)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.board)
        layout.addLayout(row)
        self.setFocusProxy(self.board)
        model.thumbnails.arrived.connect(self._show_pictures)
        model.thumbnails.failed.connect(self._say)
        self.show_value(None)

    def show_value(self, value: ControlValue | None) -> None:
        references: tuple[Reference, ...] = value if isinstance(value, tuple) else ()  # type: ignore[assignment]
        if references == self._shown:
            return
        self._shown = references
        with QSignalBlocker(self.board):
            self.board.clear()
            for reference in references:
                self._add_item(reference)
            self.board.setFixedHeight(_FILLED if references else _EMPTY)

    def add_from(self, data: QMimeData) -> None:
        place = drops.place_in(data, self._places)
        image = drops.picture_in(data)
        if place is not None:
            self._model.references.add([place])
        elif image is not None:
            self._add_picture(image, "pasted")
        else:
            self._model.references.add(drops.files_in(data))

    def paste(self) -> None:
        clipboard = QGuiApplication.clipboard()
        data = clipboard.mimeData() if clipboard is not None else None
        if data is not None and drops.holds(data):
            self.add_from(data)

    def remove_selected(self) -> None:
        gone = {self.board.row(item) for item in self.board.selectedItems()}
        kept = tuple(one for row, one in enumerate(self._shown or ()) if row not in gone)
        if gone:
            self.edited.emit(kept or None)

    def add_colour(self, colour: QColor) -> None:
        """A picture that is all of an sRGB colour."""
        image = QImage(_SWATCH, _SWATCH, QImage.Format_RGB32)
        image.fill(colour)
        self._add_picture(image, colour.name().replace("#", "colour-"))

    @property
    def _places(self) -> tuple[Place, ...]:
        opened = self._model.cut.open
        return opened.version.places if opened is not None else ()

    def _add_picture(self, image: QImage, name: str) -> None:
        self._model.references.keep_picture(name, lambda: png(image), lambda path: self._model.references.add([path]))

    def _choose(self) -> None:
        files = self.tr("Stills and movies ({files})").format(files=f"{drops.PICTURES} {drops.MOVIES}")
        paths, _ = QFileDialog.getOpenFileNames(self, self.tr("Choose files"), "", files)
        self._model.references.add(paths)

    def _choose_colour(self) -> None:
        colour = QColorDialog.getColor(QColor("#808080"), self, self.tr("Colour"))
        if colour.isValid():
            self.add_colour(colour)

    def _list_shots(self) -> None:
        self._shots.clear()
        opened = self._model.cut.open
        for place in self._places:
            if isinstance(place, ShotPlace) and opened is not None:
                name = place.name or self.tr("unnamed shot")
                said = f"{place.track}  {opened.version.index.timecode(place.at.frame)}  {name}"
                action = self._shots.addAction(said)
                if action is not None:
                    action.triggered.connect(partial(self._add_shot, place))

    def _add_shot(self, place: ShotPlace, _checked: bool = False) -> None:
        self._model.references.add([place])

    def _add_item(self, reference: Reference) -> None:
        path = reference.path if isinstance(reference, ReferenceImage) else reference.span.path
        item = QListWidgetItem(Path(path).stem)
        item.setIcon(_sign("image-outline"))
        item.setToolTip(path)
        item.setSizeHint(QSize(_WIDTH + 12, _HEIGHT + 28))
        self.board.addItem(item)
        picture = _picture(reference)
        self._model.thumbnails.wanted(picture)
        self._show_pictures(picture)

    def _show_pictures(self, one: Wanted) -> None:
        jpeg = self._model.thumbnails.get(one)
        if jpeg is not None and (items := self._items(one)):
            shown = QIcon(QPixmap.fromImage(QImage.fromData(jpeg)))
            for item in items:
                item.setIcon(shown)

    def _say(self, one: Wanted, why: str) -> None:
        for item in self._items(one):
            item.setIcon(_sign("image-broken-variant"))
            item.setToolTip(why)

    def _items(self, one: Wanted) -> list[QListWidgetItem]:
        rows = (self.board.item(row) for row, held in enumerate(self._shown or ()) if _picture(held) == one)
        return [item for item in rows if item is not None]


def _sign(name: str) -> QIcon:
    """In one size: the icons of the font cannot be painted in none, as a list asks before it is laid out."""
    return QIcon(icon(name).pixmap(_HEIGHT, _HEIGHT))


def _picture(reference: Reference) -> ThumbnailOf:
    """The still, or the frame in the middle of the shot."""
    if isinstance(reference, ReferenceImage):
        return ThumbnailOf(MediaTime(reference.path, Fraction(0)), 2 * _WIDTH)
    frames = reference.span.range
    middle = (frames.start + frames.duration // 2) / frames.rate
    return ThumbnailOf(MediaTime(reference.span.path, middle, frames.rate), 2 * _WIDTH)
