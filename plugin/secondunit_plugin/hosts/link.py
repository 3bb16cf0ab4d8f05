"""The panel's end of the host link, as docs/host-link.md specifies it: hosts connect, the panel asks, hosts tell."""

import hashlib
import hmac
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import anyio
import filelock
import orjson
from anyio.abc import ByteStream, Listener, SocketAttribute
from anyio.from_thread import BlockingPortal, start_blocking_portal
from anyio.streams.buffered import BufferedByteReceiveStream
from secondunit_bridge import __version__, spawn
from secondunit_bridge.errors import CutMoved, HostError, HostUnreachable
from secondunit_bridge.files import write_whole

__all__ = ["LIMIT", "PROTOCOL", "Connection", "Greeting", "Links", "address_file", "websocket_port"]

PROTOCOL = (1, 1)
"""The lowest and the highest version that this end speaks."""
LIMIT = 16 * 1024 * 1024
"""Bytes of one message."""
HOSTS = 16
"""Connections at a time."""
START_SECONDS, END_SECONDS = 10.0, 60.0
"""How long a host may take to begin with what it was asked, and to end it from then on."""
_HELLO_LIMIT = 64 * 1024
_HELLO_SECONDS = 5.0
_SEND_SECONDS = 10.0
_SOCKET_PATH_BYTES = 100  # sun_path holds 108, on macOS 104
_MOVED, _LATE = 2, 4
_PARSE, _INVALID, _TOKEN, _VERSION, _BUSY = -32700, -32600, -32001, -32002, -32003


@dataclass(frozen=True, slots=True)
class Greeting:
    """What a host says of itself; `rest`: what else stands in its `hello`."""

    program: str
    version: str
    process: int
    protocol: int
    rest: dict[str, Any]


Told = Callable[[str, dict[str, Any]], None]
"""A notification's method and its parameters. "gone", with "why", is the last one."""


