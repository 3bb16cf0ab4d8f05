"""Blender programs on this machine, and what each gets: an extension from 4.2 on, an add-on before."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from secondunit_plugin.hosts.installing import Command, Installation, in_host, installed_json

_VERSION = re.compile(r"Blender (\d+)\.(\d+)")
_EXTENSIONS = (4, 2)
"""The first version with extensions: https://docs.blender.org/manual/en/4.2/advanced/extensions/getting_started.html"""
_OLDEST = (3, 4)


def find() -> Sequence[Installation]:
    """Of programs of one version, which share their folder, the first counts. Versions before 3.4 are left out."""
    found: dict[tuple[int, int], Installation] = {}
    for program in _programs():
        version = _version(program)
        if version is not None and version >= _OLDEST and version not in found:
            found[version] = _installation(program, version)
    return tuple(found.values())


def _programs() -> Iterator[Path]:
    if (named := shutil.which("blender")) is not None:
        yield Path(named)
    if sys.platform == "darwin":
        yield from Path("/Applications").glob("Blender*.app/Contents/MacOS/Blender")
    elif sys.platform == "win32":
        for root in filter(None, map(os.environ.get, ("ProgramFiles", "ProgramW6432"))):
            yield from Path(root).glob("Blender Foundation/Blender*/blender.exe")
    else:
        yield from Path("/opt").glob("blender*/blender")


def _version(program: Path) -> tuple[int, int] | None:
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=60, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = _VERSION.search(said)
    return (int(match[1]), int(match[2])) if match else None


def _settings() -> Path:
    """https://docs.blender.org/manual/en/latest/advanced/blender_directory_layout.html"""
    if (named := os.environ.get("BLENDER_USER_RESOURCES")) is not None:
        return Path(named)
    if sys.platform == "darwin":
        return Path.home() / "Library/Application Support/Blender"
    if sys.platform == "win32":
        return Path(os.environ["APPDATA"]) / "Blender Foundation" / "Blender"
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "blender"


def _installation(program: Path, version: tuple[int, int]) -> Installation:
    extension = version >= _EXTENSIONS
    named = "BLENDER_USER_RESOURCES" in os.environ
    folder = _settings() if named else _settings() / f"{version[0]}.{version[1]}"
    folder /= "extensions/user_default/secondunit" if extension else "scripts/addons/secondunit"
    module = "bl_ext.user_default.secondunit" if extension else "secondunit"
    files = {folder / name: content for name, content in in_host("blender", "steps.py")}
    files[folder / "installed.json"] = installed_json()
    return Installation(
        f"Blender {version[0]}.{version[1]}, {program}",
        folder,
        files,
        "Open the Video Editing workspace: the tab Second Unit is in the sequencer's sidebar (N).",
        (_switch(program, f"addon_enable(module={module!r})", "tick Second Unit in its preferences"),),
        (_switch(program, f"addon_disable(module={module!r})", "untick Second Unit in its preferences"),),
    )


def _switch(program: Path, call: str, says: str) -> Command:
    code = f"import bpy; bpy.ops.preferences.{call}; bpy.ops.wm.save_userpref()"
    return Command(says, (str(program), "--background", "--python-exit-code", "1", "--python-expr", code))
