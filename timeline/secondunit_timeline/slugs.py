"""Slugs: placeholders for takes, each on one track taken apart."""

from fractions import Fraction

import opentimelineio as otio
from secondunit_bridge.errors import CutError
from secondunit_bridge.rates import FrameTime

from secondunit_timeline import transitions
from secondunit_timeline.dialects import entry
from secondunit_timeline.operations import FillSlug, RemoveSlug
from secondunit_timeline.retimes import shows_within
from secondunit_timeline.strips import Strip
from secondunit_timeline.times import Frames, frames_of, rate_of, rational_time, simple, time_range

__all__ = ["is_slug", "slug"]

OURS = "secondunit"


def slug(name: str, start: FrameTime, frames: FrameTime) -> otio.schema.Clip:
    """A placeholder for a take: `frames` long in the cut, its source time counted from `start`."""
    length = Fraction(frames.frame) * start.rate / frames.rate
    return otio.schema.Clip(
        name,
        otio.schema.MissingReference(
            name, time_range(start.frame, simple(length), start.rate), metadata={OURS: {"slug": True}}
        ),
        otio.opentime.TimeRange(rational_time(start.frame, start.rate), rational_time(frames.frame, frames.rate)),
    )


def is_slug(clip: otio.core.Item) -> bool:
    return isinstance(clip, otio.schema.Clip) and is_slug_reference(clip.media_reference)


def is_slug_reference(reference: otio.core.MediaReference | None) -> bool:
    return reference is not None and bool(entry(reference.metadata, OURS, "slug"))


def fill(strip: Strip, i: int, operation: FillSlug) -> None:
    clip = strip.own_range(i)
    references = clip.media_references()
    slug = references.get(operation.slug)
    if not is_slug_reference(slug):
        raise CutError(f"{strip.where(i)} has no slug that {operation.name!r} could fill: place it by hand")
    if operation.key in references:
        raise CutError(f"{strip.where(i)} has the take {operation.name!r} already: takes are never replaced")
    reference = operation.reference.deepcopy()
    is_slug_clip = is_slug(clip)
    plays = is_slug_clip or slug.metadata[OURS].get("instead_of") == clip.active_media_reference_key
    used, first, held = clip.source_range, slug.available_range, reference.available_range
    names = {slug.name, references[clip.active_media_reference_key].name} if is_slug_clip else {slug.name}
    if is_slug_clip:
        rate = rate_of(used.start_time)
        moved = frames_of(held.start_time, rate) - frames_of(first.start_time, rate)
        clip.source_range = otio.opentime.TimeRange(_later(used.start_time, moved, rate), used.duration)
        for key, other in references.items():  # the slugs of other orders for the same place
            if key != operation.slug and is_slug_reference(other):
                there = other.available_range
                other = references[key] = other.deepcopy()
                other.available_range = otio.opentime.TimeRange(_later(there.start_time, moved, rate), there.duration)
    else:
        reference.available_range = otio.opentime.TimeRange(first.start_time, held.duration)
    if plays and not shows_within(clip, reference.available_range):
        raise CutError(
            f"{strip.where(i)} was trimmed to frames that {operation.name} does not hold: trim it back, or make the "
            "take with longer handles"
        )
    del references[operation.slug]
    references[operation.key] = reference
    if operation.recipe is not None:
        references[f"{operation.key}.recipe"] = operation.recipe.deepcopy()
    clip.set_media_references(references, operation.key if plays else clip.active_media_reference_key)
    if plays and clip.name in names:
        clip.name = operation.name
    transitions.check(strip, i, i + 1)
    strip.note(strip.start(i), "fill slug", strip.length(i), operation.name)


def remove(strip: Strip, i: int, operation: RemoveSlug) -> None:
    clip = strip.own(i)
    references, active = clip.media_references(), clip.active_media_reference_key
    if operation.slug == active:
        active = next((key for key, other in references.items() if key != active and is_slug_reference(other)), active)
    if not is_slug_reference(references.get(operation.slug)) or operation.slug == active:
        raise CutError(f"{strip.where(i)}: {operation.slug!r} is not a slug beside what the clip plays: lift the slug")
    del references[operation.slug]
    clip.set_media_references(references, active)
    strip.note(strip.start(i), "remove slug", strip.length(i), clip.name)


def _later(time: otio.opentime.RationalTime, frames: Frames, rate: Fraction) -> otio.opentime.RationalTime:
    return rational_time(simple(Fraction(frames_of(time, rate) + frames)), rate)
