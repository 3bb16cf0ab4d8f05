"""Tracks of a Kdenlive project as they are written: playlists, the producers that they play, transitions over them."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from fractions import Fraction
from xml.etree.ElementTree import Element, SubElement

from secondunit_timeline.formats.kdenlive import Document
from secondunit_timeline.formats.kdenlive_bin import span
from secondunit_timeline.formats.mlt_producers import frames_in, properties

from secondunit_plugin.hosts.kdenlive.lanes import Lane, Placed
from secondunit_plugin.hosts.kdenlive.stack import write_property

_FILES = ("avformat", "avformat-novalidate", "timewarp")


def write(document: Document, lane: Lane, numbers: Iterator[int]) -> None:
    """Writes a track. `numbers`: that no element of the project has. Raises HostError."""
    sides, mixes = lane.laid_out()
    for playlist, spans in zip(lane.lists, sides, strict=True):
        for element in [*playlist.iterfind("entry"), *playlist.iterfind("blank")]:
            playlist.remove(element)
        _own_producers(document, playlist, [lane.clips[one.id] for one in spans], numbers)
        at = 0
        for one in spans:
            if one.start > at:
                SubElement(playlist, "blank", {"length": str(one.start - at)})
            placed = lane.clips[one.id]
            placed.entry.set("producer", placed.producer.get("id", ""))
            _grow(placed.producer, one.first + one.end - one.start, lane.rate)
            playlist.append(placed.entry)
            at = one.end
    tractor = lane.tractor
    for element in [*tractor.iterfind("transition")]:
        if document.elements.mix(element) is not None:
            tractor.remove(element)
    place = 1 + max(number for number, one in enumerate(tractor) if one.tag == "track")
    for element in reversed(mixes):
        tractor.insert(place, element)
    for key in ("in", "out"):
        tractor.attrib.pop(key, None)
    if end := max((spans[-1].end for spans in sides if spans), default=0):
        tractor.attrib.update(span(0, end))


def _own_producers(document: Document, playlist: Element, clips: list[Placed], numbers: Iterator[int]) -> None:
    """Each playlist has producers of its own: at a mix `melt` plays two at a time, each from another place."""
    root = document.root
    lists = (one for one in root.iter("playlist") if one is not playlist and one is not document.bin)
    others = {entry.get("producer") for one in lists for entry in one.iterfind("entry")}
    written = {id(element) for element in root}
    copies: dict[int, Element] = {}
    for placed in clips:
        producer = placed.producer
        if producer.tag not in ("producer", "chain"):
            continue
        if producer.get("id") in others:
            if id(producer) not in copies:
                copies[id(producer)] = copy = deepcopy(producer)
                copy.set("id", f"producer{next(numbers)}")
            placed.producer = producer = copies[id(producer)]
        if id(producer) not in written:
            root.insert([*root].index(playlist), producer)
            written.add(id(producer))


def move_compositions(document: Document, lane: Lane, placed_before: Mapping[str, Placed]) -> None:
    """A transition between tracks goes where the clip went that it begins on."""
    for element in document.timeline.iterfind("transition"):
        own = properties(element)
        if document.elements.mix(element) is None or own.get("b_track") != str(lane.number):
            continue
        begin, end = (frames_in(element.get(key), lane.rate) for key in ("in", "out"))
        for name, placed in lane.clips.items():
            before = placed_before.get(name)
            if before is None or not before.start <= begin < before.end:
                continue
            by = placed.start - placed.first - before.start + before.first
            element.attrib.update(span(begin + by, end - begin + 1))
            break


def _grow(producer: Element, frames: int, rate: Fraction) -> None:
    """Titles, colours and stills last as long as they are shown."""
    own = properties(producer)
    if own.get("mlt_service") in _FILES or frames <= frames_in(producer.get("out"), rate) + 1:
        return
    producer.set("out", str(frames - 1))
    write_property(producer, "length", str(frames))
