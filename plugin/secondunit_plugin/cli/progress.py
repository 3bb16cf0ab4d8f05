"""Orders as a person watches them: live lines on stderr, a table at the end."""

import sys
from collections.abc import Iterable
from types import TracebackType
from typing import Self, assert_never

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Column, Table
from secondunit_bridge.messages import (
    Cancelled,
    Event,
    Failed,
    Loading,
    LookChange,
    Order,
    Preview,
    Queued,
    Seam,
    Step,
    Take,
    TakeReady,
)
from secondunit_bridge.rates import format_timecode


class LiveOrders:
    """One line for each take in the making; nothing is written when `quiet`."""

    def __init__(self, quiet: bool) -> None:
        self._progress = Progress(
            TextColumn("{task.fields[what]}", markup=False),
            BarColumn(),
            TimeRemainingColumn(),
            console=Console(file=sys.stderr),
            disable=quiet,
        )
        self._lines: dict[tuple[str, int], TaskID] = {}
        self._shots: dict[str, str] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._progress.stop()

    def announce(self, order: Order) -> None:
        """Names the order's shot on its lines, where several orders are watched at once."""
        self._shots[order.id] = f"{order.shot}: "

    def show(self, event: Event) -> None:
        match event:
            case Queued():
                what = "next" if event.position == 0 else f"{event.position} orders before it"
                self._line(event.order_id, 0, f"queued: {what}")
                for warning in () if self._progress.disable else event.plan.warnings:
                    self._progress.console.print(warning, highlight=False, markup=False, style="yellow", soft_wrap=True)
            case Loading():
                self._line(event.order_id, 0, event.what)
            case Step():
                line = self._line(event.order_id, event.take, event.what)
                self._progress.update(line, completed=event.done, total=event.total)
            case TakeReady():
                line = self._line(event.order_id, event.index, event.take.record.name)
                self._progress.update(line, completed=1, total=1)
            case Failed():
                self._line(event.order_id, 0, "failed")
            case Cancelled():
                self._line(event.order_id, 0, "cancelled")
            case Preview():
                pass
            case _:
                assert_never(event)

    def work(self, name: str, done: int, total: int) -> None:
        """A line for work that is no order, such as an export."""
        self._progress.update(self._line(name, 0, name), completed=done, total=total)

    def _line(self, order: str, take: int, what: str) -> TaskID:
        if (order, take) not in self._lines:
            self._lines[order, take] = self._progress.add_task("", total=None, what="")
        line = self._lines[order, take]
        self._progress.update(line, what=self._shots.get(order, "") + what)
        return line


def _figures(measured: Seam | LookChange) -> str:
    return f"{measured.before.colour:.1f} → {measured.after.colour:.1f}"


def take_table(takes: Iterable[Take]) -> Table:
    table = Table(
        *(Column(name, no_wrap=True) for name in ("take", "reel", "timecode", "frames")), "ΔE at seams", "trusted"
    )
    for take in takes:
        record = take.record
        inside = record.fit.seams if record.fit is not None else ()
        figures = [_figures(measured) for measured in (*record.seams, *((record.look,) if record.look else ()))]
        figures += [f"{_figures(seam)} in it, frame {seam.frame.frame}" for seam in inside]
        table.add_row(
            record.name,
            record.reel,
            format_timecode(record.start, record.drop_frame),
            str(take.frames),
            "\n".join(figures) or "–",
            "placeholder" if record.placeholder else "all" if record.trusted is None else f"{record.trusted} frames",
        )
    return table
