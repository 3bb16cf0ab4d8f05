"""A cut as strips and back: what shows on each frame stays, and takes come through a host's storage."""

from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit_bridge.errors import CutError
from secondunit_bridge.media.probe import MediaInfo, probe
from secondunit_plugin.hosts.steps import steps
from secondunit_plugin.hosts.strips import (
    OURS,
    Kind,
    Marker,
    Media,
    Nest,
    Strip,
    Strips,
    Track,
    Transition,
    cut_from,
    id_of,
    identified,
    strips_from,
)
from secondunit_plugin.hosts.wire import steps_from_json, steps_to_json, strips_from_json, strips_to_json
from secondunit_timeline.edits import edit
from secondunit_timeline.flat import Flat, flatten
from secondunit_timeline.index import Index
from secondunit_timeline.interchange import media_path, notes_of
from secondunit_timeline.operations import SwapTake

from tests.timeline.cuts import at, clip, cut_of, dissolve, gap, times
from tests.timeline.media_cuts import MakeClip


def on_disk(path: str) -> MediaInfo | None:
    return probe(path, Fraction(24)) if Path(path).exists() else None


def nothing(_path: str) -> MediaInfo | None:
    return None


def numbered(cut: otio.schema.Timeline) -> otio.schema.Timeline:
    return identified(cut, map(str, range(100)).__next__)[0]


def shown(cut: otio.schema.Timeline) -> list[list[tuple[str | None, Fraction, Fraction]]]:
    """Per record frame: files, seconds from each file's first frame, and shares."""
    timecodes = {
        path: info.start
        for one in cut.find_clips()
        if (path := media_path(one.media_reference)) is not None and (info := on_disk(path)) is not None
    }
    return [
        [
            (
                one.source.path,
                one.source.from_first_frame(one.seconds, timecodes.get(one.source.path or "")),
                one.weight,
            )
            for one in layers
        ]
        for layers in flatten(cut)
    ]


def test_a_cut_comes_back_from_strips_frame_by_frame(make_clip: MakeClip) -> None:
    media = make_clip(48, "24", "01:00:00:00"), make_clip(60, "30", "02:00:00:00")
    low, high = (otio.schema.ExternalReference(str(path)) for path in media)
    cut = cut_of(
        [
            otio.schema.Clip("A", low, times(86400 + 4, 20)),
            dissolve(2, 3),
            otio.schema.Clip("B", high, times(30 * 7200 + 10, 25, Fraction(30))),
            gap(5),
            otio.schema.Clip("C", low, times(30, 10), effects=[otio.schema.LinearTimeWarp(time_scalar=-0.5)]),
            dissolve(4, 0),
        ],
        [gap(7), otio.schema.Clip("D", low, times(86400, 6))],
    )
    cut.tracks[1][1].enabled = False
    cut.tracks.markers.append(otio.schema.Marker("look", times(12, 3), comment="again"))
    cut = numbered(cut)
    strips = strips_from(cut, on_disk)
    back = cut_from(strips, on_disk)
    assert shown(back) == shown(cut)
    assert strips_from(back, on_disk) == strips
    assert strips.markers == (Marker("look", 12, 3, "again"),)
    reverse = next(one for one in strips.strips if one.name == "C")
    assert reverse.media == Media(str(media[0]), Fraction(24), Fraction(30), Fraction(-1, 2))
    other_rate = next(one for one in strips.strips if one.name == "B")
    assert (other_rate.start, other_rate.frames) == (20, 20)
    assert other_rate.media == Media(str(media[1]), Fraction(30), Fraction(10))
    assert Index(back).tracks[0].items[0].child.media_reference.available_range == times(86400, 48)


def test_offline_media_counts_from_its_first_frame() -> None:
    strips = strips_from(numbered(cut_of([clip("A", 1010, 20, (1000, 100))])), nothing)
    assert strips.strips[0].media == Media("/media/A.mov", Fraction(24), Fraction(10))
    assert strips_from(cut_from(strips, nothing), nothing) == strips


def test_takes_come_back_from_what_the_host_keeps(make_clip: MakeClip) -> None:
    camera, take = make_clip(48, name="camera"), make_clip(48, name="take")
    placed = otio.schema.Clip("A", otio.schema.ExternalReference(str(camera), times(864000, 48)), times(864010, 20))
    references = placed.media_references()
    references["take.1"] = otio.schema.ExternalReference(str(take), times(864000, 48))
    references["take.1.recipe"] = otio.schema.GeneratorReference("A", "secondunit.match", parameters={"x": 0.1})
    placed.set_media_references(references, "DEFAULT_MEDIA")
    strips = strips_from(numbered(cut_of([placed])), on_disk)
    assert not strips.strips[0].generated
    cut = cut_from(strips, on_disk)
    switched, _ = edit(cut, [SwapTake("V1", at(0), "take.1")])
    after = strips_from(switched, on_disk).strips[0]
    assert (after.id, after.generated) == (strips.strips[0].id, True)
    assert after.media == Media(str(take), Fraction(24), Fraction(10))

    # The editor switches in the host, or relinks there.
    media = after.media
    switched_there = cut_from(replace(strips, strips=(replace(strips.strips[0], media=media),)), on_disk)
    assert switched_there.find_clips()[0].active_media_reference_key == "take.1"
    relinked = replace(media, path=str(camera.parent / "offline.mov"))
    (there,) = cut_from(replace(strips, strips=(replace(strips.strips[0], media=relinked),)), on_disk).find_clips()
    assert media_path(there.media_reference) == relinked.path
    assert set(there.media_references()) == {"DEFAULT_MEDIA", "take.1", "take.1.recipe"}


