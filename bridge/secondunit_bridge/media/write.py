"""Writing takes and flattened cuts, with sound, timecode, reel and record.

Movies are ProRes 422 HQ, DNxHR HQX, H.264 or FFV1; folders hold PNG or OpenEXR pictures.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self, cast

import av
import av.error
import numpy as np
from av.filter import Graph
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray

from secondunit_bridge.errors import BadInput, SecondUnitError
from secondunit_bridge.media.colour import (
    MATRICES,
    PRECISE,
    PRIMARIES,
    SWS_MATRICES,
    TRANSFERS,
    Floats,
    Picture,
    code,
    parts,
    shrink,
    whole,
    yuv_from_rgb,
)
from secondunit_bridge.media.exr import Header
from secondunit_bridge.media.images import FRAMES, ImageFolder
from secondunit_bridge.media.mastering import x264_parameters
from secondunit_bridge.media.probe import Encoding, SoundInfo
from secondunit_bridge.media.prores import ProResEncoder
from secondunit_bridge.media.read import FLOATS, codes, picture
from secondunit_bridge.media.record import RECORD_KEY
from secondunit_bridge.media.sound import SoundTrack
from secondunit_bridge.messages import Codec
from secondunit_bridge.rates import FrameTime, format_timecode


@dataclass(frozen=True, slots=True)
class _Format:
    """`pixel_format` empty: the source's own."""

    container: str
    encoder: str
    pixel_format: str
    sound: str
    options: Mapping[str, str]
    even: bool = False


_FORMATS = {
    Codec.PRORES_HQ: _Format("mov", "prores_ks", "yuv422p10le", "pcm_s24le", {"profile": "hq", "vendor": "apl0"}),
    Codec.H264: _Format("mp4", "libx264", "yuv420p", "aac", {"preset": "veryfast", "crf": "16"}, even=True),
    Codec.DNXHR_HQX: _Format("mov", "dnxhd", "yuv422p10le", "pcm_s24le", {"profile": "dnxhr_hqx"}),
    # FFV1 version 3 (RFC 9043): intra frames only, checksums for each of a fixed number of slices.
    Codec.FFV1: _Format(
        "matroska", "ffv1", "", "pcm_s24le", {"level": "3", "g": "1", "slices": "16", "slicecrc": "1", "context": "0"}
    ),
}
_DNXHR_LEAST = (256, 120)  # libavcodec/dnxhdenc.c (FFmpeg)
# What FFV1 stores under another name, sample for sample.
_LOSSLESS = {"yuvj420p": "yuv420p", "yuvj422p": "yuv422p", "yuvj444p": "yuv444p", "nv12": "yuv420p"}
_LOSSLESS |= {"p010le": "yuv420p10le", "uyvy422": "yuv422p", "yuyv422": "yuv422p"}
_RGB = "gbrp16le"


_MASTERED = (Codec.H264,)


def lost_mastering(codec: Codec, encoding: Encoding) -> str:
    """What is to be said of HDR metadata that a take of this codec does not carry; empty where nothing is lost.

    PyAV 18.1 hands no side data to encoders or containers; libx264 alone takes it as an option of its own.
    """
    if encoding.mastering is None or codec in _MASTERED:
        return ""
    return (
        f"the mastering metadata of the source ({encoding.mastering}) is not in the take: {codec} is written without; "
        "set it again at the export"
    )


def refuse_format(codec: Codec, width: int, height: int, pixel_aspect: Fraction) -> None:
    """Raises BadInput for pictures that the codec or its container does not hold."""
    if codec is Codec.DNXHR_HQX and (width < _DNXHR_LEAST[0] or height < _DNXHR_LEAST[1]):
        least = f"{_DNXHR_LEAST[0]}×{_DNXHR_LEAST[1]}"
        raise BadInput(f"DNxHR holds pictures from {least} on, not {width}×{height}: use another codec")
    if codec is Codec.FFV1 and pixel_aspect != 1:
        # PyAV cannot give the Matroska writer an aspect ratio.
        raise BadInput(f"FFV1 is written with square pixels only, these are {pixel_aspect}: use another codec")


