"""The sample cut is what the demo, the README and the tests of whole commands stand on."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import opentimelineio as otio
import pytest
from numpy.typing import NDArray
from secondunit_bridge.media.seam import grain_deviation, measure
from secondunit_bridge.rates import format_timecode, parse_timecode
from secondunit_plugin.demo import sample
from secondunit_plugin.demo.ambience import Samples
from secondunit_plugin.demo.sample import ROLLS, Roll, make_sample, sample_cut
from secondunit_timeline.interchange import media_path, read_cut

Picture = NDArray[np.uint16]
BY_NAME = {roll.name: roll for roll in ROLLS}


@pytest.fixture(scope="module")
def sounds() -> dict[str, Samples]:
    return {}


@pytest.fixture(scope="module")
def pictures(sounds: dict[str, Samples]) -> Callable[[str, int], Picture]:
    """Frames of the rolls; fills `sounds` too, since a roll makes both."""
    set_ups = {}
    for roll in ROLLS:
        set_up, sounds[roll.name] = roll.make(roll.frames * 2000)
        if roll.name in ("A001", "A003", "A004", "A006"):  # a set-up holds some 200 MB
            set_ups[roll.name] = set_up
    return lambda name, frame: set_ups[name].picture(frame)


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[int, int]]]:
    """Two short rolls, through the same code as the whole sample, over what an interrupted run left."""
    folder = tmp_path_factory.mktemp("sample")
    (folder / "media").mkdir()
    for left in ("A004.mp4", ".A004.mp4"):
        (folder / "media" / left).write_bytes(b"not complete")
    short = (
        replace(BY_NAME["A004"], frames=13, first=2, used=9),
        replace(BY_NAME["A005"], frames=14, first=1, used=12),
    )
    heard: list[tuple[int, int]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sample, "ROLLS", short)
        return make_sample(folder, lambda done, total: heard.append((done, total))), heard


def ffprobe(path: Path) -> dict[str, list[dict[str, object]]]:
    command = ["ffprobe", "-v", "error", "-count_frames", "-show_streams", "-show_format", "-of", "json", str(path)]
    answer: dict[str, list[dict[str, object]]] = json.loads(
        subprocess.run(command, check=True, capture_output=True).stdout
    )
    return answer


def test_the_cut_opens_and_finds_its_media(rendered: tuple[Path, list[tuple[int, int]]]) -> None:
    cut = read_cut(rendered[0])
    for clip in cut.find_clips():
        path = media_path(clip.media_reference)
        assert path is not None
        assert Path(path).is_file()
    assert not [file for file in (rendered[0].parent / "media").iterdir() if file.name.startswith(".")]


def test_ffprobe_agrees_on_length_timecode_reel_and_size(rendered: tuple[Path, list[tuple[int, int]]]) -> None:
    for name, frames in (("A004", 13), ("A005", 14)):
        found = ffprobe(rendered[0].parent / "media" / f"{name}.mp4")
        video, sound = found["streams"][:2]
        assert (video["width"], video["height"], video["r_frame_rate"]) == (1280, 720, "24/1")
        assert int(str(video["nb_read_frames"])) == frames
        assert video["tags"]["timecode"] == BY_NAME[name].timecode  # type: ignore[index]
        assert found["format"]["tags"]["reel_name"] == name  # type: ignore[call-overload]
        assert (sound["channels"], sound["sample_rate"]) == (2, "48000")
        assert abs(float(str(sound["duration"])) - frames / 24) < 0.05


def test_progress_counts_every_frame_once(rendered: tuple[Path, list[tuple[int, int]]]) -> None:
    assert rendered[1] == [(done, 27) for done in range(1, 28)]


class _Flat:
    def __init__(self, last: int) -> None:
        self._last = last

    def picture(self, n: int) -> Picture:
        if n > self._last:
            raise RuntimeError("no more light")
        return np.zeros((720, 1280, 3), np.uint16)


def test_a_failure_ends_every_roll_and_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def flat(last: int) -> Callable[[int], tuple[_Flat, Samples]]:
        return lambda count: (_Flat(last), np.zeros((2, count), np.float32))

    rolls = tuple(replace(roll, make=flat(last)) for roll, last in zip(ROLLS[:2], (3, 1000), strict=True))
    monkeypatch.setattr(sample, "ROLLS", rolls)
    with pytest.raises(RuntimeError, match="no more light"):
        make_sample(tmp_path, lambda _done, _total: None)
    assert list((tmp_path / "media").iterdir()) == []
    assert not (tmp_path / "sample.otio").exists()


def test_the_cut_holds_what_the_demo_asks_for() -> None:
    cut = sample_cut()
    pictures, sounds = cut.tracks
    assert pictures.duration() == sounds.duration()
    assert format_timecode(parse_timecode("01:00:00:00", Fraction(24))) == cut.global_start_time.to_timecode()
    items = {item.name: item for item in pictures if isinstance(item, otio.schema.Clip)}
    heard = {item.name: item for item in sounds if isinstance(item, otio.schema.Clip)}
    for name, roll in BY_NAME.items():
        available, used = items[name].available_range(), items[name].source_range
        assert available.start_time.to_timecode() == roll.timecode
        assert available.contains(used)
        assert available.contains(heard[name].source_range)

    first = next(item for item in pictures if isinstance(item, otio.schema.Transition))
    before, after = items["A001"], items["A002"]
    assert before.source_range.end_time_exclusive() + first.out_offset <= before.available_range().end_time_exclusive()
    assert after.source_range.start_time - first.in_offset >= after.available_range().start_time

    short = items[sample.EXTEND]
    left = short.available_range().end_time_exclusive() - short.source_range.end_time_exclusive()
    assert left.value == sample.LEFT_OVER < sample.GAP
    beside = pictures.neighbors_of(short)[1]
    assert isinstance(beside, otio.schema.Gap)
    assert beside.duration().value == sample.GAP

    seam = pictures.range_of_child(items["A004"]).start_time
    assert seam.value + sample.START.frame == sample.JOIN_AT.frame
    later = sounds.range_of_child(heard["A003"]).start_time - pictures.range_of_child(items["A003"]).start_time
    assert later.value == sample.L_CUT


def test_a_frame_follows_from_the_seed_alone(pictures: Callable[[str, int], Picture]) -> None:
    pictures("A003", 40)
    again, _ = BY_NAME["A003"].make(48_000)
    assert np.array_equal(pictures("A003", 7), again.picture(7))


def test_grain_is_new_in_every_frame(pictures: Callable[[str, int], Picture]) -> None:
    one, two = (pictures("A003", frame)[:200, :200].astype(np.float64) / 65535 for frame in (20, 21))
    assert grain_deviation(pictures("A003", 20)) > 0.004
    # Sky that hardly moves: what changes between two frames is mostly grain, as strong as its own deviation says.
    change = (two - one)[:, :, 1]
    fine = change - (np.roll(change, 2, 1) + np.roll(change, -2, 1)) / 2
    assert fine.std() > 0.004


def test_exposure_drifts(pictures: Callable[[str, int], Picture]) -> None:
    """A001 opens by 0.07 stops a second; its upper sky shows it."""
    early, late = (pictures("A001", frame)[:60].mean() for frame in (0, 84))
    assert 1.06 < late / early < 1.35


def _shift(one: Picture, two: Picture, rows: slice) -> int:
    """How far `rows` have moved to the left, in pixels, by phase correlation."""
    spectra = [np.fft.rfft2(p[rows, :, 1].astype(np.float64) - p[rows, :, 1].mean()) for p in (one, two)]
    cross = spectra[0] * np.conj(spectra[1])
    peak = np.fft.irfft2(cross / (np.abs(cross) + 1e3), (rows.stop - rows.start, 1280))
    best = int(np.argmax(peak[0]))
    return best if best < 640 else best - 1280


def test_near_things_pass_faster_than_far_ones(pictures: Callable[[str, int], Picture]) -> None:
    one, two = pictures("A001", 30), pictures("A001", 38)
    far, shore, near = (_shift(one, two, rows) for rows in (slice(200, 330), slice(372, 402), slice(620, 700)))
    assert abs(far) <= shore < near
    assert near >= 25


def test_the_joined_takes_jump_within_one_look(pictures: Callable[[str, int], Picture]) -> None:
    out = BY_NAME["A003"].first + BY_NAME["A003"].used
    last, jump = pictures("A003", out - 1), pictures("A004", BY_NAME["A004"].first)
    steady = np.abs(pictures("A003", out).astype(float) - last).mean()
    assert np.abs(jump.astype(float) - last).mean() > 2 * steady
    assert abs(measure(last, jump).luma) < 2


def test_the_shot_to_match_differs_from_its_reference(pictures: Callable[[str, int], Picture]) -> None:
    apart = measure(pictures(sample.LIKE, 20), pictures(sample.MATCH, 20))
    assert apart.luma > 4
    assert apart.colour > 10
    assert apart.grain > 1.2


@pytest.mark.usefixtures("pictures")
@pytest.mark.parametrize("roll", ROLLS, ids=lambda roll: roll.name)
def test_sound_is_stereo_with_events_and_quiet_parts(sounds: dict[str, Samples], roll: Roll) -> None:
    sound = sounds[roll.name]
    assert sound.shape == (2, roll.frames * 2000)
    assert sound.dtype == np.float32
    assert 0.05 < np.abs(sound).max() < 0.71
    assert np.corrcoef(sound)[0, 1] < 0.98
    tenths = sound[:, : sound.shape[1] // 4800 * 4800].reshape(2, -1, 4800)
    level = 20 * np.log10(np.sqrt(np.mean(np.square(tenths), axis=(0, 2))))
    assert level.min() > -60  # never digital silence
    if roll.name != "A002":
        assert level.max() - np.quantile(level, 0.25) > 10
        assert np.count_nonzero(level < level.min() + 4) >= 3


@pytest.mark.usefixtures("pictures")
def test_the_train_passes_from_left_to_right(sounds: dict[str, Samples]) -> None:
    sound = sounds["A002"]
    left, right = (np.square(part).mean(axis=1) for part in (sound[:, :48_000], sound[:, -48_000:]))
    assert left[0] > 3 * left[1]
    assert right[1] > 1.5 * right[0]


@pytest.mark.long
def test_the_whole_sample(tmp_path: Path) -> None:
    cut = read_cut(make_sample(tmp_path, lambda _done, _total: None))
    files = {Path(str(media_path(clip.media_reference))) for clip in cut.find_clips()}
    assert len(files) == len(ROLLS)
    assert sum(file.stat().st_size for file in files) < 60_000_000
    for file in files:
        frames = next(stream for stream in ffprobe(file)["streams"] if stream["codec_type"] == "video")[
            "nb_read_frames"
        ]
        assert int(str(frames)) == BY_NAME[file.stem].frames
