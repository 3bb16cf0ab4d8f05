"""Writing Kdenlive projects, which are MLT XML that `melt` renders: every track, in frames of the profile.

The structure that Kdenlive 22.12 saves (document version 1.04) and, for a cut with nests, that of 23.04 and newer
(1.1), where a nest is a sequence: dev-docs/fileformat.md in Kdenlive's sources. A track is a tractor of two playlists;
a dissolve is a transition between clips that lie over each other on the two.
"""

import hashlib
import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import opentimelineio as otio

from secondunit_timeline.flat import source_start
from secondunit_timeline.formats.features import NotKept
from secondunit_timeline.formats.kdenlive import DOCUMENT, MARKER_COLOURS, START, TITLE
from secondunit_timeline.formats.kdenlive_bin import Bin, marker_row, markers_text, put, span
from secondunit_timeline.formats.media import frame_size
from secondunit_timeline.index import Index, Item, TrackIndex
from secondunit_timeline.interchange import media_path
from secondunit_timeline.retimes import speed_of
from secondunit_timeline.times import frames_of

NOT_KEPT: NotKept = {
    "missing media": ("changed", "a black clip with its name stands for it"),
    "title or generator": ("changed", "a colour, or a title with its text or name, is written"),
    "frames that another speed or rate repeats or skips": (
        "changed",
        "MLT shows the media's frame nearest in time, up to one earlier or later",
    ),
    "image sequence of another rate": ("changed", "its pictures are counted at the cut's rate"),
    "image sequence that counts in steps": ("changed", "every number is taken for a picture of it"),
    "retimed image sequence": ("lost", "it is written at its normal speed"),
    "retimed nest": ("lost", "it is written at its normal speed"),
    "speed ramp": ("lost", "the clip is written at its normal speed"),
    "fade that reaches into a gap": ("changed", "the cut point moves to the fade's end; the pictures are the same"),
    "wipe or other transition": ("changed", "a dissolve of the same length is written"),
    "effect other than a speed": ("lost", "it is left out"),
    "colour decision (ASC CDL)": ("lost", "it is left out"),
    "clip marker": ("changed", "it becomes a marker of its media, which every clip of that frame shows"),
    "marker of a title": ("lost", "it is left out"),
    "marker outside the frames that play": ("lost", "it stays on its media in the bin, where no clip shows it"),
    "marker before the media": ("changed", "moved to the media's first frame"),
    "marker between frames": ("changed", "moved to the nearest frame of the cut"),
    "marker of a track": ("lost", "it is left out"),
    "edit point between frames of the cut": ("changed", "moved to the nearest frame"),
    "source time between frames of the media": ("changed", "moved to the frame that shows"),
    "media shorter than what plays": (
        "changed",
        "those before its first become a gap, for those after its last MLT repeats it",
    ),
    "gap at the end of a track": ("lost", "it is left out"),
    "other media references, takes among them": (
        "lost",
        "only the active reference is written; its reel, timecode and take are kept",
    ),
    "metadata": ("lost", "metadata of clips, tracks and the cut is left out"),
}

VIDEO = otio.schema.TrackKind.Video
# Marks what Kdenlive adds by itself, and makes anew when it opens a project.
_INTERNAL = {"internal_added": 237, "always_active": 1}
_SIZE = (1920, 1080)
_NESTING = uuid.UUID("6f1d8f0e-6d0b-5c51-9c5e-0d4a1a5f2b77")


