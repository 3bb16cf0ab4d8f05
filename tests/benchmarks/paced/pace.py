"""How long each step waits."""

import time
from pathlib import Path

SECONDS = 0.21
"""Previews are sent every 0.2 s at most."""
BEGINNINGS = "SECONDUNIT_BENCHMARK_STEPS"
"""The environment names the file that gets a line for each step: the time at which it begins, see `running`."""


def running() -> float:
    """Seconds on a clock that stands still while this thread waits for a core that another thread has.

    Sleep and waits for locks, pipes and the interpreter count. Elsewhere than on Linux, time as it is.
    """
    waits = Path("/proc/thread-self/schedstat")  # nanoseconds: at work, waiting for a core
    waited = int(waits.read_text().split()[1]) if waits.exists() else 0
    return time.monotonic() - waited / 1e9
