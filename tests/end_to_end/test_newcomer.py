"""The panel as somebody uses it for the first time: its own process on a screen, by what is to be read there alone."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from secondunit_bridge import spawn
from secondunit_bridge.media.record import extract
from secondunit_bridge.wire import record_from_json
from secondunit_plugin.cli.main import run
from secondunit_plugin.demo import sample
from secondunit_timeline import read_cut
from secondunit_timeline.index import Index

pytest.importorskip("PyQt5.QtWidgets", reason="the extra `panel` is not installed")

from tests.end_to_end.desktop import SECONDS, Desk, Hands, screen

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


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with screen() as display:
        yield display


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


def of_sample(cut: Path) -> Job:
    return Job(cut, "A005", 24, None, 4, ((0, "media/A005.mp4", 2, 28), (40, "media/A006.mp4", 2, 16)))


@pytest.fixture(params=["sample", "footage"])
def job(request: pytest.FixtureRequest, tmp_path: Path) -> Job:
    folder = tmp_path / "cut"
    if request.param == "sample":
        return of_sample(short_sample(folder))
    footage: Path = request.getfixturevalue("footage")
    folder.mkdir()
    shutil.copy(footage / "e01_own_media.otio", folder)
    for clip in footage.glob("s07[abcd]_*"):
        (folder / clip.name).symlink_to(clip)
    film = ((0, "s07a_tos_shot01.webm", 0, 52), (64, "s07b_tos_shot02.webm", 0, 70))
    return Job(folder / "e01_own_media.otio", "A001", 52, "move what follows", 0, film)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    spawn.stop(tmp_path / "unit")


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_takes_are_ordered_chosen_cut_in_and_survive_every_crash(job: Job, display: str, home: Path) -> None:
    before = job.cut.read_bytes()
    edited = job.cut.with_name(f"{job.cut.stem}_edit01.otio")
    desk = Desk(display, home, job.cut)
    try:
        desk.find("Unit ready*")
        order(desk, job)
        choose(desk, job)
        desk.click("Cut in")
        until(lambda: edited.exists() and takes_in(edited) == [f"{job.shot}_v002"])
        desk.click("Edit")
        desk.click("Undo")
        until(lambda: takes_in(edited) == [])
        order(desk, job)
        kill_unit(home)
        desk.kill()
        desk = Desk(display, home, job.cut)
        for number in range(1, 2 * TAKES + 1):
            desk.find(f"{job.shot}_v00{number}")
        desk.click(f"{job.shot}_v004")
        again = job.cut.with_name(f"{job.cut.stem}_edit02.otio")
        desk.click("Cut in")
        until(lambda: again.exists() and takes_in(again) == [f"{job.shot}_v004"])
        desk.close()
        assert desk.process.returncode == 0
    finally:
        desk.kill()
    assert job.cut.read_bytes() == before
    film = home / "film.mp4"
    assert run(["export", str(again), "-o", str(film)]) == 0
    check_film(film, job, taken(again, job))


def order(desk: Desk, job: Job) -> None:
    """Until the first preview is seen."""
    desk.click(job.shot)
    desk.find(f"{job.shot}, {job.used} frames")
    if job.room is not None:
        desk.choose("Room", job.room)
    desk.write_into("Frames", str(FRAMES))
    desk.write_into("Number of takes", str(TAKES))
    desk.find(f"* {TAKES} takes *memory")
    desk.click("Order takes")
    desk.find("take 1 in the making*")


def choose(desk: Desk, job: Job) -> None:
    """The second take, after a look at it beside the camera frames."""
    desk.click(f"{job.shot}_v002")
    desk.hands.keys("s")
    desk.find(f"{job.shot}_v002 · starred")
    desk.click("Compare")
    desk.click("Wipe")
    desk.find("Compared with")
    desk.click("Difference")
    desk.hands.keys("Escape")
    desk.gone("Compared with")


def until(reached: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.1)


def takes_in(cut: Path) -> list[str]:
    names = [item.child.name for item in Index(read_cut(cut)).tracks[0].items]
    return [name for name in names if "_v0" in name]


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
    record = record_from_json(extract(path))
    slot = record.order.slot
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


@pytest.mark.long
@pytest.mark.timeout(600)
def test_the_command_alone_by_its_keys(display: str, home: Path, tmp_path: Path) -> None:
    """Nothing but `secondunit panel` and a keyboard: the title and the files are all that is looked at."""
    job = of_sample(short_sample(tmp_path / "cut"))
    env = os.environ | {
        **{"DISPLAY": display, "QT_QPA_PLATFORM": "xcb"},
        **{"SECONDUNIT_HOME": str(home / "unit"), "SECONDUNIT_PANEL": str(home / "panel")},
    }
    command = [sys.executable, "-m", "secondunit_plugin", "panel", str(job.cut)]
    hands = Hands(display)
    with subprocess.Popen(command, env=env) as panel:
        try:
            hands.focus(f"^{job.cut.name}")
            until(lambda: spawn.find(home / "unit") is not None)
            time.sleep(5)  # until the panel has greeted it
            hands.keys("ctrl+f")
            hands.write(f"{job.shot},")
            hands.keys("Down", "Return")
            hands.keys("ctrl+Return")
            until(lambda: any((job.cut.parent / "takes").glob("*.mov")))
            edited = job.cut.with_name(f"{job.cut.stem}_edit01.otio")
            while not edited.exists():  # the panel hears of the take a moment later
                hands.keys("ctrl+shift+Return")
                time.sleep(3)
            until(lambda: edited.exists() and takes_in(edited) == [f"{job.shot}_v001"])
            hands.keys("ctrl+q")
            assert panel.wait(30) == 0
        finally:
            panel.kill()
