"""Files of other programs, read in a process of their own with limits on time and memory."""

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import orjson
from secondunit_bridge.errors import CutError

READERS = {
    ".edl": "edl",
    ".xml": "fcp7",
    ".fcpxml": "fcpxml",
    ".aaf": "aaf",
    ".kdenlive": "kdenlive",
    ".mlt": "kdenlive",
}

_SECONDS = 30
_SECONDS_A_MEGABYTE = 10
# Address space: the interpreter and its libraries reserve most of the first part, a parsed tree is the rest.
_MEMORY = 1 << 30
_MEMORY_A_BYTE = 60


def read_document(path: Path, rate: Fraction | None = None) -> object:
    """The OTIO JSON of a cut in another format, unchecked. A crash, a hang or a hostile file raises CutError."""
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise CutError(
            f"{path} is in no format that is read: give {', '.join(['.otio', '.otioz', '.otiod', *READERS])}"
        )
    size = path.stat().st_size
    seconds = _SECONDS + size * _SECONDS_A_MEGABYTE // 1_000_000
    limits = [str(seconds), str(_MEMORY + size * _MEMORY_A_BYTE)]
    command = [sys.executable, "-m", "secondunit_timeline.formats.child", reader, str(path), *limits, str(rate or 0)]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        raise CutError(f"{path} was not read within {seconds} seconds: export a shorter cut") from None
    if done.returncode == 1:
        raise CutError(f"{path}: {done.stderr.decode(errors='replace').strip()[:2000]}")
    if done.returncode != 0:
        raise CutError(f"{path} ends its reader (status {done.returncode}): export the cut again, or as .otio")
    try:
        return orjson.loads(done.stdout)
    except orjson.JSONDecodeError as error:
        raise CutError(f"{path} holds a time that is not a number ({error}): export the cut again") from None
