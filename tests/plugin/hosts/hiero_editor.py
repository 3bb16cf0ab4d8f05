"""What `secondunit install hiero` puts into Hiero, run over one in memory, at the real host link."""

import importlib.util
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from fractions import Fraction
from itertools import count
from pathlib import Path
from queue import Empty, Queue, SimpleQueue
from typing import Any
from uuid import uuid4

import opentimelineio as otio
import pytest
from secondunit_plugin.hosts.installing import in_host, installed_json
from secondunit_plugin.hosts.link import Connection, Links
from secondunit_plugin.hosts.linked import LinkedHost
from secondunit_plugin.hosts.strips import Kind, Strip, Strips, identified, strips_from

from tests.plugin.hosts.conformance import probed
from tests.plugin.hosts.foundry.application import Application, Project
from tests.plugin.hosts.foundry.media import BinItem, Clip, MediaSource, Tag, TimeBase, path_of
from tests.plugin.hosts.foundry.timeline import AudioTrack, Sequence, TrackItem, Transition, VideoTrack


def load(application: Application, folder: Path) -> Any:
    """The package as it lies in Hiero's start-up folder."""
    place = folder / "secondunit"
    place.mkdir(parents=True)
    for name, content in in_host("hiero", "steps.py"):
        (place / name).write_bytes(content)
    (place / "installed.json").write_bytes(installed_json())
    name = f"secondunit_in_hiero_{uuid4().hex}"
    spec = importlib.util.spec_from_file_location(name, place / "__init__.py", submodule_search_locations=[str(place)])
    assert spec is not None and spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    with application.importable():
        sys.modules[name] = package
        spec.loader.exec_module(package)
    return package


class HieroEditor:
    """A person at Hiero. What is done there is done on its main thread, as Hiero does it."""

    def __init__(self, application: Application, running: Any, folder: Path) -> None:
        self.application, self.running = application, running
        self._folder, self._numbers = folder, count(1)
        self._asked: SimpleQueue[tuple[Callable[[], Any], Future[Any]]] = SimpleQueue()
        self.host: LinkedHost

    def work(self, ended: threading.Event) -> None:
        while not ended.wait(0.002):
            try:
                does, answer = self._asked.get_nowait()
            except Empty:
                self.running.tick()
                continue
            try:
                answer.set_result(does())
            except Exception as error:  # noqa: BLE001 - it is raised where it was asked
                answer.set_exception(error)

    def do(self, does: Callable[[], Any]) -> Any:
        answer: Future[Any] = Future()
        self._asked.put((does, answer))
        return answer.result(timeout=20)

    def edit(self, does: Callable[[Sequence], Any]) -> Any:
        """One entry of the history, of which Hiero tells."""

        def done() -> Any:
            project, sequence = self.application.project, self.application.active()
            assert sequence is not None
            project.beginUndo("By hand")
            result = does(sequence)
            project.endUndo()
            self.application.send("kSequenceEdited")
            return result

        return self.do(done)

    def open(self, cut: otio.schema.Timeline) -> None:
        strips = strips_from(identified(cut)[0], probed)

        def done() -> None:
            project = Project(str(self._folder / f"film{next(self._numbers)}.hrox"))
            sequence = made(project, strips)
            self.application.project, self.application.sequence = project, sequence.guid()
            self.application.selected, self.application.time = [], 0
            self.application.send("kAfterProjectLoad")

        self.do(done)

    def trim(self, on: int, frames: int) -> None:
        def trimmed(sequence: Sequence) -> None:
            item = at(sequence, on)
            speed, begin, last = item.playbackSpeed(), item.sourceIn(), item.timelineOut() - frames
            item.setTimes(item.timelineIn(), last, begin, begin + speed * (last - item.timelineIn()))

        self.edit(trimmed)

    def insert_gap(self, at: int, frames: int) -> None:
        def moved(sequence: Sequence) -> None:
            for track in (*sequence.videoTracks(), *sequence.audioTracks()):
                for item in reversed(track.items()):
                    if item.timelineIn() >= at:
                        item.move(frames)

        self.edit(moved)

    def duplicate(self, on: int, to: int) -> None:
        def copied(sequence: Sequence) -> None:
            item = at(sequence, on)
            copy = item.copy()
            copy.setTimes(to, to + item.duration() - 1, item.sourceIn(), item.sourceOut())
            sequence.videoTracks()[0].addTrackItem(copy)

        self.edit(copied)

    def delete(self, on: int) -> None:
        self.edit(lambda sequence: sequence.videoTracks()[0].removeItem(at(sequence, on)))

    def select(self, on: tuple[int, ...], playhead: int) -> None:
        def selected() -> None:
            sequence = self.application.active()
            assert sequence is not None
            self.application.selected = [at(sequence, frame).guid() for frame in on]
            self.application.time = playhead

        self.do(selected)

    def undo(self) -> None:
        self.do(self.application.project.undo)
        self.application.send("kSequenceEdited")

    def reopen(self) -> None:
        def done() -> None:
            self.application.project = self.application.project.reopened()
            self.application.send("kAfterProjectLoad")

        self.do(done)

    def bin(self) -> set[str]:
        return {path_of(clip) for clip in self.do(self.application.project.clips)}


