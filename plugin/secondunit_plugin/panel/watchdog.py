"""What holds up the UI thread, named while it does."""

import linecache
import logging
import sys
import threading
import time

from PyQt5.QtCore import QObject, pyqtSignal

LIMIT = 0.05
"""Seconds from which a block of the UI thread is logged."""
_PAUSE = 0.01

log = logging.getLogger(__name__)


class Watchdog(QObject):
    """Asks the UI thread, which makes it, for a sign of life all the time; `longest` is the longest wait in seconds."""

    _asked = pyqtSignal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.longest = 0.0
        self._watched = threading.get_ident()
        self._answered = threading.Event()
        self._closing = threading.Event()
        self._asked.connect(self._answer)
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        self._answered.set()
        self._thread.join()

    def _answer(self) -> None:
        self._answered.set()

    def _watch(self) -> None:
        while not self._closing.wait(_PAUSE):
            self._answered.clear()
            asked = time.perf_counter()
            self._asked.emit()
            stack = ""
            if not self._answered.wait(LIMIT):
                stack = _stack(self._watched)
                while not self._answered.wait(LIMIT) and not self._closing.is_set():
                    pass  # `close` waits for this thread on the UI thread, which then answers nothing
            waited = time.perf_counter() - asked
            if self._closing.is_set():
                return
            self.longest = max(self.longest, waited)
            if stack:
                log.warning("the UI thread was blocked for %.0f ms, %.0f ms in:\n%s", waited * 1e3, LIMIT * 1e3, stack)


def _stack(thread: int) -> str:
    """Where the thread is. No frame is held while files are read: what it names, as a painter, would outlive it."""
    places = []
    frame = sys._current_frames().get(thread)
    while frame is not None:
        places.append((frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name))
        frame = frame.f_back
    return "".join(
        f'  File "{file}", line {line}, in {name}\n    {linecache.getline(file, line).strip()}\n'
        for file, line, name in reversed(places)
    )
