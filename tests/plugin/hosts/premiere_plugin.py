"""The plugin for Premiere, as it is installed, in Node.js over a stand-in for the program; see plugin/premiere/test."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import cache, partial
from itertools import count
from pathlib import Path
from queue import Queue
from typing import Any

import opentimelineio as otio
import orjson
import pytest
from secondunit_plugin.hosts import premiere_installing
from secondunit_plugin.hosts.link import Connection, Links
from secondunit_plugin.hosts.linked import LinkedHost
from secondunit_plugin.hosts.strips import Strips, identified, strips_from
from secondunit_plugin.hosts.wire import strips_to_json

from tests.plugin.hosts.conformance import probed

ROOT = Path(__file__).parents[3]
SOURCES = ROOT / "plugin" / "premiere"

Process = subprocess.Popen[str]


@cache
def program() -> Path:
    """The folder of the stand-in, compiled; skips where Node.js or the packages are not here."""
    node = shutil.which("node")
    if node is None or not (SOURCES / "node_modules").is_dir():
        pytest.skip("no Node.js, or no packages in plugin/premiere: `make premiere` installs them")
    compiler = SOURCES / "node_modules" / ".bin" / "tsc"
    subprocess.run([compiler, "-p", SOURCES / "test"], check=True, cwd=SOURCES)
    return ROOT / "out" / "premiere" / "test"


@contextmanager
def running(folder: Path, home: Path, script: str, *arguments: str, **variables: str) -> Iterator[Process]:
    """The plugin as it is installed for the panel of `home`; `script`: of plugin/premiere/test."""
    there, plugin = program() / script, folder / "plugin"
    plugin.mkdir(parents=True, exist_ok=True)
    for name, content in premiere_installing.plugin(home):
        (plugin / name).write_bytes(content)
    environment = os.environ | {"NODE_PATH": str(SOURCES / "node_modules")} | variables
    with subprocess.Popen(
        ["node", there, plugin, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            yield process
        finally:
            assert process.stdin is not None
            process.stdin.close()


@contextmanager
def opened(folder: Path, subclips: str = "media") -> Iterator["PremiereEditor"]:
    """`subclips`: what the points of an item that plays a subclip count from, which Adobe's reference does not say."""
    program()
    came: Queue[Connection] = Queue()
    home = folder / "home"
    with Links(home, came.put), running(folder, home, "program.js", SUBCLIPS_COUNT_FROM=subclips) as process:
        yield PremiereEditor(process, LinkedHost(came.get(timeout=30)), folder)


opened_counting_subclips = partial(opened, subclips="subclip")


class PremiereEditor:
    def __init__(self, process: Process, host: LinkedHost, folder: Path) -> None:
        self.host = host
        self._process, self._folder = process, folder
        self._numbers = count()

    def do(self, name: str, *given: Any) -> Any:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": name, "with": given}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def open(self, cut: otio.schema.Timeline) -> None:
        strips = orjson.loads(strips_to_json(strips_from(identified(cut)[0], probed)))
        self.do("open", str(self._folder / f"film{next(self._numbers)}.prproj"), strips)

    def open_offline(self, strips: Strips) -> None:
        """Whose media is not here: each file is as long as it is used."""
        longest: dict[str, Fraction] = {}
        rates = {}
        for one in strips.strips:
            if one.media is not None:
                end = (one.media.first / one.media.rate) + one.frames * abs(one.media.speed) / strips.rate
                longest[one.media.path] = max(end, longest.get(one.media.path, Fraction(0)))
                rates[one.media.path] = one.media.rate
        files = {path: [str(end), str(rates[path])] for path, end in longest.items()}
        self.do("files", files)
        self.do("open", str(self._folder / f"film{next(self._numbers)}.prproj"), orjson.loads(strips_to_json(strips)))

    def trim(self, on: int, frames: int) -> None:
        self.do("trim", on, frames)

    def insert_gap(self, at: int, frames: int) -> None:
        self.do("insertGap", at, frames)

    def duplicate(self, on: int, to: int) -> None:
        self.do("duplicate", on, to)

    def delete(self, on: int) -> None:
        self.do("delete", on)

    def select(self, on: tuple[int, ...], playhead: int) -> None:
        self.do("select", on, playhead)

    def undo(self) -> None:
        self.do("undo")

    def reopen(self) -> None:
        self.do("reopen")

    def bin(self) -> set[str]:
        return set(self.do("bin"))
