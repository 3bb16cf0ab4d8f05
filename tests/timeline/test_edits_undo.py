"""What an edit wrote down: its inverse restores the cut byte for byte, and it can be done again."""

from typing import get_args

import opentimelineio as otio
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from secondunit_bridge.errors import CutError
from secondunit_timeline.changes import FORMAT, Edit, apply
from secondunit_timeline.edits import edit, plan
from secondunit_timeline.index import Index
from secondunit_timeline.interchange import read_cut
from secondunit_timeline.operations import (
    AddRecipe,
    AddTake,
    AddTrack,
    ApproveTake,
    CloseGap,
    End,
    Extend,
    Extract,
    Fill,
    FillLength,
    FillSlug,
    GrowTake,
    Insert,
    InsertGap,
    Inside,
    Into,
    JoinShots,
    Lift,
    Operation,
    Overwrite,
    PlayTake,
    RemoveRecipe,
    RemoveSlug,
    ReplaceShot,
    ReplaceSlug,
    RippleTrim,
    Roll,
    Slice,
    Slide,
    Slip,
    SwapTake,
    Trim,
)
from secondunit_timeline.slugs import slug

from tests.timeline.cuts import at, clip, cut_of, dissolve, gap, times
from tests.timeline.test_edits import A, B, two
from tests.timeline.test_edits_frames import cuts, operations
from tests.timeline.test_edits_policies import CUTS


def through_json(change: Edit) -> Edit:
    return Edit.from_json(change.to_json())


