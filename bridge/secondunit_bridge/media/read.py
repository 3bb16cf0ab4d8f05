"""Frames of a media file by their number, their pictures, stills and sound."""

import math
from collections.abc import Iterator
from fractions import Fraction
from types import TracebackType
from typing import Self

import av
import av.error
import numpy as np
from av.audio.frame import AudioFrame
from av.container import InputContainer
from av.filter import Graph
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace, ColorRange, Interpolation, VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray

from secondunit_bridge.errors import BadInput, MediaUnreadable, MediaUnsupported
from secondunit_bridge.media.container import open_media, picture_stream
from secondunit_bridge.media.frames import FrameMap
from secondunit_bridge.media.probe import Encoding, MediaInfo, Orientation, examine

SWS_MATRICES = {
    "bt709": Colorspace.ITU709,
    "fcc": Colorspace.FCC,
    "bt470bg": Colorspace.ITU601,
    "smpte170m": Colorspace.ITU601,
    "smpte240m": Colorspace.SMPTE240M,
    "bt2020nc": Colorspace.BT2020,
}
_PRECISE = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT


class VideoReader:
    """Decodes frames by number. Any order of access gives the frames that decoding from the start gives.

    Not for use by several threads at once.
    """

    def __init__(self, path: str, rate: Fraction | None = None) -> None:
        self.info, self._map, self._orientation = examine(path, rate)
        self._rate = rate
        self._single: _Decoder | None = None
        self._run: _Decoder | None = None

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
        return self._single.fetch(index)

    def frames(self, start: int, stop: int) -> Iterator[VideoFrame]:
        """Frames from `start` up to, not including, `stop`."""
        self._check(start, stop)
        decoder, self._run = self._run or self._decoder("AUTO"), None
        try:
            for index in range(start, stop):
                yield decoder.fetch(index)
        finally:
            if self._run is None:
                self._run = decoder
            else:
                decoder.close()

    def _decoder(self, threads: str) -> "_Decoder":
        return _Decoder(self.info, self._map, self._orientation, self._rate, threads)

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

    def close(self) -> None:
        self._decoded = iter(())
        self._container.close()

    def fetch(self, index: int) -> VideoFrame:
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
        self._last, self._at = None, -1
        if key < 0:
            threads = self._stream.thread_type
            self._container.close()
            self._container = open_media(self._path, self._rate)
            self._stream = picture_stream(self._container, self._path)
            self._stream.thread_type = threads
        else:
            self._container.seek(int(self._map.key_seeks[key]), stream=self._stream)
            self._stream.codec_context.reorder_depth = self._depth
        self._decoded = self._container.decode(self._stream)
        return key < 0

    def _forward(self, index: int) -> VideoFrame | None:
        """Decodes up to frame `index`; None when the stream went past it or ended."""
        wanted = int(self._map.times[index])
        try:
            for frame in self._decoded:
                if self._map.counted:
                    self._at += 1
                    if self._at == index:
                        return frame
                elif frame.pts == wanted:
                    return frame
                elif frame.pts is not None and frame.pts > wanted:
                    return None
        except av.error.FFmpegError as error:
            reason = error.strerror or "damaged"
            raise MediaUnreadable(
                f"{self._path}: frame {index} cannot be decoded ({reason}): copy it again from its source"
            ) from error
        return None


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


def picture(frame: VideoFrame, encoding: Encoding, reformatter: VideoReformatter | None = None) -> NDArray[np.uint16]:
    """R'G'B', shape (height, width, 3), 0..65535 full range, in the transfer and primaries of `encoding`.

    A `reformatter` that is kept from frame to frame saves setting up the conversion; one a thread.
    """
    reformatter = reformatter or VideoReformatter()
    if encoding.matrix == "gbr":
        packed = reformatter.reformat(frame, format="rgb48le", interpolation=_PRECISE)
    else:
        if encoding.matrix not in SWS_MATRICES:
            raise MediaUnsupported(f"colour matrix {encoding.matrix} cannot be converted: convert it to bt709 first")
        packed = reformatter.reformat(
            frame,
            format="rgb48le",
            src_colorspace=SWS_MATRICES[encoding.matrix],
            src_color_range=ColorRange.JPEG if encoding.full_range else ColorRange.MPEG,
            dst_color_range=ColorRange.JPEG,
            interpolation=_PRECISE,
        )
    return np.ascontiguousarray(packed.to_ndarray(), np.uint16)


