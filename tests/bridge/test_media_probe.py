import subprocess
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from secondunit_bridge.errors import BadInput, MediaMissing, MediaUnreadable, MediaUnsupported
from secondunit_bridge.media.frames import find_rate
from secondunit_bridge.media.probe import MediaInfo, probe, refuse_unsupported
from secondunit_bridge.media.read import VideoReader
from secondunit_bridge.rates import FrameTime, parse_timecode

from tests.bridge.media_clips import ffmpeg, footage, moving

X264 = ("-c:v", "libx264", "-pix_fmt", "yuv420p")


@pytest.mark.parametrize(
    ("name", "rate", "frames", "size"),
    [
        ("s01_dog_fetch_720p2997.mp4", Fraction(30000, 1001), 289, (1280, 720)),
        ("s07a_tos_shot01.webm", Fraction(24), 52, (800, 332)),
        ("s07d_tos_shot06_17s_take.webm", Fraction(24), 406, (800, 332)),
        ("s08_city_night_2shots_405p25.mpg", Fraction(25), 190, (720, 405)),
        ("s09a_asl_learn_480p30.mkv", Fraction(30), 61, (640, 480)),
        ("s10_london_roof_sdr_360p_oddrate.mp4", Fraction(23040000, 767849), 512, (640, 360)),
        ("s19_man_walks_in_reads_leaves_432p10.mp4", Fraction(10), 151, (768, 432)),
    ],
)
def test_footage(name: str, rate: Fraction, frames: int, size: tuple[int, int]) -> None:
    info = probe(footage(name))
    assert (info.rate, info.frames, (info.width, info.height)) == (rate, frames, size)
    assert not info.variable_rate
    refuse_unsupported(info)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("s11_london_roof_hlg10_rot90_editlist.mp4", "HLG"),
        ("s12_london_roof_pq10_av1_portrait.mp4", "PQ"),
        ("s16_sony_a7m3_1080i25_avchd.mts", "interlaced"),
        ("s17_fireplace_dog_rot180_vfr_lowlight.mp4", "variable frame rate"),
    ],
)
def test_footage_that_is_refused(name: str, reason: str) -> None:
    path = footage(name)
    with pytest.raises(MediaUnsupported, match=reason) as refusal:
        refuse_unsupported(probe(path))
    assert path in str(refusal.value)
    refuse_unsupported(probe(path), hdr=True, variable_rate=True, interlaced=True)


@pytest.mark.parametrize("name", ["A001C002.braw", "a.R3D", "frame.dng", "frame_%04d.ari"])
def test_camera_raw_needs_frames_from_the_host(name: str, tmp_path: Path) -> None:
    (tmp_path / name.replace("%04d", "0001")).write_bytes(b"raw")
    with pytest.raises(MediaUnsupported, match="let it render the frames"):
        probe(str(tmp_path / name), Fraction(24))


def test_colour_range_and_pixel_aspect_of_footage() -> None:
    full = probe(footage("s03_gopro_walk_480p2997_fullrange.mp4"))
    assert (full.encoding.full_range, full.encoding.matrix) == (True, "bt709")
    assert (full.start, full.drop_frame) == (parse_timecode("15:44:35:10", Fraction(30000, 1001)), False)
    assert probe(footage("s07a_tos_shot01.webm")).pixel_aspect == Fraction(399, 400)
    assert probe(footage("s08_city_night_2shots_405p25.mpg")).encoding.matrix == "smpte170m"


@pytest.mark.parametrize("rate", ["24000/1001", "24", "25", "30000/1001", "30", "50", "60000/1001", "60", "25/2"])
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts"])
def test_exact_rates(rate: str, name: str, tmp_path: Path) -> None:
    info = probe(moving(tmp_path / name, *X264, rate=rate, seconds="2"))
    assert info.rate == Fraction(rate)
    assert not info.variable_rate


