"""An edit carried out in a host, read back and compared with the plan; what differs is undone and said."""

from collections.abc import Callable, Iterable, Iterator
from collections.abc import Sequence as Series
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import assert_never

import opentimelineio as otio
from secondunit_bridge.errors import CutError, CutMoved, HostError, HostUnreachable, Misplaced, Unplaceable
from secondunit_bridge.messages import FramesAfter, FramesBefore
from secondunit_timeline.changes import Edit, apply
from secondunit_timeline.index import Index
from secondunit_timeline.interchange import media_path
from secondunit_timeline.takes import record_of

from secondunit_plugin.hosts.frames import Difference, Probed, first_difference
from secondunit_plugin.hosts.host import Host, Sequence, SequenceId, Support
from secondunit_plugin.hosts.steps import (
    Add,
    AddTrack,
    AddTransition,
    Change,
    Remove,
    RemoveTrack,
    RemoveTransition,
    Step,
    steps,
)
from secondunit_plugin.hosts.strips import Strip, Strips, id_of, identify, strips_from

FILLING = frozenset((Support.PLACE, Support.MEDIA, Support.HISTORY, Support.EVENTS))
"""What a host needs so that takes are cut in by themselves: its user's own undo takes each back, it tells when somebody
works there, and what is selected and the playhead stay where they are."""
_ATTEMPTS = 3
_SURGICAL = frozenset(
    (
        *(Support.TRACKS, Support.PLACE, Support.REMOVE, Support.MOVE),
        *(Support.MEDIA, Support.SPEED, Support.TRANSITIONS, Support.STATE),
    )
)
"""What steps need: a host that has none of it changes nothing in its open sequence."""


@dataclass(frozen=True, slots=True)
class Placed:
    """In the open sequence, as it was read back."""

    sequence: Sequence


@dataclass(frozen=True, slots=True)
class Beside:
    """As a version beside the open sequence, which the host cannot change so; `why` says what it lacks."""

    sequence: Sequence
    why: str


def place(
    host: Host, sequence: Sequence, edit: Edit, undo_name: str, probed: Probed, beside: bool = True
) -> Placed | Beside:
    """Carries `edit`, made of `sequence.cut`, out in the host; `undo_name` as its history shows it.

    Not `beside`: what the host cannot do in its open sequence is not done.

    Raises CutMoved where the host's cut is not `sequence` any more, HostError where the host can do it neither way, and
    Misplaced where it did something else than was planned; that was undone, or the message says what is left.
    """
    about = host.about()
    planned = apply(edit, sequence.cut)
    copies = identify(planned)
    keeps = Support.STATE in about.supports
    try:
        before, after = (_told(strips_from(cut, probed), keeps) for cut in (sequence.cut, planned))
        todo = steps(before, after, copies | _shot_beside(before, planned))
        lacking = _lacking(todo, about.supports)
        why = f"{about.program} cannot {' nor '.join(lacking)}" if lacking else ""
        if Support.VERSIONS in about.supports and not about.supports & _SURGICAL:
            why = f"{about.program} takes every edit as a version"
        elif not todo and edit:
            why = f"{about.program} can be told nothing of this edit:\n{edit}\n"
    except CutError as error:
        why = str(error)
    if not why:
        if not todo:
            return Placed(sequence)
        try:
            return Placed(_carried_out(host, sequence, before.rate, todo, planned, undo_name, probed))
        except Unplaceable as error:
            why = str(error)
    if Support.VERSIONS not in about.supports or not beside:
        raise HostError(f"{why}: nothing was placed")
    seen = host.add_version(planned, sequence.revision)
    difference = first_difference(planned, seen.cut, probed)
    if difference is not None:
        host.undo(seen.revision)
        raise Misplaced(f"the version that {about.program} made is not as planned, and was removed: {difference}")
    return Beside(seen, why)


def needs(step: Step) -> frozenset[Support]:
    """What a host has to support to carry the step out."""
    match step:
        case AddTrack() | RemoveTrack():
            return frozenset((Support.TRACKS,))
        case AddTransition() | RemoveTransition():
            return frozenset((Support.TRANSITIONS,))
        case Remove():
            return frozenset((Support.REMOVE,))
        case Add(strip):
            needed = {Support.PLACE}
            needed |= {Support.SPEED} if strip.media is not None and strip.media.speed != 1 else set()
            return frozenset(needed | ({Support.STATE} if strip.state else set()))
        case Change(before, after):
            return frozenset(_changed(before, after))
        case _:
            assert_never(step)


def _changed(before: Strip, after: Strip) -> Iterator[Support]:
    old, new = before.media, after.media
    if (old is None) != (new is None) or (
        old is not None and new is not None and (old.path, old.stream) != (new.path, new.stream)
    ):
        yield Support.MEDIA
    elif old is not None and new is not None:
        if old.speed != new.speed:
            yield Support.SPEED
        if old.first / old.rate != new.first / new.rate:
            yield Support.MOVE
    if before.nest is not None and after.nest is not None and before.nest.first != after.nest.first:
        yield Support.MOVE
    if (before.track, before.start, before.frames) != (after.track, after.start, after.frames):
        yield Support.MOVE
    if before.state != after.state:
        yield Support.STATE


