"""Writing takes and flattened cuts: ProRes 422 HQ, H.264 and PNG sequences, with sound, timecode, reel and record."""

import os
import shutil
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import av.error
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray

from secondunit_bridge.errors import BadInput, OrderFailed
from secondunit_bridge.media.probe import MATRICES, PRIMARIES, TRANSFERS, Encoding, SoundInfo
from secondunit_bridge.media.read import SWS_MATRICES, picture
from secondunit_bridge.messages import Codec
from secondunit_bridge.rates import FrameTime, format_timecode, samples_before

Picture = NDArray[np.uint16]

_PRORES_QUANTISER = 4
_PRORES_QUANTISER_LAST = 64
# Apple ProRes White Paper: 422 HQ has a target of 220 Mbit/s at 1920 × 1080 and 29.97 frames a second.
_PRORES_BYTES_PER_PIXEL = Fraction(220_000_000 * 1001, 8 * 30000 * 1920 * 1080)
_FIRST_IMAGE = 1001
_PRECISE = Interpolation.BICUBIC | Interpolation.ACCURATE_RND


class MediaWriter:
    """Writes one file; leaving the `with` block makes it durable, an exception removes what was written.

    `encoding` is that of the frames and pictures given. Camera frames keep their YUV codes: 8 bits become 10 by a
    factor of 4, full range becomes limited. For `Codec.PNG`, `path` is a folder that is made:
    `frame_1001.png` …, `sound_1.wav` …, `record.json`.
    """

    def __init__(
        self,
        path: str,
        codec: Codec,
        rate: Fraction,
        width: int,
        height: int,
        pixel_aspect: Fraction,
        encoding: Encoding,
        start: FrameTime | None = None,
        drop_frame: bool = False,
        reel: str = "",
        sound: Sequence[SoundInfo] = (),
        record: str = "",
    ) -> None:
        if Path(path).exists():
            raise BadInput(f"{path} exists: writing never replaces a file; choose another name")
        self._path, self._rate, self._size = path, rate, (width, height)
        self._frames = 0
        tags = {"com.secondunit.record": record} if record else {}
        if start is not None:
            tags["timecode"] = format_timecode(start, drop_frame)
        if reel:
            tags["reel_name"] = reel
        self._sink: _Movie = _Movie(path, codec, rate, width, height, pixel_aspect, encoding, sound, tags)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is not None:
            self._sink.abandon()
            return
        try:
            if self._frames == 0:
                raise BadInput(f"{self._path}: no frame was given to write")
            self._sink.finish()
        except BaseException:
            self._sink.abandon()
            raise

    def write(self, frame: VideoFrame | Picture) -> None:
        size = (frame.width, frame.height) if isinstance(frame, VideoFrame) else (frame.shape[1], frame.shape[0])
        if size != self._size:
            raise BadInput(
                f"{self._path}: frame {self._frames} is {size[0]}×{size[1]}, the file {self._size[0]}×{self._size[1]}"
            )
        self._sink.write(self._frames, frame)
        self._frames += 1

    def write_sound(self, stream: int, samples: NDArray[np.float32]) -> None:
        """Appends to a sound stream; `samples`: float32, shape (channels, samples)."""
        self._sink.write_sound(stream, samples)


