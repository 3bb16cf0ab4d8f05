"""Edit points that move: what each operation shows afterwards, and what it refuses."""

from collections import Counter
from fractions import Fraction
from typing import Any

import opentimelineio as otio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from secondunit_bridge.errors import CutError, ShotNotFound
from secondunit_bridge.rates import FrameTime
from secondunit_timeline.changes import Edit, apply
from secondunit_timeline.edits import Links, Policies, edit
from secondunit_timeline.flat import flatten
from secondunit_timeline.index import Index
from secondunit_timeline.operations import (
    AddRecipe,
    AddTake,
    CloseGap,
    End,
    Extend,
    Extract,
    Fill,
    FillLength,
    GrowTake,
    Insert,
    Into,
    Operation,
    Overwrite,
    ReplaceShot,
    ReplaceSlug,
    RippleTrim,
    Roll,
    Slice,
    Slide,
    Slip,
    Transitions,
    Trim,
)
from secondunit_timeline.slugs import slug

from tests.timeline.cuts import at, clip, cut_of, dissolve, gap, times
from tests.timeline.test_edits import A, B, line, two
from tests.timeline.test_edits_frames import cuts, shown

C = ("C", 10, 20)


def three() -> otio.schema.Timeline:
    return cut_of([clip(*A), clip(*B), clip(*C)])


def done(cut: otio.schema.Timeline, *operations: Operation, transitions: Transitions = Transitions.REFUSE) -> list[Any]:
    return line(edit(cut, operations, Policies(transitions))[0])


def test_slice_makes_an_edit_point_and_changes_no_frame() -> None:
    assert done(two(), Slice("V1", at(5))) == [("A", 10, 5), ("A", 15, 15), B]
    assert done(two(), Slice("V1", at(20))) == [A, B]
    assert shown(edit(two(), [Slice("V1", at(5))])[0]) == shown(two())


def test_trim_leaves_neighbours_alone() -> None:
    assert done(three(), Trim("V1", at(25), End.TAIL, -5)) == [A, ("B", 10, 15), 5, C]
    assert done(three(), Trim("V1", at(25), End.HEAD, 5)) == [A, 5, ("B", 15, 15), C]
    assert done(three(), Trim("V1", at(5), End.HEAD, 5)) == [5, ("A", 15, 15), B, C]
    assert done(three(), Trim("V1", at(45), End.TAIL, -5)) == [A, B, ("C", 10, 15)]
    assert done(three(), Trim("V1", at(45), End.TAIL, 5)) == [A, B, ("C", 10, 25)]
    gapped = cut_of([clip(*A), gap(8), clip(*B)])
    assert done(gapped, Trim("V1", at(5), End.TAIL, 3)) == [("A", 10, 23), 5, B]
    assert done(gapped, Trim("V1", at(5), End.TAIL, 8)) == [("A", 10, 28), B]
    assert done(gapped, Trim("V1", at(30), End.HEAD, -3)) == [A, 5, ("B", 7, 23)]
    assert done(gapped, Trim("V1", at(30), End.HEAD, 3)) == [A, 11, ("B", 13, 17)]
    with pytest.raises(CutError, match=r"has 8 frames of gap at its tail, 1 are missing"):
        done(gapped, Trim("V1", at(5), End.TAIL, 9))
    with pytest.raises(CutError, match=r"'B' has 0 frames of gap at its head, 2 are missing"):
        done(two(), Trim("V1", at(25), End.HEAD, -2))
    with pytest.raises(CutError, match="lasts 20 frames, 1 too few"):
        done(three(), Trim("V1", at(25), End.TAIL, -20))


def test_ripple_trim_moves_what_follows() -> None:
    assert done(three(), RippleTrim("V1", at(25), End.TAIL, -5)) == [A, ("B", 10, 15), C]
    assert done(three(), RippleTrim("V1", at(25), End.TAIL, 5)) == [A, ("B", 10, 25), C]
    assert done(three(), RippleTrim("V1", at(25), End.HEAD, 5)) == [A, ("B", 15, 15), C]
    assert done(three(), RippleTrim("V1", at(25), End.HEAD, -5)) == [A, ("B", 5, 25), C]
    with pytest.raises(CutError, match="has 10 frames beyond its head, 1 are missing"):
        done(three(), RippleTrim("V1", at(25), End.HEAD, -11))
    with pytest.raises(CutError, match="has 70 frames beyond its tail, 2 are missing"):
        done(three(), RippleTrim("V1", at(25), End.TAIL, 72))


