"""Media files as the panel reads them, in the frames process: what is said of them is what reading them here says."""

import os
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from fractions import Fraction
from pathlib import Path

import psutil
import pytest
from secondunit_bridge.errors import BadInput, MediaMissing, MediaUnreadable
from secondunit_bridge.media.decoding import DECODING, Here

pytest.importorskip("PyQt5.QtGui", reason="the extra `panel` is not installed")

from PyQt5.QtCore import QObject
from pytestqt.qtbot import QtBot
from secondunit_plugin.hosts.probing import Probing
from secondunit_plugin.panel.background import Operation
from secondunit_plugin.panel.frames.decoding import DecodingByFrames
from secondunit_plugin.panel.frames.link import FramesLink

from tests.plugin.panel.frame_process import RATE, SECONDS, Frames, frames
from tests.timeline.media_cuts import MakeClip, write_still

__all__ = ["frames"]


def test_it_says_what_reading_the_file_here_says(make_clip: MakeClip, frames: Frames, tmp_path: Path) -> None:
    here, there = Here(), DecodingByFrames(frames.link)
    clip, still = str(make_clip(30)), tmp_path / "still.png"
    write_still(still, "64x36")
    assert there.probe(clip) == here.probe(clip)
    assert there.header(clip) == here.header(clip)
    assert there.steps(clip, RATE, 4, 12) == tuple(here.steps(clip, RATE, 4, 12))
    assert there.steps(clip, RATE, 8, 20) == tuple(here.steps(clip, RATE, 8, 20)), "some of them are known"
    for size in ((None, None), (64, None), (40, 30)):
        assert there.picture(clip, 7, RATE, *size) == here.picture(clip, 7, RATE, *size)
        assert there.picture(str(still), None, None, *size) == here.picture(str(still), None, None, *size)
    assert there.picture(str(still), None, None, 1000).width == 64


def test_a_file_that_changed_is_measured_again(make_clip: MakeClip, frames: Frames, tmp_path: Path) -> None:
    there, clip = DecodingByFrames(frames.link), tmp_path / "clip.mov"
    clip.write_bytes(make_clip(30).read_bytes())
    assert there.probe(str(clip)).frames == there.header(str(clip)).frames == 30
    clip.write_bytes(make_clip(42).read_bytes())
    assert there.probe(str(clip)).frames == there.header(str(clip)).frames == 42
    clip.unlink()
    with pytest.raises(MediaMissing, match=r"clip\.mov does not exist"):
        there.probe(str(clip))


def test_errors_keep_their_class_and_words(make_clip: MakeClip, frames: Frames, tmp_path: Path) -> None:
    there, text = DecodingByFrames(frames.link), tmp_path / "text.mov"
    text.write_text("no media")
    for decoding in (there, Here()):
        with pytest.raises(MediaUnreadable, match=r"text\.mov cannot be read as media"):
            decoding.probe(str(text))
        with pytest.raises(BadInput, match="has frames 0 to 29: frame 30 cannot be read"):
            decoding.picture(str(make_clip(30)), 30, RATE)


def test_a_process_that_ends_over_a_file_is_said_and_the_next_one_is_asked(make_clip: MakeClip, frames: Frames) -> None:
    there, clip = DecodingByFrames(frames.link), str(make_clip(30))
    assert frames.link.running is not None
    process = psutil.Process(frames.link.running.pid)
    with ThreadPoolExecutor(1) as thread:
        process.suspend()
        asked = thread.submit(there.probe, clip)
        frames.qtbot.waitUntil(lambda: bool(frames.link._calls))
        process.kill()
        with pytest.raises(MediaUnreadable, match="the process that decodes has ended"):
            asked.result(SECONDS / 1000)
        assert thread.submit(there.probe, clip).result(SECONDS / 1000).frames == 30


@pytest.mark.usefixtures("qapp")
def test_nobody_waits_for_a_link_that_is_closed() -> None:
    link = FramesLink()
    with ThreadPoolExecutor(1) as thread:
        asked = thread.submit(DecodingByFrames(link).probe, os.devnull, Fraction(24))
        link.close()
        with pytest.raises(MediaUnreadable):
            asked.result(5)


def test_operations_decode_as_it_was_settled_where_they_were_asked_for(qtbot: QtBot, frames: Frames) -> None:
    there, owner, found = DecodingByFrames(frames.link), QObject(), list[object]()
    before = DECODING.set(there)
    try:
        Operation(owner, DECODING.get).success(found.append).run()
        qtbot.waitUntil(lambda: bool(found))
    finally:
        DECODING.reset(before)
    assert found == [there]


def test_hosts_media_is_probed_by_who_decodes(make_clip: MakeClip, frames: Frames, tmp_path: Path) -> None:
    there, probed = DecodingByFrames(frames.link), Probing()
    clip, still, later = str(make_clip(30)), tmp_path / "still.png", tmp_path / "later.mov"
    write_still(still, "64x36")
    assert frames.link.running is not None
    process = psutil.Process(frames.link.running.pid)
    before = DECODING.set(there)
    try:
        process.suspend()
        with ThreadPoolExecutor(1) as thread:
            asked = thread.submit(copy_context().run, probed, clip)
            frames.qtbot.waitUntil(lambda: bool(frames.link._calls))
            process.resume()
            assert asked.result(SECONDS / 1000) == Here().probe(clip)
        assert probed(str(later)) is None
        later.write_bytes(Path(clip).read_bytes())
        info = probed(str(later))
        assert info is not None and info.frames == 30
        assert probed(str(still)) is None, "it has no rate"
    finally:
        DECODING.reset(before)
