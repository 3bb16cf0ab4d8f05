"""The real OpenShot on a screen of its own, as the tests and the conformance suite use it."""

import json
import os
import shutil
import subprocess
import sysconfig
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from queue import Empty, Queue
from typing import TYPE_CHECKING, Any

import opentimelineio as otio
import pytest
from secondunit_plugin.hosts.openshot.host import OpenShot
from secondunit_plugin.hosts.probing import Probing
from secondunit_plugin.hosts.steps import steps
from secondunit_plugin.hosts.strips import Kind, Strip, identified, strips_from

from tests.end_to_end.desktop import Desk, Hands, screen

if TYPE_CHECKING:
    from tests.plugin.hosts.openshot_project import Project

PYTHON = Path(os.environ.get("SECONDUNIT_OPENSHOT_PYTHON", "/usr/bin/python3"))
"""The one that OpenShot is installed for."""
INSIDE = Path(__file__).with_name("openshot_inside.py")
SECONDS = 480
SETTINGS = {"unique_install_id": "none", "send_metrics": False, "tutorial_enabled": False, "enable-auto-save": False}
"""So that it neither asks the person at its first start, nor anybody else."""


class Program:
    """OpenShot; what is asked of it are methods of `Editor`, and of those in `openshot_inside`, by their names."""

    def __init__(self, display: str, home: Path, packages: Path | None = None, linked: Path | None = None) -> None:
        """`packages`: the site-packages of an environment with the panel, which is docked then. `linked`: the home of
        a panel that it is connected with."""
        settings = home / ".openshot_qt" / "openshot.settings"
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text(json.dumps([{"setting": name, "value": value} for name, value in SETTINGS.items()]))
        env = os.environ | {
            **{"DISPLAY": display, "QT_QPA_PLATFORM": "xcb", "LANG": "C.UTF-8", "LIBGL_ALWAYS_SOFTWARE": "1"},
            **{"HOME": str(home), "XDG_RUNTIME_DIR": str(home)},
            **{"SECONDUNIT_HOME": str(home / "unit"), "SECONDUNIT_PANEL": str(home / "panel")},
            **({"SECONDUNIT_PACKAGES": str(packages)} if packages is not None else {}),
            **({"SECONDUNIT_LINKED": str(linked)} if linked is not None else {}),
        }
        env = {name: value for name, value in env.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
        self.log = home / "openshot.log"
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [PYTHON, INSIDE],
                **{"env": env, "stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": log, "text": True},
            )
        self._answers: Queue[dict[str, Any]] = Queue()
        self._asking = threading.Lock()
        self._told: list[Callable[..., None]] = []
        threading.Thread(target=self._listen, daemon=True).start()
        self.ask("attention")

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if not line.startswith("{"):  # OpenShot says where it was loaded from
                continue
            answer = json.loads(line)
            if "told" not in answer:
                self._answers.put(answer)
                continue
            for tell in tuple(self._told):
                tell(*answer["told"])

    def ask(self, name: str, *arguments: object) -> Any:
        assert self.process.stdin is not None
        with self._asking:
            self.process.stdin.write(json.dumps([name, *arguments]) + "\n")
            self.process.stdin.flush()
            end = time.monotonic() + SECONDS
            while True:
                try:
                    answer = self._answers.get(timeout=1)
                    break
                except Empty:
                    if self.process.poll() is not None or time.monotonic() > end:
                        pytest.fail(f"OpenShot does not answer:\n{self.log.read_text()[-5000:]}")
        if "error" in answer:
            raise {"ConnectionError": ConnectionError}.get(answer["error"], RuntimeError)(answer["why"])
        return answer["result"]

    def quit(self) -> None:
        if self.process.poll() is None:
            self.ask("quit")
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    # As `hosts.openshot.host.Editor`

    def read(self) -> bytes:
        return self.ask("read").encode()  # type: ignore[no-any-return]

    def attention(self) -> dict[str, Any]:
        return self.ask("attention")  # type: ignore[no-any-return]

    def change(self, revision: str, changes: list[dict[str, Any]], name: str) -> bytes | None:
        told = self.ask("change", revision, changes, name)
        return told.encode() if told is not None else None

    def undo(self, revision: str) -> bool:
        return self.ask("undo", revision)  # type: ignore[no-any-return]

    def seek(self, frame: int) -> None:
        self.ask("seek", frame)

    def describe(self, path: str) -> dict[str, Any]:
        return self.ask("describe", path)  # type: ignore[no-any-return]

    def follow(self, tell: Callable[..., None]) -> Callable[[], None]:
        self._told.append(tell)
        return lambda: self._told.remove(tell)


