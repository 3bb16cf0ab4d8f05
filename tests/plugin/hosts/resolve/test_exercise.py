"""`secondunit doctor --host resolve --exercise` over the stand-in: a copy of the project is edited, nothing else."""

from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from secondunit_bridge.errors import HostError
from secondunit_plugin.cli.main import run
from secondunit_plugin.hosts.resolve import connecting
from secondunit_plugin.hosts.resolve.copying import copied

from tests.plugin.hosts.conformance import film, frame_map
from tests.plugin.hosts.resolve.editor import ResolveEditor
from tests.plugin.hosts.resolve.program import scriptapp
from tests.timeline.media_cuts import MakeClip


@pytest.fixture(params=[(18, 5, 0), (21, 0, 4)], ids=["18.5", "21.0"])
def editor(request: pytest.FixtureRequest, make_clip: MakeClip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    made = ResolveEditor(tmp_path, request.param)
    made.open(film(make_clip).cut)
    monkeypatch.setenv("SECONDUNIT_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(connecting, "connect", lambda: scriptapp(made.world))
    return made


def lines(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        mark, _, rest = line.partition("  ")
        yield rest.strip().partition(":")[0], mark.strip()


def test_everything_is_tried_in_a_copy(
    editor: ResolveEditor, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    before = frame_map(editor.host.read().cut)
    monkeypatch.setattr("sys.stdin", StringIO("y\n" + "n\n" * 8))
    assert run(["doctor", "--host", "resolve", "--exercise"]) == 0
    told = capsys.readouterr()
    found = dict(lines(told.out))
    assert "FAIL" not in found.values()
    assert found["replaces a shot by a take"] == "ok"
    assert found["takes"] == "ok"
    assert [one.name for one in editor.world.projects] == ["film 1"]
    assert frame_map(editor.host.read().cut) == before
    assert {track.name for track in editor.timeline.tracks["video"]} == {"Video 1"}
    assert str(tmp_path) not in told.out
    said = next(line for line in told.out.splitlines() if "endFrame" in line and "placing" in line)
    assert ("25 frames" if editor.world.version < (19,) else "24 frames") in said


def test_a_program_that_does_otherwise_fails_in_that(
    editor: ResolveEditor, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    editor.world.loses_on_save = True
    monkeypatch.setattr("sys.stdin", StringIO("y\n" + "n\n" * 8))
    assert run(["doctor", "--host", "resolve", "--exercise"]) == 5
    out = capsys.readouterr().out
    assert "FAIL  places clips behind the cut: HostError: DaVinci Resolve has lost what was placed" in out
    assert "5 placed, 5 there, 0 then" in out
    assert [one.name for one in editor.world.projects] == ["film 1"]


def test_nothing_is_copied_unless_that_is_wanted(editor: ResolveEditor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO("n\n"))
    assert run(["doctor", "--host", "resolve", "--exercise"]) == 0
    assert editor.world.saves == 0


def test_a_project_that_cannot_be_saved_is_not_left(editor: ResolveEditor) -> None:
    """Loading another one drops what is not saved."""
    assert editor.world.current is not None
    editor.world.current.name = "Untitled Project"
    with pytest.raises(HostError, match="does not save"), copied(scriptapp(editor.world)):
        pass
    assert len(editor.world.projects) == 1
