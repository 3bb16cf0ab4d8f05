"""Second Unit in Hiero and Nuke Studio: the link to the panel and a menu. Python 3.7 and newer, PySide2 or PySide6.

Hiero imports it from a folder `Python/StartupUI`:
https://learn.foundry.com/nuke/developers/14.0/HieroPythonDevGuide/setup.html
"""

import json
import os
import subprocess
import sys
import traceback
from pathlib import Path

import nuke

import hiero.core
import hiero.core.events
import hiero.ui

from . import scanning
from .link import Link
from .session import Session

if "PySide2" in sys.modules:
    from PySide2 import QtCore, QtWidgets
else:
    try:
        from PySide6 import QtCore, QtWidgets
    except ImportError:
        from PySide2 import QtCore, QtWidgets

_TICK_MILLISECONDS = 50
_LOOK_TICKS = 4
_EVENTS = (
    *("kSequenceEdited", "kVersionChanged", "kTrackEnabledChanged", "kSelectionChanged", "kCurrentViewerChanged"),
    *("kAfterProjectLoad", "kAfterProjectSave", "kAfterProjectClose"),
)
_COMMANDS = (
    ("extend", "Extend Shot", "More frames of the selected shot: unused ones first, then generated ones"),
    ("generate", "Generate into Gap", "A shot for the gap at the playhead"),
    ("join", "Join Shots", "Frames that lead from a shot to the one after it, over their cut or the gap"),
    ("cut in", "Cut In Take", "The take that is shown in the panel, put into the sequence"),
    ("undo", "Take Back", "The last take that was cut in, taken out again"),
)
_OTHERS = ("PYTHONHOME", "PYTHONPATH", "QT_PLUGIN_PATH", "QT_QPA_PLATFORM_PLUGIN_PATH")
"""Where Hiero finds its own Python and Qt, which are not the panel's."""


class Running:
    """The link, the session and the menu of this Hiero. `tick` has to be called on the main thread again and again."""

    def __init__(self):
        self.installed = json.loads((Path(__file__).parent / "installed.json").read_bytes())
        self.session = Session(lambda method, **params: self.link.tell(method, **params))
        self.link = Link(self.installed["home"], Session.about(), self.session.handlers)
        self._ticks, self._actions, self._standing = 0, [], None
        self._menu = None  # PySide2 deletes a menu that no Python holds
        scanning.teach()
        kinds = hiero.core.events.EventType
        for name in _EVENTS:
            if hasattr(kinds, name):
                hiero.core.events.registerInterest(getattr(kinds, name), self.session.notice)

    def tick(self):
        try:
            self.link.pump()
            self._ticks += 1
            if self.link.connected and self._ticks % _LOOK_TICKS == 0:
                self.session.look()
        except Exception:  # noqa: BLE001 - a timer that raises is a dialog of Hiero's, twenty times a second
            traceback.print_exc()

    def add_menu(self, bar):
        self._menu = menu = bar.addMenu("Second Unit")
        menu.setToolTipsVisible(True)
        self._standing = menu.addAction("")
        self._standing.setEnabled(False)
        menu.addSeparator()
        menu.addAction("Open the Panel").triggered.connect(lambda *_: self._open())
        for name, label, description in _COMMANDS:
            action = menu.addAction(label)
            action.setToolTip(description)
            action.triggered.connect(lambda *_, name=name: self._command(name))
            self._actions.append(action)
        menu.aboutToShow.connect(self.show_standing)

    def show_standing(self):
        problem = self.link.problem
        self._standing.setText(f"Not connected: {problem}" if problem else "Connected with the panel")
        for action in self._actions:
            action.setEnabled(not problem)

    def _command(self, name):
        self.session.look()  # what is selected is told before
        self.link.tell("command", name=name)

    def _open(self):
        if self.link.connected:
            self.link.tell("command", name="open")
            return
        around = {key: value for key, value in os.environ.items() if key not in _OTHERS}
        try:
            subprocess.Popen(self.installed["panel"], stdin=subprocess.DEVNULL, start_new_session=True, env=around)
        except OSError as error:
            text = f"The panel cannot be started ({error}): run `secondunit install hiero` again."
            QtWidgets.QMessageBox.warning(hiero.ui.mainWindow(), "Second Unit", text)


_running = None


def _start():
    """With the event loop, when the menu bar is there."""
    global _running
    _running = Running()
    _running.add_menu(hiero.ui.menuBar())
    timer = QtCore.QTimer(hiero.ui.mainWindow())
    timer.timeout.connect(_running.tick)
    timer.start(_TICK_MILLISECONDS)
    _running.link.start()


if nuke.env["studio"] or nuke.env["hiero"]:  # Nuke without a timeline imports it, too
    QtCore.QTimer.singleShot(0, _start)
