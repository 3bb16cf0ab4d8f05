"""The panel's process: the window first, then everything that takes time."""

import gc
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from ctypes import CDLL
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules
from types import TracebackType
from typing import TYPE_CHECKING

from PyQt5.QtCore import (
    QByteArray,
    QCoreApplication,
    QMessageLogContext,
    QSettings,
    Qt,
    QTimer,
    QtMsgType,
    qInstallMessageHandler,
)
from PyQt5.QtWidgets import QApplication
from secondunit_bridge.errors import BadInput, SecondUnitError, exit_code_of

from secondunit_plugin.panel import theme
from secondunit_plugin.panel.background import Operation, finish
from secondunit_plugin.panel.collecting import Collector
from secondunit_plugin.panel.model.clock import NoSound
from secondunit_plugin.panel.plurals import EnglishPlurals
from secondunit_plugin.panel.watchdog import Watchdog
from secondunit_plugin.panel.window import Window

if TYPE_CHECKING:
    from secondunit_plugin.hosts.host import Host
    from secondunit_plugin.panel.events import UnitLink
    from secondunit_plugin.panel.model.panel import PanelModel
    from secondunit_plugin.panel.speaker import Speaker

log = logging.getLogger(__name__)

# After which a thread that computes hands Python's lock to the UI thread, which asks for it for each event.
_SWITCH_SECONDS = 0.001
_BLAS_THREADS = "OPENBLAS_NUM_THREADS"


def run(cut: Path | None, host: "Callable[[], Host] | None" = None) -> int:
    """Shows the panel until its window is closed; the process's exit status. Orders go on at the unit.

    `host`: reaches the program whose open cut is the panel's; it is called in a thread.
    """
    sys.setswitchinterval(_SWITCH_SECONDS)
    QApplication.setAttribute(Qt.ApplicationAttribute.AA_EnableHighDpiScaling)
    QApplication.setAttribute(Qt.ApplicationAttribute.AA_UseHighDpiPixmaps)
    app = _application()
    app.setApplicationName("Second Unit")
    app.installTranslator(EnglishPlurals(app))
    app.setStyle("Fusion")
    theme.apply(app)
    collector, window, watchdog = Collector(app), Window(), Watchdog()
    window.show()
    with ExitStack() as closing:
        closing.callback(collector.close)

        def begin() -> None:
            watchdog.start()
            fill(window, closing, "window.ini", open_cut)

        def open_cut(model: "PanelModel") -> None:
            gc.freeze()  # modules and window stay; looking through them at each full collection would be felt
            closing.callback(model.close_host)
            if host is not None:
                model.follow(host)
                return
            if cut is not None:
                model.open_cut(cut)
                return
            from secondunit_plugin.panel.model.programs import ProgramsModel

            programs = ProgramsModel(model)
            programs.asked.connect(partial(_raise, window))
            closing.callback(programs.close)
            programs.listen()
            Operation(window, partial(_last, model.link.home)).success(model.open_last).run()

        closing.callback(finish)
        QTimer.singleShot(0, begin)
        status = app.exec()
        watchdog.close()  # what is closed may take its time: the window is gone
        return status


