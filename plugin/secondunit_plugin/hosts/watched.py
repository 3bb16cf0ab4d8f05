"""The host that is a folder: a program exports its cut into it, and takes back what is written beside the export.

The newest cut in the folder is the open one, whoever wrote it. Nothing in the folder is ever written over.
"""

import hashlib
import os
import re
import threading
from collections.abc import Callable
from collections.abc import Sequence as Series
from fractions import Fraction
from functools import partial
from itertools import count
from pathlib import Path

import opentimelineio as otio
from secondunit_bridge.errors import CutError, CutMoved, HostError, HostUnreachable
from secondunit_bridge.rates import FrameTime
from secondunit_timeline.interchange import read_cut, write_cut

from secondunit_plugin.hosts.frames import Probed, first_difference
from secondunit_plugin.hosts.host import (
    About,
    Attention,
    Changed,
    CutChanged,
    Gone,
    Sequence,
    SequenceId,
    Support,
)
from secondunit_plugin.hosts.looking import look
from secondunit_plugin.hosts.steps import Step
from secondunit_plugin.hosts.strips import HOST_ID, OURS, identify

SUFFIXES = (".otio", ".otioz", ".fcpxml", ".xml", ".aaf", ".edl", ".kdenlive", ".mlt")
SUPPORTS = frozenset((Support.VERSIONS, Support.EVENTS, Support.MARKERS, Support.TIMECODE))
_LIMITS = (
    "The cut is not changed where it is: a new version lies beside the export, to be imported.",
    "The program's selection and playhead are not known here.",
    "What the export's format cannot hold is lost in it: docs/survival.md says what that is.",
)
_LOOK_SECONDS = 0.5
_VERSION = re.compile(r"_unit\d\d+$")


class Watched:
    def __init__(self, folder: Path, probed: Probed) -> None:
        self._folder, self._probed = folder.resolve(), probed
        self._last_read: Sequence | None = None
        self._last_written: tuple[Path, str] | None = None

    def about(self) -> About:
        return About(f"the folder {self._folder}", "", SUPPORTS, _LIMITS)

    def read(self) -> Sequence:
        return self._sequence(self.newest())

    def newest(self) -> Path:
        """The file of the open cut. Raises HostUnreachable where there is none."""
        try:
            with os.scandir(self._folder) as entries:
                found = [
                    (entry.stat().st_mtime_ns, entry.name)
                    for entry in entries
                    if not entry.name.startswith(".") and entry.name.lower().endswith(SUFFIXES)
                ]
        except OSError as error:
            raise HostUnreachable(f"{self._folder} cannot be looked into ({error.strerror}): check it") from None
        if not found:
            raise HostUnreachable(
                f"{self._folder} holds no cut: export one into it, as {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}"
            )
        return self._folder / max(found)[1]

    def _sequence(self, path: Path) -> Sequence:
        revision, numbers = _revision(path), count(1)
        if self._last_read is None or self._last_read.revision != revision:
            # Ids hold for one reading of one file: what it calls the third clip may be the fourth of the next export.
            cut = read_cut(path)
            identify(cut, lambda: f"{revision}\n{next(numbers)}")
            where = SequenceId(str(self._folder), self._folder.name)
            self._last_read = Sequence(where, cut, revision, path.name)
        return self._last_read

    def attention(self) -> Attention:
        return Attention((), None)

    def follow(self, changed: Callable[[Changed], None]) -> Callable[[], None]:
        return look(partial(self._watch, changed), "watched-folder")

    def _watch(self, changed: Callable[[Changed], None], ended: threading.Event) -> None:
        """An export is told of when its file has stayed the same for one look: programs write for a while."""
        told = before = self._state()
        while not ended.wait(_LOOK_SECONDS):
            if not self._folder.is_dir():
                changed(Gone(f"the folder {self._folder} is not there any more"))
                return
            now = self._state()
            if now == before and now != told:
                told = now
                changed(CutChanged())
            before = now

    def _state(self) -> tuple[str, int, int] | None:
        try:
            newest = self.newest()
            found = newest.stat()
        except (HostUnreachable, OSError):
            return None
        return str(newest), found.st_mtime_ns, found.st_size

    def apply(self, steps: Series[Step], rate: Fraction, revision: str, undo_name: str) -> Sequence:  # noqa: ARG002
        raise HostError(f"{undo_name}: no cut in {self._folder} is changed where it is")

    def add_version(self, cut: otio.schema.Timeline, revision: str) -> Sequence:
        """In the format of the open cut; as .otio, which holds everything, where that format shows other frames."""
        export = self.newest()
        if _revision(export) != revision:
            raise CutMoved(f"{export} was exported after the cut was read")
        made, after = _without_ids(cut), export.stat().st_mtime_ns
        for suffix in dict.fromkeys((export.suffix, ".otio")):
            path = _free_beside(export, suffix)
            try:
                write_cut(made, path)
                if path.stat().st_mtime_ns <= after:  # the clock of the machine that exported is ahead
                    os.utime(path, ns=(after + 1, after + 1))
                seen = self._sequence(path)
            except CutError:  # the format holds no such cut
                path.unlink(missing_ok=True)
                if suffix == ".otio":
                    raise
                continue
            if suffix == ".otio" or first_difference(cut, seen.cut, self._probed) is None:
                break
            path.unlink()
        self._last_written = path, seen.revision
        return seen

    def undo(self, revision: str) -> None:
        if self._last_written is None or self._last_written[1] != revision:
            raise CutMoved(f"that version of the cut in {self._folder} is not the last one that was written")
        path, _ = self._last_written
        if _revision(path) != revision:
            raise CutMoved(f"{path} was written anew since")
        path.unlink()
        self._last_written = None

    def to_bin(self, files: Series[str]) -> None:
        raise HostError(f"a folder has no bin; the takes are {', '.join(files)}")

    def reveal(self, at: FrameTime) -> None:
        raise HostError(f"a folder cannot show frame {at.frame}")


def _revision(path: Path) -> str:
    try:
        return f"{path.name}\n{hashlib.sha256(path.read_bytes()).hexdigest()}"
    except OSError as error:
        raise HostUnreachable(f"{path} cannot be read ({error.strerror}): export the cut again") from None


def _free_beside(export: Path, suffix: str) -> Path:
    stem, number = _VERSION.sub("", export.stem), 1
    while (path := export.with_name(f"{stem}_unit{number:02}{suffix}")).exists():
        number += 1
    return path


def _without_ids(cut: otio.schema.Timeline) -> otio.schema.Timeline:
    """They are of one reading and mean nothing in a file."""
    made: otio.schema.Timeline = cut.deepcopy()
    for track in made.tracks:
        for child in track:
            own = dict(child.metadata.get(OURS, {}))
            if own.pop(HOST_ID, None) is not None:
                if own:
                    child.metadata[OURS] = own
                else:
                    del child.metadata[OURS]
    return made
