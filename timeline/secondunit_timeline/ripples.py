"""Time put into a track or taken out of it: what lies behind moves."""

from collections.abc import Set as AbstractSet

from secondunit_bridge.errors import CutError

from secondunit_timeline import transitions
from secondunit_timeline.strips import Strip
from secondunit_timeline.times import Frames

NOBODY: AbstractSet[int] = frozenset()


def blocks(strip: Strip, at: Frames, frames: Frames, chosen: AbstractSet[int] = NOBODY) -> str | None:
    """What keeps a ripple from putting `frames` in at `at`, or, if negative, from taking them out there.

    `chosen`: the items that may be cut, by their `id`; any other gives way at its own edit points only.
    """
    if at >= strip.end:
        return None
    i = strip.position(at)
    if frames >= 0:
        if strip.is_gap(i) or (strip.start(i) == at and strip.leads[i] is None) or id(strip.children[i]) in chosen:
            return None
        return repr(strip.children[i].name)
    free = True
    for k in range(i, len(strip.children)):
        if strip.start(k) >= at - frames:
            break
        was_free, free = free, strip.is_gap(k)
        if not free and id(strip.children[k]) not in chosen:
            return repr(strip.children[k].name or "a nest")
        if k > i and strip.leads[k] is not None and free and was_free:
            return "a transition"
    return None


def ripple(strip: Strip, at: Frames, frames: Frames) -> None:
    """Puts time in, or takes it out, where `blocks` finds nothing in the way."""
    if at >= strip.end:
        return
    i = strip.position(at)
    if frames < 0:
        if strip.is_gap(i) and at - frames < strip.start(i + 1):
            strip.relength(i, [strip.length(i) + frames])
            strip.set_length(i)
        else:
            extract(strip, at, -frames)
        return
    if not strip.is_gap(i) and i and strip.is_gap(i - 1) and strip.start(i) == at:
        i -= 1
    if strip.is_gap(i):
        strip.relength(i, [strip.length(i) + frames])
        strip.set_length(i)
        return
    i = strip.cut_at(at)
    strip.splice(i, i, [(strip.gap(frames), frames)], None, None)
    transitions.check(strip, i - 1, i + 2)


def extract(strip: Strip, at: Frames, frames: Frames) -> None:
    """Takes [at, at + frames) out; the transition at one of its ends stays where both sides carry it."""
    lo = strip.cut_at(at, tail=True)
    hi = strip.cut_at(min(at + frames, strip.end))
    for k in range(lo + 1, hi):
        if strip.leads[k] is not None:
            transitions.drop(strip, k)
    if strip.leads[lo] is not None and strip.leads[hi] is not None:
        transitions.lose(strip, hi)
    strip.splice(lo, hi, [], strip.leads[lo], strip.leads[hi])
    transitions.check(strip, lo - 1, lo + 1)


def insert_gap(strip: Strip, at: Frames, frames: int) -> None:
    """Puts time in at an edit point or in a gap; anything else is refused."""
    i = strip.position(at)
    if not strip.is_gap(i) and strip.start(i) == at and i and strip.is_gap(i - 1) and strip.leads[i] is None:
        i -= 1
    if strip.is_gap(i):
        strip.splice(i, i + 1, [(strip.children[i], strip.length(i) + frames)], strip.leads[i], strip.leads[i + 1])
        strip.set_length(i)
    elif strip.start(i) != at:
        raise CutError(
            f"{strip.name} {strip.timecode(at)}: moving what follows would split {strip.children[i].name!r}: "
            "unlock the track from sync, or choose one of its edit points"
        )
    elif (lead := strip.leads[i]) is not None:
        raise CutError(
            f"{strip.name} {strip.timecode(at)}: a gap would break the transition {lead.name!r}: remove it first"
        )
    else:
        strip.splice(i, i, [(strip.gap(frames), frames)], None, None)
