"""Writing AAF: cuts and constant speeds on every track, in whole frames of the cut, with pyaaf2.

Each medium is a master mob over a file mob with its address over a tape mob, which holds reel and timecode; without a
reel an import mob stands in the tape's place, as in Avid's own files. Constant speeds are the Motion Control of the AAF
Edit Protocol: output over input length, negative played backwards. The published writer (otio-aaf-adapter) needs AAF
metadata on every clip, one rate for all media, and writes no reels and no drop-frame.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import aaf2
import opentimelineio as otio
from aaf2.auid import AUID
from aaf2.mobid import MobID
from aaf2.rational import AAFRational
from secondunit_bridge.errors import CutError
from secondunit_bridge.rates import can_drop_frames, frames_per_day

from secondunit_timeline.formats.features import NotKept
from secondunit_timeline.formats.media import Media, frame_size, playing
from secondunit_timeline.index import Index, Item, TrackIndex, nested_tracks
from secondunit_timeline.retimes import speed_of
from secondunit_timeline.times import exact, rate_of

NOT_KEPT: NotKept = {
    "media of unknown length": ("changed", "what plays of it counts as its length"),
    "other name for the same media": ("changed", "clips of one medium take the name of the first"),
    "image sequence that counts in steps": ("changed", "its first picture is written as a still"),
    "title or generator": ("changed", "a clip without media with its name is written"),
    "speed ramp": ("lost", "the clip is written at its normal speed"),
    "dissolve": ("lost", "the two clips meet at its cut point"),
    "dissolve across its cut point": ("lost", "the two clips meet at its cut point"),
    "dissolve unevenly across its cut point": ("lost", "the two clips meet at its cut point"),
    "fade that reaches into a gap": ("lost", "the clip meets the gap at its cut point"),
    "wipe or other transition": ("lost", "the two clips meet at its cut point"),
    "disabled track": ("changed", "its clips are written as disabled"),
    "nest with pictures and sound": ("lost", "only what the kind of its track plays is written"),
    "effect other than a speed": ("lost", "it is left out"),
    "colour decision (ASC CDL)": ("lost", "it is left out"),
    "clip marker": ("lost", "it is left out"),
    "marker colour": ("lost", "it is left out with its marker"),
    "marker of the cut": ("lost", "it is left out"),
    "marker of a track": ("lost", "it is left out"),
    "edit point between frames of the cut": ("changed", "moved to the nearest frame"),
    "source time between frames of the media": ("changed", "moved to the nearest frame"),
    "media of another rate": ("changed", "it begins at the nearest time that is a frame of the cut"),
    "other media references, takes among them": (
        "lost",
        "only the active reference is written; its reel and timecode are kept",
    ),
    "metadata": ("lost", "metadata of clips, tracks and the cut is left out"),
}

VIDEO = otio.schema.TrackKind.Video
_SLOTS = {"picture": 1, "sound": 2}
_TIMECODE_SLOT = 3
_UNKNOWN_SIZE = (1920, 1080)  # a file mob has to say one; programs take the file's own
# Identifications of the AAF Edit Protocol; Avid's files name them so.
_MOTION_CONTROL = AUID("9d2ea890-0968-11d3-8a38-0050040ef7d2")
_SPEED_RATIO = AUID("72559a80-24d7-11d3-8a50-0050040ef7d2")


def encode(cut: otio.schema.Timeline) -> bytes:
    index = Index(cut)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cut.aaf"
        with aaf2.open(str(path), "w") as file:
            writer = _Writer(file, index.rate, frame_size(cut) or _UNKNOWN_SIZE)
            writer.collect(index.tracks)
            mob = writer.composition(cut.name or "cut", "Usage_TopLevel")
            writer.timecode(mob, round(index.end), index.start.frame, index.drop_frame)
            for track in index.tracks:
                kind = _kind(track.track)
                slot = mob.create_timeline_slot(_aaf(index.rate))
                slot.name = track.track.name
                slot["PhysicalTrackNumber"].value = 1 + sum(
                    1 for other in mob.slots if other.segment is not None and other.media_kind.lower() == kind
                )
                slot.segment = writer.sequence(track, kind)
        return path.read_bytes()


def _kind(track: otio.schema.Track) -> str:
    return "picture" if track.kind == VIDEO else "sound"


def _aaf(rate: Fraction) -> Any:
    return AAFRational(rate)


@dataclass(slots=True)
class _Written:
    """What the cut plays of a medium, in seconds of source time, and the mob that it becomes."""

    media: Media
    begin: Fraction
    end: Fraction
    mob_id: str
    mob: Any = None


@dataclass(slots=True)
class _Writer:
    file: Any
    rate: Fraction
    size: tuple[int, int]
    media: dict[tuple[object, ...], _Written] = field(default_factory=dict)
    tapes: dict[tuple[object, ...], Any] = field(default_factory=dict)
    nests: int = 0

    def collect(self, tracks: Sequence[TrackIndex]) -> None:
        """Media whose length the cut does not say is as long as what is played of it."""
        for track in tracks:
            for clip in track.track.find_clips():
                played = playing(clip, self.rate)
                length = clip.trimmed_range().duration
                seconds = Fraction(exact(length.value)) / rate_of(length)
                begin, end = played.low(seconds), played.high(seconds)
                media = played.media
                if media.length is not None:
                    begin, end = media.start, media.start + media.length
                theirs = clip.media_reference.metadata.get("aaf")
                mob_id = str(theirs.get("mob", "")) if hasattr(theirs, "get") else ""
                known = self.media.setdefault(_key(media), _Written(media, begin, end, mob_id))
                known.begin, known.end = min(known.begin, begin), max(known.end, end)

    def composition(self, name: str, usage: str) -> Any:
        mob = self.file.create.CompositionMob(name)
        mob.usage = usage
        self.file.content.mobs.append(mob)
        return mob

    def timecode(self, mob: Any, length: int, start: int, drop_frame: bool) -> None:
        slot = mob.create_timeline_slot(_aaf(self.rate))
        slot.name = "TC1"
        slot["PhysicalTrackNumber"].value = 1
        code = self.file.create.Timecode(round(self.rate), drop=drop_frame, length=length)
        code.start = start
        slot.segment = code

    def sequence(self, track: TrackIndex, kind: str) -> Any:
        made = self.file.create.Sequence(media_kind=kind)
        at = 0
        for item in track.items:
            begin, end = round(item.start), round(item.end)
            if begin > at:  # the track's own range leaves out what is before
                made.components.append(self.file.create.Filler(kind, begin - at))
            if end > begin:
                made.components.append(self.part(item, end - begin, kind, track.enabled))
            at = end
        made.length = at
        return made

    def part(self, item: Item, length: int, kind: str, enabled: bool) -> Any:
        child = item.child
        if isinstance(child, otio.schema.Gap):
            return self.file.create.Filler(kind, length)
        part = self.clip(child, length, kind) if isinstance(child, otio.schema.Clip) else self.nest(child, length, kind)
        if child.enabled and enabled:
            return part
        # Avid's way to switch a clip off: nothing is selected, and the clip is the alternate.
        selector = self.file.create.Selector(kind, length)
        selector["Selected"].value = self.file.create.Filler(kind, length)
        selector["Alternates"].append(part)
        return selector

    def clip(self, clip: otio.schema.Clip, length: int, kind: str) -> Any:
        played = playing(clip, self.rate)
        written = self.media[_key(played.media)]
        mob = self.master(written, clip.name, kind)
        start = round((played.first - written.begin) * self.rate)
        return self.played(mob, _SLOTS[kind], start, length, kind, played.speed)

    def played(self, mob: Any, slot: int, start: int, length: int, kind: str, speed: Fraction) -> Any:
        """Frame `start` of a mob's slot plays first; under a Motion Control where the speed is not 1."""
        inner = 1 if speed == 0 else ceil(length * abs(speed))
        source = self.file.create.SourceClip(media_kind=kind)
        source.mob = mob
        source.slot_id = slot
        source.start = start - (inner - 1 if speed < 0 else 0)
        source.length = inner
        if speed == 1:
            return source
        motion = self.motion(kind)  # pyaaf2's factory makes one object at a time
        group = self.file.create.OperationGroup(motion, length, kind)
        ratio = Fraction(length) if speed == 0 else 1 / speed
        group.parameters.append(self.file.create.ConstantValue("SpeedRatio", AAFRational(ratio)))
        group.segments.append(source)
        return group

    def motion(self, kind: str) -> Any:
        dictionary = self.file.dictionary
        found = next((one for one in dictionary["OperationDefinitions"].value if one.auid == _MOTION_CONTROL), None)
        if found is not None:
            return found
        ratio = self.file.create.ParameterDef(_SPEED_RATIO, "SpeedRatio", "", dictionary.lookup_typedef("Rational"))
        dictionary.register_def(ratio)
        made = self.file.create.OperationDef(_MOTION_CONTROL, "Motion Control", "")
        made.media_kind = kind
        made.number_inputs = 1
        made["IsTimeWarp"].value = True
        dictionary.register_def(made)
        made.parameters.append(ratio)
        return made

    def nest(self, child: otio.core.Composition, length: int, kind: str) -> Any:
        """The tracks of its kind in a composition of their own."""
        tracks = nested_tracks(child, self.rate)
        layers = [self.sequence(track, kind) for track in tracks if _kind(track.track) == kind]
        mob = self.composition(child.name or "nest", "Usage_LowerLevel")
        slot = mob.create_timeline_slot(_aaf(self.rate), slot_id=_SLOTS[kind])
        slot["PhysicalTrackNumber"].value = 1
        if len(layers) == 1:
            slot.segment = layers[0]
        else:
            scope = self.file.create.NestedScope(kind, max((layer.length for layer in layers), default=length))
            scope.slots.extend(layers)
            slot.segment = scope
        start = child.source_range.start_time if child.source_range is not None else None
        first = round(Fraction(exact(start.value)) / rate_of(start) * self.rate) if start is not None else 0
        if isinstance(child, otio.schema.Track):  # its index begins with what its source range shows
            first = 0
        speed = speed_of(child)
        return self.played(mob, _SLOTS[kind], first, length, kind, Fraction(1 if speed is None else speed))

    def master(self, written: _Written, name: str, kind: str) -> Any:
        media = written.media
        if written.mob is None:
            written.mob = self.file.create.MasterMob(name or media.name)
            written.mob.mob_id = _mob_id(written.mob_id, ("master", *_key(media)), self.file)
            self.file.content.mobs.append(written.mob)
        mob = written.mob
        if any(slot.slot_id == _SLOTS[kind] for slot in mob.slots):
            return mob
        tape = self.tape(media, kind, written)
        start = round(written.begin * media.rate) if media.reel else 0
        length = ceil((written.end - written.begin) * media.rate)
        if media.url:
            file_mob = self.file.create.SourceMob(media.name)
            file_mob.mob_id = _mob_id("", ("file", kind, *_key(media)), self.file)
            file_mob.descriptor = self.descriptor(media, kind, length)
            self.file.content.mobs.append(file_mob)
            self.source_slot(file_mob, 1, kind, media.rate, (tape, _SLOTS[kind], start, length))
            self.source_slot(mob, _SLOTS[kind], kind, media.rate, (file_mob, 1, 0, length))
        else:
            self.source_slot(mob, _SLOTS[kind], kind, media.rate, (tape, _SLOTS[kind], start, length))
        return mob

    def tape(self, media: Media, kind: str, written: _Written) -> Any:
        """A tape counts its timecode from midnight, an imported file from its first frame."""
        key = ("tape", media.reel, media.rate) if media.reel else ("import", *_key(media))
        drop = can_drop_frames(media.rate)
        mob = self.tapes.get(key)
        length = (
            2 * frames_per_day(media.rate, drop) if media.reel else ceil((written.end - written.begin) * media.rate)
        )
        if mob is None:
            mob = self.tapes[key] = self.file.create.SourceMob(media.reel or media.name)
            mob.mob_id = _mob_id("", key, self.file)
            mob.descriptor = self.file.create.TapeDescriptor() if media.reel else self.file.create.ImportDescriptor()
            if not media.reel and media.url:
                mob.descriptor["Locator"].append(self.locator(media))
            self.file.content.mobs.append(mob)
            slot = mob.create_timeline_slot(_aaf(media.rate), slot_id=_TIMECODE_SLOT)
            slot["PhysicalTrackNumber"].value = 1
            code = self.file.create.Timecode(round(media.rate), drop=drop, length=length)
            code.start = 0 if media.reel else round(written.begin * media.rate)
            slot.segment = code
        if not any(slot.slot_id == _SLOTS[kind] for slot in mob.slots):
            self.source_slot(mob, _SLOTS[kind], kind, media.rate, (None, 0, 0, length))
        return mob

    def source_slot(self, mob: Any, number: int, kind: str, rate: Fraction, place: tuple[Any, int, int, int]) -> None:
        source, slot_id, start, length = place
        slot = mob.create_timeline_slot(_aaf(rate), slot_id=number)
        slot["PhysicalTrackNumber"].value = 1
        clip = self.file.create.SourceClip(start, length, media_kind=kind)
        if source is not None:
            clip.mob = source
            clip.slot_id = slot_id
        slot.segment = clip

    def locator(self, media: Media) -> Any:
        locator = self.file.create.NetworkLocator()
        locator["URLString"].value = media.url
        return locator

    def descriptor(self, media: Media, kind: str, length: int) -> Any:
        if kind == "picture":
            made = self.file.create.CDCIDescriptor()
            made["ComponentWidth"].value = 8
            made["HorizontalSubsampling"].value = 2
            made["FrameLayout"].value = "FullFrame"
            made["VideoLineMap"].value = [42, 0]
            made["SampleRate"].value = _aaf(media.rate)
            made["Length"].value = length
            made["StoredWidth"].value, made["StoredHeight"].value = self.size
            made["ImageAspectRatio"].value = AAFRational(Fraction(*self.size))
        else:
            made = self.file.create.PCMDescriptor()
            made["SampleRate"].value = made["AudioSamplingRate"].value = 48000
            made["Channels"].value, made["QuantizationBits"].value = 1, 24
            made["BlockAlign"].value, made["AverageBPS"].value = 3, 144000
            made["Length"].value = round(length / media.rate * 48000)
        made["Locator"].append(self.locator(media))
        return made


def _key(media: Media) -> tuple[object, ...]:
    return media.url or media.name, media.reel, media.start, media.rate


def _mob_id(wanted: str, key: tuple[object, ...], file: Any) -> MobID:
    """The same medium has the same identification in every file that is written, and the one that it was read with."""
    if wanted:
        try:
            given = MobID(wanted)
        except (ValueError, IndexError):
            raise CutError(f"{wanted!r} is no identification of an AAF mob: take it out of the metadata") from None
        if file.content.mobs.get(given) is None:
            return given
    made = MobID.new()
    made.material = AUID(int=uuid5(NAMESPACE_URL, repr(key)).int)
    return made
