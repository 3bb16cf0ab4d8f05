"""OpenShot as a host: the panel is docked in its window, and the project is reached in its process."""

from collections.abc import Callable, Mapping
from collections.abc import Sequence as Series
from fractions import Fraction
from typing import Any, Protocol, TypeVar

import opentimelineio as otio
import orjson
from secondunit_bridge.errors import CutMoved, HostError, HostUnreachable
from secondunit_bridge.rates import FrameTime

from secondunit_plugin.hosts.host import (
    About,
    Attention,
    AttentionChanged,
    Changed,
    CutChanged,
    Gone,
    Sequence,
    SequenceId,
    Support,
)
from secondunit_plugin.hosts.openshot.changes import changes, file_of
from secondunit_plugin.hosts.openshot.project import Project, before_0_3, read
from secondunit_plugin.hosts.probing import Probing
from secondunit_plugin.hosts.steps import Step
from secondunit_plugin.hosts.strips import cut_from

R = TypeVar("R")
_SUPPORTS = frozenset(Support) - {Support.VERSIONS, Support.MARKERS, Support.TIMECODE}
_MOVED = "the cut was changed in OpenShot since it was read"
_BEFORE_0_3 = (
    "A clip is shown for one frame longer than it lasts where nothing follows it, a retimed one for two.",
    "After a project was opened again, undo takes a placement back clip by clip.",
)
_LIMITS = (
    *_BEFORE_0_3,
    "Projects have no start timecode, and markers no names.",
    "There is one timeline a project, so that no version of the cut can be put beside it.",
    "Of media whose frame rate is not the project's, OpenShot may show a neighbouring frame.",
    "Speed ramps, freezes within a clip and titles can be moved, but not trimmed.",
    "Sound has no transitions; where clips overlap both sound, and the cut says where the picture changes.",
    "Where a take has no sound, the sound of its shot becomes a clip of its own on the same track.",
    "A transition over one clip alone stays where it is when the clip moves.",
)


class Editor(Protocol):
    """`in_host/openshot/editor.py`; its methods raise ConnectionError once OpenShot closes."""

    def read(self) -> bytes: ...

    def attention(self) -> dict[str, Any]: ...

    def change(self, revision: str, changes: list[dict[str, Any]], name: str) -> bytes | None: ...

    def undo(self, revision: str) -> bool: ...

    def seek(self, frame: int) -> None: ...

    def describe(self, path: str) -> dict[str, Any]: ...

    def follow(self, tell: Callable[..., None]) -> Callable[[], None]: ...


class OpenShot:
    def __init__(self, editor: Editor) -> None:
        self._editor, self._probed = editor, Probing()
        self._project: Project | None = None

    def about(self) -> About:
        told = self._latest().told
        limits = _LIMITS if before_0_3(told) else _LIMITS[len(_BEFORE_0_3) :]
        return About("OpenShot", str(told["openshot"]), _SUPPORTS, limits)

    def read(self) -> Sequence:
        return self._sequence(self._reached(self._editor.read))

    def attention(self) -> Attention:
        return self._attention(self._latest(), self._reached(self._editor.attention))

    def follow(self, changed: Callable[[Changed], None]) -> Callable[[], None]:
        def tell(what: str, *told: dict[str, Any]) -> None:
            if what == "cut":
                changed(CutChanged())
            elif what == "gone":
                changed(Gone("OpenShot was closed"))
            elif self._project is not None:
                changed(AttentionChanged(self._attention(self._project, *told)))

        return self._editor.follow(tell)

    def apply(self, steps: Series[Step], rate: Fraction, revision: str, undo_name: str) -> Sequence:
        project = self._project
        if project is None or project.told["revision"] != revision or project.strips.rate != rate:
            raise CutMoved(_MOVED)
        made = changes(project, steps, self._described)
        told = self._reached(lambda: self._editor.change(revision, made, undo_name))
        if told is None:
            raise CutMoved(_MOVED)
        return self._sequence(told)

    def undo(self, revision: str) -> None:
        if not self._reached(lambda: self._editor.undo(revision)):
            raise CutMoved("something was edited in OpenShot since: undo it there")

    def add_version(self, cut: otio.schema.Timeline, name: str) -> Sequence:
        raise NotImplementedError("OpenShot has one timeline a project, and `about` says so")

    def to_bin(self, files: Series[str]) -> None:
        project = self._latest()
        made = [file_of(path, self._described(path)) for path in files if path not in project.told["files"]]
        if self._reached(lambda: self._editor.change(project.told["revision"], made, "to the project's files")) is None:
            raise CutMoved(_MOVED)

    def reveal(self, at: FrameTime) -> None:
        self._reached(lambda: self._editor.seek(at.frame))

    def _latest(self) -> Project:
        if self._project is None:
            self.read()
        assert self._project is not None
        return self._project

    def _sequence(self, told: bytes) -> Sequence:
        project = read(orjson.loads(told))
        cut = cut_from(project.strips, self._probed)
        self._project = project
        return Sequence(SequenceId(project.told["path"], project.told["id"]), cut, project.told["revision"])

    @staticmethod
    def _attention(project: Project, told: Mapping[str, Any]) -> Attention:
        ids = {part.clip: id_ for id_, part in reversed([*project.parts.items()])}
        selected = tuple(ids[clip] for clip in told["selected"] if clip in ids)
        return Attention(selected, FrameTime(told["frame"], project.strips.rate))

    def _described(self, path: str) -> dict[str, Any]:
        try:
            return self._editor.describe(path)
        except RuntimeError as error:
            raise HostError(f"OpenShot cannot read {path} ({error}): see whether it opens there") from error

    @staticmethod
    def _reached(ask: Callable[[], R]) -> R:
        try:
            return ask()
        except ConnectionError as error:
            raise HostUnreachable(f"{error}: start it again") from error
