"""What editing programs write in ways of their own, in files that they wrote."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from secondunit_bridge.rates import FrameTime
from secondunit_timeline.dialects import (
    Program,
    is_empty_effect,
    is_locked,
    link_of,
    marker_text,
    program_of,
    sound_stream,
)
from secondunit_timeline.edits import edit
from secondunit_timeline.flat import source_start
from secondunit_timeline.index import Index
from secondunit_timeline.interchange import notes_of, read_cut, write_cut
from secondunit_timeline.operations import End, Lift, Slip, Trim
from secondunit_timeline.retimes import speed_of

from tests.timeline.documents import clip, effect, marker, saved, timeline, times, track

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
RESOLVE = CORPUS / "ambiguousengine__davinci-resolve-mcp-free"
PREMIERE_XML = CORPUS / "OpenTimelineIO__otio-fcp-adapter" / "premiere_example.xml"
corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus is not beside the repository")


@corpus
def test_resolve_links_picture_and_sound_and_leaves_most_effect_slots_empty() -> None:
    cut = read_cut(RESOLVE / "ref2.otio")
    picture, later, sound = cut.find_clips()
    assert program_of(cut.metadata) is Program.RESOLVE
    assert link_of(picture) == link_of(sound) is not None
    assert link_of(later) is None
    assert all(map(is_empty_effect, picture.effects))
    assert [effect.effect_name or effect.name for effect in later.effects if not is_empty_effect(effect)]


@corpus
def test_links_of_final_cut_pro_7_xml_join_picture_and_both_sound_channels() -> None:
    cut = read_cut(PREMIERE_XML)
    groups: dict[object, set[str]] = {}
    for one in cut.tracks:
        for shot in one.find_clips():
            if (group := link_of(shot)) is not None:
                groups.setdefault(group, set()).add(one.kind)
    assert {"Video", "Audio"} in groups.values()


def test_tracks_are_locked_as_resolve_and_final_cut_say() -> None:
    def track(**metadata: object) -> otio.schema.Track:
        return otio.schema.Track("V1", metadata=metadata)

    assert is_locked(track(Resolve_OTIO={"Locked": True}))
    assert is_locked(track(fcp_xml={"locked": "TRUE"}))
    assert not is_locked(track(Resolve_OTIO={"Locked": False}, fcp_xml={"locked": "FALSE"}))
    assert not is_locked(track(Resolve_OTIO="Locked"))


def test_a_marker_says_its_comment_or_resolves_note() -> None:
    note = {"Resolve_OTIO": {"Keywords": [], "Note": "paint out the rig"}}
    assert marker_text(otio.schema.Marker("m", metadata=note)) == "paint out the rig"
    assert marker_text(otio.schema.Marker("m", metadata=note, comment="mine")) == "mine"
    assert marker_text(otio.schema.Marker("m")) == ""


def test_the_sound_stream_is_the_one_that_resolve_names() -> None:
    def clip(channels: object) -> otio.schema.Clip:
        return otio.schema.Clip("c", metadata={"Resolve_OTIO": {"Channels": channels}})

    assert sound_stream(clip([{"Source Channel ID": 0, "Source Track ID": 2}])) == 2
    for odd in ([], "2", [2], [{"Source Track ID": "x"}], None):
        assert sound_stream(clip(odd)) == 0


def test_a_speed_of_one_changes_nothing() -> None:
    assert is_empty_effect(otio.schema.LinearTimeWarp(time_scalar=1))
    assert not is_empty_effect(otio.schema.LinearTimeWarp(time_scalar=-1))
    assert not is_empty_effect(otio.schema.Effect(effect_name="Blur"))


HIERO = CORPUS / "ynput__ayon-core" / "timeline.json"


@corpus
def test_hiero_turns_a_frame_into_another_spelling_of_its_rate_and_the_frame_is_meant(tmp_path: Path) -> None:
    path = tmp_path / "hiero.otio"
    path.write_bytes(HIERO.read_bytes())
    document = json.loads(path.read_text())
    cut = read_cut(path)
    starts = {clip.source_range.start_time.value for clip in cut.find_clips()}
    assert {86400, 86424, 172800} <= starts
    # One clip's media runs at 24: the source frame is whole, its time at 23.976 is not.
    shot = next(clip for clip in cut.find_clips() if clip.name == "img_sequence_exr")
    assert source_start(shot) * 24 == 87399
    write_cut(cut, tmp_path / "out.otio")
    written = json.loads((tmp_path / "out.otio").read_text())
    for before, after in zip(tracks_of(document), tracks_of(written), strict=True):
        for one, other in zip(before, after, strict=True):
            assert one["source_range"] == other["source_range"]


@corpus
def test_hieros_older_exporters_count_a_start_from_the_first_frame_of_the_media(tmp_path: Path) -> None:
    held = json.loads((CORPUS / "ynput__ayon-core" / "img_seq_23.976_metadata.json").read_text())
    path = saved(tmp_path, timeline(track(held)))
    cut = read_cut(path)
    (shot,) = cut.find_clips()
    assert shot.source_range.start_time.value == 997
    assert any("media's timecode" in note for note in notes_of(cut))
    write_cut(cut, tmp_path / "out.otio")
    written = json.loads((tmp_path / "out.otio").read_text())
    assert written["tracks"]["children"][0]["children"][0]["source_range"] == held["source_range"]


@corpus
def test_an_edited_start_is_counted_as_hiero_counts_it(tmp_path: Path) -> None:
    """Its importer takes the media's start from a clip's as a time: what is left has to be the frame that is meant."""
    path = tmp_path / "hiero.otio"
    path.write_bytes(HIERO.read_bytes())
    cut = read_cut(path)
    rate = Index(cut).rate
    operations = (
        Trim("P01", FrameTime(30, rate), End.HEAD, 3),
        Slip("P02", FrameTime(80, rate), 5),
        Slip("P03", FrameTime(80, rate), 7),  # media at 24
        Lift("reference", FrameTime(40, rate), 2),
    )
    edited, _ = edit(cut, operations)
    write_cut(edited, tmp_path / "out.otio")
    before, after = (otio.adapters.read_from_file(str(one)) for one in (path, tmp_path / "out.otio"))
    shown = {name: from_media(after, name) for name in ("reference", "P01", "P02", "P03")}
    assert from_media(before, "reference") == pytest.approx([0, 24, 76, 127, 192], abs=1e-3)
    assert shown["reference"] == pytest.approx([0, 24, 42, 76, 127, 192], abs=1e-3)
    assert shown["P01"] == pytest.approx([7, 0, 4], abs=1e-3)
    assert shown["P02"] == pytest.approx([5], abs=1e-3)
    assert shown["P03"] == pytest.approx([7 * 1.001], abs=1e-3)


def from_media(cut: otio.schema.Timeline, track: str) -> list[float]:
    """How far behind the first frame of its media each clip begins, in frames of the later of their rates."""
    clips = next(one for one in cut.tracks if one.name == track).find_clips()
    return [(clip.source_range.start_time - clip.available_range().start_time).value for clip in clips]


@corpus
def test_what_counts_from_the_first_frame_of_the_media_does_so_after_an_edit(tmp_path: Path) -> None:
    held = json.loads((CORPUS / "ynput__ayon-core" / "img_seq_23.976_metadata.json").read_text())
    cut = read_cut(saved(tmp_path, timeline(track(held), global_start_time=None)))
    name = Index(cut).tracks[0].name
    edited, _ = edit(cut, (Trim(name, FrameTime(0, Index(cut).rate), End.HEAD, 6),))
    write_cut(edited, tmp_path / "out.otio")
    written = json.loads((tmp_path / "out.otio").read_text())["tracks"]["children"][0]["children"][-1]
    assert written["source_range"]["start_time"]["value"] == 6
    assert written["source_range"]["start_time"]["rate"] == held["source_range"]["start_time"]["rate"]


def test_kdenlive_counts_markers_from_the_first_frame_that_the_clip_plays(tmp_path: Path) -> None:
    pin = marker(marked_range=times(5, 1, 25.0), metadata={"kdenlive": {"type": 2}})
    document = timeline(track(clip(source_range=times(40, 30, 25.0), markers=[pin])), global_start_time=None)
    cut = read_cut(saved(tmp_path, document))
    assert cut.find_clips()[0].markers[0].marked_range.start_time.value == 45
    write_cut(cut, tmp_path / "out.otio")
    assert json.loads((tmp_path / "out.otio").read_text()) == document
    # The marker stays on its frame of the media when the clip begins later.
    shorter, _ = edit(cut, [Lift("V1", FrameTime(0, Fraction(25)), 3)])
    write_cut(shorter, tmp_path / "shorter.otio")
    written = json.loads((tmp_path / "shorter.otio").read_text())["tracks"]["children"][0]["children"][1]
    assert written["source_range"]["start_time"]["value"] == 43
    assert written["markers"][0]["marked_range"]["start_time"]["value"] == 2


def test_tracks_that_lost_their_gaps_are_said(tmp_path: Path) -> None:
    butted = timeline(track(clip(), clip(), source_range=times(0, 100)), global_start_time=None)
    assert any("left out gaps" in note for note in notes_of(read_cut(saved(tmp_path, butted))))
    whole = timeline(track(clip(), clip(), source_range=times(0, 80)), global_start_time=None)
    assert notes_of(read_cut(saved(tmp_path, whole))) == []


def test_reversed_clips_of_premiere_are_said(tmp_path: Path) -> None:
    reverse = effect("LinearTimeWarp.1", time_scalar=-1.0)
    shot = clip("dive", effects=[reverse], metadata={"PremierePro_OTIO": {"LinkID": "4"}})
    cut = read_cut(saved(tmp_path, timeline(track(shot))))
    assert link_of(cut.find_clips()[0]) == ("PremierePro_OTIO", "4")
    assert any("dive" in note for note in notes_of(cut))


@corpus
def test_a_time_scale_for_a_rate_is_read_as_avfoundation_means_it() -> None:
    index = Index(read_cut(CORPUS / "Synopsis__OpenTimelineIO-AVFoundation" / "Timeline_23.98.otio"))
    assert index.rate == Fraction(24000, 1001)
    # The file's edit points lie between frames: 2.5 and 4 seconds.
    assert [item.duration / index.rate for item in index.tracks[0].items] == [Fraction(5, 2), 4]


@corpus
def test_a_ramp_of_resolve_is_a_ramp() -> None:
    picture, _ = read_cut(RESOLVE / "mut_speedramp.otio").find_clips()
    assert speed_of(picture) is None
    picture, _ = read_cut(RESOLVE / "ref4_retime_50pct.otio").find_clips()
    assert speed_of(picture) == Fraction(1, 2)


def tracks_of(document: Any) -> list[list[Any]]:
    return [track["children"] for track in document["tracks"]["children"]]
