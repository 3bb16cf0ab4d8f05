"""The takes as a contact sheet or as a strip, grouped by their orders."""

from fractions import Fraction
from typing import Any

from PyQt5.QtCore import QAbstractListModel, QItemSelectionModel, QModelIndex, QSignalBlocker, Qt
from PyQt5.QtGui import QKeyEvent, QPainter, QPaintEvent
from PyQt5.QtWidgets import QListView, QStyle, QWidget

from secondunit_plugin.panel import words
from secondunit_plugin.panel.frames.messages import MediaTime
from secondunit_plugin.panel.model.offers import title
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.model.states import OfflineGrade, Stale
from secondunit_plugin.panel.model.takes import Located, TakeId
from secondunit_plugin.panel.model.thumbnails import ThumbnailOf, Wanted
from secondunit_plugin.panel.seams import judge
from secondunit_plugin.panel.views.small_pictures import WIDTH, SmallPictures
from secondunit_plugin.panel.views.take_card import PICTURE, ROW, Card, Heading, TakeCards, card_height

_KEYS = 9


class TakesList(QListView):
    """What is selected is the take that the model has chosen."""

    def __init__(self, model: PanelModel, pictures: SmallPictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._takes = model.takes
        self.rows = _Rows(model, pictures, self)
        self.setModel(self.rows)
        self.setItemDelegate(TakeCards(self))
        self.setFlow(QListView.LeftToRight)
        self.setResizeMode(QListView.Adjust)
        self.setSpacing(2)
        self.setVerticalScrollMode(QListView.ScrollPerPixel)
        self.setHorizontalScrollMode(QListView.ScrollPerPixel)
        self.setAccessibleName(self.tr("Takes"))
        self.show_sheet(False)
        selection = self.selectionModel()
        assert selection is not None
        selection.currentChanged.connect(self._choose)
        model.takes.chosen_changed.connect(self._show_chosen)
        self.rows.modelReset.connect(self._show_chosen)

    def show_sheet(self, sheet: bool) -> None:
        self.setWrapping(sheet)
        style = self.style()
        bar = style.pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent) if style is not None else 0
        self.setMinimumHeight(card_height(self.fontMetrics().height()) + bar + 4 * self.spacing())
        bars = Qt.ScrollBarPolicy
        self.setHorizontalScrollBarPolicy(bars.ScrollBarAlwaysOff if sheet else bars.ScrollBarAsNeeded)
        self.setVerticalScrollBarPolicy(bars.ScrollBarAsNeeded if sheet else bars.ScrollBarAlwaysOff)
        self.scheduleDelayedItemsLayout()

    def keyPressEvent(self, e: QKeyEvent | None) -> None:
        assert e is not None
        takes = self._takes.shown
        if takes and e.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            step = -1 if e.key() == Qt.Key.Key_Left else 1
            at = takes.index(self._takes.chosen) + step if self._takes.chosen in takes else 0
            self._takes.choose(takes[max(0, min(len(takes) - 1, at))])
        elif takes and e.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down) and self.isWrapping():
            self._choose_beside(-1 if e.key() == Qt.Key.Key_Up else 1)
        elif takes and e.key() in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self._takes.choose(takes[0 if e.key() == Qt.Key.Key_Home else -1])
        else:
            super().keyPressEvent(e)

    def paintEvent(self, e: QPaintEvent | None) -> None:
        super().paintEvent(e)
        if self.rows.rowCount() == 0:
            painter = QPainter(self.viewport())
            painter.setPen(self.palette().placeholderText().color())
            inner = self.rect().adjusted(16, 8, -16, -8)
            painter.drawText(inner, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._hint())

    def _hint(self) -> str:
        if not self._takes.ids:
            return self.tr("No takes yet: order some, and they are shown here.")
        said = self.tr("No takes for this place. The cut has {takes}: show the takes of all of the cut.")
        return said.format(takes=words.of_takes(len(self._takes.ids)))

    def _choose_beside(self, step: int) -> None:
        """The nearest take in the row above or below."""
        index = self.rows.index_of(self._takes.chosen)
        if index is None:
            return
        here = self.visualRect(index).center()
        rows = {}
        for take in self._takes.shown:
            other = self.rows.index_of(take)
            if other is not None:
                center = self.visualRect(other).center()
                if (center.y() - here.y()) * step > PICTURE.height() // 2:
                    rows[abs(center.y() - here.y()), abs(center.x() - here.x())] = take
        if rows:
            self._takes.choose(rows[min(rows)])

    def _choose(self, current: QModelIndex) -> None:
        row = self.rows.take_at(current.row()) if current.isValid() else None
        if row is not None:
            self._takes.choose(row)

    def _show_chosen(self) -> None:
        selection = self.selectionModel()
        index = self.rows.index_of(self._takes.chosen)
        assert selection is not None
        with QSignalBlocker(selection):
            if index is None:
                selection.clear()
            else:
                selection.setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        if index is not None:
            self.scrollTo(index)
        if (viewport := self.viewport()) is not None:
            viewport.update()


