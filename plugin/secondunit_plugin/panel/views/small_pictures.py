"""Thumbnails and waveforms as they are painted: asked for while they are on the screen, decoded, kept."""

from collections import OrderedDict, deque
from collections.abc import Iterable
from dataclasses import dataclass

from PyQt5.QtCore import QObject, QTimer, pyqtSignal
from PyQt5.QtGui import QPixmap

from secondunit_plugin.panel.background import Operation
from secondunit_plugin.panel.model.thumbnails import PeaksOf, ThumbnailOf, ThumbnailsModel, Wanted

WIDTH = 160
"""Pixels across a thumbnail, the same everywhere, so that views share them."""
_KEPT = 600
_REDUCED = 8
_LEVELS = 3
_DECODE_MS = 30
_AT_ONCE = 6
"""Thumbnails that are decoded at a time, so that nothing else has to wait."""


@dataclass(frozen=True, slots=True)
class Wave:
    """`lows` and `highs` of sound, signed 8 bits; the first pair has each 1/100 s, each further one an eighth of it."""

    lows: tuple[memoryview, ...]
    highs: tuple[memoryview, ...]

    def extremes(self, first: float, end: float) -> tuple[int, int]:
        """Of the sound between two times in hundredths of a second."""
        level, low, high = 0, first, end
        while high - low > 2 * _REDUCED and level + 1 < len(self.lows):
            level, low, high = level + 1, low / _REDUCED, high / _REDUCED
        begin = max(0, int(low))
        stop = max(begin + 1, int(high))
        lows = self.lows[level][begin:stop]
        return (min(lows), max(self.highs[level][begin:stop])) if len(lows) else (0, 0)


class SmallPictures(QObject):
    """For several views: what none of them shows any more is not made."""

    changed = pyqtSignal()

    def __init__(self, model: ThumbnailsModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._shown: dict[QObject, set[Wanted]] = {}
        self._pixmaps: OrderedDict[ThumbnailOf, QPixmap] = OrderedDict()
        self._waves: dict[PeaksOf, Wave] = {}
        self._reading: set[PeaksOf] = set()
        self._waiting: deque[ThumbnailOf] = deque()
        self._decoding = QTimer(self)
        self._decoding.setInterval(_DECODE_MS)
        self._decoding.timeout.connect(self._decode)
        model.arrived.connect(self._arrived)

    def show(self, view: QObject, ones: Iterable[Wanted]) -> None:
        """What a view shows from now on."""
        ones = list(dict.fromkeys(ones))
        before = self._shown.get(view, set())
        self._shown[view] = set(ones)
        gone = before.difference(*self._shown.values())
        self._model.left(*gone)
        missing = [one for one in ones if one not in self._pixmaps and one not in self._waves]
        self._model.wanted(*missing)
        for one in missing:
            if self._model.get(one) is not None:
                self._arrived(one)

    def thumbnail(self, one: ThumbnailOf) -> QPixmap | None:
        found = self._pixmaps.get(one)
        if found is not None:
            self._pixmaps.move_to_end(one)
        return found

    def wave(self, one: PeaksOf) -> Wave | None:
        return self._waves.get(one)

    def _arrived(self, one: Wanted) -> None:
        match one:
            case ThumbnailOf():
                self._waiting.append(one)
                self._decoding.start()
            case PeaksOf():
                data = self._model.get(one)
                if data is not None and one not in self._reading:
                    self._reading.add(one)

                    def use(wave: Wave) -> None:
                        self._reading.discard(one)
                        self._waves[one] = wave
                        self.changed.emit()

                    Operation(self, lambda: _levels(data)).success(use).run()

    def _decode(self) -> None:
        for _ in range(min(_AT_ONCE, len(self._waiting))):
            one = self._waiting.popleft()
            pixmap = QPixmap()
            data = self._model.get(one)
            if data is not None and pixmap.loadFromData(data):
                self._pixmaps[one] = pixmap
        while len(self._pixmaps) > _KEPT:
            self._pixmaps.popitem(last=False)
        if not self._waiting:
            self._decoding.stop()
        self.changed.emit()


def _levels(data: bytes) -> Wave:
    lows, highs = [memoryview(data[0::2]).cast("b")], [memoryview(data[1::2]).cast("b")]
    for _ in range(_LEVELS):
        groups = range(0, len(lows[-1]), _REDUCED)
        low = bytes(min(lows[-1][at : at + _REDUCED]) & 255 for at in groups)
        high = bytes(max(highs[-1][at : at + _REDUCED]) & 255 for at in groups)
        lows.append(memoryview(low).cast("b"))
        highs.append(memoryview(high).cast("b"))
    return Wave(tuple(lows), tuple(highs))
