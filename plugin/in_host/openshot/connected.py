"""OpenShot's end of the host link, where the panel cannot run in OpenShot's Python: it has a window of its own then."""

import json
import subprocess
import threading

import openshot
from classes import info
from link import Link, Refused
from PyQt5.QtCore import QTimer
from PyQt5.QtWidgets import QAction, QMessageBox

_TICK_SECONDS = 0.02
_FOR_A_PANEL_MS = 2500
"""For which a panel that is open is waited for, before one is started."""


class Connected:
    """Answers what docs/host-link.md says of OpenShot, on a thread of its own, until the program closes."""

    def __init__(self, editor, home):
        self._editor = editor
        versions = {"version": info.VERSION, "libopenshot": openshot.OPENSHOT_VERSION_FULL}
        handlers = {
            "openshot.read": lambda _: json.loads(editor.read()),
            "openshot.attention": lambda _: editor.attention(),
            "openshot.change": self._change,
            "openshot.undo": lambda asked: editor.undo(asked["revision"]),
            "openshot.seek": lambda asked: editor.seek(asked["frame"]),
            "openshot.describe": self._describe,
        }
        self.link = Link(home, {"program": "OpenShot", **versions}, handlers)
        self._closed = threading.Event()
        editor.follow(self._tell)
        self.link.start()
        threading.Thread(target=self._answer, name="secondunit answers", daemon=True).start()

    def _answer(self):
        while not self._closed.wait(_TICK_SECONDS):
            self.link.pump()

    def _change(self, asked):
        told = self._editor.change(asked["revision"], asked["changes"], asked["name"])
        return json.loads(told) if told is not None else None

    def _describe(self, asked):
        try:
            return self._editor.describe(asked["path"])
        except RuntimeError as error:
            raise Refused(f"{asked['path']} cannot be read ({error}): see whether it opens there") from error

    def _tell(self, what, *told):
        if what == "gone":
            self._closed.set()
            self.link.close()
        elif what == "cut":
            self.link.tell("changed")
        else:
            self.link.tell("attention", **told[0])


class Panel:
    """The panel's window: an entry of OpenShot's menu, which opens it, and its start where none is open."""

    def __init__(self, app, connected, command):
        self._window, self._link, self._command = app.window, connected.link, command
        self._entry = QAction("Second Unit", app.window)
        self._entry.triggered.connect(self._open)
        app.window.docks_menu.addAction(self._entry)
        QTimer.singleShot(_FOR_A_PANEL_MS, lambda: None if self._link.connected else self._open())

    def _open(self):
        if self._link.connected:
            self._link.tell("command", name="open")
            return
        try:
            subprocess.Popen(self._command, stdin=subprocess.DEVNULL, start_new_session=True)
        except OSError as error:
            why = f"The panel cannot be started ({error}): run `secondunit install openshot` again."
            QMessageBox.warning(self._window, "Second Unit", why)