def encode(cut: otio.schema.Timeline) -> bytes:
    index = Index(cut)
    identity = hashlib.sha256(cut.to_json_string(-1).encode()).hexdigest()
    plain = all(isinstance(one.child, otio.schema.Clip | otio.schema.Gap) for row in index.tracks for one in row.items)
    writer = _Writer(index.rate, Bin(index.rate, frame_size(cut) or _SIZE), identity, not plain)
    main = writer.sequence(cut.name or "cut", index.tracks, cut.tracks.markers)
    root = writer.document(cut, index, main)
    indent(root, " ")
    body: bytes = tostring(root, "utf-8")
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + body + b"\n"


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry of a playlist on the record frames [start, end)."""

    item: Item
    element: Element
    start: int
    end: int


@dataclass(slots=True)
class _Writer:
    rate: Fraction
    bin: Bin
    identity: str
    sequences: bool
    """Whether timelines are sequences in the bin, which Kdenlive nests."""
    body: list[Element] = field(default_factory=list)
    timelines: list[Element] = field(default_factory=list)
    groups: dict[str, str] = field(default_factory=dict)
    """Of each timeline, by its id."""

    def document(self, cut: otio.schema.Timeline, index: Index, main: Element) -> Element:
        root = Element("mlt", {"LC_NUMERIC": "C", "producer": "main_bin", "version": "7.12.0", "root": ""})
        root.append(self.profile())
        masters = self.bin.masters()
        colours = enumerate(MARKER_COLOURS.items())
        document: dict[str, object] = {
            "version": "1.1" if self.sequences else "1.04",
            "kdenliveversion": "23.04.0" if self.sequences else "22.12.3",
            "documentid": int(self.identity[:12], 16),
            "audioChannels": 2,
            "enableproxy": 0,
            "generateproxy": 0,
            "generateimageproxy": 0,
            "enableexternalproxy": 0,
            "guidesCategories": json.dumps([{"color": code, "comment": n, "index": at} for at, (n, code) in colours]),
            START.removeprefix(DOCUMENT): index.start.frame,
        }
        if self.sequences:
            document |= dict.fromkeys(("uuid", "activetimeline", "opensequences"), main.get("id", ""))
        else:
            document |= {"guides": self.guides(cut.tracks.markers), "groups": self.groups.get(main.get("id", ""), "[]")}
        listed = Element("playlist", {"id": "main_bin"})
        put(listed, {DOCUMENT + name: value for name, value in document.items()})
        put(listed, {TITLE: cut.name, "xml_retain": 1})
        for one in (*masters, *self.timelines):
            SubElement(listed, "entry", {"producer": one.get("id", ""), "in": "0", "out": one.get("out", "0")})
        if not self.sequences:
            root.extend([*masters, listed, *self.bin.copies(), *self.body])
            return root
        root.extend([*masters, *self.bin.copies(), *self.body, listed])
        whole = {"in": "0", "out": main.get("out", "0")}
        wrapper = SubElement(root, "tractor", {"id": "project", **whole})
        put(wrapper, {"kdenlive:projectTractor": 1})
        SubElement(wrapper, "track", {"producer": main.get("id", ""), **whole})
        return root

    def profile(self) -> Element:
        width, height = self.bin.size
        aspect = Fraction(width, height)
        values = {
            "description": f"{width}x{height} {float(self.rate):.5g} fps",
            "width": width,
            "height": height,
            "progressive": 1,
            "sample_aspect_num": 1,
            "sample_aspect_den": 1,
            "display_aspect_num": aspect.numerator,
            "display_aspect_den": aspect.denominator,
            "frame_rate_num": self.rate.numerator,
            "frame_rate_den": self.rate.denominator,
            "colorspace": 709 if height > 576 else 601,
        }
        return Element("profile", {name: str(value) for name, value in values.items()})

    def guides(self, markers: Iterable[otio.schema.Marker]) -> str:
        return markers_text(
            (round(frames_of(one.marked_range.start_time, self.rate)), *marker_row(one, self.rate)) for one in markers
        )

    def sequence(self, name: str, tracks: Sequence[TrackIndex], markers: Iterable[otio.schema.Marker]) -> Element:
        """The tractor of a timeline: black, then sound, then pictures, as Kdenlive stacks them."""
        length = max(1, round(max((track.end for track in tracks), default=0)))
        number = next(self.bin.numbers)
        identity = f"{{{uuid.uuid5(_NESTING, f'{self.identity} {number}')}}}"
        tractor = Element("tractor", {"id": identity if self.sequences else f"tractor{number}", **span(0, length)})
        black = Element("producer", {"id": f"black{number}" if self.sequences else "black_track", **span(0, length)})
        put(black, {"length": length, "eof": "continue", "resource": "black", "mlt_service": "color"})
        put(black, {"mlt_image_format": "rgba", "set.test_audio": 0, "kdenlive:playlistid": "black_track"})
        self.body.append(black)
        sounds = [track for track in tracks if track.kind != VIDEO]
        rows = [*reversed(sounds), *(track for track in tracks if track.kind == VIDEO)]
        holders = [Element("track", {"producer": black.get("id", "")})]
        entries: list[list[_Entry]] = []
        for row in rows:
            track, placed = self.track(row)
            entries.append(placed)
            holders.append(Element("track", {"producer": track}))
            if not row.enabled:
                holders[-1].set("hide", "both")
        groups = self.groups[tractor.get("id", "")] = _groups(entries[: len(sounds)], entries[len(sounds) :])
        if self.sequences:
            has_sound, has_picture = bool(sounds), len(sounds) < len(tracks)
            put(tractor, {"kdenlive:uuid": identity, "kdenlive:clipname": name, "kdenlive:producer_type": 17})
            put(tractor, {"kdenlive:id": number, "kdenlive:folderid": -1, "kdenlive:clip_type": 0})
            put(tractor, {"kdenlive:duration": length, "kdenlive:maxduration": length})
            own = {"hasAudio": int(has_sound), "hasVideo": int(has_picture), "tracksCount": len(tracks)}
            texts = {"guides": self.guides(markers), "groups": groups, "documentuuid": identity}
            put(tractor, {f"kdenlive:sequenceproperties.{key}": value for key, value in (own | texts).items()})
            self.timelines.append(tractor)
        tractor.extend(holders)
        for place, row in enumerate(rows, 1):
            over = SubElement(tractor, "transition")
            put(over, {"a_track": 0, "b_track": place} | _INTERNAL)
            if row.kind == VIDEO:
                put(over, {"mlt_service": "composite", "kdenlive_id": "composite", "progressive": 1, "fill": 1})
                put(over, {"distort": 0, "geometry": "0=0/0:100%x100%:100"})
            else:
                put(over, {"mlt_service": "mix", "kdenlive_id": "mix", "accepts_blanks": 1, "sum": 1})
        self.body.append(tractor)
        return tractor

    def track(self, track: TrackIndex) -> tuple[str, list[_Entry]]:
        """Writes the two playlists of a track and their tractor, and returns its id and what they hold."""
        sound = track.kind != VIDEO
        number = next(self.bin.numbers)
        rows: tuple[list[_Entry], list[_Entry]] = ([], [])
        mixes: list[Element] = []
        side = 0
        for left, item, right in zip((None, *track.items), track.items, (*track.items[1:], None), strict=False):
            if isinstance(item.child, otio.schema.Gap):
                side = 0
                continue
            joined = item.before is not None and not _is_nothing(left)
            side = 1 - side if joined else 0
            entry = self.entry(item, left, right, sound, (number, side))
            if entry is not None:
                rows[side].append(entry)
            if joined and item.before is not None:
                mixes.append(self.mix(item.before, round(item.start), side, sound))
        tractor = Element("tractor", {"id": f"track{number}"})
        end = max((row[-1].end for row in rows if row), default=0)
        if end:
            tractor.attrib.update(span(0, end))
        own: dict[str, object] = {"kdenlive:audio_track": 1} if sound else {}
        put(tractor, own)
        if track.track.name:
            put(tractor, {"kdenlive:track_name": track.track.name})
        if track.locked:
            put(tractor, {"kdenlive:locked_track": 1})
        put(tractor, {"kdenlive:trackheight": 67, "kdenlive:timeline_active": 1, "kdenlive:collapsed": 0})
        for half, row in enumerate(rows):
            playlist = Element("playlist", {"id": f"playlist{number}_{half}"})
            put(playlist, own)
            at = 0
            for entry in row:
                if entry.start > at:
                    SubElement(playlist, "blank", {"length": str(entry.start - at)})
                playlist.append(entry.element)
                at = entry.end
            self.body.append(playlist)
            hidden = "video" if sound else "audio"
            SubElement(tractor, "track", {"producer": playlist.get("id", ""), "hide": hidden})
        tractor.extend(mixes)
        self.body.append(tractor)
        return f"track{number}", [*rows[0], *rows[1]]

    def mix(self, transition: otio.schema.Transition, cut: int, side: int, sound: bool) -> Element:
        """On the frames that both clips cover. MLT divides by its length, so its first frame is all outgoing."""
        into, out = self.offsets(transition)
        element = Element("transition", span(cut - into, max(1, into + out)))
        service = "mix" if sound else "luma"
        put(element, {"a_track": 0, "b_track": 1, "mlt_service": service, "kdenlive_id": service})
        put(element, {"kdenlive:mixcut": out, "reverse": int(side == 0)})
        put(element, {"start": -1, "accepts_blanks": 1} if sound else {"softness": 0, "alpha_over": 1})
        return element

    def offsets(self, transition: otio.schema.Transition | None) -> tuple[int, int]:
        if transition is None:
            return 0, 0
        return round(frames_of(transition.in_offset, self.rate)), round(frames_of(transition.out_offset, self.rate))

    def entry(
        self, item: Item, left: Item | None, right: Item | None, sound: bool, place: tuple[int, int]
    ) -> _Entry | None:
        """A clip or nest with what it shows under its transitions; None where none of its frames exist."""
        early, late = self.offsets(item.before)[0], self.offsets(item.after)[1]
        start, end = round(item.start) - early, round(item.end) + late
        if start < 0:  # a fade that begins before the track
            early, start = early + start, 0
        element = Element("entry")
        if isinstance(item.child, otio.schema.Clip):
            shown = self.bin.show(item.child, early, end - start, sound, place)
            first, producer, number = shown.first, shown.producer.element, shown.number
            start, end = start + shown.missing[0], end - shown.missing[1]
            if shown.held is not None:
                put(
                    SubElement(element, "filter"),
                    {"mlt_service": "freeze", "kdenlive_id": "freeze", "frame": shown.held},
                )
                if sound:
                    put(SubElement(element, "filter"), {"mlt_service": "volume", "kdenlive_id": "mute", "gain": 0})
        else:
            producer = self.nest(item.child)
            number = next(one.text or "" for one in producer if one.get("name") == "kdenlive:id")
            trim = item.child.source_range
            first = (round(frames_of(trim.start_time, self.rate)) if trim is not None else 0) - early
            start, first = start + max(0, -first), max(0, first)
        if end <= start:
            return None
        element.attrib.update({"producer": producer.get("id", ""), **span(first, end - start)})
        put(element, {"kdenlive:id": number, "kdenlive:clipname": item.child.name})
        if item.before is not None and _is_nothing(left):
            element.append(self.fade(item.before, round(item.start), (first, start, end), True, sound))
        if item.after is not None and _is_nothing(right):
            element.append(self.fade(item.after, round(item.end), (first, start, end), False, sound))
        return _Entry(item, element, start, end)

    def fade(
        self, transition: otio.schema.Transition, cut: int, shown: tuple[int, int, int], rising: bool, sound: bool
    ) -> Element:
        """Kdenlive's fade for a dissolve with nothing; a filter's in and out count as the producer's positions do."""
        first, start, end = shown
        into, out = self.offsets(transition)
        begin, length = cut - into, max(1, into + out)
        at = max(start, begin)
        element = Element("filter", span(first + at - start, max(1, min(end, begin + length) - at)))
        done = Fraction(at - begin, length)
        if sound:
            put(element, {"mlt_service": "volume", "kdenlive_id": "fadein" if rising else "fadeout"})
            put(element, {"gain": 0, "end": 1} if rising else {"gain": 1, "end": 0})
            return element
        low, high = (done, 1) if rising else (1 - done, 0)
        put(element, {"mlt_service": "brightness", "kdenlive_id": "fade_from_black" if rising else "fade_to_black"})
        put(element, {"level": 1, "alpha": f"0={float(low):g};{begin + length - at}={high}"})
        return element

    def nest(self, child: otio.core.Item) -> Element:
        tracks = []
        for track in [child] if isinstance(child, otio.schema.Track) else [*child]:
            if not isinstance(track, otio.schema.Track):
                track = otio.schema.Track(track.name, [track.clone()], kind=VIDEO)
            tracks.append(TrackIndex(track, track.name, self.rate))
        return self.sequence(child.name or "nest", tracks, child.markers)


