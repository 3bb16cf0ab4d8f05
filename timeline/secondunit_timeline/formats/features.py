"""What a cut can hold, by name. Each writer's `NOT_KEPT` says which of these its format changes or loses, and how."""

from collections.abc import Mapping
from typing import Literal

Fate = Literal["changed", "lost"]
NotKept = Mapping[str, tuple[Fate, str]]

FEATURES = (
    "cut points",
    "exact rates, NTSC included",
    "start timecode",
    "source timecode",
    "reel",
    "reel of several words",
    "media address",
    "missing media",
    "image sequence",
    "image sequence that counts in steps",
    "title or generator",
    "constant speed",
    "speed between tenths of a frame a second",
    "retimed clip that begins between its own frames",
    "frames that another speed or rate repeats or skips",
    "retimed image sequence",
    "retimed nest",
    "speed ramp",
    "dissolve",
    "dissolve across its cut point",
    "dissolve unevenly across its cut point",
    "fade that reaches into a gap",
    "wipe or other transition",
    "disabled clip",
    "several video tracks",
    "more than four sound tracks",
    "name of a track",
    "disabled track",
    "nest",
    "effect other than a speed",
    "colour decision (ASC CDL)",
    "clip marker",
    "marker colour",
    "marker of the cut",
    "marker of a track",
    "edit point between frames of the cut",
    "source time between frames of the media",
    "media of another rate",
    "gap at the start of the cut",
    "gap at the end of a track",
    "other media references, takes among them",
    "metadata",
)
