"""A person at the stand-in for DaVinci Resolve, for the conformance suite."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path

import opentimelineio as otio
from secondunit_plugin.hosts.resolve.host import Resolve
from secondunit_plugin.hosts.strips import Kind, identified, strips_from

from tests.plugin.hosts.conformance import probed
from tests.plugin.hosts.resolve.model import (
    Item,
    ProjectModel,
    TimelineModel,
    TrackModel,
    Transition,
    World,
    new_id,
)
from tests.plugin.hosts.resolve.program import scriptapp

KEEPS_FROM = (19, 1, 0)
"""From here on what belongs to a timeline is kept in its project."""


def timeline_of(cut: otio.schema.Timeline, world: World) -> TimelineModel:
    """As a person would have built it."""
    strips = strips_from(identified(cut)[0], probed)
    made = TimelineModel(strips.name, strips.rate, strips.start)
    counts = dict.fromkeys(("video", "audio"), 0)
    for track in strips.tracks:
        kind = "video" if track.kind is Kind.PICTURE else "audio"
        counts[kind] += 1
        model = TrackModel(f"{kind.capitalize()} {counts[kind]}", enabled=track.enabled, locked=track.locked)
        for strip in (one for one in strips.strips if one.track == track.name):
            media, at = strip.media, made.start + strip.start
            clip = world.clip(media.path) if media is not None else None
            first, speed = (media.first, media.speed) if media is not None else (Fraction(0), Fraction(1))
            stream = media.stream if media is not None else 0
            model.items.append(Item(strip.name, clip, at, strip.frames, first, speed, stream, link=strip.link))
        for lead in (one for one in strips.transitions if one.track == track.name):
            model.transitions.append(Transition(made.start + lead.at, lead.into, lead.out))
        made.tracks[kind].append(model)
    for marker in strips.markers:
        made.markers[marker.at] = {"name": marker.name, "note": marker.text, "color": "Blue", "duration": 1.0}
    return made


class ResolveEditor:
    def __init__(self, root: Path, version: tuple[int, int, int]) -> None:
        self.world, self._root = World(version), root
        self.host = self._reached()

    def _reached(self) -> Resolve:
        return Resolve(self._root / "home", None, probed, partial(scriptapp, self.world))

    @property
    def timeline(self) -> TimelineModel:
        assert self.world.current is not None and self.world.current.current is not None
        return self.world.current.current

    def open(self, cut: otio.schema.Timeline) -> None:
        project = ProjectModel(f"film {len(self.world.projects) + 1}")
        self.world.projects.append(project)
        self.world.current = project
        project.timelines.append(timeline_of(cut, self.world))
        project.current = project.timelines[0]

    def on(self, frame: int) -> Item:
        at = self.timeline.start + frame
        return next(one for one in self.timeline.tracks["video"][0].items if one.at <= at < one.end)

    def trim(self, on: int, frames: int) -> None:
        self.on(on).frames -= frames

    def insert_gap(self, at: int, frames: int) -> None:
        for kind in ("video", "audio"):
            for track in self.timeline.tracks[kind]:
                for item in track.items:
                    item.at += frames if item.at >= self.timeline.start + at else 0
                for lead in track.transitions:
                    lead.at += frames if lead.at >= self.timeline.start + at else 0

    def duplicate(self, on: int, to: int) -> None:
        item = self.on(on)
        self.timeline.tracks["video"][0].items.append(replace(item, id=new_id(), at=self.timeline.start + to))

    def delete(self, on: int) -> None:
        self.timeline.tracks["video"][0].items.remove(self.on(on))

    def select(self, on: tuple[int, ...], playhead: int) -> None:
        self.timeline.selected = [self.on(frame).id for frame in on]
        self.timeline.playhead = self.timeline.start + playhead

    def undo(self) -> None:
        """In Second Unit: a script cannot undo, and what a script did the program undoes call by call."""
        self.host.undo(self.host._done[-1].revision)

    def reopen(self) -> None:
        """Before 19.1 the panel goes on; from then on another one knows as much."""
        project, manager = self.world.current, scriptapp(self.world).GetProjectManager()
        assert project is not None
        assert manager.SaveProject()
        assert manager.CloseProject(manager.GetCurrentProject())
        assert manager.LoadProject(project.name) is not None
        if self.world.version >= KEEPS_FROM:
            self.host = self._reached()

    def bin(self) -> set[str]:
        assert self.world.current is not None
        return {one.path for one in self.world.current.root.all()}


@contextmanager
def opened(folder: Path, version: tuple[int, int, int]) -> Iterator[ResolveEditor]:
    yield ResolveEditor(folder, version)


# Both sides of every version from which on the program does more, or something else.
opened_18_5 = partial(opened, version=(18, 5, 0))
opened_18_6 = partial(opened, version=(18, 6, 6))
opened_19_0 = partial(opened, version=(19, 0, 0))
opened_19_1 = partial(opened, version=(19, 1, 3))
opened_20_2 = partial(opened, version=(20, 2, 2))
opened_21_0 = partial(opened, version=(21, 0, 4))
