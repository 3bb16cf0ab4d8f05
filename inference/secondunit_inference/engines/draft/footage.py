"""What an order's conditions give the engine: camera frames, their pictures and their sound."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import av
import numpy as np
from av.video.reformatter import VideoReformatter
from secondunit_bridge.errors import OrderRefused
from secondunit_bridge.media.probe import MediaInfo
from secondunit_bridge.media.read import VideoReader, picture, read_sound
from secondunit_bridge.messages import IgnoreRegion, Order, Sound, Span, Value
from secondunit_bridge.rates import FrameTime, samples_before

from secondunit_inference.engines.draft.sound import Samples, continue_sound
from secondunit_inference.job import Job, Picture, SoundStream


@dataclass(frozen=True, slots=True)
class CameraFrames:
    info: MediaInfo
    frames: list[av.VideoFrame]
    pictures: list[Picture]


def reader(span: Span) -> VideoReader:
    return VideoReader(span.path, span.range.rate)


def span_frames(source: VideoReader, span: Span, order: Order) -> Iterator[av.VideoFrame]:
    info = source.info
    if span.range.start < 0 or span.range.end > info.frames:
        raise OrderRefused(
            f"{span.path} has {info.frames} frames, the order wants {span.range.start} to {span.range.end - 1}:"
            " probe the file again and order what it holds"
        )
    slot = order.slot
    if (info.width, info.height) == (slot.width, slot.height):
        return source.frames(span.range.start, span.range.end)
    if slot.width > info.width or abs(slot.width * info.height / info.width - slot.height) > 2:
        raise OrderRefused(
            f"{span.path} is {info.width}×{info.height}, the slot {slot.width}×{slot.height}: order the take at the"
            " size of its camera frames, or smaller in the same shape"
        )
    scaler = VideoReformatter()
    return (
        scaler.reformat(frame, slot.width, slot.height, interpolation="AREA")
        for frame in source.frames(span.range.start, span.range.end)
    )


def camera_frames(
    span: Span, order: Order, job: Job, seen: Callable[[int, Picture], None] | None = None
) -> CameraFrames:
    """`seen` is told each picture as soon as it is there, counted from the span's start."""
    with reader(span) as source:
        frames, pictures = [], []
        for frame in span_frames(source, span, order):
            job.check()
            frames.append(frame)
            pictures.append(picture(frame, source.info.encoding))
            if seen:
                seen(len(pictures) - 1, pictures[-1])
        return CameraFrames(source.info, frames, pictures)


def ignored(order: Order) -> tuple[IgnoreRegion, ...]:
    return tuple(condition for condition in order.conditions if isinstance(condition, IgnoreRegion))


def parameter(order: Order, name: str, default: Value) -> Value:
    return next((given.value for given in order.parameters if given.name == name), default)


def total_frames(order: Order) -> int:
    return order.slot.head + order.slot.frames + order.slot.tail


@dataclass(frozen=True, slots=True)
class _Stream:
    rate: int
    layout: str
    shot: Samples


def _streams(span: Span) -> list[_Stream]:
    with reader(span) as source:
        info = source.info
    streams = []
    for index, sound in enumerate(info.sound):
        start = samples_before(FrameTime(span.range.start, span.range.rate), sound.rate)
        stop = samples_before(FrameTime(span.range.end, span.range.rate), sound.rate)
        streams.append(_Stream(sound.rate, sound.layout, read_sound(span.path, index, start, stop - start, sound.rate)))
    return streams


def sound_beside(sound: Sound, order: Order, camera: int, *, after: bool, seed: int) -> tuple[SoundStream, ...]:
    """Sound for a take with `camera` camera frames on one side; the sound's span ends (or, `after`, begins) at them.

    The camera's own sound lies under the camera frames, what is made of it under the others.
    """
    made = []
    for number, stream in enumerate(_streams(sound.span)):
        total = samples_before(FrameTime(total_frames(order), order.slot.rate), stream.rate)
        if after:
            kept = total - samples_before(FrameTime(total_frames(order) - camera, order.slot.rate), stream.rate)
        else:
            kept = samples_before(FrameTime(camera, order.slot.rate), stream.rate)
        shot = stream.shot[:, ::-1] if after else stream.shot
        kept = min(kept, shot.shape[1])
        new = continue_sound(shot, shot, total - kept, stream.rate, sound.kind, seed + number)
        samples = np.concatenate([shot[:, shot.shape[1] - kept :], new], axis=1)
        made.append(
            SoundStream(np.ascontiguousarray(samples[:, ::-1] if after else samples), stream.rate, stream.layout)
        )
    return tuple(made)


def sound_along(sound: Sound, order: Order) -> tuple[SoundStream, ...]:
    """The span's own sound, from its start, as long as the take."""
    made = []
    for stream in _streams(sound.span):
        total = samples_before(FrameTime(total_frames(order), order.slot.rate), stream.rate)
        samples = np.zeros((stream.shot.shape[0], total), np.float32)
        count = min(total, stream.shot.shape[1])
        samples[:, :count] = stream.shot[:, :count]
        made.append(SoundStream(samples, stream.rate, stream.layout))
    return tuple(made)
