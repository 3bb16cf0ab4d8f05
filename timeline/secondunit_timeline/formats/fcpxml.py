"""Reading FCPXML (Final Cut Pro, also written by Resolve): one project as a cut.

Times are rational seconds and stay exact. The published reader (otio-fcpx-xml-adapter) rounds NTSC rates to whole ones
and leaves out transitions, speed changes, disabled clips and titles.
Elements and attributes: Apple's DTD, FCPXML 1.10; other versions differ in what is passed over here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from xml.etree.ElementTree import Element

import opentimelineio as otio
from secondunit_bridge.errors import CutError
from secondunit_bridge.rates import exact_rate

from secondunit_timeline.formats.xml import parse
from secondunit_timeline.times import rational_time, simple

VIDEO, AUDIO = otio.schema.TrackKind.Video, otio.schema.TrackKind.Audio
REEL = "com.apple.proapps.studio.reel"
_STORY = ("asset-clip", "clip", "video", "audio", "title", "ref-clip", "sync-clip", "mc-clip", "audition", "spine")


def seconds(text: str | None, default: Fraction = Fraction(0)) -> Fraction:
    """`1001/30000s`, `5s` or a decimal, as every FCPXML time is written."""
    if text is None:
        return default
    try:
        return Fraction(text.strip().removesuffix("s"))
    except (ValueError, ZeroDivisionError):
        raise CutError(f"{text!r} is not a time: export the cut again") from None


@dataclass(slots=True)
class _Placed:
    """An item at seconds from the sequence's start; `lane` 0 is the primary storyline."""

    item: otio.core.Item
    start: Fraction
    duration: Fraction
    lane: int
    kind: str
    before: otio.schema.Transition | None = None
    after: otio.schema.Transition | None = None

    @property
    def end(self) -> Fraction:
        return self.start + self.duration


@dataclass(frozen=True, slots=True)
class _Conform:
    """`scale`: a clip's own time over the sequence's. `speed`: the media's time over the sequence's."""

    scale: Fraction = Fraction(1)
    speed: Fraction = Fraction(1)


