"""MLT's producers as what a cut plays: media references, speeds, effects."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor
from pathlib import Path, PurePosixPath, PureWindowsPath
from xml.etree.ElementTree import Element

import opentimelineio as otio
from secondunit_bridge.errors import BadInput, CutError
from secondunit_bridge.rates import exact_rate, parse_timecode

from secondunit_timeline.formats.mlt_positions import shown_at, step
from secondunit_timeline.formats.xml import parse
from secondunit_timeline.times import rational_time, simple, time_range

OURS = "secondunit:"
"""Begins the names of our properties. Kdenlive keeps them on producers of the bin."""
TAKE = ("take", "name", "sha256")
"""What a take's reference holds in metadata["secondunit"] besides its reel, and what its producer in the bin holds."""
COLOURS = ("color", "colour")
_PICTURES = ("qimage", "pixbuf")
_SILENT = (*COLOURS, *_PICTURES, "kdenlivetitle", "noise")
_FILES = ("", "avformat", "avformat-novalidate", "timewarp", "framebuffer", "xml", "xml-nogl", "vorbis", "glaxnimate")
_RAMP = "timeremap"
_CLOCK = re.compile(r"(?:(\d+):)?(\d+):(\d+)(?:[.,](\d+))?")
_PATTERN = re.compile(r"(.*)%(?:\.|0)?(\d*)d(.*?)(?:\?begin[=:](\d+))?")
_TIMECODE = re.compile(r"meta\.attr\.(?:\d+\.stream\.)?timecode\.markup")
_REEL = re.compile(r"meta\.attr\.(?:\d+\.stream\.)?reel_name\.markup", re.IGNORECASE)


def properties(element: Element) -> dict[str, str]:
    return {one.get("name", ""): one.text or "" for one in element.iterfind("property")}


def frames_in(text: str | None, rate: Fraction, default: int = 0) -> int:
    """A count of frames, clock time or timecode, as MLT writes them all."""
    if text is None or not text.strip():
        return default
    text = text.strip()
    try:
        if match := _CLOCK.fullmatch(text):
            hours, minutes, seconds, rest = match.groups()
            time = Fraction((int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds))
            time += Fraction(int(rest), 10 ** len(rest)) if rest else 0
            return floor(time * rate + Fraction(1, 2))
        return parse_timecode(text, rate).frame if ":" in text or ";" in text else int(text)
    except (ValueError, BadInput):
        raise CutError(f"{text!r} is not a time: save the project again") from None


@dataclass(frozen=True, slots=True)
class Played:
    """A clip of a producer; `low` to `high`: the seconds of its media, from its first frame on, that it shows.

    `origin`: the source time of that first frame, in frames at the media's `rate`.
    """

    clip: otio.schema.Clip
    rate: Fraction
    origin: Fraction
    low: Fraction
    high: Fraction


