"""The panel's main job with the real unit: a cut, a place, an order, its takes, the cut that it becomes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from secondunit_bridge import spawn
from secondunit_bridge.messages import Text
from secondunit_timeline import read_cut, write_cut
from secondunit_timeline.index import Index

from tests.timeline.cuts import gap
from tests.timeline.media_cuts import MakeClip, shot, sounding_cut

pytest.importorskip("PyQt5.QtWidgets", reason="the extra `panel` is not installed")

from PyQt5 import sip
from PyQt5.QtCore import QCoreApplication, QPoint, Qt
from pytestqt.qtbot import QtBot
from secondunit_plugin.panel.commands import Command
from secondunit_plugin.panel.controls.seeds import SeedsField
from secondunit_plugin.panel.events import UnitLink
from secondunit_plugin.panel.frames.link import FramesLink
from secondunit_plugin.panel.model.cut import Unreadable
from secondunit_plugin.panel.model.draft import Extend, Known
from secondunit_plugin.panel.model.orders import Made, Stopped
from secondunit_plugin.panel.model.panel import Notice, PanelModel
from secondunit_plugin.panel.model.pending import Choices
from secondunit_plugin.panel.model.places import GapPlace, ShotPlace
from secondunit_plugin.panel.model.playback import Span
from secondunit_plugin.panel.model.unit import Reached
from secondunit_plugin.panel.model.values import Seeds
from secondunit_plugin.panel.model.watching import TheTake
from secondunit_plugin.panel.plurals import EnglishPlurals
from secondunit_plugin.panel.window import Window

SECONDS = 60_000


@pytest.fixture
def cut(make_clip: MakeClip, tmp_path: Path) -> Path:
    """A shot whose media ends with it, a gap behind it, and another shot."""
    first, second = make_clip(30, size="320x180"), make_clip(42, size="320x180", name="other")
    made = sounding_cut(shot(first, 30, 0, 30), gap(12), shot(second, 42, 0, 30, "B"))
    made.name = tmp_path.name
    write_cut(made, tmp_path / "cut.otio")
    return tmp_path / "cut.otio"


@pytest.fixture
def panels(qtbot: QtBot, unit_home: Path) -> Iterator["Panels"]:
    made = Panels(qtbot, unit_home)
    yield made
    made.close()
    made.end()


class Panels:
    """Panels of one unit, one after the other."""

    def __init__(self, qtbot: QtBot, home: Path) -> None:
        self._qtbot, self._home = qtbot, home
        self._links: list[UnitLink | FramesLink] = []
        self._models: list[PanelModel] = []
        self._windows: list[Window] = []
        self._english = EnglishPlurals(QCoreApplication.instance())
        QCoreApplication.installTranslator(self._english)

    def open(self, cut: Path) -> tuple[PanelModel, Window]:
        link = UnitLink(self._home)
        model = PanelModel(link)
        self._links += [link, model.frames]
        self._models.append(model)
        window = Window()
        self._windows.append(window)
        self._qtbot.addWidget(window)
        window.show()
        window.fill(model)
        link.start()
        model.frames.start()
        model.open_cut(cut)
        self._qtbot.waitUntil(lambda: isinstance(model.unit, Reached) and model.cut.open is not None, timeout=SECONDS)
        return model, window

    def close(self) -> None:
        for window in self._windows:
            if window.unit_page is not None:
                window.unit_page.hide()  # it asks the unit while it is seen
        for link in self._links:
            link.close()
        for model in self._models:  # as a process that ends: what runs comes to nothing here
            sip.delete(model)
        self._links.clear()
        self._models.clear()
        self._windows.clear()

    def end(self) -> None:
        QCoreApplication.removeTranslator(self._english)


def names(cut: Path) -> list[str]:
    return [item.child.name for item in Index(read_cut(cut)).tracks[0].items]


def choose(qtbot: QtBot, window: Window, model: PanelModel, number: int) -> None:
    opened, area = model.cut.open, window.timeline.area
    assert opened is not None
    rect = area.area_of(opened.version.places[number])
    assert rect is not None
    qtbot.mouseClick(area.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())


def test_a_shot_is_extended_and_cut_in_and_taken_out_again(cut: Path, qtbot: QtBot, panels: Panels) -> None:
    model, window = panels.open(cut)
    model.pending.choose(Choices(as_they_arrive=False))
    before = cut.read_bytes()
    previews: list[object] = []
    model.orders.preview_arrived.connect(previews.append)
    opened = model.cut.open
    assert opened is not None
    assert [type(place) for place in opened.version.places] == [ShotPlace, GapPlace, ShotPlace]
    assert not window.actions_[Command.ORDER].isEnabled()

    choose(qtbot, window, model, 0)
    assert model.place == opened.version.places[0]
    qtbot.waitUntil(lambda: isinstance(model.draft.controls, Known), timeout=SECONDS)
    seeds = window.order_form.controls.field("seed")
    assert isinstance(seeds, SeedsField)
    seeds.setFocus()
    qtbot.keyClick(seeds.focusProxy(), Qt.Key.Key_Up)
    assert model.draft.draft is not None and model.draft.draft.values == {"seed": Seeds(0, 2)}
    model.draft.ask(Extend(frames=12))
    window.actions_[Command.ORDER].trigger()
    qtbot.waitUntil(lambda: len(model.takes.ids) == 2, timeout=SECONDS)
    (running,) = model.orders.orders.values()
    assert running.state == Made() and previews
    qtbot.waitUntil(lambda: window.viewer.caption.startswith("A_v00") and model.playback.frame == 30, timeout=SECONDS)
    chosen = model.takes.chosen
    assert chosen is not None and model.watching.watched == TheTake(chosen), "in the cut as it would be with it"
    assert model.playback.frame == 30 and model.playback.span == Span(0, 72) and model.playback.timecode[-5:] == "01:06"
    edited = cut.parent / "cut_edit01.otio"
    assert len(model.takes.shown) == 2 and names(edited) == ["A", "A (slug)", "B"]

    window.ways.popup(QPoint())
    qtbot.waitUntil(lambda: not window.actions_[Command.ON_SHOT].isEnabled(), timeout=SECONDS)
    assert "frames beyond the shot" in window.actions_[Command.ON_SHOT].toolTip()
    assert window.actions_[Command.INTO_GAP].isEnabled() and window.actions_[Command.INSERT].isEnabled()
    window.ways.close()
    qtbot.waitUntil(window.actions_[Command.ON_SHOT].isEnabled)

    window.actions_[Command.CUT_IN].trigger()
    qtbot.waitUntil(lambda: names(edited) == ["A", "A_v001", "B"], timeout=SECONDS)
    assert cut.read_bytes() == before
    window.actions_[Command.UNDO].trigger()
    qtbot.waitUntil(lambda: names(edited) == ["A", "", "B"], timeout=SECONDS)
    window.actions_[Command.REDO].trigger()
    qtbot.waitUntil(lambda: names(edited) == ["A", "A_v001", "B"], timeout=SECONDS)


def test_what_cannot_be_done_is_said_and_nothing_is_ordered(cut: Path, qtbot: QtBot, panels: Panels) -> None:
    model, window = panels.open(cut)
    notices: list[Notice] = []
    model.noticed.connect(notices.append)
    choose(qtbot, window, model, 0)
    model.draft.ask(Extend(frames=13, into="gap"))
    window.actions_[Command.ORDER].trigger()
    qtbot.waitUntil(lambda: bool(notices), timeout=SECONDS)
    assert notices[0].refused and "holds 12 frames, 13 were asked" in window.notice.text()
    assert not model.orders.orders and not (cut.parent / "takes").exists()


def test_a_panel_that_starts_again_finds_the_takes_and_a_dead_unit_is_started_again(
    cut: Path, qtbot: QtBot, panels: Panels, unit_home: Path
) -> None:
    model, window = panels.open(cut)
    choose(qtbot, window, model, 0)
    model.draft.ask(Extend(frames=12))
    model.draft.set_value("seed", Seeds(0, 3))
    window.actions_[Command.ORDER].trigger()
    qtbot.waitUntil(lambda: len(model.takes.ids) >= 1, timeout=SECONDS)
    address = spawn.find(unit_home)
    assert address is not None
    process = spawn.process_of(address.pid, address.created)
    assert process is not None
    process.kill()
    panels.close()
    model, window = panels.open(cut)
    qtbot.waitUntil(lambda: len(model.takes.ids) == 3, timeout=SECONDS)
    assert len(model.takes.shown) == 3
    again = spawn.find(unit_home)
    assert again is not None and again.pid != address.pid
    window.actions_[Command.CUT_IN].trigger()
    qtbot.waitUntil(lambda: names(cut.parent / "cut_edit01.otio") == ["A", "A_v001", "B"], timeout=SECONDS)


def test_an_order_is_cancelled_and_another_cut_starts_with_nothing(cut: Path, qtbot: QtBot, panels: Panels) -> None:
    model, window = panels.open(cut)
    choose(qtbot, window, model, 0)
    model.draft.ask(Extend(frames=400, into="handles"))
    window.actions_[Command.ORDER].trigger()
    qtbot.waitUntil(lambda: len(model.orders.orders) == 1, timeout=SECONDS)
    window.actions_[Command.CANCEL].trigger()
    (order_id,) = model.orders.orders
    qtbot.waitUntil(lambda: model.orders.orders[order_id].state == Stopped(), timeout=SECONDS)
    assert model.pending.over == [order_id]
    other = cut.parent / "elsewhere"
    other.mkdir()
    write_cut(read_cut(cut), other / "cut.otio")
    model.open_cut(other / "cut.otio")
    assert not model.orders.orders and model.place is None and not model.orders.queue
    qtbot.waitUntil(lambda: model.cut.open is not None, timeout=SECONDS)
    model.open_cut(cut.parent / "missing.otio")
    qtbot.waitUntil(lambda: isinstance(model.cut.state, Unreadable), timeout=SECONDS)
    assert "missing.otio" in window.notice.text()


def test_a_take_fills_its_slug_while_nobody_types_and_one_undo_takes_it_out(
    cut: Path, qtbot: QtBot, panels: Panels
) -> None:
    model, window = panels.open(cut)
    edited = cut.parent / "cut_edit01.otio"
    choose(qtbot, window, model, 0)
    model.draft.ask(Extend(frames=12))
    window.actions_[Command.ORDER].trigger()
    qtbot.waitUntil(lambda: edited.exists() and names(edited) == ["A", "A (slug)", "B"], timeout=SECONDS)

    def typed_and_arrived() -> bool:
        qtbot.keyClick(window, Qt.Key.Key_Shift)
        return bool(model.pending.waiting)

    qtbot.waitUntil(typed_and_arrived, timeout=SECONDS)
    assert names(edited) == ["A", "A (slug)", "B"]
    qtbot.waitUntil(lambda: names(edited) == ["A", "A_v001", "B"], timeout=SECONDS)
    qtbot.waitUntil(lambda: "where its slug was" in window.notice.text(), timeout=SECONDS)
    assert not model.pending.waiting
    window.actions_[Command.UNDO].trigger()
    qtbot.waitUntil(lambda: names(edited) == ["A", "", "B"], timeout=SECONDS)


def test_a_panel_that_opens_a_cut_again_has_its_steps_and_what_was_undone(
    cut: Path, qtbot: QtBot, panels: Panels
) -> None:
    model, window = panels.open(cut)
    edited = cut.parent / "cut_edit01.otio"
    choose(qtbot, window, model, 0)
    model.draft.ask(Extend(frames=12))
    window.actions_[Command.ORDER].trigger()
    qtbot.waitUntil(lambda: edited.exists() and names(edited) == ["A", "A_v001", "B"], timeout=SECONDS)
    window.actions_[Command.UNDO].trigger()
    qtbot.waitUntil(lambda: names(edited) == ["A", "", "B"], timeout=SECONDS)
    edited.unlink()
    panels.close()
    model, window = panels.open(cut)
    opened = model.cut.open
    assert opened is not None and opened.place == 0 and len(opened.versions) == 2
    assert names(edited) == ["A", "", "B"]
    window.actions_[Command.REDO].trigger()
    qtbot.waitUntil(lambda: names(edited) == ["A", "A_v001", "B"], timeout=SECONDS)


def test_the_shot_stays_selected_through_slug_take_and_undo_and_more_can_be_ordered_for_it(
    cut: Path, qtbot: QtBot, panels: Panels
) -> None:
    model, window = panels.open(cut)
    edited = cut.parent / "cut_edit01.otio"
    choose(qtbot, window, model, 0)
    model.draft.ask(Extend(frames=12))
    window.actions_[Command.ORDER].trigger()
    qtbot.waitUntil(lambda: edited.exists() and names(edited) == ["A", "A (slug)", "B"], timeout=SECONDS)
    window.actions_[Command.ORDER].trigger()
    qtbot.waitUntil(lambda: len(model.takes.shown) == 2, timeout=SECONDS)
    qtbot.waitUntil(lambda: names(edited) == ["A", "A_v001", "B"], timeout=SECONDS)
    opened = model.cut.open
    assert opened is not None and model.place == opened.version.places[0] and len(opened.versions) == 2
    later = model.takes.groups[0][0]
    assert model.takes.take(later).record.name == "A_v002"
    model.takes.choose(later)
    window.actions_[Command.CUT_IN].trigger()
    qtbot.waitUntil(lambda: names(edited) == ["A", "A_v002", "B"], timeout=SECONDS)
    for _ in range(2):
        window.actions_[Command.UNDO].trigger()
    qtbot.waitUntil(lambda: names(edited) == ["A", "", "B"], timeout=SECONDS)
    opened = model.cut.open
    assert opened is not None and model.place == opened.version.places[0]
    assert model.draft.draft is not None and model.draft.draft.asking == Extend(frames=12)


def test_a_gap_that_a_slug_lies_in_stays_selected(cut: Path, qtbot: QtBot, panels: Panels) -> None:
    model, window = panels.open(cut)
    choose(qtbot, window, model, 1)
    gap_place = model.place
    assert isinstance(gap_place, GapPlace)
    model.draft.set_value("prompt", Text("reeds"))
    window.actions_[Command.ORDER].trigger()
    qtbot.waitUntil(lambda: model.cut.open is not None and model.cut.open.place == 1, timeout=SECONDS)
    assert model.cut.open is not None
    slug = model.place_shown
    assert model.place == gap_place and isinstance(slug, ShotPlace) and slug.name.endswith("(slug)")
    choose(qtbot, window, model, model.cut.open.version.places.index(slug))
    assert model.place == gap_place and window.place_strip.isVisible()
    window.actions_[Command.ORDER].trigger()
    qtbot.waitUntil(lambda: len(model.takes.shown) == 2, timeout=SECONDS)
    opened = model.cut.open
    assert opened is not None and len(opened.versions) == 2