@dataclass(slots=True)
class _Reader:
    resources: dict[str, Element]
    notes: list[str] = field(default_factory=list)
    open_media: tuple[str, ...] = ()

    def rate(self, format_id: str | None) -> Fraction | None:
        found = self.resources.get(format_id or "")
        duration = seconds(found.get("frameDuration")) if found is not None else Fraction(0)
        return 1 / duration if duration > 0 else None

    def sequence(self, sequence: Element, outer: Fraction | None = None) -> tuple[list[otio.schema.Track], Fraction]:
        """Its tracks from bottom to top, video before audio, and its rate."""
        rate = self.rate(sequence.get("format")) or outer
        if rate is None:
            raise CutError("its sequence names no format with a frame rate: export the cut again")
        spine = sequence.find("spine")
        placed = list(self.spine(spine, Fraction(0), 0, rate)) if spine is not None else []
        return self.tracks(placed, rate), rate

    def spine(self, spine: Element, start: Fraction, lane: int, rate: Fraction) -> Iterator[_Placed]:
        """The items of a storyline, one after the other; a transition lies over the cut that it stands on."""
        at = start
        previous: list[_Placed] = []
        pending: Element | None = None
        origin: Fraction | None = None
        ahead: Element | None = None
        for element in spine:
            if element.tag == "transition":
                if previous:
                    cut = at if origin is None else at - start + origin
                    made = self.transition(element, cut, rate)
                    for item in previous:
                        item.after = made
                    pending = element
                else:
                    ahead = element
                continue
            if element.tag not in _STORY and element.tag != "gap":
                continue
            if origin is None:
                origin = seconds(element.get("offset"), Fraction(0))
            length = self.duration(element)
            head = previous[0].after if pending is not None else None
            if ahead is not None:
                head = self.transition(ahead, origin, rate)
            placed = list(self.story(element, at, lane, rate))
            own = [item for item in placed if item.lane == lane and item.start == at]
            for item in own:
                item.before = head
            yield from placed
            previous = own or [_Placed(_gap(length, rate), at, length, lane, VIDEO)]
            pending = ahead = None
            at += length

    def transition(self, element: Element, cut: Fraction, rate: Fraction) -> otio.schema.Transition:
        begin, duration = seconds(element.get("offset"), cut), seconds(element.get("duration"))
        into = min(max(cut - begin, Fraction(0)), duration)
        name = element.get("name", "")
        kind = otio.schema.TransitionTypes.SMPTE_Dissolve if "dissolve" in name.lower() else "Custom_Transition"
        return otio.schema.Transition(name, kind, _time(into, rate), _time(duration - into, rate))

    def duration(self, element: Element) -> Fraction:
        if element.get("duration") is not None:
            return seconds(element.get("duration"))
        if element.tag == "audition":
            return next((self.duration(child) for child in element if child.tag in _STORY), Fraction(0))
        resource = self.resources.get(element.get("ref", ""))
        if resource is not None and resource.tag == "media":
            resource = resource.find("sequence")
        return seconds(resource.get("duration")) if resource is not None else Fraction(0)

    def story(self, element: Element, at: Fraction, lane: int, rate: Fraction) -> Iterator[_Placed]:
        """What an element shows from `at` on, and what is connected to it."""
        if element.tag == "audition":
            chosen = next((child for child in element if child.tag in _STORY), None)
            if chosen is not None:
                self.notes.append(f"of the audition of {chosen.get('name')!r} only the chosen clip is read")
                yield from self.story(chosen, at, lane, rate)
            return
        local = seconds(element.get("start"))
        length = self.duration(element)
        inner = element.tag in ("clip", "sync-clip")
        for number, (item, kind) in enumerate(self.items(element, local, length, rate)):
            item.enabled = element.get("enabled", "1") != "0"
            _keep(element, item)
            if number == 0:
                item.markers.extend(self.markers(element, item, local, rate))
            yield _Placed(item, at, length, lane, kind)
        for child in element:
            own = int(child.get("lane", "0"))
            if child.tag not in _STORY or own == 0 or (inner and element.tag == "sync-clip"):
                continue
            start = at + (seconds(child.get("offset")) - local) / self.conform(element, rate).scale
            # A lane counts from what the element is connected to.
            if child.tag == "spine":
                yield from self.spine(child, start, lane + own, rate)
            else:
                yield from self.story(child, start, lane + own, rate)

    def items(
        self, element: Element, local: Fraction, length: Fraction, rate: Fraction
    ) -> Iterator[tuple[otio.core.Item, str]]:
        name = element.get("name", "")
        if element.tag == "gap":
            return
        if element.tag in ("ref-clip", "sync-clip", "mc-clip"):
            nest, wanted = self.nest(element, local, length, rate), element.get("srcEnable", "all")
            sounds = isinstance(nest, otio.schema.Stack) and any(track.kind == AUDIO for track in nest)
            if wanted != "audio":
                yield nest, VIDEO
            if wanted == "audio" or (wanted == "all" and sounds):
                yield nest.clone(), AUDIO
            return
        ref, source = element.get("ref"), element
        shift = Fraction(0)
        if element.tag == "clip":
            source = next((child for child in element if child.tag in ("video", "audio", "asset-clip")), element)
            ref = source.get("ref")
            shift = seconds(source.get("start")) - seconds(source.get("offset"))
        resource = self.resources.get(ref or "")
        if resource is None or resource.tag != "asset":
            kind = resource.get("name", element.tag) if resource is not None else element.tag
            text = "".join(element.find("text").itertext()).strip() if element.find("text") is not None else ""  # type: ignore[union-attr]
            media = otio.schema.GeneratorReference(
                name, kind, parameters={"text": text} if text else {}, metadata={"fcpxml": {"element": element.tag}}
            )
            clip = otio.schema.Clip(name, media, _range(local, length, rate, rate))
            yield clip, AUDIO if element.tag == "audio" else VIDEO
            return
        wanted = element.get("srcEnable", {"video": "video", "audio": "audio"}.get(element.tag, "all"))
        kinds = [
            kind
            for kind, has, only in ((VIDEO, "hasVideo", "audio"), (AUDIO, "hasAudio", "video"))
            if resource.get(has) == "1" and wanted != only
        ]
        for kind in kinds or [AUDIO if wanted == "audio" else VIDEO]:
            yield self.clip(element, resource, name, local + shift, length, rate), kind

    def clip(
        self, element: Element, asset: Element, name: str, local: Fraction, length: Fraction, rate: Fraction
    ) -> otio.schema.Clip:
        own = self.rate(asset.get("format")) or rate
        start, effect = self.retime(element, local, own)
        conform = self.conform(element, rate)
        if conform.scale != 1 and effect is None:
            start = start / conform.scale * conform.speed
            if abs(start * own - round(start * own)) < Fraction(1, 100):  # Final Cut Pro rounds these times
                start = round(start * own) / own
            if conform.speed != 1:
                effect = otio.schema.LinearTimeWarp(time_scalar=float(conform.speed))
        rep = asset.find("media-rep")
        url = (rep.get("src") if rep is not None else None) or asset.get("src") or ""
        available = None
        if asset.get("duration") is not None and seconds(asset.get("duration")) > 0:
            available = _range(seconds(asset.get("start")), seconds(asset.get("duration")), own, own)
        media: otio.core.MediaReference
        if url and not url.startswith(OFFLINE):
            media = otio.schema.ExternalReference(url, available)
        else:
            media = otio.schema.MissingReference(available_range=available)
        media.name = asset.get("name", "")
        for holder in (asset, element):
            for md in holder.iterfind("metadata/md"):
                if md.get("key") == REEL and md.get("value"):
                    media.metadata["cmx_3600"] = {"reel": md.get("value")}
        clip = otio.schema.Clip(name or asset.get("name", ""), media, _range(start, length, own, rate))
        if effect is not None:
            clip.effects.append(effect)
        return clip

    def conform(self, element: Element, rate: Fraction) -> "_Conform":
        """How Final Cut Pro fits media of one rate into a sequence of another, as its own exports show.

        At 24 and its multiples 23.98 counts as 24: each of its frames becomes one, and the clip's times, which count in
        the media's, are 1001/1000 of the sequence's. At 29.97 and 59.94 such a clip's times have that factor, too, and
        its media plays at its own speed.
        """
        found = element.find("conform-rate")
        if found is None or found.get("scaleEnabled", "1") == "0" or element.find("timeMap") is not None:
            return _Conform()
        own = exact_rate(seconds(found.get("srcFrameRate"), rate))
        slow = Fraction(1001, 1000)
        if own == Fraction(24000, 1001) and rate in (24, 48):
            self.notes.append(
                f"clips at 23.976 are conformed to {float(rate):g}: they play 0.1 % faster, frame for frame"
            )
            return _Conform(slow, slow)
        if own == Fraction(24000, 1001) and rate in (Fraction(30000, 1001), Fraction(60000, 1001)):
            return _Conform(slow)
        if own != rate:
            name = element.get("name", "")
            self.notes.append(
                f"{name!r} is conformed from {float(own):.5g} to {float(rate):.5g}: it is read at its normal speed"
            )
        return _Conform()

    def retime(self, element: Element, local: Fraction, rate: Fraction) -> tuple[Fraction, otio.schema.Effect | None]:
        """The media time that plays first, and the speed; a map that bends is kept as a ramp."""
        points = [
            (seconds(point.get("time")), seconds(point.get("value"))) for point in element.iterfind("timeMap/timept")
        ]
        if len(points) < 2:
            return local, None
        slopes = {
            (after[1] - before[1]) / (after[0] - before[0])
            for before, after in pairwise(points)
            if after[0] > before[0]
        }
        if len(slopes) != 1:
            self.notes.append(f"the speed ramp of {element.get('name')!r} is kept as it is written")
            rows = [f"{time}s = {value}s" for time, value in points]
            return local, otio.schema.TimeEffect("ramp", "TimeEffect", metadata={"fcpxml": {"timeMap": rows}})
        (speed,) = slopes
        first = points[0][1] + (local - points[0][0]) * speed
        if speed < 0:  # played backwards, the frame before this time comes first
            first -= 1 / rate
        if speed == 0:
            return first, otio.schema.FreezeFrame()
        return first, otio.schema.LinearTimeWarp(time_scalar=float(speed)) if speed != 1 else None

    def nest(self, element: Element, local: Fraction, length: Fraction, rate: Fraction) -> otio.core.Item:
        name, ref = element.get("name", ""), element.get("ref", "")
        origin = Fraction(0)
        if element.tag == "sync-clip":
            inside: list[_Placed] = []
            for child in element:
                if child.tag == "spine":
                    inside += self.spine(child, seconds(child.get("offset")), int(child.get("lane", "0")), rate)
                elif child.tag in _STORY:
                    inside += self.story(child, seconds(child.get("offset")), int(child.get("lane", "0")), rate)
            tracks, own = self.tracks(inside, rate), rate
        else:
            media = self.resources.get(ref)
            sequence = media.find("sequence") if media is not None else None
            if sequence is None or ref in self.open_media or len(self.open_media) > 8:
                self.notes.append(f"{name!r} ({element.tag}) cannot be opened: it is read as a clip without media")
                return otio.schema.Clip(name, otio.schema.MissingReference(), _range(local, length, rate, rate))
            inner = _Reader(self.resources, self.notes, (*self.open_media, ref))
            tracks, own = inner.sequence(sequence, rate)
            origin = seconds(sequence.get("tcStart"))
        stack = otio.schema.Stack(name, tracks, _range(local - origin, length, own, rate))
        _, effect = self.retime(element, local, own)
        if effect is not None:
            stack.effects.append(effect)
        return stack

    def markers(
        self, element: Element, item: otio.core.Item, local: Fraction, rate: Fraction
    ) -> Iterator[otio.schema.Marker]:
        """Their place is kept as the distance from the clip's first frame, in the cut's time."""
        scale = self.conform(element, rate).scale
        begin = item.source_range.start_time
        first = Fraction(begin.value).limit_denominator(50_000) / Fraction(begin.rate).limit_denominator(1_000_000)
        for marker in element:
            if marker.tag not in ("marker", "chapter-marker"):
                continue
            at = (seconds(marker.get("start")) - local) / scale + first
            made = otio.schema.Marker(
                marker.get("value", ""), _range(at, seconds(marker.get("duration")), rate, rate), comment=""
            )
            made.comment = marker.get("note", "")
            if marker.tag == "chapter-marker":
                made.color = otio.schema.MarkerColor.ORANGE
            elif "completed" in marker.attrib:
                made.color = otio.schema.MarkerColor.GREEN if marker.get("completed") == "1" else "RED"
            else:
                made.color = otio.schema.MarkerColor.BLUE
            yield made

    def tracks(self, placed: list[_Placed], rate: Fraction) -> list[otio.schema.Track]:
        """A track a lane; what overlaps within a lane goes to another beside it."""
        tracks: list[otio.schema.Track] = []
        for kind in (VIDEO, AUDIO):
            rows: list[list[_Placed]] = []
            mine = [item for item in placed if item.kind == kind]
            lanes = sorted({item.lane for item in mine}, reverse=kind == AUDIO)
            for lane in lanes:
                level: list[list[_Placed]] = []
                for item in sorted((item for item in mine if item.lane == lane), key=lambda item: item.start):
                    row = next((row for row in level if row[-1].end <= item.start), None)
                    if row is None:
                        level.append(row := [])
                    row.append(item)
                rows += level
            for number, row in enumerate(rows, 1):
                track = otio.schema.Track(f"{kind[0]}{number}", kind=kind)
                track.extend(_children(row, rate))
                tracks.append(track)
        return tracks


