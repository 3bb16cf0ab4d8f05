"""DaVinci Resolve Studio as a host, by its scripting API, from the panel's process.

Not yet run on the real program: docs/hosts/resolve.md says what there is to be tried on it.
"""

import hashlib
import re
import threading
import time
from collections.abc import Callable, Iterator
from collections.abc import Sequence as Series
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import opentimelineio as otio
from secondunit_bridge import spawn
from secondunit_bridge.errors import CutError, CutMoved, HostError, HostUnreachable
from secondunit_bridge.rates import FrameTime
from secondunit_timeline.index import Index

from secondunit_plugin.hosts.frames import Probed, first_difference
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
from secondunit_plugin.hosts.looking import look
from secondunit_plugin.hosts.resolve.calls import SECONDS, Calls
from secondunit_plugin.hosts.resolve.connecting import check, connect, has, version_of
from secondunit_plugin.hosts.resolve.kept import Kept, Row, can_keep
from secondunit_plugin.hosts.resolve.placing import Placing, refuse
from secondunit_plugin.hosts.resolve.pool import Pool
from secondunit_plugin.hosts.resolve.timelines import (
    AUDIO,
    VIDEO,
    Place,
    Timeline,
    items_of,
    playhead,
    rate_of_timeline,
    read_timeline,
    show,
)
from secondunit_plugin.hosts.resolve.versions import add_timeline, free_name, timelines
from secondunit_plugin.hosts.steps import Remove, Step, steps
from secondunit_plugin.hosts.strips import HOST_ID, OURS, Strips, identified, strips_from
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
    "What was placed is taken back in Second Unit; a clip that this puts back has no grade, and a take stays in its "
    "clip's take selector.",
    "The timeline is looked at once a second for changes.",
)
_NO_STATE = "Takes are found by their files: DaVinci Resolve keeps what belongs to a timeline from 19.1 on."
_LOST = "Takes are found by their files: DaVinci Resolve has not kept what was written to the timeline."
_NO_SELECTION = "DaVinci Resolve tells selected clips from 21.0.4 on: choose shots in Second Unit."
_UNTITLED = "Untitled Project"
"""The name of one that was never saved; saving it by script fails, and without a window never ends."""
_LOOK_SECONDS, _LOOK_SHARE = 1.0, 9
"""How long is waited between two looks: at least so many times what one takes."""
_PATIENCE = 3
_APPLY_SECONDS = 300.0

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Applied:
    revision: str
    before: Strips


@dataclass(frozen=True, slots=True)
class _Added:
    revision: str
    timeline: str


