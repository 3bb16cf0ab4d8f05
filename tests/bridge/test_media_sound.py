from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from secondunit_bridge.errors import BadInput
from secondunit_bridge.media.probe import Encoding, SoundInfo
from secondunit_bridge.media.read import read_sound
from secondunit_bridge.media.sound import SoundReader
from secondunit_bridge.media.write import MediaWriter
from secondunit_bridge.messages import Codec

from tests.bridge.media_clips import ffmpeg, footage

BT709 = Encoding("yuv420p", 8, "bt709", "bt709", "bt709", False)
CLICK = 24_000


def clicks(channels: int, samples: int = 96_000) -> np.ndarray:
    sound = np.zeros((channels, samples), np.float32)
    for channel in range(channels):
        sound[channel, CLICK + 1000 * channel] = 0.9
    return sound


def written(path: Path, codec: Codec, sound: np.ndarray, layout: str) -> str:
    info = SoundInfo(48000, sound.shape[0], layout)
    with MediaWriter(str(path), codec, Fraction(24), 64, 48, Fraction(1), BT709, sound=(info,)) as writer:
        for at in range(0, sound.shape[1], 2000):
            writer.write(np.full((48, 64, 3), 20000 + at // 4, np.uint16))
            writer.write_sound(0, sound[:, at : at + 2000])
    return str(path)


@pytest.mark.parametrize(("channels", "layout"), [(1, "mono"), (2, "stereo"), (6, "5.1")])
@pytest.mark.parametrize(("codec", "name"), [(Codec.PRORES_HQ, "a.mov"), (Codec.H264, "a.mp4")])
def test_written_sound_sits_where_it_was_put(
    codec: Codec, name: str, channels: int, layout: str, tmp_path: Path
) -> None:
    path = written(tmp_path / name, codec, clicks(channels), layout)
    with SoundReader(path, 0, 48000) as reader:
        assert reader.channels == channels
        heard = reader.read(0, 96_000)
    full = [channel for channel in range(channels) if not (layout == "5.1" and channel == 3 and codec is Codec.H264)]
    for channel in full:
        assert int(np.abs(heard[channel]).argmax()) == CLICK + 1000 * channel
    theirs = np.frombuffer(ffmpeg("-i", path, "-f", "f32le", "-"), np.float32).reshape(-1, channels).T
    assert np.abs(theirs[:, :90_000] - heard[:, :90_000]).max() < 1e-4
    if codec is Codec.PRORES_HQ:
        assert np.abs(heard - clicks(channels)).max() < 2**-23


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.mov", ("-c:a", "pcm_s16le")),
        ("a.mp4", ("-c:a", "aac", "-aac_pns", "0")),
        ("a.mkv", ("-c:a", "flac")),
        ("a.mkv", ("-c:a", "aac", "-aac_pns", "0")),
        ("a.webm", ("-c:v", "libvpx", "-c:a", "libvorbis")),
        ("a.ts", ("-c:a", "ac3")),
    ],
)
def test_any_piece_equals_the_whole(name: str, options: tuple[str, ...], tmp_path: Path) -> None:
    sound = "anoisesrc=seed=4:amplitude=0.3:sample_rate=48000:duration=3,aformat=channel_layouts=stereo"
    ffmpeg(
        "-f",
        "lavfi",
        "-i",
        "testsrc2=size=64x48:rate=25:duration=3",
        "-f",
        "lavfi",
        "-i",
        sound,
        *options,
        tmp_path / name,
    )
    with SoundReader(str(tmp_path / name), 0, 48000) as reader:
        whole = reader.read(-500, 150_000)
        assert np.abs(whole[:, 30_000:100_000]).mean() > 0.01
        for start in (90_000, 20, 61_234, 61_334, 3, 140_000, 40_000):
            piece = reader.read(start, 3000)
            error = np.abs(piece - whole[:, start + 500 : start + 3500]).max()
            assert error <= (0.02 if name == "a.ts" else 0), start  # AC-3 decoders fill in dither
    if name in ("a.mov", "a.mp4"):
        assert not whole[:, :499].any()


def test_container_offsets_place_sound_against_the_picture(tmp_path: Path) -> None:
    (tmp_path / "raw").write_bytes(clicks(1).tobytes())
    given = ("-f", "f32le", "-ar", "48000", "-ac", "1", "-itsoffset", "0.25", "-i", tmp_path / "raw")
    ffmpeg(
        "-f", "lavfi", "-i", "testsrc2=size=64x48:rate=25:duration=2", *given, "-c:a", "pcm_s24le", tmp_path / "a.mov"
    )
    heard = read_sound(str(tmp_path / "a.mov"), 0, 0, 96_000, 48000)
    assert int(np.abs(heard[0]).argmax()) == CLICK + 12_000
    ffmpeg("-ss", "0.2", "-i", tmp_path / "a.mov", "-c", "copy", "-avoid_negative_ts", "disabled", tmp_path / "b.mov")
    heard = read_sound(str(tmp_path / "b.mov"), 0, 0, 96_000, 48000)
    assert abs(int(np.abs(heard[0]).argmax()) - (CLICK + 12_000 - 9_600)) <= 1


def test_resampling_is_the_same_in_any_piece(tmp_path: Path) -> None:
    time = np.arange(88_200) / 44_100
    tone = (0.5 * np.sin(2 * np.pi * 997 * time)).astype(np.float32)[None]
    (tmp_path / "raw").write_bytes(tone.tobytes())
    ffmpeg("-f", "f32le", "-ar", "44100", "-ac", "1", "-i", tmp_path / "raw", "-c:a", "pcm_f32le", tmp_path / "a.wav")
    with SoundReader(str(tmp_path / "a.wav"), 0, 48000) as reader:
        whole = reader.read(0, 96_000)
        pieces = np.concatenate([reader.read(at, 2002) for at in range(0, 96_000, 2002)], axis=1)[:, :96_000]
    wanted = 0.5 * np.sin(2 * np.pi * 997 * np.arange(96_000) / 48_000)
    assert np.abs(whole[0, 2000:94_000] - wanted[2000:94_000]).max() < 1e-3
    assert np.abs(pieces[:, 2000:94_000] - whole[:, 2000:94_000]).max() < 1e-6


def test_footage_sound_equals_ffmpeg() -> None:
    path = footage("s03_gopro_walk_480p2997_fullrange.mp4")
    theirs = np.frombuffer(ffmpeg("-i", path, "-f", "f32le", "-"), np.float32).reshape(-1, 2).T
    assert np.abs(read_sound(path, 0, 0, theirs.shape[1], 48000) - theirs).max() < 1e-6


def test_missing_streams_are_named(tmp_path: Path) -> None:
    path = written(tmp_path / "a.mov", Codec.PRORES_HQ, clicks(1)[:, :4000], "mono")
    with pytest.raises(BadInput, match="1 sound streams"):
        read_sound(path, 1, 0, 10, 48000)
    assert not read_sound(path, 0, 10_000, 50, 48000).any()
