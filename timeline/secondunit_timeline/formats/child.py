"""`python -m secondunit_timeline.formats.child READER FILE SECONDS BYTES RATE`: one file to OTIO JSON on stdout.

Status 1: the file was refused, the reason is on stderr. Any other but 0: the reader crashed or met a limit.
"""

import sys
from fractions import Fraction
from importlib import import_module
from pathlib import Path

from secondunit_bridge.errors import SecondUnitError

from secondunit_timeline.formats.sequences import open_sequences


def _limit(seconds: int, memory: int) -> None:
    try:
        import resource
    except ImportError:  # Windows has none; the parent's time limit holds there
        return
    for kind, limit in ((resource.RLIMIT_CPU, seconds), (resource.RLIMIT_AS, memory), (resource.RLIMIT_CORE, 0)):
        _, most = resource.getrlimit(kind)
        limit = limit if most == resource.RLIM_INFINITY else min(limit, most)
        try:
            resource.setrlimit(kind, (limit, most))
        except (OSError, ValueError):  # macOS refuses some; the others hold
            continue


def main(arguments: list[str]) -> int:
    reader, path, seconds, memory, rate = arguments
    module = import_module(f"secondunit_timeline.formats.{reader}")  # first: libraries need room as well
    _limit(int(seconds), int(memory))
    try:
        cut = module.read(Path(path), Fraction(rate) or None)
        open_sequences(cut)
    except SecondUnitError as error:
        reason = str(error)
    except MemoryError:
        reason = "reading it takes more memory than a file of its size may: export the cut again"
    except Exception as error:  # noqa: BLE001 - a process boundary: whatever a reader raises is about this file
        reason = f"it cannot be read ({type(error).__name__}: {error}): export the cut again, or as .otio"
    else:
        sys.stdout.buffer.write(cut.to_json_string(-1).encode())
        return 0
    sys.stderr.write(reason)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
