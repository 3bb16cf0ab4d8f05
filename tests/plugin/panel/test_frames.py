"""The frames process: pictures through the ring, their sound, thumbnails and waveforms, against the ffmpeg program."""

import mmap
import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("PyQt5.QtGui", reason="the extra `panel` is not installed")

from numpy.typing import NDArray
from pytestqt.qtbot import QtBot
from secondunit_plugin.panel.compare.modes import Mode
from secondunit_plugin.panel.frames import ring
from secondunit_plugin.panel.frames.messages import (
    Composition,
    CutScene,
    Ended,
    Light,
    MediaScene,
    MediaTime,
    Noted,
    PairScene,
    Play,
    Run,
    Show,
    Shown,
    Sounded,
    Thumbnail,
    Unshown,
)
from secondunit_plugin.panel.frames.ring import RingReader, RingWriter
from secondunit_plugin.panel.model.thumbnails import PeaksOf, ThumbnailOf, ThumbnailsModel

from tests.plugin.panel.frame_process import SECONDS, Frames, apart, frame_of, frames, rgb, sound_of
from tests.timeline.cuts import gap
from tests.timeline.media_cuts import MakeClip, shot, sounding_cut

__all__ = ["frames"]


def test_a_slot_is_the_readers_until_it_is_freed_and_no_number_fits_what_was_written_later() -> None:
    path = ring.create()
    writer, reader = RingWriter(path), RingReader(path)
    path.unlink()
    filled = []
    for value in range(ring.SLOTS):
        slot = writer.begin()
        assert slot is not None
        writer.data(slot, 4, 2)[:] = bytes([value]) * 32
        filled.append(writer.end(slot, 4, 2))
    assert writer.begin() is None, "all slots are the reader's"
    third = reader.pixels(filled[2])
    assert third is not None and bytes(third.data) == bytes([2]) * 32 and (third.width, third.height) == (4, 2)
    reader.free(filled[2])
    assert reader.pixels(filled[2]) is None
    assert writer.begin() == filled[2].slot
    assert reader.pixels(filled[2]) is None, "it is being written"
    writer.data(filled[2].slot, 4, 2)[:] = bytes(32)
    again = writer.end(filled[2].slot, 4, 2)
    assert reader.pixels(filled[2]) is None and reader.pixels(again) is not None
    reader.free(filled[2])
    assert reader.pixels(again) is not None, "an old number frees nothing"


def test_no_word_of_a_slot_is_seen_between_two_values() -> None:
    path = ring.create(1)
    code = (
        "import sys, pathlib\n"
        "from secondunit_plugin.panel.frames.ring import RingReader, RingWriter\n"
        "path = pathlib.Path(sys.argv[1])\n"
        "writer, reader = RingWriter(path), RingReader(path)\n"
        "print(flush=True)\n"
        "while True:\n"
        "    reader.free(writer.end(writer.begin(), 4, 2))\n"
    )
    with path.open("rb") as file:
        seen = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)).cast("Q")
    at = mmap.PAGESIZE // 8
    with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline()
        least, until = seen[at], time.monotonic() + 1
        while time.monotonic() < until:
            least = min(least, *(seen[at] for _ in range(100)))
        process.kill()
    path.unlink()
    assert least >> 32 == 1, "the number of this ring's first filling, or a later one"


def test_what_was_begun_and_dropped_is_nobodys_picture() -> None:
    path = ring.create()
    writer, reader = RingWriter(path), RingReader(path)
    path.unlink()
    slot = writer.begin()
    assert slot is not None
    writer.drop(slot)
    assert writer.begin() == slot
    filled = writer.end(slot, 1, 1)
    other = ring.create(1)
    assert RingReader(other).pixels(filled) is None
    other.unlink()
    assert reader.pixels(filled) is not None