OFFLINE = "file:///offline/"


def _keep(element: Element, item: otio.core.Item) -> None:
    """Roles, keywords and notes of a clip."""
    roles = {key: value for key in ("role", "audioRole", "videoRole") if (value := element.get(key))}
    words = [one.get("value", "") for one in element.iterfind("keyword")]
    note = element.findtext("note")
    held = {"roles": roles, "keywords": words, "note": note}
    if any(held.values()):
        item.metadata["fcpxml"] = {key: value for key, value in held.items() if value}


def _children(row: list[_Placed], rate: Fraction) -> Iterator[otio.core.Composable]:
    at = Fraction(0)
    last: otio.schema.Transition | None = None
    for item in row:
        if item.start > at:
            if last is not None:
                yield last
                last = None
            yield _gap(item.start - at, rate)
        if item.before is not None:
            yield item.before.clone()
        elif last is not None:
            yield last
        yield item.item
        last = item.after.clone() if item.after is not None else None
        at = item.end
    if last is not None:
        yield last


def _time(time: Fraction, rate: Fraction) -> otio.opentime.RationalTime:
    return rational_time(simple(time * rate), rate)


def _range(start: Fraction, length: Fraction, rate: Fraction, cut_rate: Fraction) -> otio.opentime.TimeRange:
    """`start` at the media's rate; the length at the cut's, so that it is a whole number of the cut's frames."""
    return otio.opentime.TimeRange(_time(start, rate), _time(length, cut_rate))


def _gap(length: Fraction, rate: Fraction) -> otio.schema.Gap:
    return otio.schema.Gap(source_range=_range(Fraction(0), length, rate, rate))


def read(path: Path, rate: Fraction | None = None) -> otio.core.SerializableObject:  # noqa: ARG001 - readers share it
    root = parse(path)
    if root.tag != "fcpxml":
        raise CutError(f"it is XML of another kind ({root.tag}), not FCPXML: export the cut again")
    resources = {element.get("id", ""): element for element in root.iterfind("resources/*")}
    cuts = []
    for project in root.iter("project"):
        sequence = project.find("sequence")
        if sequence is None:
            continue
        reader = _Reader(resources)
        tracks, own = reader.sequence(sequence)
        start = seconds(sequence.get("tcStart"))
        cut = otio.schema.Timeline(project.get("name", ""), global_start_time=_time(start, own))
        cut.tracks.extend(tracks)
        if reader.notes:
            cut.metadata["secondunit"] = {"notes": list(dict.fromkeys(reader.notes))}
        cuts.append(cut)
    if not cuts:
        raise CutError("it holds no project: in Final Cut Pro select a project, not clips, and export that")
    return cuts[0] if len(cuts) == 1 else otio.schema.SerializableCollection("projects", cuts)
