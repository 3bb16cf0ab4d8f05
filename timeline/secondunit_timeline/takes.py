"""Takes as a cut holds them: media references with their recipes, and clips of their own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import opentimelineio as otio
from secondunit_bridge.errors import CutError
from secondunit_bridge.messages import FramesAfter, FramesBefore, Order, Record, Span, Take
from secondunit_bridge.rates import FrameTime
from secondunit_bridge.takes import FIRST_NUMBER

from secondunit_timeline.documents import plain
from secondunit_timeline.index import Index
from secondunit_timeline.interchange import media_path, reference_to
from secondunit_timeline.shots import find_clip, video_clips
from secondunit_timeline.times import Frames, rational_time, time_range

__all__ = ["PlacedTake", "find_take", "placed_takes", "record_of"]

PREFIX = "take."
RECIPE = ".recipe"
RECORD = "record"
KIND = "secondunit."


@dataclass(frozen=True, slots=True)
class PlacedTake:
    """A take that a clip of the cut refers to; `path` is None where its media has no local path."""

    track: str
    at: FrameTime
    shot: str
    key: str
    active: bool
    approved: bool
    name: str
    reel: str
    path: str | None
    task: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asked for: the kind of a recipe, "generate" or another, and its parameters."""

    kind: str
    parameters: dict[str, Any]


def key_of(take: Take) -> str:
    return PREFIX + take.record.take_id


def reference(take: Take, start: FrameTime | None = None) -> otio.core.MediaReference:
    """The take's media. `start`: the time that the cut counts for its first frame, where that is not its timecode."""
    start = start or take.record.start
    record = take.record
    made = reference_to(take.path, time_range(start.frame, take.frames, start.rate), FIRST_NUMBER)
    address = made.target_url_base if isinstance(made, otio.schema.ImageSequenceReference) else take.path
    made.metadata["secondunit"] = {
        # Written relative to the cut, so that cut and takes can be moved together.
        "relative_url": PurePath(address).name,
        "resolved_url": address,
        "take": record.take_id,
        "name": record.name,
        "reel": record.reel,
        "sha256": take.sha256,
    }
    made.metadata["cmx_3600"] = {"reel": record.reel}
    return made


def recipe(take: Take, asked: Asked | None = None) -> otio.schema.GeneratorReference:
    """The take's order, as the cut stores it, with what a person had asked for."""
    from secondunit_bridge.wire import record_to_json

    record = take.record
    return otio.schema.GeneratorReference(
        name=record.name,
        generator_kind=KIND + (asked.kind if asked is not None else record.order.task),
        available_range=time_range(record.start.frame, take.frames, record.start.rate),
        parameters={**(asked.parameters if asked is not None else {}), RECORD: record_to_json(record)},
    )


def asked_in(recipe: otio.schema.GeneratorReference) -> Asked:
    """What a recipe says, without the record."""
    parameters: dict[str, Any] = plain(recipe.to_json_string(-1))["parameters"]
    parameters.pop(RECORD, None)
    return Asked(recipe.generator_kind.removeprefix(KIND), parameters)


def record_of(clip: otio.schema.Clip, key: str) -> Record | None:
    """The record that the recipe of the take `key` holds."""
    from secondunit_bridge.wire import record_from_json

    held = clip.media_references().get(key + RECIPE)
    text = held.parameters.get(RECORD) if isinstance(held, otio.schema.GeneratorReference) else None
    return record_from_json(text) if isinstance(text, str) else None


def take_of(clip: otio.schema.Clip, frames: Span) -> str | None:
    """The key of the clip's take that holds `frames`: the reel of a take is its own."""
    for key, media in clip.media_references().items():
        reel = media.metadata.get("secondunit", {}).get("reel", "")
        if key.startswith(PREFIX) and not key.endswith(RECIPE) and reel and reel == frames.reel:
            return str(key)
    return None


def grown_from(clip: otio.schema.Clip, key: str, record: Record) -> tuple[str, Record]:
    """The take that the one of `key` and `record` made longer, over all its versions; itself where it did not."""
    seen = {key}
    while True:
        sides = (one.span for one in record.order.conditions if isinstance(one, FramesBefore | FramesAfter))
        older = next((other for side in sides if (other := take_of(clip, side)) is not None), None)
        known = record_of(clip, older) if older is not None and older not in seen else None
        if older is None or known is None:
            return key, record
        seen.add(older)
        key, record = older, known


