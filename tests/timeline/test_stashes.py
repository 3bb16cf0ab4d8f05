"""What a file holds that OpenTimelineIO does not know: read with a stand-in, edited, and written as it was."""

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from secondunit_bridge.errors import CutError
from secondunit_bridge.rates import FrameTime
from secondunit_timeline.changes import Edit, apply
from secondunit_timeline.diff import diff
from secondunit_timeline.edits import edit
from secondunit_timeline.index import Index
from secondunit_timeline.interchange import notes_of, read_cut, write_cut
from secondunit_timeline.operations import Insert, Lift

from tests.timeline.documents import clip, effect, item, marker, media, saved, time, timeline, times, track

RED = {"OTIO_SCHEMA": "Color.1", "r": 1.0, "g": 0.0, "b": 0.0, "a": 1.0, "name": "Red"}
LATER = {"OTIO_SCHEMA": "Marker.3", **{key: value for key, value in marker(color=RED).items() if key != "OTIO_SCHEMA"}}
# An object with an id of its own, as a later OTIO or a plugin may write it.
GLOW = {
    "OTIO_SCHEMA": "Glow.1",
    "name": "glow",
    "strength": 0.3,
    "inner": {"OTIO_SCHEMA": "Curve.1", "points": [1, 2.5]},
}
WORDS = {"OTIO_SCHEMA": "Caption.1", "name": "hello", "metadata": {}, "source_range": times(3, 25), "text": ["a", None]}


def after(path: Path, change: Callable[[otio.schema.Timeline], otio.schema.Timeline] = lambda cut: cut) -> Any:
    """What comes out for a file that is read, changed and written."""
    out = path.with_name("out.otio")
    write_cut(change(read_cut(path)), out)
    return json.loads(out.read_text())


UNKNOWN = {
    "a later marker": timeline(track(clip(markers=[LATER]))),
    "a later clip": timeline(track(clip(), {**clip(), "OTIO_SCHEMA": "Clip.7", "eyes": {"left": 1}})),
    "a later cut and track": {**timeline({**track(clip()), "OTIO_SCHEMA": "Track.2"}), "OTIO_SCHEMA": "Timeline.2"},
    "a later colour": timeline(track(clip(color={"OTIO_SCHEMA": "Color.2", "lab": [1, 2, 3]}))),
    "a later reference": timeline(track(clip(reference={**media(), "OTIO_SCHEMA": "ExternalReference.4"}))),
    "an effect": timeline(track(clip(effects=[GLOW, effect(effect_name="Blur")]))),
    "an effect of a track": timeline(track(clip(), effects=[GLOW])),
    "a marker": timeline(track(clip(markers=[{"OTIO_SCHEMA": "Pin.1", "at": 4}]))),
    "a reference": timeline(track(clip(reference={"OTIO_SCHEMA": "LiveReference.1", "camera": 4}))),
    "a reference with a range": timeline(track(clip(reference=media("CloudReference.2", bucket="b")))),
    "a child": timeline(track(clip(), WORDS, clip("d"))),
    "a child with a duration": timeline(track({"OTIO_SCHEMA": "Black.1", "duration": time(5)}, clip())),
    "a child with media": timeline(
        track({"OTIO_SCHEMA": "Multi.1", "media_references": {"x": media()}, "active_media_reference_key": "x"})
    ),
    "a child that holds children": timeline(track(item("Multicam.1", source_range=times(0, 9), children=[clip()]))),
    "a kind of transition": timeline(
        track(clip(), {"OTIO_SCHEMA": "Morph.1", "in_offset": time(2), "out_offset": time(3), "amount": 1}, clip())
    ),
    "a kind of track": timeline(track(clip()), {"OTIO_SCHEMA": "Subtitles.1", "lines": [{"text": "a"}]}),
    "a kind of track with clips": timeline(track(clip()), {**track(clip("s")), "OTIO_SCHEMA": "MixTrack.1"}),
    "a child of a nest": timeline(track(item("Stack.1", children=[track(clip()), WORDS], source_range=times(0, 8)))),
    "a field": {**timeline(track(clip(), shade=7)), "loudness": [-23.0]},
}


@pytest.mark.parametrize("document", UNKNOWN.values(), ids=UNKNOWN.keys())
def test_what_is_not_known_is_read_and_written_as_it_was(tmp_path: Path, document: Any) -> None:
    path = saved(tmp_path, document)
    assert after(path) == document
    cut = read_cut(path)
    if "field" not in next(name for name, one in UNKNOWN.items() if one is document):
        assert any("comes back in .otio" in note for note in notes_of(cut))
    assert all("OTIO_SCHEMA" not in str(key) for shot in cut.find_clips() for key in shot.metadata)
    assert after(path, lambda cut: otio.adapters.read_from_string(cut.to_json_string(), "otio_json")) == document


