"""Reading projects of Kdenlive and other MLT XML (melt, Shotcut): what `melt` plays, as a cut.

Elements and attributes: MLT's documentation of its XML (mltframework.org/docs/mltxml); properties that begin with
`kdenlive:` and the generations of the format: dev-docs/fileformat.md in Kdenlive's sources. In and out are inclusive.
The published reader (kdenlive-opentimelineio) leaves out retimed and disabled clips and nests, and rounds rates.
"""

import colorsys
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from xml.etree.ElementTree import Element

import opentimelineio as otio
from secondunit_bridge.errors import CutError
from secondunit_bridge.rates import exact_rate

from secondunit_timeline.formats.mlt_producers import FadeFilter, Producers, frames_in, properties
from secondunit_timeline.formats.mlt_tracks import AUDIO, PRODUCERS, VIDEO, Piece, Row, Tracks, tracks_of
from secondunit_timeline.formats.xml import parse
from secondunit_timeline.times import rational_time, simple, time_range

DOCUMENT = "kdenlive:docproperties."
TITLE = "kdenlive:docmetadata.meta.attr.title.markup"
START = DOCUMENT + "secondunit.start"
MARKER_COLOURS = {
    "PINK": "#f8a5c2",
    "RED": "#da4453",
    "ORANGE": "#f39c1f",
    "YELLOW": "#fdbc4b",
    "GREEN": "#1cdc9a",
    "CYAN": "#1abc9c",
    "BLUE": "#3daee9",
    "PURPLE": "#9b59b6",
    "MAGENTA": "#d53fd5",
    "BLACK": "#232629",
    "WHITE": "#eff0f1",
}
"""OTIO's colours; a project that we write has them as its marker categories, in this order."""
# Kdenlive's own nine categories, by number.
_CATEGORIES = ("PURPLE", "BLUE", "CYAN", "GREEN", "YELLOW", "YELLOW", "ORANGE", "RED", "RED")
_DEEPEST = 16


