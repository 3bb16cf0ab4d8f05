import json
import re
import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from av.video.frame import VideoFrame
from secondunit_bridge.errors import BadInput
from secondunit_bridge.media.header import read_header
from secondunit_bridge.media.probe import Encoding, SoundInfo, probe
from secondunit_bridge.media.read import VideoReader, picture, read_sound, read_still
from secondunit_bridge.media.read import codes as codes_of
from secondunit_bridge.media.record import extract
from secondunit_bridge.media.stamp import packed_timecode
from secondunit_bridge.media.write import MediaWriter, lost_mastering
from secondunit_bridge.messages import Codec
from secondunit_bridge.rates import FrameTime, format_timecode

from tests.bridge.media_clips import codes, decoded_codes, ffmpeg, ffprobe, frame_md5s, mastered, moving

BT709 = Encoding("yuv420p", 8, "bt709", "bt709", "bt709", False)
RGB = Encoding("rgb48le", 16, "gbr", "bt709", "bt709", True)
NTSC = Fraction(30000, 1001)


def noise(count: int, width: int, height: int) -> list[np.ndarray]:
    random = np.random.default_rng(9)
    return [random.integers(0, 65536, (height, width, 3), dtype=np.uint16) for _ in range(count)]


def smooth(width: int, height: int) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width]
    channels = (x / width, y / height, (x + y) / (width + height))
    return (np.stack(channels, -1) * 50000 + 6000).astype(np.uint16)


MOVIES = [
    (Codec.PRORES_HQ, "a.mov"),
    (Codec.H264, "a.mp4"),
    (Codec.DNXHR_HQX, "b.mov"),
    (Codec.FFV1, "a.mkv"),
]


@pytest.mark.parametrize(("codec", "name"), MOVIES)
@pytest.mark.parametrize(("rate", "drop_frame"), [(NTSC, True), (NTSC, False), (Fraction(24), False)])
def test_ffprobe_agrees(codec: Codec, name: str, rate: Fraction, drop_frame: bool, tmp_path: Path) -> None:
    path, start = str(tmp_path / name), FrameTime(107_892, rate)
    aspect = Fraction(1) if codec is Codec.FFV1 else Fraction(64, 45)
    sound = (SoundInfo(48000, 2, "stereo"), SoundInfo(48000, 1, "mono"))
    samples = np.zeros((2, 24024), np.float32)
    record = json.dumps({"name": "Ü 'quoted'\n", "long": "x" * 40_000})
    with MediaWriter(path, codec, rate, 256, 144, aspect, BT709, start, drop_frame, "A007R2", sound, record) as writer:
        writer.write_sound(0, samples)
        writer.write_sound(1, samples[:1])
        for number in range(15):
            writer.write(np.roll(smooth(256, 144), number, axis=1))
    said = ffprobe(path)
    video = said["streams"][0]
    assert (video["codec_name"], video["pix_fmt"]) == {
        Codec.PRORES_HQ: ("prores", "yuv422p10le"),
        Codec.H264: ("h264", "yuv420p"),
        Codec.DNXHR_HQX: ("dnxhd", "yuv422p10le"),
        Codec.FFV1: ("ffv1", "yuv420p"),
    }[codec]
    assert (video["r_frame_rate"], video["avg_frame_rate"]) == (f"{rate.numerator}/{rate.denominator}",) * 2
    assert codec is Codec.FFV1 or int(video["nb_frames"]) == 15  # Matroska counts no frames
    assert video.get("sample_aspect_ratio", "1:1") == f"{aspect.numerator}:{aspect.denominator}"
    tags = {key.lower(): value for key, value in (said["format"]["tags"] | video["tags"]).items()}
    assert tags["timecode"] == format_timecode(start, drop_frame)
    assert (video["color_range"], video["color_space"]) == ("tv", "bt709")
    assert (video["color_primaries"], video["color_transfer"]) == ("bt709", "bt709")
    assert codec is Codec.DNXHR_HQX or video["field_order"] == "progressive"  # ffprobe looks for it in four codecs
    layouts = [stream["channels"] for stream in said["streams"] if stream["codec_type"] == "audio"]
    assert layouts == [2, 1]
    assert json.loads(tags["com.secondunit.record"]) == json.loads(record)
    info = probe(path)
    assert (info.rate, info.frames, info.start, info.drop_frame) == (rate, 15, start, drop_frame)
    assert (info.reel, info.pixel_aspect, info.encoding.matrix) == ("A007R2", aspect, "bt709")
    assert extract(path) == record


