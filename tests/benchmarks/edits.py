"""The edit kernel on long cuts, each measure against what OTIO takes for a copy or a file of the same cut."""

import gc
import random
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import opentimelineio as otio
from secondunit_bridge.rates import FrameTime
from secondunit_timeline.diff import diff
from secondunit_timeline.edits import edit
from secondunit_timeline.index import Index
from secondunit_timeline.interchange import read_cut, write_cut
from secondunit_timeline.operations import AddTake, End, Extend, Insert, Into, Operation, Overwrite, SwapTake

RATE = Fraction(24)
CLIPS = 10_000
OPERATIONS = 1_000


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
    edited, _ = edit(cut, edits[:5])
    with TemporaryDirectory() as folder:
        written = least(lambda: round_trip(cut, Path(folder)), 3)
    rows.append(
        (
            "diff of two cuts of 10,000 clips / one written and read as .otio",
            least(lambda: diff(cut, edited)) / written,
            0.2,
        )
    )
    return rows


if __name__ == "__main__":
    print(run())  # noqa: T201
