"""What the README shows has to work as it stands there."""

import json
import re
import shlex
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest
from secondunit_plugin.cli.main import LazyCommands, run, secondunit
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
    program, replaced, board, _ = re.findall(r"```python\n(.*?)```", RECIPES.read_text(), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    for example in (program, replaced, board):
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
    group = secondunit.get_command(click.Context(secondunit), command)
    if isinstance(group, click.Group):
        shown += "".join(one.get_help(click.Context(one)) for one in group.commands.values())
    assert f"secondunit {command}" in README.read_text()
    (synopsis,) = re.findall(rf"^    secondunit {command}\b.*(?:\n {{20,}}.*)*", README.read_text(), re.MULTILINE)
    for option in re.findall(r"--[a-z]+", synopsis):
        assert option in shown, f"{option} is in the README, not in --help"


PAGES = [README, *sorted((README.parent / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_in_the_documentation_have_the_options_that_they_show(page: Path) -> None:
    """Synopses, with their brackets, are held against --help above."""
    examples = re.findall(r"^    secondunit (.*)$", page.read_text(), re.MULTILINE)
    for name, *arguments in (shlex.split(line) for line in examples if not re.search(r"[][|]|\.\.\.", line)):
        command = secondunit.get_command(click.Context(secondunit), name)
        if isinstance(command, click.Group):
            command = command.get_command(click.Context(command), arguments[0])
        assert command is not None, (name, arguments)
        known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        assert {word for word in arguments if re.fullmatch(r"-[a-z]|--[a-z-]+", word)} <= known, arguments


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_the_documentation_imports_is_there(page: Path) -> None:
    for module, names in re.findall(r"^ *from (secondunit_\S+) import ([\w, ]+)$", page.read_text(), re.MULTILINE):
        for name in names.split(", "):
            assert hasattr(import_module(module), name) or import_module(f"{module}.{name}")


def test_the_readme_lists_every_page() -> None:
    for page in PAGES[1:]:
        assert f"](docs/{page.name})" in README.read_text()
    for link in re.findall(r"\]\((?!http)([^)#]+)", README.read_text()):
        assert (README.parent / link).exists(), link
