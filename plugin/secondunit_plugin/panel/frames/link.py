"""The frames process as the panel reaches it."""

import logging
import queue
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from PyQt5.QtCore import QObject, pyqtSignal

from secondunit_plugin.panel.frames import ring
from secondunit_plugin.panel.frames.messages import (
    Compared,
    HeaderRead,
    PictureRead,
    Probed,
    Question,
    Ready,
    Refused,
    Reply,
    Request,
    packed,
    received,
)
from secondunit_plugin.panel.frames.ring import Filled, Pixels, RingReader

log = logging.getLogger(__name__)

# Seconds before another process is started: after one that lived long, after the first, the second, ... that did not.
_LONG = 10.0
_PAUSES = (0.0, 0.1, 1.0, 5.0, 30.0)
# How long a question waits for a process that is being started.
_START_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Running:
    pid: int
    requests: "queue.SimpleQueue[Request | None]"
    ring: RingReader


class FramesLink(QObject):
    """Starts the process with `start`, and again when it ends; signals arrive on the UI thread.

    While it is not there, nothing is asked of it; what was asked of one that ended is not answered. So whoever waits
    for an answer asks again when it `started`.
    """

    started = pyqtSignal()
    ended = pyqtSignal(str)
    """How, in words for a person; another one is being started."""
    answered = pyqtSignal(object, bytes)
    """An `Answer` and the bytes that go with it."""
    _came = pyqtSignal(object)
    _went = pyqtSignal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.running: Running | None = None
        self._numbers = count(1)
        self._requests: queue.SimpleQueue[Request | None] | None = None
        self._calls: dict[int, Future[tuple[Reply, bytes] | None]] = {}
        self._can_be_asked = threading.Condition()
        """Held while one of the two before changes."""
        self._folder = TemporaryDirectory(prefix="secondunit-panel-", ignore_cleanup_errors=True)
        self.folder = Path(self._folder.name)
        """For files that requests name; there until the link is closed."""
        self._process: subprocess.Popen[bytes] | None = None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._keep_running, name="frames", daemon=True)
        self._came.connect(self._begin)
        self._went.connect(self._end)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        with self._can_be_asked:
            self._closing.set()
            self._can_be_asked.notify_all()
        self.running = None
        if self._process is not None:
            self._process.kill()
        if self._thread.is_alive():
            self._thread.join(5)
        self._folder.cleanup()

    def number(self) -> int:
        """One that no request has had, from any thread."""
        return next(self._numbers)

    def ask(self, request: Request) -> None:
        if self.running is not None:
            self.running.requests.put(request)

    def call(self, question: Question) -> tuple[Reply, bytes] | None:
        """For the work of an `Operation`: waits until the process is there, and for its answer; None where it ended."""
        answered: Future[tuple[Reply, bytes] | None] = Future()
        with self._can_be_asked:
            self._can_be_asked.wait_for(lambda: self._requests is not None or self._closing.is_set(), _START_SECONDS)
            if self._requests is None:
                return None
            self._calls[question.number] = answered
            self._requests.put(question)
        return answered.result()

    def pixels(self, filled: Filled) -> Pixels | None:
        return self.running.ring.pixels(filled) if self.running is not None else None

    def free(self, filled: Filled) -> None:
        """What was shown of it must not be used from here on."""
        if self.running is not None:
            self.running.ring.free(filled)

    def tell(self, number: int, position: int) -> None:
        """Which position of a `Play` is to be on the screen."""
        if self.running is not None:
            self.running.ring.tell(number, position)

    def _begin(self, running: "Running") -> None:
        if not self._closing.is_set():
            self.running = running
            self.started.emit()

    def _end(self, how: str) -> None:
        self.running = None
        self.ended.emit(how)

    def _keep_running(self) -> None:
        short_lives = 0
        for generation in count():
            began = time.monotonic()
            try:
                how = self._run(generation)
            except OSError as error:
                how = str(error)
            if self._closing.is_set():
                return
            log.warning("the frames process has ended (%s)", how)
            self._went.emit(how)
            short_lives = short_lives + 1 if time.monotonic() - began < _LONG else 0
            self._closing.wait(_PAUSES[min(short_lives, len(_PAUSES) - 1)])

    def _run(self, generation: int) -> str:
        """One process from its start to its end; returns how it ended."""
        path = ring.create(generation)
        try:
            reader = RingReader(path)
            process = self._process = subprocess.Popen(
                [sys.executable, "-m", "secondunit_plugin.panel.frames.process", str(path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            if self._closing.is_set():
                process.kill()
            assert process.stdin is not None and process.stdout is not None
            requests: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
            writer = threading.Thread(target=_write, args=(requests, process.stdin), daemon=True)
            writer.start()
            for answer, data in received(process.stdout):
                match answer:
                    case Ready():
                        with suppress(OSError):  # mapped files cannot be removed on Windows; else no crash leaves it
                            path.unlink()
                        with self._can_be_asked:
                            self._requests = requests
                            self._can_be_asked.notify_all()
                        self._came.emit(Running(process.pid, requests, reader))
                    case Probed() | HeaderRead() | Compared() | PictureRead() | Refused():
                        self._calls.pop(answer.number).set_result((answer, data))
                    case _:
                        self.answered.emit(answer, data)
            requests.put(None)
            writer.join()
            return f"status {process.wait()}"
        finally:
            path.unlink(missing_ok=True)
            with self._can_be_asked:
                self._requests = None
                unanswered, self._calls = self._calls, {}
                self._can_be_asked.notify_all()
            for call in unanswered.values():
                call.set_result(None)


def _write(requests: "queue.SimpleQueue[Request | None]", stream: IO[bytes]) -> None:
    with suppress(BrokenPipeError), stream:
        while (request := requests.get()) is not None:
            stream.write(packed(request))
            if requests.empty():
                stream.flush()
