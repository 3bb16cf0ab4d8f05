"""What a newcomer's tests share: a cut and the shot that is to be longer, and what a person does with both."""

import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from secondunit_bridge import spawn
from secondunit_bridge.media.record import extract
from secondunit_bridge.wire import record_from_json
from secondunit_plugin.demo import sample
from secondunit_timeline import read_cut
from secondunit_timeline.index import Index

from tests.end_to_end.desktop import SECONDS, Desk

TAKES = 2
FRAMES = 12
Stretch = tuple[int, str, int, int]
"""Of a film: its first frame, a file, the first frame of that, and how many."""


@dataclass(frozen=True, slots=True)
class Job:
    """A cut, and its shot that is to be made longer by FRAMES.

    `room`: what makes room, where that has to be said. `own`: so many of the frames are camera frames that the shot has
    left. `film`: what of camera frames has to be seen at the end.
    """

    cut: Path
    shot: str
    used: int
    room: str | None
    own: int
    film: tuple[Stretch, ...]

    @property
    def edited(self) -> Path:
        return self.cut.with_name(f"{self.cut.stem}_edit01.otio")


def short_sample(folder: Path) -> Path:
    """The last two shots of the project's own sample, shorter, and the gap between them."""
    rolls = {roll.name: roll for roll in sample.ROLLS}
    short = (
        replace(rolls["A005"], frames=30, first=2, used=24),
        replace(rolls["A006"], frames=20, first=2, used=16),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sample, "ROLLS", short)
        return sample.make_sample(folder, lambda _done, _total: None)


def of_sample(folder: Path) -> Job:
    film = ((0, "media/A005.mp4", 2, 28), (40, "media/A006.mp4", 2, 16))
    return Job(short_sample(folder), "A005", 24, None, 4, film)


def of_footage(folder: Path, footage: Path) -> Job:
    folder.mkdir()
    shutil.copy(footage / "e01_own_media.otio", folder)
    for clip in footage.glob("s07[abcd]_*"):
        (folder / clip.name).symlink_to(clip)
    film = ((0, "s07a_tos_shot01.webm", 0, 52), (64, "s07b_tos_shot02.webm", 0, 70))
    return Job(folder / "e01_own_media.otio", "A001", 52, "move what follows", 0, film)


def draft(desk: Desk, job: Job, takes: int = TAKES) -> None:
    """Until the panel has said what the order takes."""
    desk.click(job.shot)
    desk.find(f"{job.shot}, * frames")
    if job.room is not None:
        desk.choose("Room", job.room)
    desk.write_into("Frames", str(FRAMES))
    if takes > 1:
        desk.write_into("Number of takes", str(takes))
        desk.find(f"* {takes} takes *memory")
    else:
        desk.find("*frames · about *memory")


def order(desk: Desk, job: Job, takes: int = TAKES) -> None:
    """Until the first preview is seen."""
    draft(desk, job, takes)
    desk.click("Order takes")
    desk.find("take 1 in the making*")


def choose_menu(desk: Desk, *entries: str) -> None:
    for entry in entries:
        desk.click(entry)


def until(reached: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.1)


def names_in(cut: Path, track: int = 0) -> list[str]:
    return [item.child.name for item in Index(read_cut(cut)).tracks[track].items]


def takes_in(cut: Path) -> list[str]:
    return [name for name in names_in(cut) if "_v0" in name]


def becomes(cut: Path, *takes: str) -> None:
    """Waits until the cut plays these takes."""
    until(lambda: cut.exists() and takes_in(cut) == list(takes))


def kill_unit(home: Path) -> None:
    address = spawn.find(home / "unit")
    assert address is not None
    process = spawn.process_of(address.pid, address.created)
    assert process is not None
    process.kill()


def taken(cut: Path, job: Job) -> Stretch:
    """What has to be seen of the take that is in the cut."""
    (name,) = takes_in(cut)
    (path,) = (job.cut.parent / "takes").rglob(f"*{name}*.mov")
    slot = record_from_json(extract(path)).order.slot
    assert slot.frames == FRAMES - job.own
    return job.used + job.own, str(path), slot.head, slot.frames


def check_film(film: Path, job: Job, take: Stretch) -> None:
    """The frames are the right ones: more like what they have to be than like the frames beside those."""
    shown = pictures(film)
    for first, file, start, count in (*job.film, take):
        media = pictures(job.cut.parent / file)
        seen = shown[first : first + count]
        assert len(seen) == count
        apart = {by: np.abs(seen[1:-1] - media[start + 1 + by : start + count - 1 + by]).mean() for by in (-1, 0, 1)}
        assert apart[0] < 4 and apart[0] == min(apart.values()), (file, apart)


def pictures(media: Path) -> NDArray[np.float32]:
    """Every frame as the ffmpeg program shows it, small and grey."""
    command = ["ffmpeg", "-v", "error", "-i", str(media), "-vf", "scale=128:72,format=gray", "-fps_mode", "passthrough"]
    raw = subprocess.run([*command, "-f", "rawvideo", "-"], capture_output=True, check=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, 72, 128).astype(np.float32)
