"""The main window: its areas, its keys, its buttons."""

import pytest

pytest.importorskip("PyQt5.QtWidgets", reason="the extra `panel` is not installed")

from fractions import Fraction
from pathlib import Path

from PyQt5.QtCore import QEvent, QObject, Qt
from PyQt5.QtWidgets import QApplication, QComboBox, QListWidget, QToolButton
from pytestqt.qtbot import QtBot
from secondunit_bridge.rates import FrameTime
from secondunit_plugin.panel.commands import Command
from secondunit_plugin.panel.events import UnitLink
from secondunit_plugin.panel.model.draft import Needless, Unknown
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.model.pending import Choices, Unplaced
from secondunit_plugin.panel.model.places import ShotPlace
from secondunit_plugin.panel.views.tool_row import ToolRow
from secondunit_plugin.panel.window import _WAYS, Window
from secondunit_timeline.ways import Way


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Window:
    monkeypatch.setenv("SECONDUNIT_PANEL", str(tmp_path / "panel"))
    return opened(qtbot)


def opened(qtbot: QtBot) -> Window:
    window = Window()
    qtbot.addWidget(window)
    window.resize(1280, 800)
    window.show()
    window.fill(PanelModel(UnitLink(), window))
    qtbot.waitUntil(lambda: window.viewer.canvas.width() > 600)
    return window


def test_the_picture_has_room_in_a_small_window_and_gets_what_a_large_one_has_more(
    qtbot: QtBot, window: Window
) -> None:
    qtbot.waitUntil(lambda: window.viewer.canvas.height() >= 220)
    small, takes = window.viewer.canvas.height(), window.takes.height()
    window.resize(1920, 1080)
    qtbot.waitUntil(lambda: window.viewer.canvas.height() >= small + 200)
    assert window.takes.height() - takes <= 40


def test_the_layout_is_there_again_and_is_reset(qtbot: QtBot, window: Window) -> None:
    before = window.order_form.width()
    window.resizeDocks([window._order_dock], [520], Qt.Orientation.Horizontal)
    qtbot.waitUntil(lambda: window.order_form.width() > before + 60)
    other = opened(qtbot)
    qtbot.waitUntil(lambda: other.order_form.width() == before)
    other.arrange(window.arrangement)
    qtbot.waitUntil(lambda: other.order_form.width() == window.order_form.width())
    other._takes_dock.setFloating(True)
    other.actions_[Command.RESET_LAYOUT].trigger()
    assert not other._takes_dock.isFloating() and other._takes_dock.isVisible()
    qtbot.waitUntil(lambda: abs(other.order_form.width() - before) <= 2)


def test_letters_that_are_typed_in_lists_are_no_commands(qtbot: QtBot, window: Window) -> None:
    box, names = QComboBox(window), QListWidget(window)
    box.addItems(["left", "in", "out"])
    names.addItems(["left", "in", "out"])
    done: list[str] = []
    window.actions_[Command.MARK_IN].triggered.connect(lambda: done.append("in"))
    for typed in (box, names):
        typed.show()
        window.activateWindow()
        typed.setFocus()
        qtbot.waitUntil(typed.hasFocus)
        qtbot.keyClick(typed, Qt.Key.Key_I)
    assert done == []
    assert box.currentText() == "in"
    current = names.currentItem()
    assert current is not None and current.text() == "in"
    window.viewer.canvas.setFocus()
    qtbot.waitUntil(window.viewer.canvas.hasFocus)
    qtbot.keyClick(window.viewer.canvas, Qt.Key.Key_I)
    assert done == ["in"]


def test_the_order_button_says_what_it_does_and_what_it_waits_for(window: Window) -> None:
    model = window._model
    button = window._order_button
    assert not button.isEnabled() and button.toolTip() == "Open a cut first"
    model.draft.controls_wanted.disconnect()
    model.select(ShotPlace("V1", FrameTime(0, Fraction(24)), 30, "A", "/a.mov"))
    model.draft.set_controls(Needless())
    assert button.text() == "Use camera frames" == window.actions_[Command.ORDER].text()
    model.draft.set_controls(Unknown())
    assert button.text() == "Order takes"


def test_tools_are_icons_where_their_words_have_no_room(qtbot: QtBot, window: Window) -> None:
    row = ToolRow()
    qtbot.addWidget(row)
    row.add_action(window.actions_[Command.APPROVE])
    row.add_action(window.actions_[Command.AGAIN_WITH])
    row.resize(600, 40)
    row.show()
    tools = row.findChildren(QToolButton)
    assert {tool.toolButtonStyle() for tool in tools} == {Qt.ToolButtonStyle.ToolButtonTextBesideIcon}
    row.resize(row.minimumSizeHint().width(), 40)
    assert {tool.toolButtonStyle() for tool in tools} == {Qt.ToolButtonStyle.ToolButtonIconOnly}
    assert [tool.toolTip() for tool in tools] == ["Approve (Shift+A)", "Again with… (Ctrl+R)"]


@pytest.mark.usefixtures("window")
def test_a_window_that_nobody_touches_is_at_rest(qtbot: QtBot) -> None:
    class Layouts(QObject):
        asked = 0

        def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:  # noqa: ARG002 - Qt's signature
            self.asked += a1 is not None and a1.type() == QEvent.Type.LayoutRequest
            return False

    qtbot.wait(200)
    layouts, application = Layouts(), QApplication.instance()
    assert application is not None
    application.installEventFilter(layouts)
    qtbot.wait(300)
    application.removeEventFilter(layouts)
    assert layouts.asked < 5


def test_what_waits_is_listed_and_the_choices_are_kept(window: Window) -> None:
    pending = window._model.pending
    pending.put_aside(Unplaced("o1", "A003_v001", "/takes/a.mov", "its shot is gone"))
    assert window.pending.list.item(0).text() == "A003_v001: its shot is gone"
    window.pending.as_they_arrive.click()
    assert pending.choices == Choices(as_they_arrive=False)
    pending.placed("o1", "/takes/a.mov")
    assert window.pending.list.count() == 0


def test_every_way_to_cut_in_waits_for_a_take(window: Window) -> None:
    assert [action.isEnabled() for command, action in window.actions_.items() if command in _WAYS] == [False] * 6
    assert {*_WAYS.values()} == {way.value for way in Way}
