"""Edit points that move and clips that cover others: each a function on one track taken apart."""

from collections.abc import Callable
from fractions import Fraction
from typing import assert_never

import opentimelineio as otio
from secondunit_bridge.errors import CutError

from secondunit_timeline import ranges, transitions
from secondunit_timeline.index import duration_of
from secondunit_timeline.operations import End, Extend, Into
from secondunit_timeline.retimes import handles_of, speed_of
from secondunit_timeline.strips import Strip
from secondunit_timeline.times import Frames, exact, frames_text, rate_of, rational_time, rescaled, simple


def trim(strip: Strip, i: int, end: End, by: int) -> None:
    """Moves one end of item `i` by `by` frames, later if positive; a gap beside it fills what becomes free."""
    growth = by if end is End.TAIL else -by
    k = i + 1 if end is End.TAIL else i - 1
    beside = 0 <= k < len(strip.children)
    is_gap = beside and strip.is_gap(k)
    open_end = end is End.TAIL and not beside
    room = strip.length(k) if is_gap else 0
    if growth > room and not open_end:
        raise CutError(
            f"{strip.where(i)} has {frames_text(room)} frames of gap at its {end}, {frames_text(growth - room)} are "
            "missing: trim by less, or ripple or roll"
        )
    edge = i + 1 if end is End.TAIL else i
    if not is_gap and not open_end:
        transitions.lose(strip, edge)
    lead = strip.leads[edge]
    length = strip.resize(i, head=growth if end is End.HEAD else 0, tail=growth if end is End.TAIL else 0)
    new: list[tuple[otio.core.Item, Frames]] = [(strip.children[i], length)]
    rest = 0 if open_end else room - growth
    if rest > 0:
        new.insert(1 if end is End.TAIL else 0, (strip.gap(rest), rest))
    lo, hi = (min(i, k), max(i, k) + 1) if is_gap else (i, i + 1)
    if is_gap and rest == 0:
        far = strip.leads[hi] if end is End.TAIL else strip.leads[lo]
        if lead is not None and far is not None:
            transitions.lose(strip, edge)
            lead = None
        outer = far if far is not None else lead
        strip.splice(lo, hi, new, *((strip.leads[lo], outer) if end is End.TAIL else (outer, strip.leads[hi])))
    else:
        strip.splice(lo, hi, new, strip.leads[lo], strip.leads[hi])
        if is_gap:
            strip.leads[lo + 1] = lead
    transitions.check(strip, lo - 1, lo + len(new) + 1)


def ripple_trim(strip: Strip, i: int, end: End, by: int) -> None:
    """As `trim`, but what follows moves, and with the head what the clip itself shows."""
    growth = by if end is End.TAIL else -by
    length = strip.resize(i, head=growth if end is End.HEAD else 0, tail=growth if end is End.TAIL else 0)
    strip.relength(i, [length])
    transitions.check(strip, i - 1, i + 2)


def roll(strip: Strip, i: int, by: int) -> None:
    """Moves the edit point before item `i`; its transition moves with it."""
    if i == 0 or i >= len(strip.children):
        raise CutError(f"{strip.name}: there is no edit point between two items to roll: give the time of one")
    lengths = [strip.resize(i - 1, 0, by), strip.resize(i, -by, 0)]
    strip.relength(i - 1, lengths)
    transitions.check(strip, i - 2, i + 2)


def slip(strip: Strip, i: int, by: int) -> None:
    """Shows what plays `by` frames later in the source, in the same place; for a freeze, the frame that lies later."""
    child = strip.children[i]
    head, tail = handles_of(child, strip.rate)
    held = tail if by > 0 else head
    if held is not None and abs(by) > held:
        raise CutError(
            f"{strip.where(i)} has {frames_text(max(0, held))} frames beyond its {'tail' if by > 0 else 'head'}, "
            f"{frames_text(abs(by) - max(0, held))} are missing: slip by less"
        )
    speed = strip.prepare_cut(i, strip.start(i)) or Fraction(1)
    child = strip.children[i]
    times = child.source_range
    rate = rate_of(times.start_time)
    start = exact(times.start_time.value) + rescaled(by, strip.rate, rate) * speed
    child.source_range = otio.opentime.TimeRange(rational_time(simple(Fraction(start)), rate), times.duration)
    strip.report_between(child, by, strip.start(i))
    transitions.check(strip, i, i + 1)


