"""What a media file says about itself before its frames are read: enough to tell which camera frames it holds."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from av.container import InputContainer

from secondunit_bridge.errors import BadInput, MediaUnsupported
from secondunit_bridge.media.container import first_file, is_pattern, open_media, sequence_numbers
from secondunit_bridge.media.images import FRAMES
from secondunit_bridge.media.probe import metadata_of, probe, timecode_of
from secondunit_bridge.media.record import extract, record_in
from secondunit_bridge.media.stamp import read_stamp
from secondunit_bridge.rates import FrameTime, exact_rate

_SEQUENCE_RATE = Fraction(24)  # ffmpeg needs one to open pictures; nothing is read that depends on it


@dataclass(frozen=True, slots=True)
class Header:
    """`rate` is None for pictures, which have none of their own; sound alone counts in samples and has no size.

    `width` and `height` as stored, before a rotation. `first`: the number of a sequence's first picture. `start`: the
    file's timecode, of sound its BWF time reference, of OpenEXR and DPX pictures that of the first, at the rate that it
    names. `record`: the text of the take's record inside it, or empty.
    """

    path: str
    codec: str
    rate: Fraction | None
    frames: int
    width: int
    height: int
    start: FrameTime | None
    drop_frame: bool
    reel: str
    first: int
    record: str


def read_header(path: str) -> Header:
    """Raises MediaError. Where the header does not tell the number of frames, every packet is read."""
    if is_pattern(path):
        return _sequence_header(path)
    with open_media(path) as container:
        streams = [stream for stream in container.streams.video if not stream.disposition & 0x400]  # attached_pic
        if not streams:
            return _sound_header(path, container)
        stream = streams[0]
        image = container.format.name.endswith("_pipe")
        rate = None if image else exact_rate(stream.average_rate or stream.guessed_rate or _SEQUENCE_RATE)
        start, drop_frame = timecode_of(container, rate) if rate is not None else (None, False)
        frames = 1 if rate is None else _frames(container, stream.frames, stream.duration, stream.time_base, rate)
        codec = stream.codec_context.name if stream.codec_context is not None else ""
        header = Header(
            path,
            codec,
            rate,
            frames or 0,
            stream.width,
            stream.height,
            start,
            drop_frame,
            metadata_of(container, "reel_name"),
            0,
            record_in(container),
        )
    if frames is not None:
        return header
    info = probe(path)
    return Header(
        *(path, info.codec, info.rate, info.frames, header.width, header.height),
        *(info.start, info.drop_frame, info.reel, 0, header.record),
    )


def _frames(
    container: InputContainer, stated: int, duration: int | None, time_base: Fraction | None, rate: Fraction
) -> int | None:
    """None where the header leaves room for doubt: no count, or an edit list that hides frames."""
    if not stated and duration and time_base is not None and time_base * rate == 1:
        stated = duration  # counted in frames, as MXF does
    whole = Fraction(container.duration or 0, 1_000_000) * rate
    return stated if stated and whole > stated - Fraction(1, 2) else None


def _sound_header(path: str, container: InputContainer) -> Header:
    if not container.streams.audio:
        raise MediaUnsupported(f"{path} holds neither picture nor sound: it cannot be relinked")
    stream = container.streams.audio[0]
    rate = Fraction(stream.rate or 48_000)
    length = (stream.duration or 0) * (stream.time_base or 0) or Fraction(container.duration or 0, 1_000_000)
    reference = metadata_of(container, "time_reference")  # samples since midnight, EBU Tech 3285
    return Header(
        path,
        stream.codec_context.name if stream.codec_context is not None else "",
        rate,
        round(length * rate),
        *(0, 0),
        FrameTime(int(reference), rate) if reference.isdigit() else None,
        False,
        metadata_of(container, "reel_name"),
        0,
        record_in(container),
    )


def _sequence_header(path: str) -> Header:
    numbers = sequence_numbers(path)
    folder = Path(path).parent
    with open_media(path, _SEQUENCE_RATE) as container:
        if not container.streams.video:
            raise BadInput(f"{path} holds no picture")
        stream = container.streams.video[0]
        codec = stream.codec_context.name if stream.codec_context is not None else ""
        size = stream.width, stream.height
    record = (extract(str(folder)) or "") if Path(path).name in FRAMES.values() else ""
    stamp = read_stamp(first_file(path))
    return Header(
        path, codec, None, len(numbers), *size, stamp.start, stamp.drop_frame, stamp.reel, numbers.start, record
    )