@dataclass(slots=True)
class _Reader:
    producers: Producers
    elements: Tracks
    colour: Callable[[int], str]
    notes: dict[str, None]
    open: list[str] = field(default_factory=list)

    @property
    def rate(self) -> Fraction:
        return self.producers.rate

    def tracks(self, tractor: Element) -> list[otio.schema.Track]:
        """Video from bottom to top, then sound from the track beside the video on."""
        pictures: list[otio.schema.Track] = []
        sounds: list[otio.schema.Track] = []
        companions: list[otio.schema.Track] = []
        for row in self.elements.rows(tractor):
            if VIDEO in row.kinds:
                row = replace(row, pieces=self.composed(tractor, row.number, row.pieces))
                pictures.append(self.track(row, VIDEO, lowest=not pictures))
            if AUDIO in row.kinds:
                alone = len(row.kinds) == 1
                heard = [one for one in row.pieces if alone or self.producers.sounds(one.producer)]
                made = self.track(replace(row, pieces=heard), AUDIO, lowest=False)
                if alone:
                    sounds.append(made)
                elif heard:
                    companions.append(made)
        tracks = [*pictures, *reversed(sounds), *companions]
        for kind in (VIDEO, AUDIO):
            for ordinal, track in enumerate((one for one in tracks if one.kind == kind), 1):
                track.name = track.name or f"{kind[0]}{ordinal}"
        return tracks

    def composed(self, tractor: Element, number: int, pieces: list[Piece]) -> list[Piece]:
        """With the dissolves of older projects: transitions between two tracks, at an end of the upper clip."""
        for element in tractor.iterfind("transition"):
            mix, own = self.elements.mix(element), properties(element)
            if mix is None or own.get("b_track") != str(number):
                continue
            length = mix.end - mix.start
            for position, piece in enumerate(pieces):
                rising = piece.start == mix.start and own.get("reverse", "0") != "1"
                falling = piece.end == mix.end and own.get("reverse", "0") == "1"
                if mix.dissolve and length > 0 and (rising or falling):
                    fade = FadeFilter(rising, length, False)
                    pieces = [*pieces]
                    pieces[position] = replace(piece, rises=fade) if rising else replace(piece, falls=fade)
                    break
            else:
                where = f"frame {mix.start}"
                self.notes[f"the composition {mix.name!r} between two tracks at {where} is not read"] = None
        return pieces

    def track(self, row: Row, kind: str, lowest: bool) -> otio.schema.Track:
        own = properties(row.source)
        track = otio.schema.Track(own.get("kdenlive:track_name") or own.get("shotcut:name", ""), kind=kind)
        track.enabled = row.holder.get("hide") not in ("both", kind.lower())
        if "1" in (own.get("kdenlive:locked_track"), own.get("shotcut:lock")):
            track.metadata["kdenlive"] = {"locked": True}
        starts, ends, joins = self.joined(row)
        at = 0
        for number, piece in enumerate(row.pieces):
            start, end = starts[number], ends[number]
            item, left_out = self.item(piece, start, end, kind), []
            if number in joins:
                track.extend(filter(None, [joins[number]]))
            elif start > at:
                track.append(otio.schema.Gap(source_range=time_range(0, start - at, self.rate)))
            alone = number not in joins and (start > at or at == 0)
            if piece.rises is not None and alone and _is_dissolve(piece.rises, kind, lowest):
                track.append(self.dissolve(0, min(piece.rises.frames, end - start)))
            elif piece.rises is not None:
                left_out.append(piece.rises)
            track.append(item)
            alone = number + 1 not in joins and (number + 1 == len(starts) or starts[number + 1] > end)
            if piece.falls is not None and alone and _is_dissolve(piece.falls, kind, lowest):
                track.append(self.dissolve(min(piece.falls.frames, end - start), 0))
            elif piece.falls is not None:
                left_out.append(piece.falls)
            for fade in left_out:
                name = "fade in" if fade.rising else "fade out"
                item.effects.append(otio.schema.Effect(name, name, metadata={"kdenlive": {"frames": fade.frames}}))
            at = end
        return track

    def joined(self, row: Row) -> tuple[list[int], list[int], dict[int, otio.schema.Transition | None]]:
        starts, ends, mixes = row.cut_points()
        joins: dict[int, otio.schema.Transition | None] = {}
        for number, mix in mixes.items():
            left, right, cut = row.pieces[number - 1], row.pieces[number], starts[number]
            joins[number] = None
            if mix is None:
                self.notes[f"clips lie over each other at frame {right.start}: the later one is shown"] = None
            elif right.start <= cut <= left.end:
                made = self.dissolve(cut - right.start, left.end - cut)
                if not mix.dissolve:
                    made.transition_type, made.name = otio.schema.TransitionTypes.Custom, mix.name
                joins[number] = made
        return starts, ends, joins

    def dissolve(self, into: int, out: int) -> otio.schema.Transition:
        kind = otio.schema.TransitionTypes.SMPTE_Dissolve
        return otio.schema.Transition("dissolve", kind, rational_time(into, self.rate), rational_time(out, self.rate))

    def item(self, piece: Piece, start: int, end: int, kind: str) -> otio.core.Item:
        position, frames = piece.first + start - piece.start, end - start
        if piece.producer.tag not in ("producer", "chain"):
            return self.nest(piece, position, frames)
        played = self.producers.clip(piece.producer, piece.entry, position, frames)
        own = properties(piece.producer)
        played.clip.enabled = own.get("set.test_image" if kind == VIDEO else "set.test_audio", "0") != "1"
        origin = played.clip.source_range.start_time
        for marker in self.markers(self.producers.in_bin(piece.producer, piece.entry).get("kdenlive:markers", "")):
            at = Fraction(int(marker.marked_range.start_time.value)) / self.rate
            if played.low <= at < played.high:
                moved = played.origin + simple(at * played.rate)
                marker.marked_range = otio.opentime.TimeRange(
                    rational_time(simple(Fraction(moved)), origin.rate), marker.marked_range.duration
                )
                played.clip.markers.append(marker)
        return played.clip

    def nest(self, piece: Piece, position: int, frames: int) -> otio.core.Item:
        source, own = piece.producer, properties(piece.producer)
        name = own.get("kdenlive:clipname") or source.get("id", "")
        number = str(id(source))
        if number in self.open or len(self.open) >= _DEEPEST:
            self.notes[f"{name!r} holds itself or nests too deep: it is read as a clip without media"] = None
            return otio.schema.Clip(name, otio.schema.MissingReference(), time_range(position, frames, self.rate))
        self.open.append(number)
        tractor = source
        if source.tag != "tractor":
            tractor = Element("tractor")
            holder = Element("track")
            holder.append(source)
            tractor.append(holder)
        stack = otio.schema.Stack(name, self.tracks(tractor), time_range(position, frames, self.rate))
        stack.markers.extend(self.markers(own.get("kdenlive:sequenceproperties.guides", "")))
        self.open.pop()
        return stack

    def markers(self, text: str) -> Iterator[otio.schema.Marker]:
        """Kdenlive's list of markers or guides, in frames of the profile. The first line of a comment is the name."""
        try:
            rows = json.loads(text) if text.strip() else []
        except ValueError:
            rows = None
        if not isinstance(rows, list):
            self.notes["a list of markers cannot be read: it is left out"] = None
            return
        for row in rows:
            if not isinstance(row, dict) or not isinstance(row.get("pos"), int | float):
                continue
            name, _, comment = str(row.get("comment", "")).partition("\n")
            length = row.get("duration") if isinstance(row.get("duration"), int) else 0
            number = row.get("type") if isinstance(row.get("type"), int) else 0
            place = time_range(round(row["pos"]), length or 0, self.rate)
            yield otio.schema.Marker(name, place, self.colour(number or 0), comment=comment)


