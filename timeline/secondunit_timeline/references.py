"""The media references of a clip: takes and recipes added, played, grown, approved. Each on one track taken apart."""

from collections.abc import Mapping

import opentimelineio as otio
from secondunit_bridge.errors import CutError

from secondunit_timeline import transitions
from secondunit_timeline.operations import AddRecipe, AddTake, ApproveTake, GrowTake, PlayTake, RemoveRecipe, SwapTake
from secondunit_timeline.retimes import shows_within
from secondunit_timeline.slugs import OURS
from secondunit_timeline.strips import Strip
from secondunit_timeline.times import exact, frames_of, frames_text, rate_of, simple


def is_recipe(reference: otio.core.MediaReference | None) -> bool:
    """Whether it is an order, made or to be made, rather than media."""
    return isinstance(reference, otio.schema.GeneratorReference) and reference.generator_kind.startswith("secondunit.")


def name_of(take: otio.core.MediaReference) -> str:
    """Of a take; empty for media of others."""
    own = take.metadata.get(OURS)
    return str(own.get("name", "")) if own is not None and hasattr(own, "get") else ""


def called(references: Mapping[str, otio.core.MediaReference], key: str) -> str:
    """A take by its version's name, another reference by its own name; where it has none, by its key."""
    reference = references.get(key)
    return (name_of(reference) or reference.name or key) if reference is not None else key


def play(strip: Strip, i: int, operation: SwapTake | PlayTake) -> None:
    references = strip.children[i].media_references()
    reference = references.get(operation.key)
    if reference is None:
        raise CutError(f"{strip.where(i)} has no take {operation.key!r}: it has {_listed(references)}")
    if is_recipe(reference):
        raise CutError(f"{strip.where(i)}: {operation.key!r} is a recipe, not a picture: choose the take made from it")
    clip = strip.own_range(i)
    previous = clip.active_media_reference_key
    if clip.name and clip.name == name_of(references[previous]):
        clip.name = name_of(reference) or clip.name
    clip.active_media_reference_key = operation.key
    if isinstance(operation, PlayTake):
        clip.source_range = otio.opentime.TimeRange(operation.start, clip.source_range.duration)
    if not shows_within(clip, reference.available_range):
        raise CutError(
            f"{strip.where(i)} plays frames that {called(references, operation.key)!r} does not hold (it uses "
            f"{_text(clip.source_range)}, there are {_text(reference.available_range)}): make the take again with these"
        )
    transitions.check(strip, i, i + 1)
    names = (called(references, key) for key in (previous, operation.key))
    strip.note(strip.start(i), f"swap {' to '.join(names)}", strip.length(i), clip.name)


def add(strip: Strip, i: int, operation: AddTake | AddRecipe) -> None:
    added: dict[str, otio.core.MediaReference] = {}
    if isinstance(operation, AddTake):
        added[operation.key] = operation.reference
    if operation.recipe is not None:
        added[f"{operation.key}.recipe"] = operation.recipe
    clip = strip.own(i)
    references = clip.media_references()
    for key, reference in added.items():
        if key in references:
            raise CutError(
                f"{strip.where(i)} has the take {called(references, key)!r} already: takes are never replaced"
            )
        references[key] = reference.deepcopy()
    clip.set_media_references(references, clip.active_media_reference_key)
    verb = "add recipe" if isinstance(operation, AddRecipe) else "add"
    strip.note(strip.start(i), f"{verb} {called(added, operation.key)}", strip.length(i), clip.name)


def remove_recipe(strip: Strip, i: int, operation: RemoveRecipe) -> None:
    clip = strip.own(i)
    references = clip.media_references()
    if not is_recipe(references.get(operation.key)) or operation.key == clip.active_media_reference_key:
        raise CutError(f"{strip.where(i)}: {operation.key!r} is not a recipe beside what the clip plays")
    del references[operation.key]
    clip.set_media_references(references, clip.active_media_reference_key)
    strip.note(strip.start(i), f"remove recipe {operation.key}", strip.length(i), clip.name)


def approve(strip: Strip, i: int, operation: ApproveTake) -> None:
    clip = strip.own(i)
    references = clip.media_references()
    take = references.get(operation.key)
    if take is None or is_recipe(take) or not operation.key.startswith("take."):
        raise CutError(f"{strip.where(i)} has no take {operation.key!r}: it has {_listed(references)}")
    take.metadata["secondunit"] = {**take.metadata.get("secondunit", {}), "approved": True}
    strip.note(strip.start(i), f"approve {called(references, operation.key)}", strip.length(i), clip.name)


def grow(strip: Strip, i: int, operation: GrowTake) -> None:
    clip = strip.own(i)
    references = clip.media_references()
    if operation.key not in references:
        raise CutError(f"{strip.where(i)} has no take {operation.key!r}: it has {_listed(references)}")
    held, longer = references[operation.key].available_range, operation.reference.available_range
    name = called(references, operation.key)
    if held is None or longer is None:
        raise CutError(f"{strip.where(i)}: {name!r} does not say which frames it holds: add it as a take")
    rate = rate_of(held.start_time)
    start, new_start = frames_of(held.start_time, rate), frames_of(longer.start_time, rate)
    if start < new_start or start + frames_of(held.duration, rate) > new_start + frames_of(longer.duration, rate):
        raise CutError(
            f"{strip.where(i)}: {name!r} holds {_text(held)}, the longer one {_text(longer)}: "
            "a take that grows keeps every frame"
        )
    references[operation.key] = operation.reference.deepcopy()
    clip.set_media_references(references, clip.active_media_reference_key)
    gained = simple((frames_of(longer.duration, rate) - frames_of(held.duration, rate)) * strip.rate / rate)
    strip.note(strip.start(i), f"grow {name}", gained, clip.name)


def _listed(references: Mapping[str, otio.core.MediaReference]) -> str:
    return ", ".join(called(references, key) for key in sorted(references) if not is_recipe(references[key]))


def _text(times: otio.opentime.TimeRange) -> str:
    rate = rate_of(times.duration)
    start, duration = frames_of(times.start_time, rate), exact(times.duration.value)
    return f"{frames_text(start)} to {frames_text(start + duration)} at {float(rate):g}"
