"""What every tool has."""

from PyQt5.QtCore import QObject, QPointF, QRectF, Qt, pyqtSignal
from PyQt5.QtGui import QColor, QPainter, QPen
from secondunit_bridge.controls import Control
from secondunit_bridge.messages import Point

from secondunit_plugin.panel.model.draft import DraftModel
from secondunit_plugin.panel.model.values import ControlValue

LINE = QColor("#ffffff")
SHADE = QColor(0, 0, 0, 170)


class Tool(QObject):
    """Points are shares of the picture; `aspect` is its width by its height. `hint` says what a person can do."""

    repaint = pyqtSignal()
    hint = ""

    def __init__(self, control: Control, draft: DraftModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._control, self._draft = control, draft
        self.aspect = 16 / 9

    @property
    def value(self) -> ControlValue | None:
        return self._draft.draft.values.get(self._control.name) if self._draft.draft is not None else None

    def set_value(self, value: ControlValue | None) -> None:
        self._draft.set_value(self._control.name, value)

    def paint(self, painter: QPainter, picture: QRectF) -> None:
        """`picture`: where the picture lies in the widget."""
        raise NotImplementedError

    def press(self, at: Point, *, other: bool = False) -> None:
        """`other`: with the right button or with Alt."""
        raise NotImplementedError

    def drag(self, at: Point) -> None:
        raise NotImplementedError

    def release(self) -> None:
        raise NotImplementedError

    def undo(self) -> None:
        """Takes the last thing away that was drawn."""
        raise NotImplementedError


def on(picture: QRectF, point: Point) -> QPointF:
    return QPointF(picture.left() + point.x * picture.width(), picture.top() + point.y * picture.height())


def pens(width: float = 2.0) -> tuple[QPen, QPen]:
    """A dark line, and the light one over it: both are seen on any picture."""
    under, over = QPen(SHADE, width + 2.5), QPen(LINE, width)
    for pen in (under, over):
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    return under, over
