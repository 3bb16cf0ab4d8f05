"""Takes cut in by each way, with media that exists: what every frame of the cut shows, and what is refused."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit_bridge.errors import CutError
from secondunit_bridge.messages import Take
from secondunit_timeline.edits import edit
from secondunit_timeline.extensions import place_extension, plan_extension
from secondunit_timeline.generations import Where, place_generation, plan_generation
from secondunit_timeline.index import Index
from secondunit_timeline.joins import place_join, plan_join
from secondunit_timeline.matches import look_of, place_match, plan_match
from secondunit_timeline.operations import End, Insert, Into
from secondunit_timeline.orders import Settings
from secondunit_timeline.placing import Ordered, place
from secondunit_timeline.ways import Way, by, offered, way_of

from tests.timeline.cuts import at, clip, gap
from tests.timeline.media_cuts import TEN_HOURS, numbers, shot, sounding_cut, take_for, write_numbered

HANDLES = 4
TAKE = 9
Shown = list[tuple[int, int]]
Plan = Callable[[Index, Settings], Ordered]
A: Shown = [(1, frame) for frame in range(10, 40)]
B: Shown = [(2, frame) for frame in range(10, 40)]
NOTHING: Shown = [(0, 0)]


def made(frames: int, first: int = HANDLES) -> Shown:
    return [(TAKE, frame) for frame in range(first, first + frames)]


def extended(index: Index, settings: Settings) -> Ordered:
    plan = plan_extension(index, "A", End.TAIL, 12, None, False, settings)
    return Ordered(index.cut, plan.order, partial(place_extension, plan))


def extended_over(index: Index, settings: Settings) -> Ordered:
    plan = plan_extension(index, "A", End.TAIL, 12, Into.OVER, False, settings)
    return Ordered(index.cut, plan.order, partial(place_extension, plan))


def extended_by_own(index: Index, settings: Settings) -> Ordered:
    plan = plan_extension(index, "B", End.TAIL, 12, Into.RIPPLE, False, settings)
    return Ordered(index.cut, plan.order, partial(place_extension, plan))


def joined(index: Index, settings: Settings) -> Ordered:
    plan = plan_join(index, at(30), None, settings)
    return Ordered(index.cut, plan.order, partial(place_join, plan))


def matched(index: Index, settings: Settings) -> Ordered:
    plan = plan_match(index, "A", [look_of(index, "B")], settings)
    return Ordered(index.cut, plan.order, partial(place_match, plan))


def generated(where: Where, frame: int, index: Index, settings: Settings) -> Ordered:
    plan = plan_generation(index, at(frame), 12, where, None, settings)
    return Ordered(index.cut, plan.order, partial(place_generation, plan))


IN_GAP, OVER_A = partial(generated, Where.OVERWRITE, 30), partial(generated, Where.OVERWRITE, 9)
# For each order: whether a gap of 20 frames lies between the shots, the way that it was ordered for, and what the cut
# shows by each way that is open.
ORDERS: dict[str, tuple[Plan, bool, Way, dict[Way, Shown]]] = {
    "extension": (
        extended,
        True,
        Way.GAP,
        {
            Way.GAP: A + made(12) + NOTHING * 8 + B,
            Way.INSERT: A + made(12) + NOTHING * 20 + B,
            Way.OVERWRITE: A + made(12) + NOTHING * 8 + B,
            Way.ABOVE: A + made(12) + NOTHING * 8 + B,
            Way.HANDLES: A + NOTHING * 20 + B,
        },
    ),
    "extension over the next shot": (
        extended_over,
        False,
        Way.OVERWRITE,
        {
            Way.INSERT: A + made(12) + B,
            Way.OVERWRITE: A + made(12) + B[12:],
            Way.ABOVE: A + made(12) + B[12:],
            Way.HANDLES: A + B,
        },
    ),
    "extension by camera frames first": (
        extended_by_own,
        True,
        Way.INSERT,
        {
            Way.GAP: A + NOTHING * 20 + B + [(2, 40), (2, 41), (2, 42), (2, 43)] + made(8),
            Way.INSERT: A + NOTHING * 20 + B + [(2, 40), (2, 41), (2, 42), (2, 43)] + made(8),
            Way.OVERWRITE: A + NOTHING * 20 + B + [(2, 40), (2, 41), (2, 42), (2, 43)] + made(8),
            Way.HANDLES: A + NOTHING * 20 + B,
        },
    ),
    "join of a gap": (
        joined,
        True,
        Way.GAP,
        {Way.GAP: A + made(20) + B, Way.ABOVE: A + made(20) + B},
    ),
    "join over a cut point": (
        joined,
        False,
        Way.OVERWRITE,
        {Way.OVERWRITE: A[:-4] + made(8) + B[4:], Way.ABOVE: A[:-4] + made(8) + B[4:]},
    ),
    "match": (
        matched,
        True,
        Way.SHOT,
        {
            Way.SHOT: made(30) + NOTHING * 20 + B,
            Way.OVERWRITE: made(30) + NOTHING * 20 + B,
            Way.ABOVE: made(30) + NOTHING * 20 + B,
        },
    ),
    "generation in a gap": (
        IN_GAP,
        True,
        Way.GAP,
        {
            Way.GAP: A + made(12) + NOTHING * 8 + B,
            Way.INSERT: A + made(12) + NOTHING * 20 + B,
            Way.OVERWRITE: A + made(12) + NOTHING * 8 + B,
            Way.ABOVE: A + made(12) + NOTHING * 8 + B,
        },
    ),
    "generation over a shot": (
        OVER_A,
        True,
        Way.OVERWRITE,
        {
            Way.INSERT: A[:9] + made(12) + A[9:] + NOTHING * 20 + B,
            Way.OVERWRITE: A[:9] + made(12) + A[21:] + NOTHING * 20 + B,
            Way.ABOVE: A[:9] + made(12) + A[21:] + NOTHING * 20 + B,
        },
    ),
}


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """40 frames for A, which end with it, and 44 for B."""
    folder = tmp_path_factory.mktemp("media")
    ten = at(TEN_HOURS * 24)
    return write_numbered(folder / "a.mov", 1, 40, ten), write_numbered(folder / "b.mov", 2, 44, ten)


@pytest.fixture
def ordered(request: pytest.FixtureRequest, media: tuple[Path, Path], tmp_path: Path) -> tuple[Ordered, Take]:
    plan, with_gap, _, _ = ORDERS[request.param]
    between = [gap(20)] if with_gap else []
    cut = sounding_cut(shot(media[0], 40, 10, 30), *between, shot(media[1], 44, 10, 30, "B"))
    found = plan(Index(cut), Settings(tmp_path, handles=HANDLES, prompt="reeds"))
    assert found.order is not None
    take = take_for(found.order, str(tmp_path / "A_v001.mov"), at(20 * 3600 * 24))
    write_numbered(Path(take.path), TAKE, take.frames, take.record.start)
    return found, take


@pytest.mark.parametrize(
    ("ordered", "way"), [(name, way) for name in ORDERS for way in ORDERS[name][3]], indirect=["ordered"]
)
def test_every_frame_is_the_one_that_it_should_be(
    ordered: tuple[Ordered, Take], way: Way, request: pytest.FixtureRequest
) -> None:
    planned, take = ordered
    _, _, own, shown = ORDERS[request.node.callspec.params["ordered"]]
    before = planned.cut.to_json_string()
    assert way_of(planned) is own
    placed, done = place(planned.cut, by(planned, way), [take])
    assert numbers(placed) == shown[way]
    assert planned.cut.to_json_string() == before
    tracks = {track.name: track.to_json_string() for track in placed.tracks}
    if way is Way.ABOVE:
        assert tracks["V1"] == planned.cut.tracks[0].to_json_string() and list(tracks) == ["V1", "V2"]
    assert str(done)


@pytest.mark.parametrize(
    ("ordered", "way"),
    [(name, way) for name in ORDERS for way in Way if way not in ORDERS[name][3]],
    indirect=["ordered"],
)
def test_what_is_not_open_is_refused_with_the_reason_that_was_told_before(
    ordered: tuple[Ordered, Take], way: Way
) -> None:
    planned, take = ordered
    why = offered(planned.cut, planned)[way]
    with pytest.raises(CutError) as refused:
        place(planned.cut, by(planned, way), [take])
    assert why and str(refused.value).startswith(why)


@pytest.mark.parametrize("ordered", ORDERS, indirect=True)
def test_the_ways_that_are_open_are_told(ordered: tuple[Ordered, Take], request: pytest.FixtureRequest) -> None:
    planned, _ = ordered
    shown = ORDERS[request.node.callspec.params["ordered"]][3]
    assert {way for way, why in offered(planned.cut, planned).items() if not why} == set(shown)


@pytest.mark.parametrize("ordered", ["extension"], indirect=True)
@pytest.mark.parametrize("way", [Way.INSERT, Way.ABOVE])
def test_a_way_is_found_again_in_a_cut_that_changed_meanwhile(ordered: tuple[Ordered, Take], way: Way) -> None:
    planned, take = ordered
    moved, _ = edit(planned.cut, [Insert("V1", at(0), clip("title", 0, 7))])
    assert not offered(moved, planned)[way]
    placed, _ = place(moved, by(planned, way), [take])
    there, _ = place(planned.cut, by(planned, way), [take])
    names = [[(item.child.name, int(item.duration)) for item in track.items] for track in Index(placed).tracks]
    assert numbers(placed)[7:] == numbers(there) and any(("A_v001", 12) in track for track in names)


def test_where_camera_frames_are_enough_there_is_nothing_to_cut_in_by_another_way() -> None:
    nothing = Ordered(otio.schema.Timeline("cut"), None, lambda _: ())
    assert way_of(nothing) is None
    with pytest.raises(CutError, match="nothing is made here"):
        by(nothing, Way.INSERT)
