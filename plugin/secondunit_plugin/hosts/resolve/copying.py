"""A copy of the project that Resolve has open, to try things in."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from secondunit_bridge.errors import HostError

_DELETE_TRIES, _DELETE_WAIT = 5, 1.0


@contextmanager
def copied(app: Any) -> Iterator[str]:
    """The copy is open meanwhile, then the project is, and the copy is gone. Raises HostError with what to do.

    The project is saved first: loading another one drops what is not.
    """
    manager = app.GetProjectManager()
    project = manager.GetCurrentProject()
    if project is None:
        raise HostError("DaVinci Resolve has no project open: open one there, then try again")
    name, number = str(project.GetName()), 1
    timeline = project.GetCurrentTimeline()
    if timeline is None:
        raise HostError(f"{name!r} has no timeline open: open one on DaVinci Resolve's Edit page, then try again")
    if not manager.SaveProject():
        raise HostError(f"DaVinci Resolve does not save {name!r}: save it there, then try again")
    with tempfile.TemporaryDirectory(prefix="secondunit-resolve-") as folder:
        path = Path(folder) / "copy.drp"
        if not manager.ExportProject(name, str(path)):
            raise HostError(f"DaVinci Resolve does not export {name!r}: look whether its database can be written")
        while not manager.ImportProject(str(path), copy := f"{name} (Second Unit, copy {number})"):
            number += 1
            if number > _DELETE_TRIES:
                raise HostError(f"DaVinci Resolve does not import a copy of {name!r}: it has {copy!r} already?")
    try:
        loaded = manager.LoadProject(copy)
        if loaded is None:
            raise HostError(f"DaVinci Resolve does not open {copy!r}: open {name!r} there again")
        _open(loaded, str(timeline.GetName()))
        yield copy
    finally:
        current = manager.GetCurrentProject()
        if current is not None and str(current.GetName()) == copy:
            manager.CloseProject(current)  # without saving; it is what lets the copy be deleted
        manager.LoadProject(name)
        for _ in range(_DELETE_TRIES):
            if manager.DeleteProject(copy):
                break
            time.sleep(_DELETE_WAIT)


def _open(project: Any, name: str) -> None:
    for number in range(1, int(project.GetTimelineCount()) + 1):
        timeline = project.GetTimelineByIndex(number)
        if str(timeline.GetName()) == name:
            project.SetCurrentTimeline(timeline)
            return
