"""OpenShot's open project for another thread: read, changed as one step of its history, and followed."""

import copy
import json
import threading
import time
from concurrent.futures import Future, TimeoutError
from pathlib import Path
from uuid import uuid4

import openshot
from classes import info
from PyQt5.QtCore import QObject, QThread, pyqtSignal

_CLIP = (
    *("id", "position", "start", "end", "duration", "layer", "title", "file_id"),
    *("time", "has_video", "has_audio", "original_data", "secondunit"),
)
_READER = ("path", "type", "fps", "video_length", "duration", "has_video", "has_audio", "has_single_image")
_EFFECT = ("id", "position", "start", "end", "layer", "type", "brightness", "contrast", "secondunit")
_LAYER = ("id", "number", "label", "lock", "secondunit")
_WAIT = 0.2
"""Seconds between two looks at whether the program is closing, while it is waited for."""
_SEEK_SECONDS = 2


class Editor(QObject):
    """Every method may be called from any thread; the work is done on the UI thread, where the project lives.

    Raises ConnectionError once the program closes.
    """

    _asked = pyqtSignal(object)

    def __init__(self, app):
        super().__init__()
        self._app, self._window = app, app.window
        self._closed = threading.Event()
        self._followers = []
        self._session, self._count = uuid4().hex, 0
        self._left = ""  # the revision that the last change left
        self._together = _Together(app)
        _undo_in_steps(app.updates, self._together)
        self._asked.connect(lambda work: work())
        app.updates.add_listener(self, 0)  # an error of another listener ends the round
        self._window.SelectionChanged.connect(self._tell_attention)
        self._window.preview_thread.position_changed.connect(self._tell_attention)
        app.aboutToQuit.connect(self.close)

    def read(self):
        """The project as JSON: what a cut consists of, without keyframes and effects of clips."""
        return self._on_ui(self._told)

    def attention(self):
        """Ids of the selected clips, and the playhead as a frame from 0."""
        return self._on_ui(self._attention)

    def change(self, revision, changes, name):
        """Makes the changes as one step of the history, and tells the project as `read`, before anyone can touch it.

        None, and nothing is changed, where the project is another by now.

        Each is a dict: `do` ("insert", "update", "delete"), `of` ("clips", "effects", "files", "layers"), `id`,
        `values`, and for an insert `like`, the id of the object whose other values the inserted one gets.
        """
        return self._on_ui(lambda: self._change(revision, changes, name))

    def undo(self, revision):
        """Takes back the `change` that left `revision`; False, and nothing, where something followed it."""
        return self._on_ui(lambda: self._undo(revision))

    def seek(self, frame):
        """Counted from 0. Returns when it is there, or the player takes its time."""
        self._on_ui(lambda: self._window.SeekSignal.emit(frame + 1))
        end = time.monotonic() + _SEEK_SECONDS
        while self._window.preview_thread.current_frame != frame + 1 and time.monotonic() < end:
            time.sleep(0.01)

    def describe(self, path):
        """A clip of the file as OpenShot makes one, as a dict. Reads the file, in the thread that asks.

        Raises RuntimeError where it cannot be read.
        """
        clip = openshot.Clip(path)
        try:
            described = json.loads(clip.Json())
        finally:
            clip.Close()
        if "has_video" not in (described.get("reader") or {}):  # seen in libopenshot 0.5; 0.2.7 raises
            raise RuntimeError("nothing in OpenShot opens it")
        return described

    def follow(self, tell):
        """`tell` is called on the UI thread with "cut", "attention" or "gone", and for the second with `attention`.

        Returns what ends it.
        """
        self._followers.append(tell)
        return lambda: self._followers.remove(tell) if tell in self._followers else None

    def close(self):
        if not self._closed.is_set():
            self._closed.set()
            self._tell("gone")

    def changed(self, action):
        """By OpenShot's update manager, after every action."""
        key = action.key[0] if action.key else ""
        if action.type == "load" or key in ("clips", "effects", "layers", "markers", "fps"):
            self._count += 1
            self._tell("cut")
        elif key == "history":  # written when the project is saved, and has a path from then on
            self._tell("cut")

    def _on_ui(self, work):
        if self._closed.is_set():
            raise ConnectionError("OpenShot is closing")
        if QThread.currentThread() == self.thread():
            return work()
        future = Future()

        def answer():
            try:
                future.set_result(work())
            except Exception as error:  # noqa: BLE001 - raised again in the thread that asked
                future.set_exception(error)

        self._asked.emit(answer)
        while True:
            try:
                return future.result(_WAIT)
            except TimeoutError:
                if self._closed.is_set():
                    raise ConnectionError("OpenShot is closing") from None

    def _told(self):
        project = self._app.project
        get, folder = project.get, Path(project.current_filepath or "").parent
        told = {
            "revision": self._revision(),
            "path": project.current_filepath or "",
            "id": get("id"),
            "openshot": info.VERSION,
            "libopenshot": openshot.OPENSHOT_VERSION_FULL,
            "transitions": f"{info.PATH}/transitions",
            "fps": get("fps"),
            "clips": [_some(clip, _CLIP) for clip in get("clips")],
            "effects": [_some(effect, _EFFECT) for effect in get("effects")],
            "layers": [{key: layer[key] for key in _LAYER if key in layer} for layer in get("layers")],
            "markers": get("markers"),
            "files": {str(folder / file["path"]): file["id"] for file in get("files")},
        }
        return json.dumps(told).encode()

    def _revision(self):
        return f"{self._session}-{self._count}"

    def _attention(self):
        frame = self._window.preview_thread.current_frame
        return {"selected": list(self._window.selected_clips), "frame": max(0, (frame or 1) - 1)}

    def _tell_attention(self, *_):
        self._tell("attention", self._attention())

    def _tell(self, *what):
        for tell in tuple(self._followers):
            tell(*what)

    def _change(self, revision, changes, name):
        if revision != self._revision():
            return None
        with self._together, _Step(self._app.updates, name):
            for change in changes:
                self._make(change)
        self._window.refreshFrameSignal.emit()
        self._left = self._revision()
        return self._told()

    def _make(self, change):
        updates, of = self._app.updates, change["of"]
        if change["do"] == "insert":
            values = dict(change["values"])
            if change.get("like"):
                values = {**copy.deepcopy(self._app.project.get([of, {"id": change["like"]}])), **values}
                for effect in values.get("effects", ()):
                    effect["id"] = self._app.project.generate_id()
            updates.insert([of], values)
        elif change["do"] == "update":
            updates.update([of, {"id": change["id"]}], change["values"])
        else:
            updates.delete([of, {"id": change["id"]}])

    def _undo(self, revision):
        if not revision == self._left == self._revision():
            return False
        self._app.updates.undo()
        self._window.refreshFrameSignal.emit()
        return True