def slide(strip: Strip, i: int, by: int) -> None:
    """Moves item `i`; the neighbour on one side grows by what the other one loses."""
    if i == 0:
        if by < 0:
            raise CutError(f"{strip.where(i)} is the first on its track: it cannot slide earlier")
        strip.splice(0, 0, [(strip.gap(by), by)], None, strip.leads[0])
        lo, lengths = 1, [strip.length(1)]
    else:
        lo, lengths = i - 1, [strip.resize(i - 1, 0, by), strip.length(i)]
    if lo + len(lengths) < len(strip.children):
        lengths.append(strip.resize(lo + len(lengths), -by, 0))
    strip.relength(lo, lengths)
    transitions.check(strip, lo - 1, lo + len(lengths) + 1)


def replace(strip: Strip, at: Frames, frames: Frames, child: otio.core.Item) -> None:
    """Puts `child` over [at, at + frames); what is there is shortened or goes."""
    end = min(at + frames, strip.end)
    i = strip.position(at) if at < strip.end else strip.cut_at(at)
    j = strip.position(end) if at < strip.end else i
    if i == j < len(strip.children) and at > strip.start(i):
        i = strip.cut_at(at, tail=True)
        j = strip.position(end)
    new: list[tuple[otio.core.Item, Frames]] = [(child, frames)]
    hi = j
    if (kept := at - strip.start(i)) > 0:
        strip.prepare_cut(i, at)
        ranges.shorten(strip.children[i], kept, strip.rate)
        strip.report_between(strip.children[i], kept, at, tail=True)
        new.insert(0, (strip.children[i], kept))
    if (covered := end - strip.start(j)) > 0:
        speed = strip.prepare_cut(j, end)
        rest = strip.length(j) - covered
        ranges.advance(strip.children[j], covered, rest, strip.rate, speed)
        strip.report_between(strip.children[j], covered, end)
        new.append((strip.children[j], rest))
        hi = j + 1
    strip.note_dropped(i + 1, hi)
    strip.splice(i, hi, new, strip.leads[i], strip.leads[hi] if hi > i else None)
    transitions.check(strip, i - 1, i + len(new) + 1)


def extend(strip: Strip, i: int, operation: Extend) -> tuple[Frames, Frames]:
    """Lets item `i` grow by its own media and then by another clip: where that begins, and by how many frames."""
    shot = strip.own_range(i)
    own = rate_of(shot.source_range.duration)
    growth = simple(Fraction(operation.camera_frames) * strip.rate / own)
    clip = operation.clip.deepcopy() if operation.clip is not None else None
    made = duration_of(clip, strip.rate, strip.name) if clip is not None else 0
    total = growth + made
    if growth < 0 or made < 0 or not total:
        raise CutError(f"{shot.name!r} cannot grow by {frames_text(total)} frames: give at least one")
    at_head = operation.end is End.HEAD
    handle = handles_of(shot, strip.rate)[0 if at_head else 1]

    def where() -> str:
        return f"{strip.name} {strip.timecode(start)}: {shot.name!r}"

    start = strip.start(i)
    if growth and speed_of(shot) is None:
        raise CutError(f"{where()} has a speed ramp and cannot grow: render it, or remove the ramp")
    if growth and handle is not None and growth > handle:
        raise CutError(
            f"{where()} has {frames_text(max(0, handle))} camera frames beyond its {operation.end}, "
            f"{frames_text(growth - handle)} are missing: generate these"
        )
    edge = strip.start(i) if at_head else strip.start(i + 1)
    landing = total if operation.into is Into.RIPPLE else edge - total if at_head else edge + total
    if landing.denominator != 1 and total.denominator != 1:
        raise CutError(
            f"{where()} would grow by {frames_text(total)} frames of the cut, which ends between two of them: "
            f"choose frames at {float(own):g} that add up to whole frames at {float(strip.rate):g}"
        )
    lo, hi = _make_room(strip, i, at_head, total, operation.into, where)
    # Between them, [lo, hi) are the items that the longer shot replaces, itself included.
    shot_at = hi - 1 if at_head else lo
    grown = strip.length(shot_at) + growth
    ranges.grow(shot, growth, at_head, strip.rate)
    strip.report_between(shot, growth, edge - growth if at_head else edge + growth, not at_head)
    new = [(shot, grown)]
    if clip is not None:
        new.insert(0 if at_head else 1, (clip, made))
    moved = strip.leads[shot_at] if at_head else strip.leads[shot_at + 1]
    there = strip.leads[lo] if at_head else strip.leads[hi]
    covered = lo != shot_at if at_head else hi != shot_at + 1
    if covered and moved is not None and there is not None:
        raise CutError(
            f"{where()} would end on a cut that has the transition {there.name!r} already: remove one of them"
        )
    outer = moved if moved is not None else there
    first = outer if at_head else strip.leads[lo]
    last = strip.leads[hi] if at_head else outer
    strip.splice(lo, hi, new, first, last)
    transitions.check(strip, lo - 1, lo + len(new) + 1)
    if growth:
        strip.note(edge, f"extend {operation.end} {operation.into}", growth, shot.name)
    if clip is not None:
        at = edge if at_head and operation.into is Into.RIPPLE else edge - total if at_head else edge + growth
        strip.note(at, f"place {operation.into}", made, clip.name)
    return edge, total


