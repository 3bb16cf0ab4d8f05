"""The tool that is taken up, over the viewer: its strip of buttons, the frame that it is drawn on, mouse and keys."""

from PyQt5.QtCore import QEvent, QObject, QPointF, QRectF, QSizeF, Qt
from PyQt5.QtGui import QBrush, QColor, QImage, QKeyEvent, QKeySequence, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PyQt5.QtWidgets import QWidget
from secondunit_bridge.controls import CameraMoveControl, MaskControl, StrokesControl
from secondunit_bridge.messages import Point, ReferenceImage
from secondunit_bridge.rates import FrameTime

from secondunit_plugin.panel.background import Operation
from secondunit_plugin.panel.gestures.camera_tool import CameraTool
from secondunit_plugin.panel.gestures.mask_tool import MaskTool
from secondunit_plugin.panel.gestures.strip import Strip
from secondunit_plugin.panel.gestures.strokes_tool import StrokesTool
from secondunit_plugin.panel.gestures.tool import Tool, pens
from secondunit_plugin.panel.model.draft import Draft, Generate
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.model.values import Keyframe, MarkForm
from secondunit_plugin.panel.model.watching import TheCut
from secondunit_plugin.panel.pictures import still, thumbnail

_WIDTH = 1280
_GAP = 6
_STEP = 0.01
_FAR = 5
_PERCENT = 100


