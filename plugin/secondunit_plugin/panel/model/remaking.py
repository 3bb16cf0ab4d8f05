"""The takes of a cut with their states, and further versions of them, for the work of operations.

Brings OpenTimelineIO.
"""

from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import assert_never

import opentimelineio as otio
from secondunit_bridge.errors import BadInput, CutError
from secondunit_bridge.messages import FramesAfter, FramesBefore, Record, SourceShot
from secondunit_timeline import staleness
from secondunit_timeline.edits import edit
from secondunit_timeline.index import Index
from secondunit_timeline.placing import Ordered
from secondunit_timeline.remake import place_remake, plan_remake
from secondunit_timeline.takes import PREFIX, key_of, record_of, stand_ins

from secondunit_plugin.panel.model.states import Fresh, HeldTake, OfflineGrade, Stale, State, Unknown, Where


def held_takes(index: Index) -> tuple[HeldTake, ...]:
    """Those on tracks of pictures."""
    pictures = {track.name for track in index.tracks if track.kind == otio.schema.TrackKind.Video}
    return tuple(
        HeldTake(
            take.track,
            take.at,
            take.key.removeprefix(PREFIX),
            take.name,
            take.reel,
            take.active,
            take.approved,
            _state(state),
            _made_from(_record(index, take.track, take.at.frame, take.key)),
        )
        for take, state in staleness.states(index)
        if take.track in pictures
    )


def plan_version(index: Index, take: HeldTake, folder: Path, plays: bool) -> Ordered:
    """A further version of `take`, from the camera frames that the cut has there now.

    `plays`: the clip plays it from when it arrives. Raises CutError where it would not fit either, and what
    `plan_remake` and `edit` raise.
    """
    key = PREFIX + take.take_id
    record = _record(index, take.track, take.at.frame, key)
    if record is None:
        raise CutError("how it was made is not noted in the cut, so that it cannot be made again")
    remake = plan_remake(index, key, record, folder)
    operations = partial(place_remake, remake, plays=plays)
    made = stand_ins(remake.order)
    after = Index(edit(index.cut, operations(made))[0])
    for placed, state in staleness.states(after, {key_of(made[0])}):
        here = (placed.track, placed.at) == (take.track, take.at)
        if here and isinstance(state, staleness.Stale | staleness.OfflineGrade):
            raise CutError(f"a further version would not fit either ({staleness.said(state)}): order one by hand")
    return Ordered(index.cut, remake.order, operations)


def _record(index: Index, track: str, frame: int, key: str) -> Record | None:
    item = index.track(track).at(frame)
    if item is None or not isinstance(item.child, otio.schema.Clip):
        return None
    with suppress(BadInput):
        return record_of(item.child, key)
    return None


def _made_from(record: Record | None) -> frozenset[str]:
    conditions = record.order.conditions if record is not None else ()
    return frozenset(one.span.reel for one in conditions if isinstance(one, FramesBefore | FramesAfter | SourceShot))


def _state(state: staleness.State) -> State:
    match state:
        case staleness.Fresh():
            return Fresh()
        case staleness.Stale(where, made, now):
            return Stale(Where[where.name], made, now)
        case staleness.OfflineGrade(file, now, made):
            return OfflineGrade(file, now, made)
        case staleness.Unknown(reason):
            return Unknown(reason)
        case _:
            assert_never(state)
