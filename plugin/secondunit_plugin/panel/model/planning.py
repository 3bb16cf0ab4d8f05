"""A draft turned into an order, and its takes into an edit, for the work of operations: brings OpenTimelineIO."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import assert_never

from secondunit_bridge.errors import BadInput
from secondunit_bridge.messages import (
    CameraMove,
    Card,
    Codec,
    IgnoreRegion,
    Look,
    Mask,
    Order,
    Parameter,
    ReferenceImage,
    ReferenceShot,
    Slot,
    SoundKind,
    Strokes,
    Take,
    Text,
)
from secondunit_bridge.rates import FrameTime
from secondunit_timeline.edits import edit
from secondunit_timeline.extensions import place_extension, plan_extension
from secondunit_timeline.generations import Where, place_generation, plan_generation
from secondunit_timeline.index import Index
from secondunit_timeline.joins import place_join, plan_join, shows_one_set_up
from secondunit_timeline.matches import look_of, place_match, plan_match, plan_replace
from secondunit_timeline.operations import End, Into
from secondunit_timeline.operations import Operation as Change
from secondunit_timeline.orders import Settings, camera_end, camera_start
from secondunit_timeline.placing import Ordered
from secondunit_timeline.shots import find_clip, open_shot
from secondunit_timeline.takes import stand_ins

from secondunit_plugin.panel.model import draft as drafts
from secondunit_plugin.panel.model.cut import Version
from secondunit_plugin.panel.model.draft import Draft
from secondunit_plugin.panel.model.handles import Handles
from secondunit_plugin.panel.model.live import LIVE
from secondunit_plugin.panel.model.places import Place, ShotPlace
from secondunit_plugin.panel.model.values import Beside, Keyframe, MaskFile, PaintedMask, Seeds

_LIVE_TIER = "draft"
_LIVE_WIDTH = 480

_LOOKED = 2
"""Seconds beyond a cut point in which another shot is looked for."""


@dataclass(frozen=True, slots=True)
class Folders:
    """`takes`: where takes are written, as `codec`; `masks`: where masks are that were painted in the panel."""

    takes: Path
    masks: Path
    codec: Codec = Codec.PRORES_HQ


def plan_live(version: Version, draft: Draft, folder: Path, card: Card | None) -> Order | None:
    """A small, quick take of the draft that nobody keeps: without handles, with the first seed. Raises BadInput."""
    _check_said(draft)
    order = _plan(version.index, draft, Folders(folder, folder), card, handles=0).order
    if order is None:
        return None
    tier = (Parameter("tier", _LIVE_TIER),) if card is not None and _LIVE_TIER in card.tiers else ()
    given = tuple(one for one in order.parameters if not (tier and one.name == "tier"))
    # their pixels are those of the shot
    masked = any(isinstance(one, Mask | IgnoreRegion) for one in order.conditions)
    return replace(
        order,
        id=f"{LIVE}{order.id}",
        show=LIVE,
        slot=order.slot if masked else _small(order.slot),
        parameters=(*given, *tier),
        seeds=order.seeds[:1],
        delivery=replace(order.delivery, codec=Codec.H264),
    )


def _small(slot: Slot) -> Slot:
    """At most `_LIVE_WIDTH` pixels wide, in the same shape."""
    factor = min(1.0, _LIVE_WIDTH / slot.width)
    return replace(slot, width=2 * round(slot.width * factor / 2), height=2 * round(slot.height * factor / 2))


def plan(version: Version, draft: Draft, folders: Folders, card: Card | None) -> Ordered:
    """Refuses what cannot be placed, before anything is made. Raises BadInput. `card`: the draft's model's."""
    _check_said(draft)
    ordered = _plan(version.index, draft, folders, card)
    edit(ordered.cut, ordered.operations(stand_ins(ordered.order) if ordered.order is not None else ()))
    return ordered


def order_to_ask_with(version: Version, draft: Draft, takes: Path) -> Order | None:
    """The order as far as its controls depend on it, before a person has said what is to be seen in it."""
    if isinstance(draft.asking, drafts.Generate | drafts.Replace):
        draft = replace(draft, values={"prompt": Text("-")})
    elif isinstance(draft.asking, drafts.Match):
        draft = replace(draft, values={"like": (ReferenceImage("-"),)})
    elif isinstance(draft.asking, drafts.Extend):  # whatever room there is
        draft = replace(draft, values={}, asking=replace(draft.asking, into="handles"))
    else:
        draft = replace(draft, values={})
    return _plan(version.index, draft, Folders(takes, takes), None).order


def reference_of(version: Version, what: str | ShotPlace) -> ReferenceImage | ReferenceShot:
    """A shot of the cut, a video file or a still, to be referred to. Raises ShotNotFound, BadInput, MediaError."""
    return look_of(version.index, what if isinstance(what, str) else selector_of(what))


def frame_to_draw_on(version: Version, draft: Draft, at: FrameTime) -> tuple[str, int, Fraction] | None:
    """File, frame and rate of what a gesture is drawn on: the frame from which an extension goes on, else the shot's
    frame at `at` in the cut.

    None where there is no shot. Raises BadInput for media that cannot be read.
    """
    if not isinstance(draft.place, ShotPlace):
        return None
    shot = open_shot(version.index, *find_clip(version.index, selector_of(draft.place)))
    last = draft.place.frames - 1
    if isinstance(draft.asking, drafts.Extend):
        into = last if draft.asking.end == "tail" else 0
    else:
        into = min(last, max(0, at.frame - draft.place.at.frame))
    gone = int(into * shot.info.rate / shot.record.rate * abs(shot.speed))
    frame = shot.used.start + gone if shot.speed >= 0 else shot.used.end - 1 - gone
    return shot.info.path, min(shot.used.end - 1, max(shot.used.start, frame)), shot.info.rate


def handles_of(version: Version, place: ShotPlace, unused: Handles) -> Handles:
    """How many of the `unused` frames of the cut before and behind a shot still show it, as far as `_LOOKED` goes.

    They are as they were where the media cannot be read, or plays backward.
    """
    try:
        shot = open_shot(version.index, *find_clip(version.index, selector_of(place)))
        if shot.speed <= 0:
            return unused
        wanted = round(_LOOKED * shot.info.rate)
        first, end = camera_start(shot, wanted), camera_end(shot, wanted)
    except BadInput:
        return unused
    each = shot.record.rate / (shot.info.rate * shot.speed)
    head, tail = int((shot.used.start - first) * each), int((end - shot.used.end) * each)
    return head if first else unused[0], tail if end < shot.info.frames else unused[1]


def shows_jump(version: Version, place: Place) -> bool:
    """Whether the pictures that meet there show one set-up; not where they cannot be read."""
    track = version.index.track(place.track)
    before, after = track.at(place.at.frame - 1), track.at(place.at.frame)
    try:
        if before is None or after is None:
            return False
        return shows_one_set_up(open_shot(version.index, track, before), open_shot(version.index, track, after))
    except BadInput:
        return False


def selector_of(place: Place) -> str:
    return f"{place.track}@+{place.at.frame}"


def _check_said(draft: Draft) -> None:
    """Refuses in the words of the panel what plans refuse in those of the command line."""
    values = draft.values.values()
    listed = [one for value in values if isinstance(value, tuple) for one in value]
    said = any(isinstance(value, Text) and value.prompt for value in values)
    looks = any(isinstance(one, Look) for one in listed)
    shown = any(not isinstance(one, Look) for one in listed)
    moved = any(isinstance(value, CameraMove | Strokes) for value in values)
    match draft.asking:
        case drafts.Match() if not (said or shown or looks):
            raise BadInput("Choose what the shot is to look like: a shot of the cut or a still.")
        case drafts.Replace() if not (said or moved or looks):
            raise BadInput("Say what is to be made of the shot: in words, with strokes or with a camera move.")
        case drafts.Generate() if not (said or shown):
            raise BadInput("Say what is to be seen: in words, or with a still or a shot.")
        case _:
            pass


@dataclass(frozen=True, slots=True)
class _Steering:
    """The draft's values as what plans take beside their settings."""

    images: tuple[ReferenceImage, ...] = ()
    shots: tuple[ReferenceShot, ...] = ()
    keyframes: tuple[Keyframe, ...] = ()
    mask: MaskFile | PaintedMask | None = None


