"""Reading projects of Kdenlive and other MLT XML (melt, Shotcut): what `melt` plays, as a cut.

Elements and attributes: MLT's documentation of its XML (mltframework.org/docs/mltxml); properties that begin with
`kdenlive:` and the generations of the format: dev-docs/fileformat.md in Kdenlive's sources. In and out are inclusive.
The published reader (kdenlive-opentimelineio) leaves out retimed and disabled clips and nests, and rounds rates.
"""

import colorsys
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from xml.etree.ElementTree import Element

import opentimelineio as otio
from secondunit_bridge.errors import CutError
from secondunit_bridge.rates import exact_rate

from secondunit_timeline.formats.mlt_producers import FadeFilter, Producers, fade_of, frames_in, properties
from secondunit_timeline.formats.xml import parse
from secondunit_timeline.times import rational_time, simple, time_range

VIDEO, AUDIO = otio.schema.TrackKind.Video, otio.schema.TrackKind.Audio
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
_DISSOLVES = ("luma", "dissolve", "mix")
_PRODUCERS = ("producer", "chain", "playlist", "tractor", "multitrack")
_DEEPEST = 16


@dataclass(frozen=True, slots=True)
class _Piece:
    """What a producer shows on the frames [start, end) of a track, from its position `first` on."""

    producer: Element
    entry: Element
    first: int
    start: int
    end: int
    rises: FadeFilter | None = None
    falls: FadeFilter | None = None

    @property
    def media(self) -> tuple[str | None, ...]:
        own = properties(self.producer)
        return tuple(own.get(name) for name in ("resource", "mlt_service", "warp_speed", "kdenlive:uuid"))


@dataclass(frozen=True, slots=True)
class _Mix:
    """A transition from one piece to the next over [start, end); `after`: frames after the cut point, if it says."""

    start: int
    end: int
    after: int | None
    name: str
    dissolve: bool


