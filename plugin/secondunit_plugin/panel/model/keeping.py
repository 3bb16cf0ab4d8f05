"""What is kept of a program's cut while it is open, so that whatever ends first, takes are offered again."""

from collections.abc import Mapping
from pathlib import Path

from PyQt5.QtCore import QObject, QTimer, pyqtSignal
from secondunit_bridge.errors import SecondUnitError

from secondunit_plugin.panel.background import Operation
from secondunit_plugin.panel.model.cut import CutModel, OpenCut
from secondunit_plugin.panel.model.pending import PendingModel

_SAVE_MS = 100
"""Changes that follow each other sooner are saved together."""


class KeepingModel(QObject):
    """`home`: the unit's. `landed`: the take that was cut in of an order, by the order's id, as its file.

    Such an order is kept on: the program may end without saving its project. It goes when the cut is opened with the
    take, or when the editor takes it out.
    """

    refused = pyqtSignal(object)
    """A `SecondUnitError`."""

    def __init__(self, cut: CutModel, pending: PendingModel, home: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._cut, self._pending, self._home = cut, pending, home
        self.landed: Mapping[str, str] = {}
        self._settled: frozenset[str] = frozenset()
        """Ids of orders whose files go when the state is saved next."""
        self._saves = False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_SAVE_MS)
        self._soon.timeout.connect(self._save)
        self._opened: OpenCut | None = None
        """What is to be saved belongs to it; it may be closed meanwhile."""
        pending.changed.connect(self._save_soon)
        pending.settled.connect(self._settle)

    def clear(self) -> None:
        """Before what is pending is cleared for another cut."""
        if self._soon.isActive():
            self._soon.stop()
            self._save()
        self.landed, self._settled = {}, frozenset()

    def see(self, landed: Mapping[str, str], gone: frozenset[str]) -> None:
        """`gone`: those that the cut holds no more."""
        self.landed = {order_id: path for order_id, path in landed.items() if order_id not in gone}
        if gone:
            self._settled |= gone
            self._save_soon()

    def _settle(self, order_id: str) -> None:
        if order_id not in self.landed:
            self._settled |= {order_id}

    def _save_soon(self) -> None:
        opened = self._cut.open
        if opened is not None and opened.sequence is not None and self._pending.awaited is not None:
            self._opened = opened
            self._soon.start()

    def _save(self) -> None:
        opened, pending, home = self._opened, self._pending, self._home
        if opened is None or pending.awaited is None:
            return
        if self._saves:
            self._soon.start()
            return
        unplaced, choices, settled = pending.unplaced, pending.choices, self._settled

        def work() -> None:
            from secondunit_plugin.panel.model import kept

            kept.save(home, opened, unplaced, choices, settled)

        def use(_: object) -> None:
            self._saves = False
            self._settled -= settled

        def fail(error: SecondUnitError) -> None:
            self._saves = False
            self.refused.emit(error)

        self._saves = True
        Operation(self, work).success(use).failure(fail).run()


def gone_from(opened: OpenCut, landed: Mapping[str, str]) -> frozenset[str]:
    """In a thread: the ids of those orders whose takes `opened` does not hold."""
    if not landed:
        return frozenset()
    from secondunit_plugin.panel.model import kept

    held = kept.files_in(opened.version.index)
    return frozenset(order_id for order_id, path in landed.items() if path not in held)