def fill(window: Window, closing: ExitStack, kept: str, filled: "Callable[[PanelModel], None]") -> None:
    """Fills the window with a panel that looks for the unit, step by step; calls `filled` with its model at the end.

    `closing`: to be closed before the application ends. `kept`: the name of the file that holds how it is arranged.
    """

    def begin(arrangement: dict[str, QByteArray]) -> None:
        from secondunit_plugin.panel.events import UnitLink
        from secondunit_plugin.panel.model.panel import Notice, PanelModel

        link = UnitLink()
        closing.callback(link.close)
        model = PanelModel(link, window)
        hook = sys.excepthook

        def raised(kind: type[BaseException], error: BaseException, at: TracebackType | None) -> None:
            """Qt would end the process for an error that nobody took."""
            if not isinstance(error, SecondUnitError):
                log.error("an error that nobody took", exc_info=(kind, error, at))
            model.noticed.emit(Notice(str(error) or kind.__name__, True))

        sys.excepthook = raised
        closing.callback(setattr, sys, "excepthook", hook)
        go_on(window.filling(model), lambda: connect(arrangement, link, model))

    def go_on(steps: Iterator[None], then: Callable[[], None]) -> None:
        if next(steps, steps) is steps:
            then()
        else:
            QTimer.singleShot(0, lambda: go_on(steps, then))

    def connect(arrangement: dict[str, QByteArray], link: "UnitLink", model: "PanelModel") -> None:
        from secondunit_bridge.media.decoding import DECODING

        from secondunit_plugin.panel.frames.decoding import DecodingByFrames

        window.arrange(arrangement)
        link.start()
        model.frames.start()
        DECODING.set(DecodingByFrames(model.frames))
        Operation(window, _load_sound).success(lambda _: find_speaker(model)).failure(
            lambda error: model.playback.stay_silent(str(error))
        ).run()
        closing.callback(model.frames.close)
        closing.callback(model.playback.stop)
        closing.callback(model.live.close)
        closing.callback(_keep, window, kept)
        filled(model)

    def find_speaker(model: "PanelModel") -> None:
        # On this thread: PyQt looks for its types in every module of its own that it knows, half made ones, too.
        from secondunit_plugin.panel.speaker import Output, Speaker

        def find() -> "Callable[[], Speaker]":
            output = Output.find()
            return lambda: Speaker(output)

        Operation(window, find).success(model.playback.use_speaker).failure(
            lambda error: model.playback.stay_silent(str(error))
        ).run()

    Operation(window, partial(_import_the_rest, kept)).success(begin).run()


def _application() -> QApplication:
    """Where there is no display, Qt ends the process: it is ended here with what Qt said before, and what to do."""
    warned: list[str] = []

    def told(kind: QtMsgType, _: QMessageLogContext, text: str | None) -> None:
        if kind != QtMsgType.QtFatalMsg:
            warned.append(text or "")
            return
        why = next((line for line in warned if "display" in line), text or "").splitlines()[0].strip()
        error = BadInput(
            f"the panel cannot open a window ({why}): start it on a desktop, or name one's display in DISPLAY or"
            " WAYLAND_DISPLAY"
        )
        sys.stderr.write(f"secondunit: {error}\n")
        sys.stderr.flush()
        os._exit(exit_code_of(error))  # Qt aborts when this returns

    qInstallMessageHandler(told)
    app = QApplication(sys.argv[:1])
    qInstallMessageHandler(None)
    for text in warned:
        log.warning("%s", text)
    return app


def _raise(window: Window) -> None:
    window.raise_()
    window.activateWindow()


def _load_sound() -> None:
    """The libraries under PyQt5.QtMultimedia: those of the system may be missing. Raises NoSound."""
    spec = find_spec("PyQt5.QtMultimedia")
    if spec is None or spec.origin is None:  # distributions have it in a package of its own
        raise NoSound(QCoreApplication.translate("app", "PyQt5.QtMultimedia is not installed"))
    try:
        CDLL(spec.origin)
    except OSError as error:
        missing = QCoreApplication.translate("app", "the system's sound libraries are missing: {error}")
        raise NoSound(missing.format(error=error)) from error


def _import_the_rest(kept: str) -> dict[str, QByteArray]:
    """All that the window is filled with: it takes longer to import than the window to show. How it was arranged."""
    # numpy's OpenBLAS starts a thread for each processor, with Python's lock held meanwhile: the panel has no use for
    # them. The unit and the frames process, which are started later, do not inherit it.
    given = os.environ.get(_BLAS_THREADS)
    os.environ[_BLAS_THREADS] = "1"
    import numpy  # noqa: F401

    os.environ[_BLAS_THREADS] = given or ""  # empty is as if it were not there
    import qtawesome.iconic_font  # noqa: F401

    from secondunit_plugin.panel import compare, events, gestures, views  # noqa: F401
    from secondunit_plugin.panel.model import panel  # noqa: F401

    for package in (compare, gestures, views):
        for module in iter_modules(package.__path__, f"{package.__name__}."):
            import_module(module.name)
    values = _kept(kept)
    return {name: value for name in values.allKeys() if isinstance(value := values.value(name), QByteArray)}


def _last(home: Path) -> Path | None:
    from secondunit_plugin.panel.model.saved import last

    return last(home)


def _kept(name: str) -> QSettings:
    from secondunit_plugin.panel.files import data_folder

    return QSettings(str(data_folder() / name), QSettings.Format.IniFormat)


def _keep(window: Window, kept: str) -> None:
    values = _kept(kept)
    for name, value in window.arrangement.items():
        values.setValue(name, value)
