"""What a media file holds, read once before anything is decoded."""

import gc
import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import cast

import av
import av.error
import numpy as np
from av.container import InputContainer
from av.filter import Graph
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from secondunit_bridge.errors import BadInput, MediaUnreadable, MediaUnsupported
from secondunit_bridge.media.colour import MATRICES, PRIMARIES, TRANSFERS
from secondunit_bridge.media.container import (
    camera_raw,
    first_file,
    is_pattern,
    open_media,
    picture_stream,
    sequence_numbers,
    unreadable,
)
from secondunit_bridge.media.frames import FrameMap, find_rate, scan, shown_at
from secondunit_bridge.media.mastering import Mastering, mastering_of
from secondunit_bridge.media.stamp import read_stamp
from secondunit_bridge.rates import FrameTime, can_drop_frames, parse_timecode

__all__ = ["Encoding", "MediaInfo", "SoundInfo", "probe", "refuse_unsupported"]

EXR_TAGS = "com.secondunit.encoding"
"""Primaries and transfer of an OpenEXR take, in a string of its header: the format has no tag for a transfer."""
_HDR = {"smpte2084": "PQ", "arib-std-b67": "HLG", "bt2020-10": "BT.2020", "bt2020-12": "BT.2020"}
_FIELD_ORDERS = {1: "progressive", 2: "tt", 3: "bb", 4: "tb", 5: "bt"}


@dataclass(frozen=True, slots=True)
class Encoding:
    """How codes mean light, in ffmpeg's names (`bt709`, `smpte170m`, ...); untagged ones are filled by size."""

    pixel_format: str
    depth: int
    matrix: str
    primaries: str
    transfer: str
    full_range: bool
    mastering: Mastering | None = None


@dataclass(frozen=True, slots=True)
class SoundInfo:
    rate: int
    channels: int
    layout: str


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """`width`, `height` and frames as a viewer sees them: after rotation and edit list, before pixel aspect.

    `variable_rate` and `field_order` are those of the file, also where `rate` and `frames` count what is shown instead.

    `rotation`: clockwise degrees by which stored frames are turned to stand upright. `field_order`: `progressive`,
    or ffmpeg's `tt`, `bb`, `tb`, `bt` for frames whose fields were seen to lie apart in time.
    """

    path: str
    container: str
    codec: str
    rate: Fraction
    frames: int
    width: int
    height: int
    pixel_aspect: Fraction
    rotation: int
    encoding: Encoding
    field_order: str
    variable_rate: bool
    start: FrameTime | None
    drop_frame: bool
    reel: str
    sound: tuple[SoundInfo, ...]
    first_number: int | None = None
    """The number in the name of an image sequence's first file."""


@dataclass(frozen=True, slots=True)
class Orientation:
    """Filters that turn a stored frame upright, as ffmpeg's own autorotation chooses them."""

    rotation: int
    filters: tuple[tuple[str, str], ...]


def probe(path: str, rate: Fraction | None = None) -> MediaInfo:
    """Reads every packet's timestamp and decodes a few frames.

    `rate`: that of image sequences and stills, which have none. A file of variable rate is described as it is shown at
    this constant rate, and interlaced material by its fields if `rate` is theirs. Other files have their own.

    Material that is flagged as interlaced counts as progressive unless ffmpeg's `idet` filter, run over up to three
    times 20 decoded frames from the start, the middle and the end, finds fields that lie apart in time in at least
    two of them and in a third of those it can tell (real and telecined fields: nine in ten; progressive: up to one).
    """
    return examine(path, rate)[0]


def examine(path: str, rate: Fraction | None = None) -> tuple[MediaInfo, FrameMap, Orientation]:
    """`info.rate` is not that of the map's frames where it was chosen by `rate`; see `probe`."""
    examined = _examine(path, rate)
    if gc.isenabled():  # else somebody collects on a thread of their choice
        gc.collect(0)  # PyAV ties a frame to its side data in a ring; it would hold the decoder's pictures until later
    return examined


def _examine(path: str, rate: Fraction | None) -> tuple[MediaInfo, FrameMap, Orientation]:
    with open_media(path, rate) as container:
        stream = picture_stream(container, path)
        image = container.format.name.endswith("_pipe") or container.format.name == "image2"
        if image:
            if rate is None:
                raise BadInput(f"{path} is an image sequence without a rate of its own: give its frame rate")
            frames = _image_map(path, rate)
        else:
            frames = scan(container, stream, path)
    with open_media(path, rate) as container:
        stream = picture_stream(container, path)
        first = _first_frames(container, stream, path)
        if first[0].format.name.startswith("bayer_"):
            raise camera_raw(path)
        if not image and not frames.counted:
            seen = [frame.pts for frame in first]
            frames = frames if seen == frames.times[: len(seen)].tolist() else _decoded_map(path, frames)
        elif frames.counted:
            frames = _decoded_map(path, frames)
        info = _describe(path, container, stream, first, frames, rate if image else None)
        if info.field_order != "progressive" and orientation(first[0]).filters:
            raise MediaUnsupported(f"{path} is interlaced and stored turned: deinterlace it first")
        if rate is not None and info.variable_rate:
            start, drop_frame = timecode_of(container, rate)
            count = len(shown_at(frames, rate))
            info = replace(info, rate=rate, frames=count, start=start, drop_frame=drop_frame)
        elif rate is not None and info.field_order != "progressive" and rate == 2 * info.rate:
            start = FrameTime(2 * info.start.frame, rate) if info.start is not None else None
            info = replace(info, rate=rate, frames=2 * info.frames, start=start)
    return info, frames, orientation(first[0])


