"""The edit kernel on long cuts, each measure against what OTIO takes on the same cut; and how it grows with the cut.

`python -m tests.benchmarks.edits` runs these alone. The growth is plotted into docs/images/growth.svg.
"""

import gc
import math
import random
import time
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import opentimelineio as otio
from secondunit_bridge.rates import FrameTime
from secondunit_timeline.changes import Edit
from secondunit_timeline.diff import diff
from secondunit_timeline.edits import edit, plan
from secondunit_timeline.index import Index
from secondunit_timeline.interchange import read_cut, write_bytes, write_cut
from secondunit_timeline.operations import AddTake, End, Extend, Insert, Into, Operation, Overwrite, SwapTake

RATE = Fraction(24)
CLIPS = 10_000
OPERATIONS = 1_000
SIZES = (1_000, 3_000, 10_000, 30_000, 100_000)
PLOT = Path(__file__).parents[2] / "docs" / "images" / "growth.svg"


def cut_of(clips: int) -> otio.schema.Timeline:
    cut = otio.schema.Timeline("long", global_start_time=otio.opentime.RationalTime(86400, 24))
    track = otio.schema.Track("V1")
    track.extend([clip(f"shot {number}", 40) for number in range(clips)])
    cut.tracks.append(track)
    return cut


def clip(name: str, frames: int) -> otio.schema.Clip:
    def times(start: int, duration: int) -> otio.opentime.TimeRange:
        return otio.opentime.TimeRange(otio.opentime.RationalTime(start, 24), otio.opentime.RationalTime(duration, 24))

    media = otio.schema.ExternalReference(f"/media/{name}.mov", times(0, frames + 24))
    return otio.schema.Clip(name, media, times(12, frames))


def operations(seed: int = 1) -> list[Operation]:
    """Every kind that changes clips, at random places, as often as every other."""
    choose = random.Random(seed)
    made: list[Operation] = []
    for number in range(OPERATIONS):
        at = FrameTime(choose.randrange(CLIPS * 40), RATE)
        new = clip(f"take {number}", choose.randrange(10, 90))
        kinds: tuple[Operation, ...] = (
            Overwrite("V1", at, new),
            Insert("V1", at, new),
            Extend("V1", at, choose.choice(list(End)), 0, new, choose.choice((Into.RIPPLE, Into.OVER))),
            AddTake("V1", at, f"take.{number}", new.media_reference),
            SwapTake("V1", at, "DEFAULT_MEDIA"),
        )
        made.append(kinds[number % len(kinds)])
    return made


def seconds(work: Callable[[], object]) -> float:
    """Processor time: both sides are one thread without input or output, and other programs do not count."""
    gc.collect()
    start = time.process_time()
    work()
    return time.process_time() - start


def least(work: Callable[[], object], rounds: int = 5) -> float:
    return min(seconds(work) for _ in range(rounds))


def round_trip(cut: otio.schema.Timeline, folder: Path) -> None:
    write_cut(cut, folder / "cut.otio")
    read_cut(folder / "cut.otio")


def overwritten(cut: otio.schema.Timeline, at: int, new: otio.schema.Clip) -> otio.schema.Timeline:
    """An overwrite as OTIO's own calls do it, on a copy, within a clip or from one into the next."""
    done = cut.deepcopy()
    track = done.tracks[0]
    start = otio.opentime.RationalTime(at, 24)
    end = start + new.duration()
    first, last = (track.child_at_time(time, shallow_search=True) for time in (start, end))
    lo, hi = track.index(first), track.index(last)
    head = start - first.range_in_parent().start_time
    tail = end - last.range_in_parent().start_time
    rest = last.deepcopy()
    times = last.source_range
    rest.source_range = otio.opentime.TimeRange(times.start_time + tail, times.duration - tail)
    first.source_range = otio.opentime.TimeRange(first.source_range.start_time, head)
    track[lo + 1 : hi + 1] = [new.deepcopy(), rest]
    return done


def planned(cut: otio.schema.Timeline, operations: list[Operation]) -> Edit:
    return plan(Index(cut), operations)


def growth() -> dict[str, list[float]]:
    """Seconds for each of SIZES."""
    found: dict[str, list[float]] = {"index": [], "plan": [], "edit": [], "diff": []}
    for clips in SIZES:
        cut = cut_of(clips)
        middle: list[Operation] = [Overwrite("V1", FrameTime(clips * 20 + 5, RATE), clip("new", 30))]
        edited, _ = edit(cut, middle)
        works: dict[str, Callable[[], object]] = {
            "index": partial(Index, cut),
            "plan": partial(planned, cut, middle),
            "edit": partial(edit, cut, middle),
            "diff": partial(diff, cut, edited),
        }
        for name, work in works.items():
            found[name].append(least(work, 3 if clips > CLIPS else 7))
    return found


