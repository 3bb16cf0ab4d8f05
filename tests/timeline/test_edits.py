"""Each operation, on cuts small enough to write down."""

from typing import Any

import opentimelineio as otio
import pytest
from secondunit_bridge.errors import CutError, ShotNotFound
from secondunit_timeline.changes import apply
from secondunit_timeline.edits import edit
from secondunit_timeline.index import Index
from secondunit_timeline.operations import (
    AddTake,
    End,
    Extend,
    Extract,
    Insert,
    Into,
    JoinShots,
    Lift,
    Overwrite,
    Side,
    SwapTake,
)

from tests.timeline.cuts import at, clip, cut_of, dissolve, gap, times


def line(cut: otio.schema.Timeline, track: int = 0) -> list[Any]:
    """A track as (name, source start, duration), gaps as their length, transitions as (in, out)."""
    row: list[Any] = []
    for child in cut.tracks[track]:
        if isinstance(child, otio.schema.Transition):
            row.append((child.in_offset.value, child.out_offset.value))
        elif isinstance(child, otio.schema.Gap):
            row.append(child.duration().value)
        else:
            row.append((child.name, child.source_range.start_time.value, child.source_range.duration.value))
    return row


A, B = ("A", 10, 20), ("B", 10, 20)


def two() -> otio.schema.Timeline:
    return cut_of([clip(*A), clip(*B)])


def test_overwrite_splits_what_it_covers_and_moves_nothing() -> None:
    cut, change = edit(two(), [Overwrite("V1", at(15), clip("X", 0, 10))])
    assert line(cut) == [("A", 10, 15), ("X", 0, 10), ("B", 15, 15)]
    assert str(change) == "V1 00:00:00:15 overwrite 10 'X'"


def test_overwrite_inside_one_clip_leaves_both_its_ends() -> None:
    cut, _ = edit(two(), [Overwrite("V1", at(5), clip("X", 0, 10))])
    assert line(cut) == [("A", 10, 5), ("X", 0, 10), ("A", 25, 5), B]


def test_overwrite_past_the_end_fills_up_with_a_gap() -> None:
    cut, _ = edit(two(), [Overwrite("V1", at(50), clip("X", 0, 10))])
    assert line(cut) == [A, B, 10, ("X", 0, 10)]


def test_insert_splits_and_moves_the_rest() -> None:
    cut, _ = edit(two(), [Insert("V1", at(5), clip("X", 0, 10))])
    assert line(cut) == [("A", 10, 5), ("X", 0, 10), ("A", 15, 15), B]


@pytest.mark.parametrize(
    ("side", "expected"),
    [(Side.LEFT, [A, (4, 4), ("X", 8, 10), B]), (Side.RIGHT, [A, ("X", 8, 10), (4, 4), B])],
)
def test_insert_at_a_dissolve_leaves_it_with_the_named_side(side: Side, expected: list[Any]) -> None:
    cut = cut_of([clip(*A), dissolve(4, 4), clip(*B)])
    done, _ = edit(cut, [Insert("V1", at(20), clip("X", 8, 10), side)])
    assert line(done) == expected


def test_a_dissolve_that_the_new_clip_cannot_carry_refuses_the_edit() -> None:
    cut = cut_of([clip(*A), dissolve(4, 4), clip(*B)])
    with pytest.raises(CutError, match="needs 4 frames of 'X' beyond the cut, 3 are missing"):
        edit(cut, [Insert("V1", at(20), clip("X", 1, 10))])


def test_extend_ripples_with_camera_frames_then_the_generated_clip() -> None:
    cut, change = edit(two(), [Extend("V1", at(3), End.TAIL, 6, clip("X", 12, 14, (0, 38)), Into.RIPPLE)])
    assert line(cut) == [("A", 10, 26), ("X", 12, 14), B]
    assert str(change).splitlines() == [
        "V1 00:00:00:20 extend tail ripple 6 'A'",
        "V1 00:00:01:02 place ripple 14 'X'",
    ]


def test_head_ripple_keeps_the_start() -> None:
    cut, _ = edit(two(), [Extend("V1", at(25), End.HEAD, 10, clip("X", 12, 14, (0, 38)), Into.RIPPLE)])
    assert line(cut) == [A, ("X", 12, 14), ("B", 0, 30)]


def test_extend_into_a_gap_moves_nothing() -> None:
    cut = cut_of([clip(*A), gap(12), clip(*B)])
    tail, _ = edit(cut, [Extend("V1", at(3), End.TAIL, 2, clip("X", 12, 6), Into.GAP)])
    assert line(tail) == [("A", 10, 22), ("X", 12, 6), 4, B]
    head, _ = edit(cut, [Extend("V1", at(40), End.HEAD, 2, clip("X", 12, 10), Into.GAP)])
    assert line(head) == [A, ("X", 12, 10), ("B", 8, 22)]


def test_a_gap_too_short_is_refused_with_the_missing_frames() -> None:
    cut = cut_of([clip(*A), gap(12), clip(*B)])
    with pytest.raises(CutError, match=r"a gap of 12 frames .* 3 are missing"):
        edit(cut, [Extend("V1", at(3), End.TAIL, 5, clip("X", 12, 10), Into.GAP)])


def test_extend_over_covers_the_neighbours() -> None:
    tail, _ = edit(two(), [Extend("V1", at(3), End.TAIL, 2, clip("X", 12, 6), Into.OVER)])
    assert line(tail) == [("A", 10, 22), ("X", 12, 6), ("B", 18, 12)]
    head, _ = edit(two(), [Extend("V1", at(30), End.HEAD, 2, clip("X", 12, 6), Into.OVER)])
    assert line(head) == [("A", 10, 12), ("X", 12, 6), ("B", 8, 22)]


