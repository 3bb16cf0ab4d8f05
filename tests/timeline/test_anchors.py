"""Shots found again in a cut that changed while an order ran: exactly the one that was meant, or none."""

import opentimelineio as otio
import pytest
from secondunit_bridge.errors import ShotNotFound
from secondunit_bridge.messages import ReferenceShot, Span
from secondunit_bridge.rates import FrameRange
from secondunit_timeline.anchors import readdressed
from secondunit_timeline.edits import edit
from secondunit_timeline.index import Index
from secondunit_timeline.matches import place_match, plan_match
from secondunit_timeline.operations import (
    AddTake,
    CloseGap,
    End,
    Extend,
    Insert,
    Into,
    Lift,
    Operation,
    Overwrite,
    Slip,
    SwapTake,
    Trim,
)
from secondunit_timeline.orders import Settings

from tests.timeline.cuts import RATE, at, clip, cut_of, gap, times
from tests.timeline.media_cuts import MakeClip, shot, sounding_cut, take_for
from tests.timeline.test_edits import line


def fast(media: otio.schema.Clip, speed: float) -> otio.schema.Clip:
    media.effects.append(otio.schema.LinearTimeWarp(time_scalar=speed))
    return media


@pytest.mark.parametrize(("chosen", "frames"), [(1, 40), (2, 100), (3, 40)])
def test_of_one_shot_used_three_times_exactly_one_changes(make_clip: MakeClip, chosen: int, frames: int) -> None:
    """At 100 %, 250 % and reversed; the sequence duplicated, and 37 frames put in upstream while the order runs."""
    media, head = make_clip(160), make_clip(60, name="head")
    uses = [shot(media, 160, 30, 40), fast(shot(media, 160, 30, 40), 2.5), fast(shot(media, 160, 100, 40), -1.0)]
    cut = sounding_cut(shot(head, 60, 0, 30, "head"), *uses)
    look = ReferenceShot(Span(str(head), FrameRange(0, 30, RATE)))
    plan = plan_match(Index(cut), f"A#{chosen}", [look], Settings(head.parent, handles=4))
    assert (plan.order.slot.head, plan.order.slot.frames, plan.order.slot.tail) == (4, frames, 4)
    duplicate = cut.deepcopy()
    untouched = duplicate.to_json_string()
    rippled, _ = edit(cut, [Insert("V1", at(10), clip("title", 0, 37))])
    placement = readdressed(place_match(plan, (take_for(plan.order),)), Index(cut), Index(rippled))
    placed, change = edit(rippled, placement)
    assert duplicate.to_json_string() == untouched
    before, after = (Index(one).tracks[0].items for one in (rippled, placed))
    differing = [k for k in range(len(before)) if not before[k].child.is_equivalent_to(after[k].child)]
    assert differing == [chosen + 2]  # the head shot lies in two parts, with the title between
    assert after[chosen + 2].child.active_media_reference_key == "take.id1"
    assert after[chosen + 2].start == 37 + 30 + 40 * (chosen - 1)
    assert all(one.at is not None and one.at.frame == 3600 * 24 + after[chosen + 2].start for one in change)


def twins() -> otio.schema.Timeline:
    return cut_of([clip("A", 10, 20), clip("A", 10, 20), gap(10), clip("B", 10, 20)])


ADD = AddTake("V1", at(25), "take.1", otio.schema.ExternalReference("/takes/A.mov", times(0, 100)))


@pytest.mark.parametrize(
    "meanwhile",
    [
        Lift("V1", at(0), 20),  # one of two equal shots is gone: which one is left?
        Insert("V1", at(70), clip("A", 10, 20)),  # there is a third one
        Trim("V1", at(25), End.TAIL, -2),
        Slip("V1", at(25), 2),
        Overwrite("V1", at(20), clip("C", 10, 20)),
    ],
)
def test_a_shot_that_cannot_be_told_is_refused(meanwhile: Operation) -> None:
    cut = twins()
    changed, _ = edit(cut, [meanwhile])
    with pytest.raises(ShotNotFound, match="'A' at 00:00:00:20 on V1 cannot be found again"):
        readdressed([ADD], Index(cut), Index(changed))


def test_equal_shots_are_told_by_their_order() -> None:
    cut = twins()
    changed, _ = edit(cut, [Insert("V1", at(20), clip("C", 10, 7))])
    (found,) = readdressed([ADD], Index(cut), Index(changed))
    assert found == AddTake("V1", at(32), "take.1", ADD.reference)
    placed, _ = edit(changed, [found, SwapTake("V1", at(27), "take.1")])
    assert [one.active_media_reference_key for one in placed.tracks[0].find_clips()] == [
        *("DEFAULT_MEDIA", "DEFAULT_MEDIA", "take.1", "DEFAULT_MEDIA")
    ]


def test_a_place_between_shots_moves_only_where_they_moved_together() -> None:
    cut = twins()
    changed, _ = edit(cut, [Insert("V1", at(0), clip("C", 10, 7))])
    filling = Overwrite("V1", at(40), clip("X", 0, 10))
    assert readdressed([filling], Index(cut), Index(changed))[0].at == at(47)  # type: ignore[union-attr]
    inside = Overwrite("V1", at(43), clip("X", 0, 4))
    assert readdressed([inside], Index(cut), Index(changed))[0].at == at(50)  # type: ignore[union-attr]
    longer = Extend("V1", at(25), End.TAIL, 0, clip("X", 0, 4), Into.GAP)
    placed, _ = edit(changed, readdressed([longer], Index(cut), Index(changed)))
    assert line(placed) == [("C", 10, 7), ("A", 10, 20), ("A", 10, 20), ("X", 0, 4), 6, ("B", 10, 20)]
    closed, _ = edit(changed, [CloseGap("V1", at(50))])
    with pytest.raises(ShotNotFound, match="have moved apart, by -3, 7 frames"):
        readdressed([filling], Index(cut), Index(closed))
    with pytest.raises(ShotNotFound, match="no shot lies there"):
        readdressed([Insert("V2", at(0), clip("X", 0, 4))], Index(cut_of([clip("A", 0, 9)], [])), Index(changed))


def test_an_id_of_the_host_tells_a_shot_from_its_copy() -> None:
    first, copy = clip("A", 5, 10), clip("A", 5, 10)
    first.metadata["secondunit"], copy.metadata["secondunit"] = {"host_id": "one"}, {"host_id": "two"}
    then, now = Index(cut_of([first])), Index(cut_of([copy, gap(3), first.deepcopy()]))
    assert readdressed([SwapTake("V1", at(4), "x")], then, now) == (SwapTake("V1", at(17), "x"),)
    slipped = clip("A", 6, 10)
    slipped.metadata["secondunit"] = {"host_id": "one"}
    with pytest.raises(ShotNotFound):
        readdressed([SwapTake("V1", at(4), "x")], then, Index(cut_of([slipped])))
