"""The sample cut: an evening by a lake, made so that a bad seam is seen and heard.

    V1  A001 ─dissolve─ A002 │ A003 ┊ A004 │ A005 ▒▒gap▒▒ │ A006
    A1  A001 ─dissolve─ A002 ──L-cut──│ A003 ┊ A004 │ A005        │ A006

- A001 a boat crosses the lake; A002 a train crosses a viaduct, its sound runs on under A003.
- A003 and A004 are two takes of one set-up: they meet in a jump cut, to be joined at `JOIN_AT`.
- A005 runs short: its media ends `LEFT_OVER` frames after its out point, before a gap of `GAP` frames.
- A006 returns to the lake, warmer and brighter than A001, with coarser grain: to be matched to `LIKE`.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from queue import SimpleQueue
from threading import Event
from typing import Protocol

import numpy as np
import opentimelineio as otio
from numpy.typing import NDArray
from secondunit_bridge.media.probe import Encoding, SoundInfo
from secondunit_bridge.media.write import MediaWriter
from secondunit_bridge.messages import Codec
from secondunit_bridge.rates import FrameTime, parse_timecode, samples_before
from secondunit_timeline.interchange import write_cut

from secondunit_plugin.demo import ambience
from secondunit_plugin.demo.ambience import Samples
from secondunit_plugin.demo.layers import HEIGHT, WIDTH
from secondunit_plugin.demo.setups import RATE, Balloon, Exposure, Lakeside, Viaduct

START = parse_timecode("01:00:00:00", RATE)


class _SetUp(Protocol):
    def picture(self, n: int) -> NDArray[np.uint16]: ...


@dataclass(frozen=True, slots=True)
class Roll:
    """One camera file and what the cut uses of it: frames `first` to `first + used` - 1 of `frames`."""

    name: str
    timecode: str
    frames: int
    first: int
    used: int
    make: Callable[[int], tuple[_SetUp, Samples]]
    """Gives the set-up and its sound, from the number of sound samples."""


def _a001(count: int) -> tuple[_SetUp, Samples]:
    lake = Lakeside(11, grain=0.0135, exposure=Exposure(drift=0.07))
    return lake, ambience.lake(101, count, lake.boat, bell_at=1.7)


def _a002(count: int) -> tuple[_SetUp, Samples]:
    viaduct = Viaduct(22, grain=0.0135, exposure=Exposure(drift=-0.045))
    return viaduct, ambience.valley(102, count, viaduct.train)


def _a003(count: int) -> tuple[_SetUp, Samples]:
    balloon = Balloon(33, 1, grain=0.0135, exposure=Exposure(drift=0.05), later=0, shift=0)
    return balloon, ambience.aloft(103, count, balloon.burner, pan=0.42)


def _a004(count: int) -> tuple[_SetUp, Samples]:
    balloon = Balloon(33, 2, grain=0.0135, exposure=Exposure(red=1.03, blue=0.98, drift=0.05), later=64, shift=11)
    return balloon, ambience.aloft(104, count, balloon.burner, pan=0.46)


def _a005(count: int) -> tuple[_SetUp, Samples]:
    lake = Lakeside(
        55,
        grain=0.0135,
        exposure=Exposure(drift=-0.10),
        horizon=366,
        boat=250,
        start=40,
        speed=0.9,
        boat_at=470,
        boat_speed=1.7,
        sun=(1010, 246),
        grass=110,
    )
    return lake, ambience.lake(105, count, lake.boat, bell_at=0.8)


def _a006(count: int) -> tuple[_SetUp, Samples]:
    lake = Lakeside(
        66,
        grain=0.024,
        exposure=Exposure(red=1.34, green=1.18, blue=0.90, drift=0.05),
        boat=96,
        boat_at=760,
        boat_speed=0.2,
        start=10,
        speed=1.1,
        sun=(420, 262),
        flock=True,
    )
    return lake, ambience.lake(106, count, lake.boat, bell_at=2.4, chorus=True)


ROLLS = (
    Roll("A001", "10:02:11:05", frames=96, first=8, used=72, make=_a001),
    Roll("A002", "10:09:40:17", frames=116, first=12, used=76, make=_a002),
    Roll("A003", "10:21:03:10", frames=72, first=6, used=52, make=_a003),
    Roll("A004", "10:23:58:21", frames=72, first=14, used=52, make=_a004),
    Roll("A005", "10:31:16:02", frames=66, first=2, used=60, make=_a005),
    Roll("A006", "10:44:29:13", frames=92, first=10, used=68, make=_a006),
)

DISSOLVE = 8  # frames on each side of the cut from A001 to A002
L_CUT = 20  # frames that A002's sound runs on under A003
GAP = 16
LEFT_OVER = 4
EXTEND = "A005"
MATCH, LIKE = "A006", "A001"
JOIN_AT = FrameTime(START.frame + 72 + 76 + 52, RATE)

_SOUND = SoundInfo(ambience.RATE, 2, "stereo")
_ENCODING = Encoding("yuv420p", 8, "bt709", "bt709", "bt709", False)


def make_sample(folder: Path, progress: Callable[[int, int], None]) -> Path:
    """Renders the camera files into `folder`/media and writes `folder`/sample.otio, whose path it returns.

    `progress` gets frames done and in all. The pictures and sounds are the same on every run.
    """
    media = folder / "media"
    media.mkdir(parents=True, exist_ok=True)
    total, done = sum(roll.frames for roll in ROLLS), 0
    news: SimpleQueue[Future[None] | None] = SimpleQueue()  # None: one frame more; a future: a roll has ended
    stop = Event()
    with ThreadPoolExecutor(2) as pool:
        try:
            for roll in ROLLS:
                path = media / f"{roll.name}.mp4"
                pool.submit(_render, roll, path, lambda: news.put(None), stop).add_done_callback(news.put)
            rolls = len(ROLLS)
            while rolls:
                ended = news.get()
                if ended is None:
                    done += 1
                    progress(done, total)
                else:
                    ended.result()
                    rolls -= 1
        finally:
            stop.set()
    cut = folder / "sample.otio"
    write_cut(sample_cut(), cut)
    return cut


class _Stopped(Exception):
    pass


def _render(roll: Roll, path: Path, done: Callable[[], None], stop: Event) -> None:
    count = samples_before(FrameTime(roll.frames, RATE), ambience.RATE)
    set_up, sound = roll.make(count)
    fresh = path.with_name(f".{path.name}")
    fresh.unlink(missing_ok=True)
    with MediaWriter(
        str(fresh),
        Codec.H264,
        RATE,
        WIDTH,
        HEIGHT,
        Fraction(1),
        _ENCODING,
        parse_timecode(roll.timecode, RATE),
        False,
        roll.name,
        (_SOUND,),
        "",
    ) as writer:
        for frame in range(roll.frames):
            if stop.is_set():
                raise _Stopped
            writer.write(set_up.picture(frame))
            low, high = (samples_before(FrameTime(n, RATE), ambience.RATE) for n in (frame, frame + 1))
            writer.write_sound(0, sound[:, low:high])
            done()
    fresh.replace(path)


def sample_cut() -> otio.schema.Timeline:
    """The cut alone, with media addresses relative to its folder."""
    cut = otio.schema.Timeline("An evening by the lake", global_start_time=_time(START.frame))
    pictures = otio.schema.Track("V1", kind=otio.schema.TrackKind.Video)
    sounds = otio.schema.Track("A1", kind=otio.schema.TrackKind.Audio)
    for roll in ROLLS:
        # The L-cut: sound changes hands later than the picture.
        late = L_CUT if roll.name == "A003" else 0
        longer = L_CUT if roll.name == "A002" else 0
        pictures.append(_clip(roll, roll.first, roll.used))
        sounds.append(_clip(roll, roll.first + late, roll.used - late + longer))
        for track in (pictures, sounds):
            if roll.name == "A001":
                track.append(
                    otio.schema.Transition(
                        "Dissolve",
                        otio.schema.TransitionTypes.SMPTE_Dissolve,
                        in_offset=_time(DISSOLVE),
                        out_offset=_time(DISSOLVE),
                    )
                )
            if roll.name == EXTEND:
                track.append(otio.schema.Gap(duration=_time(GAP)))
    cut.tracks.extend([pictures, sounds])
    return cut


def _clip(roll: Roll, first: int, used: int) -> otio.schema.Clip:
    start = parse_timecode(roll.timecode, RATE).frame
    reference = otio.schema.ExternalReference(
        f"media/{roll.name}.mp4", otio.opentime.TimeRange(_time(start), _time(roll.frames))
    )
    reel = {"cmx_3600": {"reel": roll.name}}
    return otio.schema.Clip(
        roll.name, reference, otio.opentime.TimeRange(_time(start + first), _time(used)), metadata=reel
    )


def _time(frames: int) -> otio.opentime.RationalTime:
    return otio.opentime.RationalTime(frames, float(RATE))
