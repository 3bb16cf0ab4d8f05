"""Editing programs that connect with the panel over the host link: it follows one of them at a time."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PyQt5.QtCore import QObject, pyqtSignal
from secondunit_bridge.errors import SecondUnitError
from secondunit_bridge.messages import Task

from secondunit_plugin.panel.background import Operation
from secondunit_plugin.panel.model.draft import asking
from secondunit_plugin.panel.model.panel import Notice
from secondunit_plugin.panel.model.places import GapPlace, Place, ShotPlace

if TYPE_CHECKING:
    from secondunit_plugin.hosts.host import Host
    from secondunit_plugin.hosts.link import Connection, Links
    from secondunit_plugin.panel.model.panel import PanelModel


class ProgramsModel(QObject):
    """`panel` follows the first that came until it goes, then the next one, and does what its user asks for there."""

    asked = pyqtSignal()
    """Its user wants to see the panel."""
    _came = pyqtSignal(object)
    _told = pyqtSignal(object, str, object)

    def __init__(self, panel: "PanelModel") -> None:
        super().__init__(panel)
        self._panel = panel
        self._links: Links | None = None
        self._connections: list[Connection] = []
        self._came.connect(self._add)
        self._told.connect(self._hear)

    def listen(self) -> None:
        """Where another panel of the unit's home listens already, that one goes on to, and this one says so."""
        work = partial(_listen, self._panel.link.home, self._came.emit)
        Operation(self, work).success(self._keep).failure(self._refuse).run()

    def close(self) -> None:
        if self._links is not None:
            self._links.__exit__(None, None, None)

    def _keep(self, links: "Links") -> None:
        self._links = links

    def _add(self, connection: "Connection") -> None:
        connection.follow(partial(self._told.emit, connection))
        self._connections.append(connection)
        if len(self._connections) == 1:
            self._panel.follow(partial(_host, connection))

    def _hear(self, connection: "Connection", method: str, params: dict[str, Any]) -> None:
        first = connection is self._connections[0]
        if method == "gone":
            self._connections.remove(connection)
            if first and self._connections:
                self._panel.follow(partial(_host, self._connections[0]))
        elif method == "command" and first and isinstance(params.get("name"), str):
            self._do(params["name"])

    def _do(self, name: str) -> None:
        """A command of docs/host-link.md."""
        if self._panel.host is not None:
            self._panel.host.look()
        match name:
            case "extend":
                self._ask(Task.EXTEND, lambda place: isinstance(place, ShotPlace))
            case "generate":
                self._ask(Task.GENERATE, lambda place: isinstance(place, GapPlace))
            case "join":
                self._ask(Task.JOIN, lambda place: not isinstance(place, ShotPlace))
            case "cut in":
                self._panel.cut_in()
            case "undo":
                self._panel.editing.undo()
        self.asked.emit()

    def _ask(self, task: Task, fits: Callable[[Place], bool]) -> None:
        """Begins an order at the place that is selected, else at the next one on its track that fits."""
        panel, opened = self._panel, self._panel.cut.open
        places = opened.version.places if opened is not None else ()
        if panel.place is not None:
            at, track = panel.place.at.frame, panel.place.track
            places = tuple(one for one in places if one.at.frame > at and one.track == track)
        here = panel.place is not None and fits(panel.place)
        found = panel.place if here else next(filter(fits, places), None)
        if found is None:
            panel.noticed.emit(Notice(self.tr("There is no place for that: select another one."), True))
        else:
            panel.select(found)
            panel.draft.ask(asking(task, found))

    def _refuse(self, error: SecondUnitError) -> None:
        self._panel.noticed.emit(Notice(str(error), True))


def _listen(home: Path, came: "Callable[[Connection], None]") -> "Links":
    from secondunit_plugin.hosts.link import Links

    return Links(home, came).__enter__()


def _host(connection: "Connection") -> "Host":
    from secondunit_plugin.hosts.linked import host_of

    return host_of(connection)
