"""What is asked of media files one by one, in the frames process: a file is measured once while it stays the same."""

import queue
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import assert_never

import av.error
from secondunit_bridge.errors import SecondUnitError
from secondunit_bridge.media.container import check_file, is_pattern, sequence_numbers
from secondunit_bridge.media.decoding import in_size, picture_of, steps_of
from secondunit_bridge.media.header import Header, read_header
from secondunit_bridge.media.read import VideoReader, read_still

from secondunit_plugin.panel.frames.messages import (
    Answer,
    Compare,
    Compared,
    HeaderRead,
    PictureRead,
    Probe,
    Probed,
    Question,
    Refused,
    WantHeader,
    WantPicture,
)

# Files whose facts are kept, those of them whose decoders stay open, and files whose headers are kept.
_KEPT, _OPEN, _HEADERS = 64, 4, 1024


@dataclass(frozen=True, slots=True)
class _Known:
    """`steps`: by a frame's number, how much it differs from the one before."""

    reader: VideoReader
    steps: dict[int, float] = field(default_factory=dict)


class Questions:
    """Answers one after the other, in a thread of its own."""

    def __init__(self, send: Callable[[Answer, bytes], None]) -> None:
        self._send = send
        self._known: OrderedDict[tuple[object, ...], _Known] = OrderedDict()
        self._headers: OrderedDict[tuple[object, ...], Header] = OrderedDict()
        self._queue: queue.SimpleQueue[Question] = queue.SimpleQueue()
        threading.Thread(target=self._work, name="questions", daemon=True).start()

    def ask(self, question: Question) -> None:
        self._queue.put(question)

    def _work(self) -> None:
        while True:
            question = self._queue.get()
            try:
                self._send(*self._answer(question))
            except SecondUnitError as error:
                self._send(Refused(question.number, type(error).__name__, str(error)), b"")
            except (OSError, av.error.FFmpegError) as error:
                why = f"{question.path} cannot be read ({error.strerror}): relink it"
                self._send(Refused(question.number, "MediaUnreadable", why), b"")

    def _answer(self, question: Question) -> tuple[Answer, bytes]:
        match question:
            case Probe(number, path, rate):
                return Probed(number, self._file(path, rate).reader.info), b""
            case WantHeader(number, path):
                return HeaderRead(number, self._header(path)), b""
            case Compare(number, path, rate, start, stop):
                return Compared(number, self._steps(self._file(path, rate), start, stop)), b""
            case WantPicture(number, path, frame, rate, width, height):
                if frame is None:
                    found = in_size(read_still(path), width, height)
                else:
                    found = picture_of(self._file(path, rate).reader, frame, width, height)
                return PictureRead(number, found.width, found.height), found.pixels
            case _:
                assert_never(question)

    def _file(self, path: str, rate: Fraction | None) -> _Known:
        key = (path, rate, *_state(path))
        known = self._known.get(key) or _Known(VideoReader(path, rate))
        self._known[key] = known
        self._known.move_to_end(key)
        for older in list(self._known.values())[:-_OPEN]:
            older.reader.close()  # what it knows of the file stays
        if len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return known

    def _header(self, path: str) -> Header:
        key = path, *_state(path)
        header = self._headers.get(key) or read_header(path)
        self._headers[key] = header
        self._headers.move_to_end(key)
        if len(self._headers) > _HEADERS:
            self._headers.popitem(last=False)
        return header

    @staticmethod
    def _steps(known: _Known, start: int, stop: int) -> tuple[float, ...]:
        wanted = range(start + 1, stop)
        if missing := [frame for frame in wanted if frame not in known.steps]:
            first, end = missing[0], missing[-1] + 1
            known.steps.update(enumerate(steps_of(known.reader, first - 1, end), first))
        return tuple(known.steps[frame] for frame in wanted)


def _state(path: str) -> tuple[object, ...]:
    """Which changes whenever the file does, or the first of an image sequence's."""
    if is_pattern(path):
        numbers = sequence_numbers(path)
        state = Path(path % numbers.start).stat()
        return numbers, state.st_size, state.st_mtime_ns
    check_file(path)
    state = Path(path).stat()
    return state.st_size, state.st_mtime_ns