@pytest.mark.parametrize("document", UNKNOWN.values(), ids=UNKNOWN.keys())
def test_stand_ins_survive_an_edit_its_json_its_inverse_and_a_diff(tmp_path: Path, document: Any) -> None:
    path = saved(tmp_path, document)
    cut = read_cut(path)
    new = otio.schema.Clip("new", source_range=otio.opentime.TimeRange(duration=otio.opentime.RationalTime(7, 24)))
    there, done = edit(cut, [Insert("V1", FrameTime(0, Fraction(24)), new)])
    back = apply(Edit.from_json(done.inverse().to_json()), there)
    assert after(path, lambda _: back) == document
    assert diff(cut, back) == ()
    assert apply(Edit.from_json(diff(cut, there).to_json()), cut).to_json_string() == there.to_json_string()
    written = after(path, lambda _: there)
    assert written["tracks"]["children"][0]["children"][1:] == document["tracks"]["children"][0]["children"]


def test_an_unknown_child_keeps_its_place_and_no_frame_moves(tmp_path: Path) -> None:
    index = Index(read_cut(saved(tmp_path, UNKNOWN["a child"])))
    assert [(item.child.name, item.start, item.duration) for item in index.tracks[0].items] == [
        ("c", 0, 40),
        ("hello", 40, 25),
        ("d", 65, 40),
    ]


def test_what_an_edit_changed_of_a_stand_in_is_changed_in_the_original_alone(tmp_path: Path) -> None:
    def trim(cut: otio.schema.Timeline) -> otio.schema.Timeline:
        return edit(cut, [Lift("V1", FrameTime(60, Fraction(24)), 5)])[0]

    changed = after(saved(tmp_path, UNKNOWN["a child"]), trim)["tracks"]["children"][0]["children"][1]
    assert changed == {**WORDS, "source_range": times(3, 20)}
    black = {"OTIO_SCHEMA": "Black.1", "duration": time(70)}
    changed = after(saved(tmp_path, timeline(track(black, clip()))), trim)["tracks"]["children"][0]["children"]
    assert [child["source_range"]["duration"]["value"] for child in changed[:2]] == [60, 5]
    assert changed[0]["OTIO_SCHEMA"] == changed[2]["OTIO_SCHEMA"] == "Black.1"
    assert changed[2]["source_range"]["start_time"]["value"] == 65


def test_a_later_marker_has_its_nearest_colour_and_is_written_as_it_was_changed(tmp_path: Path) -> None:
    path = saved(tmp_path, UNKNOWN["a later marker"])
    assert read_cut(path).find_clips()[0].markers[0].color == "RED"

    def rename(cut: otio.schema.Timeline) -> otio.schema.Timeline:
        cut.find_clips()[0].markers[0].name = "other"
        return cut

    def repaint(cut: otio.schema.Timeline) -> otio.schema.Timeline:
        cut.find_clips()[0].markers[0].color = "BLUE"
        return cut

    renamed = after(path, rename)["tracks"]["children"][0]["children"][0]["markers"][0]
    assert renamed == {**LATER, "name": "other"}
    repainted = after(path, repaint)["tracks"]["children"][0]["children"][0]["markers"][0]
    assert (repainted["OTIO_SCHEMA"], repainted["color"]) == ("Marker.2", "BLUE")


def test_a_clip_that_is_split_brings_its_unknown_effect_to_both_sides(tmp_path: Path) -> None:
    path = saved(tmp_path, UNKNOWN["an effect"])
    children = after(path, lambda cut: edit(cut, [Lift("V1", FrameTime(10, Fraction(24)), 5)])[0])
    left, _, right = children["tracks"]["children"][0]["children"]
    assert (
        left["effects"] == right["effects"] == UNKNOWN["an effect"]["tracks"]["children"][0]["children"][0]["effects"]
    )


FOREIGN: list[Any] = [
    {"OTIO_SCHEMA": "Timeline.1", "tracks": None},
    {"OTIO_SCHEMA": "Clip.1", "media_references": {"DEFAULT_MEDIA": {"OTIO_SCHEMA": "ExternalReference.1"}}},
    {"OTIO_SCHEMA": "UnknownSchema.1", "name": "a"},
    {"OTIO_SCHEMA": "SerializableObjectRef.1", "id": "a"},
    {"OTIO_SCHEMA": "RationalTime.1", "value": None, "rate": 24},
    {"OTIO_SCHEMA": "TimeRange.1", "start_time": 7},
    {"OTIO_SCHEMA": 7},
    {"OTIO_SCHEMA": "NoVersion"},
    {"OTIO_SCHEMA": "Test.1"},
    {"deep": [LATER, [[LATER]]]},
    {"OTIO_SCHEMA": "Studio.1", "take": {"OTIO_SCHEMA": "Clip.2"}, "time": time(3, 23.976)},
    2**63,
    2**64 - 1,
    [1.2199997901916505, 9.999999999999999e29, 1e-7, 0.1, 95.90409590409591],
]


