"""The page of the plugin for Premiere, in Chromium: its buttons ask the panel, and a take of a real unit lands."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from secondunit_plugin.hosts.host import Sequence
from secondunit_plugin.hosts.link import Connection, Links
from secondunit_plugin.hosts.linked import LinkedHost
from secondunit_plugin.hosts.placement import Placed, land
from secondunit_timeline import Unit
from secondunit_timeline.changes import Edit
from secondunit_timeline.placing import place

from tests.plugin.hosts.conformance import film, frame_map, probed
from tests.plugin.hosts.premiere_plugin import ROOT, PremiereEditor, program, running
from tests.plugin.hosts.test_conformance import plays_at
from tests.timeline.media_cuts import MakeClip

SHOWN = ROOT / "out" / "hosts" / "premiere.png"
pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def test_an_order_from_the_page_ends_in_the_sequence(tmp_path: Path, make_clip: MakeClip, unit_home: Path) -> None:
    program()
    if (chromium := shutil.which("chromium") or shutil.which("google-chrome")) is None:
        pytest.skip("Chromium is not installed")
    made, home = film(make_clip), unit_home
    came: Queue[Connection] = Queue()
    heard: Queue[tuple[str, dict[str, Any]]] = Queue()
    with Links(home, came.put), running(tmp_path, home, "page.js", chromium) as process:
        connection = came.get(timeout=60)
        connection.follow(lambda method, params: heard.put((method, params)))
        editor = PremiereEditor(process, LinkedHost(connection), tmp_path)
        wait_for(lambda: editor.do("shown") == "Connected with the panel")
        editor.open(made.cut)
        editor.host.read()
        editor.select((10,), 10)
        for name in ("open", "extend", "generate", "join", "cut in", "undo"):
            editor.do("click", name)
            while (told := heard.get(timeout=20))[0] != "command":
                pass
            assert told == ("command", {"name": name})
        before = editor.host.read()
        assert len(editor.host.attention().selected) == 1
        with Unit(tmp_path / "takes") as unit:
            done = unit.extend(before.cut, "V1@+5", tail=12)
        (take,) = done.takes

        def cut_in(sequence: Sequence) -> Edit:
            return place(sequence.cut, done.ordered, done.takes)[1]

        placed = land(editor.host, before.id, cut_in, [take.path], "Extend", probed)
        assert isinstance(placed, Placed)
        planned, _ = place(before.cut, done.ordered, done.takes)
        now = editor.host.read()
        assert frame_map(now.cut) == frame_map(planned)
        assert plays_at(now.cut, take) == [40]
        assert editor.do("names")[-1] == "Extend"
        SHOWN.parent.mkdir(parents=True, exist_ok=True)
        editor.do("screenshot", str(SHOWN))
        editor.undo()
        assert frame_map(editor.host.read().cut) == frame_map(made.cut)
    assert SHOWN.stat().st_size > 1000
