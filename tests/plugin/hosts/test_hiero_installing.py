"""Where Hiero and Nuke Studio look for start-up scripts on each system, and what is put there."""

import ast
import json
import sys
from pathlib import Path

import pytest
from secondunit_plugin.cli.main import run
from secondunit_plugin.hosts import hiero_installing, installing
from secondunit_plugin.hosts.installing import CONNECTED

IN_HOST = Path(__file__).parents[3] / "plugin" / "in_host"
_OLDEST_PYTHON = (3, 7)
"""Of Nuke 13."""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder, with nothing of Nuke's."""
    folder = tmp_path / "ada"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("SECONDUNIT_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HIERO_PLUGIN_PATH", raising=False)
    monkeypatch.setattr(hiero_installing, "_roots", lambda: iter((tmp_path / "programs",)))
    return folder


def install(tmp_path: Path, *names: str) -> None:
    for name in names:
        (tmp_path / "programs" / name).mkdir(parents=True)


def test_the_package_goes_where_hiero_starts_it(tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    install(tmp_path, "Nuke15.1v3", "Nuke12.2v11")
    assert run(["install", "hiero", "--dry-run"]) == 0
    assert not (home / ".nuke").exists() and not (tmp_path / "home").exists()
    assert run(["install", "hiero"]) == 0
    assert f"Hiero and Nuke Studio (Nuke15.1v3), {home / '.nuke'}" in capsys.readouterr().out
    there = home / ".nuke" / "Python" / "StartupUI" / "secondunit"
    names = {path.name for path in there.iterdir()}
    assert names >= {"__init__.py", "link.py", "steps.py", "session.py", "installed.json"}
    assert json.loads((there / "installed.json").read_bytes())["home"] == str(tmp_path / "home")
    assert run(["doctor", "--host", "hiero"]) == 0
    assert CONNECTED in capsys.readouterr().out
    assert run(["install", "hiero", "--uninstall"]) == 0
    assert not there.exists()
    assert run(["doctor", "--host", "hiero"]) == 0
    assert "not connected with the panel" in capsys.readouterr().out


def test_without_the_program_nothing_is_done(tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    install(tmp_path, "Nuke12.2v11")  # Python 2
    (home / ".nuke").mkdir()
    assert run(["install", "hiero"]) == 5
    assert "no hiero was found" in capsys.readouterr().err
    assert list((home / ".nuke").iterdir()) == []


def test_a_program_that_lies_elsewhere_is_known_by_its_settings(home: Path) -> None:
    assert installing.find("hiero") == ()
    (home / ".nuke").mkdir()
    (one,) = installing.find("hiero")
    assert one.folder == home / ".nuke/Python/StartupUI/secondunit"


def test_the_users_own_plug_in_folder_is_taken_and_a_studios_is_not(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, "Hiero14.0v2")
    monkeypatch.setenv("HIERO_PLUGIN_PATH", f"/studio/hiero:{home}/tools")
    (one,) = installing.find("hiero")
    assert one.folder == home / "tools/Python/StartupUI/secondunit"
    monkeypatch.setenv("HIERO_PLUGIN_PATH", "/studio/hiero")
    (one,) = installing.find("hiero")
    assert one.folder == home / ".nuke/Python/StartupUI/secondunit"


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_programs_are_looked_for_where_each_system_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ProgramFiles", r"C:\Program Files")
    expected = {
        "linux": {"/usr/local", "/opt", str(tmp_path)},
        "darwin": {"/Applications"},
        "win32": {r"C:\Program Files"},
    }
    assert {str(root) for root in hiero_installing._roots()} == expected[platform]
    assert hiero_installing._home() == tmp_path  # on Windows of HOME, too, not of USERPROFILE


@pytest.mark.parametrize(
    "file", ["link.py", "steps.py", *(f"hiero/{p.name}" for p in (IN_HOST / "hiero").glob("*.py"))]
)
def test_the_oldest_python_reads_it(file: str) -> None:
    ast.parse((IN_HOST / file).read_text(), feature_version=_OLDEST_PYTHON)
