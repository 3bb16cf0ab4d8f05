"""DaVinci Resolve Studio as a host, by its scripting API, from the panel's process.

Not yet run on the real program: docs/hosts/resolve.md says what there is to be tried on it.
"""

import hashlib
import re
from collections.abc import Callable
from collections.abc import Sequence as Series
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import opentimelineio as otio
from secondunit_bridge import spawn
from secondunit_bridge.errors import CutError, CutMoved, HostError, HostUnreachable
from secondunit_bridge.rates import FrameTime

from secondunit_plugin.hosts.frames import Probed, first_difference
from secondunit_plugin.hosts.host import (
    About,
    Attention,
    Changed,
    Sequence,
    SequenceId,
    Support,
)
from secondunit_plugin.hosts.looking import look
from secondunit_plugin.hosts.resolve.calls import SECONDS, Calls
from secondunit_plugin.hosts.resolve.connecting import check, connect, has, version_of
from secondunit_plugin.hosts.resolve.grades import take_over
from secondunit_plugin.hosts.resolve.kept import Kept, Row, can_keep
from secondunit_plugin.hosts.resolve.placing import Placing, refuse
from secondunit_plugin.hosts.resolve.pool import Pool
from secondunit_plugin.hosts.resolve.timelines import (
    Timeline,
    item_at,
    playhead,
    rate_of_timeline,
    read_timeline,
    show,
)
from secondunit_plugin.hosts.resolve.versions import add_timeline, free_name, rows_of, shared, timelines
from secondunit_plugin.hosts.resolve.watching import Glance, Seen, glance, watch
from secondunit_plugin.hosts.steps import Remove, Step, steps
from secondunit_plugin.hosts.strips import Kind, Strips, identified, strips_from
from secondunit_plugin.hosts.wire import strips_to_json

SUPPORTS = frozenset(
    (
        *(Support.TRACKS, Support.PLACE, Support.REMOVE, Support.MEDIA, Support.STATE),
        *(Support.VERSIONS, Support.UNDO, Support.BIN, Support.MARKERS, Support.TIMECODE),
        *(Support.PLAYHEAD, Support.SELECTION, Support.EVENTS, Support.REVEAL),
    )
)
"""Of 21.0.4 and newer: what depends on the version is taken out by `Resolve.about`."""
_LIMITS = (
    "This was written from DaVinci Resolve's documentation, and not yet run on the real program.",
    "Clips cannot be trimmed, moved or given a speed or a transition from here: such an edit becomes another timeline, "
    "by OTIO.",
    "Such a timeline has the file names for names of clips and no in and out points; grades are copied to it clip by "
    "clip, and what a clip has of Fusion stays with the open timeline.",
    "A timeline with titles, generators or adjustment clips cannot become such a timeline.",
    "Placing saves the project, to see that what was placed is still there then.",
    "What was placed is taken back in Second Unit; a take stays in its clip's take selector then.",
    "Before a clip is removed, the timeline is copied, as `NAME before01`: grade, transform and crop come from there "
    "when the clip is put back, and nothing else.",
    "The timeline is looked at once a second for changes.",
)
_NO_STATE = "Takes are found by their files: DaVinci Resolve keeps what belongs to a timeline from 19.1 on."
_LOST = "Takes are found by their files: DaVinci Resolve has not kept what was written to the timeline."
_NO_SELECTION = "DaVinci Resolve tells selected clips from 21.0.4 on: choose shots in Second Unit."
_UNTITLED = "Untitled Project"
"""The name of one that was never saved; saving it by script fails, and without a window never ends."""
_APPLY_SECONDS = 300.0

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Applied:
    """`copy`: the unique id of the timeline as it was before a clip was removed from it, empty where none was."""

    revision: str
    before: Strips
    copy: str


@dataclass(frozen=True, slots=True)
class _Added:
    revision: str
    timeline: str


