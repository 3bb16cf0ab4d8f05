"""Markers that ask for a shot: what recipe each becomes, once, and what is said about those that cannot be read."""

from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from secondunit_bridge.errors import CutError
from secondunit_timeline.changes import apply
from secondunit_timeline.edits import edit
from secondunit_timeline.index import Index
from secondunit_timeline.markers import from_markers
from secondunit_timeline.operations import Insert
from secondunit_timeline.recipes import read_recipes

from tests.timeline.cuts import at, clip, cut_of, gap, times


def marker(name: str, comment: str, start: float = 0) -> otio.schema.Marker:
    return otio.schema.Marker(name, times(start, 1), comment=comment)


@pytest.fixture
def cut() -> otio.schema.Timeline:
    return cut_of([clip("A", 10, 20), clip("B", 10, 20), gap(10), clip("C", 10, 20)])


def asked(cut: otio.schema.Timeline) -> dict[tuple[str, str, int], dict[str, Any]]:
    made, done = from_markers(cut)
    assert apply(done, cut).to_json_string() == made.to_json_string()
    again, nothing = from_markers(made)
    assert not nothing and again.to_json_string() == made.to_json_string(), "a marker is taken up once"
    return {
        (one.track, one.shot, one.at.frame): {key: value for key, value in one.parameters.items() if key != "marker"}
        for one in read_recipes(Index(made), Path())
    }


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("extend 24", {"frames": 24, "end": "tail"}),
        ("Extend head 8 ripple", {"frames": 8, "end": "head", "into": "ripple"}),
        ("extend tail 8 handles\nplease, by Friday", {"frames": 8, "end": "tail", "into": "handles"}),
        ("match like A", {"like": ["A"]}),
        ("replace: a red sail", {"prompt": "a red sail"}),
        (
            "replace: a red sail\nNegative: people | strength: 0.5\nthanks!\nseed: 7",
            {
                "prompt": "a red sail",
                "negative": "people",
                "strength": 0.5,
                "seed": 7,
            },
        ),
        (
            "extend 24 | engine: diffusion | model: wan2.1-vace-1.3b | tier: draft\nset: steps=4\nset: memory=tiled",
            {
                **{"frames": 24, "end": "tail", "engine": "diffusion", "model": "wan2.1-vace-1.3b", "tier": "draft"},
                "set": {"steps": 4, "memory": "tiled"},
            },
        ),
        ("match like A,  V1@+55", {"like": ["A", "V1@+55"]}),
        ("join", {}),
        ("join 6", {"frames": 6}),
    ],
)
def test_on_a_shot(cut: otio.schema.Timeline, text: str, wanted: dict[str, Any]) -> None:
    cut.tracks[0][1].markers.append(marker("m", text, 12))
    assert asked(cut) == {("V1", "B", 20): wanted}


def test_on_the_cut_and_on_a_track(cut: otio.schema.Timeline) -> None:
    cut.tracks.markers.append(marker("m1", "extend 5", 55))
    cut.tracks.markers.append(marker("m2", "join", 45))
    cut.tracks[0].markers.append(marker("m3", "match like B", 55))
    cut.tracks.markers.append(marker("note", "what a nice shot", 3))
    cut.tracks.markers.append(marker("join", "", 20))
    found = read_recipes(Index(from_markers(cut)[0]), Path())
    assert sorted((one.shot, one.kind) for one in found) == [
        *(("A", "join"), ("B", "join"), ("C", "extend"), ("C", "match")),
    ]


def test_a_generated_shot_goes_where_its_marker_is(cut: otio.schema.Timeline) -> None:
    cut.name = "show"
    cut.tracks[0][1].markers.append(marker("heron", "generate 12: a heron  lands", 15))  # 5 frames into B
    cut.tracks.markers.append(marker("", "generate 8 insert: reeds", 20))
    cut.tracks.markers.append(marker("over", "GENERATE 4 overwrite: mist", 42))
    found = asked(cut)
    assert found == {
        ("V1", "show_000020", 20): {"prompt": "reeds"},
        ("V1", "over", 50): {"prompt": "mist"},
        ("V2", "heron", 33): {"prompt": "a heron lands"},
    }


