"""Every task as a person orders it from the command line: by a video model, and by the draft engine."""

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from secondunit_bridge import spawn
from secondunit_bridge.errors import CutError
from secondunit_bridge.media.read import VideoReader
from secondunit_inference import cards
from secondunit_plugin.cli.main import run
from secondunit_timeline import Unit, read_cut, write_cut
from secondunit_timeline.index import Index
from secondunit_timeline.playback import Player
from secondunit_timeline.staleness import Fresh, states

from tests.timeline.cuts import gap
from tests.timeline.media_cuts import shot, sounding_cut, write_still

MODEL = "wan2.1-vace-1.3b"
MODEL_OPTIONS = ["--engine", "diffusion", "--model", MODEL, "--tier", "draft", "--set", "steps=2", "--handles", "2"]
RATE = Fraction(24)


@pytest.fixture
def cut(make_clip: Callable[..., Path], tmp_path: Path) -> Path:
    """V1: A and B meet at frame 20, a gap of 12. V2: C begins over the last 10 frames of B. A1: the sound of V1."""
    one, two = make_clip(60, size="96x64"), make_clip(60, size="96x64", name="other")
    made = sounding_cut(
        *(shot(one, 60, 20, 20), shot(two, 60, 20, 20, "B"), gap(12)),
        sound=(shot(one, 60, 20, 20), shot(two, 60, 20, 20, "B"), gap(12)),
    )
    above = otio.schema.Track("V2", kind=otio.schema.TrackKind.Video)
    above.extend([gap(30), shot(one, 60, 5, 20, "C")])
    made.tracks.insert(1, above)
    made.name = tmp_path.name
    path = tmp_path / "cut.otio"
    write_cut(made, path)
    return path


def line(cut: Path, track: str) -> list[tuple[str, int]]:
    return [(item.child.name, int(item.duration)) for item in Index(read_cut(cut)).track(track).items]


