"""Clips and orders for the draft engine's tests."""

import threading
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from secondunit_bridge.media.read import VideoReader, picture
from secondunit_bridge.messages import (
    Condition,
    Delivery,
    Order,
    Parameter,
    Slot,
    Span,
    Task,
)
from secondunit_bridge.rates import FrameRange, FrameTime
from secondunit_inference.job import Job, Made, Picture, Progress

RATE = Fraction(24)
FOOTAGE = Path(__file__).parents[3] / "shared" / "footage"


def footage(name: str) -> str:
    found = sorted(FOOTAGE.glob(f"{name}_*")) if FOOTAGE.is_dir() else []
    if not found:
        pytest.skip(f"the real clip {name} is not beside the repository (shared/footage)")
    return str(found[0])


def texture(height: int, width: int, seed: int) -> NDArray[np.float32]:
    """Smooth random structure at several scales, 0..1."""
    random = np.random.default_rng(seed)
    total = np.zeros((height, width, 3), np.float32)
    for cells in (4, 12, 40, 100):
        small = random.standard_normal((cells * height // width + 2, cells, 3), np.float32)
        total += cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC) / cells**0.5
    low, high = np.quantile(total, (0.01, 0.99))
    return np.asarray(np.clip((total - low) / (high - low), 0, 1) * 0.7 + 0.15, np.float32)


def write_clip(path: Path, pictures: Iterator[NDArray[np.float32]], sound: NDArray[np.float32] | None = None) -> str:
    """Lossless FFV1 in Matroska, 10 bit 4:4:4, and PCM at 48 kHz; pictures are R'G'B' 0..1."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=RATE)
        stream.pix_fmt = "yuv444p10le"
        voice = container.add_stream("pcm_f32le", rate=48000, layout="stereo") if sound is not None else None
        for rgb in pictures:
            codes = (np.clip(rgb, 0, 1) * 65535 + 0.5).astype(np.uint16)
            if not stream.codec_context.is_open:
                stream.height, stream.width = codes.shape[:2]
            frame = av.VideoFrame.from_ndarray(codes, format="rgb48le")
            frame = frame.reformat(format="yuv444p10le", dst_colorspace="ITU709")
            frame.colorspace = 1
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if voice is not None and sound is not None:
            block = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound.T.reshape(1, -1)), "flt", "stereo")
            block.sample_rate = 48000
            block.pts = 0
            container.mux(voice.encode(block))
            container.mux(voice.encode(None))
    return str(path)


def span(path: str, start: int, stop: int) -> Span:
    with VideoReader(path) as source:
        return Span(path, FrameRange(start, stop - start, source.info.rate))


def order(
    task: Task,
    like: Span,
    frames: int,
    conditions: tuple[Condition, ...],
    head: int = 0,
    tail: int = 0,
    parameters: tuple[Parameter, ...] = (),
) -> Order:
    with VideoReader(like.path) as source:
        info = source.info
    slot = Slot(frames, head, tail, info.rate, info.rate, info.width, info.height, info.pixel_aspect, None)
    return Order(
        "order", task, "show", "A001", slot, conditions, "draft", "draft", parameters, (1,), Delivery("unused")
    )


def job(
    preview: Callable[[FrameTime, Picture], None] = lambda _frame, _picture: None,
    cancelled: threading.Event | None = None,
) -> Job:
    progress = Progress(lambda _what: None, lambda _done, _total, _what: None, preview)
    return Job(progress, cancelled or threading.Event())


def pictures(made: Made) -> list[Picture]:
    return [picture(frame, made.encoding) if isinstance(frame, av.VideoFrame) else frame for frame in made.frames]


def camera_pictures(given: Span) -> list[Picture]:
    with VideoReader(given.path) as source:
        frames = source.frames(given.range.start, given.range.end)
        return [picture(frame, source.info.encoding) for frame in frames]


def psnr(a: Picture, b: Picture) -> float:
    return float(10 * np.log10(65535**2 / np.mean(np.square(a.astype(np.float64) - b))))
