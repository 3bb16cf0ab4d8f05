"""What `secondunit install` puts into editing programs: whole files, told before they are written, removed as found.

Only files that stand in the home's record were written by us; one that somebody has changed since is left alone.
"""

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from importlib import import_module
from pathlib import Path

from secondunit_bridge import __version__, spawn
from secondunit_bridge.errors import HostError
from secondunit_bridge.files import write_whole


@dataclass(frozen=True, slots=True)
class Command:
    """A run of the program itself after its files were written or before they are removed; `says`: what it does."""

    says: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Installation:
    """What one program of this machine gets.

    `program`: its name, version and place, as a person reads them. `folder` is ours alone there; `files`: contents by
    absolute path, in it or elsewhere. `then`: what the person does next. `enable` and `disable` run the program where
    files alone do not do. `missing`: why nothing can be put into it, and what to do.
    """

    program: str
    folder: Path
    files: Mapping[Path, bytes]
    then: str
    enable: tuple[Command, ...] = ()
    disable: tuple[Command, ...] = ()
    missing: str = ""


CONNECTED = "connected with the panel"
HOSTS = {
    "blender": "secondunit_plugin.hosts.blender_installing",
    "hiero": "secondunit_plugin.hosts.hiero_installing",
    "kdenlive": "secondunit_plugin.hosts.kdenlive.installing",
    "openshot": "secondunit_plugin.hosts.openshot.installing",
    "premiere": "secondunit_plugin.hosts.premiere_installing",
    "resolve": "secondunit_plugin.hosts.resolve.installing",
}
"""The module of each host: its function `find` gives the installations that are possible on this machine, and `checks`,
where it has one, what else there is to be said of it."""


def find(host: str) -> Sequence[Installation]:
    found: Sequence[Installation] = import_module(HOSTS[host]).find()
    return found


def standing(installation: Installation) -> str:
    """Whether it was carried out, in words."""
    if installation.missing:
        return installation.missing
    there = [path for path in installation.files if path.exists()]
    if not there:
        return "not connected with the panel"
    if all(path in there and path.read_bytes() == content for path, content in installation.files.items()):
        return CONNECTED
    return "connected by another version, or changed since: install again"


def in_host(folder: str, *shared: str) -> Iterator[tuple[str, bytes]]:
    """The files that are copied into a host, by their path in `folder` of in_host/, with the link's client.

    `shared`: other files of in_host/ that its code imports.
    """
    here = Path(__file__).parents[1]
    root = next(one for one in (here / "in_host", here.parent / "in_host") if one.is_dir())  # in a wheel, in a checkout
    for path in sorted((root / folder).rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            yield path.relative_to(root / folder).as_posix(), path.read_bytes()
    for name in ("link.py", *shared):
        yield name, (root / name).read_bytes()


def installed_json() -> bytes:
    """For a host's code: which version wrote it, where the unit's home is, and the command that opens the panel."""
    command = [sys.executable, "-m", "secondunit_plugin", "panel"]
    told = {"version": __version__, "home": str(spawn.home()), "panel": command}
    return json.dumps(told, indent=1).encode()


def _record(home: Path) -> Path:
    return home / "installed.json"


def written(home: Path) -> dict[Path, str]:
    """The files that were written into host programs, with the SHA-256 of what was written."""
    try:
        return {Path(path): str(digest) for path, digest in json.loads(_record(home).read_bytes()).items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError) as error:
        raise HostError(f"{_record(home)} cannot be read ({error}): remove it, then install again") from None


def write(home: Path, installation: Installation) -> None:
    """Raises HostError where a file of somebody else stands in the way; nothing was written then.

    What another version wrote into the folder and this one does not have goes.
    """
    known = written(home)
    for path, content in installation.files.items():
        if path.exists() and _state(path, known.get(path)) is not _State.OURS and path.read_bytes() != content:
            raise HostError(f"{path} was not written by secondunit, or was changed since: move it away, then try again")
    digests = {path: hashlib.sha256(content).hexdigest() for path, content in installation.files.items()}
    # Noted first: a file that is noted and not there harms nothing, one that is there and not noted would stay.
    _note(home, known | digests)
    for path, content in installation.files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, content)
        except OSError as error:
            raise HostError(f"{path} cannot be written ({error.strerror}): check the folder's permissions") from None
    _take_out(home, [path for path in known if path.is_relative_to(installation.folder) and path not in digests])


def remove(home: Path, installation: Installation) -> tuple[list[Path], list[Path]]:
    """The files that were removed, and those that stay since somebody changed them.

    Everything goes that was ever written into the folder, also by another version.
    """
    known = written(home)
    files = [path for path in known if path in installation.files or path.is_relative_to(installation.folder)]
    found = _take_out(home, files)
    for folder in (installation.folder / "__pycache__", installation.folder):
        for compiled in folder.glob("*.pyc"):
            compiled.unlink()
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
    return found


def _take_out(home: Path, files: Iterable[Path]) -> tuple[list[Path], list[Path]]:
    known, removed, left = written(home), list[Path](), list[Path]()
    for path in files:
        state = _state(path, known[path])
        if state is _State.CHANGED:
            left.append(path)
            continue
        if state is _State.OURS:
            path.unlink()
            removed.append(path)
        del known[path]
    _note(home, known)
    return removed, left


class _State(Enum):
    OURS, CHANGED, ABSENT = range(3)


def _state(path: Path, digest: str | None) -> _State:
    if not path.exists():
        return _State.ABSENT
    return _State.OURS if hashlib.sha256(path.read_bytes()).hexdigest() == digest else _State.CHANGED


def _note(home: Path, digests: Mapping[Path, str]) -> None:
    spawn.make_private(home)
    write_whole(_record(home), json.dumps({str(path): digest for path, digest in digests.items()}, indent=1).encode())