def test_prores_is_hq_and_upright_in_colour(tmp_path: Path) -> None:
    path, given = str(tmp_path / "a.mov"), smooth(320, 180)
    with MediaWriter(path, Codec.PRORES_HQ, Fraction(25), 320, 180, Fraction(1), BT709) as writer:
        writer.write(given)
    assert ffprobe(path)["streams"][0]["codec_tag_string"] == "apch"
    with VideoReader(path) as reader:
        seen = picture(reader.frame(0), reader.info.encoding)
    assert np.abs(seen.astype(int) - given).mean() < 80


def test_ten_bit_gradient_survives(tmp_path: Path) -> None:
    ramp = np.tile(np.linspace(0, 65535, 1024).astype(np.uint16)[None, :, None], (64, 1, 3))
    with MediaWriter(str(tmp_path / "a.mov"), Codec.PRORES_HQ, Fraction(25), 1024, 64, Fraction(1), BT709) as writer:
        writer.write(ramp)
    luma = decoded_codes(str(tmp_path / "a.mov"), "yuv422p10le", 1024, 64)[0]
    assert len(np.unique(luma)) > 600
    assert np.abs(luma[32] - (64 + 876 * (ramp[32, :, 0] / 65535))).max() < 3


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv422p"])
def test_camera_codes_become_ten_bits_by_four(pixel_format: str, tmp_path: Path) -> None:
    from secondunit_bridge.media.write import _Converter

    path = moving(tmp_path / "a.mkv", "-c:v", "ffv1", "-pix_fmt", pixel_format, seconds="0.2")
    wanted = decoded_codes(path, pixel_format, 192, 108)
    with VideoReader(path) as reader:
        converter = _Converter(reader.info.encoding, 192, 108, Codec.PRORES_HQ)
        for frame, luma in zip(reader.frames(0, 5), wanted, strict=True):
            assert np.array_equal(codes(converter.convert(frame), 0), luma * 4)


def test_ten_bit_camera_codes_stay_and_frames_are_not_changed(tmp_path: Path) -> None:
    path = moving(tmp_path / "a.mov", "-c:v", "prores_ks", "-pix_fmt", "yuv422p10le", seconds="0.4")
    with VideoReader(path) as reader:
        frames = list(reader.frames(0, 10))
        before = [(frame.pts, codes(frame, 0).sum(), frame.color_trc) for frame in frames]
        out = str(tmp_path / "b.mov")
        with MediaWriter(out, Codec.PRORES_HQ, Fraction(25), 192, 108, Fraction(1), reader.info.encoding) as writer:
            for frame in (*frames, frames[0], frames[0]):
                writer.write(frame)
        assert [(frame.pts, codes(frame, 0).sum(), frame.color_trc) for frame in frames] == before
        with VideoReader(out) as again:
            assert again.info.frames == 12
            for index, frame in enumerate(again.frames(0, 12)):
                source = frames[index] if index < 10 else frames[0]
                assert np.abs(codes(frame, 0) - codes(source, 0)).mean() < 2


def test_full_range_becomes_limited(tmp_path: Path) -> None:
    path = moving(tmp_path / "a.mov", "-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-q:v", "2", seconds="0.2")
    with VideoReader(path) as reader:
        assert reader.info.encoding.full_range
        encoding, out = reader.info.encoding, str(tmp_path / "b.mov")
        with MediaWriter(out, Codec.PRORES_HQ, Fraction(25), 192, 108, Fraction(1), encoding) as writer:
            for frame in reader.frames(0, 5):
                writer.write(frame)
        with VideoReader(out) as written:
            assert not written.info.encoding.full_range
            first, second = picture(reader.frame(2), encoding), picture(written.frame(2), written.info.encoding)
    assert abs(first.mean() - second.mean()) < 200
    assert ffprobe(out)["streams"][0]["color_range"] == "tv"


def test_same_pictures_make_the_same_file(tmp_path: Path) -> None:
    files = []
    for name in ("a.mov", "b.mov"):
        with MediaWriter(str(tmp_path / name), Codec.PRORES_HQ, NTSC, 320, 180, Fraction(1), BT709) as writer:
            for frame in noise(14, 320, 180):
                writer.write(frame)
        files.append((tmp_path / name).read_bytes())
    assert files[0] == files[1]


