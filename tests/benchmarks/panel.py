"""How long the panel's window takes to its first paint, against an empty window with the same libraries; offscreen."""

import os
import subprocess
import sys
import time

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
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], check=True, env=os.environ | {"QT_QPA_PLATFORM": "offscreen"})
    return time.perf_counter() - started


def run() -> list[tuple[str, float, float]]:
    """Name, ratio and bar. The best of interleaved rounds: what else runs on the machine only ever adds."""
    rounds = [(_seconds(FLOOR), _seconds(PANEL)) for _ in range(ROUNDS)]
    floor, panel = (min(times) for times in zip(*rounds, strict=True))
    return [("window of the panel shown / empty window shown with the imports of PyQt5 and click", panel / floor, 1.5)]
