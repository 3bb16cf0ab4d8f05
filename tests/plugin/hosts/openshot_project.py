"""OpenShot's project in memory, as its editor tells and changes it, for where the program is not installed.

The real program is `tests.end_to_end.hosts.openshot_program`.
"""

import copy
import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from secondunit_bridge.media.probe import probe

from tests.end_to_end.hosts.openshot_program import Person

BY_MEDIA = {"Points": [{"co": {"X": 1, "Y": -1.0}, "interpolation": 2}]}
EMPTY: dict[str, Any] = {
    **{"clips": [], "effects": [], "markers": [], "files": {}, "path": ""},
    "layers": [{"id": f"L{n}", "number": n * 1_000_000, "label": "", "lock": False} for n in range(1, 6)],
    "transitions": "/transitions",
}


class Project:
    """As `Program`: the methods of the editor, and by `ask` what a person does."""

    def __init__(self, openshot: str, libopenshot: str) -> None:
        self._versions = {"openshot": openshot, "libopenshot": libopenshot}
        self._followers: list[Callable[..., None]] = []
        self._revision, self._left = 0, ""
        self._selected: list[str] = []
        self._head = 0
        self._data: dict[str, Any] = {}
        self._undo: list[dict[str, Any]] = []
        self.new(24, 1)

    def ask(self, name: str, *arguments: Any) -> Any:
        return getattr(self, name)(*arguments)

    # As `hosts.openshot.host.Editor`

    def read(self) -> bytes:
        return json.dumps({**self._data, "revision": str(self._revision)}).encode()

    def attention(self) -> dict[str, Any]:
        return {"selected": self._selected, "frame": self._head}

    def change(self, revision: str, changes: list[dict[str, Any]], name: str) -> bytes | None:  # noqa: ARG002
        if revision != str(self._revision):
            return None
        self._undo.append(copy.deepcopy(self._data))
        for change in changes:
            self._make(change["do"], change["of"], change.get("id", ""), change.get("values", {}), change.get("like"))
        self._changed()
        self._left = str(self._revision)
        return self.read()

    def undo(self, revision: str) -> bool:
        if not revision == self._left == str(self._revision):
            return False
        self.press("actionUndo")
        return True

    def seek(self, frame: int) -> None:
        self._head = frame
        self._tell("attention", self.attention())

    def describe(self, path: str) -> dict[str, Any]:
        reader: dict[str, Any] = {"path": path, "has_video": True, "has_audio": False, "has_single_image": True}
        if not path.endswith(".svg"):
            info = probe(path)
            reader |= {
                **{"fps": {"num": info.rate.numerator, "den": info.rate.denominator}, "video_length": info.frames},
                **{"has_audio": bool(info.sound), "has_single_image": False},
            }
        reader["duration"] = 0.0 if path.endswith(".svg") else float(info.frames / info.rate)
        return {"id": uuid4().hex, "reader": reader, "has_video": BY_MEDIA, "has_audio": BY_MEDIA}

    def follow(self, tell: Callable[..., None]) -> Callable[[], None]:
        self._followers.append(tell)
        return lambda: self._followers.remove(tell)

    # What a person does

    def new(self, num: int, den: int) -> None:
        self._data = {**copy.deepcopy(EMPTY), **self._versions, "fps": {"num": num, "den": den}, "id": uuid4().hex}
        self._undo.clear()
        self._changed()

    def save(self, path: str) -> None:
        self._data["path"] = path
        Path(path).write_text(json.dumps(self._data))

    def open(self, path: str) -> None:
        self._data = json.loads(Path(path).read_text())
        if self._versions["openshot"] >= "3":  # it moves times to frames, and was seen to lose a bit there
            rate = self._data["fps"]["num"] / self._data["fps"]["den"]
            for one in (*self._data["clips"], *self._data["effects"]):
                for name in ("position", "start", "end"):
                    one[name] = math.nextafter(round(one[name] * rate) / rate, 0)
        self._undo.clear()
        self._changed()

    def edit(self, clip: str, values: dict[str, Any]) -> None:
        self._make("update", "clips", clip, values, None)
        self._changed()

    def copy(self, clip: str, position: float) -> None:
        self._make("insert", "clips", "", {"id": uuid4().hex, "position": position}, clip)
        self._changed()

    def select(self, clips: list[str]) -> None:
        self._selected = clips
        self._tell("attention", self.attention())

    def press(self, action: str) -> None:
        if action == "actionUndo":
            self._data = self._undo.pop()
        else:
            assert action == "actionRemoveClip"
            self._data["clips"] = [one for one in self._data["clips"] if one["id"] not in self._selected]
        self._changed()

    def _make(self, do: str, of: str, id_: str, values: dict[str, Any], like: str | None) -> None:
        if of == "files":
            self._data["files"][values["path"]] = values["id"]
            return
        held: list[dict[str, Any]] = self._data[of]
        one = next((one for one in held if one["id"] == (like or id_)), {})
        if do == "insert":
            assert values["id"] not in [one["id"] for one in held]
            held.append({**copy.deepcopy(one), **values})
        elif do == "update":
            one.update(values)
        else:
            held.remove(one)

    def _changed(self) -> None:
        self._revision += 1
        self._tell("cut")

    def _tell(self, *what: Any) -> None:
        for tell in tuple(self._followers):
            tell(*what)


@contextmanager
def opened(folder: Path) -> Iterator[Person]:
    yield Person(Project("2.6.1", "0.2.7"), folder)


@contextmanager
def opened_3_4(folder: Path) -> Iterator[Person]:
    yield Person(Project("3.4.0", "0.5.0"), folder)
