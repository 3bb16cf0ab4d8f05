"""Orders that are written down with their places and read again: their takes land in the same cut to the last byte."""

from collections.abc import Callable
from functools import partial

import opentimelineio as otio
import orjson
import pytest
from secondunit_bridge.errors import CutError
from secondunit_timeline.edits import edit
from secondunit_timeline.extensions import place_extension, plan_extension
from secondunit_timeline.generations import Where, place_generation, plan_generation
from secondunit_timeline.index import Index
from secondunit_timeline.joins import place_join, plan_join
from secondunit_timeline.matches import look_of, place_match, plan_match
from secondunit_timeline.operations import End, Insert, Into
from secondunit_timeline.ordered import ordered_from_json, ordered_to_json
from secondunit_timeline.placing import Ordered, place
from secondunit_timeline.ways import way_of

from tests.timeline.cuts import at, clip, gap
from tests.timeline.media_cuts import MakeClip, shot, sounding_cut
from tests.timeline.test_placing import SETTINGS, take_of

Plan = Callable[[otio.schema.Timeline], Ordered]


def extension(into: Into | None, handles: bool = False, on: str = "B", end: End = End.TAIL, frames: int = 12) -> Plan:
    def plan(cut: otio.schema.Timeline) -> Ordered:
        made = plan_extension(Index(cut), on, end, frames, into, handles, SETTINGS)
        return Ordered(cut, made.order, partial(place_extension, made))

    return plan


def generation(where: Where) -> Plan:
    def plan(cut: otio.schema.Timeline) -> Ordered:
        frame = {Where.OVERWRITE: 60, Where.INSERT: 30, Where.ABOVE: 10}[where]
        made = plan_generation(Index(cut), at(frame), 8, where, None, SETTINGS)
        return Ordered(cut, made.order, partial(place_generation, made))

    return plan


def match(cut: otio.schema.Timeline) -> Ordered:
    made = plan_match(Index(cut), "A", [look_of(Index(cut), "B")], SETTINGS)
    return Ordered(cut, made.order, partial(place_match, made))


def join(frames: int | None, where: int) -> Plan:
    def plan(cut: otio.schema.Timeline) -> Ordered:
        made = plan_join(Index(cut), at(where), frames, SETTINGS)
        return Ordered(cut, made.order, partial(place_join, made))

    return plan


PLANS = [
    *(extension(into) for into in Into),
    *(extension(None, True), extension(Into.OVER, on="C", end=End.HEAD), extension(Into.GAP, on="R", frames=21)),
    *(generation(where) for where in Where),
    *(match, join(6, 30), join(None, 60)),
]


@pytest.fixture
def cut(make_clip: MakeClip) -> otio.schema.Timeline:
    """A, B, which 4 frames of its media follow, a gap, C, and R, which plays slowly and before a gap."""
    one, two = make_clip(60), make_clip(44, name="other")
    slow = shot(two, 44, 10, 30, "R")
    slow.effects.append(otio.schema.LinearTimeWarp(time_scalar=0.8))
    return sounding_cut(
        *(shot(one, 60, 10, 30), shot(two, 44, 10, 30, "B"), gap(20), shot(one, 60, 0, 20, "C")),
        *(slow, gap(40), shot(one, 60, 30, 10, "E")),
        sound=(shot(one, 60, 10, 30), shot(two, 44, 10, 30, "B")),
    )


@pytest.mark.parametrize("plan", PLANS)
def test_its_takes_land_as_if_it_had_been_kept_in_memory(cut: otio.schema.Timeline, plan: Plan) -> None:
    ordered = plan(cut)
    again = ordered_from_json(ordered_to_json(ordered))
    assert again.order == ordered.order
    assert way_of(again) == way_of(ordered)
    take = take_of(ordered.order)
    moved, _ = edit(cut, [Insert("V1", at(0), clip("title", 0, 7))])
    for by_then in (cut, moved):
        wanted, got = place(by_then, ordered, [take]), place(by_then, again, [take])
        assert got[0].to_json_string() == wanted[0].to_json_string()
        assert str(got[1]) == str(wanted[1])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: b"no order",
        lambda text: text[:-20],
        lambda text: orjson.dumps(orjson.loads(text) | {"format": "secondunit.ordered.9"}),
        lambda text: orjson.dumps(
            orjson.loads(text) | {"operations": [{"kind": "guess", "track": "V1", "at": [0, "24"]}]}
        ),
        lambda text: orjson.dumps(orjson.loads(text) | {"cut": {}}),
    ],
)
def test_what_is_no_such_text_is_refused(cut: otio.schema.Timeline, spoil: Callable[[bytes], bytes]) -> None:
    text = ordered_to_json(match(cut))
    with pytest.raises(CutError, match="this is no order that was written down"):
        ordered_from_json(spoil(text))


def test_where_nothing_is_made_nothing_is_kept(cut: otio.schema.Timeline) -> None:
    with pytest.raises(CutError, match="nothing is made"):
        ordered_to_json(extension(Into.GAP, frames=3)(cut))
