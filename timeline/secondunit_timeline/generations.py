"""A clip that no camera shot, in a gap or at a time of the cut."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
from secondunit_bridge.errors import BadInput, CutError
from secondunit_bridge.media.decoding import DECODING
from secondunit_bridge.messages import Condition, Order, ReferenceImage, ReferenceShot, Slot, Take, Task
from secondunit_bridge.rates import FrameTime, can_drop_frames

from secondunit_timeline.index import Index, TrackIndex
from secondunit_timeline.operations import AddTrack, Insert, Operation, Overwrite
from secondunit_timeline.orders import Settings, make_order, slot_for
from secondunit_timeline.shots import open_shot
from secondunit_timeline.takes import clip_of


class Where(StrEnum):
    INSERT = "insert"
    OVERWRITE = "overwrite"
    ABOVE = "above"


@dataclass(frozen=True, slots=True)
class Generation:
    """`new_track`: `track` does not exist and is added above all others."""

    track: str
    at: FrameTime
    frames: int
    where: Where
    new_track: bool
    order: Order
    notes: tuple[str, ...]


def gap_at(index: Index, number: int) -> tuple[FrameTime, int]:
    """Start and length of the `number`th gap, from 1, on the lowest video track that has gaps."""
    for track in index.tracks:
        gaps = [item for item in track.items if isinstance(item.child, otio.schema.Gap)]
        if track.kind == otio.schema.TrackKind.Video and gaps:
            if not 1 <= number <= len(gaps):
                raise CutError(f"there is no gap {number}: {track.name} has {len(gaps)}")
            gap = gaps[number - 1]
            return FrameTime(int(gap.start), index.rate), int(gap.duration)
    raise CutError("the cut has no gap on its video tracks: use --at")


def plan_generation(
    index: Index,
    at: FrameTime,
    frames: int,
    where: Where,
    image: str | None,
    settings: Settings,
    keyframes: Mapping[int, str] | None = None,
    like: Sequence[ReferenceImage | ReferenceShot] = (),
) -> Generation:
    """`keyframes`: stills by the frame of the clip that shows them, from its first as 0. `like`: what is to be seen."""
    stills = dict(keyframes or {})
    if frames < 1:
        raise BadInput(f"a clip of {frames} frames: give 1 or more")
    if not (image or settings.prompt or stills or like):
        raise BadInput("nothing says what to make: give --prompt, --image, --keyframe or --like")
    for frame, still in stills.items():
        if not 0 <= frame < frames:
            raise BadInput(f"the still {still} stands at frame {frame}: the clip has frames 0 to {frames - 1}")
    for still in ([image] if image else []) + list(stills.values()):
        DECODING.get().picture(still, None, None, width=16)  # refuses what cannot be read
    video = [track for track in index.tracks if track.kind == otio.schema.TrackKind.Video]
    if not video:
        raise CutError("the cut has no video track: add one in your editing software")
    track, new_track = track_for(video, at.frame, frames, where)
    head, tail = handles_beside(settings, stills, frames)
    notes = []
    if min(head, tail) < settings.handles:
        ends = " and no ".join(end for end, handle in (("head", head), ("tail", tail)) if handle < settings.handles)
        notes.append(f"no {ends} handle: the model makes nothing beyond a still that it begins with or ends at")
    conditions: list[Condition] = []
    if image:
        conditions.append(ReferenceImage(str(Path(image).resolve())))
    conditions += (
        ReferenceImage(str(Path(still).resolve()), FrameTime(head + frame, index.rate))
        for frame, still in sorted(stills.items())
    )
    conditions += like
    order = make_order(
        Task.GENERATE,
        index.cut.name,
        f"{index.cut.name or 'cut'}_{at.frame:06}",
        slot_of(index, frames, head, tail),
        tuple(conditions),
        settings,
    )
    return Generation(track, at, frames, where, new_track, order, tuple(notes))


def handles_beside(settings: Settings, stills: Mapping[int, str], frames: int) -> tuple[int, int]:
    """Head and tail of a clip of `frames`; `stills`: by the frame of the clip that shows them."""
    ends = settings.card is not None and settings.card.stills_at_ends
    return 0 if ends and 0 in stills else settings.handles, 0 if ends and frames - 1 in stills else settings.handles


def track_for(video: Sequence[TrackIndex], at: int, frames: int, where: Where) -> tuple[str, bool]:
    """The lowest track, or for ABOVE the topmost one if it is free there, else a track to be added."""
    if where is not Where.ABOVE:
        return video[0].name, False
    top = video[-1]
    busy = any(
        not isinstance(item.child, otio.schema.Gap) and item.start < at + frames and item.end > at for item in top.items
    )
    if len(video) > 1 and not busy:
        return top.name, False
    names = {track.name for track in video}
    number = len(video) + 1
    while f"V{number}" in names:
        number += 1
    return f"V{number}", True


def slot_of(index: Index, frames: int, head: int, tail: int) -> Slot:
    """In the format of the cut's first camera shot at the cut's rate, else 1920 x 1080."""
    for track in index.tracks:
        for item in track.items:
            if track.kind == otio.schema.TrackKind.Video and isinstance(item.child, otio.schema.Clip):
                try:
                    shot = open_shot(index, track, item)
                except BadInput:
                    continue
                if shot.info.rate == index.rate:
                    return slot_for(shot, frames, head, tail, None)
    return Slot(frames, head, tail, index.rate, index.rate, 1920, 1080, Fraction(1), None, can_drop_frames(index.rate))


def place_generation(generation: Generation, takes: Sequence[Take]) -> tuple[Operation, ...]:
    clip = clip_of(takes, generation.order.slot.head, FrameTime(generation.frames, generation.at.rate))
    match generation.where:
        case Where.INSERT:
            return (Insert(generation.track, generation.at, clip),)
        case Where.OVERWRITE:
            return (Overwrite(generation.track, generation.at, clip),)
        case Where.ABOVE:
            place = Overwrite(generation.track, generation.at, clip)
            return (AddTrack(generation.track), place) if generation.new_track else (place,)