class _Together:
    """Spares what OpenShot does over all clips for each of many actions, which takes minutes where there are hundreds.

    Its overview, beside the timeline's zoom, is drawn once at the end. The action of an inserted clip does not keep a
    copy of all clips before it, which undo has no use for, and which the timeline copies and the project saves again.
    """

    def __init__(self, app):
        self._project, self._updates, self._overview = app.project, app.updates, app.window.sliderZoomWidget

    def __enter__(self):
        self._listeners = list(self._updates.updateListeners)
        now = [one for one in self._listeners if one is not self._overview]
        now.insert(now.index(self._project) + 1, self)
        self._updates.updateListeners[:] = now

    def changed(self, action):
        """By OpenShot's update manager, after the project has taken the action over."""
        if action.type == "insert":
            action.old_values = []

    def __exit__(self, *_):
        self._updates.updateListeners[:] = self._listeners
        self._overview.changed(self._updates.last_action)


class _Step:
    """What is done within belongs to one step of OpenShot's history."""

    def __init__(self, updates, name):
        self._updates, self._id = updates, f"{name} {uuid4().hex}"

    def __enter__(self):
        self._updates.transaction_id = self._id

    def __exit__(self, *_):
        self._updates.transaction_id = None


def _undo_in_steps(updates, together):
    """OpenShot before 3.0 undoes action by action: there, those of one step are undone and redone together.

    Its update manager is given what that of later versions has, an id that its actions get while it is set.
    """
    if hasattr(updates, "transaction_id"):
        return
    updates.transaction_id = None
    updates.update = _without_length(updates)
    appended = {name: getattr(updates, name) for name in ("insert", "update", "delete")}
    for name, do in appended.items():
        setattr(updates, name, _marked(updates, do))
    updates.undo = _repeated(updates.undo, updates.actionHistory, together)
    updates.redo = _repeated(updates.redo, updates.redoHistory, together)


def _without_length(updates):
    """The history without the timeline's length, which undo cannot take back: the timeline makes itself long again."""
    update = updates.update

    def track(key, values, partial_update=False):
        if key == ["duration"] and not updates.ignore_history:
            updates.update_untracked(key, values, partial_update)
        else:
            update(key, values, partial_update)

    return track


def _marked(updates, do):
    def mark(*arguments, **options):
        before = len(updates.actionHistory)
        do(*arguments, **options)
        if updates.transaction_id:
            for action in updates.actionHistory[before:]:
                action.transaction = updates.transaction_id

    return mark


def _repeated(do, history, together):
    def repeat():
        step = getattr(history[-1], "transaction", None) if history else None
        if not step:
            do()
            return
        with together:
            while history and getattr(history[-1], "transaction", None) == step:
                do()

    return repeat


def _some(held, keys):
    told = {key: held[key] for key in keys if key in held}
    reader = held.get("reader") or {}
    told["reader"] = {key: reader[key] for key in _READER if key in reader}
    return told