def ordered(capsys: pytest.CaptureFixture[str], *command: str | Path) -> dict[str, Any]:
    capsys.readouterr()
    assert run([*map(str, command), "--json"]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def test_two_shots_become_one_another_where_they_overlap(
    cut: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.otio"
    (take,) = ordered(capsys, "blend", cut, "--shot", "B", "--with", "C", "-o", out)["takes"]
    assert take["record"]["order"]["task"] == "join"
    assert line(out, "V1") == line(cut, "V1")
    assert line(out, "V2") == [("", 30), ("B_v001", 10), ("C", 10)]
    before, after = take["record"]["order"]["conditions"][:2]
    # B plays frames 30 to 39 under it, C frames 5 to 14 of its media.
    assert (
        before["span"]["range"]["start"] + before["span"]["range"]["duration"] - before["into"],
        before["into"],
    ) == (*(30, 10),)
    assert (after["span"]["range"]["start"] + after["into"], after["into"]) == (15, 10)
    with Player(read_cut(cut)) as old, Player(read_cut(out)) as new:
        assert abs(old.frame(29).astype(int) - new.frame(29)).max() == 0
        assert abs(old.frame(45).astype(int) - new.frame(45)).max() == 0
    assert run(["blend", str(cut), "--shot", "A", "--with", "B", "-o", str(out)]) == 3
    assert "lie on one track" in capsys.readouterr().err
    assert run(["blend", str(cut), "--shot", "A", "--with", "C", "-o", str(out)]) == 3
    assert "the one has to end while the other plays" in capsys.readouterr().err


def test_a_shot_is_closed_into_a_loop(cut: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.otio"
    (take,) = ordered(capsys, "loop", cut, "--shot", "B", "--frames", "12", "-o", out)["takes"]
    assert line(out, "V1") == [("A", 20), ("B", 20), ("B_v001", 12)]
    assert line(out, "A1") == [("A", 20), ("B", 20), ("B_v001", 12)]
    assert take["frames"] == 12 + 12 + 12
    (media,) = {item.child.media_reference.target_url for item in Index(read_cut(cut)).track("V1").items[1:2]}
    with VideoReader(take["path"]) as made, VideoReader(media) as source:
        for number, camera in ((11, 39), (24, 20)):  # the handles are the shot's last frame and its first
            ours, theirs = (
                r.frame(n).reformat(format="gray").to_ndarray().astype(int)
                for r, n in ((made, number), (source, camera))
            )
            assert abs(ours - theirs).mean() < 2
    assert [state for placed, state in states(Index(read_cut(out))) if placed.track == "V1"] == [Fresh()]
    again = tmp_path / "again.otio"
    (other,) = ordered(capsys, "make", out, "--remake", "--shot", "B_v001", "-o", again)["takes"]
    assert other["record"]["order"]["conditions"] == take["record"]["order"]["conditions"]
    assert run(["loop", str(cut), "--shot", "A", "--frames", "12", "-o", str(out)]) == 3
    assert "the gap behind 'A' holds 0 frames" in capsys.readouterr().err
    ordered(capsys, "loop", cut, "--shot", "A", "--frames", "12", "--into", "ripple", "-o", out)
    assert [name for name, _ in line(out, "V1")] == ["A", "A_v001", "B", ""]
    assert line(out, "V2") == [("", 42), ("C", 20)]


def test_blends_and_loops_in_python(cut: Path, tmp_path: Path) -> None:
    read = read_cut(cut)
    with Unit(tmp_path / "takes") as unit:
        assert [clip.name for clip in unit.blend(read, "C", "B").cut.tracks[1].find_clips()] == ["B_v001", "C"]
        assert len(unit.loop(read, "B", 8, takes=2).takes) == 2
        with pytest.raises(CutError, match="lie on one track"):
            unit.blend(read, "A", "B")


@pytest.fixture
def _model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    pytest.importorskip("torch", reason="the diffusion engine's packages are not installed")
    tiny = pytest.importorskip("secondunit_inference.engines.diffusion.tiny")
    home = tmp_path / "home"
    monkeypatch.setenv("SECONDUNIT_HOME", str(home))
    monkeypatch.setenv("SECONDUNIT_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    tiny.build(cards.card(MODEL), tmp_path / "models" / MODEL)
    yield
    spawn.stop(home)


@pytest.mark.usefixtures("_model")
def test_a_video_model_does_every_task(cut: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    still, mask, out = tmp_path / "still.png", tmp_path / "mask.png", tmp_path / "out.otio"
    write_still(still)
    write_still(mask, "96x64")

    def made(verb: str, *options: str | Path, seeds: int = 1) -> list[dict[str, Any]]:
        document = ordered(capsys, verb, cut, *options, *MODEL_OPTIONS, "-o", out)
        takes: list[dict[str, Any]] = document["takes"]
        assert len(takes) == seeds
        for take in takes:
            with VideoReader(take["path"]) as reader:
                assert (reader.info.frames, reader.info.rate) == (take["frames"], RATE)
            assert take["record"]["fit"]["windows"] >= 1
        return takes

    made(
        "generate",
        "--at",
        "+40",
        "--frames",
        "8",
        "--keyframe",
        f"0={still}",
        "--keyframe",
        f"7={still}",
        "--prompt",
        "x",
    )
    made("extend", "--shot", "B", "--tail", "40", "--into", "over", "--prompt", "rain")
    made("extend", "--shot", "A", "--head", "24", "--into", "ripple")
    first, second = made("join", "--at", "+20", "--takes", "2", seeds=2)
    assert (first["record"]["seed"], second["record"]["seed"]) == (0, 1)
    assert first["sha256"] != second["sha256"]
    made("blend", "--shot", "B", "--with", "C")
    made("loop", "--shot", "B", "--frames", "8", "--sound", "silence")
    made("replace", "--shot", "A", "--prompt", "snow", "--mask", mask)
    assert run(["replace", str(cut), "--shot", "A", "--prompt", "x", "--mask", str(still), "-o", str(out)]) == 3
    assert "is 160×90, 'A' is 96×64: give a mask of its size" in capsys.readouterr().err
    made("match", "--shot", "A", "--like", "B", "--prompt", "night")
