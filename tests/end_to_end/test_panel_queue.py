"""The panel's queue and its unit, with a real unit: moved orders, ends of all kinds, and what is taken up again."""

from pathlib import Path

import pytest
from secondunit_bridge import spawn

pytest.importorskip("PyQt5.QtWidgets", reason="the extra `panel` is not installed")

from PyQt5.QtCore import Qt
from pytestqt.qtbot import QtBot
from secondunit_plugin.cli.main import run
from secondunit_plugin.panel.commands import Command
from secondunit_plugin.panel.model.draft import Extend
from secondunit_plugin.panel.model.orders import Broken, Made, Making, Stopped, Waiting
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.model.unit import Ended, Lost, Reached, UnitState
from secondunit_plugin.panel.window import Window

from tests.end_to_end.test_panel import SECONDS, Panels, cut, panels

__all__ = ["cut", "panels"]


def begin(qtbot: QtBot, model: PanelModel, *frames: int) -> list[str]:
    """Sends one order after the other, so that their order is known; their ids."""
    opened = model.cut.open
    assert opened is not None
    model.select(opened.version.places[0])
    before = len(model.orders.orders)
    for count, asked in enumerate(frames, before + 1):
        model.draft.ask(Extend(frames=asked, into="handles"))
        model.order()
        qtbot.waitUntil(lambda count=count: len(model.orders.orders) == count, timeout=SECONDS)
    return list(model.orders.orders)[before:]


def kill(home: Path) -> int:
    address = spawn.find(home)
    assert address is not None
    process = spawn.process_of(address.pid, address.created)
    assert process is not None
    process.kill()
    return address.pid


def test_orders_are_moved_cancelled_and_made_in_the_order_that_is_shown(
    cut: Path, qtbot: QtBot, panels: Panels
) -> None:
    model, window = panels.open(cut)
    long, second, third, fourth = begin(qtbot, model, 400, 8, 9, 10)
    qtbot.waitUntil(lambda: isinstance(model.orders.orders[long].state, Making), timeout=SECONDS)
    qtbot.waitUntil(lambda: model.orders.waiting == [second, third, fourth], timeout=SECONDS)
    window.queue.select(fourth)
    window.queue.list.setFocus()
    qtbot.keyClick(window.queue.list, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: model.orders.waiting == [second, fourth, third], timeout=SECONDS)
    assert window.queue.selected == fourth
    window.actions_[Command.EARLIER].trigger()
    qtbot.waitUntil(lambda: model.orders.waiting == [fourth, second, third], timeout=SECONDS)
    assert not window.actions_[Command.EARLIER].isEnabled() and window.actions_[Command.LATER].isEnabled()
    model.cancel(third)
    qtbot.waitUntil(lambda: model.orders.orders[third].state == Stopped(), timeout=SECONDS)
    model.cancel(long)
    qtbot.waitUntil(lambda: len(model.takes.ids) == 2, timeout=SECONDS)
    assert [take.order_id for take in model.takes.ids] == [fourth, second]
    begin(qtbot, model, 400, 400)
    window.actions_[Command.CANCEL_ALL].trigger()
    qtbot.waitUntil(lambda: all(one.ended for one in model.orders.orders.values()), timeout=SECONDS)
    window.actions_[Command.CLEAR_ENDED].trigger()
    assert not model.orders.queue and len(model.takes.ids) == 2


def test_an_order_that_failed_is_ordered_again(cut: Path, qtbot: QtBot, panels: Panels) -> None:
    model, window = panels.open(cut)
    opened = model.cut.open
    assert opened is not None
    media = Path(opened.version.places[0].media)  # type: ignore[union-attr]
    (running,) = begin(qtbot, model, 400)
    (order_id,) = begin(qtbot, model, 8)
    away = media.rename(media.with_suffix(".away"))
    try:
        model.cancel(running)
        qtbot.waitUntil(lambda: isinstance(model.orders.orders[order_id].state, Broken), timeout=SECONDS)
    finally:
        away.rename(media)
    state = model.orders.orders[order_id].state
    assert isinstance(state, Broken) and Path(state.log).is_file()
    window.queue.select(order_id)
    assert media.name in window.queue.said.text() and state.log in window.queue.said.text()
    window.actions_[Command.AGAIN].trigger()
    qtbot.waitUntil(lambda: len(model.takes.ids) == 1, timeout=SECONDS)
    again = list(model.orders.orders.values())[-1]
    assert again.state == Made() and again.order.seeds == model.orders.orders[order_id].order.seeds
    window.actions_[Command.CUT_IN].trigger()
    qtbot.waitUntil(lambda: model.cut.open is not None and model.cut.open.saved_as is not None, timeout=SECONDS)


def test_a_unit_that_is_killed_is_started_again_and_nothing_is_lost(
    cut: Path, qtbot: QtBot, panels: Panels, unit_home: Path
) -> None:
    model, _ = panels.open(cut)
    states: list[UnitState] = []
    model.unit_changed.connect(lambda: states.append(model.unit))
    begun = begin(qtbot, model, 300, 8, 9)
    qtbot.waitUntil(lambda: begun[0] not in model.orders.waiting, timeout=SECONDS)  # else it can be overtaken
    model.move(begun[2], "")
    # By the unit's word: what was not stored when it is killed need not be kept.
    places = [Waiting(2), Waiting(1)]
    qtbot.waitUntil(lambda: [model.orders.orders[one].state for one in begun[1:]] == places, timeout=SECONDS)
    qtbot.waitUntil(lambda: isinstance(model.orders.orders[begun[0]].state, Making), timeout=SECONDS)
    killed = kill(unit_home)
    qtbot.waitUntil(lambda: len(model.takes.ids) == 3, timeout=SECONDS)
    made = sorted(model.takes.ids, key=lambda take: Path(model.takes.take(take).path).stat().st_mtime_ns)
    assert [take.order_id for take in made] == [begun[0], begun[2], begun[1]]
    assert all(one.state == Made() for one in model.orders.orders.values())
    reached = [state.info.pid for state in states if isinstance(state, Reached)]
    assert reached and reached[-1] != killed
    assert [type(state) for state in states][:2] in ([Lost, Reached], [Reached])


def test_a_unit_that_was_stopped_stays_so_until_somebody_starts_it(
    cut: Path, qtbot: QtBot, panels: Panels, unit_home: Path
) -> None:
    model, window = panels.open(cut)
    begun = begin(qtbot, model, 400, 8)
    assert run(["unit", "stop"]) == 0
    qtbot.waitUntil(lambda: isinstance(model.unit, Ended), timeout=SECONDS)
    assert window.unit_status.text.text() == "The unit was stopped by secondunit unit stop"
    qtbot.wait(3000)
    assert spawn.find(unit_home) is None and isinstance(model.unit, Ended)
    press_start(qtbot, window)
    qtbot.waitUntil(lambda: isinstance(model.unit, Reached), timeout=SECONDS)
    assert not window.unit_status.start.isVisible()
    model.cancel(begun[0])
    qtbot.waitUntil(lambda: model.orders.orders[begun[1]].state == Made(), timeout=SECONDS)
    model.stop_unit()
    qtbot.waitUntil(lambda: model.unit == Ended("this panel"), timeout=SECONDS)
    assert run(["unit", "start"]) == 0, "by somebody else"
    qtbot.waitUntil(lambda: isinstance(model.unit, Reached), timeout=SECONDS)


def press_start(qtbot: QtBot, window: Window) -> None:
    assert window.unit_status.start.isVisible()
    qtbot.mouseClick(window.unit_status.start, Qt.MouseButton.LeftButton)
