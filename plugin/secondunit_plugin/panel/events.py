"""The unit as the panel reaches it: one thread with an event loop, which calls it and reads its events."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import CancelledError
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from PyQt5.QtCore import QObject, pyqtSignal
from secondunit_bridge.errors import SecondUnitError, UnitUnreachable
from secondunit_bridge.messages import Failed

from secondunit_plugin.panel.model.unit import Ended, Lost, Reached, Searching, UnitState

if TYPE_CHECKING:  # gRPC is imported in the thread, after the window shows
    from secondunit_bridge.client import Client

R = TypeVar("R")
_GREET_SECONDS = 2.0


class UnitLink(QObject):
    """Finds the unit at `home`, starts it where there is none, and goes on trying; signals arrive on the UI thread.

    A unit that was stopped on purpose is started again by `start_unit` alone; one that somebody else starts is found.
    After a loss, each watch goes on with the first event that it has not seen.
    """

    state_changed = pyqtSignal(object)
    """A `UnitState`."""
    event_arrived = pyqtSignal(object)
    """An `Event` of an order that is watched."""

    def __init__(self, home: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._home = home
        self._seen: dict[str, int] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: Client | None = None
        self._closing: asyncio.Event | None = None
        self._woken = asyncio.Event()
        self._wanted = True
        self._state: UnitState | None = None
        self._closed = False
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), name="unit", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Orders go on at the unit."""
        self._closed = True
        if self._loop is not None and self._closing is not None:
            with suppress(RuntimeError):  # the loop has ended by itself
                self._loop.call_soon_threadsafe(self._closing.set)
                self._loop.call_soon_threadsafe(self._woken.set)
        if self._thread.is_alive():
            self._thread.join(5)

    def start_unit(self) -> None:
        """After it was stopped."""
        self._wanted = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._woken.set)

    def stop_unit(self, by: str) -> None:
        """For the work of an `Operation`: blocks. `by`: who stops it, in words."""
        from secondunit_bridge import spawn

        spawn.stop(self.home, by=by)

    @property
    def home(self) -> Path:
        """The unit's."""
        from secondunit_bridge import spawn

        return self._home or spawn.home()

    def call(self, ask: "Callable[[Client], Coroutine[Any, Any, R]]") -> R:
        """For the work of an `Operation`: blocks. Raises what the client raises, UnitUnreachable without a unit."""
        client, loop = self._client, self._loop
        if client is None or loop is None:
            raise UnitUnreachable("the unit is not reached: wait until the status line says so, then try again")
        try:
            return asyncio.run_coroutine_threadsafe(ask(client), loop).result()
        except CancelledError:
            raise UnitUnreachable("the panel was closed before the unit answered") from None

    def follow(
        self,
        begin: "Callable[[Client], AsyncIterator[R]]",
        step: Callable[[R], None],
        end: Callable[[SecondUnitError | None, bool], None],
    ) -> Callable[[], None]:
        """For what takes long, such as a download: `step` gets each answer, `end` the error if there was one, and
        whether it was ended early; both are called in the link's thread, and `end` once. Returns what ends it early."""
        client, loop = self._client, self._loop
        if client is None or loop is None:
            end(UnitUnreachable("the unit is not reached: wait until the status line says so, then try again"), False)
            return lambda: None

        async def run() -> None:
            error: SecondUnitError | None = None
            early = False
            try:
                async for one in begin(client):
                    step(one)
            except asyncio.CancelledError:
                early = True
            except SecondUnitError as raised:
                error = raised
            end(error, early)

        running = asyncio.run_coroutine_threadsafe(run(), loop)

        def stop() -> None:
            running.cancel()

        return stop

    def watch(self, order_id: str, after: int = 0) -> None:
        """Events with numbers above `after`, from any thread; until the order's end, whatever becomes of the unit."""
        if self._loop is None:
            self._seen.setdefault(order_id, after)
        else:
            self._loop.call_soon_threadsafe(self._begin, order_id, after)

    def _begin(self, order_id: str, after: int) -> None:
        if order_id not in self._seen:
            self._seen[order_id] = after
            self._take_up(order_id)

    def _take_up(self, order_id: str) -> None:
        if self._client is not None:
            self._tasks[order_id] = asyncio.create_task(self._read(self._client, order_id))

    async def _main(self) -> None:
        from secondunit_bridge import spawn
        from secondunit_bridge.client import Client

        self._loop = asyncio.get_running_loop()
        self._closing = asyncio.Event()
        if self._closed:
            return
        home = self.home
        self._tell(Searching())
        while not self._closing.is_set():
            if not self._wanted and (by := await asyncio.to_thread(spawn.stopped_by, home)) is not None:
                self._tell(Ended(by))
                await self._pause()
                continue
            try:
                if isinstance(self._state, Ended):
                    self._tell(Searching())
                address = await asyncio.to_thread(spawn.ensure_running, home)
                async with Client(address) as client:
                    self._client, self._wanted = client, False
                    for order_id in list(self._seen):
                        self._take_up(order_id)
                    await self._greet(client)
            except SecondUnitError as error:
                if self._wanted or await asyncio.to_thread(spawn.stopped_by, home) is None:
                    self._tell(Lost(str(error)))
                    await self._pause()
            finally:
                self._client = None
                for task in self._tasks.values():
                    task.cancel()
                await asyncio.gather(*self._tasks.values(), return_exceptions=True)
                self._tasks.clear()

    async def _greet(self, client: "Client") -> None:
        """Tells what the unit is, again when another one answers at its home; raises UnitUnreachable when none does."""
        known = None
        assert self._closing is not None
        while not self._closing.is_set():
            info = await client.hello()
            if info != known:
                known = info
                self._tell(Reached(info))
            await self._pause()

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), _GREET_SECONDS)
        if self._closing is not None and not self._closing.is_set():
            self._woken.clear()

    def _tell(self, state: UnitState) -> None:
        if state != self._state:
            self._state = state
            self.state_changed.emit(state)

    async def _read(self, client: "Client", order_id: str) -> None:
        while True:
            try:
                async for event in client.watch(order_id, self._seen[order_id]):
                    self._seen[order_id] = event.number
                    self.event_arrived.emit(event)
                break
            except UnitUnreachable:  # or it has as many watchers as it takes
                await asyncio.sleep(_GREET_SECONDS)
            except SecondUnitError as error:
                last = Failed(order_id, self._seen[order_id], type(error).__name__, str(error), "")
                self.event_arrived.emit(last)
                break
        del self._seen[order_id]
