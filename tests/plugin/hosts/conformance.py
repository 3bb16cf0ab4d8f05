"""Hosts that the conformance suite runs over, and what it needs of each beside the protocol.

To register a host, write a module with a function that opens it,

    @contextmanager
    def opened(folder: Path) -> Iterator[Editor]:

skip in it (`pytest.skip`) where the program is not here, and name it in `HOSTS` below, with `pytest.mark.long` where it
takes its time. `folder` is empty and belongs to the host. The program is opened once for all tests of
`test_conformance.py`; each test begins with `Editor.open`, which closes what was open without saving.

A host that cannot carry out an edit says so in its capabilities, and the suite holds it to them: an edit that needs no
more than `About.supports` has to end up in the open sequence; any other has to end up beside it, or be refused, and
nothing of the open sequence may be another then. What a person can do in the program (`Editor.trim` ...) and a test
cannot raises NotImplementedError.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import opentimelineio as otio
import pytest
from _pytest.mark.structures import ParameterSet
from secondunit_bridge.media.probe import MediaInfo, probe
from secondunit_bridge.messages import Order, Record, Take
from secondunit_bridge.rates import FrameTime, format_timecode
from secondunit_bridge.takes import digest
from secondunit_plugin.hosts.host import Host
from secondunit_timeline.flat import SAMPLE_RATE, Flat, Sounding
from secondunit_timeline.times import time_range

from tests.timeline.cuts import gap
from tests.timeline.media_cuts import MakeClip, shot, sounding_cut

HOSTS: dict[str, str | ParameterSet] = {
    "fake": "tests.plugin.hosts.fake:opened",
    "fake-without-history": "tests.plugin.hosts.fake:opened_without_history",
    "fake-that-only-reads": "tests.plugin.hosts.fake:opened_for_reading",
    "fake-over-the-link": "tests.plugin.hosts.linked_fake:opened",
    "hiero": "tests.plugin.hosts.hiero_editor:opened",
    "watched-folder": "tests.plugin.hosts.watched_editor:opened",
    "kdenlive-file": "tests.plugin.hosts.kdenlive_file:opened",
    **{
        f"resolve-{one}": pytest.param(
            f"tests.plugin.hosts.resolve.editor:opened_{one.replace('.', '_')}",
            marks=pytest.mark.long,
            id=f"resolve-{one}",
        )
        for one in ("18.5", "18.6", "19.0", "19.1", "20.2")
    },
    "resolve-21.0": "tests.plugin.hosts.resolve.editor:opened_21_0",
    "openshot-project": "tests.plugin.hosts.openshot_project:opened",
    "openshot-project-3.4": "tests.plugin.hosts.openshot_project:opened_3_4",
    "premiere": "tests.plugin.hosts.premiere_plugin:opened",
    "premiere-counting-subclips": pytest.param(
        "tests.plugin.hosts.premiere_plugin:opened_counting_subclips",
        marks=pytest.mark.long,
        id="premiere-counting-subclips",
    ),
    "openshot": pytest.param("tests.end_to_end.hosts.openshot_program:opened", id="openshot", marks=pytest.mark.long),
    "blender-4.5": pytest.param("tests.plugin.hosts.bpy_editor:opened_4_5", marks=pytest.mark.long, id="blender-4.5"),
    "blender-5.0": pytest.param("tests.plugin.hosts.bpy_editor:opened_5_0", marks=pytest.mark.long, id="blender-5.0"),
    "blender-5.3": pytest.param("tests.plugin.hosts.bpy_editor:opened_5_3", marks=pytest.mark.long, id="blender-5.3"),
    "kdenlive": pytest.param("tests.end_to_end.hosts.kdenlive_program:opened", marks=pytest.mark.long, id="kdenlive"),
}
"""Each by its name, as `MODULE:FUNCTION`, or as `pytest.param("MODULE:FUNCTION", marks=...)`."""


class Editor(Protocol):
    """A person at the host. Frames count from the cut's first as 0; a clip is the one on frame `on` of V1."""

    @property
    def host(self) -> Host: ...

    def open(self, cut: otio.schema.Timeline) -> None:
        """Another project with this cut in it. NotImplementedError where the test has no way to make its dissolves."""
        ...

    def trim(self, on: int, frames: int) -> None:
        """Takes `frames` off the clip's end, and leaves a gap there."""
        ...

    def insert_gap(self, at: int, frames: int) -> None:
        """What begins at `at` or later, on every track, moves `frames` later."""
        ...

    def duplicate(self, on: int, to: int) -> None:
        """Copies the clip to the frame `to` of V1, where nothing lies."""
        ...

    def delete(self, on: int) -> None:
        """Leaves a gap."""
        ...

    def select(self, on: tuple[int, ...], playhead: int) -> None: ...

    def undo(self) -> None: ...

    def reopen(self) -> None:
        """Saves, closes and opens the project again."""
        ...

    def bin(self) -> set[str]:
        """The files in the bin."""
        ...


