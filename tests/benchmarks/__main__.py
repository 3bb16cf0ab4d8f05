"""`make bench`: every measure as a ratio within one run, as a table, and the same numbers into the README."""

import os
import platform
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks import diffusion, edits, frames, match, panel, prores, reading, start_up, transport

README = Path(__file__).parents[2] / "README.md"
MARKS = ("<!-- bench: begin, written by `make bench` -->", "<!-- bench: end -->")


def main() -> int:
    parts = (start_up, panel, frames, reading, edits, transport, prores, match, diffusion)
    rows = [row for part in parts for row in part.run()]
    table = Table("measure", "measured", "bar", "")
    for name, measured, bar in rows:
        table.add_row(name, f"{measured:.3g}", f"≤ {bar:g}", _missed(measured, bar))
    Console().print(table)
    lines = [f"| {name} | {measured:.3g} | {bar:g} | {_missed(measured, bar)} |" for name, measured, bar in rows]
    machine = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    head = [
        MARKS[0],
        f"{datetime.now(UTC):%Y-%m-%d}, {machine}.",
        "",
        "| measure | measured | at most | |",
        "|---|---|---|---|",
    ]
    block = "\n".join([*head, *lines, MARKS[1]])
    pattern = re.compile(re.escape(MARKS[0]) + ".*?" + re.escape(MARKS[1]), re.DOTALL)
    text = README.read_text()
    if not pattern.search(text):
        raise SystemExit(f"{README} has no place for the numbers: add the lines {MARKS[0]} and {MARKS[1]}")
    README.write_text(pattern.sub(lambda _: block, text))
    return 0 if all(measured <= bar for _, measured, bar in rows) else 1


def _missed(measured: float, bar: float) -> str:
    return "" if measured <= bar else "missed"


sys.exit(main())
