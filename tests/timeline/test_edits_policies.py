"""Transitions, retimes, markers, locks and other rates beside an edit, and every operation on real cuts."""

from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit_bridge.errors import CutError, ShotNotFound
from secondunit_timeline.edits import edit
from secondunit_timeline.flat import flatten
from secondunit_timeline.index import Index
from secondunit_timeline.operations import (
    AddTrack,
    End,
    Extend,
    Insert,
    InsertGap,
    Into,
    Lift,
    Overwrite,
    SwapTake,
)

from tests.timeline.cuts import at, clip, cut_of, dissolve, gap, times
from tests.timeline.test_edits import A, B, line, two

SHARED = Path(__file__).parents[3] / "shared"
CUTS = sorted((SHARED / "corpus").glob("**/*.otio")) + sorted((SHARED / "footage").glob("*.otio"))


@pytest.mark.parametrize(
    ("speed", "start"),
    [(2.0, 30), (0.5, 15), (-1.0, 0), (0.0, 10), (1 / 3, 10 + 10 / 3), (-2.5, -15)],
)
def test_a_split_retime_goes_on_with_the_source_frame_that_follows(speed: float, start: float) -> None:
    cut = cut_of([clip("A", 10, 20, (-100, 300), speed=speed)])
    done, _ = edit(cut, [Insert("V1", at(10), clip("X", 0, 5))])
    assert line(done) == [("A", 10, 10), ("X", 0, 5), ("A", start, 10)]
    before, after = flatten(cut), flatten(done)
    assert [layers[0].seconds for layers in after[15:]] == [layers[0].seconds for layers in before[10:]]


def test_a_ramp_is_never_split_but_may_move() -> None:
    ramp = clip("A", 10, 20)
    ramp.effects.append(otio.schema.TimeEffect("ramp"))
    cut = cut_of([ramp, clip(*B)])
    for refused in (
        Insert("V1", at(10), clip("X", 0, 5)),
        Overwrite("V1", at(10), clip("X", 0, 5)),
        Overwrite("V1", at(10), clip("X", 0, 20)),
        Extend("V1", at(25), End.HEAD, 5, None, Into.OVER),
        Extend("V1", at(5), End.TAIL, 5, None, Into.RIPPLE),
    ):
        with pytest.raises(CutError, match=r"'A' has a speed ramp"):
            edit(cut, [refused])
    moved, _ = edit(cut, [Insert("V1", at(0), clip("X", 0, 5)), Overwrite("V1", at(30), clip("Y", 0, 5))])
    assert line(moved) == [("X", 0, 5), A, ("B", 10, 5), ("Y", 0, 5), ("B", 20, 10)]


@pytest.mark.parametrize("speed", [None, 2.0])
def test_markers_go_with_their_frames_and_effects_stay_on_both_sides(speed: float | None) -> None:
    shot = clip("A", 10, 20, (0, 200), speed=speed)
    for offset in (0, 9, 10, 19):
        shot.markers.append(otio.schema.Marker(f"m{offset}", times(10 + offset, 1)))
    shot.effects.append(otio.schema.Effect("grade", "grade"))
    done, _ = edit(cut_of([shot]), [Insert("V1", at(10), clip("X", 0, 5))])
    left, _, right = done.tracks[0]

    def offsets(half: otio.schema.Clip) -> list[tuple[str, float]]:
        start = half.source_range.start_time.value
        return [(marker.name, marker.marked_range.start_time.value - start) for marker in half.markers]

    assert offsets(left) == [("m0", 0), ("m9", 9)]
    assert offsets(right) == [("m10", 0), ("m19", 9)]
    assert [effect.effect_name for effect in right.effects] == [effect.effect_name for effect in shot.effects]
    assert right.media_reference.is_equivalent_to(shot.media_reference)


def test_overwriting_a_whole_clip_keeps_the_dissolve_at_its_ends_and_drops_those_inside() -> None:
    cut = cut_of([clip(*A), dissolve(4, 4), clip(*B), dissolve(2, 2), clip("C", 10, 20)])
    done, change = edit(cut, [Overwrite("V1", at(20), clip("X", 8, 20))])
    assert line(done) == [A, (4, 4), ("X", 8, 20), (2, 2), ("C", 10, 20)]
    done, change = edit(cut, [Overwrite("V1", at(10), clip("X", 8, 40))])
    assert line(done) == [("A", 10, 10), ("X", 8, 40), ("C", 20, 10)]
    assert [one.verb for one in change] == ["drop transition", "drop transition", "overwrite"]


def test_what_remains_of_a_clip_must_hold_its_dissolve() -> None:
    cut = cut_of([clip(*A), dissolve(4, 4), clip(*B)])
    with pytest.raises(CutError, match=r"would need 4 frames of 'B', which has 3: 1 are missing"):
        edit(cut, [Overwrite("V1", at(23), clip("X", 8, 10))])
    with pytest.raises(CutError, match=r"would need 4 frames of 'A', which has 2: 2 are missing"):
        edit(cut, [Overwrite("V1", at(8), clip("X", 8, 10))])


