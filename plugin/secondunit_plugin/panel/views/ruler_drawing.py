"""What is painted over and above the tracks: ruler, markers, the marked range, the playhead."""

from bisect import bisect_left
from math import ceil

from PyQt5.QtCore import QPointF, QRect, QRectF, Qt
from PyQt5.QtGui import QColor, QPainter, QPen, QPolygonF

from secondunit_plugin.panel.model.layout import Mark
from secondunit_plugin.panel.views.tracks_view import HEADER, RULER, Scene, View

_LABELS_APART = 104
_LINE, _RULER, _TICK, _QUIET = QColor("#131416"), QColor("#212428"), QColor("#5b6068"), QColor("#9aa1ab")
_ACCENT, _PLAYHEAD, _RANGE = QColor("#7fb2e0"), QColor("#e8eaed"), QColor(127, 178, 224, 34)
_MARKS = {
    "RED": "#d9605a",
    "PINK": "#dd8fb4",
    "ORANGE": "#dd9450",
    "YELLOW": "#d8bf55",
    "GREEN": "#6fb36b",
    "CYAN": "#5db5bd",
    "BLUE": "#6391d6",
    "PURPLE": "#9a7bd0",
    "MAGENTA": "#c06fc0",
    "BLACK": "#3a3d42",
    "WHITE": "#dfe2e6",
}


def paint_marks(painter: QPainter, exposed: QRect, view: View, marks: tuple[Mark, ...], top: float) -> None:
    last = float("-inf")
    first = view.frame_at(exposed.left() - 8)
    for mark in marks[bisect_left(marks, first, key=lambda mark: mark.at) :]:
        x = view.x_of(mark.at)
        if x > exposed.right() + 8:
            return
        if x - last >= 3:
            last = x
            _mark(painter, view, mark, x, top)


def _mark(painter: QPainter, view: View, mark: Mark, x: float, top: float) -> None:
    colour = QColor(_MARKS.get(mark.colour.upper(), "#6fb36b"))
    if mark.frames:
        painter.fillRect(QRectF(x, top, mark.frames * view.scale, 3), colour)
    painter.setRenderHint(QPainter.Antialiasing)
    painter.setPen(QPen(_LINE, 1))
    painter.setBrush(colour)
    shape = ((-4, 0), (4, 0), (4, 6), (0, 11), (-4, 6))
    painter.drawPolygon(QPolygonF([QPointF(x + dx, top + dy) for dx, dy in shape]))
    painter.setRenderHint(QPainter.Antialiasing, False)


def paint_range(painter: QPainter, scene: Scene, top: int, bottom: int) -> None:
    view = scene.view
    if scene.mark_in is None and scene.mark_out is None:
        return
    left = view.x_of(scene.mark_in or 0)
    right = view.x_of(scene.layout.frames if scene.mark_out is None else scene.mark_out + 1)
    painter.fillRect(QRectF(left, top, right - left, bottom - top), _RANGE)
    painter.setPen(QPen(_ACCENT, 1))
    for mark, x in ((scene.mark_in, left), (scene.mark_out, right - 1)):
        if mark is not None:
            painter.drawLine(QPointF(x, top), QPointF(x, bottom))


def paint_ruler(painter: QPainter, exposed: QRect, scene: Scene) -> None:
    view, layout = scene.view, scene.layout
    painter.fillRect(QRect(0, 0, view.width, RULER), _RULER)
    painter.save()
    painter.setClipRect(QRect(HEADER, 0, view.width - HEADER, RULER))
    step = _label_step(view.scale, round(layout.rate))
    part = _part_of(step, round(layout.rate), view.scale)
    first = max(0, view.frame_at(exposed.left() - _LABELS_APART))
    # Labels lie on round timecodes, whatever the cut's first frame is.
    frame = first - (first + layout.start.frame) % step
    while (x := view.x_of(frame)) <= exposed.right():
        if frame >= 0:
            painter.setPen(_QUIET)
            painter.drawText(QPointF(x + 4, 13), layout.timecode(frame))
        painter.setPen(_TICK)
        painter.drawLine(QPointF(x, RULER - 11), QPointF(x, RULER))
        for between in range(part, step, part):
            at = view.x_of(frame + between)
            painter.drawLine(QPointF(at, RULER - 5), QPointF(at, RULER))
        frame += step
    paint_range(painter, scene, RULER - 7, RULER)
    paint_marks(painter, exposed, view, layout.marks, RULER - 13.0)
    painter.restore()
    painter.fillRect(QRect(0, 0, HEADER, RULER), _RULER)
    painter.fillRect(QRect(0, RULER - 1, view.width, 1), _LINE)


def paint_playhead(painter: QPainter, scene: Scene) -> None:
    x = round(scene.view.x_of(scene.frame))
    if x < HEADER - 1:
        return
    painter.setPen(QPen(_PLAYHEAD, 1))
    painter.drawLine(x, RULER - 6, x, scene.view.height)
    painter.setRenderHint(QPainter.Antialiasing)
    painter.setBrush(_PLAYHEAD)
    shape = ((-6, -13), (6, -13), (6, -7), (0, 0), (-6, -7))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawPolygon(QPolygonF([QPointF(x + 0.5 + dx, RULER + dy) for dx, dy in shape]))
    painter.setRenderHint(QPainter.Antialiasing, False)


def _label_step(scale: float, base: int) -> int:
    """Frames from one label of the ruler to the next."""
    wanted = _LABELS_APART / scale
    seconds = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200)
    steps = [step for step in (1, 2, 5, 10) if step < base] + [base * second for second in seconds]
    return next((step for step in steps if step >= wanted), ceil(wanted / (base * 3600)) * base * 3600)


def _part_of(step: int, base: int, scale: float) -> int:
    """Frames from one tick to the next: the smallest even part of `step` that can be told apart."""
    parts = (1, 2, 5, 10, base // 2, base, 2 * base, 5 * base, 10 * base, 30 * base, 60 * base, 300 * base, 600 * base)
    return next((part for part in parts if part and step % part == 0 and part * scale >= 7), step)
