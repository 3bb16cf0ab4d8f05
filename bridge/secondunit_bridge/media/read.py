"""Frames of a media file by their number, their pictures, stills and sound."""

from collections.abc import Iterator
from fractions import Fraction
from types import TracebackType
from typing import Self

import av
import av.error
import numpy as np
from av.container import InputContainer
from av.filter import Graph
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray

from secondunit_bridge.errors import BadInput, MediaUnreadable, MediaUnsupported
from secondunit_bridge.media.colour import PRECISE, SWS_MATRICES, Floats, parts, rgb_from_yuv, stretch, whole
from secondunit_bridge.media.container import open_media, picture_stream, unreadable
from secondunit_bridge.media.fields import Deinterlacer
from secondunit_bridge.media.frames import FrameMap, shown_at
from secondunit_bridge.media.probe import Encoding, MediaInfo, Orientation, encoding_of, examine, orientation
from secondunit_bridge.media.sound import SoundReader


class VideoReader:
    """Decodes frames by number. Any order of access gives the frames that decoding from the start gives.

    With `rate`, a file of variable rate gives at each frame's time what it shows then, and interlaced frames are
    deinterlaced, one picture for each, or for each field if `rate` is that of the fields; see `probe`. Without, frames
    are as they are stored. Not for use by several threads at once.
    """

    def __init__(self, path: str, rate: Fraction | None = None) -> None:
        self.info, self._map, self._orientation = examine(path, rate)
        self._rate = rate
        self._shown = shown_at(self._map, rate) if rate is not None and self.info.variable_rate else None
        self._interlaced = rate is not None and self.info.field_order != "progressive"
        self._single: _Decoder | _Shown | None = None
        self._run: _Decoder | _Shown | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        for decoder in (self._single, self._run):
            if decoder is not None:
                decoder.close()
        self._single = self._run = None

    def frame(self, index: int) -> VideoFrame:
        self._check(index, index + 1)
        if self._single is None:
            # Slice threads hand a frame out at once; frame threads first fill a pipeline, which a long run pays back.
            self._single = self._decoder("SLICE" if self._map.intra else "AUTO")
        return self._single.show(index)

    def frames(self, start: int, stop: int) -> Iterator[VideoFrame]:
        """Frames from `start` up to, not including, `stop`."""
        self._check(start, stop)
        decoder, self._run = self._run or self._decoder("AUTO"), None
        try:
            for index in range(start, stop):
                yield decoder.show(index)
        finally:
            if self._run is None:
                self._run = decoder
            else:
                decoder.close()

    @property
    def fields(self) -> bool:
        """Whether each frame is made of one field, so that there are twice as many as the file holds."""
        return self._interlaced and self.info.frames > len(self._map.times)

    def stored(self, start: int, stop: int) -> list[int]:
        """The numbers of the file's own frames that are shown from `start` up to, not including, `stop`."""
        self._check(start, stop)
        return list(range(start, stop)) if self._shown is None else [int(one) for one in self._shown[start:stop]]

    def _decoder(self, threads: str) -> "_Decoder | _Shown":
        decoder = _Decoder(self.info, self._map, self._orientation, self._rate, threads)
        if self._shown is not None or self._interlaced:
            return _Shown(decoder, self.info, len(self._map.times), self._shown, self._interlaced)
        return decoder

    def _check(self, start: int, stop: int) -> None:
        if not 0 <= start <= stop <= self.info.frames:
            asked = f"frame {start}" if stop == start + 1 else f"frames {start} to {stop - 1}"
            raise BadInput(f"{self.info.path} has frames 0 to {self.info.frames - 1}: {asked} cannot be read")


