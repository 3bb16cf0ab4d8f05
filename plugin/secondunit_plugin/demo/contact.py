"""The contact sheet: frames before and after, round every place that changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from secondunit_bridge.files import write_bytes
from secondunit_bridge.rates import FrameTime, format_timecode

from secondunit_plugin.demo.lettering import lettering, text_width
from secondunit_plugin.demo.stills import CutFrames, png, thumbnail

Sheet = NDArray[np.float32]

COLUMNS = 7
THUMB = 320
MARGIN, GUTTER, LABEL = 40, 8, 26

_PAPER = np.array([0.086, 0.090, 0.098], np.float32)
_INK = np.array([0.93, 0.92, 0.89], np.float32)
_QUIET = np.array([0.58, 0.58, 0.57], np.float32)
_MARK = np.array([1.0, 0.66, 0.20], np.float32)
_EMPTY = np.array([0.13, 0.135, 0.145], np.float32)


@dataclass(frozen=True, slots=True)
class Moment:
    """A place to compare. Its seam lies just before record frame `before` of the old cut and `after` of the new one.

    Both count from the cut's first frame as 0. Frames shown lie `step` apart; `seam` False marks no seam, for shots
    that changed all through.
    """

    title: str
    before: FrameTime
    after: FrameTime
    step: int = 1
    seam: bool = True


def contact_sheet(
    before: CutFrames,
    after: CutFrames,
    moments: Sequence[Moment],
    path: Path,
    *,
    start: FrameTime,
    drop_frame: bool = False,
) -> None:
    """Writes a PNG: for each moment a row of the old cut and a row of the new one beneath it, aligned by the seam.

    `start`: record timecode of both cuts' first frame.
    """
    heights = [thumbnail(cut.frame(0), THUMB, cut.pixel_aspect).shape[0] for cut in (before, after)]
    side = 34
    left = MARGIN + side
    width = left + COLUMNS * THUMB + (COLUMNS - 1) * GUTTER + MARGIN
    row = [height + LABEL for height in heights]
    block = 58 + sum(row) + 34
    sheet = np.empty((MARGIN + max(1, len(moments)) * block, width, 3), np.float32)
    sheet[:] = _PAPER
    for index, moment in enumerate(moments):
        top = MARGIN + index * block
        where = format_timecode(FrameTime(start.frame + moment.after.frame, start.rate), drop_frame)
        room = (width - MARGIN - left - text_width(where, 16)) // text_width("M", 20) - 2
        title = moment.title if len(moment.title) <= room else f"{moment.title[: room - 3]}..."
        _write(sheet, title, left, top, 20, _INK)
        _write(sheet, where, width - MARGIN - text_width(where, 16), top + 3, 16, _QUIET)
        y = top + 58
        for cut, at, height, name in (
            (before, moment.before, heights[0], "Before"),
            (after, moment.after, heights[1], "After"),
        ):
            _row(sheet, cut, at.frame, moment, left, y, height, start, drop_frame)
            _write_upwards(sheet, name, MARGIN - 6, y, height)
            y += height + LABEL
        if moment.seam:
            x = left + (COLUMNS // 2) * (THUMB + GUTTER) - GUTTER // 2
            sheet[top + 50 : y - LABEL + 6, x - 2 : x + 2] = _MARK
    pixels = (np.clip(sheet, 0, 1) * 255 + 0.5).astype(np.uint8)
    write_bytes(path, png(pixels))


def _row(
    sheet: Sheet,
    cut: CutFrames,
    seam: int,
    moment: Moment,
    left: int,
    top: int,
    height: int,
    start: FrameTime,
    drop_frame: bool,
) -> None:
    for column in range(COLUMNS):
        frame = seam + (column - COLUMNS // 2) * moment.step
        x = left + column * (THUMB + GUTTER)
        if not 0 <= frame < cut.frames:
            sheet[top : top + height, x : x + THUMB] = _EMPTY
            continue
        small = thumbnail(cut.frame(frame), THUMB, cut.pixel_aspect)
        sheet[top : top + height, x : x + THUMB] = small / np.float32(255)
        timecode = format_timecode(FrameTime(start.frame + frame, start.rate), drop_frame)
        _write(sheet, timecode, x, top + height + 4, 11, _QUIET)
        number = f"+{frame}"
        _write(sheet, number, x + THUMB - text_width(number, 11), top + height + 4, 11, _QUIET)


def _write(sheet: Sheet, text: str, x: int, y: int, height: int, ink: NDArray[np.float32]) -> None:
    cover = lettering(text, height)[:, :, None]
    part = sheet[y : y + cover.shape[0], x : x + cover.shape[1]]
    part += (ink - part) * cover


def _write_upwards(sheet: Sheet, text: str, x: int, top: int, height: int) -> None:
    cover = np.rot90(lettering(text, 14))[:, :, None]
    y = top + (height - cover.shape[0]) // 2
    part = sheet[y : y + cover.shape[0], x : x + cover.shape[1]]
    part += (_QUIET - part) * cover
