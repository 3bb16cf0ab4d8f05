"""What is put into editing programs: told before, written whole, taken out again; nothing of anybody else's is lost."""

import hashlib
import json
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from secondunit_bridge.errors import HostError
from secondunit_plugin.cli.main import run
from secondunit_plugin.hosts import installing
from secondunit_plugin.hosts.installing import CONNECTED, Installation

RAN = "ran.txt"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SECONDUNIT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("BLENDER_USER_RESOURCES", str(tmp_path / "blender"))
    return tmp_path / "home"


def blender(folder: Path, version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that says its version, and writes down what else it is asked."""
    program = folder / "bin" / "blender"
    program.parent.mkdir(exist_ok=True)
    program.write_text(
        f'#!/bin/sh\nif [ "$1" = --version ]; then echo "Blender {version}"; else echo "$@" >> {folder}/{RAN}; fi\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)


def files(folder: Path) -> dict[str, str]:
    found = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


@pytest.mark.parametrize(
    ("version", "folder", "module"),
    [
        ("4.5.4 LTS", "extensions/user_default/secondunit", "bl_ext.user_default.secondunit"),
        ("5.0.1", "extensions/user_default/secondunit", "bl_ext.user_default.secondunit"),
        ("3.4.1", "scripts/addons/secondunit", "secondunit"),
    ],
)
def test_blender_gets_an_extension_or_an_add_on(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, version: str, folder: str, module: str
) -> None:
    blender(tmp_path, version, monkeypatch)
    assert run(["install", "blender", "--dry-run"]) == 0
    assert not (tmp_path / "blender").exists() and not home.exists()
    assert run(["install", "blender"]) == 0
    there = tmp_path / "blender" / folder
    assert {"__init__.py", "link.py", "blender_manifest.toml", "installed.json"} <= files(there).keys()
    assert json.loads((there / "installed.json").read_bytes())["home"] == str(home)
    assert f"addon_enable(module='{module}')" in (tmp_path / RAN).read_text()
    (one,) = installing.find("blender")
    assert installing.standing(one) == CONNECTED
    before = files(tmp_path / "blender")
    assert run(["install", "blender"]) == 0  # again: the same
    assert files(tmp_path / "blender") == before
    assert run(["install", "blender", "--uninstall", "--dry-run"]) == 0
    assert files(tmp_path / "blender") == before
    assert run(["install", "blender", "--uninstall"]) == 0
    assert not there.exists()
    assert f"addon_disable(module='{module}')" in (tmp_path / RAN).read_text()


@pytest.mark.usefixtures("home")
def test_without_the_program_nothing_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    blender(tmp_path, "2.79", monkeypatch)  # too old
    assert run(["install", "blender"]) == 5
    assert "no blender was found" in capsys.readouterr().err
    assert not (tmp_path / "blender").exists()


def installation(folder: Path, **contents: str) -> Installation:
    return Installation("X 1", folder, {folder / name: text.encode() for name, text in contents.items()}, "Open it.")


def test_files_of_an_older_version_go(tmp_path: Path, home: Path) -> None:
    folder = tmp_path / "host"
    installing.write(home, installation(folder, one="1", two="2"))
    installing.write(home, installation(folder, one="1.1"))
    assert {path.name: path.read_text() for path in folder.iterdir()} == {"one": "1.1"}


def test_what_somebody_changed_or_put_there_stays(tmp_path: Path, home: Path) -> None:
    folder = tmp_path / "host"
    installing.write(home, installation(folder, one="1", two="2"))
    (folder / "one").write_text("mine")
    (folder / "notes").write_text("mine, too")
    assert installing.standing(installation(folder, one="1", two="2")) != CONNECTED
    with pytest.raises(HostError, match="changed since"):
        installing.write(home, installation(folder, one="3", two="3"))
    assert (folder / "two").read_text() == "2"
    removed, left = installing.remove(home, installation(folder, one="1", two="2"))
    assert (removed, left) == ([folder / "two"], [folder / "one"])
    assert {path.name: path.read_text() for path in folder.iterdir()} == {"one": "mine", "notes": "mine, too"}


def test_openshot_gets_an_entry_that_starts_it_with_the_panel(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "a $folder, 100%"
    program = tmp_path / "bin" / "openshot-qt"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\nprint('2.6.1')\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.setenv("XDG_DATA_HOME", str(folder))
    assert run(["install", "openshot", "--dry-run"]) == 0
    assert not folder.exists() and not home.exists()
    assert run(["install", "openshot"]) == 0
    assert f"OpenShot 2.6.1, {program}" in capsys.readouterr().out
    entry = (folder / "applications" / "secondunit-openshot.desktop").read_text()
    (command,) = re.findall("^Exec=(.*)$", entry, re.MULTILINE)
    # As a desktop reads it: the entry's text first, then the command's quotes, which are a shell's.
    text = command.replace("\\\\", "\\").replace("%%", "%")
    words = subprocess.run(["/bin/sh", "-c", f"printf '%s\n' {text}"], capture_output=True, text=True, check=True)
    assert words.stdout.splitlines() == [
        sys.executable,
        str(folder / "secondunit-openshot/start.py"),
        sysconfig.get_path("purelib"),
        "%F",
    ]
    assert (folder / "secondunit-openshot" / "editor.py").exists()
    assert run(["install", "openshot", "--uninstall"]) == 0
    assert files(folder) == {}


def test_kdenlive_gets_a_launcher_of_the_desktop(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program = tmp_path / "bin" / "kdenlive"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert run(["install", "kdenlive", "--dry-run"]) == 0
    assert not (tmp_path / "data").exists() and not home.exists()
    assert run(["install", "kdenlive"]) == 0
    launcher = tmp_path / "data/applications/secondunit-kdenlive.desktop"
    assert str(launcher) in capsys.readouterr().out
    (command,) = [line for line in launcher.read_text().splitlines() if line.startswith("Exec=")]
    assert command == f'Exec="{sys.executable}" -m secondunit_plugin panel --kdenlive'
    (one,) = installing.find("kdenlive")
    assert installing.standing(one) == CONNECTED
    assert run(["install", "kdenlive", "--uninstall"]) == 0
    assert files(tmp_path / "data") == {}
