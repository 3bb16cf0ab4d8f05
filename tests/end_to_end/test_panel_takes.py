"""Choosing with the real unit: takes are rated, compared, asked for again; ratings and places survive a restart."""

import json
from pathlib import Path

import pytest
from secondunit_bridge.ratings import Rating

pytest.importorskip("PyQt5.QtWidgets", reason="the extra `panel` is not installed")

from PyQt5.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot
from secondunit_plugin.cli.main import run
from secondunit_plugin.panel.commands import Command
from secondunit_plugin.panel.compare.modes import Mode
from secondunit_plugin.panel.model.draft import Extend, Generate, Known
from secondunit_plugin.panel.model.panel import Notice, PanelModel
from secondunit_plugin.panel.model.takes import TakeId
from secondunit_plugin.panel.model.values import Seeds
from secondunit_plugin.panel.views.record_dialog import RecordDialog
from secondunit_plugin.panel.window import Window
from secondunit_timeline import read_cut
from secondunit_timeline.index import Index
from secondunit_timeline.takes import placed_takes

from tests.end_to_end.test_panel import SECONDS, Panels, choose, cut, panels

__all__ = ["cut", "panels"]


def make(qtbot: QtBot, model: PanelModel, window: Window, number: int, asked: Extend | Generate, seeds: Seeds) -> None:
    """Orders at the place with that number, and waits for its takes."""
    before = len(model.takes.ids)
    choose(qtbot, window, model, number)
    model.draft.ask(asked)
    model.draft.set_value("seed", seeds)
    if isinstance(asked, Generate):
        from secondunit_bridge.messages import Text

        model.draft.set_value("prompt", Text("RAIN"))
    window.actions_[Command.ORDER].trigger()
    qtbot.waitUntil(lambda: len(model.takes.ids) == before + seeds.takes, timeout=SECONDS)


def test_takes_are_rated_by_key_and_a_later_panel_knows_it(
    cut: Path, qtbot: QtBot, panels: Panels, capsys: pytest.CaptureFixture[str]
) -> None:
    model, window = panels.open(cut)
    make(qtbot, model, window, 0, Extend(frames=12), Seeds(0, 3))
    qtbot.waitUntil(lambda: len(model.takes.shown) == 3, timeout=SECONDS)
    takes = model.takes.numbered
    window.takes.list.setFocus()
    for number, key, rating in (
        (0, Qt.Key.Key_S, Rating.STARRED),
        (1, Qt.Key.Key_X, Rating.REJECTED),
    ):
        qtbot.keyClick(window.takes.list, str(number + 1))
        assert model.takes.chosen == takes[number]
        qtbot.keyClick(window.takes.list, key)
        qtbot.waitUntil(lambda number=number, rating=rating: model.choosing.rating(takes[number]) is rating)
    qtbot.keyClick(window.takes.list, Qt.Key.Key_Right)
    assert model.takes.chosen == takes[2]
    qtbot.keyClick(window.takes.list, Qt.Key.Key_A, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: model.choosing.rating(takes[2]) is Rating.APPROVED)
    assert "approved" in window.takes.details.name.text()
    notices: list[Notice] = []
    model.noticed.connect(notices.append)
    qtbot.keyClick(window.takes.list, Qt.Key.Key_X)
    assert "is approved: withdraw the approval first" in notices[-1].text

    window.actions_[Command.CUT_IN].trigger()
    qtbot.waitUntil(lambda: bool(model.takes.approved_in_cut), timeout=SECONDS)
    placed = list(placed_takes(Index(read_cut(cut.parent / "cut_edit01.otio"))))
    assert [take.approved for take in placed if take.active] == [True], "what is approved stays so in the cut"
    qtbot.waitUntil(lambda: bool(model.takes.approved_in_cut), timeout=SECONDS)
    model.takes.choose(takes[2])
    window.actions_[Command.APPROVE].trigger()
    assert "is approved in the cut: undo that edit first" in notices[-1].text

    panels.close()
    model, window = panels.open(cut)
    qtbot.waitUntil(lambda: len(model.takes.ids) == 3, timeout=SECONDS)
    qtbot.waitUntil(lambda: [model.choosing.rating(take) for take in takes] == list(Rating), timeout=SECONDS)
    assert run(["takes", str(cut), "--ratings", "--json"]) == 0
    ratings = json.loads(capsys.readouterr().out)["ratings"]
    assert sorted(row["rating"] for row in ratings) == ["approved", "rejected", "starred"]
    assert all(Path(row["path"]).is_file() for row in ratings)


