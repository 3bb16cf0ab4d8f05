"""One track of a Kdenlive project taken apart: its entries at the frames of the cut, and what joins them.

In the file a track is two playlists. Clips that a mix joins lie over each other, one on each; here each clip has the
frames that the cut gives it, and a join says how far the two reach over the cut point.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from xml.etree.ElementTree import Element

from secondunit_bridge.errors import HostError
from secondunit_timeline.formats.kdenlive_bin import put, span
from secondunit_timeline.formats.mlt_producers import fade_of, frames_in
from secondunit_timeline.formats.mlt_tracks import Row, Tracks, tracks_of

from secondunit_plugin.hosts.strips import Kind, Transition


@dataclass(slots=True)
class Placed:
    """The frames [start, start + frames) of the cut, the first of which shows the producer's position `first`."""

    entry: Element
    producer: Element
    first: int
    start: int
    frames: int

    @property
    def end(self) -> int:
        return self.start + self.frames


@dataclass(frozen=True, slots=True)
class Join:
    """A mix from `into` frames before the cut point `at` to `out` frames after it; `element` as the file has it."""

    at: int
    into: int
    out: int
    element: Element


@dataclass(frozen=True, slots=True)
class Span:
    """A clip as it lies on a playlist, on [start, end) of the cut from the producer's position `first` on.

    `joined`: the mix with the clip before.
    """

    id: str
    start: int
    end: int
    first: int
    joined: Join | None


