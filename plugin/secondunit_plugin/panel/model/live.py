"""Live: a small draft follows every change of what is drafted. Its takes are nobody's, and stay nowhere."""

import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt5.QtCore import QObject, QTimer, pyqtSignal
from secondunit_bridge.errors import OrderNotFound, OrderRefused, SecondUnitError
from secondunit_bridge.messages import Cancelled, Event, Failed, Order, Preview, Take, TakeReady

from secondunit_plugin.panel.background import Operation
from secondunit_plugin.panel.events import UnitLink

if TYPE_CHECKING:
    from PyQt5.QtGui import QImage
    from secondunit_bridge.client import Client

LIVE = "live-"
"""What the ids of live orders begin with."""
_SETTLE_MS = 150
_FOLDER = "secondunit-live-"
"""And the number of the panel's process."""
_WIDTH = 960

Plan = Callable[[Path], Order | None]
"""What is drafted as a live order whose take goes to the folder; None where nothing has to be made."""


@dataclass(frozen=True, slots=True)
class Off:
    pass


@dataclass(frozen=True, slots=True)
class Idle:
    """There is nothing to follow, or no unit to make it."""


@dataclass(frozen=True, slots=True)
class Following:
    """`done`: the picture is that of the draft as it is."""

    done: bool


@dataclass(frozen=True, slots=True)
class NotLive:
    why: str


LiveState = Off | Idle | Following | NotLive


class LiveModel(QObject):
    """`picture`: the last one of the draft in the making, None where there is none to show.

    `planned` says, on the UI thread, how the draft as it is becomes an order, in a thread; None where it cannot.
    """

    changed = pyqtSignal()
    picture_changed = pyqtSignal()

    def __init__(self, link: UnitLink, planned: Callable[[], Plan | None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._link = link
        self._planned = planned
        self.state: LiveState = Off()
        self.picture: QImage | None = None
        self._asked = 0
        self._current = ""
        self._folders: dict[str, Path] = {}
        """Of orders that have not ended, or whose take is being read."""
        self._settled = QTimer(self)
        self._settled.setSingleShot(True)
        self._settled.setInterval(_SETTLE_MS)
        self._settled.timeout.connect(self._begin)
        link.event_arrived.connect(self._take)

    @property
    def on(self) -> bool:
        return not isinstance(self.state, Off)

    def set_on(self, on: bool) -> None:
        if on != self.on:
            self._drop()
            self._set_state(Idle() if on else Off())
            if on:
                Operation(self, self._sweep).failure(lambda _: None).run()
                self._begin()

    def follow(self) -> None:
        """After whatever a live order is made of has changed."""
        if self.on:
            if isinstance(self.state, Following):
                self._set_state(Following(False))
            self._settled.start()

    def close(self) -> None:
        """Blocks: once nobody looks any more."""
        with suppress(SecondUnitError):
            for order_id in self._folders:
                self._link.call(partial(_cancelled, order_id=order_id))
        for folder in self._folders.values():
            shutil.rmtree(folder, ignore_errors=True)

    def _begin(self) -> None:
        if not self.on:
            return
        self._asked += 1
        asked, plan, before, link = self._asked, self._planned(), self._current, self._link
        if plan is None:
            self._drop()
            self._set_state(Idle())
            return

        def work() -> Order | None:
            folder = Path(tempfile.mkdtemp(prefix=f"{_FOLDER}{os.getpid()}-"))
            try:
                order = plan(folder)
                if order is not None:
                    link.call(lambda unit: _sent(unit, order, before))
            except SecondUnitError:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            if order is None:
                shutil.rmtree(folder, ignore_errors=True)
            return order

        def sent(order: Order | None) -> None:
            if order is not None:
                self._folders[order.id] = Path(order.delivery.folder)
                link.watch(order.id)
            if asked != self._asked or order is None:
                self._cancel(order.id if order is not None else before)
            if asked == self._asked:
                self._current = order.id if order is not None else ""
                self._set_state(Following(False) if order is not None else Idle())

        def refuse(error: SecondUnitError) -> None:
            if asked == self._asked:
                self._drop()
                self._set_state(NotLive(str(error)))

        Operation(self, work).success(sent).failure(refuse).run()

    def _take(self, event: Event) -> None:
        folder = self._folders.get(event.order_id)
        if folder is None:
            return
        match event:
            case Preview(jpeg=jpeg) if event.order_id == self._current:
                self._show(event.order_id, lambda: _decoded(jpeg))
            case TakeReady(take=take) if event.order_id == self._current:
                self._set_state(Following(True))
                self._show(event.order_id, lambda: _middle(take), lambda: self._clean(event.order_id))
            case Failed(message=message) if event.order_id == self._current:
                self._set_state(NotLive(message))
                self._clean(event.order_id)
            case TakeReady() | Failed() | Cancelled():
                self._clean(event.order_id)
            case _:
                pass

    def _show(self, order_id: str, read: "Callable[[], QImage]", then: Callable[[], None] = lambda: None) -> None:
        def use(picture: "QImage") -> None:
            if order_id == self._current:
                self.picture = picture
                self.picture_changed.emit()
            then()

        Operation(self, read).success(use).failure(lambda _: then()).run()

    def _drop(self) -> None:
        """What was on its way is not wanted any more."""
        self._asked += 1
        self._cancel(self._current)
        self._current = ""
        if self.picture is not None:
            self.picture = None
            self.picture_changed.emit()

    def _cancel(self, order_id: str) -> None:
        if order_id in self._folders:
            link = self._link
            Operation(self, lambda: link.call(lambda unit: unit.cancel(order_id))).failure(lambda _: None).run()

    def _clean(self, order_id: str) -> None:
        folder, link = self._folders.pop(order_id), self._link

        def work() -> None:
            shutil.rmtree(folder, ignore_errors=True)
            link.call(lambda unit: unit.forget(order_id))

        Operation(self, work).failure(lambda _: None).run()

    def _sweep(self) -> None:
        """What panels have left that were killed, in a thread."""
        import psutil

        async def forget(unit: "Client") -> None:
            found = [status.order async for status in unit.orders() if status.order.id.startswith(LIVE)]
            for order in found:
                if not Path(order.delivery.folder).exists():
                    with suppress(OrderRefused, OrderNotFound):
                        await unit.cancel(order.id)
                        await unit.forget(order.id)

        for folder in Path(tempfile.gettempdir()).glob(f"{_FOLDER}*"):
            pid = folder.name.removeprefix(_FOLDER).partition("-")[0]
            if pid.isdigit() and not psutil.pid_exists(int(pid)):
                shutil.rmtree(folder, ignore_errors=True)
        self._link.call(forget)

    def _set_state(self, state: LiveState) -> None:
        if state != self.state:
            self.state = state
            self.changed.emit()


async def _cancelled(unit: "Client", order_id: str) -> None:
    await unit.cancel(order_id)


async def _sent(unit: "Client", order: Order, before: str) -> None:
    """Instead of the order `before`, and ahead of all that wait."""
    if before:
        with suppress(OrderNotFound):
            await unit.cancel(before)
    await unit.submit(order)
    with suppress(OrderRefused, OrderNotFound):  # it has begun
        await unit.move(order.id)


def _decoded(jpeg: bytes) -> "QImage":
    from PyQt5.QtGui import QImage

    return QImage.fromData(jpeg)


def _middle(take: Take) -> "QImage":
    """The frame in the middle of the slot: the previews may have skipped it."""
    from secondunit_plugin.panel.pictures import still

    slot = take.record.order.slot
    return still(take.path, slot.head + slot.frames // 2, slot.rate, _WIDTH)
