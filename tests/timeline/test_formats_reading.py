"""Cuts of other programs: real files, what each format says, and files that must not do harm."""

from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit_bridge.errors import CutError
from secondunit_timeline.formats import reading
from secondunit_timeline.index import Index
from secondunit_timeline.interchange import notes_of, read_cut, write_cut
from secondunit_timeline.retimes import speed_of

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
FILES = sorted(
    path for path in CORPUS.rglob("*") if path.suffix.lower() in (".edl", ".xml", ".fcpxml", ".aaf", ".kdenlive")
)
NOT_A_CUT = {
    "premiere_example_filter.xml": "kind",  # a filter by itself
    "fcpx_clips.fcpxml": "no project",
    "fcpx_event.fcpxml": "2 timelines",
}
NTSC = Fraction(30000, 1001)


@pytest.mark.skipif(not FILES, reason="the shared interchange files do not lie beside the repository")
def test_every_file_of_the_corpus_is_read_or_refused_with_a_reason() -> None:
    for path in FILES:
        if path.name in NOT_A_CUT:
            with pytest.raises(CutError, match=NOT_A_CUT[path.name]) as refused:
                read_cut(path)
            assert path.name in str(refused.value)
        else:
            Index(read_cut(path))


def written(folder: Path, text: str, name: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def edl(folder: Path, *lines: str, fcm: str = "NON-DROP FRAME") -> Path:
    return written(folder, "\n".join(["TITLE: A CUT", f"FCM: {fcm}", *lines, ""]), "cut.edl")


def items(cut: otio.schema.Timeline, track: str = "V1") -> list[tuple[str, float, float, float]]:
    """Name, record start from the cut's first frame, length and source start of a track's items."""
    return [
        (
            item.child.name,
            float(item.start),
            float(item.duration),
            item.child.source_range.start_time.value if isinstance(item.child, otio.schema.Clip) else 0,
        )
        for item in Index(cut).track(track).items
    ]


def test_an_edl_keeps_record_times_reels_gaps_and_names(tmp_path: Path) -> None:
    cut = read_cut(
        edl(
            tmp_path,
            "001  A001C002 V     C        10:00:00:00 10:00:02:00 01:00:00:00 01:00:02:00",
            "* FROM CLIP NAME: wide",
            "002  BL       V     C        00:00:00:00 00:00:01:00 01:00:02:00 01:00:03:00",
            "003  B002     AA/V  C        11:00:00:00 11:00:01:00 01:00:04:00 01:00:05:00",
            "* LOC: 01:00:04:12 RED fix this",
        )
    )
    assert cut.name == "A CUT"
    assert Index(cut).timecode(0) == "01:00:00:00"
    assert items(cut) == [("wide", 0, 48, 864000), ("", 48, 24, 0), ("", 72, 24, 0), ("B002", 96, 24, 950400)]
    assert items(cut, "A2") == [("", 0, 96, 0), ("B002", 96, 24, 950400)]
    wide = cut.find_clips()[0]
    assert wide.media_reference.metadata["cmx_3600"]["reel"] == "A001C002"
    (marker,) = cut.find_clips()[1].markers
    assert (marker.name, marker.color, marker.marked_range.start_time.value) == ("fix this", "RED", 950412)


def test_an_edls_rate_is_guessed_aloud_and_can_be_said(tmp_path: Path) -> None:
    path = edl(tmp_path, "001  A V C 10:00:00:00 10:00:00:24 01:00:00:00 01:00:00:24")
    guessed = read_cut(path)
    assert Index(guessed).rate == 25
    assert "guessed as 25" in guessed.metadata["secondunit"]["notes"][0]
    told = read_cut(path, Fraction(50))
    assert Index(told).rate == 50
    assert not told.metadata["secondunit"]["notes"]
    with pytest.raises(CutError, match=r"cut\.edl.*line 3"):
        read_cut(path, Fraction(24))


def test_an_edls_rate_is_the_one_at_which_lengths_agree(tmp_path: Path) -> None:
    """No frame number is above 23, but 2 seconds less 5 frames are as long as 1 second and 20 frames only at 25."""
    cut = read_cut(edl(tmp_path, "001  A V C 06:42:50:18 06:42:52:13 01:00:00:00 01:00:01:20"))
    assert Index(cut).rate == 25
    assert "lengths agree" in notes_of(cut)[0]
    backwards = ("001  A V C 09:13:03:09 09:13:05:11 10:00:32:03 10:00:34:05", "M2   A  -025.0  09:13:03:09")
    cut = read_cut(edl(tmp_path, *backwards))
    assert (Index(cut).rate, speed_of(cut.find_clips()[0])) == (25, -1)


def test_an_edls_colour_decisions_and_comments_come_back(tmp_path: Path) -> None:
    event = "001  A V C 10:00:00:00 10:00:01:00 01:00:00:00 01:00:01:00"
    given = ("*ASC_SOP (0.9405 0.9439 0.9424)(-0.0500 -0.0276 -0.0144)(0.8888 0.9138 0.9896)", "*ASC_SAT 0.9640")
    cut = read_cut(edl(tmp_path, event, "* FROM CLIP NAME: A", *given, "*VFX  117_GUD_0030 ADD LANDSCAPE"))
    (clip,) = cut.find_clips()
    assert clip.metadata["cdl"]["asc_sat"] == 0.964
    assert clip.metadata["cdl"]["asc_sop"]["offset"][:] == [-0.05, -0.0276, -0.0144]
    write_cut(cut, tmp_path / "again.edl")
    text = (tmp_path / "again.edl").read_text()
    assert "* ASC_SOP (0.9405 0.9439 0.9424)(-0.05 -0.0276 -0.0144)(0.8888 0.9138 0.9896)" in text
    assert text.count("ASC_S") == 2
    assert "* VFX 117_GUD_0030 ADD LANDSCAPE" in text
    again = read_cut(tmp_path / "again.edl").find_clips()[0]
    assert str(again.metadata["cdl"]) == str(clip.metadata["cdl"])


def test_drop_frame_is_counted_as_drop_frame(tmp_path: Path) -> None:
    event = "001  A V C 00:00:00{0}00 00:01:00{0}02 00:00:00{0}00 00:01:00{0}02"
    by_fcm = read_cut(edl(tmp_path, event.format(":"), fcm="DROP FRAME"))
    by_separator = read_cut(edl(tmp_path, event.format(";")))
    for cut in (by_fcm, by_separator):
        assert Index(cut).rate == NTSC
        assert items(cut) == [("A", 0, 1800, 0)]


def test_an_edls_dissolves_and_speeds(tmp_path: Path) -> None:
    cut = read_cut(
        edl(
            tmp_path,
            "001  A V C     10:00:00:00 10:00:01:00 01:00:00:00 01:00:01:00",
            "002  A V C     10:00:01:00 10:00:01:00 01:00:01:00 01:00:01:00",
            "002  B V D 012 11:00:00:00 11:00:02:00 01:00:01:00 01:00:03:00",
            "* FROM CLIP NAME: one",
            "* TO CLIP NAME: two",
            "003  C V C     12:00:00:00 12:00:02:00 01:00:03:00 01:00:04:00",
            "M2   C             048.0                12:00:00:00",
            "004  D V C     12:00:00:00 12:00:01:00 01:00:04:00 01:00:05:00",
            "M2   D            -024.0                12:00:00:00",
            "005  E V C     12:00:00:00 12:00:00:01 01:00:05:00 01:00:06:00",
            "M2   E             000.0                12:00:00:00",
        )
    )
    assert [item[0] for item in items(cut)] == ["A", "two", "C", "D", "E"]
    dissolve = Index(cut).track("V1").items[1].before
    assert dissolve is not None
    assert (dissolve.in_offset.value, dissolve.out_offset.value) == (0, 12)
    assert [speed_of(clip) for clip in cut.find_clips()] == [1, 1, 2, -1, 0]
    assert items(cut)[3][3] == (12 * 3600 + 1) * 24 - 1  # played backwards, the last frame comes first


def test_record_times_count_where_an_edls_lengths_differ(tmp_path: Path) -> None:
    cut = read_cut(
        edl(
            tmp_path,
            "001  A V C 10:00:00:00 10:00:00:10 01:00:00:00 01:00:01:00",
            "002  B V C 10:00:00:00 10:00:01:00 01:00:01:00 01:00:02:00",
        )
    )
    assert [item[1:3] for item in items(cut)] == [(0, 24), (24, 24)]
    assert "001" in cut.metadata["secondunit"]["notes"][-1]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("cut.edl", "TITLE: nothing\n"),
        ("cut.edl", "001  A V C 10:00:00:00 10:00:00:99 01:00:00:00 25:99:00:24\n"),
        ("cut.edl", "001  A V C 1 2 3 10:00:00:00\n"),
        ("cut.edl", "001  A V C 10:00:00:00 10:00:01:00 01:00:00:00 01:00:01:00\n" * 2),
        ("cut.xml", "not XML"),
        ("cut.xml", "<other/>"),
        ("cut.xml", "<xmeml/>"),
        ("cut.fcpxml", "<fcpxml><resources/></fcpxml>"),
        ("cut.fcpxml", "<fcpxml><project><sequence format='none'><spine/></sequence></project></fcpxml>"),
        ("cut.fcpxml", "<fcpxml>" + "<a>" * 5000 + "</a>" * 5000 + "</fcpxml>"),
        (
            "cut.fcpxml",
            '<!DOCTYPE a [<!ENTITY b "' + "x" * 999 + '">' + '<!ENTITY c "&b;&b;">]><fcpxml>&c;</fcpxml>',
        ),
        ("cut.xml", '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><xmeml>&b;</xmeml>'),
        ("cut.aaf", "not a compound file"),
        ("cut.mov", "anything"),
    ],
)
def test_what_is_no_cut_is_refused_with_the_file_named(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises(CutError, match=name.replace(".", r"\.")):
        read_cut(written(tmp_path, text, name))


def test_a_reader_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_SECONDS", 0.01)
    with pytest.raises(CutError, match=r"cut\.edl was not read within"):
        read_cut(edl(tmp_path, "001  A V C 10:00:00:00 10:00:01:00 01:00:00:00 01:00:01:00"))


def test_a_reader_that_swells_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_MEMORY", 1 << 20)
    monkeypatch.setattr(reading, "_MEMORY_A_BYTE", 0)
    path = written(tmp_path, f"<fcpxml>{'<a/>' * 300_000}</fcpxml>", "cut.fcpxml")
    with pytest.raises(CutError, match=r"cut\.fcpxml.*memory"):
        read_cut(path)


def fcpxml(folder: Path, spine: str) -> Path:
    return written(
        folder,
        f"""<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE fcpxml><fcpxml version="1.10"><resources>
        <format id="r1" frameDuration="1001/30000s" width="1920" height="1080"/>
        <format id="r2" frameDuration="1001/24000s"/>
        <asset id="a" name="A" start="3600s" duration="100s" hasVideo="1" format="r1">
          <media-rep src="file:///media/a.mov"/>
          <metadata><md key="com.apple.proapps.studio.reel" value="A001"/></metadata></asset>
        <asset id="b" name="B" start="0s" duration="100100/1000s" hasVideo="1" hasAudio="1" format="r2">
          <media-rep src="file:///media/b.mov"/></asset>
        </resources><library><event><project name="cut">
        <sequence format="r1" tcStart="3603600/1000s"><spine>{spine}</spine></sequence>
        </project></event></library></fcpxml>""",
        "cut.fcpxml",
    )


def test_fcpxml_rates_are_exact_and_lanes_become_tracks(tmp_path: Path) -> None:
    cut = read_cut(
        fcpxml(
            tmp_path,
            """<asset-clip ref="a" name="A" offset="3603600/1000s" start="3600s" duration="30030/30000s">
                 <asset-clip ref="b" lane="1" name="B" offset="36010010/10000s" start="1001/24000s"
                   duration="10010/30000s" enabled="0"/>
                 <marker start="36010010/10000s" duration="1001/30000s" value="look" note="why"/>
               </asset-clip>
               <transition name="Cross Dissolve" offset="36041041/10000s" duration="10010/30000s"/>
               <gap name="Gap" offset="36046010/10000s" start="0s" duration="30030/30000s"/>""",
        )
    )
    index = Index(cut)
    assert index.rate == NTSC
    assert index.start.frame == 108000
    assert [(track.name, len(track.items)) for track in index.tracks] == [("V1", 1), ("V2", 2), ("A1", 2)]
    first = index.track("V1").items[0]
    assert (first.start, first.duration) == (0, 30)
    assert first.child.media_reference.metadata["cmx_3600"]["reel"] == "A001"
    assert first.child.markers[0].comment == "why"
    assert first.after is not None
    second = index.track("V2").items[1]
    assert second.duration == 10
    assert not second.child.enabled
    assert second.child.source_range.start_time.rate == float(Fraction(24000, 1001))
    assert second.child.source_range.start_time.value == 1


@pytest.mark.skipif(not FILES, reason="the shared interchange files do not lie beside the repository")
def test_final_cuts_conformed_clips_keep_every_edit_on_a_frame() -> None:
    """Clips at 23.98 in sequences at 24 and 59.94, with connected storylines, as Final Cut Pro exports them."""
    folder = CORPUS / "TheAcharya__OpenFCPXMLKit"
    for path in sorted(folder.glob("*.fcpxml")):
        for track in Index(read_cut(path)).tracks:
            for item in track.items:
                assert item.start == round(item.start), (path.name, track.name, float(item.start))
    conformed = read_cut(folder / "24.fcpxml")
    assert "frame for frame" in notes_of(conformed)[0]
    second = conformed.find_clips()[1]
    assert second.source_range.start_time.value == 1185
    assert speed_of(second) == Fraction(1001, 1000)
    # All of its media, 416.166 seconds at 23.976, plays in 415.75 seconds at 24.
    whole = read_cut(folder / "DisabledClips.fcpxml").find_clips()[2]
    media = whole.media_reference.available_range.duration
    played = Fraction(whole.source_range.duration.value) / 24 * speed_of(whole)
    assert abs(played - Fraction(media.value) / Fraction(24000, 1001)) < Fraction(1, 100)
    ntsc = read_cut(folder / "59.94.fcpxml").find_clips()[1]
    assert (ntsc.source_range.start_time.value, speed_of(ntsc)) == (1183, 1)


def test_a_rate_that_final_cut_conforms_otherwise_is_said(tmp_path: Path) -> None:
    clip = """<asset-clip ref="a" name="A" offset="3603600/1000s" start="3600s" duration="30030/30000s">
                <conform-rate srcFrameRate="25"/></asset-clip>"""
    assert "conformed from 25 to 29.97" in notes_of(read_cut(fcpxml(tmp_path, clip)))[0]
    off = clip.replace("<conform-rate", '<conform-rate scaleEnabled="0"')
    assert not notes_of(read_cut(fcpxml(tmp_path, off)))


def test_fcpxml_bundles_roles_keywords_and_notes_are_read(tmp_path: Path) -> None:
    clip = """<asset-clip ref="a" name="A" offset="3603600/1000s" start="3600s" duration="30030/30000s"
                audioRole="dialogue.boom" videoRole="plate"><note>windy</note>
                <keyword start="3600s" duration="1s" value="exterior"/></asset-clip>"""
    bundle = tmp_path / "cut.fcpxmld"
    bundle.mkdir()
    fcpxml(tmp_path, clip).rename(bundle / "Info.fcpxml")
    (found,) = read_cut(bundle).find_clips()
    held = found.metadata["fcpxml"]
    assert dict(held["roles"]) == {"audioRole": "dialogue.boom", "videoRole": "plate"}
    assert (held["keywords"][0], held["note"]) == ("exterior", "windy")
    with pytest.raises(CutError, match="does not exist"):
        read_cut(tmp_path / "none.fcpxmld")


def test_fcpxml_speeds(tmp_path: Path) -> None:
    def clip(*points: tuple[str, str]) -> str:
        rows = "".join(f'<timept time="{time}" value="{value}" interp="linear"/>' for time, value in points)
        return f'<asset-clip ref="a" name="A" start="0s" duration="30030/30000s"><timeMap>{rows}</timeMap></asset-clip>'

    cut = read_cut(
        fcpxml(
            tmp_path,
            clip(("0s", "3600s"), ("10s", "3620s"))
            + clip(("0s", "3700s"), ("100s", "3600s"))
            + clip(("0s", "3600s"), ("100s", "3600s"))
            + clip(("0s", "3600s"), ("1s", "3601s"), ("2s", "3604s")),
        )
    )
    assert [speed_of(clip) for clip in cut.find_clips()] == [2, -1, 0, None]
    reverse = cut.find_clips()[1].source_range.start_time
    assert Fraction(reverse.value).limit_denominator(10_000) == 3700 * NTSC - 1
    assert "ramp" in cut.metadata["secondunit"]["notes"][0]


def xmeml(folder: Path, items: str) -> Path:
    rate = "<rate><timebase>30</timebase><ntsc>TRUE</ntsc></rate>"
    file = f"""<file id="f"><name>a.mov</name><pathurl>file://localhost/media/a.mov</pathurl>{rate}
      <duration>1000</duration><timecode>{rate}<string>01:00:00:00</string><frame>108000</frame>
      <displayformat>NDF</displayformat><reel><name>A001</name></reel></timecode></file>"""
    return written(
        folder,
        f"""<?xml version="1.0"?><!DOCTYPE xmeml><xmeml version="5"><sequence id="s"><name>cut</name>
        <duration>100</duration>{rate}<timecode>{rate}<string>01:00:00;00</string><frame>107892</frame>
        <displayformat>DF</displayformat></timecode><media><video><track>{items.replace("RATE", rate)}</track>
        </video></media></sequence></xmeml>""".replace("FILE", file, 1).replace("FILE", '<file id="f"/>'),
        "cut.xml",
    )


def clipitem(number: int, start: int, length: int, source: tuple[int, int], *more: str) -> str:
    return f"""<clipitem id="c{number}"><name>C{number}</name><duration>1000</duration>RATE<start>{start}</start>
      <end>{start + length}</end><in>{source[0]}</in><out>{source[1]}</out>FILE{"".join(more)}</clipitem>"""


def remap(speed: int, reverse: str = "FALSE") -> str:
    rows = f"<parameter><parameterid>speed</parameterid><name>speed</name><value>{speed}</value></parameter>"
    rows += f"<parameter><parameterid>reverse</parameterid><name>reverse</name><value>{reverse}</value></parameter>"
    return f"<filter><effect><name>Time Remap</name><effectid>timeremap</effectid>{rows}</effect></filter>"


def test_fcp7_speeds_disabled_clips_reels_and_start(tmp_path: Path) -> None:
    cut = read_cut(
        xmeml(
            tmp_path,
            clipitem(1, 0, 10, (5, 15), "<enabled>FALSE</enabled>")
            + clipitem(2, 10, 10, (20, 30), remap(200))
            + clipitem(3, 20, 10, (20, 40), remap(200))
            + clipitem(4, 30, 10, (20, 30), remap(100, "TRUE")),
        )
    )
    index = Index(cut)
    assert (index.rate, index.timecode(0)) == (NTSC, "01:00:00;00")
    clips = cut.find_clips()
    assert [clip.enabled for clip in clips] == [False, True, True, True]
    assert [speed_of(clip) for clip in clips] == [1, 2, 2, -1]
    # The second's in point counts frames as they play, the third's the media's; reversed, it counts from the end.
    assert [item[3] - 108000 for item in items(cut)] == [5, 40, 20, 979]
    assert clips[0].media_reference.metadata["cmx_3600"]["reel"] == "A001"


def test_resolves_name_of_an_image_sequence_is_read(tmp_path: Path) -> None:
    """Resolve writes the range into the address itself."""
    named = "file://localhost/media/A001_%5B0099-0198%5D.dpx"
    text = xmeml(tmp_path, clipitem(1, 0, 10, (5, 15))).read_text()
    start, end = text.index("<pathurl>"), text.index("</pathurl>")
    cut = read_cut(written(tmp_path, f"{text[:start]}<pathurl>{named}{text[end:]}", "cut.xml"))
    found = cut.find_clips()[0].media_reference
    assert isinstance(found, otio.schema.ImageSequenceReference)
    assert (found.name_prefix, found.start_frame, found.frame_zero_padding) == ("A001_", 99, 4)
    assert found.metadata["cmx_3600"]["reel"] == "A001"


@pytest.mark.skipif(not FILES, reason="the shared interchange files do not lie beside the repository")
def test_avids_aaf_keeps_places_transitions_source_timecode_and_reels() -> None:
    folder = CORPUS / "OpenTimelineIO__otio-aaf-adapter"
    cut = read_cut(folder / "transitions.aaf")
    index = Index(cut)
    assert (index.rate, index.timecode(0)) == (24, "01:00:00:00")
    assert [track.name for track in index.tracks] == ["Circles", "A1", "A2"]
    fades = [
        (item.before.name, item.before.in_offset.value, item.before.out_offset.value)
        for item in index.tracks[0].items
        if item.before
    ]
    assert fades == [("FadeUp_2", 0, 12), ("VideoDissolve_2", 48, 0), ("VideoDissolve_2", 12, 12), ("Dip_2", 24, 24)]
    assert [row[1:] for row in items(cut, "Circles")] == [
        (0, 117, 86400),
        (117, 77, 86400 + 75 + 48),
        (194, 53, 0),
        (247, 144, 31 + 24),
        (391, 130, 86400),
    ]
    reel = read_cut(folder / "one_clip.aaf").find_clips()[0].media_reference
    assert reel.metadata["cmx_3600"]["reel"] == "ppjoshm_1.SIM1.02"
    assert reel.available_range.start_time.value == 86501


@pytest.mark.skipif(not FILES, reason="the shared interchange files do not lie beside the repository")
def test_avids_markers_lie_where_the_editor_put_them() -> None:
    cut = read_cut(CORPUS / "OpenTimelineIO__otio-aaf-adapter" / "multiple_markers.aaf")
    assert [track.name for track in Index(cut).tracks] == ["V1", "V2", "V3", "V4"]
    on_clips = {clip.name: [marker.name for marker in clip.markers] for clip in cut.find_clips() if len(clip.markers)}
    assert on_clips == {
        "zts02_1010": ["GREEN: V1: zts02_1010: f1104: seq.f1104"],
        "Drop_24.mov": ["MAGENTA: V4: zts02_1040: f1001: seq.f1666"],
    }
    # The other tracks are empty there, and one marker lies on the timecode track.
    places = {marker.name: marker.marked_range.start_time.value for marker in cut.tracks.markers}
    assert places["GREEN: TC1: zts02_1080: f1206: seq.f2604"] == 2604 - 809
    assert len(places) == 8
    assert "Timecode Burn-In" in " ".join(cut.metadata["secondunit"]["notes"])


@pytest.mark.skipif(not FILES, reason="the shared interchange files do not lie beside the repository")
def test_a_ramp_of_aaf_stays_one_and_a_sound_clips_channels_are_one_clip() -> None:
    ramp = read_cut(CORPUS / "markreidvfx__pyaaf2" / "linear01.aaf")
    assert Index(ramp).rate == Fraction(24000, 1001)
    assert speed_of(ramp.find_clips()[0]) is None
    assert ramp.find_clips()[0].effects[0].metadata["aaf"]["parameters"]["SpeedRatio"] == "56/55"
    assert "speed ramp" in ramp.metadata["secondunit"]["notes"][0]
    resolve = read_cut(CORPUS / "ambiguousengine__davinci-resolve-mcp-free" / "T45_twoclip_control.aaf")
    index = Index(resolve)
    assert (index.rate, index.timecode(0)) == (50, "01:00:00:00")
    assert items(resolve, "Audio 1") == [("1128797", 0, 750, 900000), ("1128797", 750, 750, 900375)]
    assert resolve.find_clips()[0].source_range.start_time.rate == 25  # the media's own, which is 10:00:00:00


def motion(path: Path, length: int, inner: int, ratio: str = "", points: tuple[tuple[str, str], ...] = ()) -> Path:
    """An AAF whose one clip plays `inner` frames from frame 100 of its media, under Avid's Motion Control."""
    import aaf2
    from aaf2.auid import AUID
    from aaf2.rational import AAFRational

    with aaf2.open(str(path), "w") as file:
        dictionary = file.dictionary
        rational = dictionary.lookup_typedef("Rational")
        made = [
            file.create.ParameterDef(AUID("72559a80-24d7-11d3-8a50-0050040ef7d2"), "SpeedRatio", "", rational),
            file.create.ParameterDef(
                AUID("8d56827d-847e-11d5-935a-50f857c10000"), "PARAM_SPEED_OFFSET_MAP_U", "", rational
            ),
            file.create.InterpolationDef(aaf2.misc.LinearInterp, "LinearInterp", ""),
        ]
        control = file.create.OperationDef(AUID("9d2ea890-0968-11d3-8a38-0050040ef7d2"), "Motion Control", "")
        control.media_kind, control.number_inputs = "picture", 1
        control["IsTimeWarp"].value = True
        for one in (*made, control):
            dictionary.register_def(one)
        media, cut = file.create.MasterMob("A"), file.create.CompositionMob("cut")
        file.content.mobs.extend([media, cut])
        cut.usage = "Usage_TopLevel"
        media.create_timeline_slot(24, 1).segment = file.create.SourceClip(0, 500, media_kind="picture")
        group = file.create.OperationGroup("Motion Control", length, "picture")
        if ratio:
            group.parameters.append(file.create.ConstantValue("SpeedRatio", AAFRational(ratio)))
        if points:
            curve = file.create.VaryingValue("PARAM_SPEED_OFFSET_MAP_U", "LinearInterp")
            for time, value in points:
                curve.add_keyframe(AAFRational(time), AAFRational(value))
            group.parameters.append(curve)
        clip = file.create.SourceClip(100, inner, media_kind="picture")
        clip.mob, clip.slot_id = media, 1
        group.segments.append(clip)
        cut.create_timeline_slot(24, 1).segment = group
    return path


@pytest.mark.parametrize(
    ("length", "inner", "ratio", "points", "speed", "first"),
    [
        (20, 40, "1/2", (), Fraction(2), 100),
        (40, 20, "2/1", (), Fraction(1, 2), 100),
        (20, 20, "-1/1", (), Fraction(-1), 119),
        (30, 1, "30/1", (), Fraction(0), 100),
        (20, 40, "20/39", (("0", "0"), ("20", "40")), Fraction(2), 100),  # Avid's ratio is off by one: the curve counts
        (21, 21, "1/1", (("0", "20"), ("1/2", "39/2"), ("20", "0")), Fraction(-1), 120),
        (20, 20, "1/1", (("0", "5"), ("20", "5")), Fraction(0), 105),
        (20, 20, "1/1", (("0", "0"), ("10", "5"), ("20", "20")), None, 100),
        (20, 20, "", (), None, 100),
    ],
)
def test_avids_motion_control(
    tmp_path: Path,
    length: int,
    inner: int,
    ratio: str,
    points: tuple[tuple[str, str], ...],
    speed: Fraction | None,
    first: int,
) -> None:
    cut = read_cut(motion(tmp_path / "cut.aaf", length, inner, ratio, points))
    (clip,) = cut.find_clips()
    assert speed_of(clip) == speed
    assert (clip.source_range.start_time.value, clip.source_range.duration.value) == (first, length)
    assert bool(notes_of(cut)) == (speed is None)
