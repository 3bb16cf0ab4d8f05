"""Kdenlive projects and other MLT XML: what files of both generations say, and what of ours survives Kdenlive."""

import json
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit_bridge.errors import CutError
from secondunit_timeline.dialects import is_locked
from secondunit_timeline.formats.mlt_positions import position_of, shown_at, step
from secondunit_timeline.formats.xml import parse
from secondunit_timeline.index import Index
from secondunit_timeline.interchange import notes_of, read_cut, write_cut
from secondunit_timeline.retimes import speed_of
from secondunit_timeline.takes import placed_takes

from tests.timeline.cuts import clip, cut_of, gap, times
from tests.timeline.test_formats_writing import shot, start_of

RATE = Fraction(25)
PROFILE = '<profile width="320" height="180" frame_rate_num="{}" frame_rate_den="{}" progressive="1"/>'


def project(folder: Path, body: str, rate: Fraction = RATE, name: str = "cut.kdenlive", root: str = "") -> Path:
    path = folder / name
    profile = PROFILE.format(rate.numerator, rate.denominator)
    path.write_text(f"<?xml version='1.0'?><mlt LC_NUMERIC='C' producer='main_bin' root='{root}'>{profile}{body}</mlt>")
    return path


def producer(name: str, number: str = "", **more: str) -> str:
    """A file of 200 frames; in a property's name `__` stands for a colon and `_o_` for a point."""
    given = {
        "mlt_service": "avformat",
        "resource": f"/media/{name}.mov",
        "length": "200",
        "kdenlive__id": number,
    } | more
    rows = "".join(
        f'<property name="{key.replace("__", ":").replace("_o_", ".")}">{value}</property>'
        for key, value in given.items()
    )
    return f'<producer id="{name}" in="0" out="199">{rows}</producer>'


def entry(name: str, first: int, last: int, inside: str = "") -> str:
    return f'<entry producer="{name}" in="{first}" out="{last}">{inside}</entry>'


def track(name: str, *playlists: str, mixes: str = "", sound: bool = False, more: str = "") -> str:
    hide = "video" if sound else "audio"
    own = '<property name="kdenlive:audio_track">1</property>' if sound else ""
    lists = "".join(f'<playlist id="{name}{at}">{items}</playlist>' for at, items in enumerate((*playlists, "")[:2]))
    rows = "".join(f'<track hide="{hide}" producer="{name}{at}"/>' for at in (0, 1))
    return f'{lists}<tractor id="{name}">{own}{more}{rows}{mixes}</tractor>'


def mix(first: int, last: int, after: int, **more: str) -> str:
    given = {"a_track": "0", "b_track": "1", "mlt_service": "luma", "kdenlive:mixcut": str(after)} | more
    rows = "".join(f'<property name="{key}">{value}</property>' for key, value in given.items())
    return f'<transition in="{first}" out="{last}">{rows}</transition>'


def timeline(*names: str, more: str = "") -> str:
    black = '<producer id="black_track" in="0" out="500"><property name="mlt_service">color</property></producer>'
    rows = "".join(f'<track producer="{name}"/>' for name in ("black_track", *names))
    return f'{black}<tractor id="main">{rows}{more}</tractor>'


def items(cut: otio.schema.Timeline, name: str = "V1") -> list[tuple[str, int, int, float]]:
    """Name, record start and length, source start in frames of the media."""
    return [
        (
            item.child.name,
            int(item.start),
            int(item.duration),
            item.child.source_range.start_time.value if not isinstance(item.child, otio.schema.Gap) else 0,
        )
        for item in Index(cut).track(name).items
    ]


def test_mixes_of_one_track_become_dissolves_at_their_cut_points(tmp_path: Path) -> None:
    """As Kdenlive 22.12 saves them: the out of a mix is the frame after its last."""
    cut = read_cut(
        project(
            tmp_path,
            producer("a") + producer("b") + producer("c")
            + track(
                "t",
                entry("a", 0, 86) + '<blank length="00:00:02.000"/>' + entry("c", 10, 96),
                '<blank length="62"/>' + entry("b", 20, 119),
                mixes=mix(62, 87, 12) + mix(137, 162, 5, reverse="1"),
            )
            + timeline("t"),
        )
    )  # fmt: skip
    assert items(cut) == [("a.mov", 0, 75, 0), ("b.mov", 75, 82, 33), ("c.mov", 157, 67, 30)]
    first, second = (item.before for item in Index(cut).track("V1").items[1:])
    assert first is not None
    assert second is not None
    assert (first.in_offset.value, first.out_offset.value) == (13, 12)
    assert (second.in_offset.value, second.out_offset.value) == (20, 5)