class _Movie:
    def __init__(
        self,
        path: str,
        codec: Codec,
        rate: Fraction,
        width: int,
        height: int,
        pixel_aspect: Fraction,
        encoding: Encoding,
        sound: Sequence[SoundInfo],
        tags: dict[str, str],
    ) -> None:
        self._path, self._rate = path, rate
        prores = codec is Codec.PRORES_HQ
        self._output = av.open(
            f"file:{path}",
            "w",
            format="mov" if prores else "mp4",
            options={"movflags": "+use_metadata_tags+write_colr" + ("" if prores else "+faststart"), "write_tmcd": "1"},
        )
        self._output.metadata.update(tags)
        self._converter = _Converter(encoding, width, height, "yuv422p10le" if prores else "yuv420p")
        self._stream: VideoStream = self._output.add_stream("prores_ks" if prores else "libx264", rate=rate)
        self._configure(self._stream.codec_context, pixel_aspect)
        self._stream.sample_aspect_ratio = pixel_aspect
        self._encoder: _ProRes | _H264
        if prores:
            self._stream.codec_context.options = {"profile": "hq", "vendor": "apl0"}
            self._encoder = _ProRes(self._converter, 1 / rate, lambda context: self._configure(context, pixel_aspect))
        else:
            self._stream.codec_context.options = {"preset": "veryfast", "crf": "16"}
            self._encoder = _H264(self._converter, self._stream)
        if "reel_name" in tags:
            self._stream.metadata["reel_name"] = tags["reel_name"]
        self._sound = tuple(
            _Track(self._output.add_stream("pcm_s24le" if prores else "aac", rate=s.rate), s) for s in sound
        )
        self._output.start_encoding()

    def _configure(self, context: VideoCodecContext, pixel_aspect: Fraction) -> None:
        converter = self._converter
        context.width, context.height, context.pix_fmt = converter.width, converter.height, converter.pixel_format
        context.time_base, context.framerate = 1 / self._rate, self._rate
        context.sample_aspect_ratio = pixel_aspect
        context.colorspace, context.color_primaries, context.color_trc = converter.tags
        context.color_range = ColorRange.MPEG

    def write(self, number: int, frame: VideoFrame | Picture) -> None:
        self._mux(self._encoder.encode(number, frame))

    def write_sound(self, stream: int, samples: NDArray[np.float32]) -> None:
        if not 0 <= stream < len(self._sound):
            raise BadInput(
                f"{self._path} was opened with {len(self._sound)} sound streams: there is no stream {stream}"
            )
        for packet in self._sound[stream].encode(samples):
            self._output.mux(packet)

    def finish(self) -> None:
        self._mux(self._encoder.flush())
        for track in self._sound:
            self._output.mux(track.flush())
        self._output.close()
        with Path(self._path).open("rb") as file:
            os.fsync(file.fileno())

    def abandon(self) -> None:
        self._encoder.stop()
        try:
            self._output.close()
        finally:
            Path(self._path).unlink(missing_ok=True)

    def _mux(self, packets: list[Packet]) -> None:
        for packet in packets:
            packet.stream = self._stream
            packet.time_base = 1 / self._rate
            packet.duration = 1
            self._output.mux(packet)


class _Converter:
    """To limited-range YUV of one pixel format. One thread uses one reformatter."""

    def __init__(self, encoding: Encoding, width: int, height: int, pixel_format: str) -> None:
        self._encoding, self.pixel_format = encoding, pixel_format
        even = pixel_format == "yuv420p"
        self.width, self.height = (width + (width & 1), height + (height & 1)) if even else (width, height)
        self._pad = (self.width - width, self.height - height)
        matrix = encoding.matrix
        if matrix not in SWS_MATRICES:
            matrix = "smpte170m" if width < 1280 and height <= 576 else "bt709"
        # ProRes knows BT.601 as SMPTE 170M only, and its transfer, which is that of BT.709, as BT.709 only.
        matrix = "smpte170m" if matrix == "bt470bg" else matrix
        transfer = "bt709" if encoding.transfer == "smpte170m" else encoding.transfer
        self._matrix = SWS_MATRICES[matrix]
        self.tags = (_code(MATRICES, matrix), _code(PRIMARIES, encoding.primaries), _code(TRANSFERS, transfer))
        self._local = threading.local()

    def convert(self, frame: VideoFrame | Picture) -> VideoFrame:
        local = self._local
        if not hasattr(local, "reformatter"):
            local.reformatter, local.to_picture = VideoReformatter(), VideoReformatter()
        if isinstance(frame, VideoFrame) and (self._encoding.matrix not in SWS_MATRICES or any(self._pad)):
            frame = picture(frame, self._encoding, local.to_picture)
        if isinstance(frame, VideoFrame):
            source_range = ColorRange.JPEG if self._encoding.full_range else ColorRange.MPEG
            source_matrix = SWS_MATRICES[self._encoding.matrix]
        else:
            if any(self._pad):
                frame = np.pad(frame, ((0, self._pad[1]), (0, self._pad[0]), (0, 0)), mode="edge")
            frame = VideoFrame.from_numpy_buffer(np.ascontiguousarray(frame), format="rgb48le")
            source_range, source_matrix = ColorRange.JPEG, self._matrix
        converted: VideoFrame = local.reformatter.reformat(
            frame,
            format=self.pixel_format,
            src_colorspace=source_matrix,
            dst_colorspace=self._matrix,
            src_color_range=source_range,
            dst_color_range=ColorRange.MPEG,
            interpolation=_PRECISE,
            threads=1,
        )
        if converted is frame:
            # Nothing to convert; timestamps are about to be written, and this frame is the caller's.
            converted = VideoFrame.from_ndarray(frame.to_ndarray(), format=self.pixel_format)
            converted.colorspace, converted.color_primaries, converted.color_trc = self.tags
            converted.color_range = ColorRange.MPEG
        return converted


