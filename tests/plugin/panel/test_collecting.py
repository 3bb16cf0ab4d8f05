"""On which thread objects end that nobody reaches."""

import gc
import threading

import pytest

pytest.importorskip("PyQt5.QtCore", reason="the extra `panel` is not installed")

from PyQt5.QtCore import QObject
from pytestqt.qtbot import QtBot
from secondunit_plugin.panel.background import Operation
from secondunit_plugin.panel.collecting import Collector


class Loop:
    """Reaches itself, and says on which thread it ends."""

    def __init__(self, ended: list[int]) -> None:
        self._ended, self._itself = ended, self

    def __del__(self) -> None:
        self._ended.append(threading.get_ident())


def test_what_nobody_reaches_ends_on_the_ui_thread_also_while_a_thread_allocates(qtbot: QtBot) -> None:
    collector, owner = Collector(), QObject()
    ended: list[int] = []
    kept: list[list[list[int]]] = []
    try:
        Loop(ended)

        def allocate() -> list[list[int]]:
            return [[number] for number in range(100_000)]

        Operation(owner, allocate).success(kept.append).run()
        qtbot.waitUntil(lambda: bool(kept))
        qtbot.waitUntil(lambda: bool(ended), timeout=20_000)
        assert ended == [threading.get_ident()]
    finally:
        collector.close()
    assert gc.isenabled()
