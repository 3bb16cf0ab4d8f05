"""Slugs of orders that are being made: placed, trimmed, filled and taken out."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit_bridge.errors import CutError, ShotNotFound
from secondunit_bridge.messages import Order, Slot, Take
from secondunit_bridge.rates import FrameTime
from secondunit_timeline.awaited import awaited, filled, holds, place_slugs, slugged, taken_out
from secondunit_timeline.changes import apply
from secondunit_timeline.edits import edit
from secondunit_timeline.index import Index
from secondunit_timeline.interchange import read_cut, write_cut
from secondunit_timeline.operations import AddTake, End, Insert, Operation, Overwrite, Roll, Slice, SwapTake, Trim
from secondunit_timeline.placing import Ordered
from secondunit_timeline.takes import clip_of, key_of, recipe, reference

from tests.inference.running_unit import order
from tests.timeline.cuts import RATE, at, clip, cut_of, gap
from tests.timeline.media_cuts import take_for
from tests.timeline.test_edits_frames import shown

HANDLES = 6
ASSIGNED = at(20 * 3600 * 24)
"""The timecode that the unit gives a take whose order has none."""


def asked(order_id: str, frames: int, rate: Fraction = RATE) -> Order:
    slot = Slot(frames, HANDLES, HANDLES, rate, rate, 64, 36, Fraction(1), None)
    return replace(order(order_id, Path("/takes"), slot=slot, shot="A003"), seeds=(1, 2))


def ordered(cut: otio.schema.Timeline, made: Order, place: Callable[[otio.schema.Clip], Operation]) -> Ordered:
    def operations(takes: Sequence[Take]) -> tuple[Operation, ...]:
        return (place(clip_of(takes, HANDLES, FrameTime(made.slot.frames, made.slot.rate))),)

    return Ordered(cut, made, operations)


def on_shot(cut: otio.schema.Timeline, made: Order, where: FrameTime, first: FrameTime, played: bool) -> Ordered:
    def operations(takes: Sequence[Take]) -> tuple[Operation, ...]:
        added = tuple(AddTake("V1", where, key_of(take), reference(take, first), recipe(take)) for take in takes)
        return (*added, SwapTake("V1", where, key_of(takes[0]))) if played else added

    return Ordered(cut, made, operations)


def take(made: Order, number: int = 1) -> Take:
    """The unit gives each take a timecode of its own."""
    start = FrameTime(ASSIGNED.frame + 1000 * number, made.slot.rate)
    found = take_for(made, f"/takes/A003_v{number:03}.mov", start)
    return replace(found, record=replace(found.record, take_id=f"id{number}", name=f"A003_v{number:03}", seed=number))


@pytest.fixture
def cut() -> otio.schema.Timeline:
    return cut_of([clip("A", 10, 40), gap(12), clip("B", 20, 40)])


def names(cut: otio.schema.Timeline) -> list[tuple[str, int]]:
    return [(item.child.name, int(item.duration)) for item in Index(cut).track("V1").items]


def test_a_take_fills_its_slug_and_what_was_trimmed_stays(cut: otio.schema.Timeline) -> None:
    made = asked("o1", 12)
    with_slug, _ = place_slugs(cut, ordered(cut, made, lambda new: Overwrite("V1", at(40), new)))
    assert names(with_slug) == [("A", 40), ("A003 (slug)", 12), ("B", 40)]
    (slug,) = awaited(Index(with_slug))
    assert (slug.at, slug.frames, slug.order_id, slug.plays) == (at(40), 12, "o1", True)
    trimmed, _ = edit(with_slug, [Roll("V1", at(40), -3), Trim("V1", at(40), End.TAIL, -4)])
    placed, done = edit(trimmed, filled(Index(trimmed), take(made)))
    assert names(placed) == [("A", 37), ("A003_v001", 11), ("gap", 4), ("B", 40)] or names(placed)[1] == (
        "A003_v001",
        11,
    )
    there = Index(placed).track("V1").items[1].child
    start = take(made).record.start.frame
    assert there.source_range.start_time.value == start + HANDLES - 3
    assert there.media_reference.available_range.start_time.value == start
    before, after = shown(trimmed), shown(placed)
    assert [one for one in zip(before, after, strict=True) if one[0] != one[1]] == list(
        zip(before[37:48], after[37:48], strict=True)
    )
    assert not list(awaited(Index(placed))) and holds(Index(placed), "o1")
    assert apply(done.inverse(), placed).to_json_string() == trimmed.to_json_string()


def test_a_slug_that_was_sliced_is_filled_in_all_its_parts(cut: otio.schema.Timeline) -> None:
    made = asked("o1", 12)
    with_slug, _ = place_slugs(cut, ordered(cut, made, lambda new: Overwrite("V1", at(40), new)))
    sliced, _ = edit(with_slug, [Slice("V1", at(45)), Insert("V1", at(45), clip("C", 0, 5))])
    placed, _ = edit(sliced, filled(Index(sliced), take(made)))
    assert names(placed) == [("A", 40), ("A003_v001", 5), ("C", 5), ("A003_v001", 7), ("B", 40)]
    starts = [item.child.source_range.start_time.value for item in Index(placed).track("V1").items]
    assert starts[3] == starts[1] + 5


def test_another_take_of_the_order_goes_onto_the_same_clip(cut: otio.schema.Timeline) -> None:
    made = asked("o1", 12)
    with_slug, _ = place_slugs(cut, ordered(cut, made, lambda new: Overwrite("V1", at(40), new)))
    trimmed, _ = edit(with_slug, [Roll("V1", at(40), 2)])
    first, _ = edit(trimmed, filled(Index(trimmed), take(made)))
    second, _ = edit(first, filled(Index(first), take(made, 2)))
    there = Index(second).track("V1").items[1].child
    assert there.active_media_reference_key == "take.id2"
    assert {"take.id1", "take.id2", "take.id2.recipe"} <= set(there.media_references())
    assert [layers[0][1] for layers in shown(second)[42:52]] == [layers[0][1] for layers in shown(first)[42:52]]
    again, _ = edit(second, filled(Index(second), take(made)))
    assert Index(again).track("V1").items[1].child.active_media_reference_key == "take.id1"
    assert filled(Index(again), take(made)) == ()


@pytest.mark.parametrize("played", [True, False])
def test_beside_a_shot_the_slug_is_not_played_and_the_take_is_if_it_was_to(
    cut: otio.schema.Timeline, played: bool
) -> None:
    made = asked("o1", 40)
    with_slug, _ = place_slugs(cut, on_shot(cut, made, at(0), at(10 - HANDLES), played))
    assert shown(with_slug) == shown(cut)
    assert [slug.plays for slug in awaited(Index(with_slug))] == [False]
    trimmed, _ = edit(with_slug, [Roll("V1", at(40), -3)])
    placed, _ = edit(trimmed, filled(Index(trimmed), take(made)))
    there = Index(placed).track("V1").items[0].child
    assert there.active_media_reference_key == ("take.id1" if played else "DEFAULT_MEDIA")
    assert there.source_range == Index(trimmed).track("V1").items[0].child.source_range
    out, _ = edit(trimmed, taken_out(Index(trimmed), "o1"))
    assert out.to_json_string() == edit(cut, [Roll("V1", at(40), -3)])[0].to_json_string()


def test_a_choice_that_was_made_meanwhile_stays(cut: otio.schema.Timeline) -> None:
    made = asked("o1", 40)
    with_slug, _ = place_slugs(cut, on_shot(cut, made, at(0), at(10 - HANDLES), True))
    other = otio.schema.ExternalReference("/media/other.mov", clip("A", 10, 40).media_reference.available_range)
    chosen, _ = edit(with_slug, [AddTake("V1", at(0), "other", other), SwapTake("V1", at(0), "other")])
    placed, _ = edit(chosen, filled(Index(chosen), take(made)))
    assert Index(placed).track("V1").items[0].child.active_media_reference_key == "other"


def test_a_slug_that_is_taken_out_leaves_a_gap(cut: otio.schema.Timeline) -> None:
    made = asked("o1", 12)
    with_slug, _ = place_slugs(cut, ordered(cut, made, lambda new: Insert("V1", at(40), new)))
    out, _ = edit(with_slug, taken_out(Index(with_slug), "o1"))
    assert not list(awaited(Index(out)))
    assert [length for _, length in names(out)] == [40, 12, 12, 40]


def test_a_slug_goes_where_its_place_has_moved_or_nowhere(cut: otio.schema.Timeline) -> None:
    planned = ordered(cut, asked("o1", 12), lambda new: Overwrite("V1", at(40), new))
    moved, _ = edit(cut, [Insert("V1", at(0), clip("title", 0, 7))])
    with_slug, _ = place_slugs(moved, planned)
    assert [slug.at for slug in awaited(Index(with_slug))] == [at(47)]
    apart, _ = edit(cut, [Insert("V1", at(45), clip("title", 0, 7))])
    with pytest.raises(ShotNotFound):
        place_slugs(apart, planned)


def test_slugs_survive_a_file(cut: otio.schema.Timeline, tmp_path: Path) -> None:
    made = asked("o1", 12)
    with_slug, _ = place_slugs(cut, ordered(cut, made, lambda new: Overwrite("V1", at(40), new)))
    write_cut(with_slug, tmp_path / "cut.otio")
    again = read_cut(tmp_path / "cut.otio")
    assert [slug.order_id for slug in awaited(Index(again))] == ["o1"]
    placed, _ = edit(again, filled(Index(again), take(made)))
    assert names(placed)[1] == ("A003_v001", 12)


def test_a_slug_that_holds_more_than_its_take_is_refused(cut: otio.schema.Timeline) -> None:
    made = asked("o1", 12)
    with_slug, _ = place_slugs(cut, ordered(cut, made, lambda new: Overwrite("V1", at(40), new)))
    trimmed, _ = edit(with_slug, [Roll("V1", at(52), HANDLES)])
    short = replace(take(made), frames=18)
    with pytest.raises(CutError, match="trimmed to frames that A003_v001 does not hold"):
        edit(trimmed, filled(Index(trimmed), short))
    with pytest.raises(CutError, match="no slug"):
        slugged(Ordered(cut, None, lambda _takes: ()))
