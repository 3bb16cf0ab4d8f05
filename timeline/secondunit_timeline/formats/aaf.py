"""Reading AAF (Avid Media Composer, also written by Resolve and Premiere) through the published reader.

It keeps constant speeds and ramps alike as a bare TimeEffect, whose values are in its metadata: a ramp here.
"""

from fractions import Fraction
from pathlib import Path

import opentimelineio as otio


def read(path: Path, rate: Fraction | None = None) -> otio.core.SerializableObject:  # noqa: ARG001 - readers share it
    cut = otio.adapters.read_from_file(str(path), "AAF")
    if isinstance(cut, otio.schema.Timeline):
        retimed = [
            clip.name
            for clip in cut.find_clips()
            if any(type(effect) is otio.schema.TimeEffect for effect in clip.effects)
        ]
        if retimed:
            names = ", ".join(retimed[:20])
            cut.metadata["secondunit"] = {
                "notes": [f"speed changes of AAF are not read, only kept as they are: {names}"]
            }
    return cut
