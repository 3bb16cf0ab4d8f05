"""Numbered pictures in formats that name one file: `name.[1001-1030].exr`, as Resolve calls them.

The address is that of the first picture, which every program can open; the name says that it is one of many. A file
name that merely ends in digits is a still: programs give stills a length, too.
"""

import re
from math import ceil
from urllib.parse import unquote

import opentimelineio as otio

from secondunit_timeline.times import exact, frames_of, rate_of

_NAMED = re.compile(r"(?P<prefix>[^/\\]*)\[(?P<first>\d+)-(?P<last>\d+)\](?P<suffix>\.\w+)")


def first_picture(reference: otio.schema.ImageSequenceReference) -> str:
    return f"{reference.name_prefix}{reference.start_frame:0{reference.frame_zero_padding}}{reference.name_suffix}"


def range_name(reference: otio.schema.ImageSequenceReference, clip: otio.schema.Clip) -> str:
    """Without an available range the pictures that `clip` plays count."""
    available = reference.available_range
    if available is not None:
        count = ceil(frames_of(available.duration, rate_of(available.duration)))
    else:
        played = clip.source_range
        end = frames_of(played.start_time, rate_of(played.start_time)) + exact(played.duration.value) if played else 1
        count = ceil(end) - reference.start_frame if end > reference.start_frame else ceil(end)
    first, last = (
        f"{number:0{reference.frame_zero_padding}}"
        for number in (reference.start_frame, reference.start_frame + max(1, count) - 1)
    )
    return f"{reference.name_prefix}[{first}-{last}]{reference.name_suffix}"


def open_sequences(read: otio.core.SerializableObject) -> None:
    """Makes image sequences of the references of a cut, or of several, that are named so."""
    cuts = read if isinstance(read, otio.schema.SerializableCollection) else [read]
    for cut in (cut for cut in cuts if isinstance(cut, otio.schema.Timeline)):
        for clip in cut.find_clips():
            found = {key: _sequence(one, clip.source_range) or one for key, one in clip.media_references().items()}
            if any(isinstance(one, otio.schema.ImageSequenceReference) for one in found.values()):
                clip.set_media_references(found, clip.active_media_reference_key)


def _sequence(
    reference: otio.core.MediaReference, played: otio.opentime.TimeRange | None
) -> otio.schema.ImageSequenceReference | None:
    """Runs at the rate of its available range, else of what plays."""
    if not isinstance(reference, otio.schema.ExternalReference) or not reference.target_url:
        return None
    url = reference.target_url
    split = max(url.rfind("/"), url.rfind("\\")) + 1
    folder, file = url[:split], unquote(url[split:])
    named = _NAMED.fullmatch(file) or _NAMED.fullmatch(reference.name or "")
    if named is None or file not in (named[0], f"{named['prefix']}{named['first']}{named['suffix']}"):
        return None
    available = reference.available_range
    counted = available if available is not None else played
    made = otio.schema.ImageSequenceReference(
        folder,
        named["prefix"],
        named["suffix"],
        int(named["first"]),
        1,
        counted.start_time.rate if counted is not None else 0.0,
        len(named["first"]),
        available_range=available,
        metadata=dict(reference.metadata),
    )
    made.name = reference.name or ""
    return made
