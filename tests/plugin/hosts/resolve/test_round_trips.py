"""Cuts that DaVinci Resolve exported, edited and written as it takes them in again: what is not edited is the same."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from secondunit_plugin.hosts.resolve.versions import document
from secondunit_plugin.hosts.strips import identified
from secondunit_timeline.edits import edit
from secondunit_timeline.index import Index
from secondunit_timeline.interchange import read_cut
from secondunit_timeline.operations import End, Trim
from secondunit_timeline.times import frames_of, rate_of

from tests.timeline.cuts import at

CORPUS = Path(__file__).parents[5] / "shared" / "corpus"
EXPORTS = CORPUS / "ambiguousengine__davinci-resolve-mcp-free"
CLIPS = CORPUS / "ynput__ayon-core"
NAMES = ("base", "mut_speedramp", "ref11_eq_roundtripped", "ref2", "ref3_clipvol", "ref4_retime_50pct")
RESOLVES = ("img_seq_2x_speed_resolve", "movie_with_handles", "qt_embedded_tc")
"""Of clips of several programs, those that carry Resolve's metadata."""


def offline(_path: str) -> None:
    return None


def export(name: str) -> otio.schema.Timeline:
    path = EXPORTS / f"{name}.otio"
    if not path.exists():
        pytest.skip(f"{path} is not there: ../shared/corpus lies beside the repository of those who have it")
    return identified(read_cut(path))[0]


def clip_export(name: str, folder: Path) -> otio.schema.Timeline:
    path = CLIPS / f"{name}.json"
    if not path.exists():
        pytest.skip(f"{path} is not there: ../shared/corpus lies beside the repository of those who have it")
    clip = json.loads(path.read_text())
    track = {"OTIO_SCHEMA": "Track.1", "kind": "Video", "name": "Video 1", "children": [clip]}
    stack = {"OTIO_SCHEMA": "Stack.1", "children": [track]}
    start = {"OTIO_SCHEMA": "RationalTime.1", "rate": clip["source_range"]["duration"]["rate"], "value": 86400.0}
    cut = {"OTIO_SCHEMA": "Timeline.1", "name": name, "global_start_time": start, "tracks": stack}
    (folder / "cut.otio").write_text(json.dumps(cut))
    return identified(read_cut(folder / "cut.otio"))[0]


def clips(told: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for track in told["tracks"]["children"]:
        yield from (child for child in track["children"] if child["OTIO_SCHEMA"].startswith("Clip"))


def effects(clip: dict[str, Any]) -> list[dict[str, Any]]:
    """Newer OpenTimelineIO writes that they are enabled, which Resolve's own does not."""
    return [{key: value for key, value in one.items() if key != "enabled"} for one in clip["effects"]]


def assert_taken_in(cut: otio.schema.Timeline) -> dict[str, Any]:
    """The rules of the stand-in's import, `dialect.py`, without the media. The document as JSON."""
    made = document(cut, offline)
    told: dict[str, Any] = json.loads(made.to_json_string())
    assert told["global_start_time"] is not None
    names = [track["name"] for track in told["tracks"]["children"]]
    assert all(name.startswith(("Video ", "Audio ")) for name in names)
    for clip in clips(told):
        assert clip["OTIO_SCHEMA"] == "Clip.2"
        assert list(clip["media_references"]) == [clip["active_media_reference_key"]] == ["DEFAULT_MEDIA"]
        media = clip["media_references"]["DEFAULT_MEDIA"]
        assert not media.get("target_url", "").startswith("file:")
        assert "secondunit" not in clip["metadata"]
    for clip in made.find_clips():
        available, source = clip.media_reference.available_range, clip.source_range
        rate = rate_of(available.start_time)
        first = frames_of(available.start_time, rate)
        assert first <= frames_of(source.start_time, rate) < first + frames_of(available.duration, rate)
    return told


@pytest.mark.parametrize("name", NAMES)
def test_an_export_goes_back_as_it_came(name: str) -> None:
    cut = export(name)
    told = assert_taken_in(cut)
    before = json.loads((EXPORTS / f"{name}.otio").read_text())
    for mine, theirs in zip(clips(told), clips(before), strict=True):
        media, known = (one["media_references"]["DEFAULT_MEDIA"] for one in (mine, theirs))
        assert media["target_url"] == known["target_url"]
        assert media["available_range"] == known["available_range"]
        assert mine["source_range"] == theirs["source_range"]
        assert effects(mine) == effects(theirs)
        assert mine["enabled"] == theirs["enabled"]


@pytest.mark.parametrize("name", sorted({*NAMES} - {"mut_speedramp"}))  # a ramp is not trimmed
def test_an_edit_changes_what_it_is_about_and_nothing_else(name: str) -> None:
    cut = export(name)
    index = Index(cut)
    first = index.tracks[0]
    shot = first.items[0]
    edited, _ = edit(cut, (Trim(first.name, at(0, index.rate), End.HEAD, 12),))
    told, untouched = list(clips(assert_taken_in(edited))), list(clips(assert_taken_in(cut)))
    group = untouched[0]["metadata"]["Resolve_OTIO"]["Link Group ID"]
    assert (shot.start, group) == (0, 1)
    for mine, theirs in zip(told, untouched, strict=True):
        assert effects(mine) == effects(theirs)
        if theirs["metadata"]["Resolve_OTIO"].get("Link Group ID") != group:
            assert {**mine, "metadata": None} == {**theirs, "metadata": None}
            continue
        now, before = (one["source_range"] for one in (mine, theirs))
        warps = (one["time_scalar"] for one in theirs["effects"] if one["OTIO_SCHEMA"].startswith("LinearTimeWarp"))
        assert now["start_time"]["value"] == before["start_time"]["value"] + 12 * next(warps, 1)
        assert now["duration"]["value"] == before["duration"]["value"] - 12


@pytest.mark.parametrize("name", RESOLVES)
def test_clips_of_resolve_go_back_as_they_came(name: str, tmp_path: Path) -> None:
    """Numbered pictures from 1001 on, which it counts from 0; a file with timecode, and one without."""
    (clip,) = clips(assert_taken_in(clip_export(name, tmp_path)))
    before = json.loads((CLIPS / f"{name}.json").read_text())
    assert clip["source_range"] == before["source_range"]
    media, known = (one["media_references"]["DEFAULT_MEDIA"] for one in (clip, before))
    for key in ("available_range", "name_prefix", "name_suffix", "start_frame", "target_url", "target_url_base"):
        assert media.get(key) == known.get(key)
