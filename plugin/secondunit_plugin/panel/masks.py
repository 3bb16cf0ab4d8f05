"""Painted masks as pictures, for the work of operations and for the viewer."""

from itertools import repeat
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PyQt5.QtCore import QPointF, QRectF, Qt
from PyQt5.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QPolygonF

from secondunit_plugin.panel.files import keep
from secondunit_plugin.panel.model.values import Mark, MarkForm, PaintedMask
from secondunit_plugin.panel.pictures import png

_BLURS = 3
"""So many box filters one after the other are close to a Gaussian one."""
_FINE = 4
"""Pixels that the radius of a box filter has at least, where the picture is made coarser for it."""


def drawn(mask: PaintedMask, width: int, height: int) -> QImage:
    """8-bit grey: 255 where the picture is made again."""
    radius = round(mask.soft * width / 2 / _BLURS)
    coarse = max(1, radius // _FINE)  # soft edges need no fine pixels
    across, down = max(1, width // coarse), max(1, height // coarse)
    image = QImage(across, down, QImage.Format_Grayscale8)
    image.fill(0)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.Antialiasing)
    for mark in mask.marks:
        colour = QColor(Qt.GlobalColor.black if mark.erases else Qt.GlobalColor.white)
        paint(painter, mark, QRectF(0, 0, across, down), colour)
    painter.end()
    if not radius:
        return image
    blurred = _blurred(image, max(1, radius // coarse))
    if coarse == 1:
        return blurred
    ways = Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    return blurred.scaled(width, height, *ways).convertToFormat(QImage.Format_Grayscale8)


def write(mask: PaintedMask, width: int, height: int, folder: Path) -> Path:
    """A PNG in `folder`, named by what it shows."""
    return keep(folder, "mask", png(drawn(mask, width, height)), ".png")


def paint(painter: QPainter, mark: Mark, picture: QRectF, colour: QColor) -> None:
    """`picture`: where the whole picture lies."""
    points = [
        QPointF(picture.left() + point.x * picture.width(), picture.top() + point.y * picture.height())
        for point in mark.points
    ]
    painter.setBrush(colour)
    painter.setPen(Qt.PenStyle.NoPen)
    match mark.form:
        case MarkForm.BRUSH:
            thick = max(1.0, mark.width * picture.width())
            pen = QPen(colour, thick, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            if len(points) == 1:
                painter.drawPoint(points[0])
            else:
                painter.drawPath(_path(points))
        case MarkForm.BOX:
            painter.drawRect(QRectF(points[0], points[-1]).normalized())
        case MarkForm.LASSO:
            painter.drawPolygon(QPolygonF(points))


def _path(points: list[QPointF]) -> QPainterPath:
    path = QPainterPath(points[0])
    for point in points[1:]:
        path.lineTo(point)
    return path


def _blurred(image: QImage, radius: int) -> QImage:
    width, height = image.width(), image.height()
    bits = image.constBits()
    assert bits is not None
    stride = image.bytesPerLine()
    grey = np.frombuffer(bits.asstring(stride * height), np.uint8).reshape(height, stride)[:, :width]
    soft: NDArray[np.float32] = grey.astype(np.float32)
    for _ in repeat(None, _BLURS):
        soft = _box(_box(soft, radius).T, radius).T
    codes = np.ascontiguousarray(np.rint(soft).astype(np.uint8))
    return QImage(codes.tobytes(), width, height, width, QImage.Format_Grayscale8).copy()


def _box(values: NDArray[np.float32], radius: int) -> NDArray[np.float32]:
    """Means over rows of 2 `radius` + 1; the picture's edge goes on beyond it."""
    padded = np.pad(values, ((0, 0), (radius + 1, radius)), mode="edge")
    sums = np.cumsum(padded, axis=1, dtype=np.float64)
    size = 2 * radius + 1
    return ((sums[:, size:] - sums[:, :-size]) / size).astype(np.float32)
