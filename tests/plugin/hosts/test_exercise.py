"""`secondunit doctor --host --exercise`: what a host does as it says, what it cannot, and what it does otherwise."""

from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from secondunit_plugin.checks import FAILED, LEFT_OUT, Check
from secondunit_plugin.cli.main import run
from secondunit_plugin.hosts.exercise import exercise
from secondunit_plugin.hosts.host import Support
from secondunit_plugin.hosts.steps import Add, Step

from tests.plugin.hosts.conformance import film, frame_map, opened, probed
from tests.plugin.hosts.fake import FakeEditor, FakeHost
from tests.plugin.hosts.linked_fake import InHost, pumped
from tests.timeline.media_cuts import MakeClip


def not_there(_text: str) -> bool:
    return False


def exercised(make_clip: MakeClip, folder: Path, host: FakeHost) -> dict[str, Check]:
    made = film(make_clip)
    host.open(made.cut)
    checks = {one.name: one for one in exercise(host, folder, not_there)}
    assert frame_map(host.read().cut) == frame_map(made.cut)
    return checks


def test_a_host_that_can_do_everything_passes_and_is_left_as_it_was(make_clip: MakeClip, tmp_path: Path) -> None:
    checks = exercised(make_clip, tmp_path, FakeHost(Support, probed))
    assert {one.mark for one in checks.values() if one.mark != "ok"} == {LEFT_OUT}
    asked = {"tells selected clips", "tells changes", "keeps what it was given, saved and opened again"}
    assert {one.name for one in checks.values() if one.mark == LEFT_OUT} == {*asked, "takes media into the bin"}
    assert "24 frames a second from 01:00:00:00, 167 frames" in checks["reads the cut"].says


def test_a_person_at_the_program_is_asked_for_the_rest(make_clip: MakeClip, tmp_path: Path) -> None:
    editor = FakeEditor(Support)
    editor.open(film(make_clip).cut)

    def person(text: str) -> bool:
        if text.startswith("Select"):
            editor.select((191, 251), 0)
        elif text.startswith("Trim"):
            editor.trim(251, 3)
            editor.undo()
        elif text.startswith("Save"):
            editor.reopen()
        else:
            assert any(Path(file).name in text for file in editor.bin())
        return True

    checks = list(exercise(editor.host, tmp_path, person))
    assert {one.mark for one in checks} == {"ok"}


@pytest.mark.parametrize("lacks", [{Support.UNDO, Support.VERSIONS}, set(Support) - {Support.BIN}], ids=["undo", "all"])
def test_what_a_host_cannot_do_is_no_failure(make_clip: MakeClip, tmp_path: Path, lacks: set[Support]) -> None:
    checks = exercised(make_clip, tmp_path, FakeHost(set(Support) - lacks, probed))
    assert not [one for one in checks.values() if one.mark == FAILED]


def test_a_version_beside_the_cut_is_made_for_each_edit_and_removed(make_clip: MakeClip, tmp_path: Path) -> None:
    lacks = {Support.PLACE, Support.UNDO}
    host = FakeHost(set(Support) - lacks, probed)
    checks = exercised(make_clip, tmp_path, host)
    assert not [one for one in checks.values() if one.mark == FAILED]
    assert "in a version beside it" in checks["a clip trimmed"].says
    assert not host.versions


def test_a_host_that_does_something_else_fails_in_that(make_clip: MakeClip, tmp_path: Path) -> None:
    host = FakeHost(set(Support), probed)

    def spoil(step: Step) -> Step:
        if isinstance(step, Add) and step.strip.frames == 12:
            return replace(step, strip=replace(step.strip, frames=11))
        return step

    host.spoils = spoil
    checks = exercised(make_clip, tmp_path, host)
    failed = {one.name for one in checks.values() if one.mark == FAILED}
    assert failed == {"a clip into a gap", "a clip over parts of two others", "a clip inserted"}
    assert "did not place what was planned" in checks["a clip into a gap"].says


def test_the_watched_folder_is_exercised(make_clip: MakeClip, tmp_path: Path) -> None:
    """Every edit is a version there, and the newest is the open one."""
    for folder in ("media", "folder"):
        (tmp_path / folder).mkdir()
    with opened("tests.plugin.hosts.watched_editor:opened", tmp_path / "folder") as editor:
        editor.open(film(make_clip).cut)
        checks = list(exercise(editor.host, tmp_path / "media", not_there))
    assert not [one for one in checks if one.mark == FAILED]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(["--exercise"], "needs --host"), (["--host", "openshot", "--exercise"], "its panel runs inside it")],
)
def test_what_cannot_be_exercised_is_said(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", *arguments]) == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("answers", ["y\n" + "n\n" * 8, "n\n"])
def test_a_program_of_the_link_is_exercised_from_the_command_line(
    make_clip: MakeClip,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answers: str,
) -> None:
    """Nothing is changed unless its user says that a copy is open."""
    monkeypatch.setenv("SECONDUNIT_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("sys.stdin", StringIO(answers))
    host = FakeHost(Support, probed)
    host.open(film(make_clip).cut)
    with pumped(InHost(host, tmp_path / "home")):
        assert run(["doctor", "--host", "blender", "--exercise"]) == 0
    told = capsys.readouterr()
    assert "Is it a copy" in told.err
    assert ("ok    a clip trimmed: in the open sequence; undone" in told.out) == (answers[0] == "y")
    assert bool(host.undo_names) == (answers[0] == "y")
    assert str(tmp_path) not in told.out
