"""Final Cut Pro 7 XML in OpenShot's own way: what its exporter writes made what the format says, and back.

Its times are decimal numbers that count frames of the project, those in the media, too; rates beside them, durations
and timecodes are those of a template. A file is a name without a folder. Clips stand in the order in which they were
made, and one covers the end of the one before it: transitions and speeds are not written. Its importer takes each clip
item that has an address of its own, with picture and sound; an address is a path.
(classes/exporters and classes/importers/final_cut_pro.py of OpenShot 2.6)
"""

import struct
from collections.abc import Iterator
from copy import deepcopy
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element, SubElement

import opentimelineio as otio
from secondunit_bridge.rates import exact_rate

_OPENSHOT = ("authoringApp", "OpenShot")
"""As `dialects.is_openshots` reads it."""
INSIDE = Fraction(1, 8)
"""Of a frame, by which in points lie behind its beginning: seconds in single precision are rounded down to frames."""


def first_frame(start: float, rate: Fraction) -> int:
    """The frame that libopenshot shows first, from 0, of a clip that begins `start` seconds into its media."""
    return int(single(start) * (rate.numerator / rate.denominator))


def single(value: float) -> float:
    (rounded,) = struct.unpack("f", struct.pack("f", value))
    return float(rounded)


def straighten(root: Element, folder: Path) -> None:
    """`folder`: where files are looked for, and in folders there. Leaves what other programs wrote as it is."""
    key, name = _OPENSHOT
    sequence = root.find(".//sequence")
    if sequence is None or all(one.get(key) != name for one in (*root.iter("parameter"), sequence)):
        return
    if sequence.get(key) == name:  # written for OpenShot, not by it
        rate = _rate_of(sequence)
    else:
        rate = exact_rate(Fraction(sequence.findtext("rate/timebase", "25")))
        for one in sequence.findall("timecode"):
            sequence.remove(one)
    sequence.set(key, name)
    for one in root.iter("rate"):
        _put(one, "timebase", round(rate))
        _put(one, "ntsc", "TRUE" if rate.denominator == 1001 else "FALSE")
    ends = [0]
    for track in sequence.iterfind("media/*/track"):
        items = sorted(track.iterfind("clipitem"), key=lambda item: _number(item, "start"))
        for item in items:
            track.remove(item)
            _straighten(item, rate, folder)
        for before, after in pairwise(items):
            _end(before, min(int(_number(before, "end")), int(_number(after, "start"))))
        shown = [item for item in items if _number(item, "start") < _number(item, "end")]
        track.extend(shown)
        ends += [int(_number(item, "end")) for item in shown]
    _put(sequence, "duration", max(ends))
    _link(sequence)


def _straighten(item: Element, rate: Fraction, folder: Path) -> None:
    start, end = (round(_number(item, name)) for name in ("start", "end"))
    _put(item, "start", start)
    _put(item, "in", first_frame(float(_number(item, "in") / rate), rate))
    _end(item, end)
    for one in item.findall("filter"):
        if len(list(one.iter("keyframe"))) < 2:  # every clip has them, at a value that changes nothing
            item.remove(one)
    if (file := item.find("file")) is None:
        return
    for one in (*file.findall("duration"), *file.findall("timecode")):
        file.remove(one)
    address = file.find("pathurl")
    if address is not None and address.text and "/" not in address.text and "\\" not in address.text:
        below = [one for one in (folder / address.text, *folder.glob(f"*/{address.text}")) if one.is_file()]
        if len(below) == 1 or (below and below[0].parent == folder):
            address.text = str(below[0])


def _end(item: Element, end: int) -> None:
    length = end - int(_number(item, "start"))
    for name, value in (("end", end), ("out", int(_number(item, "in")) + length), ("duration", length)):
        _put(item, name, value)


def _link(sequence: Element) -> None:
    """Picture and sound of one clip."""
    items = {item.get("id", ""): item for item in sequence.iter("clipitem")}
    for name, picture in items.items():
        sound = items.get(f"{name}-audio")
        for one in (picture, sound) if sound is not None else ():
            for reference in (name, f"{name}-audio"):
                SubElement(SubElement(one, "link"), "linkclipref").text = reference


def counted(cut: otio.schema.Timeline) -> otio.schema.Timeline:
    """The cut with media that says where its first frame lies: OpenShot's times count from it."""
    made: otio.schema.Timeline = cut.deepcopy()
    for clip in made.find_clips():
        reference, played = clip.media_reference, clip.source_range
        if reference.available_range is None and played is not None:
            start = otio.opentime.RationalTime(0, played.start_time.rate)
            reference.available_range = otio.opentime.range_from_start_end_time(start, played.end_time_exclusive())
    return made


def for_import(root: Element) -> None:
    """Makes a document that was written as the format says one that OpenShot imports."""
    sequence = next(root.iter("sequence"))
    sequence.set(*_OPENSHOT)
    rate = _rate_of(sequence)
    files = {one.get("id"): one for one in root.iter("file") if len(one)}
    shown = set()
    for kind in ("video", "audio"):
        for track in sequence.iterfind(f"media/{kind}/track"):
            for before, item, after in _beside(track):
                if before is not None:
                    _put(item, "start", before.findtext("start"))
                if after is not None:
                    _put(item, "end", after.findtext("end"))
                own = _rate_of(item)
                for name in ("in", "out"):
                    _put(item, name, float(_number(item, name) / own * rate + INSIDE))
                for one in item.findall("rate"):
                    item.remove(one)
                item.append(deepcopy(sequence.find("rate") or Element("rate")))
                file = item.find("file")
                if file is None:
                    continue
                whole = deepcopy(files.get(file.get("id"), file))
                path = unquote(urlsplit(whole.findtext("pathurl", "")).path)
                key = (path, *(item.findtext(name) for name in ("start", "end", "in")))
                item.remove(file)
                if kind == "audio" and key in shown:
                    whole.clear()
                    whole.set("id", file.get("id", ""))
                elif path:
                    _put(whole, "pathurl", path)
                    _put(item, "name", Path(path).name)
                shown.add(key)
                item.append(whole)
            for one in track.findall("transitionitem"):
                track.remove(one)


def _beside(track: Element) -> Iterator[tuple[Element | None, Element, Element | None]]:
    """Each clip item, with the transitions at its ends."""
    rows = [None, *(one for one in track if one.tag in ("clipitem", "transitionitem")), None]
    for before, item, after in zip(rows, rows[1:], rows[2:], strict=False):
        if item is not None and item.tag == "clipitem":
            sides = (one if one is not None and one.tag == "transitionitem" else None for one in (before, after))
            yield next(sides), item, next(sides)


def _rate_of(holder: Element) -> Fraction:
    base = Fraction(holder.findtext("rate/timebase", "25"))
    return base * Fraction(1000, 1001) if holder.findtext("rate/ntsc") == "TRUE" else base


def _number(item: Element, name: str) -> Fraction:
    return Fraction(item.findtext(name, "0"))


def _put(holder: Element, name: str, value: object) -> None:
    found = holder.find(name)
    (SubElement(holder, name) if found is None else found).text = str(value)
