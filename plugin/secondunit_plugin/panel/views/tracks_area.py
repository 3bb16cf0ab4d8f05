"""The tracks of the cut to look at and to choose from: scrolled, zoomed, clicked."""

from bisect import bisect_right
from dataclasses import dataclass

from PyQt5.QtCore import QEvent, QPoint, QRect, QSize, Qt, QTimer, pyqtSignal
from PyQt5.QtGui import QDrag, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PyQt5.QtWidgets import QAbstractScrollArea, QApplication, QScrollBar, QToolTip, QWidget

from secondunit_plugin.panel import drops, words
from secondunit_plugin.panel.frames.messages import CutScene
from secondunit_plugin.panel.model.layout import Bar, Hole, Layout, Track
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.model.places import Place, ShotPlace
from secondunit_plugin.panel.views.small_pictures import SmallPictures
from secondunit_plugin.panel.views.tracks_drawing import paint, pictures_in
from secondunit_plugin.panel.views.tracks_view import HEADER, LANE_GAP, RULER, Lane, Scene, View, lanes_of

_MOST_SCALE = 48.0
_BEHIND = 60
"""Pixels that can be scrolled to behind the cut's end."""
_VIDEO, _AUDIO = (44, 84), (30, 60)
"""The least and the most height of a track."""
_NEAR = 5
"""Pixels around a cut point within which it is meant."""
_STEP = 1.25
_SETTLE_MS = 80
"""How long the tracks have to lie still before their pictures are asked for."""


@dataclass(frozen=True, slots=True)
class Hit:
    """What lies under the mouse; `place` None where nothing can be made."""

    track: Track
    item: Bar | Hole
    place: Place | None

    @property
    def at_cut(self) -> bool:
        return isinstance(self.item, Bar) and self.place is not None and self.place == self.item.join


