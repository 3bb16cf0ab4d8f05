"""Premiere on this machine, and what it gets: a UXP plugin, put there by Creative Cloud's installer of plugins.

https://developer.adobe.com/premiere-pro/uxp/plugins/distribution/install/ says how that is called, and
.../distribution/package/ what a package is: "A .ccx file is a regular ZIP file under the hood".
"""

import io
import json
import os
import plistlib
import re
import sys
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from secondunit_bridge import spawn

from secondunit_plugin.checks import LEFT_OUT, Check
from secondunit_plugin.hosts.installing import Command, Installation, in_host
from secondunit_plugin.hosts.link import address_file, websocket_port

OLDEST = (26, 3)
"""Actions that are made as the plugin makes them, and subclips: https://developer.adobe.com/premiere-pro/uxp/changelog/"""
_OLDEST = ".".join(map(str, OLDEST))
_MAC = Path("/")
_AGENT = "Adobe/Adobe Desktop Common/RemoteComponents/UPI/UnifiedPluginInstallerAgent/UnifiedPluginInstallerAgent"
_YEAR = re.compile(r"Adobe Premiere.* (20\d\d)")
_EPOCH = (1980, 1, 1, 0, 0, 0)


def find() -> Sequence[Installation]:
    """One for all versions that the plugin runs in, since the installer puts it into each; older ones are told."""
    programs = dict(_programs())
    new = {place: version for place, version in programs.items() if version is None or version >= OLDEST}
    old = (
        Installation(f"Premiere, {place}", place, {}, "", missing=f"too old: update it to {_OLDEST} or later")
        for place in programs.keys() - new.keys()
    )
    return (*((_installation(new, spawn.home()),) if new else ()), *sorted(old, key=lambda one: one.program))


def checks() -> Iterator[Check]:
    """What it takes beside the files, where there is a Premiere that the plugin runs in."""
    if not any(not one.missing for one in find()):
        return
    agent = _agent()
    if agent.exists():
        yield Check("Creative Cloud's installer of plugins", str(agent))
    else:
        said = (
            "missing: install or repair Creative Cloud Desktop; or tick Settings > Plugins > Enable developer mode in "
            "Premiere, and load the plugin with the UXP Developer Tool"
        )
        yield Check("Creative Cloud's installer of plugins", said, LEFT_OUT)
    home = spawn.home()
    with suppress(OSError, ValueError):
        if "websocket" not in json.loads(address_file(home).read_bytes()):
            said = f"another program has port {websocket_port(home)}, the panel's: end it, and open the panel again"
            yield Check("Premiere's way to the panel", said, LEFT_OUT)


def _programs() -> Iterator[tuple[Path, tuple[int, int] | None]]:
    """With their versions; None where only the year is known, and it is that of the oldest."""
    platform: str = sys.platform  # mypy would leave out what other systems do
    if platform == "darwin":
        for place in sorted((_MAC / "Applications").glob("Adobe Premiere*/Adobe Premiere*.app")):
            try:
                said = plistlib.loads((place / "Contents/Info.plist").read_bytes())["CFBundleShortVersionString"]
                major, minor = str(said).split(".")[:2]
                yield place, (int(major), int(minor))
            except (OSError, ValueError, KeyError, plistlib.InvalidFileException):
                continue
    elif platform == "win32":
        for root in filter(None, map(os.environ.get, ("ProgramFiles", "ProgramW6432"))):
            for place in sorted(Path(root).glob("Adobe/Adobe Premiere*")):
                if (match := _YEAR.fullmatch(place.name)) is not None:
                    year = int(match[1]) - 2000
                    yield place, None if year == OLDEST[0] else (year, 0)


def _agent() -> Path:
    if sys.platform == "darwin":
        inside = f"{_AGENT}.app/Contents/macOS/UnifiedPluginInstallerAgent"
        return _MAC / "Library/Application Support" / inside
    return Path(os.environ.get("COMMONPROGRAMFILES", r"C:\Program Files\Common Files")) / f"{_AGENT}.exe"


def _installation(programs: dict[Path, tuple[int, int] | None], home: Path) -> Installation:
    folder = home / "premiere"
    files = dict(plugin(home))
    package = folder / "secondunit_premierepro.ccx"
    written = {folder / name: content for name, content in files.items()}
    said = [f"{place}{f', {version[0]}.{version[1]}' if version else ''}" for place, version in programs.items()]
    name = json.loads(files["manifest.json"])["name"]
    install, remove = ("--install", "--remove") if sys.platform == "darwin" else ("/install", "/remove")
    agent = str(_agent())
    return Installation(
        f"Premiere, {'; '.join(said)}",
        folder,
        written | {package: _packed(files)},
        f"Start Premiere anew, and open Window > UXP Plugins > Second Unit; it needs version {_OLDEST} or later.",
        (Command(f"double-click {package}", (agent, install, str(package))),),
        (Command("uninstall Second Unit in Creative Cloud, under Manage Plugins", (agent, remove, name)),),
    )


def plugin(home: Path) -> Iterator[tuple[str, bytes]]:
    """Its files, for the panel of this home: UXP lets a plugin connect with the port alone that its manifest names."""
    for name, content in in_host("premiere"):
        if name == "manifest.json":
            yield name, content.replace(b"PORT", str(websocket_port(home)).encode())
        elif name != "link.py":
            yield name, content
    yield "installed.json", json.dumps({"home": home.as_posix()}).encode()


def _packed(files: dict[str, bytes]) -> bytes:
    """The same for the same files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content)
    return packed.getvalue()