def refuse_unsupported(
    info: MediaInfo, *, hdr: bool = False, variable_rate: bool = False, interlaced: bool = False
) -> None:
    """Raises MediaUnsupported for what later stages cannot handle without harm; the flags say what they can."""
    if info.field_order != "progressive" and not interlaced:
        raise MediaUnsupported(f"{info.path} is interlaced ({info.field_order}): deinterlace it first")
    if info.variable_rate and not variable_rate:
        raise MediaUnsupported(
            f"{info.path} has a variable frame rate (about {float(info.rate):.3f}): transcode it to a constant rate"
        )
    kind = _HDR.get(info.encoding.transfer)
    if kind is not None and not hdr:
        raise MediaUnsupported(f"{info.path} is HDR ({kind}, {info.encoding.transfer}): convert it to SDR first")


def orientation(frame: VideoFrame) -> Orientation:
    turn = round(-frame.rotation / 90) % 4 * 90
    try:
        side_data = cast("Mapping[str, bytes]", frame.side_data)
        matrix = bytes(side_data["DISPLAYMATRIX"]) if "DISPLAYMATRIX" in side_data else b""
    except ValueError:  # PyAV 18.1 refuses all side data beside a kind that it does not know, such as EXIF
        matrix = b""
    # a, b, u, c, d of ISO/IEC 14496-12 8.2.2; without it, a turn and no mirror image.
    a, _, _, c, d = np.frombuffer(matrix, np.int32)[:5].tolist() if matrix else (turn == 180 and -1, 0, 0, 0, 0)
    if turn == 90:
        return Orientation(90, (("transpose", "cclock_flip" if c > 0 else "clock"),))
    if turn == 180:
        return Orientation(180, (("hflip", ""),) * (a < 0) + (("vflip", ""),) * (d < 0 or not matrix))
    if turn == 270:
        return Orientation(270, (("transpose", "clock_flip" if c < 0 else "cclock"),))
    return Orientation(0, (("vflip", ""),) * (d < 0))


def _image_map(path: str, rate: Fraction) -> FrameMap:
    times = np.arange(len(sequence_numbers(path)) if is_pattern(path) else 1, dtype=np.int64)
    return FrameMap(1 / rate, times, times, times, False)


def _first_frames(container: InputContainer, stream: VideoStream, path: str) -> list[VideoFrame]:
    """One frame where each stands for itself, else enough to see how they are reordered and flagged."""
    wanted = 1 if stream.codec_context.codec.intra_only else 8
    frames: list[VideoFrame] = []
    try:
        for frame in container.decode(stream):
            frames.append(frame)
            if len(frames) == wanted:
                break
    except av.error.FFmpegError as error:
        raise unreadable(path, error) from error
    if not frames:
        raise MediaUnreadable(f"{path}: none of its frames can be decoded: copy it again from its source")
    return frames


def _decoded_map(path: str, frames: FrameMap) -> FrameMap:
    """For files whose packets do not tell which frames are shown: field pairs, missing timestamps."""
    times: list[int | None] = []
    with open_media(path) as container:
        stream = picture_stream(container, path)
        stream.thread_type = "AUTO"
        try:
            times.extend(frame.pts for frame in container.decode(stream))
        except av.error.FFmpegError as error:
            raise unreadable(path, error) from error
    known = [time for time in times if time is not None]
    if len(known) == len(times) and all(a < b for a, b in itertools.pairwise(known)):
        shown = np.array(known, np.int64)
        keys = np.isin(frames.key_times, shown)
        if keys.any() and frames.key_times[keys][0] <= shown[0]:
            return FrameMap(frames.time_base, shown, frames.key_times[keys], frames.key_seeks[keys], False)
    else:
        shown = np.arange(len(times), dtype=np.int64)
    return FrameMap(frames.time_base, shown, frames.key_times, frames.key_seeks, True)