def test_generated_shots_at_one_time_do_not_cover_each_other(cut: otio.schema.Timeline) -> None:
    cut.tracks.markers.append(marker("m1", "generate 12: x", 5))
    cut.tracks.markers.append(marker("m2", "generate 12: y", 10))
    assert set(asked(cut)) == {("V2", "m2", 10), ("V3", "m1", 5)}


def test_equal_markers_are_made_each_and_once(cut: otio.schema.Timeline) -> None:
    for one in (cut.tracks[0][0], cut.tracks[0][3]):
        one.name = "A"
        one.markers.append(marker("m", "extend 4", 12))
    assert len(asked(cut)) == 2
    made, _ = from_markers(cut)
    moved, _ = edit(made, [Insert("V1", at(0), clip("N", 10, 7))])
    assert not from_markers(moved)[1], "also after what lies before them has moved"


def test_options_that_name_files(cut: otio.schema.Timeline, tmp_path: Path) -> None:
    still, lora = tmp_path / "still.png", tmp_path / "film.safetensors"
    for path in (still, lora):
        path.write_bytes(b"")
    text = f"generate 8 insert: reeds\nkeyframe: 0={still}\nkeyframe: 7={still}\nlook: {lora}:0.8\nlook: {lora}"
    cut.tracks.markers.append(marker("N", text, 20))
    assert asked(cut) == {
        ("V1", "N", 20): {
            "prompt": "reeds",
            "keyframes": {"0": str(still), "7": str(still)},
            "looks": [{"path": str(lora), "weight": 0.8}, str(lora)],
        }
    }


def test_resolves_notes_are_read(cut: otio.schema.Timeline) -> None:
    note = marker("Marker 1", "", 12)
    note.metadata["Resolve_OTIO"] = {"Note": "extend 9"}
    cut.tracks[0][0].markers.append(note)
    assert asked(cut) == {("V1", "A", 0): {"frames": 9, "end": "tail"}}


def test_what_cannot_be_read_is_told_with_name_and_time(cut: otio.schema.Timeline) -> None:
    cut.tracks[0][0].markers.append(marker("m0", "extend 5\nmodle: x", 11))
    cut.tracks[0][0].markers.append(marker("m1", "extend tail", 12))
    cut.tracks.markers.append(marker("m6", "replace: x | prompt: y", 8))
    cut.tracks.markers.append(marker("m2", "generate 12 a heron", 30))
    cut.tracks.markers.append(marker("m3", "match like B", 45))
    cut.tracks.markers.append(marker("m4", "join", 25))
    cut.tracks.markers.append(marker("m5", "match A001", 50))
    with pytest.raises(CutError) as raised:
        from_markers(cut)
    assert [line.strip() for line in str(raised.value).splitlines()[1:]] == [
        "marker 'm0' at 00:00:00:01: there is no option 'modle': a marker takes prompt, negative, look, tier, set, "
        "keyframe, image, camera, mask, strength, sound, seed, takes, handles, engine, model, codec, encoding",
        "marker 'm1' at 00:00:00:02: 'extend tail': write extend [head|tail] FRAMES [gap|ripple|over|handles], "
        "or begin it with another word",
        "marker 'm6' at 00:00:00:08: prompt is said twice: leave out the second one",
        "marker 'm4' at 00:00:01:01: no two shots meet there, and no gap lies there: move the marker to the cut point",
        "marker 'm2' at 00:00:01:06: 'generate 12 a heron': write generate FRAMES [above|overwrite|insert]: PROMPT, "
        "or begin it with another word",
        "marker 'm3' at 00:00:01:21: no shot lies there: put the marker on one",
        "marker 'm5' at 00:00:02:02: 'match A001': write match like SHOT[, SHOT ...], or begin it with another word",
    ]
