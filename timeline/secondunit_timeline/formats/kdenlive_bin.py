"""The producers of a Kdenlive project that we write: masters in its bin, and their copies on the tracks."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import count
from math import ceil
from xml.etree.ElementTree import Element, SubElement, tostring

import opentimelineio as otio
from secondunit_bridge.errors import MediaError
from secondunit_bridge.media.decoding import DECODING

from secondunit_timeline.dialects import marker_text
from secondunit_timeline.formats.kdenlive import MARKER_COLOURS
from secondunit_timeline.formats.media import Media, media_of, playing
from secondunit_timeline.formats.mlt_positions import position_of, step
from secondunit_timeline.formats.mlt_producers import COLOURS, OURS, TAKE
from secondunit_timeline.interchange import local_path, media_path
from secondunit_timeline.times import exact, frames_of, rate_of


def put(parent: Element, values: Mapping[str, object]) -> None:
    for name, value in values.items():
        SubElement(parent, "property", {"name": name}).text = str(value)


def span(first: int, frames: int) -> dict[str, str]:
    """MLT's in and out, both of which are shown."""
    return {"in": str(first), "out": str(first + frames - 1)}


@dataclass(slots=True)
class Producer:
    """An element whose length grows with what is played of it."""

    element: Element
    length: int

    def plays(self, last: int) -> None:
        self.length = max(self.length, last + 1)

    def finish(self) -> Element:
        self.element.attrib.update(span(0, self.length))
        length = Element("property", {"name": "length"})
        length.text = str(self.length)
        self.element.insert(0, length)
        return self.element


@dataclass(frozen=True, slots=True)
class Shown:
    """A producer on a track from its position `first` on; `held`: the position that a freeze holds.

    `missing`: frames at the start, and at the end, that lie before the media's first frame.
    """

    producer: Producer
    number: str
    first: int
    held: int | None
    missing: tuple[int, int]


@dataclass(slots=True)
class Master:
    """A clip of the bin. `service`: the properties that its copies on tracks share with it."""

    number: str
    producer: Producer
    service: Mapping[str, str]
    rate: Fraction
    origin: Fraction
    """The source time of the media's first frame, in frames at `rate`."""
    markers: dict[tuple[int, str, int, int], None] = field(default_factory=dict)


