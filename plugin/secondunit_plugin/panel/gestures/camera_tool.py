"""A camera move as it goes over the picture: the frame that it begins with, dashed, the one it ends with, its path."""

from math import hypot

from PyQt5.QtCore import QPointF, QRectF, Qt
from PyQt5.QtGui import QBrush, QColor, QPainter, QPainterPath
from secondunit_bridge.controls import CameraMoveControl, Control
from secondunit_bridge.messages import CameraMove, Point

from secondunit_plugin.panel.gestures.tool import Tool, pens
from secondunit_plugin.panel.model.draft import DraftModel
from secondunit_plugin.panel.words import of_move

_WAYS = {
    "pan-left": (-1, 0),
    "pan-right": (1, 0),
    "tilt-up": (0, -1),
    "tilt-down": (0, 1),
    "dolly-left": (-1, 0),
    "dolly-right": (1, 0),
    "jib-up": (0, -1),
    "jib-down": (0, 1),
}
_ZOOMS = ("push-in", "pull-out")
_LEAST = 0.01
_BARB = 12.0


class CameraTool(Tool):
    """Drag along the path to go further or less far."""

    def __init__(self, control: Control, kind: CameraMoveControl, draft: DraftModel) -> None:
        super().__init__(control, draft)
        self.hint = self.tr("Choose a move, and drag to set how far it goes.")
        self._kind = kind
        self._from: Point | None = None
        self._amount = 0.0

    @property
    def moves(self) -> tuple[str, ...]:
        return self._kind.moves

    @property
    def move(self) -> CameraMove | None:
        return self.value if isinstance(self.value, CameraMove) else None

    def choose(self, move: str) -> None:
        """One of the control's; an empty one for none."""
        before = self.move
        amount = before.amount if before is not None else CameraMove("").amount
        self.set_value(CameraMove(move, amount) if move in self._kind.moves else None)
        self.repaint.emit()

    def paint(self, painter: QPainter, picture: QRectF) -> None:
        move = self.move
        if move is None:
            return
        painter.setClipRect(picture.adjusted(-1, -1, 1, 1))
        end, begin = _frames(move, picture)
        framed = move.move in _WAYS or move.move in _ZOOMS
        for frame, dashed in ((begin, True), (end, False)) if framed else ():
            for pen in pens():
                if dashed:
                    pen.setStyle(Qt.PenStyle.DashLine)
                painter.setPen(pen)
                painter.setBrush(QBrush())
                painter.drawRect(frame)
        painter.setClipping(False)
        for path in _paths(move, picture):
            for pen in pens(3.0):
                painter.setPen(pen)
                painter.drawPath(path)
                _barbs(painter, path)
        said = self.tr("{move}, {percent} %").format(move=of_move(move.move), percent=round(100 * move.amount))
        label = painter.fontMetrics().boundingRect(said).adjusted(-6, -4, 6, 4)
        label.moveBottomLeft(picture.bottomLeft().toPoint())
        painter.fillRect(label, QColor(0, 0, 0, 170))
        painter.setPen(Qt.GlobalColor.white)
        painter.drawText(label, Qt.AlignmentFlag.AlignCenter, said)

    def press(self, at: Point, *, other: bool = False) -> None:  # noqa: ARG002 - one button does it
        if self.move is not None:
            self._from, self._amount = at, self.move.amount

    def drag(self, at: Point) -> None:
        move = self.move
        if self._from is None or move is None:
            return
        across, down = at.x - self._from.x, at.y - self._from.y
        match move.move:
            case "push-in" | "pull-out":
                centre = Point(0.5, 0.5)
                gone = 2 * (_far(self._from, centre) - _far(at, centre))
            case name if name in _WAYS:
                way = _WAYS[name]
                gone = across * way[0] + down * way[1]
            case _:
                gone = across
        amount = round(min(1.0, max(_LEAST, self._amount + gone)), 2)
        self.set_value(CameraMove(move.move, amount))
        self.repaint.emit()

    def release(self) -> None:
        self._from = None

    def undo(self) -> None:
        self.choose("")


def _far(one: Point, other: Point) -> float:
    return hypot(one.x - other.x, one.y - other.y)


def _frames(move: CameraMove, picture: QRectF) -> tuple[QRectF, QRectF]:
    """The frame that the move ends with, and the one that it begins with."""
    size = picture.size()
    if move.move in _WAYS:
        way = _WAYS[move.move]
        shift = QPointF(way[0] * size.width(), way[1] * size.height()) * move.amount
        small = size * (1 - min(0.9, move.amount))
        begin = QRectF(QPointF(0, 0), small)
        begin.moveCenter(picture.center() - shift / 2)
        return begin.translated(shift), begin
    inner = QRectF(QPointF(0, 0), size * (1 - min(0.9, move.amount)))
    inner.moveCenter(picture.center())
    return (picture, inner) if move.move == "pull-out" else (inner, picture)


def _paths(move: CameraMove, picture: QRectF) -> list[QPainterPath]:
    """Lines from the first frame to the last, each in its direction."""
    end, begin = _frames(move, picture)
    paths: list[QPainterPath] = []
    match move.move:
        case "push-in" | "pull-out":
            corners = zip(_corners(begin), _corners(end), strict=True)
            for start, stop in corners:
                path = QPainterPath(start)
                path.lineTo(stop)
                paths.append(path)
        case "orbit":
            reach = move.amount * picture.width()
            path = QPainterPath(picture.center() - QPointF(reach, 0))
            path.quadTo(picture.center() + QPointF(0, reach), picture.center() + QPointF(reach, 0))
            paths.append(path)
        case name if name in _WAYS:
            path = QPainterPath(begin.center())
            path.lineTo(end.center())
            paths.append(path)
        case _:
            reach = move.amount * picture.width() / 4
            path = QPainterPath(picture.center() - QPointF(2 * reach, 0))
            for number in range(4):
                up = reach if number % 2 else -reach
                start = path.currentPosition()
                path.quadTo(start + QPointF(reach / 2, up), start + QPointF(reach, 0))
            paths.append(path)
    return paths


def _corners(frame: QRectF) -> list[QPointF]:
    return [frame.topLeft(), frame.topRight(), frame.bottomLeft(), frame.bottomRight()]


def _barbs(painter: QPainter, path: QPainterPath) -> None:
    """The point of an arrow at the path's end."""
    if path.length() < _BARB:
        return
    end, before = path.pointAtPercent(1.0), path.pointAtPercent(path.percentAtLength(path.length() - _BARB))
    back = before - end
    across = QPointF(-back.y(), back.x()) * 0.6
    painter.drawLine(end, end + back + across)
    painter.drawLine(end, end + back - across)