def plot(found: dict[str, list[float]]) -> str:
    """Both axes logarithmic, so that a slope is an exponent; a line of slope 1 for comparison."""
    width, height, left, top = 640, 400, 60, 30
    low = math.floor(math.log10(min(map(min, found.values()))))
    high = math.ceil(math.log10(max(map(max, found.values()))))

    def x(clips: float) -> float:
        return left + (math.log10(clips) - 3) / 2 * (width - left - 110)

    def y(seconds: float) -> float:
        return top + (high - math.log10(seconds)) / (high - low) * (height - top - 50)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"',
        ' font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    for power in range(low, high + 1):
        at = y(10.0**power)
        parts.append(f'<path d="M{left} {at:.1f}H{x(1e5):.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{left - 8}" y="{at + 4:.1f}" text-anchor="end">{10.0**power:g} s</text>')
    for clips in SIZES:
        at = x(clips)
        parts.append(f'<path d="M{at:.1f} {top}V{height - 50}" stroke="#ddd"/>')
        parts.append(f'<text x="{at:.1f}" y="{height - 32}" text-anchor="middle">{clips:,}</text>')
    parts.append(f'<text x="{x(1e4):.1f}" y="{height - 12}" text-anchor="middle">clips in the cut</text>')
    parts.append(
        f'<path d="M{x(1e3):.1f} {y(10.0**low):.1f}L{x(1e5):.1f} {y(10.0 ** (low + 2)):.1f}" '
        'stroke="#999" stroke-dasharray="4"/>'
    )
    labels: list[tuple[float, str, str]] = []
    for (name, times), colour in zip(found.items(), ("#0b6e4f", "#1f4e9c", "#b3541e", "#7a1f5c"), strict=True):
        points = " ".join(f"{x(clips):.1f},{y(time):.1f}" for clips, time in zip(SIZES, times, strict=True))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        labels.append((y(times[-1]) + 4, f"{name}: n^{exponent(times):.2f}", colour))
    below = 0.0
    for at, label, colour in sorted(labels):
        below = max(at, below + 14)
        parts.append(f'<text x="{x(1e5) + 8:.1f}" y="{below:.1f}" fill="{colour}">{label}</text>')
    return "\n".join([*parts, "</svg>", ""])


def exponent(times: list[float]) -> float:
    return math.log(times[-1] / times[0]) / math.log(SIZES[-1] / SIZES[0])


def run() -> list[tuple[str, float, float]]:
    """(name, measured ratio, bar); the least of several runs on each side."""
    cut, edits = cut_of(CLIPS), operations()
    rounds = [(seconds(cut.deepcopy), seconds(lambda: edit(cut, edits))) for _ in range(9)]
    copy, whole = (min(side) for side in zip(*rounds, strict=True))
    rows = [("1,000 operations in one edit of 10,000 clips / one deepcopy", whole / copy, 2.0)]
    for clips in (10_000, 100_000):
        large = cut if clips == CLIPS else cut_of(clips)
        # In turns, and the least of each: other programs slow both sides down.
        turns = [
            (seconds(large.tracks[0].range_of_all_children), seconds(lambda large=large: Index(large)))  # type: ignore[misc]
            for _ in range(5)
        ]
        ranges, index = (min(side) for side in zip(*turns, strict=True))
        rows.append((f"index of {clips:,} clips / range_of_all_children", index / ranges, 1.5))
    for clips in (10_000, 100_000):
        large, new, at = (cut if clips == CLIPS else cut_of(clips)), clip("new", 30), clips * 20 + 25
        middle: list[Operation] = [Overwrite("V1", FrameTime(at, RATE), new)]
        same = edit(large, middle)[0].is_equivalent_to(overwritten(large, at, new))
        assert same, "both sides have to do the same"
        turns = [
            (seconds(partial(overwritten, large, at, new)), seconds(partial(planned, large, middle))) for _ in range(5)
        ]
        naive, ours = (min(side) for side in zip(*turns, strict=True))
        rows.append((f"overwrite in {clips:,} clips, index and plan / OTIO's calls on a copy", ours / naive, 0.1))
    edited, _ = edit(cut, edits[:5])
    with TemporaryDirectory() as folder:
        written = least(lambda: round_trip(cut, Path(folder)), 3)
    compared = least(lambda: diff(cut, edited))
    rows.append(("diff of two cuts of 10,000 clips / one written and read as .otio", compared / written, 0.2))
    found = growth()
    PLOT.parent.mkdir(exist_ok=True)
    write_bytes(PLOT, plot(found).encode())
    for name, times in found.items():
        rows.append((f"exponent by which {name} grows from 1,000 to 100,000 clips", exponent(times), 1.2))
    return rows


if __name__ == "__main__":
    for name, measured, bar in run():
        print(f"{measured:8.3g}  at most {bar:g}  {name}")  # noqa: T201
