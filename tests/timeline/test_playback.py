"""What a cut shows and sounds like, held against ffmpeg's and melt's renderings of the same edits."""

import hashlib
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import opentimelineio as otio
import pytest
from numpy.typing import NDArray
from secondunit_bridge.errors import BadInput, CutError
from secondunit_bridge.media.probe import probe
from secondunit_bridge.media.read import VideoReader, picture
from secondunit_bridge.rates import FrameRange
from secondunit_timeline.edits import edit
from secondunit_timeline.flat import flatten
from secondunit_timeline.interchange import read_cut, write_cut
from secondunit_timeline.operations import Insert
from secondunit_timeline.playback import Player, export

from tests.timeline.cuts import at, cut_of, dissolve, gap, times

SHARED = Path(__file__).parents[3] / "shared" / "footage"
FOOTBALL = SHARED / "s02_football_juggle_720p24.mp4"
NTSC = Fraction(30000, 1001)
needs_footage = pytest.mark.skipif(not FOOTBALL.exists(), reason="the shared footage is not beside the repository")


def ffmpeg(*arguments: str | Path) -> bytes:
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True).stdout


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lossless files: two moving patterns at 24, one at 29.97 with timecode, one larger; sound without a pattern."""
    folder = tmp_path_factory.mktemp("media")
    for name, source in {
        "a": "testsrc2=s=192x108:r=24:d=4",
        "b": "mandelbrot=s=192x108:r=24:end_scale=0.1,trim=duration=4",
        "wide": "testsrc2=s=320x100:r=24:d=4",
    }.items():
        ffmpeg("-f", "lavfi", "-i", source, "-pix_fmt", "yuv420p", "-c:v", "ffv1", folder / f"{name}.mkv")
    noise = "anoisesrc=r=48000:d=4:seed=7:a=0.4[l];anoisesrc=r=48000:d=4:seed=8:a=0.4[r];[l][r]amerge"
    ffmpeg("-f", "lavfi", "-i", noise, "-c:a", "pcm_s24le", folder / "noise.wav")
    ffmpeg("-f", "lavfi", "-i", "sine=440:r=48000:d=4", "-ac", "1", "-c:a", "pcm_s24le", folder / "mono.wav")
    ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=s=192x108:r=30000/1001:d=4", "-f", "lavfi", "-i", noise),
        *("-c:v", "mpeg2video", "-q:v", "2", "-g", "12", "-bf", "2", "-timecode", "01:00:00;00"),
        *("-c:a", "pcm_s24le", folder / "ntsc.mov"),
    )
    return folder


def clip(
    path: Path,
    start: float,
    duration: float,
    media: tuple[float, float] | None = (0, 96),
    rate: Fraction = Fraction(24),
    speed: float | None = None,
) -> otio.schema.Clip:
    reference = otio.schema.ExternalReference(str(path), times(*media, rate) if media is not None else None)
    effects = [] if speed is None else [otio.schema.LinearTimeWarp(time_scalar=speed)]
    return otio.schema.Clip(path.stem, reference, times(start, duration, rate), effects=effects)


def with_sound(cut: otio.schema.Timeline, *tracks: list[otio.core.Composable]) -> otio.schema.Timeline:
    for number, children in enumerate(tracks, 1):
        track = otio.schema.Track(f"A{number}", kind=otio.schema.TrackKind.Audio)
        track.extend(children)
        cut.tracks.append(track)
    return cut


def md5(frame: av.VideoFrame | None) -> str:
    assert frame is not None
    return hashlib.md5(frame.to_ndarray().tobytes()).hexdigest()


def frame_md5s(*arguments: str | Path) -> list[str]:
    lines = ffmpeg(*arguments, "-f", "framemd5", "-").decode().splitlines()
    return [line.split(",")[-1].strip() for line in lines if not line.startswith("#")]


def decoded(path: Path, channels: int) -> NDArray[np.float32]:
    raw = ffmpeg("-i", path, "-f", "f32le", "-ac", str(channels), "-")
    return np.frombuffer(raw, np.float32).reshape(-1, channels).T


@needs_footage
def test_a_hard_cut_shows_the_frames_that_ffmpeg_trims() -> None:
    cut = cut_of([clip(FOOTBALL, 30, 20, (0, 247)), clip(FOOTBALL, 100, 15, (0, 247))])
    trims = "[0]trim=start_frame={}:end_frame={},setpts=PTS-STARTPTS"
    graph = f"{trims.format(30, 50)}[a];{trims.format(100, 115)}[b];[a][b]concat"
    expected = frame_md5s("-i", FOOTBALL, "-filter_complex", graph, "-fps_mode", "passthrough")
    assert len(expected) == 35
    with Player(cut) as player, VideoReader(str(FOOTBALL)) as reader:
        assert [md5(player.native(number)) for number in range(player.frames)] == expected
        # The same in any order, and as pictures.
        for number in (34, 3, 20, 19):
            assert md5(player.native(number)) == expected[number]
        assert (player.frame(20) == picture(reader.frame(100), reader.info.encoding)).all()
        assert (player.width, player.height, player.notes) == (1280, 720, {})


@needs_footage
def test_the_shared_cuts_play_without_a_note() -> None:
    for name in ("e01_own_media", "s07_tos_battle_part1", "s08_city_night"):
        with Player(read_cut(SHARED / f"{name}.otio")) as player:
            for number in (0, player.frames // 2, player.frames - 1):
                assert player.frame(number).std() > 1000
            assert player.sound(0, 24).shape[0] == 2
            assert player.notes == {}


def test_a_dissolve_mixes_as_ffmpeg_does(media: Path, tmp_path: Path) -> None:
    cut = cut_of([clip(media / "a.mkv", 0, 40), dissolve(8, 8), clip(media / "b.mkv", 20, 40)])
    layers = flatten(cut, FrameRange(30, 20, Fraction(24)))
    assert [len(layer) for layer in layers] == [1, 1, 1, *[2] * 15, 1, 1]
    assert [layer.weight for layer in layers[10]] == [Fraction(1, 2), Fraction(1, 2)]
    assert [layer.frame(Fraction(24)) for layer in layers[10]] == [40, 20]

    # ffmpeg mixes planes of 16 bits; both sides get to R'G'B' through the same converter.
    planes = tmp_path / "mixed.gbr"
    convert = "scale=flags=bicubic+accurate_rnd+full_chroma_int,format=gbrp16le"
    graph = (
        f"[0]trim=start_frame=32:end_frame=48,setpts=PTS-STARTPTS,{convert}[a];"
        f"[1]trim=start_frame=12:end_frame=28,setpts=PTS-STARTPTS,{convert}[b];"
        f"[a][b]xfade=fade:duration={16 / 24}:offset=0"
    )
    ffmpeg("-i", media / "a.mkv", "-i", media / "b.mkv", "-filter_complex", graph, "-f", "rawvideo", planes)
    rows = np.fromfile(planes, np.uint16).reshape(-1, 3, 108, 192)
    theirs = rows[:, [2, 0, 1]].transpose(0, 2, 3, 1).astype(int)
    with Player(cut) as player:
        ours = [player.frame(32 + number).astype(int) for number in range(16)]
        for number in (0, 1, 7, 8, 15):
            difference = np.abs(ours[number] - theirs[number])
            assert difference.mean() < 200, number  # of 65535; a progress one frame off differs by thousands
        a, b = (VideoReader(str(media / f"{name}.mkv")) for name in "ab")
        mean = (picture(a.frame(40), a.info.encoding).astype(int) + picture(b.frame(20), b.info.encoding)) / 2
        assert np.abs(ours[8] - mean).max() <= 0.5
        a.close()
        b.close()


@pytest.mark.skipif(shutil.which("melt") is None, reason="melt is not installed")
def test_melt_renders_the_same_cut_and_dissolve(media: Path, tmp_path: Path) -> None:
    cut = cut_of([clip(media / "a.mkv", 0, 40), dissolve(8, 8), clip(media / "b.mkv", 20, 40)])
    rendered = tmp_path / "melt.mkv"
    arguments = [
        *("melt", "-silent", "-profile", "atsc_720p_24", str(media / "a.mkv"), "in=0", "out=47"),
        *(str(media / "b.mkv"), "in=12", "out=59", "-mix", "16", "-mixer", "luma", "-consumer"),
        *(f"avformat:{rendered}", "width=192", "height=108", "sample_aspect_num=1", "sample_aspect_den=1"),
        *("vcodec=ffv1", "pix_fmt=yuv420p", "an=1", "real_time=0", "frame_rate_num=24", "frame_rate_den=1"),
    ]
    subprocess.run(arguments, check=True, capture_output=True, timeout=120)
    with VideoReader(str(rendered)) as theirs, Player(cut) as player:
        assert theirs.info.frames == player.frames == 80
        for number in (0, 31, 36, 40, 44, 47, 48, 79):
            reference = picture(theirs.frame(number), theirs.info.encoding).astype(int)
            difference = np.abs(player.frame(number).astype(int) - reference).mean()
            neighbour = np.abs(player.frame(max(0, number - 1)).astype(int) - reference).mean()
            # melt rounds to 8-bit YUV in another matrix; a picture one frame off differs by far more.
            assert difference < 1200, number
            assert number == 0 or difference * 1.5 < neighbour, number


@pytest.mark.parametrize(
    ("speed", "expected"),
    [
        (1.0, [30, 31, 32, 33]),
        (2.0, [30, 32, 34, 36]),
        (0.5, [30, 30, 31, 31]),
        (-1.0, [30, 29, 28, 27]),
        (0.0, [30] * 4),
    ],
)
def test_retimes_show_the_frames_that_they_should(media: Path, speed: float, expected: list[int]) -> None:
    cut = cut_of([clip(media / "a.mkv", 30, 4, speed=speed)])
    with Player(cut) as player, VideoReader(str(media / "a.mkv")) as reader:
        for number, index in enumerate(expected):
            assert md5(player.native(number)) == md5(reader.frame(index))


def test_media_with_timecode_is_counted_from_its_first_frame(media: Path) -> None:
    hour = 107892  # 01:00:00;00
    for available in ((hour, 119), None):
        cut = cut_of([clip(media / "ntsc.mov", hour + 10, 20, available, NTSC)], rate=NTSC)
        with Player(cut) as player, VideoReader(str(media / "ntsc.mov")) as reader:
            assert md5(player.native(5)) == md5(reader.frame(15))


def test_media_of_another_rate_shows_the_frame_of_that_moment(media: Path) -> None:
    cut = cut_of([clip(media / "ntsc.mov", 0, 24, (0, 96))])
    with Player(cut) as player, VideoReader(str(media / "ntsc.mov")) as reader:
        for number in range(24):
            assert md5(player.native(number)) == md5(reader.frame(int(number * NTSC / 24 // 1))), number


def test_upper_tracks_cover_lower_ones_where_they_show_anything(media: Path) -> None:
    hidden = clip(media / "b.mkv", 0, 10)
    hidden.enabled = False
    cut = cut_of(
        [clip(media / "a.mkv", 0, 40)],
        [gap(10), clip(media / "b.mkv", 10, 10), dissolve(0, 4), gap(10), hidden],
        [gap(40)],
    )
    names = [[(layer.source.clip, layer.weight) for layer in layers] for layers in flatten(cut)]
    assert names[9] == names[24] == names[35] == [("a", 1)]
    assert names[10] == names[20] == [("b", 1)]
    assert names[21] == [("a", Fraction(1, 4)), ("b", Fraction(3, 4))]
    cut.tracks[1].enabled = False
    assert flatten(cut)[10] == flatten(cut_of([clip(media / "a.mkv", 0, 40)]))[10]


def test_a_nest_shows_its_own_cut(media: Path) -> None:
    inner = otio.schema.Stack("nest", source_range=times(5, 20))
    inner.append(otio.schema.Track("V1", children=[clip(media / "a.mkv", 0, 15), clip(media / "b.mkv", 30, 15)]))
    layers = flatten(cut_of([clip(media / "a.mkv", 50, 10), inner]))
    assert [(layer.source.clip, layer.frame(Fraction(24))) for (layer,) in (layers[9], layers[10], layers[20])] == [
        ("a", 59),
        ("a", 5),
        ("b", 30),
    ]


def test_other_sizes_are_fitted_with_bars(media: Path) -> None:
    with Player(cut_of([clip(media / "a.mkv", 0, 2), clip(media / "wide.mkv", 0, 2)])) as player:
        fitted = player.frame(2)
    assert fitted.shape == (108, 192, 3)
    bright = np.flatnonzero(fitted.max(axis=(1, 2)))
    assert (bright[0], bright[-1]) == (24, 83)  # 320 × 100 in 192 × 108 is 192 × 60


def test_what_has_no_media_is_shown_as_offline_and_said(media: Path) -> None:
    lost = otio.schema.Clip("lost", otio.schema.MissingReference(), times(0, 5))
    gone = clip(media / "gone.mkv", 0, 5)
    short = clip(media / "a.mkv", 94, 5, None)
    with Player(cut_of([clip(media / "a.mkv", 0, 5), lost, gone, short])) as player:
        shown = [player.frame(number) for number in (0, 7, 12, 16, 17)]
        assert (shown[1] == shown[2]).all()
        assert (shown[1] == shown[4]).all()
        assert 0 < shown[1].min() < shown[1].max() < 0x3000
        assert not (shown[1] == shown[3]).all()
        assert len(player.notes) == 3
        assert any("gone.mkv does not exist" in note for note in player.notes)
    with pytest.raises(CutError, match="no picture that can be read"):
        Player(cut_of([lost.deepcopy()]))


def test_ramps_are_refused(media: Path) -> None:
    ramp = clip(media / "a.mkv", 0, 10)
    ramp.effects.append(otio.schema.TimeEffect("ramp"))
    with pytest.raises(CutError, match="speed ramp"):
        flatten(cut_of([ramp]))


def test_sound_is_sample_exact_in_any_pieces(media: Path) -> None:
    noise = decoded(media / "noise.wav", 2)
    for rate in (Fraction(24), Fraction(24000, 1001), NTSC):
        sound = clip(media / "noise.wav", 12, 48, (0, 96), rate)
        cut = with_sound(cut_of([clip(media / "a.mkv", 0, 48, (0, 96), rate)], rate=rate), [sound])
        first, end = round(12 * 48000 / rate), int(48 * 48000 // rate)
        with Player(cut) as player:
            whole = player.sound(0, 48)
            pieces = np.concatenate([player.sound(number, 1) for number in range(48)], axis=1)
        assert whole.shape == (2, end)
        assert np.abs(whole - noise[:, first : first + end]).max() < 1e-6
        assert (whole == pieces).all()


def test_a_split_changes_no_sample(media: Path) -> None:
    rate = Fraction(24000, 1001)
    sound = [clip(media / "noise.wav", 7, 60, (0, 96), rate)]
    cut = with_sound(cut_of([clip(media / "a.mkv", 0, 60, (0, 96), rate)], rate=rate), sound)
    split, _ = edit(cut, [Insert("A1", at(31, rate), clip(media / "noise.wav", 0, 5, (0, 96), rate), sync=())])
    del split.tracks[1][1]
    with Player(cut) as before, Player(split) as after:
        assert len(split.tracks[1]) == 2
        assert (before.sound(0, 60) == after.sound(0, 60)).all()


def test_sound_of_a_video_file_lies_where_ffmpeg_puts_it(media: Path) -> None:
    cut = with_sound(
        cut_of([clip(media / "ntsc.mov", 0, 60, (0, 119), NTSC)], rate=NTSC),
        [clip(media / "ntsc.mov", 0, 60, (0, 119), NTSC)],
    )
    with Player(cut) as player:
        ours = player.sound(0, 60)
    assert np.abs(ours - decoded(media / "ntsc.mov", 2)[:, : ours.shape[1]]).max() < 1e-6


def test_a_crossfade_keeps_its_power(media: Path) -> None:
    noise, mono = decoded(media / "noise.wav", 2), decoded(media / "mono.wav", 1)
    cut = with_sound(
        cut_of([clip(media / "a.mkv", 0, 80)]),
        [clip(media / "noise.wav", 0, 40), dissolve(12, 12), clip(media / "mono.wav", 20, 40)],
    )
    with Player(cut) as player:
        ours = player.sound(0, 80)
    middle = 40 * 2000
    gain = np.float32(np.sqrt(0.5))
    expected = noise[:, middle] * gain + mono[:, 20 * 2000] * gain
    assert np.abs(ours[:, middle] - expected).max() < 1e-6
    assert np.abs(ours[:, 27 * 2000] - noise[:, 27 * 2000]).max() < 1e-6
    assert np.abs(ours[:, 53 * 2000] - mono[0, 33 * 2000]).max() < 1e-6


def test_reversed_sound_is_the_source_backwards_and_half_speed_an_octave_down(media: Path) -> None:
    noise = decoded(media / "noise.wav", 2)
    picture_track = [clip(media / "a.mkv", 0, 24)]
    cut = with_sound(cut_of(picture_track), [clip(media / "noise.wav", 48, 24, speed=-1.0)])
    with Player(cut) as player:
        backwards = player.sound(0, 24)
        pieces = np.concatenate([player.sound(number, 1) for number in range(24)], axis=1)
    first = 49 * 2000 - 1  # frame 48 is seen first, and heard from its last sample on
    assert np.abs(backwards - noise[:, first : first - 48000 : -1]).max() < 1e-5
    assert np.abs(backwards - pieces).max() < 1e-6
    slow = with_sound(cut_of([clip(media / "a.mkv", 0, 24)]), [clip(media / "mono.wav", 24, 24, speed=0.5)])
    with Player(slow) as player:
        spectrum = np.abs(np.fft.rfft(player.sound(0, 24)[0]))
    assert np.argmax(spectrum) == 220


def test_an_export_has_every_frame_the_sound_and_the_timecode(media: Path, tmp_path: Path) -> None:
    cut = with_sound(
        cut_of([clip(media / "a.mkv", 0, 20), dissolve(4, 4), clip(media / "b.mkv", 30, 20)], start=86400),
        [clip(media / "noise.wav", 0, 40)],
    )
    done: list[tuple[int, int]] = []
    export(cut, tmp_path / "cut.mov", lambda now, total: done.append((now, total)))
    assert done == [(number, 40) for number in range(1, 41)]
    info = probe(str(tmp_path / "cut.mov"))
    assert (info.frames, info.rate, info.width, info.height) == (40, 24, 192, 108)
    assert info.start is not None
    assert info.start.frame == 86400
    with Player(cut) as player, VideoReader(str(tmp_path / "cut.mov")) as reader:
        for number in (0, 19, 20, 39):
            written = picture(reader.frame(number), reader.info.encoding).astype(int)
            assert np.abs(written - player.frame(number).astype(int)).mean() < 700
        sound = decoded(tmp_path / "cut.mov", 2)
        assert np.abs(sound - player.sound(0, 40)).max() < 1e-6
    export(cut, tmp_path / "cut.mp4")
    export(cut, tmp_path / "cut.mp4")
    assert probe(str(tmp_path / "cut.mp4")).frames == 40
    assert {path.name for path in tmp_path.iterdir()} == {"cut.mov", "cut.mp4"}


def test_an_export_never_replaces_media_of_the_cut(media: Path, tmp_path: Path) -> None:
    camera = tmp_path / "camera.mov"
    shutil.copy(media / "ntsc.mov", camera)
    (tmp_path / "link.mov").symlink_to(camera)
    before = camera.read_bytes()
    cut = cut_of([clip(camera, 0, 10, (0, 119), NTSC)], rate=NTSC)
    for name in ("camera.mov", "link.mov"):
        with pytest.raises(BadInput, match="never written"):
            export(cut, tmp_path / name)
    with pytest.raises(BadInput, match=r"neither \.mp4 nor \.mov"):
        export(cut, tmp_path / "cut.avi")
    with pytest.raises(BadInput, match="cannot be written"):
        export(cut, tmp_path / f"{'x' * 250}.mp4")
    assert camera.read_bytes() == before


def test_a_cut_written_elsewhere_still_plays(media: Path, tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "out").mkdir()
    shutil.copy(media / "a.mkv", tmp_path / "project" / "a.mkv")
    cut = cut_of([clip(Path("a.mkv"), 0, 10)])
    (tmp_path / "project" / "cut.otio").write_text(cut.to_json_string())
    write_cut(read_cut(tmp_path / "project" / "cut.otio"), tmp_path / "out" / "cut.otio")
    with Player(read_cut(tmp_path / "out" / "cut.otio")) as player:
        player.frame(5)
        assert player.notes == {}


@pytest.mark.parametrize("kind", ["png", "dpx", "exr"])
@pytest.mark.parametrize(
    ("first", "available", "source", "shown"),
    [
        (1001, (1001, 12), 1003, 1003),
        (1004, (1004, 6), 1006, 1006),  # the folder holds earlier pictures than the cut's first
        (1001, (0, 12), 2, 1003),
        (1001, (86400, 12), 86402, 1003),  # timecode of its own
        (1004, None, 1006, 1006),
    ],
)
def test_an_image_sequence_shows_the_pictures_that_the_cut_numbers(
    media: Path, kind: str, first: int, available: tuple[int, int] | None, source: int, shown: int
) -> None:
    folder = media / kind
    if not folder.exists():
        folder.mkdir()
        depth = ("-pix_fmt", "gbrpf32le") if kind == "exr" else ()
        pattern = folder / f"pic.%04d.{kind}"
        ffmpeg("-i", media / "a.mkv", "-frames:v", "12", *depth, "-start_number", "1001", pattern)
    pictures = otio.schema.ImageSequenceReference(
        str(folder), "pic.", f".{kind}", first, 1, 24.0, 4, available_range=times(*available) if available else None
    )
    cut = cut_of([otio.schema.Clip("S", pictures, times(source, 3))])
    with Player(cut) as player, VideoReader(str(folder / f"pic.%04d.{kind}"), Fraction(24)) as reader:
        wanted = [picture(reader.frame(shown - 1001 + number), reader.info.encoding) for number in range(3)]
        for number, image in enumerate(wanted):
            assert np.array_equal(player.frame(number), image)
        assert not player.notes