def test_h264_pads_odd_sizes(tmp_path: Path) -> None:
    path = str(tmp_path / "a.mp4")
    with MediaWriter(path, Codec.H264, Fraction(24), 321, 181, Fraction(1), BT709) as writer:
        writer.write(smooth(321, 181))
        writer.write(VideoFrame.from_ndarray(smooth(321, 181), format="rgb48le").reformat(format="yuv420p"))
    video = ffprobe(path)["streams"][0]
    assert (video["width"], video["height"], video["nb_frames"]) == (322, 182, "2")
    data = Path(path).read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_png_take_is_exact(tmp_path: Path) -> None:
    folder, given = tmp_path / "take", noise(5, 61, 33)
    samples = np.random.default_rng(2).uniform(-1, 1, (2, 8008)).astype(np.float32)
    sound = (SoundInfo(48000, 2, "stereo"),)
    start = FrameTime(1800, NTSC)
    with MediaWriter(
        str(folder), Codec.PNG, NTSC, 61, 33, Fraction(4, 3), RGB, start, True, "R1", sound, '{"a": 1}'
    ) as writer:
        for frame in given:
            writer.write(frame)
        writer.write_sound(0, samples)
    assert sorted(entry.name for entry in folder.iterdir()) == [
        *(f"frame_{number}.png" for number in range(1001, 1006)),
        "record.json",
        "sound_1.wav",
    ]
    assert extract(str(folder)) == '{"a": 1}'
    for number, frame in enumerate(given, start=1001):
        assert np.array_equal(read_still(str(folder / f"frame_{number}.png")), frame)
    raw = ffmpeg("-i", folder / "frame_1003.png", "-f", "rawvideo", "-pix_fmt", "rgb48le", "-")
    assert np.array_equal(np.frombuffer(raw, np.uint16).reshape(33, 61, 3), given[2])
    info = probe(str(folder / "frame_%04d.png"), NTSC)
    assert (info.frames, info.pixel_aspect, info.encoding.transfer) == (5, Fraction(4, 3), "bt709")
    for name in ("sound_1.wav", "frame_%04d.png"):
        assert np.abs(read_sound(str(folder / name), 0, 0, 8008, 48000) - samples).max() < 1e-6
    assert ffprobe(str(folder / "sound_1.wav"))["format"]["tags"]["time_reference"] == str(1800 * 1001 * 48 // 30)


@pytest.mark.parametrize("codec", list(Codec))
def test_a_failure_leaves_nothing(codec: Codec, tmp_path: Path) -> None:
    if codec is Codec.EXR:
        pytest.importorskip("OpenImageIO")
    path = str(tmp_path / "a")
    with (
        pytest.raises(ZeroDivisionError),
        MediaWriter(path, codec, Fraction(24), 256, 144, Fraction(1), BT709, None, False, "", (), "{}") as writer,
    ):
        for frame in noise(7, 256, 144):
            writer.write(frame)
        raise ZeroDivisionError
    with (
        pytest.raises(BadInput, match="no frame"),
        MediaWriter(path, codec, Fraction(24), 256, 144, Fraction(1), BT709),
    ):
        pass
    with (
        pytest.raises(BadInput, match="256×144"),
        MediaWriter(path, codec, Fraction(24), 256, 144, Fraction(1), BT709) as writer,
    ):
        writer.write(noise(1, 62, 48)[0])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("pixel_format", "codec", "kept"),
    [
        ("yuv420p", "ffv1", "yuv420p"),
        ("yuvj420p", "mjpeg", "yuv420p"),
        ("yuv422p10le", "ffv1", "yuv422p10le"),
        ("yuv444p16le", "ffv1", "yuv444p16le"),
    ],
)
def test_ffv1_keeps_every_sample_of_the_camera(pixel_format: str, codec: str, kept: str, tmp_path: Path) -> None:
    suffix = ".mov" if codec == "mjpeg" else ".mkv"
    source = moving(tmp_path / f"a{suffix}", "-c:v", codec, "-pix_fmt", pixel_format, seconds="0.2")
    out = str(tmp_path / "b.mkv")
    with VideoReader(source) as reader:
        info = reader.info
        with MediaWriter(out, Codec.FFV1, Fraction(25), 192, 108, Fraction(1), info.encoding) as writer:
            for frame in reader.frames(0, 5):
                writer.write(frame)
            writer.write(smooth(192, 108))
    assert frame_md5s(out)[:5] == frame_md5s(source)
    assert ffprobe(out)["streams"][0]["pix_fmt"] == kept
    with VideoReader(out) as reader:
        assert reader.info.encoding.full_range == info.encoding.full_range
        made = codes_of(reader.frame(5), reader.info.encoding)
    coarse = 1 / (1 << min(info.encoding.depth, 10))
    assert np.abs(made - smooth(192, 108) / 65535)[4:-4, 4:-4].max() < 4 * coarse