@dataclass(slots=True)
class Producers:
    """The producers of one document. `root`: the folder that its relative paths count from; `bin`: by `kdenlive:id`."""

    rate: Fraction
    root: str
    bin: Mapping[str, Element]
    notes: dict[str, None] = field(default_factory=dict)

    def in_bin(self, producer: Element, entry: Element) -> dict[str, str]:
        """The properties of its master in Kdenlive's bin; its own where it has none."""
        own = properties(producer)
        number = own.get("kdenlive:id") or properties(entry).get("kdenlive:id", "")
        if number.startswith("slowmotion"):
            number = number.split(":")[1] if ":" in number else number
        master = self.bin.get(number)
        return own if master is None else properties(master)

    def sounds(self, producer: Element) -> bool:
        """Whether it may have sound, as far as the document says."""
        own = properties(producer)
        return (
            own.get("mlt_service", "") not in _SILENT
            and own.get("audio_index") != "-1"
            and own.get("set.test_audio", "0") != "1"
        )

    def clip(self, producer: Element, entry: Element, position: int, frames: int) -> Played:
        """`frames` of the timeline from `position` of the producer on."""
        own, master = properties(producer), self.in_bin(producer, entry)
        speed, resource = _speed(own)
        length = frames_in(own.get("length"), self.rate)
        reference, rate, origin = self.reference(own, master, resource, length)
        by = step(speed, rate, self.rate)
        if speed < 0:
            position = frames_in(producer.get("out"), self.rate, length - 1) - position
        effects = self.effects(producer, entry)
        frozen = next((effect for effect in effects if isinstance(effect, otio.schema.FreezeFrame)), None)
        if frozen is not None:
            position += frames_in(str(frozen.metadata["kdenlive"].get("frame", "")), self.rate)
            speed = Fraction(0)
        if isinstance(reference, otio.schema.ImageSequenceReference):
            first = Fraction(position, _positions_a_picture(own))
        else:
            first = shown_at(position, by)
        ramps = [properties(link) for link in producer.iterfind("link") if properties(link).get("mlt_service") == _RAMP]
        if ramps:
            self.notes["speed ramps are kept as they are written, and not played"] = None
            effects.append(otio.schema.TimeEffect("ramp", "TimeEffect", metadata={"kdenlive": ramps[0]}))
        elif speed not in (0, 1):
            effects.append(otio.schema.LinearTimeWarp(time_scalar=float(speed)))
        named = properties(entry).get("kdenlive:clipname") or master.get("kdenlive:clipname")
        clip = otio.schema.Clip(
            named or own.get("shotcut:caption") or reference.name,
            reference,
            otio.opentime.TimeRange(rational_time(simple(first + origin), rate), rational_time(frames, self.rate)),
            effects=effects,
        )
        if take := master.get(OURS + "take"):
            clip.set_media_references({f"take.{take}": reference}, f"take.{take}")
        moved = frames * by * (speed > 0) - frames * by * (speed < 0)
        low, high = min(first, first + moved + 1), max(first + 1, first + moved)
        return Played(clip, rate, origin, low / rate, high / rate)

    def reference(
        self, own: Mapping[str, str], master: Mapping[str, str], resource: str, length: int
    ) -> tuple[otio.core.MediaReference, Fraction, Fraction]:
        """The media, its frame rate, and the source time of its first frame in frames at that rate."""
        service = own.get("mlt_service", "")
        if service not in _FILES and service not in _PICTURES and not master.get(OURS + "missing"):
            return self.generator(own, master, service, resource, length), self.rate, Fraction(0)
        if master.get("kdenlive:proxy", "-") not in ("", "-") and master.get("kdenlive:originalurl"):
            resource = master["kdenlive:originalurl"]
            self.notes["proxies are read as the originals that they stand for"] = None
        elif service == "timewarp" and master.get("mlt_service") != "timewarp":
            resource = master.get("resource", resource)
        rate = self.media_rate(own, master)
        pattern = _PATTERN.fullmatch(resource) if service in _PICTURES else None
        if pattern is not None:
            rate = self.rate / _positions_a_picture(own)
        origin = _origin(master, rate, int(pattern[4] or 0) if pattern is not None else 0)
        if service == "timewarp":  # its own length counts frames as they play
            whole = frames_in(master.get("length"), self.rate)
            length = whole if master.get("mlt_service") != service else floor(length * abs(_speed(own)[0]))
        frames: Fraction | None = Fraction(floor(shown_at(max(0, length - 1), step(Fraction(1), rate, self.rate))) + 1)
        if length <= 0:
            frames = None
        if OURS + "rate" in master:
            frames = _fraction(master.get(OURS + "frames", ""))
        available = time_range(simple(origin), simple(frames), rate) if frames is not None else None
        reference: otio.core.MediaReference
        if master.get(OURS + "missing"):
            reference = otio.schema.MissingReference(available_range=available)
            resource = master.get(OURS + "media", "")
        elif pattern is not None:
            folder, slash, prefix = self.path(pattern[1]).rpartition("/")
            reference = otio.schema.ImageSequenceReference(
                folder + slash,
                prefix,
                pattern[3],
                int(pattern[4] or 0),
                1,
                float(rate),
                int(pattern[2] or 0),
                available_range=available,
            )
        else:
            if service in _PICTURES and PurePosixPath(resource).name.startswith(".all."):
                self.notes[f"{resource} stands for the pictures of a folder: they are not read one by one"] = None
            reference = otio.schema.ExternalReference(self.path(resource), available)
        reference.name = PureWindowsPath(resource).name if "\\" in resource else PurePosixPath(resource).name
        reel = master.get(OURS + "reel") or next((text for name, text in master.items() if _REEL.fullmatch(name)), "")
        if reel:
            reference.metadata["cmx_3600"] = {"reel": reel}
        if master.get(OURS + "take"):
            kept = {key: master[OURS + key] for key in TAKE if master.get(OURS + key)}
            reference.metadata["secondunit"] = kept | ({"reel": reel} if reel else {})
        return reference, rate, origin

    def generator(
        self, own: Mapping[str, str], master: Mapping[str, str], service: str, resource: str, length: int
    ) -> otio.core.MediaReference:
        name = master.get("kdenlive:clipname") or resource or service
        parameters: dict[str, str] = {}
        if service in COLOURS:
            parameters["color"] = resource
        elif service == "kdenlivetitle":
            xmldata = own.get("xmldata") or master.get("xmldata", "")
            parameters = {"text": _title(xmldata), "xmldata": xmldata}
        else:
            parameters = {"resource": resource}
            self.notes[f"{service!r} is read as a generator, which is not played"] = None
        kind = "color" if service in COLOURS else service
        available = time_range(0, length, self.rate) if length > 0 else None
        return otio.schema.GeneratorReference(name, kind, available, parameters)

    def media_rate(self, own: Mapping[str, str], master: Mapping[str, str]) -> Fraction:
        """The media's frame rate; the profile's where the document does not say it."""
        for found in (master, own):
            if rate := _fraction(found.get(OURS + "rate", "")):
                return rate
            given = f"{found.get('meta.media.frame_rate_num', '')}/{found.get('meta.media.frame_rate_den', '')}"
            if found.get("video_index") != "-1" and (rate := _fraction(given)) and 1 <= rate <= 1000:
                return exact_rate(rate)
        return self.rate

    def path(self, resource: str) -> str:
        """Absolute where the document says from which folder its paths count and the file lies there."""
        if not self.root or resource.startswith(("/", "\\")) or PureWindowsPath(resource).drive or "://" in resource:
            return resource
        rooted = Path(self.root) / resource
        return str(rooted) if rooted.exists() else resource

    def effects(self, producer: Element, entry: Element) -> list[otio.schema.Effect]:
        """Its filters; a freeze's position counts from where the clip begins."""
        found: list[otio.schema.Effect] = []
        for element in (*producer.iterfind("filter"), *entry.iterfind("filter")):
            own = properties(element)
            if own.get("disable") == "1" or own.get("internal_added"):
                continue
            service = own.get("mlt_service", "")
            if service == "freeze" and "1" not in (own.get("freeze_before"), own.get("freeze_after")):
                found.append(otio.schema.FreezeFrame(metadata={"kdenlive": own}))
            elif service and fade_of(element, self.rate) is None:
                name = own.get("kdenlive_id") or service
                found.append(otio.schema.Effect(name, name, metadata={"kdenlive": own}))
        return found


