"""The menu in Hiero's menu bar, with PyQt5, whose menus are those of PySide2 and PySide6."""

from pathlib import Path
from queue import Queue
from typing import Any

import pytest

pytest.importorskip("PyQt5.QtWidgets", reason="the extra `panel` is not installed")

from PyQt5.QtWidgets import QMenuBar
from pytestqt.qtbot import QtBot

from tests.plugin.hosts.hiero_editor import opened


def test_the_menu_says_where_the_panel_is_and_asks_it(qtbot: QtBot, tmp_path: Path) -> None:
    bar = QMenuBar()
    qtbot.addWidget(bar)
    with opened(tmp_path) as hiero:
        hiero.running.add_menu(bar)
        qtbot.waitUntil(lambda: not hiero.running.link.problem)  # the panel knows of the link before its other end does
        (menu,) = (action.menu() for action in bar.actions())
        standing, _, *actions = menu.actions()
        menu.aboutToShow.emit()
        assert (menu.title(), standing.text()) == ("Second Unit", "Connected with the panel")
        told: Queue[str] = Queue()

        def note(method: str, params: dict[str, Any]) -> None:
            if method == "command":
                told.put(params["name"])

        hiero.host._connection.follow(note)
        for action in actions:
            assert action.isEnabled()
            action.trigger()
        assert [told.get(timeout=10) for _ in actions] == ["open", "extend", "generate", "join", "cut in", "undo"]
    hiero.running.link.problem = "the panel was closed"
    menu.aboutToShow.emit()
    assert standing.text() == "Not connected: the panel was closed"
    assert [action.isEnabled() for action in actions] == [True, False, False, False, False, False]
