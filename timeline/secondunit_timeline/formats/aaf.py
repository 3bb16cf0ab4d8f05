"""Reading AAF (Avid Media Composer, also written by Resolve and Premiere): one sequence as a cut, with pyaaf2.

A composition's clips lead through master mobs and file mobs to the mob of a tape or an imported file: names, addresses,
reels and timecode are found on the way. The published reader (otio-aaf-adapter) reads no reels, takes constant speeds
for ramps, puts markers on other clips and makes nests of a sound clip's channels.
Structure: AAF Object Specification 1.1 and AAF Edit Protocol; Avid's own names as its files show them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import aaf2
import opentimelineio as otio
from aaf2 import components, mobs, mobslots
from secondunit_bridge.errors import CutError
from secondunit_bridge.rates import exact_rate

from secondunit_timeline.times import rational_time, simple

VIDEO, AUDIO = otio.schema.TrackKind.Video, otio.schema.TrackKind.Audio
_KINDS = {"Picture": VIDEO, "Sound": AUDIO}
_REEL_COMMENTS = ("Tape", "TapeID")
_OFFSET_MAPS = ("PARAM_SPEED_OFFSET_MAP_U", "PARAM_OFFSET_MAP_U")
_SPEED_MAP = "PARAM_SPEED_MAP_U"
# Offset maps are sampled curves in billionths of a frame; what bends less than this plays the same frames.
_STRAIGHT = Fraction(1, 1000)
_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class _Window:
    """What is shown of a segment, in edit units of its slot, which run at `rate`."""

    begin: Fraction
    length: Fraction
    rate: Fraction


@dataclass(frozen=True, slots=True)
class _Place:
    """A slot on the way from a clip to its tape; `at`: where the clip begins in it, in seconds from its origin."""

    mob: Any
    slot: Any
    at: Fraction

    @property
    def rate(self) -> Fraction:
        return _rate(self.slot)

    def timecode(self) -> Fraction | None:
        """The mob's timecode where the clip begins, in seconds."""
        found = _timecode(self.mob, self.at)
        return found[0] if found is not None else None


@dataclass(frozen=True, slots=True)
class _Motion:
    """A constant speed, and how far after the input's first frame it begins; `speed` None: a ramp."""

    speed: Fraction | None
    offset: Fraction


