"""Markers of a timeline of DaVinci Resolve, made by the real unit and cut in there; the program is a stand-in."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from secondunit_bridge import spawn
from secondunit_plugin.cli.main import run
from secondunit_plugin.hosts.resolve import connecting
from secondunit_timeline.index import Index

from tests.plugin.hosts.conformance import film
from tests.plugin.hosts.resolve.editor import ResolveEditor
from tests.plugin.hosts.resolve.program import scriptapp
from tests.timeline.media_cuts import MakeClip


@pytest.fixture
def editor(make_clip: MakeClip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ResolveEditor]:
    monkeypatch.setenv("SECONDUNIT_HOME", str(tmp_path / "home"))
    made = ResolveEditor(tmp_path, (21, 0, 4))
    made.open(film(make_clip).cut)
    monkeypatch.setattr(connecting, "connect", lambda: scriptapp(made.world))
    yield made
    spawn.stop(tmp_path / "home")


def test_markers_are_made_and_cut_in(editor: ResolveEditor, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = {"name": "Marker 1", "note": "extend tail 10 gap\nengine: draft", "color": "Red", "duration": 1.0}
    editor.timeline.markers = {20: told}
    assert run(["make", "--resolve", "--markers", "--quiet"]) == 0
    assert "placed in 'film'" in capsys.readouterr().out
    takes = list((tmp_path / "home" / "resolve").glob("film_1-*/takes/*.mov"))
    assert len(takes) == 1
    added = editor.on(45)
    assert added.clip is not None
    assert (Path(added.clip.path), added.at, added.frames) == (takes[0], 86400 + 40, 10)
    assert run(["make", "--resolve", "--markers", "--quiet"]) == 0
    assert "nothing is missing" in capsys.readouterr().out
    cut = editor.host.read().cut
    assert len([item for item in Index(cut).track("Video 1").items if item.child.name.startswith("A_v")]) == 1


def test_what_goes_into_the_timeline_goes_nowhere_else(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["make", "--resolve", "cut.otio"]) == 2
    assert "give it without CUT" in capsys.readouterr().err
