"""A project that Kdenlive has open, as a host.

D-Bus has no call that places a clip exactly, tells the selection or moves a clip. So the project is saved, rewritten
and opened again by Kdenlive's own "Revert", which keeps the playhead and begins Kdenlive's history anew.
"""

import hashlib
import re
import threading
import time
from collections.abc import Callable
from collections.abc import Sequence as Series
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import assert_never

import opentimelineio as otio
from secondunit_bridge.errors import CutError, CutMoved, HostError, HostUnreachable
from secondunit_bridge.files import write_whole
from secondunit_bridge.rates import FrameTime

from secondunit_plugin.hosts.frames import Probed
from secondunit_plugin.hosts.host import (
    About,
    Attention,
    Changed,
    CutChanged,
    Sequence,
    SequenceId,
    Support,
)
from secondunit_plugin.hosts.kdenlive.project import Project
from secondunit_plugin.hosts.kdenlive.window import Window, open_windows
from secondunit_plugin.hosts.looking import answers, look
from secondunit_plugin.hosts.steps import Add, Step, steps
from secondunit_plugin.hosts.strips import Strip, Strips, strips_from
from secondunit_plugin.hosts.wire import strips_to_json

_SUPPORTS = frozenset(
    (
        Support.TRACKS,
        Support.PLACE,
        Support.REMOVE,
        Support.MOVE,
        Support.MEDIA,
        Support.SPEED,
        Support.TRANSITIONS,
        Support.STATE,
        Support.UNDO,
        Support.VERSIONS,
        Support.BIN,
        Support.MARKERS,
        Support.PLAYHEAD,
        Support.EVENTS,
        Support.REVEAL,
    )
)
_LIMITS = (
    "Reading the cut, telling the playhead and placing save the project first.",
    "To place, a copy of the project is put beside it, the project is rewritten, and Kdenlive opens it again: its own "
    "undo history starts anew, and the placement is taken back in Second Unit.",
    "Kdenlive does not tell which clips are selected: choose shots in Second Unit.",
    "Edits in Kdenlive are seen once the project is saved.",
    "A fade that reaches into a gap is refused: in Kdenlive a fade ends with its clip.",
    "Where a title, a colour or a nest would have to be split, the cut goes into a new project beside the open one.",
)
_LOOK_SECONDS = 0.5
_SAVE_SECONDS = 15.0
_REOPEN_SECONDS = 60.0
_BACKUPS = 10


@dataclass(frozen=True, slots=True)
class _Rewritten:
    revision: str
    backup: Path


@dataclass(frozen=True, slots=True)
class _Added:
    revision: str
    path: Path