def test_rates_from_timestamps() -> None:
    count = np.arange(400)
    ntsc = Fraction(30000, 1001)
    millisecond = np.rint(count * 1001 / 30).astype(np.int64)
    assert find_rate(millisecond, Fraction(1, 1000), ()) == (ntsc, False)
    assert find_rate(count * 767849, Fraction(1, 23040000), ()) == (Fraction(23040000, 767849), False)
    phone = count * 20 + np.random.default_rng(1).integers(-1, 2, 400)
    assert find_rate(phone, Fraction(1, 600), ()) == (Fraction(30), False)
    dropped = np.delete(count, [100, 101]) * 1001
    assert find_rate(dropped, Fraction(1, 30000), (ntsc,))[1]
    assert find_rate(np.delete(count, 50), Fraction(1, 25), (Fraction(25),))[1]


def test_variable_rate_is_refused(tmp_path: Path) -> None:
    path = moving(tmp_path / "a.mp4", "-vf", "select='not(eq(mod(n,7),3))'", "-vsync", "vfr", *X264)
    with pytest.raises(MediaUnsupported, match="variable"):
        refuse_unsupported(probe(path))


@pytest.mark.parametrize(
    ("rate", "text", "drop_frame"),
    [("30000/1001", "01:00:00;02", True), ("30000/1001", "01:00:00:02", False), ("25", "10:11:12:13", False)],
)
@pytest.mark.parametrize("name", ["a.mov", "a.mxf", "a.mkv"])
def test_timecode(rate: str, text: str, drop_frame: bool, name: str, tmp_path: Path) -> None:
    codec = ("-c:v", "mpeg2video", "-q:v", "3") if name == "a.mxf" else X264
    info = probe(moving(tmp_path / name, *codec, "-timecode", text, "-metadata", f"timecode={text}", rate=rate))
    assert (info.start, info.drop_frame) == (parse_timecode(text, Fraction(rate)), drop_frame)


def test_timecode_of_ten_frames_a_second_has_one_digit_of_frames(tmp_path: Path) -> None:
    info = probe(moving(tmp_path / "a.mov", *X264, "-timecode", "01:00:00:05", rate="10"))
    assert info.start == FrameTime(36_005, Fraction(10))


def test_reel_pixel_aspect_and_tags(tmp_path: Path) -> None:
    colour = "format=yuv422p10le,setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv"
    filters = f"setsar=64/45,{colour}"
    reel = ("-timecode", "01:00:00:00", "-metadata:s:v:0", "reel_name=A007R2")
    path = moving(tmp_path / "a.mov", "-vf", filters, "-c:v", "prores_ks", *reel)
    info = probe(path)
    assert (info.reel, info.pixel_aspect) == ("A007R2", Fraction(64, 45))
    assert (info.encoding.matrix, info.encoding.primaries, info.encoding.transfer) == ("bt709", "bt709", "bt709")
    assert (info.encoding.depth, info.encoding.full_range) == (10, False)
    assert info.start == FrameTime(90000, Fraction(25))


def test_rotation_turns_size_and_pixel_aspect(tmp_path: Path) -> None:
    stored = moving(tmp_path / "stored.mp4", "-vf", "setsar=4/3", *X264)
    ffmpeg("-i", stored, "-c", "copy", "-metadata:s:v:0", "rotate=90", tmp_path / "a.mp4")
    info = probe(str(tmp_path / "a.mp4"))
    assert (info.width, info.height, info.pixel_aspect, info.rotation % 180) == (108, 192, Fraction(3, 4), 90)


def test_progressive_flagged_as_interlaced_passes(tmp_path: Path) -> None:
    path = str(tmp_path / "a.mov")
    flagged = ("-vf", "setfield=tff", "-c:v", "prores_ks", "-flags", "+ildct")
    ffmpeg("-i", footage("s14_girl_friday_dialogue_bw_480p30.mp4"), "-t", "1.5", *flagged, path)
    flags = subprocess.run(["ffprobe", "-v", "error", "-show_streams", path], capture_output=True, text=True).stdout
    assert "field_order=t" in flags
    refuse_unsupported(probe(path))


def test_fields_apart_in_time_are_refused(tmp_path: Path) -> None:
    source = "testsrc2=size=320x240:rate=50:duration=1.2,tinterlace=interleave_top,setfield=tff"
    ffmpeg("-f", "lavfi", "-i", source, *X264, "-flags", "+ildct+ilme", "-x264opts", "tff=1", tmp_path / "a.mp4")
    with pytest.raises(MediaUnsupported, match="interlaced"):
        refuse_unsupported(probe(str(tmp_path / "a.mp4")))


