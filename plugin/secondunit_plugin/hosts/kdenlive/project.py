"""A Kdenlive project taken apart, changed by steps and put together: what no step names stays as it is."""

import re
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import replace
from fractions import Fraction
from itertools import count
from pathlib import Path
from typing import assert_never
from xml.etree.ElementTree import Element, tostring

import opentimelineio as otio
from secondunit_bridge.errors import CutError, HostError
from secondunit_bridge.rates import FrameTime
from secondunit_timeline.formats.kdenlive import DOCUMENT, cut_of, document_of
from secondunit_timeline.formats.kdenlive_bin import put
from secondunit_timeline.formats.mlt_producers import properties
from secondunit_timeline.formats.xml import parse
from secondunit_timeline.interchange import media_path
from secondunit_timeline.references import is_recipe
from secondunit_timeline.retimes import speed_of
from secondunit_timeline.takes import PREFIX

from secondunit_plugin.hosts.frames import Probed
from secondunit_plugin.hosts.kdenlive.groups import Place, links
from secondunit_plugin.hosts.kdenlive.groups import moved as moved_groups
from secondunit_plugin.hosts.kdenlive.kept import Kept, kept_in, kept_text, known_again
from secondunit_plugin.hosts.kdenlive.lanes import Lane, Placed
from secondunit_plugin.hosts.kdenlive.playlists import move_compositions, write
from secondunit_plugin.hosts.kdenlive.stack import (
    SEQUENCE,
    a_property,
    add_track,
    lengthen,
    remove_track,
    write_property,
)
from secondunit_plugin.hosts.kdenlive.stock import Stock
from secondunit_plugin.hosts.steps import (
    Add,
    AddTrack,
    AddTransition,
    Change,
    Remove,
    RemoveTrack,
    RemoveTransition,
    Step,
)
from secondunit_plugin.hosts.strips import HOST_ID, OURS, Kind, Media, Strip, Strips, Track, cut_from, strips_from

_KEPT = DOCUMENT + "secondunit.strips"
_NUMBER = re.compile(r"\d+")


