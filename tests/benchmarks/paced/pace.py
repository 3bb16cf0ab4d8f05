"""How long each step waits."""

SECONDS = 0.21
"""Previews are sent every 0.2 s at most."""
BEGINNINGS = "SECONDUNIT_BENCHMARK_STEPS"
"""The environment names the file that gets a line with the time at which each step begins."""