class TracksArea(QAbstractScrollArea):
    scaled = pyqtSignal()

    def __init__(self, model: PanelModel, pictures: SmallPictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model, self._pictures = model, pictures
        self._asks = QTimer(self)
        self._asks.setSingleShot(True)
        self._asks.setInterval(_SETTLE_MS)
        self._asks.timeout.connect(self._ask)
        pictures.changed.connect(self._port().update)
        self._layout: Layout | None = None
        self._lanes: tuple[Lane, ...] = ()
        self._scale = 1.0
        self._fitted = True
        self._playhead_at = 0
        self._selected: Place | None = None
        self._scrubbing = False
        self._dragged: tuple[ShotPlace, QPoint] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumHeight(RULER + _VIDEO[0] + 30)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setAccessibleName(self.tr("Timeline"))
        viewport = self._port()
        viewport.setMouseTracking(True)
        model.cut.changed.connect(self._show_cut)
        model.place_changed.connect(self._show_place)
        model.playback.moved.connect(self._show_playhead)
        model.playback.changed.connect(viewport.update)
        model.states.changed.connect(viewport.update)
        self._show_cut()

    def sizeHint(self) -> QSize:
        return QSize(960, 210)

    # Zoom

    def fit(self) -> None:
        """The whole cut in the width that there is."""
        self._fitted = True
        self._zoom_to(self._fitting(), HEADER)

    def zoom(self, steps: float) -> None:
        """Closer by `steps`, around the playhead where it is seen, else around the middle."""
        view = self._view()
        x = view.x_of(self._model.playback.in_cut)
        self._fitted = False
        self._zoom_to(self._scale * _STEP**steps, x if HEADER <= x < view.width else (HEADER + view.width) / 2)

    def _fitting(self) -> float:
        return max(1, self._port().width() - HEADER - 24) / max(1, self._frames)

    def _zoom_to(self, scale: float, around: float) -> None:
        """What lies at the pixel `around` stays there."""
        at = (around - HEADER + self._bar().value()) / self._scale
        self._scale = min(max(scale, min(self._fitting(), 1.0)), _MOST_SCALE)
        self._measure()
        self._bar().setValue(round(at * self._scale - around + HEADER))
        self._port().update()
        self.scaled.emit()

    # What is shown

    def area_of(self, place: Place) -> QRect | None:
        """Where a place is drawn, in pixels of the viewport; None where it is out of sight."""
        if self._layout is None or (found := self._layout.find(place)) is None:
            return None
        track, position = found
        view, item = self._view(), track.items[position]
        lane = next(lane for lane in self._lanes if lane.track is track)
        left, right = view.x_of(item.at), view.x_of(item.end)
        if isinstance(item, Bar) and item.join == place:
            left, right = left - _NEAR + 1, left + _NEAR - 1
        rect = QRect(round(left), view.y_of(lane), max(1, round(right - left)), lane.height)
        seen = rect & QRect(HEADER, RULER, view.width - HEADER, view.height - RULER)
        return None if seen.isEmpty() else seen

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        assert a0 is not None
        painter = QPainter(self._port())
        if self._layout is None:
            painter.fillRect(a0.rect(), self.palette().base())
        else:
            paint(painter, a0.rect(), self._scene(), self._pictures)
        painter.end()  # the watchdog may hold this frame, and with it the painter

    def _ask(self) -> None:
        self._pictures.show(self, pictures_in(self._scene()) if self._layout is not None else ())

    def _scene(self) -> Scene:
        assert self._layout is not None
        playing = self._model.playback
        marks = playing.mark_in, playing.mark_out
        marked = self._model.states.marked
        return Scene(self._layout, self._lanes, self._view(), self._selected, playing.in_cut, *marks, marked)

    def _view(self) -> View:
        port, down = self._port(), self.verticalScrollBar()
        assert down is not None
        return View(self._scale, self._bar().value(), down.value(), port.width(), port.height())

    def _show_cut(self) -> None:
        opened = self._model.cut.open
        layout = opened.version.layout if opened is not None else None
        if layout is self._layout:
            return
        if self._layout is None or layout is None:
            self._fitted = True
        self._layout = layout
        self._selected = self._model.place_shown
        self._measure()
        if self._fitted:
            self.fit()
        self._port().update()

    def _show_place(self) -> None:
        place = self._selected = self._model.place_shown
        if place is not None and self._layout is not None and (found := self._layout.find(place)) is not None:
            self._reveal(place.at.frame)
            lane = next(lane for lane in self._lanes if lane.track is found[0])
            down, room = self.verticalScrollBar(), self._port().height() - RULER
            assert down is not None
            if not down.value() <= lane.top <= down.value() + room - lane.height:
                down.setValue(lane.top - (room - lane.height) // 2)
        self._port().update()

    def _show_playhead(self) -> None:
        self._reveal(self._model.playback.in_cut)
        view, port = self._view(), self._port()
        for frame in (self._playhead_at, self._model.playback.in_cut):
            port.update(round(view.x_of(frame)) - 8, 0, 17, view.height)
        self._playhead_at = self._model.playback.in_cut

    def _reveal(self, frame: int) -> None:
        """Scrolls on by a page where the frame is out of sight."""
        view = self._view()
        if not HEADER <= view.x_of(frame) < view.width - 2:
            room = view.width - HEADER
            self._bar().setValue(round(frame * self._scale - room * (0.1 if view.x_of(frame) > HEADER else 0.5)))

    def _measure(self) -> None:
        """The tracks' heights, and how far can be scrolled."""
        self._asks.start()
        port, down = self._port(), self.verticalScrollBar()
        assert down is not None
        tracks = self._layout.tracks if self._layout is not None else ()
        least = sum((_VIDEO if track.video else _AUDIO)[0] + LANE_GAP for track in tracks)
        room = port.height() - RULER - 10
        grow = min(max(1.0, room / least), 2.0) if least else 1.0
        video, audio = (min(most, int(fewest * grow)) for fewest, most in (_VIDEO, _AUDIO))
        self._lanes = lanes_of(self._layout, video, audio) if self._layout is not None else ()
        bottom = self._lanes[-1].top + self._lanes[-1].height + 6 if self._lanes else 0
        down.setRange(0, max(0, bottom - (port.height() - RULER)))
        down.setPageStep(port.height() - RULER)
        down.setSingleStep(20)
        room = port.width() - HEADER
        content = round(self._frames * self._scale)
        self._bar().setRange(0, max(0, content + _BEHIND - room) if content > room - 20 else 0)
        self._bar().setPageStep(room)
        self._bar().setSingleStep(40)

    # What a person does

    def hit(self, at: QPoint) -> Hit | None:
        view = self._view()
        if at.x() < HEADER or at.y() < RULER:
            return None
        for lane in self._lanes:
            if 0 <= at.y() - view.y_of(lane) < lane.height:
                break
        else:
            return None
        track = lane.track
        position = bisect_right(track.starts, view.frame_at(at.x())) - 1
        if position < 0 or at.x() >= view.x_of(track.items[position].end) + _NEAR:
            return None
        item = track.items[position]
        for near in track.items[position : position + 2]:
            wide = (near.frames * view.scale) > 4 * _NEAR
            if isinstance(near, Bar) and near.join and wide and abs(view.x_of(near.at) - at.x()) <= _NEAR:
                return Hit(track, near, near.join)
        return Hit(track, item, item.place) if view.frame_at(at.x()) < item.end else None

    def mousePressEvent(self, a0: QMouseEvent | None) -> None:
        if a0 is None or a0.button() != Qt.MouseButton.LeftButton or self._layout is None:
            return
        if a0.y() < RULER and a0.x() >= HEADER:
            self._scrubbing = True
            self._go_to(a0.x())
            return
        hit = self.hit(a0.pos())
        if hit is not None and isinstance(hit.place, ShotPlace):  # chosen when let go: a drag leaves the choice alone
            self._dragged = hit.place, a0.pos()
            return
        if hit is not None and hit.place is not None:
            self._model.select(hit.place)
        if hit is None or not hit.at_cut:
            self._go_to(a0.x())

    def mouseMoveEvent(self, a0: QMouseEvent | None) -> None:
        if a0 is None:
            return
        if self._scrubbing:
            self._scrub(max(0, min(self._view().frame_at(a0.x()), self._frames - 1)))
            return
        if self._dragged is not None:
            shot, begin = self._dragged
            if (a0.pos() - begin).manhattanLength() >= QApplication.startDragDistance():
                self._dragged = None
                drag = QDrag(self)
                drag.setMimeData(drops.of_place(shot))
                drag.exec(Qt.DropAction.CopyAction)
            return
        hit = self.hit(a0.pos())
        self._port().setCursor(
            Qt.CursorShape.SplitHCursor if hit is not None and hit.at_cut else Qt.CursorShape.ArrowCursor
        )

    def mouseReleaseEvent(self, a0: QMouseEvent | None) -> None:  # noqa: ARG002 - Qt's signature
        if self._dragged is not None:
            shot, begin = self._dragged
            self._model.select(shot)
            self._go_to(begin.x())
        self._scrubbing, self._dragged = False, None

    def wheelEvent(self, a0: QWheelEvent | None) -> None:
        """Along the cut; with Ctrl closer and farther, with Shift over the tracks."""
        assert a0 is not None
        turned, pixels = a0.angleDelta(), a0.pixelDelta()
        down = self.verticalScrollBar()
        assert down is not None
        if a0.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._fitted = False
            self._zoom_to(self._scale * _STEP ** (turned.y() / 120), max(HEADER, a0.position().x()))
        elif a0.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            down.setValue(down.value() - (turned.y() or turned.x()) // 2)
        else:
            by = (pixels.x() or pixels.y()) if not pixels.isNull() else (turned.x() or turned.y())
            self._bar().setValue(self._bar().value() - by)
        a0.accept()

    def viewportEvent(self, a0: QEvent | None) -> bool:
        if isinstance(a0, QHelpEvent):
            hit = self.hit(a0.pos())
            QToolTip.showText(a0.globalPos(), self._said(hit) if hit is not None else "", self._port())
            return True
        return super().viewportEvent(a0)

    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        super().resizeEvent(a0)
        self._measure()
        if self._fitted:
            self.fit()

    def scrollContentsBy(self, dx: int, dy: int) -> None:  # noqa: ARG002 - Qt's signature
        self._asks.start()
        self._port().update()

    def _go_to(self, x: int) -> None:
        if x >= HEADER:
            self._model.go_to(max(0, min(self._view().frame_at(x), self._frames - 1)))

    def _scrub(self, frame: int) -> None:
        if isinstance(self._model.playback.scene, CutScene):
            self._model.playback.seek(frame)
        else:  # a take by itself, or takes that are compared
            self._model.watching.show_cut(frame)

    @property
    def _frames(self) -> int:
        return self._layout.frames if self._layout is not None else 0

    def _said(self, hit: Hit) -> str:
        layout, item = self._layout, hit.item
        assert layout is not None
        if hit.at_cut and hit.place is not None:
            return self.tr("Cut point at {time}: {place}").format(
                time=layout.timecode(item.at), place=words.of_place(hit.place)
            )
        lasts = self.tr("{first} to {last}, {frames}").format(
            first=layout.timecode(item.at),
            last=layout.timecode(item.end - 1),
            frames=words.of_frames(item.frames),
        )
        if isinstance(item, Hole):
            return self.tr("Gap") + "\n" + lasts
        lines = [item.name, lasts, words.of_handles(item)]
        if (state := self._model.states.marked.get((hit.track.name, item.at))) is not None:
            lines.append(words.why_of(state))
        marks = [mark for mark in hit.track.marks if item.at <= mark.at < item.end]
        lines += [self.tr("Marker: {text}").format(text=mark.name or mark.text) for mark in marks[:4]]
        return "\n".join([*lines, item.media])

    def _port(self) -> QWidget:
        viewport = self.viewport()
        assert viewport is not None
        return viewport

    def _bar(self) -> QScrollBar:
        along = self.horizontalScrollBar()
        assert along is not None
        return along
