"""One track taken apart for editing: items, the transitions between them and exact times, on plain lists."""

from fractions import Fraction
from math import gcd, lcm
from typing import NamedTuple

import numpy as np
import opentimelineio as otio
from numpy.typing import NDArray
from secondunit_bridge.errors import CutError, ShotNotFound
from secondunit_bridge.rates import FrameTime, can_drop_frames, format_timecode

from secondunit_timeline import ranges
from secondunit_timeline.changes import Splice, Written
from secondunit_timeline.index import TrackIndex
from secondunit_timeline.operations import Transitions
from secondunit_timeline.retimes import handles_of, speed_of
from secondunit_timeline.times import (
    Frames,
    frames_of,
    frames_text,
    simple,
    time_range,
)


class Note(NamedTuple):
    """A line of an edit: what happened on a track at a record timecode, to how many frames of what."""

    track: str
    at: FrameTime
    verb: str
    frames: Frames
    name: str


class Strip:
    """A track taken apart: items in `children`, the transition before each in `leads` (one more, after the last).

    The track itself is never changed: an item that an edit writes into is a copy, made by `own`. Times are kept in
    ticks, whole parts of a frame that all lengths on this track share, so that numpy can hold them.
    """

    def __init__(self, index: TrackIndex, start: FrameTime, transitions: Transitions, notes: list[Note]) -> None:
        """`start`: the timecode of the cut's first frame, at the cut's rate. `notes`: where `note` writes."""
        self.track, self.name, self.transitions = index.track, index.name, transitions
        self._notes = notes
        self._start, self.rate = start.frame, start.rate
        self._index = index
        self.children, self.leads = list(index.children), list(index.leads)
        self._has_leads = any(lead is not None for lead in self.leads)
        lengths = index.lengths
        self._ticks = lcm(*{length.denominator for length in lengths if type(length) is not int})
        if self._ticks != 1:
            lengths = [int(length * self._ticks) for length in lengths]
        # 64 bits hold any cut with common rates; where the common denominator is too large, Python's integers do.
        large = sum(lengths) >= 1 << 62
        self._room: NDArray[np.int64] = np.cumsum(np.array([0, *lengths], dtype=object if large else np.int64))
        self._starts = self._room
        """When each item starts, and the end; the front of `_room`, which grows in steps."""
        # What an operation changes is kept as it was and written down when all is done: the track's own children look
        # the same then, of what was put in a copy is kept.
        self._kept = {*map(id, self.children), *map(id, self.leads)}
        self._current: dict[int, Written] = {}
        self._before: list[tuple[otio.core.Composable | None, Written | None]] | None = None
        self._touched_from = self._left_behind = 0
        """Items before and behind what this operation has touched."""

    def touch(self, lo: int, hi: int) -> None:
        """Has to be called before the items [lo, hi), or the transitions on their cut points, are changed."""
        n = len(self.children)
        if self._before is None:
            self._before = [self._remember(self.leads[lo]), *self._remembered_after(lo, hi)]
            self._touched_from, self._left_behind = lo, n - hi
            return
        if lo < self._touched_from:
            pairs = zip(self.leads[lo : self._touched_from], self.children[lo : self._touched_from], strict=True)
            self._before[:0] = [self._remember(one) for pair in pairs for one in pair]
            self._touched_from = lo
        if n - hi < self._left_behind:
            self._before += self._remembered_after(n - self._left_behind, hi)
            self._left_behind = n - hi

    def _remembered_after(self, lo: int, hi: int) -> list[tuple[otio.core.Composable | None, Written | None]]:
        pairs = zip(self.children[lo:hi], self.leads[lo + 1 : hi + 1], strict=True)
        return [self._remember(one) for pair in pairs for one in pair]

    def _remember(self, child: otio.core.Composable | None) -> tuple[otio.core.Composable | None, Written | None]:
        if child is None:
            return None, None
        written = self._current.pop(id(child), None) or Written(child)
        if id(child) not in self._kept:
            written.source = child.deepcopy()
        return child, written

    def own(self, i: int) -> otio.core.Item:
        """Item `i`, to be changed: a copy of the track's."""
        self.touch(i, i + 1)
        child = self.children[i]
        if id(child) in self._kept:
            child = self.children[i] = child.deepcopy()
        return child

    def take_splice(self, tracks: list[otio.schema.Track]) -> Splice | None:
        """What was touched since the last call; `tracks` are all of the cut."""
        before = self._before
        if before is None:
            return None
        self._before = None
        lo, hi = self._touched_from, len(self.children) - self._left_behind
        after: list[otio.core.Composable | None] = [self.leads[lo]]
        for k in range(lo, hi):
            after += (self.children[k], self.leads[k + 1])
        position = lo + lo - self.leads[:lo].count(None) if self._has_leads else lo
        if before[0][0] is after[0]:  # the transition there, or none: the same as before
            position += after[0] is not None
            del before[0], after[0]
        if before and after and before[-1][0] is self.leads[hi]:
            del before[-1], after[-1]
        number = next(number for number, track in enumerate(tracks) if track is self.track)
        added = []
        for child in after:
            if child is not None:
                written = self._current.get(id(child))
                if written is None:
                    written = self._current[id(child)] = Written(child)
                added.append(written)
        return Splice(number, position, tuple(one for _, one in before if one is not None), tuple(added))

    def _to_ticks(self, frames: Frames) -> int:
        if self._ticks % frames.denominator:
            factor = frames.denominator // gcd(frames.denominator, self._ticks)
            if int(self._starts[-1]) * factor >= 1 << 62:
                self._starts = self._starts.astype(object)
            self._room = self._starts = self._starts * factor
            self._ticks *= factor
        return int(frames * self._ticks)

    def _to_frames(self, ticks: int) -> Frames:
        return ticks if self._ticks == 1 else simple(Fraction(ticks, self._ticks))

    @property
    def end(self) -> Frames:
        return self._to_frames(int(self._starts[-1]))

    def start(self, i: int) -> Frames:
        return self._to_frames(int(self._starts[i]))

    def length(self, i: int) -> Frames:
        return self._to_frames(int(self._starts[i + 1] - self._starts[i]))

    def timecode(self, frame: Frames) -> str:
        return format_timecode(FrameTime(self._start + int(frame), self.rate), can_drop_frames(self.rate))

    def is_gap(self, i: int) -> bool:
        return isinstance(self.children[i], otio.schema.Gap)

    def gap(self, frames: Frames) -> otio.schema.Gap:
        return otio.schema.Gap(source_range=time_range(0, frames, self.rate))

    def position(self, frame: Frames) -> int:
        """The item on `frame`; as many as there are items when it lies past the end."""
        ticks = self._to_ticks(frame)  # first: it may change the starts
        return int(np.searchsorted(self._starts, ticks, side="right")) - 1

    def touched_by(self, start: Frames, end: Frames) -> tuple[int, int]:
        """The items that [start, end) touches, as [lo, hi)."""
        if start >= self.end or end <= start:
            return 0, 0
        lo, hi = self.position(start), self.position(end)
        return lo, hi + (hi < len(self.children) and self.start(hi) < end)

    def joined_by(self, start: Frames, end: Frames) -> tuple[str, str]:
        """The names of the clips that [start, end) lies between, or covers the end and the start of; else refused."""
        lo, hi = self.touched_by(start, end)
        before = lo if lo < hi and self.start(lo) < start else lo - 1
        after = hi - 1 if lo < hi and self.start(hi) > end else hi
        whole = [k for k in range(before + 1, after) if not self.is_gap(k)]
        sides = [k for k in (before, after) if 0 <= k < len(self.children) and not self.is_gap(k)]
        beside = after - before > 1 and (self.start(before + 1), self.start(after)) != (start, end)
        if whole or before == after or len(sides) < 2 or beside:
            raise CutError(
                f"{self.name} {self.timecode(start)}: {frames_text(end - start)} frames there do not lie over the cut "
                "between two clips, nor over the gap between two: a join has to"
            )
        return self.children[before].name, self.children[after].name

    def shot(self, frame: Frames) -> int:
        i = self.position(frame)
        if i < len(self.children) and isinstance(self.children[i], otio.schema.Clip):
            return i
        raise ShotNotFound(f"{self.name} {self.timecode(frame)}: there is no clip: give a frame inside the shot")

    def own_range(self, i: int) -> otio.core.Item:
        """Item `i`, to be changed, with the range that it plays written down where it has none."""
        child = self.own(i)
        if child.source_range is None:
            child.source_range = child.trimmed_range()
        return child

    def splice(
        self,
        lo: int,
        hi: int,
        new: list[tuple[otio.core.Item, Frames]],
        first: otio.schema.Transition | None,
        last: otio.schema.Transition | None,
    ) -> None:
        """Puts `new` in place of [lo, hi), with the transitions on its outer cut points; the rest moves along."""
        self.touch(lo, hi)
        ticks = [self._to_ticks(length) for _, length in new]
        base, after = int(self._starts[lo]), int(self._starts[hi])
        inner, end = [], base
        for length in ticks:
            inner.append(end)
            end += length
        tail = self._starts[hi:] + (end - after)
        size = lo + len(inner) + len(tail)
        if size > len(self._room):
            self._room = np.empty(size + size // 4, self._starts.dtype)
            self._room[:lo] = self._starts[:lo]
        self._room[lo : lo + len(inner)] = inner
        self._room[lo + len(inner) : size] = tail
        self._starts = self._room[:size]
        self.children[lo:hi] = [child for child, _ in new]
        if new:
            self.leads[lo : hi + 1] = [first, *[None] * (len(new) - 1), last]
        else:
            self.leads[lo : hi + 1] = [first if first is not None else last]

    def cut_at(self, frame: Frames, tail: bool = False) -> int:
        """Makes `frame` a cut point, with a gap before it past the track's end; the item that starts there.

        `tail`: what ends there stays, and is looked at for a cut between its media's frames, instead of what begins.
        """
        if (missing := frame - self.end) > 0:
            n = len(self.children)
            self.splice(n, n, [(self.gap(missing), missing)], self.leads[n], None)
            return n + 1
        i = self.position(frame)
        if i == len(self.children) or (offset := frame - self.start(i)) == 0:
            return i
        rest = self.length(i) - offset
        speed = self.prepare_cut(i, frame)
        left = self.children[i]
        right = left.deepcopy()
        ranges.shorten(left, offset, self.rate)
        ranges.advance(right, offset, rest, self.rate, speed)
        self.report_between(left if tail else right, offset, frame, tail)
        self.splice(i, i + 1, [(left, offset), (right, rest)], self.leads[i], self.leads[i + 1])
        return i + 1

    def prepare_cut(self, i: int, frame: Frames) -> Fraction:
        """The speed of an item that is about to be cut."""
        child = self.children[i]
        speed = speed_of(child)
        if speed is None:
            raise CutError(
                f"{self.name} {self.timecode(frame)}: {child.name!r} has a speed ramp and cannot be split: "
                "render it, or remove the ramp"
            )
        self.own_range(i)
        return speed

    def note(self, frame: Frames, verb: str, frames: Frames, name: str) -> None:
        """Writes down what happened at `frame` of the cut."""
        self._notes.append(Note(self.name, FrameTime(self._start + int(frame), self.rate), verb, frames, name))

    def note_dropped(self, lo: int, hi: int) -> None:
        """Writes down that the transitions on the cut points `lo` up to, not including, `hi` go."""
        for k in range(lo, hi):
            if (lead := self.leads[k]) is not None:
                length = frames_of(lead.in_offset, self.rate) + frames_of(lead.out_offset, self.rate)
                self.note(self.start(k), "drop transition", length, lead.name)

    def set_length(self, i: int) -> None:
        """Writes the planned length of a gap into it."""
        self.own(i).source_range = time_range(0, self.length(i), self.rate)

    def where(self, i: int) -> str:
        return f"{self.name} {self.timecode(self.start(i))}: {self.children[i].name or 'the gap'!r}"

    def resize(self, i: int, head: Frames, tail: Frames) -> Frames:
        """Item `i` grows by `head` and `tail` frames, or shrinks; its length then, for `relength` or `splice`."""
        length = self.length(i) + head + tail
        if length <= 0:
            raise CutError(
                f"{self.where(i)} lasts {frames_text(self.length(i))} frames, {frames_text(1 - length)} too few: "
                "move the edit point by less, or lift the clip"
            )
        if self.is_gap(i):
            self.own(i).source_range = time_range(0, length, self.rate)
            return length
        speed = self.prepare_cut(i, self.start(i))
        child = self.children[i]
        for growth, handle, end in zip((head, tail), handles_of(child, self.rate), ("head", "tail"), strict=True):
            if growth > 0 and handle is not None and growth > handle:
                raise CutError(
                    f"{self.where(i)} has {frames_text(max(0, handle))} frames beyond its {end}, "
                    f"{frames_text(growth - max(0, handle))} are missing: move it by less, or extend the shot"
                )
        if tail < 0:
            ranges.shorten(child, self.length(i) + tail, self.rate)
        if head < 0:
            ranges.advance(child, -head, length - max(tail, 0), self.rate, speed)
        for growth, at_head in ((head, True), (tail, False)):
            if growth > 0:
                ranges.grow(child, growth, at_head, self.rate)
        if head:
            self.report_between(child, head, self.start(i) - head)
        if tail:
            self.report_between(child, tail, self.start(i + 1) + tail, tail=True)
        return length

    def relength(self, lo: int, lengths: list[Frames]) -> None:
        """Items from `lo` on last `lengths`; their transitions stay."""
        hi = lo + len(lengths)
        leads = self.leads[lo : hi + 1]
        self.splice(lo, hi, list(zip(self.children[lo:hi], lengths, strict=True)), leads[0], leads[-1])
        self.leads[lo : hi + 1] = leads

    def report_between(self, item: otio.core.Item, offset: Frames, at: Frames, tail: bool = False) -> None:
        """Notes an in point, or at the `tail` an out point, that moved by `offset` and lies between media frames."""
        point = ranges.between_frames(item, offset, tail, self.rate)
        if point is not None:
            length = frames_of(item.source_range.duration, self.rate)
            where = "ends" if tail else "begins"
            self.note(at, f"{where} between source frames, at {frames_text(point)},", length, item.name)

    def write(self, copy: otio.schema.Track) -> None:
        """Makes `copy`, a copy of the track, hold what this one holds now, in one slice assignment."""
        old = self._in_order(self._index.children, self._index.leads)
        new = self._in_order(self.children, self.leads)
        shorter = min(len(old), len(new))
        head = next((k for k in range(shorter) if old[k] is not new[k]), shorter)
        tail = next((k for k in range(shorter - head) if old[-1 - k] is not new[-1 - k]), shorter - head)
        changed = max(len(old), len(new)) - head - tail
        if not changed:
            return
        if changed * (tail + 1) > 4 * len(new):
            # OTIO moves the tail for every item put before it; where nothing follows, it only appends.
            head = tail = 0
        copies = list(copy)
        places = {id(child): place for place, child in enumerate(old)}
        copy[head : len(old) - tail] = [
            child if (place := places.get(id(child))) is None else copies[place]
            for child in new[head : len(new) - tail]
        ]

    def _in_order(
        self, children: list[otio.core.Item], leads: list[otio.schema.Transition | None]
    ) -> list[otio.core.Composable]:
        if not self._has_leads:
            return list(children)
        pairs = zip(leads, [*children, None], strict=True)
        return [one for pair in pairs for one in pair if one is not None]
