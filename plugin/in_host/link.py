"""A host's end of the link to the panel, as docs/host-link.md specifies it. Python 3.7 and its library alone."""

import contextlib
import json
import os
import queue
import socket
import threading
import time
from pathlib import Path

PROTOCOL = (1, 1)
"""The lowest and the highest version that this end speaks."""
LIMIT = 16 * 1024 * 1024
"""Bytes of one message."""
_RETRY_SECONDS = 1.0
_HELLO_SECONDS = 5.0
_WAITING = 64
"""Requests that wait for the main thread; a panel that asks more is not ours."""

REFUSED, MOVED, FAILED, LATE = 1, 2, 3, 4
_INVALID, _NO_METHOD = -32600, -32601


class Refused(Exception):
    """What a handler raises for a person to read; `code` is REFUSED, or MOVED where the sequence is another."""

    def __init__(self, message, code=REFUSED):
        super().__init__(message)
        self.code = code


class Link:
    """Finds the panel, connects and connects again until `close`; all that on threads of its own.

    `handlers`: functions by method, called with the request's parameters by `pump` alone, on the thread that calls it.
    `about`: what `hello` says of the host, JSON. `home` is the unit's.
    """

    def __init__(self, home, about, handlers):
        self._address_file = Path(home) / "link.json"
        self._about, self._handlers = about, handlers
        self._asked = queue.SimpleQueue()
        self._connection = None
        self._closing = threading.Event()
        self.problem = "no panel is open"
        """Why there is no connection, for a person; empty while there is one."""
        self._thread = threading.Thread(target=self._keep_connected, name="secondunit link", daemon=True)

    def start(self):
        self._thread.start()

    def close(self):
        self._closing.set()
        if self._connection is not None:
            self._connection.close()
        if self._thread.is_alive():
            self._thread.join(2)

    @property
    def connected(self):
        return self._connection is not None

    def tell(self, method, **params):
        """A notification; without a panel it is dropped."""
        connection = self._connection
        if connection is not None:
            connection.send({"jsonrpc": "2.0", "method": method, "params": params})

    def pump(self, seconds=0.02):
        """Answers what was asked, until nothing waits or `seconds` have passed; whether anything was."""
        end, any_was = time.monotonic() + seconds, False
        while True:
            try:
                connection, request, deadline = self._asked.get_nowait()
            except queue.Empty:
                return any_was
            connection.waiting -= 1
            if connection is self._connection:
                connection.send(self._answered(request, deadline))
                any_was = True
            if time.monotonic() > end:
                return any_was

    def _answered(self, request, deadline):
        handler = self._handlers.get(request["method"])
        try:
            if handler is None:
                raise Refused("this host has no method " + request["method"], _NO_METHOD)
            if time.monotonic() > deadline:
                raise Refused("the host was busy until it was too late", LATE)
            return {"jsonrpc": "2.0", "id": request["id"], "result": handler(request["params"])}
        except Refused as error:
            code, message = error.code, str(error)
        except Exception as error:  # noqa: BLE001 - the edge of the process: a defect is told, and ends no host
            code, message = FAILED, f"{type(error).__name__}: {error}"
        return {"jsonrpc": "2.0", "id": request["id"], "error": {"code": code, "message": message}}

    def _keep_connected(self):
        while not self._closing.is_set():
            try:
                self._run(_Connection(self._address_file, self._about))
            except (OSError, ValueError) as error:
                self.problem = str(error) or "the panel does not answer"
            self._connection = None
            self._closing.wait(_RETRY_SECONDS)

    def _run(self, connection):
        try:
            self._connection, self.problem = connection, ""
            if self._closing.is_set():
                return
            for request in connection.received():
                if not _is_request(request):
                    raise ValueError("the panel sent something that is no request")
                connection.waiting += 1
                if connection.waiting > _WAITING:
                    raise ValueError("the panel asks more than it waits for")
                within = time.monotonic() + request["params"].pop("within", 3600.0)
                self._asked.put((connection, request, within))
            self.problem = "the panel was closed"
        finally:
            self._connection = None
            connection.close()


def _is_request(message):
    return (
        isinstance(message, dict)
        and type(message.get("id")) is int
        and isinstance(message.get("method"), str)
        and isinstance(message.get("params"), dict)
        and type(message["params"].get("within", 0.0)) in (int, float)
    )


class _Connection:
    """Raises OSError or ValueError, with a message for a person, where the panel is not there or refuses."""

    def __init__(self, address_file, about):
        self.waiting = 0
        try:
            address = json.loads(address_file.read_bytes())
            target, token = str(address["target"]), str(address["token"])
        except (OSError, ValueError, TypeError, KeyError):
            raise ValueError("no panel is open") from None
        self._socket = _connected(target)
        self._received = bytearray()
        try:
            self._socket.settimeout(_HELLO_SECONDS)
            hello = {"token": token, "protocol": list(PROTOCOL), "process": os.getpid(), **about}
            self._socket.sendall(_line({"jsonrpc": "2.0", "id": 0, "method": "hello", "params": hello}))
            answer = next(self.received(), None)
            if not isinstance(answer, dict) or not isinstance(answer.get("result"), dict):
                told = answer.get("error") if isinstance(answer, dict) else None
                raise ValueError(told["message"] if isinstance(told, dict) else "the panel does not answer")
            self._socket.settimeout(None)
        except BaseException:
            self._socket.close()
            raise
        self._outgoing = queue.SimpleQueue()
        threading.Thread(target=self._write, name="secondunit link, writing", daemon=True).start()

    def received(self):
        """Messages until the panel closes."""
        searched = 0
        while True:
            end = self._received.find(b"\n", searched)
            if end >= 0:
                line, self._received, searched = bytes(self._received[:end]), self._received[end + 1 :], 0
                yield json.loads(line, parse_constant=_no_constant)
                continue
            searched = len(self._received)
            if searched > LIMIT:
                raise ValueError("the panel sent a message of more than 16 MiB")
            chunk = self._socket.recv(1 << 18)
            if not chunk:
                return
            self._received += chunk

    def send(self, message):
        line = _line(message)
        if len(line) > LIMIT:
            if "method" in message:
                return
            error = {"code": FAILED, "message": "the answer is longer than 16 MiB"}
            line = _line({"jsonrpc": "2.0", "id": message["id"], "error": error})
        self._outgoing.put(line)

    def close(self):
        self._outgoing.put(None)
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _write(self):
        for line in iter(self._outgoing.get, None):
            try:
                self._socket.sendall(line)
            except OSError:
                return


def _connected(target):
    if target.startswith("unix:"):
        made, address = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM), target[len("unix:") :]
    else:
        host, _, port = target.rpartition(":")
        made, address = socket.socket(socket.AF_INET, socket.SOCK_STREAM), (host, int(port))
        if host != "127.0.0.1":
            raise ValueError("the panel's address is not on this machine")
    try:
        made.settimeout(_HELLO_SECONDS)
        made.connect(address)
    except OSError:
        made.close()
        raise ValueError("no panel is open") from None
    return made


def _line(message):
    return json.dumps(message, allow_nan=False).encode() + b"\n"


def _no_constant(name):
    raise ValueError(f"the panel sent {name}, which is no JSON")
