"""A screen of its own with the panel on it, which is used as a person does: by what is to be read, mouse and keys."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

SECONDS = 240.0
_PAUSE = 0.1


@contextmanager
def screen(width: int = 1600, height: int = 1000) -> Iterator[str]:
    """The name of the display. Skips where there is no Xvfb or xdotool."""
    for program in ("Xvfb", "xdotool"):
        if shutil.which(program) is None:
            pytest.skip(f"the program {program} is not installed")
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp"],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    try:
        with os.fdopen(read) as told:
            number = told.readline().strip()
        if not number:
            pytest.fail("Xvfb does not start")
        yield f":{number}"
    finally:
        server.terminate()
        server.wait()


def quiet(seconds: float) -> float:
    """What comes to `seconds` where no other program uses the processors."""
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


@dataclass(frozen=True, slots=True)
class Seen:
    """A text on the screen, or, where it is not `drawn`, the name of a widget there."""

    text: str
    drawn: bool
    enabled: bool
    x: int
    y: int
    width: int
    height: int

    @property
    def middle(self) -> tuple[int, int]:
        return self.x + self.width // 2, self.y + self.height // 2


class Hands:
    """Mouse and keys of a display."""

    def __init__(self, display: str) -> None:
        self._env = os.environ | {"DISPLAY": display}

    def do(self, *words: str) -> str:
        done = subprocess.run(["xdotool", *words], env=self._env, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def click(self, x: int, y: int, times: int = 1) -> None:
        self.do("mousemove", str(x), str(y), "click", "--repeat", str(times), "--delay", "60", "1")

    def drag(self, begin: tuple[int, int], *through: tuple[int, int]) -> None:
        self.do("mousemove", *map(str, begin), "mousedown", "1")
        for x, y in through:
            time.sleep(0.03)
            self.do("mousemove", str(x), str(y))
        self.do("mouseup", "1")

    def keys(self, *keys: str) -> None:
        self.do("key", "--delay", "30", *keys)

    def write(self, text: str) -> None:
        self.do("type", "--delay", "12", text)

    def focus(self, title: str) -> None:
        """Gives the keys to the window, as a window manager would."""
        self.do("search", "--sync", "--onlyvisible", "--name", title, "windowfocus", "--sync")


class Desk:
    """The panel on a display, in a process of its own."""

    def __init__(self, display: str, home: Path, cut: Path | None = None) -> None:
        """`home`: where the unit and the panel keep their files."""
        self.hands = Hands(display)
        self._took = 0.0
        self.log = home / "panel.log"
        env = os.environ | {
            **{"DISPLAY": display, "QT_QPA_PLATFORM": "xcb", "LANG": "C.UTF-8", "PYTHONFAULTHANDLER": "1"},
            **{"SECONDUNIT_HOME": str(home / "unit"), "SECONDUNIT_PANEL": str(home / "panel")},
        }
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.end_to_end.panel_eyes", *([str(cut)] if cut is not None else [])],
                **{"env": env, "stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": log, "text": True},
            )
        self.hands.focus("Second Unit")

    def _ask(self, what: str) -> object:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(what + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            pytest.fail(f"the panel ended:\n{self.log.read_text()}")
        return json.loads(answer)

    def look(self) -> list[Seen]:
        began = time.monotonic()
        seen = [Seen(*told) for told in self._ask("look")]  # type: ignore[attr-defined]
        self._took = time.monotonic() - began
        return seen

    def _wait(self) -> None:
        """The panel paints everything for a look: most of the time it is left alone."""
        time.sleep(max(_PAUSE, 2 * self._took))

    def measures(self) -> tuple[float, float, int]:
        """The longest block of the UI thread so far in seconds, the longest without the time that it waited for a
        processor, and the memory of its own in bytes."""
        longest, unqueued, memory = self._ask("measures")  # type: ignore[misc]
        return longest, unqueued, memory

    def save(self, picture: Path) -> None:
        assert self._ask(f"save {picture}")

    def find(self, text: str, *, ready: bool = False, seconds: float = SECONDS) -> Seen:
        """What is written so, else what is named so, once it is there and `ready`; `text` may hold wildcards."""
        end = time.monotonic() + seconds
        while True:
            seen = self.look()
            found = [one for one in seen if fnmatchcase(one.text, text) and (one.enabled or not ready)]
            if found:
                return max(found, key=lambda one: one.drawn)
            if time.monotonic() > end:
                self.save(self.log.with_suffix(".png"))
                read = "\n".join(sorted({one.text for one in seen}))
                pytest.fail(f"{text!r} is not on the screen ({self.log.with_suffix('.png')}). There is:\n{read}")
            self._wait()

    def field(self, name: str) -> Seen:
        """The widget of that name rather than the label beside it."""
        label = self.find(name)
        return next((one for one in self.look() if one.text == name and not one.drawn), label)

    def gone(self, text: str, seconds: float = SECONDS) -> None:
        end = time.monotonic() + seconds
        while any(fnmatchcase(one.text, text) for one in self.look()):
            if time.monotonic() > end:
                pytest.fail(f"{text!r} is still on the screen")
            self._wait()

    def click(self, text: str, beside: str | None = None) -> None:
        """Of several that are written so, the one that is closest to the text `beside`."""
        found = self.find(text, ready=True)
        if beside is not None:
            at = self.find(beside).middle
            same = [one for one in self.look() if one.drawn and fnmatchcase(one.text, text)]
            found = min(same, key=lambda one: abs(one.middle[0] - at[0]) + abs(one.middle[1] - at[1]))
        self.hands.click(*found.middle)

    def choose(self, name: str, text: str) -> None:
        """In the drop-down list of that name."""
        self.find(name, ready=True)
        self.hands.click(*self.field(name).middle)
        self.click(text)

    def write_into(self, name: str, text: str) -> None:
        """Into the field of that name, over what it holds."""
        self.hands.click(*self.field(name).middle)
        self.hands.keys("ctrl+a")
        self.hands.write(text)

    def scroll(self, over: str, to: str) -> None:
        """With the wheel over one text until another one is seen."""
        x, y = self.find(over).middle
        for _ in range(40):
            if any(fnmatchcase(one.text, to) for one in self.look()):
                return
            self.hands.do("mousemove", str(x), str(y), "click", "5")
            time.sleep(_PAUSE)

    def rest(self) -> None:
        """Until what is to be read stays the same for a second."""
        before, since, end = None, 0.0, time.monotonic() + SECONDS
        while time.monotonic() < end:
            seen = self.look()
            if seen != before:
                before, since = seen, time.monotonic()
            elif time.monotonic() - since > 1:
                return
            self._wait()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def close(self) -> None:
        """As a person closes the window."""
        if self.process.poll() is None:
            self.hands.keys("ctrl+q")
            self.process.wait(20)