class _ProRes:
    """Intra frames on all cores, each at a fixed quantiser: the finest, from 4 up, that keeps the format's bit rate.

    The quantiser that a frame starts from is that of the frame `window` before it, so that the same pictures give
    the same file however the threads run.
    """

    def __init__(self, converter: _Converter, tick: Fraction, configure: Callable[[VideoCodecContext], None]) -> None:
        self._converter, self._tick, self._configure = converter, tick, configure
        workers = min(8, os.cpu_count() or 1)
        self._window = 2 * workers
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="prores")
        self._local = threading.local()
        self._waiting: deque[Future[tuple[Packet, int]]] = deque()
        self._hint = _PRORES_QUANTISER
        self._limit = int(_PRORES_BYTES_PER_PIXEL * converter.width * converter.height)

    def encode(self, number: int, frame: VideoFrame | Picture) -> list[Packet]:
        done: list[Packet] = []
        if len(self._waiting) == self._window:
            done = self._take()
        self._waiting.append(self._pool.submit(self._one, number, frame, self._hint))
        if number == 0:
            done += self._take()
        return done

    def flush(self) -> list[Packet]:
        done = [packet for _ in range(len(self._waiting)) for packet in self._take()]
        self.stop()
        return done

    def stop(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _take(self) -> list[Packet]:
        packet, self._hint = self._waiting.popleft().result()
        return [packet]

    def _one(self, number: int, frame: VideoFrame | Picture, quantiser: int) -> tuple[Packet, int]:
        converted = self._converter.convert(frame)
        converted.pts, converted.time_base = number, self._tick
        while True:
            (packet,) = self._context(quantiser).encode(converted)
            if packet.size <= self._limit or quantiser == _PRORES_QUANTISER_LAST:
                break
            # The size falls about as the quantiser's power of -0.8.
            wanted = int(quantiser * (packet.size / self._limit) ** 1.1)
            quantiser = min(max(quantiser + 1, wanted), _PRORES_QUANTISER_LAST)
        packet.pts = packet.dts = number
        finer = max(_PRORES_QUANTISER, quantiser - 1)
        return packet, finer if packet.size < 0.85 * self._limit else quantiser

    def _context(self, quantiser: int) -> VideoCodecContext:
        contexts: dict[int, VideoCodecContext] = self._local.__dict__.setdefault("contexts", {})
        if quantiser not in contexts:
            context = VideoCodecContext.create("prores_ks", "w")
            self._configure(context)
            context.options = {"profile": "hq", "vendor": "apl0"}
            context.qscale, context.global_quality, context.thread_count = True, quantiser, 1
            contexts[quantiser] = context
        return contexts[quantiser]


class _H264:
    def __init__(self, converter: _Converter, stream: VideoStream) -> None:
        self._converter, self._stream = converter, stream

    def encode(self, number: int, frame: VideoFrame | Picture) -> list[Packet]:
        converted = self._converter.convert(frame)
        converted.pts, converted.time_base, converted.pict_type = number, self._stream.codec_context.time_base, 0
        return self._stream.encode(converted)

    def flush(self) -> list[Packet]:
        return self._stream.encode(None)

    def stop(self) -> None:
        pass


class _Track:
    def __init__(self, stream: AudioStream, info: SoundInfo) -> None:
        self._stream, self._info = stream, info
        self._stream.codec_context.layout = info.layout
        self._stream.codec_context.format = "s32" if self._stream.codec_context.name == "pcm_s24le" else "fltp"
        self._stream.codec_context.time_base = Fraction(1, info.rate)
        if self._stream.codec_context.name == "aac":
            self._stream.bit_rate = 128_000 * info.channels
        self._samples = 0

    def encode(self, samples: NDArray[np.float32]) -> list[Packet]:
        if samples.shape[0] != self._info.channels:
            raise BadInput(f"sound of {samples.shape[0]} channels was given to a stream of {self._info.channels}")
        if samples.shape[1] == 0:
            return []
        if self._stream.codec_context.name == "pcm_s24le":
            codes = np.clip(np.rint(samples.T.astype(np.float64) * 2**23), -(2**23), 2**23 - 1).astype(np.int32) << 8
            frame = AudioFrame.from_ndarray(codes.reshape(1, -1), format="s32", layout=self._info.layout)
        else:
            frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout=self._info.layout)
        frame.sample_rate, frame.time_base = self._info.rate, Fraction(1, self._info.rate)
        frame.pts = self._samples
        self._samples += samples.shape[1]
        return self._stream.encode(frame)

    def flush(self) -> list[Packet]:
        return self._stream.encode(None)


def _code(names: dict[int, str], name: str) -> int:
    return next((code for code, known in names.items() if known == name), 2)
