"""What steps mean, on strips in memory, with a host's own refusal of strips that overlap."""

from dataclasses import replace
from itertools import pairwise
from typing import assert_never

from secondunit_plugin.hosts.steps import (
    Add,
    AddTrack,
    AddTransition,
    Change,
    Remove,
    RemoveTrack,
    RemoveTransition,
    Step,
)
from secondunit_plugin.hosts.strips import Strips


def carried_out(strips: Strips, step: Step) -> Strips:
    match step:
        case AddTrack(track, above):
            place = [one.name for one in strips.tracks].index(above) + 1 if above is not None else 0
            done = replace(strips, tracks=(*strips.tracks[:place], track, *strips.tracks[place:]))
        case RemoveTrack(track):
            assert all(strip.track != track.name for strip in strips.strips), "the track is not empty"
            done = replace(strips, tracks=tuple(one for one in strips.tracks if one != track))
        case Add(strip, like):
            ids = [one.id for one in strips.strips]
            assert strip.id not in ids
            assert like is None or like in ids
            done = replace(strips, strips=(*strips.strips, strip))
        case Remove(strip):
            assert strip in strips.strips
            done = replace(strips, strips=tuple(one for one in strips.strips if one != strip))
        case Change(before, after):
            assert before.id == after.id
            assert before in strips.strips
            done = replace(strips, strips=tuple(after if one == before else one for one in strips.strips))
        case AddTransition(transition):
            left, right = (
                next((one for one in strips.strips if one.id == side), None)
                for side in (transition.left, transition.right)
            )
            assert left is None or left.end == transition.at
            assert right is None or right.start == transition.at
            done = replace(strips, transitions=(*strips.transitions, transition))
        case RemoveTransition(transition):
            assert transition in strips.transitions
            done = replace(strips, transitions=tuple(one for one in strips.transitions if one != transition))
        case _:
            assert_never(step)
    _refuse_overlaps(done)
    return _sorted(done)


def _sorted(strips: Strips) -> Strips:
    places = {track.name: number for number, track in enumerate(strips.tracks)}
    return replace(
        strips,
        strips=tuple(sorted(strips.strips, key=lambda one: (places[one.track], one.start))),
        transitions=tuple(sorted(strips.transitions, key=lambda one: (places[one.track], one.at))),
    )


def _refuse_overlaps(strips: Strips) -> None:
    for track in strips.tracks:
        there = sorted((one for one in strips.strips if one.track == track.name), key=lambda one: one.start)
        for left, right in pairwise(there):
            assert left.end <= right.start, f"{left} and {right} overlap"