def at(sequence: Sequence, frame: int) -> TrackItem:
    items = sequence.videoTracks()[0].items()
    return next(item for item in items if item.timelineIn() <= frame <= item.timelineOut())


def made(project: Project, strips: Strips) -> Sequence:
    """As a person makes it with a mouse: a media file is one clip in the bin, a picture is linked with its sound."""
    sequence = Sequence(strips.name)
    sequence.setFramerate(TimeBase(strips.rate))
    sequence.setTimecodeStart(strips.start)
    project.clipsBin().addItem(BinItem(sequence))
    clips: dict[str, Clip] = {}
    items: dict[str, TrackItem] = {}
    tracks = {}
    for told in strips.tracks:
        track = VideoTrack(told.name) if told.kind is Kind.PICTURE else AudioTrack(told.name)
        tracks[told.name] = sequence.addTrack(track)
    for strip in strips.strips:
        assert strip.media is not None
        if strip.media.path not in clips:
            clips[strip.media.path] = Clip(MediaSource(strip.media.path))
            project.clipsBin().addItem(BinItem(clips[strip.media.path]))
        items[strip.id] = placed(tracks[strip.track], strip, clips[strip.media.path], strips.rate)
    for one in strips.transitions:
        assert one.left is not None and one.right is not None
        dissolve = Transition.createDissolveTransition(items[one.left], items[one.right], one.into, one.out)
        tracks[one.track].addTransition(dissolve)
    for marker in strips.markers:
        sequence.addTagToRange(Tag(marker.name), marker.at, marker.at + max(0, marker.frames - 1))
    for strip in strips.strips:
        for other in strips.strips:
            if strip.kind is Kind.PICTURE and other.kind is Kind.SOUND and strip.start == other.start:
                items[strip.id].link(items[other.id])
    return sequence


def placed(track: Any, strip: Strip, clip: Clip, rate: Fraction) -> TrackItem:
    assert strip.media is not None
    item = track.createTrackItem(strip.name)
    item.setSource(clip)
    speed = strip.media.speed * strip.media.rate / rate
    first = float(strip.media.first)
    item.setTimes(strip.start, strip.end - 1, first, first + float((strip.frames - 1) * speed))
    made: TrackItem = track.addTrackItem(item)
    return made


@contextmanager
def opened(folder: Path) -> Iterator[HieroEditor]:
    came: Queue[Connection] = Queue()
    application, home = Application(), folder / "home"
    with pytest.MonkeyPatch.context() as patch, Links(home, came.put):
        patch.setenv("SECONDUNIT_HOME", str(home))
        package = load(application, folder / "Python" / "StartupUI")
        editor = HieroEditor(application, package.Running(), folder)
        ended = threading.Event()
        main = threading.Thread(target=editor.work, args=(ended,))
        main.start()
        editor.running.link.start()
        try:
            editor.host = LinkedHost(came.get(timeout=10))
            yield editor
        finally:
            ended.set()
            main.join()
            editor.running.link.close()
