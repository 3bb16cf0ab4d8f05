"""The host link between its two real ends, and what each makes of bytes that are none of the protocol."""

import importlib.util
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from secondunit_bridge.errors import CutMoved, HostError, HostUnreachable
from secondunit_plugin.hosts.link import LIMIT, Connection, Links, address_file
from secondunit_plugin.hosts.linked import LinkedHost
from secondunit_plugin.hosts.strips import identified

from tests.timeline.cuts import clip, cut_of

IN_HOST = Path(__file__).parents[3] / "plugin" / "in_host"
_spec = importlib.util.spec_from_file_location("in_host_link", IN_HOST / "link.py")
assert _spec is not None and _spec.loader is not None
in_host = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(in_host)

ABOUT = {"program": "Blender", "version": "4.5.4", "limits": ["no ramps"]}


class Panel:
    def __init__(self, home: Path) -> None:
        self.home = home
        self.came: list[Connection] = []
        self.links = Links(home, self.came.append)

    def host(self) -> Connection:
        wait_for(lambda: bool(self.came))
        return self.came[-1]


def wait_for(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.005)


@pytest.fixture
def panel(tmp_path: Path) -> Iterator[Panel]:
    panel = Panel(tmp_path / "home")
    with panel.links:
        yield panel


@contextmanager
def host(home: Path, pumping: bool = True, **handlers: Callable[[dict[str, Any]], Any]) -> Iterator[Any]:
    """The client as a host runs it, its main thread a thread of the test's."""
    link = in_host.Link(home, ABOUT, handlers)
    link.start()
    ended = threading.Event()

    def pump() -> None:
        while not ended.wait(0.002):
            link.pump()

    main = threading.Thread(target=pump)
    if pumping:
        main.start()
    try:
        yield link
    finally:
        ended.set()
        if pumping:
            main.join()
        link.close()


def test_the_address_is_the_users_alone(panel: Panel) -> None:
    target = json.loads(address_file(panel.home).read_bytes())["target"]
    paths = (panel.home, address_file(panel.home), Path(target.removeprefix("unix:")))
    assert [path.stat().st_mode & 0o777 for path in paths] == [0o700, 0o600, 0o600]


def test_questions_are_answered_and_errors_are_told(panel: Panel) -> None:
    def refuse(params: dict[str, Any]) -> None:
        raise in_host.Refused("a render runs", params["code"])

    with host(panel.home, echo=lambda params: params, refuse=refuse, fail=lambda _: 1 / 0):
        blender = panel.host()
        assert (blender.greeting.program, blender.greeting.version) == ("Blender", "4.5.4")
        assert blender.greeting.rest["limits"] == ["no ramps"]
        assert blender.ask("echo", text="é 24000/1001") == {"text": "é 24000/1001"}
        with pytest.raises(HostError, match="Blender: a render runs"):
            blender.ask("refuse", code=in_host.REFUSED)
        with pytest.raises(CutMoved):
            blender.ask("refuse", code=in_host.MOVED)
        with pytest.raises(HostError, match="ZeroDivisionError"):
            blender.ask("fail")
        with pytest.raises(HostError, match="no method shout"):
            blender.ask("shout")


def test_handlers_run_on_the_thread_that_pumps(panel: Panel) -> None:
    with host(panel.home, pumping=False, who=lambda _: threading.current_thread().name) as link:
        blender, answers = panel.host(), list[str]()
        asking = threading.Thread(target=lambda: answers.append(blender.ask("who")))
        asking.start()
        wait_for(link.pump)
        asking.join()
    assert answers == [threading.current_thread().name]


def test_long_messages_pass_and_longer_ones_are_refused_without_an_end_of_the_link(panel: Panel) -> None:
    with host(panel.home, size=lambda params: len(params["text"]), text=lambda params: "a" * params["size"]):
        blender = panel.host()
        assert blender.ask("size", text="a" * (LIMIT - 1000)) == LIMIT - 1000
        with pytest.raises(HostError, match="longer than 16 MiB"):
            blender.ask("size", text="a" * LIMIT)
        with pytest.raises(HostError, match="longer than 16 MiB"):
            blender.ask("text", size=LIMIT)
        assert blender.ask("size", text="a") == 1


def test_a_request_that_was_given_up_is_not_begun(panel: Panel) -> None:
    done: list[int] = []
    with host(panel.home, pumping=False, do=lambda params: done.append(params["number"])) as link:
        blender = panel.host()
        with pytest.raises(HostUnreachable, match="has not answered"):
            blender.ask("do", start=0.05, end=0.05, number=1)
        wait_for(link.pump)
    assert done == []


def test_what_a_host_tells_is_heard_until_it_goes(panel: Panel) -> None:
    heard: list[tuple[str, dict[str, Any]]] = []
    with host(panel.home) as link:
        panel.host().follow(lambda method, params: heard.append((method, params)))
        wait_for(lambda: link.connected)  # what is told before the host has read the panel's answer is dropped
        link.tell("attention", selected=["a"], playhead=3)
        wait_for(lambda: len(heard) == 1)
    wait_for(lambda: len(heard) == 2)
    assert heard == [("attention", {"selected": ["a"], "playhead": 3}), ("gone", {"why": "it was closed"})]
    with pytest.raises(HostUnreachable, match="not connected any more"):
        panel.host().ask("echo")


