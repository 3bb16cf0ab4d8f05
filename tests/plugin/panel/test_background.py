"""Work in threads, and what it comes back with."""

import sys
import threading
import time
import weakref

import pytest

pytest.importorskip("PyQt5.QtCore", reason="the extra `panel` is not installed")

from PyQt5 import sip
from PyQt5.QtCore import QObject
from pytestqt.qtbot import QtBot
from secondunit_bridge.errors import BadInput, SecondUnitError
from secondunit_plugin.panel.background import Operation
from secondunit_plugin.panel.watchdog import Watchdog


def test_work_runs_beside_the_ui_thread_and_its_result_comes_back_to_it(qtbot: QtBot) -> None:
    owner, threads = QObject(), []
    Operation(owner, threading.get_ident).success(lambda worker: threads.extend((worker, threading.get_ident()))).run()
    qtbot.waitUntil(lambda: len(threads) == 2)
    assert threads[0] != threading.get_ident() == threads[1]


def test_errors_go_to_who_asked_for_them_and_others_are_raised(qtbot: QtBot) -> None:
    owner, said = QObject(), list[SecondUnitError]()

    def refuse() -> None:
        raise BadInput("no")

    Operation(owner, refuse).failure(said.append).run()
    qtbot.waitUntil(lambda: bool(said))
    assert str(said[0]) == "no"
    with qtbot.captureExceptions() as raised:
        Operation(owner, lambda: 1 / 0).failure(said.append).run()
        qtbot.waitUntil(lambda: bool(raised))
    assert raised[0][0] is ZeroDivisionError and len(said) == 1


def test_nothing_comes_back_to_an_owner_that_is_gone(qtbot: QtBot) -> None:
    owner, other, go, called = QObject(), QObject(), threading.Event(), []
    Operation(owner, go.wait).success(called.append).run()
    sip.delete(owner)
    go.set()
    Operation(other, lambda: time.sleep(0.1)).success(lambda _: called.append("other")).run()
    qtbot.waitUntil(lambda: bool(called))
    assert called == ["other"]


def test_what_blocks_the_ui_thread_is_logged_with_its_stack(qtbot: QtBot, caplog: pytest.LogCaptureFixture) -> None:
    watchdog = Watchdog()
    watchdog.start()

    def decode_on_the_ui_thread() -> None:
        time.sleep(0.2)

    qtbot.wait(50)
    decode_on_the_ui_thread()
    qtbot.waitUntil(lambda: bool(caplog.records))
    watchdog.close()
    assert "decode_on_the_ui_thread" in caplog.text
    assert 0.1 < watchdog.longest.seconds < 5


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how long a thread ran")
def test_it_tells_work_from_waiting(qtbot: QtBot) -> None:
    watchdog = Watchdog()
    watchdog.start()
    qtbot.wait(50)
    end = time.thread_time() + 0.2
    while time.thread_time() < end:
        pass
    qtbot.waitUntil(lambda: watchdog.longest.seconds > 0.1)
    worked = watchdog.longest
    time.sleep(worked.seconds + 0.2)
    qtbot.waitUntil(lambda: watchdog.longest is not worked)
    watchdog.close()
    assert worked.worked is not None and 0.15 < worked.worked < worked.seconds + 0.05
    assert watchdog.longest.worked is not None and watchdog.longest.worked < 0.1
    assert "waited" in str(watchdog.longest)


@pytest.mark.usefixtures("qapp")
def test_it_ends_whenever_it_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    watchdog = Watchdog()
    clear = watchdog._answered.clear

    def closed_meanwhile() -> None:
        watchdog._closing.set()
        watchdog._answered.set()
        clear()

    monkeypatch.setattr(watchdog._answered, "clear", closed_meanwhile)
    watchdog.start()
    time.sleep(0.1)  # no sign of life is given
    watchdog.close()
    assert not watchdog._thread.is_alive()


def test_what_was_blocking_is_not_kept_by_who_named_it(qtbot: QtBot) -> None:
    watchdog = Watchdog()
    watchdog.start()
    qtbot.wait(50)

    def block() -> "weakref.ref[QObject]":
        held = QObject()
        time.sleep(0.3)
        return weakref.ref(held)

    assert block()() is None, "as a painter, which has to end with the function that paints"
    watchdog.close()
