"""Writing Final Cut Pro 7 XML (xmeml 5): every track, in whole frames of the cut.

Beside a transition a clip's start or end is -1 and its in and out reach under the transition; the cut lies where the
transition's alignment says: at its start, its middle or its end. In and out of a retimed clip count frames as they
play, as Premiere and Final Cut Pro write them, and its Time Remap filter names the media frames.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import opentimelineio as otio
from secondunit_bridge.rates import FrameTime, format_timecode

from secondunit_timeline.dialects import is_openshots, marker_text
from secondunit_timeline.formats.features import NotKept
from secondunit_timeline.formats.media import Media, Playing, frame_size, playing
from secondunit_timeline.formats.openshot import counted, for_import
from secondunit_timeline.index import Index, Item, TrackIndex, nested_tracks
from secondunit_timeline.times import exact, frames_of, rate_of

NOT_KEPT: NotKept = {
    "image sequence that counts in steps": ("changed", "its first picture is written as a still"),
    "title or generator": ("changed", "a plain title with its text or name is written"),
    "retimed clip that begins between its own frames": (
        "changed",
        "it begins up to a frame as it plays earlier or later",
    ),
    "retimed nest": ("lost", "it is written at its normal speed"),
    "speed ramp": ("lost", "the clip is written at its normal speed"),
    "dissolve unevenly across its cut point": (
        "changed",
        "the cut point moves to the dissolve's middle; the pictures are the same",
    ),
    "wipe or other transition": ("changed", "a dissolve of the same length is written"),
    "name of a track": ("lost", "tracks are numbered"),
    "effect other than a speed": ("lost", "it is left out"),
    "colour decision (ASC CDL)": ("lost", "it is left out"),
    "marker before the media": ("lost", "it is left out"),
    "marker between frames": ("changed", "moved to the nearest frame"),
    "marker colour": ("lost", "the marker is written without"),
    "marker of a track": ("lost", "it is left out"),
    "edit point between frames of the cut": ("changed", "moved to the nearest frame"),
    "source time between frames of the media": ("changed", "moved to the nearest frame"),
    "gap at the end of a track": ("lost", "it is left out"),
    "other media references, takes among them": (
        "lost",
        "only the active reference is written; its reel and timecode are kept",
    ),
    "metadata": ("lost", "metadata of clips, tracks and the cut is left out"),
}

VIDEO = otio.schema.TrackKind.Video


def encode(cut: otio.schema.Timeline) -> bytes:
    openshot = is_openshots(cut)
    index = Index(counted(cut) if openshot else cut)
    root = Element("xmeml", version="5")
    writer = _Writer(frame_size(cut), index.drop_frame)
    sequence = writer.sequence(root, cut.name or "cut", index.tracks, index.rate)
    start = sequence.find("timecode")
    if start is not None:
        sequence.remove(start)
    sequence.insert(3, _timecode(index.start.frame, index.rate, index.drop_frame))
    for marker in cut.tracks.markers:
        at = frames_of(marker.marked_range.start_time, index.rate)
        sequence.append(_marker(marker, round(at), round(frames_of(marker.marked_range.duration, index.rate))))
    writer.link()
    if openshot:
        for_import(root)
    indent(root)
    body: bytes = tostring(root, "utf-8")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE xmeml>\n' + body + b"\n"


def _text(parent: Element, tag: str, value: object) -> Element:
    element = SubElement(parent, tag)
    element.text = str(value)
    return element


def _rate(parent: Element, rate: Fraction) -> None:
    element = SubElement(parent, "rate")
    _text(element, "timebase", round(rate))
    _text(element, "ntsc", "TRUE" if rate.denominator == 1001 else "FALSE")


def _timecode(frame: int, rate: Fraction, drop_frame: bool, reel: str = "") -> Element:
    element = Element("timecode")
    _rate(element, rate)
    _text(element, "string", format_timecode(FrameTime(max(0, frame), rate), drop_frame))
    _text(element, "frame", frame)
    _text(element, "displayformat", "DF" if drop_frame else "NDF")
    if reel:
        _text(SubElement(element, "reel"), "name", reel)
    return element


def _marker(marker: otio.schema.Marker, at: int, length: int) -> Element:
    element = Element("marker")
    _text(element, "comment", marker_text(marker))
    _text(element, "name", marker.name or "")
    _text(element, "in", at)
    _text(element, "out", at + length if length else -1)
    return element


@dataclass(slots=True)
class _Linked:
    """A clip item, and what makes it one with others: the media, and the record and media times that they share."""

    element: Element
    key: tuple[object, ...]
    kind: str
    track: int
    number: int


@dataclass(slots=True)
class _Writer:
    size: tuple[int, int] | None
    drop_frame: bool
    files: dict[tuple[object, ...], str] = field(default_factory=dict)
    linked: list[_Linked] = field(default_factory=list)
    sequences: int = 0
    clips: int = 0

    def sequence(self, parent: Element, name: str, tracks: Sequence[TrackIndex], rate: Fraction) -> Element:
        self.sequences += 1
        sequence = SubElement(parent, "sequence", id=f"sequence-{self.sequences}")
        _text(sequence, "name", name)
        _text(sequence, "duration", round(max((track.end for track in tracks), default=0)))
        _rate(sequence, rate)
        sequence.append(_timecode(0, rate, False))
        media = SubElement(sequence, "media")
        video, audio = SubElement(media, "video"), SubElement(media, "audio")
        looks = SubElement(SubElement(video, "format"), "samplecharacteristics")
        _rate(looks, rate)
        self.pixels(looks)
        sounds = SubElement(SubElement(audio, "format"), "samplecharacteristics")
        _text(sounds, "depth", 16)
        _text(sounds, "samplerate", 48000)
        counts = {"video": 0, "audio": 0}
        for track in tracks:
            kind = "video" if track.kind == VIDEO else "audio"
            counts[kind] += 1
            element = SubElement(video if kind == "video" else audio, "track")
            self.track(element, track, rate, kind, counts[kind])
            _text(element, "enabled", "TRUE" if track.enabled else "FALSE")
            _text(element, "locked", "TRUE" if track.locked else "FALSE")
        return sequence

    def pixels(self, looks: Element) -> None:
        if self.size is not None:
            _text(looks, "width", self.size[0])
            _text(looks, "height", self.size[1])
            _text(looks, "pixelaspectratio", "square")
            _text(looks, "fielddominance", "none")

    def track(self, parent: Element, track: TrackIndex, rate: Fraction, kind: str, number: int) -> None:
        written = 0
        for position, item in enumerate(track.items):
            if item.before is not None:
                parent.append(self.transition(item.before, round(item.start), rate, kind))
            if not isinstance(item.child, otio.schema.Gap):
                written += 1
                parent.append(self.item(item, rate, kind, (number, written)))
            if item.after is not None and position == len(track.items) - 1:
                parent.append(self.transition(item.after, round(item.end), rate, kind))

    def transition(self, transition: otio.schema.Transition, cut: int, rate: Fraction, kind: str) -> Element:
        into, out = round(frames_of(transition.in_offset, rate)), round(frames_of(transition.out_offset, rate))
        element = Element("transitionitem")
        _rate(element, rate)
        _text(element, "start", cut - into)
        _text(element, "end", cut + out)
        _text(element, "alignment", "start" if into == 0 else "end" if out == 0 else "center")
        effect = SubElement(element, "effect")
        name = "Cross Dissolve" if kind == "video" else "Cross Fade (+3dB)"
        _text(effect, "name", name)
        _text(effect, "effectid", "Cross Dissolve" if kind == "video" else "KGAudioTransCrossFade3dB")
        if kind == "video":
            _text(effect, "effectcategory", "Dissolve")
        _text(effect, "effecttype", "transition")
        _text(effect, "mediatype", kind)
        return element

    def item(self, item: Item, rate: Fraction, kind: str, place: tuple[int, int]) -> Element:
        child = item.child
        self.clips += 1
        clip = isinstance(child, otio.schema.Clip)
        generator = clip and isinstance(child.media_reference, otio.schema.GeneratorReference)
        element = Element("generatoritem" if generator else "clipitem", id=f"clipitem-{self.clips}")
        _text(element, "name", child.name or "clip")
        _text(element, "enabled", "TRUE" if child.enabled else "FALSE")
        before = round(frames_of(item.before.in_offset, rate)) if item.before is not None else 0
        after = round(frames_of(item.after.out_offset, rate)) if item.after is not None else 0
        begin, end = round(item.start), round(item.end)
        played = playing(child, rate) if clip and not generator else None
        if played is not None:
            own, length = played.media.rate, played.media.length
            into = self.into(played, length)
        else:
            own, length = rate, None
            start = child.source_range.start_time if child.source_range is not None else None
            into = Fraction(exact(start.value)) / rate_of(start) if start is not None else Fraction(0)
        first = round((into - Fraction(before) / rate) * own)
        last = first + round(Fraction(before + end - begin + after) / rate * own)
        scale = abs(played.speed) if played is not None and played.speed else Fraction(1)
        _text(element, "duration", round(length * own / scale) if length is not None else last)
        _rate(element, own)
        _text(element, "start", -1 if item.before is not None else begin)
        _text(element, "end", -1 if item.after is not None else end)
        _text(element, "in", first)
        _text(element, "out", last)
        if generator:
            element.append(_generator(child))
        elif played is not None:
            element.append(self.file(played.media, kind))
            if played.speed != 1:
                element.append(_remap(played, length))
            source = SubElement(element, "sourcetrack")
            _text(source, "mediatype", kind)
            if kind == "audio":
                _text(source, "trackindex", 1)
            key = (played.media.url, played.media.reel, begin, end, played.first, played.speed)
            if played.media.url:
                self.linked.append(_Linked(element, key, kind, *place))
        else:
            self.sequence(element, child.name or "nest", nested_tracks(child, rate), rate)
        origin = played.media.start if played is not None else Fraction(0)
        for marker in child.markers:
            place_of = marker.marked_range.start_time
            at = round((Fraction(exact(place_of.value)) / rate_of(place_of) - origin) * own)
            if at >= 0:
                element.append(_marker(marker, at, round(frames_of(marker.marked_range.duration, own))))
        return element

    def into(self, played: Playing, length: Fraction | None) -> Fraction:
        """Seconds from the media's first frame at which the clip begins, counted as it plays."""
        media = played.media
        into = played.first - media.start
        if played.speed == 0:
            return into
        if played.speed < 0:
            end = length if length is not None else into + 1 / media.rate
            into = end - 1 / media.rate - into
        return into / abs(played.speed)

    def file(self, media: Media, kind: str) -> Element:
        key = (media.url or media.name, media.reel, media.start, media.rate)
        known = key in self.files
        number = self.files.setdefault(key, f"file-{len(self.files) + 1}")
        element = Element("file", id=number)
        if known:
            return element
        _text(element, "name", media.name)
        if media.url:
            _text(element, "pathurl", media.url.replace("file:///", "file://localhost/", 1))
        _rate(element, media.rate)
        if media.length is not None:
            _text(element, "duration", round(media.length * media.rate))
        drop = self.drop_frame and media.rate.denominator == 1001 and round(media.rate) % 30 == 0
        element.append(_timecode(round(media.start * media.rate), media.rate, drop, media.reel))
        held = SubElement(SubElement(element, "media"), kind)
        looks = SubElement(held, "samplecharacteristics")
        if kind == "video":
            _rate(looks, media.rate)
        else:
            _text(looks, "samplerate", 48000)
        return element

    def link(self) -> None:
        """Clips that show and sound the same media at the same time are linked, as their programs would."""
        groups: dict[tuple[object, ...], list[_Linked]] = {}
        for one in self.linked:
            groups.setdefault(one.key, []).append(one)
        for group in groups.values():
            if len(group) < 2:
                continue
            for one in group:
                one.element.extend(_links(group))


