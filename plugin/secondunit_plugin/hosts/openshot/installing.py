"""OpenShot on this machine, and what it gets: an entry among the desktop's programs that starts it with the panel."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from secondunit_plugin.hosts.installing import Installation, in_host, installed_json

_VERSION = re.compile(r"^(\d+(?:\.\d+)+)\s*$", re.MULTILINE)
_INTERPRETER = re.compile(rb"#!\s*(\S+)")
_SECONDS = 60


def find() -> Sequence[Installation]:
    """Of Linux distributions, whose OpenShot is a script for their Python; bundles bring one that nobody else has."""
    program = shutil.which("openshot-qt")
    if program is None or not sys.platform.startswith("linux"):
        return ()
    match = _INTERPRETER.match(Path(program).read_bytes()[:200])
    if match is None:
        return ()
    python, packages = match[1].decode(), Path(sysconfig.get_path("purelib"))
    version = _VERSION.search(_said(program, "--version"))
    other = _said(python, "-c", "import sys; print('python{}.{}'.format(*sys.version_info))").strip()
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share")
    folder = data / "secondunit-openshot"
    files = {folder / name: content for name, content in in_host("openshot")}
    files[folder / "installed.json"] = installed_json()
    files[data / "applications" / "secondunit-openshot.desktop"] = _entry(python, folder / "start.py", packages)
    then = "Start “OpenShot with Second Unit” from the desktop's menu."
    if other != packages.parent.name:
        then += (
            f" The panel has a window of its own, as OpenShot runs in {other} and this is {packages.parent.name}; to "
            f"have it docked in OpenShot, install Second Unit into an environment of {python}, and run this there."
        )
    return (Installation(f"OpenShot {version[1] if version else ''}, {program}", folder, files, then),)


def _said(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""


def _entry(*command: object) -> bytes:
    """https://specifications.freedesktop.org/desktop-entry-spec/latest/exec-variables.html"""
    quoted = " ".join(f'"{_quoted(str(one))}"' for one in command)
    lines = (
        "[Desktop Entry]",
        "Type=Application",
        "Name=OpenShot with Second Unit",
        "Comment=Video editor with the panel that generates takes",
        f"Exec={quoted} %F",
        "Icon=openshot-qt",
        "Categories=AudioVideo;Video;AudioVideoEditing;",
        "MimeType=application/vnd.openshot-qt-project;",
        "",
    )
    return "\n".join(lines).encode()


def _quoted(text: str) -> str:
    """Within quotes, and once more as any text of an entry."""
    return re.sub(r'(["`$\\])', r"\\\1", text).replace("\\", "\\\\").replace("%", "%%")
