"""The panel as somebody uses it for the first time: its own process on a screen, by what is to be read there alone."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from secondunit_bridge import spawn
from secondunit_plugin.cli.main import run

pytest.importorskip("PyQt5.QtWidgets", reason="the extra `panel` is not installed")

from tests.end_to_end.desktop import Desk, Hands, screen
from tests.end_to_end.newcomer import (
    Job,
    becomes,
    check_film,
    choose_menu,
    kill_unit,
    names_in,
    of_footage,
    of_sample,
    order,
    taken,
    takes_in,
    until,
)


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with screen() as display:
        yield display


@pytest.fixture(params=["sample", "footage"])
def job(request: pytest.FixtureRequest, tmp_path: Path) -> Job:
    folder = tmp_path / "cut"
    return of_sample(folder) if request.param == "sample" else of_footage(folder, request.getfixturevalue("footage"))


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    spawn.stop(tmp_path / "unit")


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_takes_are_ordered_chosen_cut_in_and_survive_every_crash(job: Job, display: str, home: Path) -> None:
    before = job.cut.read_bytes()
    desk = Desk(display, home, job.cut)
    try:
        desk.find("Unit ready*")
        order(desk, job)
        a_slug_stands_until_its_take_is_there(desk, job)
        choose(desk, job)
        desk.click("Cut in")
        becomes(job.edited, f"{job.shot}_v002")
        for takes in ([f"{job.shot}_v001"], []):
            choose_menu(desk, "Edit", "Undo")
            becomes(job.edited, *takes)
        assert names_in(job.edited) == names_in(job.cut)
        for takes in ([f"{job.shot}_v001"], [f"{job.shot}_v002"]):
            choose_menu(desk, "Edit", "Redo")
            becomes(job.edited, *takes)
        order(desk, job)
        kill_unit(home)
        desk.kill()
        desk = Desk(display, home, job.cut)
        what_was_killed_is_there(desk, job)
        desk.close()
        assert desk.process.returncode == 0
    finally:
        desk.kill()
    assert job.cut.read_bytes() == before
    film = home / "film.mp4"
    assert run(["export", str(job.edited), "-o", str(film)]) == 0
    check_film(film, job, taken(job.edited, job))


def a_slug_stands_until_its_take_is_there(desk: Desk, job: Job) -> None:
    slug = f"{job.shot} (slug)"
    desk.find(f"{slug[:8]}*")  # as much as the clip has room for
    until(lambda: job.edited.exists() and names_in(job.edited)[1] == slug)
    desk.click("Pending")
    desk.find(f"Slug for {job.shot} on V1*")
    desk.click("Takes", beside="Queue")
    becomes(job.edited, f"{job.shot}_v001")
    desk.find(f"{job.shot}_v001 is in the cut, where its slug was.")


def choose(desk: Desk, job: Job) -> None:
    """The second take, after a look at it beside the camera frames."""
    desk.click(f"{job.shot}_v002")
    desk.hands.keys("s")
    desk.find(f"{job.shot}_v002 · starred")
    desk.click("Compare")
    desk.click("Wipe")
    desk.find("Compared with")
    desk.click("Difference")
    desk.find("differs by * of 255 *")
    desk.hands.do("keydown", "f")
    desk.gone("differs by * of 255 *")
    desk.hands.do("keyup", "f")
    desk.find("differs by * of 255 *")
    desk.hands.keys("Escape")
    desk.gone("Compared with")


def what_was_killed_is_there(desk: Desk, job: Job) -> None:
    """The cut with its steps, and every take that was ordered: those of the second order lie beside the first ones."""
    for number in (1, 2, 3, 4):
        desk.find(f"{job.shot}_v00{number}")
    assert takes_in(job.edited) == [f"{job.shot}_v002"]
    choose_menu(desk, "Edit", "Undo")
    becomes(job.edited, f"{job.shot}_v001")
    choose_menu(desk, "Edit", "Redo")
    becomes(job.edited, f"{job.shot}_v002")
    desk.click(f"{job.shot}_v004")
    desk.click("Cut in")
    becomes(job.edited, f"{job.shot}_v004")
    assert len(names_in(job.edited)) == len(names_in(job.cut)) + 1


@pytest.mark.long
@pytest.mark.timeout(600)
def test_the_command_alone_by_its_keys(display: str, home: Path, tmp_path: Path) -> None:
    """Nothing but `secondunit panel` and a keyboard: the title and the files are all that is looked at."""
    job = of_sample(tmp_path / "cut")
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
            until(lambda: job.edited.exists() and f"{job.shot} (slug)" in names_in(job.edited))
            becomes(job.edited, f"{job.shot}_v001")
            hands.keys("ctrl+z")
            becomes(job.edited)
            hands.keys("ctrl+shift+z")
            becomes(job.edited, f"{job.shot}_v001")
            hands.keys("ctrl+q")
            assert panel.wait(30) == 0
        finally:
            panel.kill()
