"""The real Kdenlive on a screen and a session bus of its own, used as a person does: menus and keys."""

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit_bridge.errors import HostUnreachable
from secondunit_bridge.rates import FrameTime
from secondunit_plugin.hosts.kdenlive.host import Kdenlive
from secondunit_plugin.hosts.kdenlive.project import Project
from secondunit_plugin.hosts.kdenlive.window import Window, open_windows
from secondunit_timeline.index import Index
from secondunit_timeline.interchange import write_cut

from tests.end_to_end.desktop import Hands, screen
from tests.plugin.hosts.conformance import probed

_SECONDS = 90.0
_KNOWN = ("22.12", "26.08")
"""Versions whose dialogs and projects are known here."""
# As Kdenlive leaves it when its assistant of the first start is done.
_SETTINGS = "[version]\nversion=22.12.3\n\n[unmanaged]\nforce_breeze=true\nuse_dark_breeze=true\n"
_BUS = "DBUS_SESSION_BUS_ADDRESS"


@contextmanager
def opened(folder: Path) -> Iterator["Editing"]:
    with running(folder) as program:
        yield Editing(program, folder)


@contextmanager
def running(folder: Path) -> Iterator["Program"]:
    """Nothing is open yet. Skips where Kdenlive, or what gives it a screen, is not installed."""
    for name in ("kdenlive", "dbus-daemon"):
        if shutil.which(name) is None:
            pytest.skip(f"the program {name} is not installed")
    with screen() as display, session_bus(), pytest.MonkeyPatch.context() as patch:
        home = folder / "home"
        (home / ".config").mkdir(parents=True)
        (home / ".config" / "kdenliverc").write_text(_SETTINGS)
        (home / "runtime").mkdir(mode=0o700)
        patch.setenv("HOME", str(home))
        patch.setenv("TMPDIR", str(home))
        patch.setenv("XDG_RUNTIME_DIR", str(home / "runtime"))
        patch.setenv("DISPLAY", display)
        program = Program(display, home / "kdenlive.log")
        try:
            yield program
        finally:
            program.kill()


@contextmanager
def session_bus() -> Iterator[None]:
    daemon = subprocess.Popen(
        ["dbus-daemon", "--session", "--nofork", "--print-address"], stdout=subprocess.PIPE, text=True
    )
    assert daemon.stdout is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(_BUS, daemon.stdout.readline().strip())
        try:
            yield
        finally:
            daemon.terminate()
            daemon.wait()


