"""The panel as somebody uses it for the first time: its own process on a screen, by what is to be read there alone."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from secondunit_bridge import spawn
from secondunit_bridge.media.record import extract
from secondunit_plugin.demo import sample
from secondunit_timeline import read_cut
from secondunit_timeline.index import Index
from secondunit_timeline.takes import placed_takes

pytest.importorskip("PyQt5.QtWidgets", reason="the extra `panel` is not installed")

from tests.end_to_end.desktop import Desk, screen

TAKES = 2


@dataclass(frozen=True, slots=True)
class Job:
    """A cut, the shot to be made longer by `frames`, and what makes room for them, where that has to be said."""

    cut: Path
    shot: str
    shot_frames: int
    frames: int
    room: str | None
    media: dict[str, str]
    """What stands around the take, by its name in the cut: the shot, and the one behind."""


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with screen() as display:
        yield display


@pytest.fixture(scope="module")
def sample_cut(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The last two shots of the project's own sample, shorter, and the gap between them."""
    rolls = {roll.name: roll for roll in sample.ROLLS}
    short = (
        replace(rolls["A005"], frames=30, first=2, used=24),
        replace(rolls["A006"], frames=30, first=2, used=24),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sample, "ROLLS", short)
        return sample.make_sample(tmp_path_factory.mktemp("sample"), lambda _done, _total: None)


@pytest.fixture(params=["sample", "footage"])
def job(request: pytest.FixtureRequest, tmp_path: Path) -> Job:
    if request.param == "sample":
        cut: Path = request.getfixturevalue("sample_cut")
        shutil.copytree(cut.parent, tmp_path / "cut")
        return Job(tmp_path / "cut" / cut.name, "A005", 24, 12, None, {})
    footage: Path = request.getfixturevalue("footage")
    (tmp_path / "cut").mkdir()
    for one in ("e01_own_media.otio", *(path.name for path in footage.glob("s07[abcd]_*"))):
        (tmp_path / "cut" / one).symlink_to(footage / one)
    return Job(tmp_path / "cut" / "e01_own_media.otio", "A001", 52, 12, "move what follows", {})


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    spawn.stop(tmp_path / "unit")


def test_a_shot_is_made_longer_by_what_is_read_on_the_screen(job: Job, display: str, home: Path) -> None:
    before = job.cut.read_bytes()
    desk = Desk(display, home, job.cut)
    try:
        desk.find("Unit ready*")
        desk.click(job.shot)
        desk.find(f"{job.shot}, {job.shot_frames} frames")
        if job.room is not None:
            desk.choose("Room", job.room)
        desk.write_into("Frames", str(job.frames))
        desk.write_into("Number of takes", str(TAKES))
        desk.find(f"*{TAKES} takes*memory*")
        desk.click("Order takes")
        desk.find("take 1 in the making*")
        for number in range(1, TAKES + 1):
            desk.find(f"{job.shot}_v00{number}")
    finally:
        desk.kill()
    assert job.cut.read_bytes() == before
