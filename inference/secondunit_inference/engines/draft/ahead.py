"""Makes the next frames while the last ones are encoded."""

import queue
import threading
from collections.abc import Generator, Iterator
from typing import TypeVar

T = TypeVar("T")


def ahead(items: Iterator[T], count: int) -> Generator[T, None, None]:
    """`items`, made in a thread up to `count` in advance; its exceptions come out here. Closing ends the thread."""
    made: queue.Queue[tuple[T] | BaseException | None] = queue.Queue(count)
    closed = threading.Event()

    def put(entry: tuple[T] | BaseException | None) -> bool:
        while not closed.is_set():
            try:
                made.put(entry, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    def work() -> None:
        try:
            for item in items:
                if not put((item,)):
                    return
        except BaseException as error:  # noqa: BLE001  it is raised again where the items are used
            put(error)
        else:
            put(None)

    thread = threading.Thread(target=work, name="ahead", daemon=True)
    thread.start()
    try:
        while True:
            entry = made.get()
            if entry is None:
                return
            if isinstance(entry, BaseException):
                raise entry
            yield entry[0]
    finally:
        closed.set()
        thread.join()