def test_dissolves_that_melt_and_shotcut_write_as_tractors_join_their_clips(tmp_path: Path) -> None:
    sides = '<track producer="a" in="40" out="49"/><track producer="b" in="0" out="9"/>'
    joint = f'<tractor id="x" in="0" out="9">{sides}{mix(0, 9, 0).replace("kdenlive:mixcut", "shotcut:no")}</tractor>'
    body = joint + f'<playlist id="p">{entry("a", 10, 39)}{entry("x", 0, 9)}{entry("b", 10, 29)}</playlist>'
    main = '<tractor id="main"><track producer="p"/></tractor>'
    cut = read_cut(project(tmp_path, producer("a") + producer("b") + body + main, name="cut.mlt"))
    assert items(cut) == items(cut, "A1") == [("a.mov", 0, 35, 10), ("b.mov", 35, 25, 5)]
    dissolve = Index(cut).track("V1").items[1].before
    assert dissolve is not None
    assert (dissolve.in_offset.value, dissolve.out_offset.value) == (5, 5)


def test_a_composition_between_two_tracks_becomes_a_dissolve_of_the_upper_clip(tmp_path: Path) -> None:
    over = mix(30, 39, 0, b_track="2", a_track="1").replace("kdenlive:mixcut", "no")
    other = mix(3, 9, 0, b_track="2", a_track="1").replace("kdenlive:mixcut", "no")
    tracks = track("t", entry("a", 0, 49)) + track("u", '<blank length="30"/>' + entry("b", 0, 59))
    cut = read_cut(project(tmp_path, producer("a") + producer("b") + tracks + timeline("t", "u", more=over + other)))
    dissolve = Index(cut).track("V2").items[1].before
    assert dissolve is not None
    assert (dissolve.in_offset.value, dissolve.out_offset.value) == (0, 10)
    assert ["composition" in note for note in notes_of(cut)] == [True]


def test_speeds_freezes_and_ramps(tmp_path: Path) -> None:
    fast = producer(
        "w", mlt_service="timewarp", resource="2:/media/a.mov", warp_speed="2", warp_resource="/media/a.mov"
    )
    back = producer("r", mlt_service="timewarp", resource="-1:/media/a.mov", warp_speed="-1.000000")
    link = '<property name="mlt_service">timeremap</property><property name="time_map">0=0;4=9</property>'
    ramp = producer("x").replace("producer", "chain").replace("</chain>", f'<link id="l">{link}</link></chain>')
    freeze = '<filter><property name="mlt_service">freeze</property><property name="frame">7</property></filter>'
    row = entry("w", 10, 19) + entry("r", 100, 109) + entry("a", 20, 29, freeze) + entry("x", 5, 14)
    cut = read_cut(project(tmp_path, producer("a") + fast + back + ramp + track("t", row) + timeline("t")))
    assert [speed_of(clip) for clip in cut.find_clips()] == [2, -1, 0, None]
    assert [item[3] for item in items(cut)] == [20, 99, 27, 5]
    assert {clip.media_reference.target_url for clip in cut.find_clips()} == {"/media/a.mov", "/media/x.mov"}
    assert ["ramps" in note for note in notes_of(cut)] == [True]