class Resolve:
    """`folder`: where takes are kept for the project that is open, None for one in `home`. `reach`: the program."""

    def __init__(self, home: Path, folder: Path | None, probed: Probed, reach: Callable[[], Any] = connect) -> None:
        self._home, self._folder, self._probed, self._reach = home, folder, probed, reach
        self._calls, self._kept = Calls(), Kept()
        self._app: Any = None
        self._done: list[_Applied | _Added] = []

    # What the panel asks

    def about(self) -> About:
        def ask() -> About:
            app, timeline = self._program(), self._timeline()
            supports, limits = set(SUPPORTS), list(_LIMITS)
            if not can_keep(timeline) or self._kept.lost:
                supports.discard(Support.STATE)
                limits.append(_LOST if self._kept.lost else _NO_STATE)
            if not has(timeline, "GetSelectedClips"):
                supports.discard(Support.SELECTION)
                limits.append(_NO_SELECTION)
            return About("DaVinci Resolve Studio", str(app.GetVersionString()), frozenset(supports), tuple(limits))

        return self._ask(ask)

    def read(self) -> Sequence:
        return self._ask(lambda: self._sequence(self._read(self._timeline())))

    def attention(self) -> Attention:
        return self._ask(self._attention)

    def follow(self, changed: Callable[[Changed], None]) -> Callable[[], None]:
        def glanced() -> Glance:
            return self._ask(lambda: glance(self._timeline()))

        try:
            seen = Seen(glanced(), self.attention())
        except HostError:
            seen = Seen()
        return look(partial(watch, glanced, self.attention, changed, seen), "resolve-changes")

    def apply(self, steps: Series[Step], rate: Fraction, revision: str, undo_name: str) -> Sequence:
        def does() -> Sequence:
            timeline, before = self._as_read(revision)
            if timeline.rate != rate:
                raise HostError(f"{undo_name} counts at {rate} frames a second, the timeline at {timeline.rate}")
            self._refuse(timeline, steps)
            copy = self._copied(timeline, steps)
            seen = self._carry_out(timeline, before, steps, copy)
            self._done.append(_Applied(seen.revision, before, copy))
            return seen

        return self._ask(does, _APPLY_SECONDS)

    def add_version(self, cut: otio.schema.Timeline, revision: str) -> Sequence:
        def does() -> Sequence:
            timeline, _ = self._as_read(revision)
            seen = self._versioned(timeline, cut)
            self._done.append(_Added(seen.revision, seen.id.sequence))
            return seen

        return self._ask(does, _APPLY_SECONDS)

    def undo(self, revision: str) -> None:
        def does() -> None:
            if not self._done or self._done[-1].revision != revision:
                raise CutMoved("what is to be undone is not the last thing that was done to the timeline")
            match self._done[-1]:
                case _Applied(before=before, copy=copy):
                    timeline, now = self._as_read(revision)
                    back = steps(now, before)
                    self._refuse(timeline, back)
                    self._carry_out(timeline, now, back, "")
                    self._regrade(copy, now, before)
                case _Added(timeline=name):
                    self._remove(name)
            self._done.pop()

        self._ask(does, _APPLY_SECONDS)

    def to_bin(self, files: Series[str]) -> None:
        def does() -> None:
            pool = Pool(self._project().GetMediaPool())
            for file in files:
                pool.item(file)

        self._ask(does)

    def reveal(self, at: FrameTime) -> None:
        def does() -> None:
            timeline = self._timeline()
            show(timeline, FrameTime(int(timeline.GetStartFrame()) + at.frame, at.rate))

        self._ask(does)

    def _ask(self, does: Callable[[], _T], seconds: float = SECONDS) -> _T:
        def guarded() -> _T:
            try:
                return does()
            except TypeError:  # every method of a handle whose program has ended is None
                if self._app is None or _lives(self._app):
                    raise
                self._app = None
                raise HostUnreachable("DaVinci Resolve was ended: start it again") from None

        return self._calls(guarded, seconds)

    # On the thread of the calls

    def _program(self) -> Any:
        if self._app is None or not _lives(self._app):
            self._app = self._reach()
            check(self._app)
        return self._app

    def _project(self) -> Any:
        project = self._program().GetProjectManager().GetCurrentProject()
        if project is None:
            raise HostUnreachable("DaVinci Resolve has no project open: open the project there")
        return project

    def _timeline(self) -> Any:
        timeline = self._project().GetCurrentTimeline()
        if timeline is None:
            raise HostUnreachable("DaVinci Resolve has no timeline open: open one on its Edit page")
        return timeline

    def _read(self, handle: Any) -> Timeline:
        return read_timeline(self._program(), handle, self._kept.of(handle), self._probed)

    def _sequence(self, timeline: Timeline) -> Sequence:
        handle = timeline.handle
        where = SequenceId(self._project_folder(), str(handle.GetUniqueId()))
        return Sequence(where, timeline.cut, _revision(timeline.cut, where, self._probed), str(handle.GetName()))

    def _project_folder(self) -> str:
        project = self._project()
        name = str(project.GetName())
        if name == _UNTITLED:
            return ""
        if self._folder is not None:
            return str(self._folder)
        plain = re.sub(r"[^\w.-]+", "_", name)
        folder = self._home / "resolve" / f"{plain}-{str(project.GetUniqueId())[:8]}"
        spawn.make_private(self._home)
        folder.mkdir(parents=True, exist_ok=True)
        return str(folder)

    def _attention(self) -> Attention:
        handle = self._timeline()
        rate, start = rate_of_timeline(handle), int(handle.GetStartFrame())
        rows = self._kept.of(handle)
        chosen = handle.GetSelectedClips() if has(handle, "GetSelectedClips") else ()
        unique = [str(item.GetUniqueId()) for item in chosen or ()]
        at = playhead(handle, rate)
        return Attention(
            tuple(rows[one].id if one in rows else one for one in unique),
            FrameTime(at.frame - start, rate) if at is not None else None,
        )

    def _as_read(self, revision: str) -> tuple[Timeline, Strips]:
        timeline = self._read(self._timeline())
        if self._sequence(timeline).revision != revision:
            raise CutMoved("the timeline was edited in DaVinci Resolve after it was read: read it again")
        return timeline, strips_from(timeline.cut, self._probed)

    def _refuse(self, timeline: Timeline, todo: Series[Step]) -> None:
        """Before anything is done. Raises HostError, Unplaceable where a version would do."""
        if str(self._project().GetName()) == _UNTITLED:
            raise HostError("the project was never saved: save it in DaVinci Resolve, then try again")
        refuse(timeline, todo, version_of(self._program()), self._probed)

    def _carry_out(self, timeline: Timeline, before: Strips, todo: Series[Step], copy: str) -> Sequence:
        """All of `todo`, or none as far as that goes; saved, and read again then. `copy`: see `_Applied`."""
        app = self._program()
        page = app.GetCurrentPage()
        if page != "edit" and any(isinstance(step, Remove) for step in todo):
            app.OpenPage("edit")  # elsewhere no clip is removed
        rows = dict(self._kept.of(timeline.handle))
        try:
            self._place(timeline, rows, todo)
            seen = self._sequence(self._read(timeline.handle))
            self._calls.go_on()
            if not app.GetProjectManager().SaveProject():
                raise HostError("DaVinci Resolve does not save the project: save it there, then try again")
            # What is placed by a call that failed is in the timeline until it is saved.
            after = self._read(timeline.handle)
            left = first_difference(seen.cut, after.cut, self._probed)
            if left is not None:
                raise HostError(f"DaVinci Resolve has lost what was placed when it saved the project: {left}")
        except HostUnreachable:
            raise
        except HostError:
            self._put_back(timeline.handle, before, copy)
            raise
        finally:
            if page is not None and app.GetCurrentPage() != page:
                app.OpenPage(page)
        return self._sequence(after)

    def _place(self, timeline: Timeline, rows: dict[str, Row], todo: Series[Step]) -> None:
        placing = Placing(self._program(), self._project(), timeline, rows, self._calls.go_on)
        try:
            for step in todo:
                placing.carry_out(step)
            placing.link()
        finally:  # also of what is put back: ids
            self._kept.keep(timeline.handle, placing.rows)

    def _put_back(self, handle: Any, before: Strips, copy: str) -> None:
        """As far as it goes: `placement` reads what is left, and says so."""
        try:
            timeline = self._read(handle)
            now = strips_from(timeline.cut, self._probed)
            self._place(timeline, dict(self._kept.of(handle)), steps(now, before))
            self._regrade(copy, now, before)
        except (HostError, CutError):
            pass

    def _copied(self, timeline: Timeline, todo: Series[Step]) -> str:
        """A script cannot put back what a clip of the camera looked like once it is removed: a copy of the timeline
        holds it."""
        removed = [step.strip for step in todo if isinstance(step, Remove)]
        if not any(strip.kind is Kind.PICTURE and not strip.generated for strip in removed):
            return ""
        project, handle = self._project(), timeline.handle
        made = handle.DuplicateTimeline(free_name(project, str(handle.GetName()), "before"))
        project.SetCurrentTimeline(handle)
        if made is None:
            raise HostError("DaVinci Resolve does not copy the timeline before a clip is removed: nothing was done")
        return str(made.GetUniqueId())

    def _regrade(self, copy: str, now: Strips, before: Strips) -> None:
        """Gives clips that were removed, and are put back, what they looked like; the copy goes."""
        found = next((one for one in timelines(self._project()) if str(one.GetUniqueId()) == copy), None)
        if found is None:
            return
        timeline, there = self._read(self._timeline()), {strip.id for strip in now.strips}
        for strip in before.strips:
            if strip.id in timeline.items and strip.id not in there and strip.kind is Kind.PICTURE:
                like = item_at(found, timeline.places[strip.track], timeline.start + strip.start)
                if like is not None:
                    take_over(timeline.items[strip.id], like)
        self._remove(copy)

    def _versioned(self, timeline: Timeline, cut: otio.schema.Timeline) -> Sequence:
        project = self._project()
        planned, _ = identified(cut)
        name = free_name(project, str(timeline.handle.GetName()), "unit")
        self._calls.go_on()
        made = add_timeline(project, planned, name, self._probed)
        project.SetCurrentTimeline(timeline.handle)
        try:
            self._kept.keep(made, rows_of(made, planned, self._probed))
            version = self._read(made)
        except HostError:
            self._remove(str(made.GetUniqueId()))
            raise
        ungraded = sum(not timeline.items[strip].CopyGrades([item]) for strip, item in shared(timeline, version))
        notes = (f"DaVinci Resolve has not copied the grades of {ungraded} clips to it.",) if ungraded else ()
        return replace(self._sequence(version), notes=notes)

    def _remove(self, name: str) -> None:
        project = self._project()
        found = [one for one in timelines(project) if str(one.GetUniqueId()) == name]
        if found and not project.GetMediaPool().DeleteTimelines(found):
            raise HostError(f"DaVinci Resolve does not remove the timeline {found[0].GetName()!r}: remove it there")


def _lives(app: Any) -> bool:
    try:
        return bool(app.GetProductName())
    except TypeError:
        return False


def _revision(cut: otio.schema.Timeline, where: SequenceId, probed: Probed) -> str:
    try:
        told = strips_to_json(strips_from(cut, probed))
    except CutError:  # sound whose edit points lie between frames
        told = cut.to_json_string(-1).encode()
    return hashlib.sha256(where.sequence.encode() + told).hexdigest()