def test_roll_moves_one_edit_point_with_its_dissolve() -> None:
    assert done(three(), Roll("V1", at(20), 4)) == [("A", 10, 24), ("B", 14, 16), C]
    assert done(three(), Roll("V1", at(20), -4)) == [("A", 10, 16), ("B", 6, 24), C]
    dissolved = cut_of([clip(*A), dissolve(4, 4), clip(*B)])
    assert done(dissolved, Roll("V1", at(20), 4)) == [("A", 10, 24), (4, 4), ("B", 14, 16)]
    with pytest.raises(CutError, match="there is no edit point"):
        done(three(), Roll("V1", at(21), 4))
    with pytest.raises(CutError, match="no edit point between two items"):
        done(three(), Roll("V1", at(0), 4))


def test_slip_changes_what_a_clip_shows_and_not_where() -> None:
    assert done(three(), Slip("V1", at(25), 7)) == [A, ("B", 17, 20), C]
    assert done(three(), Slip("V1", at(25), -10)) == [A, ("B", 0, 20), C]
    with pytest.raises(CutError, match="has 10 frames beyond its head, 1 are missing"):
        done(three(), Slip("V1", at(25), -11))
    for speed, start in ((2.0, 24), (-1.0, 33), (0.0, 47)):
        retimed = cut_of([clip("R", 40, 20, (0, 100), speed=speed)])
        by = -8 if speed == 2 else 7
        assert done(retimed, Slip("V1", at(0), by)) == [("R", start, 20)]


def test_slide_moves_a_clip_between_its_neighbours() -> None:
    assert done(three(), Slide("V1", at(25), 6)) == [("A", 10, 26), B, ("C", 16, 14)]
    assert done(three(), Slide("V1", at(25), -6)) == [("A", 10, 14), B, ("C", 4, 26)]
    assert done(three(), Slide("V1", at(5), 6)) == [6, A, ("B", 16, 14), C]
    assert done(three(), Slide("V1", at(45), 6)) == [A, ("B", 10, 26), C]
    with pytest.raises(CutError, match="is the first on its track"):
        done(three(), Slide("V1", at(5), -1))
    with pytest.raises(CutError, match="'C' has 10 frames beyond its head, 2 are missing"):
        done(three(), Slide("V1", at(25), -12))


def test_extract_and_close_gap_take_time_out() -> None:
    assert done(three(), Extract("V1", at(15), 10)) == [("A", 10, 15), ("B", 15, 15), C]
    assert done(three(), Extract("V1", at(20), 20)) == [A, C]
    assert done(three(), Extract("V1", at(50), 99)) == [A, B, ("C", 10, 10)]
    assert done(cut_of([clip(*A), gap(8), clip(*B)]), CloseGap("V1", at(25))) == [A, B]
    with pytest.raises(CutError, match="there is no gap"):
        done(three(), CloseGap("V1", at(25)))
    with pytest.raises(CutError, match="the track ends before"):
        done(three(), Extract("V1", at(60), 1))


def test_three_point_edits_say_whose_length_counts() -> None:
    cut = cut_of([clip(*A), gap(30), clip(*B)])
    new = clip("N", 5, 15, (0, 60))
    assert done(cut, Fill("V1", at(20), new, FillLength.SOURCE)) == [A, ("N", 5, 15), 15, B]
    assert done(cut, Fill("V1", at(25), new, FillLength.SEQUENCE)) == [A, ("N", 5, 30), B]
    assert done(cut, Fill("V1", at(22), new, FillLength.SEQUENCE, 4)) == [A, 2, ("N", 5, 4), 24, B]
    fitted, change = edit(cut, [Fill("V1", at(25), new, FillLength.FIT)])
    assert line(fitted) == [A, ("N", 5, 30), B]
    assert [layers[0].frame(Fraction(24)) for layers in flatten(fitted)[20:24]] == [5, 5, 6, 6]
    assert flatten(fitted)[49][0].seconds == Fraction(39, 2) / 24
    assert str(change) == "V1 00:00:00:20 fill fit 30 'N'"
    reverse = clip("N", 30, 15, (0, 60), speed=-1.0)
    fitted, _ = edit(cut, [Fill("V1", at(25), reverse, FillLength.FIT)])
    assert [effect.time_scalar for effect in fitted.tracks[0][1].effects] == [-0.5]
    with pytest.raises(CutError, match="has 20 frames from its first one on, 10 are missing"):
        done(cut, Fill("V1", at(25), clip("N", 40, 5, (0, 60)), FillLength.SEQUENCE))


