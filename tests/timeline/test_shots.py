"""Shots by the names that editors give them, and times as they write them."""

from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit_bridge.errors import BadInput, CutError, ShotNotFound
from secondunit_timeline.index import Index
from secondunit_timeline.interchange import read_cut
from secondunit_timeline.shots import find_clip, open_shot, parse_time
from secondunit_timeline.takes import nested_takes, placed_takes

from tests.timeline.cuts import at, clip, cut_of, gap, times
from tests.timeline.media_cuts import MakeClip, shot, sounding_cut


def test_a_shot_is_found_by_name_ordinal_and_place(footage: Path) -> None:
    index = Index(read_cut(footage / "e01_own_media.otio"))
    assert find_clip(index, "A002")[1].start == 52
    assert find_clip(index, "A003#2")[1].start == 370
    assert find_clip(index, "V1@01:00:05:02")[1].start == 122
    assert find_clip(index, "V1@+121")[1].start == 52


def test_an_ambiguous_name_is_refused_with_the_list(footage: Path) -> None:
    index = Index(read_cut(footage / "e01_own_media.otio"))
    with pytest.raises(ShotNotFound, match=r"2 shots are named 'A003'(.|\n)*A003#1(.|\n)*01:00:15:10"):
        find_clip(index, "A003")
    with pytest.raises(ShotNotFound, match="A004"):
        find_clip(index, "A005")
    with pytest.raises(ShotNotFound, match="2 shots are named"):
        find_clip(index, "A003#3")


def test_a_name_with_a_separator_is_a_name_first() -> None:
    index = Index(cut_of([clip("take#2", 0, 10), clip("V1@home", 0, 10)]))
    assert find_clip(index, "take#2")[1].start == 0
    assert find_clip(index, "V1@home")[1].start == 10


def test_drop_frame_times_count_as_the_cut_does() -> None:
    rate = Fraction(30000, 1001)
    index = Index(cut_of([clip("A", 0, 3000, (0, 4000), rate)], rate=rate, start=107892))
    assert parse_time(index, "01:00:00;00").frame == 0
    assert parse_time(index, "01:01:00;02").frame == 1800
    assert parse_time(index, "+1800").frame == 1800
    with pytest.raises(BadInput, match="before the cut"):
        parse_time(index, "00:59:59;29")


def test_media_shorter_than_the_cut_says_is_refused(make_clip: MakeClip) -> None:
    cut = sounding_cut(shot(make_clip(50), 90, 30, 40))
    index = Index(cut)
    with pytest.raises(CutError, match=r"plays frames 30 to 69 of .* which holds 50"):
        open_shot(index, *find_clip(index, "A"))


def test_takes_on_one_shot_are_listed_by_version() -> None:
    """OTIO sorts references by key, which says nothing about when a take was made."""
    one = clip("A", 0, 10)
    for key, name in (("take.z", "A_v001"), ("take.a", "A_v002")):
        references = one.media_references()
        references[key] = otio.schema.ExternalReference("/takes/x.mov", metadata={"secondunit": {"name": name}})
        one.set_media_references(references, "DEFAULT_MEDIA")
    assert [take.name for take in placed_takes(Index(cut_of([one])))] == ["A_v001", "A_v002"]


def test_takes_inside_nests_are_found() -> None:
    def nest(name: str, child: otio.core.Item) -> otio.schema.Stack:
        return otio.schema.Stack(name, [otio.schema.Track("V1", [child])], times(0, 10))

    one = clip("A", 0, 10)
    media = one.media_reference
    media.metadata["secondunit"] = {"name": "A_v001"}
    one.set_media_references({"take.1": media}, "take.1")
    index = Index(cut_of([gap(5), nest("scene", nest("shot", one))]))
    assert not list(placed_takes(index))
    ((names, take),) = nested_takes(index)
    assert (names, take.name, take.shot, take.track, take.at) == ("scene / shot", "A_v001", "A", "V1", at(5))
