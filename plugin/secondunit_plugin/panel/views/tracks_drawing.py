"""How the tracks of a cut are painted: only what lies on the part of the screen that is asked for."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from PyQt5.QtCore import QCoreApplication, QPointF, QRect, QRectF, Qt
from PyQt5.QtGui import QBrush, QColor, QFont, QFontMetrics, QPainter, QPainterPath, QPen, QPolygonF

from secondunit_plugin.panel import words
from secondunit_plugin.panel.icons import icon
from secondunit_plugin.panel.model.layout import Bar, Blend, Hole, Kind, Layout, Mark, Track
from secondunit_plugin.panel.model.places import Place

RULER = 26
HEADER = 104
LANE_GAP = 2
KINDS_GAP = 5
"""Between the video tracks and the audio tracks."""
_TITLE = 17
_NARROW = 6
"""Pixels below which a clip has no edges and no name."""
_LABELS_APART = 104
_LINE_OF_TEXT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter) | int(Qt.TextFlag.TextSingleLine)

_GROUND, _LANE, _LINE = QColor("#17181a"), QColor("#1c1e21"), QColor("#131416")
_RULER, _TICK, _QUIET, _TEXT = QColor("#212428"), QColor("#5b6068"), QColor("#9aa1ab"), QColor("#e3e6ea")
_ACCENT, _PLAYHEAD, _AMBER = QColor("#7fb2e0"), QColor("#e8eaed"), QColor("#e0b060")
_RANGE = QColor(127, 178, 224, 34)
_VIDEO = {
    Kind.CAMERA: QColor("#33506b"),
    Kind.TAKE: QColor("#574479"),
    Kind.TITLE: QColor("#5c4f36"),
    Kind.NEST: QColor("#33594f"),
    Kind.OFFLINE: QColor("#6b3535"),
}
_SOUND = {**_VIDEO, Kind.CAMERA: QColor("#2d5246")}
_ICONS = {
    Kind.TAKE: "creation",
    Kind.TITLE: "format-text",
    Kind.NEST: "layers-outline",
    Kind.OFFLINE: "link-off",
}
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


@dataclass(frozen=True, slots=True)
class Lane:
    """Where a track lies: `top` from the first one's, without what is scrolled."""

    track: Track
    top: int
    height: int


