"""Takes found again after formats, transcodes and renames: real files, treated by the ffmpeg program."""

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit_bridge.messages import Delivery, Order, SourceShot, Span, Take, Task
from secondunit_bridge.rates import FrameRange, FrameTime
from secondunit_bridge.takes import digest
from secondunit_timeline.edits import edit
from secondunit_timeline.index import Index
from secondunit_timeline.interchange import read_cut, write_cut
from secondunit_timeline.operations import SwapTake
from secondunit_timeline.records import Found, How, KnownTakes, Unclear, attach, find_takes, known_takes, takes_folders
from secondunit_timeline.takes import clip_of, find_take, placed_takes
from secondunit_timeline.times import time_range

from tests.timeline.cuts import RATE, cut_of, gap
from tests.timeline.media_cuts import TAKE_FRAMES, TEN_HOURS, MakeClip, write_take


def takes_of(folder: Path, count: int) -> list[Take]:
    """Of every four, all have the same timecode."""
    return [write_take(folder, number, TEN_HOURS * 24 + number // 4 * 10) for number in range(count)]


def cut_with(takes: Sequence[Take], paths: Sequence[Path | str] = ()) -> otio.schema.Timeline:
    """Each take for 8 frames from its fifth on, as an editing program leaves it: by its file, reel and timecode."""
    children: list[otio.core.Item] = []
    for number, one in enumerate(takes):
        start, record = one.record.start.frame, one.record
        held = time_range(start, TAKE_FRAMES, RATE)
        media: otio.core.MediaReference = otio.schema.MissingReference(available_range=held)
        if paths:
            media = otio.schema.ExternalReference(str(paths[number]), held)
        media.metadata["cmx_3600"] = {"reel": record.reel}
        children += [otio.schema.Clip("A003", media, time_range(start + 4, 8, RATE)), gap(4)]
    return cut_of(children, start=86400)


def ffmpeg(*arguments: str) -> None:
    subprocess.run(["ffmpeg", "-v", "error", *arguments], check=True)


def shown(cut: otio.schema.Timeline, known: KnownTakes) -> list[tuple[str, How]]:
    results = find_takes(Index(cut), known)
    assert not [one.reason for one in results if isinstance(one, Unclear)]
    return [(one.take.record.take_id, one.how) for one in results if isinstance(one, Found)]


@pytest.fixture(scope="module")
def forty(tmp_path_factory: pytest.TempPathFactory) -> list[Take]:
    if shutil.which("ffmpeg") is None:
        pytest.skip("the ffmpeg program is not installed")
    return takes_of(tmp_path_factory.mktemp("forty") / "takes", 40)


def test_forty_takes_transcoded_renamed_stripped_and_listed_by_an_edl_are_found(
    forty: list[Take], tmp_path: Path
) -> None:
    """Their names, timecodes and pictures are alike, as those of four takes of a shot are."""
    treated = tmp_path / "treated"
    treated.mkdir()
    paths = []
    for number, one in enumerate(forty):
        match number % 4:
            case 0:
                path = treated / f"{number}.mp4"
                ffmpeg("-i", one.path, "-c:v", "libx264", str(path))
            case 1:
                path = treated / f"renamed {number}.mov"
                shutil.copy(one.path, path)
            case 2:
                path = treated / f"{number}.mov"
                ffmpeg("-i", one.path, "-map_metadata", "-1", "-c", "copy", str(path))
            case _:
                path = treated / f"{number}.mkv"
                ffmpeg("-i", one.path, "-map_metadata", "-1", "-c:v", "libx264", "-preset", "ultrafast", str(path))
        paths.append(path)
    ids = [one.record.take_id for one in forty]
    listed = tmp_path / "cut.edl"
    write_cut(cut_with(forty, paths), listed)
    read = read_cut(listed, RATE)
    # The unit's store, the takes folder beside an empty cut: either is enough.
    for known in (KnownTakes(forty), known_takes(read, [Path(forty[0].path).parent])):
        assert len(known) == 40
        assert shown(read, known) == [(one, How.REEL) for one in ids]
    ways = [How.REEL, How.EMBEDDED, How.REEL, How.REEL]
    expected = [(one, ways[number % 4]) for number, one in enumerate(ids)]
    for suffix in (".fcpxml", ".xml", ".otio"):
        write_cut(cut_with(forty, paths), tmp_path / f"cut{suffix}")
        assert shown(read_cut(tmp_path / f"cut{suffix}"), KnownTakes(forty)) == expected


def test_takes_of_other_reels_at_the_same_time_are_not_confused(forty: list[Take]) -> None:
    """A camera shot with the timecode of four takes."""
    cut = cut_with(forty[:1])
    cut.tracks[0][0].media_reference.metadata["cmx_3600"] = {"reel": "A003"}
    assert shown(cut, KnownTakes(forty)) == []


def test_a_reel_at_a_time_that_its_take_does_not_hold_is_said_and_not_used(forty: list[Take]) -> None:
    cut = cut_with(forty[:1])
    cut.tracks[0][0].source_range = time_range(TEN_HOURS * 24 + 15, 8, RATE)
    (unclear,) = find_takes(Index(cut), KnownTakes(forty))
    assert isinstance(unclear, Unclear)
    assert "10:00:00:15 to 10:00:00:22 is not: A003_v000 (10:00:00:00 to 10:00:00:19)" in unclear.reason


def test_a_file_with_another_takes_record_than_its_reel_says_is_unclear(forty: list[Take]) -> None:
    (unclear,) = find_takes(Index(cut_with(forty[:1], [forty[1].path])), KnownTakes(forty))
    assert isinstance(unclear, Unclear)
    assert {one.record.take_id for one in unclear.takes} == {"id0", "id1"}


def test_a_copy_without_a_record_is_known_by_its_hash(forty: list[Take], tmp_path: Path) -> None:
    """A unit that kept takes without a record in them: nothing but the bytes tells."""
    plain, other = tmp_path / "plain.mov", tmp_path / "other.mov"
    for number, path in ((0, plain), (1, other)):
        ffmpeg("-i", forty[0].path, "-map_metadata", "-1", "-c:v", "libx264", "-crf", f"{10 + number}", str(path))
    known = Take(str(tmp_path / "gone.mov"), TAKE_FRAMES, digest(plain), "", forty[0].record)
    cut = cut_with(forty[:2], [plain, other])
    for child in cut.find_clips():
        del child.media_reference.metadata["cmx_3600"]
    assert shown(cut, KnownTakes([known])) == [("id0", How.HASH)]


def test_one_take_of_an_order_counts_in_the_timecode_of_another(tmp_path: Path) -> None:
    """A clip holds all takes of its order and counts in the first one's timecode; an EDL lists the one that plays."""
    both = [write_take(tmp_path / "takes", number, 72_000 * 24 + number * 24, "one") for number in (0, 1)]
    clip = clip_of(both, 4, FrameTime(8, RATE))
    clip.active_media_reference_key = "take.id1"
    write_cut(cut_of([clip], start=86400), tmp_path / "cut.edl")
    assert shown(read_cut(tmp_path / "cut.edl", RATE), KnownTakes(both)) == [("id1", How.REEL)]


def test_what_was_found_can_be_switched_again(tmp_path: Path) -> None:
    both = [write_take(tmp_path / "takes", number, TEN_HOURS * 24, "one") for number in (0, 1)]
    path = tmp_path / "cut.edl"
    write_cut(cut_with(both[:1], [both[0].path]), path)
    read = read_cut(path, RATE)
    assert takes_folders(read, path) == [tmp_path / "takes"]
    known = known_takes(read, takes_folders(read, path))
    found = [one for one in find_takes(Index(read), known) if isinstance(one, Found)]
    text = read.to_json_string()
    made, notes = attach(read, found, known)
    assert read.to_json_string() == text
    assert notes == ("V1 01:00:00:00 'A003' shows A003_v000: found by reel and timecode",)
    assert {one.name: one.active for one in placed_takes(Index(made))} == {"A003_v000": True, "A003_v001": False}
    switched, _ = edit(made, [SwapTake(*find_take(Index(made), "A003_v001", None))])
    write_cut(switched, tmp_path / "switched.otio")
    (again,) = find_takes(Index(read_cut(tmp_path / "switched.otio")), KnownTakes([]))
    assert isinstance(again, Found)
    assert (again.take.record.take_id, again.how) == ("id1", How.EMBEDDED)


def test_a_match_gets_its_camera_media_back_at_the_same_frame(make_clip: MakeClip, tmp_path: Path) -> None:
    camera = make_clip(60)
    made = write_take(tmp_path / "takes", 0, TEN_HOURS * 24 + 10)
    span = Span(str(camera), FrameRange(10, TAKE_FRAMES, RATE), "A003", FrameTime(TEN_HOURS * 24 + 10, RATE))
    order = Order(
        *("o", Task.MATCH, "show", "A003", made.record.order.slot, (SourceShot(span),)),
        *("draft", "draft", (), (0,), Delivery("")),
    )
    record = replace(made.record, take_id="id9", order=order)
    known = KnownTakes([Take(made.path, TAKE_FRAMES, "", "", record)])
    read = cut_with([made])
    (found,) = find_takes(Index(read), known)
    assert isinstance(found, Found)
    attached, _ = attach(read, [found], known)
    clip = attached.tracks[0][0]
    held = clip.media_references()["DEFAULT_MEDIA"].available_range
    assert held == time_range(TEN_HOURS * 24, 60, RATE)
    assert clip.active_media_reference_key == "take.id9"
    back, _ = edit(attached, [SwapTake(*find_take(Index(attached), "DEFAULT_MEDIA", None))])
    assert back.tracks[0][0].source_range == clip.source_range
