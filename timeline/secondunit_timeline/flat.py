"""A cut flattened: which media time shows on every record frame, and which sound lies under every sample."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial

import opentimelineio as otio
from secondunit_bridge.errors import CutError
from secondunit_bridge.rates import FrameRange, FrameTime

from secondunit_timeline.dialects import sound_stream
from secondunit_timeline.index import Index, Item, TrackIndex
from secondunit_timeline.interchange import media_path
from secondunit_timeline.retimes import speed_of
from secondunit_timeline.times import Frames, exact, frames_of, rate_of

__all__ = ["Fade", "Flat", "Layer", "Sounding", "Source", "flatten", "source_start"]

SAMPLE_RATE = 48_000


@dataclass(frozen=True, slots=True)
class Source:
    """The media of a clip. `path` is None where the clip has none (offline, generator, title).

    `rate` is that of image sequences, which have none of their own. `origin`: the source time of the media's first
    frame in seconds, None where the cut does not say. `number`: which picture of an image sequence the cut calls its
    first; its folder may hold earlier ones.
    """

    clip: str
    path: str | None
    rate: Fraction | None
    origin: Fraction | None
    number: int | None = None

    def from_first_frame(
        self, seconds: Fraction, timecode: FrameTime | None, first_number: int | None = None
    ) -> Fraction:
        """Seconds from the media's first frame for a source time.

        Where the cut does not say what source time that frame has, a time at or after the file's timecode counts
        in timecode, any other from 0; the numbers of an image sequence are its timecode. `first_number`: that of the
        first file of an image sequence.
        """
        origin = self.origin
        skipped = Fraction(0)
        if self.number is not None and self.rate is not None:
            timecode = FrameTime(self.number, self.rate)
            skipped = (self.number - first_number) / self.rate if first_number is not None else skipped
        if origin is None:
            origin = timecode.seconds if timecode is not None and seconds >= timecode.seconds else Fraction(0)
        return seconds - origin + skipped


@dataclass(frozen=True, slots=True)
class Layer:
    """What one clip adds to a record frame: its source time in seconds, and its share of the picture, 0 to 1."""

    source: Source
    seconds: Fraction
    weight: Fraction

    def frame(self, rate: Fraction, timecode: FrameTime | None = None, first_number: int | None = None) -> int:
        """The media frame, from the file's first as 0, for media that runs at `rate` and starts at `timecode`."""
        return int(self.source.from_first_frame(self.seconds, timecode, first_number) * rate // 1)


@dataclass(frozen=True, slots=True)
class Fade:
    """An equal-power fade over the samples [start, end)."""

    start: int
    end: int
    rising: bool


@dataclass(frozen=True, slots=True)
class Sounding:
    """The record samples [start, end) of one clip: at sample s its source time is `position` + `speed` × s / rate."""

    source: Source
    stream: int
    start: int
    end: int
    position: Fraction
    speed: Fraction
    fades: tuple[Fade, ...]


def flatten(cut: otio.schema.Timeline, frames: FrameRange | None = None) -> list[tuple[Layer, ...]]:
    """The layers of each record frame of `frames`, counted from the cut's first frame as 0; None: the whole cut."""
    flat = Flat(cut)
    wanted = range(flat.frames) if frames is None else range(frames.start, frames.end)
    return [flat.picture(frame) for frame in wanted]


class Flat:
    """Transitions are dissolves whose first frame is all of the outgoing clip, as ffmpeg and MLT place them.

    A clip, track or nest that is disabled shows and sounds like a gap. The weights of a frame that nothing covers
    wholly add up to less than 1; the rest is black.
    """

    def __init__(self, cut: otio.schema.Timeline) -> None:
        self.index = Index(cut)
        self.rate = self.index.rate
        trim = cut.tracks.source_range
        self._start: Frames = frames_of(trim.start_time, self.rate) if trim is not None else 0
        length = frames_of(trim.duration, self.rate) if trim is not None else self.index.end
        self.frames = int(-(-length // 1))
        self._nests: dict[int, tuple[TrackIndex, ...]] = {}

    def picture(self, frame: int) -> tuple[Layer, ...]:
        """The clips on record frame `frame`, bottom first."""
        return tuple(self._composite(self.index.tracks, self._start + frame))

    def sound(self) -> list[Sounding]:
        """Every clip on the audio tracks, by track and time."""
        offset = -Fraction(self._start) / self.rate
        return list(self._tracks_sound(self.index.tracks, offset, Fraction(0), self.frames / self.rate, ()))

    def _composite(self, tracks: Sequence[TrackIndex], at: Frames) -> list[Layer]:
        layers: list[Layer] = []
        for track in tracks:
            if track.kind == otio.schema.TrackKind.Video and track.enabled and 0 <= at < _shown(track, self.rate):
                layers = _over(layers, self._track_picture(track, at))
        return layers

    def _track_picture(self, track: TrackIndex, at: Frames) -> list[Layer]:
        position = track.position(at)
        if position is None:
            return []
        item = track.items[position]
        here = partial(self._item_picture, track)
        if item.before is not None and at < item.start + _out(item.before, self.rate):
            left = track.items[position - 1] if position else None
            progress = _progress(item.before, item.start, at, self.rate)
            return _dissolve(here(left, at) if left else [], here(item, at), progress)
        if item.after is not None and at >= item.end - _in(item.after, self.rate):
            right = track.items[position + 1] if position + 1 < len(track.items) else None
            progress = _progress(item.after, item.end, at, self.rate)
            return _dissolve(here(item, at), here(right, at) if right else [], progress)
        return here(item, at)

    def _item_picture(self, track: TrackIndex, item: Item, at: Frames) -> list[Layer]:
        child = item.child
        if isinstance(child, otio.schema.Gap) or not child.enabled:
            return []
        speed = constant_speed(child, track.name)
        played = (at - item.start) * speed
        if isinstance(child, otio.schema.Clip):
            return [Layer(source_of(child), source_start(child) + played / self.rate, Fraction(1))]
        return self._composite(self._nested(child), played + _nest_start(child) * self.rate)

    def _nested(self, child: otio.core.Item) -> tuple[TrackIndex, ...]:
        """The tracks of a nest. They are kept, since an index of a nest costs as much as one of a cut."""
        key = id(child)
        if key not in self._nests:
            if isinstance(child, otio.schema.Track):
                self._nests[key] = (TrackIndex(child, child.name, self.rate),)
            elif isinstance(child, otio.schema.Stack):
                if not all(isinstance(inner, otio.schema.Track) for inner in child):
                    raise CutError(f"the nest {child.name!r} holds clips outside tracks: put them in tracks to play it")
                self._nests[key] = tuple(TrackIndex(inner, inner.name, self.rate) for inner in child)
            else:
                raise CutError(f"{child.name!r} is a {type(child).__name__}, which cannot be played: render it")
        return self._nests[key]

    def _tracks_sound(
        self, tracks: Sequence[TrackIndex], offset: Fraction, low: Fraction, high: Fraction, fades: tuple[Fade, ...]
    ) -> Iterator[Sounding]:
        """`offset`: record seconds at which the tracks' time 0 lies; [low, high): record seconds that are heard."""
        for track in tracks:
            if track.kind != otio.schema.TrackKind.Audio or not track.enabled:
                continue
            end = min(high, offset + _shown(track, self.rate) / self.rate)
            for item in track.items:
                if not isinstance(item.child, otio.schema.Gap) and item.child.enabled:
                    yield from self._item_sound(track, item, offset, max(low, offset), end, fades)

    def _item_sound(
        self,
        track: TrackIndex,
        item: Item,
        offset: Fraction,
        low: Fraction,
        high: Fraction,
        fades: tuple[Fade, ...],
    ) -> Iterator[Sounding]:
        child = item.child
        begin, end = offset + item.start / self.rate, offset + item.end / self.rate
        own: list[Fade] = list(fades)
        first, last = begin, end
        if item.before is not None:
            first = begin - _in(item.before, self.rate) / self.rate
            own.append(Fade(_sample(first), _sample(begin + _out(item.before, self.rate) / self.rate), rising=True))
        if item.after is not None:
            last = end + _out(item.after, self.rate) / self.rate
            own.append(Fade(_sample(end - _in(item.after, self.rate) / self.rate), _sample(last), rising=False))
        first, last = max(first, low), min(last, high)
        speed = constant_speed(child, track.name)
        if first >= last or speed == 0:
            return
        if isinstance(child, otio.schema.Clip):
            position = source_start(child) - begin * speed
            if speed < 0:  # the frame at the start plays first, its last sample before its first
                own_rate = rate_of((child.source_range or child.trimmed_range()).start_time)
                position += 1 / own_rate - Fraction(1, SAMPLE_RATE)
            yield Sounding(
                source_of(child),
                sound_stream(child),
                _sample(first),
                _sample(last),
                position,
                speed,
                tuple(own),
            )
            return
        if speed != 1:
            raise CutError(f"the nest {child.name!r} on {track.name} is retimed: render it to hear it")
        yield from self._tracks_sound(self._nested(child), begin - _nest_start(child), first, last, tuple(own))


def source_of(clip: otio.schema.Clip) -> Source:
    reference = clip.media_reference
    available = reference.available_range
    origin = frames_of(available.start_time, rate := rate_of(available.start_time)) / rate if available else None
    sequence = isinstance(reference, otio.schema.ImageSequenceReference)
    rate_given = exact(reference.rate) if sequence and reference.rate > 0 else None
    if sequence and rate_given is None and available is not None:
        rate_given = rate_of(available.duration)
    return Source(
        clip.name,
        media_path(reference),
        Fraction(rate_given) if rate_given is not None else None,
        Fraction(origin) if origin is not None else None,
        reference.start_frame if sequence else None,
    )


def constant_speed(item: otio.core.Item, track: str) -> Fraction:
    speed = speed_of(item)
    if speed is None:
        raise CutError(f"{item.name!r} on {track} has a speed ramp, which cannot be played: render it")
    return speed


def source_start(item: otio.core.Item) -> Fraction:
    """The source time of an item's first frame, in seconds."""
    start = (item.source_range or item.trimmed_range()).start_time
    return Fraction(exact(start.value)) / rate_of(start)


def _nest_start(nest: otio.core.Item) -> Fraction:
    """The time of its own tracks, in seconds, that a nest begins with; a TrackIndex begins with a track's trim."""
    return Fraction(0) if isinstance(nest, otio.schema.Track) else source_start(nest)


def _shown(track: TrackIndex, rate: Fraction) -> Frames:
    trim = track.track.source_range
    return track.end if trim is None else min(track.end, frames_of(trim.duration, rate))


def _in(transition: otio.schema.Transition, rate: Fraction) -> Frames:
    return frames_of(transition.in_offset, rate)


def _out(transition: otio.schema.Transition, rate: Fraction) -> Frames:
    return frames_of(transition.out_offset, rate)


def _progress(transition: otio.schema.Transition, cut: Frames, at: Frames, rate: Fraction) -> Fraction:
    before, after = _in(transition, rate), _out(transition, rate)
    return Fraction(at - cut + before) / (before + after)


def _over(below: list[Layer], above: list[Layer]) -> list[Layer]:
    rest = 1 - sum((layer.weight for layer in above), Fraction(0))
    if rest == 0 or not below:
        return above
    return [replace(layer, weight=layer.weight * rest) for layer in below] + above


def _dissolve(left: list[Layer], right: list[Layer], progress: Fraction) -> list[Layer]:
    shares = ((left, 1 - progress), (right, progress))
    return [replace(layer, weight=layer.weight * share) for side, share in shares for layer in side if share]


def _sample(seconds: Fraction) -> int:
    """Rounded down like `samples_before`, so that neighbours meet."""
    return int(seconds * SAMPLE_RATE // 1)
