"""A host that does not tell of changes by itself is looked at from time to time."""

import threading
from collections.abc import Callable
from contextvars import copy_context


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
