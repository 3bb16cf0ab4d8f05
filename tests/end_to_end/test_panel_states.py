"""Takes whose camera frames have changed, with the real unit: one click makes a further version of one beside it."""

from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit_timeline import edit, read_cut, write_cut
from secondunit_timeline.conform import relink_media
from secondunit_timeline.index import Index
from secondunit_timeline.library import scan
from secondunit_timeline.operations import ApproveTake, Slip
from secondunit_timeline.takes import PlacedTake, placed_takes

from tests.timeline.cuts import at, gap
from tests.timeline.media_cuts import shot, sounding_cut
from tests.timeline.test_conform import movie

pytest.importorskip("PyQt5.QtWidgets", reason="the extra `panel` is not installed")

from PyQt5.QtCore import Qt
from pytestqt.qtbot import QtBot
from secondunit_plugin.panel.commands import Command
from secondunit_plugin.panel.model.draft import Extend
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.model.states import ChooseVersion, MakeVersion, OfflineGrade, Stale
from secondunit_plugin.panel.window import Window

from tests.end_to_end.test_panel import SECONDS, Panels, choose, panels

__all__ = ["panels"]


@pytest.fixture
def made(tmp_path: Path, qtbot: QtBot, panels: Panels) -> Path:
    """A cut with a shot of a proxy, six frames longer than it was, and a take of six behind it."""
    proxy = movie(tmp_path / "proxies" / "A003.mov", 40, "A003", size="160x90")
    cut = sounding_cut(shot(proxy, 40, 4, 30, "A003"), gap(12))
    cut.name = tmp_path.name
    write_cut(cut, tmp_path / "cut.otio")
    model, window = panels.open(tmp_path / "cut.otio")
    choose(qtbot, window, model, 0)
    model.draft.ask(Extend(frames=12))
    window.actions_[Command.ORDER].trigger()
    edited = tmp_path / "cut_edit01.otio"
    qtbot.waitUntil(lambda: edited.exists() and len(held(edited)) == 1, timeout=SECONDS)
    panels.close()
    return edited


def held(cut: Path) -> list[PlacedTake]:
    return list(placed_takes(Index(read_cut(cut))))


def opened(qtbot: QtBot, panels: Panels, cut: otio.schema.Timeline, path: Path) -> tuple[PanelModel, Window]:
    """As another program leaves it; with the take chosen as the place."""
    write_cut(cut, path)
    model, window = panels.open(path)
    qtbot.waitUntil(lambda: bool(model.states.marked), timeout=SECONDS)
    choose(qtbot, window, model, 2)
    return model, window


def test_a_stale_take_gets_a_version_of_the_frames_of_now_beside_it(made: Path, qtbot: QtBot, panels: Panels) -> None:
    (before,) = held(made)
    trimmed, _ = edit(read_cut(made), [Slip("V1", at(0), -4)])
    model, window = opened(qtbot, panels, trimmed, made.with_name("trimmed.otio"))
    (state,) = model.states.marked.values()
    assert isinstance(state, Stale) and (state.made, state.now) == ("A003 10:00:01:15", "A003 10:00:01:11")
    strip = window.place_strip
    assert "made to follow A003 10:00:01:15" in strip.state.text()
    qtbot.waitUntil(lambda: len(model.takes.shown) == 1, timeout=SECONDS)
    model.takes.choose(model.takes.shown[0])
    assert "Stale" in window.takes.details.state.text()
    qtbot.mouseClick(strip.version, Qt.MouseButton.LeftButton)
    assert not strip.version.isVisible() and "is being made" in strip.state.text()
    edited = made.with_name("trimmed_edit01.otio")
    qtbot.waitUntil(lambda: edited.exists() and len(held(edited)) == 2, timeout=SECONDS)
    old, new = held(edited)
    assert (old.key, old.path) == (before.key, before.path) and not old.active
    assert new.active and new.name == "A003_v002" and new.path is not None and Path(new.path).is_file()
    qtbot.waitUntil(lambda: not model.states.marked and not strip.state.isVisible(), timeout=SECONDS)
    choose(qtbot, window, model, 2)
    qtbot.waitUntil(lambda: len(model.takes.shown) == 2, timeout=SECONDS)
    window.actions_[Command.UNDO].trigger()
    qtbot.waitUntil(lambda: [one.key for one in held(edited)] == [before.key], timeout=SECONDS)


def test_an_approved_take_of_offline_grade_stays_until_its_full_size_is_cut_in(
    made: Path, tmp_path: Path, qtbot: QtBot, panels: Panels
) -> None:
    (before,) = held(made)
    movie(tmp_path / "originals" / "A003_C001.mov", 48, "A003", "09:59:59:20", size="320x180")
    approved, _ = edit(read_cut(made), [ApproveTake(before.track, before.at, before.key)])
    full, _, _ = relink_media(approved, scan([tmp_path / "originals"]))
    model, window = opened(qtbot, panels, full, made.with_name("full.otio"))
    (state,) = model.states.marked.values()
    assert isinstance(state, OfflineGrade) and isinstance(model.states.remedy(model.place), MakeVersion)
    window.actions_[Command.STALE_AGAIN].trigger()
    edited = made.with_name("full_edit01.otio")
    qtbot.waitUntil(lambda: edited.exists() and len(held(edited)) == 2, timeout=SECONDS)
    old, new = held(edited)
    assert (old.key, old.active, old.approved) == (before.key, True, True) and not new.active
    (running,) = (one for one in model.orders.orders.values() if one.order.slot.width == 320)
    assert (running.order.slot.height, running.takes[0].record.order.seeds) == (180, (0,))
    qtbot.waitUntil(lambda: isinstance(model.states.remedy(model.place), ChooseVersion), timeout=SECONDS)
    assert "A003_v002 lies beside it and fits" in window.place_strip.state.text()
    qtbot.waitUntil(lambda: len(model.takes.shown) == 2, timeout=SECONDS)
    model.takes.choose(next(take for take in model.takes.shown if take.order_id == running.order.id))
    window.actions_[Command.CUT_IN].trigger()
    qtbot.waitUntil(lambda: [one.active for one in held(edited)] == [False, True], timeout=SECONDS)
    qtbot.waitUntil(lambda: not model.states.marked, timeout=SECONDS)
