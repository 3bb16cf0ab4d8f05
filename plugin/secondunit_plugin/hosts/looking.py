"""A host that does not tell of changes by itself is looked at from time to time."""

import threading
from collections.abc import Callable, Iterator
from contextvars import copy_context
from typing import TypeVar

from secondunit_bridge.errors import HostError

from secondunit_plugin.hosts.host import Changed, Gone

T = TypeVar("T")
_PATIENCE = 3
"""After how many looks in a row without an answer the program is taken for gone."""


def answers(
    ask: Callable[[], T], seconds: float, changed: Callable[[Changed], None], ended: threading.Event
) -> Iterator[T]:
    """What `ask` gives, so many seconds apart, until `ended` is set.

    Looks in which it raises HostError are left out; after several in a row that the program is gone is told, and
    nothing follows.
    """
    missed = 0
    while not ended.wait(seconds):
        try:
            answer = ask()
        except HostError as error:
            missed += 1
            if missed == _PATIENCE:
                changed(Gone(str(error)))
                return
            continue
        missed = 0
        yield answer


def look(watch: Callable[[threading.Event], None], name: str) -> Callable[[], None]:
    """`watch` in a thread of that name until the function that is returned is called, which sets its event.

    That waits for its end, unless it is `watch` itself that calls.
    """
    ended = threading.Event()
    # In the caller's context, which says who opens media files.
    thread = threading.Thread(target=copy_context().run, args=(watch, ended), name=name, daemon=True)
    thread.start()

    def end() -> None:
        ended.set()
        if threading.current_thread() is not thread:
            thread.join()

    return end