@pytest.mark.parametrize("transfer", ["smpte2084", "arib-std-b67", "bt2020-10"])
def test_hdr_is_refused(transfer: str) -> None:
    from secondunit_bridge.media.probe import Encoding

    encoding = Encoding("yuv420p10le", 10, "bt2020nc", "bt2020", transfer, False)
    rate = Fraction(25)
    info = MediaInfo(
        "a.mov", "mov", "hevc", rate, 10, 64, 48, Fraction(1), 0, encoding, "progressive", False, None, False, "", ()
    )
    with pytest.raises(MediaUnsupported, match="HDR"):
        refuse_unsupported(info)
    refuse_unsupported(replace(info, encoding=replace(encoding, transfer="bt709")))


@pytest.mark.parametrize("name", ["a.mov", "a.mp4", "a.mkv", "a.webm", "a.avi"])
@pytest.mark.parametrize("kept", [0.5, 0.97])
def test_cut_short_is_refused_or_named(name: str, kept: float, tmp_path: Path) -> None:
    codec = {"a.mov": ("-c:v", "prores_ks", "-movflags", "+faststart"), "a.mp4": (*X264, "-movflags", "+faststart")}
    chosen = codec.get(name, ("-c:v", "libvpx", "-b:v", "400k") if name == "a.webm" else ("-c:v", "mjpeg"))
    path = Path(moving(tmp_path / name, *chosen))
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    with pytest.raises(MediaUnreadable) as refusal, VideoReader(str(path)) as reader:
        list(reader.frames(0, 30))
    assert str(path) in str(refusal.value)


def test_bad_files_are_named(tmp_path: Path) -> None:
    empty, text, noise = tmp_path / "empty.mov", tmp_path / "text.mov", tmp_path / "noise.mp4"
    empty.touch()
    text.write_text("not media at all\n" * 100)
    noise.write_bytes(np.random.default_rng(1).bytes(100_000))
    for path, kind in ((empty, MediaUnreadable), (text, MediaUnreadable), (noise, MediaUnreadable)):
        with pytest.raises(kind) as refusal:
            probe(str(path))
        assert str(path) in str(refusal.value)
    with pytest.raises(MediaMissing, match="gone"):
        probe(str(tmp_path / "gone.mov"))
    with pytest.raises(MediaUnreadable, match="folder"):
        probe(str(tmp_path))
    with pytest.raises(MediaMissing):
        probe(str(tmp_path / "none_%04d.png"), Fraction(24))


def test_protocols_other_than_files_are_not_opened(tmp_path: Path) -> None:
    moving(tmp_path / "a.mp4", *X264)
    (tmp_path / "list.txt").write_text(f"ffconcat version 1.0\nfile '{tmp_path}/a.mp4'\n")
    for path in (f"concat:{tmp_path}/a.mp4", "http://127.0.0.1:9/a.mp4", str(tmp_path / "list.txt")):
        with pytest.raises((MediaMissing, MediaUnreadable)):
            probe(path)


def test_images_need_a_rate_and_sound_alone_has_no_picture(tmp_path: Path) -> None:
    moving(tmp_path / "x_%03d.png", seconds="0.2")
    with pytest.raises(BadInput, match="rate"):
        probe(str(tmp_path / "x_%03d.png"))
    still = probe(str(tmp_path / "x_001.png"), Fraction(24))
    assert (still.frames, still.rate) == (1, Fraction(24))
    ffmpeg("-f", "lavfi", "-i", "sine=duration=0.2", tmp_path / "a.wav")
    with pytest.raises(MediaUnsupported, match="no picture"):
        probe(str(tmp_path / "a.wav"))


def test_a_file_is_only_read(tmp_path: Path) -> None:
    path = Path(moving(tmp_path / "a.mp4", *X264))
    path.chmod(0o444)
    before = path.stat()
    probe(str(path))
    assert (path.stat().st_mtime_ns, path.stat().st_size) == (before.st_mtime_ns, before.st_size)
