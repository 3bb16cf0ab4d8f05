"""One track taken apart for editing: items, the transitions between them and exact times, on plain lists."""

from enum import StrEnum
from fractions import Fraction
from math import gcd, lcm
from typing import NamedTuple

import numpy as np
import opentimelineio as otio
from numpy.typing import NDArray
from secondunit_bridge.errors import CutError, ShotNotFound
from secondunit_bridge.rates import FrameTime, can_drop_frames, format_timecode

from secondunit_timeline.changes import Splice, Written
from secondunit_timeline.index import lengths_of, parts_of
from secondunit_timeline.retimes import handles_of, speed_of
from secondunit_timeline.times import (
    Frames,
    exact,
    frames_of,
    frames_text,
    rate_of,
    rational_time,
    rescaled,
    simple,
    time_range,
)


class Transitions(StrEnum):
    """What becomes of a transition that an edit leaves without the frames that it needs."""

    REFUSE = "refuse"
    SHORTEN = "shorten"
    DROP = "drop"


class Lead(NamedTuple):
    """A transition, the record frame of its cut point and its length."""

    name: str
    at: Frames
    frames: Frames


class Strip:
    """A track taken apart: items in `children`, the transition before each in `leads` (one more, after the last).

    Times are kept in ticks, whole parts of a frame that all lengths on this track share, so that numpy can hold them.
    """

    def __init__(
        self,
        track: otio.schema.Track,
        name: str,
        start: FrameTime,
        source: otio.schema.Track | None = None,
        transitions: Transitions = Transitions.REFUSE,
    ) -> None:
        """`start`: the timecode of the cut's first frame, at the cut's rate. `source`: what `track` is a copy of."""
        self.track, self.name = track, name
        self._transitions = transitions
        self.reports: list[tuple[Frames, str, Frames, str]] = []
        """What happened besides the operation itself: (frame, what, frames, name)."""
        self._start, self.rate = start.frame, start.rate
        self._original: list[otio.core.Composable] = list(track)
        self.children, self.leads = parts_of(self._original, name)
        self._has_leads = len(self.children) < len(self._original)
        lengths = lengths_of(self.children, self.rate, name)
        self._ticks = lcm(*{length.denominator for length in lengths if type(length) is not int})
        if self._ticks != 1:
            lengths = [int(length * self._ticks) for length in lengths]
        # 64 bits hold any cut with common rates; where the common denominator is too large, Python's integers do.
        large = sum(lengths) >= 1 << 62
        self._room: NDArray[np.int64] = np.cumsum(np.array([0, *lengths], dtype=object if large else np.int64))
        self._starts = self._room
        """When each item starts, and the end; the front of `_room`, which grows in steps."""
        # What an operation changes is kept as it was. A child that nobody has touched looks as it does in the track
        # that this one is a copy of, which is read when all is done; any other is read before it changes.
        self._source = source
        self._untouched = {} if source is None else {id(child): k for k, child in enumerate(self._original)}
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
        position = self._untouched.pop(id(child), None)
        if position is not None and self._source is not None:
            return child, Written(self._source[position])
        written = self._current.pop(id(child), None) or Written(child)
        if written.source is not None:
            Written.keep([written])
        return child, written

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

    def shot(self, frame: Frames) -> int:
        i = self.position(frame)
        if i < len(self.children) and isinstance(self.children[i], otio.schema.Clip):
            return i
        raise ShotNotFound(f"{self.name} {self.timecode(frame)}: there is no clip: give a frame inside the shot")

    def own_range(self, i: int) -> None:
        """Writes down the range that an item without a source range plays, so that it can be changed."""
        child = self.children[i]
        self.touch(i, i + 1)
        if child.source_range is None:
            child.source_range = child.trimmed_range()

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

    def cut_at(self, frame: Frames) -> int:
        """Makes `frame` a cut point, with a gap before it past the track's end; the item that starts there."""
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
        _shorten(left, offset, self.rate)
        self._advance(i, right, offset, rest, speed)
        self.splice(i, i + 1, [(left, offset), (right, rest)], self.leads[i], self.leads[i + 1])
        return i + 1

    def replace(self, at: Frames, frames: Frames, child: otio.core.Item) -> list[Lead]:
        """Puts `child` over [at, at + frames); what is there is shortened or goes. The transitions that went."""
        end = min(at + frames, self.end)
        i = self.position(at) if at < self.end else self.cut_at(at)
        j = self.position(end) if at < self.end else i
        if i == j < len(self.children) and at > self.start(i):
            i = self.cut_at(at)
            j = self.position(end)
        new: list[tuple[otio.core.Item, Frames]] = [(child, frames)]
        hi = j
        if (kept := at - self.start(i)) > 0:
            self.prepare_cut(i, at)
            _shorten(self.children[i], kept, self.rate)
            new.insert(0, (self.children[i], kept))
        if (covered := end - self.start(j)) > 0:
            speed = self.prepare_cut(j, end)
            rest = self.length(j) - covered
            self._advance(j, self.children[j], covered, rest, speed)
            new.append((self.children[j], rest))
            hi = j + 1
        dropped = self.inside(i + 1, hi)
        self.splice(i, hi, new, self.leads[i], self.leads[hi] if hi > i else None)
        self.check(i - 1, i + len(new) + 1)
        return dropped

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

    def inside(self, lo: int, hi: int) -> list[Lead]:
        """The transitions on the cut points `lo` up to, not including, `hi`."""
        found: list[Lead] = []
        for k in range(lo, hi):
            if (lead := self.leads[k]) is not None:
                length = frames_of(lead.in_offset, self.rate) + frames_of(lead.out_offset, self.rate)
                found.append(Lead(lead.name, self.start(k), length))
        return found

    def set_length(self, i: int) -> None:
        """Writes the planned length of a gap into it."""
        self.children[i].source_range = time_range(0, self.length(i), self.rate)

    def grow(self, shot: otio.core.Item, growth: Frames, at_head: bool, own: Fraction) -> None:
        frames = growth * own / self.rate
        times = shot.source_range
        start, duration = exact(times.start_time.value), exact(times.duration.value)
        if at_head:
            played = frames * rate_of(times.start_time) / own
            source = played * (speed_of(shot) or 0)
            start -= source
            _move_markers(shot, played - source, rate_of(times.start_time))
        shot.source_range = otio.opentime.TimeRange(
            rational_time(simple(Fraction(start)), rate_of(times.start_time)),
            rational_time(simple(Fraction(duration + frames)), own),
        )

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
        self.touch(i, i + 1)
        child = self.children[i]
        if self.is_gap(i):
            child.source_range = time_range(0, length, self.rate)
            return length
        speed = self.prepare_cut(i, self.start(i))
        own = rate_of(child.source_range.duration)
        for growth, handle, end in zip((head, tail), handles_of(child, self.rate), ("head", "tail"), strict=True):
            if growth > 0 and handle is not None and growth > handle:
                raise CutError(
                    f"{self.where(i)} has {frames_text(max(0, handle))} frames beyond its {end}, "
                    f"{frames_text(growth - max(0, handle))} are missing: move it by less, or extend the shot"
                )
        if tail < 0:
            _shorten(child, self.length(i) + tail, self.rate)
        if head < 0:
            self._advance(i, child, -head, length - max(tail, 0), speed)
        for growth, at_head in ((head, True), (tail, False)):
            if growth > 0:
                self.grow(child, growth, at_head, own)
        return length

    def relength(self, lo: int, lengths: list[Frames]) -> None:
        """Items from `lo` on last `lengths`; their transitions stay."""
        hi = lo + len(lengths)
        leads = self.leads[lo : hi + 1]
        self.splice(lo, hi, list(zip(self.children[lo:hi], lengths, strict=True)), leads[0], leads[-1])
        self.leads[lo : hi + 1] = leads

    def drop(self, k: int) -> None:
        """Takes the transition on cut point `k` away, and reports it."""
        self.touch(k, k)
        self.reports += [(lead.at, "drop transition", lead.frames, lead.name) for lead in self.inside(k, k + 1)]
        self.leads[k] = None

    def lose(self, k: int) -> None:
        """Takes away a transition that has nothing to lie on any more, where the policy lets it go."""
        lead = self.leads[k]
        if lead is None:
            return
        if self._transitions is Transitions.REFUSE:
            raise CutError(
                f"{self.name} {self.timecode(self.start(k))}: the transition {lead.name!r} would have nothing to lie "
                "on: remove it first, or let transitions be dropped"
            )
        self.drop(k)

    def check(self, lo: int, hi: int) -> None:
        """Deals with the transitions on the items [lo, hi), which an edit touched, that these no longer carry."""
        if self._transitions is Transitions.REFUSE:
            self._refuse(lo, hi)
            return
        for k in range(max(lo, 0), min(hi, len(self.children)) + 1):
            lead = self.leads[k]
            if lead is None:
                continue
            needed = frames_of(lead.in_offset, self.rate), frames_of(lead.out_offset, self.rate)
            carried = self._carried(k, *needed)
            if carried == needed:
                continue
            into, out = (int(frames) for frames in carried)
            if self._transitions is Transitions.DROP or not into + out:
                self.drop(k)
                continue
            self.touch(k, k)
            self.leads[k] = shorter = lead.deepcopy()
            shorter.in_offset, shorter.out_offset = rational_time(into, self.rate), rational_time(out, self.rate)
            self.reports.append((self.start(k), "shorten transition", into + out, lead.name))

    def _carried(self, k: int, into: Frames, out: Frames) -> tuple[Frames, Frames]:
        """The longest offsets up to these that both sides of cut point `k` carry for its transition."""
        if k > 0:
            handle, other = handles_of(self.children[k - 1], self.rate)[1], self.leads[k - 1]
            used = frames_of(other.out_offset, self.rate) if other is not None else 0
            out = max(0, out if handle is None else min(out, handle))
            into = max(0, min(into, self.length(k - 1) - used))
        if k < len(self.children):
            handle, other = handles_of(self.children[k], self.rate)[0], self.leads[k + 1]
            used = frames_of(other.in_offset, self.rate) if other is not None else 0
            into = max(0, into if handle is None else min(into, handle))
            out = max(0, min(out, self.length(k) - used))
        return into, out

    def blocks(self, at: Frames, frames: Frames) -> str | None:
        """What keeps a ripple from putting `frames` in at `at`, or, if negative, from taking them out there."""
        i = self.position(at)
        if at >= self.end:
            return None
        if frames < 0:
            last = i
            while last < len(self.children) and self.is_gap(last) and self.start(last + 1) < at - frames:
                last += 1
            inside = all(lead is None for lead in self.leads[i + 1 : last + 1])
            if last == len(self.children) or (self.is_gap(last) and inside):
                return None
            return repr(self.children[min(last, len(self.children) - 1)].name or "a transition")
        if self.is_gap(i) or (self.start(i) == at and self.leads[i] is None):
            return None
        return repr(self.children[i].name)

    def ripple(self, at: Frames, frames: Frames) -> None:
        """Puts time in, or takes it out, where `blocks` finds nothing in the way."""
        if at >= self.end:
            return
        i = self.position(at)
        if frames < 0:
            if self.is_gap(i) and at - frames < self.start(i + 1):
                self.relength(i, [self.length(i) + frames])
                self.set_length(i)
                return
            lo = self.cut_at(at)
            hi = self.cut_at(min(at - frames, self.end))
            if self.leads[lo] is not None and self.leads[hi] is not None:
                self.lose(hi)
            self.splice(lo, hi, [], self.leads[lo], self.leads[hi])
            self.check(lo - 1, lo + 1)
            return
        if not self.is_gap(i) and i and self.is_gap(i - 1):
            i -= 1
        if self.is_gap(i):
            self.relength(i, [self.length(i) + frames])
            self.set_length(i)
        else:
            self.splice(i, i, [(self.gap(frames), frames)], None, None)

    def _advance(self, i: int, item: otio.core.Item, offset: Frames, rest: Frames, speed: Fraction) -> None:
        whole = isinstance(exact(item.source_range.start_time.value), int)
        _advance(item, offset, rest, self.rate, speed)
        start = item.source_range.start_time
        if whole and speed == 1 and not isinstance(exact(start.value), int):
            at = self.start(i) + offset
            self.reports.append((at, f"between source frames, {frames_text(exact(start.value))}, cut", rest, item.name))

    def _refuse(self, lo: int, hi: int) -> None:
        """Refuses where a transition on the items [lo, hi), which an edit touched, has lost what carries it."""
        lo, hi = max(lo, 0), min(hi, len(self.children))
        for k in range(lo, hi + 1):
            lead = self.leads[k]
            if lead is None:
                continue
            into, out = frames_of(lead.in_offset, self.rate), frames_of(lead.out_offset, self.rate)
            if lo <= k - 1 < hi:
                other = self.leads[k - 1]
                used = into + (frames_of(other.out_offset, self.rate) if other is not None else 0)
                self._carry(lead, k, k - 1, out, handles_of(self.children[k - 1], self.rate)[1], used)
            if lo <= k < hi:
                other = self.leads[k + 1]
                used = out + (frames_of(other.in_offset, self.rate) if other is not None else 0)
                self._carry(lead, k, k, into, handles_of(self.children[k], self.rate)[0], used)

    def _carry(
        self, lead: otio.schema.Transition, k: int, i: int, needed: Frames, handle: Frames | None, used: Frames
    ) -> None:
        child = self.children[i]
        where = f"{self.name} {self.timecode(self.start(k))}: the transition {lead.name!r}"
        name = "the gap" if self.is_gap(i) else repr(child.name)
        if used > self.length(i):
            raise CutError(
                f"{where} would need {frames_text(used)} frames of {name}, which has {frames_text(self.length(i))}: "
                f"{frames_text(used - self.length(i))} are missing, shorten or remove the transition"
            )
        if handle is not None and needed > handle:
            missing = frames_text(needed - max(0, handle))
            raise CutError(
                f"{where} needs {frames_text(needed)} frames of {name} beyond the cut, {missing} are missing: "
                "give it more handle, shorten or remove the transition"
            )

    def write(self) -> None:
        """Puts the items back into the track, in one slice assignment from the first to the last that changed."""
        new: list[otio.core.Composable]
        if self._has_leads:
            pairs = zip(self.leads, [*self.children, None], strict=True)
            new = [one for pair in pairs for one in pair if one is not None]
        else:
            new = list(self.children)
        old = self._original
        shorter = min(len(old), len(new))
        head = next((k for k in range(shorter) if old[k] is not new[k]), shorter)
        tail = next((k for k in range(shorter - head) if old[-1 - k] is not new[-1 - k]), shorter - head)
        changed = max(len(old), len(new)) - head - tail
        if changed * (tail + 1) > 4 * len(new):
            # OTIO moves the tail for every item put before it; where nothing follows, it only appends.
            self.track[:] = new
        elif changed:
            self.track[head : len(old) - tail] = new[head : len(new) - tail]


