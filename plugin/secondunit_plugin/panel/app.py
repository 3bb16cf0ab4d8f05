"""The panel's process: the window first, then everything that takes time."""

import logging
import sys
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from PyQt5.QtCore import Qt, QTimer
from PyQt5.QtWidgets import QApplication
from secondunit_bridge.errors import SecondUnitError

from secondunit_plugin.panel import theme
from secondunit_plugin.panel.background import Operation, finish
from secondunit_plugin.panel.watchdog import Watchdog
from secondunit_plugin.panel.window import Window

log = logging.getLogger(__name__)


def run(cut: Path | None) -> int:
    """Shows the panel until its window is closed; the process's exit status. Orders go on at the unit."""
    QApplication.setAttribute(Qt.ApplicationAttribute.AA_EnableHighDpiScaling)
    QApplication.setAttribute(Qt.ApplicationAttribute.AA_UseHighDpiPixmaps)
    app = QApplication(sys.argv[:1])
    app.setApplicationName("Second Unit")
    theme.apply(app)
    window, watchdog = Window(), Watchdog()
    window.show()
    with ExitStack() as closing:

        def begin() -> None:
            watchdog.start()
            closing.callback(watchdog.close)
            Operation(window, _import_the_rest).success(lambda _: fill()).run()

        def fill() -> None:
            from secondunit_plugin.panel.events import UnitLink
            from secondunit_plugin.panel.model.panel import Notice, PanelModel

            link = UnitLink()
            closing.callback(link.close)
            model = PanelModel(link, window)

            def raised(kind: type[BaseException], error: BaseException, at: TracebackType | None) -> None:
                """Qt would end the process for an error that nobody took."""
                if not isinstance(error, SecondUnitError):
                    log.error("an error that nobody took", exc_info=(kind, error, at))
                model.noticed.emit(Notice(str(error) or kind.__name__, True))

            sys.excepthook = raised
            closing.callback(setattr, sys, "excepthook", sys.__excepthook__)
            window.fill(model)
            link.start()
            model.frames.start()
            closing.callback(model.frames.close)
            if cut is not None:
                model.open_cut(cut)

        closing.callback(finish)
        QTimer.singleShot(0, begin)
        return app.exec()


def _import_the_rest() -> None:
    """Takes longer than the window to show."""
    import qtawesome.iconic_font  # noqa: F401

    from secondunit_plugin.panel import events  # noqa: F401
    from secondunit_plugin.panel.views import order_form, place_strip, queue, takes_strip, unit_status, viewer  # noqa: F401
