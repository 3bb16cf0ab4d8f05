"""Regions that move: outlined over the picture, then dragged."""

from dataclasses import replace
from math import atan2, cos, degrees, hypot, radians, sin

from PyQt5.QtCore import QPointF, QRectF, Qt
from PyQt5.QtGui import QBrush, QColor, QPainter, QPen, QPolygonF
from secondunit_bridge.controls import Control
from secondunit_bridge.messages import Point, Stroke, Strokes

from secondunit_plugin.panel.gestures.tool import Tool, on, pens
from secondunit_plugin.panel.model.draft import DraftModel

_FILL = QColor(90, 160, 220, 70)
_FASTEST = 4.0
_NEAR = 0.003
_STILL = 0.01
"""A drag that is shorter than this share of the width outlines nothing."""
_MOST_POINTS = 64
_BARB = 11.0


class StrokesTool(Tool):
    """A drag from inside a region sets where it moves to in a second; any other drag outlines another region."""

    def __init__(self, control: Control, most: int, draft: DraftModel) -> None:
        super().__init__(control, draft)
        self.hint = self.tr("Outline a region, then drag from inside it: the arrow is its way in one second.")
        self._most = most
        self._outline: tuple[Point, ...] = ()
        self._moving: int | None = None
        self._from = Point(0, 0)
        self._arrow: Stroke | None = None

    @property
    def strokes(self) -> tuple[Stroke, ...]:
        return self.value.strokes if isinstance(self.value, Strokes) else ()

    def paint(self, painter: QPainter, picture: QRectF) -> None:
        for number, stroke in enumerate(self.strokes):
            shown = self._arrow if number == self._moving and self._arrow is not None else stroke
            outline = QPolygonF([on(picture, point) for point in shown.region])
            painter.setBrush(_FILL)
            for pen in pens():
                painter.setPen(pen)
                painter.drawPolygon(outline)
                painter.setBrush(QBrush())
            start = on(picture, _middle(shown.region))
            self._paint_arrow(painter, start, shown, picture.width())
            painter.setPen(Qt.GlobalColor.white)
            label = QRectF(start.x() - 22, start.y() - 9, 18, 18)
            painter.fillRect(label, QColor(0, 0, 0, 170))
            painter.drawText(label, Qt.AlignmentFlag.AlignCenter, str(number + 1))
        if len(self._outline) > 1:
            dashed = [on(picture, point) for point in self._outline]
            for pen in pens():
                painter.setPen(pen)
                painter.drawPolyline(QPolygonF(dashed))

    def press(self, at: Point, *, other: bool = False) -> None:  # noqa: ARG002 - one button does it
        inside = [n for n, stroke in enumerate(self.strokes) if _inside(stroke.region, at)]
        self._from = at
        if inside:
            self._moving = inside[-1]
        elif len(self.strokes) < self._most:
            self._outline = (at,)

    def drag(self, at: Point) -> None:
        if self._moving is not None:
            across, down = at.x - self._from.x, (at.y - self._from.y) / self.aspect
            speed = min(_FASTEST, hypot(across, down))
            direction = degrees(atan2(down, across)) % 360
            self._arrow = replace(self.strokes[self._moving], direction=round(direction, 1), speed=round(speed, 3))
        elif self._outline and max(abs(at.x - self._outline[-1].x), abs(at.y - self._outline[-1].y)) > _NEAR:
            self._outline = (*self._outline, at)
        self.repaint.emit()

    def release(self) -> None:
        outline, self._outline = self._outline, ()
        number, self._moving = self._moving, None
        arrow, self._arrow = self._arrow, None
        strokes = self.strokes
        if number is not None and arrow is not None:
            self.set_value(Strokes((*strokes[:number], arrow, *strokes[number + 1 :])))
        elif len(outline) > 2 and _wide(outline) > _STILL:
            step = -(-len(outline) // _MOST_POINTS)
            self.set_value(Strokes((*strokes, Stroke(outline[::step], 0.0, 0.0))))
        self.repaint.emit()

    def undo(self) -> None:
        kept = self.strokes[:-1]
        self.set_value(Strokes(kept) if kept else None)
        self.repaint.emit()

    def _paint_arrow(self, painter: QPainter, start: QPointF, stroke: Stroke, width: float) -> None:
        turn = radians(stroke.direction)
        end = start + QPointF(cos(turn), sin(turn)) * (stroke.speed * width)
        for pen in pens(3.0):
            painter.setPen(pen)
            if stroke.speed * width < _BARB:
                painter.drawPoint(start)
                continue
            painter.drawLine(start, end)
            for side in (2.6, -2.6):
                painter.drawLine(end, end + QPointF(cos(turn + side), sin(turn + side)) * _BARB)
        painter.setPen(QPen())


def _middle(region: tuple[Point, ...]) -> Point:
    return Point(sum(one.x for one in region) / len(region), sum(one.y for one in region) / len(region))


def _inside(region: tuple[Point, ...], at: Point) -> bool:
    outline = QPolygonF([QPointF(point.x, point.y) for point in region])
    return outline.containsPoint(QPointF(at.x, at.y), Qt.FillRule.OddEvenFill)


def _wide(outline: tuple[Point, ...]) -> float:
    across, down = [point.x for point in outline], [point.y for point in outline]
    return min(max(across) - min(across), max(down) - min(down))
