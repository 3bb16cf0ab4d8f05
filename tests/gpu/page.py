"""The tables of docs/performance.md between its marks."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from tests.gpu.measures import STANDARD, STOCK, Row

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"
MARKS = ("<!-- gpu: begin, written by `make gpu` -->", "<!-- gpu: end -->")
PLAN_WITHIN = 0.15
FASTER, FASTER_WITH_CACHE, LESS_MEMORY = 1.5, 2.5, 0.7


def block(head: str, rows: Iterable[Row], left_out: Mapping[str, str]) -> str:
    """`head`: the date, device and versions. `left_out`: models and why they were not measured."""
    rows = tuple(rows)
    return "\n".join(
        [
            head,
            "",
            "| model, tier | through | size, frames | s/step | s/take | first preview, s | peak, GB | plan / peak |",
            "|---|---|---|---|---|---|---|---|",
            *(_line(row) for row in rows),
            "",
            "| model | against diffusers alone | measured | aim | |",
            "|---|---|---|---|---|",
            *(
                f"| {model} | {what} | {measured:.2f} | {'≥' if more else '≤'} {aim:g} | "
                f"{'' if (measured >= aim if more else measured <= aim) else 'missed'} |"
                for model, what, measured, aim, more in aims(rows)
            ),
            *(["", *(f"- {model} is not measured: {why}." for model, why in left_out.items())] if left_out else []),
        ]
    )


def _line(row: Row) -> str:
    through = row.options if row.options == STOCK else " + ".join(filter(None, ("the engine", row.options)))
    cells = [
        f"{row.model}, {row.tier}",
        through,
        f"{row.width}×{row.height}, {row.frames}",
        f"{row.step:.3g}",
        f"{row.seconds:.3g}",
        "" if row.preview is None else f"{row.preview:.3g}",
        "" if row.peak is None else f"{row.peak / 1e9:.1f}",
        "" if (share := plan_share(row)) is None else f"{share:.2f}",
    ]
    return f"| {' | '.join(cells)} |"


def plan_share(row: Row) -> float | None:
    return row.planned / row.peak if row.planned is not None and row.peak else None


def aims(rows: Iterable[Row]) -> Iterator[tuple[str, str, float, float, bool]]:
    """Model, what, measured, aim, whether more is better."""
    rows = tuple(rows)
    standard = {(row.model, row.options): row for row in rows if row.tier == STANDARD}
    for (model, options), row in standard.items():
        alone = standard.get((model, STOCK))
        if alone is None or options == STOCK:
            continue
        aim = FASTER_WITH_CACHE if options.startswith("cache ") else FASTER
        yield model, f"speed of a step, {options or 'as it comes'}", alone.step / row.step, aim, True
        if not options and alone.peak and row.peak:
            yield model, "peak memory", row.peak / alone.peak, LESS_MEMORY, False


def written(page: Path, text: str) -> None:
    found = page.read_text(encoding="utf-8")
    pattern = re.compile(re.escape(MARKS[0]) + ".*?" + re.escape(MARKS[1]), re.DOTALL)
    if not pattern.search(found):
        raise SystemExit(f"{page} has no place for the tables: add the lines {MARKS[0]} and {MARKS[1]}")
    page.write_text(pattern.sub(lambda _: f"{MARKS[0]}\n{text}\n{MARKS[1]}", found), encoding="utf-8")
