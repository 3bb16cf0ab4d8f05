"""Premiere's plugin on macOS and Windows, on folders as they are there, with an installer that only notes its calls."""

import json
import os
import plistlib
import socket
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from secondunit_plugin.cli.main import run
from secondunit_plugin.hosts import installing, premiere_installing
from secondunit_plugin.hosts.installing import CONNECTED
from secondunit_plugin.hosts.link import Links, websocket_port

AGENT = "Adobe/Adobe Desktop Common/RemoteComponents/UPI/UnifiedPluginInstallerAgent/"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SECONDUNIT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def agent(place: Path, status: int = 0) -> Path:
    """What it was called with stands beside it."""
    place.parent.mkdir(parents=True)
    place.write_text(f'#!/bin/sh\necho "$@" >> "{place.parent}/calls"\nexit {status}\n')
    place.chmod(0o755)
    return place.parent / "calls"


@pytest.fixture
def mac(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(premiere_installing, "_MAC", tmp_path)
    inside = "UnifiedPluginInstallerAgent.app/Contents/macOS/UnifiedPluginInstallerAgent"
    return agent(tmp_path / "Library/Application Support" / AGENT / inside)


def mac_program(root: Path, year: int, version: str) -> None:
    place = root / f"Applications/Adobe Premiere Pro {year}/Adobe Premiere Pro {year}.app/Contents"
    place.mkdir(parents=True)
    (place / "Info.plist").write_bytes(plistlib.dumps({"CFBundleShortVersionString": version}))


@pytest.fixture
def windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "platform", "win32")
    for name, place in (("ProgramFiles", "Program Files"), ("COMMONPROGRAMFILES", "Common Files")):
        monkeypatch.setenv(name, str(tmp_path / place))
    monkeypatch.delenv("ProgramW6432", raising=False)
    return agent(tmp_path / "Common Files" / AGENT / "UnifiedPluginInstallerAgent.exe")


def holds(home: Path) -> None:
    """A package and a folder with the same plugin, which may talk to this home's panel alone."""
    there = home / "premiere"
    with zipfile.ZipFile(BytesIO((there / "secondunit_premierepro.ccx").read_bytes())) as archive:
        packed = {name: archive.read(name) for name in archive.namelist()}
    loose = {path.name: path.read_bytes() for path in there.iterdir() if path.suffix != ".ccx"}
    assert packed == loose
    assert {"manifest.json", "index.html", "panel.js", "session.js", "installed.json"} <= packed.keys()
    assert json.loads(packed["installed.json"]) == {"home": home.as_posix()}
    permissions = json.loads(packed["manifest.json"])["requiredPermissions"]
    assert permissions["network"] == {"domains": [f"ws://127.0.0.1:{websocket_port(home)}"]}


def test_on_a_mac(tmp_path: Path, home: Path, mac: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mac_program(tmp_path, 2025, "25.6.1")
    mac_program(tmp_path, 2026, "26.3.2")
    assert run(["install", "premiere", "--dry-run"]) == 0
    assert not home.exists() and not mac.exists()
    assert run(["install", "premiere"]) == 0
    said = capsys.readouterr().out
    assert "26.3" in said and "too old" in said
    holds(home)
    one, old = installing.find("premiere")
    assert "2025" not in one.program and "update it to 26.3" in installing.standing(old)
    assert installing.standing(one) == CONNECTED
    package = home / "premiere/secondunit_premierepro.ccx"
    before = package.read_bytes()
    assert run(["install", "premiere"]) == 0
    assert package.read_bytes() == before
    assert run(["install", "premiere", "--uninstall"]) == 0
    assert not (home / "premiere").exists()
    install = f"--install {package}"
    assert mac.read_text().splitlines() == [install, install, "--remove Second Unit"]


def test_on_windows(tmp_path: Path, home: Path, windows: Path) -> None:
    for year in (2024, 2026, 2027):
        (tmp_path / f"Program Files/Adobe/Adobe Premiere Pro {year}").mkdir(parents=True)
    (tmp_path / "Program Files/Adobe/Adobe Premiere Rush").mkdir()
    one, old = installing.find("premiere")
    assert "2026" in one.program and "2027" in one.program and "2024" in old.program
    assert run(["install", "premiere"]) == 0
    holds(home)
    assert run(["install", "premiere", "--uninstall"]) == 0
    calls = windows.read_text().splitlines()
    assert [call.split()[0] for call in calls] == ["/install", "/remove"]


@pytest.mark.usefixtures("home")
def test_older_versions_get_nothing(tmp_path: Path, mac: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mac_program(tmp_path, 2025, "25.6.1")
    mac_program(tmp_path, 2026, "26.2.2")
    assert run(["install", "premiere"]) == 0
    assert capsys.readouterr().out.count("too old") == 2
    assert not mac.exists()


def test_without_creative_cloud_it_says_what_to_do(
    tmp_path: Path, home: Path, mac: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mac_program(tmp_path, 2026, "26.3.0")
    (mac.parent / "UnifiedPluginInstallerAgent").unlink()
    assert run(["install", "premiere"]) == 5
    assert f"double-click {home}/premiere/secondunit_premierepro.ccx by hand" in capsys.readouterr().err


def test_the_doctor_says_what_is_missing(
    tmp_path: Path, home: Path, mac: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def told() -> str:
        assert run(["doctor", "--host", "premiere"]) == 0
        return capsys.readouterr().out

    mac_program(tmp_path, 2025, "25.6.1")
    assert "too old" in told() and "installer" not in told()
    mac_program(tmp_path, 2026, "26.3.0")
    assert "not connected with the panel" in told() and "UnifiedPluginInstallerAgent" in told()
    (mac.parent / "UnifiedPluginInstallerAgent").unlink()
    assert "Enable developer mode" in told()
    with socket.create_server(("127.0.0.1", websocket_port(home))), Links(home, lambda _: None):
        assert f"another program has port {websocket_port(home)}" in told()
    with Links(home, lambda _: None):
        assert "another program has port" not in told()


@pytest.mark.skipif(os.name == "nt" or sys.platform == "darwin", reason="there Premiere runs")
def test_elsewhere_it_says_where_premiere_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["install", "premiere"]) == 5
    assert "macOS and Windows" in capsys.readouterr().err