def parameters() -> list[Any]:
    return [pytest.param(one, id=name) if isinstance(one, str) else one for name, one in HOSTS.items()]


def opened(where: str, folder: Path) -> AbstractContextManager[Editor]:
    module, _, function = where.partition(":")
    open_host: Callable[[Path], AbstractContextManager[Editor]] = getattr(import_module(module), function)
    return open_host(folder)


@cache
def probed(path: str) -> MediaInfo | None:
    return probe(path) if Path(path).exists() else None


@dataclass(frozen=True, slots=True)
class Film:
    """V1: A, a gap, B, C and D, with another gap before D; A1: the sound of A. Starts at 01:00:00:00, 24 fps.

    A plays up to the end of its media, B and C to their middles. Every file begins at timecode 10:00:00:00.
    """

    cut: otio.schema.Timeline
    make_clip: MakeClip
    folder: Path

    def take(self, order: Order, number: int = 1) -> Take:
        """As a unit would make it: a file of the slot's frames with its timecode."""
        slot = order.slot
        start = slot.start or FrameTime(20 * 3600 * round(slot.rate), slot.rate)
        frames = slot.head + slot.frames + slot.tail
        path = self.make_clip(frames, str(slot.rate), format_timecode(start), name=f"{order.id}_{number}")
        record = Record(
            *(f"{order.id}_{number}", f"{order.shot}_v{number:03}", f"UAAAAAA{number}", start, slot.drop_frame),
            *(order, order.seeds[0], "", (), (), None, None, False, ()),
        )
        return Take(str(path), frames, digest(path), "", record)


def film(make_clip: MakeClip) -> Film:
    a, b, c, d = (make_clip(96, name=f"film-{name}") for name in "abcd")
    cut = sounding_cut(
        shot(a, 96, 56, 40, "A"),
        gap(24),
        shot(b, 96, 20, 30, "B"),
        shot(c, 96, 10, 36, "C"),
        gap(12),
        shot(d, 96, 0, 25, "D"),
        sound=(shot(a, 96, 56, 40, "A"), gap(90), gap(37)),
    )
    cut.name = "film"
    cut.tracks.markers.append(otio.schema.Marker("look", time_range(50, 1, Fraction(24)), comment="again"))
    return Film(cut, make_clip, a.parent)


Shown = list[tuple[str, list[tuple[Any, ...]]]]


def frame_map(cut: otio.schema.Timeline) -> Shown:
    """What the tracks hold, without empty ones: (kind, ...) from the lowest up, whatever they are called.

    Of a video track, the files on every record frame, their frames and shares; of an audio track, every stretch with
    its file, stream, first and last sample in the cut, first second in the file and speed.
    """
    found: Shown = []
    for number, track in enumerate(cut.tracks):
        alone = cut.deepcopy()
        for other in reversed(range(len(cut.tracks))):
            if other != number:
                del alone.tracks[other]
        flat = Flat(alone)
        if track.kind == otio.schema.TrackKind.Audio:
            shown: list[tuple[Any, ...]] = list(map(_stretch, flat.sound()))
        else:
            shown = [tuple(_layers(flat, frame)) for frame in range(flat.frames)]
            while shown and not shown[-1]:
                shown.pop()
        if shown:
            found.append((track.kind, shown))
    return found


def _layers(flat: Flat, frame: int) -> Iterator[tuple[str, int, Fraction]]:
    for layer in flat.picture(frame):
        path = layer.source.path or layer.source.clip
        info = probed(path)
        rate, start = (info.rate, info.start) if info is not None else (flat.rate, None)
        yield path, layer.frame(rate, start), layer.weight


def _stretch(one: Sounding) -> tuple[Any, ...]:
    path = one.source.path or one.source.clip
    info = probed(path)
    seconds = one.position + one.speed * Fraction(one.start, SAMPLE_RATE)
    first = one.source.from_first_frame(seconds, info.start if info is not None else None)
    return path, one.stream, one.start, one.end, first, one.speed