@dataclass(slots=True)
class Bin:
    rate: Fraction
    size: tuple[int, int]
    numbers: Iterator[int] = field(default_factory=lambda: count(4))
    known: Mapping[str, Master] = field(default_factory=dict)
    """What a project has in its bin already, by the path of its media; it is no part of `masters`."""
    _masters: dict[tuple[object, ...], Master] = field(default_factory=dict)
    _copies: dict[tuple[object, ...], Producer] = field(default_factory=dict)

    def masters(self) -> list[Element]:
        for master in self._masters.values():
            put(master.producer.element, {"kdenlive:markers": markers_text(master.markers)})
        return [master.producer.finish() for master in self._masters.values()]

    def copies(self) -> list[Element]:
        return [copy.finish() for copy in self._copies.values()]

    def show(self, clip: otio.schema.Clip, early: int, frames: int, sound: bool, place: tuple[int, int]) -> Shown:
        """`frames` of a clip, from `early` frames before its first on; `place` keeps the producers of tracks apart."""
        master = self.master(clip)
        self._mark(clip, master)
        position, speed, held = 0, Fraction(1), None
        if not isinstance(clip.media_reference, otio.schema.GeneratorReference):
            played = playing(clip, self.rate)
            frame = played.first * master.rate - master.origin
            if "ttl" in master.service:  # MLT does not retime pictures, each of which shows for so many positions
                position = ceil(frame * int(master.service["ttl"]))
            else:
                speed = played.speed or Fraction(1)
                position = position_of(frame, step(speed, master.rate, self.rate))
            if played.speed == 0:
                position, held = 0, position
            elif speed > 0:
                position -= early
            else:
                position += early
        head = min(max(-position, 0), frames) if speed > 0 else 0
        tail = min(max(frames - 1 - position, 0), frames) if speed < 0 else 0
        copy, first = self._copy(master, clip.enabled, speed, position + head, sound, place)
        if speed > 0:
            last = max(first + frames - head - 1, held or 0)
            copy.plays(last)
            if speed == 1:
                master.producer.plays(last)
        return Shown(copy, master.number, first, held, (head, tail))

    def _copy(
        self, master: Master, enabled: bool, speed: Fraction, position: int, sound: bool, place: tuple[int, int]
    ) -> tuple[Producer, int]:
        """The producer on the track, and its position on the first frame; backwards, MLT counts them from its out."""
        whole = max(1, round(master.producer.length / abs(speed)))
        turned = max(whole - 1, position) if speed < 0 else 0
        key = (master.number, speed, turned, enabled, sound, *place)
        if key not in self._copies:
            element = Element("producer", {"id": f"producer{next(self.numbers)}"})
            service = dict(master.service)
            if speed != 1:
                path, number = service["resource"], repr(float(speed)).removesuffix(".0")
                service |= {"resource": f"{number}:{path}", "mlt_service": "timewarp", "warp_speed": number}
                service |= {"warp_resource": path, "warp_pitch": "0"}
            put(element, service)
            put(element, {"set.test_audio": int(not (sound and enabled)), "set.test_image": int(sound or not enabled)})
            put(element, {"kdenlive:id": master.number})
            self._copies[key] = Producer(element, turned + 1 if speed < 0 else whole)
        return self._copies[key], turned - position if speed < 0 else position

    def master(self, clip: otio.schema.Clip) -> Master:
        reference = clip.media_reference
        if (there := self.known.get(media_path(reference) or "")) is not None:
            return there
        service, media, origin = self._service(clip)
        given = reference.metadata.get("secondunit")
        ours: dict[str, object] = {}
        if media is not None:
            taken = given if hasattr(given, "get") else {}
            ours = {"rate": media.rate, "start": origin, "reel": media.reel}
            ours |= {key: taken[key] for key in TAKE if taken.get(key)}
            if isinstance(reference, otio.schema.MissingReference):
                ours |= {"missing": 1, "media": reference.name}
            if media.length is not None:
                ours["frames"] = media.length * media.rate
        title = ours.get("name") or (media.name if media is not None and media.url else clip.name) or "clip"
        named = title if media is None or not media.url else ""
        key = (*service.items(), *ours.items(), named)
        if key not in self._masters:
            number = str(next(self.numbers))
            element = Element("producer", {"id": f"bin{number}"})
            put(element, service)
            put(element, {"kdenlive:clipname": title, "kdenlive:folderid": -1, "kdenlive:id": number})
            put(element, {OURS + name: value for name, value in ours.items() if value not in ("", None)})
            frames = ours.get("frames")
            length = 1
            if isinstance(frames, Fraction) and media is not None:
                pictures = int(service.get("ttl", 0))
                length = max(
                    1, round(frames * pictures if pictures else frames / step(Fraction(1), media.rate, self.rate))
                )
            rate = media.rate if media is not None else self.rate
            self._masters[key] = Master(number, Producer(element, length), service, rate, origin)
        return self._masters[key]

    def _service(self, clip: otio.schema.Clip) -> tuple[dict[str, str], Media | None, Fraction]:
        """What makes MLT play a clip's media, and the source time of the media's first frame, in its frames."""
        reference = clip.media_reference
        if isinstance(reference, otio.schema.GeneratorReference):
            return self._generated(clip, reference), None, Fraction(0)
        media = media_of(clip, self.rate)
        origin = media.start * media.rate
        path = media_path(reference) or local_path(media.url) or media.url
        if isinstance(reference, otio.schema.ImageSequenceReference):
            ttl = str(max(1, round(self.rate / media.rate)))
            return _service("qimage", f"{path}?begin={reference.start_frame}") | {"ttl": ttl}, media, origin
        if not path:
            if reference.available_range is None:
                length = clip.duration()
                seconds = Fraction(exact(length.value)) / rate_of(length)
                origin = playing(clip, self.rate).low(seconds) * media.rate
            return _service("color", "black"), media, origin
        if reference.available_range is None:
            origin = _first_frame(path, media)
        return _service("avformat", path), media, origin

    def _generated(self, clip: otio.schema.Clip, reference: otio.schema.GeneratorReference) -> dict[str, str]:
        given = reference.parameters
        if reference.generator_kind.lower() in (*COLOURS, "solidcolor", "solid") and given.get("color"):
            return _service("color", str(given["color"]))
        xmldata = given.get("xmldata")
        if not isinstance(xmldata, str) or not xmldata:
            xmldata = _title(str(given.get("text") or clip.name or reference.generator_kind), self.size)
        return _service("kdenlivetitle", "") | {"xmldata": xmldata}

    def _mark(self, clip: otio.schema.Clip, master: Master) -> None:
        for marker in clip.markers:
            place = marker.marked_range.start_time
            seconds = Fraction(exact(place.value)) / rate_of(place) - master.origin / master.rate
            master.markers[max(0, round(seconds * self.rate)), *marker_row(marker, self.rate)] = None