def test_a_shot_is_replaced_in_its_place_and_a_slug_by_its_take() -> None:
    assert done(three(), ReplaceShot("V1", at(25), clip("N", 5, 7))) == [A, ("N", 5, 20), C]
    placed = slug("later", FrameTime(100, Fraction(24)), FrameTime(12, Fraction(24)))
    cut, _ = edit(three(), [Overwrite("V1", at(24), placed)])
    assert line(cut) == [A, ("B", 10, 4), ("later", 100, 12), ("B", 26, 4), C]
    assert done(cut, ReplaceSlug("V1", at(30), clip("N", 100, 12, (90, 40))))[2] == ("N", 100, 12)
    with pytest.raises(CutError, match="is no slug"):
        done(cut, ReplaceSlug("V1", at(21), clip("N", 100, 12)))


def test_a_take_grows_and_keeps_every_frame() -> None:
    def take(start: int, frames: int) -> otio.schema.ExternalReference:
        return otio.schema.ExternalReference("/takes/t.mov", times(start, frames))

    recipe = otio.schema.GeneratorReference(generator_kind="secondunit.extend")
    cut, _ = edit(two(), [AddTake("V1", at(0), "take.1", take(5, 30)), AddRecipe("V1", at(0), "take.2", recipe)])
    assert set(cut.tracks[0][0].media_references()) == {"DEFAULT_MEDIA", "take.1", "take.2.recipe"}
    grown, change = edit(cut, [GrowTake("V1", at(0), "take.1", take(0, 50))])
    assert grown.tracks[0][0].media_references()["take.1"].available_range == times(0, 50)
    assert str(change) == "V1 00:00:00:00 grow take.1 20 'A'"
    with pytest.raises(CutError, match="holds 5 to 35 at 24, the longer one 6 to 56 at 24"):
        edit(cut, [GrowTake("V1", at(0), "take.1", take(6, 50))])
    with pytest.raises(CutError, match="has no take"):
        edit(cut, [GrowTake("V1", at(0), "take.9", take(6, 50))])


def test_ripples_move_other_tracks_at_their_own_edit_points_and_cut_nothing() -> None:
    cut = cut_of([clip(*A), clip(*B)], [clip("C", 10, 20), gap(4), clip("D", 10, 30)], [clip("E", 10, 40)])
    new = clip("N", 10, 6)
    moved, change = edit(cut, [Insert("V1", at(20), new, sync=("V2",))])
    assert line(moved, 1) == [("C", 10, 20), 10, ("D", 10, 30)]
    assert [str(one) for one in change] == ["V2 00:00:00:20 ripple 6 ''", "V1 00:00:00:20 insert 6 'N'"]
    back, _ = edit(moved, [Extract("V1", at(20), 6, sync=("V2",))])
    assert back.to_json_string() == cut.to_json_string()
    for operation in (
        Insert("V1", at(20), new, sync=("V2", "V3")),
        RippleTrim("V1", at(5), End.TAIL, 5, sync=("V2", "V3")),
        RippleTrim("V1", at(25), End.HEAD, 5, sync=("V3",)),
        Extract("V1", at(20), 4, sync=("V2", "V3")),
    ):
        with pytest.raises(CutError, match="would cut through:\n  'E' on V3"):
            edit(cut, [operation])
    with pytest.raises(CutError, match="'D' on V2"):
        edit(cut, [Extract("V1", at(20), 5, sync=("V2",))])
    assert line(edit(cut, [Extract("V1", at(20), 4, sync=("V2",))])[0], 1) == [("C", 10, 20), ("D", 10, 30)]


def test_transitions_that_lose_what_carries_them_follow_the_policy() -> None:
    cut = cut_of([clip("A", 10, 20, (0, 34)), dissolve(4, 4), clip(*B)])
    longer = RippleTrim("V1", at(5), End.TAIL, 2)
    with pytest.raises(CutError, match="needs 4 frames of 'A' beyond the cut, 2 are missing"):
        edit(cut, [longer])
    shorter, change = edit(cut, [longer], Policies(Transitions.SHORTEN))
    assert line(shorter) == [("A", 10, 22), (4, 2), B]
    assert [str(one) for one in change] == [
        "V1 00:00:00:22 shorten transition 6 'dissolve'",
        "V1 00:00:00:20 ripple trim tail 2 'A'",
    ]
    assert apply(change.inverse(), shorter).to_json_string() == cut.to_json_string()
    dropped, change = edit(cut, [longer], Policies(Transitions.DROP))
    assert line(dropped) == [("A", 10, 22), B]
    assert change[0].verb == "drop transition"
    away = Trim("V1", at(5), End.TAIL, -2)
    with pytest.raises(CutError, match="would have nothing to lie on"):
        edit(cut, [away])
    assert done(cut, away, transitions=Transitions.SHORTEN) == [("A", 10, 18), 2, B]
    innocent = cut_of([clip(*A), dissolve(4, 4), clip(*B), clip("C", 10, 20)])
    assert done(innocent, Slip("V1", at(50), 3), transitions=Transitions.DROP)[1] == (4, 4)


