"""A window of a running Kdenlive, over D-Bus.

The interfaces are those of KDE's KMainWindow and of Qt's widgets, and Kdenlive's own for media. A call that opens a
dialog is not answered before somebody closes the dialog; all others are, also while one is open.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

import psutil
from jeepney import DBusAddress, DBusErrorResponse, Message, MessageFlag, Properties, new_method_call
from jeepney.io.blocking import open_dbus_connection
from jeepney.wrappers import unwrap_msg
from secondunit_bridge.errors import HostUnreachable

_SERVICE = re.compile(r"org\.kde\.kdenlive-(\d+)")
_BUS = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")
_PATH = "/kdenlive/MainWindow_1"
_WIDGET, _ACTIONS, _OWN = "org.qtproject.Qt.QWidget", "org.kde.KMainWindow", "org.kde.kdenlive.MainWindow"
_SECONDS = 15.0


def open_windows() -> "list[Window]":
    """One of every Kdenlive in this session; they share a connection. Raises HostUnreachable without a session bus."""
    bus = _Bus()
    names = bus.call(new_method_call(_BUS, "ListNames"))[0]
    return [Window(bus, name, int(match[1])) for name in names if (match := _SERVICE.fullmatch(name)) is not None]


class _Bus:
    def __init__(self) -> None:
        try:
            self._connection = open_dbus_connection("SESSION")
        except (OSError, KeyError, ValueError) as error:
            raise HostUnreachable(
                f"there is no session bus (D-Bus), over which Kdenlive is told things: {error}. Start both in one "
                "desktop session"
            ) from None

    def call(self, message: Message, seconds: float = _SECONDS) -> tuple[Any, ...]:
        try:
            answer: tuple[Any, ...] = unwrap_msg(self._connection.send_and_get_reply(message, timeout=seconds))
        except TimeoutError:
            raise HostUnreachable(
                f"Kdenlive has not answered for {seconds:g} seconds: answer the dialog that it shows, then try again"
            ) from None
        except (OSError, DBusErrorResponse) as error:
            raise HostUnreachable(f"Kdenlive does not answer ({error}): is it still running?") from None
        return answer

    def send(self, message: Message) -> None:
        message.header.flags = MessageFlag.no_reply_expected
        self._connection.send(message)

    def close(self) -> None:
        self._connection.close()


class Window:
    """Methods raise HostUnreachable where Kdenlive does not answer in time."""

    def __init__(self, bus: _Bus, name: str, pid: int) -> None:
        self._bus, self._name, self._pid = bus, name, pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._bus.close()

    def _at(self, interface: str) -> DBusAddress:
        return DBusAddress(_PATH, self._name, interface)

    def _widget(self, name: str) -> Any:
        return self._bus.call(Properties(self._at(_WIDGET)).get(name))[0][1]

    def has_open(self, project: Path) -> bool:
        """Whether the open project has that name: Kdenlive tells no more, and nothing of one that was never saved.

        False while Kdenlive starts: 26 has the title before the project is open, and ends when it is saved then. With
        several sequences the title begins with the one in front (`KdenliveDoc::description`).
        """
        title, saved, _ = str(self._widget("windowTitle")).partition("[*]")
        name = title.rstrip(" /").removesuffix(".kdenlive")
        named = name == project.stem or name.endswith(f":{project.stem}")
        return bool(saved) and named and bool(self._widget("visible"))

    @property
    def modified(self) -> bool:
        """Whether there are changes that are not saved."""
        return bool(self._widget("windowModified"))

    @property
    def version(self) -> str:
        address = DBusAddress("/MainApplication", self._name, "org.qtproject.Qt.QCoreApplication")
        return str(self._bus.call(Properties(address).get("applicationVersion"))[0][1])

    def started_with(self) -> Path | None:
        """The project that it was started with, which need not be the one that is open."""
        try:
            process = psutil.Process(self._pid)
            files = [word for word in process.cmdline()[1:] if word.endswith(".kdenlive")]
            return (Path(process.cwd()) / files[-1]).resolve() if files else None
        except psutil.Error:
            return None

    def do(self, action: str, seconds: float = _SECONDS) -> None:
        """Carries out an entry of Kdenlive's menus, by its internal name."""
        self._bus.call(new_method_call(self._at(_ACTIONS), "activateAction", "s", (action,)), seconds)

    def save(self) -> None:
        """Where nothing is to be saved, too; Kdenlive 26 has the entry of its menu switched off then."""
        self._bus.call(new_method_call(self._at(_ACTIONS), "enableAction", "s", ("file_save",)))
        self.do("file_save")

    def do_all(self, actions: Iterable[str]) -> None:
        """In order, without waiting for each; what opens a dialog is no such action."""
        for action in actions:
            self._bus.send(new_method_call(self._at(_ACTIONS), "activateAction", "s", (action,)))
        _ = self.modified  # is answered when all are done

    def add_media(self, path: str, folder: str) -> None:
        """`folder`: the number of one of the bin's folders, "-1" for the bin itself. Nothing tells when it is there."""
        self._bus.call(new_method_call(self._at(_OWN), "addProjectClip", "ss", (path, folder)))