def _plan(index: Index, draft: Draft, folders: Folders, card: Card | None, handles: int | None = None) -> Ordered:
    settings, steering = _settings(draft, folders, card)
    if handles is not None:
        settings = replace(settings, handles=handles)
    at, asked = draft.place.at, draft.asking
    shot = selector_of(draft.place)
    like: tuple[ReferenceImage | ReferenceShot, ...] = (*steering.images, *steering.shots)
    order: Order | None
    operations: Callable[[Sequence[Take]], tuple[Change, ...]]
    notes: tuple[str, ...] = ()
    match asked:
        case drafts.Extend(end, frames, into):
            room = Into(into) if into not in (None, "handles") else None
            extension = plan_extension(index, shot, End(end), frames, room, into == "handles", settings)
            order, operations, notes = extension.order, partial(place_extension, extension), extension.notes
            order = _steered(order, steering)
        case drafts.Join(covered):
            join = plan_join(index, at, covered, settings, draft.place.track)
            order, operations = _steered(join.order, steering), partial(place_join, join)
        case drafts.Match():
            matching = plan_match(index, shot, like, settings)
            order, operations = matching.order, partial(place_match, matching)
        case drafts.Replace():
            replacing = plan_replace(index, shot, _mask(index, shot, steering.mask, folders.masks), settings)
            order, operations = _steered(replacing.order, steering), partial(place_match, replacing)
        case drafts.Generate(frames, where):
            keyframes = {one.at.frame: one.path for one in steering.keyframes}
            generation = plan_generation(index, at, frames, Where(where), None, settings, keyframes, like)
            order, operations, notes = generation.order, partial(place_generation, generation), generation.notes
        case _:
            assert_never(asked)
    return Ordered(index.cut, order, operations, notes)


