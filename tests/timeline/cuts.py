"""Cuts built in code, and what they show frame by frame."""

from fractions import Fraction
from typing import Any

import opentimelineio as otio
from secondunit_bridge.rates import FrameTime
from secondunit_timeline.edits import edit
from secondunit_timeline.operations import AddRecipe

RATE = Fraction(24)


def at(frame: int, rate: Fraction = RATE) -> FrameTime:
    return FrameTime(frame, rate)


def times(start: float, duration: float, rate: Fraction = RATE) -> otio.opentime.TimeRange:
    return otio.opentime.TimeRange(
        otio.opentime.RationalTime(start, float(rate)), otio.opentime.RationalTime(duration, float(rate))
    )


def clip(
    name: str,
    start: float,
    duration: float,
    media: tuple[float, float] | None = (0, 100),
    rate: Fraction = RATE,
    speed: float | None = None,
) -> otio.schema.Clip:
    """A clip of `name`.mov; `media` is its available range as (start, duration)."""
    reference = otio.schema.ExternalReference(f"/media/{name}.mov", times(*media, rate) if media is not None else None)
    effects = [] if speed is None else [otio.schema.LinearTimeWarp(time_scalar=speed)]
    return otio.schema.Clip(name, reference, times(start, duration, rate), effects=effects)


def gap(duration: float, rate: Fraction = RATE) -> otio.schema.Gap:
    return otio.schema.Gap(source_range=times(0, duration, rate))


def dissolve(into: float, out: float, rate: Fraction = RATE) -> otio.schema.Transition:
    return otio.schema.Transition(
        "dissolve",
        otio.schema.TransitionTypes.SMPTE_Dissolve,
        otio.opentime.RationalTime(into, float(rate)),
        otio.opentime.RationalTime(out, float(rate)),
    )


def cut_of(*tracks: list[Any], rate: Fraction = RATE, start: float = 0) -> otio.schema.Timeline:
    """Video tracks V1, V2 ... from bottom to top."""
    cut = otio.schema.Timeline("cut", global_start_time=otio.opentime.RationalTime(start, float(rate)))
    for number, children in enumerate(tracks, 1):
        track = otio.schema.Track(f"V{number}", kind=otio.schema.TrackKind.Video)
        track.extend(children)
        cut.tracks.append(track)
    return cut


def beside(
    cut: otio.schema.Timeline, frame: int, recipe: otio.schema.GeneratorReference, name: str = "x"
) -> otio.schema.Timeline:
    """`cut` with a recipe beside the media of the clip at `frame` of V1."""
    return edit(cut, [AddRecipe("V1", at(frame), f"take.{name}", recipe)])[0]
