"""Writing FCPXML 1.10: the lowest video track is the primary storyline, all other tracks are connected to it in lanes.

Element order and attributes: Apple's DTD, FCPXML 1.10. A retimed clip counts its own time from 0 and maps it to the
media's; played backwards, the map begins at the end of the first frame shown.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import opentimelineio as otio

from secondunit_timeline.dialects import marker_text
from secondunit_timeline.formats.fcpxml import OFFLINE, REEL
from secondunit_timeline.formats.features import NotKept
from secondunit_timeline.formats.media import Media, frame_size, playing
from secondunit_timeline.index import Index, Item, TrackIndex
from secondunit_timeline.retimes import speed_of
from secondunit_timeline.times import exact, frames_of, rate_of

NOT_KEPT: NotKept = {
    "media of unknown length": ("changed", "what plays of it counts as its length"),
    "media shorter than what plays": ("changed", "it is written as long as what plays of it"),
    "missing media": ("changed", "an address that leads nowhere stands for it"),
    "image sequence that counts in steps": ("changed", "its first picture is written as a still"),
    "title or generator": ("changed", "a plain title with its text or name is written"),
    "speed ramp": ("lost", "the clip is written at its normal speed"),
    "wipe or other transition": ("changed", "a dissolve of the same length is written"),
    "name of a track": ("lost", "tracks are numbered"),
    "disabled track": ("changed", "its clips are written as disabled"),
    "effect other than a speed": ("lost", "it is left out"),
    "colour decision (ASC CDL)": ("lost", "it is left out"),
    "marker colour": ("lost", "the marker is written without"),
    "marker of the cut": ("changed", "it becomes a marker of the clip below it"),
    "marker of a track": ("lost", "it is left out"),
    "gap at the end of a track": ("lost", "it is left out"),
    "other media references, takes among them": (
        "lost",
        "only the active reference is written; its reel and timecode are kept",
    ),
    "metadata": ("lost", "metadata of clips, tracks and the cut is left out"),
}

VIDEO = otio.schema.TrackKind.Video
# As Final Cut Pro writes them.
_DISSOLVE = ("Cross Dissolve", "FxPlug:4731E73A-8DAC-4113-9A30-AE85B1761265")
_CROSSFADE = ("Audio Crossfade", "FFAudioTransition")
_TITLE = ("Basic Title", ".../Titles.localized/Bumper:Opener.localized/Basic Title.localized/Basic Title.moti")


def encode(cut: otio.schema.Timeline) -> bytes:
    index = Index(cut)
    root = Element("fcpxml", version="1.10")
    writer = _Writer(SubElement(root, "resources"), frame_size(cut))
    event = SubElement(SubElement(root, "library"), "event", name=cut.name or "cut")
    project = SubElement(event, "project", name=cut.name or "cut")
    start = Fraction(index.start.frame) / index.rate
    writer.sequence(project, index.tracks, index.rate, start, cut.tracks.markers, index.drop_frame)
    indent(root)
    body: bytes = tostring(root, "utf-8")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n' + body + b"\n"


def _text(seconds: Fraction) -> str:
    return f"{seconds.numerator}s" if seconds.denominator == 1 else f"{seconds.numerator}/{seconds.denominator}s"


@dataclass(slots=True)
class _Story:
    """An element in a storyline at [at, at + length) seconds of the record; what is connected to it and its markers."""

    element: Element
    at: Fraction
    length: Fraction
    local: Fraction
    connected: list[Element] = field(default_factory=list)
    markers: list[Element] = field(default_factory=list)

    def finish(self) -> None:
        self.element.extend([*self.connected, *self.markers])


@dataclass(slots=True)
class _Writer:
    resources: Element
    size: tuple[int, int] | None
    ids: dict[tuple[object, ...], str] = field(default_factory=dict)
    assets: dict[str, Element] = field(default_factory=dict)

    def resource(self, tag: str, key: tuple[object, ...], **attributes: str) -> str:
        if (tag, *key) not in self.ids:
            number = f"r{len(self.ids) + 1}"
            self.ids[tag, *key] = number
            made = SubElement(self.resources, tag, {"id": number, **attributes})
            if tag == "asset":
                self.assets[number] = made
        return self.ids[tag, *key]

    def format(self, rate: Fraction, sized: bool) -> str:
        size = {"width": str(self.size[0]), "height": str(self.size[1])} if sized and self.size is not None else {}
        return self.resource("format", (rate, sized), frameDuration=_text(1 / rate), **size)

    def effect(self, effect: tuple[str, str]) -> str:
        return self.resource("effect", effect, name=effect[0], uid=effect[1])

    def sequence(
        self,
        parent: Element,
        tracks: Sequence[TrackIndex],
        rate: Fraction,
        start: Fraction,
        markers: Iterable[otio.schema.Marker],
        drop_frame: bool,
    ) -> None:
        length = max((Fraction(track.end) / rate for track in tracks), default=Fraction(0))
        element = SubElement(
            parent,
            "sequence",
            format=self.format(rate, True),
            duration=_text(length),
            tcStart=_text(start),
            tcFormat="DF" if drop_frame else "NDF",
        )
        spine = SubElement(element, "spine")
        pictures = [track for track in tracks if track.kind == VIDEO]
        primary = pictures[0] if pictures else None
        stories, row = self.storyline(primary.items, primary, rate, start) if primary is not None else ([], [])
        if stories and stories[0].at > start:
            gap = self.gap(start, stories[0].at - start)
            stories.insert(0, gap)
            row.insert(0, gap.element)
        end = stories[-1].at + stories[-1].length if stories else start
        if end < start + length:
            gap = self.gap(end, start + length - end)
            stories.append(gap)
            row.append(gap.element)
        lanes: dict[str, int] = {}
        for track in tracks:
            if track is primary:
                continue
            lanes[track.kind] = lanes.get(track.kind, 0) + (1 if track.kind == VIDEO else -1)
            self.connect(stories, track, rate, start, lanes[track.kind])
        for marker in markers:
            at = start + _seconds(marker.marked_range.start_time)
            story = _covering(stories, at)
            if story is not None:
                story.markers.append(_marker(marker, story.local + at - story.at))
        for story in stories:
            story.finish()
        spine.extend(row)

    def storyline(
        self, items: Sequence[Item], track: TrackIndex, rate: Fraction, start: Fraction, shift: Fraction = Fraction(0)
    ) -> tuple[list[_Story], list[Element]]:
        """`start`: the record second of the track's 0; `shift`: that of the storyline's own time 0."""
        stories: list[_Story] = []
        row: list[Element] = []
        for number, item in enumerate(items):
            story = self.story(item, track, rate, start + Fraction(item.start) / rate)
            story.element.set("offset", _text(story.at - shift))
            if item.before is not None:
                row.append(self.transition(item.before, story.at - shift, rate, track))
            stories.append(story)
            row.append(story.element)
            if item.after is not None and number == len(items) - 1:
                row.append(self.transition(item.after, story.at - shift + story.length, rate, track))
        return stories, row

    def connect(self, stories: list[_Story], track: TrackIndex, rate: Fraction, start: Fraction, lane: int) -> None:
        """Connects a track's clips: those that a transition joins as a storyline of their own, others by themselves."""
        for run in _runs(track.items):
            at = start + Fraction(run[0].start) / rate
            anchor = _covering(stories, at)
            if anchor is None:
                continue
            offset = _text(anchor.local + at - anchor.at)
            if len(run) == 1 and run[0].before is None and run[0].after is None:
                story = self.story(run[0], track, rate, at)
                story.finish()
                element = story.element
            else:
                element = Element("spine")
                inner, row = self.storyline(run, track, rate, start, at)
                for story in inner:
                    story.finish()
                element.extend(row)
            element.set("lane", str(lane))
            element.set("offset", offset)
            anchor.connected.append(element)

    def gap(self, at: Fraction, length: Fraction) -> _Story:
        element = Element("gap", name="Gap", offset=_text(at), start="0s", duration=_text(length))
        return _Story(element, at, length, Fraction(0))

    def transition(
        self, transition: otio.schema.Transition, cut: Fraction, rate: Fraction, track: TrackIndex
    ) -> Element:
        into = Fraction(frames_of(transition.in_offset, rate)) / rate
        length = into + Fraction(frames_of(transition.out_offset, rate)) / rate
        sound = track.kind != VIDEO
        element = Element("transition", name="Cross Dissolve", offset=_text(cut - into), duration=_text(length))
        effect = _CROSSFADE if sound else _DISSOLVE
        SubElement(element, "filter-audio" if sound else "filter-video", ref=self.effect(effect), name=effect[0])
        return element

    def story(self, item: Item, track: TrackIndex, rate: Fraction, at: Fraction) -> _Story:
        child, length = item.child, Fraction(item.duration) / rate
        if isinstance(child, otio.schema.Gap):
            return self.gap(at, length)
        sound = track.kind != VIDEO
        common: dict[str, Any] = {"name": child.name or "clip", "duration": _text(length)}
        if not (child.enabled and track.enabled):
            common["enabled"] = "0"
        local = first = _seconds(child.source_range.start_time) if child.source_range is not None else Fraction(0)
        if not isinstance(child, otio.schema.Clip):
            element, local = self.nest(child, common, rate, first)
            element.set("srcEnable", "audio" if sound else "video")
        elif isinstance(child.media_reference, otio.schema.GeneratorReference):
            element = Element("title", ref=self.effect(_TITLE), **common)
            element.set("start", _text(local))
            words = child.media_reference.parameters.get("text") or child.name or child.media_reference.generator_kind
            SubElement(element, "text").text = str(words)
        else:
            played = playing(child, rate)
            local = first = played.first
            asset = self.asset(played.media, played.low(length), played.high(length), sound)
            element = Element("asset-clip", ref=asset, **common)
            element.set("srcEnable", "audio" if sound else "video")
            if played.speed != 1:
                local = Fraction(0)
                self.map(element, played.first, played.speed, length, played.media.rate)
            element.set("start", _text(local))
        story = _Story(element, at, length, local)
        for marker in child.markers:
            story.markers.append(_marker(marker, local + _seconds(marker.marked_range.start_time) - first))
        return story

    def map(self, element: Element, first: Fraction, speed: Fraction, length: Fraction, rate: Fraction) -> None:
        begin = first + 1 / rate if speed < 0 else first
        table = SubElement(element, "timeMap")
        for time in (Fraction(0), length):
            SubElement(table, "timept", time=_text(time), value=_text(begin + speed * time), interp="linear")

    def nest(
        self, child: otio.core.Item, common: dict[str, Any], rate: Fraction, start: Fraction
    ) -> tuple[Element, Fraction]:
        inner = [child] if isinstance(child, otio.schema.Track) else [*child]
        tracks = []
        for track in inner:
            if not isinstance(track, otio.schema.Track):
                track = otio.schema.Track(track.name, [track.clone()], kind=VIDEO)
            tracks.append(TrackIndex(track, track.name, rate))
        number = self.resource("media", (len(self.ids),), name=child.name or "nest")
        media = next(element for element in self.resources if element.get("id") == number)
        self.sequence(media, tracks, rate, Fraction(0), [], False)
        element = Element("ref-clip", ref=number, **common)
        speed = speed_of(child)
        if speed is not None and speed != 1:
            length = _parsed(common["duration"])
            self.map(element, start, Fraction(speed), length, rate)
            start = Fraction(0)
        element.set("start", _text(start))
        return element, start

    def asset(self, media: Media, low: Fraction, high: Fraction, sound: bool) -> str:
        """Its range covers what the cut says the media holds, or all that is played of it."""
        url = media.url or OFFLINE + media.name.replace("/", "_")
        # Clips that play more than the media holds have an asset of their own, so that the others' handles stay.
        beyond = media.length is not None and (low < media.start or high > media.start + media.length)
        held = (low, high) if beyond else (media.start, media.length)
        number = self.resource("asset", (url, media.reel, media.rate, *held), name=media.name)
        element = self.assets[number]
        if element.find("media-rep") is None:
            SubElement(element, "media-rep", kind="original-media", src=url)
            if media.reel:
                SubElement(SubElement(element, "metadata"), "md", key=REEL, value=media.reel)
        start = _parsed(element.get("start", _text(low)))
        end = start + _parsed(element.get("duration", "0s"))
        if media.length is not None:
            low, high = min(low, media.start), max(high, media.start + media.length)
        start, end = min(start, low), max(end, high)
        element.set("start", _text(start))
        element.set("duration", _text(end - start))
        element.set("hasAudio" if sound else "hasVideo", "1")
        if not sound or "hasVideo" not in element.attrib:
            element.set("format", self.format(media.rate, False))
        return number


def _runs(items: Sequence[Item]) -> Iterable[list[Item]]:
    """Clips that transitions join, and single clips; gaps only where a transition touches them."""
    run: list[Item] = []
    for item in items:
        if run and item.before is None:
            yield run
            run = []
        if isinstance(item.child, otio.schema.Gap) and item.before is None and item.after is None:
            continue
        run.append(item)
    if run:
        yield run


def _covering(stories: Sequence[_Story], at: Fraction) -> _Story | None:
    return next((story for story in reversed(stories) if story.at <= at), None)


def _marker(marker: otio.schema.Marker, at: Fraction) -> Element:
    element = Element("marker", start=_text(at), value=marker.name)
    length = _seconds(marker.marked_range.duration)
    if length > 0:
        element.set("duration", _text(length))
    if comment := marker_text(marker):
        element.set("note", comment)
    return element


def _seconds(time: otio.opentime.RationalTime) -> Fraction:
    return Fraction(exact(time.value)) / rate_of(time)


def _parsed(text: str) -> Fraction:
    return Fraction(text.removesuffix("s"))
