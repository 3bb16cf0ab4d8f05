"""Calls into Resolve, one after the other, each with a time by which it has to be answered."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

from secondunit_bridge.errors import HostUnreachable

SECONDS = 60.0
"""A dialog that is open holds every call up until a person closes it: https://github.com/rogmag/davinci-resolve-scripts
and https://github.com/samuelgursky/davinci-resolve-mcp/blob/main/docs/reference/api-limitations.md"""

_T = TypeVar("_T")


class Calls:
    """On a thread of their own: the library is called from no two at once.

    What is asked is a function that makes several calls. One that took too long may go on once the program answers
    again; it asks `go_on` before each call that changes something.
    """

    def __init__(self) -> None:
        self._waiting: SimpleQueue[tuple[Callable[[], Any], Future[Any]]] = SimpleQueue()
        self._busy = threading.Lock()
        self._given_up = False
        # Not one of a pool, whose threads the interpreter waits for when it ends.
        threading.Thread(target=self._run, name="resolve", daemon=True).start()

    def __call__(self, does: Callable[[], _T], seconds: float = SECONDS) -> _T:
        """What `does` returns or raises; HostUnreachable where it takes longer, or an earlier one still does."""
        if not self._busy.acquire(timeout=seconds):
            raise _unanswered(seconds)
        self._given_up = False
        future: Future[_T] = Future()
        future.add_done_callback(lambda _: self._busy.release())
        self._waiting.put((does, future))
        try:
            return future.result(seconds)
        except TimeoutError:
            self._given_up = True
            raise _unanswered(seconds) from None

    def go_on(self) -> None:
        """Raises HostUnreachable in what nobody waits for any more."""
        if self._given_up:
            raise HostUnreachable("DaVinci Resolve answers again, and nobody waits for that any more: nothing is done")

    def _run(self) -> None:
        while True:
            does, future = self._waiting.get()
            try:
                result = does()
            except Exception as error:  # noqa: BLE001 - raised where it was asked
                future.set_exception(error)
            else:
                future.set_result(result)


def _unanswered(seconds: float) -> HostUnreachable:
    return HostUnreachable(
        f"DaVinci Resolve has not answered for {seconds:g} s: close its dialogs, or wait until it has rendered"
    )
