"""The panel on the cut that a program has open, with the real unit: takes come in by themselves, and are never lost."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("PyQt5.QtWidgets", reason="the extra `panel` is not installed")

from PyQt5 import sip
from pytestqt.qtbot import QtBot
from secondunit_bridge import spawn
from secondunit_bridge.client import Client
from secondunit_bridge.messages import Take
from secondunit_plugin.hosts.host import Gone, Support
from secondunit_plugin.panel.events import UnitLink
from secondunit_plugin.panel.frames.link import FramesLink
from secondunit_plugin.panel.model import pending
from secondunit_plugin.panel.model.cut import NoCut
from secondunit_plugin.panel.model.draft import Extend
from secondunit_plugin.panel.model.panel import Notice, PanelModel
from secondunit_plugin.panel.model.pending import Choices
from secondunit_plugin.panel.model.places import ShotPlace
from secondunit_plugin.panel.model.unit import Reached

from tests.plugin.hosts.conformance import Film, film, frame_map
from tests.plugin.hosts.fake import FakeEditor
from tests.plugin.hosts.test_conformance import plays_at
from tests.timeline.media_cuts import MakeClip

SECONDS = 60_000
IDLE = 400
"""Milliseconds of rest before something is done by itself, here."""


class Seats:
    """Panels of one unit, one after the other, on one program."""

    def __init__(self, qtbot: QtBot, home: Path, folder: Path, make_clip: MakeClip) -> None:
        self._qtbot, self._home = qtbot, home
        self.film: Film = film(make_clip)
        self.film.cut.name = folder.name
        self.editor = FakeEditor(Support)
        self.editor.host.projects = f"{folder}/"
        self.editor.open(self.film.cut)
        self.model: PanelModel
        self.said: list[Notice]
        self._links: list[UnitLink | FramesLink] = []

    def sit_down(self) -> PanelModel:
        link = UnitLink(self._home)
        self.model, self.said = PanelModel(link), []
        self.model.noticed.connect(self.said.append)
        self._links = [link, self.model.frames]
        link.start()
        self.follow()
        self._qtbot.waitUntil(lambda: isinstance(self.model.unit, Reached), timeout=SECONDS)
        return self.model

    def follow(self) -> None:
        self.model.follow(lambda: self.editor.host)
        self._qtbot.waitUntil(lambda: self.model.cut.open is not None, timeout=SECONDS)

    def stand_up(self) -> None:
        """As a panel that is killed: what has not been kept is lost."""
        for link in self._links:
            link.close()
        self._links = []
        if not sip.isdeleted(self.model):
            self.model.close_host()
            sip.delete(self.model)

    def extend(self, shot: str, asking: Extend) -> str:
        opened = self.model.cut.open
        assert opened is not None
        self.model.select(next(one for one in opened.version.places if isinstance(one, ShotPlace) and one.name == shot))
        self.model.draft.ask(asking)
        before = set(self.model.orders.orders)
        self.model.order()
        self._qtbot.waitUntil(lambda: set(self.model.orders.orders) > before, timeout=SECONDS)
        (order_id,) = set(self.model.orders.orders) - before
        return order_id

    def take(self, order_id: str) -> Take:
        self._qtbot.waitUntil(lambda: bool(self.model.orders.orders[order_id].takes), timeout=SECONDS)
        return self.model.orders.orders[order_id].takes[0]

    def shows(self, take: Take) -> list[int]:
        return plays_at(self.editor.host.read().cut, take)

    def made(self, order_id: str) -> bool:
        """Whether the unit has made it."""

        async def ask() -> bool:
            async with Client(spawn.ensure_running(self._home)) as unit:
                return any([one.takes async for one in unit.orders() if one.order.id == order_id])

        return asyncio.run(ask())

    def keeps(self, order_id: str) -> bool:
        return any(self._home.glob(f"panel/*/{order_id}.ordered"))


@pytest.fixture
def seats(
    qtbot: QtBot, unit_home: Path, tmp_path: Path, make_clip: MakeClip, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Seats]:
    monkeypatch.setattr(pending, "IDLE_MS", IDLE)
    made = Seats(qtbot, unit_home, tmp_path, make_clip)
    yield made
    made.stand_up()


def test_the_first_take_is_cut_in_by_itself_as_one_step_once_the_program_rests(qtbot: QtBot, seats: Seats) -> None:
    model = seats.sit_down()
    order_id = seats.extend("A", Extend(frames=10, into="gap"))
    assert seats.keeps(order_id)
    take = seats.take(order_id)
    qtbot.waitUntil(lambda: bool(model.pending.waiting), timeout=SECONDS)
    for number in range(12):  # somebody works there, for longer than the panel waits
        seats.editor.select((70,), number)
        qtbot.wait(IDLE // 4)
    assert seats.shows(take) == [] and not seats.editor.host.undo_names
    named = [f"Second Unit: {take.record.name}"]
    qtbot.waitUntil(lambda: seats.editor.host.undo_names == named, timeout=SECONDS)
    assert seats.shows(take) == [40]
    playhead = seats.editor.host.attention().playhead
    assert playhead is not None and playhead.frame == 11, "it stays where its user has it"
    qtbot.waitUntil(lambda: not model.pending.awaited, timeout=SECONDS)
    assert seats.said[-1] == Notice(f"{take.record.name} is cut in. Undo takes it out again.")
    seats.editor.undo()
    qtbot.waitUntil(lambda: not seats.keeps(order_id), timeout=SECONDS)
    assert frame_map(seats.editor.host.read().cut) == frame_map(seats.film.cut)
    seats.stand_up()
    model = seats.sit_down()
    qtbot.waitUntil(lambda: order_id in model.orders.orders, timeout=SECONDS)
    assert not model.pending.offered, "who took it out is not asked again"


def test_who_wants_to_choose_is_offered_takes(qtbot: QtBot, seats: Seats) -> None:
    model = seats.sit_down()
    model.pending.choose(Choices(as_they_arrive=False))
    order_id = seats.extend("A", Extend(frames=10, into="gap"))
    take = seats.take(order_id)
    qtbot.wait(3 * IDLE)
    assert seats.shows(take) == [] and list(model.pending.offered) == [order_id]
    seats.stand_up()
    model = seats.sit_down()
    qtbot.waitUntil(lambda: list(model.pending.offered) == [order_id], timeout=SECONDS)
    assert model.pending.choices == Choices(as_they_arrive=False)
    model.pending.settle(order_id)
    qtbot.waitUntil(lambda: not seats.keeps(order_id), timeout=SECONDS)
    seats.stand_up()
    model = seats.sit_down()
    qtbot.waitUntil(lambda: order_id in model.orders.orders, timeout=SECONDS)
    assert not model.pending.offered and order_id in {one.order_id for one in model.takes.ids}


@pytest.mark.parametrize("killed", ["program", "both"])
def test_a_take_that_comes_while_the_program_is_dead_lands_where_its_shot_is_by_then(
    qtbot: QtBot, seats: Seats, killed: str
) -> None:
    """By the way that it was ordered for: the gap behind the shot would do, too."""
    model = seats.sit_down()
    order_id = seats.extend("A", Extend(frames=10, into="ripple"))
    seats.editor.host._tell(Gone("Fake ended"))
    qtbot.waitUntil(lambda: isinstance(model.cut.state, NoCut), timeout=SECONDS)
    if killed == "both":
        seats.stand_up()
    qtbot.waitUntil(lambda: seats.made(order_id), timeout=SECONDS)
    seats.editor.reopen()
    seats.editor.insert_gap(0, 7)
    if killed == "program":
        qtbot.waitUntil(lambda: bool(model.orders.orders[order_id].takes), timeout=SECONDS)
        qtbot.wait(3 * IDLE)
        seats.follow()
    else:
        model = seats.sit_down()
    qtbot.waitUntil(lambda: order_id in model.pending.offered, timeout=SECONDS)
    take = seats.take(order_id)
    qtbot.wait(3 * IDLE)
    assert seats.shows(take) == [], "it is offered"
    assert Notice(f"Came meanwhile, and offered under Pending: {take.record.order.shot}") in seats.said
    length = len(frame_map(seats.editor.host.read().cut)[0][1])
    model.pending.cut_in(order_id)
    qtbot.waitUntil(lambda: seats.shows(take) == [47], timeout=SECONDS)
    assert len(frame_map(seats.editor.host.read().cut)[0][1]) == length + 10
    qtbot.waitUntil(lambda: not model.pending.awaited, timeout=SECONDS)
    assert seats.keeps(order_id), "the program may lose the take again"


def test_a_take_that_the_program_lost_with_its_last_edits_is_offered_again(qtbot: QtBot, seats: Seats) -> None:
    model = seats.sit_down()
    saved = seats.editor.host.strips
    order_id = seats.extend("A", Extend(frames=10, into="gap"))
    take = seats.take(order_id)
    qtbot.waitUntil(lambda: seats.shows(take) == [40] and not model.pending.awaited, timeout=SECONDS)
    seats.editor.host._tell(Gone("Fake ended"))
    qtbot.waitUntil(lambda: isinstance(model.cut.state, NoCut), timeout=SECONDS)
    kept = seats.editor.host.strips
    seats.editor.host.strips = saved
    seats.follow()
    qtbot.waitUntil(lambda: list(model.pending.offered) == [order_id], timeout=SECONDS)
    seats.editor.host._tell(Gone("Fake ended"))
    qtbot.waitUntil(lambda: isinstance(model.cut.state, NoCut), timeout=SECONDS)
    seats.editor.host.strips = kept
    seats.follow()
    qtbot.waitUntil(lambda: not seats.keeps(order_id) and not model.pending.awaited, timeout=SECONDS)


def test_a_take_whose_shot_is_gone_goes_to_the_bin_and_is_listed_after_a_restart(qtbot: QtBot, seats: Seats) -> None:
    model = seats.sit_down()
    order_id = seats.extend("A", Extend(frames=10, into="gap"))
    seats.editor.delete(10)
    take = seats.take(order_id)

    def listed() -> bool:
        return [one.path for one in seats.model.pending.unplaced] == [take.path]

    qtbot.waitUntil(listed, timeout=SECONDS)
    assert seats.editor.bin() == {take.path}
    qtbot.wait(IDLE)
    seats.stand_up()
    model = seats.sit_down()
    qtbot.waitUntil(listed, timeout=SECONDS)
    seats.editor.undo()
    qtbot.waitUntil(lambda: list(model.pending.offered) == [order_id], timeout=SECONDS)
    model.pending.cut_in(order_id)
    qtbot.waitUntil(lambda: seats.shows(take) == [40], timeout=SECONDS)
    qtbot.waitUntil(lambda: not model.pending.unplaced, timeout=SECONDS)