class GestureLayer(QWidget):
    """Over `host`, as large as it, while a tool is taken up.

    The frame that the tool is drawn on lies below it: the shot's own at the playhead, the one from which an extension
    goes on, or the still that a clip begins with. The arrow keys move a crosshair, with Shift further; Space presses
    and lets go, with Alt erasing; Backspace and Undo take the last thing away, Escape puts the tool down.
    """

    def __init__(self, model: PanelModel, host: QWidget) -> None:
        super().__init__(host)
        self._model = model
        self._host = host
        self.tool: Tool | None = None
        self.picture = QImage()
        self._asked: object = None
        self._reading = False
        self._crosshair: Point | None = None
        self._pointer: QPointF | None = None
        self._pressed = False
        self.strip: Strip | None = None
        self.setAccessibleName(self.tr("Drawing on the picture"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.hide()
        host.installEventFilter(self)
        model.tools.changed.connect(self._take_up)
        model.draft.changed.connect(self._follow)
        model.cut.changed.connect(self._follow)
        model.playback.picture_changed.connect(self._follow)

    def picture_rect(self) -> QRectF:
        """Where the picture lies, whole, below the strip."""
        above = self.strip.height() if self.strip is not None else 0
        room = QRectF(self.rect()).adjusted(0, above + 2 * _GAP, 0, -_GAP)
        size = QSizeF(self.picture.size()) if not self.picture.isNull() else QSizeF(16, 9)
        fitted = QRectF(QPointF(0, 0), size.scaled(room.size(), Qt.AspectRatioMode.KeepAspectRatio))
        fitted.moveCenter(room.center())
        return fitted

    # What is drawn on

    def _take_up(self) -> None:
        control = self._model.tools.active
        if self.tool is not None:
            self.tool.deleteLater()
            self.tool = None
        if control is None:
            self.hide()
            self._host.setFocus()
            return
        draft = self._model.draft
        kind = control.kind
        if isinstance(kind, MaskControl):
            self.tool = MaskTool(control, draft)
        elif isinstance(kind, StrokesControl):
            self.tool = StrokesTool(control, kind.most, draft)
        elif isinstance(kind, CameraMoveControl):
            self.tool = CameraTool(control, kind, draft)
        if self.tool is None:
            return
        self.tool.setParent(self)
        self.tool.repaint.connect(self.update)
        self._crosshair = None
        self._fill_strip(self.tool)
        self._follow()
        self.setGeometry(self._host.rect())
        self.show()
        self.raise_()
        self.setFocus()

    def _follow(self) -> None:
        """The picture below the tool, where another one belongs there."""
        if self.tool is not None:
            self.tool.repaint.emit()
        opened, draft = self._model.cut.open, self._model.draft.draft
        if self.tool is None or opened is None or draft is None:
            return
        watching = isinstance(self._model.watching.watched, TheCut)
        at = FrameTime(self._model.playback.frame if watching else draft.place.at.frame, draft.place.at.rate)
        first = _first_still(draft)
        wanted = (opened.version, draft.place, draft.asking, first, at)
        if wanted == self._asked or self._reading:
            return
        self._asked, self._reading = wanted, True

        def work() -> QImage:
            from secondunit_plugin.panel.model.planning import frame_to_draw_on

            if first is not None:
                return thumbnail(first, _WIDTH)
            frame = frame_to_draw_on(opened.version_with(draft.place), draft, at)
            return still(*frame, _WIDTH) if frame is not None else QImage()

        Operation(self, work).success(self._show_picture).failure(lambda _: self._show_picture(QImage())).run()

    def _show_picture(self, picture: QImage) -> None:
        self.picture, self._reading = picture, False
        self.update()
        self._follow()  # to where the playhead has gone meanwhile

    def _fill_strip(self, tool: Tool) -> None:
        if self.strip is not None:
            self.strip.hide()
            self.strip.deleteLater()
        self.strip = Strip(tool, self)
        self.strip.done.connect(lambda: self._model.tools.use(None))
        self.strip.changed.connect(self.setFocus)
        self.setAccessibleDescription(tool.hint)
        self.strip.show()
        self._place_strip()

    def _place_strip(self) -> None:
        if self.strip is not None:
            self.strip.move(max(0, (self.width() - self.strip.width()) // 2), _GAP)

    # Mouse and keys

    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:
        if a0 is self._host and a1 is not None and a1.type() == QEvent.Type.Resize:
            self.setGeometry(self._host.rect())
            self._place_strip()
        return super().eventFilter(a0, a1)

    def event(self, a0: QEvent | None) -> bool:
        """Undo is the tool's, and letters are, while the focus is here."""
        if isinstance(a0, QKeyEvent) and a0.type() == QEvent.Type.ShortcutOverride and self._takes(a0):
            a0.accept()
            return True
        return super().event(a0)

    def _takes(self, key: QKeyEvent) -> bool:
        return key.matches(QKeySequence.StandardKey.Undo) or Qt.Key(key.key()) in _KEYS

    def keyPressEvent(self, a0: QKeyEvent | None) -> None:
        tool = self.tool
        if a0 is None or tool is None:
            return
        key = Qt.Key(a0.key())
        if a0.matches(QKeySequence.StandardKey.Undo) or key in (Qt.Key.Key_Backspace, Qt.Key.Key_Delete):
            tool.undo()
        elif key == Qt.Key.Key_Escape:
            self._model.tools.use(None)
        elif key in _WAYS:
            far = _FAR if a0.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
            self._move_crosshair(_WAYS[key][0] * far * _STEP, _WAYS[key][1] * far * _STEP)
        elif key == Qt.Key.Key_Space:
            self._press_crosshair(other=bool(a0.modifiers() & Qt.KeyboardModifier.AltModifier))
        elif self.strip is None or not self._press_button(self.strip, key):
            super().keyPressEvent(a0)

    def _press_button(self, strip: Strip, key: Qt.Key) -> bool:
        """Of the strip by its key; whether it has one."""
        if key in _FORMS and _FORMS[key] in strip.forms:
            strip.forms[_FORMS[key]].click()
        elif key == Qt.Key.Key_E and strip.erase is not None:
            strip.erase.toggle()
        elif key in _SIZES and strip.size_ is not None:
            strip.size_.setValue(strip.size_.value() + _SIZES[key])
        else:
            return False
        return True

    def _move_crosshair(self, across: float, down: float) -> None:
        at = self._crosshair or Point(0.5, 0.5)
        self._crosshair = Point(min(1.0, max(0.0, at.x + across)), min(1.0, max(0.0, at.y + down * self._aspect)))
        said = self.tr("crosshair at {x} % and {y} %")
        self.setAccessibleDescription(
            said.format(x=round(_PERCENT * self._crosshair.x), y=round(_PERCENT * self._crosshair.y))
        )
        if self._pressed and self.tool is not None:
            self.tool.drag(self._crosshair)
        self.update()

    def _press_crosshair(self, *, other: bool) -> None:
        if self.tool is None:
            return
        self._crosshair = self._crosshair or Point(0.5, 0.5)
        self._pressed = not self._pressed
        self._set_aspect()
        if self._pressed:
            self.tool.press(self._crosshair, other=other)
        else:
            self.tool.release()
        self.update()

    def mousePressEvent(self, a0: QMouseEvent | None) -> None:
        if a0 is None or self.tool is None:
            return
        self._crosshair = None
        self._set_aspect()
        other = a0.button() == Qt.MouseButton.RightButton or bool(a0.modifiers() & Qt.KeyboardModifier.AltModifier)
        self._pressed = True
        self.tool.press(self._share(a0.localPos()), other=other)

    def mouseMoveEvent(self, a0: QMouseEvent | None) -> None:
        if a0 is None or self.tool is None:
            return
        self._pointer = a0.localPos()
        if self._pressed and a0.buttons():
            self.tool.drag(self._share(a0.localPos()))
        self.update()

    def mouseReleaseEvent(self, a0: QMouseEvent | None) -> None:  # noqa: ARG002 - Qt's signature
        if self.tool is not None and self._pressed:
            self._pressed = False
            self.tool.release()

    def leaveEvent(self, a0: QEvent | None) -> None:  # noqa: ARG002 - Qt's signature
        self._pointer = None
        self.update()

    def wheelEvent(self, a0: QWheelEvent | None) -> None:
        """The brush's size."""
        if a0 is not None and self.strip is not None:
            larger = a0.angleDelta().y() > 0
            self._press_button(self.strip, Qt.Key.Key_BracketRight if larger else Qt.Key.Key_BracketLeft)

    def paintEvent(self, a0: QPaintEvent | None) -> None:  # noqa: ARG002 - Qt's signature
        if self.tool is None:
            return
        self._set_aspect()
        picture = self.picture_rect()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.Antialiasing)
        painter.setRenderHint(QPainter.SmoothPixmapTransform)
        painter.fillRect(self.rect(), Qt.GlobalColor.black)
        if self.picture.isNull():
            painter.fillRect(picture, QColor("#3a3d42"))
        else:
            painter.drawImage(picture, self.picture)
        self.tool.paint(painter, picture)
        pointer = self._pointer
        if self._crosshair is not None:
            pointer = QPointF(
                picture.left() + self._crosshair.x * picture.width(),
                picture.top() + self._crosshair.y * picture.height(),
            )
            painter.setBrush(QBrush())
            for pen in pens(1.5):
                painter.setPen(pen)
                painter.drawLine(pointer - QPointF(12, 0), pointer + QPointF(12, 0))
                painter.drawLine(pointer - QPointF(0, 12), pointer + QPointF(0, 12))
        if pointer is not None and isinstance(self.tool, MaskTool):
            self.tool.paint_cursor(painter, picture, pointer)

    @property
    def _aspect(self) -> float:
        picture = self.picture_rect()
        return picture.width() / max(1.0, picture.height())

    def _set_aspect(self) -> None:
        if self.tool is not None:
            self.tool.aspect = self._aspect

    def _share(self, at: QPointF) -> Point:
        """Where a point of the layer lies in the picture; outside it, on its edge."""
        picture = self.picture_rect()
        x = (at.x() - picture.left()) / max(1.0, picture.width())
        y = (at.y() - picture.top()) / max(1.0, picture.height())
        return Point(round(min(1.0, max(0.0, x)), 4), round(min(1.0, max(0.0, y)), 4))


_WAYS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
_FORMS = {
    Qt.Key.Key_B: MarkForm.BRUSH,
    Qt.Key.Key_R: MarkForm.BOX,
    Qt.Key.Key_F: MarkForm.LASSO,
}
_SIZES = {Qt.Key.Key_BracketLeft: -1, Qt.Key.Key_BracketRight: 1}
_KEYS = {
    *_WAYS,
    *_FORMS,
    *_SIZES,
    Qt.Key.Key_E,
    Qt.Key.Key_Space,
    Qt.Key.Key_Escape,
    Qt.Key.Key_Backspace,
    Qt.Key.Key_Delete,
}


def _first_still(draft: Draft) -> str | None:
    """The still that a clip of its own begins with."""
    if not isinstance(draft.asking, Generate):
        return None
    listed = [one for value in draft.values.values() if isinstance(value, tuple) for one in value]
    keyed = [one for one in listed if isinstance(one, Keyframe)]
    if keyed:
        return min(keyed, key=lambda one: one.at.frame).path
    return next((one.path for one in listed if isinstance(one, ReferenceImage)), None)
