"""A mask painted with brush, box and lasso."""

from PyQt5.QtCore import QPointF, QRectF
from PyQt5.QtGui import QBrush, QColor, QImage, QPainter, QPolygonF
from secondunit_bridge.controls import Control
from secondunit_bridge.messages import Point

from secondunit_plugin.panel import masks
from secondunit_plugin.panel.background import Operation
from secondunit_plugin.panel.gestures.tool import Tool, on, pens
from secondunit_plugin.panel.model.draft import DraftModel
from secondunit_plugin.panel.model.values import Mark, MarkForm, PaintedMask

_TINT = QColor(224, 96, 72)
_ERASED = QColor(20, 22, 26)
_OPACITY = 0.55
_DRAWN_WIDTH = 640
_NEAR = 0.002
"""Points of one mark lie further apart than this share of the picture."""


class MaskTool(Tool):
    """`form`, `width` and `erases` are those of the next mark."""

    def __init__(self, control: Control, draft: DraftModel) -> None:
        super().__init__(control, draft)
        self.hint = self.tr("Paint what is made again. Right button or Alt: erase.")
        self.form = MarkForm.BRUSH
        self.width = 0.06
        self.erases = False
        self.soft = self.mask.soft
        self._mark: Mark | None = None
        self._image = QImage()
        self._shown = PaintedMask(())
        """What `_image` shows."""
        self._drawing = False

    @property
    def mask(self) -> PaintedMask:
        return self.value if isinstance(self.value, PaintedMask) else PaintedMask(())

    def set_width(self, width: float) -> None:
        self.width = width
        self.repaint.emit()

    def set_soft(self, soft: float) -> None:
        self.soft = soft
        if self.mask.marks:
            self.set_value(PaintedMask(self.mask.marks, soft))
        self.repaint.emit()

    def paint(self, painter: QPainter, picture: QRectF) -> None:
        mask, shown = self.mask, self._shown
        if mask != shown:
            self._draw(mask)
        painter.setOpacity(_OPACITY)
        if mask.marks and shown.marks:
            painter.drawImage(picture, self._image)
        fresh = mask.marks[len(shown.marks) :] if mask.marks[: len(shown.marks)] == shown.marks else ()
        for mark in (*fresh, *((self._mark,) if self._mark is not None else ())):
            masks.paint(painter, mark, picture, _ERASED if mark.erases else _TINT)
        painter.setOpacity(1.0)
        if self._mark is not None and self._mark.form is not MarkForm.BRUSH:
            points = [on(picture, point) for point in self._mark.points]
            outline = QPolygonF(points)
            if self._mark.form is MarkForm.BOX:
                outline = QPolygonF(QRectF(points[0], points[-1]).normalized())
            for pen in pens():
                painter.setPen(pen)
                painter.setBrush(QBrush())
                painter.drawPolygon(outline)

    def paint_cursor(self, painter: QPainter, picture: QRectF, at: QPointF) -> None:
        """The brush's size where it stands."""
        if self.form is MarkForm.BRUSH:
            radius = self.width * picture.width() / 2
            painter.setBrush(QBrush())
            for pen in pens(1.0):
                painter.setPen(pen)
                painter.drawEllipse(at, radius, radius)

    def press(self, at: Point, *, other: bool = False) -> None:
        width = self.width if self.form is MarkForm.BRUSH else 0.0
        self._mark = Mark(self.form, (at,), width, self.erases or other)
        self.repaint.emit()

    def drag(self, at: Point) -> None:
        mark = self._mark
        if mark is None:
            return
        last = mark.points[-1]
        if abs(at.x - last.x) < _NEAR and abs(at.y - last.y) < _NEAR:
            return
        points = (mark.points[0], at) if mark.form is MarkForm.BOX else (*mark.points, at)
        self._mark = Mark(mark.form, points, mark.width, mark.erases)
        self.repaint.emit()

    def release(self) -> None:
        mark, self._mark = self._mark, None
        if mark is not None and len(mark.points) >= {MarkForm.BRUSH: 1, MarkForm.BOX: 2, MarkForm.LASSO: 3}[mark.form]:
            self.set_value(PaintedMask((*self.mask.marks, mark), self.soft))
        self.repaint.emit()

    def undo(self) -> None:
        marks = self.mask.marks[:-1]
        self.set_value(PaintedMask(marks, self.soft) if marks else None)
        self.repaint.emit()

    def _draw(self, mask: PaintedMask) -> None:
        """In a thread: many marks take longer than a frame of the display."""
        if self._drawing:
            return
        self._drawing = True
        height = max(1, round(_DRAWN_WIDTH / self.aspect))

        def use(image: QImage) -> None:
            self._drawing, self._shown, self._image = False, mask, image
            self.repaint.emit()

        Operation(self, lambda: _tinted(mask, _DRAWN_WIDTH, height)).success(use).run()


def _tinted(mask: PaintedMask, width: int, height: int) -> QImage:
    image = QImage(width, height, QImage.Format_ARGB32)
    image.fill(_TINT)
    image.setAlphaChannel(masks.drawn(mask, width, height))
    return image
