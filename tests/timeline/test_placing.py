"""Takes placed into a cut that changed while they were made, or that is all that is left of the session."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit_bridge.errors import BadInput, CutError, ShotNotFound
from secondunit_bridge.messages import Order, Take
from secondunit_timeline.changes import apply
from secondunit_timeline.edits import edit
from secondunit_timeline.extensions import place_extension, plan_extension
from secondunit_timeline.generations import Where, place_generation, plan_generation
from secondunit_timeline.index import Index
from secondunit_timeline.joins import place_join, plan_join
from secondunit_timeline.matches import look_of, place_match, plan_match
from secondunit_timeline.operations import End, Insert, Into, Lift, Overwrite, Slip
from secondunit_timeline.orders import Settings
from secondunit_timeline.placing import Ordered, found_again, place

from tests.timeline.cuts import at, clip, gap
from tests.timeline.media_cuts import MakeClip, shot, sounding_cut, take_for

SETTINGS = Settings(Path("/takes"), handles=4, prompt="x")
Plan = Callable[[Index], Ordered]


def matched(index: Index) -> Ordered:
    plan = plan_match(index, "A", [look_of(index, "B")], SETTINGS)
    return Ordered(index.cut, plan.order, partial(place_match, plan))


def extended(index: Index) -> Ordered:
    plan = plan_extension(index, "B", End.TAIL, 12, Into.GAP, False, SETTINGS)
    return Ordered(index.cut, plan.order, partial(place_extension, plan))


def joined(index: Index) -> Ordered:
    plan = plan_join(index, at(30), 6, SETTINGS)
    return Ordered(index.cut, plan.order, partial(place_join, plan))


def generated(index: Index) -> Ordered:
    plan = plan_generation(index, at(10), 8, Where.ABOVE, None, SETTINGS)
    return Ordered(index.cut, plan.order, partial(place_generation, plan))


@pytest.fixture
def cut(make_clip: MakeClip) -> otio.schema.Timeline:
    """A, then B, which 4 frames of its media follow, then a gap and C."""
    one, two = make_clip(60), make_clip(44, name="other")
    return sounding_cut(shot(one, 60, 10, 30), shot(two, 44, 10, 30, "B"), gap(20), shot(one, 60, 0, 20, "C"))


def take_of(order: Order | None) -> Take:
    assert order is not None
    return take_for(order, start=at(20 * 3600 * 24))


@pytest.mark.parametrize("plan", [matched, extended, joined, generated])
def test_what_moved_meanwhile_is_found(cut: otio.schema.Timeline, plan: Plan) -> None:
    ordered = plan(Index(cut))
    takes = (take_of(ordered.order),)
    moved, _ = edit(cut, [Insert("V1", at(0), clip("title", 0, 7))])
    placed, done = place(moved, ordered, takes)
    assert apply(done, moved).to_json_string() == placed.to_json_string()
    there, _ = place(cut, ordered, takes)
    shifted, _ = edit(there, [Insert("V1", at(0), clip("title", 0, 7), sync=())])

    def lines(one: otio.schema.Timeline, shift: int) -> list[tuple[str, int, str]]:
        return [
            (item.child.name, int(item.start) + shift, item.child.active_media_reference_key)
            for track in Index(one).tracks
            for item in track.items
            if isinstance(item.child, otio.schema.Clip)
        ]

    if plan is generated:  # on a track of its own, above A
        assert [name for name, start, _ in lines(placed, 0) if start == 17] == ["A_v001"]
    else:
        assert lines(placed, 0) == lines(shifted, 0)


def test_what_cannot_be_told_is_refused_with_the_files(cut: otio.schema.Timeline) -> None:
    ordered = matched(Index(cut))
    takes = (take_of(ordered.order),)
    slipped, _ = edit(cut, [Slip("V1", at(0), 2)])
    before = slipped.to_json_string()
    with pytest.raises(ShotNotFound, match=r"(?s)cannot be found again.*/takes/A_v001.mov"):
        place(slipped, ordered, takes)
    assert slipped.to_json_string() == before
    filling = extended(Index(cut))
    full, _ = edit(cut, [Overwrite("V1", at(65), clip("X", 0, 15))])
    with pytest.raises(CutError, match=r"(?s)/takes/A_v001.mov"):
        place(full, filling, (take_of(filling.order),))
    with pytest.raises(BadInput, match="A_v001 were not made for this order"):
        place(cut, filling, takes)
    with pytest.raises(BadInput, match="there is no take of the order for 'B'"):
        place(cut, filling, ())


@pytest.mark.parametrize("plan", [matched, extended, joined])
def test_an_order_finds_its_place_by_its_camera_frames(cut: otio.schema.Timeline, plan: Plan) -> None:
    ordered = plan(Index(cut))
    assert ordered.order is not None
    takes = (take_of(ordered.order),)
    moved, _ = edit(cut, [Insert("V1", at(0), clip("title", 0, 7))])
    again, _ = place(moved, found_again(moved, ordered.order), takes)
    assert again.to_json_string() == place(moved, ordered, takes)[0].to_json_string()
    twice = moved.deepcopy()
    twice.tracks[0].extend(one.deepcopy() for one in cut.tracks[0])
    with pytest.raises(ShotNotFound, match="would be planned at 2 places of the cut"):
        found_again(twice, ordered.order)
    gone, _ = edit(cut, [Lift("V1", at(0), 60)])
    with pytest.raises(ShotNotFound, match="nowhere as they were"):
        found_again(gone, ordered.order)


def test_a_generated_clip_finds_the_gap_at_the_time_that_it_was_ordered_for(cut: otio.schema.Timeline) -> None:
    plan = plan_generation(Index(cut), at(60), 20, Where.OVERWRITE, None, SETTINGS)
    ordered = Ordered(cut, plan.order, partial(place_generation, plan))
    takes = (take_of(plan.order),)
    again, _ = place(cut, found_again(cut, plan.order), takes)
    assert again.to_json_string() == place(cut, ordered, takes)[0].to_json_string()
    moved, _ = edit(cut, [Insert("V1", at(0), clip("title", 0, 7))])
    with pytest.raises(ShotNotFound, match="20 frames at V1 01:00:02:12, where no gap is that long"):
        found_again(moved, plan.order)
    other = cut.deepcopy()
    other.name = "reel 2"
    with pytest.raises(ShotNotFound, match="was not ordered for a time of this cut: place its take by hand"):
        found_again(other, plan.order)
