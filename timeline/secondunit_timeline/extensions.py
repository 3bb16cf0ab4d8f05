"""A shot made longer: its unused camera frames first, generated frames only past the end of its media."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

import opentimelineio as otio
from secondunit_bridge.errors import BadInput, CutError
from secondunit_bridge.messages import FramesAfter, FramesBefore, Order, Sound, Take, Task
from secondunit_bridge.rates import FrameTime

from secondunit_timeline.index import Index
from secondunit_timeline.operations import AddTake, End, Extend, Into, Operation
from secondunit_timeline.orders import (
    Settings,
    camera_end,
    camera_start,
    make_order,
    media_timecode,
    shown_from,
    shown_to,
    slot_for,
    span,
)
from secondunit_timeline.references import called
from secondunit_timeline.retimes import handles_of
from secondunit_timeline.shots import Shot, find_clip, open_shot, source_extent
from secondunit_timeline.sync import LinkedSound, linked_sound, unlinked_tracks
from secondunit_timeline.takes import PREFIX, Asked, clip_of, key_of, recipe, reference
from secondunit_timeline.times import frames_of, rate_of, simple


@dataclass(frozen=True, slots=True)
class Growth:
    """One clip made longer: first by its own media, then by the take. All in cut frames, `start` in media frames.

    `start`: where in the media begins what the take has to show here; between frames at unlike rates.
    `own`: the rate that the clip's range counts in.
    """

    track: str
    at: FrameTime
    frames: int
    camera: int
    start: Fraction
    own: Fraction


@dataclass(frozen=True, slots=True)
class Extension:
    """What an extension would do. `order` is None where the camera's frames are enough.

    `sync`: the tracks that move along with a ripple, beside those of the shot and its sound, which grow on their own.
    `file_start`: the media frame, continued beyond the media, that the take's first frame stands for.
    """

    shot: Shot
    end: End
    into: Into | None
    picture: Growth
    sound: tuple[Growth, ...]
    sync: tuple[str, ...]
    order: Order | None
    file_start: int
    notes: tuple[str, ...]


def plan_extension(
    index: Index,
    selector: str,
    end: End,
    frames: int,
    into: Into | None,
    handles_only: bool,
    settings: Settings,
    one_shot: bool = False,
) -> Extension:
    """`into` None: the gap beside the shot if there is one, else handles only. `handles_only` moves nothing.

    `one_shot`: the media shows nothing but this shot, whatever its pictures look like.
    """
    if frames < 1:
        raise BadInput(f"an extension by {frames} frames: give 1 or more")
    track, item = find_clip(index, selector)
    shot = open_shot(index, track, item)
    if shot.speed == 0:
        raise CutError(f"{shot.name!r} is a freeze frame: trim it longer in your editing software, nothing is missing")
    beside = _gap_beside(index, track.name, shot.record.end if end is End.TAIL else shot.record.start - 1)
    if into is None and not handles_only:
        into = Into.GAP if beside else None
    if into is Into.GAP and beside < frames:
        raise CutError(
            f"the gap at the {end} of {shot.name!r} holds {beside:g} frames, {frames} were asked: "
            "ask for fewer, let what follows move or be covered, or ask for handles only"
        )
    transition = None if into is None else (item.after if end is End.TAIL else item.before)
    beyond = inside = 0
    if transition is not None:
        offsets = (transition.out_offset, transition.in_offset)
        beyond, inside = (ceil(frames_of(offset, index.rate)) for offset in offsets[:: 1 if end is End.TAIL else -1])

    # Everything below counts away from the shot: `outward` is +1 at the media's tail, -1 at its head.
    outward = 1 if (end is End.TAIL) == (shot.speed > 0) else -1
    extent = source_extent(shot.clip, shot.info, shot.record, shot.speed)
    edge = extent[1] if outward > 0 else extent[0]
    wanted = shot.source_frames(frames + beyond)
    if one_shot:
        limit = shot.info.frames if outward > 0 else 0
    else:
        limit = camera_end(shot, wanted) if outward > 0 else camera_start(shot, wanted)
    unused = (limit - edge) * outward
    notes = []
    if unused < wanted and limit not in (0, shot.info.frames):
        notes.append(f"the media of {shot.name!r} shows another shot from frame {limit} on: taken as its end")
    if frames + beyond <= shot.cut_frames(unused):
        camera, missing = frames, 0
    else:
        camera = min(frames, shot.cut_frames(unused))
        missing = ceil((frames + beyond) * shot.info.rate / shot.record.rate * abs(shot.speed) - unused)
    # A dissolve has to lie on one clip: the take reaches back under the camera's frames for it.
    early = min(camera, max(0, inside - (frames - camera))) if missing else 0
    camera -= early
    picture = Growth(
        shot.track,
        FrameTime(shot.record.start, index.rate),
        frames,
        camera,
        _lowest(shot, edge, camera, frames, outward),
        _own_rate(shot.clip),
    )
    linked = linked_sound(index, shot)
    sound = () if into is None else tuple(_sound_growths(index, shot, linked, end, frames, into, limit, outward))
    sync = unlinked_tracks(index, shot, linked) if into is Into.RIPPLE else ()
    if not missing:
        notes.append(f"{shot.name!r} has {shot.cut_frames(unused)} unused camera frames there: nothing is generated")
        notes += [f"{growth.track}: the sound ends early" for growth in sound if growth.camera < growth.frames]
        return Extension(shot, end, into, picture, sound, sync, None, limit, tuple(notes))
    if (longer := _longer_media(shot, end, camera + early)) is not None:
        notes.append(
            f"{longer} of {shot.name!r} holds more frames there than the take that plays: to use them, switch to it, "
            "extend, and match again"
        )
    order, file_start = _order(index, shot, limit, outward, missing, shot.source_frames(early), sound, linked, settings)
    return Extension(shot, end, into, picture, sound, sync, order, file_start, tuple(notes))


def _gap_beside(index: Index, track: str, frame: int) -> int | float:
    """Free frames on the track from `frame` on, away from the shot; without end behind a track's last clip."""
    if frame < 0:
        return 0
    item = index.track(track).at(frame)
    if item is None:
        return float("inf")
    return floor(item.duration) if isinstance(item.child, otio.schema.Gap) else 0


