"""A host in memory that speaks strips: what a program that runs nowhere else stands for, with its ways to go wrong."""

from collections.abc import Callable, Iterable, Iterator
from collections.abc import Sequence as Series
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from functools import reduce
from itertools import count
from pathlib import Path

import opentimelineio as otio
from secondunit_bridge.errors import CutMoved
from secondunit_bridge.rates import FrameTime
from secondunit_plugin.hosts.frames import Probed
from secondunit_plugin.hosts.host import (
    About,
    Attention,
    AttentionChanged,
    Changed,
    CutChanged,
    Sequence,
    SequenceId,
    Support,
)
from secondunit_plugin.hosts.steps import Step
from secondunit_plugin.hosts.strips import Strip, Strips, cut_from, identified, strips_from
from secondunit_plugin.hosts.wire import steps_from_json, steps_to_json, strips_from_json, strips_to_json

from tests.plugin.hosts.carried_out import carried_out
from tests.plugin.hosts.conformance import probed


class FakeHost:
    """`spoils` and `spoils_version`: as a program may do something else than it is told.

    `projects`: the folder of its projects, with a slash; `sequence`: the one of the project that is open.
    """

    def __init__(self, supports: Iterable[Support], probed: Probed) -> None:
        self._supports, self._probed = frozenset(supports), probed
        self._numbers = count(1)
        self._project = 0
        self.projects, self.sequence = "", "cut"
        self.strips: Strips
        self._history: list[Strips] = []
        self._attention = Attention((), None)
        self._followers: list[Callable[[Changed], None]] = []
        self.bin: list[str] = []
        self.versions: dict[str, Strips] = {}
        self.undo_names: list[str] = []
        self.spoils: Callable[[Step], Step] = lambda step: step
        self.spoils_version: Callable[[Strips], Strips] = lambda strips: strips

    # What a person does in it

    def open(self, cut: otio.schema.Timeline) -> None:
        strips = strips_from(identified(cut)[0], self._probed)
        self._project += 1
        self._history, self.bin, self.versions, self.undo_names = [], [], {}, []
        self.strips = strips if Support.STATE in self._supports else _stateless(strips)

    def edit(self, change: Callable[[Strips], Strips]) -> None:
        self._history.append(self.strips)
        self.strips = change(self.strips)
        self._tell(CutChanged())

    def select(self, attention: Attention) -> None:
        self._attention = attention
        self._tell(AttentionChanged(attention))

    def take_back(self) -> None:
        self.strips = self._history.pop()
        self._tell(CutChanged())

    def reopen(self) -> None:
        self.strips = strips_from_json(strips_to_json(self.strips))
        self._history = []

    # The host

    def about(self) -> About:
        return About("Fake", "1", self._supports)

    def read(self) -> Sequence:
        places = {track.name: number for number, track in enumerate(self.strips.tracks)}
        seen: set[str] = set()
        ids: dict[int, str] = {}
        for strip in sorted(self.strips.strips, key=lambda one: (one.start, places[one.track])):
            ids[id(strip)] = strip.id if strip.id and strip.id not in seen else f"fake{next(self._numbers)}"
            seen.add(strip.id)
        strips = tuple(replace(one, id=ids[id(one)]) if ids[id(one)] != one.id else one for one in self.strips.strips)
        self.strips = replace(self.strips, strips=strips)
        return self._sequence(self.strips, self.sequence)

    def _sequence(self, strips: Strips, name: str) -> Sequence:
        revision = strips_to_json(strips).decode()
        return Sequence(
            SequenceId(f"{self.projects}project{self._project}", name), cut_from(strips, self._probed), revision
        )

    def attention(self) -> Attention:
        return self._attention

    def follow(self, changed: Callable[[Changed], None]) -> Callable[[], None]:
        self._followers.append(changed)
        return lambda: self._followers.remove(changed)

    def apply(self, steps: Series[Step], rate: Fraction, revision: str, undo_name: str) -> Sequence:
        if self.read().revision != revision:
            raise CutMoved("the cut of Fake was edited since it was read")
        assert rate == self.strips.rate
        told = steps_from_json(steps_to_json(steps))
        after = reduce(carried_out, map(self.spoils, told), self.strips)
        self.edit(lambda _before: after)
        self.undo_names.append(undo_name)
        return self.read()

    def add_version(self, cut: otio.schema.Timeline, revision: str) -> Sequence:
        if self.read().revision != revision:
            raise CutMoved("the cut of Fake was edited since it was read")
        name = f"cut {len(self.versions) + 2}"
        self.versions[name] = self.spoils_version(strips_from(cut, self._probed))
        return self._sequence(self.versions[name], name)

    def undo(self, revision: str) -> None:
        for name, version in list(self.versions.items()):
            if self._sequence(version, name).revision == revision:
                del self.versions[name]
                return
        if self.read().revision != revision:
            raise CutMoved("the cut of Fake was edited since")
        self.take_back()

    def to_bin(self, files: Series[str]) -> None:
        self.bin += files

    def reveal(self, at: FrameTime) -> None:
        self._attention = replace(self._attention, playhead=at)

    def _tell(self, changed: Changed) -> None:
        for follower in self._followers:
            follower(changed)


