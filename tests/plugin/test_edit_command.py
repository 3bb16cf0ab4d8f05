"""`secondunit edit` and `diff` on files, from the command line to what they write and say."""

from pathlib import Path
from typing import Any

import opentimelineio as otio
import orjson
import pytest
from secondunit_plugin.cli.edit import NEEDS
from secondunit_plugin.cli.main import USAGE, run
from secondunit_timeline.changes import Edit, apply
from secondunit_timeline.interchange import read_cut, write_cut

from tests.timeline.cuts import clip, cut_of, dissolve, gap
from tests.timeline.media_cuts import MakeClip
from tests.timeline.test_edits import A, B, line

C = ("C", 10, 20)


@pytest.fixture
def cut(tmp_path: Path) -> Path:
    path = tmp_path / "cut.otio"
    write_cut(cut_of([clip(*A), clip(*B), gap(8), clip(*C)], [gap(20), clip("T", 10, 20)], start=86400), path)
    return path


def edited(cut: Path, *arguments: str) -> list[Any]:
    output = cut.with_name("out.otio")
    before = cut.read_bytes()
    assert run(["edit", str(cut), *arguments, "-o", str(output)]) == 0
    assert cut.read_bytes() == before
    return line(read_cut(output))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (
            ["overwrite", "--at", "+5", "--clip", "C", "--frames", "4"],
            [("A", 10, 5), ("C", 10, 4), ("A", 19, 11), B, 8, C],
        ),
        (["insert", "--at", "+20", "--clip", "C", "--alone"], [A, C, B, 8, C]),
        (["lift", "--shot", "B"], [A, 20, 8, C]),
        (["lift", "--at", "01:00:00:05", "--frames", "5"], [("A", 10, 5), 5, ("A", 20, 10), B, 8, C]),
        (["extract", "--shot", "V1@+20..+70", "--alone"], [A, 8]),
        (["slice", "--at", "+5"], [("A", 10, 5), ("A", 15, 15), B, 8, C]),
        (["trim", "--shot", "B", "--end", "tail", "--by", "3"], [A, ("B", 10, 23), 5, C]),
        (["ripple-trim", "--shot", "A", "--end", "head", "--by", "3", "--alone"], [("A", 13, 17), B, 8, C]),
        (["roll", "--at", "+20", "--by", "-2"], [("A", 10, 18), ("B", 8, 22), 8, C]),
        (["slip", "--shot", "A", "--shot", "B", "--by", "2"], [("A", 12, 20), ("B", 12, 20), 8, C]),
        (["slide", "--shot", "B", "--by", "2"], [("A", 10, 22), B, 6, C]),
        (["fill", "--shot", "gap:1", "--clip", "A"], [A, B, ("A", 10, 8), C]),
        (["replace", "--shot", "B", "--clip", "C"], [A, C, 8, C]),
        (["close-gap", "--shot", "gap:1", "--alone"], [A, B, C]),
        (["slug", "--at", "+45", "--frames", "3"], [A, B, 5, ("slug 01:00:01:21", 86445, 3), C]),
        (["replace-slug", "--shot", "V1@+70", "--clip", "C"], [A, B, 8, C, ("C", 10, 12)]),
    ],
)
def test_every_verb(cut: Path, arguments: list[str], expected: list[Any]) -> None:
    if arguments[0] == "replace-slug":
        assert (
            run(["edit", str(cut), "slug", "--at", "+68", "--frames", "12", "-o", str(cut.with_name("slug.otio"))]) == 0
        )
        cut = cut.with_name("slug.otio")
    assert edited(cut, *arguments) == expected