def test_ffv1_keeps_sixteen_bits_of_rgb(tmp_path: Path) -> None:
    out, given = str(tmp_path / "a.mkv"), noise(3, 61, 33)
    with MediaWriter(out, Codec.FFV1, NTSC, 61, 33, Fraction(1), RGB) as writer:
        for frame in given:
            writer.write(frame)
    raw = ffmpeg("-i", out, "-f", "rawvideo", "-pix_fmt", "rgb48le", "-")
    assert np.array_equal(np.frombuffer(raw, np.uint16).reshape(3, 33, 61, 3), np.stack(given))
    with VideoReader(out) as reader:
        assert np.array_equal(picture(reader.frame(1), reader.info.encoding), given[1])
        assert (reader.info.encoding.matrix, reader.info.encoding.transfer) == ("gbr", "bt709")


def test_ffv1_refuses_pixels_that_are_not_square(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="square"):
        MediaWriter(str(tmp_path / "a.mkv"), Codec.FFV1, Fraction(25), 64, 48, Fraction(64, 45), BT709)


def test_dnxhr_is_hqx_and_refuses_what_it_cannot_hold(tmp_path: Path) -> None:
    path, given = str(tmp_path / "a.mov"), smooth(320, 180)
    with MediaWriter(path, Codec.DNXHR_HQX, Fraction(25), 320, 180, Fraction(1), BT709) as writer:
        writer.write(given)
    assert ffprobe(path)["streams"][0]["profile"] == "DNXHR HQX"
    with VideoReader(path) as reader:
        assert np.abs(picture(reader.frame(0), reader.info.encoding).astype(int) - given).mean() < 120
    with pytest.raises(BadInput, match="256×120"):
        MediaWriter(str(tmp_path / "b.mov"), Codec.DNXHR_HQX, Fraction(25), 240, 180, Fraction(1), BT709)


@pytest.mark.parametrize("codec", [Codec.PRORES_HQ, Codec.DNXHR_HQX, Codec.FFV1])
@pytest.mark.parametrize("transfer", ["arib-std-b67", "smpte2084"])
def test_hdr_is_tagged_and_what_lies_above_white_stays(codec: Codec, transfer: str, tmp_path: Path) -> None:
    encoding = Encoding("yuv420p10le", 10, "bt2020nc", "bt2020", transfer, False)
    path = str(tmp_path / ("a.mkv" if codec is Codec.FFV1 else "a.mov"))
    ramp = np.tile(np.linspace(-0.02, 1.07, 256, dtype=np.float32)[None, :, None], (120, 1, 3))
    with MediaWriter(path, codec, Fraction(25), 256, 120, Fraction(1), encoding) as writer:
        writer.write(ramp)
    video = ffprobe(path)["streams"][0]
    assert (video["color_space"], video["color_primaries"], video["color_transfer"]) == ("bt2020nc", "bt2020", transfer)
    with VideoReader(path) as reader:
        assert reader.info.encoding.transfer == transfer
        assert np.abs(codes_of(reader.frame(0), reader.info.encoding) - ramp).max() < 0.006
        assert picture(reader.frame(0), reader.info.encoding).max() == 65535


def test_exr_take_has_its_values_and_its_header(tmp_path: Path) -> None:
    oiio = pytest.importorskip("OpenImageIO")
    folder, start = tmp_path / "take", FrameTime(1799, NTSC)
    given = np.linspace(-0.5, 40, 33 * 61 * 3, dtype=np.float32).reshape(33, 61, 3)
    linear = Encoding("gbrpf32le", 32, "gbr", "bt2020", "linear", True)
    sound = (SoundInfo(48000, 1, "mono"),)
    with MediaWriter(
        str(folder), Codec.EXR, NTSC, 61, 33, Fraction(4, 3), linear, start, True, "R1", sound, '{"a": 1}', "ACEScg"
    ) as writer:
        writer.write(given)
        writer.write(given * 2)
        writer.write_sound(0, np.zeros((1, 3203), np.float32))
    names = sorted(entry.name for entry in folder.iterdir())
    assert names == ["frame_1001.exr", "frame_1002.exr", "record.json", "sound_1.wav"]
    assert extract(str(folder)) == '{"a": 1}'
    held = oiio.ImageInput.open(str(folder / "frame_1002.exr"))
    spec = held.spec()
    assert (spec.format, spec.channelnames) == (oiio.HALF, ("R", "G", "B"))
    # 29.97 drop-frame counts 00:01:00;02 after 00:00:59;29
    assert spec.getattribute("smpte:TimeCode") == (0x00010042, 0)
    assert spec.getattribute("FramesPerSecond") == (30000, 1001)
    assert spec.getattribute("reelName") == "R1"
    assert spec.getattribute("PixelAspectRatio") == pytest.approx(4 / 3)
    assert spec.getattribute("chromaticities")[:2] == pytest.approx((0.713, 0.293))
    assert np.array_equal(held.read_image(), (given * 2).astype(np.float16).astype(np.float32))
    pattern = str(folder / "frame_%04d.exr")
    header = read_header(pattern)
    assert (header.first, header.frames, header.record) == (1001, 2, '{"a": 1}')
    with VideoReader(pattern, NTSC) as reader:
        assert (reader.info.pixel_aspect, reader.info.encoding.transfer) == (Fraction(4, 3), "linear")
        seen = codes_of(reader.frame(0), reader.info.encoding)
    assert np.array_equal(seen, given.astype(np.float16).astype(np.float32))