def clip_of(takes: Sequence[Take], offset: Frames, length: FrameTime, asked: Asked | None = None) -> otio.schema.Clip:
    """A clip of its own that plays the first of `takes` from its frame `offset` on, for `length` of the cut.

    `asked`: see `recipe`.
    """
    first = takes[0]
    start = first.record.start
    clip = otio.schema.Clip(
        name=first.record.name,
        source_range=otio.opentime.TimeRange(
            rational_time(start.frame + offset, start.rate), rational_time(length.frame, length.rate)
        ),
    )
    references: dict[str, otio.core.MediaReference] = {}
    for take in takes:
        references[key_of(take)] = reference(take, start)
        references[key_of(take) + RECIPE] = recipe(take, asked)
    clip.set_media_references(references, key_of(first))
    return clip


def stand_ins(order: Order) -> tuple[Take, ...]:
    """Takes as the order's will be placed; no such files exist."""
    slot = order.slot
    start = slot.start or FrameTime(0, slot.rate)
    return tuple(
        Take(
            path=str(Path(order.delivery.folder, f"{order.id}_{number}")),
            frames=slot.head + slot.frames + slot.tail,
            sha256="",
            lut="",
            record=Record(
                take_id=f"{order.id}_{number}",
                name=order.shot,
                reel="",
                start=start,
                drop_frame=slot.drop_frame,
                order=order,
                seed=seed,
                weights_sha256="",
                versions=(),
                seams=(),
                look=None,
                trusted=None,
                placeholder=True,
                notes=(),
            ),
        )
        for number, seed in enumerate(order.seeds)
    )


def placed_takes(index: Index) -> Iterator[PlacedTake]:
    """By track and time; several on one clip by name, that is by version."""
    for track in index.tracks:
        for item in track.items:
            if isinstance(item.child, otio.schema.Clip):
                at = FrameTime(int(item.start), index.rate)
                yield from sorted(_takes_of(item.child, track.name, at), key=lambda take: take.name)


def nested_takes(index: Index) -> Iterator[tuple[str, PlacedTake]]:
    """Takes on clips inside nests, with the names of the nests around them; `track` and `at` are the outermost's."""
    for track in index.tracks:
        for item in track.items:
            if isinstance(item.child, otio.core.Composition):
                at = FrameTime(int(item.start), index.rate)
                for clip in item.child.find_clips():
                    names, holder = [], clip.parent()
                    while holder is not None and holder is not track.track:
                        names += [holder.name] if holder is item.child or isinstance(holder, otio.schema.Stack) else []
                        holder = holder.parent()
                    for take in _takes_of(clip, track.name, at):
                        yield " / ".join(reversed(names)), take


def _takes_of(clip: otio.schema.Clip, track: str, at: FrameTime) -> Iterator[PlacedTake]:
    references = clip.media_references()
    for key, media in references.items():
        if not key.startswith(PREFIX) or key.endswith(RECIPE):
            continue
        ours = media.metadata.get("secondunit", {})
        made = references.get(key + RECIPE)
        kind = made.generator_kind if isinstance(made, otio.schema.GeneratorReference) else ""
        yield PlacedTake(
            track=track,
            at=at,
            shot=clip.name,
            key=key,
            active=clip.active_media_reference_key == key,
            approved=bool(ours.get("approved", False)),
            name=str(ours.get("name", "")),
            reel=str(ours.get("reel", "")),
            path=media_path(media),
            task=kind.removeprefix(KIND),
        )


def find_take(index: Index, key: str, selector: str | None) -> tuple[str, FrameTime, str]:
    """Track, record frame and key of a take; `key` is its key, reel or version name, or any other reference's key.

    `selector` says on which shot, where several hold the key. Raises CutError where it names none or more than one.
    """
    places = [
        (track.name, FrameTime(int(item.start), index.rate), item.child)
        for track, item in ([find_clip(index, selector)] if selector else video_clips(index))
    ]
    named = {take.key for take in placed_takes(index) if key in (take.key, take.reel, take.name)} or {key}
    found = [(track, at, name) for track, at, clip in places for name in clip.media_references() if name in named]
    if len(found) != 1:
        where = f"shot {selector!r}" if selector else "the cut"
        held = sorted({name for _, _, clip in places for name in clip.media_references() if not name.endswith(RECIPE)})
        raise CutError(
            f"{key!r} is held {len(found)} times by {where}: "
            + ("say on which shot with --shot" if found else f"it holds {', '.join(held) or 'no media'}")
        )
    return found[0]
