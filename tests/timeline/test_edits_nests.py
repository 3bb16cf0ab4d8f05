"""Nests are edited like any other item, and inside where an edit says so."""

import opentimelineio as otio
import pytest
from secondunit_bridge.errors import CutError
from secondunit_timeline.changes import Edit, apply
from secondunit_timeline.edits import Policies, edit
from secondunit_timeline.flat import flatten
from secondunit_timeline.operations import Extract, Inside, Operation, Overwrite, Roll, Slice, Slip

from tests.timeline.cuts import at, clip, cut_of, times
from tests.timeline.test_edits import A, B, line


def nested(inner: otio.core.Composition) -> otio.schema.Timeline:
    """A, then frames 5 to 34 of what the nest holds, then B."""
    inner.name = "scene"
    inner.source_range = times(5, 30)
    return cut_of([clip(*A), inner, clip(*B)])


def stack() -> otio.schema.Stack:
    inside = cut_of([clip("C", 10, 20), clip("D", 10, 20)], [clip("E", 10, 10)])
    tracks = list(inside.tracks)
    del inside.tracks[:]
    return otio.schema.Stack("scene", tracks)


def through(cut: otio.schema.Timeline, *operations: Operation) -> tuple[otio.schema.Timeline, Edit]:
    before = cut.to_json_string()
    new, change = edit(cut, operations)
    assert cut.to_json_string() == before
    assert apply(Edit.from_json(change.to_json()).inverse(), new).to_json_string() == before
    return new, change


def test_an_edit_inside_a_nest_moves_nothing_outside() -> None:
    inside = (Roll("V1", at(20), 4), Overwrite("V2", at(2), clip("X", 0, 3)))
    new, change = through(nested(stack()), Inside("V1", at(25), inside))
    inner = new.tracks[0][1]
    assert [(child.name, child.duration().value) for child in inner[0]] == [("C", 24), ("D", 16)]
    assert [(child.name, child.duration().value) for child in inner[1]] == [("E", 2), ("X", 3), ("E", 5)]
    assert inner.source_range == times(5, 30)
    assert [str(one) for one in change] == [
        "V1 00:00:00:20 in 'scene', V1: roll 4 'D at 20'",
        "V1 00:00:00:20 in 'scene', V2: overwrite 3 'X at 2'",
    ]
    before, after = flatten(nested(stack())), flatten(new)
    assert (before[:20], before[50:]) == (after[:20], after[50:])


def test_a_nest_that_is_a_track_and_one_inside_another() -> None:
    inner = cut_of([clip("C", 10, 20), clip("D", 10, 20)]).tracks[0].deepcopy()
    new, _ = through(nested(inner), Inside("V1", at(25), (Slip("scene", at(3), 5),)))
    assert new.tracks[0][1][0].source_range.start_time.value == 15
    outer = otio.schema.Track("V1")
    outer.append(stack())
    cut = nested(otio.schema.Stack("outer", [outer]))
    deeper = Inside("V1", at(25), (Inside("V1", at(0), (Slice("V1", at(7)),)),))
    new, change = through(cut, deeper)
    assert len(new.tracks[0][1][0][0][0]) == 3
    assert "in 'scene', V1: in 'scene', V1: slice" in str(change)


def test_what_the_nest_still_shows_cannot_be_taken_out() -> None:
    short = Inside("V1", at(25), (Extract("V1", at(0), 10),))
    with pytest.raises(CutError, match="'scene' would show 5 frames that it does not hold any more"):
        edit(nested(stack()), [short], Policies(sync=()))
    with pytest.raises(CutError, match="there is no nest"):
        edit(nested(stack()), [Inside("V1", at(5), (Slice("V1", at(7)),))])
    with pytest.raises(CutError, match="there is no track 'V9'"):
        edit(nested(stack()), [Inside("V1", at(25), (Slice("V9", at(7)),))])


def test_nothing_done_inside_is_no_edit() -> None:
    _, change = through(nested(stack()), Inside("V1", at(25), (Slice("V1", at(20)),)))
    assert not change


def test_from_outside_a_nest_is_one_item() -> None:
    new, _ = through(nested(stack()), Slice("V1", at(30)))
    assert line(new) == [A, ("scene", 5, 10), ("scene", 15, 20), B]
    assert flatten(new) == flatten(nested(stack()))
