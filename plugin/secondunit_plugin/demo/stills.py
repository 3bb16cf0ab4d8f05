"""Frames of a cut as small pictures for people to look at: sized, encoded, written."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import ColorRange
from numpy.typing import NDArray

Picture = NDArray[np.uint16]
"""R'G'B', full range, shape (height, width, 3)."""


@dataclass(frozen=True, slots=True)
class CutFrames:
    """A cut as it is seen: `frame(n)` gives record frame `n`, counted from the cut's first frame as 0."""

    frame: Callable[[int], Picture]
    frames: int
    pixel_aspect: Fraction = Fraction(1)


def thumbnail(picture: Picture, width: int, pixel_aspect: Fraction = Fraction(1)) -> NDArray[np.uint8]:
    """The picture `width` pixels wide, in square pixels, by area averages."""
    height = max(1, round(width * picture.shape[0] / (picture.shape[1] * pixel_aspect)))
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb48le")
    small = frame.reformat(width=width, height=height, format="rgb24", interpolation="AREA")
    return np.asarray(small.to_ndarray(), np.uint8)


def png(picture: NDArray[np.uint8]) -> bytes:
    return _encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24"), "png", {})


def jpeg(picture: NDArray[np.uint8]) -> bytes:
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
    full = frame.reformat(format="yuvj444p", dst_colorspace="ITU601", dst_color_range=ColorRange.JPEG)
    return _encode(full, "mjpeg", {"qmin": "2", "qmax": "3"})


def _encode(frame: av.VideoFrame, codec: str, options: dict[str, str]) -> bytes:
    encoder = av.CodecContext.create(codec, "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = frame.width, frame.height, frame.format.name
    encoder.time_base = Fraction(1, 24)
    encoder.options = options
    frame.pts = 0
    return b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])