def test_exr_of_display_pictures_says_which_they_are(tmp_path: Path) -> None:
    pytest.importorskip("OpenImageIO")
    with MediaWriter(str(tmp_path / "take"), Codec.EXR, Fraction(24), 64, 48, Fraction(1), BT709) as writer:
        writer.write(smooth(64, 48))
    info = probe(str(tmp_path / "take" / "frame_%04d.exr"), Fraction(24))
    assert (info.encoding.primaries, info.encoding.transfer) == ("bt709", "bt709")


@pytest.mark.parametrize(
    ("frame", "rate", "drop_frame", "packed"),
    [
        (86399 * 24 + 23, Fraction(24), False, 0x23595923),
        (1800, NTSC, True, 0x00010042),
        (61, Fraction(60), False, 0x00000100 | 1 << 15),
    ],
)
def test_timecode_is_packed(frame: int, rate: Fraction, drop_frame: bool, packed: int) -> None:
    assert packed_timecode(FrameTime(frame, rate), drop_frame) == packed


def test_nothing_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.mov"
    path.write_text("theirs")
    with pytest.raises(BadInput, match="exists"):
        MediaWriter(str(path), Codec.PRORES_HQ, Fraction(24), 64, 48, Fraction(1), BT709)
    assert path.read_text() == "theirs"
    with pytest.raises(BadInput, match="folder"):
        MediaWriter(str(tmp_path / "no" / "a.mov"), Codec.PRORES_HQ, Fraction(24), 64, 48, Fraction(1), BT709)


def test_record_survives_stream_copies_that_keep_metadata(tmp_path: Path) -> None:
    path = str(tmp_path / "a.mov")
    with MediaWriter(
        path, Codec.PRORES_HQ, Fraction(24), 64, 48, Fraction(1), BT709, None, False, "", (), '{"seed": 7}'
    ) as writer:
        writer.write(smooth(64, 48))
    ffmpeg("-i", path, "-c", "copy", tmp_path / "b.mkv")
    ffmpeg("-i", path, "-c", "copy", "-movflags", "use_metadata_tags", tmp_path / "c.mov")
    ffmpeg("-i", path, "-c", "copy", "-map_metadata", "-1", tmp_path / "d.mov")
    assert [extract(str(tmp_path / name)) for name in ("b.mkv", "c.mov", "d.mov")] == ['{"seed": 7}'] * 2 + [None]


def test_h264_carries_the_mastering_metadata_of_its_source_and_others_say_that_they_do_not(tmp_path: Path) -> None:
    """The ffmpeg program finds it in the stream's headers."""
    source = mastered(tmp_path / "source.mp4")
    taken = tmp_path / "take.mp4"
    with VideoReader(source) as reader:
        info = reader.info
        assert info.encoding.mastering is not None and info.encoding.mastering.light == (1000, 400)
        with MediaWriter(str(taken), Codec.H264, info.rate, 192, 108, Fraction(1), info.encoding) as writer:
            for frame in reader.frames(0, 5):
                writer.write(frame)
    assert probe(str(taken)).encoding.mastering == info.encoding.mastering

    command = ["ffmpeg", "-i", str(taken), "-c", "copy", "-bsf:v", "trace_headers", "-f", "null", "-"]
    headers = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    found = dict(re.findall(r"(max_content_light_level|max_display_mastering_luminance) +[01]+ = (\d+)", headers))
    assert found == {"max_content_light_level": "1000", "max_display_mastering_luminance": "10000000"}
    assert lost_mastering(Codec.H264, info.encoding) == ""
    for codec in (Codec.PRORES_HQ, Codec.DNXHR_HQX, Codec.FFV1, Codec.EXR, Codec.PNG):
        assert "MaxCLL 1000" in lost_mastering(codec, info.encoding)
