"""How the viewer plays: real pictures from the frames process, by the system's clock or by one that the test moves."""

import os
import signal
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("PyQt5.QtGui", reason="the extra `panel` is not installed")

from pytestqt.qtbot import QtBot
from secondunit_plugin.panel.events import UnitLink
from secondunit_plugin.panel.frames.messages import MediaScene
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.model.playback import FASTEST, PlaybackModel, Playing, Span, Stopped, Unseen
from secondunit_plugin.panel.views.viewer import Viewer
from secondunit_timeline import write_cut

from tests.plugin.panel.frame_process import SECONDS, Frames, apart, frame_of, frames, sound_of
from tests.timeline.media_cuts import MakeClip, shot, sounding_cut

__all__ = ["frames"]


class MovedClock:
    """A sound device whose time is `now`."""

    why_silent = ""

    def __init__(self) -> None:
        self.now = 0.0
        self.running = False
        self.heard = b""

    def begin(self) -> None:
        self.now, self.running, self.heard = 0.0, True, b""

    def write(self, samples: bytes) -> None:
        self.heard += samples

    def seconds(self) -> float:
        return self.now

    def end(self) -> None:
        self.running = False


@pytest.fixture
def playback(frames: Frames) -> PlaybackModel:
    frames.hold = True
    return PlaybackModel(frames.link)


def opened(qtbot: QtBot, playback: PlaybackModel, clip: Path, frame: int = 0) -> PlaybackModel:
    playback.resize(160, 90)
    playback.show(MediaScene(str(clip)), frame)
    qtbot.waitUntil(lambda: playback.opened is not None and playback.pixels is not None, timeout=SECONDS)
    # Else what a test plays begins anew in the middle, in the other size.
    qtbot.waitUntil(lambda: not playback._resized.isActive(), timeout=SECONDS)
    return playback


def seen(playback: PlaybackModel) -> np.ndarray:
    pixels = playback.pixels
    assert pixels is not None
    return np.frombuffer(pixels.data, np.uint8).reshape(pixels.height, pixels.width, 4)[..., 2::-1]


def test_every_frame_is_on_the_screen_for_its_time(qtbot: QtBot, playback: PlaybackModel, make_clip: MakeClip) -> None:
    opened(qtbot, playback, make_clip(48))
    numbers: list[int] = []
    playback.picture_changed.connect(lambda: numbers.append(playback.frame))
    playback.play(1)
    qtbot.waitUntil(lambda: playback.shown > 0, timeout=SECONDS)
    began = time.monotonic()
    qtbot.waitUntil(lambda: playback.state == Stopped(), timeout=SECONDS)
    assert 1.8 < time.monotonic() - began < 2.6
    assert playback.shown + playback.dropped == 48 and playback.shown >= 24
    assert numbers == sorted(numbers)
    qtbot.waitUntil(lambda: playback.frame == 47, timeout=SECONDS)


def test_the_sound_says_which_picture_is_seen_and_what_is_late_is_counted(
    qtbot: QtBot, playback: PlaybackModel, make_clip: MakeClip
) -> None:
    clip, clock = make_clip(48, rate="30000/1001"), MovedClock()
    playback.use_speaker(lambda: clock)
    opened(qtbot, playback, clip)
    rate = Fraction(30000, 1001)
    playback.play(1)
    qtbot.waitUntil(lambda: clock.running and playback.frame == 0 and playback.shown == 1, timeout=SECONDS)
    qtbot.wait(60)
    assert playback.frame == 0, "no time has passed"
    for number in (1, 2, 3):
        clock.now = float((number + Fraction(1, 2)) / rate)
        qtbot.waitUntil(lambda number=number: playback.frame == number, timeout=SECONDS)
    assert (playback.shown, playback.dropped) == (4, 0)
    clock.now = float(Fraction(201, 10) / rate)
    qtbot.waitUntil(lambda: playback.frame == 20, timeout=SECONDS)
    assert playback.shown + playback.dropped == 21 and playback.dropped >= 10
    assert apart(seen(playback), frame_of(clip, 20, 160, 90)) < 2
    heard = np.frombuffer(clock.heard, "<i2").reshape(-1, 2)
    assert len(heard) >= 20 * 1601 and np.abs(heard.astype(int) - sound_of(clip)[: len(heard)]).max() <= 2
    clock.now = 60.0
    qtbot.waitUntil(lambda: playback.state == Stopped() and not clock.running, timeout=SECONDS)
    assert playback.shown + playback.dropped == 48