def _describe(
    path: str,
    container: InputContainer,
    stream: VideoStream,
    first: list[VideoFrame],
    frames: FrameMap,
    given_rate: Fraction | None,
) -> MediaInfo:
    declared = tuple(value for value in (stream.average_rate, stream.guessed_rate) if value)
    if given_rate is not None:
        rate, variable = given_rate, False
    elif frames.counted:
        rate, variable = find_rate(frames.times[:1], frames.time_base, declared)
    else:
        rate, variable = find_rate(frames.times, frames.time_base, declared)
    turned = orientation(first[0]).rotation in (90, 270)
    width, height = first[0].width, first[0].height
    aspect = stream.sample_aspect_ratio or Fraction(1)
    start, drop_frame = timecode_of(container, rate)
    reel = metadata_of(container, "reel_name")
    if given_rate is not None:
        stamp = read_stamp(first_file(path), given_rate)
        start, drop_frame, reel = stamp.start, stamp.drop_frame, stamp.reel
    return MediaInfo(
        path=path,
        container=container.format.name,
        codec=stream.codec_context.name,
        rate=rate,
        frames=len(frames.times),
        width=height if turned else width,
        height=width if turned else height,
        pixel_aspect=1 / aspect if turned else aspect,
        rotation=orientation(first[0]).rotation,
        encoding=encoding_of(first[0], stream),
        field_order=_field_order(path, stream, first, frames),
        variable_rate=variable,
        start=start,
        drop_frame=drop_frame,
        reel=reel,
        sound=tuple(
            SoundInfo(sound.rate, sound.channels, sound.layout.name)
            for sound in container.streams.audio
            if sound.codec_context is not None
        ),
        first_number=sequence_numbers(path).start if is_pattern(path) else None,
    )


def encoding_of(frame: VideoFrame, stream: VideoStream | None = None) -> Encoding:
    """Untagged pictures below 1280 × 577 are taken as SMPTE 170M, larger ones as BT.709, untagged RGB as sRGB."""

    def tag(names: dict[int, str], *codes: int) -> str:
        return next((names[code] for code in codes if code in names), "")

    context = stream.codec_context if stream is not None else None
    pixel_format = frame.format.name
    rgb = frame.format.is_rgb or frame.format.has_palette
    small = frame.width < 1280 and frame.height <= 576
    matrix = tag(MATRICES, frame.colorspace, *([context.colorspace] if context else ()))
    primaries = tag(PRIMARIES, frame.color_primaries, *([context.color_primaries] if context else ()))
    transfer = tag(TRANSFERS, frame.color_trc, *([context.color_trc] if context else ()))
    if rgb:
        matrix, primaries, transfer = "gbr", primaries or "bt709", transfer or "iec61966-2-1"
    else:
        matrix = matrix if matrix not in ("", "gbr") else "smpte170m" if small else "bt709"
        primaries = primaries or (("bt470bg" if frame.height == 576 else "smpte170m") if small else "bt709")
        transfer = transfer or ("smpte170m" if small else "bt709")
    tags = frame.metadata.get(EXR_TAGS, "").split()
    if len(tags) == 2 and tags[0] in PRIMARIES.values() and tags[1] in TRANSFERS.values():
        primaries, transfer = tags
    full = rgb or pixel_format.startswith("yuvj") or 2 in (frame.color_range, context.color_range if context else 0)
    depth = max(part.bits for part in frame.format.components)
    mastering = mastering_of(frame) if transfer in _HDR else None
    return Encoding(pixel_format, depth, matrix, primaries, transfer, full, mastering)


def metadata_of(container: InputContainer, name: str) -> str:
    places = (container.metadata, *(stream.metadata for stream in container.streams))
    return next((value for place in places for key, value in place.items() if key.lower() == name and value), "")


def timecode_of(container: InputContainer, rate: Fraction) -> tuple[FrameTime | None, bool]:
    text = metadata_of(container, "timecode")
    drop_frame = can_drop_frames(rate) and re.search(r"[;,.]\d+$", text) is not None
    try:
        digits = re.sub(r"[;,.](\d+)$", r";\1" if drop_frame else r":\1", text)
        return (parse_timecode(digits, rate), drop_frame) if text else (None, False)
    except BadInput:
        return None, False


def _field_order(path: str, stream: VideoStream, first: list[VideoFrame], frames: FrameMap) -> str:
    flagged = _FIELD_ORDERS.get(stream.codec_context.field_order, "progressive")
    if flagged == "progressive" and any(frame.interlaced_frame for frame in first):
        flagged = "tt"
    if flagged == "progressive":
        return "progressive"
    found = _field_kinds(path, frames)
    apart = sum(kind in ("tff", "bff") for kind in found)
    if apart >= 2 and apart * 3 >= sum(kind != "undetermined" for kind in found):
        return "tt" if found.count("tff") >= found.count("bff") else "bb"
    return "progressive"


def _field_kinds(path: str, frames: FrameMap) -> list[str]:
    kinds: list[str] = []
    with open_media(path) as container:
        stream = picture_stream(container, path)
        starts: NDArray[np.int64] = frames.key_seeks[np.unique(np.linspace(0, len(frames.key_seeks) - 1, 3, dtype=int))]
        for start in starts.tolist():
            container.seek(start, stream=stream)
            graph = Graph()
            graph.link_nodes(graph.add_buffer(template=stream), graph.add("idet"), graph.add("buffersink")).configure()
            for frame, _ in zip(container.decode(stream), range(20), strict=False):
                graph.vpush(frame)
                try:
                    kinds.append(graph.vpull().metadata.get("lavfi.idet.multiple.current_frame", "undetermined"))
                except av.error.BlockingIOError:
                    continue
    return kinds
