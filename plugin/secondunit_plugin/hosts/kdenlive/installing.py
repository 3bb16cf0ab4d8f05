"""Kdenlive on this machine gets a launcher, which opens the panel for the project that Kdenlive has open."""

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from secondunit_plugin.hosts.installing import Installation

_LAUNCHER = """[Desktop Entry]
Type=Application
Name=Second Unit for Kdenlive
Comment=Orders takes for the project that is open in Kdenlive, and cuts them in there
Exec="{python}" -m secondunit_plugin panel --kdenlive
Icon=kdenlive
Categories=AudioVideo;AudioVideoEditing;
Terminal=false
"""


def find() -> Sequence[Installation]:
    """Where there is no D-Bus there is nothing. https://specifications.freedesktop.org/desktop-entry-spec"""
    program = shutil.which("kdenlive")
    if program is None or sys.platform in ("darwin", "win32"):
        return ()
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share")
    launcher = data / "applications/secondunit-kdenlive.desktop"
    return (
        Installation(
            f"Kdenlive, {program}",
            data / "secondunit/kdenlive",
            {launcher: _LAUNCHER.format(python=sys.executable).encode()},
            "Open a project in Kdenlive, then Second Unit for Kdenlive from the desktop's menu.",
        ),
    )