@dataclass(frozen=True, slots=True)
class _Looked:
    glance: tuple[object, ...]
    attention: Attention


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
        try:
            seen = self._ask(self._looked)
        except HostError:
            seen = None
        return look(partial(self._watch, changed, seen), "resolve-changes")

    def apply(self, steps: Series[Step], rate: Fraction, revision: str, undo_name: str) -> Sequence:
        def does() -> Sequence:
            timeline, before = self._as_read(revision)
            if timeline.rate != rate:
                raise HostError(f"{undo_name} counts at {rate} frames a second, the timeline at {timeline.rate}")
            seen = self._carry_out(timeline, before, steps)
            self._done.append(_Applied(seen.revision, before))
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
                case _Applied(before=before):
                    timeline, now = self._as_read(revision)
                    self._carry_out(timeline, now, steps(now, before))
                case _Added(timeline=name):
                    self._remove_version(name)
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

    def _carry_out(self, timeline: Timeline, before: Strips, todo: Series[Step]) -> Sequence:
        """All of `todo`, or none as far as that goes; saved, and read again then."""
        app, project = self._program(), self._project()
        if str(project.GetName()) == _UNTITLED:
            raise HostError("the project was never saved: save it in DaVinci Resolve, then try again")
        refuse(timeline, todo, version_of(app), self._probed)
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
            self._put_back(timeline.handle, before)
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

    def _put_back(self, handle: Any, before: Strips) -> None:
        """As far as it goes: `placement` reads what is left, and says so."""
        try:
            now = self._read(handle)
            back = steps(strips_from(now.cut, self._probed), before)
            self._place(now, dict(self._kept.of(handle)), back)
        except (HostError, CutError):
            pass

    def _versioned(self, timeline: Timeline, cut: otio.schema.Timeline) -> Sequence:
        project = self._project()
        planned, _ = identified(cut)
        name = free_name(project, str(timeline.handle.GetName()))
        self._calls.go_on()
        made = add_timeline(project, planned, name, self._probed)
        project.SetCurrentTimeline(timeline.handle)
        self._kept.keep(made, _rows(made, planned, self._probed))
        version = self._read(made)
        ungraded = sum(not timeline.items[name].CopyGrades([item]) for name, item in _shared(timeline, version))
        seen = self._sequence(version)
        named = f"{name} (without the grade of {ungraded} clips)" if ungraded else name
        return Sequence(seen.id, seen.cut, seen.revision, named)

    def _remove_version(self, name: str) -> None:
        project = self._project()
        found = [one for one in timelines(project) if str(one.GetUniqueId()) == name]
        if found and not project.GetMediaPool().DeleteTimelines(found):
            raise HostError(f"DaVinci Resolve does not remove the timeline {found[0].GetName()!r}: remove it there")

    # Changes

    def _watch(self, changed: Callable[[Changed], None], seen: "_Looked | None", ended: threading.Event) -> None:
        missed, wait = 0, _LOOK_SECONDS
        while not ended.wait(wait):
            began = time.monotonic()
            try:
                now = self._ask(self._looked)
            except HostError as error:
                missed += 1
                if missed == _PATIENCE:
                    changed(Gone(str(error)))
                    return
                continue
            if seen is not None and now.glance != seen.glance:
                changed(CutChanged())
            if seen is not None and now.attention != seen.attention:
                changed(AttentionChanged(now.attention))
            missed, seen = 0, now
            wait = max(_LOOK_SECONDS, _LOOK_SHARE * (time.monotonic() - began))

    def _looked(self) -> "_Looked":
        return _Looked(self._glance(), self._attention())

    def _glance(self) -> tuple[object, ...]:
        """What tells an edit without an export."""
        handle = self._timeline()
        told: list[object] = [handle.GetUniqueId(), str(sorted((handle.GetMarkers() or {}).items()))]
        for kind in (VIDEO, AUDIO):
            for number in range(1, int(handle.GetTrackCount(kind)) + 1):
                told.append((kind, handle.GetTrackName(kind, number), handle.GetIsTrackEnabled(kind, number)))
                told += [
                    (item.GetUniqueId(), item.GetStart(), item.GetDuration(), item.GetLeftOffset())
                    for item in items_of(handle, Place(kind, number))
                ]
        return tuple(told)


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


def _rows(handle: Any, planned: otio.schema.Timeline, probed: Probed) -> dict[str, Row]:
    """Whose item is whose strip, in a timeline that was made of `planned`: by track and first frame."""
    strips = strips_from(planned, probed)
    start = int(handle.GetStartFrame())
    counts: dict[str, int] = {VIDEO: 0, AUDIO: 0}
    rows: dict[str, Row] = {}
    for track in strips.tracks:
        kind = VIDEO if track.kind == "picture" else AUDIO
        counts[kind] += 1
        there = {strip.start: strip for strip in strips.strips if strip.track == track.name}
        for item in items_of(handle, Place(kind, counts[kind])):
            strip = there.get(int(item.GetStart()) - start)
            if strip is not None and int(item.GetDuration()) == strip.frames:
                rows[str(item.GetUniqueId())] = Row(strip.id, strip.state)
    return rows


def _shared(timeline: Timeline, version: Timeline) -> Iterator[tuple[str, Any]]:
    """The items of pictures in `version` that `timeline` has, too, by the ids of their strips."""
    for track in Index(version.cut).tracks:
        if track.kind == otio.schema.TrackKind.Video:
            for child in track.children:
                name = str(child.metadata.get(OURS, {}).get(HOST_ID, ""))
                if name in version.items and name in timeline.items:
                    yield name, version.items[name]
