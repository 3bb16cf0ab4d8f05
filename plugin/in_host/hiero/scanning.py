"""Hiero's own scan for more versions, taught the names of takes.

It changes the last version number in a path and looks what is there; of a take the reel differs as well, which is in
its name behind the number. Hiero's API leaves naming to scripts that replace methods of its `VersionScanner` (its
`versioning_example.py`), as those of ftrack do with `findVersionFiles`.
"""

from pathlib import Path

from hiero.core.VersionScanner import VersionScanner

from .media import TAKE, path_of

_MARKER = ".secondunit-takes"
"""The file in a folder of takes, as secondunit_bridge.takes has it."""


def teach():
    """Once in a Hiero, before a scan."""
    if hasattr(VersionScanner, "secondunit_before"):
        return
    VersionScanner.secondunit_before = VersionScanner.findVersionFiles
    VersionScanner.findVersionFiles = _find


def _find(scanner, version):
    path = path_of(version.item().mediaSource())
    found = takes_of(path) if path is not None else None
    if found is None:
        return scanner.secondunit_before(version)
    known = {path_of(one.item().mediaSource()) for one in version.parent().items()}
    return [str(first) for pattern, first in found if pattern not in known]


def takes_of(path):
    """Of a take, every take of its shot beside it: the path as `media.path_of` has it, and its first file.

    In the order of their versions; None for what is no take.
    """
    folder = Path(path).parent if "%0" in Path(path).name else None
    place = folder if folder is not None else Path(path)
    match = TAKE.fullmatch(place.name if folder is not None else place.stem)
    if match is None or not (place.parent / _MARKER).exists():
        return None
    found = []
    for other in place.parent.iterdir():
        named = TAKE.fullmatch(other.name if folder is not None else other.stem)
        if named is None or named.group("shot") != match.group("shot") or other.is_dir() != (folder is not None):
            continue
        if folder is None:
            if other.suffix == place.suffix:
                found.append((int(named.group("number")), str(other), other))
            continue
        pictures = sorted(other.glob(f"*{Path(path).suffix}"))
        if pictures:
            found.append((int(named.group("number")), str(other / Path(path).name), pictures[0]))
    return [(one, first) for _, one, first in sorted(found)]
