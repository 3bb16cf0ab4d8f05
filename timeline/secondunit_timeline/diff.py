"""What lies between two cuts, as an edit that turns the first into the second."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

import opentimelineio as otio
import orjson
from secondunit_bridge.errors import CutError
from secondunit_bridge.rates import FrameTime

from secondunit_timeline.changes import Change, Edit, Primitive, Properties, Splice, Written
from secondunit_timeline.documents import plain
from secondunit_timeline.index import cut_rate, lengths_of, named_tracks
from secondunit_timeline.times import Frames, frames_of


def diff(a: otio.schema.Timeline, b: otio.schema.Timeline) -> Edit:
    """The edit for which `apply(diff(a, b), a)` is `b` to the byte; empty where they are equal."""
    old, new = _Text(a), _Text(b)
    changes = [
        Change(
            "cut",
            None,
            f"change {_keys(before, after)}",
            0,
            b.name,
            (Properties(of, _written(before), _written(after)),),
        )
        for of, before, after in (("cut", old.own, new.own), ("tracks", old.stack, new.stack))
        if before != after
    ]
    names = [name for _, name in named_tracks(b)]
    # Tracks of the same name and kind are the same track; what lies between two such pairs came or went.
    gone = [track.key for track in old.tracks]
    come = [track.key for track in new.tracks]
    pairs: list[tuple[int, int]] = []
    at = [0, 0]
    for lo, hi, new_lo, new_hi in [*_hunks(gone, come), (len(gone), len(gone), len(come), len(come))]:
        pairs += zip(range(at[0], lo), range(at[1], new_lo), strict=True)
        at = [hi, new_hi]
        removed, added = old.tracks[lo:hi], new.tracks[new_lo:new_hi]
        if removed or added:
            splice = Splice(
                None, new_lo, _texts(track.text for track in removed), _texts(track.text for track in added)
            )
            verb = "replace tracks" if removed and added else "add tracks" if added else "remove tracks"
            name = ", ".join(str(track.key[0]) for track in added or removed)
            changes.append(Change("cut", None, verb, 0, name, (splice,)))
    for one, other in pairs:
        changes += _track_changes(old.tracks[one], new.tracks[other], other, names[other], (a, one), b)
    return Edit(changes)


@dataclass(frozen=True, slots=True)
class _TrackText:
    """`own`: what the track says about itself; `children`: the text of each, without its braces."""

    own: Any
    children: list[str]
    text: str

    @property
    def key(self) -> tuple[str, str]:
        return str(self.own.get("name")), str(self.own.get("kind"))


class _Text:
    """A cut's JSON, taken apart by its indentation: comparing text costs a tenth of comparing objects.

    JSON holds no line breaks inside strings, so that a line's indentation says at which depth it lies. OTIO writes
    unknown fields first, and behind the children only a track's kind.
    """

    def __init__(self, cut: otio.schema.Timeline) -> None:
        text = cut.to_json_string(1)
        opening, closing = '\n "tracks": {', "\n }\n}"
        begin = text.index(opening) + len(opening)
        self.own = plain(text[: begin - len(opening)].rstrip(",") + "}")
        self.stack, tracks = _split(text, begin, len(text) - len(closing), 1)
        self.tracks = [_TrackText(*_split(track, 0, len(track), 3), track) for track in tracks]


def _split(text: str, lo: int, hi: int, depth: int) -> tuple[Any, list[str]]:
    """What the object between the braces around [lo, hi) says about itself, and the text of each of its children."""
    line = "\n" + " " * (depth + 1)
    begin = text.find(key := f'{line}"children": [', lo, hi) + len(key)
    if begin < len(key):
        return plain(f"{{{text[lo:hi]}}}"), []
    end = begin if text[begin] == "]" else text.rindex(f"{line}]", begin, hi)
    own = plain(f"{{{text[lo:begin]}{text[end:hi]}}}")
    del own["children"]
    first, between = f"{line} {{", f"{line} }},{line} {{"
    return own, text[begin + len(first) : end - len(first)].split(between) if end > begin else []


def _hunks(a: Sequence[Any], b: Sequence[Any]) -> Iterator[tuple[int, int, int, int]]:
    """Where `a` and `b` differ, as [lo, hi) in each: patience diff, with equal ends of every part left out."""
    lo, hi, new_lo, new_hi = _trimmed(a, b, 0, len(a), 0, len(b))
    anchors = [(i + lo, j + new_lo) for i, j in _anchors(a[lo:hi], b[new_lo:new_hi])]
    for (first, new_first), (last, new_last) in pairwise([(lo - 1, new_lo - 1), *anchors, (hi, new_hi)]):
        hunk = _trimmed(a, b, first + 1, last, new_first + 1, new_last)
        if hunk[0] < hunk[1] or hunk[2] < hunk[3]:
            yield hunk


def _trimmed(
    a: Sequence[Any], b: Sequence[Any], lo: int, hi: int, new_lo: int, new_hi: int
) -> tuple[int, int, int, int]:
    while lo < hi and new_lo < new_hi and a[lo] == b[new_lo]:
        lo, new_lo = lo + 1, new_lo + 1
    while lo < hi and new_lo < new_hi and a[hi - 1] == b[new_hi - 1]:
        hi, new_hi = hi - 1, new_hi - 1
    return lo, hi, new_lo, new_hi


def _anchors(a: Sequence[Any], b: Sequence[Any]) -> list[tuple[int, int]]:
    """What occurs once on each side, as the longest series that is in order on both."""
    counts, others = Counter(a), Counter(b)
    places = {one: i for i, one in enumerate(b) if others[one] == 1}
    common = [(i, places[one]) for i, one in enumerate(a) if counts[one] == 1 and one in places]
    ends: list[int] = []
    last: list[int] = []
    back: list[int] = []
    for k, (_, j) in enumerate(common):
        length = bisect_left(ends, j)
        back.append(last[length - 1] if length else -1)
        ends[length : length + 1] = [j]
        last[length : length + 1] = [k]
    series: list[tuple[int, int]] = []
    k = last[-1] if last else -1
    while k >= 0:
        series.append(common[k])
        k = back[k]
    return series[::-1]


def _track_changes(
    old: _TrackText,
    new: _TrackText,
    number: int,
    name: str,
    before: tuple[otio.schema.Timeline, int],
    b: otio.schema.Timeline,
) -> Iterator[Change]:
    if old.own != new.own:
        primitive: Primitive = Properties(number, _written(old.own), _written(new.own))
        yield Change(name, None, f"change {_keys(old.own, new.own)}", 0, name, (primitive,))
    if old.children == new.children:
        return
    hunks = list(_hunks(old.children, new.children))
    times = _Times(b, number, name)
    old_times = _Times(*before, name) if any(new_lo == new_hi for _, _, new_lo, new_hi in hunks) else times
    for lo, hi, new_lo, new_hi in hunks:
        removed, added = _texts(old.children[lo:hi]), _texts(new.children[new_lo:new_hi])
        frames = times.between(new_lo, new_hi) if added else old_times.between(lo, hi)
        verb = "replace" if removed and added else "insert" if added else "remove"
        if len(removed) == len(added) == 1 and removed[0].json.get("name") == added[0].json.get("name"):
            verb = f"change {_keys(removed[0].json, added[0].json)}"
        shown = ", ".join(_name(one.json) for one in added or removed)
        yield Change(name, times.record(new_lo), verb, frames, shown, (Splice(number, new_lo, removed, added),))


class _Times:
    """Record times on one track; none where the cut does not say its rate."""

    def __init__(self, cut: otio.schema.Timeline, number: int, name: str) -> None:
        self._starts: list[Frames] = []
        try:
            self._rate = cut_rate(cut)
            start = cut.global_start_time
            self._first = frames_of(start, self._rate) if start is not None else 0
            children = list(cut.tracks[number])
            items = [child for child in children if not isinstance(child, otio.schema.Transition)]
            lengths = lengths_of(items, self._rate, name)
            if len(items) < len(children):
                each = iter(lengths)
                lengths = [0 if isinstance(child, otio.schema.Transition) else next(each) for child in children]
            self._starts = list(accumulate(lengths, initial=0))
        except CutError:
            pass

    def record(self, position: int) -> FrameTime | None:
        return FrameTime(int(self._first + self._starts[position]), self._rate) if self._starts else None

    def between(self, lo: int, hi: int) -> Frames:
        return self._starts[hi] - self._starts[lo] if self._starts else 0


def _name(child: Any) -> str:
    return str(child.get("name") or str(child["OTIO_SCHEMA"]).partition(".")[0].lower())


def _keys(before: Any, after: Any) -> str:
    return ", ".join(key for key in {**before, **after} if before.get(key) != after.get(key))


def _written(value: Any) -> Written:
    return Written(None, value)


def _texts(texts: Iterator[str] | Sequence[str]) -> tuple[Written, ...]:
    return tuple(Written(None, orjson.loads(f"{{{text}}}")) for text in texts)
