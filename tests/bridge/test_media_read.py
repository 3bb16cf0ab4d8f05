import random
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from av.video.frame import VideoFrame
from secondunit_bridge.errors import BadInput, MediaUnreadable
from secondunit_bridge.media.probe import Encoding
from secondunit_bridge.media.read import VideoReader, picture, read_still
from secondunit_bridge.media.read import codes as codes_of

from tests.bridge.media_clips import ffmpeg, footage, frame_md5s, md5, moving

X264 = ("-c:v", "libx264", "-pix_fmt", "yuv420p")
CASES: dict[str, tuple[str, tuple[str, ...]]] = {
    "long GOP with B frames": ("a.mp4", (*X264, "-bf", "3", "-g", "250")),
    "short open GOPs": ("a.mp4", (*X264, "-x264-params", "open-gop=1:keyint=8:bframes=3:b-pyramid=normal")),
    "intra refresh": ("a.mkv", (*X264, "-x264-params", "intra-refresh=1:keyint=10")),
    "transport stream": ("a.ts", (*X264, "-bf", "2", "-g", "12")),
    "program stream": ("a.mpg", ("-c:v", "mpeg2video", "-bf", "2", "-g", "12", "-q:v", "3")),
    "AVI with B frames": ("a.avi", ("-c:v", "mpeg4", "-bf", "2", "-q:v", "3")),
    "fragmented MP4": ("a.mp4", (*X264, "-bf", "2", "-g", "12", "-movflags", "frag_keyframe+empty_moov")),
    "VP9 with hidden frames": (
        "a.webm",
        ("-c:v", "libvpx-vp9", "-b:v", "200k", "-auto-alt-ref", "1", "-cpu-used", "8"),
    ),
    "VP8 with hidden frames": ("a.webm", ("-c:v", "libvpx", "-b:v", "200k", "-auto-alt-ref", "1", "-cpu-used", "8")),
    "HEVC": ("a.mp4", ("-c:v", "libx265", "-x265-params", "log-level=none:keyint=10", "-pix_fmt", "yuv420p10le")),
    "ProRes": ("a.mov", ("-c:v", "prores_ks", "-pix_fmt", "yuv422p10le")),
    "DNxHR in MXF": ("a.mxf", ("-c:v", "dnxhd", "-profile:v", "dnxhr_hq", "-pix_fmt", "yuv422p", "-s", "256x144")),
    "FFV1": ("a.mkv", ("-c:v", "ffv1", "-pix_fmt", "yuv444p10le")),
    "Motion JPEG": ("a.mov", ("-c:v", "mjpeg", "-pix_fmt", "yuvj422p", "-q:v", "3")),
}


def check(path: str) -> None:
    wanted = frame_md5s(path)
    with VideoReader(path) as reader:
        assert reader.info.frames == len(wanted)
        assert [md5(frame) for frame in reader.frames(0, len(wanted))] == wanted
        order = random.Random(3).sample(range(len(wanted)), min(len(wanted), 14))
        for index in (*order, len(wanted) - 1, 0, len(wanted) - 2):
            assert md5(reader.frame(index)) == wanted[index], index
        start = len(wanted) // 3
        assert [md5(frame) for frame in reader.frames(start, start + 4)] == wanted[start : start + 4]


@pytest.mark.parametrize("case", CASES)
def test_any_order_equals_ffmpeg(case: str, tmp_path: Path) -> None:
    name, options = CASES[case]
    check(moving(tmp_path / name, *options))


@pytest.mark.parametrize(
    "name",
    [
        "s07b_tos_shot02.webm",
        "s08_city_night_2shots_405p25.mpg",
        "s08a_city_shotA.mkv",
        "s09a_asl_learn_480p30.mkv",
        "s16_sony_a7m3_1080i25_avchd.mts",
        "s17_fireplace_dog_rot180_vfr_lowlight.mp4",
        "s19_man_walks_in_reads_leaves_432p10.mp4",
    ],
)
def test_footage_equals_ffmpeg(name: str) -> None:
    check(footage(name))


