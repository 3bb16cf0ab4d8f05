"""What a newcomer finds beside the main path: ways of cutting in, export, other programs' edits, live, a mask."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from secondunit_bridge import spawn
from secondunit_timeline import read_cut, write_cut
from secondunit_timeline.edits import edit
from secondunit_timeline.index import Index
from secondunit_timeline.operations import Insert

pytest.importorskip("PyQt5.QtWidgets", reason="the extra `panel` is not installed")

from tests.end_to_end.desktop import Desk, screen
from tests.end_to_end.newcomer import Job, becomes, choose_menu, draft, names_in, of_sample, order, pictures, until
from tests.timeline.cuts import at, clip


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with screen() as display:
        yield display


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    spawn.stop(tmp_path / "unit")


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return of_sample(tmp_path / "cut")


@pytest.fixture
def desk(job: Job, display: str, home: Path) -> Iterator[Desk]:
    made = Desk(display, home, job.cut)
    try:
        made.find("Unit ready*")
        yield made
        made.close()
        assert made.process.returncode == 0
    finally:
        made.kill()


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_a_take_is_cut_in_another_way_exported_and_follows_what_another_program_does(desk: Desk, job: Job) -> None:
    order(desk, job, takes=1)
    becomes(job.edited, "A005_v001")
    desk.click("A005_v001 · not rated")
    choose_menu(desk, "Edit", "Cut in as")
    desk.find("As a take on the shot")
    desk.click("Inserted")
    until(lambda: names_in(job.edited) == ["A005", "A005_v001", "", "A006"] and gap_in(job.edited) == 16)
    assert names_in(job.edited, 1) == names_in(job.edited)

    for ending, kept in ((".xml", names_in(job.edited)), (".mlt", None)):
        target = job.cut.with_name(f"exported{ending}")
        export(desk, target)
        if kept is not None:
            assert names_in(target) == kept
        else:
            check_rendering(target, job)

    other, _ = edit(read_cut(job.cut), [Insert("V1", at(0), clip("title", 0, 7))])
    write_cut(other, job.cut.with_name("other.otio"))
    job.cut.with_name("other.otio").replace(job.cut)
    desk.find(f"{job.cut.name} was written by another program*")
    desk.hands.keys("F5")
    until(lambda: names_in(job.edited)[:3] == ["title", "A005", "A005_v001"])
    assert Index(read_cut(job.edited)).tracks[0].items[1].start == 7
    choose_menu(desk, "Edit", "Undo")
    becomes(job.edited, "A005_v001")
    assert names_in(job.edited)[0] == "A005"


def gap_in(cut: Path) -> int:
    return int(Index(read_cut(cut)).tracks[0].items[2].duration)


def export(desk: Desk, target: Path) -> None:
    """Through the list of what is lost."""
    choose_menu(desk, "File", "Export as…")
    desk.find("File name:")
    desk.hands.keys("ctrl+a")
    desk.hands.write(str(target))
    desk.hands.keys("Return")
    desk.find(f"{target.name} does not hold the whole cut:*")
    desk.find("*takes among*")
    desk.click("Save")
    desk.find(f"Exported to {target.name}.")
    desk.hands.focus("– Second Unit$")  # without a window manager nothing else does, once a dialog had the keys


def check_rendering(project: Path, job: Job) -> None:
    """As melt renders it: the shot's frames, then frames of the take, which go on from them, not black."""
    film = project.with_suffix(".mkv")
    command = ["melt", str(project), "-consumer", f"avformat:{film}", "vcodec=ffv1", "an=1", "real_time=-1"]
    subprocess.run(command, check=True, capture_output=True)
    shown, media = pictures(film), pictures(job.cut.parent / "media" / "A005.mp4")
    assert np.abs(shown[1:27] - media[3:29]).mean() < 6
    assert np.abs(shown[30] - media[29]).mean() < 12 < np.abs(shown[30]).mean()


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_a_small_draft_follows_the_order_and_a_mask_is_painted_on_the_picture(desk: Desk, job: Job) -> None:
    desk.click("Live")
    draft(desk, job, takes=1)
    desk.find("The viewer shows a small draft.")
    desk.find("live")
    desk.write_into("Frames", str(8))
    desk.find("A small draft is being made…")
    desk.find("The viewer shows a small draft.")
    desk.click("Live")
    desk.find("A small draft can follow every change.")
    assert not (job.cut.parent / "takes").exists() and not job.edited.exists()

    desk.click("A006")
    desk.find("A006, 16 frames")
    desk.rest()
    desk.choose("Task", "Make the shot again")
    desk.choose("Model", "Wan 2.1 VACE, 1.3B*")
    desk.scroll("Content", "Paint the mask on the picture")
    desk.find("the whole picture")
    desk.click("Paint the mask on the picture")
    desk.rest()
    x, y = desk.field("Viewer").middle
    desk.hands.drag((x - 60, y - 20), (x - 20, y - 40), (x + 20, y - 20), (x + 20, y + 10))
    desk.find("painted, 1 mark")
    desk.hands.keys("ctrl+z")
    desk.find("the whole picture")
    desk.hands.drag((x - 60, y - 20), (x + 20, y - 20), (x + 20, y + 10))
    desk.find("painted, 1 mark")
    desk.hands.keys("Escape")
    desk.find("painted, 1 mark")
