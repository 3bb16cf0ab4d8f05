"""Transitions beside an edit: whether the items at their cut point still carry them, and what happens if not."""

import opentimelineio as otio
from secondunit_bridge.errors import CutError

from secondunit_timeline.operations import Transitions
from secondunit_timeline.retimes import handles_of
from secondunit_timeline.strips import Strip
from secondunit_timeline.times import Frames, frames_of, frames_text, rational_time


def drop(strip: Strip, k: int) -> None:
    """Takes the transition on cut point `k` away, and reports it."""
    strip.touch(k, k)
    strip.note_dropped(k, k + 1)
    strip.leads[k] = None


def lose(strip: Strip, k: int) -> None:
    """Takes away a transition that has nothing to lie on any more, where the policy lets it go."""
    lead = strip.leads[k]
    if lead is None:
        return
    if strip.transitions is Transitions.REFUSE:
        raise CutError(
            f"{strip.name} {strip.timecode(strip.start(k))}: the transition {lead.name!r} would have nothing to lie "
            "on: remove it first, or let transitions be dropped"
        )
    drop(strip, k)


def check(strip: Strip, lo: int, hi: int) -> None:
    """Deals with the transitions on the items [lo, hi), which an edit touched, that these no longer carry."""
    if strip.transitions is Transitions.REFUSE:
        _refuse(strip, lo, hi)
        return
    for k in range(max(lo, 0), min(hi, len(strip.children)) + 1):
        lead = strip.leads[k]
        if lead is None:
            continue
        needed = frames_of(lead.in_offset, strip.rate), frames_of(lead.out_offset, strip.rate)
        carried = _carried(strip, k, *needed)
        if carried == needed:
            continue
        into, out = (int(frames) for frames in carried)
        if strip.transitions is Transitions.DROP or not into + out:
            drop(strip, k)
            continue
        strip.touch(k, k)
        strip.leads[k] = shorter = lead.deepcopy()
        shorter.in_offset, shorter.out_offset = rational_time(into, strip.rate), rational_time(out, strip.rate)
        strip.note(strip.start(k), "shorten transition", into + out, lead.name)


def _carried(strip: Strip, k: int, into: Frames, out: Frames) -> tuple[Frames, Frames]:
    """The longest offsets up to these that both sides of cut point `k` carry for its transition."""
    if k > 0:
        handle, other = handles_of(strip.children[k - 1], strip.rate)[1], strip.leads[k - 1]
        used = frames_of(other.out_offset, strip.rate) if other is not None else 0
        out = max(0, out if handle is None else min(out, handle))
        into = max(0, min(into, strip.length(k - 1) - used))
    if k < len(strip.children):
        handle, other = handles_of(strip.children[k], strip.rate)[0], strip.leads[k + 1]
        used = frames_of(other.in_offset, strip.rate) if other is not None else 0
        into = max(0, into if handle is None else min(into, handle))
        out = max(0, min(out, strip.length(k) - used))
    return into, out


def _refuse(strip: Strip, lo: int, hi: int) -> None:
    """Refuses where a transition on the items [lo, hi), which an edit touched, has lost what carries it."""
    lo, hi = max(lo, 0), min(hi, len(strip.children))
    for k in range(lo, hi + 1):
        lead = strip.leads[k]
        if lead is None:
            continue
        into, out = frames_of(lead.in_offset, strip.rate), frames_of(lead.out_offset, strip.rate)
        if lo <= k - 1 < hi:
            other = strip.leads[k - 1]
            used = into + (frames_of(other.out_offset, strip.rate) if other is not None else 0)
            _carry(strip, lead, k, k - 1, out, handles_of(strip.children[k - 1], strip.rate)[1], used)
        if lo <= k < hi:
            other = strip.leads[k + 1]
            used = out + (frames_of(other.in_offset, strip.rate) if other is not None else 0)
            _carry(strip, lead, k, k, into, handles_of(strip.children[k], strip.rate)[0], used)


def _carry(
    strip: Strip, lead: otio.schema.Transition, k: int, i: int, needed: Frames, handle: Frames | None, used: Frames
) -> None:
    child = strip.children[i]
    where = f"{strip.name} {strip.timecode(strip.start(k))}: the transition {lead.name!r}"
    name = "the gap" if strip.is_gap(i) else repr(child.name)
    if used > strip.length(i):
        raise CutError(
            f"{where} would need {frames_text(used)} frames of {name}, which has {frames_text(strip.length(i))}: "
            f"{frames_text(used - strip.length(i))} are missing, shorten or remove the transition"
        )
    if handle is not None and needed > handle:
        missing = frames_text(needed - max(0, handle))
        raise CutError(
            f"{where} needs {frames_text(needed)} frames of {name} beyond the cut, {missing} are missing: "
            "give it more handle, shorten or remove the transition"
        )
