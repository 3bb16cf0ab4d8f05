"""What people think of the takes, as it is kept beside them; other panels may rate the same takes."""

from collections import deque
from collections.abc import Mapping
from pathlib import Path

from PyQt5.QtCore import QObject, QTimer, pyqtSignal
from secondunit_bridge.errors import SecondUnitError
from secondunit_bridge.ratings import Rated, Rating, rate, ratings

from secondunit_plugin.panel.background import Operation

_LOOK_AGAIN_MS = 3000
"""How often the folder is read again; a watch on it would not see what another machine writes to a shared disk."""


class RatingsModel(QObject):
    """A rating counts, and is announced, once it is on the disk."""

    changed = pyqtSignal()
    refused = pyqtSignal(object)
    """The SecondUnitError of a rating that was not kept, or of ratings that cannot be read."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder: Path | None = None
        self._rated: Mapping[str, Rated] = {}
        self._wanted: deque[tuple[Path, str, Rating | None]] = deque()
        self._busy = False
        self._said = ""
        self._again = QTimer(self)
        self._again.setInterval(_LOOK_AGAIN_MS)
        self._again.timeout.connect(self._next)

    def of(self, take_id: str) -> Rating | None:
        rated = self._rated.get(take_id)
        return rated.rating if rated is not None else None

    def open(self, folder: Path | None) -> None:
        """Of the takes in `folder`; what was asked for the folder before is still kept there."""
        if folder == self._folder:
            return
        self._folder, self._rated = folder, {}
        self.changed.emit()
        if folder is None:
            self._again.stop()
        else:
            self._again.start()
            self._next()

    def rate(self, take_id: str, rating: Rating | None) -> None:
        if self._folder is not None:
            self._wanted.append((self._folder, take_id, rating))
            self._next()

    def _next(self) -> None:
        """One write or reading after the other, so that the last of several ratings of a take stands."""
        folder = self._folder
        if self._busy or folder is None:
            return
        self._busy = True
        wanted = self._wanted.popleft() if self._wanted else None

        def work() -> dict[str, Rated]:
            if wanted is not None:
                rate(*wanted)
            return ratings([folder])

        def ended(said: str) -> None:
            self._busy, self._said = False, said
            if self._wanted or folder != self._folder:
                self._next()

        def use(rated: dict[str, Rated]) -> None:
            if folder == self._folder and rated != self._rated:
                self._rated = rated
                self.changed.emit()
            ended("")

        def refuse(error: SecondUnitError) -> None:
            if wanted is not None or str(error) != self._said:  # else it was said when the folder was read before
                self.refused.emit(error)
            ended(str(error))

        Operation(self, work).success(use).failure(refuse).run()