def test_keys_of_a_shuttle(qtbot: QtBot, playback: PlaybackModel, make_clip: MakeClip) -> None:
    clock = MovedClock()
    playback.use_speaker(lambda: clock)
    opened(qtbot, playback, make_clip(240, name="long"), 100)
    steps = []
    for direction in (1, 1, 1, 1, 1, -1, -1):
        playback.shuttle(direction)
        assert isinstance(playback.state, Playing)
        steps.append(playback.state.step)
    assert steps == [1, 2, 4, FASTEST, FASTEST, -1, -2]
    qtbot.waitUntil(lambda: clock.running and playback.shown == 1, timeout=SECONDS)
    first = playback.frame  # a picture of an earlier step may have come before
    assert abs(first - 100) <= FASTEST
    clock.now = 5.5 / 24
    qtbot.waitUntil(lambda: playback.frame == first - 10, timeout=SECONDS)
    playback.stop()
    assert playback.state == Stopped() and playback.frame == first - 10
    for frame in (89, 88, 89):
        playback.step(frame - playback.frame)
        qtbot.waitUntil(lambda frame=frame: playback.frame == frame, timeout=SECONDS)
    assert playback.timecode == "10:00:03:17"


def test_what_is_marked_plays_in_a_loop(qtbot: QtBot, playback: PlaybackModel, make_clip: MakeClip) -> None:
    clock = MovedClock()
    playback.use_speaker(lambda: clock)
    opened(qtbot, playback, make_clip(48), 10)
    playback.span = Span(4, 30)
    assert playback.looped == Span(4, 30)
    playback.mark("in")
    playback.seek(13)
    qtbot.waitUntil(lambda: playback.frame == 13, timeout=SECONDS)
    playback.mark("out")
    playback.set_loop(True)
    assert playback.looped == Span(10, 14)
    playback.toggle()
    for position, frame in enumerate((10, 11, 12, 13, 10, 11)):
        qtbot.waitUntil(lambda: clock.running, timeout=SECONDS)
        clock.now = (position + 0.5) / 24
        qtbot.waitUntil(lambda frame=frame: playback.frame == frame, timeout=SECONDS)
    assert playback.dropped == 0
    playback.toggle()
    playback.seek(5)
    qtbot.waitUntil(lambda: playback.frame == 5, timeout=SECONDS)
    playback.mark("out")
    assert playback.mark_in is None and playback.looped == Span(4, 6)
    playback.clear_marks()
    assert playback.looped == Span(4, 30)


def test_scrubbing_ends_where_it_ends_and_holds_no_more_than_one_picture(
    qtbot: QtBot, playback: PlaybackModel, make_clip: MakeClip
) -> None:
    opened(qtbot, playback, make_clip(48))
    for number in range(0, 48, 2):
        playback.seek(number)
        qtbot.wait(2)
    qtbot.waitUntil(lambda: playback.frame == 46, timeout=SECONDS)
    for number in range(20):
        playback.play(1)
        playback.seek(number)
    qtbot.waitUntil(lambda: playback.frame == 19, timeout=SECONDS)
    for number in range(20, 30):
        playback.seek(number)
        qtbot.waitUntil(lambda number=number: playback.frame == number, timeout=SECONDS)


