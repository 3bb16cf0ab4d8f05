"""What people do with takes: rate them, ask for more like one, order again with other values."""

from dataclasses import replace
from itertools import pairwise
from uuid import uuid4

from PyQt5.QtCore import QObject, pyqtSignal
from secondunit_bridge.errors import BadInput
from secondunit_bridge.messages import (
    CameraMove,
    IgnoreRegion,
    Look,
    Mask,
    Order,
    ReferenceImage,
    ReferenceShot,
    Sound,
    Strokes,
    Text,
)
from secondunit_bridge.ratings import Rating

from secondunit_plugin.panel.background import Operation
from secondunit_plugin.panel.events import UnitLink
from secondunit_plugin.panel.model.again import values_of
from secondunit_plugin.panel.model.cut import CutIn, CutModel, OpenCut, Slugged, Version
from secondunit_plugin.panel.model.draft import Asking, DraftModel, Known
from secondunit_plugin.panel.model.orders import OrdersModel, Running
from secondunit_plugin.panel.model.places import Place
from secondunit_plugin.panel.model.ratings import RatingsModel
from secondunit_plugin.panel.model.takes import Located, TakeId, TakesModel


class ChoosingModel(QObject):
    """Keeps `takes` told where their orders belong in the cut."""

    refused = pyqtSignal(object)
    """A SecondUnitError."""
    said = pyqtSignal(str)
    approved = pyqtSignal(object)
    """The `TakeId` of a take that is approved from now on."""
    place_wanted = pyqtSignal(object)
    """A `Place` that is to be selected."""

    def __init__(
        self,
        link: UnitLink,
        cut: CutModel,
        draft: DraftModel,
        orders: OrdersModel,
        takes: TakesModel,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.ratings = RatingsModel(self)
        self._link, self._cut, self._draft, self._orders, self._takes = link, cut, draft, orders, takes
        self._looked = 0
        self._version: Version | None = None
        """The version of the cut in which orders were located."""
        self._grown: set[str] = set()
        """Orders with takes that have arrived since: the cut may hold those elsewhere than they were ordered for."""
        self._again: Order | None = None
        self.ratings.refused.connect(self.refused)
        cut.changed.connect(self._follow_cut)
        orders.added.connect(self._locate)
        orders.take_arrived.connect(self._locate_again)
        draft.form_changed.connect(self._load_again)

    def rating(self, take: TakeId) -> Rating | None:
        """What is kept beside the take, or noted in the cut."""
        take_id = self._takes.take(take).record.take_id
        return Rating.APPROVED if take_id in self._takes.approved_in_cut else self.ratings.of(take_id)

    def rate(self, take: TakeId, rating: Rating) -> None:
        """Asked for again, it is taken back."""
        record, before = self._takes.take(take).record, self.rating(take)
        if before is Rating.APPROVED and record.take_id in self._takes.approved_in_cut:
            said = self.tr("{name} is approved in the cut: undo that edit first").format(name=record.name)
            self.refused.emit(BadInput(said))
        elif before is Rating.APPROVED and rating is not Rating.APPROVED:
            said = self.tr("{name} is approved: withdraw the approval first").format(name=record.name)
            self.refused.emit(BadInput(said))
        else:
            self.ratings.rate(record.take_id, None if rating is before else rating)
            if rating is Rating.APPROVED and before is not rating:
                self.approved.emit(take)

    def more_like(self, take: TakeId) -> None:
        """The take's order again, with as many seeds that none like it has had."""
        opened, running, link = self._cut.open, self._orders.orders[take.order_id], self._link
        if opened is None:
            return
        like = [one.order for one in self._orders.orders.values() if _alike(one.order, running.order)]
        first = max(seed for order in like for seed in order.seeds) + 1
        order = replace(running.order, id=uuid4().hex, seeds=tuple(range(first, first + len(running.order.seeds))))
        ordered = replace(running.ordered, order=order) if running.ordered is not None else None

        def sent(_: object) -> None:
            if _is_open(self._cut, opened):
                self._orders.add(order, ordered)
                link.watch(order.id)

        Operation(self, lambda: link.call(lambda unit: unit.submit(order))).success(sent).failure(
            self.refused.emit
        ).run()

    def again_with(self, take: TakeId) -> None:
        """The take's order in the form: its task, place, model and values. What does not fit there is said."""
        opened, running = self._cut.open, self._orders.orders[take.order_id]
        if opened is None:
            return

        def work() -> tuple[Place, Asking]:
            from secondunit_plugin.panel.model.finding import again

            return again(opened.version, running)

        def use(found: tuple[Place, Asking]) -> None:
            if not _is_open(self._cut, opened):
                return
            place, asking = found
            order = running.order
            self.place_wanted.emit(place)
            self._draft.ask(asking)
            self._draft.use_intent("")
            self._draft.use_model(order.engine, order.model)
            self._again = order
            self._load_again()

        Operation(self, work).success(use).failure(self.refused.emit).run()

    def _load_again(self) -> None:
        """Once the controls of the order's task and model are there."""
        order, draft, state, opened = self._again, self._draft.draft, self._draft.controls, self._cut.open
        if order is None or draft is None or opened is None or not isinstance(state, Known) or not state.controls:
            return
        values, left = values_of(order, state.controls, opened.codec)
        self._again = None
        self._draft.load(values)
        if left:
            names = ", ".join(self._steering().get(name, name) for name in left)
            self.said.emit(self.tr("No control here takes: {names}").format(names=names))

    def _steering(self) -> dict[str, str]:
        """What steers an order, by the names of its classes."""
        return {
            Text.__name__: self.tr("text"),
            ReferenceImage.__name__: self.tr("still"),
            ReferenceShot.__name__: self.tr("reference shot"),
            Mask.__name__: self.tr("mask"),
            IgnoreRegion.__name__: self.tr("region that nothing is measured in"),
            Strokes.__name__: self.tr("strokes"),
            CameraMove.__name__: self.tr("camera move"),
            Sound.__name__: self.tr("sound"),
            Look.__name__: self.tr("look"),
        }

    def _follow_cut(self) -> None:
        opened = self._cut.open
        self.ratings.open(opened.takes_folder if opened is not None else None)
        self._again = None
        self._locate()

    def _locate_again(self, order_id: str) -> None:
        self._grown.add(order_id)
        self._locate()

    def _locate(self) -> None:
        opened = self._cut.open
        if opened is None:
            return
        version = opened.version
        known = dict(self._takes.located) if version is self._version else {}
        for order_id in self._grown:
            known.pop(order_id, None)
        orders = tuple(one for one in self._orders.orders.values() if one.order.id not in known)
        self._looked += 1
        looked = self._looked

        def work() -> tuple[dict[str, Located], frozenset[str]]:
            from secondunit_plugin.panel.model.finding import approved_in, located

            found = located(version, orders)
            # A slug or a take may lie in the place by now: it is the place of before.
            for before, after in pairwise(opened.versions[: opened.place + 1]):
                if isinstance(after.step, Slugged | CutIn):
                    ours = [one for one in orders if _is_for(one, before, after.step)]
                    for order_id, there in located(before, ours).items():
                        here = found[order_id]
                        places = here.places | there.places
                        found[order_id] = replace(here, places=places, why=here.why if not places else "")
            return found, approved_in(version)

        def use(found: tuple[dict[str, Located], frozenset[str]]) -> None:
            if looked == self._looked:  # else a later answer is on its way
                self._version = version
                self._grown.clear()
                self._takes.set_located({**known, **found[0]}, found[1])

        Operation(self, work).success(use).failure(self.refused.emit).run()


def _is_for(running: Running, before: Version, step: Slugged | CutIn) -> bool:
    """Whether the order was planned for the place that the step changed."""
    ordered = running.ordered
    return running.order.id == step.order_id or (ordered is not None and ordered.cut is before.index.cut)


def _alike(a: Order, b: Order) -> bool:
    return replace(a, id="", seeds=()) == replace(b, id="", seeds=())


def _is_open(cut: CutModel, opened: OpenCut) -> bool:
    return opened.is_of(cut.open)
