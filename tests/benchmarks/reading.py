"""Reading .otio files, checks and normalisation included, against OTIO's own reader on the same file."""

import gc
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import opentimelineio as otio
from secondunit_timeline.interchange import read_cut, write_cut

CLIPS = 10_000


def cut_of(clips: int, rate: float, effects: int) -> otio.schema.Timeline:
    """`effects`: slots on every clip, with the metadata that Resolve writes into them."""

    def times(start: int, duration: int) -> otio.opentime.TimeRange:
        return otio.opentime.TimeRange(
            otio.opentime.RationalTime(start, rate), otio.opentime.RationalTime(duration, rate)
        )

    slots = [
        {"Effect Name": f"slot {number}", "Enabled": True, "Name": "", "Parameters": [], "Type": number}
        for number in range(effects)
    ]
    cut = otio.schema.Timeline("long", global_start_time=otio.opentime.RationalTime(86400, rate))
    track = otio.schema.Track("V1")
    for number in range(clips):
        media = otio.schema.ExternalReference(f"/media/{number}.mov", times(86400, 64))
        clip = otio.schema.Clip(
            f"shot {number}", media, times(86412, 40), metadata={"Resolve_OTIO": {"Link Group ID": 1}}
        )
        clip.effects.extend([otio.schema.Effect("", "Resolve Effect", {"Resolve_OTIO": slot}) for slot in slots])
        track.append(clip)
    cut.tracks.append(track)
    return cut


def seconds(work: Callable[[], object]) -> float:
    """Processor time, since the machine may be busy with other things."""
    gc.collect()
    start = time.process_time()
    work()
    return time.process_time() - start


def ratio(path: Path) -> float:
    """The least of several runs of each, in turns."""
    turns = [
        (
            seconds(lambda: read_cut(path)),
            seconds(lambda: otio.adapters.read_from_string(path.read_text(), "otio_json")),
        )
        for _ in range(7)
    ]
    ours, theirs = (min(side) for side in zip(*turns, strict=True))
    return ours / theirs


def run() -> list[tuple[str, float, float]]:
    """(name, measured ratio, bar)"""
    rows = []
    for name, rate, clips, effects in (
        ("10,000 clips", 24.0, CLIPS, 0),
        ("10,000 clips at 23.976 as a decimal", 23.976, CLIPS, 0),
        ("1,000 clips with twelve Resolve effects each", 24.0, CLIPS // 10, 12),
    ):
        with TemporaryDirectory() as folder:
            path = Path(folder) / "cut.otio"
            write_cut(cut_of(clips, rate, effects), path)
            rows.append((f"read .otio of {name} / otio.adapters.read_from_string", ratio(path), 3.0))
    return rows


if __name__ == "__main__":
    print(run())  # noqa: T201
