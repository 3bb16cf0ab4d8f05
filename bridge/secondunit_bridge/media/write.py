"""Writing takes and flattened cuts: ProRes 422 HQ, H.264 and PNG sequences, with sound, timecode, reel and record."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import av.error
import numpy as np
from av.filter import Graph
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray

from secondunit_bridge.errors import BadInput, SecondUnitError
from secondunit_bridge.media.colour import MATRICES, PRECISE, PRIMARIES, SWS_MATRICES, TRANSFERS, code, shrink
from secondunit_bridge.media.images import ImageFolder
from secondunit_bridge.media.probe import Encoding, SoundInfo
from secondunit_bridge.media.prores import ProResEncoder
from secondunit_bridge.media.read import picture
from secondunit_bridge.media.record import RECORD_KEY
from secondunit_bridge.media.sound import SoundTrack
from secondunit_bridge.messages import Codec
from secondunit_bridge.rates import FrameTime, format_timecode

Picture = NDArray[np.uint16]


class MediaWriter:
    """Writes one file; leaving the `with` block makes it durable, an exception removes what was written.

    `encoding` is that of the frames and pictures given. Camera frames keep their YUV codes: 8 bits become 10 by a
    factor of 4; full range becomes limited. H.264 pads odd sizes by repeating the last row and column. For
    `Codec.PNG`, `path` is a folder that is made: `frame_1001.png` …, `sound_1.wav` …, `record.json`.
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
        if not Path(path).parent.is_dir():
            raise BadInput(f"{path} cannot be written: its folder does not exist; make it first")
        self._path, self._size, self._frames, self._streams = path, (width, height), 0, len(sound)
        self._sink: _Movie | ImageFolder
        try:
            if codec is Codec.PNG:
                self._sink = ImageFolder(path, rate, pixel_aspect, encoding, start, reel, sound, record)
            else:
                tags = {RECORD_KEY: record} if record else {}
                if start is not None:
                    tags["timecode"] = format_timecode(start, drop_frame)
                if reel:
                    tags["reel_name"] = reel
                converter = _Converter(encoding, width, height, codec)
                self._sink = _Movie(path, codec, rate, pixel_aspect, converter, sound, tags)
        except (av.error.FFmpegError, OSError) as error:
            raise self._failed(error) from error

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
        except (av.error.FFmpegError, OSError) as failure:
            self._sink.abandon()
            raise self._failed(failure) from failure
        except BaseException:
            self._sink.abandon()
            raise

    def write(self, frame: VideoFrame | Picture) -> None:
        size = (frame.width, frame.height) if isinstance(frame, VideoFrame) else (frame.shape[1], frame.shape[0])
        if size != self._size:
            raise BadInput(
                f"{self._path}: frame {self._frames} is {size[0]}×{size[1]}, the file {self._size[0]}×{self._size[1]}"
            )
        try:
            self._sink.write(self._frames, frame)
        except (av.error.FFmpegError, OSError) as error:
            raise self._failed(error) from error
        self._frames += 1

    def write_sound(self, stream: int, samples: NDArray[np.float32]) -> None:
        """Appends to a sound stream; `samples`: float32, shape (channels, samples), full scale ±1.

        Given before or along with the frames it belongs to, it is interleaved without holding frames in memory.
        """
        if not 0 <= stream < self._streams:
            raise BadInput(f"{self._path} was opened with {self._streams} sound streams: there is no stream {stream}")
        try:
            self._sink.write_sound(stream, samples)
        except (av.error.FFmpegError, OSError) as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> SecondUnitError:
        reason = getattr(error, "strerror", None) or str(error)
        return SecondUnitError(f"{self._path} cannot be written ({reason}): check the disk's space and permissions")


