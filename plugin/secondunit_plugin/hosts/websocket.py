"""A WebSocket as the stream of lines that the link reads, for hosts that have no other socket."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import anyio
from anyio.abc import ByteStream
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Ping,
    RejectConnection,
    Request,
    TextMessage,
)
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

HANDSHAKE_SECONDS = 5.0
_OF_PAGES = ("http:", "https:", "null")
"""Beginnings of the Origins of pages in a browser, which names one with each connection, and no page can name another:
https://www.rfc-editor.org/rfc/rfc6455#section-10.2; "null" is that of a page in a sandboxed frame."""


async def accepted(stream: ByteStream) -> "LinesOverWebSocket | None":
    """None where the other end is a page in a browser, or does not speak WebSocket; `stream` has to be closed then."""
    connection = WSConnection(ConnectionType.SERVER)
    try:
        with anyio.fail_after(HANDSHAKE_SECONDS):
            while True:
                connection.receive_data(await stream.receive())
                for event in connection.events():
                    if not isinstance(event, Request):
                        continue
                    origin = dict(event.extra_headers).get(b"origin", b"").decode("latin-1").lower()
                    if origin.startswith(_OF_PAGES):
                        await stream.send(connection.send(RejectConnection(status_code=403)))
                        return None
                    await stream.send(connection.send(AcceptConnection()))
                    return LinesOverWebSocket(stream, connection)
    except (RemoteProtocolError, TimeoutError, anyio.EndOfStream, anyio.BrokenResourceError):
        return None


class LinesOverWebSocket(ByteStream):
    """Each text message is a line. Parts of long ones are given as they arrive, so that who reads can limit them."""

    def __init__(self, stream: ByteStream, connection: WSConnection) -> None:
        self._stream, self._connection = stream, connection
        self._closed = False

    async def receive(self, max_bytes: int = 65536) -> bytes:
        """Raises EndOfStream where the other end closes, or sends what is no text without a line feed."""
        while True:
            for event in self._connection.events():
                if isinstance(event, TextMessage) and "\n" not in event.data:
                    if line := event.data.encode() + (b"\n" if event.message_finished else b""):
                        return line
                elif isinstance(event, Ping):
                    await self._stream.send(self._connection.send(event.response()))
                elif isinstance(event, (TextMessage, BytesMessage, CloseConnection)):
                    raise anyio.EndOfStream
            try:
                self._connection.receive_data(await self._stream.receive(max_bytes))
            except RemoteProtocolError:
                raise anyio.EndOfStream from None

    async def send(self, item: bytes) -> None:
        try:
            data = self._connection.send(TextMessage(item.removesuffix(b"\n").decode()))
        except LocalProtocolError:
            raise anyio.ClosedResourceError from None
        await self._stream.send(data)

    async def send_eof(self) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        if not self._closed:
            self._closed = True
            gone = (anyio.BrokenResourceError, anyio.ClosedResourceError, LocalProtocolError)
            with anyio.move_on_after(1, shield=True), suppress(*gone):
                await self._stream.send(self._connection.send(CloseConnection(1000)))
        await self._stream.aclose()

    @property
    def extra_attributes(self) -> Mapping[Any, Callable[[], Any]]:
        return self._stream.extra_attributes