def _make_room(
    strip: Strip, i: int, at_head: bool, total: Frames, into: Into, where: Callable[[], str]
) -> tuple[int, int]:
    """What a shot that grows by `total` takes the place of, as [lo, hi) with the shot in it."""
    match into:
        case Into.RIPPLE:
            return i, i + 1
        case Into.GAP:
            step = -1 if at_head else 1
            k, room = i + step, Fraction(0)
            while 0 <= k < len(strip.children) and strip.is_gap(k) and room < total:
                room += strip.length(k)
                k += step
            if room < total and (at_head or k < len(strip.children)):
                raise CutError(
                    f"{where()} has a gap of {frames_text(simple(room))} frames beside it, "
                    f"{frames_text(simple(total - room))} are missing: extend by less, or ripple or overwrite"
                )
        case Into.OVER:
            pass
        case _:
            assert_never(into)
    if at_head:
        if (missing := total - strip.start(i)) > 0:
            raise CutError(
                f"{where()} would begin {frames_text(missing)} frames before the cut: extend by less, or ripple"
            )
        before = len(strip.children)
        lo = strip.cut_at(strip.start(i) - total, tail=True)
        i += len(strip.children) - before
        strip.note_dropped(lo + 1, i)
        return lo, i + 1
    hi = strip.cut_at(min(strip.start(i + 1) + total, strip.end))
    strip.note_dropped(i + 2, hi)
    return i, hi


def cut_to(clip: otio.schema.Clip, frames: Frames, rate: Fraction) -> None:
    """Lets `clip` last `frames` of a cut at `rate`, from its own first frame on."""
    if speed_of(clip) is None:
        raise CutError(f"{clip.name!r} has a speed ramp and cannot be cut to length: render it, or remove the ramp")
    clip.source_range = clip.source_range or clip.trimmed_range()
    length, tail = duration_of(clip, rate, ""), handles_of(clip, rate)[1]
    if tail is not None and frames > length + tail:
        raise CutError(
            f"{clip.name!r} has {frames_text(length + tail)} frames from its first one on, "
            f"{frames_text(frames - length - tail)} are missing: fit it by a retime, or take a longer clip"
        )
    times = clip.source_range
    own = rate_of(times.duration)
    clip.source_range = otio.opentime.TimeRange(times.start_time, rational_time(rescaled(frames, rate, own), own))


def fit(clip: otio.schema.Clip, frames: Frames, rate: Fraction) -> None:
    """Plays the source range of `clip` in `frames` of a cut at `rate`, by one constant retime."""
    speed = speed_of(clip)
    if not speed:
        what = "a speed ramp" if speed is None else "a freeze frame"
        raise CutError(f"{clip.name!r} has {what}, which no retime fits: use another kind of fill")
    clip.source_range = clip.source_range or clip.trimmed_range()
    fitted = speed * Fraction(duration_of(clip, rate, "")) / frames
    others = [effect.clone() for effect in clip.effects if not isinstance(effect, otio.schema.TimeEffect)]
    warps = [otio.schema.LinearTimeWarp(time_scalar=float(fitted))] if fitted != 1 else []
    del clip.effects[:]
    clip.effects.extend([*others, *warps])
    times = clip.source_range
    own = rate_of(times.duration)
    clip.source_range = otio.opentime.TimeRange(times.start_time, rational_time(rescaled(frames, rate, own), own))