@settings(max_examples=120, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_the_inverse_restores_every_byte(data: st.DataObject) -> None:
    cut = data.draw(cuts())
    index = Index(cut)
    wanted = []
    for _ in range(data.draw(st.integers(1, 4))):
        operation = data.draw(operations(index.rate, int(index.end)))
        try:
            edit(cut, [*wanted, operation])
        except CutError:
            continue
        wanted.append(operation)
    new, change = edit(cut, wanted)
    assert apply(through_json(change), cut).to_json_string() == new.to_json_string()
    assert apply(through_json(change.inverse()), new).to_json_string() == cut.to_json_string()
    again = through_json(change.inverse()).inverse()
    assert (again, str(again)) == (change, str(change))


TIME = {"OTIO_SCHEMA": "RationalTime.1", "rate": 24.0, "value": 0.0}
REFERENCE = {"OTIO_SCHEMA": "MissingReference.1"}


@pytest.mark.parametrize(
    "added",
    [
        7,
        {},
        {"OTIO_SCHEMA": "Marker.2"},
        {"OTIO_SCHEMA": "Clip.2", "media_references": {"a": REFERENCE}},
        {"OTIO_SCHEMA": "Clip.2", "media_references": [], "active_media_reference_key": "a"},
        {"OTIO_SCHEMA": "Clip.1", "media_reference": REFERENCE, "media_references": {}},
        {"OTIO_SCHEMA": "Gap.1", "source_range": {"OTIO_SCHEMA": "TimeRange.1", "start_time": TIME}},
        {"OTIO_SCHEMA": "Gap.1", "source_range": {**TIME, "OTIO_SCHEMA": "TimeRange.1"}},
        {"OTIO_SCHEMA": "Gap.1", "metadata": {"x": {"OTIO_SCHEMA": "Clip.2"}}},
        {"OTIO_SCHEMA": "Gap.1", "metadata": 3},
        {"OTIO_SCHEMA": "SerializableObjectRef.1", "id": "x"},
    ],
)
def test_an_edit_from_elsewhere_brings_only_what_a_file_could_hold(added: object) -> None:
    """As a host's link hands them over: never to OpenTimelineIO, which ends the process on some of these."""
    primitive = {"type": "splice", "track": 0, "position": 0, "removed": [], "added": [added]}
    with pytest.raises(CutError):
        Edit.from_json(edit_text(primitive))


@pytest.mark.parametrize(
    "primitive",
    [
        {"type": "splice", "track": True, "position": 0, "removed": [], "added": []},
        {"type": "splice", "track": 0, "position": True, "removed": [], "added": []},
        {"type": "splice", "track": None, "position": 0, "removed": [], "added": [{"OTIO_SCHEMA": "Timeline.1"}]},
        {"type": "properties", "of": 0, "before": {}, "after": {}},
        {"type": "properties", "of": 0, "before": {}, "after": {"OTIO_SCHEMA": "Clip.2"}},
        {"type": "properties", "of": "cut", "before": {}, "after": {"OTIO_SCHEMA": "Track.1"}},
        {"type": "properties", "of": "cut", "before": {}, "after": {"OTIO_SCHEMA": "Timeline.1", "tracks": []}},
    ],
)
def test_an_edit_from_elsewhere_changes_only_what_an_edit_can(primitive: dict[str, object]) -> None:
    with pytest.raises(CutError):
        Edit.from_json(edit_text(primitive))


@pytest.mark.parametrize("given", [{"rate": "1/0"}, {"rate": "1e999999999"}, {"rate": "0"}, {"frame": 1.5}])
def test_an_edit_from_elsewhere_has_times_that_are_times(given: dict[str, object]) -> None:
    text = edit_text({"type": "splice", "track": 0, "position": 0, "removed": [], "added": []}, **given)
    with pytest.raises(CutError, match="this is not an edit"):
        Edit.from_json(text)


def edit_text(primitive: dict[str, object], **given: object) -> bytes:
    change = {"track": "V1", "verb": "x", "frames": "1", "name": "", "primitives": [primitive]}
    return orjson.dumps(
        {"format": FORMAT, "changes": [change | {"at": {"frame": 0, "rate": "24"} | given}]},
    )


def every_operation() -> list[tuple[Operation, ...]]:
    """On clips of 20 frames with a gap of 10 at 40, on V1; the last of each is meant, the others make room for it."""
    new = clip("X", 50, 6, (0, 100))
    take = otio.schema.ExternalReference("/takes/A_v001.mov", times(0, 60))
    longer = otio.schema.ExternalReference("/takes/A_v001.mov", times(0, 90))
    recipe = otio.schema.GeneratorReference(generator_kind="secondunit.extend")
    add, add_recipe = AddTake("V1", at(0), "take.1", take, recipe), AddRecipe("V1", at(25), "take.2", recipe)
    inside = otio.schema.Stack("nest", [cut_of([clip("N", 10, 12)]).tracks[0].deepcopy()], times(2, 6))
    placeholder = slug("slug", at(0), at(8))
    return [
        (Overwrite("V1", at(15), new),),
        (Insert("V1", at(15), new),),
        (InsertGap("V1", at(20), 5),),
        (JoinShots("V1", at(17), new),),
        (Lift("V1", at(15), 10),),
        (Extract("V1", at(15), 10),),
        (CloseGap("V1", at(45)),),
        (Slice("V1", at(7)),),
        (Trim("V1", at(25), End.TAIL, 4),),
        (RippleTrim("V1", at(5), End.HEAD, 3),),
        (Roll("V1", at(20), -4),),
        (Slip("V1", at(5), 6),),
        (Slide("V1", at(25), 3),),
        (Fill("V1", at(40), new, FillLength.FIT),),
        (ReplaceShot("V1", at(25), clip("Y", 10, 5)),),
        (Overwrite("V1", at(22), placeholder), ReplaceSlug("V1", at(24), new)),
        (Extend("V1", at(25), End.TAIL, 2, new, Into.RIPPLE),),
        (add, SwapTake("V1", at(0), "take.1")),
        (add,),
        (add, GrowTake("V1", at(0), "take.1", longer)),
        (add, ApproveTake("V1", at(0), "take.1")),
        (add, PlayTake("V1", at(0), "take.1", otio.opentime.RationalTime(30, 24))),
        (add_recipe,),
        (add_recipe, RemoveRecipe("V1", at(25), "take.2.recipe")),
        (
            Overwrite("V1", at(22), placeholder),
            FillSlug("V1", at(24), "DEFAULT_MEDIA", "take.1", take, recipe, "A_v001"),
        ),
        (AddTake("V1", at(0), "slug.1", placeholder.media_reference), RemoveSlug("V1", at(0), "slug.1")),
        (AddTrack("takes"),),
        (Overwrite("V1", at(40), inside), Inside("V1", at(40), (Slip("V1", at(3), 2),))),
    ]


@pytest.mark.parametrize("wanted", every_operation(), ids=lambda wanted: type(wanted[-1]).__name__)
def test_every_operation_goes_through_json_and_back(wanted: tuple[Operation, ...]) -> None:
    cut = cut_of([clip(*A), clip(*B), gap(10), clip("C", 10, 20)], [clip("D", 10, 20), gap(50)])
    for track in cut.tracks:
        track[0].metadata["secondunit"] = {"link": 1}
    before = cut.to_json_string()
    new, change = edit(cut, wanted)
    assert change
    assert change == plan(Index(cut), wanted)
    assert str(through_json(change)) == str(change)
    assert apply(through_json(change), cut).to_json_string() == new.to_json_string()
    assert apply(through_json(change.inverse()), new).to_json_string() == before


def test_no_operation_is_left_out_above() -> None:
    assert {type(wanted[-1]) for wanted in every_operation()} == set(get_args(Operation))


def test_an_edit_is_a_short_list_of_what_was_replaced() -> None:
    cut = cut_of([clip(f"S{number}", 10, 20) for number in range(50)])
    _, change = edit(cut, [Insert("V1", at(510), clip("X", 0, 24))])
    (one,) = change
    (splice,) = one.primitives
    assert (splice.track, splice.position) == (0, 25)
    assert [child.json["name"] for child in splice.removed] == ["S25"]
    assert [child.json["name"] for child in splice.added] == ["S25", "X", "S25"]
    assert str(change) == "V1 00:00:21:06 insert 24 'X'"
    assert str(change.inverse()) == "V1 00:00:21:06 undo insert 24 'X'"


def test_transitions_that_stay_are_no_part_of_the_change() -> None:
    cut = cut_of([clip(*A), dissolve(2, 2), clip(*B), dissolve(2, 2), clip("C", 10, 20), gap(5)])
    new, change = edit(cut, [Overwrite("V1", at(25), clip("X", 8, 5))])
    (splice,) = change[-1].primitives
    assert (splice.position, len(splice.removed), len(splice.added)) == (2, 1, 3)
    assert apply(change.inverse(), new).to_json_string() == cut.to_json_string()


def test_added_tracks_are_taken_away_again() -> None:
    cut = cut_of([clip(*A)], [clip(*B)])
    cut.tracks[0].name = cut.tracks[1].name = ""
    new, change = edit(cut, [AddTrack("Takes", above="V1"), Overwrite("V2", at(5), clip("X", 0, 10))])
    assert apply(through_json(change.inverse()), new).to_json_string() == cut.to_json_string()


def test_an_edit_keeps_what_it_wrote_when_the_cuts_change_later() -> None:
    cut = two()
    before = cut.to_json_string()
    new, change = edit(cut, [Overwrite("V1", at(15), clip("X", 0, 10))])
    after = new.to_json_string()
    for touched in (cut, new):
        for child in touched.tracks[0]:
            child.name = "renamed"
    assert apply(change.inverse(), otio.schema.Timeline.from_json_string(after)).to_json_string() == before


def test_an_edit_of_another_cut_is_refused() -> None:
    _, change = edit(two(), [Lift("V1", at(15), 10)])
    other = cut_of([clip("C", 10, 20), clip(*B)])
    with pytest.raises(CutError, match="does not hold what this replaces"):
        apply(change, other)
    with pytest.raises(CutError, match="does not hold"):
        apply(change, cut_of())
    for text in ("[]", "{", '{"format": "other"}', change.to_json().replace('"splice"', '"slice"')):
        with pytest.raises(CutError):
            Edit.from_json(text)


@pytest.mark.skipif(not CUTS, reason="the shared cuts are not beside the repository")
def test_edits_of_real_cuts_are_undone_to_the_byte() -> None:
    done = 0
    for path in CUTS:
        cut = read_cut(path)
        try:
            index = Index(cut)
        except CutError:
            continue
        for track in index.tracks:
            middle = at(int(track.end) // 2, index.rate)
            try:
                new, change = edit(cut, [Lift(track.name, middle, 3), Insert(track.name, middle, clip("X", 0, 24))])
            except CutError:
                continue
            assert apply(through_json(change), cut).to_json_string() == new.to_json_string()
            assert apply(through_json(change.inverse()), new).to_json_string() == cut.to_json_string()
            done += 1
    assert done > 10
