"""How the tracks of a cut are painted: only what lies on the part of the screen that is asked for."""

from bisect import bisect_left
from collections.abc import Iterator

from PyQt5.QtCore import QLineF, QPointF, QRect, QRectF, Qt
from PyQt5.QtGui import QBrush, QColor, QFontMetrics, QPainter, QPainterPath, QPen

from secondunit_plugin.panel import words
from secondunit_plugin.panel.icons import icon, icon_of
from secondunit_plugin.panel.model.layout import Bar, Blend, Hole, Kind, Track
from secondunit_plugin.panel.model.places import JoinPlace
from secondunit_plugin.panel.model.thumbnails import PeaksOf, ThumbnailOf, Wanted
from secondunit_plugin.panel.views.ruler_drawing import paint_marks, paint_playhead, paint_range, paint_ruler
from secondunit_plugin.panel.views.small_pictures import WIDTH, SmallPictures
from secondunit_plugin.panel.views.tracks_view import HEADER, NARROW, RULER, Lane, Scene, items_between, small_font
from secondunit_plugin.panel.words import tr

_TITLE = 17
_LINE_OF_TEXT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter) | int(Qt.TextFlag.TextSingleLine)

_GROUND, _LANE, _QUIET, _TEXT = QColor("#17181a"), QColor("#1c1e21"), QColor("#9aa1ab"), QColor("#e3e6ea")
_ACCENT, _AMBER, _SHADE = QColor("#7fb2e0"), QColor("#e0b060"), QColor(18, 20, 22, 150)
_VIDEO = {
    Kind.CAMERA: QColor("#33506b"),
    Kind.TAKE: QColor("#574479"),
    Kind.TITLE: QColor("#5c4f36"),
    Kind.NEST: QColor("#33594f"),
    Kind.OFFLINE: QColor("#6b3535"),
    Kind.SLUG: QColor("#454a52"),
}
_SOUND = {**_VIDEO, Kind.CAMERA: QColor("#2d5246")}
_ICONS = {
    Kind.TAKE: "creation",
    Kind.TITLE: "format-text",
    Kind.NEST: "layers-outline",
    Kind.OFFLINE: "link-off",
    Kind.SLUG: "timer-sand",
}

_FILM_LEAST = 24
"""The width and the height of a clip from which on pictures are shown in it."""


def paint(painter: QPainter, exposed: QRect, scene: Scene, pictures: SmallPictures) -> None:
    _Drawing(painter, exposed, scene, pictures).paint()


def pictures_in(scene: Scene) -> Iterator[Wanted]:
    """The thumbnails and waveforms that `paint` has a use for."""
    view = scene.view
    for lane in scene.lanes:
        top = view.y_of(lane)
        if top > view.height or top + lane.height < RULER:
            continue
        for item, left, right in items_between(lane.track, view, HEADER, view.width):
            if not isinstance(item, Bar) or right - left < _FILM_LEAST or item.picture is None:
                continue
            if lane.track.video:
                film = QRectF(left, 0, right - left, lane.height - _TITLE)
                yield from (tile for _, _, tile in _tiles(scene, item, film, HEADER, view.width))
            elif not item.picture.timecoded:
                yield PeaksOf(item.picture.path, item.stream)


