"""`secondunit install` for Blenders with extensions: their own validator takes ours, their preferences keep it."""

import json
import os
import subprocess
from pathlib import Path
from queue import Queue

import pytest
from secondunit_plugin.cli.main import run
from secondunit_plugin.hosts import installing
from secondunit_plugin.hosts.host import Support
from secondunit_plugin.hosts.link import Connection, Links
from secondunit_plugin.hosts.linked import LinkedHost

from tests.end_to_end.hosts.blender import VERSIONS, python_with_bpy

pytestmark = pytest.mark.long
_ENABLED = "import bpy; print([one.module for one in bpy.context.preferences.addons if 'secondunit' in one.module])"


@pytest.fixture(params=VERSIONS)
def python(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """One with bpy, as the program `blender` of a machine."""
    if (found := python_with_bpy(request.param)) is None:
        pytest.skip(f"no Python with bpy {request.param}: `make hosts` installs it")
    program = tmp_path / "bin" / "blender"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{found}" "{Path(__file__).with_name("blender_command.py")}" "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    monkeypatch.setenv("SECONDUNIT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("BLENDER_USER_RESOURCES", str(tmp_path / "blender"))
    return found


def blender(*arguments: str) -> str:
    done = subprocess.run(["blender", *arguments], capture_output=True, text=True, timeout=120, check=True)
    return done.stdout


@pytest.mark.usefixtures("python")
def test_the_extension_is_installed_connects_and_goes(tmp_path: Path) -> None:
    assert run(["install", "blender"]) == 0
    (one,) = installing.find("blender")
    assert installing.standing(one) == installing.CONNECTED
    assert "['bl_ext.user_default.secondunit']" in blender("--background", "--python-expr", _ENABLED)
    came: Queue[Connection] = Queue()
    with Links(tmp_path / "home", came.put):
        program = subprocess.Popen(["blender", "--"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        try:
            host = LinkedHost(came.get(timeout=60))
            assert host.about().version in blender("--version")
            assert Support.UNDO in host.about().supports
            assert list(host.read().cut.tracks) == []
            assert program.stdin is not None
            program.stdin.close()
            assert program.wait(60) == 0
        finally:
            program.kill()
            program.wait()
    assert run(["install", "blender", "--uninstall"]) == 0
    assert not one.folder.exists()
    assert "[]" in blender("--background", "--python-expr", _ENABLED)


def test_blenders_own_validator_takes_it(python: str, tmp_path: Path) -> None:
    assert run(["install", "blender"]) == 0
    (one,) = installing.find("blender")
    (command,) = Path(python).parents[1].glob("lib/python*/site-packages/bpy/*/scripts/addons_core/bl_pkg/cli/*_ext.py")
    validated = subprocess.run([python, command, "validate", one.folder], capture_output=True, text=True, check=False)
    assert (validated.returncode, validated.stderr) == (0, ""), validated.stdout + validated.stderr
    arguments = [python, command, "build", "--source-dir", one.folder, "--output-dir", tmp_path]
    subprocess.run(arguments, stdout=subprocess.DEVNULL, check=True)
    subprocess.run([python, command, "server-generate", "--repo-dir", tmp_path], stdout=subprocess.DEVNULL, check=True)
    (listed,) = json.loads((tmp_path / "index.json").read_bytes())["data"]
    assert (listed["id"], listed["type"], listed["blender_version_min"]) == ("secondunit", "add-on", "4.2.0")
