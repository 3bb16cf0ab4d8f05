"""ProRes files of MediaWriter against ffmpeg's default `prores_ks`: processor time and PSNR on the same frames."""

import resource
import subprocess
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from secondunit_bridge.media.probe import Encoding
from secondunit_bridge.media.read import VideoReader
from secondunit_bridge.media.write import MediaWriter
from secondunit_bridge.messages import Codec

WIDTH, HEIGHT, FRAMES = 1920, 1080, 24
RATE = Fraction(24)
BT709 = Encoding("yuv422p10le", 10, "bt709", "bt709", "bt709", False)


def grained_frames() -> list[tuple[NDArray[np.uint16], ...]]:
    """Y, U, V planes of 4:2:2, 10 bit: a moving picture of soft shapes and edges under film grain of sigma 8 codes."""
    random = np.random.default_rng(7)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    grain = random.standard_normal((HEIGHT + 64, WIDTH + 64)).astype(np.float32)
    grain = (grain[1:, 1:] + grain[1:, :-1] + grain[:-1, 1:] + grain[:-1, :-1]) / 2  # a clump is about two pixels
    planes = []
    for number in range(FRAMES):
        shape = np.sin(x / 97 + number / 5) * np.cos(y / 61) + 0.5 * np.sign(np.sin((x + 3 * number) / 53 + y / 201))
        dy, dx = random.integers(0, 60, 2)
        luma = 470 + 190 * shape + 8 * grain[dy : dy + HEIGHT, dx : dx + WIDTH]
        half = slice(None), slice(None, None, 2)
        u = 512 + 90 * np.sin(x[half] / 301 + number / 9) + 4 * grain[dy + 1 : dy + 1 + HEIGHT, dx : dx + WIDTH : 2]
        v = 512 - 70 * np.cos(y[half] / 211) + 4 * grain[dy : dy + HEIGHT, dx + 1 : dx + 1 + WIDTH : 2]
        planes.append(tuple(np.clip(np.rint(plane), 64, 940).astype(np.uint16) for plane in (luma, u, v)))
    return planes


def psnr(path: Path, frames: list[tuple[NDArray[np.uint16], ...]]) -> float:
    """Over all samples of all planes, in dB."""
    total, count = 0.0, 0
    with VideoReader(str(path)) as reader:
        for decoded, planes in zip(reader.frames(0, FRAMES), frames, strict=True):
            for plane, wanted in zip(decoded.planes, planes, strict=True):
                codes = np.frombuffer(plane, np.uint16).reshape(plane.height, -1)[:, : plane.width]
                total += float(np.square(codes.astype(np.float64) - wanted).sum())
                count += wanted.size
    return float(10 * np.log10(1023**2 * count / total))


def run() -> list[tuple[str, float, float]]:
    """(what, measured, bar); the last one is a difference in dB that must not exceed the bar."""
    import av

    frames = grained_frames()
    with tempfile.TemporaryDirectory() as folder:
        raw, ours, theirs = Path(folder, "raw.yuv"), Path(folder, "ours.mov"), Path(folder, "theirs.mov")
        raw.write_bytes(b"".join(plane.tobytes() for planes in frames for plane in planes))
        given = []
        for planes in frames:
            frame = av.VideoFrame(WIDTH, HEIGHT, "yuv422p10le")
            for plane, codes in zip(frame.planes, planes, strict=True):
                rows = np.zeros((plane.height, plane.line_size // 2), np.uint16)
                rows[:, : codes.shape[1]] = codes
                plane.update(rows.tobytes())
            given.append(frame)
        before, begun = time.process_time(), time.perf_counter()
        with MediaWriter(str(ours), Codec.PRORES_HQ, RATE, WIDTH, HEIGHT, Fraction(1), BT709) as writer:
            for frame in given:
                writer.write(frame)
        our_seconds, our_wall = time.process_time() - before, time.perf_counter() - begun
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        size = ["-f", "rawvideo", "-pix_fmt", "yuv422p10le", "-s", f"{WIDTH}x{HEIGHT}", "-r", "24"]
        command = ["ffmpeg", "-v", "error", *size, "-i", str(raw), "-c:v", "prores_ks", "-profile:v", "3", str(theirs)]
        subprocess.run(command, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        their_seconds = after.ru_utime + after.ru_stime - children.ru_utime - children.ru_stime
        our_psnr, their_psnr = psnr(ours, frames), psnr(theirs, frames)
        sizes = ours.stat().st_size, theirs.stat().st_size
    print(f"ours   {our_seconds:6.2f} s CPU ({our_wall:.2f} s wall), {our_psnr:.2f} dB, {sizes[0]} bytes")  # noqa: T201
    print(f"ffmpeg {their_seconds:6.2f} s CPU, {their_psnr:.2f} dB, {sizes[1]} bytes")  # noqa: T201
    return [
        ("ProRes file, CPU time / prores_ks default", our_seconds / their_seconds, 0.2),
        ("ProRes file, dB below prores_ks default", their_psnr - our_psnr, 0.0),
    ]


if __name__ == "__main__":
    for name, measured, bar in run():
        print(f"{name}: {measured:.3f} (bar {bar})")  # noqa: T201