@dataclass(frozen=True, slots=True)
class Document:
    """`bin`: the playlist of the masters, empty where there is none; `masters`: its producers by `kdenlive:id`.

    `timeline`: the tractor that `melt` plays; where that wraps a sequence, the sequence.
    """

    root: Element
    elements: Tracks
    bin: Element
    masters: Mapping[str, Element]
    timeline: Element


def document_of(root: Element, notes: dict[str, None]) -> Document:
    """Raises CutError. `notes`: where what has to be guessed is written down."""
    if root.tag not in ("mlt", "westley"):
        raise CutError(f"it is XML of another kind ({root.tag}), not MLT's: save the project again")
    by_id = {element.get("id", ""): element for element in root.iter() if element.tag in PRODUCERS}
    main_bin = by_id.get("main_bin", Element("playlist"))
    masters = {
        properties(found).get("kdenlive:id", ""): found
        for found in (by_id.get(entry.get("producer", "")) for entry in main_bin.iterfind("entry"))
        if found is not None
    }
    elements = Tracks(by_id, _rate(root, notes))
    return Document(root, elements, main_bin, masters, _timeline(root, elements))


def read(path: Path, rate: Fraction | None = None) -> otio.core.SerializableObject:  # noqa: ARG001 - readers share it
    notes: dict[str, None] = {}
    return cut_of(document_of(parse(path), notes), path.stem, notes)


def cut_of(made: Document, name: str, notes: dict[str, None]) -> otio.schema.Timeline:
    """`name`: the cut's, where the document says none. `notes`: those of reading the document, to be added to."""
    own, document = properties(made.timeline), properties(made.bin)
    producers = Producers(made.elements.rate, made.root.get("root", ""), made.masters, notes)
    colours = _colours(document.get(DOCUMENT + "guidesCategories", ""))
    reader = _Reader(producers, made.elements, lambda number: colours.get(number, "RED"), notes)
    name = document.get(TITLE) or own.get("kdenlive:clipname") or made.root.get("title") or name
    start = frames_in(document.get(START), producers.rate)
    cut = otio.schema.Timeline(name, global_start_time=rational_time(start, producers.rate))
    cut.tracks.extend(reader.tracks(made.timeline))
    guides = own.get("kdenlive:sequenceproperties.guides") or document.get(DOCUMENT + "guides", "")
    cut.tracks.markers.extend(reader.markers(guides))
    _mark_once(cut)
    if notes:
        cut.metadata["secondunit"] = {"notes": list(notes)}
    return cut


