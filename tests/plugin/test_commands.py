"""What commands print about cuts."""

import csv
import io
import json
from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit_bridge.messages import Look, Value
from secondunit_bridge.ratings import Rating, rate
from secondunit_plugin.cli.main import run
from secondunit_plugin.cli.types import LoraFile, Setting

from tests.timeline.cuts import clip, cut_of
from tests.timeline.media_cuts import write_take


@pytest.mark.parametrize("name", ["[/b]", "[red]x", ":smile:"])
def test_names_are_printed_as_they_are(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cut, path = cut_of([clip(name, 0, 10)]), tmp_path / "[red]cut.otio"
    cut.tracks[0][0].set_media_references(
        {"DEFAULT_MEDIA": cut.tracks[0][0].media_reference, "take.x": otio.schema.ExternalReference("/x.mov")},
        "DEFAULT_MEDIA",
    )
    otio.adapters.write_to_file(cut, str(path))
    for command in ("show", "takes"):
        assert run([command, str(path)]) == 0
        assert name in capsys.readouterr().out


@pytest.mark.parametrize("region", ["-1,0,10,10", "0,0,0,10", "1,2,3"])
def test_a_region_without_pixels_is_a_usage_error(region: str, tmp_path: Path) -> None:
    arguments = ["match", str(tmp_path / "c.otio"), "--shot", "A", "--like", "B", "-o", str(tmp_path / "o.otio")]
    assert run([*arguments, "--ignore-region", region]) == 2


def test_what_reading_had_to_guess_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "guess.edl"
    path.write_text("TITLE: guess\n001  A001     V     C        01:00:00:00 01:00:02:00 01:00:00:00 01:00:02:00\n")
    assert run(["show", str(path)]) == 0
    assert "guessed as 24" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--look", "ink.ckpt"], "is not a .safetensors file"),
        (["--look", "ink.safetensors:0.5"], "'ink.safetensors': there is no such file"),
        (["--set", "steps"], "is not NAME=VALUE"),
        (["--strength", "1.5"], "0<=x<=1"),
    ],
)
def test_what_a_model_is_told_is_checked_before_the_cut_is_read(
    given: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["replace", str(tmp_path / "c.otio"), "--shot", "A", "--prompt", "x", "-o", str(tmp_path / "o.otio")]
    assert run([*arguments, *given]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "value"), [("30", 30), ("0.5", 0.5), ("true", True), ("false", False), ("detailer", "detailer")]
)
def test_a_parameter_is_a_number_or_true_or_false_where_it_reads_as_one(text: str, value: Value) -> None:
    name, read = Setting().convert(f"name={text}", None, None)
    assert (name, read, type(read)) == ("name", value, type(value))


def test_a_looks_weight_follows_its_file(tmp_path: Path) -> None:
    (tmp_path / "a:b.safetensors").touch()
    path = str(tmp_path / "a:b.safetensors")
    assert LoraFile().convert(path, None, None) == Look(path)
    assert LoraFile().convert(f"{path}:0.5", None, None) == Look(path, 0.5)


def test_keyframes_are_frames_and_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["generate", str(tmp_path / "c.otio"), "--gap", "1", "-o", str(tmp_path / "o.otio")]
    assert run([*arguments, "--keyframe", "last=a.png"]) == 2
    assert "is not FRAME=FILE" in capsys.readouterr().err


def test_ratings_are_exported_also_of_takes_whose_files_are_gone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "takes"
    take = write_take(folder, 1, 24 * 36000)
    cut = tmp_path / "cut.otio"
    otio.adapters.write_to_file(cut_of([clip("A", 0, 10)]), str(cut))
    assert run(["takes", str(cut), "--ratings"]) == 0
    assert capsys.readouterr().out == "No take of this cut is rated.\n"
    rate(folder, take.record.take_id, Rating.STARRED)
    rate(folder, "gone", Rating.REJECTED)
    assert run(["takes", str(cut), "--ratings", "--json"]) == 0
    rows = {row["take"]: row for row in json.loads(capsys.readouterr().out)["ratings"]}
    assert (rows["gone"]["rating"], rows["gone"]["path"]) == ("rejected", "")
    held = rows[take.record.take_id]
    assert (held["rating"], held["name"], held["seed"]) == ("starred", take.record.name, str(take.record.seed))
    assert Path(held["path"]).samefile(take.path)
    assert run(["takes", str(cut), "--ratings", "--csv"]) == 0
    written = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert {row["take"]: row for row in written} == rows
    assert run(["takes", str(cut), "--ratings"]) == 0
    assert "gone (no file)" in capsys.readouterr().out
    for wrong in (["--csv"], ["--ratings", "--shot", "A"], ["--ratings", "--json", "--csv"]):
        assert run(["takes", str(cut), *wrong]) == 2