def test_every_verb_is_tried_above_and_says_what_it_needs(cut: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (cases,) = [mark.args[1] for mark in test_every_verb.pytestmark]  # type: ignore[attr-defined]
    assert {arguments[0] for arguments, _ in cases} == set(NEEDS)
    for verb in NEEDS:
        assert run(["edit", str(cut), verb, "-o", str(cut.with_name("none.otio"))]) == USAGE
        assert f"{verb} needs --" in capsys.readouterr().err
    assert not cut.with_name("none.otio").exists()


def test_linked_clips_follow_once_however_they_are_selected(tmp_path: Path) -> None:
    clips = [clip("A", 50, 20, (0, 200)), clip("a", 50, 20, (0, 200))]
    for one in clips:
        one.metadata["Resolve_OTIO"] = {"Link Group ID": 1}
    path = tmp_path / "cut.otio"
    write_cut(cut_of(*([one, clip("end", 50, 20, (0, 200))] for one in clips)), path)
    end = ("end", 50, 20)
    for selected in (["V1@+5"], ["V2@+5"], ["V1@+5", "V2@+5"]):
        shots = [word for one in selected for word in ("--shot", one)]
        assert edited(path, "ripple-trim", *shots, "--end", "tail", "--by", "-4") == [("A", 50, 16), end]
        assert line(read_cut(path.with_name("out.otio")), 1) == [("a", 50, 16), end]
    assert edited(path, "slip", "--shot", "V2@+5", "--by", "2", "--alone") == [("A", 50, 20), end]


def test_media_is_put_in_with_its_timecode(cut: Path, make_clip: MakeClip) -> None:
    media = make_clip(30)
    row = edited(cut, "insert", "--at", "+0", "--media", str(media), "--from", "4", "--frames", "6", "--alone")
    assert row[0] == (media.stem, 864004, 6)
    out = str(cut.with_name("more.otio"))
    assert run(["edit", str(cut), "insert", "--at", "+0", "--media", str(media), "--frames", "31", "-o", out]) == 3


def test_a_ripple_that_would_cut_another_track_is_refused_with_the_list(
    cut: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["edit", str(cut), "insert", "--at", "+30", "--clip", "C", "-o", str(cut.with_name("out.otio"))]
    assert run(arguments) == 3
    assert "would cut through:\n  'T' on V2" in capsys.readouterr().err
    assert not cut.with_name("out.otio").exists()
    assert run(["edit", str(cut), "insert", "--at", "+20", "--clip", "C", "-o", str(cut.with_name("out.otio"))]) == 0
    assert capsys.readouterr().out.splitlines()[:2] == [
        "V2 01:00:00:20 ripple 20 ''",
        "V1 01:00:00:20 insert 20 'C'",
    ]


def test_transitions_follow_the_option(tmp_path: Path) -> None:
    path = tmp_path / "cut.otio"
    write_cut(cut_of([clip("A", 10, 20, (0, 34)), dissolve(4, 4), clip(*B)]), path)
    longer = ["ripple-trim", "--shot", "A", "--end", "tail", "--by", "2"]
    assert run(["edit", str(path), *longer, "-o", str(tmp_path / "out.otio")]) == 3
    assert edited(path, *longer, "--transitions", "shorten") == [("A", 10, 22), (4, 2), B]


def test_the_edit_is_given_as_json_and_undoes_itself(cut: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edited(cut, "lift", "--shot", "B", "--json")
    document = orjson.loads(capsys.readouterr().out)
    done = Edit.from_json(orjson.dumps(document["edit"]))
    assert str(done) == "V1 01:00:00:20 lift 20 ''"
    before = read_cut(cut)
    undone = apply(done.inverse(), apply(done, before))
    assert undone.to_json_string() == before.to_json_string()


def test_diff_lists_what_lies_between_two_files(cut: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edited(cut, "lift", "--shot", "B")
    capsys.readouterr()
    other = tmp_path / "out.otio"
    assert run(["diff", str(cut), str(other)]) == 0
    assert capsys.readouterr().out.splitlines() == ["V1 01:00:00:20 replace 20 'gap'"]
    assert run(["diff", str(cut), str(other), "--json"]) == 0
    done = Edit.from_json(capsys.readouterr().out)
    assert apply(done, read_cut(cut)).to_json_string() == read_cut(other).to_json_string()
    assert run(["diff", str(cut), str(cut)]) == 0
    assert capsys.readouterr().out == "The cuts are equal.\n"


def test_where_a_cut_lies_is_no_difference(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.mov").touch()
    relative = cut_of([clip(*A)])
    relative.tracks[0][0].media_reference = otio.schema.ExternalReference("a.mov")
    path = tmp_path / "cut.otio"
    otio.adapters.write_to_file(relative, str(path))
    write_cut(read_cut(path), tmp_path / "deep" / "cut.otio")
    assert run(["diff", str(path), str(tmp_path / "deep" / "cut.otio")]) == 0
    assert capsys.readouterr().out == "The cuts are equal.\n"
