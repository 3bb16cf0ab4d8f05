"""Takes made longer: what is ordered, and what the cut shows after."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit_bridge.errors import CutError
from secondunit_bridge.messages import FramesAfter, FramesBefore, Look, Order, Parameter, Record, Text
from secondunit_bridge.rates import FrameRange, FrameTime
from secondunit_timeline.edits import edit
from secondunit_timeline.generations import Where, place_generation, plan_generation
from secondunit_timeline.growth import place_growth, plan_growth, record_to_grow, settings_of
from secondunit_timeline.index import Index
from secondunit_timeline.joins import place_join, plan_join
from secondunit_timeline.operations import End, Into
from secondunit_timeline.orders import Settings
from secondunit_timeline.remake import plan_remake
from secondunit_timeline.times import time_range

from tests.timeline.cuts import at, gap
from tests.timeline.media_cuts import MakeClip, shot, sounding_cut, take_for

SETTINGS = Settings(
    Path(), handles=4, prompt="a train", parameters=(Parameter("tier", "draft"),), looks=(Look(__file__),)
)
START = 20 * 3600 * 24


def generated(make_clip: MakeClip) -> otio.schema.Timeline:
    """A shot of 30 frames, a gap of 20 and a generated clip of 10 frames with handles of 4, and a gap behind it."""
    cut = sounding_cut(shot(make_clip(60), 60, 0, 30), gap(40), shot(make_clip(60), 60, 0, 30, "B"))
    plan = plan_generation(Index(cut), at(50), 10, Where.OVERWRITE, None, SETTINGS)
    file = make_clip(18, "24", "20:00:00:00", name="take")
    placed, _ = edit(cut, place_generation(plan, [take_for(plan.order, str(file), FrameTime(START, Fraction(24)))]))
    return placed


def grown(
    cut: otio.schema.Timeline, end: End, frames: int, into: Into | None
) -> tuple[Record, Order, otio.schema.Timeline]:
    index = Index(cut)
    record = record_to_grow(index, "V1@+55")
    plan = plan_growth(index, "V1@+55", end, frames, into, into is None, settings_of(record, SETTINGS))
    assert plan.order is not None and plan.order.slot.start is not None
    take = take_for(plan.order, "/takes/A_v002.mov")
    take = replace(take, record=replace(take.record, take_id="id2", name="A_v002", reel="UBBBBBBB"))
    placed, _ = edit(cut, place_growth(plan, [take]))
    return record, plan.order, placed


@pytest.mark.parametrize("end", End)
def test_a_generated_clip_grows_at_either_end(make_clip: MakeClip, end: End) -> None:
    cut = generated(make_clip)
    record, order, placed = grown(cut, end, 9, Into.GAP)
    slot = order.slot
    known = order.conditions[0]
    # 4 frames of the handle are there, 5 are made, and a handle of 4.
    assert (slot.head, slot.frames, slot.tail) == (4, 19, 4)
    assert isinstance(known, FramesBefore if end is End.TAIL else FramesAfter)
    assert (known.span.range, known.into) == (FrameRange(0, 18, Fraction(24)), 14)
    assert (order.shot, order.seeds, order.model) == (record.order.shot, (record.seed + 1,), "draft")
    assert {Text("a train"), Look(__file__)} < set(order.conditions)
    before = 9 if end is End.HEAD else 0
    item = Index(placed).track("V1").at(55)
    assert item is not None
    clip = item.child
    # The frames that the clip showed lie where they lay, in the cut and in source time.
    assert (int(item.start), int(item.duration)) == (50 - before, 19)
    assert clip.source_range == time_range(START + 4 - before, 19, Fraction(24))
    assert clip.active_media_reference_key == "take.id2" and "take.id1" in clip.media_references()
    available = clip.media_reference.available_range
    assert available == time_range(START - (9 if end is End.HEAD else 0), 27, Fraction(24))


def test_a_handle_grows_and_nothing_moves(make_clip: MakeClip) -> None:
    cut = generated(make_clip)
    _, order, placed = grown(cut, End.TAIL, 10, None)
    assert order.slot.frames + order.slot.tail == 14 + 6 + 4
    items = [[(int(item.start), int(item.duration)) for item in Index(one).track("V1").items] for one in (cut, placed)]
    assert items[0] == items[1]


def test_a_grown_take_is_made_again_from_the_take_that_it_was(make_clip: MakeClip, tmp_path: Path) -> None:
    _, order, placed = grown(generated(make_clip), End.TAIL, 9, Into.GAP)
    index = Index(placed)
    again = plan_remake(index, "take.id2", record_to_grow(index, "V1@+55"), tmp_path)
    assert again.order.conditions == order.conditions


def test_takes_with_camera_frames_there_and_shots_do_not_grow(make_clip: MakeClip) -> None:
    cut = generated(make_clip)
    with pytest.raises(CutError, match="'A' plays no take"):
        plan_growth(Index(cut), "A", End.TAIL, 9, Into.GAP, False, SETTINGS)
    joined = plan_join(Index(cut), at(40), None, SETTINGS)
    file = make_clip(28, "24", "20:00:00:00", name="join")
    placed, _ = edit(cut, place_join(joined, [take_for(joined.order, str(file), FrameTime(START, Fraction(24)))]))
    with pytest.raises(CutError, match="does not grow there: camera frames lie on both sides of a join"):
        plan_growth(Index(placed), "V1@+35", End.TAIL, 30, Into.RIPPLE, False, SETTINGS)
