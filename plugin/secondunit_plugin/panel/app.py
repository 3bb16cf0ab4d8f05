"""The panel's process: the window first, then everything that takes time."""

import logging
import sys
from pathlib import Path
from types import TracebackType

from PyQt5.QtCore import Qt, QThreadPool, QTimer
from PyQt5.QtWidgets import QApplication
from secondunit_bridge.errors import SecondUnitError

from secondunit_plugin.panel import theme
from secondunit_plugin.panel.background import Operation
from secondunit_plugin.panel.events import UnitLink
from secondunit_plugin.panel.model.panel import Notice, PanelModel
from secondunit_plugin.panel.watchdog import Watchdog
from secondunit_plugin.panel.window import Window

_THREADS = 4
_LAST_WORK_MS = 5000

log = logging.getLogger(__name__)


def run(cut: Path | None) -> int:
    """Shows the panel until its window is closed; the process's exit status. Orders go on at the unit."""
    QApplication.setAttribute(Qt.ApplicationAttribute.AA_EnableHighDpiScaling)
    QApplication.setAttribute(Qt.ApplicationAttribute.AA_UseHighDpiPixmaps)
    app = QApplication(sys.argv[:1])
    app.setApplicationName("Second Unit")
    theme.apply(app)
    pool = QThreadPool.globalInstance()
    assert pool is not None
    pool.setMaxThreadCount(max(_THREADS, pool.maxThreadCount()))
    link, watchdog = UnitLink(), Watchdog()
    model = PanelModel(link)
    window = Window(model)

    def raised(kind: type[BaseException], error: BaseException, at: TracebackType | None) -> None:
        """Qt would end the process for an error that nobody took."""
        if not isinstance(error, SecondUnitError):
            log.error("an error that nobody took", exc_info=(kind, error, at))
        model.noticed.emit(Notice(str(error) or kind.__name__, True))

    def begin() -> None:
        link.start()
        watchdog.start()
        Operation(window, _bring_icons).success(lambda _: show()).run()

    def show() -> None:
        window.draw_icons()
        if cut is not None:
            model.open_cut(cut)

    sys.excepthook = raised
    window.show()
    QTimer.singleShot(0, begin)
    try:
        return app.exec()
    finally:
        sys.excepthook = sys.__excepthook__
        link.close()
        watchdog.close()
        pool.waitForDone(_LAST_WORK_MS)


def _bring_icons() -> None:
    import qtawesome.iconic_font  # noqa: F401 - takes longer than the window to show
