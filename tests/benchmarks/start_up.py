"""How long the editing side takes to import, against the packages that it cannot do without."""

import subprocess
import sys
import time

FLOOR = "numpy, grpc, opentimelineio"
OURS = ("secondunit_plugin.cli.main, secondunit_plugin.cli.orders", "secondunit_timeline")
ROUNDS = 15


def _seconds(modules: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", f"import {modules}"], check=True)
    return time.perf_counter() - started


def run() -> list[tuple[str, float, float]]:
    """Name, ratio and bar. The best of interleaved rounds: what else runs on the machine only ever adds."""
    rounds = [[_seconds(modules) for modules in (FLOOR, *OURS)] for _ in range(ROUNDS)]
    floor, commands, timeline = (min(times) for times in zip(*rounds, strict=True))
    return [
        (f"import of the commands of secondunit_plugin / import of {FLOOR}", commands / floor, 1.3),
        (f"import of secondunit_timeline / import of {FLOOR}", timeline / floor, 1.3),
    ]
