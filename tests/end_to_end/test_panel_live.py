"""Live: a small draft of the real unit follows every change, and leaves nothing."""

import os
import tempfile
import time
from pathlib import Path

import anyio
import pytest
from secondunit_bridge import spawn
from secondunit_bridge.client import Client

pytest.importorskip("PyQt5.QtWidgets", reason="the extra `panel` is not installed")

from pytestqt.qtbot import QtBot
from secondunit_bridge.messages import Text
from secondunit_plugin.panel.commands import Command
from secondunit_plugin.panel.model.draft import Extend, Generate, Join, Known, Match
from secondunit_plugin.panel.model.live import LIVE, Following, Idle, NotLive
from secondunit_plugin.panel.model.values import Seeds

from tests.end_to_end.test_panel import SECONDS, Panels, cut, panels

__all__ = ["cut", "panels"]


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def folders(scratch: Path) -> list[Path]:
    return list(scratch.glob("secondunit-live-*"))


def live_orders(home: Path) -> list[str]:
    async def listed() -> list[str]:
        async with Client(spawn.ensure_running(home)) as unit:
            return [one.order.id async for one in unit.orders() if one.order.id.startswith(LIVE)]

    return anyio.run(listed)


def test_a_small_draft_follows_every_change_and_leaves_nothing(
    cut: Path, qtbot: QtBot, panels: Panels, unit_home: Path, scratch: Path
) -> None:
    model, window = panels.open(cut)
    opened = model.cut.open
    assert opened is not None
    left = scratch / "secondunit-live-999999999-x"
    left.mkdir()
    window.live_line.button.defaultAction().trigger()
    assert model.live.state == Idle() and window.actions_[Command.LIVE].isChecked()
    model.select(opened.version.places[0])
    model.draft.ask(Extend(frames=1))
    qtbot.waitUntil(lambda: isinstance(model.draft.controls, Known), timeout=SECONDS)
    qtbot.waitUntil(lambda: model.live.state == Following(True), timeout=SECONDS)  # the engine is loaded from here on

    def change(asked: object) -> float:
        before, began = model.live.picture, time.perf_counter()
        model.draft.ask(asked)  # type: ignore[arg-type]
        qtbot.waitUntil(
            lambda: model.live.state == Following(True) and model.live.picture is not before, timeout=SECONDS
        )
        return time.perf_counter() - began

    # Two seconds on a machine of its own; of a busier one it gets a share.
    most = 2 * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    assert change(Extend("head", 2)) < most
    assert window.viewer.caption == "live" and window.viewer.picture.width() == 320
    assert change(Extend("tail", 3)) < most
    for frames in (200, 201, 202, 4):
        model.draft.ask(Extend(frames=frames, into="handles"))
        qtbot.wait(250)
    qtbot.waitUntil(lambda: model.live.state == Following(True), timeout=SECONDS)
    qtbot.waitUntil(lambda: not live_orders(unit_home) and not folders(scratch), timeout=SECONDS)
    assert not model.orders.orders and not model.takes.ids and not (cut.parent / "takes").exists()

    model.draft.ask(Match())
    qtbot.waitUntil(lambda: isinstance(model.live.state, NotLive), timeout=SECONDS)
    assert "Choose what the shot is to look like" in window.live_line.said.text()
    window.actions_[Command.LIVE].trigger()
    assert not model.live.on and model.live.picture is None and window.viewer.caption != "live"


def test_a_live_order_goes_ahead_of_those_that_wait_and_ends_with_its_panel(
    cut: Path, qtbot: QtBot, panels: Panels, unit_home: Path, scratch: Path
) -> None:
    model, _ = panels.open(cut)
    opened = model.cut.open
    assert opened is not None
    model.select(opened.version.places[0])
    sent = []
    for frames in (30, 400):
        model.draft.ask(Extend(frames=frames, into="handles"))
        model.order()
        sent.append(frames)
        qtbot.waitUntil(lambda: len(model.orders.orders) == len(sent), timeout=SECONDS)
    first, second = model.orders.orders
    model.draft.ask(Extend(frames=5, into="handles"))
    model.live.set_on(True)
    qtbot.waitUntil(lambda: model.live.state == Following(True), timeout=SECONDS)
    assert model.orders.orders[first].ended and not model.orders.orders[second].ended
    model.cancel(second)
    model.draft.ask(Extend(frames=399, into="handles"))
    qtbot.waitUntil(lambda: bool(live_orders(unit_home)) and bool(folders(scratch)), timeout=SECONDS)
    model.live.close()
    assert not folders(scratch)
    model.cancel(second)


def test_every_task_of_the_draft_engine_can_be_followed(cut: Path, qtbot: QtBot, panels: Panels) -> None:
    model, _ = panels.open(cut)
    opened = model.cut.open
    assert opened is not None
    _, space, other = opened.version.places
    model.live.set_on(True)
    for place, asked in ((space, Generate(12)), (space, Join()), (other, Extend("head", 2, "handles"))):
        model.select(place)
        model.draft.ask(asked)
        model.draft.set_value("prompt", Text("reeds"))
        model.draft.set_value("seed", Seeds(3, 2))
        before = model.live.picture
        qtbot.waitUntil(
            lambda before=before: model.live.state == Following(True) and model.live.picture is not before,
            timeout=SECONDS,
        )
    model.live.set_on(False)
