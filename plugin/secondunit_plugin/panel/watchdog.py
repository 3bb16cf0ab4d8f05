"""What holds up the UI thread, named while it does."""

import faulthandler
import linecache
import logging
import os
import re
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from tempfile import TemporaryFile

from PyQt5.QtCore import QObject, pyqtSignal

LIMIT = 0.05
"""Seconds from which a block of the UI thread is logged."""
_PAUSE = 0.01
_LINE = 128

# As faulthandler writes it.
_PLACE = re.compile(r'  File "(.*)", line (\d+) in (.*)')

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Block:
    """How long the UI thread gave no sign of life, in seconds.

    `worked`: it computed. `queued`: it could have, but other threads and programs had the machine's processors. The
    rest it waited, as for Python's lock while another thread of the panel held it. Only Linux tells; elsewhere
    `worked` is None.
    """

    seconds: float = 0.0
    worked: float | None = None
    queued: float = 0.0

    @property
    def unqueued(self) -> float:
        """As long as it would have been with a processor to itself."""
        return max(0.0, self.seconds - self.queued)

    def __str__(self) -> str:
        told = f"{self.seconds * 1e3:.0f} ms"
        if self.worked is None:
            return told
        waited = max(0.0, self.seconds - self.worked - self.queued)
        return (
            f"{told} (it worked {self.worked * 1e3:.0f} ms, had no processor for {self.queued * 1e3:.0f} ms and waited"
            f" {waited * 1e3:.0f} ms for other threads or the system)"
        )


class Watchdog(QObject):
    """Asks the UI thread, which makes it, for a sign of life all the time.

    `longest` is the longest block, `longest_unqueued` the one that was longest without what other programs added.
    """

    _asked = pyqtSignal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.longest = self.longest_unqueued = Block()
        self._watched = threading.get_ident()
        self._times: int | None = None
        with suppress(FileNotFoundError):
            self._times = os.open(f"/proc/self/task/{threading.get_native_id()}/schedstat", os.O_RDONLY)
        self._answered = threading.Event()
        self._answer_came, self._after = 0.0, self._scheduled()
        self._closing = threading.Event()
        self._asked.connect(self._answer)
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        self._answered.set()
        if self._thread.ident is not None:
            self._thread.join()
        if self._times is not None:
            os.close(self._times)
            self._times = None

    def _answer(self) -> None:
        if not self._closing.is_set():
            self._answer_came, self._after = time.perf_counter(), self._scheduled()
            self._answered.set()

    def _watch(self) -> None:
        while not self._closing.wait(_PAUSE):
            self._answered.clear()
            before, asked = self._scheduled(), time.perf_counter()
            self._asked.emit()
            stack = ""
            if not self._answered.wait(LIMIT):
                stack = _stack(self._watched)
                while not self._answered.wait(LIMIT) and not self._closing.is_set():
                    pass  # `close` waits for this thread on the UI thread, which then answers nothing
            if self._closing.is_set():
                return
            block, after = Block(self._answer_came - asked), self._after
            if before is not None and after is not None:
                block = Block(block.seconds, after[0] - before[0], after[1] - before[1])
            self.longest = max(self.longest, block, key=lambda one: one.seconds)
            self.longest_unqueued = max(self.longest_unqueued, block, key=lambda one: one.unqueued)
            if stack:
                log.warning("the UI thread was blocked for %s, %.0f ms in:\n%s", block, LIMIT * 1e3, stack)
            elif block.seconds > LIMIT:
                log.warning("the UI thread was blocked for %s, as the watchdog was", block)

    def _scheduled(self) -> tuple[float, float] | None:
        """Seconds that the UI thread ran, and that it was queued for a processor, so far."""
        if self._times is None:
            return None
        ran = time.clock_gettime(time.pthread_getcpuclockid(self._watched))
        return ran, int(os.pread(self._times, _LINE, 0).split()[1]) / 1e9


def _stack(thread: int) -> str:
    """Where the thread is. No frame is held meanwhile: what it names, as a painter, would end in another thread."""
    with TemporaryFile() as file:
        faulthandler.dump_traceback(file)
        file.seek(0)
        _, _, told = file.read().decode(errors="replace").partition(f"Thread 0x{thread:016x} ")
    places = _PLACE.findall(told.partition("\n\n")[0])
    return "".join(
        f'  File "{file}", line {line}, in {name}\n    {linecache.getline(file, int(line)).strip()}\n'
        for file, line, name in reversed(places)
    )
