"""Cuts of media that exists, and takes as a unit would give them for an order."""

import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import opentimelineio as otio
from secondunit_bridge.media.probe import Encoding
from secondunit_bridge.media.write import MediaWriter
from secondunit_bridge.messages import Codec, Delivery, Order, Record, Slot, Take, Task
from secondunit_bridge.rates import FrameTime
from secondunit_bridge.takes import MARKER, digest
from secondunit_bridge.wire import record_to_json
from secondunit_timeline.playback import Player
from secondunit_timeline.times import time_range

from tests.timeline.cuts import RATE

MakeClip = Callable[..., Path]
TEN_HOURS = 10 * 3600
TAKE_FRAMES = 20
_HD = Encoding("yuv422p10le", 10, "bt709", "bt709", "bt709", False)
_REEL_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def shot(path: Path, frames: int, first: int, used: int, name: str = "A", rate: Fraction = RATE) -> otio.schema.Clip:
    """A clip of `used` frames from frame `first` of a file of `frames`, in the file's timecode from 10:00:00:00."""
    start = TEN_HOURS * round(rate)
    media = otio.schema.ExternalReference(str(path), time_range(start, frames, rate))
    return otio.schema.Clip(name, media, time_range(start + first, used, rate))


def sounding_cut(
    *video: otio.core.Composable, sound: tuple[otio.core.Composable, ...] = (), rate: Fraction = RATE
) -> otio.schema.Timeline:
    """V1 and, where there is sound, A1; starts at 01:00:00:00."""
    start = otio.opentime.RationalTime(3600 * round(rate), float(rate))
    cut = otio.schema.Timeline("show", global_start_time=start)
    for name, kind, children in (("V1", "Video", video), ("A1", "Audio", sound)):
        if children:
            track = otio.schema.Track(name, kind=kind)
            track.extend(children)
            cut.tracks.append(track)
    return cut


def take_for(order: Order, path: str = "/takes/A_v001.mov", start: FrameTime | None = None) -> Take:
    """`start`: the timecode that the unit assigns where the order has none."""
    slot = order.slot
    start = slot.start or start
    assert start is not None
    record = Record(
        "id1", "A_v001", "UAAAAAAA", start, slot.drop_frame, order, order.seeds[0], "", (), (), None, None, False, ()
    )
    return Take(path, slot.head + slot.frames + slot.tail, "00", "", record)


def write_still(path: Path, size: str = "160x90") -> None:
    """A white PNG."""
    white = f"color=white:s={size}"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", white, "-frames:v", "1", str(path)], check=True)


def write_take(folder: Path, number: int, start: int, order_id: str = "") -> Take:
    """A file as the unit writes it, with 20 frames from timecode `start` on; all have the same pictures."""
    folder.mkdir(exist_ok=True)
    (folder / MARKER).touch()
    slot = Slot(TAKE_FRAMES - 8, 4, 4, RATE, RATE, 64, 36, Fraction(1), FrameTime(start, RATE))
    order = Order(
        order_id or f"order{number}",
        Task.EXTEND,
        "show",
        "A003",
        slot,
        (),
        "draft",
        "draft",
        (),
        (number,),
        Delivery(str(folder)),
    )
    reel = f"UAAAAA{_REEL_LETTERS[number // 32]}{_REEL_LETTERS[number % 32]}"
    record = Record(
        *(f"id{number}", f"A003_v{number:03}", reel, FrameTime(start, RATE), False),
        *(order, number, "", (), (), None, None, False, ()),
    )
    path = folder / f"A003_v{number:03}_{reel}_1.mov"
    with MediaWriter(
        *(str(path), Codec.PRORES_HQ, RATE, 64, 36, Fraction(1), _HD),
        start=record.start,
        reel=reel,
        record=record_to_json(record),
    ) as writer:
        for frame in range(TAKE_FRAMES):
            writer.write(np.full((36, 64, 3), frame * 2500, np.uint16))
    return Take(str(path), TAKE_FRAMES, digest(path), "", record)


_FILE, _FRAME = 6000, 900


def write_numbered(path: Path, file: int, frames: int, start: FrameTime) -> Path:
    """Frames of one colour each, which tells the `file` from 1 and the frame: see `numbers`."""
    with MediaWriter(str(path), Codec.PRORES_HQ, RATE, 64, 36, Fraction(1), _HD, start=start) as writer:
        for frame in range(frames):
            picture = np.zeros((36, 64, 3), np.uint16)
            picture[...] = (file * _FILE, frame * _FRAME, 0)
            writer.write(picture)
    return path


def numbers(cut: otio.schema.Timeline) -> list[tuple[int, int]]:
    """The file and the frame that every frame of the cut shows; file 0 where it shows nothing."""
    with Player(cut) as player:
        shown = [player.frame(number).mean(axis=(0, 1)) for number in range(player.frames)]
    return [(round(red / _FILE), round(green / _FRAME)) for red, green, _ in shown]
