"""What can be set on an order, asked of the real unit."""

import json
from pathlib import Path

import pytest
from secondunit_bridge.controls import ChoiceControl, SeedControl, TextControl
from secondunit_bridge.messages import Task
from secondunit_plugin.cli.main import run
from secondunit_timeline import Unit, read_cut, write_cut

from tests.timeline.media_cuts import MakeClip, shot, sounding_cut

CHOSEN = ["--engine", "diffusion", "--model", "wan2.1-vace-1.3b"]


@pytest.fixture
def cut(make_clip: MakeClip, tmp_path: Path) -> Path:
    path = tmp_path / "cut.otio"
    write_cut(sounding_cut(shot(make_clip(60), 60, 5, 30)), path)
    return path


def test_the_draft_engines_controls_are_a_table(cut: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["controls", str(cut), "--shot", "A", "--task", "match"]) == 0
    shown = capsys.readouterr().out
    assert all(text in shown for text in ("--like", "--set grain=", "--seed, --takes", "0 to 1"))
    assert run(["controls", str(cut), "--task", "replace"]) == 0
    assert "takes nothing" in capsys.readouterr().out
    assert run(["controls", str(cut), "--shot", "B", "--task", "match"]) == 3
    assert "no shot is named 'B'" in capsys.readouterr().err
    assert not (cut.parent / "takes").exists(), "nothing is ordered"


def test_a_models_controls_follow_task_and_intent(cut: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def asked(*further: str) -> dict[str, dict[str, object]]:
        assert run(["controls", str(cut), *CHOSEN, "--json", *further]) == 0
        return {one["name"]: one["kind"] for one in json.loads(capsys.readouterr().out)["controls"]}

    extend = asked("--shot", "A", "--task", "extend")
    replace = asked("--shot", "A", "--task", "replace")
    assert "mask" in replace and "mask" not in extend
    assert extend["tier"]["type"] == "choice" and extend["tier"]["default"] == "standard"
    assert run(["controls", str(cut), *CHOSEN, "--task", "generate", "--intent", "opera"]) == 3
    assert "there is no intent 'opera'" in capsys.readouterr().err


def test_every_intent_changes_what_is_offered_for_an_order(cut: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = ["--engine", "diffusion", "--model", "ltx-2.3-22b"]

    def asked(*further: str) -> tuple[dict[str, object], set[str]]:
        assert run(["controls", str(cut), *model, "--shot", "A", "--task", "replace", "--json", *further]) == 0
        told = json.loads(capsys.readouterr().out)["controls"]
        return {one["name"]: one["kind"].get("default") for one in told}, {one["name"] for one in told}

    plain, shown = asked()
    changes = {
        intent: (dict(told.items() - plain.items()), shown - names)
        for intent in ("2D animation", "product shot", "handheld documentary")
        for told, names in [asked("--intent", intent)]
    }
    assert (plain["strength"], plain["tier"], plain["sound"]) == (0.6, "standard", False)
    assert changes == {
        "2D animation": ({"strength": 0.7}, {"camera", "camera_guide"} & shown),
        "product shot": ({"strength": 0.35, "tier": "best"}, {"strokes"} & shown),
        "handheld documentary": ({"strength": 0.5, "sound": True}, set()),
    }


def test_controls_in_python(cut: Path) -> None:
    with Unit(cut.parent / "takes") as unit:
        told = unit.controls(read_cut(cut), None, Task.GENERATE, engine="diffusion", model="wan2.1-vace-1.3b")
    kinds = {one.name: one.kind for one in told.controls}
    assert isinstance(kinds["prompt"], TextControl) and isinstance(kinds["seed"], SeedControl)
    assert isinstance(kinds["tier"], ChoiceControl)
