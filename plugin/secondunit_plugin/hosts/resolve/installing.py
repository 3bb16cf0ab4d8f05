"""DaVinci Resolve on this machine gets an entry in its menu Workspace > Scripts, which opens the panel."""

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from secondunit_bridge import spawn
from secondunit_bridge.errors import HostUnreachable

from secondunit_plugin.checks import LEFT_OUT, Check
from secondunit_plugin.hosts.installing import Installation, in_host
from secondunit_plugin.hosts.resolve.calls import Calls
from secondunit_plugin.hosts.resolve.connecting import NEWEST, connect, library, version_of

_SCRIPT = "Second Unit.py"
_COMMAND = re.compile(r"^COMMAND = .*$", re.MULTILINE)
_SECONDS = 10.0


def find() -> Sequence[Installation]:
    found = library()
    if found is None:
        return ()
    folder = scripts(sys.platform, os.environ, Path.home())
    text = dict(in_host("resolve"))[_SCRIPT].decode()
    command = [sys.executable, "-m", "secondunit_plugin", "panel", "--resolve"]
    made = _COMMAND.sub(lambda _: f"COMMAND = {command!r}", text)
    return (
        Installation(
            f"DaVinci Resolve, {found.binary}",
            # Of the folder for scripts nothing is ours but this file.
            spawn.home() / "hosts" / "resolve",
            {folder / _SCRIPT: made.encode()},
            "Start DaVinci Resolve anew, open a timeline, then choose Workspace > Scripts > Second Unit. If the menu "
            "lists no Python scripts, run `secondunit panel --resolve` in a terminal.",
        ),
    )


def scripts(system: str, environment: Mapping[str, str], home: Path) -> Path:
    """The folder of this user for scripts of all pages, as README.txt of the scripting API has it; the one of Windows
    as it was seen: https://github.com/samuelgursky/davinci-resolve-mcp/issues/112"""
    if system == "darwin":
        root = home / "Library/Application Support/Blackmagic Design/DaVinci Resolve"
    elif system == "win32":
        data = environment.get("APPDATA")
        root = (Path(data) if data else home / "AppData/Roaming") / "Blackmagic Design/DaVinci Resolve/Support"
    else:
        root = home / ".local/share/DaVinciResolve"
    return root / "Fusion/Scripts/Utility"


def checks(reach: Callable[[], Any] = connect) -> Iterator[Check]:
    """Whether the program that runs can be reached, and what keeps it from that."""
    if library() is None:
        return
    try:
        app = Calls()(reach, _SECONDS)
        version = version_of(app)
    except HostUnreachable as error:
        yield Check("DaVinci Resolve, scripting", str(error), LEFT_OUT)
        return
    said = f"answers: {app.GetProductName()} {app.GetVersionString()}"
    if version[:2] > NEWEST:
        said += f", newer than {'.'.join(map(str, NEWEST))}, whose documentation this was written from"
    yield Check("DaVinci Resolve, scripting", said)
