"""Sound of a media file against its picture, and sound on its way into one."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from fractions import Fraction
from types import TracebackType
from typing import Self, cast

import av
import av.error
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from numpy.typing import NDArray

from secondunit_bridge.errors import BadInput, MediaUnreadable, MediaUnsupported
from secondunit_bridge.media.container import open_media
from secondunit_bridge.media.probe import SoundInfo
from secondunit_bridge.takes import sound_of

# Timestamps that disagree with the count of samples by less than this are taken as jitter (Vorbis in WebM is stamped
# up to half a block off), by more as a gap; it is where ffmpeg's own resynchronisation begins (min_hard_comp).
_GAPS_PER_SECOND = 10


class SoundReader:
    """Samples of one sound stream, counted at `rate` from the start of the picture's first frame.

    Without a picture they are counted from the first sample. Any order of access gives the samples that decoding
    from the start gives, but for the noise that AC-3 and AAC decoders make up. Not for use by several threads at once.
    """

    def __init__(self, path: str, stream: int, rate: int) -> None:
        path, stream = sound_of(path, stream)
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
        self._exact = _timestamps_name_samples(self._stream)
        self._positions: dict[int, int] = {}
        """Where timestamps do not name samples: what they turned out to mean, counted from the file's start."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
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
        """The position of the next decoded sample, where it is known."""
        self._seeked = False
        self._expected: int | None = None
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
        self._next, self._held, self._seeked, self._expected = None, None, True, None

    def _pull(self) -> tuple[int, NDArray[np.float32]] | None:
        while True:
            try:
                frame = next(self._decoded, None)
            except av.error.FFmpegError as error:
                at = (self._next or 0) / self._source_rate
                raise MediaUnreadable(
                    f"{self._path}: its sound cannot be decoded at {at:.3f} s: copy it again from its source"
                ) from error
            if frame is None:
                return None
            data = _floats(frame)
            if data.shape[0] != self.channels:
                raise MediaUnsupported(
                    f"{self._path}: its sound changes from {self.channels} to {data.shape[0]} channels: transcode it"
                )
            position = self._position(frame)
            if position is not None:
                self._next = position + data.shape[1]
                return position, data

    def _position(self, frame: AudioFrame) -> int | None:
        """Of the frame's first sample; None just after a seek, until a frame is met whose position is known."""
        if frame.pts is None:
            return self._next
        tick = frame.time_base or Fraction(1, self._source_rate)
        if self._origin is None:
            self._origin = frame.pts * tick
        told = round((frame.pts * tick - self._origin) * self._source_rate)
        if self._exact:
            return told
        known = self._positions.get(frame.pts)
        if self._seeked and self._next is None:
            # The first timestamp after a seek can be wrong: two frames must agree.
            agreed = known is not None and known == self._expected
            self._expected = None if known is None else known + frame.samples
            return known if agreed else None
        if known is not None:
            return known
        position = self._next
        if position is None or abs(told - position) * _GAPS_PER_SECOND > self._source_rate:
            position = told
        self._positions[frame.pts] = position
        return position


class SoundTrack:
    """One sound stream of a file in the making: 24-bit PCM or AAC."""

    def __init__(self, output: OutputContainer, codec: str, info: SoundInfo) -> None:
        self._info, self._pcm = info, codec == "pcm_s24le"
        self._stream = cast("AudioStream", output.add_stream(codec, rate=info.rate))
        context = self._stream.codec_context
        context.layout, context.format = info.layout, "s32" if self._pcm else "fltp"
        context.time_base = Fraction(1, info.rate)
        if not self._pcm:
            context.bit_rate = 128_000 * info.channels
        self._written = 0

    def encode(self, samples: NDArray[np.float32]) -> list[Packet[AudioStream]]:
        """`samples`: float32, shape (channels, samples), full scale ±1; beyond it they are clipped."""
        if samples.ndim != 2 or samples.shape[0] != self._info.channels:
            raise BadInput(f"sound of shape {samples.shape} was given to a stream of {self._info.channels} channels")
        if samples.shape[1] == 0:
            return []
        if self._pcm:
            codes = np.clip(np.rint(samples.T.astype(np.float64) * 2**23), -(2**23), 2**23 - 1).astype(np.int32) << 8
            frame = AudioFrame.from_ndarray(codes.reshape(1, -1), format="s32", layout=self._info.layout)
        else:
            clipped = np.clip(samples, -1, 1).astype(np.float32, order="C")
            frame = AudioFrame.from_ndarray(clipped, format="fltp", layout=self._info.layout)
        frame.sample_rate, frame.time_base, frame.pts = self._info.rate, Fraction(1, self._info.rate), self._written
        self._written += samples.shape[1]
        return self._stream.encode(frame)

    def flush(self) -> list[Packet[AudioStream]]:
        return self._stream.encode(None)


def _timestamps_name_samples(stream: AudioStream) -> bool:
    """Whether a seek finds sample positions from timestamps alone: they count samples and step by whole frames."""
    if stream.time_base is None or (1 / stream.time_base) % stream.rate:
        return False
    if stream.codec_context.name.startswith("pcm_"):
        return True
    times = [entry.timestamp for entry in stream.index_entries]
    step = stream.frame_size * int(1 / stream.time_base) // stream.rate
    return len(times) > 1 and all(b - a == step for a, b in itertools.pairwise(times))


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


_FULL_SCALE = {"u1": 2.0**7, "i2": 2.0**15, "i4": 2.0**31, "f4": 1.0, "f8": 1.0}


def _floats(frame: AudioFrame) -> NDArray[np.float32]:
    data = frame.to_ndarray()
    if not frame.format.is_planar:
        data = data.reshape(-1, frame.layout.nb_channels).T
    centred = data - 128.0 if data.dtype == np.uint8 else data
    return np.ascontiguousarray(centred / np.float32(_FULL_SCALE[data.dtype.str[1:]]), np.float32)
