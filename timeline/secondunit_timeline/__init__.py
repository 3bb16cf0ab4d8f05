"""Cuts read, edited and written; takes ordered from the unit and placed.

A cut is an `opentimelineio.schema.Timeline`; nothing here changes the one that it is given.

    from secondunit_timeline import Unit, read_cut, write_cut

    cut = read_cut("edit.otio")
    with Unit("takes") as unit:
        done = unit.extend(cut, "A003#2", tail=24)
    write_cut(done.cut, "edit_extended.otio")
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from secondunit_timeline.edits import edit
    from secondunit_timeline.interchange import read_cut, write_cut
    from secondunit_timeline.session import AsyncUnit, Result, Unit

__all__ = ["AsyncUnit", "Result", "Unit", "edit", "read_cut", "write_cut"]

# Where they are, for who asks: a package that imports its own modules makes a circle with each of them, and two threads
# that import two of them at once find half of one. Also, the session brings asyncio and the unit's client.
_HOMES = {
    "AsyncUnit": "session",
    "Result": "session",
    "Unit": "session",
    "edit": "edits",
    "read_cut": "interchange",
    "write_cut": "interchange",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