def test_bin_names_proxies_timecode_reels_and_markers(tmp_path: Path) -> None:
    markers = json.dumps([{"pos": 25, "comment": "look\nwhy", "type": 4}, {"pos": 150, "comment": "late", "type": 0}])
    master = producer(
        "bin", "7", kdenlive__clipname="Wide", kdenlive__proxy="/cache/p.mkv", kdenlive__originalurl="/media/wide.mov",
        resource="/cache/p.mkv", kdenlive__markers=markers.replace('"', "&quot;"),
        meta_o_media_o_frame_rate_num="25", meta_o_media_o_frame_rate_den="1",
        meta_o_attr_o_timecode_o_markup="10:00:00:00", meta_o_attr_o_0_o_stream_o_reel_name_o_markup="A001",
    )  # fmt: skip
    hidden = {"set_o_test_image": "1", "set_o_test_audio": "1"}
    copies = producer("a", "7", resource="/cache/p.mkv") + producer("d", "7", resource="/cache/p.mkv", **hidden)
    categories = json.dumps([{"color": "#00ff00", "comment": "checked", "index": 4}]).replace('"', "&quot;")
    document = (
        f'<playlist id="main_bin"><property name="kdenlive:docproperties.guidesCategories">{categories}</property>'
    )
    document += f'<property name="kdenlive:docproperties.guides">{markers}</property>{entry("bin", 0, 199)}</playlist>'
    locked = '<property name="kdenlive:locked_track">1</property><property name="kdenlive:track_name">hero</property>'
    rows = track("t", entry("a", 10, 59) + entry("d", 100, 109), more=locked) + track("s", entry("a", 0, 9), sound=True)
    cut = read_cut(project(tmp_path, master + document + copies + rows + timeline("s", "t")))
    first, second, third = cut.find_clips()
    assert (first.name, first.media_reference.target_url) == ("Wide", "/media/wide.mov")
    assert first.media_reference.metadata["cmx_3600"]["reel"] == "A001"
    assert [item[3] for item in items(cut, "hero")] == [900010, 900100]
    assert (first.enabled, second.enabled, third.enabled) == (True, False, True)
    (marker,) = first.markers
    assert (marker.name, marker.comment, marker.color) == ("look", "why", "GREEN")
    assert marker.marked_range.start_time.value == 900025
    assert [guide.color for guide in cut.tracks.markers] == ["GREEN", "PURPLE"]
    assert is_locked(cut.tracks[0])
    assert any("proxies" in note for note in notes_of(cut))


def test_sequences_become_nests_and_the_wrapper_names_the_timeline(tmp_path: Path) -> None:
    inner = track("t", entry("a", 0, 49)) + timeline("t").replace('id="main"', 'id="{1}"')
    outer = track("u", entry("{1}", 10, 29)) + timeline("u").replace('id="main"', 'id="{2}"')
    self_held = track("v", entry("{3}", 0, 9)) + timeline("v").replace('id="main"', 'id="{3}"')
    wrapper = '<tractor id="w"><property name="kdenlive:projectTractor">1</property><track producer="{}"/></tractor>'
    cut = read_cut(project(tmp_path, producer("a") + inner + outer + wrapper.replace("{}", "{2}")))
    (nest,) = cut.tracks[0]
    assert isinstance(nest, otio.schema.Stack)
    assert (nest.source_range.start_time.value, nest.source_range.duration.value) == (10, 20)
    assert [clip.name for clip in nest.find_clips()] == ["a.mov"]
    looped = read_cut(project(tmp_path, self_held + wrapper.replace("{}", "{3}")))
    assert any("nests too deep" in note for note in notes_of(looped))


def test_colours_titles_pictures_and_image_sequences(tmp_path: Path) -> None:
    words = "<kdenlivetitle><item><content>The &lt;end></content></item></kdenlivetitle>".replace("<", "&lt;")
    body = (
        producer("c", mlt_service="color", resource="0xff0000ff")
        + producer("k", mlt_service="kdenlivetitle", xmldata=words.replace("&lt;end>", "end"))
        + producer("q", mlt_service="qimage", resource="/media/pic.%04d.png?begin=1001", ttl="1")
        + producer("s", mlt_service="pixbuf", resource="still.png")
        + track("t", entry("c", 0, 9) + entry("k", 0, 9) + entry("q", 3, 9) + entry("s", 0, 9))
    )
    color, title, pictures, still = read_cut(project(tmp_path, body + timeline("t"))).find_clips()
    assert (color.media_reference.generator_kind, color.media_reference.parameters["color"]) == ("color", "0xff0000ff")
    assert title.media_reference.parameters["text"].startswith("The")
    assert (pictures.media_reference.start_frame, pictures.media_reference.frame_zero_padding) == (1001, 4)
    assert pictures.source_range.start_time.value == 1004
    assert still.media_reference.target_url == str(tmp_path / "still.png")


