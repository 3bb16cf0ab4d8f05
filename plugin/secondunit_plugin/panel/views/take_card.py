"""How one take, and the heading of an order's takes, are drawn in the sheet and in the strip."""

from dataclasses import dataclass

from PyQt5.QtCore import QModelIndex, QRect, QSize, Qt
from PyQt5.QtGui import QColor, QFont, QPainter, QPalette, QPen, QPixmap
from PyQt5.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem
from secondunit_bridge.ratings import Rating

from secondunit_plugin.panel import words
from secondunit_plugin.panel.icons import icon, icon_of
from secondunit_plugin.panel.model.states import OfflineGrade, Stale
from secondunit_plugin.panel.seams import Judged

PICTURE = QSize(136, 76)
_PAD = 6
_TEXT = QColor("#d6d9de")  # headings cannot be selected, and are no less legible for it
_STRIP_HEADING = 104
ROW = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, slots=True)
class Heading:
    """`why`: why the order has no place in the cut, or empty."""

    title: str
    detail: str
    why: str


@dataclass(frozen=True, slots=True, eq=False)
class Card:
    """`number`: the key that chooses it, or 0. `picture` None: not there yet; `missing`: why there is none.

    `state`: in the cut, where it is stale or of offline grade.
    """

    name: str
    seed: int
    trust: str
    rating: Rating | None
    seam: Judged | None
    number: int
    picture: QPixmap | None
    missing: str
    state: Stale | OfflineGrade | None


def card_height(line: int) -> int:
    """`line`: the height of a line of text."""
    return PICTURE.height() + 4 * line + 3 * _PAD


_RATING_ICONS = {Rating.STARRED: "star", Rating.REJECTED: "thumb-down-outline", Rating.APPROVED: "lock-check-outline"}