def test_ids_of_copies_are_issued_anew() -> None:
    first, second = clip("A", 0, 5), clip("B", 0, 5)
    for one in (first, second):
        one.metadata[OURS] = {"host_id": "same"}
    cut = cut_of([first, second])
    made, copies = identified(cut, lambda: "new")
    assert [id_of(child) for child in made.tracks[0]] == ["same", "new"]
    assert copies == {"new": "same"}
    assert [id_of(child) for child in cut.tracks[0]] == ["same", "same"]


def test_a_track_keeps_its_lock_and_a_clip_its_stream_and_link() -> None:
    sound = Track("A1", Kind.SOUND, enabled=False, locked=True)
    one = clip("A", 0, 5)
    strip = replace(
        strips_from(numbered(cut_of([one])), nothing).strips[0],
        track="A1",
        kind=Kind.SOUND,
        media=Media("/media/A.mov", Fraction(24), Fraction(3), stream=2),
        link="pair",
    )
    strips = Strips("cut", Fraction(24), 0, (sound,), (strip,))
    assert strips_from(cut_from(strips, nothing), nothing) == strips


def test_a_title_keeps_its_place() -> None:
    title = replace(strips_from(numbered(cut_of([gap(3), clip("T", 0, 5)])), nothing).strips[0], media=None)
    strips = Strips("cut", Fraction(24), 0, (Track("V1", Kind.PICTURE),), (title,))
    assert strips_from(cut_from(strips, nothing), nothing) == strips


@pytest.mark.parametrize(
    "state", ['{"active": 3}', "x", '{"active": "a", "references": {"b": {"OTIO_SCHEMA": "Clip.2"}}}']
)
def test_takes_that_cannot_be_read_are_said(state: str) -> None:
    strips = strips_from(numbered(cut_of([clip("A", 0, 5)])), nothing)
    cut = cut_from(replace(strips, strips=(replace(strips.strips[0], state=state),)), nothing)
    assert strips_from(cut, nothing) == strips
    (note,) = notes_of(cut)
    assert note.startswith("'A': the takes that the host keeps with it cannot be read")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda one: replace(one, strips=(one.strips[0], replace(one.strips[0], id="x"))), "cannot lie there"),
        (lambda one: replace(one, strips=(one.strips[0], replace(one.strips[0], start=9))), "the id"),
        (lambda one: replace(one, tracks=()), "no track"),
        (lambda one: replace(one, transitions=(Transition("V1", 3, 1, 1, "0", None),)), "no edit point"),
    ],
)
def test_what_is_no_cut_is_refused(change: partial[Strips], said: str) -> None:
    with pytest.raises(CutError, match=said):
        cut_from(change(strips_from(numbered(cut_of([clip("A", 0, 5)])), nothing)), nothing)


def test_an_edit_point_between_frames_is_refused() -> None:
    with pytest.raises(CutError, match="between two frames"):
        strips_from(numbered(cut_of([clip("A", 0, 4, rate=Fraction(30)), clip("B", 0, 5)])), nothing)


def test_a_nest_is_told_as_the_cut_that_it_is() -> None:
    """The strip shows it from frame 5 on; over the wire, and in a cut."""
    tracks, rate = (Track("V1", Kind.PICTURE),), Fraction(24)

    def strip(name: str, start: int, frames: int, first: int) -> Strip:
        media = Media("/rushes/a.mov", rate, Fraction(first))
        return Strip(name, "V1", Kind.PICTURE, name, start, frames, media)

    inner = Strips("meta", rate, 0, tracks, (strip("a", 0, 10, 3), strip("b", 12, 10, 30)))
    outer = Strip("m", "V1", Kind.PICTURE, "meta", 4, 12, None, nest=Nest(inner, 5))
    told = Strips("cut", rate, 86400, tracks, (outer, strip("c", 16, 2, 90)))
    cut = cut_from(told, nothing)
    flat = Flat(cut)
    shown = [[layer.frame(rate) for layer in flat.picture(frame)] for frame in range(flat.frames)]
    assert shown == [*([],) * 4, [8], [9], [10], [11], [12], [], [], [30], [31], [32], [33], [34], [90], [91]]
    assert strips_from(cut, nothing) == told
    assert strips_from_json(strips_to_json(told)) == told
    assert strips_to_json(told).count(b'"nest"') == 1
    changed = steps(told, replace(told, strips=(replace(outer, start=2), told.strips[1])))
    assert steps_from_json(steps_to_json(changed)) == changed
