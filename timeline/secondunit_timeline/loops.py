"""A shot that begins again where it ends: frames behind it that lead from its last frame back to its first."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

import opentimelineio as otio
from secondunit_bridge.errors import BadInput, CutError
from secondunit_bridge.messages import FramesAfter, FramesBefore, Order, Sound, Take, Task
from secondunit_bridge.rates import FrameTime

from secondunit_timeline.index import Index
from secondunit_timeline.operations import End, Extend, Into, Operation
from secondunit_timeline.orders import Settings, make_order, shown_from, shown_to, slot_for, span
from secondunit_timeline.shots import Shot, find_clip, open_shot, source_extent
from secondunit_timeline.sync import LinkedSound, linked_sound, unlinked_tracks
from secondunit_timeline.takes import clip_of


@dataclass(frozen=True, slots=True)
class Loop:
    """`sound`: what ends with the shot and grows with it. `offset`: see `joins.Join`."""

    shot: Shot
    frames: int
    into: Into
    order: Order
    offset: Fraction
    sound: tuple[LinkedSound, ...]
    sync: tuple[str, ...]
    notes: tuple[str, ...]


def plan_loop(index: Index, selector: str, frames: int, into: Into | None, settings: Settings) -> Loop:
    """`frames` of the cut behind the shot, none of them from its media. `into` None: the gap behind it."""
    if frames < 1:
        raise BadInput(f"a loop closed by {frames} frames: give 1 or more")
    shot = open_shot(index, *find_clip(index, selector))
    if shot.speed != 1:
        raise CutError(f"{shot.name!r} is retimed; a loop needs it at normal speed: render the retime first")
    into = into or Into.GAP
    free = _free(index, shot.track, shot.record.end)
    if into is Into.GAP and free is not None and free < frames:
        raise CutError(
            f"the gap behind {shot.name!r} holds {free} frames, {frames} were asked: ask for fewer, or let "
            "what follows move or be covered"
        )
    begins, ends = source_extent(shot.clip, shot.info, shot.record, shot.speed)
    first, out = ceil(begins), floor(ends)
    needed = ceil(ends - out + frames * shot.info.rate / shot.record.rate)
    held = out - first
    handle = min(settings.handles, held)
    context = max(settings.context(shot.info.rate), handle)
    linked = linked_sound(index, shot)
    sound = tuple(one for one in linked if one.item.end == shot.record.end)
    if into is Into.GAP:
        room = {one.track: _free(index, one.track, shot.record.end) for one in sound}
        sound = tuple(one for one in sound if (space := room[one.track]) is None or space >= frames)
    order = make_order(
        Task.JOIN,
        index.cut.name,
        shot.name,
        slot_for(shot, needed, handle, handle, None),
        (
            FramesBefore(span(shot, shown_from(shot, out, context), out)),
            FramesAfter(span(shot, first, shown_to(shot, first, context))),
            *(Sound(settings.sound, one.under(span(shot, first, out))) for one in sound[:1]),
        ),
        settings,
    )
    notes = tuple(f"{one.track}: the sound ends with {shot.name!r}" for one in linked if one not in sound)
    sync = unlinked_tracks(index, shot, sound) if into is Into.RIPPLE else ()
    return Loop(shot, frames, into, order, ends - out, sound, sync, notes)


def _free(index: Index, track: str, frame: int) -> int | None:
    """Free frames on the track from `frame` on; None behind its last clip."""
    item = index.track(track).at(frame)
    if item is None:
        return None
    return floor(item.end - frame) if isinstance(item.child, otio.schema.Gap) else 0


def place_loop(loop: Loop, takes: Sequence[Take]) -> tuple[Operation, ...]:
    length = FrameTime(loop.frames, loop.shot.record.rate)
    offset = loop.order.slot.head + loop.offset

    def grown(track: str, start: int, sync: tuple[str, ...]) -> Extend:
        at = FrameTime(start, loop.shot.record.rate)
        return Extend(track, at, End.TAIL, 0, clip_of(takes, offset, length), loop.into, sync)

    return (
        grown(loop.shot.track, loop.shot.record.start, loop.sync),
        *(grown(one.track, int(one.item.start), ()) for one in loop.sound),
    )
