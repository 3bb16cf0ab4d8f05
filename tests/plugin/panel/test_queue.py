"""The queue as a person sees and uses it, with events instead of a unit."""

from pathlib import Path

import pytest

pytest.importorskip("PyQt5.QtWidgets", reason="the extra `panel` is not installed")

from PyQt5.QtCore import QMimeData, QPoint, Qt
from PyQt5.QtGui import QDropEvent
from pytestqt.qtbot import QtBot
from secondunit_bridge.messages import Event, Failed, Loading, OrderStatus, Plan, Queued, Step, TakeReady
from secondunit_bridge.rates import FrameTime
from secondunit_plugin.panel.events import UnitLink
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.views.queue import OrderList, Queue

from tests.inference.running_unit import order
from tests.timeline.media_cuts import take_for

PLAN = Plan(8, 1.0, 0, 0, ())


class Shown:
    def __init__(self, qtbot: QtBot) -> None:
        self.model = PanelModel(UnitLink())
        self.moved: list[tuple[str, str]] = []
        self.model.move = lambda one, after: self.moved.append((one, after))  # type: ignore[method-assign]
        self.queue = Queue(self.model)
        self.queue.resize(500, 300)
        qtbot.addWidget(self.queue)
        self.queue.show()

    def add(self, *names: str) -> None:
        for place, name in enumerate(names):
            self.model.orders.add(order(name, Path("/takes"), shot=name, takes=2), None)
            self.event(Queued(name, 1, place, PLAN))

    def event(self, event: Event) -> None:
        self.model.orders.take(event)

    @property
    def rows(self) -> list[list[str]]:
        table = self.queue.list.model()
        assert table is not None
        return [[table.index(row, column).data() or "" for column in range(4)] for row in range(table.rowCount())]

    @property
    def names(self) -> list[str]:
        return [row[0].partition(":")[0] for row in self.rows]


@pytest.fixture
def shown(qtbot: QtBot) -> Shown:
    return Shown(qtbot)


def test_what_is_made_comes_first_then_what_waits_by_its_place_then_what_has_ended(shown: Shown) -> None:
    for name in "abcd":
        shown.model.orders.add(order(name, Path("/takes"), shot=name, takes=2), None)
    assert shown.names == ["a", "b", "c", "d"], "before the unit has said their places"
    shown.queue.select("c")
    shown.event(Loading("a", 2, "draft"))
    shown.event(Queued("d", 2, 1, PLAN))
    shown.event(Queued("b", 2, 2, PLAN))
    shown.event(Queued("c", 2, 3, PLAN))
    assert shown.names == ["a", "d", "b", "c"] and shown.queue.selected == "c"
    shown.event(Step("a", 3, 0, 1, 4, "frames", 62.2))
    assert shown.rows[0] == ["a: Generate a clip", "take 1 of 2: frames 1/4", "12%", "1 min 3 s"]
    assert shown.rows[3][1:] == ["waits for 3 other orders", "0%", ""]
    sent = shown.model.orders.orders["a"].order
    for index in (0, 1):
        shown.event(TakeReady("a", 4 + index, index, take_for(sent, start=FrameTime(0, sent.slot.rate))))
    assert shown.names == ["d", "b", "c", "a"] and shown.rows[3][1:3] == ["made", "100%"]
    shown.model.orders.clear_ended()
    assert shown.names == ["d", "b", "c"] and "a" in shown.model.orders.orders, "its takes are still to choose from"


def test_waiting_orders_are_moved_with_keys_and_dragged(shown: Shown) -> None:
    shown.add("a", "b", "c", "d")
    shown.event(Loading("a", 2, "draft"))
    for name, by in (("b", -1), ("c", -1), ("d", -1), ("b", 1), ("d", 1), ("a", 1)):
        shown.queue.select(name)
        shown.queue.step(by)
    assert shown.moved == [("c", ""), ("d", "b"), ("b", "c")]
    shown.moved.clear()
    shown.queue.select("d")
    for row, part in ((1, 0.2), (1, 0.8), (0, 0.2)):
        drop(shown.queue.list, row, part)
    assert shown.moved == [("d", "a"), ("d", "b"), ("d", "")]
    assert shown.names == ["a", "b", "c", "d"], "until the unit says otherwise"


def drop(view: OrderList, row: int, part: float) -> None:
    """`part` of the row's height from its top."""
    model = view.model()
    assert model is not None
    area = view.visualRect(model.index(row, 0))
    at = QPoint(area.center().x(), area.top() + int(area.height() * part))
    event = QDropEvent(at, Qt.DropAction.MoveAction, QMimeData(), Qt.MouseButton.LeftButton, Qt.NoModifier)
    event.source = lambda: view  # type: ignore[method-assign]
    view.dropEvent(event)


def test_an_order_that_failed_says_why_and_where_its_log_lies(shown: Shown) -> None:
    shown.add("a")
    assert not shown.queue.said.isVisible() and not shown.queue.show_log.isVisible()
    shown.event(Failed("a", 2, "OrderFailed", "out of memory: choose a smaller model", "/logs/a.log"))
    assert shown.queue.selected == "a" and shown.queue.said.isVisible()
    assert shown.queue.said.text() == "out of memory: choose a smaller model\n/logs/a.log"
    assert shown.queue.show_log.isVisible() and shown.queue.order_again.isVisible()
    shown.model.orders.clear_ended()
    assert not shown.queue.said.isVisible()


def test_orders_that_had_ended_before_are_not_in_the_queue(shown: Shown) -> None:
    failed = Failed("a", 9, "OrderFailed", "out of memory", "")
    shown.model.orders.restore(OrderStatus(order("a", Path("/takes")), failed, (), 1))
    shown.model.orders.restore(OrderStatus(order("b", Path("/takes"), shot="b"), Queued("b", 1, 0, PLAN), (), 0))
    assert shown.names == ["b"] and list(shown.model.orders.orders) == ["a", "b"]