def test_the_picture_comes_back_when_the_process_was_killed(
    qtbot: QtBot, frames: Frames, playback: PlaybackModel, make_clip: MakeClip
) -> None:
    opened(qtbot, playback, make_clip(48), 20)
    before = seen(playback).copy()
    running = frames.link.running
    assert running is not None
    os.kill(running.pid, signal.SIGKILL)
    with qtbot.waitSignal(frames.link.ended, timeout=SECONDS):
        pass
    assert (seen(playback) == before).all(), "what is on the screen stays readable"
    with qtbot.waitSignal(playback.picture_changed, timeout=SECONDS):
        pass
    assert playback.frame == 20 and (seen(playback) == before).all()


def test_a_picture_that_the_process_ends_over_is_given_up(
    qtbot: QtBot, frames: Frames, playback: PlaybackModel, make_clip: MakeClip
) -> None:
    def end() -> None:
        assert frames.link.running is not None
        os.kill(frames.link.running.pid, signal.SIGKILL)

    playback.show(MediaScene(str(make_clip(48))), 20)
    end()
    frames.link.started.connect(end)
    qtbot.waitUntil(lambda: isinstance(playback.state, Unseen), timeout=SECONDS)
    frames.link.started.disconnect(end)
    playback.seek(21)
    qtbot.waitUntil(lambda: playback.frame == 21 and playback.pixels is not None, timeout=SECONDS)
    assert playback.state == Stopped()


@pytest.fixture
def model(qapp: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PanelModel]:  # noqa: ARG001
    monkeypatch.setenv("SECONDUNIT_CACHE", str(tmp_path / "cache"))
    made = PanelModel(UnitLink(tmp_path / "home"))
    made.frames.start()
    yield made
    made.frames.close()


def test_a_place_is_seen_when_it_is_selected(
    qtbot: QtBot, model: PanelModel, make_clip: MakeClip, tmp_path: Path
) -> None:
    first, second = make_clip(60), make_clip(60, name="other")
    write_cut(sounding_cut(shot(first, 60, 0, 50), shot(second, 60, 7, 50, "B")), tmp_path / "cut.otio")
    viewer = Viewer(model)
    qtbot.addWidget(viewer)
    viewer.show()
    viewer.canvas.resize(160, 90)
    model.open_cut(tmp_path / "cut.otio")
    qtbot.waitUntil(lambda: not viewer.picture.isNull(), timeout=SECONDS)
    assert model.cut.open is not None
    model.select(model.cut.open.version.places[2])
    qtbot.waitUntil(lambda: model.playback.frame == 50, timeout=SECONDS)
    assert viewer.transport.timecode.text() == "01:00:02:02"
    assert model.playback.looped == Span(2, 100), "the shot with two seconds before it"
    qtbot.waitUntil(lambda: viewer.picture.width() == viewer.canvas.placed.width(), timeout=SECONDS)
    shown = seen(model.playback)
    assert apart(shown, frame_of(second, 7, shown.shape[1], shown.shape[0])) < 4


def test_what_cannot_be_seen_is_said_where_the_picture_would_be(
    qtbot: QtBot, model: PanelModel, tmp_path: Path
) -> None:
    write_cut(sounding_cut(shot(tmp_path / "gone.mov", 30, 0, 20)), tmp_path / "cut.otio")
    viewer = Viewer(model)
    qtbot.addWidget(viewer)
    model.open_cut(tmp_path / "cut.otio")
    qtbot.waitUntil(lambda: isinstance(model.playback.state, Unseen), timeout=SECONDS)
    assert "relink" in viewer.caption and viewer.picture.isNull()


def test_a_cut_that_cannot_be_written_for_the_frames_process_is_said(
    qtbot: QtBot, model: PanelModel, tmp_path: Path
) -> None:
    write_cut(sounding_cut(shot(tmp_path / "gone.mov", 30, 0, 20)), tmp_path / "cut.otio")
    viewer = Viewer(model)
    qtbot.addWidget(viewer)
    model.frames.close()
    model.open_cut(tmp_path / "cut.otio")
    qtbot.waitUntil(lambda: isinstance(model.playback.state, Unseen), timeout=SECONDS)
    assert str(model.frames.folder) in viewer.caption and "free space" in viewer.caption