def _stateless(strips: Strips) -> Strips:
    return replace(strips, strips=tuple(replace(one, state="") for one in strips.strips))


class FakeEditor:
    def __init__(self, supports: Iterable[Support]) -> None:
        self.host = FakeHost(supports, probed)

    def open(self, cut: otio.schema.Timeline) -> None:
        self.host.open(cut)

    def _on(self, strips: Strips, frame: int) -> Strip:
        return next(one for one in strips.strips if one.track == "V1" and one.start <= frame < one.end)

    def trim(self, on: int, frames: int) -> None:
        def change(strips: Strips) -> Strips:
            strip = self._on(strips, on)
            return _with(strips, strip, replace(strip, frames=strip.frames - frames))

        self.host.edit(change)

    def insert_gap(self, at: int, frames: int) -> None:
        def moved(strip: Strip) -> Strip:
            return replace(strip, start=strip.start + frames) if strip.start >= at else strip

        self.host.edit(lambda strips: replace(strips, strips=tuple(map(moved, strips.strips))))

    def duplicate(self, on: int, to: int) -> None:
        """As programs do: with everything that is kept with the strip, its id among it."""
        self.host.edit(lambda strips: replace(strips, strips=(*strips.strips, replace(self._on(strips, on), start=to))))

    def delete(self, on: int) -> None:
        self.host.edit(lambda strips: _with(strips, self._on(strips, on)))

    def select(self, on: tuple[int, ...], playhead: int) -> None:
        sequence = self.host.read()
        strips = strips_from(sequence.cut, probed)
        ids = tuple(self._on(strips, frame).id for frame in on)
        self.host.select(Attention(ids, FrameTime(playhead, strips.rate)))

    def undo(self) -> None:
        self.host.take_back()

    def reopen(self) -> None:
        self.host.reopen()

    def bin(self) -> set[str]:
        return set(self.host.bin)


def _with(strips: Strips, strip: Strip, *others: Strip) -> Strips:
    place = strips.strips.index(strip)
    return replace(strips, strips=(*strips.strips[:place], *others, *strips.strips[place + 1 :]))


@contextmanager
def opened(_folder: Path) -> Iterator[FakeEditor]:
    yield FakeEditor(Support)


@contextmanager
def opened_without_history(_folder: Path) -> Iterator[FakeEditor]:
    """One that has no undo, keeps nothing with its clips and cannot be told of transitions, speeds or new tracks."""
    lacks = {Support.UNDO, Support.STATE, Support.TRANSITIONS, Support.SPEED, Support.TRACKS, Support.VERSIONS}
    yield FakeEditor(set(Support) - lacks)


@contextmanager
def opened_for_reading(_folder: Path) -> Iterator[FakeEditor]:
    yield FakeEditor({Support.SELECTION, Support.PLAYHEAD, Support.EVENTS})
