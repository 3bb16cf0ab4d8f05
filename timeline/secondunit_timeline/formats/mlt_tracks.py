"""The tracks of MLT XML: which producer shows on which of their frames, and what joins one to the next."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from xml.etree.ElementTree import Element

import opentimelineio as otio

from secondunit_timeline.formats.mlt_producers import FadeFilter, fade_of, frames_in, properties

VIDEO, AUDIO = otio.schema.TrackKind.Video, otio.schema.TrackKind.Audio
PRODUCERS = ("producer", "chain", "playlist", "tractor", "multitrack")
_DISSOLVES = ("luma", "dissolve", "mix")


@dataclass(frozen=True, slots=True)
class Piece:
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
class Mix:
    """A transition from one piece to the next over [start, end); `after`: frames after the cut point, if it says."""

    start: int
    end: int
    after: int | None
    name: str
    dissolve: bool
    element: Element | None = None
    """That of the document; None for a mix that stands in a playlist as an entry of its own."""


@dataclass(frozen=True, slots=True)
class Row:
    """One track. `holder`: the element `track` of the timeline; `number`: its place there, which transitions name.

    `pieces` in order of time; they overlap where a mix lies.
    """

    number: int
    holder: Element
    source: Element
    kinds: tuple[str, ...]
    pieces: list[Piece]
    mixes: list[Mix]

    def cut_points(self) -> tuple[list[int], list[int], dict[int, Mix | None]]:
        """Where each piece starts and ends in the cut, and what joins it to the one before where they overlap."""
        starts, ends = [piece.start for piece in self.pieces], [piece.end for piece in self.pieces]
        joins: dict[int, Mix | None] = {}
        for number, (left, right) in enumerate(pairwise(self.pieces)):
            if right.start >= left.end:
                continue
            mix = next((mix for mix in self.mixes if mix.start < left.end and mix.end > right.start), None)
            overlap = left.end - right.start
            after = overlap - overlap // 2 if mix is None or mix.after is None else min(max(mix.after, 0), overlap)
            cut = left.end - after if mix is not None else right.start
            cut = min(max(cut, starts[number] + 1), right.end - 1)
            ends[number] = starts[number + 1] = cut
            joins[number + 1] = mix
        return starts, ends, joins


@dataclass(frozen=True, slots=True)
class Tracks:
    """What the elements of one document play. `by_id`: its producers of every kind; `rate`: its profile's."""

    by_id: Mapping[str, Element]
    rate: Fraction

    def frames(self, text: str | None, default: int = 0) -> int:
        return frames_in(text, self.rate, default)

    def rows(self, tractor: Element) -> Iterator[Row]:
        """From bottom to top, without the black below."""
        for number, holder in enumerate(tracks_of(tractor)):
            source = self.source(holder)
            if source is None or is_background(source):
                continue
            pieces, mixes = self.contents(source, holder)
            seen = sorted((one for one in pieces if one.end > one.start), key=lambda one: (one.start, one.end))
            yield Row(number, holder, source, kinds_of(source, holder), seen, mixes)

    def source(self, holder: Element) -> Element | None:
        """The producer of an entry or a track: named, or written inside it."""
        named = holder.get("producer")
        if named is not None:
            return self.by_id.get(named)
        return next((child for child in holder if child.tag in PRODUCERS), None)

    def contents(self, source: Element, holder: Element) -> tuple[list[Piece], list[Mix]]:
        """What lies on a track: a playlist, Kdenlive's pair of them with the mixes between, or one producer."""
        if source.tag == "playlist":
            return self.playlist(source)
        inner = [self.source(track) for track in tracks_of(source)] if source.tag == "tractor" else []
        if not inner or len(inner) > 2 or any(one is None or one.tag != "playlist" for one in inner):
            first = self.frames(holder.get("in"), self.frames(source.get("in")))
            return [self.piece(source, holder, 0)] if self.length(source, holder) - first > 0 else [], []
        pieces: list[Piece] = []
        mixes = [mix for mix in map(self.mix, source.iterfind("transition")) if mix is not None]
        for one in inner:
            assert one is not None
            own, joined = self.playlist(one)
            pieces += own
            mixes += joined
        return pieces, mixes

    def playlist(self, playlist: Element) -> tuple[list[Piece], list[Mix]]:
        pieces: list[Piece] = []
        mixes: list[Mix] = []
        at = 0
        incoming: Piece | None = None  # the second half of a mix that stands in the playlist as an entry
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
                    mixes.append(Mix(at, piece.end, None, "", True))
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
            inner = [(track, self.source(track)) for track in tracks_of(source)]
            return max((self.length(one, track) for track, one in inner if one is not None), default=0)
        return self.frames(properties(source).get("length"), 0)

    def piece(self, source: Element, holder: Element, at: int) -> Piece:
        first = self.frames(holder.get("in"), self.frames(source.get("in")))
        fades = [fade for fade in (fade_of(element, self.rate) for element in holder.iterfind("filter")) if fade]
        return Piece(
            source,
            holder,
            first,
            at,
            at + max(0, self.length(source, holder) - first),
            next((fade for fade in fades if fade.rising), None),
            next((fade for fade in fades if not fade.rising), None),
        )

    def halves(self, source: Element, at: int) -> tuple[Piece, Piece] | None:
        """The two sides of a dissolve that melt and Shotcut write as a tractor of two producers."""
        if source.tag != "tractor" or not any(self.mix(one) for one in source.iterfind("transition")):
            return None
        sides = [(track, self.source(track)) for track in tracks_of(source)]
        if len(sides) != 2:
            return None
        (out, before), (into, after) = sides
        if before is None or after is None or not {before.tag, after.tag} <= {"producer", "chain"}:
            return None
        return self.piece(before, out, at), self.piece(after, into, at)

    def mix(self, element: Element) -> Mix | None:
        own = properties(element)
        if own.get("internal_added") or own.get("always_active") == "1":
            return None
        start, end = self.frames(element.get("in")), self.frames(element.get("out")) + 1
        cut = own.get("kdenlive:mixcut")
        name = own.get("kdenlive_id") or own.get("mlt_service", "")
        dissolve = name in _DISSOLVES and not own.get("resource")
        return Mix(start, end, self.frames(cut) if cut else None, name, dissolve, element)


def tracks_of(tractor: Element) -> list[Element]:
    return [*tractor.iterfind("track"), *tractor.iterfind("multitrack/track")]


def is_background(source: Element) -> bool:
    """The black below the lowest track, which Kdenlive and Shotcut write as a track."""
    own = properties(source)
    names = (source.get("id"), own.get("kdenlive:playlistid"))
    return "black_track" in names or (source.tag == "playlist" and source.get("id") == "background")


def kinds_of(source: Element, holder: Element) -> tuple[str, ...]:
    """A track of Kdenlive has pictures or sound; one of melt or Shotcut both, as far as nothing is hidden."""
    own, hide = properties(source), holder.get("hide", "")
    inner = {track.get("hide", "") for track in tracks_of(source)} if source.tag == "tractor" else set()
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


def _follows(before: Piece, after: Piece) -> bool:
    return before.media == after.media and before.first + before.end - before.start == after.first