def _groups(sounds: Sequence[list[_Entry]], pictures: Sequence[list[_Entry]]) -> str:
    """Picture and sound of one clip, which Kdenlive moves and trims together, as a group of its type `AVSplit`.

    Clips are named by their tracks, from the lowest as 0 without the black below, and the frames that they begin on.
    """
    heard: dict[tuple[object, ...], list[tuple[int, _Entry]]] = {}
    for track, row in enumerate(sounds):
        for sound in row:
            if (key := _shared(sound)) is not None:
                heard.setdefault(key, []).append((track, sound))
    groups = []
    for track, row in enumerate(pictures, len(sounds)):
        for picture in row:
            key = _shared(picture)
            if key is not None and (own := heard.pop(key, None)) is not None:
                leaves = [f"{number}:{one.start}" for number, one in [(track, picture), *own]]
                leaf = {"leaf": "clip", "type": "Leaf"}
                groups.append({"children": [{"data": data, **leaf} for data in leaves], "type": "AVSplit"})
    return json.dumps(groups)


def _shared(entry: _Entry) -> tuple[object, ...] | None:
    """The media, and the record and media times, that picture and sound of one clip have in common."""
    child = entry.item.child
    path = media_path(child.media_reference) if isinstance(child, otio.schema.Clip) else None
    if path is None:
        return None
    return path, entry.item.start, entry.item.end, source_start(child), speed_of(child)


def _is_nothing(item: Item | None) -> bool:
    return item is None or isinstance(item.child, otio.schema.Gap)