def _shorten(item: otio.core.Item, length: Frames, rate: Fraction) -> None:
    """Keeps the first `length` frames, with the markers on them."""
    times = item.source_range
    own = rate_of(times.duration)
    markers = item.markers
    for k in reversed(range(len(markers))):
        if _marker_offset(markers[k], times, rate) >= length:
            del markers[k]
    duration = rational_time(rescaled(length, rate, own), times.duration.rate)
    item.source_range = otio.opentime.TimeRange(times.start_time, duration)


def _advance(item: otio.core.Item, offset: Frames, rest: Frames, rate: Fraction, speed: Fraction) -> None:
    """Keeps what follows the first `offset` frames, `rest` frames long, with the markers on it."""
    times = item.source_range
    own, start_rate = rate_of(times.duration), rate_of(times.start_time)
    played = rescaled(offset, rate, start_rate)
    source = played if speed == 1 else simple(played * speed)
    markers = item.markers
    for k in reversed(range(len(markers))):
        if _marker_offset(markers[k], times, rate) < offset:
            del markers[k]
    _move_markers(item, source - played, start_rate)
    item.source_range = otio.opentime.TimeRange(
        rational_time(exact(times.start_time.value) + source, times.start_time.rate),
        rational_time(rescaled(rest, rate, own), times.duration.rate),
    )


def _marker_offset(marker: otio.schema.Marker, times: otio.opentime.TimeRange, rate: Fraction) -> Frames:
    """A marker lies at its item's start plus track time, which a retime does not stretch."""
    return frames_of(marker.marked_range.start_time, rate) - frames_of(times.start_time, rate)


def _move_markers(item: otio.core.Item, by: Frames, rate: Fraction) -> None:
    if by:
        for marker in item.markers:
            marked = marker.marked_range
            own = rate_of(marked.start_time)
            start = exact(marked.start_time.value) + rescaled(simple(Fraction(by)), rate, own)
            marker.marked_range = otio.opentime.TimeRange(rational_time(start, own), marked.duration)
