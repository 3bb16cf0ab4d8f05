"""A process in which what nobody reaches is collected while a thread allocates; exit code 0: on the UI thread."""

import gc
import sys
import threading
import time

from PyQt5.QtCore import QCoreApplication, QObject
from secondunit_plugin.panel.background import Operation, finish
from secondunit_plugin.panel.collecting import Collector


class Loop:
    """Reaches itself, and says on which thread it ends."""

    def __init__(self, ended: list[int]) -> None:
        self._ended, self._itself = ended, self

    def __del__(self) -> None:
        self._ended.append(threading.get_ident())


def main() -> int:
    app = QCoreApplication(sys.argv)
    collector, owner = Collector(), QObject()
    ended: list[int] = []
    kept: list[list[list[int]]] = []
    Loop(ended)

    def allocate() -> list[list[int]]:
        return [[number] for number in range(100_000)]

    Operation(owner, allocate).success(kept.append).run()
    end = time.monotonic() + 20
    while not (ended and kept) and time.monotonic() < end:
        app.processEvents()
        time.sleep(0.01)
    collector.close()
    finish()
    return 0 if ended == [threading.get_ident()] and gc.isenabled() else 1


if __name__ == "__main__":
    sys.exit(main())