class SoundReader:
    """Samples of one sound stream, counted at `rate` from the start of the picture's first frame.

    Without a picture they are counted from the first sample. Any order of access gives the samples that decoding
    from the start gives. Not for use by several threads at once.
    """

    def __init__(self, path: str, stream: int, rate: int) -> None:
        self._path, self._number, self._rate = path, stream, rate
        with open_media(path) as container:
            if not 0 <= stream < len(container.streams.audio):
                raise BadInput(
                    f"{path} has {len(container.streams.audio)} sound streams: stream {stream} cannot be read"
                )
            self._origin = _picture_start(container)
        self._open()
        self.channels: int = self._stream.channels
        self._source_rate: int = self._stream.rate
        tick = self._stream.time_base or Fraction(1, self._source_rate)
        self._exact = (1 / tick) % self._source_rate == 0
        """Timestamps name every sample; where they are coarser, samples are counted from the file's start."""
        self._positions: dict[int, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._decoded = iter(())
        self._container.close()

    def read(self, start: int, count: int) -> NDArray[np.float32]:
        """float32, shape (channels, count); zeros where the file holds no sound."""
        if self._rate == self._source_rate:
            return self._source(start, count)
        common = math.gcd(self._rate, self._source_rate)
        block_in, block_out = self._source_rate // common, self._rate // common
        margin = 256 * max(1, -(-self._source_rate // self._rate))
        block = (start * self._source_rate // self._rate - margin) // block_in
        end = -(-(start + count) * self._source_rate // self._rate) + margin
        frame = av.AudioFrame.from_ndarray(
            self._source(block * block_in, end - block * block_in), format="fltp", layout=self._stream.layout.name
        )
        frame.sample_rate = self._source_rate
        resampler = av.AudioResampler(format="fltp", layout=self._stream.layout.name, rate=self._rate)
        parts = [part.to_ndarray() for part in (*resampler.resample(frame), *resampler.resample(None))]
        skip = start - block * block_out
        return np.ascontiguousarray(np.concatenate(parts, axis=1)[:, skip : skip + count], np.float32)

    def _open(self) -> None:
        self._container = open_media(self._path)
        self._stream = self._container.streams.audio[self._number]
        self._decoded: Iterator[AudioFrame] = self._container.decode(self._stream)
        self._next: int | None = None
        """The position of the next decoded sample; None after a seek."""
        self._held: tuple[int, NDArray[np.float32]] | None = None

    def _source(self, start: int, count: int) -> NDArray[np.float32]:
        samples = np.zeros((self.channels, count), np.float32)
        held = self._held
        if held is None or start < held[0] or start > held[0] + held[1].shape[1] + self._source_rate:
            self._seek(start)
            held = None
        while True:
            if held is not None:
                at, data = held
                low, high = max(at, start), min(at + data.shape[1], start + count)
                if low < high:
                    samples[:, low - start : high - start] = data[:, low - at : high - at]
                if at + data.shape[1] >= start + count:
                    return samples
            held = self._pull()
            if held is None:
                return samples
            self._held = held

    def _seek(self, start: int) -> None:
        """To a packet at least 0.25 s before `start`, so that overlapping transforms have settled there."""
        target = start - self._source_rate // 4
        tick = self._stream.time_base or Fraction(1, self._source_rate)
        if self._exact:
            pts = int((Fraction(target, self._source_rate) + (self._origin or 0)) / tick)
        else:
            pts = max((pts for pts, position in self._positions.items() if position <= target), default=-1)
        if pts <= 0 or self._origin is None:
            self._container.close()
            self._open()
            return
        self._container.seek(pts, stream=self._stream)
        self._decoded = self._container.decode(self._stream)
        self._next = self._held = None

    def _pull(self) -> tuple[int, NDArray[np.float32]] | None:
        try:
            frame = next(self._decoded, None)
        except av.error.FFmpegError as error:
            at = (self._next or 0) / self._source_rate
            raise MediaUnreadable(f"{self._path}: its sound cannot be decoded at {at:.3f} s: copy it again") from error
        if frame is None:
            return None
        data = _floats(frame)
        if data.shape[0] != self.channels:
            raise MediaUnsupported(f"{self._path}: its sound changes from {self.channels} to {data.shape[0]} channels")
        position = self._next
        if frame.pts is not None:
            tick = frame.time_base or Fraction(1, self._source_rate)
            if self._origin is None:
                self._origin = frame.pts * tick
            told = round((frame.pts * tick - self._origin) * self._source_rate)
            if self._exact or position is None or abs(told - position) > self._source_rate // 50:
                position = told if self._exact else self._positions.get(frame.pts, told)
            self._positions.setdefault(frame.pts, position)
        position = position or 0
        self._next = position + data.shape[1]
        return position, data


def read_sound(path: str, stream: int, start_sample: int, count: int, rate: int) -> NDArray[np.float32]:
    """See SoundReader; for many pieces of one file, keep a SoundReader."""
    with SoundReader(path, stream, rate) as reader:
        return reader.read(start_sample, count)


def _picture_start(container: InputContainer) -> Fraction | None:
    """When the first shown frame is shown, on the container's clock."""
    pictures = [stream for stream in container.streams.video if not stream.disposition & 0x400]
    if not pictures or pictures[0].time_base is None:
        return None
    times: list[int] = []
    for packet in container.demux(pictures[0]):
        if packet.pts is not None and not packet.is_discard:
            times.append(packet.pts)
        if len(times) == 40:
            break
    return min(times) * pictures[0].time_base if times else None


def _floats(frame: AudioFrame) -> NDArray[np.float32]:
    data = frame.to_ndarray()
    if not frame.format.is_planar:
        data = data.reshape(-1, frame.layout.nb_channels).T
    if data.dtype.kind == "f":
        return np.ascontiguousarray(data, np.float32)
    if data.dtype == np.uint8:
        return np.ascontiguousarray((data.astype(np.float32) - 128) / 128)
    return np.ascontiguousarray(data / np.float32(-float(np.iinfo(data.dtype).min)), np.float32)
