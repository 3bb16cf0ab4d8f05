"""`secondunit panel` in a process of its own that also tells what its windows show, for tests and screenshots.

    python -m tests.end_to_end.panel_eyes [CUT]

It answers each line of the standard input with a line of JSON:

    look         everything that is to be read: [text, drawn, enabled, x, y, width, height] in pixels of the screen;
                 `drawn` is false for the names of widgets, which a screen reader or a tooltip tells
    measures     in seconds, the longest block of the UI thread so far, and the longest without the time that it waited
                 for a processor; in bytes, the memory that the process shares with no other
    save PATH    the screen as a picture
"""

import json
import sys
import threading
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import psutil
from PyQt5 import sip
from PyQt5.QtCore import QObject, QPoint, QPointF, QRect, QSize, QTimer, pyqtSignal
from PyQt5.QtGui import QGuiApplication, QPaintDevice, QPaintEngine, QPaintEngineState, QRegion, QTextItem, QTransform
from PyQt5.QtWidgets import QApplication, QToolButton, QWidget
from secondunit_plugin.cli.main import run
from secondunit_plugin.panel import app
from secondunit_plugin.panel.watchdog import Watchdog

Told = tuple[str, bool, bool, int, int, int, int]


class TextReader(QPaintEngine):
    """Keeps what is written, and where; paints nothing."""

    def __init__(self) -> None:
        super().__init__(QPaintEngine.PaintEngineFeatures(QPaintEngine.AllFeatures))
        self.texts: list[tuple[str, QRect]] = []
        self._placed = QTransform()

    def begin(self, pdev: QPaintDevice | None) -> bool:  # noqa: ARG002 - Qt's signature
        self.setActive(True)
        return True

    def end(self) -> bool:
        return True

    def type(self) -> QPaintEngine.Type:
        return QPaintEngine.User

    def updateState(self, state: QPaintEngineState) -> None:
        self._placed = state.transform()

    def drawTextItem(self, p: QPointF, textItem: QTextItem) -> None:
        at = self._placed.map(p)
        height = textItem.ascent() + textItem.descent()
        box = QRect(round(at.x()), round(at.y() - textItem.ascent()), round(textItem.width()), round(height))
        self.texts.append((textItem.text(), box))

    def _nothing(self, *_: object) -> None:
        pass

    drawPixmap = drawTiledPixmap = drawImage = drawPath = drawRects = drawLines = _nothing
    drawPolygon = drawPoints = drawEllipse = _nothing


class Page(QPaintDevice):
    def __init__(self, size: QSize) -> None:
        super().__init__()
        self.reader = TextReader()
        width, height = size.width(), size.height()
        self._metrics = {
            **{QPaintDevice.PdmWidth: width, QPaintDevice.PdmHeight: height},
            **{QPaintDevice.PdmWidthMM: width // 4, QPaintDevice.PdmHeightMM: height // 4},
            **{QPaintDevice.PdmDpiX: 96, QPaintDevice.PdmDpiY: 96},
            **{QPaintDevice.PdmPhysicalDpiX: 96, QPaintDevice.PdmPhysicalDpiY: 96},
            **{QPaintDevice.PdmDepth: 32, QPaintDevice.PdmDevicePixelRatio: 1},
            QPaintDevice.PdmDevicePixelRatioScaled: int(QPaintDevice.devicePixelRatioFScale()),
        }

    def paintEngine(self) -> QPaintEngine:
        return self.reader

    def metric(self, metric: QPaintDevice.PaintDeviceMetric) -> int:
        return self._metrics.get(metric, 0)


def told_by(widget: QWidget) -> Iterator[Told]:
    """What the widget itself writes, line by line and as a whole, and its name; what is scrolled away is not there."""
    seen = widget.visibleRegion()
    if seen.isEmpty():
        return
    enabled = widget.isEnabled()

    def told(text: str, drawn: bool, box: QRect) -> Told:
        at = widget.mapToGlobal(box.topLeft())
        return text.strip(), drawn, enabled, at.x(), at.y(), box.width(), box.height()

    page = Page(widget.size())
    widget.render(page, QPoint(), QRegion(), QWidget.RenderFlags())
    lines = []
    for _, pieces in groupby(page.reader.texts, key=lambda one: one[1].top()):
        line: list[tuple[str, QRect]] = []
        for text, box in pieces:
            if line and abs(box.left() - line[-1][1].right()) <= 2:  # a mnemonic is written by itself
                line[-1] = (line[-1][0] + text, line[-1][1] | box)
            else:
                line.append((text, box))
        lines += [(text, box & seen.boundingRect()) for text, box in line if seen.contains(box.center())]
    yield from (told(text, True, box) for text, box in lines)
    if len(lines) > 1:
        whole = QRect()
        for _, box in lines:
            whole |= box
        yield told(" ".join(text.strip() for text, _ in lines), True, whole)
    name = widget.accessibleName() or (widget.toolTip() if isinstance(widget, QToolButton) else "")
    if name:
        yield told(name, False, seen.boundingRect())


class Eyes(QObject):
    _asked = pyqtSignal(str)

    def __init__(self, watchdog: Watchdog) -> None:
        super().__init__(watchdog)
        self._watchdog = watchdog
        self._asked.connect(self._answer)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for line in sys.stdin:
            if line.strip() == "measures":  # which would be a block itself
                longest, unqueued = self._watchdog.longest.seconds, self._watchdog.longest_unqueued.unqueued
                self._tell([longest, unqueued, psutil.Process().memory_full_info().uss])
            else:
                self._asked.emit(line.strip())

    def _answer(self, line: str) -> None:
        what, _, rest = line.partition(" ")
        if what == "look":
            popup = QApplication.activePopupWidget()
            windows = (
                [popup] if popup is not None else [one for one in QApplication.topLevelWidgets() if one.isVisible()]
            )
            widgets = [one for window in windows for one in (window, *window.findChildren(QWidget))]
            self._look(widgets, [])
        elif what == "save":
            screen = QGuiApplication.primaryScreen()
            assert screen is not None
            self._tell(screen.grabWindow(0).save(rest))

    def _look(self, widgets: list[QWidget], found: list[Told]) -> None:
        """One widget at a time, so that the panel goes on meanwhile."""
        if not widgets:
            self._tell(found)
            return
        widget = widgets.pop()
        if not sip.isdeleted(widget) and widget.isVisible():
            found += told_by(widget)
        QTimer.singleShot(0, lambda: self._look(widgets, found))

    @staticmethod
    def _tell(answer: object) -> None:
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


class SeenWatchdog(Watchdog):
    """Made by the application once it and its window are there."""

    def __init__(self) -> None:
        super().__init__()
        self._eyes = Eyes(self)


if __name__ == "__main__":
    app.Watchdog = SeenWatchdog  # type: ignore[misc]
    sys.exit(run(["panel", *(str(Path(one)) for one in sys.argv[1:])]))
