"""What the README shows has to work as it stands there."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from secondunit_plugin.cli.main import LazyCommands, run
from secondunit_timeline import read_cut, write_cut
from secondunit_timeline.index import Index
from secondunit_timeline.takes import placed_takes

from tests.timeline.cuts import gap
from tests.timeline.media_cuts import MakeClip, shot, sounding_cut

README = Path(__file__).parents[2] / "README.md"
RECIPES = README.parent / "docs" / "recipes.md"


def test_the_python_example_runs(make_clip: MakeClip, tmp_path: Path) -> None:
    """On a cut of the same shape as the sample, where the example expects the sample."""
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    folder = tmp_path / "out" / "demo" / "sample"
    folder.mkdir(parents=True)
    media, other = make_clip(64), make_clip(60, name="other")
    shots = [shot(other, 60, 0, 30, "A001"), shot(media, 64, 0, 60, "A005"), gap(16), shot(other, 60, 5, 30, "A006")]
    write_cut(sounding_cut(*shots), folder / "sample.otio")
    done = subprocess.run([sys.executable, "-c", example], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "swap DEFAULT_MEDIA" in done.stdout
    placed = read_cut(tmp_path / "out" / "edit.otio")
    assert [take.shot for take in placed_takes(Index(placed))] == ["A005_v001", "A006"]


def test_the_recipes_examples_run(
    make_clip: MakeClip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "out" / "demo" / "sample"
    folder.mkdir(parents=True)
    media = make_clip(60)
    write_cut(sounding_cut(shot(media, 60, 0, 30, "A001"), shot(media, 60, 5, 30, "A006")), folder / "sample.otio")
    program, board, _ = re.findall(r"```python\n(.*?)```", RECIPES.read_text(), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    for example in (program, board):
        subprocess.run([sys.executable, "-c", example], check=True)
    listed = []
    for cut in ("out/program.otio", "board.otio"):
        assert run(["make", cut, "--list", "--json"]) == 0
        listed += [(step["shot"], step["after"]) for step in json.loads(capsys.readouterr().out)["steps"]]
    # REEDS is like A001 as it will be.
    assert listed == [("A001", []), ("REEDS", [0]), ("SB01", []), ("SB02", [0]), ("SB03", [1])]


@pytest.mark.parametrize("command", list(LazyCommands.modules))
def test_every_command_is_in_the_readme_with_its_options(command: str) -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "secondunit_plugin", command, "--help"], capture_output=True, text=True, check=True
    ).stdout
    assert f"secondunit {command}" in README.read_text()
    (synopsis,) = re.findall(rf"^    secondunit {command}\b.*(?:\n {{20,}}.*)*", README.read_text(), re.MULTILINE)
    for option in re.findall(r"--[a-z]+", synopsis):
        assert option in shown, f"{option} is in the README, not in --help"