@dataclass(frozen=True, slots=True)
class FadeFilter:
    """A filter that fades a clip from nothing or to nothing over so many frames."""

    rising: bool
    frames: int
    to_black: bool


def fade_of(element: Element, rate: Fraction) -> FadeFilter | None:
    """Kdenlive's fades: pictures by opacity or to black, sound by its level."""
    own = properties(element)
    name = own.get("kdenlive_id", "")
    if own.get("disable") == "1" or name not in ("fade_from_black", "fade_to_black", "fadein", "fadeout"):
        return None
    rising = name in ("fade_from_black", "fadein")
    begin, end = frames_in(element.get("in"), rate), frames_in(element.get("out"), rate)
    by_opacity, by_level = _ramp(own.get("alpha", ""), rate), _ramp(own.get("level", ""), rate)
    length = by_opacity or by_level or (end - begin + 1 if end > begin else 0)
    return FadeFilter(rising, length, not by_opacity and name.endswith("black")) if length > 0 else None


def _ramp(text: str, rate: Fraction) -> int:
    """The frames between the first and the last key of `time=value;time=value`."""
    keys = [re.split(r"[|~!$?a-zA-Z]?=", key)[0] for key in text.split(";") if "=" in key]
    return frames_in(keys[-1], rate) - frames_in(keys[0], rate) if len(keys) > 1 else 0


def _speed(own: Mapping[str, str]) -> tuple[Fraction, str]:
    """The constant speed of a producer, and the resource without it."""
    service, resource = own.get("mlt_service", ""), own.get("resource", "")
    if service == "timewarp":
        given, colon, rest = resource.partition(":")
        speed = _fraction(own.get("warp_speed") or given)
        return (speed or Fraction(1)).limit_denominator(100_000), own.get("warp_resource") or (
            rest if colon else resource
        )
    if service == "framebuffer" and "?" in resource:
        rest, _, given = resource.rpartition("?")
        speed = _fraction(given)
        return (speed or Fraction(1)).limit_denominator(100_000), rest
    return Fraction(1), resource.removeprefix("avformat:")


def _positions_a_picture(own: Mapping[str, str]) -> int:
    text = own.get("ttl", "")
    return max(1, int(text)) if text.isdigit() else 1


def _origin(master: Mapping[str, str], rate: Fraction, default: int) -> Fraction:
    """The source time of the media's first frame: ours, else the timecode that MLT found in the file."""
    if (ours := _fraction(master.get(OURS + "start", ""))) is not None:
        return ours
    for name, text in master.items():
        if _TIMECODE.fullmatch(name):
            try:
                return Fraction(parse_timecode(text, rate).frame)
            except BadInput:
                continue
    return Fraction(default)


def _fraction(text: str) -> Fraction | None:
    try:
        return Fraction(text.strip().replace(",", "."))
    except (ValueError, ZeroDivisionError):
        return None


def _title(xmldata: str) -> str:
    """The words of a title, item by item."""
    if not xmldata.strip():
        return ""
    try:
        root = parse(xmldata)
    except CutError:
        return ""
    return "\n".join("".join(content.itertext()).strip() for content in root.iter("content")).strip()
