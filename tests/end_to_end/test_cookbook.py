"""The programs of docs/cookbook.md, run as they stand there on a small cut, and what they leave."""

import csv
import re
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit_timeline import edit, read_cut, write_cut
from secondunit_timeline.index import Index
from secondunit_timeline.operations import End, Extract, RippleTrim
from secondunit_timeline.playback import Player
from secondunit_timeline.slugs import is_slug

from tests.timeline.cuts import at, dissolve, gap, times
from tests.timeline.media_cuts import MakeClip, shot, sounding_cut

COOKBOOK = Path(__file__).parents[2] / "docs" / "cookbook.md"
PROGRAMS = {
    int(number): program
    for number, program in re.findall(
        r"^## (\d+)\..*?```python\n(.*?)```", COOKBOOK.read_text(), re.MULTILINE | re.DOTALL
    )
}


@pytest.fixture
def folder(tmp_path: Path, make_clip: MakeClip, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`cut.otio`: A001 and A002 (red) meet at frame 30 under a marker, a gap, then SC010; and what else is read."""
    first, second, plate = (make_clip(64, name=name) for name in ("one", "two", "plate"))
    picture = (
        shot(first, 64, 8, 30, "A001"),
        shot(second, 64, 10, 30, "A002"),
        gap(16),
        shot(plate, 64, 0, 40, "SC010"),
    )
    cut = sounding_cut(*picture, sound=(shot(first, 64, 8, 30, "A001"), shot(second, 64, 10, 30, "A002")))
    cut.name = tmp_path.name  # a show of its own: version names and timecode start anew
    for track in cut.tracks:
        for number, clip in enumerate(track.find_clips()):
            clip.metadata["Resolve_OTIO"] = {"Link Group ID": number + 1}
    cut.tracks[0][1].color = otio.core.Color.RED
    cut.tracks.markers.append(otio.schema.Marker("pickup", times(30, 0)))
    write_cut(cut, tmp_path / "cut.otio")
    (tmp_path / "vfx").mkdir()
    for version in (1, 2):
        (tmp_path / "vfx" / f"SC010_v00{version}.mov").symlink_to(plate)
    write_cut(cut, tmp_path / "monday.otio")
    monday = read_cut(tmp_path / "monday.otio")
    tuesday, change = edit(monday, [Extract("V1", at(40), 5), RippleTrim("V1", at(0), End.TAIL, -3)])
    write_cut(tuesday, tmp_path / "tuesday.otio")
    (tmp_path / "yesterday.json").write_text(change.to_json())
    plain = sounding_cut(*(one.clone() for one in picture))
    write_cut(plain, tmp_path / "turnover.edl")
    short = sounding_cut(shot(first, 64, 32, 30, "D001"), dissolve(4, 6), shot(second, 64, 10, 30, "D002"))
    short.name = f"{tmp_path.name} dissolves"
    write_cut(short, tmp_path / "dissolves.otio")
    (tmp_path / "prompts.txt").write_text("a harbour at dawn\na boat leaves the harbour\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def line(path: Path, track: int = 0) -> list[tuple[str, int]]:
    return [(item.child.name, int(item.duration)) for item in Index(read_cut(path)).tracks[track].items]


def every_shot(folder: Path, _: str) -> None:
    with (folder / "shots.csv").open() as file:
        rows = list(csv.reader(file))
    assert rows[1] == ["A001", "V1", "01:00:00:00", "30", "8", "26"]
    assert [row[0] for row in rows[1:]] == ["A001", "A002", "SC010"]


def pulled(_: Path, said: str) -> None:
    assert [row.split()[1:3] for row in said.splitlines() if ":" in row][:2] == [
        ["10:00:00:00", "10:00:02:02"],
        ["10:00:00:00", "10:00:02:04"],
    ]
    assert "4 and 0 frames short" in said


def newest(folder: Path, _: str) -> None:
    found = {clip.name: clip for clip in read_cut(folder / "conformed.otio").tracks[0].find_clips()}
    assert found["SC010"].media_reference.target_url.endswith("SC010_v002.mov")
    assert set(found["SC010"].media_references()) == {"DEFAULT_MEDIA", "SC010_v002"}
    assert len(found["A001"].media_references()) == 1


def slugs(folder: Path, said: str) -> None:
    assert line(folder / "slugs.otio") == [("A001", 30), ("pickup", 48), ("A002", 30), ("", 16), ("SC010", 40)]
    assert line(folder / "slugs.otio", 1) == [("A001", 30), ("", 48), ("A002", 30)]
    assert is_slug(read_cut(folder / "slugs.otio").tracks[0][1])
    assert "V1 01:00:01:06 insert 48 'pickup'" in said


def tightened(folder: Path, _: str) -> None:
    assert line(folder / "tightened.otio") == [("A001", 30), ("A002", 24), ("", 16), ("SC010", 40)]


def changed(_: Path, said: str) -> None:
    assert said.strip() and all(row.startswith("A1 ") for row in said.splitlines())


def converted(folder: Path, _: str) -> None:
    assert line(folder / "turnover.fcpxml") == line(folder / "turnover.edl")


def carried(folder: Path, _: str) -> None:
    assert line(folder / "carried.otio") == [("D001", 30), ("D001_v001", 4), ("D002", 30)]
    (item,) = (item for item in Index(read_cut(folder / "carried.otio")).tracks[0].items if item.before is not None)
    assert (item.before.in_offset.value, item.before.out_offset.value) == (4, 6)
    with Player(read_cut(folder / "carried.otio")) as player:
        assert player.frame(35).std() > 100


def undone(folder: Path, _: str) -> None:
    assert (folder / "undone.otio").read_bytes() == (folder / "monday.otio").read_bytes()
    assert line(folder / "tuesday.otio") != line(folder / "monday.otio")


def storyboard(folder: Path, _: str) -> None:
    assert line(folder / "storyboard.otio") == [("SB01", 24), ("SB02", 24)]
    for clip in read_cut(folder / "storyboard.otio").find_clips():
        assert Path(clip.media_reference.target_url).is_file()


CHECKS: list[Callable[[Path, str], None]] = [
    every_shot,
    pulled,
    newest,
    slugs,
    tightened,
    changed,
    converted,
    carried,
    undone,
    storyboard,
]


def test_there_are_ten_short_programs() -> None:
    assert list(PROGRAMS) == list(range(1, 11)) and len(CHECKS) == 10
    for number, program in PROGRAMS.items():
        body = [row for row in program.splitlines() if row and not row.startswith(("import ", "from "))]
        assert len(body) <= 15, number


@pytest.mark.parametrize("number", PROGRAMS)
def test_a_program_of_the_cookbook(folder: Path, number: int) -> None:
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAMS[number]], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    CHECKS[number - 1](folder, done.stdout)
    assert all(path.read_bytes() == content for path, content in before.items())


def test_the_build_fails_where_a_turnover_loses_something(folder: Path) -> None:
    marked = read_cut(folder / "turnover.edl", Fraction(24))
    marked.tracks[0].name = "hero"
    program = PROGRAMS[7].replace('read_cut("turnover.edl", Fraction(24))', 'read_cut("lossy.otio")')
    write_cut(marked, folder / "lossy.otio")
    done = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "name of a track: tracks are numbered" in done.stderr
    assert not (folder / "turnover.fcpxml").exists()
