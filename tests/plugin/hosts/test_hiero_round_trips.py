"""Timelines that Hiero exported, edited and written, and taken in again as Hiero's own importer does it."""

import math
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit_plugin.hosts.frames import first_difference
from secondunit_plugin.hosts.placement import Placed, place
from secondunit_plugin.hosts.strips import strips_from
from secondunit_timeline.edits import edit
from secondunit_timeline.flat import source_of, source_start
from secondunit_timeline.index import Index
from secondunit_timeline.interchange import media_path, read_cut, write_cut
from secondunit_timeline.operations import End, Lift, Operation, Roll, Slip, Trim
from secondunit_timeline.times import cached_rate

from tests.plugin.hosts.foundry.application import Project
from tests.plugin.hosts.foundry.media import BinItem, Clip, MediaSource, TimeBase
from tests.plugin.hosts.foundry.timeline import AudioTrack, Sequence, VideoTrack
from tests.plugin.hosts.hiero_editor import HieroEditor, opened
from tests.timeline.cuts import at

EXPORT = Path(__file__).parents[4] / "shared" / "corpus" / "ynput__ayon-core" / "timeline.json"
RATE = Fraction(24000, 1001)


@pytest.fixture
def export(tmp_path: Path) -> Path:
    if not EXPORT.exists():
        pytest.skip(f"{EXPORT} is not there: ../shared/corpus lies beside the repository of those who have it")
    path = tmp_path / "export.otio"
    path.write_bytes(EXPORT.read_bytes())
    return path


@pytest.fixture
def hiero(tmp_path: Path) -> Iterator[HieroEditor]:
    with opened(tmp_path / "hiero") as made:
        yield made


def taken_in(path: Path, project: Project) -> Sequence:
    """As Foundry's importer does it, which comes with Nuke. Media are offline.

    Times are those of the items as OpenTimelineIO tells them; a source in is by how much a clip's start lies behind the
    media's, without what is behind the point.
    """
    cut = otio.adapters.read_from_file(str(path))
    sequence = Sequence(cut.name)
    sequence.setFramerate(TimeBase(cached_rate(cut.global_start_time.rate)))
    sequence.setTimecodeStart(int(cut.global_start_time.value))
    project.clipsBin().addItem(BinItem(sequence))
    for told in cut.tracks:
        track = sequence.addTrack((VideoTrack if told.kind == "Video" else AudioTrack)(told.name))
        for child in told:
            if not isinstance(child, otio.schema.Clip):
                continue
            place, shown, available = child.range_in_parent(), child.trimmed_range(), child.available_range()
            source = MediaSource.createOfflineVideoMediaSource(
                *(media_path(child.media_reference) or child.name, int(available.start_time.value)),
                *(int(available.duration.value), TimeBase(cached_rate(available.start_time.rate))),
            )
            clip = Clip(source)
            project.clipsBin().addItem(BinItem(clip))
            item = track.createTrackItem(child.name)
            item.setSource(clip)
            first = int((shown.start_time - available.start_time).value)
            speed = next((one.time_scalar for one in child.effects if isinstance(one, otio.schema.LinearTimeWarp)), 1)
            last = place.end_time_inclusive().value
            item.setTimes(int(place.start_time.value), int(last), first, first + (item.duration() - 1) * speed)
            item.setPlaybackSpeed(speed)
            track.addTrackItem(item)
    return sequence


def meant(cut: otio.schema.Timeline) -> list[tuple[str, str, int, int, int]]:
    """Of each clip: its track, name, first and last frame in the cut, and the frame of its media that shows first."""
    found = []
    for track in Index(cut).tracks:
        for item in track.items:
            clip = item.child
            if isinstance(clip, otio.schema.Clip):
                rate = cached_rate(clip.media_reference.available_range.start_time.rate)
                first = source_of(clip).from_first_frame(source_start(clip), None) * rate
                found.append((track.name, clip.name, int(item.start), int(item.end) - 1, math.floor(first)))
    return found


def offline(_path: str) -> None:
    return None


def held(sequence: Sequence) -> list[tuple[str, str, int, int, int]]:
    return [
        (track.name(), item.name(), item.timelineIn(), item.timelineOut(), int(item.sourceIn()))
        for track in (*sequence.videoTracks(), *sequence.audioTracks())
        for item in track.items()
    ]


_P01, _P02 = at(30, RATE), at(80, RATE)
EDITS: dict[str, tuple[Operation, ...]] = {
    "nothing": (),
    "trim": (Trim("P01", _P01, End.HEAD, 3), Trim("reference", _P01, End.TAIL, -4)),
    "slip": (Slip("P02", _P02, 5), Slip("Audio", _P02, -3)),
    "roll": (Roll("reference", at(76, RATE), -6),),
    "cut": (Lift("reference", at(40, RATE), 2), Lift("Audio", at(40, RATE), 2)),
}


@pytest.mark.parametrize("operations", EDITS.values(), ids=EDITS)
def test_what_is_edited_comes_in_as_it_is_meant(
    export: Path, tmp_path: Path, operations: tuple[Operation, ...]
) -> None:
    edited, _ = edit(read_cut(export), operations)
    write_cut(edited, tmp_path / "edited.otio")
    assert held(taken_in(tmp_path / "edited.otio", Project("film.hrox"))) == meant(edited)


def test_it_is_read_and_edited_in_hiero_as_in_the_file(export: Path, hiero: HieroEditor) -> None:
    cut = read_cut(export)

    def done() -> None:
        project = Project("/shows/film.hrox")
        hiero.application.project, hiero.application.sequence = project, taken_in(export, project).guid()

    hiero.do(done)
    before = hiero.host.read()
    assert Index(before.cut).start == Index(cut).start
    told = strips_from(before.cut, offline).strips
    firsts = [(one.track, one.name, one.start, one.end - 1, int(one.media.first)) for one in told if one.media]
    assert firsts == meant(cut)
    planned, done_ = edit(before.cut, [*EDITS["trim"], *EDITS["cut"]])
    placed = place(hiero.host, before, done_, "Edit", offline)
    assert isinstance(placed, Placed)
    assert first_difference(planned, placed.sequence.cut, offline) is None
