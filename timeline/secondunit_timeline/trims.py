"""Edit points that move and time that goes: each a function on one track taken apart."""

from fractions import Fraction

import opentimelineio as otio
from secondunit_bridge.errors import CutError

from secondunit_timeline.index import duration_of
from secondunit_timeline.operations import End
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
        strip.lose(edge)
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
            strip.lose(edge)
            lead = None
        outer = far if far is not None else lead
        strip.splice(lo, hi, new, *((strip.leads[lo], outer) if end is End.TAIL else (outer, strip.leads[hi])))
    else:
        strip.splice(lo, hi, new, strip.leads[lo], strip.leads[hi])
        if is_gap:
            strip.leads[lo + 1] = lead
    strip.check(lo - 1, lo + len(new) + 1)


def ripple_trim(strip: Strip, i: int, end: End, by: int) -> None:
    """As `trim`, but what follows moves, and with the head what the clip itself shows."""
    growth = by if end is End.TAIL else -by
    length = strip.resize(i, head=growth if end is End.HEAD else 0, tail=growth if end is End.TAIL else 0)
    strip.relength(i, [length])
    strip.check(i - 1, i + 2)


def roll(strip: Strip, i: int, by: int) -> None:
    """Moves the edit point before item `i`; its transition moves with it."""
    if i == 0 or i >= len(strip.children):
        raise CutError(f"{strip.name}: there is no edit point between two items to roll: give the time of one")
    lengths = [strip.resize(i - 1, 0, by), strip.resize(i, -by, 0)]
    strip.relength(i - 1, lengths)
    strip.check(i - 2, i + 2)


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
    times = child.source_range
    rate = rate_of(times.start_time)
    start = exact(times.start_time.value) + rescaled(by, strip.rate, rate) * speed
    child.source_range = otio.opentime.TimeRange(rational_time(simple(Fraction(start)), rate), times.duration)
    strip.check(i, i + 1)


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
    strip.check(lo - 1, lo + len(lengths) + 1)


def extract(strip: Strip, at: Frames, frames: Frames) -> None:
    """Takes [at, at + frames) out; the transition at one of its ends stays where both sides carry it."""
    lo = strip.cut_at(at)
    hi = strip.cut_at(min(at + frames, strip.end))
    for k in range(lo + 1, hi):
        if strip.leads[k] is not None:
            strip.drop(k)
    if strip.leads[lo] is not None and strip.leads[hi] is not None:
        strip.lose(hi)
    strip.splice(lo, hi, [], strip.leads[lo], strip.leads[hi])
    strip.check(lo - 1, lo + 1)


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
