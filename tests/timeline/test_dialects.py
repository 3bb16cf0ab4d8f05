"""What editing programs write in ways of their own, in files that they wrote."""

from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit_timeline.dialects import (
    Program,
    is_empty_effect,
    is_locked,
    link_of,
    marker_text,
    program_of,
    sound_stream,
)
from secondunit_timeline.interchange import read_cut

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
RESOLVE = CORPUS / "ambiguousengine__davinci-resolve-mcp-free"
PREMIERE_XML = CORPUS / "OpenTimelineIO__otio-fcp-adapter" / "premiere_example.xml"
corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus is not beside the repository")


@corpus
def test_resolve_links_picture_and_sound_and_leaves_most_effect_slots_empty() -> None:
    cut = read_cut(RESOLVE / "ref2.otio")
    picture, later, sound = cut.find_clips()
    assert program_of(cut.metadata) is Program.RESOLVE
    assert link_of(picture) == link_of(sound) is not None
    assert link_of(later) is None
    assert all(map(is_empty_effect, picture.effects))
    assert [effect.effect_name or effect.name for effect in later.effects if not is_empty_effect(effect)]


@corpus
def test_links_of_final_cut_pro_7_xml_join_picture_and_both_sound_channels() -> None:
    cut = read_cut(PREMIERE_XML)
    groups: dict[object, set[str]] = {}
    for track in cut.tracks:
        for clip in track.find_clips():
            if (group := link_of(clip)) is not None:
                groups.setdefault(group, set()).add(track.kind)
    assert {"Video", "Audio"} in groups.values()


def test_tracks_are_locked_as_resolve_and_final_cut_say() -> None:
    def track(**metadata: object) -> otio.schema.Track:
        return otio.schema.Track("V1", metadata=metadata)

    assert is_locked(track(Resolve_OTIO={"Locked": True}))
    assert is_locked(track(fcp_xml={"locked": "TRUE"}))
    assert not is_locked(track(Resolve_OTIO={"Locked": False}, fcp_xml={"locked": "FALSE"}))
    assert not is_locked(track(Resolve_OTIO="Locked"))


def test_a_marker_says_its_comment_or_resolves_note() -> None:
    note = {"Resolve_OTIO": {"Keywords": [], "Note": "paint out the rig"}}
    assert marker_text(otio.schema.Marker("m", metadata=note)) == "paint out the rig"
    assert marker_text(otio.schema.Marker("m", metadata=note, comment="mine")) == "mine"
    assert marker_text(otio.schema.Marker("m")) == ""


def test_the_sound_stream_is_the_one_that_resolve_names() -> None:
    def clip(channels: object) -> otio.schema.Clip:
        return otio.schema.Clip("c", metadata={"Resolve_OTIO": {"Channels": channels}})

    assert sound_stream(clip([{"Source Channel ID": 0, "Source Track ID": 2}])) == 2
    for odd in ([], "2", [2], [{"Source Track ID": "x"}], None):
        assert sound_stream(clip(odd)) == 0


def test_a_speed_of_one_changes_nothing() -> None:
    assert is_empty_effect(otio.schema.LinearTimeWarp(time_scalar=1))
    assert not is_empty_effect(otio.schema.LinearTimeWarp(time_scalar=-1))
    assert not is_empty_effect(otio.schema.Effect(effect_name="Blur"))
