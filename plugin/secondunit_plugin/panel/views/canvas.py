"""A picture on black, at its aspect, with a line of text above it."""

from PyQt5 import sip
from PyQt5.QtCore import QPoint, QRect, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QImage, QPainter, QPaintEvent, QResizeEvent
from PyQt5.QtWidgets import QSizePolicy, QWidget

from secondunit_plugin.panel.frames.ring import Pixels


class Canvas(QWidget):
    """`caption` says what `picture` shows, or what is to be done where there is none."""

    resized = pyqtSignal(int, int)
    """In pixels of the display."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.picture = QImage()
        self.caption = ""
        self._pixels: Pixels | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Expanding)
        self.setMinimumSize(320, 180)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def sizeHint(self) -> QSize:
        return QSize(960, 540)

    @property
    def placed(self) -> QRect:
        """Where the picture lies, in the widget's coordinates."""
        size = self.picture.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        place = QRect(QPoint(0, 0), size)
        place.moveCenter(self.rect().center())
        return place

    def show_pixels(self, pixels: Pixels) -> None:
        """Without a copy: they must stay as they are until another picture is shown."""
        self._pixels = pixels  # which keep the memory mapped
        self.picture = QImage(
            sip.voidptr(pixels.data), pixels.width, pixels.height, pixels.width * 4, QImage.Format_RGB32
        )
        self.update()

    def show_picture(self, picture: QImage) -> None:
        self.picture, self._pixels = picture, None
        self.update()

    def say(self, caption: str) -> None:
        self.caption = caption
        self.setAccessibleDescription(caption)
        self.update()

    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        super().resizeEvent(a0)
        ratio = self.devicePixelRatioF()
        self.resized.emit(round(self.width() * ratio), round(self.height() * ratio))

    def paintEvent(self, a0: QPaintEvent | None) -> None:  # noqa: ARG002 - Qt's signature
        painter = QPainter(self)
        if self.picture.isNull():
            painter.fillRect(self.rect(), Qt.GlobalColor.black)
            painter.setPen(self.palette().placeholderText().color())
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.caption)
            return
        place = self.placed
        for bar in (
            QRect(0, 0, self.width(), place.top()),
            QRect(0, place.bottom() + 1, self.width(), self.height() - place.bottom() - 1),
            QRect(0, place.top(), place.left(), place.height()),
            QRect(place.right() + 1, place.top(), self.width() - place.right() - 1, place.height()),
        ):
            painter.fillRect(bar, Qt.GlobalColor.black)
        if self._pixels is None:
            painter.setRenderHint(QPainter.SmoothPixmapTransform)
        painter.drawImage(place, self.picture)
        if self.caption:
            self._draw_caption(painter, place)

    def _draw_caption(self, painter: QPainter, place: QRect) -> None:
        lines = painter.fontMetrics().boundingRect(
            place.adjusted(14, 10, -14, -10), Qt.TextFlag.TextWordWrap, self.caption
        )
        painter.fillRect(lines.adjusted(-6, -3, 6, 3), Qt.GlobalColor.black)
        painter.setPen(Qt.GlobalColor.white)
        painter.drawText(lines, Qt.TextFlag.TextWordWrap, self.caption)