def _links(group: Iterable[_Linked]) -> Iterable[Element]:
    for other in group:
        element = Element("link")
        _text(element, "linkclipref", other.element.get("id"))
        _text(element, "mediatype", other.kind)
        _text(element, "trackindex", other.track)
        _text(element, "clipindex", other.number)
        yield element


def _generator(clip: otio.schema.Clip) -> Element:
    reference = clip.media_reference
    effect = Element("effect")
    _text(effect, "name", reference.name or "Text")
    _text(effect, "effectid", "Text")
    _text(effect, "effectcategory", "Text")
    _text(effect, "effecttype", "generator")
    _text(effect, "mediatype", "video")
    parameter = SubElement(effect, "parameter")
    _text(parameter, "parameterid", "str")
    _text(parameter, "name", "Text")
    _text(parameter, "value", reference.parameters.get("text") or clip.name or reference.generator_kind)
    return effect


def _remap(played: Playing, length: Fraction | None) -> Element:
    """The Time Remap filter: a constant speed, and the media frame at the first and last frame as they play."""
    element = Element("filter")
    effect = SubElement(element, "effect")
    _text(effect, "name", "Time Remap")
    _text(effect, "effectid", "timeremap")
    _text(effect, "effectcategory", "motion")
    _text(effect, "effecttype", "motion")
    _text(effect, "mediatype", "video")

    def parameter(name: str, value: object) -> None:
        row = SubElement(effect, "parameter")
        _text(row, "parameterid", name)
        _text(row, "name", name)
        _text(row, "value", value)

    parameter("variablespeed", 0)
    parameter("speed", float(abs(played.speed) * 100))
    parameter("reverse", "TRUE" if played.speed < 0 else "FALSE")
    parameter("frameblending", "FALSE")
    if length is not None and played.speed:
        row = SubElement(effect, "parameter")
        _text(row, "parameterid", "graphdict")
        _text(row, "name", "graphdict")
        frames = round(length * played.media.rate)
        ends = (frames, 0) if played.speed < 0 else (0, frames)
        for when, value in zip((0, round(frames / abs(played.speed))), ends, strict=True):
            key = SubElement(row, "keyframe")
            _text(key, "when", when)
            _text(key, "value", value)
    return element
