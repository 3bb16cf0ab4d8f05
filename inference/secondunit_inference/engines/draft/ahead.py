"""Makes the next frames while the last ones are encoded."""

import queue
import threading
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Ahead(Iterator[T], Generic[T]):
    """`items`, made in a thread up to `count` in advance from now on; its exceptions come out here."""

    def __init__(self, items: Iterator[T], count: int) -> None:
        self._made: queue.Queue[tuple[T] | BaseException] = queue.Queue(count)
        self._closed = threading.Event()
        # The thread holds the queue and the event, not this object: nobody's frames are closed when it is dropped.
        self._thread = threading.Thread(target=_work, args=(items, self._made, self._closed), name="ahead", daemon=True)
        self._thread.start()

    def __next__(self) -> T:
        if self._closed.is_set():
            raise StopIteration
        entry = self._made.get()
        if isinstance(entry, BaseException):
            self.close()
            raise entry
        return entry[0]

    def close(self) -> None:
        self._closed.set()
        self._thread.join()

    def __del__(self) -> None:
        self._closed.set()


def _work(items: Iterator[T], made: queue.Queue[tuple[T] | BaseException], closed: threading.Event) -> None:
    def put(entry: tuple[T] | BaseException) -> bool:
        while not closed.is_set():
            try:
                made.put(entry, timeout=0.05)
            except queue.Full:
                continue
            return True
        return False

    try:
        for item in items:
            if not put((item,)):
                break
        else:
            put(StopIteration())
    except BaseException as error:  # noqa: BLE001  it is raised again where the items are used
        put(error)
    finally:
        if hasattr(items, "close"):
            items.close()