def marker_row(marker: otio.schema.Marker, rate: Fraction) -> tuple[str, int, int]:
    """Its text, name before comment; the number of its colour; its length in frames."""
    colour = (marker.color or "RED").upper()
    number = [*MARKER_COLOURS].index(colour if colour in MARKER_COLOURS else "RED")
    text = "\n".join(filter(None, (marker.name or "marker", marker_text(marker))))
    return text, number, round(frames_of(marker.marked_range.duration, rate))


def markers_text(rows: Iterable[tuple[int, str, int, int]]) -> str:
    """Kdenlive's list of markers or guides."""
    return json.dumps(
        [
            {"pos": at, "comment": text, "type": number} | ({"duration": length} if length else {})
            for at, text, number, length in rows
        ]
    )


def _service(name: str, resource: str) -> dict[str, str]:
    return {"mlt_service": name, "resource": resource, "eof": "pause"}


def _first_frame(path: str, media: Media) -> Fraction:
    """Where the cut does not say it, as a cut plays: a time at or after the file's timecode counts in timecode."""
    try:
        timecode = DECODING.get().probe(path, media.rate).start
    except MediaError:
        return Fraction(0)
    return timecode.seconds * media.rate if timecode is not None and media.start >= timecode.seconds else Fraction(0)


def _title(words: str, size: tuple[int, int]) -> str:
    """A title of Kdenlive's titler: white words in the middle of a transparent picture."""
    width, height = size
    sizes = {"width": str(width), "height": str(height)}
    root = Element("kdenlivetitle", {"LC_NUMERIC": "C", **sizes, "duration": "1", "out": "0"})
    item = SubElement(root, "item", {"type": "QGraphicsTextItem", "z-index": "0"})
    position = SubElement(item, "position", {"x": str(width // 10), "y": str(height * 2 // 5)})
    SubElement(position, "transform").text = "1,0,0,0,1,0,0,0,1"
    looks = {
        "font-pixel-size": str(max(8, height // 10)),
        "font-weight": "50",
        "font-italic": "0",
        "font-underline": "0",
        "font-color": "255,255,255,255",
        "font-outline": "0",
        "letter-spacing": "0",
        "line-spacing": "0",
        "alignment": "4",
        "box-width": str(width * 4 // 5),
        "box-height": str(height // 5),
    }
    SubElement(item, "content", looks).text = words
    for viewport in ("startviewport", "endviewport"):
        SubElement(root, viewport, {"rect": f"0,0,{width},{height}"})
    SubElement(root, "background", {"color": "0,0,0,0"})
    return tostring(root, "unicode")
