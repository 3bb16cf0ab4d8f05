"""Reading Final Cut Pro 7 XML, which Premiere, Resolve and others write: the published reader, corrected.

That reader (otio-fcp-adapter) leaves out speed changes, disabled clips and what nested sequences hold.
"""

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from xml.etree.ElementTree import Element, tostring

import opentimelineio as otio
from secondunit_bridge.errors import CutError

from secondunit_timeline.formats.openshot import straighten
from secondunit_timeline.formats.xml import parse
from secondunit_timeline.times import Frames, exact, frames_of, rate_of, rational_time, simple, time_range

_THEIRS = "fcp_xml"


def read(path: Path, rate: Fraction | None = None) -> otio.core.SerializableObject:  # noqa: ARG001 - readers share it
    root = parse(path)
    if root.tag != "xmeml":
        raise CutError(f"it is XML of another kind ({root.tag}), not Final Cut Pro 7's: export the cut again")
    if root.find(".//sequence") is None:
        raise CutError("it holds no sequence: export the cut, not single clips")
    straighten(root, path.resolve().parent)
    _open_nests(root)
    cuts = otio.adapters.read_from_string(tostring(root, "unicode"), "fcp_xml")
    lengths = {
        item.get("id", ""): int(item.findtext("out", "0")) - int(item.findtext("in", "0"))
        for item in root.iter("clipitem")
    }
    if isinstance(cuts, otio.schema.Timeline):
        _place(cuts, root)
    for cut in [cuts] if isinstance(cuts, otio.schema.Timeline) else cuts:
        _correct(cut, lengths)
    return cuts


def _place(cut: otio.schema.Timeline, root: Element) -> None:
    """Puts items where the file says, since the published reader moves what follows a fade beside a gap.

    Of a sound track whose channels Premiere writes one by one, that reader takes the first.
    """
    sequence = next((one for one in root.iter("sequence") if one.find("media") is not None), None)
    base = int(sequence.findtext("rate/timebase", "0")) if sequence is not None else 0
    if sequence is None or base < 1:
        return
    rate = Fraction(base * 1000, 1001) if sequence.findtext("rate/ntsc", "").upper() == "TRUE" else Fraction(base)
    rows = [
        track
        for kind in ("video", "audio")
        for track in sequence.iterfind(f"media/{kind}/track")
        if kind == "video"
        or track.get("currentExplodedTrackIndex", "0") == "0"
        or track.get("totalExplodedTrackCount", "1") == "1"
    ]
    if len(rows) == len(cut.tracks):
        for track, row in zip(cut.tracks, rows, strict=True):
            _place_items(track, row, rate)


def _place_items(track: otio.schema.Track, row: Element, rate: Fraction) -> None:
    elements = [element for element in row if element.tag in ("clipitem", "generatoritem", "transitionitem")]
    children = [child for child in track if not isinstance(child, otio.schema.Gap)]
    if len(elements) != len(children) or not any(isinstance(child, otio.schema.Transition) for child in children):
        return
    placed: list[otio.core.Composable] = []
    at: Frames = 0
    fade: otio.schema.Transition | None = None
    for before, element, child in zip([None, *elements], elements, children, strict=False):
        if isinstance(child, otio.schema.Transition):
            if before is not None and before.findtext("end") == "-1":  # it joins the clip before to what follows
                placed.append(child)
            else:
                fade = child
            continue
        start: Frames = int(element.findtext("start", "0"))
        if start == -1:
            start = _cut_of(before) if before is not None and before.tag == "transitionitem" else at
        if start > at:
            placed.append(otio.schema.Gap(source_range=time_range(0, start - at, rate)))
        if fade is not None:
            placed.append(fade)
            fade = None
        placed.append(child)
        at = max(start, at) + frames_of(child.source_range.duration, rate)
    if fade is not None:
        placed.append(fade)
    track.clear()
    track.extend(placed)


