"""The steps from one version of a cut to another, as a host carries them out."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter

from secondunit_bridge.errors import CutError

from secondunit_plugin.hosts.strips import Strip, Strips, Track, Transition


@dataclass(frozen=True, slots=True)
class AddTrack:
    """`above`: the track that it lies on, None for the lowest."""

    track: Track
    above: str | None


@dataclass(frozen=True, slots=True)
class RemoveTrack:
    """The track is empty; the inverse of `AddTrack`."""

    track: Track
    above: str | None


@dataclass(frozen=True, slots=True)
class Add:
    """`like`: the strip, there before, whose transform, crop, grade and effects the strip gets too."""

    strip: Strip
    like: str | None = None


@dataclass(frozen=True, slots=True)
class Remove:
    strip: Strip


@dataclass(frozen=True, slots=True)
class Change:
    """The strip stays the same object in the host, with everything that is not named here; both have one id."""

    before: Strip
    after: Strip


@dataclass(frozen=True, slots=True)
class AddTransition:
    transition: Transition


@dataclass(frozen=True, slots=True)
class RemoveTransition:
    transition: Transition


Step = AddTrack | RemoveTrack | Add | Remove | Change | AddTransition | RemoveTransition


def steps(before: Strips, after: Strips, like: Mapping[str, str] | None = None) -> tuple[Step, ...]:
    """What makes `after` of `before`, in an order in which no two strips of a track overlap at any time.

    Strips are the same by their ids. Transitions whose strips change are taken off first and put back last. `like`:
    for strips that are added, see `Add`. Raises CutError where the two differ in what no step can change.
    """
    names = {track.name for track in before.tracks} & {track.name for track in after.tracks}
    if [one for one in before.tracks if one.name in names] != [one for one in after.tracks if one.name in names]:
        raise CutError(f"tracks of {after.name!r} were changed or moved: a host cannot be told that")
    if (before.rate, before.start) != (after.rate, after.start):
        raise CutError(f"the rate or the first timecode of {after.name!r} changed: a host cannot be told that")
    old, new = {strip.id: strip for strip in before.strips}, {strip.id: strip for strip in after.strips}
    # A strip that goes to a track of another kind is another object in every host.
    same = {one for one in old.keys() & new.keys() if old[one].kind == new[one].kind}
    changed = {one for one in same if old[one] != new[one]}
    touched = changed | (old.keys() ^ new.keys()) | (old.keys() - same)

    def stays(transition: Transition, other: tuple[Transition, ...]) -> bool:
        return transition in other and transition.left not in touched and transition.right not in touched

    return (
        *(RemoveTransition(one) for one in before.transitions if not stays(one, after.transitions)),
        *(Remove(strip) for strip in before.strips if strip.id not in same),
        *(AddTrack(track, _below(after, track)) for track in after.tracks if track.name not in names),
        *_in_order([(old[strip.id], strip) for strip in after.strips if strip.id in changed]),
        *(RemoveTrack(track, _below(before, track)) for track in reversed(before.tracks) if track.name not in names),
        *(Add(strip, (like or {}).get(strip.id)) for strip in after.strips if strip.id not in same),
        *(AddTransition(one) for one in after.transitions if not stays(one, before.transitions)),
    )


def _below(strips: Strips, track: Track) -> str | None:
    place = strips.tracks.index(track)
    return strips.tracks[place - 1].name if place else None


def _in_order(pairs: list[tuple[Strip, Strip]]) -> Iterator[Change]:
    """Each strip changes when those in its way have.

    Of strips that stand in each other's way, one goes behind the end of everything on its track first.
    """
    befores: dict[str, list[Strip]] = defaultdict(list)
    for before, _ in sorted(pairs, key=lambda pair: pair[0].start):
        befores[before.track].append(before)
    starts = {track: [strip.start for strip in there] for track, there in befores.items()}
    waits: dict[str, set[str]] = {}
    for _, after in pairs:
        there = befores[after.track]
        lo = max(0, bisect_right(starts.get(after.track, []), after.start) - 1)
        hi = bisect_left(starts.get(after.track, []), after.end)
        waits[after.id] = {strip.id for strip in there[lo:hi] if strip.end > after.start and strip.id != after.id}
    free = max((strip.end for pair in pairs for strip in pair), default=0)
    now = {after.id: before for before, after in pairs}
    while True:
        try:
            order = list(TopologicalSorter(waits).static_order())
            break
        except CycleError as error:
            one = error.args[1][0]
            parked = replace(now[one], start=free)
            yield Change(now[one], parked)
            now[one], free = parked, parked.end
            waits = {other: found - {one} for other, found in waits.items()}
    afters = {after.id: after for _, after in pairs}
    yield from (Change(now[one], afters[one]) for one in order)
