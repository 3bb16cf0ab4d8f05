"""The daemon, dying at a chosen point as if killed: `python dying_unit.py N FOLDER [argument of the daemon]...`.

Every step that changes a file or the database counts as two points, before it and after it; N counts from 1. What the
kernel was told stays, as after `kill -9`. FOLDER gets a file named after the point reached.
"""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw
from secondunit_inference import __main__ as daemon
from secondunit_inference.orders import Orders

_left = int(sys.argv[1])
_told = Path(sys.argv[2])
_counting = threading.Lock()


def point(name: str) -> None:
    global _left
    with _counting:
        _left -= 1
        if _left == 0:
            (_told / name).touch()
            os._exit(9)


def dying(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        point(f"before {name}")
        result = call(*args, **kwargs)
        point(f"after {name}")
        return result

    return wrapped


transaction = Orders._transaction


@contextmanager
def dying_transaction(self: Orders) -> Iterator[apsw.Connection]:
    with transaction(self) as db:
        yield db
        written = db.total_changes() - written_before(db)
        if written:
            point("before commit")
    if written:
        point("after commit")


_changes: dict[int, int] = {}


def written_before(db: apsw.Connection) -> int:
    before = _changes.get(id(db), 0)
    _changes[id(db)] = db.total_changes()
    return before


Orders._transaction = dying_transaction  # type: ignore[method-assign]
os.link = dying("link", os.link)
os.fsync = dying("fsync", os.fsync)
os.unlink = dying("unlink", os.unlink)
os.mkdir = dying("mkdir", os.mkdir)

sys.argv = [sys.argv[0], *sys.argv[3:]]
sys.exit(daemon.main())
