"""Cuts written for other programs and read back: cut points, rates, timecode, reels, speeds, transitions, markers."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from secondunit_bridge.errors import BadInput
from secondunit_timeline.flat import flatten, source_start
from secondunit_timeline.formats.media import playing
from secondunit_timeline.index import Index, Item
from secondunit_timeline.interchange import read_cut, write_cut
from secondunit_timeline.retimes import speed_of
from secondunit_timeline.times import exact, frames_of, rate_of

from tests.timeline.cuts import clip, cut_of, dissolve, gap, times

FORMATS = (".fcpxml", ".xml", ".edl", ".kdenlive")
NTSC = Fraction(30000, 1001)
RATES = [Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(50), Fraction(60000, 1001)]


def reeled(made: otio.schema.Clip, reel: str) -> otio.schema.Clip:
    made.media_reference.metadata["cmx_3600"] = {"reel": reel}
    return made


def start_of(rate: Fraction) -> int:
    """Ten hours of timecode, as camera media starts."""
    return 36000 * round(rate)


def shot(name: str, first: int, length: int, rate: Fraction, **more: Any) -> otio.schema.Clip:
    begin = start_of(rate)
    return reeled(clip(name, begin + first, length, more.pop("media", (begin, 400)), rate, **more), f"{name}REEL")


def plain_cut(rate: Fraction) -> otio.schema.Timeline:
    """What every format holds: cuts, a gap, speeds, one track."""
    return cut_of(
        [
            shot("A", 10, 30, rate),
            gap(12, rate),
            shot("B", 20, 25, rate),
            shot("C", 30, 20, rate, speed=2.0),
            shot("D", 99, 20, rate, speed=-1.0),
            shot("E", 7, 10, rate, speed=0.0),
        ],
        rate=rate,
        start=3600 * round(rate),
    )


def rich_cut(rate: Fraction) -> otio.schema.Timeline:
    """Two picture tracks, sound, dissolves, a disabled clip and markers."""
    second = shot("B", 40, 50, rate)
    second.markers.append(
        otio.schema.Marker("look", times(start_of(rate) + 50, 0, rate), otio.schema.MarkerColor.BLUE, comment="why")
    )
    off = shot("F", 5, 20, rate)
    off.enabled = False
    cut = cut_of(
        [shot("A", 10, 40, rate), dissolve(6, 6, rate), second, shot("C", 60, 30, rate)],
        [gap(15, rate), shot("G", 30, 20, rate), off],
        rate=rate,
        start=3600 * round(rate),
    )
    sound = otio.schema.Track("A1", kind=otio.schema.TrackKind.Audio)
    sound.extend([shot("A", 10, 40, rate), shot("B", 40, 50, rate)])
    cut.tracks.append(sound)
    return cut


def described(item: Item, rate: Fraction) -> dict[str, Any]:
    """What an editor would miss, in seconds of source time and frames of record time."""
    child = item.child
    row: dict[str, Any] = {"at": item.start, "frames": item.duration, "kind": type(child).__name__}
    for side, transition in (("before", item.before), ("after", item.after)):
        if transition is not None:
            row[side] = (frames_of(transition.in_offset, rate), frames_of(transition.out_offset, rate))
    if isinstance(child, otio.schema.Clip):
        played = playing(child, rate)
        row |= {
            "name": child.name,
            "enabled": child.enabled,
            "speed": speed_of(child),
            "first": source_start(child),
            "rate": played.media.rate,
            "reel": played.media.reel,
            "url": played.media.url.replace("localhost", ""),
            "markers": [
                (marker.name, marker.comment, Fraction(exact(marker.marked_range.start_time.value)) / rate)
                for marker in child.markers
            ],
        }
    return row


def tracks(cut: otio.schema.Timeline) -> dict[str, list[dict[str, Any]]]:
    index = Index(cut)
    return {
        f"{track.kind} {number}": [described(item, index.rate) for item in track.items]
        for number, track in enumerate(index.tracks)
    }


def there_and_back(cut: otio.schema.Timeline, folder: Path, suffix: str) -> otio.schema.Timeline:
    path = folder / f"cut{suffix}"
    before = cut.to_json_string()
    write_cut(cut, path)
    assert cut.to_json_string() == before
    back = read_cut(path, Index(cut).rate if suffix == ".edl" else None)
    assert Index(back).rate == Index(cut).rate
    assert Index(back).start == Index(cut).start
    assert back.name == cut.name
    return back


@pytest.mark.parametrize("suffix", [*FORMATS, ".aaf"])
@pytest.mark.parametrize("rate", RATES, ids=lambda rate: f"{float(rate):.5g}")
def test_cut_points_rates_timecode_reels_and_speeds_come_back(tmp_path: Path, rate: Fraction, suffix: str) -> None:
    cut = plain_cut(rate)
    wanted, found = tracks(cut), tracks(there_and_back(cut, tmp_path, suffix))
    if suffix == ".edl":  # it holds no addresses of media
        for row in [*wanted["Video 0"], *found["Video 0"]]:
            row.pop("url", None)
    assert found == wanted


@pytest.mark.parametrize("suffix", [".fcpxml", ".xml", ".kdenlive"])
@pytest.mark.parametrize("rate", [Fraction(24), Fraction(30000, 1001)], ids=["24", "29.97"])
def test_tracks_dissolves_disabled_clips_and_markers_come_back(tmp_path: Path, rate: Fraction, suffix: str) -> None:
    cut = rich_cut(rate)
    assert tracks(there_and_back(cut, tmp_path, suffix)) == tracks(cut)


@pytest.mark.parametrize("suffix", [".fcpxml", ".xml"])
def test_fades_beside_gaps_stay_where_they_are(tmp_path: Path, suffix: str) -> None:
    rate = Fraction(24)
    faded = [shot("A", 10, 40, rate), dissolve(6, 6, rate), gap(50), dissolve(4, 4, rate), shot("B", 40, 50, rate)]
    cut = cut_of(faded, start=86400)
    assert tracks(there_and_back(cut, tmp_path, suffix)) == tracks(cut)


def test_media_of_another_rate_keeps_its_own(tmp_path: Path) -> None:
    cut = cut_of([reeled(clip("A", 48, 50, (24, 200), Fraction(25)), "R")], rate=Fraction(25))
    ntsc = Fraction(24000, 1001)
    slow = clip("B", 48, 50, (24, 200), ntsc)
    slow.source_range = otio.opentime.TimeRange(slow.source_range.start_time, otio.opentime.RationalTime(50, 25))
    cut.tracks[0].append(slow)
    for suffix in (".fcpxml", ".xml"):
        back = there_and_back(cut, tmp_path, suffix).find_clips()[1]
        assert rate_of(back.source_range.start_time) == ntsc
        assert source_start(back) == source_start(slow)


def test_titles_missing_media_and_nests_are_written_as_what_they_are(tmp_path: Path) -> None:
    title = otio.schema.Clip(
        "END", otio.schema.GeneratorReference("t", "title", parameters={"text": "The end"}), times(0, 24)
    )
    lost = otio.schema.Clip("LOST", otio.schema.MissingReference(), times(100, 24))
    inner = otio.schema.Stack("NEST", [otio.schema.Track("V1", [clip("A", 0, 50), clip("B", 0, 50)])], times(10, 60))
    cut = cut_of([title, lost, inner])
    for suffix in (".fcpxml", ".xml"):
        back = there_and_back(cut, tmp_path, suffix)
        kinds = [item.child for item in Index(back).tracks[0].items]
        assert isinstance(kinds[0].media_reference, otio.schema.GeneratorReference)
        assert isinstance(kinds[1].media_reference, otio.schema.MissingReference)
        assert [part.name for part in kinds[2].find_clips()] == ["A", "B"]
        assert [item.duration for item in Index(back).tracks[0].items] == [24, 24, 60]


@pytest.mark.parametrize("suffix", [".fcpxml", ".xml", ".aaf"])
@pytest.mark.parametrize("available", [True, False])
def test_image_sequences_come_back_as_what_they_are(tmp_path: Path, suffix: str, available: bool) -> None:
    pictures = otio.schema.ImageSequenceReference(
        "file:///media/plates/",
        "pic.",
        ".exr",
        1001,
        1,
        24.0,
        4,
        available_range=times(1001, 100) if available else None,
    )
    still = otio.schema.ExternalReference("file:///media/IMG_0042.png", times(0, 100))
    cut = cut_of([otio.schema.Clip("P", pictures, times(1010, 24)), otio.schema.Clip("S", still, times(0, 24))])
    pictures_back, still_back = there_and_back(cut, tmp_path, suffix).find_clips()
    back = pictures_back.media_reference
    assert isinstance(back, otio.schema.ImageSequenceReference)
    assert back.target_url_base.replace("localhost", "") == "file:///media/plates/"
    assert (back.name_prefix, back.start_frame, back.name_suffix, back.frame_zero_padding) == ("pic.", 1001, ".exr", 4)
    assert back.rate == 24
    assert pictures_back.source_range.start_time.value == 1010
    if available:
        assert back.available_range == pictures.available_range
    assert isinstance(still_back.media_reference, otio.schema.ExternalReference)


def test_an_edls_dissolve_shows_the_same_pictures_from_an_earlier_cut_point(tmp_path: Path) -> None:
    rate = Fraction(24)
    cut = cut_of([shot("A", 10, 40, rate), dissolve(6, 10, rate), shot("B", 40, 50, rate)], start=86400)
    first, second = tracks(there_and_back(cut, tmp_path, ".edl"))["Video 0"]
    assert (first["frames"], second["at"], second["frames"]) == (34, 34, 56)
    assert second["before"] == (0, 16)
    assert second["first"] == (864000 + 34) / rate


def test_the_published_readers_see_the_same_cut(tmp_path: Path) -> None:
    rate = Fraction(24)
    cut = plain_cut(rate)
    write_cut(cut, tmp_path / "cut.edl")
    theirs = otio.adapters.read_from_file(str(tmp_path / "cut.edl"), "cmx_3600")
    ours = Index(cut).track("V1")
    assert [(item.name, item.duration().value) for item in theirs.tracks[0]] == [
        (item.child.name, item.duration) for item in ours.items
    ]
    assert [clip.metadata["cmx_3600"]["reel"] for clip in theirs.find_clips()] == [f"{name}REEL" for name in "ABCDE"]
    write_cut(cut, tmp_path / "cut.fcpxml")
    other = otio.adapters.read_from_file(str(tmp_path / "cut.fcpxml"), "fcpx_xml")
    found = list(other.find_clips())
    assert [(clip.name, clip.duration().value) for clip in found] == [
        (item.child.name, item.duration) for item in ours.items if isinstance(item.child, otio.schema.Clip)
    ]


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(24), Fraction(25), NTSC], ids=float)
def test_the_published_aaf_reader_sees_the_same_cut(tmp_path: Path, rate: Fraction) -> None:
    """It tells where a clip begins by its lowest frame, ours by the one that plays first."""
    cut = plain_cut(rate)
    sound = otio.schema.Track("A1", kind=otio.schema.TrackKind.Audio)
    sound.extend([shot("A", 10, 30, rate), shot("B", 40, 50, rate)])
    cut.tracks.append(sound)
    cut.tracks[0][0].enabled = False
    write_cut(cut, tmp_path / "cut.aaf")
    theirs = otio.adapters.read_from_file(str(tmp_path / "cut.aaf"), "AAF")
    assert frames_of(theirs.global_start_time, rate) == 3600 * round(rate)
    for own, track in zip(Index(cut).tracks, theirs.tracks, strict=True):
        assert [(item.child.name, item.duration) for item in own.items if item.child.name] == [
            (child.name, child.duration().value) for child in track if isinstance(child, otio.schema.Clip)
        ]
    clips = list(theirs.find_clips())
    assert [clip.enabled for clip in clips] == [False, *[True] * 6]
    assert [speed_of(clip) for clip in clips] == [1, 1, 2, -1, 0, 1, 1]
    begins = [frames_of(clip.source_range.start_time, rate) - start_of(rate) for clip in clips]
    assert begins == [10, 20, 30, 80, 7, 10, 40]
    assert all(rate_of(clip.source_range.start_time) == rate for clip in clips)
    assert {name for clip in clips for name in clip.media_references()} >= {"AREEL", "BREEL"}


@pytest.mark.parametrize("speed", [1.0, 2.0, 0.5, -1.0, 0.0])
def test_every_frame_of_a_retimed_nest_comes_back_through_aaf(tmp_path: Path, speed: float) -> None:
    rate = Fraction(24)
    lower = otio.schema.Track("V1", [shot("X", 0, 50, rate), shot("Y", 10, 50, rate, speed=2.0)])
    upper = otio.schema.Track("V2", [gap(20), shot("Z", 5, 20, rate)])
    nest = otio.schema.Stack("NEST", [lower, upper], times(10, 30))
    nest.effects.append(otio.schema.LinearTimeWarp(time_scalar=speed) if speed else otio.schema.FreezeFrame())
    cut = cut_of([shot("A", 10, 40, rate), nest], start=86400)
    write_cut(cut, tmp_path / "cut.aaf")
    wanted, found = (
        [[(layer.source.clip, layer.seconds) for layer in layers] for layers in flatten(one)]
        for one in (cut, read_cut(tmp_path / "cut.aaf"))
    )
    assert found == wanted


def test_aaf_says_drop_frame_and_keeps_the_identification_of_media(tmp_path: Path) -> None:
    aaf2 = pytest.importorskip("aaf2")
    for rate, drop in ((NTSC, True), (Fraction(24000, 1001), False)):
        cut = cut_of([shot("A", 10, 30, rate), shot("A", 50, 30, rate)], rate=rate, start=3600 * round(rate))
        write_cut(cut, tmp_path / "cut.aaf")
        write_cut(cut, tmp_path / "again.aaf")
        masters = []
        for name in ("cut.aaf", "again.aaf"):
            with aaf2.open(str(tmp_path / name)) as file:
                codes = [slot.segment for mob in file.content.mobs for slot in mob.slots if slot.name == "TC1"]
                codes += [mob.slot_at(3).segment for mob in file.content.sourcemobs() if mob.name == "AREEL"]
                assert [(code.fps, code.drop) for code in codes] == [(round(rate), drop)] * 2
                masters += [str(mob.mob_id) for mob in file.content.mastermobs()]
        assert len(masters) == 2  # one medium, however often it plays
        assert len(set(masters)) == 1
        (kept,) = {clip.media_reference.metadata["aaf"]["mob"] for clip in read_cut(tmp_path / "cut.aaf").find_clips()}
        assert kept == masters[0]


def test_only_the_active_reference_is_written(tmp_path: Path) -> None:
    shown = shot("A", 10, 30, Fraction(24))
    take = otio.schema.ExternalReference("/takes/A_v002.mov", times(864000, 400))
    take.metadata["cmx_3600"] = {"reel": "TAKE2"}
    shown.set_media_references({"DEFAULT_MEDIA": shown.media_reference, "take.2": take}, "take.2")
    for suffix in FORMATS:
        (row,) = tracks(there_and_back(cut_of([shown], start=86400), tmp_path, suffix))["Video 0"]
        assert row["reel"] == "TAKE2"
        assert "A_v002.mov" in (tmp_path / f"cut{suffix}").read_text()
        assert "/media/A.mov" not in (tmp_path / f"cut{suffix}").read_text()


def test_linked_sound_is_linked_in_fcp7(tmp_path: Path) -> None:
    write_cut(rich_cut(Fraction(24)), tmp_path / "cut.xml")
    import defusedxml.ElementTree

    root = defusedxml.ElementTree.parse(tmp_path / "cut.xml", forbid_dtd=False).getroot()
    named = {item.get("id"): item for item in root.iter("clipitem")}
    links = {
        item.findtext("name"): [link.findtext("linkclipref") for link in item.iterfind("link")]
        for item in named.values()
    }
    assert {name for name, found in links.items() if len(found) == 2} == {"A", "B"}
    assert all(reference in named for found in links.values() for reference in found)
    assert root.find(".//video/format/samplecharacteristics") is not None


def test_inputs_are_never_written_over_and_unknown_formats_are_refused(tmp_path: Path) -> None:
    cut = plain_cut(Fraction(24))
    write_cut(cut, tmp_path / "cut.fcpxml")
    read = read_cut(tmp_path / "cut.fcpxml")
    with pytest.raises(BadInput, match="never written"):
        write_cut(read, tmp_path / "cut.fcpxml")
    with pytest.raises(BadInput, match=r"\.edl"):
        write_cut(cut, tmp_path / "cut.avi")


@pytest.mark.parametrize("suffix", [".fcpxml", ".xml"])
def test_a_retime_on_media_of_another_rate_begins_where_it_did(tmp_path: Path, suffix: str) -> None:
    ntsc = Fraction(24000, 1001)
    fast = clip("A", 2000, 0, (0, 9000), ntsc, speed=2.5)
    fast.source_range = otio.opentime.TimeRange(fast.source_range.start_time, otio.opentime.RationalTime(695, 24))
    (back,) = there_and_back(cut_of([fast]), tmp_path, suffix).find_clips()
    assert source_start(back) == 2000 / ntsc
    assert Index(cut_of([back])).tracks[0].items[0].duration == 695


@pytest.mark.parametrize("speed", [None, 2.0, -1.0, 0.0])
def test_media_of_unknown_length_stays_so_in_fcp7(tmp_path: Path, speed: float | None) -> None:
    unknown = clip("A", 864050, 20, None, speed=speed)
    (back,) = there_and_back(cut_of([unknown], start=86400), tmp_path, ".xml").find_clips()
    assert back.media_reference.available_range is None
    assert source_start(back) == Fraction(864050, 24)


def test_clips_that_play_more_than_their_media_leave_the_handles_of_others(tmp_path: Path) -> None:
    beyond, inside = clip("A", 10, 200), clip("A", 20, 30)
    back = there_and_back(cut_of([beyond, inside]), tmp_path, ".fcpxml").find_clips()
    assert [one.media_reference.available_range.duration.value for one in back] == [210, 100]


def test_locators_of_nests_are_listed_in_an_edl(tmp_path: Path) -> None:
    nest = otio.schema.Stack("NEST", [otio.schema.Track("V1", [clip("A", 0, 50)])], times(10, 30))
    nest.markers.append(otio.schema.Marker("look", times(15, 0), otio.schema.MarkerColor.GREEN))
    write_cut(cut_of([nest], start=86400), tmp_path / "cut.edl")
    assert "* LOC: 01:00:00:05 GREEN   look" in (tmp_path / "cut.edl").read_text()