class Project:
    """`cut` is what it plays; every clip has an id, and its takes beside its media."""

    def __init__(self, path: Path, content: bytes, probed: Probed) -> None:
        """Raises CutError, with the path."""
        notes: dict[str, None] = {}
        try:
            self.document = document_of(parse(content.decode(errors="replace")), notes)
            self.cut = cut_of(self.document, path.stem, notes)
        except CutError as error:
            raise CutError(f"{path} cannot be read as a project of Kdenlive: {error}") from None
        self.path, self.read_from = path, content
        self._probed = probed
        self._numbers = count(1 + max(_numbers_in(self.document.root), default=0))
        self._stock = Stock(self.document, probed, self._numbers)
        self._lanes = self._taken_apart()
        self.strips = strips_from(self.cut, probed)
        self._strips = {strip.id: strip for strip in self.strips.strips}
        self._read = dict(self._strips)
        self._placed = {name: replace(placed) for lane in self._lanes for name, placed in lane.clips.items()}
        self._places = self._places_now()

    @property
    def sequence(self) -> str:
        """The id of the sequence; "" in projects that hold one timeline."""
        return properties(self.document.timeline).get("kdenlive:uuid", "")

    @property
    def media(self) -> frozenset[str]:
        """The files of its bin."""
        return frozenset(self._stock.bin.known)

    @property
    def folder(self) -> str:
        """The number of the bin's folder for takes, or of the bin where there is no such folder."""
        return self._stock.folder or "-1"

    @property
    def playhead(self) -> FrameTime:
        """From the cut's first frame as 0, as it was when Kdenlive saved."""
        text = self._of_timeline("position")
        return FrameTime(int(text) if text.isdigit() else 0, self.rate)

    @property
    def rate(self) -> Fraction:
        return self.document.elements.rate

    def _document(self, name: str) -> str:
        return properties(self.document.bin).get(name, "")

    def _of_timeline(self, name: str) -> str:
        """What newer projects say on each sequence, and older ones on the document."""
        own = properties(self.document.timeline).get(SEQUENCE + name, "") if self.sequence else ""
        return own or self._document(DOCUMENT + name)

    def _rows(self) -> list[Kept]:
        return kept_in(self._document(_KEPT))

    def _taken_apart(self) -> list[Lane]:
        """From bottom to top as the cut lists tracks; gives the cut's clips their ids, links and takes."""
        rows = list(self.document.elements.rows(self.document.timeline))
        if any(len(row.kinds) != 1 for row in rows):
            raise CutError(f"{self.path} has tracks with picture and sound in one: open it in Kdenlive and save it")
        pictures = [row for row in rows if row.kinds[0] == otio.schema.TrackKind.Video]
        sounds = [row for row in rows if row.kinds[0] != otio.schema.TrackKind.Video]
        pairs = list(zip([*pictures, *reversed(sounds)], self.cut.tracks, strict=True))
        seen = [
            Kept("", track.name, _source_of(child), piece.first, piece.end - piece.start, piece.start)
            for row, track in pairs
            for piece, (_, child) in zip(row.pieces, _items(track), strict=True)
        ]
        known = iter(known_again(seen, self._rows()))
        linked = links(self._of_timeline("groups"))
        lanes: list[Lane] = []
        for row, track in pairs:
            own = [next(known) for _ in row.pieces]
            lanes.append(Lane.of(row, track.name, [one.id for one in own], self.document.elements))
            for one, piece, (number, child) in zip(own, row.pieces, _items(track), strict=True):
                link = linked.get((row.number - 1, piece.start), "")
                child.metadata[OURS] = {**child.metadata.get(OURS, {}), HOST_ID: one.id}
                if link:
                    child.metadata[OURS]["link"] = link
                if one.state and isinstance(child, otio.schema.Clip):
                    track[number] = self._with_takes(child, one)
        return lanes

    def _with_takes(self, clip: otio.schema.Clip, kept: Kept) -> otio.schema.Clip:
        """The clip with the takes that are kept with it; where they cannot be read, as it is."""
        plain = otio.schema.Timeline("cut", global_start_time=self.cut.global_start_time)
        plain.tracks.append(otio.schema.Track("V1", [clip.deepcopy()], kind=otio.schema.TrackKind.Video))
        strips = strips_from(plain, self._probed)
        told = replace(strips, strips=(replace(strips.strips[0], state=kept.state),))
        made = next(iter(cut_from(told, self._probed).find_clips()))
        made.effects.clear()
        made.effects.extend(effect.deepcopy() for effect in clip.effects)
        made.markers.extend(marker.deepcopy() for marker in clip.markers)
        return made.deepcopy()

    def _places_now(self) -> dict[str, Place]:
        """Where Kdenlive's groups look for each strip."""
        return {one.id: (lane.number - 1, one.start) for lane in self._lanes for one in lane.spans()}

    def apply(self, steps: Iterable[Step]) -> None:
        """Raises HostError for what Kdenlive cannot hold; the project is of no use then."""
        for step in steps:
            match step:
                case AddTrack():
                    add_track(self.document, self._lanes, step.track, step.above, next(self._numbers))
                case RemoveTrack():
                    remove_track(self.document, self._lanes, self._lane(step.track.name))
                case Add():
                    self._add(step.strip, step.like)
                case Remove():
                    lane = self._lane(step.strip.track)
                    del lane.clips[step.strip.id], self._strips[step.strip.id]
                    lane.changed = True
                case Change():
                    self._change(step.before, step.after)
                case AddTransition():
                    self._lane(step.transition.track).put_on(step.transition)
                case RemoveTransition():
                    self._lane(step.transition.track).take_off(step.transition)
                case _:
                    assert_never(step)

    def _lane(self, name: str) -> Lane:
        found = next((lane for lane in self._lanes if lane.name == name), None)
        if found is None:
            raise HostError(f"the project has no track {name!r}: read it again")
        return found

    def _add(self, strip: Strip, like: str | None) -> None:
        lane = self._lane(strip.track)
        model, before = self._placed.get(like or ""), self._read.get(like or "")
        entry = deepcopy(model.entry) if model is not None else Element("entry")
        if model is not None and before is not None and _same_source(before, strip):
            moved = _moved(before, strip, self.rate) if strip.media is not None else strip.start - before.start
            producer = self._switched(model.producer, before, strip)
            placed = Placed(entry, producer, model.first + moved, strip.start, strip.frames)
            if moved > 0:
                lane.without_fades(entry, rising=True)
                if moved + strip.frames == before.frames:
                    lane.without_fades(model.entry, rising=False)
            if moved + strip.frames < before.frames:
                lane.without_fades(entry, rising=False)
        elif strip.media is None:
            raise HostError(
                f"{strip.name!r} on {strip.track} shows what only the program that made it can: place it by hand"
            )
        else:
            for rising in (True, False):
                lane.without_fades(entry, rising=rising)
            placed = self._shown(strip, strip.media, entry, lane)
        lane.clips[strip.id] = placed
        lane.changed = True
        self._strips[strip.id] = strip

    def _change(self, before: Strip, after: Strip) -> None:
        old, lane = self._lane(before.track), self._lane(after.track)
        placed = old.clips.pop(before.id)
        old.changed = lane.changed = True
        if _same_source(before, after):
            if after.media is not None:
                moved = _moved(before, after, self.rate)
            else:
                moved = after.start - before.start if after.end == before.end else 0
            producer = self._switched(placed.producer, before, after)
            placed = Placed(placed.entry, producer, placed.first + moved, after.start, after.frames)
            self._keep_takes(after)
        elif after.media is None:
            raise HostError(f"the media of {after.name!r} on {after.track} cannot be taken away: remove the clip")
        else:
            placed = self._shown(after, after.media, placed.entry, lane)
        lane.clips[after.id] = placed
        self._strips[after.id] = after

    def _shown(self, strip: Strip, media: Media, entry: Element, lane: Lane) -> Placed:
        """A strip of media that its track does not show yet. `entry` keeps its effects, but for a freeze."""
        self._keep_takes(strip)
        producer, first, held = self._stock.show(strip, media, lane.number)
        for one in [*entry]:
            if one.tag == "property" or properties(one).get("kdenlive_id") in ("freeze", "mute"):
                entry.remove(one)
        for number, one in enumerate([a_property("kdenlive:id", properties(producer)["kdenlive:id"]), *held]):
            entry.insert(number, one)
        return Placed(entry, producer, first, strip.start, strip.frames)

    def _keep_takes(self, strip: Strip) -> None:
        """Each take of a strip has a clip of the bin, played or not."""
        for path, reference in _references(strip).items():
            self._stock.keep(path, reference)

    def _switched(self, producer: Element, before: Strip, after: Strip) -> Element:
        """A producer that plays, or does not, as the strip does."""
        if before.enabled == after.enabled:
            return producer
        made = deepcopy(producer)
        made.set("id", f"producer{next(self._numbers)}")
        sound = after.kind is Kind.SOUND
        off = {"set.test_audio": not (sound and after.enabled), "set.test_image": sound or not after.enabled}
        for one in [one for one in made.iterfind("property") if one.get("name") in off]:
            made.remove(one)
        put(made, {name: int(value) for name, value in off.items()})
        return made

    def content(self) -> bytes:
        """The project after the steps."""
        self._stale_previews()
        used = {one.get("producer") for one in self.document.root.iter("entry")}
        self._stock.finish()
        changed = [lane for lane in self._lanes if lane.changed]
        for lane in changed:
            write(self.document, lane, self._numbers)
        still = {one.get("producer") for tag in ("entry", "track") for one in self.document.root.iter(tag)}
        for element in [*self.document.root]:
            if element.tag in ("producer", "chain") and element.get("id") in used - still:
                self.document.root.remove(element)
        for lane in changed:
            move_compositions(self.document, lane, self._placed)
        self._write_groups()
        self._write_kept()
        ends = (max((strip.end for strip in strips.values()), default=0) for strips in (self._strips, self._read))
        if (more := next(ends) - next(ends)) > 0:
            lengthen(self.document, more)
        body: bytes = tostring(self.document.root, "utf-8")
        return b"<?xml version='1.0' encoding='utf-8'?>\n" + body + b"\n"

    def _stale_previews(self) -> None:
        """What Kdenlive rendered of the timeline in advance is to be rendered again."""
        chunks = [self._of_timeline(name) for name in ("previewchunks", "dirtypreviewchunks")]
        if chunks[0] and any(lane.changed for lane in self._lanes):
            for holder, prefix in ((self.document.bin, DOCUMENT), (self.document.timeline, SEQUENCE)):
                if prefix + "previewchunks" in properties(holder):
                    write_property(holder, prefix + "previewchunks", "")
                    write_property(holder, prefix + "dirtypreviewchunks", ",".join(filter(None, chunks)))

    def _write_groups(self) -> None:
        after = self._places_now()
        places = {place: after.get(name) for name, place in self._places.items()}
        linked: dict[str, list[Strip]] = {}
        for strip in self._strips.values():
            if strip.link:
                linked.setdefault(strip.link, []).append(strip)
        pairs = [
            [after[one.id] for one in strips if one.start < strip.end and strip.start < one.end]
            for strips in linked.values()
            for strip in strips
            if strip.id not in self._read
        ]
        if not pairs and all(place == now for place, now in places.items()):
            return
        name = "groups"
        text = moved_groups(self._of_timeline(name), places, pairs)
        if self.sequence and SEQUENCE + name in properties(self.document.timeline):
            write_property(self.document.timeline, SEQUENCE + name, text)
        else:
            write_property(self.document.bin, DOCUMENT + name, text)

    def _write_kept(self) -> None:
        rows = [
            Kept(
                one.id,
                lane.name,
                _source(self._strips[one.id]),
                one.first,
                one.end - one.start,
                one.start,
                self._strips[one.id].state,
            )
            for lane in self._lanes
            for one in lane.spans()
        ]
        write_property(self.document.bin, _KEPT, kept_text(rows))


