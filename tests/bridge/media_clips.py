"""Clips for the media tests, made with the ffmpeg program, and what that program says of a file."""

import hashlib
import json
import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from av.video.frame import VideoFrame
from numpy.typing import NDArray

FOOTAGE = Path(__file__).parents[3] / "shared" / "footage"


def footage(name: str) -> str:
    if not (FOOTAGE / name).exists():
        pytest.skip(f"the shared footage lies beside the repository; {name} is not there")
    return str(FOOTAGE / name)


def ffmpeg(*arguments: object) -> bytes:
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y", *(str(argument) for argument in arguments)]
    return subprocess.run(command, check=True, capture_output=True).stdout


def moving(path: Path, *options: object, size: str = "192x108", rate: str = "25", seconds: str = "1.2") -> str:
    """A clip of ffmpeg's moving test pattern; every frame differs."""
    ffmpeg("-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}:duration={seconds}", *options, path)
    return str(path)


def mastered(path: Path) -> str:
    """HDR10 of 10 bits with what SMPTE ST 2086 and CTA-861.3 have for it."""
    display = "G(8500,39850)B(6550,2300)R(35400,14600)WP(15635,16450)L(10000000,50)"
    colour = "colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc"
    parameters = f"log-level=error:hdr-opt=1:{colour}:master-display={display}:max-cll=1000,400"
    return moving(path, "-c:v", "libx265", "-pix_fmt", "yuv420p10le", "-x265-params", parameters)


def frame_md5s(path: str) -> list[str]:
    """ffmpeg's own checksums of all frames of the picture."""
    lines = ffmpeg("-i", path, "-map", "0:v:0", "-vsync", "passthrough", "-f", "framemd5", "-").decode().splitlines()
    return [line.split(",")[-1].strip() for line in lines if not line.startswith("#")]


def md5(frame: VideoFrame) -> str:
    """As `-f framemd5` computes it: the planes' rows without their padding."""
    digest = hashlib.md5()
    for number, plane in enumerate(frame.planes):
        parts = [part for part in frame.format.components if part.plane == number]
        sample = (parts[0].bits + 7) // 8 * (1 if frame.format.is_planar else len(parts))
        rows = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
        digest.update(rows[:, : plane.width * sample].tobytes())
    return digest.hexdigest()


def codes(frame: VideoFrame, plane: int) -> NDArray[np.int64]:
    """The sample values of one plane."""
    given = frame.planes[plane]
    kind = np.uint16 if frame.format.components[plane].bits > 8 else np.uint8
    return np.frombuffer(given, kind).reshape(given.height, -1)[:, : given.width].astype(np.int64)


def decoded_codes(path: str, pixel_format: str, width: int, height: int) -> list[NDArray[np.int64]]:
    """The luma planes of all frames as the ffmpeg program decodes them."""
    raw = ffmpeg("-i", path, "-map", "0:v:0", "-f", "rawvideo", "-pix_fmt", pixel_format, "-")
    kind = np.uint16 if "10" in pixel_format else np.uint8
    ratio = {"yuv420p": Fraction(3, 2), "yuv422p10le": Fraction(2), "yuv422p": Fraction(2)}[pixel_format]
    frames = np.frombuffer(raw, kind).reshape(-1, int(width * height * ratio))
    return [frame[: width * height].reshape(height, width).astype(np.int64) for frame in frames]


def ffprobe(path: str) -> dict[str, Any]:
    command = ["ffprobe", "-v", "error", "-show_streams", "-show_format", "-of", "json", path]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True).stdout))