def test_an_edit_point_between_source_frames_is_said() -> None:
    cut = cut_of([clip("A", 25, 25, (0, 100), Fraction(25)), clip(*B)])
    _, change = edit(cut, [Slice("V1", at(7))])
    assert [str(one) for one in change] == [
        "V1 00:00:00:07 begins between source frames, at 32.292, 17 'A'",
        "V1 00:00:00:07 slice 17 'A'",
    ]
    _, change = edit(cut_of([clip(*A)]), [Slice("V1", at(7))])
    assert len(change) == 1


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        (Slice("V1", at(7)), ["begins between source frames, at 107.292, 17 'A'"]),
        (
            Overwrite("V1", at(7), clip("X", 0, 6)),
            ["ends between source frames, at 107.292, 7 'A'", "begins between source frames, at 113.542, 11 'A'"],
        ),
        (
            Extract("V1", at(7), 6),
            ["ends between source frames, at 107.292, 7 'A'", "begins between source frames, at 113.542, 11 'A'"],
        ),
        (Trim("V1", at(5), End.TAIL, -5), ["ends between source frames, at 119.792, 19 'A'"]),
        (RippleTrim("V1", at(5), End.HEAD, 5), ["begins between source frames, at 105.208, 19 'A'"]),
        (Roll("V1", at(24), 1), ["ends between source frames, at 126.042, 25 'A'"]),
        (Slip("V1", at(5), 1), ["begins between source frames, at 101.042, 24 'A'"]),
        (Extend("V1", at(5), End.TAIL, 3, None, Into.RIPPLE), ["ends between source frames, at 128.125, 27 'A'"]),
        (Slice("V1", at(12)), ["begins between source frames, at 112.500, 12 'A'"]),
        (Slice("V1", at(24 + 7)), []),
    ],
)
def test_media_of_another_rate_is_met_between_its_frames_and_that_is_said(
    operation: Operation, said: list[str]
) -> None:
    """As editing programs write it: the range counts at the cut's 24, the media at 25. Frame 24 of the cut is 25."""
    media = otio.schema.ExternalReference("/media/A.mov", times(0, 300, Fraction(25)))
    cut = cut_of([otio.schema.Clip("A", media, times(96, 24)), clip(*B)])
    new, change = edit(cut, [operation])
    assert [str(one).partition(" ")[2].partition(" ")[2] for one in change if "between" in one.verb] == said
    starts = [child.source_range.start_time for child in new.tracks[0]]
    assert all(start.value == int(start.value) for start in starts), "the time itself stays exact"
    assert apply(change.inverse(), new).to_json_string() == cut.to_json_string()


def test_ramps_are_not_trimmed_and_what_is_no_shot_is_not_found() -> None:
    ramp = clip(*A)
    ramp.effects.append(otio.schema.TimeEffect("ramp"))
    cut = cut_of([ramp, gap(5), clip(*B)])
    for operation in (Trim("V1", at(3), End.TAIL, -2), Slip("V1", at(3), 2), Slice("V1", at(3)), Roll("V1", at(20), 2)):
        with pytest.raises(CutError, match="has a speed ramp"):
            edit(cut, [operation])
    with pytest.raises(ShotNotFound):
        edit(cut, [Slip("V1", at(22), 2)])
    for nothing in (Trim("V1", at(30), End.TAIL, 0), Slip("V1", at(30), 0)):
        with pytest.raises(CutError, match="0 frames does nothing"):
            edit(cut, [nothing])