def _mark_once(cut: otio.schema.Timeline) -> None:
    """Takes off the sound what marks the picture of the same media: in the bin, the two are one clip."""

    def key(clip: otio.schema.Clip, marker: otio.schema.Marker) -> tuple[str, str, float]:
        reference = clip.media_reference
        return getattr(reference, "target_url", "") or reference.name, marker.name, marker.marked_range.start_time.value

    shown = {key(clip, one) for track in cut.video_tracks() for clip in track.find_clips() for one in clip.markers}
    for clip in (clip for track in cut.audio_tracks() for clip in track.find_clips() if clip.markers):
        if clip.parent().kind == VIDEO:  # of a nest whose sound lies there
            continue
        rest = [marker.clone() for marker in clip.markers if key(clip, marker) not in shown]
        clip.markers.clear()
        clip.markers.extend(rest)


def _timeline(root: Element, elements: Tracks) -> Element:
    """What `melt` plays: the last tractor, playlist or producer; where that wraps a sequence, the sequence."""
    found = [one for one in root if one.tag in PRODUCERS and one.get("id") not in ("main_bin", "main bin")]
    last = next((one for one in reversed(found) if one.tag == "tractor"), found[-1] if found else None)
    if last is None:
        raise CutError("it holds no timeline: save the project again")
    if properties(last).get("kdenlive:projectTractor") == "1":
        track = next(iter(tracks_of(last)), None)
        inner = elements.source(track) if track is not None else None
        if inner is None or inner.tag != "tractor":
            raise CutError("its project tractor plays no sequence: save the project again")
        return inner
    if last.tag == "tractor":
        return last
    tractor, holder = Element("tractor"), Element("track")
    holder.append(last)
    tractor.append(holder)
    return tractor


def _rate(root: Element, notes: dict[str, None]) -> Fraction:
    profile = root.find("profile")
    if profile is None:
        notes["the project says no profile: its frame rate is taken as 25, as MLT does"] = None
        return Fraction(25)
    try:
        rate = Fraction(int(profile.get("frame_rate_num", "25")), int(profile.get("frame_rate_den", "1")))
    except (ValueError, ZeroDivisionError):
        rate = Fraction(0)
    if not 1 <= rate <= 1000:
        raise CutError("its profile has no usable frame rate: save the project again")
    return exact_rate(rate)


def _colours(text: str) -> dict[int, str]:
    """OTIO's colour of each marker category: by its name where we wrote it, else the nearest by hue."""
    try:
        rows = json.loads(text) if text.strip() else []
    except ValueError:
        rows = []
    found = dict(enumerate(_CATEGORIES))
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict) and isinstance(row.get("index"), int):
            name = str(row.get("comment", ""))
            found[row["index"]] = name if name in MARKER_COLOURS else _nearest(str(row.get("color", "")))
    return found


def _nearest(colour: str) -> str:
    def hue(text: str) -> tuple[float, float, float]:
        red, green, blue = (int(text[at : at + 2], 16) / 255 for at in (1, 3, 5))
        return colorsys.rgb_to_hsv(red, green, blue)

    try:
        own = hue(colour)
    except ValueError:
        return "RED"
    if own[1] < 0.2:
        return "WHITE" if own[2] > 0.5 else "BLACK"
    bright = [name for name in MARKER_COLOURS if name not in ("PINK", "BLACK", "WHITE")]
    return min(bright, key=lambda name: abs((own[0] - hue(MARKER_COLOURS[name])[0] + 0.5) % 1 - 0.5))


def _is_dissolve(fade: FadeFilter, kind: str, lowest: bool) -> bool:
    """Whether a fade from or to nothing is one from or to what lies below: black, where nothing does."""
    return kind == AUDIO or lowest or not fade.to_black
