"""A place painted as film: the shot before, the place with its unused frames, the shot after, the sound under them."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from PyQt5.QtCore import QLineF, QRectF, QSize, Qt
from PyQt5.QtGui import QBrush, QColor, QFontMetrics, QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt5.QtWidgets import QSizePolicy, QWidget

from secondunit_plugin.panel import words
from secondunit_plugin.panel.icons import icon
from secondunit_plugin.panel.model.layout import Around, Bar, Blend, Hole, Layout
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.model.places import JoinPlace, Place
from secondunit_plugin.panel.model.thumbnails import PeaksOf, ThumbnailOf, Wanted
from secondunit_plugin.panel.views.small_pictures import WIDTH, SmallPictures
from secondunit_plugin.panel.views.tracks_view import small_font
from secondunit_plugin.panel.words import tr

_NAMES, _FILM, _SOUND, _COUNTS = 16, 74, 22, 16
_BETWEEN = 4
_BESIDE, _HANDLE, _LEAST = 0.17, 0.13, 70
"""Shares of the width: of a neighbour, and of the unused frames at one end. The least pixels of a picture."""
_TEXT, _QUIET, _AMBER, _ACCENT = QColor("#e3e6ea"), QColor("#9aa1ab"), QColor("#e0b060"), QColor("#7fb2e0")
_GROUND, _WAVE = QColor("#17181a"), QColor("#559478")
_SIDE = QColor(23, 24, 26, 120)
_SPARE = QColor(23, 24, 26, 150)


@dataclass(frozen=True, slots=True)
class Cell:
    """Pictures of one shot side by side: `frames` from its first as 0, with those before and behind it that are unused.

    `bar`: None for a gap. `spans`: the frames of the cut that the cell stands for; None of unused ones, which are not
    in it, of which there are `count`, None where nobody knows.
    """

    left: float
    right: float
    bar: Bar | None
    frames: tuple[int, ...]
    spans: tuple[int, int] | None
    beside: bool = False
    count: int | None = None


class Filmstrip(QWidget):
    """A click on a shot beside the place selects it."""

    def __init__(self, model: PanelModel, pictures: SmallPictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model, self._pictures = model, pictures
        self._layout: Layout | None = None
        self._around: Around | None = None
        self._place: Place | None = None
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        self.setAccessibleName(self.tr("Film around the place"))
        pictures.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(360, _NAMES + _FILM + _SOUND + _COUNTS)

    def show_place(self, layout: Layout, place: Place, around: Around) -> None:
        self._layout, self._place, self._around = layout, place, around
        self.setAccessibleDescription(self._said(around))
        self._pictures.show(self, self._wanted())
        self.update()

    def paintEvent(self, a0: QPaintEvent | None) -> None:  # noqa: ARG002 - Qt's signature
        layout, around = self._layout, self._around
        if layout is None or around is None:
            return
        painter = QPainter(self)
        painter.setFont(small_font(painter.font()))
        painter.setRenderHint(QPainter.SmoothPixmapTransform)
        cells = list(self._cells())
        for cell in cells:
            self._film(painter, cell)
        for cell in cells:
            self._sound(painter, cell, layout)
        self._names(painter, around)
        for blend, x in self._blends():
            self._blend(painter, blend, x)
        painter.end()

    def mousePressEvent(self, a0: QMouseEvent | None) -> None:
        if a0 is None or self._around is None:
            return
        beside = self._around.before if a0.x() < self.width() * _BESIDE else None
        if a0.x() > self.width() * (1 - _BESIDE):
            beside = self._around.after
        if beside is not None and beside.place is not None and a0.button() == Qt.MouseButton.LeftButton:
            self._model.select(beside.place)

    # Where what lies

    def _edges(self) -> tuple[float, float]:
        """Between which the place lies: what lies beside it takes its share of the width."""
        around, width = self._around, self.width()
        assert around is not None
        if around.here is None:
            return width / 2, width / 2
        left = 0 if around.before is None else width * _BESIDE
        return left, width - (0 if around.after is None else width * _BESIDE)

    def _cells(self) -> Iterator[Cell]:
        around, width = self._around, self.width()
        assert around is not None
        handle, (left, right) = width * _HANDLE, self._edges()
        before, here, after = around.before, around.here, around.after
        if here is None:
            yield from self._cells_at_cut(before, after, handle)
            return
        if before is not None:
            bar = before if isinstance(before, Bar) else None
            yield Cell(
                0, left - _BETWEEN, bar, (before.frames - 1,), (max(before.at, before.end - 12), before.end), True
            )
        if after is not None:
            bar = after if isinstance(after, Bar) else None
            yield Cell(right + _BETWEEN, width, bar, (0,), (after.at, min(after.end, after.at + 12)), True)
        first = here if isinstance(here, Bar) else after
        last = here if isinstance(here, Bar) else before
        if isinstance(first, Bar) and first.head != 0:
            # Before a shot, or at the end of a gap, which the shot behind it could grow into.
            at = left if first is here else right - handle
            yield _head_of(first, at, at + handle)
            left, right = (left + handle, right) if first is here else (left, right - handle - _BETWEEN)
        if isinstance(last, Bar) and last.tail != 0:
            at = right - handle if last is here else left
            yield _tail_of(last, at, at + handle)
            left, right = (left, right - handle) if last is here else (left + handle + _BETWEEN, right)
        if isinstance(here, Bar):
            yield Cell(left, right, here, _spread(here.frames, right - left), (here.at, here.end))
        else:
            yield Cell(left, right, None, (0,), (here.at, here.end))

    def _cells_at_cut(self, before: Bar | Hole | None, after: Bar | Hole | None, handle: float) -> Iterator[Cell]:
        middle, width = self.width() / 2, self.width()
        if isinstance(before, Bar):
            spare = handle if before.tail != 0 else 0
            shown = min(24, before.frames)
            frames = tuple(before.frames - shown + one for one in _spread(shown, middle - spare))
            yield Cell(0, middle - spare - 2, before, frames, (before.end - shown, before.end))
            if spare:
                yield _tail_of(before, middle - spare - 2, middle - 2)
        if isinstance(after, Bar):
            spare = handle if after.head != 0 else 0
            shown = min(24, after.frames)
            if spare:
                yield _head_of(after, middle + 2, middle + 2 + spare)
            frames = _spread(shown, middle - spare)
            yield Cell(middle + 2 + spare, width, after, frames, (after.at, after.at + shown))

    def _blends(self) -> Iterator[tuple[Blend, float]]:
        around, (left, right) = self._around, self._edges()
        assert around is not None
        if around.blend_before is not None and around.here is not None:
            yield around.blend_before, left - _BETWEEN / 2
        if around.blend_after is not None:
            yield around.blend_after, right + (_BETWEEN / 2 if around.here is not None else 0)

    def _wanted(self) -> Iterator[Wanted]:
        layout = self._layout
        assert layout is not None
        for cell in self._cells():
            yield from (one for frame in cell.frames if (one := _picture(cell.bar, frame, layout.rate)) is not None)
            if cell.spans is not None:
                yield from (
                    PeaksOf(bar.picture.path, bar.stream)
                    for bar in _sounding(layout, *cell.spans)
                    if bar.picture is not None
                )

    # Painting

    def _film(self, painter: QPainter, cell: Cell) -> None:
        assert self._layout is not None
        rect = QRectF(cell.left, _NAMES, cell.right - cell.left, _FILM)
        painter.fillRect(rect, QColor("#24272b"))
        each = rect.width() / len(cell.frames)
        for number, frame in enumerate(cell.frames):
            one = _picture(cell.bar, frame, self._layout.rate)
            pixmap = self._pictures.thumbnail(one) if one is not None else None
            if pixmap is not None:
                place = QRectF(rect.left() + number * each, rect.top(), each, rect.height())
                painter.drawPixmap(place, pixmap, _filling(place, pixmap.width(), pixmap.height()))
        if cell.bar is None:
            painter.fillRect(rect, QBrush(QColor("#3a3f45"), Qt.BrushStyle.BDiagPattern))
        if cell.spans is None:
            painter.fillRect(rect, _SPARE)
            painter.fillRect(rect, QBrush(QColor(200, 205, 212, 60), Qt.BrushStyle.BDiagPattern))
            painter.setPen(QPen(_QUIET, 1, Qt.PenStyle.DashLine))
            painter.drawRect(rect.adjusted(0.5, 0.5, -0.5, -0.5))
            # Two of them meet at a cut point.
            meets = self._around is not None and self._around.here is None
            before, after = (80, 0) if cell.frames[0] > 0 else (0, 80)
            before, after = (before, after) if meets else (14, 14)
            line = QRectF(cell.left - before, _NAMES + _FILM + _SOUND, cell.right - cell.left + before + after, _COUNTS)
            side = Qt.AlignmentFlag.AlignRight if before > after else Qt.AlignmentFlag.AlignLeft
            painter.setPen(_QUIET)
            said = self.tr("{frames} unused").format(frames=cell.count if cell.count is not None else "?")
            painter.drawText(line, int(side if meets else Qt.AlignmentFlag.AlignCenter), said)
        elif cell.beside:
            painter.fillRect(rect, _SIDE)
        else:
            painter.setPen(QPen(_ACCENT, 2))
            painter.drawRect(rect.adjusted(1, 1, -1, -1))
        if cell.spans is not None and cell.bar is not None and not cell.beside:
            self._media_ends(painter, cell, cell.bar)

    def _media_ends(self, painter: QPainter, cell: Cell, bar: Bar) -> None:
        """Where a shot has no frame left."""
        line = QRectF(cell.left, _NAMES + _FILM + _SOUND, cell.right - cell.left, _COUNTS)
        painter.setPen(_AMBER)
        if bar.head == 0 and cell.frames[0] == 0:
            painter.fillRect(QRectF(cell.left, _NAMES, 4, _FILM), _AMBER)
            painter.drawText(line, int(Qt.AlignmentFlag.AlignLeft), self.tr("0 unused"))
        if bar.tail == 0 and cell.frames[-1] == bar.frames - 1:
            painter.fillRect(QRectF(cell.right - 4, _NAMES, 4, _FILM), _AMBER)
            painter.drawText(line, int(Qt.AlignmentFlag.AlignRight), self.tr("0 unused"))

    def _sound(self, painter: QPainter, cell: Cell, layout: Layout) -> None:
        if cell.spans is None:
            return
        top, height = _NAMES + _FILM + 2, _SOUND - 4
        first, end = cell.spans
        if any(not track.video for track in layout.tracks):
            painter.fillRect(QRectF(cell.left, top, cell.right - cell.left, height), _GROUND)
        each = (end - first) / max(1.0, cell.right - cell.left)
        lines = []
        for bar in _sounding(layout, first, end):
            wave = self._pictures.wave(PeaksOf(bar.picture.path, bar.stream)) if bar.picture is not None else None
            if wave is None or bar.picture is None or bar.picture.timecoded:
                continue
            speed = float(1 if bar.speed is None else bar.speed)
            for x in range(int(cell.left), int(cell.right)):
                frame = first + (x - cell.left) * each
                if bar.at <= frame < bar.end:
                    at = 100 * (float(bar.picture.seconds) + (frame - bar.at) * speed / float(layout.rate))
                    wide = 100 * each * speed / float(layout.rate)
                    low, high = wave.extremes(min(at, at + wide), max(at, at + wide))
                    middle = top + height / 2
                    lines.append(QLineF(x, middle - high / 256 * height, x, middle - low / 256 * height + 0.5))
        if lines:
            painter.setPen(QPen(_WAVE if not cell.beside else _WAVE.darker(150), 1))
            painter.drawLines(*lines)

    def _names(self, painter: QPainter, around: Around) -> None:
        left, right = self._edges()
        metrics = QFontMetrics(painter.font())
        quiet = around.here is not None
        texts = (
            (around.before, 0.0, left - _BETWEEN, quiet),
            (around.here, left, right, False),
            (around.after, right + _BETWEEN, float(self.width()), quiet),
        )
        for item, begin, end, quiet in texts:
            if item is None:
                continue
            name = (item.name or tr("unnamed")) if isinstance(item, Bar) else self.tr("gap")
            said = name if quiet else self.tr("{name}, {frames}").format(name=name, frames=words.of_frames(item.frames))
            painter.setPen(_QUIET if quiet else _TEXT)
            rect = QRectF(begin, 0, end - begin, _NAMES - 2)
            said = metrics.elidedText(said, Qt.TextElideMode.ElideRight, int(rect.width()))
            painter.drawText(rect, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), said)

    def _blend(self, painter: QPainter, blend: Blend, x: float) -> None:
        """A box with how many frames it has before and behind the cut point."""
        short = blend.short_before or blend.short_after
        said = f"{blend.before}+{blend.after}"
        width = QFontMetrics(painter.font()).horizontalAdvance(said) + (30 if short else 12)
        box = QRectF(min(max(0.0, x - width / 2), self.width() - width - 1), _NAMES + _FILM - 26, width, 20)
        edge = _AMBER if short else QColor("#c4cad2")
        painter.setPen(QPen(edge, 1))
        painter.setBrush(QColor(30, 33, 37, 235))
        painter.drawRect(box)
        painter.setRenderHint(QPainter.Antialiasing)
        painter.setPen(QPen(QColor(196, 202, 210, 90), 1))
        painter.drawLine(box.topLeft(), box.bottomRight())
        painter.setRenderHint(QPainter.Antialiasing, False)
        painter.setPen(edge)
        if short:
            icon("alert-outline").paint(painter, QRectF(box.left() + 4, box.top() + 3, 14, 14).toRect())
        painter.drawText(box.adjusted(18 if short else 0, 0, 0, 0), int(Qt.AlignmentFlag.AlignCenter), said)

    def _said(self, around: Around) -> str:
        """For who cannot see it."""
        lines = [words.of_place(self._place)] if self._place is not None else []
        if isinstance(around.here, Bar):
            lines.append(words.of_handles(around.here))
        if not isinstance(self._place, JoinPlace):
            besides = (around.before, self.tr("before it: {name}")), (around.after, self.tr("after it: {name}"))
            lines += [what.format(name=beside.name) for beside, what in besides if isinstance(beside, Bar)]
        return "; ".join(lines)


def _head_of(bar: Bar, left: float, right: float) -> Cell:
    return Cell(left, right, bar, (-(bar.head or 1),), None, count=bar.head)


def _tail_of(bar: Bar, left: float, right: float) -> Cell:
    return Cell(left, right, bar, (bar.frames - 1 + (bar.tail or 1),), None, count=bar.tail)


def _spread(frames: int, width: float) -> tuple[int, ...]:
    """The first frame, the last one, and as many between them as there is room for."""
    count = min(max(1, int(width // _LEAST)), frames)
    return tuple(round(number * (frames - 1) / max(1, count - 1)) for number in range(count))


def _picture(bar: Bar | None, frame: int, rate: Fraction) -> ThumbnailOf | None:
    picture = bar.picture_at(frame, rate) if bar is not None else None
    return ThumbnailOf(picture, WIDTH) if picture is not None else None


def _filling(place: QRectF, width: int, height: int) -> QRectF:
    """The middle of a picture that fills a place."""
    scale = max(place.width() / width, place.height() / height)
    across, down = place.width() / scale, place.height() / scale
    return QRectF((width - across) / 2, (height - down) / 2, across, down)


def _sounding(layout: Layout, first: int, end: int) -> Iterator[Bar]:
    """The clips of the uppermost track of sound that has any between two frames."""
    for track in layout.tracks:
        if track.video:
            continue
        found = [item for item in track.between(first, end) if isinstance(item, Bar)]
        if found:
            yield from found
            return
