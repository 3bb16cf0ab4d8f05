"""What has to be asked for, as it was when it was asked for last."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from PyQt5.QtCore import QObject, pyqtSignal

from secondunit_plugin.panel.background import Operation

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Unasked:
    pass


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    value: T


@dataclass(frozen=True, slots=True)
class NotFound:
    why: str


class Snapshot(QObject):
    """`ask` runs in a thread. What was found stays while it is asked for again: `asking`."""

    changed = pyqtSignal()

    def __init__(self, ask: Callable[[], Any], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._ask = ask
        self.state: Unasked | Found[Any] | NotFound = Unasked()
        self.asking = False
        self._stale = False

    def refresh(self) -> None:
        """Asks, once more after the answer that is on its way: something may have changed behind it."""
        if self.asking:
            self._stale = True
        else:
            self.asking = True
            self.changed.emit()
            Operation(self, self._ask).success(lambda found: self._set(Found(found))).failure(
                lambda error: self._set(NotFound(str(error)))
            ).run()

    def _set(self, state: Found[Any] | NotFound) -> None:
        self.asking = False
        self.state = state
        self.changed.emit()
        if self._stale:
            self._stale = False
            self.refresh()