def _lowest(shot: Shot, edge: Fraction, camera: int, frames: int, outward: int) -> Fraction:
    """Where in the media begins what lies beyond `camera` cut frames from `edge`, up to `frames`."""
    each = shot.info.rate / shot.record.rate * abs(shot.speed)
    return edge + camera * each if outward > 0 else edge - frames * each


def _longer_media(shot: Shot, end: End, camera: int) -> str | None:
    """What a reference is called that is not active and could grow by more than `camera` cut frames."""
    clip = shot.clip.clone()
    for key, media in shot.clip.media_references().items():
        if isinstance(media, otio.schema.GeneratorReference) or media.available_range is None:
            continue
        clip.active_media_reference_key = key
        held = handles_of(clip, shot.record.rate)[0 if end is End.HEAD else 1]
        if held is not None and held >= camera + 1 and key != shot.clip.active_media_reference_key:
            return called(clip.media_references(), key) if key.startswith(PREFIX) else "the camera media"
    return None


def _own_rate(clip: otio.core.Item) -> Fraction:
    return rate_of((clip.source_range or clip.trimmed_range()).duration)


def _sound_growths(
    index: Index,
    shot: Shot,
    linked: Sequence[LinkedSound],
    end: End,
    frames: int,
    into: Into,
    limit: int,
    outward: int,
) -> list[Growth]:
    """The linked sound follows at its own edit point; into a gap only as far as its own track has one."""
    growths = []
    for sound in linked:
        wanted = frames
        if into is Into.GAP:
            item_end = int(sound.item.end) if end is End.TAIL else int(sound.item.start) - 1
            wanted = int(min(frames, _gap_beside(index, sound.track, item_end)))
        if not wanted:
            continue
        edge = sound.end if outward > 0 else sound.start
        camera = min(wanted, shot.cut_frames(max(Fraction(0), (limit - edge) * outward)))
        start = _lowest(shot, edge, camera, wanted, outward)
        own = _own_rate(sound.item.child)
        growths.append(Growth(sound.track, FrameTime(int(sound.item.start), index.rate), wanted, camera, start, own))
    return growths


def _order(
    index: Index,
    shot: Shot,
    limit: int,
    outward: int,
    missing: int,
    early: int,
    sound: Sequence[Growth],
    linked: Sequence[LinkedSound],
    settings: Settings,
) -> tuple[Order, int]:
    """The order for `missing` media frames beyond `limit`, and the media frame that its take begins with."""
    held = (limit - shot.used.start) if outward > 0 else (shot.used.end - limit)
    overlap = min(settings.handles + early, held)
    context = max(settings.context(shot.info.rate), overlap)
    # Sound that ends later than the picture needs the take to reach further than the picture does.
    reach = [
        ceil(growth.start + shot.source_frames(growth.frames - growth.camera) - limit)
        if outward > 0
        else limit - floor(growth.start)
        for growth in sound
    ]
    outer = max([settings.handles, *(far - missing for far in reach)])
    if outward > 0:
        camera = span(shot, shown_from(shot, limit, context), limit)
    else:
        camera = span(shot, limit, shown_to(shot, limit, context))
    shown = span(shot, shot.used.start, limit) if outward > 0 else span(shot, limit, shot.used.end)
    if outward > 0:
        file_start = limit - overlap
        slot = slot_for(shot, missing, overlap, outer, media_timecode(shot, file_start))
    else:
        file_start = limit - missing - outer
        slot = slot_for(shot, missing, outer, overlap, media_timecode(shot, file_start))
    conditions = (
        FramesBefore(camera) if outward > 0 else FramesAfter(camera),
        *(Sound(settings.sound, other.under(shown)) for other in linked[:1]),
    )
    return make_order(Task.EXTEND, index.cut.name, shot.name, slot, conditions, settings), file_start


def place_extension(extension: Extension, takes: Sequence[Take], asked: Asked | None = None) -> tuple[Operation, ...]:
    """`asked`: the recipe that the takes were made from, where there was one."""
    shot = extension.shot
    if extension.into is None:
        return tuple(
            AddTake(shot.track, extension.picture.at, key_of(take), reference(take), recipe(take, asked))
            for take in takes
        )
    into = extension.into
    return tuple(
        Extend(
            growth.track,
            growth.at,
            extension.end,
            simple(growth.camera * growth.own / growth.at.rate),
            _clip(extension, growth, takes, asked),
            into,
            extension.sync if growth is extension.picture else (),
        )
        for growth in (extension.picture, *extension.sound)
    )


def _clip(extension: Extension, growth: Growth, takes: Sequence[Take], asked: Asked | None) -> otio.schema.Clip | None:
    generated = growth.frames - growth.camera
    if not generated or not takes:
        return None
    first = growth.start
    if extension.shot.speed < 0:  # a reversed clip starts at its last media frame
        first += generated * extension.shot.info.rate / growth.at.rate * -extension.shot.speed - 1
    clip = clip_of(takes, simple(first - extension.file_start), FrameTime(generated, growth.at.rate), asked)
    clip.enabled = extension.shot.clip.enabled
    clip.effects.extend(
        effect.clone() for effect in extension.shot.clip.effects if isinstance(effect, otio.schema.TimeEffect)
    )
    return clip