def test_takes_stand_in_the_bin_and_come_back(tmp_path: Path) -> None:
    made = shot("A", 10, 30, RATE)
    take = otio.schema.ExternalReference("/takes/A_v002.mov", times(start_of(RATE), 400, RATE))
    ours = {"take": "id2", "name": "A_v002", "reel": "UAB", "sha256": "00ff"}
    take.metadata.update({"cmx_3600": {"reel": "UAB"}, "secondunit": ours})
    made.set_media_references({"DEFAULT_MEDIA": made.media_reference, "take.id2": take}, "take.id2")
    write_cut(cut_of([gap(5, RATE), made], rate=RATE), tmp_path / "cut.kdenlive")
    back = read_cut(tmp_path / "cut.kdenlive")
    (found,) = placed_takes(Index(back))
    assert (found.key, found.name, found.reel, found.path) == ("take.id2", "A_v002", "UAB", "/takes/A_v002.mov")
    assert dict(back.find_clips()[0].media_reference.metadata["secondunit"]) == ours


def test_what_is_no_project_is_refused_with_the_file_named(tmp_path: Path) -> None:
    for body in ("", '<playlist id="main_bin"/>', track("t", '<entry producer="a" in="x" out="1"/>') + timeline("t")):
        path = project(tmp_path, producer("a") * bool("x" in body and "entry" in body) + body)
        with pytest.raises(CutError, match=r"cut\.kdenlive.*save the project again"):
            read_cut(path)
    (tmp_path / "other.mlt").write_text("<xmeml/>")
    with pytest.raises(CutError, match=r"other\.mlt.*another kind"):
        read_cut(tmp_path / "other.mlt")


@pytest.mark.parametrize("media_rate", [Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), 60])
@pytest.mark.parametrize("speed", [1, 2, 0.5, 1.03, 1 / 3, 0.7])
def test_every_position_is_found_again_from_the_frame_that_it_shows(media_rate: Fraction, speed: float) -> None:
    by = step(Fraction(speed).limit_denominator(100_000), Fraction(media_rate), RATE)
    for position in range(300):
        assert position_of(shown_at(position, by), by) == position


def test_every_use_of_a_nest_keeps_the_markers_of_its_media(tmp_path: Path) -> None:
    def nest() -> otio.schema.Stack:
        marked = clip("A", 10, 20, rate=RATE)
        marked.markers.append(otio.schema.Marker("look", times(15, 1, RATE)))
        stack = otio.schema.Stack("nest", source_range=times(0, 20, RATE))
        stack.append(otio.schema.Track("V1", [marked], kind=otio.schema.TrackKind.Video))
        return stack

    cut = cut_of([nest(), gap(5, RATE), nest()], rate=RATE)
    cut.tracks.append(otio.schema.Track("A1", [nest()], kind=otio.schema.TrackKind.Audio))
    write_cut(cut, tmp_path / "cut.kdenlive")
    back = read_cut(tmp_path / "cut.kdenlive")
    pictures = [one for one in back.find_clips() if one.parent().kind == otio.schema.TrackKind.Video]
    assert len(pictures) == 3
    assert [[marker.name for marker in one.markers] for one in pictures] == [["look"]] * 3


def test_picture_and_sound_of_one_clip_are_a_group(tmp_path: Path) -> None:
    """A's and C's; B's sound begins elsewhere in the media."""
    cut = cut_of([clip(name, 10, 20, rate=RATE) for name in "ABC"], rate=RATE)
    heard = [clip("A", 10, 20, rate=RATE), clip("B", 11, 20, rate=RATE), clip("C", 10, 20, rate=RATE)]
    cut.tracks.append(otio.schema.Track("A1", heard, kind=otio.schema.TrackKind.Audio))
    cut.tracks.append(otio.schema.Track("A2", [clip("X", 0, 60, rate=RATE)], kind=otio.schema.TrackKind.Audio))
    write_cut(cut, tmp_path / "cut.kdenlive")
    rows = parse(tmp_path / "cut.kdenlive").iter("property")
    (text,) = [one.text or "" for one in rows if one.get("name") == "kdenlive:docproperties.groups"]
    groups = json.loads(text)
    assert {one["type"] for one in groups} == {"AVSplit"}
    assert [{leaf["data"] for leaf in one["children"]} for one in groups] == [{"1:0", "2:0"}, {"1:40", "2:40"}]