@dataclass(frozen=True, slots=True)
class View:
    """What part of the tracks shows: `scale` pixels a frame, `left` and `above` pixels scrolled away."""

    scale: float
    left: int
    above: int
    width: int
    height: int

    def x_of(self, frame: float) -> float:
        return HEADER + frame * self.scale - self.left

    def frame_at(self, x: float) -> int:
        """The frame under a pixel."""
        return int((x - HEADER + self.left) // self.scale)

    def y_of(self, lane: Lane) -> int:
        return RULER + LANE_GAP + lane.top - self.above


@dataclass(frozen=True, slots=True)
class Scene:
    layout: Layout
    lanes: tuple[Lane, ...]
    view: View
    place: Place | None
    frame: int
    mark_in: int | None
    mark_out: int | None


def lanes_of(layout: Layout, video: int, audio: int) -> tuple[Lane, ...]:
    """`video` and `audio`: the heights of a track of that kind."""
    lanes: list[Lane] = []
    top, before = 0, True
    for track in layout.tracks:
        if before and not track.video and lanes:
            top += KINDS_GAP
        before = track.video
        height = video if track.video else audio
        lanes.append(Lane(track, top, height))
        top += height + LANE_GAP
    return tuple(lanes)


def paint(painter: QPainter, exposed: QRect, scene: Scene) -> None:
    _Drawing(painter, exposed, scene).paint()


def small_font(base: QFont) -> QFont:
    font = QFont(base)
    font.setPixelSize(11)
    return font


class _Drawing:
    def __init__(self, painter: QPainter, exposed: QRect, scene: Scene) -> None:
        self._painter, self._exposed, self._scene = painter, exposed, scene
        self._view = scene.view
        painter.setFont(small_font(painter.font()))
        self._metrics = QFontMetrics(painter.font())

    def paint(self) -> None:
        painter, view = self._painter, self._view
        painter.fillRect(self._exposed, _GROUND)
        painter.save()
        painter.setClipRect(QRect(HEADER, RULER, view.width - HEADER, view.height - RULER) & self._exposed)
        for lane in self._scene.lanes:
            top = view.y_of(lane)
            if top < self._exposed.bottom() + 1 and top + lane.height > self._exposed.top():
                self._lane(lane, top)
        self._range(RULER, view.height)
        painter.restore()
        if self._exposed.left() < HEADER:
            for lane in self._scene.lanes:
                self._header(lane)
        if self._exposed.top() < RULER:
            self._ruler()
        self._playhead()

    # Tracks

    def _lane(self, lane: Lane, top: int) -> None:
        painter, view, track = self._painter, self._view, lane.track
        painter.fillRect(QRect(HEADER, top, view.width - HEADER, lane.height), _LANE)
        if not track.enabled:
            painter.setOpacity(0.4)
        for item, left, right in self._items(track):
            rect = QRectF(left, top, right - left, lane.height)
            if isinstance(item, Hole):
                self._gap(item, rect)
            elif rect.width() < _NARROW:
                painter.fillRect(rect.adjusted(0, 0, -min(1.0, rect.width() / 4), 0), self._colour(track, item))
            else:
                self._clip(track, item, rect)
        for blend in self._blends(track):
            self._blend(blend, top, lane.height)
        for mark in self._marks(track.marks):
            self._mark(mark, top + 3.0)
        painter.setOpacity(1)
        self._join(track, top, lane.height)
        if track.locked:
            painter.fillRect(
                QRect(HEADER, top, view.width - HEADER, lane.height),
                QBrush(QColor(0, 0, 0, 90), Qt.BrushStyle.BDiagPattern),
            )

    def _items(self, track: Track) -> Iterator[tuple[Bar | Hole, float, float]]:
        """Those that are exposed, with their edges; of several within a few pixels the first stands for all."""
        view = self._view
        position = max(0, bisect_right(track.starts, view.frame_at(self._exposed.left())) - 1)
        while position < len(track.items):
            item = track.items[position]
            left, right = view.x_of(item.at), view.x_of(item.end)
            if left > self._exposed.right() + 1:
                return
            following = position + 1
            if right - left < _NARROW:
                following = bisect_left(track.starts, view.frame_at(left + _NARROW), following)
                right = view.x_of(track.items[following - 1].end)
            yield item, left, right
            position = following

    def _colour(self, track: Track, bar: Bar) -> QColor:
        colour = (_VIDEO if track.video else _SOUND)[bar.kind]
        return colour if bar.enabled else colour.darker(160)

    def _clip(self, track: Track, bar: Bar, rect: QRectF) -> None:
        painter = self._painter
        selected = self._scene.place is not None and bar.place == self._scene.place
        inner = rect.adjusted(0.5, 0.5, -0.5, -0.5)
        colour = self._colour(track, bar)
        painter.fillRect(inner, colour.darker(135))
        title = QRectF(inner.left(), inner.top(), inner.width(), min(_TITLE, inner.height()))
        painter.fillRect(title, colour.lighter(125) if selected else colour)
        if not bar.enabled:
            painter.fillRect(inner, QBrush(QColor(0, 0, 0, 120), Qt.BrushStyle.FDiagPattern))
        painter.setPen(QPen(_ACCENT, 2) if selected else QPen(colour.lighter(130), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(inner.adjusted(0.5, 0.5, -0.5, -0.5) if selected else inner)
        self._named(bar, title)
        if inner.height() > 2 * _TITLE and inner.width() > 60:
            self._figures(bar, QRectF(inner.left(), inner.bottom() - _TITLE, inner.width(), _TITLE))

    def _named(self, bar: Bar, title: QRectF) -> None:
        painter = self._painter
        # What is scrolled away to the left takes no name with it.
        left, right = max(title.left(), HEADER) + 5, title.right() - 4
        name = _ICONS.get(bar.kind)
        if name is not None and right - left > 12:
            icon(name).paint(painter, QRect(round(left), round(title.top()) + 2, 13, 13))
            left += 17
        if right - left < 14:
            return
        text = bar.name or words.tr("unnamed")
        if bar.kind is Kind.TAKE:
            text = words.tr("{name} (take)").format(name=text)
        elif bar.kind is Kind.OFFLINE:
            text = words.tr("{name} (offline)").format(name=text)
        painter.setPen(_TEXT if bar.enabled else _QUIET)
        self._text(text, QRectF(left, title.top(), right - left, title.height()))

    def _figures(self, bar: Bar, line: QRectF) -> None:
        """What a person may want to know of a clip at a glance: retime, takes."""
        said = []
        if bar.speed is None:
            said.append(words.tr("ramp"))
        elif bar.speed == 0:
            said.append(words.tr("freeze"))
        elif bar.speed != 1:
            said.append(f"{float(bar.speed) * 100:.4g} %")
        if bar.takes:
            said.append(QCoreApplication.translate("words", "%n take(s)", None, bar.takes))
        if said:
            left = max(line.left(), HEADER) + 5
            self._painter.setPen(_TEXT)
            self._text("  ".join(said), QRectF(left, line.top(), line.right() - left - 3, line.height()))

    def _text(self, text: str, rect: QRectF) -> None:
        elided = self._metrics.elidedText(text, Qt.TextElideMode.ElideRight, int(rect.width()))
        self._painter.drawText(
            rect, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, elided
        )

    def _gap(self, hole: Hole, rect: QRectF) -> None:
        painter = self._painter
        selected = self._scene.place is not None and hole.place == self._scene.place
        if rect.width() < _NARROW:
            return
        inner = rect.adjusted(1.5, 1.5, -1.5, -1.5)
        painter.fillRect(inner, QBrush(QColor("#2a2d31"), Qt.BrushStyle.BDiagPattern))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(_ACCENT, 2) if selected else QPen(QColor("#3f444a"), 1, Qt.PenStyle.DashLine))
        painter.drawRect(inner)
        if hole.place is None:
            return
        text = words.tr("gap, {frames}").format(frames=hole.frames)
        left = max(inner.left(), HEADER)
        room = inner.right() - left - 8
        width = self._metrics.horizontalAdvance(text)
        if width > room:
            text = str(hole.frames)
            width = self._metrics.horizontalAdvance(text)
        if width <= room:
            box = QRectF(0, 0, width + 8, 16)
            box.moveCenter(QPointF((left + inner.right()) / 2, inner.center().y()))
            painter.fillRect(box, _LANE)
            painter.setPen(_QUIET)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _blends(self, track: Track) -> Iterator[Blend]:
        view = self._view
        first = view.frame_at(self._exposed.left())
        for blend in track.blends[bisect_left(track.blends, first - 1000, key=lambda blend: blend.at) :]:
            if view.x_of(blend.at - blend.before) > self._exposed.right():
                return
            if (blend.before + blend.after) * view.scale >= _NARROW:
                yield blend

    def _blend(self, blend: Blend, top: int, height: int) -> None:
        painter, view = self._painter, self._view
        left, right = view.x_of(blend.at - blend.before), view.x_of(blend.at + blend.after)
        box = QRectF(left, top + height * 0.4, right - left, height * 0.6 - 1)
        short = blend.short_before or blend.short_after
        edge = _AMBER if short else QColor("#c4cad2")
        painter.setRenderHint(QPainter.Antialiasing)
        painter.setPen(QPen(edge, 1))
        painter.setBrush(QColor(150, 160, 172, 110))
        painter.drawRect(box)
        outgoing = QPainterPath(box.topLeft())
        outgoing.lineTo(box.bottomRight())
        outgoing.lineTo(box.bottomLeft())
        outgoing.closeSubpath()
        painter.fillPath(outgoing, QColor(20, 22, 25, 130))
        painter.drawLine(box.topLeft(), box.bottomRight())
        painter.setRenderHint(QPainter.Antialiasing, False)
        x = round(view.x_of(blend.at))
        painter.setPen(QPen(edge, 1, Qt.PenStyle.DotLine))
        painter.drawLine(x, round(box.top()), x, round(box.bottom()))
        if short and box.width() > 30:
            icon("alert-outline").paint(painter, QRect(round(box.right()) - 15, round(box.top()) + 2, 13, 13))

    def _join(self, track: Track, top: int, height: int) -> None:
        """The brackets around a cut point that is selected."""
        place = self._scene.place
        if place is None or place.track != track.name or not track.video:
            return
        found = track.position(place.at.frame)
        item = track.items[found] if found is not None else None
        if not isinstance(item, Bar) or item.join != place:
            return
        painter, x = self._painter, round(self._view.x_of(place.at.frame))
        painter.setPen(QPen(_ACCENT, 2))
        for side in (-1, 1):
            edge = x + side * 3
            painter.drawLine(edge, top + 1, edge, top + height - 1)
            for y in (top + 1, top + height - 1):
                painter.drawLine(edge, y, edge + side * 6, y)

    def _marks(self, marks: tuple[Mark, ...]) -> Iterator[Mark]:
        view, last = self._view, float("-inf")
        first = view.frame_at(self._exposed.left() - 8)
        for mark in marks[bisect_left(marks, first, key=lambda mark: mark.at) :]:
            x = view.x_of(mark.at)
            if x > self._exposed.right() + 8:
                return
            if x - last >= 3:
                last = x
                yield mark

    def _mark(self, mark: Mark, top: float) -> None:
        painter, view = self._painter, self._view
        x = view.x_of(mark.at)
        colour = QColor(_MARKS.get(mark.colour.upper(), "#6fb36b"))
        if mark.frames:
            painter.fillRect(QRectF(x, top, mark.frames * view.scale, 3), colour)
        painter.setRenderHint(QPainter.Antialiasing)
        painter.setPen(QPen(_LINE, 1))
        painter.setBrush(colour)
        shape = ((-4, 0), (4, 0), (4, 6), (0, 11), (-4, 6))
        painter.drawPolygon(QPolygonF([QPointF(x + dx, top + dy) for dx, dy in shape]))
        painter.setRenderHint(QPainter.Antialiasing, False)

    # Around them

    def _header(self, lane: Lane) -> None:
        painter, view, track = self._painter, self._view, lane.track
        top = view.y_of(lane)
        painter.save()
        painter.setClipRect(QRect(0, RULER, HEADER, view.height - RULER))
        rect = QRect(0, top, HEADER - 3, lane.height)
        painter.fillRect(rect, QColor("#24272b"))
        icons = ["lock-outline"] if track.locked else []
        if not track.enabled:
            icons.append("eye-off-outline" if track.video else "volume-off")
        x = rect.right() - 19
        for name in icons:
            icon(name).paint(painter, QRect(x, top + (lane.height - 15) // 2, 15, 15))
            x -= 18
        painter.setPen(_TEXT if track.enabled else _QUIET)
        self._text(track.name, QRectF(9, top, x + 12, lane.height))
        painter.restore()

    def _range(self, top: int, bottom: int) -> None:
        scene, view = self._scene, self._view
        if scene.mark_in is None and scene.mark_out is None:
            return
        left = view.x_of(scene.mark_in or 0)
        right = view.x_of(scene.layout.frames if scene.mark_out is None else scene.mark_out + 1)
        self._painter.fillRect(QRectF(left, top, right - left, bottom - top), _RANGE)
        self._painter.setPen(QPen(_ACCENT, 1))
        for mark, x in ((scene.mark_in, left), (scene.mark_out, right - 1)):
            if mark is not None:
                self._painter.drawLine(QPointF(x, top), QPointF(x, bottom))

    def _ruler(self) -> None:
        painter, view, layout = self._painter, self._view, self._scene.layout
        painter.fillRect(QRect(0, 0, view.width, RULER), _RULER)
        painter.save()
        painter.setClipRect(QRect(HEADER, 0, view.width - HEADER, RULER))
        step = _label_step(view.scale, round(layout.rate))
        part = _part_of(step, round(layout.rate), view.scale)
        first = max(0, view.frame_at(self._exposed.left() - _LABELS_APART))
        # Labels lie on round timecodes, whatever the cut's first frame is.
        frame = first - (first + layout.start.frame) % step
        while (x := view.x_of(frame)) <= self._exposed.right():
            if frame >= 0:
                painter.setPen(_QUIET)
                painter.drawText(QPointF(x + 4, 13), layout.timecode(frame))
            painter.setPen(_TICK)
            painter.drawLine(QPointF(x, RULER - 11), QPointF(x, RULER))
            for between in range(part, step, part):
                at = view.x_of(frame + between)
                painter.drawLine(QPointF(at, RULER - 5), QPointF(at, RULER))
            frame += step
        self._range(RULER - 7, RULER)
        for mark in self._marks(layout.marks):
            self._mark(mark, RULER - 13.0)
        painter.restore()
        painter.fillRect(QRect(0, 0, HEADER, RULER), _RULER)
        painter.fillRect(QRect(0, RULER - 1, view.width, 1), _LINE)

    def _playhead(self) -> None:
        x = round(self._view.x_of(self._scene.frame))
        if x < HEADER - 1:
            return
        painter = self._painter
        painter.setPen(QPen(_PLAYHEAD, 1))
        painter.drawLine(x, RULER - 6, x, self._view.height)
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