class Program:
    def __init__(self, display: str, log: Path) -> None:
        self.hands, self._log = Hands(display), log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, project: Path) -> None:
        env = os.environ | {"QT_QPA_PLATFORM": "xcb", "LIBGL_ALWAYS_SOFTWARE": "1", "LANG": "C.UTF-8"}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(["kdenlive", str(project)], env=env, stdout=log, stderr=log)
        self.until(lambda: self.shows(project), f"Kdenlive does not open {project}")
        with self.window() as window:
            self.version = window.version
        if not self.version.startswith(_KNOWN):
            pytest.skip(f"Kdenlive {self.version} is none of {', '.join(_KNOWN)}, whose dialogs are known here")
        if not self.version.startswith("22.12") and b"kdenlive:control_uuid" not in project.read_bytes():
            self._save_first()

    def _save_first(self) -> None:
        """Versions with sequences say what they made of a project that none of them wrote."""
        saving = threading.Thread(target=self.save)
        saving.start()
        self.dialog("Information", lambda: None)
        saving.join()

    def shows(self, project: Path) -> bool:
        try:
            return any(window.has_open(project) for window in open_windows())
        except HostUnreachable:
            return False

    def window(self) -> Window:
        return open_windows()[0]

    def until(self, seen: Callable[[], bool], else_said: str) -> None:
        end = time.monotonic() + _SECONDS
        while not seen():
            if time.monotonic() > end or (self._process is not None and self._process.poll() is not None):
                pytest.fail(f"{else_said}. It wrote:\n{self._log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.1)

    def load(self, project: Path) -> None:
        """By File > Open, after saving what is open."""
        if self._process is None or self._process.poll() is not None:
            self.start(project)
            return
        if not self.version.startswith("22.12"):
            # 26 has the title of what it opens before that is open, and ends when it is saved then.
            self.quit()
            self.start(project)
            return
        with self.window() as window:
            if window.modified:
                window.save()
            window.do_all(("file_open",))
        self.dialog("Open", lambda: self.hands.write(str(project)))
        self.until(lambda: self.shows(project), f"Kdenlive does not open {project}")

    def dialog(self, title: str, fill: Callable[[], None]) -> None:
        """Answers it when it is there and drawn."""

        def there() -> bool:
            try:
                return bool(self.hands.do("search", "--onlyvisible", "--name", f"^{title}"))
            except subprocess.CalledProcessError:
                return False

        self.until(there, f"there is no dialog {title!r}")
        self.hands.focus(f"^{title}")
        time.sleep(1)
        fill()
        self.hands.keys("Return")

    def do(self, *actions: str) -> None:
        with self.window() as window:
            for action in actions:
                window.do(action)

    def save(self) -> None:
        with self.window() as window:
            window.save()

    def quit(self) -> None:
        """After saving."""
        assert self._process is not None
        self.save()
        with self.window() as window, suppress(HostUnreachable):  # nobody is there to answer
            window.do_all(("file_quit",))
        self._process.wait(30)

    def kill(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._process = None


class Editing:
    def __init__(self, program: Program, root: Path) -> None:
        self._program, self._root, self._projects = program, root, 0

    def open(self, cut: otio.schema.Timeline) -> None:
        self._projects += 1
        self._path = self._root / f"project{self._projects}.kdenlive"
        write_cut(cut, self._path)
        self._program.load(self._path)
        self.host = Kdenlive(self._path, probed)

    def _project(self) -> Project:
        self._program.save()
        return Project(self._path, self._path.read_bytes(), probed)

    def _on(self, frame: int) -> tuple[int, int]:
        item = Index(self._project().cut).track("V1").at(frame)
        assert item is not None
        return int(item.start), int(item.end)

    def _go(self, frame: int) -> None:
        self.host.reveal(FrameTime(frame, self._project().rate))

    def _select(self, on: int) -> None:
        self._go(on)
        self._program.do("raise_timeline", "activate_video_1", "select_timeline_clip")

    def trim(self, on: int, frames: int) -> None:
        _, end = self._on(on)
        self._select(on)
        self._go(end - frames)
        self._program.do("resize_timeline_clip_end")

    def insert_gap(self, at: int, frames: int) -> None:
        """On V1: nothing of the film lies behind `at` elsewhere."""
        self._go(at)
        hands, title = self._program.hands, "Add Space"

        def length() -> None:
            window = hands.do("search", "--onlyvisible", "--name", f"^{title}")
            hands.do("mousemove", "--window", window, "130", "15", "click", "1")
            hands.keys("ctrl+a")
            hands.write(f"{frames:08}")
            hands.keys("Return")

        self._program.do("raise_timeline", "activate_video_1")
        with self._program.window() as window:
            window.do_all(("insert_space",))
        self._program.dialog(title, length)
        self._program.until(self._is_edited, "no space was inserted")
        self._program.save()  # edits are seen once the project is saved

    def _is_edited(self) -> bool:
        with self._program.window() as window:
            return window.modified

    def duplicate(self, on: int, to: int) -> None:
        self._select(on)
        self._program.do("edit_copy")
        self._go(to)
        self._program.do("edit_paste")

    def delete(self, on: int) -> None:
        self._select(on)
        self._program.do("delete_timeline_clip")

    def select(self, on: tuple[int, ...], playhead: int) -> None:
        del on
        self._go(playhead)

    def undo(self) -> None:
        self.host.undo(self.host.read().revision)

    def reopen(self) -> None:
        self._program.quit()
        self._program.start(self._path)
        self.host = Kdenlive(self._path, probed)

    def bin(self) -> set[str]:
        return set(self._project().media)