def test_a_frame_of_a_file_is_shown_as_ffmpeg_shows_it(frames: Frames, make_clip: MakeClip) -> None:
    clip = make_clip(30, size="320x180")
    for number, (width, height) in ((17, (320, 400)), (29, (160, 90)), (3, (640, 360))):
        frames.link.ask(Show(number, MediaScene(str(clip)), number, width, height))
        frames.qtbot.waitUntil(lambda number=number: number in frames.pictures, timeout=SECONDS)
        shown = frames.pictures[number]
        assert shown.shape == (width * 9 // 16, width, 3)
        assert apart(shown, frame_of(clip, number, width, width * 9 // 16)) < 3
        assert apart(shown, frame_of(clip, number - 1, width, width * 9 // 16)) > 3


def test_two_pictures_are_shown_in_step_and_put_together(frames: Frames, make_clip: MakeClip) -> None:
    one, other = make_clip(30), make_clip(40, timecode="11:00:00:00")
    pair = PairScene(MediaScene(str(one)), (Run(str(other), 9, 3, held=True), Run(str(other), 10, 27)))

    def shown(number: int, frame: int, how: Composition) -> tuple[Shown, NDArray[np.uint8]]:
        frames.link.ask(how)
        frames.link.ask(Show(number, pair, frame, 160, 90))
        frames.qtbot.waitUntil(lambda: _answer(frames, number) is not None, timeout=SECONDS)
        answer = _answer(frames, number)
        assert answer is not None
        return answer, frames.pictures[frame]

    _, wiped = shown(1, 2, Composition(Mode.WIPE, 0.25, 1, False))
    assert apart(wiped[:, :40], frame_of(one, 2, 160, 90)[:, :40]) < 3
    assert apart(wiped[:, 40:], frame_of(other, 9, 160, 90)[:, 40:]) < 3
    _, flipped = shown(2, 5, Composition(Mode.FLIP, 0.25, 1, True))
    assert apart(flipped, frame_of(other, 12, 160, 90)) < 3
    differing, _ = shown(3, 5, Composition(Mode.DIFFERENCE, 0.25, 2, False))
    wanted = np.abs(frame_of(one, 5, 160, 90).astype(int) - frame_of(other, 12, 160, 90))
    assert differing.apart is not None and abs(differing.apart.mean - wanted.mean()) < 2
    frames.link.ask(Play(4, pair, 3, 1, 0, 30, False, 160, 90))
    frames.wait(Ended)
    assert [one.frame for one, _ in frames.of(Shown) if one.number == 4] == list(range(3, 30))  # type: ignore[attr-defined]


def _answer(frames: Frames, number: int) -> Shown | None:
    return next((one for one, _ in frames.of(Shown) if isinstance(one, Shown) and one.number == number), None)


@pytest.mark.parametrize(("transfer", "white"), [("smpte2084", 0.58), ("arib-std-b67", 0.75)])
def test_the_white_of_hdr_is_bright_and_not_burnt_on_an_sdr_display(
    frames: Frames, tmp_path: Path, transfer: str, white: float
) -> None:
    """`white`: of ITU-R BT.2408, 203 cd/m², as a share of the codes."""
    pytest.importorskip("PyOpenColorIO")
    clip, code = tmp_path / "hdr.mov", round(64 + white * 876)
    grey = f"color=black:size=160x90:rate=24,format=yuv420p10le,geq=lum={code}:cb=512:cr=512,trim=end_frame=2"
    tags = f"setparams=color_primaries=bt2020:color_trc={transfer}:colorspace=bt2020nc:range=tv"
    written = ["-c:v", "prores_ks", "-color_primaries", "bt2020", "-color_trc", transfer, "-colorspace", "bt2020nc"]
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", grey, "-vf", tags, *written, str(clip)], check=True)
    frames.link.ask(Show(1, MediaScene(str(clip)), 0, 160, 90))
    frames.qtbot.waitUntil(lambda: 0 in frames.pictures, timeout=SECONDS)
    assert 150 < frames.pictures[0].mean() < 225 and np.ptp(frames.pictures[0]) < 4
    answer = _answer(frames, 1)
    assert answer is not None and answer.light == Light(transfer, converted=True)


def test_frames_of_a_cut_are_those_of_its_shots_and_mix_in_its_dissolves(
    frames: Frames, make_clip: MakeClip, tmp_path: Path
) -> None:
    import opentimelineio as otio
    from secondunit_timeline.times import rational_time

    first, second = make_clip(30), make_clip(30, size="80x90", name="narrow")
    dissolve = otio.schema.Transition("", "SMPTE_Dissolve", rational_time(2, 24), rational_time(2, 24))
    missing = shot(tmp_path / "gone.mov", 30, 0, 5)
    cut = sounding_cut(shot(first, 30, 0, 20), dissolve, shot(second, 30, 5, 20), gap(5), missing)
    (tmp_path / "cut.json").write_text(cut.to_json_string(-1))
    for number in (10, 20, 25, 42, 46):
        frames.link.ask(Show(number, CutScene(str(tmp_path / "cut.json")), number, 160, 90))
        frames.qtbot.waitUntil(lambda number=number: number in frames.pictures, timeout=SECONDS)
    assert apart(frames.pictures[10], frame_of(first, 10, 160, 90)) < 2
    narrow = frame_of(second, 10, 80, 90)
    assert apart(frames.pictures[25][:, 40:120], narrow) < 2 and not frames.pictures[25][:, :39].any()
    mixed = frame_of(first, 20, 160, 90)[:, 40:120] / 2 + frame_of(second, 5, 80, 90) / 2
    assert apart(frames.pictures[20][:, 40:120], mixed.astype(np.uint8)) < 2
    assert not frames.pictures[42].any()
    frames.wait(Noted)
    assert frames.pictures[46].any() and "gone.mov" in str(frames.of(Noted)[-1][0])


def test_what_plays_forward_is_every_frame_and_every_sample(frames: Frames, make_clip: MakeClip) -> None:
    clip = make_clip(48, rate="30000/1001")
    frames.link.ask(Play(1, MediaScene(str(clip)), 5, 1, 0, 40, False, 160, 90))
    frames.wait(Ended)
    assert list(frames.pictures) == list(range(5, 40))
    assert apart(frames.pictures[23], frame_of(clip, 23, 160, 90)) < 2
    heard = np.frombuffer(b"".join(data for _, data in frames.of(Sounded)), "<i2").reshape(-1, 2)
    begin = 5 * 1001 * 48000 // 30000
    expected = sound_of(clip)[begin : begin + len(heard)]
    assert len(heard) == 40 * 1001 * 48000 // 30000 - begin
    assert np.abs(heard.astype(int) - expected).max() <= 2


def test_what_plays_backward_is_the_same_frames_and_the_sound_reversed(frames: Frames, make_clip: MakeClip) -> None:
    clip = make_clip(48)
    frames.link.ask(Play(1, MediaScene(str(clip)), 30, -1, 0, 48, False, 160, 90))
    frames.wait(Ended)
    assert list(frames.pictures) == list(range(30, -1, -1))
    for number in (29, 12, 11, 0):
        assert apart(frames.pictures[number], frame_of(clip, number, 160, 90)) < 2
    heard = np.frombuffer(b"".join(data for _, data in frames.of(Sounded)), "<i2").reshape(-1, 2)
    assert np.abs(heard[::-1].astype(int) - sound_of(clip)[: 31 * 2000]).max() <= 2


def test_a_loop_goes_on_and_faster_play_leaves_frames_out(frames: Frames, make_clip: MakeClip) -> None:
    clip = make_clip(48)
    frames.link.ask(Play(1, MediaScene(str(clip)), 20, 4, 10, 30, True, 160, 90))
    frames.wait(Shown, 12)
    assert [one.frame for one, _ in frames.of(Shown)][:8] == [20, 24, 28, 12, 16, 20, 24, 28]  # type: ignore[attr-defined]
    frames.link.ask(Show(2, MediaScene(str(clip)), 0, 160, 90))
    frames.qtbot.waitUntil(lambda: 0 in frames.pictures, timeout=SECONDS)
    assert not frames.of(Ended)


def test_a_reader_that_is_late_holds_up_the_process_and_tells_it_where_to_go_on(
    frames: Frames, make_clip: MakeClip
) -> None:
    clip = make_clip(48)
    frames.hold = True
    frames.link.ask(Play(1, MediaScene(str(clip)), 0, 1, 0, 48, False, 160, 90))
    frames.wait(Shown, ring.SLOTS)
    frames.qtbot.wait(100)
    shown = [one for one, _ in frames.of(Shown)]
    assert len(shown) == ring.SLOTS, "no slot is free"
    frames.link.tell(1, 40)
    for one in shown:
        assert isinstance(one, Shown)
        frames.link.free(ring.Filled(one.slot, one.sequence))
    frames.hold = False
    frames.wait(Ended)
    later = [one.frame for one, _ in frames.of(Shown)[ring.SLOTS :]]  # type: ignore[attr-defined]
    assert later[-8:] == list(range(40, 48)) and len(later) <= 9


def test_a_process_that_is_killed_is_started_again_and_asked_again(frames: Frames, make_clip: MakeClip) -> None:
    thumbnails, arrived = ThumbnailsModel(frames.link), list[object]()
    thumbnails.arrived.connect(arrived.append)
    running, wanted = frames.link.running, ThumbnailOf(MediaTime(str(make_clip(30)), Fraction(1)), 80)
    assert running is not None
    os.kill(running.pid, signal.SIGKILL)
    thumbnails.wanted(wanted)
    with frames.qtbot.waitSignal(frames.link.started, timeout=SECONDS):
        pass
    frames.qtbot.waitUntil(lambda: wanted in arrived, timeout=SECONDS)
    assert frames.link.running is not None and frames.link.running.pid != running.pid


def nearest(jpeg: bytes, clip: Path, numbers: range) -> int:
    """Which of the clip's frames the picture is."""
    away = {number: apart(rgb(jpeg), frame_of(clip, number, 160, 90)) for number in numbers}
    assert min(away.values()) < 6
    return min(away, key=lambda number: away[number])


def test_a_key_frame_is_there_first_and_then_the_frame_itself_also_from_disk(
    frames: Frames, make_clip: MakeClip, qtbot: QtBot
) -> None:
    clip = make_clip(48, size="320x180")
    between, key = (ThumbnailOf(MediaTime(str(clip), Fraction(number, 24)), 160) for number in (20, 24))
    thumbnails = ThumbnailsModel(frames.link)
    thumbnails.wanted(between, key)
    frames.wait(Thumbnail, 3)
    answers = [(one, data) for one, data in frames.of(Thumbnail)]
    rough, exact = (data for one, data in answers if one.number == min(a.number for a, _ in answers))  # type: ignore[attr-defined]
    assert nearest(rough, clip, range(11, 22)) == 12
    assert nearest(exact, clip, range(11, 22)) == 20 and thumbnails.get(between) == exact
    assert thumbnails.get(key) is not None
    again = ThumbnailsModel(frames.link)
    with qtbot.waitSignal(again.arrived, timeout=SECONDS):
        again.wanted(between)
    assert again.get(between) == exact, "from disk at once"


def test_times_in_a_files_timecode_are_found(frames: Frames, make_clip: MakeClip) -> None:
    clip = make_clip(48)
    timecoded = ThumbnailOf(MediaTime(str(clip), 36000 + Fraction(20, 24), None, timecoded=True), 160)
    thumbnails = ThumbnailsModel(frames.link)
    thumbnails.wanted(timecoded)
    frames.wait(Thumbnail, 2)
    data = thumbnails.get(timecoded)
    assert data is not None and nearest(data, clip, range(18, 23)) == 20


def test_peaks_are_those_of_the_samples(frames: Frames, make_clip: MakeClip, qtbot: QtBot) -> None:
    clip = make_clip(48)
    thumbnails = ThumbnailsModel(frames.link)
    with qtbot.waitSignal(thumbnails.arrived, timeout=SECONDS):
        thumbnails.wanted(PeaksOf(str(clip)))
    found = thumbnails.get(PeaksOf(str(clip)))
    assert found is not None
    samples = sound_of(clip).astype(float) / 32768 * 127
    expected = samples.reshape(200, 480, 2)
    peaks = np.frombuffer(found, np.int8).reshape(-1, 2)
    assert np.abs(peaks[:, 0] - expected.min(axis=(1, 2))).max() <= 1
    assert np.abs(peaks[:, 1] - expected.max(axis=(1, 2))).max() <= 1


def test_what_cannot_be_read_is_said(frames: Frames, tmp_path: Path, qtbot: QtBot) -> None:
    missing = ThumbnailOf(MediaTime(str(tmp_path / "gone.mov"), Fraction(0)), 160)
    thumbnails = ThumbnailsModel(frames.link)
    with qtbot.waitSignal(thumbnails.failed, timeout=SECONDS) as failed:
        thumbnails.wanted(missing)
    assert failed.args is not None and failed.args[0] == missing and "gone.mov" in failed.args[1]
    frames.link.ask(Show(99, MediaScene(str(tmp_path / "gone.mov")), 0, 160, 90))
    qtbot.waitUntil(lambda: any(one.number == 99 for one, _ in frames.of(Unshown)), timeout=SECONDS)  # type: ignore[attr-defined]
