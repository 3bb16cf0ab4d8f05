"""Pull lists: which frames of which reel, counted by hand here, and read by programs that are not ours."""

import csv
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from secondunit_bridge.errors import BadInput, CutError
from secondunit_timeline.formats.pull_lists import encoded_list
from secondunit_timeline.interchange import read_cut
from secondunit_timeline.pulls import Pull, pull_list

from tests.timeline.cuts import clip, cut_of, dissolve, gap, times
from tests.timeline.test_formats_writing import NTSC, reeled, shot, start_of

RATE = Fraction(24)
TEN = start_of(RATE)


def ranges(*children: otio.core.Composable, handles: int = 8, **more: Any) -> list[tuple[str, int, int]]:
    """Reel, first frame behind the medium's first and count of what is pulled."""
    cut = cut_of([*children], start=86400)
    return [
        (pull.reel, pull.frames.start - TEN, pull.frames.duration) for pull in pull_list(cut, handles, **more).pulls
    ]


@pytest.mark.parametrize(
    ("speed", "first", "length", "asked"),
    [
        (None, 50, 40, (50, 40)),
        (2.5, 50, 40, (50, 100)),
        (0.5, 50, 40, (50, 20)),
        (-1.0, 120, 40, (81, 40)),
        (-2.0, 120, 40, (41, 80)),
        (0.0, 120, 40, (120, 1)),
    ],
)
def test_a_retimed_shot_asks_for_its_real_source_frames(
    speed: float | None, first: int, length: int, asked: tuple[int, int]
) -> None:
    made = shot("A", first, length, RATE, speed=speed)
    assert ranges(made, handles=0) == [("AREEL", *asked)]
    assert ranges(made, handles=8) == [("AREEL", asked[0] - 8, asked[1] + 16)]


def test_frames_under_a_dissolve_are_asked_for() -> None:
    rows = ranges(shot("A", 50, 40, RATE), dissolve(6, 10), shot("B", 50, 40, RATE, speed=-1.0), handles=0)
    assert rows == [("AREEL", 50, 50), ("BREEL", 11, 46)]


def test_ranges_of_one_reel_become_one_where_handles_overlap_or_lie_near() -> None:
    def two(second: int) -> list[tuple[str, int, int]]:
        return ranges(shot("A", 50, 20, RATE), gap(5), shot("A", second, 20, RATE))

    assert two(60) == [("AREEL", 42, 46)]
    assert two(93) == [("AREEL", 42, 79)]  # 7 frames lie between the handles
    assert two(94) == [("AREEL", 42, 36), ("AREEL", 86, 36)]
    other_file = shot("B", 60, 20, RATE)
    other_file.media_reference.metadata["cmx_3600"]["reel"] = "AREEL"
    assert ranges(shot("A", 50, 20, RATE), other_file) == [("AREEL", 42, 46)]


def test_handles_end_where_the_medium_does_and_the_list_says_so() -> None:
    cut = cut_of([shot("A", 3, 20, RATE), shot("B", 375, 20, RATE)], start=86400)
    listed = pull_list(cut, 8)
    assert [(pull.frames.start - TEN, pull.frames.duration, pull.short) for pull in listed.pulls] == [
        (0, 31, (5, 0)),
        (367, 33, (0, 3)),
    ]
    assert listed.frames == 64
    assert listed.notes == (
        "A (V1 01:00:00:00): its medium is 5 frames short before and 0 after",
        "B (V1 01:00:00:20): its medium is 0 frames short before and 3 after",
    )


def test_a_clip_beyond_its_medium_is_asked_for_and_noted() -> None:
    listed = pull_list(cut_of([shot("A", 390, 20, RATE)]), 8)
    (pull,) = listed.pulls
    assert (pull.frames.start - TEN, pull.frames.duration) == (382, 28)
    assert "10 frames that its medium does not hold" in listed.notes[0]


def test_media_at_its_own_rate_and_all_of_it() -> None:
    slow = shot("B", 48, 50, Fraction(25))
    slow.source_range = otio.opentime.TimeRange(slow.source_range.start_time, otio.opentime.RationalTime(48, 24))
    cut = cut_of([slow], start=86400)
    (pull,) = pull_list(cut, 0).pulls
    assert (pull.frames.start - start_of(Fraction(25)), pull.frames.duration, pull.frames.rate) == (48, 50, 25)
    assert ranges(shot("A", 50, 20, RATE), shot("A", 300, 20, RATE), whole=True) == [("AREEL", 0, 400)]


def test_what_is_no_camera_media_is_left_out_or_replaced_by_what_lies_behind() -> None:
    matched = shot("A", 50, 20, RATE)
    take = otio.schema.ExternalReference("/takes/A_v001.mov", times(TEN + 40, 40))
    matched.set_media_references({"DEFAULT_MEDIA": matched.media_reference, "take.1": take}, "take.1")
    made = otio.schema.Clip("NEW_v001", source_range=times(0, 20))
    made.set_media_references({"take.2": otio.schema.ExternalReference("/takes/N.mov", times(0, 30))}, "take.2")
    off, title = shot("C", 50, 20, RATE), otio.schema.Clip("END", otio.schema.GeneratorReference(), times(0, 24))
    off.enabled = False
    nest = otio.schema.Stack("NEST", [otio.schema.Track("V1", [shot("D", 10, 50, RATE)])], times(0, 30))
    cut = cut_of([matched, made, off, title, nest], start=86400)
    cut.tracks.append(otio.schema.Track("A1", [shot("S", 10, 20, RATE)], kind=otio.schema.TrackKind.Audio))
    listed = pull_list(cut, 0)
    assert [(pull.reel, pull.frames.start - TEN) for pull in listed.pulls] == [("AREEL", 50), ("DREEL", 10)]
    assert listed.notes == ("NEW_v001 (V1 01:00:00:20): made by the unit, nothing to pull",)