def _steered(order: Order | None, steering: _Steering) -> Order | None:
    """The order with references and keyframes, whose frames are counted in the cut, and from the slot's first."""
    if order is None:
        return None
    slot = order.slot
    placed = []
    for one in steering.keyframes:
        frame = int(one.at.frame * slot.rate / one.at.rate)
        if frame >= slot.frames:
            raise BadInput(f"the still {one.path} stands at frame {one.at.frame}: {order.shot} has no such frame")
        placed.append(ReferenceImage(one.path, FrameTime(slot.head + frame, slot.rate)))
    return replace(order, conditions=(*order.conditions, *steering.images, *steering.shots, *placed))


def _mask(index: Index, shot: str, mask: MaskFile | PaintedMask | None, folder: Path) -> str | None:
    match mask:
        case None:
            return None
        case MaskFile(path):
            return path
        case PaintedMask():
            from secondunit_plugin.panel.masks import write

            info = open_shot(index, *find_clip(index, shot)).info
            return str(write(mask, info.width, info.height, folder))


def _settings(draft: Draft, folders: Folders, card: Card | None) -> tuple[Settings, _Steering]:
    settings = Settings(folders.takes, codec=folders.codec, engine=draft.engine, model=draft.model, card=card)
    parameters: list[Parameter] = []
    steering = _Steering()
    for name, value in draft.values.items():
        match value:
            case Seeds(first, count):
                settings = replace(settings, seeds=tuple(range(first, first + count)))
            case Text(prompt, negative):
                settings = replace(settings, prompt=prompt, negative=negative)
            case SoundKind():
                settings = replace(settings, sound=value)
            case CameraMove():
                if settings.camera is not None:
                    raise BadInput(
                        f"two camera moves, {settings.camera.move} and {value.move}: take one of them back to none"
                    )
                settings = replace(settings, camera=value)
            case Strokes():
                settings = replace(settings, strokes=value)
            case MaskFile() | PaintedMask():
                steering = replace(steering, mask=value)
            case tuple():
                for one in value:
                    match one:
                        case Look():
                            settings = replace(settings, looks=(*settings.looks, one))
                        case ReferenceImage():
                            steering = replace(steering, images=(*steering.images, one))
                        case ReferenceShot():
                            steering = replace(steering, shots=(*steering.shots, one))
                        case Keyframe():
                            steering = replace(steering, keyframes=(*steering.keyframes, one))
                        case _:
                            assert_never(one)
            case Beside(frames):
                settings = replace(settings, beside=frames)
            case str() | int() | float() | bool():
                parameters.append(Parameter(name, value))
            case _:
                assert_never(value)
    return replace(settings, parameters=tuple(parameters)), steering
