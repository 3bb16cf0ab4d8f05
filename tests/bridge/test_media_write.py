import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from av.video.frame import VideoFrame
from secondunit_bridge.errors import BadInput
from secondunit_bridge.media.probe import Encoding, SoundInfo, probe
from secondunit_bridge.media.read import VideoReader, picture, read_sound, read_still
from secondunit_bridge.media.record import extract
from secondunit_bridge.media.write import MediaWriter
from secondunit_bridge.messages import Codec
from secondunit_bridge.rates import FrameTime, format_timecode

from tests.bridge.media_clips import codes, decoded_codes, ffmpeg, ffprobe, moving

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


@pytest.mark.parametrize(("codec", "name"), [(Codec.PRORES_HQ, "a.mov"), (Codec.H264, "a.mp4")])
@pytest.mark.parametrize(("rate", "drop_frame"), [(NTSC, True), (NTSC, False), (Fraction(24), False)])
def test_ffprobe_agrees(codec: Codec, name: str, rate: Fraction, drop_frame: bool, tmp_path: Path) -> None:
    path, start = str(tmp_path / name), FrameTime(107_892, rate)
    sound = (SoundInfo(48000, 2, "stereo"), SoundInfo(48000, 1, "mono"))
    samples = np.zeros((2, 24024), np.float32)
    record = json.dumps({"name": "Ü 'quoted'\n", "long": "x" * 40_000})
    with MediaWriter(
        path, codec, rate, 192, 108, Fraction(64, 45), BT709, start, drop_frame, "A007R2", sound, record
    ) as writer:
        writer.write_sound(0, samples)
        writer.write_sound(1, samples[:1])
        for number in range(15):
            writer.write(np.roll(smooth(192, 108), number, axis=1))
    said = ffprobe(path)
    video = said["streams"][0]
    assert (video["codec_name"], video["pix_fmt"]) == {
        Codec.PRORES_HQ: ("prores", "yuv422p10le"),
        Codec.H264: ("h264", "yuv420p"),
    }[codec]
    assert (video["r_frame_rate"], video["avg_frame_rate"]) == (f"{rate.numerator}/{rate.denominator}",) * 2
    assert int(video["nb_frames"]) == 15
    assert video["sample_aspect_ratio"] == "64:45"
    assert video["tags"]["timecode"] == format_timecode(start, drop_frame)
    assert (video["color_range"], video["color_space"]) == ("tv", "bt709")
    assert (video["color_primaries"], video["color_transfer"]) == ("bt709", "bt709")
    assert video["field_order"] == "progressive"
    layouts = [stream["channels"] for stream in said["streams"] if stream["codec_type"] == "audio"]
    assert layouts == [2, 1]
    assert json.loads(said["format"]["tags"]["com.secondunit.record"]) == json.loads(record)
    info = probe(path)
    assert (info.rate, info.frames, info.start, info.drop_frame) == (rate, 15, start, drop_frame)
    assert (info.reel, info.pixel_aspect, info.encoding.matrix) == ("A007R2", Fraction(64, 45), "bt709")
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
    assert np.abs(read_sound(str(folder / "sound_1.wav"), 0, 0, 8008, 48000) - samples).max() < 1e-6
    assert ffprobe(str(folder / "sound_1.wav"))["format"]["tags"]["time_reference"] == str(1800 * 1001 * 48 // 30)


@pytest.mark.parametrize("codec", list(Codec))
def test_a_failure_leaves_nothing(codec: Codec, tmp_path: Path) -> None:
    path = str(tmp_path / "a")
    with (
        pytest.raises(ZeroDivisionError),
        MediaWriter(path, codec, Fraction(24), 64, 48, Fraction(1), BT709, None, False, "", (), "{}") as writer,
    ):
        for frame in noise(7, 64, 48):
            writer.write(frame)
        raise ZeroDivisionError
    with (
        pytest.raises(BadInput, match="no frame"),
        MediaWriter(path, codec, Fraction(24), 64, 48, Fraction(1), BT709),
    ):
        pass
    with (
        pytest.raises(BadInput, match="64×48"),
        MediaWriter(path, codec, Fraction(24), 64, 48, Fraction(1), BT709) as writer,
    ):
        writer.write(noise(1, 62, 48)[0])
    assert list(tmp_path.iterdir()) == []


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
