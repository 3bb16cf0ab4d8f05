"""Stills at frames of the take, on a ruler."""

from fractions import Fraction

from PyQt5.QtCore import QEvent, QMimeData, QPoint, QRect, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import (
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QGuiApplication,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PyQt5.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QSizePolicy, QSpinBox, QVBoxLayout, QWidget
from secondunit_bridge.controls import KeyframesControl
from secondunit_bridge.rates import FrameTime

from secondunit_plugin.panel import drops, words
from secondunit_plugin.panel.controls.base import Field, tool_button
from secondunit_plugin.panel.frames.messages import MediaTime
from secondunit_plugin.panel.model.draft import frames_asked
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.model.thumbnails import ThumbnailOf, Wanted
from secondunit_plugin.panel.model.values import ControlValue, Keyframe
from secondunit_plugin.panel.pictures import png

_STILL = QSize(48, 27)
_SCALE = 16
"""Height of the ruler's scale."""
_FAR = 10
_TICKS = 8


class Ruler(QWidget):
    """`frames` of what is made from left to right; each still hangs at its frame.

    Left and Right move the selected still by a frame, with Shift by ten, Home and End to the ends; Tab selects the next
    one, Delete takes it away.
    """

    moved = pyqtSignal(int, int)
    """The still's number, and its frame."""
    dropped = pyqtSignal(object, int)
    """What was dropped, and the frame."""
    removed = pyqtSignal(int)
    selected_changed = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.frames = 1
        self.keyframes: tuple[Keyframe, ...] = ()
        self.selected = -1
        self.pictures: dict[str, QImage] = {}
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(True)
        self.setFixedHeight(_SCALE + _STILL.height() + 14)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        self._held = False

    def left_of(self, frame: int) -> int:
        return _STILL.width() // 2 + round(frame * self._span / max(1, self.frames - 1))

    def frame(self, x: int) -> int:
        share = (x - _STILL.width() // 2) / max(1, self._span)
        return min(self.frames - 1, max(0, round(share * (self.frames - 1))))

    def place_of(self, number: int) -> QRect:
        """Where a still is drawn."""
        centre = self.left_of(self.keyframes[number].at.frame)
        return QRect(QPoint(centre - _STILL.width() // 2, _SCALE + 8), _STILL)

    def select(self, number: int) -> None:
        if number != self.selected:
            self.selected = number
            self.selected_changed.emit()
            self.update()

    @property
    def _span(self) -> int:
        return self.width() - _STILL.width()

    def paintEvent(self, a0: QPaintEvent | None) -> None:  # noqa: ARG002 - Qt's signature
        painter = QPainter(self)
        colours = self.palette()
        painter.fillRect(self.rect(), colours.base())
        painter.setPen(colours.placeholderText().color())
        step = max(1, -(-self.frames // _TICKS))
        ticks = {*range(0, self.frames, step), self.frames - 1}
        if self.frames - 1 - (self.frames - 1) // step * step < step * 2 / 3:
            ticks.discard((self.frames - 1) // step * step if (self.frames - 1) % step else -1)
        for frame in sorted(ticks):
            x = self.left_of(frame)
            painter.drawLine(x, _SCALE, x, _SCALE + 5)
            painter.drawText(QRect(x - 30, 0, 60, _SCALE), Qt.AlignmentFlag.AlignCenter, str(frame))
        painter.drawLine(self.left_of(0), _SCALE + 5, self.left_of(self.frames - 1), _SCALE + 5)
        if not self.keyframes:
            hint = self.rect().adjusted(0, _SCALE + 6, 0, 0)
            painter.drawText(hint, Qt.AlignmentFlag.AlignCenter, self.tr("Drop stills at their frames"))
        order = [number for number in range(len(self.keyframes)) if number != self.selected]
        for number in (*order, *([self.selected] if 0 <= self.selected < len(self.keyframes) else [])):
            place = self.place_of(number)
            picture = self.pictures.get(self.keyframes[number].path)
            if picture is not None:
                painter.drawImage(place, picture)
            else:
                painter.fillRect(place, colours.button())
            painter.setPen(colours.link().color() if number == self.selected else colours.placeholderText().color())
            painter.drawRect(QRectF(place).adjusted(0, 0, -1, -1))
            painter.drawLine(place.center().x(), _SCALE, place.center().x(), place.top())
            if number == self.selected:
                painter.drawRect(QRectF(place).adjusted(1, 1, -2, -2))
        if self.hasFocus():
            painter.setPen(colours.link().color())
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def mousePressEvent(self, a0: QMouseEvent | None) -> None:
        if a0 is None:
            return
        hit = [n for n in range(len(self.keyframes)) if self.place_of(n).contains(a0.pos())]
        self.select(hit[-1] if hit else -1)
        self._held = bool(hit)

    def mouseMoveEvent(self, a0: QMouseEvent | None) -> None:
        if a0 is not None and self._held and self.selected >= 0:
            self.moved.emit(self.selected, self.frame(a0.x()))

    def mouseReleaseEvent(self, a0: QMouseEvent | None) -> None:  # noqa: ARG002 - Qt's signature
        self._held = False

    def event(self, a0: QEvent | None) -> bool:
        """Tab goes from still to still, and out of the ruler behind the last."""
        if isinstance(a0, QKeyEvent) and a0.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Tab: 1, Qt.Key.Key_Backtab: -1}.get(Qt.Key(a0.key()))
            if step is not None and 0 <= self.selected + step < len(self.keyframes):
                self.select(self.selected + step)
                return True
        return super().event(a0)

    def keyPressEvent(self, a0: QKeyEvent | None) -> None:
        if a0 is None or not 0 <= self.selected < len(self.keyframes):
            super().keyPressEvent(a0)
            return
        far = _FAR if a0.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        frame = self.keyframes[self.selected].at.frame
        match a0.key():
            case Qt.Key.Key_Left:
                self.moved.emit(self.selected, max(0, frame - far))
            case Qt.Key.Key_Right:
                self.moved.emit(self.selected, min(self.frames - 1, frame + far))
            case Qt.Key.Key_Home:
                self.moved.emit(self.selected, 0)
            case Qt.Key.Key_End:
                self.moved.emit(self.selected, self.frames - 1)
            case Qt.Key.Key_Delete | Qt.Key.Key_Backspace:
                self.removed.emit(self.selected)
            case _:
                super().keyPressEvent(a0)

    def dragEnterEvent(self, a0: QDragEnterEvent | None) -> None:
        if a0 is not None and drops.holds(a0.mimeData()):
            a0.acceptProposedAction()

    def dragMoveEvent(self, a0: QDragMoveEvent | None) -> None:
        if a0 is not None and drops.holds(a0.mimeData()):
            a0.acceptProposedAction()

    def dropEvent(self, a0: QDropEvent | None) -> None:
        data = a0.mimeData() if a0 is not None else None
        if a0 is not None and data is not None and drops.holds(data):
            self.dropped.emit(data, self.frame(a0.pos().x()))
            a0.acceptProposedAction()


class KeyframesField(Field):
    def __init__(self, kind: KeyframesControl, model: PanelModel) -> None:
        super().__init__()
        self._kind = kind
        self._model = model
        self.ruler = Ruler()
        self.ruler.moved.connect(self._move)
        self.ruler.dropped.connect(self._drop)
        self.ruler.removed.connect(self._remove)
        self.ruler.selected_changed.connect(self._show_selected)
        self.at = QSpinBox()
        self.at.setAccessibleName(self.tr("Frame of the selected still"))
        self.at.valueChanged.connect(lambda frame: self._move(self.ruler.selected, frame))
        choose = tool_button("image-plus-outline", self.tr("Choose stills"))
        choose.clicked.connect(self._choose)
        paste = tool_button("content-paste", self.tr("Paste a still"))
        paste.clicked.connect(self._paste)
        frame = tool_button("camera-outline", self.tr("Use the frame at the playhead"))
        frame.clicked.connect(lambda: model.use_frame(lambda path: self.add(path, 0)))
        remove = tool_button("trash-can-outline", self.tr("Take the selected still away"))
        remove.clicked.connect(lambda: self._remove(self.ruler.selected))
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(choose)
        row.addWidget(paste)
        row.addWidget(frame)
        row.addStretch(1)
        row.addWidget(QLabel(self.tr("at frame")))
        row.addWidget(self.at)
        row.addWidget(remove)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.ruler)
        layout.addLayout(row)
        self.setFocusProxy(self.ruler)
        model.draft.changed.connect(self._show_length)
        model.thumbnails.arrived.connect(self._show_picture)
        model.thumbnails.failed.connect(self._say)
        self._show_length()
        self._show_selected()

    def show_value(self, value: ControlValue | None) -> None:
        listed = value if isinstance(value, tuple) else ()
        selected = self._selected
        self.ruler.keyframes = tuple(one for one in listed if isinstance(one, Keyframe))
        for path in {one.path for one in self.ruler.keyframes}:
            if path not in self.ruler.pictures:
                self._model.thumbnails.wanted(_picture(path))
                self._show_picture(_picture(path))
        paths = [one.path for one in self.ruler.keyframes]
        if selected is not None and selected.path in paths:
            self.ruler.selected = paths.index(selected.path)
        else:
            self.ruler.selected = min(self.ruler.selected, len(paths) - 1)
        self._show_selected()
        self.ruler.update()

    def add(self, path: str, frame: int) -> None:
        """At the nearest frame that can have a still and has none."""
        taken = {one.at.frame for one in self.ruler.keyframes}
        free = [one for one in self._frames if one not in taken]
        if not free or len(taken) >= self._kind.most:
            return
        at = min(free, key=lambda one: abs(one - frame))
        self._set((*self.ruler.keyframes, Keyframe(path, FrameTime(at, self._rate))), path)

    @property
    def _selected(self) -> Keyframe | None:
        selected = self.ruler.selected
        return self.ruler.keyframes[selected] if 0 <= selected < len(self.ruler.keyframes) else None

    @property
    def _frames(self) -> range | tuple[int, ...]:
        last = self.ruler.frames - 1
        if not self._kind.ends_only:
            return range(last + 1)
        return (0, last) if self._kind.most > 1 else (0,)

    @property
    def _rate(self) -> Fraction:
        draft = self._model.draft.draft
        assert draft is not None
        return draft.place.at.rate

    def _show_length(self) -> None:
        draft = self._model.draft.draft
        if draft is None:
            return
        self.ruler.frames = frames_asked(draft)
        self._show_selected()
        self.ruler.update()

    def _show_selected(self) -> None:
        selected = self._selected
        self.at.blockSignals(True)
        self.at.setRange(0, self.ruler.frames - 1)
        self.at.setEnabled(selected is not None)
        self.at.setValue(selected.at.frame if selected is not None else 0)
        self.at.blockSignals(False)
        said = self.tr("%n still(s) over {frames}", "", len(self.ruler.keyframes)).format(
            frames=words.of_frames(self.ruler.frames)
        )
        if selected is not None:
            name = selected.path.rsplit("/", 1)[-1]
            said = self.tr("{said}; {name} at frame {frame}").format(said=said, name=name, frame=selected.at.frame)
        self.ruler.setAccessibleDescription(said)

    def _move(self, number: int, frame: int) -> None:
        if not 0 <= number < len(self.ruler.keyframes):
            return
        moved = self.ruler.keyframes[number]
        others = [one for place, one in enumerate(self.ruler.keyframes) if place != number]
        taken = {one.at.frame for one in others}
        to = min(self._frames, key=lambda one: abs(one - frame))
        if to not in taken:
            self._set((*others, Keyframe(moved.path, FrameTime(to, self._rate))), moved.path)

    def _remove(self, number: int) -> None:
        kept = tuple(one for place, one in enumerate(self.ruler.keyframes) if place != number)
        self._set(kept, "")

    def _set(self, keyframes: tuple[Keyframe, ...], path: str) -> None:
        ordered = tuple(sorted(keyframes, key=lambda one: one.at.frame))
        self.ruler.selected = next((place for place, one in enumerate(ordered) if one.path == path), -1)
        self.ruler.keyframes = ordered
        self.edited.emit(ordered or None)

    def _drop(self, data: QMimeData, frame: int) -> None:
        image = drops.picture_in(data)
        if image is not None:
            self._model.references.keep_picture("pasted", lambda: png(image), lambda path: self.add(path, frame))
        for path in drops.files_in(data):
            self.add(path, frame)

    def _paste(self) -> None:
        clipboard = QGuiApplication.clipboard()
        data = clipboard.mimeData() if clipboard is not None else None
        if data is not None and drops.holds(data):
            self._drop(data, 0)

    def _choose(self) -> None:
        files = self.tr("Stills ({files})").format(files=drops.PICTURES)
        paths, _ = QFileDialog.getOpenFileNames(self, self.tr("Choose stills"), "", files)
        for path in paths:
            self.add(path, 0)

    def _show_picture(self, one: Wanted) -> None:
        jpeg = self._model.thumbnails.get(one)
        for keyframe in self.ruler.keyframes:
            if jpeg is not None and _picture(keyframe.path) == one:
                self.ruler.pictures[keyframe.path] = QImage.fromData(jpeg)
                self.ruler.update()

    def _say(self, one: Wanted, why: str) -> None:
        if any(_picture(keyframe.path) == one for keyframe in self.ruler.keyframes):
            self.ruler.setToolTip(why)


def _picture(path: str) -> ThumbnailOf:
    return ThumbnailOf(MediaTime(path, Fraction(0)), 2 * _STILL.width())