def land(
    host: Host,
    where: SequenceId,
    edit_of: Callable[[Sequence], Edit | None],
    files: Series[str],
    undo_name: str,
    probed: Probed,
    beside: bool = True,
) -> Placed | Beside:
    """As `place`, with the edit that `edit_of` makes of the open sequence; once more where an editor was faster.

    Where `edit_of` finds no place in the cut any more, that is raises CutError, `files` go to the host's bin. `where`:
    the sequence that they are for; HostError where another one is open. None: there is nothing to be done.
    """
    attempt = 1
    while True:
        sequence = host.read()
        if sequence.id != where:
            raise HostError(
                f"that is for {where.sequence!r} of {where.project}, and {sequence.id.sequence!r} of "
                f"{sequence.id.project} is open: open the former, and cut it in there"
            )
        try:
            edit = edit_of(sequence)
        except CutError:
            if files and Support.BIN in host.about().supports:
                host.to_bin(files)
            raise
        if edit is None:
            return Placed(sequence)
        try:
            return place(host, sequence, edit, undo_name, probed, beside)
        except CutMoved:
            attempt += 1
            if attempt > _ATTEMPTS:
                raise


def _told(strips: Strips, keeps: bool) -> Strips:
    """As a host is told: one that keeps no takes with its clips is told of none."""
    if keeps:
        return strips
    return replace(strips, strips=tuple(replace(strip, state="") for strip in strips.strips))


def _lacking(todo: Iterable[Step], supports: frozenset[Support]) -> list[str]:
    needed = {support for step in todo for support in needs(step)}
    lacking = [str(support) for support in Support if support in needed - supports]
    if any(isinstance(step, Add) and step.strip.media is None for step in todo):
        lacking.append("be given a title or a nest")
    if any(isinstance(step, Change) and _inside(step.before) != _inside(step.after) for step in todo):
        lacking.append("change what is in a nest from outside")
    return lacking


def _inside(strip: Strip) -> Strips | None:
    return strip.nest.strips if strip.nest is not None else None


def _shot_beside(before: Strips, planned: otio.schema.Timeline) -> dict[str, str]:
    """For each generated clip that extends a shot, or joins two: the shot whose settings it takes over, by id."""
    known = {strip.id for strip in before.strips}
    found: dict[str, str] = {}
    for track in Index(planned).tracks:
        for left, right in pairwise(track.children):
            for child, beside, kind in ((right, left, FramesBefore), (left, right, FramesAfter)):
                if not (isinstance(child, otio.schema.Clip) and isinstance(beside, otio.schema.Clip)):
                    continue
                own, other = id_of(child), id_of(beside)
                if own in known or own in found or other not in known:
                    continue
                record = record_of(child, child.active_media_reference_key)
                held = {media_path(one) for one in beside.media_references().values()}
                if record is not None and any(
                    isinstance(one, kind) and one.span.path in held for one in record.order.conditions
                ):
                    found[own] = other
    return found


def _carried_out(
    host: Host,
    sequence: Sequence,
    rate: Fraction,
    todo: Series[Step],
    planned: otio.schema.Timeline,
    undo_name: str,
    probed: Probed,
) -> Sequence:
    program = host.about().program
    try:
        seen = host.apply(todo, rate, sequence.revision, undo_name)
    except (CutMoved, HostUnreachable, Unplaceable):
        raise
    except HostError as error:
        left = first_difference(sequence.cut, host.read().cut, probed)
        if left is None:
            raise
        raise Misplaced(f"{error}. {program} has carried it out in part: {left}: undo it there") from error
    keeps = Support.STATE in host.about().supports
    wrong = first_difference(planned, seen.cut, probed) or _lost(planned, seen.cut, keeps)
    if wrong is None:
        return seen
    raise Misplaced(f"{program} did not place what was planned: {wrong}. {_undone(host, sequence, seen, probed)}")


def _lost(planned: otio.schema.Timeline, seen: otio.schema.Timeline, keeps: bool) -> str | None:
    """What of ids and, where the host `keeps` them, takes did not come back."""
    there = {
        id_of(child): child
        for track in Index(seen).tracks
        for child in track.children
        if not isinstance(child, otio.schema.Gap)
    }
    for track in Index(planned).tracks:
        for child in track.children:
            if isinstance(child, otio.schema.Gap):
                continue
            if (back := there.get(id_of(child))) is None:
                return f"{child.name!r} on {track.name} is there, but its id is not"
            if keeps and isinstance(child, otio.schema.Clip) and isinstance(back, otio.schema.Clip):
                gone = [key for key in child.media_references() if key not in back.media_references()]
                if gone:
                    return f"{child.name!r} on {track.name} came back without {', '.join(gone)}"
    return None


def _undone(host: Host, sequence: Sequence, seen: Sequence, probed: Probed) -> str:
    """Takes back what left `seen`, and says how far that went."""
    program = host.about().program
    try:
        left = take_back(host, sequence, seen, probed)
    except (HostError, CutError) as error:
        return f"It could not be undone ({error}): undo it in {program}"
    return "It was undone" if left is None else f"Undoing it has left {left}: undo it in {program}"


def take_back(host: Host, sequence: Sequence, seen: Sequence, probed: Probed) -> Difference | None:
    """Takes back in the open sequence what made `seen` of `sequence`; how it differs from that then.

    Raises what the host raises, and CutError where `sequence` is none that a host can be told.
    """
    if Support.UNDO in host.about().supports:
        host.undo(seen.revision)
        now = host.read()
    else:
        back = steps(strips_from(seen.cut, probed), strips_from(sequence.cut, probed))
        now = host.apply(back, Index(seen.cut).rate, seen.revision, "undo")
    return first_difference(sequence.cut, now.cut, probed)