def _items(track: otio.schema.Track) -> list[tuple[int, otio.core.Item]]:
    return [
        (number, child)
        for number, child in enumerate(track)
        if isinstance(child, otio.core.Item) and not isinstance(child, otio.schema.Gap)
    ]


def _source(strip: Strip) -> str:
    """As `kept.Kept` has it. Kdenlive numbers the clips of its bin anew each time that it opens a project."""
    if strip.media is None:
        return strip.name
    return strip.media.path + (f"@{strip.media.speed}" if strip.media.speed != 1 else "")


def _source_of(item: otio.core.Item) -> str:
    path = media_path(item.media_reference) if isinstance(item, otio.schema.Clip) else None
    speed = speed_of(item)
    if path is None or speed is None:
        return str(item.name)
    return path + (f"@{speed}" if speed != 1 else "")


def _same_source(before: Strip, after: Strip) -> bool:
    """Whether the producer that shows one can show the other."""
    if before.kind is not after.kind:
        return False
    if before.media is None or after.media is None:
        return before.media is after.media
    return replace(before.media, first=after.media.first) == after.media


def _moved(before: Strip, after: Strip, rate: Fraction) -> int:
    """By how many positions of its producer, which count frames of the cut, a strip begins later."""
    assert before.media is not None and after.media is not None
    if before.media.speed == 0:
        return 0
    return round((after.media.first - before.media.first) / before.media.rate / before.media.speed * rate)


def _references(strip: Strip) -> dict[str, otio.core.MediaReference]:
    """The takes of a strip by their files, as `strips.Strip.state` holds them."""
    if not strip.state:
        return {}
    one = replace(strip, start=0, kind=Kind.PICTURE, link="")
    told = Strips("cut", Fraction(1), 0, (Track(one.track, Kind.PICTURE),), (one,))
    clip = next(iter(cut_from(told, lambda _path: None).find_clips()))
    found = {}
    for key, reference in clip.media_references().items():
        path = media_path(reference)
        if key.startswith(PREFIX) and path is not None and not is_recipe(reference):
            found[path] = reference
    return found


def _numbers_in(root: Element) -> Iterator[int]:
    """Every number that an id of the project holds: of elements, clips of the bin and folders."""
    for element in root.iter():
        texts = [element.get("id", "")]
        if element.tag == "property":
            name = element.get("name", "")
            if name == "kdenlive:id":
                texts.append(element.text or "")
            elif name.startswith("kdenlive:folder."):
                texts.append(name)
        yield from (int(number) for text in texts for number in _NUMBER.findall(text) if len(number) < 10)