@dataclass(slots=True)
class _Reader:
    producers: Producers
    by_id: Mapping[str, Element]
    colour: Callable[[int], str]
    notes: dict[str, None]
    open: list[str] = field(default_factory=list)

    @property
    def rate(self) -> Fraction:
        return self.producers.rate

    def frames(self, text: str | None, default: int = 0) -> int:
        return frames_in(text, self.rate, default)

    def source(self, holder: Element) -> Element | None:
        """The producer of an entry or a track: named, or written inside it."""
        named = holder.get("producer")
        if named is not None:
            return self.by_id.get(named)
        return next((child for child in holder if child.tag in _PRODUCERS), None)

    def tracks(self, tractor: Element) -> list[otio.schema.Track]:
        """Video from bottom to top, then sound from the track beside the video on."""
        pictures: list[otio.schema.Track] = []
        sounds: list[otio.schema.Track] = []
        companions: list[otio.schema.Track] = []
        for number, holder in enumerate(_tracks(tractor)):
            source = self.source(holder)
            if source is None or _is_background(source):
                continue
            pieces, mixes = self.contents(source, holder)
            kinds = _kinds(source, holder)
            if VIDEO in kinds:
                pieces = self.composed(tractor, number, pieces)
                pictures.append(self.track(source, holder, pieces, mixes, VIDEO, lowest=not pictures))
            if AUDIO in kinds:
                heard = [one for one in pieces if len(kinds) == 1 or self.producers.sounds(one.producer)]
                made = self.track(source, holder, heard, mixes, AUDIO, lowest=False)
                if len(kinds) == 1:
                    sounds.append(made)
                elif heard:
                    companions.append(made)
        tracks = [*pictures, *reversed(sounds), *companions]
        for kind in (VIDEO, AUDIO):
            for ordinal, track in enumerate((one for one in tracks if one.kind == kind), 1):
                track.name = track.name or f"{kind[0]}{ordinal}"
        return tracks

    def contents(self, source: Element, holder: Element) -> tuple[list[_Piece], list[_Mix]]:
        """What lies on a track: a playlist, Kdenlive's pair of them with the mixes between, or one producer."""
        if source.tag == "playlist":
            return self.playlist(source)
        inner = [self.source(track) for track in _tracks(source)] if source.tag == "tractor" else []
        if not inner or len(inner) > 2 or any(one is None or one.tag != "playlist" for one in inner):
            first = self.frames(holder.get("in"), self.frames(source.get("in")))
            return [self.piece(source, holder, 0)] if self.length(source, holder) - first > 0 else [], []
        pieces: list[_Piece] = []
        mixes = [mix for mix in map(self.mix, source.iterfind("transition")) if mix is not None]
        for one in inner:
            assert one is not None
            own, joined = self.playlist(one)
            pieces += own
            mixes += joined
        return pieces, mixes

    def playlist(self, playlist: Element) -> tuple[list[_Piece], list[_Mix]]:
        pieces: list[_Piece] = []
        mixes: list[_Mix] = []
        at = 0
        incoming: _Piece | None = None  # the second half of a mix that stands in the playlist as an entry
        for child in playlist:
            if child.tag == "blank":
                at += max(0, self.frames(child.get("length")))
                continue
            source = self.source(child) if child.tag == "entry" else None
            if source is None:
                continue
            for _ in range(_repeats(child)):
                piece = self.piece(source, child, at)
                halves = self.halves(source, at)
                if halves is not None:
                    before, incoming = halves
                    last = pieces[-1] if pieces else None
                    if last is not None and last.end == at and _follows(last, before):
                        pieces[-1] = replace(last, end=before.end)
                    else:
                        pieces.append(before)
                    pieces.append(incoming)
                    mixes.append(_Mix(at, piece.end, None, "", True))
                elif incoming is not None and incoming.end == at and _follows(incoming, piece):
                    pieces[-1] = replace(incoming, end=piece.end, falls=piece.falls)
                    incoming = None
                else:
                    pieces.append(piece)
                at = piece.end
        return pieces, mixes

    def length(self, source: Element, holder: Element) -> int:
        """The frame after the last that an entry or a track shows of its producer."""
        given = holder.get("out") or source.get("out")
        if given is not None:
            return self.frames(given) + 1
        if source.tag == "playlist":
            return max((piece.end for piece in self.playlist(source)[0]), default=0)
        if source.tag == "tractor":
            inner = [(track, self.source(track)) for track in _tracks(source)]
            return max((self.length(one, track) for track, one in inner if one is not None), default=0)
        return self.frames(properties(source).get("length"), 0)

    def piece(self, source: Element, holder: Element, at: int) -> _Piece:
        first = self.frames(holder.get("in"), self.frames(source.get("in")))
        fades = [fade for fade in (fade_of(element, self.rate) for element in holder.iterfind("filter")) if fade]
        return _Piece(
            source,
            holder,
            first,
            at,
            at + max(0, self.length(source, holder) - first),
            next((fade for fade in fades if fade.rising), None),
            next((fade for fade in fades if not fade.rising), None),
        )

    def halves(self, source: Element, at: int) -> tuple[_Piece, _Piece] | None:
        """The two sides of a dissolve that melt and Shotcut write as a tractor of two producers."""
        if source.tag != "tractor" or not any(self.mix(one) for one in source.iterfind("transition")):
            return None
        sides = [(track, self.source(track)) for track in _tracks(source)]
        if len(sides) != 2:
            return None
        (out, before), (into, after) = sides
        if before is None or after is None or not {before.tag, after.tag} <= {"producer", "chain"}:
            return None
        return self.piece(before, out, at), self.piece(after, into, at)

    def mix(self, element: Element) -> _Mix | None:
        own = properties(element)
        if own.get("internal_added") or own.get("always_active") == "1":
            return None
        start, end = self.frames(element.get("in")), self.frames(element.get("out")) + 1
        cut = own.get("kdenlive:mixcut")
        name = own.get("kdenlive_id") or own.get("mlt_service", "")
        return _Mix(start, end, self.frames(cut) if cut else None, name, name in _DISSOLVES and not own.get("resource"))

    def composed(self, tractor: Element, number: int, pieces: list[_Piece]) -> list[_Piece]:
        """With the dissolves of older projects: transitions between two tracks, at an end of the upper clip."""
        for element in tractor.iterfind("transition"):
            mix, own = self.mix(element), properties(element)
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

    def track(
        self,
        source: Element,
        holder: Element,
        pieces: Iterable[_Piece],
        mixes: Sequence[_Mix],
        kind: str,
        lowest: bool,
    ) -> otio.schema.Track:
        own = properties(source)
        track = otio.schema.Track(own.get("kdenlive:track_name") or own.get("shotcut:name", ""), kind=kind)
        track.enabled = holder.get("hide") not in ("both", kind.lower())
        if "1" in (own.get("kdenlive:locked_track"), own.get("shotcut:lock")):
            track.metadata["kdenlive"] = {"locked": True}
        row = sorted((piece for piece in pieces if piece.end > piece.start), key=lambda one: (one.start, one.end))
        starts, ends, joins = self.cut_points(row, mixes)
        at = 0
        for number, piece in enumerate(row):
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
            alone = number + 1 not in joins and (number + 1 == len(row) or starts[number + 1] > end)
            if piece.falls is not None and alone and _is_dissolve(piece.falls, kind, lowest):
                track.append(self.dissolve(min(piece.falls.frames, end - start), 0))
            elif piece.falls is not None:
                left_out.append(piece.falls)
            for fade in left_out:
                name = "fade in" if fade.rising else "fade out"
                item.effects.append(otio.schema.Effect(name, name, metadata={"kdenlive": {"frames": fade.frames}}))
            at = end
        return track

    def cut_points(
        self, row: Sequence[_Piece], mixes: Sequence[_Mix]
    ) -> tuple[list[int], list[int], dict[int, otio.schema.Transition | None]]:
        """Where each piece starts and ends in the cut, and what joins it to the one before where they overlap."""
        starts, ends = [piece.start for piece in row], [piece.end for piece in row]
        joins: dict[int, otio.schema.Transition | None] = {}
        for number, (left, right) in enumerate(pairwise(row)):
            if right.start >= left.end:
                continue
            mix = next((mix for mix in mixes if mix.start < left.end and mix.end > right.start), None)
            overlap = left.end - right.start
            after = overlap - overlap // 2 if mix is None or mix.after is None else min(max(mix.after, 0), overlap)
            cut = left.end - after if mix is not None else right.start
            cut = min(max(cut, starts[number] + 1), right.end - 1)
            ends[number] = starts[number + 1] = cut
            joins[number + 1] = None
            if mix is None:
                self.notes[f"clips lie over each other at frame {right.start}: the later one is shown"] = None
            elif right.start <= cut <= left.end:
                made = self.dissolve(cut - right.start, left.end - cut)
                if not mix.dissolve:
                    made.transition_type, made.name = otio.schema.TransitionTypes.Custom, mix.name
                joins[number + 1] = made
        return starts, ends, joins

    def dissolve(self, into: int, out: int) -> otio.schema.Transition:
        kind = otio.schema.TransitionTypes.SMPTE_Dissolve
        return otio.schema.Transition("dissolve", kind, rational_time(into, self.rate), rational_time(out, self.rate))

    def item(self, piece: _Piece, start: int, end: int, kind: str) -> otio.core.Item:
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

    def nest(self, piece: _Piece, position: int, frames: int) -> otio.core.Item:
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