class _Decoder:
    """One open container with its position in the frame map."""

    def __init__(
        self, info: MediaInfo, frames: FrameMap, orientation: Orientation, rate: Fraction | None, threads: str
    ) -> None:
        self._path, self._map, self._rate, self._upright = info.path, frames, rate, Upright(orientation)
        self._container: InputContainer = open_media(info.path, rate)
        self._stream: VideoStream = picture_stream(self._container, info.path)
        self._stream.thread_type = threads
        self._depth = self._stream.codec_context.reorder_depth
        self._decoded: Iterator[VideoFrame] = iter(())
        self._at = -1
        """The number of the frame that was fetched last."""
        self._last: VideoFrame | None = None
        self._before: int | None = None
        """The timestamp of the frame that was decoded last since a seek."""
        self._first: int | None = None
        """The timestamp that the first frame after a seek must carry to be trusted."""

    def close(self) -> None:
        self._decoded = iter(())
        self._container.close()

    def show(self, index: int) -> VideoFrame:
        if self._last is not None and index == self._at:
            return self._last
        frame = self._forward(index) if self._near(index) else None
        back = 0
        while frame is None:
            exhausted = self._seek(index, back)
            frame = self._forward(index)
            if frame is None and exhausted:
                raise MediaUnreadable(f"{self._path}: frame {index} cannot be decoded: copy it again from its source")
            back = back * 2 + 1
        self._last, self._at = self._upright.turn(frame), index
        return self._last

    def _near(self, index: int) -> bool:
        """Whether decoding on reaches frame `index` before a seek would: no key frame lies between."""
        if self._last is None or index < self._at:
            return False
        times, keys = self._map.times, self._map.key_times
        between = np.searchsorted(keys, (times[self._at], times[index]), "right")
        return self._map.counted or index - self._at <= 4 or bool(between[0] == between[1])

    def _seek(self, index: int, back: int) -> bool:
        """Goes to the key frame `back` before the one that frame `index` needs; True at the file's start."""
        key = -1
        if not self._map.counted:
            key = int(np.searchsorted(self._map.key_times, self._map.times[index], "right")) - 1 - back
        self._last, self._at, self._before = None, -1, None
        if key < 0:
            threads = self._stream.thread_type
            self._container.close()
            self._container = open_media(self._path, self._rate)
            self._stream = picture_stream(self._container, self._path)
            self._stream.thread_type = threads
            self._first = int(self._map.times[0])
        else:
            self._container.seek(int(self._map.key_seeks[key]), stream=self._stream)
            self._stream.codec_context.reorder_depth = self._depth
            indexed = self._container.format.name.startswith(("mov", "matroska", "image2"))
            self._first = int(self._map.key_times[key]) if indexed else None
        self._decoded = self._container.decode(self._stream)
        return key < 0

    def _forward(self, index: int) -> VideoFrame | None:
        """Decodes up to frame `index`; None when the stream went past it or ended.

        After a seek, containers without an index can put a wrong timestamp on the first frame. So a frame is taken
        only when it follows the one before it in the map, or when it is the key frame that an index led to.
        """
        times = self._map.times
        wanted = int(times[index])
        try:
            for frame in self._decoded:
                before, self._before = self._before, frame.pts
                if self._map.counted:
                    self._at += 1
                    if self._at == index:
                        return frame
                elif frame.pts == wanted and (
                    frame.pts == self._first if before is None else index > 0 and before == times[index - 1]
                ):
                    return frame
                elif frame.pts is not None and frame.pts > wanted and before is not None:
                    return None
        except av.error.FFmpegError as error:
            self._last = None
            reason = error.strerror or "damaged"
            raise MediaUnreadable(
                f"{self._path}: frame {index} cannot be decoded ({reason}): copy it again from its source"
            ) from error
        return None


class _Shown:
    """A decoder's frames at the times of a constant rate, deinterlaced where they have fields."""

    def __init__(
        self, decoder: _Decoder, info: MediaInfo, stored: int, shown: NDArray[np.int64] | None, interlaced: bool
    ) -> None:
        self._decoder, self._shown = decoder, shown
        self._fields = None
        if interlaced:
            bottom_first = info.field_order in ("bb", "tb")
            self._fields = Deinterlacer(stored, bottom_first, info.frames > stored, decoder.show)

    def close(self) -> None:
        self._decoder.close()

    def show(self, index: int) -> VideoFrame:
        number = index if self._shown is None else int(self._shown[index])
        return self._decoder.show(number) if self._fields is None else self._fields.picture(number)


class Upright:
    """Turns stored frames upright in their own pixel format, where that format can hold the turned picture."""

    def __init__(self, orientation: Orientation) -> None:
        self._filters = orientation.filters
        self._graph: Graph | None = None

    def turn(self, frame: VideoFrame) -> VideoFrame:
        if not self._filters:
            return frame
        if self._graph is None:
            self._graph = Graph()
            source = self._graph.add_buffer(
                width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base
            )
            filters = [self._graph.add(name, arguments or None) for name, arguments in self._filters]
            self._graph.link_nodes(source, *filters, self._graph.add("buffersink")).configure()
        self._graph.vpush(frame)
        return self._graph.vpull()