class Kdenlive:
    """`path`: the project, which Kdenlive has open and has saved there. `windows`: every Kdenlive that runs."""

    def __init__(self, path: Path, probed: Probed, windows: Callable[[], Series[Window]] = open_windows) -> None:
        self._path, self._probed, self._windows = path.resolve(), probed, windows
        self._done: list[_Rewritten | _Added] = []
        self._saved: tuple[int, int] | None = None
        """What the file was when Kdenlive was last told to save: its own way of writing what is open."""

    def about(self) -> About:
        with self._window() as window:
            version = window.version
        return About("Kdenlive", version, _SUPPORTS, _LIMITS)

    def read(self) -> Sequence:
        with self._window() as window:
            if window.modified or self._saved is None or self._saved != self._stamp():
                self._save(window)
        return _sequence(self._project())

    def attention(self) -> Attention:
        with self._window() as window:
            self._save(window)
        return Attention((), self._project().playhead)

    def follow(self, changed: Callable[[Changed], None]) -> Callable[[], None]:
        return look(partial(self._watch, changed), "kdenlive")

    def _watch(self, changed: Callable[[Changed], None], ended: threading.Event) -> None:
        def there() -> tuple[int, int] | None:
            with self._window():  # raises where Kdenlive does not have the project open
                pass
            return self._stamp()

        seen, told = self._stamp(), self._revision_on_disk()
        for stamp in answers(there, _LOOK_SECONDS, changed, ended):
            if stamp == seen:
                continue
            seen = stamp
            if (now := self._revision_on_disk()) not in (None, told):
                told = now
                changed(CutChanged())

    def _stamp(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:  # the moment in which a program replaces it
            return None
        return found.st_mtime_ns, found.st_size

    def _revision_on_disk(self) -> str | None:
        try:
            return _sequence(self._project()).revision
        except (CutError, HostUnreachable):  # half a sentence: the next look sees the whole
            return None

    def apply(self, steps: Series[Step], rate: Fraction, revision: str, undo_name: str) -> Sequence:
        with self._window() as window:
            project = self._as_read(window, revision)
            if project.rate != rate:
                raise HostError(f"{undo_name} counts at {rate} frames a second, {self._path} at {project.rate}")
            before = project.read_from
            project.apply(steps)
            after = project.content()
            backup = self._free("_before")
            write_whole(backup, before)
            self._drop_old_backups()
            seen = self._replaced(window, before, after, backup)
        self._done.append(_Rewritten(seen.revision, backup))
        return seen

    def add_version(self, cut: otio.schema.Timeline, revision: str) -> Sequence:
        with self._window() as window:
            project = self._as_read(window, revision)
        before, after = (strips_from(one, self._probed) for one in (project.cut, cut))
        project.apply(
            replace(step, like=_like(step.strip, before)) if isinstance(step, Add) and step.like is None else step
            for step in steps(before, after)
        )
        path = self._free("_unit")
        write_whole(path, project.content())
        seen = _sequence(Project(path, path.read_bytes(), self._probed))
        self._done.append(_Added(seen.revision, path))
        return seen

    def undo(self, revision: str) -> None:
        if not self._done or self._done[-1].revision != revision:
            raise CutMoved(f"what is to be undone is not the last thing that was done to {self._path}")
        match last := self._done[-1]:
            case _Rewritten(backup=backup):
                try:
                    before = backup.read_bytes()
                except OSError as error:
                    raise HostError(f"{backup} cannot be read ({error.strerror}): nothing is undone") from None
                with self._window() as window:
                    project = self._as_read(window, revision)
                    self._replaced(window, project.read_from, before, backup)
            case _Added(path=path):
                if _sequence(Project(path, path.read_bytes(), self._probed)).revision != revision:
                    raise CutMoved(f"{path} was edited since it was written: it stays")
                path.unlink()
            case _:
                assert_never(last)
        self._done.pop()

    def to_bin(self, files: Series[str]) -> None:
        with self._window() as window:
            self._save(window)
            folder = self._project().folder
            for file in files:
                window.add_media(file, folder)
            end = time.monotonic() + _REOPEN_SECONDS
            while True:
                time.sleep(_LOOK_SECONDS)
                self._save(window)
                held = self._project().media
                missing = [file for file in files if file not in held]
                if not missing:
                    return
                if time.monotonic() > end:
                    raise HostError(f"Kdenlive does not take {', '.join(missing)} into its bin: add them there by hand")

    def reveal(self, at: FrameTime) -> None:
        with self._window() as window:
            window.do("raise_project_monitor")
            project = self._project()
            if at.rate != project.rate:
                raise HostError(f"frame {at.frame} at {at.rate} is none of {self._path}, which runs at {project.rate}")
            seconds, frames = divmod(at.frame, round(project.rate))
            forward = "monitor_seek_forward-one-"
            window.do_all(("seek_start", *[forward + "second"] * seconds, *[forward + "frame"] * frames))
            self._save(window)
        if (seen := self._project().playhead) != at:
            raise HostError(f"Kdenlive shows frame {seen.frame} of {self._path}, not {at.frame}: go there by hand")

    def _window(self) -> Window:
        """Raises HostUnreachable where no Kdenlive has the project open, HostError where that cannot be told."""
        found = [window for window in self._windows() if window.has_open(self._path)]
        if len(found) > 1:
            found = [window for window in found if window.started_with() == self._path]
        if not found:
            raise HostUnreachable(f"{self._path} is not open in Kdenlive: open it there")
        return found[0]

    def _content(self) -> bytes:
        try:
            return self._path.read_bytes()
        except OSError as error:
            raise HostUnreachable(f"{self._path} cannot be read ({error.strerror}): save it in Kdenlive") from None

    def _project(self) -> Project:
        return Project(self._path, self._content(), self._probed)

    def _save(self, window: Window) -> None:
        before = self._stamp()
        window.save()
        end = time.monotonic() + _SAVE_SECONDS
        while self._stamp() == before:
            if time.monotonic() > end:
                raise HostError(
                    f"Kdenlive was told to save, and {self._path} stayed as it was: is another project of that name "
                    "open, or the file write-protected?"
                )
            time.sleep(0.01)
        self._saved = self._stamp()

    def _as_read(self, window: Window, revision: str) -> Project:
        """The project with everything that Kdenlive knows, the playhead too. Raises CutMoved."""
        self._save(window)
        project = self._project()
        if _sequence(project).revision != revision:
            raise CutMoved(f"{self._path} was edited in Kdenlive after it was read: read it again")
        return project

    def _replaced(self, window: Window, before: bytes, after: bytes, backup: Path) -> Sequence:
        """The cut as Kdenlive has it after it opened `after`."""
        if window.modified or self._content() != before:
            raise CutMoved(f"{self._path} was edited in Kdenlive while it was being rewritten: read it again")
        write_whole(self._path, after)
        try:
            window.do("file_revert", _REOPEN_SECONDS)
            self._save(window)
        except HostError as error:
            raise HostUnreachable(
                f"{self._path} is rewritten, and Kdenlive has not opened it again: {error}. The project as it was "
                f"before is {backup}"
            ) from error
        return _sequence(self._project())

    def _free(self, mark: str) -> Path:
        number = 1
        while (path := self._path.with_stem(f"{self._path.stem}{mark}{number:02}")).exists():
            number += 1
        return path

    def _drop_old_backups(self) -> None:
        name = re.compile(re.escape(self._path.stem) + r"_before\d\d+\.kdenlive")
        found = [one for one in self._path.parent.iterdir() if name.fullmatch(one.name)]
        for old in sorted(found, key=lambda one: one.stat().st_mtime_ns)[:-_BACKUPS]:
            old.unlink()


def _sequence(project: Project) -> Sequence:
    told = hashlib.sha256(strips_to_json(project.strips)).hexdigest()
    return Sequence(SequenceId(str(project.path), project.sequence), project.cut, told)


def _like(strip: Strip, before: Strips) -> str | None:
    """Of what only Kdenlive can show: that of which the strip is a part."""
    if strip.media is not None:
        return None
    same = (one for one in before.strips if (one.track, one.name, one.media) == (strip.track, strip.name, None))
    return next((one.id for one in same if one.start < strip.end and strip.start < one.end), None)


def open_project(windows: Callable[[], Series[Window]] = open_windows) -> Path:
    """The project that the one running Kdenlive was started with and has open. Raises HostUnreachable."""
    found = {path for window in windows() if (path := window.started_with()) is not None and window.has_open(path)}
    if len(found) != 1:
        raise HostUnreachable(
            f"{len(found)} projects that a running Kdenlive was started with are open: name the one that is meant, as "
            "in `secondunit panel --kdenlive PROJECT`"
        )
    return found.pop()
