"""OpenShot with a line to its editor for the tests: `/usr/bin/python3 openshot_inside.py [OpenShot's arguments]`.

With SECONDUNIT_PACKAGES, an environment's site-packages, the panel is docked in it as `start.py` does; with
SECONDUNIT_LINKED, the home of a panel, it is connected with that.

Each line of the standard input is a JSON list, the name of what is asked and its arguments: a method of `Editor` or of
`Person`. Each line of the standard output is JSON: {"result": ...}, {"error": its class, "why": ...}, or what those
who follow are told, {"told": [...]}.
"""

import json
import os
import sys
import threading
import time
from pathlib import Path
from queue import Queue

HERE = Path(__file__)
sys.path[:0] = [str(HERE.parents[3] / "plugin" / "in_host" / folder) for folder in ("openshot", ".")]

import start  # noqa: E402 - where it lies is known by now
from PyQt5.QtCore import QTimer  # noqa: E402
from PyQt5.QtWidgets import QMessageBox  # noqa: E402

ANSWERS = os.fdopen(os.dup(1), "w")  # OpenShot takes sys.stdout


def tell(**what):
    ANSWERS.write(json.dumps(what) + "\n")
    ANSWERS.flush()


class Person:
    """What is done in OpenShot's window."""

    def __init__(self, app, editor):
        self._app, self._window, self._editor = app, app.window, editor
        self._window.setGeometry(app.primaryScreen().geometry())
        self._told_off = QTimer(app)
        self._told_off.timeout.connect(self._put_away)
        self._told_off.start(200)

    def _put_away(self):
        """OpenShot's message that the machine has no sound device."""
        box = self._app.activeModalWidget()
        if isinstance(box, QMessageBox) and "restart OpenShot" in box.text():
            box.accept()

    def _on_ui(self, work):
        return self._editor._on_ui(work)

    def press(self, action):
        """A button or a menu's entry, by its name in OpenShot's code."""
        self._on_ui(getattr(self._window, action).trigger)

    def new(self, num, den):
        def make():
            self._app.project.has_unsaved_changes = False
            self._window.actionNew_trigger()
            if hasattr(self._app.project, "apply_profile"):  # from 3.0 on it says the rate again when that changes
                rate = f"{num / den:.2f}".rstrip("0").rstrip(".")
                self._app.updates.update_untracked(["profile"], f"HD 720p {rate} fps")
            self._app.updates.update_untracked(["fps"], {"num": num, "den": den})
            self._app.updates.load(self._app.project._data)

        self._on_ui(make)

    def open(self, path):
        self._on_ui(lambda: self._window.open_project(path))
        if hasattr(self._app.project, "apply_profile"):  # 3 takes back what is selected right after
            time.sleep(1.5)

    def save(self, path):
        self._on_ui(lambda: self._window.save_project(path))

    def edit(self, clip, values):
        """As dragging a clip or its edges does, which ends in values for it."""
        self._on_ui(lambda: self._app.updates.update(["clips", {"id": clip}], values))

    def clips(self):
        return self._on_ui(lambda: json.loads(json.dumps(self._app.project.get("clips"))))

    def copy(self, clip, position):
        from classes.query import Clip

        def paste():
            made = Clip.get(id=clip)
            made.id, made.type, made.key = None, "insert", None
            made.data.pop("id")
            made.data["position"] = position
            made.save()

        self._on_ui(paste)

    def select(self, clips):
        def select():
            self._window.clearSelections()
            for clip in clips:
                self._window.addSelection(clip, "clip")

        self._on_ui(select)

    def place_of(self, clip):
        """The middle of a clip on the timeline, on the screen; None while it is not drawn there."""
        timeline, found = self._window.timeline, Queue()
        script = (
            f"(function() {{ var one = document.getElementById('clip_{clip}'); if (!one) return '';"
            " var box = one.getBoundingClientRect();"
            " return JSON.stringify([box.left + Math.min(box.width, 60) / 2, box.top + box.height / 2]); })()"
        )
        self._on_ui(lambda: timeline.run_js(script, found.put))
        told = found.get(timeout=30)
        if not told:
            return None
        from PyQt5.QtCore import QPoint

        x, y = json.loads(told)
        at = self._on_ui(lambda: timeline.mapToGlobal(QPoint(round(x), round(y))))
        return [at.x(), at.y()]

    def rendered(self, frames, folder):
        """Pictures of frames of the timeline, from 0, as OpenShot exports them."""

        def render():
            timeline = self._window.timeline_sync.timeline
            for frame in frames:
                timeline.GetFrame(frame + 1).Save(f"{folder}/{frame}.png", 1.0)

        self._on_ui(render)

    def zoom(self, seconds):
        """How many of them a scale of the timeline's ruler covers."""
        self._on_ui(lambda: self._window.sliderZoomWidget.setZoomFactor(seconds))

    def screenshot(self, path):
        self._on_ui(lambda: self._app.primaryScreen().grabWindow(0).save(path))

    def exchange(self, module, path):
        """What a module of OpenShot's `classes.exporters` or `classes.importers` writes or reads, as its menus do.

        The dialog for the file's name is answered.
        """
        from importlib import import_module

        made = import_module(f"classes.{module}")
        way, kind = module.split(".")
        do = {"edl": "edl", "final_cut_pro": "xml"}[kind]

        class Answered:
            @staticmethod
            def getSaveFileName(*_):
                return path, ""

            getOpenFileName = getSaveFileName

        made.QFileDialog = Answered
        self._on_ui(getattr(made, f"{way[:6]}_{do}"))

    def quit(self):
        def close():
            self._app.project.has_unsaved_changes = False
            self._window.close()

        self._on_ui(close)


class Reader:
    """What is to be read in the panel."""

    def __init__(self, panel):
        sys.path.append(str(HERE.parents[1]))  # OpenShot has a package `tests` of its own
        from panel_eyes import Eyes

        self._panel, self._seen = panel, Queue()

        class Told(Eyes):
            def __init__(self, seen):
                self._seen = seen
                super().__init__(panel)

            def _listen(self):
                pass

            def _tell(self, answer):
                self._seen.put(answer)

        self._eyes = Told(self._seen)

    def look(self):
        from PyQt5.QtWidgets import QApplication, QWidget

        def begin():
            popup = QApplication.activePopupWidget()
            root = popup if popup is not None else self._panel
            self._eyes._look([root, *root.findChildren(QWidget)], [])

        self._panel.editor._on_ui(begin)
        return self._seen.get()


def listen(app):
    asked = []
    packages = os.environ.get("SECONDUNIT_PACKAGES")
    if packages is not None:
        panel = start.dock(app, Path(packages))
        editor = panel.editor
        asked.append(Reader(panel))
    else:
        from editor import Editor

        editor = Editor(app)
        if (home := os.environ.get("SECONDUNIT_LINKED")) is not None:
            from connected import Connected

            asked.append(Connected(editor, home))
    asked += [Person(app, editor), editor]
    editor.follow(lambda *what: tell(told=what))

    def answer():
        for line in sys.stdin:
            name, *arguments = json.loads(line)
            do = next(getattr(one, name) for one in asked if hasattr(one, name))
            try:
                result = do(*arguments)
            except Exception as error:  # noqa: BLE001 - raised again by the test that asks
                tell(error=type(error).__name__, why=str(error))
            else:
                tell(result=result.decode() if isinstance(result, bytes) else result)

    threading.Thread(target=answer, daemon=True).start()


if __name__ == "__main__":
    start.start(sys.argv[1:], listen)
