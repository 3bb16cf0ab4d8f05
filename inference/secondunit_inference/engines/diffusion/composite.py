"""Made pixels inside a mask over a camera frame, whose own codes stay as they are everywhere else."""

import numpy as np
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from av.video.reformatter import ColorRange, VideoReformatter
from numpy.typing import NDArray
from secondunit_bridge.errors import MediaUnsupported
from secondunit_bridge.media.colour import PRECISE, SWS_MATRICES, Floats, parts, shrink, whole, yuv_from_rgb
from secondunit_bridge.media.probe import Encoding
from secondunit_bridge.media.read import FLOATS

from secondunit_inference.job import Picture

Mask = NDArray[np.bool_]


class Composite:
    def __init__(self, encoding: Encoding) -> None:
        self._encoding = encoding
        self._reformatter = VideoReformatter()

    def frame(self, camera: VideoFrame, made: Picture | Floats, mask: Mask) -> VideoFrame:
        """`mask`: True where `made` is seen, grown to whole chroma samples, which cannot be of both.

        Raises MediaUnsupported for pixel formats whose codes are not bytes of their own.
        """
        result = self._codes(camera, made)
        grown = _grown(mask, camera)
        for index, (ours, theirs) in enumerate(zip(result.planes, camera.planes, strict=True)):
            size = _pixel_bytes(camera, index)
            tall, wide = -(-camera.height // theirs.height), -(-camera.width // theirs.width)
            outside = ~grown[::tall, ::wide]
            mine, source = (_pixels(plane, size) for plane in (ours, theirs))
            mine[outside] = source[outside]
        return result

    def _codes(self, camera: VideoFrame, made: Picture | Floats) -> VideoFrame:
        """`made` in the camera frame's pixel format, the inverse of `media.read.picture`."""
        encoding = self._encoding
        if camera.format.name.startswith(FLOATS):
            return _float_frame(camera, parts(made))
        rgb = encoding.matrix == "gbr"
        if not rgb and encoding.matrix not in SWS_MATRICES:
            raise MediaUnsupported(f"colour matrix {encoding.matrix} cannot be converted: convert it to bt709 first")
        if made.dtype == np.float32 and not rgb:
            samples = yuv_from_rgb(parts(made), encoding.matrix, encoding.full_range, encoding.depth)
            frame = VideoFrame.from_ndarray(samples, format="yuv444p16le")
        elif rgb and encoding.depth <= 8:
            bytes_ = np.asarray(np.round(whole(made) / 257), np.uint8)
            frame = VideoFrame.from_ndarray(bytes_, format="rgb24")
        else:
            shown = whole(made)
            frame = VideoFrame.from_ndarray(shown if rgb or encoding.full_range else shrink(shown), format="rgb48le")
        matrix = None if rgb else SWS_MATRICES[encoding.matrix]
        target = ColorRange.JPEG if encoding.full_range or rgb else ColorRange.MPEG
        converted: VideoFrame = self._reformatter.reformat(
            frame,
            format=camera.format.name,
            src_colorspace=matrix,
            dst_colorspace=matrix,
            src_color_range=target if frame.format.name == "yuv444p16le" else ColorRange.JPEG,
            dst_color_range=target,
            interpolation=PRECISE,
        )
        converted.pts, converted.time_base = camera.pts, camera.time_base
        return converted


def _float_frame(camera: VideoFrame, made: Floats) -> VideoFrame:
    frame = VideoFrame(camera.width, camera.height, camera.format.name)
    kind = np.dtype("<f2" if "f16" in camera.format.name else "<f4")
    for index, channel in enumerate((1, 2, 0)[: len(frame.planes)]):  # G, B, R; alpha stays the camera's
        pixels = _pixels(frame.planes[index], kind.itemsize)
        pixels[:] = np.ascontiguousarray(made[..., channel : channel + 1].astype(kind)).view(np.uint8)
    for index in range(3, len(frame.planes)):
        _pixels(frame.planes[index], kind.itemsize)[:] = _pixels(camera.planes[index], kind.itemsize)
    frame.pts, frame.time_base = camera.pts, camera.time_base
    return frame


def _grown(mask: Mask, frame: VideoFrame) -> Mask:
    """The mask as whole blocks of pixels that share a chroma sample."""
    components = [component for component in frame.format.components if component.is_chroma]
    wide = max((-(-frame.width // component.width) for component in components), default=1)
    tall = max((-(-frame.height // component.height) for component in components), default=1)
    if wide == tall == 1:
        return mask
    height, width = mask.shape
    padded = np.pad(mask, ((0, -height % tall), (0, -width % wide)))
    blocks = padded.reshape(padded.shape[0] // tall, tall, padded.shape[1] // wide, wide).any(axis=(1, 3))
    return np.asarray(blocks.repeat(tall, axis=0).repeat(wide, axis=1)[:height, :width])


def _pixel_bytes(frame: VideoFrame, plane: int) -> int:
    components = [component for component in frame.format.components if component.plane == plane]
    if len(frame.planes) == 1 and len(components) > 1:
        bits = frame.format.padded_bits_per_pixel
        if bits % 8 or frame.format.has_palette or frame.format.is_bit_stream:
            raise MediaUnsupported(f"pixels of the format {frame.format.name} cannot be replaced one by one")
        return int(bits // 8)
    return sum(-(-component.bits // 8) for component in components)


def _pixels(plane: VideoPlane, size: int) -> NDArray[np.uint8]:
    """A writable view of a plane, shape (height, width, bytes of a pixel)."""
    whole: NDArray[np.uint8] = np.frombuffer(memoryview(plane), np.uint8)
    lines = whole[: plane.height * plane.line_size].reshape(plane.height, plane.line_size)
    return lines[:, : plane.width * size].reshape(plane.height, plane.width, size)
