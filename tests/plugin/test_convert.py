"""`secondunit convert`, run as a program."""

import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

from secondunit_timeline.index import Index
from secondunit_timeline.interchange import read_cut, write_cut

from tests.timeline.test_formats_writing import plain_cut, rich_cut


def convert(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "secondunit_plugin", "convert", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_cut_is_converted_and_its_losses_are_told(tmp_path: Path) -> None:
    write_cut(rich_cut(Fraction(24)), tmp_path / "cut.otio")
    done = convert(tmp_path / "cut.otio", tmp_path / "cut.edl")
    assert done.returncode == 0, done.stderr
    assert "lost: several video tracks (1)" in done.stderr
    assert len(read_cut(tmp_path / "cut.edl").video_tracks()) == 1


def test_the_report_writes_nothing(tmp_path: Path) -> None:
    write_cut(rich_cut(Fraction(24)), tmp_path / "cut.otio")
    done = convert(tmp_path / "cut.otio", tmp_path / "cut.edl", "--report", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert not told["written"]
    assert {"feature", "track", "at", "name", "fate", "how"} == set(told["losses"][0])
    assert not (tmp_path / "cut.edl").exists()


def test_strict_refuses_what_the_format_cannot_hold(tmp_path: Path) -> None:
    write_cut(rich_cut(Fraction(24)), tmp_path / "rich.otio")
    write_cut(plain_cut(Fraction(24)), tmp_path / "plain.otio")
    refused = convert(tmp_path / "rich.otio", tmp_path / "rich.edl", "--strict")
    assert refused.returncode == 3
    assert "several video tracks" in refused.stderr
    assert not (tmp_path / "rich.edl").exists()
    assert convert(tmp_path / "plain.otio", tmp_path / "plain.fcpxml", "--strict").returncode == 0


def test_the_guessed_rate_of_an_edl_is_said_and_can_be_set(tmp_path: Path) -> None:
    write_cut(plain_cut(Fraction(24000, 1001)), tmp_path / "cut.edl")
    guessed = convert(tmp_path / "cut.edl", tmp_path / "guessed.otio")
    assert "guessed as 24" in guessed.stderr
    set_rate = convert(tmp_path / "cut.edl", tmp_path / "cut.otio", "--rate", "23.976")
    assert set_rate.returncode == 0, set_rate.stderr
    assert Index(read_cut(tmp_path / "cut.otio")).rate == Fraction(24000, 1001)