def test_who_waits_is_told_that_the_host_went(panel: Panel) -> None:
    failed: list[HostUnreachable] = []
    with host(panel.home, pumping=False):
        blender = panel.host()

        def ask() -> None:
            try:
                blender.ask("echo")
            except HostUnreachable as error:
                failed.append(error)

        asking = threading.Thread(target=ask)
        asking.start()
        time.sleep(0.05)
    asking.join(5)
    assert "it was closed" in str(failed[0])


def test_a_host_finds_the_next_panel(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with Panel(home).links, host(home) as link:
        wait_for(lambda: link.connected)
        panel = Panel(home)
    with panel.links, host(home, echo=lambda params: params) as link:
        assert panel.host().ask("echo") == {}
    wait_for(lambda: not link.connected)


def test_a_second_panel_is_refused(panel: Panel) -> None:
    with pytest.raises(HostError, match="another panel"), Panel(panel.home).links:
        pass
    with host(panel.home, echo=lambda params: params):
        assert panel.host().ask("echo") == {}


def raw(panel: Panel, sent: bytes) -> bytes:
    """What is answered until the panel closes."""
    target = json.loads(address_file(panel.home).read_bytes())["target"]
    with socket.socket(socket.AF_UNIX) as made:
        made.settimeout(10)
        made.connect(target.removeprefix("unix:"))
        made.sendall(sent)
        answer = b""
        while chunk := made.recv(65536):
            answer += chunk
        return answer


def hello(panel: Panel, **changed: Any) -> bytes:
    token = json.loads(address_file(panel.home).read_bytes())["token"]
    params = {"token": token, "protocol": [1, 1], "process": 1, "program": "X", "version": "1"} | changed
    return json.dumps({"jsonrpc": "2.0", "id": 0, "method": "hello", "params": params}).encode() + b"\n"


@pytest.mark.parametrize(
    ("changed", "code", "words"),
    [
        ({"token": "wrong"}, -32001, "token"),
        ({"token": None}, -32001, "token"),
        ({"protocol": [2, 3]}, -32002, "upgrade secondunit"),
        ({"protocol": [0, 0]}, -32002, "secondunit install"),
        ({"protocol": "1"}, -32600, "versions"),
        ({"process": "1"}, -32600, "process"),
    ],
)
def test_a_wrong_greeting_is_refused(panel: Panel, changed: dict[str, Any], code: int, words: str) -> None:
    error = json.loads(raw(panel, hello(panel, **changed)))["error"]
    assert error["code"] == code and words in error["message"]
    assert not panel.came


@pytest.mark.parametrize(
    "sent",
    [
        b"POST / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b'{"jsonrpc": "2.0"\n',
        b"[]\n",
        b'{"jsonrpc": "2.0", "id": 0, "method": "read", "params": {}}\n',
        b"[" * 60000 + b"\n",
        b"a" * (LIMIT // 8),
    ],
)
def test_what_is_no_greeting_is_refused(panel: Panel, sent: bytes) -> None:
    try:
        answer = raw(panel, sent)
    except (BrokenPipeError, ConnectionResetError):
        answer = b""  # it closed before all was sent
    assert b'"result"' not in answer
    assert not panel.came


@pytest.mark.parametrize(
    "sent", [b"{\n", b'{"jsonrpc": "2.0", "method": "gone", "params": {}}\n', b'{"jsonrpc": "2.0"}\n']
)
def test_bad_messages_end_the_connection_and_only_it(panel: Panel, sent: bytes) -> None:
    answer = raw(panel, hello(panel) + sent)
    assert json.loads(answer)["result"]["protocol"] == 1
    with host(panel.home, echo=lambda params: params):
        wait_for(lambda: len(panel.came) == 2)
        assert panel.host().ask("echo") == {}


@pytest.mark.parametrize("sent", [b"{\n", b'{"id": 1, "method": "read", "params": {"within": "x"}}\n', b"NaN\n"])
def test_a_host_leaves_a_panel_that_is_none(tmp_path: Path, sent: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "link.sock"))
        listening.listen()
        address_file(tmp_path).write_text(json.dumps({"target": f"unix:{tmp_path}/link.sock", "token": "x"}))
        with host(tmp_path) as link:
            made, _ = listening.accept()
            with made:
                made.recv(65536)
                made.sendall(b'{"jsonrpc": "2.0", "id": 0, "result": {"protocol": 1}}\n' + sent)
                made.settimeout(10)
                assert made.recv(65536) == b""
                wait_for(lambda: bool(link.problem))


@pytest.mark.parametrize("suffix", [".exe", [".xml"], 1])
def test_a_version_in_a_format_that_the_panel_does_not_write_is_refused(panel: Panel, suffix: object) -> None:
    link = in_host.Link(panel.home, {**ABOUT, "supports": [], "versions": suffix}, {})
    link.start()
    try:
        with pytest.raises(HostError, match="Blender tells no format of a version that can be read"):
            LinkedHost(panel.host()).add_version(identified(cut_of([clip("A", 0, 10)]))[0], "1")
    finally:
        link.close()
