"""The picture that is made of two, with what is drawn over it: captions, the handle of a wipe, the legend of bands."""

from PyQt5.QtCore import QPoint, QRect, Qt, pyqtSignal
from PyQt5.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt5.QtWidgets import QWidget

from secondunit_plugin.panel.commands import Command
from secondunit_plugin.panel.compare.bands import BANDS, Band
from secondunit_plugin.panel.compare.modes import Mode
from secondunit_plugin.panel.views.canvas import Canvas
from secondunit_plugin.panel.words import tr

_GRIP = 8


class CompareCanvas(Canvas):
    """The handle is over the picture while there is one to drag."""

    wiped = pyqtSignal(float)
    """The share of the picture's width."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.said = ""
        self._captions = ("", "")
        self._mode: Mode | None = None
        self._at: float | None = None
        self._flipped = False
        self.setMouseTracking(True)
        self.setAccessibleName(self.tr("Takes compared"))

    def tell(
        self,
        said: str,
        captions: tuple[str, str] = ("", ""),
        mode: Mode | None = None,
        at: float | None = None,
        *,
        flipped: bool = False,
    ) -> None:
        """`captions`: of the take and of the other; `said`: where there is no picture, or under one."""
        self.said, self._captions = said, captions
        self._mode, self._at, self._flipped = mode, at, flipped
        self.setAccessibleDescription(" – ".join(text for text in (*captions, said) if text))
        self.update()

    @property
    def handle(self) -> int | None:
        """Its x in this widget."""
        if self._at is None or self._mode not in (Mode.WIPE, Mode.FALSE_COLOUR) or self.picture.isNull():
            return None
        place = self.placed
        return place.left() + round(self._at * place.width())

    def paintEvent(self, a0: QPaintEvent | None) -> None:  # noqa: ARG002 - Qt's signature
        painter = QPainter(self)
        painter.fillRect(self.rect(), Qt.GlobalColor.black)
        if self.picture.isNull():
            painter.setPen(self.palette().placeholderText().color())
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.said)
            return
        place = self.placed
        painter.setRenderHint(QPainter.SmoothPixmapTransform)
        painter.drawImage(place, self.picture)
        top, left, right = Qt.AlignmentFlag.AlignTop, Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
        ours, other = self._captions
        if self._flipped:
            self._label(painter, place, left | top, other)
        elif self._mode is Mode.FLIP:
            held = self.tr("{name}; hold {key} to see {other}")
            said = held.format(name=ours, key=Command.FLIP.value.keys[0], other=other)
            self._label(painter, place, left | top, said)
        elif self._mode is Mode.DIFFERENCE:
            self._label(painter, place, left | top, self.tr("{name} and {other}").format(name=ours, other=other))
            self._label(painter, place, left | Qt.AlignmentFlag.AlignBottom, self.said)
        else:
            self._label(painter, place, left | top, ours)
            self._label(painter, place, right | top, other)
        if (x := self.handle) is not None:
            painter.setPen(QPen(QColor(0, 0, 0, 160), 3))
            painter.drawLine(x, place.top(), x, place.bottom())
            painter.setPen(QPen(QColor("#f0f2f5"), 1))
            painter.drawLine(x, place.top(), x, place.bottom())
            painter.setBrush(QColor("#f0f2f5"))
            grip = QRect(0, 0, 2 * _GRIP, 4 * _GRIP)
            grip.moveCenter(QPoint(x, place.center().y()))
            painter.setRenderHint(QPainter.Antialiasing)
            painter.drawRoundedRect(grip, 4, 4)
            painter.setPen(QPen(QColor("#33373c"), 1))
            for line in (-2, 2):
                painter.drawLine(x + line, grip.top() + _GRIP, x + line, grip.bottom() - _GRIP)
        if self._mode is Mode.FALSE_COLOUR and not self._flipped:
            self._legend(painter)

    def mousePressEvent(self, a0: QMouseEvent | None) -> None:
        self._drag(a0)

    def mouseMoveEvent(self, a0: QMouseEvent | None) -> None:
        assert a0 is not None
        x = self.handle
        near = x is not None and abs(a0.x() - x) <= _GRIP
        self.setCursor(Qt.CursorShape.SplitHCursor if near else Qt.CursorShape.ArrowCursor)
        if a0.buttons() & Qt.MouseButton.LeftButton:
            self._drag(a0)

    def _drag(self, a0: QMouseEvent | None) -> None:
        assert a0 is not None
        self.setFocus()
        if self.handle is not None:
            place = self.placed
            self.wiped.emit((a0.x() - place.left()) / place.width())

    @property
    def placed(self) -> QRect:
        room = self.rect()
        if self._mode is Mode.FALSE_COLOUR:  # the legend lies beside the picture
            room.setLeft(self._legend_width())
        place = QRect(QPoint(0, 0), self.picture.size().scaled(room.size(), Qt.AspectRatioMode.KeepAspectRatio))
        place.moveCenter(room.center())
        return place

    def _label(self, painter: QPainter, place: QRect, where: int, text: str) -> None:
        if text:
            inner = place.adjusted(8, 8, -8, -8)
            box = painter.boundingRect(inner, where, text).adjusted(-6, -3, 6, 3)
            painter.fillRect(box, QColor(0, 0, 0, 150))
            painter.setPen(QColor("#f0f2f5"))
            painter.drawText(inner, where, text)

    def _lines(self) -> list[tuple[Band, str]]:
        said = self.tr("{low:g} to {high:g} %: {name}")
        return [
            (band, said.format(low=band.low, high=min(100, band.high), name=tr(band.name))) for band in reversed(BANDS)
        ]

    def _legend_width(self) -> int:
        wide = max(self.fontMetrics().horizontalAdvance(text) for _, text in self._lines())
        return wide + self.fontMetrics().height() + 28

    def _legend(self, painter: QPainter) -> None:
        line = painter.fontMetrics().height() + 4
        for number, (band, text) in enumerate(self._lines()):
            top = 10 + number * line
            painter.fillRect(10, top + 3, line - 6, line - 6, QColor(*band.colour))
            painter.setPen(QColor("#f0f2f5"))
            painter.drawText(QRect(10 + line, top, self.width(), line), Qt.AlignmentFlag.AlignVCenter, text)