class _Rows(QAbstractListModel):
    """Headings, each before the takes of its order."""

    def __init__(self, model: PanelModel, pictures: SmallPictures, parent: QWidget) -> None:
        super().__init__(parent)
        self._model, self._pictures = model, pictures
        self._rows: list[str | TakeId] = []
        self._places: dict[TakeId, int] = {}
        self._numbers: dict[TakeId, int] = {}
        self._missing: dict[Wanted, str] = {}
        model.takes.shown_changed.connect(self._sync)
        model.takes.chosen_changed.connect(self._number)
        model.choosing.ratings.changed.connect(self._redraw)
        model.states.changed.connect(self._redraw)
        pictures.changed.connect(self._redraw)
        model.thumbnails.failed.connect(self._take_failure)

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._rows)

    def flags(self, index: QModelIndex) -> Qt.ItemFlags:
        if self.take_at(index.row()) is None:
            return Qt.ItemFlags(Qt.ItemFlag.NoItemFlags)
        return Qt.ItemFlags(Qt.ItemFlag.ItemIsEnabled) | Qt.ItemFlag.ItemIsSelectable

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not 0 <= index.row() < len(self._rows):
            return None
        row = self._rows[index.row()]
        shown = self._heading(row) if isinstance(row, str) else self._card(row)
        if role == ROW:
            return shown
        if role == Qt.ItemDataRole.AccessibleTextRole:
            match shown:
                case Heading(title, detail, why):
                    return ", ".join(part for part in (title, detail, why) if part)
                case Card():
                    said = shown.seam.said if shown.seam is not None else ""
                    seed = self.tr("seed {seed}").format(seed=shown.seed)
                    state = words.why_of(shown.state) if shown.state is not None else ""
                    parts = (shown.name, state, seed, words.of_rating(shown.rating), shown.trust, said)
                    return ", ".join(part for part in parts if part)
        if role == Qt.ItemDataRole.ToolTipRole:
            match shown:
                case Heading():
                    return shown.why or None
                case Card():
                    state = words.why_of(shown.state) if shown.state is not None else ""
                    seam = (shown.seam.said, *shown.seam.numbers) if shown.seam is not None else ()
                    return "\n".join(part for part in (state, *seam) if part) or None
        return None

    def take_at(self, row: int) -> TakeId | None:
        found = self._rows[row] if 0 <= row < len(self._rows) else None
        return found if isinstance(found, TakeId) else None

    def index_of(self, take: TakeId | None) -> QModelIndex | None:
        return self.index(self._places[take]) if take is not None and take in self._places else None

    def _sync(self) -> None:
        rows: list[str | TakeId] = []
        for group in self._model.takes.groups:
            rows += [group[0].order_id, *group]
        if rows != self._rows:
            self.beginResetModel()
            self._rows = rows
            self._places = {row: number for number, row in enumerate(rows) if isinstance(row, TakeId)}
            self.endResetModel()
            self._pictures.show(self, (self._picture_of(take) for take in self._places))
        self._number()

    def _number(self) -> None:
        """The number keys choose within the group of the chosen take."""
        self._numbers = {take: number + 1 for number, take in enumerate(self._model.takes.numbered[:_KEYS])}
        self._redraw()

    def _redraw(self) -> None:
        if self._rows:
            self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1))

    def _picture_of(self, take: TakeId) -> ThumbnailOf:
        """The middle of the slot."""
        made = self._model.takes.take(take)
        slot = made.record.order.slot
        seconds = Fraction(slot.head + slot.frames // 2) / slot.rate
        return ThumbnailOf(MediaTime(made.path, seconds, slot.rate), WIDTH)

    def _take_failure(self, wanted: Wanted, why: str) -> None:
        self._missing[wanted] = why
        self._redraw()

    def _heading(self, order_id: str) -> Heading:
        order = self._model.orders.orders[order_id].order
        located = self._model.takes.located.get(order_id, Located(frozenset()))
        model = next((title(card) for card in self._model.offers.cards if card.model == order.model), order.model)
        return Heading(f"{order.shot}: {words.of_task(order.task)}", model, located.why)

    def _card(self, take: TakeId) -> Card:
        record, wanted = self._model.takes.take(take).record, self._picture_of(take)
        state = self._model.states.of_take(record.take_id, self._model.place)
        return Card(
            record.name,
            record.seed,
            words.of_trust(record),
            self._model.choosing.rating(take),
            judge(record),
            self._numbers.get(take, 0),
            self._pictures.thumbnail(wanted),
            self._missing.get(wanted, ""),
            state if isinstance(state, Stale | OfflineGrade) else None,
        )
