"""Selections: every form, several at once, and none that means nothing."""

import opentimelineio as otio
import pytest
from secondunit_bridge.errors import CutError, ShotNotFound
from secondunit_timeline.index import Index
from secondunit_timeline.selections import select

from tests.timeline.cuts import clip, cut_of, gap, times


@pytest.fixture
def index() -> Index:
    cut = cut_of(
        [clip("A", 0, 20), gap(10), clip("B", 0, 20), clip("A", 30, 20)], [gap(5), clip("T", 0, 40)], start=86400
    )
    cut.tracks[0][2].markers.append(otio.schema.Marker("fix", times(3, 1), color="RED"))
    cut.tracks[0][3].color = otio.core.Color(0.0, 0.0, 1.0, 1.0, "BLUE")
    cut.tracks.markers.append(otio.schema.Marker("beat", times(8, 1)))
    return Index(cut)


@pytest.mark.parametrize(
    ("selectors", "places"),
    [
        (["B"], ["V1 30"]),
        (["A#2"], ["V1 50"]),
        (["A#*"], ["V1 0", "V1 50"]),
        (["V1@01:00:01:00"], ["V1 20"]),
        (["V2@+10"], ["V2 5"]),
        (["V1@01:00:00:10..01:00:01:10"], ["V1 0", "V1 30"]),
        (["V1@+35..+35"], ["V1 30"]),
        (["marker:fix"], ["V1 30"]),
        (["marker:beat"], ["V1 0", "V2 5"]),
        (["gap:1"], ["V1 20"]),
        (["V2:gap:1"], ["V2 0"]),
        (["color:red"], ["V1 30"]),
        (["color:BLUE"], ["V1 50"]),
        (["T", "color:red", "B"], ["V1 30", "V2 5"]),
    ],
)
def test_every_form(index: Index, selectors: list[str], places: list[str]) -> None:
    assert [f"{track.name} {item.start}" for track, item in select(index, selectors)] == places


@pytest.mark.parametrize("text", ["A", "A#3", "Z", "Z#*", "marker:none", "gap:2", "V2:gap:2", "color:GREEN", "V1@+900"])
def test_what_means_nothing_or_too_much_is_refused(index: Index, text: str) -> None:
    with pytest.raises(CutError):
        select(index, ["B", text])


def test_a_refusal_says_what_can_be_given(index: Index) -> None:
    with pytest.raises(ShotNotFound, match="marker:none means nothing in this cut: give NAME, NAME#2"):
        select(index, ["marker:none"])
