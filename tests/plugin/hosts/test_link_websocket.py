"""The host link over WebSockets: the same messages under the same rules, and no page in a browser reaches it."""

import base64
import json
import os
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from secondunit_bridge.errors import HostError
from secondunit_plugin.hosts.link import LIMIT, Links, address_file, websocket_port
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Message, Ping, Pong, Request, TextMessage

from tests.plugin.hosts.test_link import Panel, hello, wait_for


@pytest.fixture
def panel(tmp_path: Path) -> Iterator[Panel]:
    panel = Panel(tmp_path / "home")
    with panel.links:
        yield panel


class Client:
    """A host's end, by the protocol's other side of the same library."""

    def __init__(self, made: socket.socket) -> None:
        self.socket = made
        self._connection = WSConnection(ConnectionType.CLIENT)
        self._waiting: list[Any] = []

    def send(self, event: Any) -> None:
        self.socket.sendall(self._connection.send(event))

    def event(self) -> Any:
        """None where the panel closed."""
        while not self._waiting:
            data = self.socket.recv(65536)
            self._connection.receive_data(data or None)
            self._waiting += self._connection.events()
            if not data and not self._waiting:
                return None
        return self._waiting.pop(0)

    def message(self) -> Any:
        text = ""
        while isinstance(event := self.event(), Message):
            text += event.data
            if event.message_finished:
                return json.loads(text)
        return event


@contextmanager
def client(panel: Panel, *headers: tuple[bytes, bytes]) -> Iterator[Client]:
    port = int(json.loads(address_file(panel.home).read_bytes())["websocket"].rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as made:
        client = Client(made)
        client.send(Request(f"127.0.0.1:{port}", "/", extra_headers=list(headers)))
        yield client


def greeting(panel: Panel, **changed: Any) -> TextMessage:
    return TextMessage(hello(panel, **changed).decode().strip())


def test_a_host_is_greeted_asked_and_heard(panel: Panel) -> None:
    heard: list[str] = []
    with client(panel) as host:
        assert isinstance(host.event(), AcceptConnection)
        host.send(greeting(panel, program="Premiere Pro"))
        assert host.message()["result"]["protocol"] == 1
        premiere = panel.host()
        assert premiere.greeting.program == "Premiere Pro"
        premiere.follow(lambda method, _: heard.append(method))
        # Two messages and the beginning of one in a packet, the rest behind it.
        first, second = (
            json.dumps({"jsonrpc": "2.0", "method": name, "params": {}}) for name in ("changed", "x" * 999)
        )
        host.send(TextMessage(first))
        host.send(TextMessage(second[:300], message_finished=False))
        host.send(Ping(b"?"))
        assert host.event() == Pong(b"?")
        host.send(TextMessage(second[300:]))
        wait_for(lambda: len(heard) == 2)
    wait_for(lambda: heard == ["changed", "x" * 999, "gone"])


def test_long_messages_pass_both_ways(panel: Panel) -> None:
    with client(panel) as host:
        host.event()
        host.send(greeting(panel))
        host.message()
        with ThreadPoolExecutor(1) as asking:
            answer = asking.submit(panel.host().ask, "size", text="a" * (LIMIT - 1000))
            asked = host.message()
            host.send(TextMessage(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": asked["params"]["text"]})))
            assert answer.result(20) == "a" * (LIMIT - 1000)


@pytest.mark.parametrize("origin", [b"https://example.com", b"http://127.0.0.1:8000", b"HTTP://localhost", b"null"])
def test_a_page_in_a_browser_is_refused_whatever_it_knows(panel: Panel, origin: bytes) -> None:
    with client(panel, (b"Origin", origin)) as host:
        assert not isinstance(host.event(), AcceptConnection)
    assert not panel.came


def test_a_wrong_token_is_told_and_the_connection_closed(panel: Panel) -> None:
    with client(panel) as host:
        host.event()
        host.send(greeting(panel, token="wrong"))
        assert host.message()["error"]["code"] == -32001
        assert isinstance(host.event(), CloseConnection)
    assert not panel.came


@pytest.mark.parametrize(
    "sent",
    [
        [BytesMessage(b"{}")],
        [TextMessage("{}\n{}")],
        [TextMessage("a" * 70000)],
        [TextMessage("a" * 40000, message_finished=False), TextMessage("a" * 40000, message_finished=False)],
    ],
    ids=["binary", "two lines", "too long", "too long in parts"],
)
def test_what_is_no_greeting_ends_the_connection(panel: Panel, sent: list[Any]) -> None:
    with client(panel) as host:
        host.event()
        for one in sent:
            host.send(one)
        while (event := host.event()) is not None and not isinstance(event, CloseConnection):
            assert "result" not in event.data
    assert not panel.came


@pytest.mark.parametrize(
    "sent", [b"", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", os.urandom(4000), b"GET /" + b"a" * 100000]
)
def test_who_speaks_no_websocket_is_closed(panel: Panel, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", websocket_port(panel.home)), timeout=10) as made:
        answer = b""
        try:
            made.sendall(sent)
            while chunk := made.recv(65536):
                answer += chunk
        except ConnectionError:
            pass
        assert b" 101 " not in answer


def test_a_frame_without_a_mask_ends_the_connection(panel: Panel) -> None:
    """https://www.rfc-editor.org/rfc/rfc6455#section-5.1"""
    with socket.create_connection(("127.0.0.1", websocket_port(panel.home)), timeout=10) as made:
        key = base64.b64encode(os.urandom(16)).decode()
        made.sendall(
            f"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        made.recv(65536)
        made.sendall(b"\x81\x02{}")
        while made.recv(65536):
            pass
    assert not panel.came


def test_the_port_stays_and_one_that_is_taken_leaves_the_link_as_it_is(tmp_path: Path) -> None:
    home = tmp_path / "home"
    port = websocket_port(home)
    assert port != websocket_port(tmp_path / "other")
    for _ in range(2):
        panel = Panel(home)
        with panel.links, client(panel) as host:
            assert isinstance(host.event(), AcceptConnection)
        assert websocket_port(home) == port
    with socket.create_server(("127.0.0.1", port)), Links(home, lambda _: None):
        assert "websocket" not in json.loads(address_file(home).read_bytes())
    with pytest.raises(HostError), Panel(home).links, Panel(home).links:
        pass
