"""What commands print about cuts."""

from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit_plugin.cli.main import run

from tests.timeline.cuts import clip, cut_of


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
