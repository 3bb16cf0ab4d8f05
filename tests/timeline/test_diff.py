"""The edit between two cuts: applied to the first it gives the second, and it is no longer than it has to be."""

import random
from itertools import pairwise

import opentimelineio as otio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from secondunit_bridge.errors import CutError
from secondunit_timeline.changes import Edit, apply
from secondunit_timeline.diff import diff
from secondunit_timeline.documents import plain, timeline_of
from secondunit_timeline.edits import edit
from secondunit_timeline.index import Index
from secondunit_timeline.interchange import read_cut
from secondunit_timeline.operations import Insert, Overwrite

from tests.timeline.cuts import at, clip, cut_of, dissolve, gap, times
from tests.timeline.test_edits import A, B, two
from tests.timeline.test_edits_frames import cuts, operations
from tests.timeline.test_edits_policies import CUTS


def check(a: otio.schema.Timeline, b: otio.schema.Timeline) -> Edit:
    change = diff(a, b)
    assert apply(Edit.from_json(change.to_json()), a).to_json_string() == b.to_json_string()
    assert apply(change.inverse(), b).to_json_string() == a.to_json_string()
    return change


@settings(max_examples=80, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_applied_to_the_first_it_gives_the_second(data: st.DataObject) -> None:
    cut = data.draw(cuts())
    index = Index(cut)
    wanted = []
    for _ in range(data.draw(st.integers(0, 4))):
        try:
            edit(cut, [*wanted, one := data.draw(operations(index.rate, int(index.end)))])
        except CutError:
            continue
        wanted.append(one)
    new, change = edit(cut, wanted)
    found = check(cut, new)
    assert len(found) <= sum(len(one.primitives) for one in change)
    check(cut, data.draw(cuts()))


def test_equal_cuts_have_no_difference() -> None:
    assert diff(two(), two()) == Edit()


def test_it_reads_as_what_happened() -> None:
    cut = cut_of([clip(f"S{number}", 10, 20) for number in range(50)], start=86400)
    new, _ = edit(cut, [Insert("V1", at(100), clip("X", 0, 24)), Overwrite("V1", at(704), clip("Y", 0, 20))])
    del new.tracks[0][10]
    new.tracks[0][20].name = "renamed"
    new.tracks[0][30].enabled = False
    assert str(check(cut, new)).splitlines() == [
        "V1 01:00:04:04 insert 24 'X'",
        "V1 01:00:08:12 remove 20 'S9'",
        "V1 01:00:16:20 replace 20 'renamed'",
        "V1 01:00:25:04 change enabled 20 'S30'",
        "V1 01:00:28:12 replace 20 'Y'",
    ]


def test_tracks_and_what_they_and_the_cut_say_about_themselves() -> None:
    a = cut_of([clip(*A), dissolve(2, 2), clip(*B)], [gap(5)])
    a.metadata["children"] = [{"deep": [1, 2.5, {"children": ["{", "}\n  ]"]}]}]
    b = cut_of([clip(*A), dissolve(2, 3), clip(*B)], [], [clip(*B), gap(3)], start=48)
    b.name = "other"
    b.tracks.metadata["tracks"] = {"children": []}
    b.tracks[0].enabled = False
    b.tracks[0].metadata["note"] = "kept"
    b.tracks[2].source_range = times(1, 2)
    assert str(check(a, b)).splitlines() == [
        "cut change metadata, name, global_start_time 'other'",
        "cut change metadata 'other'",
        "cut add tracks 'V3'",
        "V1 change metadata, enabled 'V1'",
        "V1 00:00:02:20 change out_offset 0 'dissolve'",
        "V2 00:00:02:00 remove 5 'gap'",
    ]
    check(cut_of(), a)
    check(a, cut_of([gap(5)], rate=a.global_start_time.rate))


def test_fields_that_nobody_knows_are_compared_like_any_other() -> None:
    documents = [plain(cut_of([clip(*A)], [gap(2)]).to_json_string()) for _ in range(2)]
    for value, document in enumerate(documents):
        stack = document["tracks"]
        for node in (document, stack, stack["children"][0], stack["children"][0]["children"][0]):
            node["unheard_of"] = [{"of": value}]
            node["children_"] = {"children": [], "tracks": {"of": value}}
    a, b = map(timeline_of, documents)
    assert [change.verb for change in check(a, b)] == ["change children_, unheard_of"] * 4


def test_many_equal_clips_are_found_again_in_whatever_order() -> None:
    choose = random.Random(1)
    for _ in range(50):
        rows = [[clip(choose.choice("ABC"), 0, 5) for _ in range(choose.randrange(12))] for _ in range(2)]
        check(cut_of(rows[0]), cut_of(rows[1]))


@pytest.mark.skipif(not CUTS, reason="the shared cuts are not beside the repository")
def test_real_cuts() -> None:
    read = [read_cut(path) for path in CUTS if path.stat().st_size < 2_000_000]
    for cut in read:
        assert diff(cut, cut.deepcopy()) == Edit()
    for a, b in pairwise(read):
        check(a, b)
