"""The contact sheet shows the right frames in the right places."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from secondunit_bridge.rates import FrameTime
from secondunit_plugin.demo.contact import COLUMNS, THUMB, Moment, contact_sheet
from secondunit_plugin.demo.lettering import lettering, text_width
from secondunit_plugin.demo.stills import CutFrames

RATE = Fraction(24)
START = FrameTime(86400, RATE)


def read(path: Path) -> NDArray[np.uint8]:
    with av.open(str(path)) as file:
        return np.asarray(next(file.decode(video=0)).to_ndarray(format="rgb24"), np.uint8)


def numbered(frames: int, blue: int, height: int = 90) -> CutFrames:
    """Frame n is a flat picture with red 4 n of 255."""

    def frame(n: int) -> NDArray[np.uint16]:
        assert 0 <= n < frames
        picture = np.zeros((height, 160, 3), np.uint16)
        picture[:, :, 0], picture[:, :, 2] = n * 4 * 257, blue * 257
        return picture

    return CutFrames(frame, frames)


def flat_runs(sheet: NDArray[np.uint8], blue: int) -> tuple[list[int], list[tuple[int, int]]]:
    """Red codes of the frames with this `blue`, left to right, and the rows they fill."""
    inside = (np.abs(sheet[:, :, 2].astype(int) - blue) <= 1) & (sheet[:, :, 1] <= 1)
    rows = np.flatnonzero(inside.sum(axis=1) >= THUMB)
    bands = np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1)
    reds = []
    for band in bands:
        line = sheet[band[len(band) // 2]].astype(int)
        there = np.flatnonzero(inside[band[len(band) // 2]])
        runs = np.split(there, np.flatnonzero(np.diff(there) > 1) + 1)
        reds += [int(line[run[THUMB // 2], 0]) for run in runs if run.size == THUMB]
    return reds, [(int(band[0]), int(band[-1])) for band in bands]


def test_seven_frames_round_each_seam_the_new_cut_beneath_the_old(tmp_path: Path) -> None:
    moments = [
        Moment("Join", FrameTime(20, RATE), FrameTime(24, RATE)),
        Moment("Match", FrameTime(30, RATE), FrameTime(34, RATE), step=4, seam=False),
    ]
    contact_sheet(numbered(60, 200), numbered(60, 100), moments, tmp_path / "contact.png", start=START)
    sheet = read(tmp_path / "contact.png")
    old, old_rows = flat_runs(sheet, 200)
    new, new_rows = flat_runs(sheet, 100)
    assert [round(red / 4) for red in old] == [17, 18, 19, 20, 21, 22, 23, 18, 22, 26, 30, 34, 38, 42]
    assert [round(red / 4) for red in new] == [21, 22, 23, 24, 25, 26, 27, 22, 26, 30, 34, 38, 42, 46]
    assert old_rows[0][1] < new_rows[0][0] < old_rows[1][0] < new_rows[1][0]
    assert all(bottom - top + 1 == THUMB * 90 // 160 for top, bottom in [*old_rows, *new_rows])


def test_the_seam_is_marked_between_the_frames_it_parts(tmp_path: Path) -> None:
    moment = Moment("Join", FrameTime(20, RATE), FrameTime(20, RATE))
    contact_sheet(numbered(60, 200), numbered(60, 100), [moment], tmp_path / "contact.png", start=START)
    sheet = read(tmp_path / "contact.png").astype(int)
    marked = (sheet[:, :, 0] > 240) & (np.abs(sheet[:, :, 1] - 168) < 12) & (sheet[:, :, 2] < 80)
    columns = np.flatnonzero(marked.sum(axis=0) > 300)
    row = flat_runs(sheet.astype(np.uint8), 200)[1][0][0] + 20
    before, after = sheet[row, columns[0] - 8], sheet[row, columns[-1] + 8]
    assert (round(before[0] / 4), round(after[0] / 4)) == (19, 20)


def test_places_outside_a_cut_stay_empty(tmp_path: Path) -> None:
    moment = Moment("At the end", FrameTime(10, RATE), FrameTime(2, RATE))
    contact_sheet(numbered(11, 200), numbered(60, 100), [moment], tmp_path / "contact.png", start=START)
    sheet = read(tmp_path / "contact.png")
    assert [round(red / 4) for red in flat_runs(sheet, 200)[0]] == [7, 8, 9, 10]
    assert [round(red / 4) for red in flat_runs(sheet, 100)[0]] == [0, 1, 2, 3, 4, 5]


def test_cuts_of_another_shape_keep_theirs(tmp_path: Path) -> None:
    wide = CutFrames(numbered(30, 200).frame, 30, pixel_aspect=Fraction(2))
    moment = Moment("Proxy", FrameTime(10, RATE), FrameTime(10, RATE))
    contact_sheet(wide, numbered(30, 100, height=160), [moment], tmp_path / "contact.png", start=START)
    sheet = read(tmp_path / "contact.png")
    (old,), (new,) = flat_runs(sheet, 200)[1], flat_runs(sheet, 100)[1]
    assert (old[1] - old[0] + 1, new[1] - new[0] + 1) == (90, 320)
    assert sheet.shape[1] > COLUMNS * THUMB


@pytest.mark.parametrize("text", ["01:00:08:08", "A very long title " * 40])
def test_titles_never_leave_the_sheet(tmp_path: Path, text: str) -> None:
    contact_sheet(
        numbered(9, 200),
        numbered(9, 100),
        [Moment(text, FrameTime(4, RATE), FrameTime(4, RATE))],
        tmp_path / "contact.png",
        start=START,
    )
    sheet = read(tmp_path / "contact.png")
    assert (sheet[:, -10:] == sheet[0, 0]).all()


def test_letters_differ_and_have_the_height_asked_for() -> None:
    characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:;.,-+/#()%?!→×'"
    drawn = [lettering(character, 30).tobytes() for character in characters]
    assert len(set(drawn)) >= len(characters) - 1  # the letter O and the digit 0 are one shape
    cover = lettering("H", 30)
    rows = np.flatnonzero(cover.max(axis=1) > 0.5)
    assert abs((rows[-1] - rows[0] + 1) - 30 * 1.14) <= 2
    assert cover.shape == (45, text_width("H", 30))
