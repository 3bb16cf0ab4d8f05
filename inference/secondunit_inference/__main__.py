"""The unit's process: `python -m secondunit_inference`. Of two at one home, the second ends at once."""

import argparse
import json
import logging
import os
import secrets
import shutil
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from socket import socketpair

import filelock
import psutil
from secondunit_bridge import spawn
from secondunit_bridge.errors import SecondUnitError
from secondunit_bridge.server import serve, unix_path

from secondunit_inference.engines.diffusion.machine import device_name
from secondunit_inference.orders import Orders
from secondunit_inference.service import Service
from secondunit_inference.workers import Device

log = logging.getLogger(__name__)

ENGINES = {"draft": "secondunit_inference.engines.draft", "diffusion": "secondunit_inference.engines.diffusion"}
DEVICE = "cpu"
_TOKEN_BYTES = 32
_SOCKET_PATH_BYTES = 100
"""The kernel takes 107 on Linux and 103 on macOS."""
_GRACE_SECONDS = 1.0
_STOP_SECONDS = 10.0


def main() -> int:
    arguments = _parser().parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    home: Path = (arguments.home or spawn.home()).absolute()
    try:
        spawn.make_private(home)
        # one that is stopping no longer has an address, but still holds the lock
        wait = 0.0 if spawn.find(home) else _STOP_SECONDS
        with filelock.FileLock(home / spawn.LOCK, timeout=wait):
            run(home, ENGINES | dict(arguments.engine), tcp=arguments.tcp or sys.platform == "win32")
    except filelock.Timeout:
        log.error("a unit runs at %s already", home)
        return 4
    except SecondUnitError as error:
        log.error("%s", error)
        return 4
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="secondunit_inference", description="Runs the unit until it is told to stop.")
    parser.add_argument(
        "--home", type=Path, help="its private folder; else SECONDUNIT_HOME, else the user's data folder"
    )
    parser.add_argument("--tcp", action="store_true", help="listen on a port of 127.0.0.1, not on a unix socket")
    parser.add_argument(
        "--engine", type=_engine, action="append", default=[], metavar="NAME=PACKAGE", help="one more engine"
    )
    return parser


def _engine(text: str) -> tuple[str, str]:
    name, _, package = text.partition("=")
    return name, package


def run(home: Path, engines: dict[str, str], tcp: bool) -> None:
    """Serves until a signal or a client ends it. Raises UnitUnreachable where it cannot listen."""
    # a handler that takes a lock could wait for the thread that it interrupts: the signal's number is sent instead
    stopped, stop = socketpair()
    stop.setblocking(False)
    signal.set_wakeup_fd(stop.fileno())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)

    def end() -> None:
        stop.send(b"\0")

    _remove_stale_address(home)
    logs = home / "logs"
    logs.mkdir(exist_ok=True)
    orders = Orders(home / "orders.sqlite")
    device = Device(DEVICE, orders, engines, spawn.models_folder(home), logs)
    orders.on_change = device.wake
    service = Service(orders, engines, (device_name(),), home, end, lambda: device.loaded)
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    socket = None if tcp else _socket_path(home)
    server, target = serve(service, token, socket)
    with ExitStack() as ending:  # whatever fails: threads that go on would keep the process
        if socket is not None:
            ending.callback(_remove_socket, home, socket)
        ending.callback(orders.close)
        ending.callback(device.stop)
        ending.callback(lambda: server.stop(_GRACE_SECONDS).wait())
        device.start()
        spawn.forget_stop(home)
        _write_address(home, target, token)
        log.info("the unit runs at %s", target)
        received = stopped.recv(1)[0]
        log.info("the unit stops")
        spawn.note_stop(home, signal.Signals(received).name if received else "a connected program")
        spawn.address_file(home).unlink(missing_ok=True)


def _socket_path(home: Path) -> Path:
    """In the home; where the system could not take so long a path, in a private folder of its own."""
    path = home / "unit.sock"
    if len(os.fsencode(path)) <= _SOCKET_PATH_BYTES:
        return path
    return Path(tempfile.mkdtemp(prefix="secondunit-")) / "unit.sock"


def _remove_socket(home: Path, socket: Path) -> None:
    socket.unlink(missing_ok=True)
    if socket.parent != home and socket.parent.name.startswith("secondunit-"):
        shutil.rmtree(socket.parent, ignore_errors=True)


def _remove_stale_address(home: Path) -> None:
    """What a unit left that was killed."""
    try:
        target = json.loads(spawn.address_file(home).read_text())["target"]
    except (OSError, ValueError, KeyError):
        return
    if socket := unix_path(target):
        _remove_socket(home, socket)
    spawn.address_file(home).unlink(missing_ok=True)


def _write_address(home: Path, target: str, token: str) -> None:
    process = psutil.Process()
    address = {"target": target, "token": token, "pid": process.pid, "created": process.create_time()}
    temporary = home / "unit.json.part"
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(address, file)
    temporary.replace(spawn.address_file(home))


if __name__ == "__main__":
    sys.exit(main())