def _cut_of(transition: Element) -> int:
    begin, end = int(transition.findtext("start", "0")), int(transition.findtext("end", "0"))
    alignment = (transition.findtext("alignment") or "").removesuffix("-black")
    return {"start": begin, "end": end}.get(alignment, (begin + end) // 2)


def _open_nests(root: Element) -> None:
    """Puts the tracks of nested sequences where the published reader looks for them: not below `media`."""
    nested = [sequence for item in root.iter("clipitem") for sequence in item.iterfind("sequence")]
    named = {sequence.get("id") for sequence in nested if sequence.find("media") is None}
    inside = set(map(id, nested))
    for sequence in list(root.iter("sequence")):
        media = sequence.find("media")
        if media is None or (id(sequence) not in inside and sequence.get("id") not in named):
            continue
        sequence.extend(list(media))
        if id(sequence) in inside:
            sequence.remove(media)


def _correct(cut: otio.schema.Timeline, lengths: Mapping[str, int]) -> None:
    """`lengths`: out minus in of each clip item, by its id."""
    ramps: list[str] = []
    for item in cut.find_children(descended_from_type=otio.core.Item):
        theirs = item.metadata.get(_THEIRS, {})
        if str(theirs.get("enabled", "TRUE")).upper() == "FALSE":
            item.enabled = False
        for marker in item.markers:
            _comment(marker)
            _from_media_start(marker, item)
        if isinstance(item, otio.schema.Clip):
            _reel(item)
            if not _retime(item, lengths.get(str(theirs.get("@id", "")), 0)):
                ramps.append(item.name)
            if not _known_length(item.media_reference):
                item.media_reference.available_range = None
    for marker in cut.tracks.markers:
        _comment(marker)
    if ramps:
        cut.metadata["secondunit"] = {"notes": [f"speed ramps, kept as they are written: {', '.join(ramps[:20])}"]}


def _comment(marker: otio.schema.Marker) -> None:
    comment = marker.metadata.get(_THEIRS, {}).get("comment")
    if isinstance(comment, str):
        marker.comment = comment


def _from_media_start(marker: otio.schema.Marker, item: otio.core.Item) -> None:
    """A clip's markers count from its media's first frame; a cut counts them in source time."""
    reference = item.media_reference if isinstance(item, otio.schema.Clip) else None
    if reference is not None and reference.available_range is not None:
        place = marker.marked_range
        start = place.start_time + reference.available_range.start_time
        marker.marked_range = otio.opentime.TimeRange(start, place.duration)


def _known_length(reference: otio.core.MediaReference) -> bool:
    """Of a file without a duration the published reader says that it lasts 0 frames."""
    return reference.available_range is not None and reference.available_range.duration.value > 0


def _reel(clip: otio.schema.Clip) -> None:
    code = clip.media_reference.metadata.get(_THEIRS, {}).get("timecode", {})
    reel = code.get("reel", {}) if isinstance(code, Mapping) else {}
    if name := reel.get("name") if isinstance(reel, Mapping) else None:
        clip.media_reference.metadata["cmx_3600"] = {"reel": str(name)}


def _retime(clip: otio.schema.Clip, length: int) -> bool:
    """Turns the Time Remap filter into a time effect; False for a ramp."""
    for position, effect in enumerate(clip.effects):
        theirs = effect.metadata.get(_THEIRS, {})
        if theirs.get("effectid") != "timeremap":
            continue
        given = theirs.get("parameter", [])
        rows = [given] if hasattr(given, "keys") else list(given)
        values = {str(row.get("parameterid")): row.get("value") for row in rows}
        if str(values.get("variablespeed", "0")).upper() not in ("0", "FALSE"):
            clip.effects[position] = otio.schema.TimeEffect("ramp", "TimeEffect", metadata=dict(effect.metadata))
            return False
        speed = Fraction(str(values.get("speed", "100"))) / 100
        if str(values.get("reverse", "FALSE")).upper() == "TRUE":
            speed = -abs(speed)
        if speed != 1:
            _start_retimed(clip, speed, length)
            kind = otio.schema.FreezeFrame() if speed == 0 else otio.schema.LinearTimeWarp(time_scalar=float(speed))
            kind.metadata.update(effect.metadata)
            clip.effects[position] = kind
    return True


def _start_retimed(clip: otio.schema.Clip, speed: Fraction, length: int) -> None:
    """Moves the start of a retimed clip to the media frame that plays first.

    Programs differ in what in and out count: frames as they play (out minus in is the clip's length in the cut), or
    the media's own.
    """
    played = clip.source_range
    rate = rate_of(played.start_time)
    available = clip.media_reference.available_range
    first = frames_of(available.start_time, rate) if available is not None else 0
    into = frames_of(played.start_time, rate) - first
    plays = length == round(exact(played.duration.value)) and speed != 0
    if plays:  # in points are whole frames as they play; the media frame meant is the nearest
        into = round(into * abs(speed))
    if speed < 0 and plays and _known_length(clip.media_reference):
        start = first + exact(available.duration.value) - 1 - into
    elif speed < 0 and not plays:
        start = first + into + length - 1
    else:
        start = first + into
    clip.source_range = otio.opentime.TimeRange(rational_time(simple(Fraction(start)), rate), played.duration)