def test_edit_list_hides_frames_before_it(tmp_path: Path) -> None:
    whole = moving(tmp_path / "whole.mp4", *X264, "-g", "30", "-bf", "2")
    ffmpeg("-ss", "0.4", "-i", whole, "-c", "copy", tmp_path / "cut.mp4")
    check(str(tmp_path / "cut.mp4"))
    with VideoReader(whole) as full, VideoReader(str(tmp_path / "cut.mp4")) as cut:
        assert cut.info.frames == full.info.frames - 10
        assert md5(cut.frame(0)) == md5(full.frame(10))


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", X264), ("a.mov", ("-c:v", "prores_ks"))])
def test_edit_list_hides_frames_after_it(name: str, codec: tuple[str, ...], tmp_path: Path) -> None:
    path = Path(moving(tmp_path / name, *codec))
    data = bytearray(path.read_bytes())
    duration = slice(data.index(b"elst") + 12, data.index(b"elst") + 16)
    data[duration] = (int.from_bytes(data[duration], "big") // 2).to_bytes(4, "big")
    path.write_bytes(data)
    check(str(path))
    with VideoReader(str(path)) as reader:
        assert reader.info.frames == 15


@pytest.mark.parametrize("degrees", [90, 180, 270])
@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv420p10le"])
def test_rotated_frames_come_upright(degrees: int, pixel_format: str, tmp_path: Path) -> None:
    codec = ("-c:v", "libx264" if pixel_format == "yuv420p" else "libx265", "-x265-params", "log-level=none")
    stored = moving(tmp_path / "stored.mp4", *codec, "-pix_fmt", pixel_format, seconds="0.4")
    turned = str(tmp_path / "turned.mp4")
    ffmpeg("-i", stored, "-c", "copy", "-metadata:s:v:0", f"rotate={degrees}", turned)
    check(turned)
    with VideoReader(turned) as reader:
        assert (reader.info.width, reader.info.height) == ((192, 108) if degrees == 180 else (108, 192))
        assert (reader.frame(3).width, reader.frame(3).height) == (reader.info.width, reader.info.height)


def test_frames_outside_the_file_are_refused(tmp_path: Path) -> None:
    with VideoReader(moving(tmp_path / "a.mov", "-c:v", "mjpeg", seconds="0.4")) as reader:
        with pytest.raises(BadInput, match="frames 0 to 9"):
            reader.frame(10)
        with pytest.raises(BadInput):
            next(reader.frames(8, 11))
        with pytest.raises(BadInput):
            reader.frame(-1)


def test_a_damaged_frame_is_named(tmp_path: Path) -> None:
    path = Path(moving(tmp_path / "a.mov", "-c:v", "prores_ks", "-pix_fmt", "yuv422p10le", seconds="0.8"))
    data = bytearray(path.read_bytes())
    starts = [at for at in range(len(data)) if data[at : at + 4] == b"icpf"]
    data[starts[12] - 4 : starts[12] + 40] = bytes(44)
    path.write_bytes(data)
    with VideoReader(str(path)) as reader:
        reader.frame(11)
        with pytest.raises(MediaUnreadable, match="frame 12"):
            reader.frame(12)
        with pytest.raises(MediaUnreadable, match="frame 12"):
            list(reader.frames(10, 14))
        reader.frame(13)


@pytest.mark.parametrize("matrix", ["bt709", "smpte170m"])
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("pixel_format", ["yuv444p", "yuv422p10le", "yuv420p"])
def test_picture_uses_matrix_and_range(matrix: str, full: bool, pixel_format: str, tmp_path: Path) -> None:
    """Stripes of flat colours, against the definition of the matrices (ITU-R BT.601 and BT.709)."""
    kr, kb = {"bt709": (0.2126, 0.0722), "smpte170m": (0.299, 0.114)}[matrix]
    top = 1023 if "10" in pixel_format else 255
    unit = (top + 1) // 256
    zero, luma_span, chroma_span = (0, top, top) if full else (16 * unit, 219 * unit, 224 * unit)
    planes: list[list[int]] = [[], [], []]
    wanted = []
    for red, green, blue in ((0.8, 0.3, 0.1), (0.2, 0.6, 0.9), (1, 1, 1), (0, 0, 0)):
        luma = kr * red + (1 - kr - kb) * green + kb * blue
        y = round(zero + luma_span * luma)
        u = min(top, round(128 * unit + chroma_span * (blue - luma) / (2 - 2 * kb)))
        v = min(top, round(128 * unit + chroma_span * (red - luma) / (2 - 2 * kr)))
        for plane, value in zip(planes, (y, u, v), strict=True):
            plane.append(value)
        luma, cb, cr = (y - zero) / luma_span, (u - 128 * unit) / chroma_span, (v - 128 * unit) / chroma_span
        r, b = luma + (2 - 2 * kr) * cr, luma + (2 - 2 * kb) * cb
        wanted.append((r, (luma - kr * r - kb * b) / (1 - kr - kb), b))
    dtype = np.uint16 if top > 255 else np.uint8
    across, down = {"yuv444p": (16, 16), "yuv422p10le": (8, 16), "yuv420p": (8, 8)}[pixel_format]
    sizes = ((16, 16), (across, down), (across, down))
    raw = [np.tile(np.repeat(np.array(p, dtype), w), (h, 1)) for p, (w, h) in zip(planes, sizes, strict=True)]
    (tmp_path / "raw").write_bytes(b"".join(plane.tobytes() for plane in raw))
    tags = ("-color_range", "pc" if full else "tv", "-colorspace", matrix)
    given = ("-f", "rawvideo", "-pix_fmt", pixel_format, *tags, "-s", "64x16", "-i", tmp_path / "raw")
    ffmpeg(*given, "-c:v", "ffv1", "-pix_fmt", pixel_format, *tags, tmp_path / "a.mkv")
    with VideoReader(str(tmp_path / "a.mkv")) as reader:
        assert (reader.info.encoding.matrix, reader.info.encoding.full_range) == (matrix, full)
        seen = picture(reader.frame(0), reader.info.encoding)
    assert (seen.dtype, seen.shape) == (np.uint16, (16, 64, 3))
    middles = seen[8, 8::16].astype(float) / 65535
    assert np.abs(middles - np.clip(wanted, 0, 1)).max() < 1 / top


def test_ten_bits_stay_ten(tmp_path: Path) -> None:
    ramp = "nullsrc=size=1024x64:duration=0.04,format=yuv444p10le,geq=lum='64+X*876/1023':cb=512:cr=512"
    ffmpeg("-f", "lavfi", "-i", ramp, "-c:v", "ffv1", "-colorspace", "bt709", tmp_path / "a.mkv")
    with VideoReader(str(tmp_path / "a.mkv")) as reader:
        assert len(np.unique(picture(reader.frame(0), reader.info.encoding)[0, :, 1])) > 860


def test_stills(tmp_path: Path) -> None:
    random_picture = np.random.default_rng(5).integers(0, 65536, (30, 41, 3), dtype=np.uint16)
    raw = tmp_path / "raw"
    raw.write_bytes(random_picture.tobytes())
    given = ("-f", "rawvideo", "-pix_fmt", "rgb48le", "-s", "41x30", "-i", raw)
    for name in ("a.png", "a.tiff"):
        ffmpeg(*given, "-frames:v", 1, "-pix_fmt", "rgb48be" if name == "a.png" else "rgb48le", tmp_path / name)
        assert np.array_equal(read_still(str(tmp_path / name)), random_picture), name
    ffmpeg("-f", "lavfi", "-i", "color=c=#c04020:size=64x48", "-frames:v", 1, "-q:v", 2, tmp_path / "a.jpg")
    still = read_still(str(tmp_path / "a.jpg"))
    assert np.abs(still[20, 20] / 257 - (0xC0, 0x40, 0x20)).max() < 4
    with pytest.raises(BadInput, match="still"):
        read_still(moving(tmp_path / "a.mp4", *X264, seconds="0.2"))


def test_image_sequences_start_anywhere(tmp_path: Path) -> None:
    moving(tmp_path / "x_%04d.png", "-start_number", "986", "-pix_fmt", "rgb24", seconds="0.6")
    pattern = str(tmp_path / "x_%04d.png")
    with VideoReader(pattern, Fraction(24)) as reader:
        assert (reader.info.frames, reader.info.rate) == (15, Fraction(24))
        assert reader.info.encoding.matrix == "gbr"
        for index in (7, 14, 0):
            expected = read_still(str(tmp_path / f"x_{986 + index:04}.png"))
            assert np.array_equal(picture(reader.frame(index), reader.info.encoding), expected)
    (tmp_path / "x_0990.png").unlink()
    with pytest.raises(MediaUnreadable, match="no frame 990"):
        VideoReader(pattern, Fraction(24))


def _shown(path: str, rate: Fraction) -> list[str]:
    """What ffmpeg's own `fps` filter shows at a constant rate, the last frame that began."""
    filters = f"fps=fps={rate.numerator}/{rate.denominator}:round=up"
    lines = ffmpeg("-i", path, "-map", "0:v:0", "-vf", filters, "-f", "framemd5", "-").decode().splitlines()
    return [line.split(",")[-1].strip() for line in lines if not line.startswith("#")]


@pytest.mark.parametrize("rate", [Fraction(25), Fraction(24000, 1001), Fraction(50)])
def test_a_variable_rate_is_shown_at_a_constant_one(rate: Fraction, tmp_path: Path) -> None:
    dropped = ("-vf", "select='not(eq(mod(n,7),3))'", "-vsync", "vfr", "-c:v", "libx264")
    path = moving(tmp_path / "a.mp4", *dropped, seconds="2")
    with VideoReader(path, rate) as reader:
        info = reader.info
        assert (info.rate, info.variable_rate) == (rate, True)
        seen = [md5(frame) for frame in reader.frames(0, info.frames)]
        assert md5(reader.frame(17)) == seen[17]
    assert seen == _shown(path, rate)[: len(seen)]
    assert abs(info.frames / rate - 2) < Fraction(1, 10)


def test_a_variable_rate_of_footage_at_the_rate_of_a_cut() -> None:
    path = footage("s17_fireplace_dog_rot180_vfr_lowlight.mp4")
    with VideoReader(path, Fraction(25)) as reader:
        assert (reader.info.rate, reader.info.frames) == (Fraction(25), 59)
        seen = [md5(frame) for frame in reader.frames(0, 59)]
    assert len(set(seen)) == 25, "each stored frame is shown, none between"
    assert seen == _shown(path, Fraction(25))[:59]


@pytest.mark.parametrize(("rate", "mode", "frames"), [(25, "send_frame", 13), (50, "send_field", 26)])
def test_interlaced_footage_is_deinterlaced_as_ffmpeg_does(rate: int, mode: str, frames: int) -> None:
    path = footage("s16_sony_a7m3_1080i25_avchd.mts")
    filters = f"bwdif=mode={mode}:parity=tff:deint=all"
    lines = ffmpeg("-i", path, "-map", "0:v:0", "-vf", filters, "-vsync", "passthrough", "-f", "framemd5", "-").decode()
    wanted = [line.split(",")[-1].strip() for line in lines.splitlines() if not line.startswith("#")]
    with VideoReader(path, Fraction(rate)) as reader:
        assert (reader.info.rate, reader.info.frames, reader.info.field_order) == (Fraction(rate), frames, "tt")
        seen = [md5(frame) for frame in reader.frames(0, frames)]
        assert md5(reader.frame(frames - 2)) == seen[frames - 2]
        assert not reader.frame(3).interlaced_frame
    each = frames // 13  # versions of the filter differ in the first and the last frame, which stand alone on a side
    assert seen[each:-each] == wanted[each:-each]


def test_codes_keep_what_lies_beyond_white() -> None:
    """10-bit limited range: code 64 is black, 940 white (ITU-R BT.709); chroma of grey is 512."""
    frame = VideoFrame(64, 48, "yuv420p10le")
    for plane, code in zip(frame.planes, (1000, 512, 512), strict=True):
        plane.update(np.full(plane.buffer_size // 2, code, np.uint16).tobytes())
    encoding = Encoding("yuv420p10le", 10, "bt709", "bt709", "bt709", False)
    assert np.allclose(codes_of(frame, encoding), (1000 - 64) / 876, atol=1e-4)
    assert picture(frame, encoding).max() == 65535


def test_codes_of_camera_files_agree_with_pictures() -> None:
    with VideoReader(footage("s12_london_roof_pq10_av1_portrait.mp4")) as reader:
        frame, encoding = reader.frame(60), reader.info.encoding
        assert np.abs(codes_of(frame, encoding) - picture(frame, encoding) / 65535).max() < 1e-3