def test_a_fade_out_moves_out_with_the_shot_as_far_as_the_gap_holds_it() -> None:
    cut = cut_of([clip(*A), dissolve(0, 6), gap(12), clip(*B)])
    done, _ = edit(cut, [Extend("V1", at(3), End.TAIL, 6, None, Into.GAP)])
    assert line(done) == [("A", 10, 26), (0, 6), 6, B]
    with pytest.raises(CutError, match="would need 6 frames of the gap, which has 5: 1 are missing"):
        edit(cut, [Extend("V1", at(3), End.TAIL, 7, None, Into.GAP)])


def test_two_dissolves_never_meet_on_one_cut() -> None:
    cut = cut_of([clip(*A), dissolve(2, 2), clip("S", 10, 8), dissolve(2, 2), clip(*B)])
    with pytest.raises(CutError, match="has the transition 'dissolve' already"):
        edit(cut, [Extend("V1", at(3), End.TAIL, 8, None, Into.OVER)])
    one = cut_of([clip(*A), clip("S", 10, 8), dissolve(2, 2), clip(*B)])
    done, _ = edit(one, [Extend("V1", at(3), End.TAIL, 8, None, Into.OVER)])
    assert line(done) == [("A", 10, 28), (2, 2), B]


def test_an_extension_generates_what_the_moved_dissolve_needs_and_no_less() -> None:
    """The media ends where the centred 16-frame dissolve does, 8 frames past the cut; 24 more frames are wanted."""
    cut = cut_of([clip("A", 10, 20, (0, 38)), dissolve(8, 8), clip(*B)])
    enough = Extend("V1", at(3), End.TAIL, 8, clip("X", 0, 16, (0, 24)), Into.RIPPLE)
    done, _ = edit(cut, [enough])
    assert line(done)[1:4] == [("X", 0, 16), (8, 8), B]
    short = Extend("V1", at(3), End.TAIL, 8, clip("X", 0, 16, (0, 23)), Into.RIPPLE)
    with pytest.raises(CutError, match="needs 8 frames of 'X' beyond the cut, 1 are missing"):
        edit(cut, [short])


def test_a_reversed_shot_grows_at_its_tail_by_earlier_frames() -> None:
    cut = cut_of([clip("A", 30, 20, (0, 60), speed=-1.0), clip(*B)])
    done, _ = edit(cut, [Extend("V1", at(3), End.TAIL, 11, None, Into.RIPPLE)])
    assert [layers[0].frame(Fraction(24)) for layers in flatten(done)[19:31]] == list(range(11, -1, -1))
    with pytest.raises(CutError, match="has 11 camera frames beyond its tail, 1 are missing"):
        edit(cut, [Extend("V1", at(3), End.TAIL, 12, None, Into.RIPPLE)])
    head, _ = edit(cut, [Extend("V1", at(3), End.HEAD, 29, None, Into.RIPPLE)])
    assert flatten(head)[0][0].frame(Fraction(24)) == 59
    with pytest.raises(CutError, match="has 29 camera frames beyond its head, 1 are missing"):
        edit(cut, [Extend("V1", at(3), End.HEAD, 30, None, Into.RIPPLE)])


def test_a_retimed_shot_needs_more_source_frames_than_it_gains() -> None:
    cut = cut_of([clip("A", 10, 20, (0, 110), speed=2.5), clip(*B)])
    done, _ = edit(cut, [Extend("V1", at(3), End.TAIL, 20, None, Into.RIPPLE)])
    assert line(done)[0] == ("A", 10, 40)
    with pytest.raises(CutError, match="has 20 camera frames beyond its tail, 1 are missing"):
        edit(cut, [Extend("V1", at(3), End.TAIL, 21, None, Into.RIPPLE)])


def test_camera_frames_of_another_rate_must_end_on_a_frame_of_the_cut() -> None:
    cut = cut_of([clip("A", 25, 25, (0, 100), Fraction(25)), clip(*B)])
    done, _ = edit(cut, [Extend("V1", at(3), End.TAIL, 25, None, Into.RIPPLE)])
    assert [item.start for item in Index(done).tracks[0].items] == [0, 48]
    with pytest.raises(CutError, match=r"would grow by 9\.600 frames of the cut"):
        edit(cut, [Extend("V1", at(3), End.TAIL, 10, None, Into.RIPPLE)])
    with pytest.raises(CutError, match=r"'X' lasts 9\.600 frames of the cut at 24"):
        edit(cut, [Overwrite("V1", at(3), clip("X", 0, 10, rate=Fraction(25)))])