@pytest.mark.parametrize("foreign", FOREIGN, ids=str)
def test_whatever_metadata_holds_is_kept_and_none_of_it_reaches_otio(tmp_path: Path, foreign: Any) -> None:
    document = timeline(
        track(clip(metadata={"studio": foreign}), shade=foreign),
        metadata={"studio": {"x": [foreign]}},
    )
    assert after(saved(tmp_path, document)) == document


@pytest.mark.parametrize("rate", [23.976, 23.976024627685547, 29.97002997, 24000, 12.5])
def test_an_untouched_time_is_written_as_it_was_read(tmp_path: Path, rate: float) -> None:
    shot = clip(source_range=times(5, 9, rate), reference=media(available_range=times(0, 99, 23.98)))
    other = clip(source_range=times(5, 9, 24000 / 1001), markers=[marker(marked_range=times(6, 0, rate))])
    document = timeline(track(shot, other, clip()), global_start_time=time(0, 23.98))
    path = saved(tmp_path, document)
    assert after(path) == document
    cut = read_cut(path)
    assert cut.find_clips()[0].media_reference.available_range.duration.rate == 24000 / 1001
    # A time that an edit makes is written in the file's spelling.
    new = otio.schema.Clip(
        "new", source_range=otio.opentime.TimeRange(duration=otio.opentime.RationalTime(7, 24000 / 1001))
    )
    if rate == 23.976:
        out = after(path, lambda cut: edit(cut, [Insert("V1", FrameTime(0, Fraction(24000, 1001)), new)])[0])
        assert out["tracks"]["children"][0]["children"][0]["source_range"]["duration"]["rate"] == rate


@pytest.mark.parametrize(
    ("child", "reason"),
    [
        ({"OTIO_SCHEMA": "Mystery.1"}, "does not say how long"),
        ({"OTIO_SCHEMA": "Marker.9", "marked_range": times()}, "no place there"),
        ({"OTIO_SCHEMA": "SerializableObjectRef.1", "id": "x"}, "reference by id"),
        ({"OTIO_SCHEMA": "Clip.9", "source_range": 4, "media_references": {}}, "source_range"),
        ({**clip(), "OTIO_REF_ID": "x"}, "by id"),
        ({**clip(), "metadata": {"secondunit": 5}}, "secondunit"),
        ({**clip(), "enabled": None}, "enabled"),
        ({**clip(), "active_media_reference_key": "other"}, "does not hold the media"),
        ({**item("Clip.1"), "media_reference": 7}, "no OTIO object"),
        ({**clip(), "effects": [effect("LinearTimeWarp.1", time_scalar=None)]}, "time_scalar"),
        ({**clip(), "source_range": {**times(), "start_time": time(0, 1e9)}}, "rate"),
        ({**clip(), "source_range": times(3, 4, 1e-9)}, "rate"),
        ({**clip(), "name": "a\0b"}, "NUL"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_cannot_be_read_is_refused_with_the_reason(tmp_path: Path, child: Any, reason: str) -> None:
    with pytest.raises(CutError, match=reason) as refused:
        read_cut(saved(tmp_path, timeline(track(clip(), child))))
    assert "cut.otio" in str(refused.value)


def test_a_later_colour_of_an_earlier_clip_is_kept(tmp_path: Path) -> None:
    colour = {"OTIO_SCHEMA": "Color.2", "lab": [1, 2, 3]}
    old = {**item("Clip.1", source_range=times(0, 9), color=colour), "media_reference": media()}
    assert after(saved(tmp_path, timeline(track(old)))) == timeline(
        track(clip("", source_range=times(0, 9), color=colour))
    )


def test_a_stash_that_is_broken_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    cut = read_cut(saved(tmp_path, UNKNOWN["an effect"]))
    cut.find_clips()[0].effects[0].metadata["secondunit"]["stand_in"] = {"schema": "Glow.1", "fields": {"name": 4}}
    with pytest.raises(CutError, match="cannot be put back"):
        write_cut(cut, tmp_path / "out.otio")
    assert not (tmp_path / "out.otio").exists()


@pytest.mark.parametrize("suffix", [".otiod", ".otioz"])
def test_a_bundle_holds_the_originals(tmp_path: Path, suffix: str) -> None:
    document = timeline(track(clip(reference=media("MissingReference.1"), effects=[GLOW]), WORDS))
    cut = read_cut(saved(tmp_path, document))
    write_cut(cut, tmp_path / f"out{suffix}")
    assert after(tmp_path / f"out{suffix}") == document
