"""What moves along with an edit: tracks in sync and linked clips, at their own edit points."""

from typing import Any

import opentimelineio as otio
import pytest
from secondunit_bridge.errors import CutError
from secondunit_timeline.changes import Edit, apply
from secondunit_timeline.edits import DEFAULTS, Links, Policies, edit, plan
from secondunit_timeline.index import Index
from secondunit_timeline.operations import (
    CloseGap,
    End,
    Extend,
    Extract,
    Insert,
    Into,
    Lift,
    Operation,
    Overwrite,
    RippleTrim,
    Roll,
    Slice,
    Slide,
    Slip,
    Trim,
)

from tests.timeline.cuts import at, clip, cut_of, gap
from tests.timeline.test_edits import line

WIDE = (0, 200)


def linked(name: str, start: float, duration: float, link: Any) -> otio.schema.Clip:
    one = clip(name, start, duration, WIDE)
    one.metadata["Resolve_OTIO"] = {"Link Group ID": link}
    return one


def scene() -> otio.schema.Timeline:
    """A and B with their sound on V2: an L-cut, A's sound lasts 6 frames longer. On V3 music, cut nowhere."""
    return cut_of(
        [linked("A", 50, 20, 1), linked("B", 50, 20, 2), clip("C", 50, 20, WIDE)],
        [linked("a", 50, 26, 1), linked("b", 56, 14, 2), gap(20)],
        [clip("music", 50, 60, WIDE)],
    )


def both(operation: Operation, policies: Policies = DEFAULTS) -> tuple[list[Any], list[Any]]:
    cut = scene()
    before = cut.to_json_string()
    new, change = edit(cut, [operation], policies)
    assert apply(Edit.from_json(change.to_json()).inverse(), new).to_json_string() == before
    assert plan(Index(cut), [operation], policies) == change
    return line(new), line(new, 1)


AFTER = ("C", 50, 20)


@pytest.mark.parametrize(
    ("operation", "picture", "sound"),
    [
        (
            Slice("V1", at(8)),
            [("A", 50, 8), ("A", 58, 12), ("B", 50, 20), AFTER],
            [("a", 50, 8), ("a", 58, 18), ("b", 56, 14), 20],
        ),
        (
            Lift("V1", at(10), 5),
            [("A", 50, 10), 5, ("A", 65, 5), ("B", 50, 20), AFTER],
            [("a", 50, 10), 5, ("a", 65, 11), ("b", 56, 14), 20],
        ),
        (
            Trim("V2", at(30), End.TAIL, 4),
            None,
            None,
        ),
        (
            Roll("V1", at(20), 3),
            [("A", 50, 23), ("B", 53, 17), AFTER],
            [("a", 50, 29), ("b", 59, 11), 20],
        ),
        (
            Slip("V1", at(25), -4),
            [("A", 50, 20), ("B", 46, 20), AFTER],
            [("a", 50, 26), ("b", 52, 14), 20],
        ),
        (
            Slide("V1", at(25), -4),
            [("A", 50, 16), ("B", 50, 20), ("C", 46, 24)],
            [("a", 50, 22), ("b", 56, 14), 24],
        ),
        (
            RippleTrim("V1", at(5), End.TAIL, -3, sync=("V2",)),
            [("A", 50, 17), ("B", 50, 20), AFTER],
            [("a", 50, 23), ("b", 56, 14), 20],
        ),
        (
            RippleTrim("V1", at(5), End.HEAD, 3, sync=("V2",)),
            [("A", 53, 17), ("B", 50, 20), AFTER],
            [("a", 53, 23), ("b", 56, 14), 20],
        ),
        (
            Extract("V1", at(5), 10, sync=("V2",)),
            [("A", 50, 5), ("A", 65, 5), ("B", 50, 20), AFTER],
            [("a", 50, 5), ("a", 65, 11), ("b", 56, 14), 20],
        ),
        (
            Insert("V1", at(10), clip("X", 0, 4), sync=("V2",)),
            [("A", 50, 10), ("X", 0, 4), ("A", 60, 10), ("B", 50, 20), AFTER],
            [("a", 50, 10), 4, ("a", 60, 16), ("b", 56, 14), 20],
        ),
        (
            Overwrite("V1", at(5), clip("X", 0, 10)),
            [("A", 50, 5), ("X", 0, 10), ("A", 65, 5), ("B", 50, 20), AFTER],
            [("a", 50, 26), ("b", 56, 14), 20],
        ),
    ],
)
def test_linked_clips_follow_at_their_own_ends(operation: Operation, picture: list[Any] | None, sound: Any) -> None:
    if picture is None:
        with pytest.raises(CutError, match="'B' has 0 frames of gap at its tail"):
            both(operation)
    else:
        assert both(operation) == (picture, sound)


def test_links_may_be_left_or_refuse() -> None:
    alone = both(Slice("V1", at(8)), Policies(links=Links.IGNORE))
    assert alone[1] == [("a", 50, 26), ("b", 56, 14), 20]
    with pytest.raises(CutError, match=r"'A' is linked with:\n  V2 00:00:00:00: 'a'\nunlink them"):
        both(Lift("V1", at(10), 5), Policies(links=Links.REFUSE))
    with pytest.raises(CutError, match=r"would cut through:\n  'a' on V2"):
        both(Extract("V1", at(5), 10, sync=("V2",)), Policies(links=Links.IGNORE))


def test_what_is_linked_on_a_locked_track_stays_and_is_reported() -> None:
    cut = scene()
    cut.tracks[1].metadata["Resolve_OTIO"] = {"Locked": True}
    new, change = edit(cut, [Slip("V1", at(25), -4)])
    assert line(new, 1) == line(cut, 1)
    assert [str(one) for one in change] == [
        "V2 00:00:01:02 leave, its track is locked, 14 'b'",
        "V1 00:00:00:20 slip -4 'B'",
    ]


@pytest.mark.parametrize(
    "operation",
    [
        Insert("V1", at(40), clip("X", 0, 4)),
        Extract("V1", at(40), 10),
        RippleTrim("V1", at(45), End.TAIL, -3),
        Extend("V1", at(25), End.TAIL, 3, None, Into.RIPPLE),
    ],
)
def test_every_track_that_is_not_locked_is_in_sync_unless_somebody_says_so(operation: Operation) -> None:
    cut = scene()
    with pytest.raises(CutError, match=r"would cut through:\n  'music' on V3\ncut them there, lock their tracks"):
        edit(cut, [operation])
    new, _ = edit(cut, [operation], Policies(sync=()))
    assert [line(new, number) for number in (1, 2)] == [line(cut, number) for number in (1, 2)]
    cut.tracks[2].metadata["fcp_xml"] = {"locked": "TRUE"}
    new, _ = edit(cut, [operation])
    assert line(new, 2) == line(cut, 2)


def test_a_gap_that_closes_takes_no_sound_with_it() -> None:
    cut = cut_of([clip("A", 50, 20, WIDE), gap(5), clip("B", 50, 20, WIDE)], [clip("a", 50, 45, WIDE)])
    with pytest.raises(CutError, match="'a' on V2"):
        edit(cut, [CloseGap("V1", at(22))])
