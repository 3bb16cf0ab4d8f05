"""Cuts as programs, made by a real unit: commands on recipes, out to takes in their places."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import opentimelineio as otio
import pytest
from secondunit_bridge import spawn
from secondunit_plugin.cli.main import run
from secondunit_timeline import Unit, edit, read_cut, recipes, write_cut
from secondunit_timeline.index import Index
from secondunit_timeline.operations import AddRecipe
from secondunit_timeline.playback import Player

from tests.timeline.cuts import at, gap
from tests.timeline.media_cuts import MakeClip, shot, sounding_cut


def written(cut: otio.schema.Timeline, tmp_path: Path, beside: Iterable[tuple[int, Any]] = ()) -> Path:
    cut.name = tmp_path.name  # a show of its own: version names and timecode start anew
    operations = [AddRecipe("V1", at(frame), f"take.r{number}", one) for number, (frame, one) in enumerate(beside)]
    path = tmp_path / "cut.otio"
    write_cut(edit(cut, operations)[0], path)
    return path


@pytest.fixture
def cut(make_clip: MakeClip, tmp_path: Path) -> Path:
    """A shot to be made, one that is to look like it, and one to be carried on into the gap behind it."""
    first, second = make_clip(60, size="320x180"), make_clip(42, size="320x180", name="other")
    return written(
        sounding_cut(
            shot(first, 60, 0, 30),
            recipes.clip("N", recipes.generate(prompt="reeds in the wind"), at(20)),
            shot(second, 42, 10, 30, "B"),
            gap(12),
        ),
        tmp_path,
        [(0, recipes.match("N")), (50, recipes.extend(12))],
    )


def keys(cut: Path) -> dict[str, list[str]]:
    return {
        item.child.name: sorted(item.child.media_references())
        for item in Index(read_cut(cut)).tracks[0].items
        if isinstance(item.child, otio.schema.Clip)
    }


def listed(cut: Path, capsys: pytest.CaptureFixture[str], *options: str) -> list[tuple[str, str, bool]]:
    capsys.readouterr()
    assert run(["make", str(cut), "--list", "--json", *options]) == 0
    steps = json.loads(capsys.readouterr().out)["steps"]
    return [(step["shot"], step["state"], step["wanted"]) for step in steps]


def test_a_cut_is_made_and_made_again(cut: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, again, settled = (tmp_path / f"{name}.otio" for name in ("out", "again", "settled"))
    before = cut.read_bytes()
    assert listed(cut, capsys) == [("N", "missing", True), ("B", "missing", True), ("A", "missing", True)]
    assert run(["make", str(cut), "-o", str(out), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert cut.read_bytes() == before
    assert sorted(take["record"]["name"] for take in document["takes"]) == ["A_v001", "B_v001", "N_v001"]
    assert document["failed"] == []
    lengths = [(item.child.name, item.duration) for item in Index(read_cut(out)).tracks[0].items]
    assert lengths == [("A", 30), ("N", 20), ("B", 32), ("B_v001", 10)]
    with Player(read_cut(out)) as player:
        assert all(player.frame(frame).std() > 100 for frame in (0, 31, 45, 60, 85, 91))
    assert {state for _, state, _ in listed(out, capsys)} == {"up to date"}

    # Run again from the same cut, everything is there already: the same takes come back.
    files = sorted((tmp_path / "takes").iterdir())
    assert run(["make", str(cut), "-o", str(again), "--quiet"]) == 0
    assert keys(again) == keys(out)
    assert sorted((tmp_path / "takes").iterdir()) == files

    assert run(["takes", str(out), "--approve", "N_v001", "-o", str(settled)]) == 0
    assert run(["make", str(settled), "--remake", "-o", str(again), "--quiet"]) == 0
    assert sorted(path.name.split("_U")[0] for path in (tmp_path / "takes").glob("*.mov")) == [
        *("A_v001", "A_v002", "B_v001", "B_v002", "N_v001"),
    ]
    assert len(keys(again)["N"]) == 2 and len(keys(again)["A"]) == 5
    states = {name: state for name, state, _ in listed(again, capsys)}
    assert states["N"] == "approved"
    capsys.readouterr()
    assert run(["takes", str(again), "--json"]) == 0
    takes = {take["name"]: take for take in json.loads(capsys.readouterr().out)["takes"]}
    assert takes["N_v001"]["approved"] and takes["N_v001"]["active"]
    assert takes["A_v002"]["active"] and not takes["A_v001"]["active"]


def test_a_storyboard_of_three_prompts(make_clip: MakeClip, tmp_path: Path) -> None:
    prompts = ["a harbour at dawn", "a boat leaves", "the open sea"]
    board = [
        recipes.clip(f"SB{number}", recipes.generate(prompt=prompt, continues=number > 1), at(16))
        for number, prompt in enumerate(prompts, 1)
    ]
    cut = sounding_cut(*board, shot(make_clip(42, size="320x180"), 42, 0, 30))  # which gives the takes their size
    cut.name = tmp_path.name
    kept: list[int] = []
    with Unit(tmp_path / "takes") as unit:
        made = unit.make(cut, keep=lambda done: kept.append(len(done.tracks)))
    assert [take.record.name for take in made.takes] == ["SB1_v001", "SB2_v001", "SB3_v001"]
    assert not made.failed and len(kept) == 3
    starts = {take.record.start for take in made.takes}
    assert len(starts) == 3
    with Player(made.cut) as player:
        frames = [player.frame(frame).astype(float) for frame in (14, 15, 16, 17, 31, 32)]
    within, over = np.abs(frames[1] - frames[0]).mean(), np.abs(frames[2] - frames[1]).mean()
    assert over < 4 * within + 600, "the second shot goes on from the last frame of the first"
    # What lies before the second shot in its take are the first shot's last frames.
    second = made.cut.tracks[0][1].deepcopy()
    times = second.source_range
    second.source_range = otio.opentime.TimeRange(times.start_time - otio.opentime.RationalTime(1, 24), times.duration)
    with Player(sounding_cut(second)) as player:
        difference = np.abs(player.frame(0).astype(float) - frames[1]).mean()
    assert difference < 400


def start(command: list[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-m", "secondunit_plugin", *command], stderr=subprocess.DEVNULL)


def wait_for(what: Any, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def long_cut(make_clip: MakeClip, tmp_path: Path) -> Path:
    media = make_clip(30)
    shots = [part for name in "ABCD" for part in (shot(media, 30, 0, 30, name), gap(60))]
    return written(sounding_cut(*shots), tmp_path, [(90 * n, recipes.extend(60)) for n in range(4)])


def test_a_killed_make_goes_on_where_it_stopped(long_cut: Path, tmp_path: Path) -> None:
    out, takes = tmp_path / "out.otio", tmp_path / "takes"
    process = start(["make", str(long_cut), "-o", str(out), "--quiet"])
    wait_for(lambda: out.exists() or process.poll() is not None)
    process.send_signal(signal.SIGKILL)
    process.wait()
    first = read_cut(out)
    names = [item.child.name for item in Index(first).tracks[0].items]
    assert any(name.endswith("_v001") for name in names), "what was placed is in the cut that was written"
    assert not list(tmp_path.glob(".*otio*")), "and nothing is half-written"
    assert run(["make", str(long_cut), "-o", str(out), "--quiet"]) == 0
    assert sorted(path.name.split("_U")[0] for path in takes.glob("*.mov")) == [
        *("A_v001", "B_v001", "C_v001", "D_v001"),
    ]
    names = [item.child.name for item in Index(read_cut(out)).tracks[0].items]
    assert names == ["A", "A_v001", "B", "B_v001", "C", "C_v001", "D", "D_v001"]


def test_an_interrupt_cancels_every_order_and_the_next_run_makes_the_rest(
    long_cut: Path, tmp_path: Path, unit_home: Path
) -> None:
    out, takes = tmp_path / "out.otio", tmp_path / "takes"
    process = start(["make", str(long_cut), "-o", str(out), "--quiet"])
    wait_for(lambda: out.exists() or process.poll() is not None)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130
    made = sorted(takes.glob("*.mov"))
    assert 1 <= len(made) < 4
    assert spawn.find(unit_home) is not None
    time.sleep(0.5)
    assert sorted(takes.glob("*.mov")) == made, "the unit makes none of the others"
    assert run(["make", str(long_cut), "-o", str(out), "--quiet"]) == 0
    assert set(made) < set(takes.glob("*.mov"))
    assert len(list(takes.glob("*.mov"))) == 4
    # A take whose file has gone is made again.
    made[0].unlink()
    assert run(["make", str(long_cut), "-o", str(tmp_path / "again.otio"), "--quiet"]) == 0
    assert len(list(takes.glob("*.mov"))) == 4


def test_what_fails_leaves_what_can_be_made(
    make_clip: MakeClip, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    media = make_clip(42, size="320x180")
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    board = [
        recipes.clip("bad", recipes.generate(image=broken), at(10)),
        recipes.clip("after", recipes.generate(continues=True), at(10)),
        recipes.clip("good", recipes.generate(prompt="x"), at(10)),
    ]
    cut = written(sounding_cut(shot(media, 42, 0, 30), *board), tmp_path)
    out = tmp_path / "out.otio"
    assert run(["make", str(cut), "-o", str(out), "--json"]) == 5
    captured = capsys.readouterr()
    document = json.loads(captured.out)
    assert [take["record"]["name"] for take in document["takes"]] == ["good_v001"]
    assert [failure["shot"] for failure in document["failed"]] == ["bad", "after"]
    assert "broken.png" in captured.err and "waits for 'bad'" in captured.err
    assert keys(out)["good"][0].startswith("take.") and keys(out)["bad"] == ["DEFAULT_MEDIA"]


def test_markers_are_made_once(make_clip: MakeClip, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    media = make_clip(42, size="320x180")
    shots = sounding_cut(shot(media, 42, 0, 30), shot(media, 42, 0, 30, "B"))
    start = shots.tracks[0][0].source_range.start_time
    times = otio.opentime.TimeRange(start, otio.opentime.RationalTime(1, 24))
    shots.tracks[0][0].markers.append(otio.schema.Marker("heron", times, comment="generate 12: a heron lands"))
    shots.tracks.markers.append(otio.schema.Marker("cut", at_frame(40), comment="match like A"))
    cut, out, again = written(shots, tmp_path), tmp_path / "out.otio", tmp_path / "again.otio"
    assert listed(cut, capsys) == []
    assert listed(cut, capsys, "--markers") == [("B", "missing", True), ("heron", "missing", True)]
    assert run(["make", str(cut), "--markers", "-o", str(out), "--quiet"]) == 0
    tracks = {track.name: [item.child.name for item in track.items] for track in Index(read_cut(out)).tracks}
    assert tracks == {"V1": ["A", "B"], "V2": ["heron"]}
    assert len(keys(out)["B"]) == 3
    assert run(["make", str(out), "--markers", "-o", str(again), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["takes"] == []


def at_frame(frame: int) -> otio.opentime.TimeRange:
    return otio.opentime.TimeRange(otio.opentime.RationalTime(frame, 24), otio.opentime.RationalTime(1, 24))


def test_nothing_is_ordered_where_something_is_wrong(
    cut: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    read = read_cut(cut)
    read.tracks[0].append(recipes.clip("X", recipes.generate(prompt="x", engine="none"), at(9)))
    read.tracks[0].append(recipes.clip("Y", recipes.generate(like="A", camera="fly"), at(9)))
    write_cut(read, tmp_path / "bad.otio")
    assert run(["make", str(tmp_path / "bad.otio"), "-o", str(tmp_path / "out.otio")]) == 3
    said = capsys.readouterr().err
    assert "'X': there is no none draft here" in said and "'Y': draft has no camera move 'fly'" in said
    assert not (tmp_path / "out.otio").exists() and not (tmp_path / "takes").exists()
    assert run(["make", str(cut)]) == 2
    assert run(["make", str(cut), "-o", str(cut)]) == 3
