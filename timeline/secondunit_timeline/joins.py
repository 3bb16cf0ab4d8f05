"""Two shots joined: over the cut where they meet, across the gap between them, or where they overlap on two tracks."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

import numpy as np
import opentimelineio as otio
from secondunit_bridge.errors import CutError
from secondunit_bridge.media.decoding import DECODING
from secondunit_bridge.messages import FramesAfter, FramesBefore, Order, Sound, Take, Task
from secondunit_bridge.rates import FrameTime

from secondunit_timeline.index import Index, Item, TrackIndex
from secondunit_timeline.operations import JoinShots, Operation, Overwrite
from secondunit_timeline.orders import (
    Settings,
    camera_end,
    camera_start,
    make_order,
    shown_from,
    shown_to,
    slot_for,
    span,
)
from secondunit_timeline.shots import Shot, find_clip, open_shot, source_extent
from secondunit_timeline.sync import LinkedSound, linked_sound
from secondunit_timeline.takes import Asked, clip_of

OVER_CUT = 8
"""Frames that a join over a cut replaces where nobody says how many."""

# The size at which two pictures are compared, BT.709's weights of R'G'B', and the correlation above which they show one
# set-up. Measured: pictures of one locked-off shot a second apart correlate by 0.80 to 0.98, those of different shots
# of real footage by less than 0.5, those of the sample's landscapes by up to 0.82.
_COMPARED = (48, 27)
_LUMA = np.array((0.2126, 0.7152, 0.0722))
_ONE_SET_UP = 0.9


@dataclass(frozen=True, slots=True)
class Join:
    """`at` and `frames`: what the join covers in the cut, on `track`; of shots on two tracks that is the upper one.

    `sound`: the tracks whose gap it fills with sound. `offset`: where in the slot's first media frame the join begins.
    """

    track: str
    at: FrameTime
    frames: int
    before: Shot
    after: Shot
    order: Order
    offset: Fraction
    sound: tuple[str, ...]


def shows_one_set_up(before: Shot, after: Shot) -> bool:
    """Whether the last picture of a shot and the first of the next show the same things in the same places.

    By the correlation of their luma, which grade and exposure leave alone. Raises MediaError, BadInput.
    """
    ends = ((before, before.used.end - 1), (after, after.used.start))
    codes = []
    for shot, frame in ends:
        picture = DECODING.get().picture(shot.info.path, frame, shot.info.rate, *_COMPARED)
        codes.append(np.frombuffer(picture.pixels, np.uint8).reshape(-1, 3).astype(np.float64) @ _LUMA)
    if min(one.std() for one in codes) < 1:
        return False  # black, or another plain picture
    return float(np.corrcoef(*codes)[0, 1]) > _ONE_SET_UP


def plan_join(index: Index, at: FrameTime, frames: int | None, settings: Settings, track: str | None = None) -> Join:
    """`track` None: the topmost video track where two shots meet there, or have a gap between them."""
    chosen, left, right, gap = _meeting(index, at.frame, track)
    before, after = open_shot(index, chosen, left), open_shot(index, chosen, right)
    length = frames or gap or OVER_CUT
    if gap and length != gap:
        raise CutError(f"the gap at {index.timecode(before.record.end)} holds {gap} frames: join across all of it")
    start = before.record.end if gap else before.record.end - length // 2
    sound = _sound_before(index, before, start, length) if gap else ()
    order, offset = _order(index, before, after, start, length, sound, settings)
    at = FrameTime(start, index.rate)
    return Join(chosen.name, at, length, before, after, order, offset, tuple(other.track for other in sound))


def plan_blend(index: Index, first: str, second: str, settings: Settings) -> Join:
    """Over the frames in which both shots play, one on each of two tracks; sound stays as it is."""
    (one_track, one), (other_track, other) = sorted(
        (find_clip(index, name) for name in (first, second)), key=lambda found: found[1].start
    )
    before, after = open_shot(index, one_track, one), open_shot(index, other_track, other)
    start, length = after.record.start, before.record.end - after.record.start
    if one_track is other_track:
        raise CutError(
            f"{before.name!r} and {after.name!r} lie on one track, {before.track}: join them where they meet, or "
            "move one to another track, so that they overlap"
        )
    if length < 1 or before.record.start == start or after.record.end <= before.record.end:
        raise CutError(
            f"{before.name!r} plays {index.timecode(before.record.start)} to {index.timecode(before.record.end)}, "
            f"{after.name!r} {index.timecode(after.record.start)} to {index.timecode(after.record.end)}: to become one "
            "another, the one has to end while the other plays"
        )
    names = [track.name for track in index.tracks]
    upper, item = max((one_track, one), (other_track, other), key=lambda found: names.index(found[0].name))
    beside = upper.at(item.end if upper is one_track else item.start - 1)
    if beside is not None and not isinstance(beside.child, otio.schema.Gap):
        raise CutError(
            f"{beside.child.name!r} lies beside {item.child.name!r} on {upper.name} and hides what is below: move "
            "one of them to another track"
        )
    order, offset = _order(index, before, after, start, length, (), settings)
    return Join(upper.name, FrameTime(start, index.rate), length, before, after, order, offset, ())


def _order(
    index: Index,
    before: Shot,
    after: Shot,
    start: int,
    length: int,
    sound: Sequence[LinkedSound],
    settings: Settings,
) -> tuple[Order, Fraction]:
    """For `length` frames of the cut from `start` on, and where in the slot's first frame they begin."""
    for shot in (before, after):
        if shot.speed != 1:
            raise CutError(f"{shot.name!r} is retimed; a join needs its sides at normal speed: render the retime first")
    if before.info.rate != after.info.rate:
        raise CutError(
            f"{before.name!r} runs at {float(before.info.rate):g} and {after.name!r} at {float(after.info.rate):g} "
            "frames a second: conform one of them before joining"
        )
    covered_before, covered_after = before.record.end - start, start + length - after.record.start
    for shot, covered in ((before, covered_before), (after, covered_after)):
        if covered >= shot.record.duration:
            raise CutError(
                f"{shot.name!r} lasts {shot.record.duration} frames; a join of {length} would leave nothing of it: "
                "join over fewer"
            )
    # Media frames: the first that the join replaces of the first shot, and the first of the second that follows it.
    # At unlike rates both can lie between frames.
    each = before.info.rate / index.rate
    leaves = source_extent(before.clip, before.info, before.record, before.speed)[1] - covered_before * each
    enters = source_extent(after.clip, after.info, after.record, after.speed)[0] + covered_after * each
    out, entry = floor(leaves), floor(enters)
    needed = ceil(leaves - out + length * each)
    into_before = min(needed, camera_end(before, needed) - out)
    into_after = min(needed, entry - camera_start(after, needed))
    head = min(settings.handles, out - before.used.start)
    tail = min(settings.handles, after.used.end - entry)
    context = settings.context(before.info.rate)
    order = make_order(
        Task.JOIN,
        index.cut.name,
        before.name,
        slot_for(before, needed, head, tail, None),
        (
            FramesBefore(span(before, shown_from(before, out, max(context, head)), out + into_before), into_before),
            FramesAfter(span(after, entry - into_after, shown_to(after, entry, max(context, tail))), into_after),
            *(Sound(settings.sound, other.under(span(before, before.used.start, out))) for other in sound[:1]),
        ),
        settings,
    )
    return order, leaves - out


