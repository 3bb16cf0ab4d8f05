"""The panel: how soon its window is there, offscreen; what it takes while somebody uses it, on a screen of its own."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from secondunit_bridge import spawn

from tests.end_to_end.desktop import Desk, screen
from tests.end_to_end.newcomer import becomes, of_sample, order
from tests.end_to_end.test_newcomer import choose

FLOOR = """
import os, sys
import click, logging
from PyQt5.QtWidgets import QApplication, QMainWindow, QWidget
class Painted(QWidget):
    def paintEvent(self, event): os._exit(0)
app = QApplication(sys.argv)
window = QMainWindow()
window.setCentralWidget(Painted())
window.show()
app.exec()
"""
PANEL = """
import os, sys
from secondunit_plugin.cli.main import run
from secondunit_plugin.panel.window import Window
Window.paintEvent = lambda self, event: os._exit(0)
run(["panel"])
"""
ROUNDS = 10


def _seconds(program: str) -> float:
    """With the bytecode of modules kept, as it is from the second start on."""
    kept = {"QT_QPA_PLATFORM": "offscreen", "PYTHONDONTWRITEBYTECODE": ""}
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], check=True, env=os.environ | kept)
    return time.perf_counter() - started


def _used() -> list[tuple[str, float, float]]:
    """A person's way from an opened cut to a take that is cut in; nothing where no screen can be made."""
    if any(shutil.which(program) is None for program in ("Xvfb", "xdotool")):
        sys.stderr.write("the panel in use is not measured: Xvfb or xdotool is not installed\n")
        return []
    with tempfile.TemporaryDirectory() as folder, screen() as display:
        home = Path(folder)
        job = of_sample(home / "cut")
        desk = Desk(display, home, job.cut)
        try:
            desk.find("Unit ready*")
            order(desk, job)
            choose(desk, job)
            desk.click("Cut in")
            becomes(job.edited, f"{job.shot}_v002")
            longest, unqueued, memory = desk.measures()
        finally:
            desk.kill()
            spawn.stop(home / "unit")
    return [
        ("panel in use: longest block of the UI thread, ms", 1e3 * longest, 50),
        ("panel in use: longest block without the time that it waited for a processor, ms", 1e3 * unqueued, 50),
        ("panel in use: memory of its own, MB", memory / 1e6, 120),
    ]


def run() -> list[tuple[str, float, float]]:
    """Name, ratio and bar. The best of interleaved rounds: what else runs on the machine only ever adds."""
    rounds = [(_seconds(FLOOR), _seconds(PANEL)) for _ in range(ROUNDS)]
    floor, panel = (min(times) for times in zip(*rounds, strict=True))
    shown = ("window of the panel shown / empty window shown with the imports of PyQt5 and click", panel / floor, 1.5)
    return [shown, *_used()]


if __name__ == "__main__":
    for name, measured, bar in run():
        print(f"{name}: {measured:.3f} (at most {bar})")  # noqa: T201
