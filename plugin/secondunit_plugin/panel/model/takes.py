"""The takes to choose from, and the one that is looked at."""

from collections.abc import Mapping
from dataclasses import dataclass

from PyQt5.QtCore import QObject, pyqtSignal
from secondunit_bridge.messages import Slot, Take

from secondunit_plugin.panel.model.orders import OrdersModel
from secondunit_plugin.panel.model.places import Place


@dataclass(frozen=True, slots=True)
class TakeId:
    """`index` among the order's seeds."""

    order_id: str
    index: int


@dataclass(frozen=True, slots=True)
class Located:
    """Where an order belongs in the cut that is open; `why` there is no such place, or empty."""

    places: frozenset[Place]
    why: str = ""


class TakesModel(QObject):
    """In the order in which they arrived."""

    cleared = pyqtSignal()
    added = pyqtSignal(object)
    """A `TakeId`."""
    chosen_changed = pyqtSignal()
    shown_changed = pyqtSignal()
    """Which takes are offered, and how they are grouped."""

    def __init__(self, orders: OrdersModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._orders = orders
        self.ids: list[TakeId] = []
        self.chosen: TakeId | None = None
        self.located: Mapping[str, Located] = {}
        """By order id; those that are not looked for yet have none."""
        self.approved_in_cut: frozenset[str] = frozenset()
        """Ids of takes that the cut holds as approved: what `make` never makes again."""
        self.whole_cut = False
        self._place: Place | None = None
        self._new: list[TakeId] = []
        """Those that have arrived since something else was chosen, or nothing."""
        orders.take_arrived.connect(self._add)

    def take(self, take: TakeId) -> Take:
        return self._orders.orders[take.order_id].takes[take.index]

    @property
    def groups(self) -> tuple[tuple[TakeId, ...], ...]:
        """The takes of the selected place, or of all of the cut: by order, the newest first, each by its seeds."""
        everywhere = self.whole_cut or self._place is None
        orders = [
            order_id
            for order_id in reversed(self._orders.orders)
            if everywhere or self._place in self.located.get(order_id, Located(frozenset())).places
        ]
        groups = (tuple(sorted((one for one in self.ids if one.order_id == order), key=_index)) for order in orders)
        return tuple(group for group in groups if group)

    @property
    def shown(self) -> tuple[TakeId, ...]:
        return tuple(take for group in self.groups for take in group)

    def comparable(self, take: TakeId) -> tuple[TakeId, ...]:
        """Takes with the same frames for the same place: those of its order, and of orders for an equal slot."""
        slot, where = self.take(take).record.order.slot, self.located.get(take.order_id)

        def is_like(other: TakeId) -> bool:
            if other.order_id == take.order_id:
                return True
            there = self.located.get(other.order_id)
            same_place = where is not None and there is not None and bool(where.places & there.places)
            return same_place and _frames(self.take(other).record.order.slot) == _frames(slot)

        return tuple(other for other in self.ids if other != take and is_like(other))

    def clear(self) -> None:
        self.ids = []
        self.located, self.approved_in_cut = {}, frozenset()
        self.choose(None)
        self.cleared.emit()
        self.shown_changed.emit()

    def choose(self, take: TakeId | None) -> None:
        self._new = []
        if take != self.chosen:
            self.chosen = take
            self.chosen_changed.emit()

    @property
    def numbered(self) -> tuple[TakeId, ...]:
        """Those that numbers choose from: the group of the chosen take, else the newest."""
        groups = self.groups
        return next((one for one in groups if self.chosen in one), next(iter(groups), ()))

    def choose_nth(self, number: int) -> None:
        """From 0."""
        if number < len(self.numbered):
            self.choose(self.numbered[number])

    def show_place(self, place: Place | None) -> None:
        """A take of another place is not chosen any more."""
        if place != self._place:
            self._place = place
            if self.chosen not in self.shown:
                self.choose(None)
            self.shown_changed.emit()

    def show_whole_cut(self, whole_cut: bool) -> None:
        if whole_cut != self.whole_cut:
            self.whole_cut = whole_cut
            self.shown_changed.emit()

    def set_located(self, located: Mapping[str, Located], approved: frozenset[str]) -> None:
        if (located, approved) != (self.located, self.approved_in_cut):
            self.located, self.approved_in_cut = located, approved
            self.shown_changed.emit()
            self._choose_new()

    def _add(self, order_id: str, index: int) -> None:
        take = TakeId(order_id, index)
        self.ids.append(take)
        self._new.append(take)
        self.added.emit(take)
        self.shown_changed.emit()
        self._choose_new()

    def _choose_new(self) -> None:
        """Where nothing is chosen, the first that has arrived for the place that is selected."""
        if self.chosen is None and self._new:
            shown = self.shown
            first = next((take for take in self._new if take in shown), None)
            if first is not None:
                self.choose(first)


def _index(take: TakeId) -> int:
    return take.index


def _frames(slot: Slot) -> tuple[object, ...]:
    return slot.frames, slot.head, slot.tail, slot.rate, slot.start