def test_an_edit_between_the_frames_of_a_clip_of_another_rate_stays_exact() -> None:
    cut = cut_of([clip("A", 25, 25, (0, 100), Fraction(25)), clip(*B)])
    done, _ = edit(cut, [Insert("V1", at(7), clip("X", 0, 5))])
    items = Index(done).tracks[0].items
    assert [(item.start, item.duration) for item in items] == [(0, 7), (7, 5), (12, 17), (29, 20)]
    assert flatten(done)[12][0].seconds == flatten(cut)[7][0].seconds


def test_gaps_are_inserted_at_edit_points_and_never_inside_a_clip() -> None:
    cut = cut_of([clip(*A), gap(10), clip(*B)])
    assert line(edit(cut, [InsertGap("V1", at(25), 5)])[0]) == [A, 15, B]
    assert line(edit(cut, [InsertGap("V1", at(20), 5)])[0]) == [A, 15, B]
    assert line(edit(cut, [InsertGap("V1", at(30), 5)])[0]) == [A, 15, B]
    assert line(edit(cut, [InsertGap("V1", at(0), 5)])[0]) == [5, A, 10, B]
    assert line(edit(cut, [InsertGap("V1", at(50), 5)])[0]) == [A, 10, B]
    with pytest.raises(CutError, match="would split 'B'"):
        edit(cut, [InsertGap("V1", at(31), 5)])
    with pytest.raises(CutError, match="would break the transition"):
        edit(cut_of([clip(*A), dissolve(4, 4), clip(*B)]), [InsertGap("V1", at(20), 5)])


def test_lift_leaves_a_gap() -> None:
    assert line(edit(two(), [Lift("V1", at(15), 10)])[0]) == [("A", 10, 15), 10, ("B", 15, 15)]
    assert line(edit(two(), [Lift("V1", at(35), 10)])[0]) == [A, ("B", 10, 15), 5]
    assert line(edit(two(), [Lift("V1", at(60), 10)])[0]) == [A, B]


def test_an_added_track_lies_where_it_was_asked_for_and_takes_edits_at_once() -> None:
    cut = cut_of([clip(*A)], [clip(*B)])
    cut.tracks.append(otio.schema.Track("A1", kind="Audio"))
    done, _ = edit(cut, [AddTrack("Takes", above="V1"), Overwrite("Takes", at(5), clip("X", 0, 10))])
    assert [track.name for track in done.tracks] == ["V1", "Takes", "V2", "A1"]
    assert line(done, 1) == [5, ("X", 0, 10)]
    top, _ = edit(cut, [AddTrack("V3"), AddTrack("A2", "Audio")])
    assert [track.name for track in top.tracks] == ["V1", "V2", "V3", "A1", "A2"]
    for refused in (AddTrack("V1"), AddTrack(""), AddTrack("V4", above="none")):
        with pytest.raises(CutError):
            edit(cut, [refused])


def test_locked_and_trimmed_tracks_are_refused() -> None:
    cut = two()
    cut.tracks[0].metadata["Resolve_OTIO"] = {"Locked": True}
    assert Index(cut).tracks[0].locked
    with pytest.raises(CutError, match="V1 is locked"):
        edit(cut, [Lift("V1", at(0), 5)])
    trimmed = two()
    trimmed.tracks[0].source_range = times(5, 20)
    with pytest.raises(CutError, match="trimmed as a whole"):
        edit(trimmed, [Lift("V1", at(0), 5)])


def test_frames_that_are_none_are_refused() -> None:
    for refused in (
        Overwrite("V1", at(-1), clip("X", 0, 5)),
        Overwrite("V1", at(1, Fraction(25)), clip("X", 0, 5)),
        Overwrite("V1", at(1), clip("X", 0, 0)),
        Lift("V1", at(1), 0),
        InsertGap("V1", at(1), -3),
        Extend("V1", at(1), End.TAIL, 0, None, Into.RIPPLE),
        Extend("V1", at(1), End.TAIL, -2, clip("X", 0, 5), Into.RIPPLE),
        Extend("V1", at(1), End.HEAD, 1, None, Into.GAP),
        Extend("V1", at(1), End.HEAD, 1, None, Into.OVER),
        Overwrite("V7", at(1), clip("X", 0, 5)),
    ):
        with pytest.raises(CutError):
            edit(two(), [refused])
    for lost in (SwapTake("V1", at(99), "x"), Extend("V1", at(99), End.TAIL, 1, None, Into.RIPPLE)):
        with pytest.raises(ShotNotFound):
            edit(two(), [lost])


def test_an_edit_writes_record_timecode_as_the_cut_counts() -> None:
    rate = Fraction(30000, 1001)
    cut = cut_of([clip("A", 10, 200, (0, 400), rate)], rate=rate, start=107892)
    _, change = edit(cut, [Insert("V1", at(63, rate), clip("A007 ext", 0, 24, rate=rate))])
    assert str(change) == "V1 01:00:02;03 insert 24 'A007 ext'"