class Docked(Desk):
    """The panel in OpenShot's window."""

    def __init__(self, display: str, home: Path) -> None:
        self.program = Program(display, home, Path(sysconfig.get_path("purelib")))
        self.hands, self.log, self.process = Hands(display), self.program.log, self.program.process

    def _ask(self, what: str) -> object:
        name, *rest = what.split(" ", 1)
        return self.program.ask({"save": "screenshot"}.get(name, name), *rest) or name == "save"

    def click_clip(self, clip: str) -> None:
        """On OpenShot's timeline."""
        end = time.monotonic() + SECONDS
        while (at := self.program.ask("place_of", clip)) is None:
            assert time.monotonic() < end, f"the clip {clip} is not on the timeline"
            time.sleep(0.2)
        self.hands.click(*at)


class Person:
    """Somebody who edits in it: `tests.plugin.hosts.conformance.Editor`."""

    def __init__(self, program: "Program | Project", folder: Path) -> None:
        self.program, self.host = program, OpenShot(program)
        self._folder, self._number = folder, 0

    def open(self, cut: otio.schema.Timeline) -> None:
        after = replace(strips_from(identified(cut)[0], Probing()), start=0)
        self.program.ask("new", after.rate.numerator, after.rate.denominator)
        read = self.host.read()
        before = strips_from(read.cut, Probing())
        seen = self.host.apply(steps(before, after), after.rate, read.revision, "open")
        self._number += 1
        self.path = self._folder / f"project{self._number}.osp"
        assert seen.id.project == ""
        self.reopen()

    def reopen(self) -> None:
        self.program.ask("save", str(self.path))
        self.program.ask("open", str(self.path))

    def trim(self, on: int, frames: int) -> None:
        clip = self._clip(on)
        self.program.ask("edit", clip["id"], {"end": clip["end"] - frames / self._rate})

    def insert_gap(self, at: int, frames: int) -> None:
        for clip in self._told()["clips"]:
            if round(clip["position"] * self._rate) >= at:
                self.program.ask("edit", clip["id"], {"position": clip["position"] + frames / self._rate})

    def duplicate(self, on: int, to: int) -> None:
        self.program.ask("copy", self._clip(on)["id"], to / self._rate)

    def delete(self, on: int) -> None:
        self.program.ask("select", [self._clip(on)["id"]])
        self.program.ask("press", "actionRemoveClip")

    def select(self, on: tuple[int, ...], playhead: int) -> None:
        self.program.ask("select", [self._clip(one)["id"] for one in on])
        self.program.seek(playhead)

    def undo(self) -> None:
        self.program.ask("press", "actionUndo")

    def bin(self) -> set[str]:
        return set(self._told()["files"])

    def _told(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.program.read())
        self._rate = told["fps"]["num"] / told["fps"]["den"]
        return told

    def _clip(self, on: int) -> dict[str, Any]:
        told = self._told()
        strips = strips_from(self.host.read().cut, Probing())
        lowest = next(track.name for track in strips.tracks if track.kind is Kind.PICTURE)

        def lies(strip: Strip) -> bool:
            return strip.track == lowest and strip.start <= on < strip.end

        id_ = next(strip.id for strip in strips.strips if lies(strip))
        return next(clip for clip in told["clips"] if clip["id"] == id_)


def require() -> None:
    if shutil.which("openshot-qt") is None:
        pytest.skip("OpenShot is not installed: apt-get install openshot-qt, or `make hosts`")


@contextmanager
def opened(folder: Path) -> Iterator[Person]:
    """For the conformance suite."""
    require()
    (folder / "home").mkdir()
    with screen(1920, 1080) as display:
        program = Program(display, folder / "home")
        try:
            yield Person(program, folder)
        finally:
            program.quit()
