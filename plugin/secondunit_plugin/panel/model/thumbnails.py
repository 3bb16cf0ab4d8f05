"""Thumbnails and waveforms, made by the frames process: asked for by whoever shows them, there some time later."""

from collections import OrderedDict
from dataclasses import dataclass

from PyQt5.QtCore import QObject, pyqtSignal

from secondunit_plugin.panel.frames.link import FramesLink
from secondunit_plugin.panel.frames.messages import (
    Answer,
    Leave,
    MediaTime,
    Peaks,
    Thumbnail,
    Unshown,
    WantPeaks,
    WantThumbnail,
)

_KEPT_BYTES = 24 * 1024 * 1024
_MOST_TRIES = 2


@dataclass(frozen=True, slots=True)
class ThumbnailOf:
    """A frame of a media file, `width` pixels across; its height follows from the picture."""

    of: MediaTime
    width: int


@dataclass(frozen=True, slots=True)
class PeaksOf:
    """The sound stream number `stream` of a media file."""

    path: str
    stream: int = 0


Wanted = ThumbnailOf | PeaksOf


class ThumbnailsModel(QObject):
    """`wanted(one)` and later `arrived(one)`; `get(one)` has what is there.

    What the process ended over twice is given up, as is a file that it refuses: `failed`.
    """

    arrived = pyqtSignal(object)
    """A `Wanted`; a thumbnail may arrive twice, the second time the exact frame."""
    failed = pyqtSignal(object, str)
    """A `Wanted` that there is none of, and why."""

    def __init__(self, link: FramesLink, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._link = link
        self._pending: dict[int, Wanted] = {}
        self._tries: dict[Wanted, int] = {}
        self._kept: OrderedDict[Wanted, bytes] = OrderedDict()
        self._bytes = 0
        link.started.connect(self._ask_again)
        link.answered.connect(self._take)

    def get(self, one: Wanted) -> bytes | None:
        """A thumbnail as JPEG; peaks as `messages.Peaks` has them."""
        found = self._kept.get(one)
        if found is not None:
            self._kept.move_to_end(one)
        return found

    def wanted(self, *ones: Wanted) -> None:
        """Those that are neither there nor under way are made, the first first."""
        for one in ones:
            if one not in self._kept and one not in self._tries:
                self._tries[one] = 0
                self._ask(self._link.number(), one)

    def left(self, *ones: Wanted) -> None:
        """They are not wanted any more, as those that were scrolled out of sight."""
        gone = {one for one in ones if one in self._tries}
        for number in [number for number, one in self._pending.items() if one in gone]:
            self._forget(number)
            self._link.ask(Leave(number))

    def _ask(self, number: int, one: Wanted) -> None:
        self._pending[number] = one
        if self._link.running is None:
            return
        match one:
            case ThumbnailOf(of, width):
                self._link.ask(WantThumbnail(number, of, width))
            case PeaksOf(path, stream):
                self._link.ask(WantPeaks(number, path, stream))

    def _ask_again(self) -> None:
        for number, one in list(self._pending.items()):
            self._tries[one] += 1
            if self._tries[one] > _MOST_TRIES:
                self._forget(number)
                self.failed.emit(one, self.tr("it cannot be decoded"))
            else:
                self._ask(number, one)

    def _take(self, answer: Answer, data: bytes) -> None:
        if not isinstance(answer, Thumbnail | Peaks | Unshown) or answer.number not in self._pending:
            return
        one = self._pending[answer.number]
        if isinstance(answer, Unshown):
            self._forget(answer.number)
            self.failed.emit(one, answer.why)
            return
        if isinstance(answer, Peaks) or answer.exact:
            self._forget(answer.number)
        self._keep(one, data)
        self.arrived.emit(one)

    def _forget(self, number: int) -> None:
        del self._tries[self._pending.pop(number)]

    def _keep(self, one: Wanted, data: bytes) -> None:
        self._bytes += len(data) - len(self._kept.pop(one, b""))
        self._kept[one] = data
        while self._bytes > _KEPT_BYTES:
            self._bytes -= len(self._kept.popitem(last=False)[1])