class TakeCards(QStyledItemDelegate):
    """For a list whose rows hold a `Heading` or a `Card`."""

    def __init__(self, view: QListView) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        line = option.fontMetrics.height()
        tall = card_height(line)
        if isinstance(index.data(ROW), Card):
            return QSize(PICTURE.width() + 2 * _PAD, tall)
        if not self._view.isWrapping():
            return QSize(_STRIP_HEADING, tall)
        viewport = self._view.viewport()
        assert viewport is not None
        return QSize(viewport.width() - 2 * self._view.spacing() - 2, line + 2 * _PAD)

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        assert painter is not None
        painter.save()
        painter.setClipRect(option.rect)
        match index.data(ROW):
            case Heading() as heading:
                self._paint_heading(painter, option, heading)
            case Card() as card:
                self._paint_card(painter, option, card)
        painter.restore()

    def _paint_heading(self, painter: QPainter, option: QStyleOptionViewItem, heading: Heading) -> None:
        inner = option.rect.adjusted(_PAD, _PAD, -_PAD, -_PAD)
        line = option.fontMetrics.height()
        bold = QFont(option.font)
        bold.setBold(True)
        said = self.tr("no place in this cut") if heading.why else ""
        quiet = option.palette.color(QPalette.PlaceholderText).lighter(130)
        if self._view.isWrapping():
            painter.setFont(bold)
            painter.setPen(_TEXT)
            painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter, heading.title)
            used = painter.fontMetrics().horizontalAdvance(heading.title) + 2 * _PAD
            painter.setFont(option.font)
            painter.setPen(quiet)
            rest = " · ".join(part for part in (heading.detail, said) if part)
            painter.drawText(inner.adjusted(used, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, rest)
            painter.setPen(QColor("#33373c"))
            painter.drawLine(option.rect.bottomLeft(), option.rect.bottomRight())
            return
        wrap = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop
        painter.setFont(bold)
        painter.setPen(_TEXT)
        title = painter.boundingRect(QRect(inner.left(), inner.top(), inner.width(), 4 * line), wrap, heading.title)
        painter.drawText(title, wrap, heading.title)
        painter.setFont(option.font)
        painter.setPen(quiet)
        rest = "\n".join(part for part in (heading.detail, said) if part)
        painter.drawText(inner.adjusted(0, int(title.height()) + _PAD, 0, 0), wrap, rest)

    def _paint_card(self, painter: QPainter, option: QStyleOptionViewItem, card: Card) -> None:
        selected = bool(QStyle.State(option.state) & QStyle.StateFlag.State_Selected)
        frame = option.rect.adjusted(1, 1, -1, -1)
        painter.fillRect(frame, QColor("#2c4258" if selected else "#212428"))
        if selected:
            painter.setPen(QPen(QColor("#7fb2e0"), 2))
            painter.drawRect(frame)
        picture = QRect(option.rect.left() + _PAD, option.rect.top() + _PAD, PICTURE.width(), PICTURE.height())
        painter.fillRect(picture, Qt.GlobalColor.black)
        quiet = option.palette.color(QPalette.PlaceholderText).lighter(130)
        if card.picture is not None:
            size = card.picture.size().scaled(picture.size(), Qt.AspectRatioMode.KeepAspectRatio)
            place = QRect(picture.topLeft(), size)
            place.moveCenter(picture.center())
            painter.setOpacity(0.35 if card.rating is Rating.REJECTED else 1.0)
            painter.setRenderHint(QPainter.SmoothPixmapTransform)
            painter.drawPixmap(place, card.picture)
            painter.setOpacity(1.0)
        elif card.missing:
            painter.setPen(quiet)
            painter.drawText(picture, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, card.missing)
        if card.number:
            badge = QRect(picture.left(), picture.top(), 18, 18)
            painter.fillRect(badge, QColor(0, 0, 0, 170))
            painter.setPen(Qt.GlobalColor.white)
            painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, str(card.number))
        line = option.fontMetrics.height()
        if card.state is not None:
            band = QRect(picture.left(), picture.bottom() - line - 1, picture.width(), line + 2)
            painter.fillRect(band, QColor(0, 0, 0, 190))
            painter.setFont(option.font)
            row = band.adjusted(4, 1, -4, -1)
            self._mark(painter, option, row, icon_of(card.state), "#e0b060", words.of_state(card.state))
        row = QRect(picture.left(), picture.bottom() + _PAD, picture.width(), line)
        bold = QFont(option.font)
        bold.setBold(True)
        painter.setFont(bold)
        painter.setPen(option.palette.color(QPalette.BrightText if selected else QPalette.Text))
        seed = self.tr("seed {seed}").format(seed=card.seed)
        room = row.width() - option.fontMetrics.horizontalAdvance(seed) - _PAD
        name = painter.fontMetrics().elidedText(card.name, Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(row, Qt.AlignmentFlag.AlignLeft, name)
        painter.setFont(option.font)
        painter.setPen(quiet)
        painter.drawText(row, Qt.AlignmentFlag.AlignRight, seed)
        row.translate(0, line)
        painter.drawText(row, Qt.AlignmentFlag.AlignLeft, _fitting(option, card.trust, row.width()))
        row.translate(0, line)
        if card.seam is not None:
            self._mark(painter, option, row, card.seam.light.icon, card.seam.light.colour, card.seam.state)
        row.translate(0, line)
        if card.rating is not None:
            text = words.of_rating(card.rating)
            self._mark(painter, option, row, _RATING_ICONS[card.rating], "#e8eaee", text)

    def _mark(
        self, painter: QPainter, option: QStyleOptionViewItem, row: QRect, name: str, colour: str, text: str
    ) -> None:
        side = row.height() - 1
        icon(name, colour).paint(painter, QRect(row.left(), row.top(), side, side))
        painter.setPen(QColor(colour))
        place = row.adjusted(side + 4, 0, 0, 0)
        painter.drawText(place, Qt.AlignmentFlag.AlignLeft, _fitting(option, text, place.width()))


def _fitting(option: QStyleOptionViewItem, text: str, width: int) -> str:
    return option.fontMetrics.elidedText(text, Qt.TextElideMode.ElideRight, width)
