"""An editing program that the panel belongs to: its cut is the panel's, and so is what is looked at in it."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt5.QtCore import QObject, QTimer, pyqtSignal
from secondunit_bridge.errors import SecondUnitError

from secondunit_plugin.panel.background import Operation
from secondunit_plugin.panel.model.cut import CutModel, NoCut, OpenCut, Reading, Unreadable
from secondunit_plugin.panel.model.editing import EditingModel

if TYPE_CHECKING:
    from secondunit_plugin.hosts.host import Attention, Host
    from secondunit_plugin.panel.model.hosted import Hosted
    from secondunit_plugin.panel.model.kept import Kept

_SETTLE_MS = 150
"""How long a host has to be quiet before its cut is read again, or what is looked at there is looked at here."""


class HostModel(QObject):
    """`reach` is called in a thread, and so are the host's methods. `home`: the unit's."""

    reading = pyqtSignal(object)
    """A `Reading`, of another sequence than before."""
    read = pyqtSignal(object, object, object)
    """What it came to: the `Reading`, the `OpenCut`, and what is `Kept` of it."""
    stirred = pyqtSignal()
    """The host has told of something that happens there."""
    looked_at = pyqtSignal(object, int)
    """The `Place` of the clip that is selected, or None, and the frame at the playhead, or -1, where either changed."""
    refused = pyqtSignal(object)
    """A `SecondUnitError`."""
    _told = pyqtSignal(object)

    def __init__(
        self,
        reach: "Callable[[], Host]",
        cut: CutModel,
        editing: EditingModel,
        home: Path,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._reach, self._cut, self._editing, self._home = reach, cut, editing, home
        self._hosted: Hosted | None = None
        self._leave: Callable[[], None] | None = None
        self._closed = False
        self._attention: Attention | None = None
        self._selected: tuple[str, ...] = ()
        self._head = -1
        self._told.connect(self._hear)
        cut.changed.connect(self.look)
        editing.another_is_open.connect(self._open)
        self._look_soon, self._read_soon = QTimer(self), QTimer(self)
        for timer, do in ((self._look_soon, self.look), (self._read_soon, self._reread)):
            timer.setSingleShot(True)
            timer.setInterval(_SETTLE_MS)
            timer.timeout.connect(do)

    def start(self) -> None:
        def reach() -> "Hosted":
            from secondunit_plugin.panel.model.hosted import Hosted

            return Hosted(self._reach())

        Operation(self, reach).success(self._reached).failure(self.refused.emit).run()

    def close(self) -> None:
        """Another host is followed from now on, or none."""
        self._closed = True
        if self._leave is not None:
            self._leave()

    def _reached(self, hosted: "Hosted") -> None:
        if self._closed:
            return
        self._hosted = hosted
        self._editing.hosted = hosted
        self._leave = hosted.host.follow(self._told.emit)
        self._open()

    def _hear(self, changed: object) -> None:
        from secondunit_plugin.hosts.host import AttentionChanged, CutChanged, Gone

        if self._closed:
            return
        self.stirred.emit()
        match changed:
            case CutChanged():
                self._read_soon.start()
            case AttentionChanged(attention):
                self._attention = attention
                if not self._look_soon.isActive():
                    self._look_soon.start()
            case Gone(why):
                self._hosted = None
                self._editing.lose_host()
                self._cut.set_state(NoCut())
                self.refused.emit(SecondUnitError(why))

    def look(self) -> None:
        """What is looked at in the host is looked at here, without waiting for it to be quiet."""
        attention, hosted = self._attention, self._hosted
        if attention is None or hosted is None or self._cut.open is None:
            return
        selected, head = attention.selected, attention.playhead.frame if attention.playhead is not None else -1
        place = None
        if selected != self._selected:
            place = next((hosted.places[one] for one in selected if one in hosted.places), None)
            if place is not None or not selected:  # else its clip is read soon, and looked for again then
                self._selected = selected
        if place is not None or head != self._head:
            self.looked_at.emit(place, head if head != self._head else -1)
        self._head = head

    def _reread(self) -> None:
        """The same sequence as the next of the edits, so that none of them is lost; another one is opened."""
        if self._cut.open is not None:
            self._editing.read_host()
        else:
            self._open()

    def _open(self) -> None:
        hosted, home, before = self._hosted, self._home, self._cut.open
        if hosted is None or self._closed:
            return

        def work() -> "tuple[OpenCut, Kept, Attention | None]":
            from secondunit_plugin.panel.model import kept

            opened = hosted.read()
            if before is not None and not opened.is_of(before):
                kept.carry_over(home, before, opened)
            return opened, kept.load(home, opened), hosted.attention()

        def use(found: "tuple[OpenCut, Kept, Attention | None]") -> None:
            if self._closed or self._hosted is not hosted:
                return
            opened, kept, attention = found
            if opened.is_of(self._cut.open):  # it was asked for twice, and the first answer is shown
                self._editing.read_host()
                return
            state = Reading(opened.path)
            self.reading.emit(state)
            self.read.emit(state, opened, kept)
            self._attention = attention or self._attention
            self._selected, self._head = (), -1  # it opens at its beginning, wherever the host is
            self._look_soon.start()

        Operation(self, work).success(use).failure(self._refuse).run()

    def _refuse(self, error: SecondUnitError) -> None:
        if self._closed:
            return
        if self._cut.open is None:
            self._cut.set_state(Unreadable(Path(), str(error)))
        self.refused.emit(error)