class _Movie:
    def __init__(
        self,
        path: str,
        codec: Codec,
        rate: Fraction,
        pixel_aspect: Fraction,
        converter: _Converter,
        sound: Sequence[SoundInfo],
        tags: dict[str, str],
    ) -> None:
        self._path, self._rate, self._aspect, self._converter = path, rate, pixel_aspect, converter
        prores = codec is Codec.PRORES_HQ
        flags = "+use_metadata_tags+write_colr" + ("" if prores else "+faststart")
        self._output = av.open(
            f"file:{path}", "w", format="mov" if prores else "mp4", options={"movflags": flags, "write_tmcd": "1"}
        )
        self._output.metadata.update(tags)
        self._stream = self._output.add_stream("prores_ks" if prores else "libx264", rate=rate)
        self._configure(self._stream.codec_context)
        self._encoder: ProResEncoder | _H264Encoder
        if prores:
            self._stream.codec_context.options = {"profile": "hq", "vendor": "apl0"}
            self._encoder = ProResEncoder(converter.width, converter.height, rate, self._configure)
        else:
            self._stream.codec_context.options = {"preset": "veryfast", "crf": "16"}
            self._encoder = _H264Encoder(self._stream)
        if "reel_name" in tags:
            self._stream.metadata["reel_name"] = tags["reel_name"]
        self._sound = tuple(SoundTrack(self._output, "pcm_s24le" if prores else "aac", info) for info in sound)
        self._output.start_encoding()

    def _configure(self, context: VideoCodecContext) -> None:
        converter = self._converter
        context.width, context.height, context.pix_fmt = converter.width, converter.height, converter.pixel_format
        context.time_base, context.framerate = 1 / self._rate, self._rate
        context.sample_aspect_ratio = self._aspect
        context.colorspace, context.color_primaries, context.color_trc = converter.tags
        context.color_range, context.field_order = ColorRange.MPEG, 1  # progressive

    def write(self, number: int, frame: VideoFrame | Picture) -> None:
        self._mux(self._encoder.encode(number, partial(self._converter.convert, frame)))

    def write_sound(self, stream: int, samples: NDArray[np.float32]) -> None:
        self._output.mux(self._sound[stream].encode(samples))

    def finish(self) -> None:
        self._mux(self._encoder.flush())
        for track in self._sound:
            self._output.mux(track.flush())
        self._encoder.stop()
        self._output.close()
        with Path(self._path).open("rb") as file:
            os.fsync(file.fileno())

    def abandon(self) -> None:
        self._encoder.stop()
        try:
            self._output.close()
        except av.error.FFmpegError:
            pass  # the trailer of a file that is removed
        finally:
            Path(self._path).unlink(missing_ok=True)

    def _mux(self, packets: list[Packet[VideoStream]]) -> None:
        for packet in packets:
            packet.stream = self._stream
            self._output.mux(packet)


class _H264Encoder:
    def __init__(self, stream: VideoStream) -> None:
        self._stream = stream

    def encode(self, number: int, convert: Callable[[], VideoFrame]) -> list[Packet[VideoStream]]:
        frame = convert()
        frame.pts, frame.time_base, frame.pict_type = number, self._stream.codec_context.time_base, 0
        return self._stream.encode(frame)

    def flush(self) -> list[Packet[VideoStream]]:
        return self._stream.encode(None)

    def stop(self) -> None:
        """libx264 ends its threads itself."""


class _Converter:
    """To limited-range YUV of one pixel format. One thread uses one reformatter."""

    def __init__(self, encoding: Encoding, width: int, height: int, codec: Codec) -> None:
        self._encoding = encoding
        prores = codec is Codec.PRORES_HQ
        self.pixel_format = "yuv422p10le" if prores else "yuv420p"
        self._pad = (0, 0) if prores else (width & 1, height & 1)
        self.width, self.height = width + self._pad[0], height + self._pad[1]
        matrix = encoding.matrix
        if matrix not in SWS_MATRICES:
            matrix = "smpte170m" if width < 1280 and height <= 576 else "bt709"
        # ProRes knows BT.601 as SMPTE 170M only, and its transfer, which is that of BT.709, as BT.709 only.
        matrix = "smpte170m" if matrix == "bt470bg" else matrix
        transfer = "bt709" if encoding.transfer == "smpte170m" else encoding.transfer
        self._matrix = SWS_MATRICES[matrix]
        self.tags = (code(MATRICES, matrix), code(PRIMARIES, encoding.primaries), code(TRANSFERS, transfer))
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
            frame = VideoFrame.from_numpy_buffer(shrink(frame), format="rgb48le")
            source_range, source_matrix = ColorRange.JPEG, self._matrix
        converted: VideoFrame = local.reformatter.reformat(
            frame,
            format=self.pixel_format,
            src_colorspace=source_matrix,
            dst_colorspace=self._matrix,
            src_color_range=source_range,
            dst_color_range=ColorRange.MPEG,
            interpolation=PRECISE,
            threads=1,
        )
        if converted is frame:
            converted = self._shared(frame)
        converted.colorspace, converted.color_primaries, converted.color_trc = self.tags
        converted.color_range = ColorRange.MPEG
        return converted

    def _shared(self, frame: VideoFrame) -> VideoFrame:
        """The same pixels as a frame of its own: tags and timestamps are about to be written."""
        local = self._local
        if not hasattr(local, "graph"):
            local.graph = Graph()
            source = local.graph.add_buffer(
                width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1)
            )
            local.graph.link_nodes(source, local.graph.add("null"), local.graph.add("buffersink")).configure()
        local.graph.vpush(frame)
        shared: VideoFrame = local.graph.vpull()
        return shared