def _meeting(index: Index, frame: int, name: str | None) -> tuple[TrackIndex, Item, Item, int]:
    """The topmost video track where two clips meet at `frame` or have a gap between them there; the gap's frames."""
    for track in reversed(index.tracks):
        position = track.position(frame)
        if track.kind != otio.schema.TrackKind.Video or position is None or position == 0:
            continue
        if name is not None and track.name != name:
            continue
        item = track.items[position]
        gap = isinstance(item.child, otio.schema.Gap)
        if gap and position + 1 < len(track.items):
            left, right, length = track.items[position - 1], track.items[position + 1], int(item.duration)
        elif not gap and item.start == frame:
            left, right, length = track.items[position - 1], item, 0
            if isinstance(left.child, otio.schema.Gap):
                continue
        else:
            continue
        if right.before is not None or left.after is not None:
            raise CutError(
                f"a transition lies at {index.timecode(frame)} on {track.name}: remove it before joining there"
            )
        return track, left, right, length
    raise CutError(
        f"no two shots meet at {index.timecode(frame)}, and no gap between two shots lies there: "
        "give a cut point, or a time within such a gap"
    )


def _sound_before(index: Index, shot: Shot, start: int, frames: int) -> tuple[LinkedSound, ...]:
    """The shot's own sound on tracks that have a gap as long as the join, right where it lies."""
    found = []
    for sound in linked_sound(index, shot):
        item = index.track(sound.track).at(start)
        if (
            sound.item.end == start
            and item is not None
            and isinstance(item.child, otio.schema.Gap)
            and item.duration >= frames
        ):
            found.append(sound)
    return tuple(found)


def place_join(join: Join, takes: Sequence[Take], asked: Asked | None = None) -> tuple[Operation, ...]:
    """`asked`: the recipe that the takes were made from, where there was one."""
    clip = clip_of(takes, join.order.slot.head + join.offset, FrameTime(join.frames, join.at.rate), asked)
    if join.before.track != join.after.track:
        return (Overwrite(join.track, join.at, clip),)
    return (JoinShots(join.track, join.at, clip, join.sound),)
