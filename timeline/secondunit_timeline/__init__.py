"""Cuts read, edited and written; takes ordered from the unit and placed.

A cut is an `opentimelineio.schema.Timeline`; nothing here changes the one that it is given.

    from secondunit_timeline import Unit, read_cut, write_cut

    cut = read_cut("edit.otio")
    with Unit("takes") as unit:
        done = unit.extend(cut, "A003#2", tail=24)
    write_cut(done.cut, "edit_extended.otio")
"""

from typing import TYPE_CHECKING, Any

from secondunit_timeline.edits import edit
from secondunit_timeline.interchange import read_cut, write_cut

if TYPE_CHECKING:
    from secondunit_timeline.session import AsyncUnit, Result, Unit

__all__ = ["AsyncUnit", "Result", "Unit", "edit", "read_cut", "write_cut"]


def __getattr__(name: str) -> Any:
    # The session brings asyncio and the unit's client; who only reads and edits cuts does not wait for them.
    if name in ("AsyncUnit", "Result", "Unit"):
        from secondunit_timeline import session

        return getattr(session, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