def test_more_like_one_goes_on_with_the_seeds_and_again_with_opens_the_order(
    cut: Path, qtbot: QtBot, panels: Panels
) -> None:
    model, window = panels.open(cut)
    make(qtbot, model, window, 0, Extend(frames=12), Seeds(3, 2))
    opened = model.cut.open
    assert opened is not None
    choose(qtbot, window, model, len(opened.version.places) - 1)
    assert model.takes.chosen is None, "they belong to another place"
    model.takes.show_whole_cut(True)
    model.takes.choose(model.takes.ids[0])
    window.actions_[Command.MORE_LIKE].trigger()
    qtbot.waitUntil(lambda: len(model.takes.ids) == 4, timeout=SECONDS)
    first, second = (running.order for running in model.orders.orders.values())
    assert (first.seeds, second.seeds) == ((3, 4), (5, 6)) and first.conditions == second.conditions
    assert model.takes.groups[0] == (TakeId(second.id, 0), TakeId(second.id, 1)), "the newest first"
    model.takes.choose(TakeId(second.id, 0))
    window.actions_[Command.AGAIN_WITH].trigger()
    opened = model.cut.open
    assert opened is not None
    qtbot.waitUntil(lambda: model.place == opened.version.places[0], timeout=SECONDS)
    draft = model.draft
    qtbot.waitUntil(lambda: draft.draft is not None and draft.draft.values.get("seed") == Seeds(5, 2), timeout=SECONDS)
    assert draft.draft is not None and draft.draft.asking == Extend("tail", 12) and isinstance(draft.controls, Known)


def test_takes_are_compared_with_the_camera_and_with_each_other(cut: Path, qtbot: QtBot, panels: Panels) -> None:
    model, window = panels.open(cut)
    make(qtbot, model, window, 0, Extend(frames=12), Seeds(0, 2))
    qtbot.waitUntil(lambda: len(model.takes.shown) == 2, timeout=SECONDS)
    window.actions_[Command.DIFFERENCE].trigger()
    view, compare = window.compare, model.compare
    qtbot.waitUntil(lambda: view.isVisible() and not view.image.isNull(), timeout=SECONDS)

    def apart() -> float:
        """As the picture says it: `differs by 4.4 of 255 ...`."""
        words = view.canvas.said.split()
        return float(words[2]) if words[:2] == ["differs", "by"] else 255

    qtbot.waitUntil(lambda: 3 < apart() < 255, timeout=SECONDS)
    compare.seek(2)
    qtbot.waitUntil(lambda: apart() < 3, timeout=SECONDS)  # the handle repeats the camera's frames
    qtbot.keyClick(view.canvas, Qt.Key.Key_Right)
    assert compare.frame == 3
    compare.set_other(compare.others[1])
    compare.set_mode(Mode.WIPE)
    qtbot.waitUntil(lambda: view.canvas.handle is not None, timeout=SECONDS)
    handle = view.canvas.handle
    assert handle is not None
    middle = view.canvas.height() // 2
    qtbot.mousePress(view.canvas, Qt.MouseButton.LeftButton, pos=QPoint(handle, middle))
    qtbot.mouseRelease(view.canvas, Qt.MouseButton.LeftButton, pos=QPoint(handle, middle))
    assert compare.at == pytest.approx(0.5, abs=0.01)
    qtbot.mousePress(view.canvas, Qt.MouseButton.LeftButton, pos=QPoint(handle - 40, middle))
    assert compare.at < 0.49
    qtbot.keyPress(view.canvas, Qt.Key.Key_F)
    assert compare.flipped
    qtbot.keyRelease(view.canvas, Qt.Key.Key_F)
    assert not compare.flipped
    qtbot.keyClick(view.canvas, Qt.Key.Key_Escape)
    assert window.seen.currentWidget() is window.viewer


def test_a_generated_take_of_an_earlier_session_finds_its_gap(cut: Path, qtbot: QtBot, panels: Panels) -> None:
    model, window = panels.open(cut)
    make(qtbot, model, window, 1, Generate(12), Seeds(0, 1))
    panels.close()
    model, window = panels.open(cut)
    qtbot.waitUntil(lambda: len(model.takes.located) == 1, timeout=SECONDS)
    opened = model.cut.open
    assert opened is not None
    (located,) = model.takes.located.values()
    number = next(number for number, place in enumerate(opened.version.places) if place in located.places)
    place = opened.version.places[number]
    assert (place.track, place.at.frame) == ("V1", 30) and not located.why
    choose(qtbot, window, model, number)
    assert len(model.takes.shown) == 1
    model.takes.choose(model.takes.shown[0])
    window.actions_[Command.SHOW_RECORD].trigger()
    (dialog,) = window.findChildren(RecordDialog)
    assert dialog.tree.topLevelItemCount() > 4
    dialog.reject()
    window.actions_[Command.CUT_IN].trigger()
    qtbot.waitUntil(lambda: model.cut.open is not None and not model.cut.open.version.slugs, timeout=SECONDS)
    children = [item.child for item in Index(read_cut(cut.parent / "cut_edit01.otio")).tracks[0].items]
    assert [child.active_media_reference_key.startswith("take.") for child in children] == [False, True, False]