def read(path: Path, rate: Fraction | None = None) -> otio.core.SerializableObject:  # noqa: ARG001 - readers share it
    root = parse(path)
    if root.tag not in ("mlt", "westley"):
        raise CutError(f"it is XML of another kind ({root.tag}), not MLT's: save the project again")
    notes: dict[str, None] = {}
    by_id = {element.get("id", ""): element for element in root.iter() if element.tag in _PRODUCERS}
    masters = by_id.get("main_bin", Element("playlist"))
    in_bin = {
        properties(found).get("kdenlive:id", ""): found
        for found in (by_id.get(entry.get("producer", "")) for entry in masters.iterfind("entry"))
        if found is not None
    }
    document = properties(masters)
    producers = Producers(_rate(root, notes), root.get("root", ""), in_bin, notes)
    colours = _colours(document.get(DOCUMENT + "guidesCategories", ""))
    reader = _Reader(producers, by_id, lambda number: colours.get(number, "RED"), notes)
    tractor = _timeline(root, reader)
    own = properties(tractor)
    name = document.get(TITLE) or own.get("kdenlive:clipname") or root.get("title") or path.stem
    start = frames_in(document.get(START), producers.rate)
    cut = otio.schema.Timeline(name, global_start_time=rational_time(start, producers.rate))
    cut.tracks.extend(reader.tracks(tractor))
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


def _timeline(root: Element, reader: _Reader) -> Element:
    """What `melt` plays: the last tractor, playlist or producer; where that wraps a sequence, the sequence."""
    found = [one for one in root if one.tag in _PRODUCERS and one.get("id") not in ("main_bin", "main bin")]
    last = next((one for one in reversed(found) if one.tag == "tractor"), found[-1] if found else None)
    if last is None:
        raise CutError("it holds no timeline: save the project again")
    if properties(last).get("kdenlive:projectTractor") == "1":
        track = next(iter(_tracks(last)), None)
        inner = reader.source(track) if track is not None else None
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


def _tracks(tractor: Element) -> list[Element]:
    return [*tractor.iterfind("track"), *tractor.iterfind("multitrack/track")]


def _is_background(source: Element) -> bool:
    """The black below the lowest track, which Kdenlive and Shotcut write as a track."""
    own = properties(source)
    names = (source.get("id"), own.get("kdenlive:playlistid"))
    return "black_track" in names or (source.tag == "playlist" and source.get("id") == "background")


def _kinds(source: Element, holder: Element) -> tuple[str, ...]:
    """A track of Kdenlive has pictures or sound; one of melt or Shotcut both, as far as nothing is hidden."""
    own, hide = properties(source), holder.get("hide", "")
    inner = {track.get("hide", "") for track in _tracks(source)} if source.tag == "tractor" else set()
    if own.get("kdenlive:audio_track") == "1" or own.get("shotcut:audio") == "1" or inner == {"video"}:
        return (AUDIO,)
    if inner == {"audio"}:
        return (VIDEO,)
    if own.get("shotcut:video") == "1":
        return (VIDEO, AUDIO)
    return {"video": (AUDIO,), "audio": (VIDEO,)}.get(hide, (VIDEO, AUDIO))


def _repeats(entry: Element) -> int:
    text = entry.get("repeat", "1")
    return min(int(text), 10_000) if text.isdigit() else 1


def _follows(before: _Piece, after: _Piece) -> bool:
    return before.media == after.media and before.first + before.end - before.start == after.first


def _is_dissolve(fade: FadeFilter, kind: str, lowest: bool) -> bool:
    """Whether a fade from or to nothing is one from or to what lies below: black, where nothing does."""
    return kind == AUDIO or lowest or not fade.to_black
