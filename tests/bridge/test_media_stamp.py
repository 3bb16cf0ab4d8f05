"""Timecode, rate and reel of pictures, read from what OpenImageIO and this package write."""

import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from secondunit_bridge.media.header import read_header
from secondunit_bridge.media.probe import Encoding, probe
from secondunit_bridge.media.stamp import packed_timecode, unpacked_timecode
from secondunit_bridge.media.write import MediaWriter
from secondunit_bridge.messages import Codec
from secondunit_bridge.rates import FrameTime, parse_timecode

LINEAR = Encoding("gbrpf32le", 32, "gbr", "bt709", "linear", True)
RATES = [Fraction(n) for n in (24, 25, 30, 48, 50, 60)] + [Fraction(n * 1000, 1001) for n in (24, 30, 60)]


@given(frame=st.integers(0, 2_000_000), rate=st.sampled_from(RATES), drop=st.booleans())
def test_what_is_packed_is_unpacked(frame: int, rate: Fraction, drop: bool) -> None:
    drop = drop and rate in (Fraction(30000, 1001), Fraction(60000, 1001))
    time = FrameTime(frame, rate)
    assert unpacked_timecode(packed_timecode(time, drop), rate) == (time, drop)


@pytest.mark.parametrize("rate", RATES)
def test_an_exr_take_is_read_with_the_timecode_that_it_was_written_with(rate: Fraction, tmp_path: Path) -> None:
    start = parse_timecode("10:20:30:11", rate)
    take = tmp_path / "take"
    with MediaWriter(str(take), Codec.EXR, rate, 8, 4, Fraction(1), LINEAR, start, reel="SU_0001") as writer:
        for _ in range(3):
            writer.write(np.zeros((4, 8, 3), np.float32))
    pattern = str(take / "frame_%04d.exr")
    info, header = probe(pattern, rate), read_header(pattern)
    assert (info.start, info.drop_frame, info.reel, info.first_number) == (start, False, "SU_0001", 1001)
    assert (header.start, header.reel, header.rate, header.frames) == (start, "SU_0001", None, 3)


def test_drop_frame_timecode_stays_so(tmp_path: Path) -> None:
    rate = Fraction(30000, 1001)
    start = parse_timecode("01:00:00;02", rate)
    with MediaWriter(str(tmp_path / "a"), Codec.EXR, rate, 8, 4, Fraction(1), LINEAR, start, True) as writer:
        writer.write(np.zeros((4, 8, 3), np.float32))
    info = probe(str(tmp_path / "a/frame_%04d.exr"), rate)
    assert (info.start, info.drop_frame) == (start, True)


def test_timecode_of_dpx_pictures_is_read_as_ffprobe_reads_it(tmp_path: Path) -> None:
    rate = Fraction(24)
    start = parse_timecode("03:04:05:06", rate)
    for number in range(2):
        spec = oiio.ImageSpec(16, 16, 3, oiio.UINT16)
        packed = packed_timecode(FrameTime(start.frame + number, rate), False)
        spec.attribute("smpte:TimeCode", oiio.TypeTimeCode, (packed, 0))
        spec.attribute("dpx:FrameRate", 24.0)
        path = str(tmp_path / f"scan.{86401 + number:07}.dpx")
        output = oiio.ImageOutput.create(path)
        assert output.open(path, spec) and output.write_image(np.zeros((16, 16, 3), np.uint16)) and output.close()
    pattern = str(tmp_path / "scan.%07d.dpx")
    assert (probe(pattern, rate).start, read_header(pattern).start) == (start, start)
    command = ["ffprobe", "-v", "error", "-show_frames", "-show_entries", "frame_tags=timecode", "-of", "csv=p=0"]
    shown = subprocess.run([*command, str(tmp_path / "scan.0086401.dpx")], check=True, capture_output=True, text=True)
    assert "03:04:05:06" in shown.stdout.strip().split(",")


def test_timecode_counts_at_the_rate_that_is_asked_for(tmp_path: Path) -> None:
    """Frame 24 of a second does not exist at 24 frames a second."""
    rate = Fraction(25)
    start = parse_timecode("01:00:00:24", rate)
    with MediaWriter(str(tmp_path / "a"), Codec.EXR, rate, 8, 4, Fraction(1), LINEAR, start) as writer:
        writer.write(np.zeros((4, 8, 3), np.float32))
    pattern = str(tmp_path / "a/frame_%04d.exr")
    assert probe(pattern, rate).start == start
    assert probe(pattern, Fraction(24)).start is None


def test_other_pictures_have_no_timecode(tmp_path: Path) -> None:
    with MediaWriter(str(tmp_path / "a"), Codec.PNG, Fraction(24), 8, 4, Fraction(1), LINEAR) as writer:
        writer.write(np.zeros((4, 8, 3), np.uint16))
    assert probe(str(tmp_path / "a/frame_%04d.png"), Fraction(24)).start is None