def kept(operation: Operation, index: Index, frames: int) -> list[int | None]:
    """For every frame afterwards, the frame that it showed before; None where the operation claims it."""
    track = index.track("V1")
    rows: list[int | None] = list(range(frames))
    match operation:
        case Extract(at=at, frames=count):
            del rows[at.frame : at.frame + count]
        case CloseGap(at=at):
            item = track.at(at.frame)
            assert item is not None
            del rows[int(item.start) : int(item.end)]
        case Roll(at=at, by=by):
            low, high = sorted((at.frame, at.frame + by))
            rows[low:high] = [None] * (high - low)
        case Trim(shot_at=at, end=end, by=by) | RippleTrim(shot_at=at, end=end, by=by):
            item = track.at(at.frame)
            assert item is not None
            edge, grown = int(item.end if end is End.TAIL else item.start), by if end is End.TAIL else -by
            if isinstance(operation, Trim):
                low, high = sorted((edge, edge + by))
                rows[low:high] = [None] * (min(high, max(frames, edge + by)) - low)
            elif grown > 0:
                rows[edge:edge] = [None] * grown
            else:
                low = edge + grown if end is End.TAIL else edge
                del rows[low : low - grown]
        case Slip(shot_at=at) | Slide(shot_at=at):
            item = track.at(at.frame)
            assert item is not None
            low, high = int(item.start), int(item.end)
            if isinstance(operation, Slip):
                rows[low:high] = [None] * (high - low)
            else:
                by = operation.by
                moved = rows[low:high]
                reach = slice(min(low, low + by), max(high, high + by))
                rows[reach] = [None] * (max(high, high + by) - min(low, low + by))
                rows[low + by : high + by] = moved
    return rows


SEEN: Counter[str] = Counter()


def moves(at: FrameTime, by: int, count: int, end: End, kind: str) -> Operation:
    match kind:
        case "slice":
            return Slice("V1", at)
        case "extract":
            return Extract("V1", at, count)
        case "close gap":
            return CloseGap("V1", at)
        case "trim":
            return Trim("V1", at, end, by)
        case "ripple trim":
            return RippleTrim("V1", at, end, by)
        case "roll":
            return Roll("V1", at, by)
        case "slip":
            return Slip("V1", at, by)
    return Slide("V1", at, by)


KINDS = ("slice", "extract", "close gap", "trim", "ripple trim", "roll", "slip", "slide")


def random_move(cut: otio.schema.Timeline, draw: Any) -> tuple[otio.schema.Timeline, Edit]:
    """`cut` after one random operation that is checked: the frame map, the inverse and an input that stays."""
    index = Index(cut)
    kind = draw(st.sampled_from(KINDS))
    starts = [int(item.start) for item in index.track("V1").items]
    frame = draw(st.sampled_from(starts[1:] or starts) if kind == "roll" else st.integers(0, int(index.end)))
    by = draw(st.integers(-8, 8).filter(bool))
    operation = moves(FrameTime(frame, index.rate), by, draw(st.integers(1, 30)), draw(st.sampled_from(End)), kind)
    policies = Policies(
        draw(st.sampled_from(Transitions)), draw(st.sampled_from([None, ()])), draw(st.sampled_from(Links))
    )
    frozen, before = cut.to_json_string(), first_track(cut)
    try:
        new, change = edit(cut, [operation], policies)
    except CutError as refusal:
        SEEN[f"{kind} refused"] += 1
        assert str(refusal)
        return cut, Edit()
    finally:
        assert cut.to_json_string() == frozen
    SEEN[kind] += 1
    assert apply(Edit.from_json(change.to_json()).inverse(), new).to_json_string() == frozen
    rows = kept(operation, index, len(before))
    hidden, hidden_after = under_transitions(cut), under_transitions(new)
    after = first_track(new)
    # Gaps at the end are nothing to see: a track may end with the last clip or after it.
    rows += [None] * (len(after) - len(rows))
    for now, was in enumerate(rows):
        if was is None or was in hidden or now in hidden_after:
            continue
        assert (after[now] if now < len(after) else ()) == before[was], (operation, now, was, str(change))
    assert len(after) <= len(rows)
    return new, change


def first_track(cut: otio.schema.Timeline) -> list[Any]:
    alone = cut.deepcopy()
    del alone.tracks[1:]
    return list(shown(alone))


def under_transitions(cut: otio.schema.Timeline) -> set[int]:
    frames: set[int] = set()
    for item in Index(cut).track("V1").items:
        for transition, point in ((item.before, item.start), (item.after, item.end)):
            if transition is not None:
                into, out = int(transition.in_offset.value), int(transition.out_offset.value)
                frames |= set(range(int(point) - into, int(point) + out))
    return frames


@settings(max_examples=400, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_frames_that_no_move_claims_show_what_they_showed(data: st.DataObject) -> None:
    random_move(data.draw(cuts()), data.draw)


def test_the_random_moves_above_are_not_all_refused() -> None:
    if not SEEN:
        pytest.skip("runs after the random moves")
    assert all(SEEN[kind] > 3 for kind in KINDS), SEEN
