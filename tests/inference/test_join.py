from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from secondunit_bridge.errors import OrderRefused
from secondunit_bridge.media.read import VideoReader
from secondunit_bridge.media.seam import measure
from secondunit_bridge.messages import FramesAfter, FramesBefore, Order, Sound, SoundKind, Task
from secondunit_inference.engines.draft import card
from secondunit_inference.engines.draft.engine import make
from secondunit_inference.job import Made

from tests.inference.draft_clips import camera_pictures, footage, job, order, pictures, psnr, span, texture, write_clip

SIZE = (180, 320)


def panned(path: Path, speed: float, count: int = 60, seed: int = 1, gain: float = 1.0) -> str:
    wide = texture(SIZE[0], SIZE[1] + 260, seed)

    def frames():
        for index in range(count):
            at = np.float32([[1, 0, -20 - speed * index], [0, 1, 0]])
            yield gain * cv2.warpAffine(wide, at, (SIZE[1], SIZE[0]), flags=cv2.INTER_CUBIC)

    return write_clip(path, frames())


def joined(
    left: str, right: str, out: int, entry: int, frames: int, into: tuple[int, int] = (0, 0), sound: bool = False
) -> Order:
    """`out` is the first frame of `left` under the slot, `entry` the first frame of `right` behind it."""
    before, after = span(left, out - 12, out + into[0]), span(right, entry - into[1], entry + 12)
    extra = (Sound(SoundKind.ROOM_TONE, before),) if sound else ()
    conditions = (FramesBefore(before, into[0]), FramesAfter(after, into[1]), *extra)
    return order(Task.JOIN, before, frames, conditions, head=4, tail=3)


@pytest.fixture(scope="module")
def pan(tmp_path_factory: pytest.TempPathFactory) -> str:
    return panned(tmp_path_factory.mktemp("join") / "pan.mkv", 1.5)


@pytest.fixture(scope="module")
def bridged(pan: str) -> Made:
    """Six frames between frames 19 and 26 of the pan."""
    made = make(joined(pan, pan, 20, 26, 6), 0, 1, job())
    return replace(made, frames=list(made.frames))


def test_a_gap_is_bridged_better_than_by_a_dissolve(pan: str, bridged: Made) -> None:
    made = pictures(bridged)
    real = camera_pictures(span(pan, 20, 26))
    last, first = camera_pictures(span(pan, 19, 20))[0], camera_pictures(span(pan, 26, 27))[0]
    assert len(made) == 13
    for number, truth in enumerate(real):
        share = (number + 1) / 7
        dissolve = (last * (1 - share) + first * share).astype(np.uint16)
        assert psnr(made[4 + number], truth) > psnr(dissolve, truth) + 2


def test_a_real_gap_is_bridged_better_than_by_a_dissolve() -> None:
    path = footage("s07d")
    made = pictures(make(joined(path, path, 300, 303, 3), 0, 1, job()))[4:7]
    real = camera_pictures(span(path, 299, 304))
    middle = ((real[0].astype(np.float64) + real[-1]) / 2).astype(np.uint16)
    assert psnr(made[1], real[2]) > psnr(middle, real[2]) + 0.5


def test_camera_frames_under_the_slot_lead_in_and_out(pan: str) -> None:
    """Two takes of one view, 12 pixels apart: at the edges the camera's own frames, between them a way across."""
    made = pictures(make(joined(pan, pan, 20, 40, 12, (12, 12)), 0, 1, job()))
    left, right = camera_pictures(span(pan, 20, 32)), camera_pictures(span(pan, 28, 40))
    assert psnr(made[4], left[0]) > 25
    assert psnr(made[15], right[-1]) > 25
    dissolve = ((left[6].astype(np.float64) + right[6]) / 2).astype(np.uint16)
    fine = [np.abs(np.diff(item[..., 1].astype(float), axis=1)).mean() for item in (made[10], dissolve, left[6])]
    assert fine[0] > 0.9 * fine[2] > fine[1]


def test_handles_are_camera_frames(pan: str, bridged: Made) -> None:
    frames = list(bridged.frames)
    assert [isinstance(frame, av.VideoFrame) for frame in frames] == [True] * 4 + [False] * 6 + [True] * 3
    with VideoReader(pan) as source:
        wanted = [*source.frames(16, 20), *source.frames(26, 29)]
    for frame, camera in zip([*frames[:4], *frames[-3:]], wanted, strict=True):
        assert [bytes(plane) for plane in frame.planes] == [bytes(plane) for plane in camera.planes]


def test_exposure_changes_gradually(tmp_path: Path, pan: str) -> None:
    bright = panned(tmp_path / "bright.mkv", 1.5, gain=1.15)
    made = make(joined(pan, bright, 20, 40, 12, (12, 12)), 0, 1, job())
    means = np.array([item.mean() for item in pictures(made)])
    steps = np.diff(means[3:17])
    assert np.abs(steps).max() < 0.35 * abs(means[16] - means[3])
    for seam in made.seams:
        assert seam.after.colour <= seam.before.colour
    assert [seam.frame.frame for seam in made.seams] == [4, 16]


def test_different_views_are_dissolved_and_the_take_says_so(tmp_path: Path, pan: str) -> None:
    other = panned(tmp_path / "other.mkv", 0.5, seed=9)
    made = make(joined(pan, other, 20, 26, 6, (6, 6)), 0, 1, job())
    assert any("dissolve" in note for note in made.notes)
    result = pictures(made)
    assert psnr(result[4], result[3]) > 18
    assert psnr(result[9], result[10]) > 18


def test_the_same_seed_gives_the_same_pixels(pan: str) -> None:
    one, other = (pictures(make(joined(pan, pan, 20, 26, 6, (2, 1)), 0, 3, job())) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_single_frame_does_not_worsen_its_seams(tmp_path: Path, pan: str) -> None:
    """Its two seams may ask for opposite corrections: the figures are those of the frame that is made."""
    bright = panned(tmp_path / "bright.mkv", 1.5, gain=1.1, count=36)
    made = make(joined(pan, bright, 20, 22, 1, (1, 1)), 0, 1, job())
    result = pictures(made)
    around = [(result[3], result[4]), (result[4], result[5])]
    for seam, (earlier, later) in zip(made.seams, around, strict=True):
        assert seam.after.colour <= seam.before.colour
        assert seam.after.colour == pytest.approx(measure(earlier, later).colour, abs=0.01)


def test_a_join_needs_both_sides(pan: str) -> None:
    before = span(pan, 8, 20)
    with pytest.raises(OrderRefused, match="before and the frames after"):
        card.plan(order(Task.JOIN, before, 6, (FramesBefore(before),), head=4, tail=3))
