"""How long the editing side takes to import, against the packages that it cannot do without."""

import subprocess
import sys
import time

FLOOR = "import numpy, grpc, opentimelineio"
OURS = "import secondunit_plugin.cli.main, secondunit_plugin.cli.orders"
ROUNDS = 15


def _seconds(code: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - started


def run() -> list[tuple[str, float, float]]:
    """Name, ratio and bar. The best of interleaved rounds: what else runs on the machine only ever adds."""
    rounds = [(_seconds(FLOOR), _seconds(OURS)) for _ in range(ROUNDS)]
    ratio = min(ours for _, ours in rounds) / min(floor for floor, _ in rounds)
    return [("import of secondunit_plugin's commands ÷ import of numpy, grpc and opentimelineio", ratio, 1.3)]
