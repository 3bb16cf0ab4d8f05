import threading
import time
from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from secondunit_bridge.errors import OrderCancelled, OrderRefused
from secondunit_bridge.media.read import VideoReader, read_sound
from secondunit_bridge.media.seam import grain_deviation
from secondunit_bridge.messages import FramesAfter, FramesBefore, Sound, SoundKind, Task
from secondunit_inference.engines.draft.engine import make
from secondunit_inference.job import Picture

from tests.inference.draft_clips import camera_pictures, footage, job, order, pictures, psnr, span, texture, write_clip

SIZE = (180, 320)
SAMPLES = 48000 // 24


def moving(shift: float, grain: float, count: int = 40):
    wide = texture(SIZE[0], SIZE[1] + 200, 1)
    random = np.random.default_rng(2)
    for index in range(count):
        at = np.float32([[1, 0, -20 - shift * index], [0, 1, 0]])
        picture = cv2.warpAffine(wide, at, (SIZE[1], SIZE[0]), flags=cv2.INTER_CUBIC)
        yield picture + grain * random.standard_normal((*SIZE, 1)).astype(np.float32)


@pytest.fixture(scope="module")
def pan(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_clip(tmp_path_factory.mktemp("extend") / "pan.mkv", moving(1.7, 0.0))


@pytest.fixture(scope="module")
def grained(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_clip(tmp_path_factory.mktemp("extend") / "grained.mkv", moving(0.6, 0.02))


def tail(path: str, end: int, frames: int, head: int = 4, context: int = 12, sound: SoundKind | None = None):
    before = span(path, end - context, end)
    extra = (Sound(sound, before),) if sound else ()
    return order(Task.EXTEND, before, frames, (FramesBefore(before), *extra), head=head)


def test_a_pan_goes_on_better_than_a_frozen_frame(pan: str) -> None:
    made = pictures(make(tail(pan, 24, 8), 0, 1, job()))
    real = camera_pictures(span(pan, 24, 32))
    for generated, truth in zip(made[4:], real, strict=True):
        assert psnr(generated, truth) > psnr(made[3], truth) + 2


@pytest.mark.parametrize(("name", "end"), [("s07d", 300), ("s03", 200), ("s08a", 80)])
def test_real_shots_go_on_better_than_a_frozen_frame(name: str, end: int) -> None:
    path = footage(name)
    made = pictures(make(tail(path, end, 8), 0, 0, job()))
    real = camera_pictures(span(path, end, end + 8))
    gains = [psnr(a, b) - psnr(made[3], b) for a, b in zip(made[4:], real, strict=True)]
    assert gains[0] > 0.2
    assert np.mean(gains) > 0.2


def test_a_head_is_made_backwards(pan: str) -> None:
    after = span(pan, 16, 28)
    made = pictures(make(order(Task.EXTEND, after, 6, (FramesAfter(after),), tail=3), 0, 1, job()))
    real = camera_pictures(span(pan, 10, 16))
    assert len(made) == 9
    assert all(psnr(a, b) > psnr(made[6], b) for a, b in zip(made[:6], real, strict=True))


def test_camera_frames_pass_through_untouched(pan: str) -> None:
    frames = list(make(tail(pan, 24, 3), 0, 1, job()).frames)
    assert [isinstance(frame, av.VideoFrame) for frame in frames] == [True] * 4 + [False] * 3
    with VideoReader(pan) as source:
        for frame, camera in zip(frames[:4], source.frames(20, 24), strict=True):
            assert [bytes(plane) for plane in frame.planes] == [bytes(plane) for plane in camera.planes]


def test_a_smaller_take_of_the_same_shape_is_made_of_scaled_frames(pan: str) -> None:
    large, asked = pictures(make(tail(pan, 24, 3), 0, 1, job())), tail(pan, 24, 3)
    small = pictures(make(replace(asked, slot=replace(asked.slot, width=160, height=90)), 0, 1, job()))
    assert small[0].shape == (90, 160, 3)
    for one, other in zip(small, large, strict=True):
        assert psnr(one, cv2.resize(other, (160, 90), interpolation=cv2.INTER_AREA)) > 30
    for size in ((160, 120), (640, 360)):
        with pytest.raises(OrderRefused, match="320×180"):
            make(replace(asked, slot=replace(asked.slot, width=size[0], height=size[1])), 0, 1, job())


def test_grain_goes_on_at_the_cameras_deviation(grained: str) -> None:
    made = pictures(make(tail(grained, 24, 8), 0, 1, job()))
    camera = np.mean([grain_deviation(picture) for picture in camera_pictures(span(grained, 12, 24))])
    for picture in made[4:]:
        assert grain_deviation(picture) == pytest.approx(camera, rel=0.15)


def test_grain_changes_from_frame_to_frame_as_the_cameras_does(grained: str) -> None:
    made = pictures(make(tail(grained, 24, 12), 0, 1, job()))

    def flicker(a: Picture, b: Picture) -> float:
        change = a.astype(np.float64)[..., 1] - b[..., 1]
        return float(np.std(change - cv2.GaussianBlur(change, (0, 0), 3)))

    still = [texture(*SIZE, 1), texture(*SIZE, 1)]
    random = np.random.default_rng(6)
    real = [((p + 0.02 * random.standard_normal((*SIZE, 1))) * 65535).astype(np.uint16) for p in still]
    assert flicker(made[-2], made[-1]) == pytest.approx(flicker(*real), rel=0.25)


def test_a_still_shot_stays_still(tmp_path: Path) -> None:
    still = texture(*SIZE, seed=4)
    path = write_clip(tmp_path / "still.mkv", (still for _ in range(14)))
    made = make(tail(path, 14, 10), 0, 7, job())
    assert made.trusted is None
    result = pictures(made)
    assert all(np.abs(picture.astype(int) - result[3]).max() <= 64 for picture in result[4:])


def test_the_same_seed_gives_the_same_pixels_and_another_does_not(grained: str) -> None:
    first, again, other = (pictures(make(tail(grained, 24, 4), 0, seed, job())) for seed in (5, 5, 6))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[-1], other[-1])


def test_the_correction_does_not_worsen_the_seam(grained: str) -> None:
    (seam,) = make(tail(grained, 24, 4), 0, 1, job()).seams
    assert seam.frame.frame == 4
    assert abs(seam.after.luma) <= abs(seam.before.luma) + 0.02
    assert seam.after.colour <= seam.before.colour + 0.02


def test_trusted_frames_are_few_where_something_moves(pan: str) -> None:
    trusted = make(tail(pan, 24, 20), 0, 1, job()).trusted
    assert trusted is not None
    assert 1 <= trusted <= 8


def test_cancel_takes_less_than_half_a_second(grained: str) -> None:
    cancelled = threading.Event()
    at: list[float] = []

    def cancel(_frame: object, _picture: object) -> None:
        cancelled.set()
        at.append(time.monotonic())

    with pytest.raises(OrderCancelled):
        pictures(make(tail(grained, 24, 8), 0, 1, job(cancel, cancelled)))
    assert time.monotonic() - at[0] < 0.5


def sounding(kind: str) -> np.ndarray:
    random = np.random.default_rng(3)
    noise = 0.01 * random.standard_normal((2, 40 * SAMPLES)).astype(np.float32)
    noise[1] = 0.7 * noise[0] + 0.3 * noise[1]
    if kind == "loud":
        time_ = np.arange(40 * SAMPLES) / 48000
        burst = ((time_ * 2) % 1 < 0.3) & (time_ > 0.4)
        noise += (0.4 * np.sin(2 * np.pi * 220 * time_) * burst).astype(np.float32)
    return noise if kind != "silent" else np.zeros_like(noise)


def with_sound(folder: Path, kind: str) -> str:
    still = texture(72, 128, seed=4)
    return write_clip(folder / f"{kind}.mkv", (still for _ in range(40)), sounding(kind))


def test_room_tone_is_the_shots_quiet_level_and_joins_without_a_click(tmp_path: Path) -> None:
    path = with_sound(tmp_path, "loud")
    (stream,) = make(tail(path, 40, 24, context=40, sound=SoundKind.ROOM_TONE), 0, 1, job()).sound
    assert stream.samples.shape == (2, 28 * SAMPLES)
    with VideoReader(path) as source:
        assert (stream.rate, stream.layout) == (48000, source.info.sound[0].layout)
    seam = 4 * SAMPLES
    camera = read_sound(path, 0, 36 * SAMPLES, seam, 48000)
    assert np.array_equal(stream.samples[:, :seam], camera)
    tone = stream.samples[:, seam + 2000 :]
    assert np.sqrt(np.square(tone).mean()) == pytest.approx(0.0088, rel=0.25)
    assert np.corrcoef(tone)[0, 1] > 0.8
    step = np.abs(np.diff(stream.samples, axis=1))
    assert step[:, seam - 2 : seam + 2].max() <= step[:, : seam - 2].max() * 1.2
    half = tone.shape[1] // 2
    spectrum = np.fft.rfft(tone[0, : 2 * half])
    repeated = np.fft.irfft(np.abs(spectrum) ** 2)
    assert repeated[4800:half].max() < 0.5 * repeated[0]


@pytest.mark.parametrize("kind", list(SoundKind))
def test_digital_silence_stays_digital_silence(tmp_path: Path, kind: SoundKind) -> None:
    path = with_sound(tmp_path, "silent")
    (stream,) = make(tail(path, 40, 10, sound=kind), 0, 1, job()).sound
    assert not stream.samples.any()


def test_hold_keeps_the_last_level_and_silence_ends_in_nothing(tmp_path: Path) -> None:
    path = with_sound(tmp_path, "quiet")
    (hold,) = make(tail(path, 40, 24, sound=SoundKind.HOLD), 0, 1, job()).sound
    (silence,) = make(tail(path, 40, 24, sound=SoundKind.SILENCE), 0, 1, job()).sound
    level = np.sqrt(np.square(hold.samples[:, : 4 * SAMPLES]).mean())
    assert np.sqrt(np.square(hold.samples[:, 6 * SAMPLES :]).mean()) == pytest.approx(level, rel=0.2)
    assert not silence.samples[:, 4 * SAMPLES + 2000 :].any()