def test_camera_frames_that_the_media_does_not_hold_are_refused() -> None:
    with pytest.raises(CutError, match="has 70 camera frames beyond its tail, 5 are missing"):
        edit(two(), [Extend("V1", at(3), End.TAIL, 75, None, Into.RIPPLE)])


def test_a_dissolve_moves_out_with_the_end_and_keeps_its_length() -> None:
    cut = cut_of([clip("A", 10, 20, (0, 38)), dissolve(8, 8), clip(*B)])
    longer = Extend("V1", at(3), End.TAIL, 8, clip("X", 12, 16, (0, 48)), Into.RIPPLE)
    done, _ = edit(cut, [longer])
    assert line(done) == [("A", 10, 28), ("X", 12, 16), (8, 8), B]


@pytest.mark.parametrize("at_frame", [16, 20, 12])
def test_a_join_lies_over_a_cut_and_leaves_something_of_both_sides(at_frame: int) -> None:
    cut, change = edit(two(), [JoinShots("V1", at(at_frame), clip("X", 0, 8))])
    assert line(cut) == [("A", 10, at_frame), ("X", 0, 8), ("B", at_frame - 2, 32 - at_frame)]
    assert str(change) == f"V1 00:00:00:{at_frame} join 'A' and 'B' by 8 'X'"


def test_a_join_fills_a_gap_and_that_of_its_sound() -> None:
    cut = cut_of([clip(*A), gap(8), clip(*B)], [clip("a", 10, 20), gap(30)], [clip("music", 10, 50)])
    joined, change = edit(cut, [JoinShots("V1", at(20), clip("X", 0, 8), ("V2",))])
    assert [line(joined, number) for number in (0, 1)] == [[A, ("X", 0, 8), B], [("a", 10, 20), ("X", 0, 8), 22]]
    assert apply(change.inverse(), joined).to_json_string() == cut.to_json_string()
    with pytest.raises(CutError, match="no gap of 8 frames"):
        edit(cut, [JoinShots("V1", at(20), clip("X", 0, 8), ("V3",))])


@pytest.mark.parametrize(("start", "frames"), [(5, 8), (16, 24), (0, 23), (23, 4), (18, 10), (36, 8), (60, 4)])
def test_a_join_anywhere_else_is_refused(start: int, frames: int) -> None:
    for cut in (cut_of([clip(*A), gap(8), clip(*B)]), cut_of([clip(*A), clip("M", 10, 2), clip(*B)])):
        with pytest.raises(CutError, match="do not lie over the cut between two clips"):
            edit(cut, [JoinShots("V1", at(start), clip("X", 0, frames))])


def test_swap_and_add_take_keep_every_place() -> None:
    take = otio.schema.ExternalReference("/takes/A_v001.mov", times(5, 40))
    recipe = otio.schema.GeneratorReference(generator_kind="secondunit.extend")
    cut, _ = edit(two(), [AddTake("V1", at(0), "take.1", take, recipe), SwapTake("V1", at(0), "take.1")])
    first = cut.tracks[0][0]
    assert line(cut) == [A, B]
    assert first.active_media_reference_key == "take.1"
    assert set(first.media_references()) == {"DEFAULT_MEDIA", "take.1", "take.1.recipe"}
    with pytest.raises(CutError, match="is a recipe"):
        edit(cut, [SwapTake("V1", at(0), "take.1.recipe")])
    with pytest.raises(CutError, match=r"has the take 'take\.1' already"):
        edit(cut, [AddTake("V1", at(0), "take.1", take)])


def test_a_take_that_does_not_hold_the_used_range_is_refused_with_both_ranges() -> None:
    take = otio.schema.ExternalReference("/takes/A_v001.mov", times(5, 20))
    cut, _ = edit(two(), [AddTake("V1", at(0), "take.1", take)])
    with pytest.raises(CutError, match=r"'take\.1' does not hold \(it uses 10 to 30 at 24, there are 5 to 25 at 24\)"):
        edit(cut, [SwapTake("V1", at(0), "take.1")])


def test_a_refusal_refuses_all_and_the_input_never_changes() -> None:
    cut = two()
    before = cut.to_json_string()
    with pytest.raises(ShotNotFound):
        edit(cut, [Insert("V1", at(5), clip("X", 0, 10)), SwapTake("V1", at(90), "take.1")])
    assert cut.to_json_string() == before


def test_the_last_clip_of_a_cut_without_start_leaves_its_rate() -> None:
    cut = cut_of([clip("A", 0, 20)])
    cut.global_start_time = None
    with pytest.raises(CutError, match="nothing would be left in 'cut' that says its frame rate"):
        edit(cut, [Extract("V1", at(0), 20)])
    lifted, _ = edit(cut, [Lift("V1", at(0), 20), Overwrite("V1", at(0), clip("B", 0, 20))])
    assert Index(lifted).rate == 24
    again, _ = edit(cut, [Extract("V1", at(0), 20), Insert("V1", at(0), clip("B", 0, 20))])
    assert Index(again).rate == 24


def test_a_take_is_held_against_a_clip_without_source_range() -> None:
    cut = cut_of([clip("A", 0, 20, (0, 20))])
    cut.tracks[0][0].source_range = None
    short, whole = (otio.schema.ExternalReference("/takes/A.mov", times(0, frames)) for frames in (12, 20))
    with pytest.raises(CutError):
        edit(cut, [AddTake("V1", at(0), "take.1", short), SwapTake("V1", at(0), "take.1")])
    made, _ = edit(cut, [AddTake("V1", at(0), "take.1", whole), SwapTake("V1", at(0), "take.1")])
    assert made.tracks[0][0].active_media_reference_key == "take.1"
