"""Hiero and Nuke Studio on this machine. All versions import what lies in one folder of their user.

Where they look: https://learn.foundry.com/nuke/developers/14.0/HieroPythonDevGuide/setup.html
"""

import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from secondunit_plugin.hosts.installing import Installation, in_host, installed_json

_INSTALLED = re.compile(r"(?:Nuke|Hiero)(\d+)\.\d+v\d+.*")
_OLDEST = 13
"""The first major version with Python 3: https://learn.foundry.com/nuke/developers/13.0/pythondevguide/"""


def find() -> Sequence[Installation]:
    """One, where a version that can be connected is installed, or the user has used one that is not found here."""
    versions = sorted(set(_versions()))
    settings = _home() / ".nuke"
    if not any(major >= _OLDEST for major, _ in versions) and (versions or not settings.is_dir()):
        return ()
    plugins = _named() or settings
    folder = plugins / "Python" / "StartupUI" / "secondunit"
    files = {folder / name: content for name, content in in_host("hiero", "steps.py")}
    files[folder / "installed.json"] = installed_json()
    said = ", ".join(name for major, name in versions if major >= _OLDEST)
    return (
        Installation(
            f"Hiero and Nuke Studio{f' ({said})' if said else ''}, {plugins}",
            folder,
            files,
            "Start Hiero or Nuke Studio again: the menu Second Unit is in its menu bar.",
        ),
    )


def _home() -> Path:
    """On Windows, Nuke takes HOME where it is set."""
    named = os.environ.get("HOME") if sys.platform == "win32" else None
    return Path(named) if named else Path.home()


def _named() -> Path | None:
    """The first plug-in folder of the user's own: others are a studio's, and what is written is for one user."""
    entries = os.environ.get("HIERO_PLUGIN_PATH", "").split(os.pathsep)
    folders = (Path(entry) for entry in entries if entry)
    return next((one for one in folders if one.is_absolute() and one.is_relative_to(_home())), None)


def _versions() -> Iterator[tuple[int, str]]:
    """Major versions and names of the folders that they are installed in."""
    for root in _roots():
        for place in root.glob("*") if root.is_dir() else ():
            if (match := _INSTALLED.fullmatch(place.name)) is not None:
                yield int(match[1]), place.name


def _roots() -> Iterator[Path]:
    if sys.platform == "darwin":
        yield Path("/Applications")
    elif sys.platform == "win32":
        for root in filter(None, map(os.environ.get, ("ProgramFiles", "ProgramW6432"))):
            yield Path(root)
    else:
        yield from (Path("/usr/local"), Path("/opt"), _home())