def test_a_ramp_asks_for_all_of_its_medium() -> None:
    ramp = shot("A", 50, 20, RATE)
    ramp.effects.append(otio.schema.TimeEffect("ramp", "TimeEffect"))
    assert ranges(ramp) == [("AREEL", 0, 400)]
    assert "its speed changes" in pull_list(cut_of([ramp]), 8).notes[0]


def coloured(rate: Fraction) -> otio.schema.Timeline:
    graded = shot("A", 50, 20, rate)
    sop = {"slope": [1.1, 1.0, 0.9], "offset": [0.01, 0.0, -0.02], "power": [1.0, 1.0, 1.0]}
    graded.metadata["cdl"] = {"asc_sat": 0.9, "asc_sop": sop}
    return cut_of([graded, shot("B", 60, 30, rate, speed=2.0)], rate=rate, start=3600 * round(rate))


def lists(rate: Fraction, folder: Path, suffix: str) -> tuple[tuple[Pull, ...], Path]:
    listed = pull_list(coloured(rate), 8)
    path = folder / f"list{suffix}"
    path.write_bytes(encoded_list(listed, suffix))
    return listed.pulls, path


@pytest.mark.parametrize("rate", [RATE, Fraction(25), NTSC, Fraction(24000, 1001)], ids=float)
def test_the_published_ale_reader_sees_the_same_ranges(tmp_path: Path, rate: Fraction) -> None:
    pulls, path = lists(rate, tmp_path, ".ale")
    theirs = otio.adapters.read_from_file(str(path), "ale")
    assert theirs.metadata["ALE"]["header"]["FPS"] == f"{float(rate):.5g}"
    for pull, found in zip(pulls, theirs, strict=True):
        row = found.metadata["ALE"]
        assert (found.name, row["Tape"], row["Tracks"]) == (f"{pull.reel[0]}.mov", pull.reel, "V")
        assert found.source_range.start_time.to_frames() == pull.frames.start
        assert found.source_range.duration.to_frames() == pull.frames.duration
    graded = theirs[0].metadata["cdl"]
    assert graded["asc_sat"] == 0.9
    assert [*graded["asc_sop"]["slope"], *graded["asc_sop"]["offset"]] == [1.1, 1.0, 0.9, 0.01, 0.0, -0.02]


@pytest.mark.parametrize("rate", [RATE, NTSC], ids=float)
def test_an_edl_lays_the_ranges_one_after_the_other(tmp_path: Path, rate: Fraction) -> None:
    pulls, path = lists(rate, tmp_path, ".edl")
    cut = read_cut(path, rate)
    found = [(one.source_range.start_time.value, one.source_range.duration.value) for one in cut.find_clips()]
    assert found == [(pull.frames.start, pull.frames.duration) for pull in pulls]
    assert [one.media_reference.metadata["cmx_3600"]["reel"] for one in cut.find_clips()] == ["AREEL", "BREEL"]
    assert cut.find_clips()[0].metadata["cdl"]["asc_sop"]["slope"][:] == [1.1, 1.0, 0.9]
    assert cut.global_start_time.value == 3600 * round(rate)


def test_scripts_read_csv_and_json(tmp_path: Path) -> None:
    pulls, path = lists(RATE, tmp_path, ".csv")
    rows = list(csv.DictReader(path.open(newline="")))
    assert [(row["reel"], row["in"], row["out"], int(row["frames"])) for row in rows] == [
        ("AREEL", "10:00:01:18", "10:00:03:06", 36),
        ("BREEL", "10:00:02:04", "10:00:05:08", 76),
    ]
    document = json.loads(lists(RATE, tmp_path, ".json")[1].read_text())
    assert (document["frames"], document["duration"]) == (112, "00:00:04:16")
    assert [row["first_frame"] for row in document["pulls"]] == [pull.frames.start for pull in pulls]


def test_one_rate_for_a_file_that_counts_in_one() -> None:
    mixed = cut_of([shot("A", 50, 20, RATE), reeled(clip("B", 0, 20, (0, 100), Fraction(25)), "B")], start=86400)
    listed = pull_list(mixed, 8)
    for suffix in (".ale", ".edl"):
        with pytest.raises(CutError, match="24, 25"):
            encoded_list(listed, suffix)
    assert encoded_list(listed, ".csv").count(b"\n") == 3
    with pytest.raises(BadInput, match=r"\.csv"):
        encoded_list(listed, ".pdf")
    with pytest.raises(BadInput, match="handle"):
        pull_list(mixed, -1)
