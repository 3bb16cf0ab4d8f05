"""The host in memory at the far end of the real host link: what is told as JSON is what is planned and read back."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from typing import Any

from secondunit_bridge.errors import CutMoved
from secondunit_bridge.rates import FrameTime
from secondunit_plugin.hosts.host import AttentionChanged, Changed, Sequence, Support
from secondunit_plugin.hosts.link import Connection, Links
from secondunit_plugin.hosts.linked import LinkedHost
from secondunit_plugin.hosts.strips import cut_from
from secondunit_plugin.hosts.wire import steps_from_json, strips_from_json, strips_to_json

from tests.plugin.hosts.conformance import probed
from tests.plugin.hosts.fake import FakeEditor, FakeHost
from tests.plugin.hosts.test_link import in_host


class InHost:
    """What code inside a program does with what it is asked; `notes` are those of every `apply`."""

    def __init__(self, fake: FakeHost, home: Path) -> None:
        self.fake = fake
        self.notes: tuple[str, ...] = ()
        about = {"program": "Fake", "version": "1", "supports": [str(one) for one in Support], "limits": []}
        methods = ("read", "attention", "apply", "version", "undo", "bin", "reveal")
        self.link = in_host.Link(home, about, {method: getattr(self, f"_{method}") for method in methods})
        fake.follow(self._tell)

    def _tell(self, changed: Changed) -> None:
        if isinstance(changed, AttentionChanged):
            self.link.tell("attention", **self._attention({}))
        else:
            self.link.tell("changed")

    def _read(self, _params: dict[str, Any]) -> dict[str, Any]:
        return self._told(self.fake.read(), strips_to_json(self.fake.strips))

    def _told(self, sequence: Sequence, strips: bytes) -> dict[str, Any]:
        where = {"project": sequence.id.project, "sequence": sequence.id.sequence}
        return where | {"revision": sequence.revision, "strips": json.loads(strips)}

    def _attention(self, _params: dict[str, Any]) -> dict[str, Any]:
        seen = self.fake.attention()
        playhead = seen.playhead.frame if seen.playhead is not None else None
        return {"selected": list(seen.selected), "playhead": playhead}

    def _apply(self, params: dict[str, Any]) -> dict[str, Any]:
        steps = steps_from_json(json.dumps(params["steps"]))
        try:
            self.fake.apply(steps, self.fake.strips.rate, params["revision"], params["name"])
        except CutMoved as error:
            raise in_host.Refused(str(error), in_host.MOVED) from error
        return self._read({}) | {"notes": list(self.notes)}

    def _version(self, params: dict[str, Any]) -> dict[str, Any]:
        strips = json.dumps(params["strips"]).encode()
        cut = cut_from(strips_from_json(strips), probed)
        return self._told(self.fake.add_version(cut, params["revision"]), strips)

    def _undo(self, params: dict[str, Any]) -> None:
        try:
            self.fake.undo(params["revision"])
        except CutMoved as error:
            raise in_host.Refused(str(error), in_host.MOVED) from error

    def _bin(self, params: dict[str, Any]) -> None:
        self.fake.to_bin(params["files"])

    def _reveal(self, params: dict[str, Any]) -> None:
        self.fake.reveal(FrameTime(params["frame"], self.fake.strips.rate))


@contextmanager
def pumped(inside: InHost) -> Iterator[None]:
    """With a thread that stands for the program's main thread."""
    inside.link.start()
    ended = threading.Event()

    def pump() -> None:
        while not ended.wait(0.002):
            inside.link.pump()

    main = threading.Thread(target=pump)
    main.start()
    try:
        yield
    finally:
        ended.set()
        main.join()
        inside.link.close()


@contextmanager
def opened(folder: Path) -> Iterator[Any]:
    came: Queue[Connection] = Queue()
    editor = FakeEditor(Support)
    with Links(folder / "home", came.put), pumped(InHost(editor.host, folder / "home")):
        yield _Linked(editor, LinkedHost(came.get(timeout=10)))


class _Linked:
    """The person of `FakeEditor` at a host that is reached over the link."""

    def __init__(self, editor: FakeEditor, host: LinkedHost) -> None:
        self.host, self._editor = host, editor

    def __getattr__(self, name: str) -> Any:
        return getattr(self._editor, name)
