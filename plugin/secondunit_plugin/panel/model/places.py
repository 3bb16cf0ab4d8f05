"""Where in a cut something can be made: a shot, a gap, or the cut point between two shots."""

from collections.abc import Sequence
from dataclasses import dataclass

from secondunit_bridge.messages import Task
from secondunit_bridge.rates import FrameTime

from secondunit_plugin.panel.frames.messages import MediaTime


@dataclass(frozen=True, slots=True)
class ShotPlace:
    """`at` and `frames` in the cut, from its first frame as 0. `media`: the file, or empty where it is offline.

    `gap_after`: frames of the gap behind it; 0 where there is none. `picture`: of its first frame.
    """

    track: str
    at: FrameTime
    frames: int
    name: str
    media: str
    gap_after: int = 0
    picture: MediaTime | None = None


@dataclass(frozen=True, slots=True)
class GapPlace:
    track: str
    at: FrameTime
    frames: int


@dataclass(frozen=True, slots=True)
class JoinPlace:
    """The cut point between two shots that abut, named `before` and `after`."""

    track: str
    at: FrameTime
    before: str
    after: str


Place = ShotPlace | GapPlace | JoinPlace


def number_of(place: Place | None, places: Sequence[Place]) -> int | None:
    """Its index; quicker than comparing thousands of places whole."""
    if place is None:
        return None
    frame = place.at.frame
    return next((number for number, one in enumerate(places) if one.at.frame == frame and one == place), None)


def place_at(place: Place, places: Sequence[Place]) -> Place | None:
    """What begins there on its track by now: of its kind if there is one; else the shot or gap that lies there."""
    there = [one for one in places if (one.track, one.at) == (place.track, place.at)]
    same = [one for one in there if type(one) is type(place)]
    if same or there:
        return next(iter(same or [one for one in there if not isinstance(one, JoinPlace)]), None)
    return next(
        (
            one
            for one in places
            if not isinstance(one, JoinPlace)
            and one.track == place.track
            and one.at.frame <= place.at.frame < one.at.frame + one.frames
        ),
        None,
    )


def tasks_at(place: Place) -> tuple[Task, ...]:
    """The sensible ones first."""
    match place:
        case ShotPlace():
            return (Task.EXTEND, Task.MATCH, Task.REPLACE)
        case GapPlace():
            return (Task.GENERATE, Task.JOIN)
        case JoinPlace():
            return (Task.JOIN,)