@dataclass(slots=True)
class _Reader:
    rate: Fraction
    notes: list[str] = field(default_factory=list)
    open_mobs: tuple[Any, ...] = ()

    def tracks(self, mob: Any) -> list[tuple[otio.schema.Track, int, int]]:
        """Tracks from bottom to top, pictures before sound, each with its slot's id and its number in that slot."""
        found: list[tuple[otio.schema.Track, int, int]] = []
        for kind in ("Picture", "Sound"):
            slots = [slot for slot in mob.slots if isinstance(slot, mobslots.TimelineMobSlot)]
            counted = 0
            for slot in (slot for slot in slots if slot.media_kind == kind):
                for number, layer in enumerate(_layers(slot.segment), 1):
                    counted += 1
                    name = slot.name if slot.name and number == 1 else f"{_KINDS[kind][0]}{counted}"
                    track = otio.schema.Track(name, kind=_KINDS[kind])
                    track.effects.extend(self.track_effects(layer))
                    rate = _rate(slot)
                    track.extend(self.items(_inside(layer), _Window(Fraction(0), Fraction(layer.length), rate)))
                    found.append((track, slot.slot_id, (_physical(slot) or 1) + number - 1))
        return _without_empty(found)

    def track_effects(self, layer: Any) -> Iterator[otio.schema.Effect]:
        while _passes(layer):
            yield _effect(layer)
            layer = layer.segments[0]

    def items(self, segment: Any, window: _Window) -> list[otio.core.Composable]:
        """What `window` shows of a segment."""
        match segment:
            case components.Sequence():
                return list(self.sequence(segment, window))
            case components.SourceClip():
                return [self.source(segment, window)]
            case components.OperationGroup():
                return self.operation(segment, window)
            case components.Selector():
                return self.selected(segment, window)
            case components.NestedScope():
                return [self.stack("nest", list(segment.slots), window)]
            case components.EssenceGroup():
                return self.items(next(iter(segment["Choices"].value)), window)
            case _:
                return [self.gap(window)]

    def gap(self, window: _Window) -> otio.schema.Gap:
        return otio.schema.Gap(source_range=self.range(Fraction(0), window.length / window.rate, self.rate))

    def range(self, start: Fraction, length: Fraction, own: Fraction) -> otio.opentime.TimeRange:
        """Seconds; the start at the media's rate, the length at the cut's."""
        return otio.opentime.TimeRange(
            rational_time(simple(start * own), own), rational_time(simple(length * self.rate), self.rate)
        )

    def sequence(self, sequence: Any, window: _Window) -> Iterator[otio.core.Composable]:
        """Neighbours of a transition overlap under it; the cut lies at its cut point."""
        parts = list(sequence.components)
        starts: list[Fraction] = []
        at = Fraction(0)
        for part in parts:
            if isinstance(part, components.Transition):
                at -= part.length
            starts.append(at)
            at += 0 if isinstance(part, components.Transition) else part.length
        end = window.begin + window.length
        for number, part in enumerate(parts):
            start = starts[number]
            if isinstance(part, components.Transition):
                if window.begin <= start + part["CutPoint"].value <= end:
                    yield self.transition(part, window.rate)
                continue
            low, high = start, start + part.length
            if number and isinstance(before := parts[number - 1], components.Transition):
                low = starts[number - 1] + before["CutPoint"].value
            if number + 1 < len(parts) and isinstance(after := parts[number + 1], components.Transition):
                high = starts[number + 1] + after["CutPoint"].value
            low, high = max(low, window.begin), min(high, end)
            if high > low:
                yield from self.items(part, _Window(low - start, high - low, window.rate))

    def transition(self, part: Any, rate: Fraction) -> otio.schema.Transition:
        group = part["OperationGroup"].value
        name = group.operation.name if group is not None else "Dissolve"
        fades = any(word in name.lower() for word in ("dissolve", "fade"))
        kind = otio.schema.TransitionTypes.SMPTE_Dissolve if fades else "Custom_Transition"
        cut = Fraction(part["CutPoint"].value) / rate * self.rate
        out = Fraction(part.length) / rate * self.rate - cut
        return otio.schema.Transition(
            name,
            "SMPTE_Wipe" if "wipe" in name.lower() else kind,
            rational_time(simple(cut), self.rate),
            rational_time(simple(out), self.rate),
        )

    def operation(self, group: Any, window: _Window) -> list[otio.core.Composable]:
        inputs = list(group.segments)
        name = group.operation.name
        if not inputs:
            made = otio.schema.Clip(name, otio.schema.GeneratorReference(name, name, metadata=_values(group)))
            made.source_range = self.range(window.begin / window.rate, window.length / window.rate, self.rate)
            return [made]
        if _is_motion(group):
            return [self.retimed(group, inputs[0], window)]
        if len(inputs) > 1 and group.media_kind == "Picture":
            nest = self.stack(name, inputs, window)
            nest.effects.append(_effect(group))
            return [nest]
        # The inputs of a channel combiner are channels of one clip.
        found = self.items(inputs[0], window)
        for item in found:
            if isinstance(item, otio.schema.Gap):
                self.notes.append(f"the effect {name!r} on the tracks below it is left out")
            elif isinstance(item, otio.core.Item):
                item.effects.append(_effect(group))
        return found

    def retimed(self, group: Any, inner: Any, window: _Window) -> otio.core.Composable:
        motion = _motion(group)
        clips = self.items(inner, _Window(Fraction(0), Fraction(inner.length), window.rate))
        if len(clips) == 1 and isinstance(clips[0], otio.core.Item):
            (item,) = clips
        else:
            track = otio.schema.Track(group.operation.name, kind=_KINDS.get(group.media_kind, VIDEO))
            track.extend(clips)
            item = otio.schema.Stack(group.operation.name, [track])
        start = item.source_range.start_time if item.source_range is not None else rational_time(0, self.rate)
        own = exact_rate(start.rate)
        begin = Fraction(start.value).limit_denominator(50_000) / own
        length = window.length / window.rate
        if motion.speed is None:
            item.source_range = self.range(begin + window.begin / window.rate, length, own)
            self.notes.append(f"the speed ramp of {item.name!r} is kept as it is written")
            item.effects.insert(0, otio.schema.TimeEffect("ramp", "TimeEffect", _values(group)))
            return item
        first = begin + (motion.offset + window.begin * motion.speed) / window.rate
        # Media frames are whole: an offset between them shows the frame that it lies in.
        item.source_range = self.range(Fraction((first * own) // 1) / own if motion.speed < 0 else first, length, own)
        if motion.speed == 0:
            item.effects.insert(0, otio.schema.FreezeFrame())
        elif motion.speed != 1:
            item.effects.insert(0, otio.schema.LinearTimeWarp(time_scalar=float(motion.speed)))
        return item

    def selected(self, selector: Any, window: _Window) -> list[otio.core.Composable]:
        """A clip that is switched off lies among the alternates; otherwise these are other angles."""
        chosen = selector["Selected"].value
        others = list(selector.getvalue("Alternates") or [])
        if isinstance(chosen, components.Filler | components.ScopeReference) and len(others) == 1:
            found = self.items(others[0], window)
            for item in found:
                if isinstance(item, otio.core.Item):
                    item.enabled = False
            return found
        found = self.items(chosen, window)
        if others:
            names = ", ".join(repr(item.name) for item in found if item.name) or "a clip"
            self.notes.append(f"of the {len(others) + 1} angles of {names} only the selected one is read")
        return found

    def stack(self, name: str, layers: list[Any], window: _Window) -> otio.schema.Stack:
        made = []
        for number, layer in enumerate(layers, 1):
            kind = _KINDS.get(layer.media_kind, VIDEO)
            track = otio.schema.Track(f"{kind[0]}{number}", kind=kind)
            track.extend(self.items(layer, _Window(Fraction(0), Fraction(layer.length), window.rate)))
            made.append(track)
        times = self.range(window.begin / window.rate, window.length / window.rate, self.rate)
        return otio.schema.Stack(name, made, times)

    def source(self, clip: Any, window: _Window) -> otio.core.Item:
        at = (Fraction(clip.start) + window.begin) / window.rate
        length = window.length / window.rate
        mob = clip.mob
        if clip.mob_id is None or clip.mob_id.int == 0:
            return self.gap(window)
        if isinstance(mob, mobs.CompositionMob):
            return self.nest(mob, clip.slot_id, at, length)
        way = list(_way(clip, at))
        if not way:
            self.notes.append(f"a clip's media ({clip.mob_id}) is not in the file: it is read as missing")
            return otio.schema.Clip("", otio.schema.MissingReference(), self.range(at, length, self.rate))
        own = way[0].rate if way[0].rate < 1000 else self.rate  # sound slots count samples
        codes = [time for place in reversed(way) if (time := place.timecode()) is not None]
        first = codes[0] if codes else way[0].at
        made = otio.schema.Clip(way[0].mob.name or "", source_range=self.range(first, length, own))
        references = _references(way, first, own)
        made.set_media_references(references, otio.schema.Clip.DEFAULT_MEDIA_KEY)
        for marker, slot_id, _ in _markers(way[0].mob, way[0].rate):
            position = marker.marked_range.start_time
            into = Fraction(position.value).limit_denominator(50_000) / way[0].rate - way[0].at
            if slot_id == clip.slot_id and 0 <= into < length:
                marker.marked_range = self.range(first + into, Fraction(0), own)
                made.markers.append(marker)
        return made

    def nest(self, mob: Any, slot_id: int, at: Fraction, length: Fraction) -> otio.core.Item:
        name = mob.name or "nest"
        slot = next((slot for slot in mob.slots if slot.slot_id == slot_id), None)
        if slot is None or mob.mob_id in self.open_mobs or len(self.open_mobs) > _DEEPEST:
            self.notes.append(f"the nest {name!r} cannot be opened: it is read as a clip without media")
            return otio.schema.Clip(name, otio.schema.MissingReference(), self.range(at, length, self.rate))
        inner = _Reader(self.rate, self.notes, (*self.open_mobs, mob.mob_id))
        rate, layers = _rate(slot), _layers(slot.segment)
        if len(layers) == 1 and mob.usage != "Usage_LowerLevel":  # a subclip, or a clip with effects of its own
            found = inner.items(_inside(layers[0]), _Window((at * rate) + slot.origin, length * rate, rate))
            if len(found) == 1 and isinstance(found[0], otio.schema.Clip):
                return found[0]
        return inner.stack(name, layers, _Window((at * rate) + slot.origin, length * rate, rate))


def _rate(slot: Any) -> Fraction:
    return exact_rate(Fraction(slot.edit_rate.numerator, slot.edit_rate.denominator))


def _layers(segment: Any) -> list[Any]:
    """A slot holds one track, or all of one kind as a nested scope."""
    parts = list(segment.components) if isinstance(segment, components.Sequence) else [segment]
    if len(parts) == 1 and isinstance(parts[0], components.NestedScope):
        return list(parts[0].slots)
    return [segment]


def _passes(layer: Any) -> bool:
    """An effect over a whole track, such as its pan."""
    return (
        isinstance(layer, components.OperationGroup)
        and not _is_motion(layer)
        and len(list(layer.segments)) == 1
        and isinstance(layer.segments[0], components.Sequence | components.OperationGroup)
    )


def _inside(layer: Any) -> Any:
    while _passes(layer):
        layer = layer.segments[0]
    return layer


def _without_empty(found: list[tuple[otio.schema.Track, int, int]]) -> list[tuple[otio.schema.Track, int, int]]:
    """Of tracks without a clip, those stay that another of their kind follows: V3 remains V3."""
    full = [any(not isinstance(child, otio.schema.Gap) for child in track) for track, _, _ in found]
    return [
        row
        for number, row in enumerate(found)
        if any(full[later] and found[later][0].kind == row[0].kind for later in range(number, len(found)))
    ]


def _way(clip: Any, at: Fraction) -> Iterator[_Place]:
    seen = set()
    while (mob := clip.mob) is not None:
        slot = next((slot for slot in mob.slots if slot.slot_id == clip.slot_id), None)
        if slot is None or not isinstance(slot, mobslots.TimelineMobSlot) or (mob.mob_id, slot.slot_id) in seen:
            return
        seen.add((mob.mob_id, slot.slot_id))
        yield _Place(mob, slot, at)
        rate = _rate(slot)
        found = _at(slot.segment, at * rate + slot.origin)
        if found is None or not isinstance(found[0], components.SourceClip):
            return
        clip, into = found
        at = (clip.start + into) / rate


def _at(segment: Any, position: Fraction) -> tuple[Any, Fraction] | None:
    """What lies in a source's segment at a position in edit units, and how far into it that is."""
    match segment:
        case components.Sequence():
            at = Fraction(0)
            parts = list(segment.components)
            for part in parts:
                if position < at + part.length or part is parts[-1]:
                    return _at(part, position - at)
                at += part.length
            return None
        case components.EssenceGroup():
            return _at(next(iter(segment["Choices"].value)), position)
        case components.Selector():
            return _at(segment["Selected"].value, position)
        case components.OperationGroup() if not _is_motion(segment) and len(list(segment.segments)):
            return _at(segment.segments[0], position)
        case _:
            return segment, position


def _timecode(mob: Any, at: Fraction) -> tuple[Fraction, Fraction] | None:
    """The timecode `at` seconds into a mob, in seconds, and the rate that it counts at."""
    slots = [slot for slot in mob.slots if isinstance(slot, mobslots.TimelineMobSlot) and _has_timecode(slot.segment)]
    if not slots:
        return None
    slot = next((slot for slot in slots if _physical(slot) == 1), slots[0])
    rate = _rate(slot)
    found = _at(slot.segment, at * rate + slot.origin)
    if found is None or not isinstance(found[0], components.Timecode):
        return None
    code, into = found
    counted = rate
    if round(rate) != code.fps:  # a slot of another rate than its timecode
        counted = Fraction(code.fps * 1000, 1001) if rate.denominator == 1001 else Fraction(code.fps)
    return code.start / counted + into / rate, counted


def _has_timecode(segment: Any) -> bool:
    if isinstance(segment, components.Sequence):
        return any(isinstance(part, components.Timecode) for part in segment.components)
    return isinstance(segment, components.Timecode)


def _physical(slot: Any) -> int | None:
    number = slot.get("PhysicalTrackNumber")
    return number.value if number is not None else None


def _references(way: list[_Place], first: Fraction, own: Fraction) -> dict[str, otio.core.MediaReference]:
    """The file that was imported first, then those that the editing system made of it."""
    found: dict[str, otio.core.MediaReference] = {}
    comments = {str(key): str(value) for key, value in way[0].mob.comments.items()}
    named = [str(place.mob.name) for place in way if isinstance(_descriptor(place.mob), aaf2.essence.TapeDescriptor)]
    named += [comments[key] for key in _REEL_COMMENTS if comments.get(key)]
    metadata: dict[str, Any] = {"aaf": {"mob": str(way[0].mob.mob_id)} | ({"comments": comments} if comments else {})}
    if reel := next((name for name in named if name), None):
        metadata["cmx_3600"] = {"reel": reel}

    def available(place: _Place) -> otio.opentime.TimeRange | None:
        length = Fraction(place.slot.segment.length or 0) / place.rate
        if length <= 0:
            return None
        start = first - place.at
        return otio.opentime.TimeRange(
            rational_time(simple(start * own), own), rational_time(simple(length * own), own)
        )

    for place in reversed(way):
        urls = list(_addresses(place.mob))
        if urls and not found and comments.get("UNC Path"):  # of the imported file, where its volume is mounted
            urls = [comments["UNC Path"]]
        for url in urls:
            key = str(place.mob.name or place.mob.mob_id) if found else otio.schema.Clip.DEFAULT_MEDIA_KEY
            while key in found:
                key += "'"
            found[key] = otio.schema.ExternalReference(url, available(place), metadata)
            found[key].name = place.mob.name or ""
    if not found:
        missing = otio.schema.MissingReference(way[0].mob.name or "", available(way[0]), metadata)
        return {otio.schema.Clip.DEFAULT_MEDIA_KEY: missing}
    return found


def _descriptor(mob: Any) -> Any:
    return mob.descriptor if isinstance(mob, mobs.SourceMob) else None


def _addresses(mob: Any) -> Iterator[str]:
    """Addresses of a mob's file. Avid writes `file:////host/share` and `file:///C%3A/`, others plain paths."""
    descriptor = _descriptor(mob)
    locators = descriptor.get("Locator") if descriptor is not None else None
    for locator in locators.value if locators is not None and locators.value else ():
        url = locator.getvalue("URLString") if "URLString" in locator else None
        if isinstance(url, str) and url:
            yield url.replace("%3A", ":", 1) if url.lower().startswith("file:///") else url


def _markers(mob: Any, rate: Fraction) -> Iterator[tuple[otio.schema.Marker, int, int]]:
    """Each marker with the slot it describes and its physical track; its time counts in the mob's edit units."""
    for slot in mob.slots:
        if not isinstance(slot, mobslots.EventMobSlot):
            continue
        segment = slot.segment
        events = segment.components if isinstance(segment, components.Sequence) else [segment]
        own = _rate(slot)
        for event in events:
            if not isinstance(event, components.CommentMarker):
                continue
            at = Fraction(event.getvalue("Position") or 0) / own * rate
            described = event.getvalue("DescribedSlots") or []
            marker = otio.schema.Marker(
                event.getvalue("Comment") or "",
                otio.opentime.TimeRange(rational_time(simple(at), rate), rational_time(0, rate)),
                _colour(event),
            )
            if user := event.getvalue("CommentMarkerUSer"):
                marker.metadata["aaf"] = {"user": str(user)}
            for described_slot in described:
                yield marker, int(described_slot), _physical(slot) or 1


def _colour(event: Any) -> str:
    attributes = event.getvalue("CommentMarkerAttributeList") or []
    named = next((str(one.value) for one in attributes if one.name == "_ATN_CRM_COLOR"), "").upper()
    known = {name for name in dir(otio.schema.MarkerColor) if name.isupper()}
    if named in known:
        return named
    colour = event.getvalue("CommentMarkerColor")
    if not colour:
        return str(otio.schema.MarkerColor.RED)
    shades = {
        "RED": (1, 0, 0),
        "ORANGE": (1, 0.5, 0),
        "YELLOW": (1, 1, 0),
        "GREEN": (0, 1, 0),
        "CYAN": (0, 1, 1),
        "BLUE": (0, 0, 1),
        "MAGENTA": (1, 0, 1),
        "BLACK": (0, 0, 0),
        "WHITE": (1, 1, 1),
    }
    own = [colour[part] / 65535 for part in ("red", "green", "blue")]
    return min(shades, key=lambda name: sum((a - b) ** 2 for a, b in zip(own, shades[name], strict=True)))


def _is_motion(group: Any) -> bool:
    return bool(group.operation.getvalue("IsTimeWarp"))


def _motion(group: Any) -> _Motion:
    """From the curve of offsets where there is one: it is what plays. Else from output over input length."""
    given = {parameter.name: parameter for parameter in group.parameters}
    inner = Fraction(group.segments[0].length)
    for name in _OFFSET_MAPS:
        points = _points(given.get(name))
        if len(points) >= 2:
            speed = _slope(points)
            if speed is None:
                return _Motion(None, Fraction(0))
            speeds = {value for _, value in _points(given.get(_SPEED_MAP))}
            if len(speeds) == 1 and abs((own := speeds.pop()) - speed) < _STRAIGHT:
                speed = own
            at, value = points[0]
            return _Motion(speed, value - at * speed)
    speeds = {value for _, value in _points(given.get(_SPEED_MAP))}
    ratio = given.get("SpeedRatio")
    if not speeds and ratio is not None and ratio.value:
        speeds = {1 / Fraction(ratio.value)}
    if len(speeds) != 1:
        return _Motion(None, Fraction(0))
    speed = speeds.pop()
    if speed * group.length == 1 and inner == 1 < group.length:  # Avid's freeze: one frame as long as the clip
        return _Motion(Fraction(0), Fraction(0))
    return _Motion(speed, inner - 1 if speed < 0 else Fraction(0))


def _points(parameter: Any) -> list[tuple[Fraction, Fraction]]:
    if not isinstance(parameter, aaf2.misc.VaryingValue):
        return []
    points = [(Fraction(point["Time"].value), Fraction(point["Value"].value)) for point in parameter.pointlist]
    return sorted(points)


def _slope(points: list[tuple[Fraction, Fraction]]) -> Fraction | None:
    """Source frames a frame where the points lie on a line, else None."""
    (begin, low), (end, high) = points[0], points[-1]
    if end == begin:
        return None
    slope = (high - low) / (end - begin)
    for (at, value), _ in pairwise(points):
        if abs(low + (at - begin) * slope - value) > _STRAIGHT:
            return None
    return slope.limit_denominator(10_000)


def _effect(group: Any) -> otio.schema.Effect:
    return otio.schema.Effect(group.operation.name, group.operation.name, _values(group))


def _values(group: Any) -> dict[str, Any]:
    """Its constant parameters and key frames, as far as they are numbers or words."""
    values: dict[str, Any] = {}
    for parameter in group.parameters:
        if isinstance(parameter, aaf2.misc.VaryingValue):
            rows = ((point["Time"].value, point["Value"].value) for point in parameter.pointlist)
            values[parameter.name] = [[str(time), str(value)] for time, value in rows]
        elif isinstance(value := getattr(parameter, "value", None), str | int | float | Fraction):
            values[parameter.name] = str(value) if isinstance(value, Fraction) else value
    return {"aaf": {"operation": str(group.operation.auid), "parameters": values}}


def _place_markers(cut: otio.schema.Timeline, mob: Any, rows: list[tuple[otio.schema.Track, int, int]]) -> None:
    """On the clip that lies under a marker's track and time; where none does, on the cut."""
    from secondunit_timeline.index import Index

    index = Index(cut)
    for marker, slot_id, number in _markers(mob, index.rate):
        at = marker.marked_range.start_time
        places = [place for place, (_, slot, track) in enumerate(rows) if (slot, track) == (slot_id, number)]
        track = index.tracks[places[0]] if places else None
        frame = Fraction(at.value).limit_denominator(50_000)
        position = track.position(frame) if track is not None else None
        item = track.items[position] if track is not None and position is not None else None
        if item is None or isinstance(item.child, otio.schema.Gap) or item.child.source_range is None:
            cut.tracks.markers.append(marker)
            continue
        first = item.child.source_range.start_time
        own = exact_rate(first.rate)
        begin = Fraction(first.value).limit_denominator(50_000) / own + (frame - item.start) / index.rate
        marker.marked_range = otio.opentime.TimeRange(rational_time(simple(begin * own), own), rational_time(0, own))
        if not any((one.name, one.marked_range) == (marker.name, marker.marked_range) for one in item.child.markers):
            item.child.markers.append(marker)


def read(path: Path, rate: Fraction | None = None) -> otio.core.SerializableObject:  # noqa: ARG001 - readers share it
    with aaf2.open(str(path)) as file:
        tops = list(file.content.toplevel()) or list(file.content.compositionmobs())
        if not tops:
            raise CutError("it holds no sequence: export a sequence, not clips")
        cuts = [_cut(mob) for mob in tops]
    return cuts[0] if len(cuts) == 1 else otio.schema.SerializableCollection("sequences", cuts)


def _cut(mob: Any) -> otio.schema.Timeline:
    slots = [slot for slot in mob.slots if isinstance(slot, mobslots.TimelineMobSlot)]
    pictures = [_rate(slot) for slot in slots if slot.media_kind == "Picture"]
    counted = _timecode(mob, Fraction(0))
    sounds = [_rate(slot) for slot in slots if slot.media_kind == "Sound" and _rate(slot) < 1000]
    rates = pictures or ([counted[1]] if counted is not None else []) or sounds
    if not rates:
        raise CutError(f"the sequence {mob.name!r} names no frame rate: export it with a picture or timecode track")
    reader = _Reader(rates[0])
    rows = reader.tracks(mob)
    start = counted[0] if counted is not None else Fraction(0)
    cut = otio.schema.Timeline(mob.name or "", global_start_time=rational_time(simple(start * rates[0]), rates[0]))
    cut.tracks.extend([track for track, _, _ in rows])
    _place_markers(cut, mob, rows)
    if reader.notes:
        cut.metadata["secondunit"] = {"notes": list(dict.fromkeys(reader.notes))}
    return cut