def _tiles(
    scene: Scene, bar: Bar, film: QRectF, left: float, right: float
) -> Iterator[tuple[float, float, ThumbnailOf]]:
    """Where the pictures of a clip begin and end, and what they are of.

    They are a power of two of frames apart, so that the pictures of one zoom are among those of the next.
    """
    scale = scene.view.scale
    across = max(_FILM_LEAST, film.height() * 16 / 9)
    step = 1
    while step * scale < across:
        step *= 2
    first = max(0, int((left - film.left()) / scale) // step * step)
    for frame in range(first, bar.frames, step):
        x = film.left() + frame * scale
        if x > right:
            return
        picture = bar.picture_at(frame, scene.layout.rate)
        if picture is not None:
            yield x, min(x + step * scale, film.right()), ThumbnailOf(picture, WIDTH)


class _Drawing:
    def __init__(self, painter: QPainter, exposed: QRect, scene: Scene, pictures: SmallPictures) -> None:
        self._painter, self._exposed, self._scene, self._pictures = painter, exposed, scene, pictures
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
        paint_range(painter, self._scene, RULER, view.height)
        painter.restore()
        if self._exposed.left() < HEADER:
            for lane in self._scene.lanes:
                self._header(lane)
        if self._exposed.top() < RULER:
            paint_ruler(painter, self._exposed, self._scene)
        paint_playhead(painter, self._scene)

    # Tracks

    def _lane(self, lane: Lane, top: int) -> None:
        painter, view, track = self._painter, self._view, lane.track
        painter.fillRect(QRect(HEADER, top, view.width - HEADER, lane.height), _LANE)
        if not track.enabled:
            painter.setOpacity(0.4)
        for item, left, right in items_between(track, view, self._exposed.left(), self._exposed.right() + 1):
            rect = QRectF(left, top, right - left, lane.height)
            if isinstance(item, Hole):
                self._gap(item, rect)
            elif rect.width() < NARROW:
                painter.fillRect(rect.adjusted(0, 0, -min(1.0, rect.width() / 4), 0), self._colour(track, item))
            else:
                self._clip(track, item, rect)
        for blend in self._blends(track):
            self._blend(blend, top, lane.height)
        paint_marks(painter, self._exposed, view, track.marks, top + 3.0)
        painter.setOpacity(1)
        self._join(track, top, lane.height)
        self._narrow_place(track, top, lane.height)
        if track.locked:
            painter.fillRect(
                QRect(HEADER, top, view.width - HEADER, lane.height),
                QBrush(QColor(0, 0, 0, 90), Qt.BrushStyle.BDiagPattern),
            )

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
        body = QRectF(inner.left(), title.bottom(), inner.width(), inner.bottom() - title.bottom())
        if bar.picture is not None and min(body.width(), body.height()) >= _FILM_LEAST - 4:
            if track.video:
                self._film(bar, body)
            elif not bar.picture.timecoded:
                self._wave(bar, body, colour)
        if not bar.enabled:
            painter.fillRect(inner, QBrush(QColor(0, 0, 0, 120), Qt.BrushStyle.FDiagPattern))
        painter.setPen(QPen(_ACCENT, 2) if selected else QPen(colour.lighter(130), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(inner.adjusted(0.5, 0.5, -0.5, -0.5) if selected else inner)
        self._named(track, bar, title)
        if inner.height() > 2 * _TITLE and inner.width() > 60:
            self._figures(bar, QRectF(inner.left(), inner.bottom() - _TITLE, inner.width(), _TITLE))

    def _film(self, bar: Bar, film: QRectF) -> None:
        painter = self._painter
        painter.setRenderHint(QPainter.SmoothPixmapTransform)
        for left, right, tile in _tiles(self._scene, bar, film, self._exposed.left(), self._exposed.right()):
            pixmap = self._pictures.thumbnail(tile)
            if pixmap is None:
                continue
            across = film.height() * pixmap.width() / pixmap.height()
            x = left
            while x < right - 1:
                shown = min(across, right - x)
                source = QRectF(0, 0, pixmap.width() * shown / across, pixmap.height())
                painter.drawPixmap(QRectF(x, film.top(), shown, film.height()), pixmap, source)
                x += across

    def _wave(self, bar: Bar, body: QRectF, colour: QColor) -> None:
        picture, scale = bar.picture, self._view.scale
        wave = self._pictures.wave(PeaksOf(picture.path, bar.stream)) if picture is not None else None
        if picture is None or wave is None:
            return
        each = 100 * float(1 if bar.speed is None else bar.speed) / float(self._scene.layout.rate) / scale
        first = max(int(body.left()), self._exposed.left(), HEADER)
        end = min(int(body.right()), self._exposed.right() + 1)
        at = float(picture.seconds) * 100 + (first - body.left()) * each
        middle, half = body.center().y(), body.height() / 2 - 2
        lines = []
        for x in range(first, end):
            low, high = wave.extremes(min(at, at + each), max(at, at + each))
            lines.append(QLineF(x, middle - high / 127 * half, x, middle - low / 127 * half + 0.5))
            at += each
        self._painter.setPen(QPen(colour.lighter(190), 1))
        if lines:
            self._painter.drawLines(*lines)

    def _named(self, track: Track, bar: Bar, title: QRectF) -> None:
        painter = self._painter
        # What is scrolled away to the left takes no name with it.
        left, right = max(title.left(), HEADER) + 5, title.right() - 4
        state = self._scene.states.get((track.name, bar.at))
        drawn = [(icon_of(state), _AMBER.name())] if state is not None else []
        drawn += [(name, "#c8ccd2")] if (name := _ICONS.get(bar.kind)) is not None else []
        for name, colour in drawn:
            if right - left > 12:
                icon(name, colour).paint(painter, QRect(round(left), round(title.top()) + 2, 13, 13))
                left += 17
        if right - left < 14:
            return
        text = bar.name or tr("unnamed")
        if bar.kind is Kind.TAKE:
            text = tr("{name} (take)").format(name=text)
        elif bar.kind is Kind.OFFLINE:
            text = tr("{name} (offline)").format(name=text)
        if state is not None:  # first: it is what is left of a long name
            text = f"{words.of_state(state)}: {text}"
        painter.setPen(_TEXT if bar.enabled else _QUIET)
        self._text(text, QRectF(left, title.top(), right - left, title.height()))

    def _figures(self, bar: Bar, line: QRectF) -> None:
        """What a person may want to know of a clip at a glance: retime, takes."""
        said = []
        if bar.speed is None:
            said.append(tr("ramp"))
        elif bar.speed == 0:
            said.append(tr("freeze"))
        elif bar.speed != 1:
            said.append(f"{float(bar.speed) * 100:.4g} %")
        if bar.takes:
            said.append(words.of_takes(bar.takes))
        if said:
            left = max(line.left(), HEADER) + 5
            text = self._metrics.elidedText("  ".join(said), Qt.TextElideMode.ElideRight, int(line.right() - left - 3))
            box = QRectF(left - 4, line.top(), self._metrics.horizontalAdvance(text) + 8, line.height() - 2)
            self._painter.fillRect(box, _SHADE)
            self._painter.setPen(_TEXT)
            self._painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), text)

    def _text(self, text: str, rect: QRectF) -> None:
        elided = self._metrics.elidedText(text, Qt.TextElideMode.ElideRight, int(rect.width()))
        self._painter.drawText(
            rect, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, elided
        )

    def _gap(self, hole: Hole, rect: QRectF) -> None:
        painter = self._painter
        selected = self._scene.place is not None and hole.place == self._scene.place
        if rect.width() < NARROW:
            return
        inner = rect.adjusted(1.5, 1.5, -1.5, -1.5)
        painter.fillRect(inner, QBrush(QColor("#2a2d31"), Qt.BrushStyle.BDiagPattern))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(_ACCENT, 2) if selected else QPen(QColor("#3f444a"), 1, Qt.PenStyle.DashLine))
        painter.drawRect(inner)
        if hole.place is None:
            return
        text = tr("gap, {frames}").format(frames=hole.frames)
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
            if (blend.before + blend.after) * view.scale >= NARROW:
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

    def _narrow_place(self, track: Track, top: int, height: int) -> None:
        """A selected place that is too small to have edges."""
        place, view = self._scene.place, self._view
        if place is None or isinstance(place, JoinPlace) or place.track != track.name or not track.video:
            return
        if place.frames * view.scale < NARROW:
            width = max(2.0, place.frames * view.scale)
            self._painter.fillRect(QRectF(view.x_of(place.at.frame), top, width, height), _ACCENT)

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