class Connection:
    """One connected host. All may be called from any thread but the link's own."""

    def __init__(self, portal: BlockingPortal, stream: ByteStream, greeting: Greeting) -> None:
        self.greeting = greeting
        self._portal, self._stream = portal, stream
        self._sending = anyio.Lock()
        self._numbers = count(1)
        self._pending: dict[int, Future[Any]] = {}
        self._followers: list[Told] = []
        self._gone = ""

    def ask(self, method: str, start: float = START_SECONDS, end: float = END_SECONDS, **params: Any) -> Any:
        """The host's answer. One that has not begun after `start` seconds does not begin any more.

        Raises HostUnreachable, HostError with the host's words, and CutMoved.
        """
        named = f"{self.greeting.program} {self.greeting.version}"
        number, answer = next(self._numbers), Future[Any]()
        self._pending[number] = answer
        try:
            if self._gone:
                raise HostUnreachable(f"{named} is not connected any more: {self._gone}")
            line = _line({"jsonrpc": "2.0", "id": number, "method": method, "params": params | {"within": start}})
            if len(line) > LIMIT:
                raise HostError(f"what {named} would have to be told is longer than {LIMIT >> 20} MiB")
            self._portal.start_task_soon(self._send, line)
            return answer.result(start + end)
        except TimeoutError:
            raise HostUnreachable(
                f"{named} has not answered for {start + end:g} s: close its dialogs, or wait until it has rendered"
            ) from None
        finally:
            del self._pending[number]

    def follow(self, told: Told) -> Callable[[], None]:
        """`told` is called on the link's thread until the function that is returned is called; it must not ask."""
        self._followers.append(told)
        return lambda: self._followers.remove(told) if told in self._followers else None

    async def _send(self, line: bytes) -> None:
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
            async with self._sending:
                with anyio.move_on_after(_SEND_SECONDS) as limit:
                    await self._stream.send(line)
                if limit.cancelled_caught:  # half a message: the host cannot find the next one
                    await self._stream.aclose()

    async def serve(self, lines: BufferedByteReceiveStream) -> None:
        """Takes what the host sends until it goes, or sends what is none of the protocol."""
        why = "the panel was closed"
        try:
            while True:
                self._take(_message(await lines.receive_until(b"\n", LIMIT)))
        except _Bad as bad:
            why = f"it sent something that is none of the link's protocol: {bad}"
        except (anyio.IncompleteRead, anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
            why = "it was closed"
        except anyio.DelimiterNotFound:
            why = f"it sent a message of more than {LIMIT >> 20} MiB"
        finally:
            self._gone = why
            for answer in list(self._pending.values()):
                with suppress(InvalidStateError):  # who waited has given up
                    answer.set_exception(HostUnreachable(f"{self.greeting.program} does not answer: {why}"))
            self._tell("gone", {"why": why})

    def _take(self, message: dict[str, Any]) -> None:
        number = message.get("id")
        if number is None:
            method, params = message.get("method"), message.get("params")
            if not isinstance(method, str) or not isinstance(params, dict) or method == "gone":
                raise _Bad(_INVALID, "a notification without method and parameters")
            self._tell(method, params)
            return
        answer = self._pending.get(number) if type(number) is int else None
        if answer is None or answer.done():
            return  # to what nobody waits for any more
        if "result" in message:
            answer.set_result(message["result"])
            return
        match message.get("error"):
            case {"code": int(code), "message": str(text)}:
                kinds = {_MOVED: CutMoved, _LATE: HostUnreachable}
                answer.set_exception(kinds.get(code, HostError)(f"{self.greeting.program}: {text}"))
            case _:
                raise _Bad(_INVALID, "an answer without result, and without an error's code and message")

    def _tell(self, method: str, params: dict[str, Any]) -> None:
        for told in list(self._followers):
            told(method, params)


class Links:
    """Listens for hosts while it is open, as a context; one panel of a home does at a time.

    `came` is called with each host that connects, on a thread of its own, while the connection is served.
    """

    def __init__(self, home: Path, came: Callable[[Connection], None]) -> None:
        self._home, self._came = home, came
        self._token = secrets.token_urlsafe(32)
        self._open = ExitStack()
        self._hosts = 0

    def __enter__(self) -> Self:
        spawn.make_private(self._home)
        with ExitStack() as stack:
            try:
                stack.enter_context(filelock.FileLock(self._home / "link.lock", timeout=0))
            except filelock.Timeout:
                raise HostError(
                    "another panel is connected with the editing programs: close it, or go on with it"
                ) from None
            self._portal = stack.enter_context(start_blocking_portal(name="host link"))
            path = None if sys.platform == "win32" else _socket_path(self._home, stack)
            try:
                listener, target = self._portal.call(_listen, path)
            except OSError as error:
                raise HostError(f"the panel cannot listen at {path or 'a port of 127.0.0.1'}: {error}") from error
            stack.callback(lambda: path.unlink(missing_ok=True) if path is not None else None)
            self._serve(listener, self._handle, stack)
            told = {"target": target, "token": self._token, "process": os.getpid()}
            with suppress(OSError):  # somebody else has the port: a host that needs it finds no address, and says so
                told["websocket"] = self._serve_websockets(stack)
            write_whole(address_file(self._home), orjson.dumps(told), mode=0o600)
            stack.callback(address_file(self._home).unlink, missing_ok=True)
            self._open = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._open.close()

    def _serve(self, listener: Listener[Any], handle: Callable[[Any], Any], stack: ExitStack) -> None:
        self._portal.start_task_soon(listener.serve, handle)
        stack.callback(self._portal.call, listener.aclose)

    def _serve_websockets(self, stack: ExitStack) -> str:
        port = websocket_port(self._home)
        self._serve(self._portal.call(_listen_at, port), self._handle_websocket, stack)
        return f"ws://127.0.0.1:{port}"

    async def _handle_websocket(self, stream: ByteStream) -> None:
        from secondunit_plugin.hosts.websocket import accepted

        async with stream:
            if (lines := await accepted(stream)) is not None:
                await self._handle(lines)

    async def _handle(self, stream: ByteStream) -> None:
        self._hosts += 1
        try:
            async with stream:
                lines = BufferedByteReceiveStream(stream)
                try:
                    number, greeting = await self._greeted(lines)
                except _Bad as bad:
                    refusal = {"jsonrpc": "2.0", "id": bad.number, "error": {"code": bad.code, "message": bad.message}}
                    with anyio.move_on_after(_HELLO_SECONDS):
                        await stream.send(_line(refusal))
                    return
                welcome = {"protocol": greeting.protocol, "secondunit": __version__}
                await stream.send(_line({"jsonrpc": "2.0", "id": number, "result": welcome}))
                connection = Connection(self._portal, stream, greeting)
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(anyio.to_thread.run_sync, self._came, connection)
                    await connection.serve(lines)
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            pass  # it went while it was greeted
        finally:
            self._hosts -= 1

    async def _greeted(self, lines: BufferedByteReceiveStream) -> tuple[int, Greeting]:
        """Raises _Bad with what the other end is told."""
        try:
            with anyio.fail_after(_HELLO_SECONDS):
                hello = _message(await lines.receive_until(b"\n", _HELLO_LIMIT))
        except (TimeoutError, anyio.IncompleteRead, anyio.EndOfStream, anyio.DelimiterNotFound):
            raise _Bad(_INVALID, "the first message has to be hello") from None
        number, params = hello.get("id"), hello.get("params")
        if hello.get("method") != "hello" or type(number) is not int or not isinstance(params, dict):
            raise _Bad(_INVALID, "the first message has to be hello")
        token = params.get("token")
        if not isinstance(token, str) or not hmac.compare_digest(token.encode(), self._token.encode()):
            raise _Bad(_TOKEN, "the token is missing or wrong: connect as the user who runs the panel", number)
        if self._hosts > HOSTS:
            raise _Bad(_BUSY, f"{HOSTS} programs are connected with this panel already: close one", number)
        spoken = params.get("protocol")
        if not isinstance(spoken, list) or len(spoken) != 2 or any(type(one) is not int for one in spoken):
            raise _Bad(_INVALID, "hello has to say which versions of the protocol are spoken", number)
        version = min(PROTOCOL[1], spoken[1])
        if version < max(PROTOCOL[0], spoken[0]):
            older = "secondunit" if PROTOCOL[1] < spoken[0] else "what it put into this program: `secondunit install`"
            raise _Bad(
                _VERSION,
                f"the panel speaks versions {PROTOCOL[0]} to {PROTOCOL[1]} of the link, this program {spoken[0]} to "
                f"{spoken[1]}: upgrade {older}",
                number,
            )
        program, program_version, process = (params.get(key) for key in ("program", "version", "process"))
        if not isinstance(program, str) or not isinstance(program_version, str) or type(process) is not int:
            raise _Bad(_INVALID, "hello has to name the program, its version and its process", number)
        rest = {key: params[key] for key in params.keys() - {"token", "protocol", "program", "version", "process"}}
        return number, Greeting(program, program_version, process, version, rest)


class _Bad(Exception):
    def __init__(self, code: int, message: str, number: int | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.number = code, message, number


def _message(line: bytes) -> dict[str, Any]:
    try:
        message = orjson.loads(line)
    except orjson.JSONDecodeError:
        raise _Bad(_PARSE, "that is no JSON") from None
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
        raise _Bad(_INVALID, "that is no message of JSON-RPC 2.0")
    return message


def _line(message: dict[str, Any]) -> bytes:
    return orjson.dumps(message) + b"\n"


def address_file(home: Path) -> Path:
    """Where a host finds the panel: its target, and the token that `hello` has to name."""
    return home / "link.json"


def websocket_port(home: Path) -> int:
    """The port of 127.0.0.1 for hosts that have WebSockets alone: the home's own, since such hosts allow one by number.

    Below those that systems give to whoever asks for any: 32768 and above on Linux, 49152 on macOS and Windows.
    """
    return 20000 + int.from_bytes(hashlib.sha256(os.fsencode(home.absolute())).digest()[:4], "big") % 10000


async def _listen_at(port: int) -> Listener[Any]:
    return await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=port)


async def _listen(path: Path | None) -> tuple[Any, str]:
    if path is not None:
        return await anyio.create_unix_listener(path, mode=0o600), f"unix:{path}"
    listener = await _listen_at(0)
    return listener, f"127.0.0.1:{listener.extra(SocketAttribute.local_port)}"


def _socket_path(home: Path, stack: ExitStack) -> Path:
    """In the home; where the system could not take so long a path, in a private folder of its own."""
    path = home / "link.sock"
    if len(os.fsencode(path)) > _SOCKET_PATH_BYTES:
        folder = tempfile.mkdtemp(prefix="secondunit-")
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        path = Path(folder) / "link.sock"
    path.unlink(missing_ok=True)
    return path