def codes(frame: VideoFrame, encoding: Encoding, reformatter: VideoReformatter | None = None) -> Floats:
    """R'G'B', shape (height, width, 3), 1 full scale, as encoded; what lies above white or below black is kept."""
    if frame.format.name.startswith(FLOATS):
        return _float_planes(frame)
    if encoding.matrix not in SWS_MATRICES or frame.format.name.startswith("gray"):
        return parts(picture(frame, encoding, reformatter))
    matrix = SWS_MATRICES[encoding.matrix]
    spread = ColorRange.JPEG if encoding.full_range else ColorRange.MPEG
    planar = (reformatter or VideoReformatter()).reformat(
        frame,
        format="yuv444p16le",
        src_colorspace=matrix,
        dst_colorspace=matrix,
        src_color_range=spread,
        dst_color_range=spread,
        interpolation=PRECISE | Interpolation.FULL_CHR_H_INP,
    )
    samples = np.asarray(planar.to_ndarray(), np.uint16)
    return rgb_from_yuv(samples, encoding.matrix, encoding.full_range, encoding.depth)


FLOATS = ("gbrpf", "gbrapf", "grayf")


def _float_planes(frame: VideoFrame) -> Floats:
    kind = "<f2" if "f16" in frame.format.name else "<f4"
    planes = [
        np.frombuffer(memoryview(plane), kind).reshape(plane.height, -1)[:, : plane.width] for plane in frame.planes
    ]
    order = (2, 0, 1) if frame.format.name.startswith("gb") else (0, 0, 0)  # stored as G, B, R
    return np.stack([planes[number] for number in order], axis=-1).astype(np.float32)


def picture(frame: VideoFrame, encoding: Encoding, reformatter: VideoReformatter | None = None) -> NDArray[np.uint16]:
    """R'G'B', shape (height, width, 3), 0..65535 full range, in the transfer and primaries of `encoding`.

    A `reformatter` that is kept from frame to frame saves setting up the conversion; one a thread.
    """
    reformatter = reformatter or VideoReformatter()
    if frame.format.name.startswith(FLOATS):
        return whole(_float_planes(frame))
    if encoding.matrix == "gbr":
        if encoding.depth <= 8:  # the scaler takes 8-bit RGB to 16 bits by way of YUV
            return np.multiply(reformatter.reformat(frame, format="rgb24").to_ndarray(), 257, dtype=np.uint16)
        packed = reformatter.reformat(frame, format="rgb48le", interpolation=PRECISE)
        return np.array(packed.to_ndarray(), np.uint16, order="C", copy=packed is frame or None)
    if encoding.matrix not in SWS_MATRICES:
        raise MediaUnsupported(f"colour matrix {encoding.matrix} cannot be converted: convert it to bt709 first")
    packed = reformatter.reformat(
        frame,
        format="rgb48le",
        src_colorspace=SWS_MATRICES[encoding.matrix],
        src_color_range=ColorRange.JPEG if encoding.full_range else ColorRange.MPEG,
        dst_color_range=ColorRange.JPEG,
        interpolation=PRECISE | Interpolation.FULL_CHR_H_INT,
    )
    codes = np.ascontiguousarray(packed.to_ndarray(), np.uint16)
    bits = encoding.depth if encoding.full_range else 8
    if bits < 16:
        stretch(codes, bits)
    return codes


def read_still(path: str) -> NDArray[np.uint16]:
    """The picture of a PNG, JPEG, TIFF or OpenEXR file as `picture` gives it; transparency is ignored."""
    return picture(*_read_frame(path))


def read_still_codes(path: str) -> tuple[Floats, Encoding]:
    """The same file's picture as `codes` gives it."""
    frame, encoding = _read_frame(path)
    return codes(frame, encoding), encoding


def _read_frame(path: str) -> tuple[VideoFrame, Encoding]:
    with open_media(path) as container:
        stream = picture_stream(container, path)
        if container.format.name not in ("png_pipe", "jpeg_pipe", "tiff_pipe", "exr_pipe", "image2"):
            raise MediaUnsupported(f"{path} is not a PNG, JPEG, TIFF or OpenEXR still: convert it")
        try:
            frame = next(container.decode(stream), None)
        except av.error.FFmpegError as error:
            raise unreadable(path, error) from error
        if frame is None:
            raise MediaUnreadable(f"{path} holds no picture that can be decoded: copy it again from its source")
        return Upright(orientation(frame)).turn(frame), encoding_of(frame, stream)


def read_sound(path: str, stream: int, start_sample: int, count: int, rate: int) -> NDArray[np.float32]:
    """See SoundReader; for many pieces of one file, keep a SoundReader."""
    with SoundReader(path, stream, rate) as reader:
        return reader.read(start_sample, count)
