"""What lies on the tracks of a cut, as it is drawn: worked out once for each version, in a thread, and frozen."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from enum import Enum, auto
from fractions import Fraction

from secondunit_bridge.rates import FrameTime, format_timecode

from secondunit_plugin.panel.frames.messages import MediaTime
from secondunit_plugin.panel.model.places import GapPlace, JoinPlace, Place, ShotPlace


class Kind(Enum):
    CAMERA = auto()
    TAKE = auto()
    TITLE = auto()
    NEST = auto()
    OFFLINE = auto()
    SLUG = auto()


@dataclass(frozen=True, slots=True)
class Mark:
    """A marker at a frame of the cut, `frames` long, 0 for a point. `colour` as OTIO names it, or empty."""

    at: int
    frames: int
    name: str
    text: str
    colour: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A clip or nest from frame `at` of the cut on.

    `head` and `tail`: frames of the cut for which its media holds more before and after it; None where nothing says
    so. `speed`: None for a ramp. `takes`: how many it can be switched to. `begins`: the source time of its first frame,
    in seconds. `picture`: its first frame; `stream`: the number of its sound's in the media.
    """

    at: int
    frames: int
    name: str
    kind: Kind
    enabled: bool
    speed: Fraction | None
    takes: int
    head: int | None
    tail: int | None
    media: str
    begins: Fraction
    picture: MediaTime | None
    stream: int
    place: ShotPlace | None
    join: JoinPlace | None
    """The cut point at its start."""

    @property
    def end(self) -> int:
        return self.at + self.frames

    def picture_at(self, frame: int, rate: Fraction) -> MediaTime | None:
        """What its media shows `frame` frames of the cut behind its first; before that and behind its last, too."""
        if self.picture is None:
            return None
        speed = 1 if self.speed is None else self.speed
        return replace(self.picture, seconds=max(Fraction(0), self.picture.seconds + frame * speed / rate))


@dataclass(frozen=True, slots=True)
class Hole:
    at: int
    frames: int
    place: GapPlace | None

    @property
    def end(self) -> int:
        return self.at + self.frames


@dataclass(frozen=True, slots=True)
class Blend:
    """A transition from `before` frames before the cut point `at` to `after` frames behind it.

    `short_before`: how many of the frames behind the cut point the media of the shot before it does not hold;
    `short_after`: how many of those before the cut point the media of the shot behind it does not hold.
    """

    at: int
    before: int
    after: int
    name: str
    short_before: int
    short_after: int


@dataclass(frozen=True, slots=True)
class Track:
    """`items` without holes; `starts` are theirs, `blends` in order."""

    name: str
    video: bool
    enabled: bool
    locked: bool
    items: tuple[Bar | Hole, ...]
    starts: tuple[int, ...]
    blends: tuple[Blend, ...]
    marks: tuple[Mark, ...]

    def position(self, frame: int) -> int | None:
        """The index in `items` of what lies on a frame."""
        found = bisect_right(self.starts, frame) - 1
        return found if found >= 0 and frame < self.items[found].end else None

    def between(self, first: int, end: int) -> tuple[Bar | Hole, ...]:
        """What shows in any of the frames from `first` to before `end`."""
        begin = max(0, bisect_right(self.starts, first) - 1)
        return tuple(item for item in self.items[begin : bisect_left(self.starts, end)] if item.end > first)

    def blend_at(self, frame: int) -> Blend | None:
        """The transition on a cut point."""
        return next((blend for blend in self.blends if blend.at == frame), None)


@dataclass(frozen=True, slots=True)
class Around:
    """A place with what lies beside it on its track. `here`: None at a cut point; the transitions at its ends."""

    track: Track
    before: Bar | Hole | None
    here: Bar | Hole | None
    after: Bar | Hole | None
    blend_before: Blend | None
    blend_after: Blend | None


@dataclass(frozen=True, slots=True)
class Layout:
    """`tracks` from top to bottom as they are shown: video from the uppermost down, then audio.

    Frames count at `rate` from the cut's first as 0; `start` is that one's timecode. `frames`: how long it is.
    """

    rate: Fraction
    start: FrameTime
    drop_frame: bool
    frames: int
    tracks: tuple[Track, ...]
    marks: tuple[Mark, ...]

    def timecode(self, frame: int) -> str:
        return format_timecode(FrameTime(self.start.frame + frame, self.rate), self.drop_frame)

    def find(self, place: Place) -> tuple[Track, int] | None:
        """The track of a place and the index in its items: that of the later shot of a cut point."""
        for track in self.tracks:
            if track.name == place.track and track.video:
                position = bisect_right(track.starts, place.at.frame) - 1
                while position >= 0 and track.starts[position] == place.at.frame:
                    item = track.items[position]
                    if place in (item.place, item.join if isinstance(item, Bar) else None):
                        return track, position
                    position -= 1
        return None

    def shot_at(self, frame: int) -> ShotPlace | None:
        """The uppermost shot that shows in a frame."""
        for track in self.tracks:
            position = track.position(frame) if track.video and track.enabled else None
            item = track.items[position] if position is not None else None
            if isinstance(item, Bar) and item.enabled and item.place is not None and item.picture is not None:
                return item.place
        return None

    def around(self, place: Place) -> Around | None:
        if (found := self.find(place)) is None:
            return None
        track, position = found
        item = track.items[position]
        before = track.items[position - 1] if position else None
        blend = track.blend_at(item.at)
        if isinstance(place, JoinPlace):
            return Around(track, before, None, item, blend, blend)
        after = track.items[position + 1] if position + 1 < len(track.items) else None
        return Around(track, before, item, after, blend, track.blend_at(item.end))

    def edit_beside(self, frame: int, step: int) -> int:
        """The nearest edit point of any track before (`step` -1) or after a frame; else the cut's first or last."""
        found = 0 if step < 0 else max(0, self.frames - 1)
        for track in self.tracks:
            position = bisect_right(track.starts, frame if step > 0 else frame - 1)
            if step > 0 and position < len(track.starts):
                found = min(found, track.starts[position])
            elif step < 0 and position:
                found = max(found, track.starts[position - 1])
        return found
