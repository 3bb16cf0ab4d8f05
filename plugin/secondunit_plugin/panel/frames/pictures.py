"""Decoded frames at the size at which they are seen. In the frames process."""

from fractions import Fraction

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter
from numpy.typing import NDArray
from secondunit_bridge.media.colour import SWS_MATRICES
from secondunit_bridge.media.probe import Encoding
from secondunit_bridge.media.read import FLOATS, picture

from secondunit_plugin.panel.frames.display import applied, needs_one, transform_of
from secondunit_plugin.panel.frames.messages import Light
from secondunit_plugin.panel.frames.ring import SLOT_BYTES

Bgra = NDArray[np.uint8]
"""Shape (height, width, 4)."""

_SRGB = Encoding("rgb24", 8, "gbr", "bt709", "iec61966-2-1", True)


def light_of(encoding: Encoding) -> Light | None:
    """As `scaled` shows it; None for SDR."""
    transfer = encoding.transfer
    return Light(transfer, transform_of(transfer) is not None) if needs_one(transfer) else None


def fitted(aspect: Fraction, width: int, height: int) -> tuple[int, int]:
    """The largest picture of that aspect in the box that a slot of the ring holds."""
    across, down = min(Fraction(width), height * aspect), min(Fraction(height), width / aspect)
    most = SLOT_BYTES // 4
    while round(across) * round(down) > most:
        across, down = across * Fraction(99, 100), down * Fraction(99, 100)
    return max(1, round(across)), max(1, round(down))


def scaled(frame: VideoFrame, encoding: Encoding, width: int, height: int, reformatter: VideoReformatter) -> Bgra:
    """For an SDR display; SDR keeps the primaries and the transfer of `encoding`.

    Raises MediaUnsupported for a colour matrix that is not known.
    """
    transform = transform_of(encoding.transfer) if needs_one(encoding.transfer) else None
    depth = 16 if transform is not None else 8
    if frame.format.name.startswith(FLOATS) or (encoding.matrix != "gbr" and encoding.matrix not in SWS_MATRICES):
        codes = picture(frame, encoding)
        if depth == 8:
            codes = (codes >> 8).astype(np.uint8)
        frame = VideoFrame.from_ndarray(codes, format="rgb24" if depth == 8 else "rgb48le")
        encoding = _SRGB
    layout = "bgra" if depth == 8 else "bgr48le"
    if encoding.matrix == "gbr":
        made = reformatter.reformat(frame, width, height, layout, interpolation=Interpolation.BILINEAR, threads=1)
    else:
        made = reformatter.reformat(
            frame,
            width,
            height,
            layout,
            src_colorspace=SWS_MATRICES[encoding.matrix],
            src_color_range=ColorRange.JPEG if encoding.full_range else ColorRange.MPEG,
            dst_color_range=ColorRange.JPEG,
            interpolation=Interpolation.BILINEAR,
            threads=1,
        )
    plane = made.planes[0]
    if transform is None:
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(height, plane.line_size)
        return rows[:, : width * 4].reshape(height, width, 4)
    deep = np.frombuffer(memoryview(plane), np.uint16).reshape(height, plane.line_size // 2)
    return applied(transform, deep[:, : width * 3].reshape(height, width, 3))