@dataclass(slots=True)
class Lane:
    """`number` as the timeline's transitions count tracks; 0 is the black below."""

    name: str
    kind: Kind
    number: int
    holder: Element
    tractor: Element
    lists: tuple[Element, ...]
    """Two, of a track that Kdenlive wrote."""
    rate: Fraction
    clips: dict[str, Placed]
    joins: list[Join]
    changed: bool = False
    put_away: list[tuple[Transition, list[Element]]] = field(default_factory=list)
    """What transitions were made of that were taken off; those that come back come back as they were."""

    @classmethod
    def of(cls, row: Row, name: str, ids: Iterable[str], elements: Tracks) -> "Lane":
        """`ids`: of its pieces, in order."""
        starts, ends, mixes = row.cut_points()
        clips = {
            own: Placed(piece.entry, piece.producer, piece.first + start - piece.start, start, end - start)
            for own, piece, start, end in zip(ids, row.pieces, starts, ends, strict=True)
        }
        joins = []
        for number, mix in mixes.items():
            left, right, at = row.pieces[number - 1], row.pieces[number], starts[number]
            if mix is not None and mix.element is not None and right.start <= at <= left.end:
                joins.append(Join(at, at - right.start, left.end - at, mix.element))
        kind = Kind.PICTURE if row.kinds[0] == "Video" else Kind.SOUND
        inner = [elements.source(one) for one in tracks_of(row.source)] if row.source.tag == "tractor" else []
        lists = tuple(one for one in inner if one is not None and one.tag == "playlist")
        return cls(name, kind, row.number, row.holder, row.source, lists, elements.rate, clips, joins)

    def take_off(self, transition: Transition) -> None:
        self.changed = True
        removed: list[Element] = []
        if transition.left is not None and transition.right is not None:
            for join in [one for one in self.joins if one.at == transition.at]:
                self.joins.remove(join)
                removed.append(join.element)
        else:
            placed = self.clips[transition.left or transition.right or ""]
            for fade in self._fades(placed.entry, rising=transition.right is not None):
                placed.entry.remove(fade)
                removed.append(fade)
        self.put_away.append((transition, removed))

    def put_on(self, transition: Transition) -> None:
        self.changed = True
        kept = next((elements for one, elements in self.put_away if _alike(one, transition)), [])
        sound = self.kind is Kind.SOUND
        if transition.left is not None and transition.right is not None:
            element = kept[0] if kept else _mix(sound)
            self.joins.append(Join(transition.at, transition.into, transition.out, element))
            return
        rising = transition.right is not None
        placed = self.clips[transition.left or transition.right or ""]
        reach = transition.into if rising else transition.out
        if reach:
            raise HostError(
                f"a fade at frame {transition.at} of {self.name} reaches {reach} frames into a gap, which Kdenlive "
                "cannot do: let it end at the clip's edge"
            )
        length = max(1, transition.into + transition.out)
        placed.entry.extend(kept or [_fade(length, rising, sound)])

    def without_fades(self, entry: Element, *, rising: bool) -> None:
        for fade in self._fades(entry, rising):
            entry.remove(fade)

    def _fades(self, entry: Element, rising: bool) -> list[Element]:
        found = ((element, fade_of(element, self.rate)) for element in entry.iterfind("filter"))
        return [element for element, fade in found if fade is not None and fade.rising == rising]

    def spans(self) -> Iterator[Span]:
        """By time, with what reaches over the cut points."""
        joins = {join.at: join for join in self.joins}
        end: int | None = None
        for name, placed in sorted(self.clips.items(), key=lambda one: one[1].start):
            before = joins.get(placed.start) if end == placed.start else None
            after = joins.get(placed.end)
            early, late = before.into if before else 0, after.out if after else 0
            yield Span(name, placed.start - early, placed.end + late, placed.first - early, before)
            end = placed.end

    def laid_out(self) -> tuple[tuple[list[Span], list[Span]], list[Element]]:
        """What lies on each playlist, in order, and the mixes between them; writes the entries. Raises HostError."""
        if len(self.lists) != 2:
            raise HostError(
                f"track {self.name} is not built as Kdenlive builds tracks: open the project there and save it"
            )
        sides: tuple[list[Span], list[Span]] = ([], [])
        mixes: list[Element] = []
        side = 0
        for one in self.spans():
            if one.first < 0:
                raise HostError(
                    f"{self.name}: the transition at frame {one.start} needs {-one.first} more frames of media "
                    "before the clip there: shorten the transition"
                )
            side = 1 - side if one.joined is not None else 0  # elsewhere Kdenlive says that it repairs the project
            if one.joined is not None:
                mixes.append(self._positioned(one.joined, side))
            self._trim(self.clips[one.id].entry, one.first, one.end - one.start)
            sides[side].append(one)
        return sides, mixes

    def _positioned(self, join: Join, side: int) -> Element:
        element = join.element
        element.attrib.update(span(join.at - join.into, max(1, join.into + join.out)))
        own = {"kdenlive:mixcut": str(join.out), "reverse": str(int(side == 0))}
        for one in [one for one in element.iterfind("property") if one.get("name") in own]:
            element.remove(one)
        put(element, own)
        return element

    def _trim(self, entry: Element, first: int, frames: int) -> None:
        """Writes what the entry shows; fades, and effects from end to end, go with its ends."""
        before = tuple(frames_in(entry.get(key), self.rate) for key in ("in", "out"))
        for element in entry.iterfind("filter"):
            fade = fade_of(element, self.rate)
            length = min(fade.frames, frames) if fade is not None else frames
            if fade is not None:
                element.attrib.update(span(first if fade.rising else first + frames - length, length))
            elif "out" in element.attrib and before == tuple(
                frames_in(element.get(key), self.rate) for key in ("in", "out")
            ):
                element.attrib.update(span(first, frames))
        entry.attrib.update(span(first, frames))


def _alike(before: Transition, after: Transition) -> bool:
    """Whether what one was made of makes the other: the same mix or fade, on at least one of the same clips."""
    same = (before.into, before.out, before.kind, before.name) == (after.into, after.out, after.kind, after.name)
    sides = [(before.left, after.left), (before.right, after.right)]
    return same and any(one == other and one is not None for one, other in sides)


def _mix(sound: bool) -> Element:
    element = Element("transition")
    service = "mix" if sound else "luma"
    put(element, {"a_track": 0, "b_track": 1, "mlt_service": service, "kdenlive_id": service})
    put(element, {"start": -1, "accepts_blanks": 1} if sound else {"softness": 0, "alpha_over": 1})
    return element


def _fade(length: int, rising: bool, sound: bool) -> Element:
    """Kdenlive's; what positions it counts from is written when its clip is."""
    element = Element("filter", span(0, length))
    if sound:
        put(element, {"mlt_service": "volume", "kdenlive_id": "fadein" if rising else "fadeout"})
        put(element, {"gain": 0, "end": 1} if rising else {"gain": 1, "end": 0})
    else:
        put(element, {"mlt_service": "brightness", "kdenlive_id": "fade_from_black" if rising else "fade_to_black"})
        put(element, {"level": 1, "alpha": f"0={int(not rising)};{length}={int(rising)}"})
    return element
