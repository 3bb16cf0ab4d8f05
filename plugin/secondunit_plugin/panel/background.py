"""The one way into a thread, and back."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import cache, partial
from typing import Generic, Self, TypeVar

from PyQt5 import sip
from PyQt5.QtCore import QCoreApplication, QObject, pyqtSignal
from secondunit_bridge.errors import SecondUnitError

R = TypeVar("R")
_MOST = 4


@cache
def _threads() -> ThreadPoolExecutor:
    # Python's own threads: a thread of Qt's pool gets another Python state for each piece of work, and OpenTimelineIO
    # keeps the one that it was imported with, so that the next piece there ends the process.
    return ThreadPoolExecutor(_MOST, "operation")


def finish() -> None:
    """Before the application goes: waits for the work that runs, and drops what waits."""
    _threads().shutdown(cancel_futures=True)
    _threads.cache_clear()


class _Return(QObject):
    """The way back to the UI thread, on which it is made. The application holds it until it was used."""

    ended = pyqtSignal(object)

    def __init__(self, owner: QObject) -> None:
        super().__init__(QCoreApplication.instance())
        self._owner = owner
        self.ended.connect(self._deliver)

    def _deliver(self, end: Callable[[], None]) -> None:
        self.deleteLater()
        if not sip.isdeleted(self._owner):
            end()


class Operation(Generic[R]):
    """`Operation(owner, work).success(use).failure(say).run()`, from the UI thread.

    `work` runs in a thread of the pool, in the context that it was asked for in, and touches no widget or model; `use`
    gets its result and `say` its SecondUnitError, both on the UI thread, neither once `owner` is deleted. An error that
    nobody takes is raised on the UI thread, where `app` shows it.
    """

    def __init__(self, owner: QObject, work: Callable[[], R]) -> None:
        self._owner = owner
        self._work = work
        self._success: Callable[[R], object] | None = None
        self._failure: Callable[[SecondUnitError], object] | None = None

    def success(self, use: Callable[[R], object]) -> Self:
        self._success = use
        return self

    def failure(self, say: Callable[[SecondUnitError], object]) -> Self:
        self._failure = say
        return self

    def run(self) -> None:
        back = _Return(self._owner)

        def work() -> None:
            try:
                end = partial(self._succeeded, self._work())
            except Exception as error:  # noqa: BLE001 - raised again on the UI thread, where somebody sees it
                back.ended.emit(partial(self._failed, error))
            else:
                back.ended.emit(end)

        _threads().submit(copy_context().run, work)

    def _succeeded(self, result: R) -> None:
        if self._success is not None:
            self._success(result)

    def _failed(self, error: Exception) -> None:
        if self._failure is None or not isinstance(error, SecondUnitError):
            raise error
        self._failure(error)