class MediaWriter:
    """Writes one file; leaving the `with` block makes it durable, an exception removes what was written.

    `encoding` is that of the frames and pictures given. Camera frames keep their YUV codes: 8 bits become 10 by a
    factor of 4; full range becomes limited. FFV1 stores them as they are, range included, and pictures of R'G'B' files
    with 16 bits. H.264 pads odd sizes by repeating the last row and column. For `Codec.PNG` and `Codec.EXR`, `path` is
    a folder that is made: `frame_1001.png` …, `sound_1.wav` …, `record.json`. OpenEXR holds the encoded values, not
    made linear, also those beyond 0 and 1; integer codecs hold what their codes can. `space`: see `exr.Header`.
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
        space: str = "",
    ) -> None:
        refuse_format(codec, width, height, pixel_aspect)
        if Path(path).exists():
            raise BadInput(f"{path} exists: writing never replaces a file; choose another name")
        if not Path(path).parent.is_dir():
            raise BadInput(f"{path} cannot be written: its folder does not exist; make it first")
        self._path, self._size, self._frames, self._streams = path, (width, height), 0, len(sound)
        self._sink: _Movie | ImageFolder
        try:
            if codec in FRAMES:
                header = Header(rate, pixel_aspect, encoding, start, drop_frame, reel, space)
                self._sink = ImageFolder(path, codec, header, sound, record)
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

    def write(self, frame: VideoFrame | Picture | Floats) -> None:
        """Arrays: uint16, full scale 65535, or float32, full scale 1."""
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
        form = _FORMATS[codec]
        options: dict[str, str] = {}
        if form.container != "matroska":
            flags = "+use_metadata_tags+write_colr" + ("+faststart" if form.container == "mp4" else "")
            options = {"movflags": flags, "write_tmcd": "1"}
        self._output = av.open(f"file:{path}", "w", format=form.container, options=options)
        self._output.metadata.update(tags)
        self._stream = cast(VideoStream, self._output.add_stream(form.encoder, rate=rate))
        self._configure(self._stream.codec_context)
        mastering = converter.mastering if codec in _MASTERED else None
        parameters = {"x264-params": x264_parameters(mastering)} if mastering is not None else {}
        self._stream.codec_context.options = {**form.options, **parameters}
        self._encoder: ProResEncoder | _StreamEncoder
        if codec is Codec.PRORES_HQ:
            self._encoder = ProResEncoder(converter.width, converter.height, rate, self._configure)
        else:
            self._encoder = _StreamEncoder(self._stream)
        if "reel_name" in tags:
            self._stream.metadata["reel_name"] = tags["reel_name"]
        self._sound = tuple(SoundTrack(self._output, form.sound, info) for info in sound)
        self._output.start_encoding()

    def _configure(self, context: VideoCodecContext) -> None:
        converter = self._converter
        context.width, context.height, context.pix_fmt = converter.width, converter.height, converter.pixel_format
        context.time_base, context.framerate = 1 / self._rate, self._rate
        context.sample_aspect_ratio = self._aspect
        context.colorspace, context.color_primaries, context.color_trc = converter.tags
        context.color_range, context.field_order = converter.range, 1  # progressive

    def write(self, number: int, frame: VideoFrame | Picture | Floats) -> None:
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


class _StreamEncoder:
    def __init__(self, stream: VideoStream) -> None:
        self._stream = stream

    def encode(self, number: int, convert: Callable[[], VideoFrame]) -> list[Packet[VideoStream]]:
        frame = convert()
        frame.pts, frame.time_base, frame.pict_type = number, self._stream.codec_context.time_base, 0
        return self._stream.encode(frame)

    def flush(self) -> list[Packet[VideoStream]]:
        return self._stream.encode(None)

    def stop(self) -> None:
        """These encoders end their threads themselves."""


class _Converter:
    """To one pixel format: limited-range YUV, or for FFV1 that of the source. One thread uses one reformatter."""

    def __init__(self, encoding: Encoding, width: int, height: int, codec: Codec) -> None:
        self._encoding = encoding
        self.mastering = encoding.mastering
        form = _FORMATS[codec]
        self._pad = (width & 1, height & 1) if form.even else (0, 0)
        self.width, self.height = width + self._pad[0], height + self._pad[1]
        matrix = encoding.matrix
        if matrix not in SWS_MATRICES:
            matrix = "smpte170m" if width < 1280 and height <= 576 else "bt709"
        self.pixel_format, self.range = form.pixel_format or _lossless(encoding), ColorRange.MPEG
        transfer = encoding.transfer
        if form.pixel_format:
            # ProRes knows BT.601 as SMPTE 170M only, and its transfer, which is that of BT.709, as BT.709 only.
            matrix = "smpte170m" if matrix == "bt470bg" else matrix
            transfer = "bt709" if transfer == "smpte170m" else transfer
        elif self.pixel_format == _RGB or encoding.full_range:
            self.range = ColorRange.JPEG
        self._matrix = matrix
        tagged = "gbr" if self.pixel_format == _RGB else matrix
        self.tags = (code(MATRICES, tagged), code(PRIMARIES, encoding.primaries), code(TRANSFERS, transfer))
        self._local = threading.local()

    def convert(self, frame: VideoFrame | Picture | Floats) -> VideoFrame:
        local = self._local
        if not hasattr(local, "reformatter"):
            local.reformatter, local.to_picture = VideoReformatter(), VideoReformatter()
        if isinstance(frame, VideoFrame) and (
            self._encoding.matrix not in SWS_MATRICES or any(self._pad) or self.pixel_format == _RGB
        ):
            # Only floats can lie beyond their full scale where no YUV is made of YUV.
            floats = frame.format.name.startswith(FLOATS)
            frame = (codes if floats else picture)(frame, self._encoding, local.to_picture)
        converted = self._from_frame(frame) if isinstance(frame, VideoFrame) else self._from_picture(frame)
        if converted is frame:
            converted = self._shared(converted)
        converted.colorspace, converted.color_primaries, converted.color_trc = self.tags
        converted.color_range = self.range
        return converted

    def _from_frame(self, frame: VideoFrame) -> VideoFrame:
        source_range = ColorRange.JPEG if self._encoding.full_range else ColorRange.MPEG
        return self._reformatted(frame, SWS_MATRICES[self._encoding.matrix], source_range)

    def _from_picture(self, shown: Picture | Floats) -> VideoFrame:
        if any(self._pad):
            padding = ((0, self._pad[1]), (0, self._pad[0]), (0, 0))
            shown = np.pad(whole(shown), padding, mode="edge")
        if self.pixel_format == _RGB:
            return VideoFrame.from_ndarray(whole(shown), format=_RGB)
        if shown.dtype == np.float32 or self.range is ColorRange.JPEG:
            depth = max(part.bits for part in VideoFormat(self.pixel_format).components)
            planes = yuv_from_rgb(parts(shown), self._matrix, self.range is ColorRange.JPEG, depth)
            frame = VideoFrame.from_ndarray(planes, format="yuv444p16le")
            return self._reformatted(frame, SWS_MATRICES[self._matrix], self.range)
        frame = VideoFrame.from_numpy_buffer(shrink(whole(shown)), format="rgb48le")
        return self._reformatted(frame, SWS_MATRICES[self._matrix], ColorRange.JPEG)

    def _reformatted(self, frame: VideoFrame, matrix: Colorspace, source_range: ColorRange) -> VideoFrame:
        converted: VideoFrame = self._local.reformatter.reformat(
            frame,
            format=self.pixel_format,
            src_colorspace=matrix,
            dst_colorspace=SWS_MATRICES[self._matrix],
            src_color_range=source_range,
            dst_color_range=self.range,
            interpolation=PRECISE,
            threads=1,
        )
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


def _lossless(encoding: Encoding) -> str:
    """The pixel format under which FFV1 keeps every sample of the source, else 16 bits of R'G'B'."""
    name = _LOSSLESS.get(encoding.pixel_format, encoding.pixel_format)
    known = {form.name for form in av.Codec("ffv1", "w").video_formats or ()}
    yuv = encoding.matrix in SWS_MATRICES and not VideoFormat(name).is_rgb
    return name if yuv and name in known else _RGB
