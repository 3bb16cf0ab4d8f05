"""Projects of Kdenlive rewritten by steps: what was planned is there, and what no step names is as it was.

`saved_by_kdenlive_22_12.kdenlive` was saved by that program, the other by 26.08, which had opened the first. V1: a, a
dissolve, b, a gap, c with an effect, a at double speed; V2: a title, b with a composition over V1; A1: the sound of a,
b and c. The sound of a and of c is linked.
"""

import json
import re
import shutil
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring, tostring

import opentimelineio as otio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from secondunit_bridge.errors import CutError, HostError
from secondunit_bridge.media.probe import MediaInfo, probe
from secondunit_plugin.hosts.frames import first_difference
from secondunit_plugin.hosts.kdenlive.groups import links
from secondunit_plugin.hosts.kdenlive.kept import Kept, known_again
from secondunit_plugin.hosts.kdenlive.project import Project
from secondunit_plugin.hosts.steps import steps
from secondunit_plugin.hosts.strips import id_of, identified, strips_from
from secondunit_timeline.edits import Policies, edit
from secondunit_timeline.index import Index
from secondunit_timeline.interchange import write_cut
from secondunit_timeline.operations import (
    AddTrack,
    End,
    Insert,
    InsertGap,
    Lift,
    Operation,
    Overwrite,
    RippleTrim,
    Slice,
    Slip,
    Transitions,
    Trim,
)
from secondunit_timeline.times import time_range

from tests.timeline.corpus import CORPUS, NEEDS_CORPUS
from tests.timeline.cuts import at, cut_of, dissolve, gap
from tests.timeline.media_cuts import MakeClip
from tests.timeline.test_formats_melt import clip, meant, numbered, numbers, pictures

RATE = Fraction(25)
SAVED = tuple(Path(__file__).with_name(f"saved_by_kdenlive_{version}.kdenlive") for version in ("22_12", "26_08"))
NEEDS_MELT = pytest.mark.skipif(
    shutil.which("melt") is None or shutil.which("ffmpeg") is None, reason="melt and ffmpeg are not installed"
)


def absent(_path: str) -> None:
    return None


def there(path: str) -> MediaInfo | None:
    return probe(path)


@pytest.fixture(scope="module", params=SAVED, ids=lambda one: one.stem[-5:])
def saved(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    (folder / "media").mkdir()
    for name in "abc":
        (folder / "media" / f"{name}.mov").touch()
    path = folder / "saved.kdenlive"
    path.write_text(request.param.read_text().replace("@ROOT@", str(folder)))
    return path


def read(path: Path, content: bytes | None = None, probed: Callable[[str], MediaInfo | None] = absent) -> Project:
    return Project(path, path.read_bytes() if content is None else content, probed)


def edited(
    project: Project, operations: Sequence[Operation], probed: Callable[[str], MediaInfo | None] = absent
) -> tuple[Project, otio.schema.Timeline]:
    """The project after the edit, read from what was written, and the cut that was planned."""
    policies = Policies(transitions=Transitions.DROP)
    planned, copies = identified(edit(project.cut, operations, policies)[0])
    project.apply(steps(strips_from(project.cut, probed), strips_from(planned, probed), copies))
    return read(project.path, project.content(), probed), planned


def elements(project: Project) -> dict[str, Element]:
    return {one.get("id", ""): one for one in fromstring(project.read_from) if one.get("id")}


def own(element: Element) -> dict[str, str]:
    return {one.get("name", ""): one.text or "" for one in element.iterfind("property")}


def test_a_project_without_steps_is_written_as_it_was(saved: Path) -> None:
    project = read(saved)
    again = read(saved, project.content())
    before, after = fromstring(project.read_from), fromstring(again.read_from)
    (bin_,) = (one for one in after if one.get("id") == "main_bin")
    for one in [one for one in bin_ if one.get("name") == "kdenlive:docproperties.secondunit.strips"]:
        bin_.remove(one)
    assert [tostring(one).strip() for one in before] == [tostring(one).strip() for one in after]
    assert again.strips == project.strips


OPERATIONS = st.one_of(
    st.builds(lambda track, frame: Slice(track, at(frame, RATE)), st.sampled_from(["V1", "A1"]), st.integers(1, 230)),
    st.builds(
        lambda track, frame, frames: Lift(track, at(frame, RATE), frames),
        st.sampled_from(["V1", "V2", "A1"]),
        st.integers(0, 230),
        st.integers(1, 60),
    ),
    st.builds(
        lambda track, frame, end, by: Trim(track, at(frame, RATE), end, by),
        st.sampled_from(["V1", "V2", "A1"]),
        st.integers(0, 230),
        st.sampled_from(End),
        st.integers(-20, 20),
    ),
    st.builds(
        lambda frame, end, by: RippleTrim("V1", at(frame, RATE), end, by),
        st.integers(0, 230),
        st.sampled_from(End),
        st.integers(-20, 20),
    ),
    st.builds(
        lambda track, frame, by: Slip(track, at(frame, RATE), by),
        st.sampled_from(["V1", "A1"]),
        st.integers(0, 230),
        st.integers(-20, 20),
    ),
    st.builds(
        lambda track, frame, first, frames: Overwrite(track, at(frame, RATE), ("b", first, frames)),  # type: ignore[arg-type]
        st.sampled_from(["V1", "V2", "A1"]),
        st.integers(0, 260),
        st.integers(0, 100),
        st.integers(1, 60),
    ),
    st.builds(lambda frame, frames: InsertGap("V1", at(frame, RATE), frames), st.integers(0, 230), st.integers(1, 40)),
)


def of_bin(folder: Path, name: str, first: int, frames: int) -> otio.schema.Clip:
    """A clip of media that the project has."""
    start = 10 * 3600 * 25
    media = otio.schema.ExternalReference(str(folder / "media" / f"{name}.mov"), time_range(start, 200, RATE))
    return otio.schema.Clip(f"{name}.mov", media, time_range(start + first, frames, RATE))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(OPERATIONS, min_size=1, max_size=6))
def test_any_edit_is_there_frame_by_frame_when_the_project_is_read_again(saved: Path, wanted: list[Operation]) -> None:
    project = read(saved)
    for one in wanted:
        if isinstance(one, Overwrite):
            one = Overwrite(one.track, one.at, of_bin(saved.parent, *one.clip))  # type: ignore[misc]
        try:
            after, planned = edited(project, [one])
        except CutError:  # the kernel refuses the edit
            project = read(saved, project.read_from)
            continue
        except HostError as error:
            assert re.search("only the program that made it|frames into a gap", str(error)), str(error)
            return
        assert first_difference(planned, after.cut, absent) is None
        assert ids(after.cut) == ids(planned)
        project = after


def ids(cut: otio.schema.Timeline) -> list[list[str]]:
    return [
        [
            id_of(child)
            for child in track
            if isinstance(child, otio.core.Item) and not isinstance(child, otio.schema.Gap)
        ]
        for track in cut.tracks
    ]


def test_other_tracks_effects_titles_guides_folders_and_notes_stay(saved: Path) -> None:
    project = read(saved)
    before = elements(project)
    after, _ = edited(project, [Slip("V1", at(225, RATE), 5)])
    now = elements(after)
    (v1,) = (one for one in now.values() if own(one).get("kdenlive:track_name") == "V1")
    touched = {v1.get("id"), *(one.get("producer") for one in v1.iterfind("track")), "main_bin"}
    assert before.keys() == now.keys()
    assert {name for name in before if tostring(before[name]).strip() != tostring(now[name]).strip()} <= touched
    assert b"brightness" in after.read_from
    kept, there = own(before["main_bin"]), own(now["main_bin"])
    assert {name for name in kept.keys() | there.keys() if kept.get(name) != there.get(name)} == {
        "kdenlive:docproperties.secondunit.strips"
    }


def test_groups_and_compositions_go_with_their_clips(saved: Path) -> None:
    project = read(saved)
    after, _ = edited(project, [InsertGap(track, at(165, RATE), 15) for track in ("V1", "V2", "A1")])
    assert set(links(groups_of(project))) == {(1, 0), (0, 0), (1, 170), (0, 170)}
    assert set(links(groups_of(after))) == {(1, 0), (0, 0), (1, 185), (0, 185)}
    (composition,) = (
        one for one in fromstring(after.read_from).iter("transition") if own(one).get("kdenlive_id") == "affine"
    )
    assert (composition.get("in"), composition.get("out")) == ("195", "234")


def groups_of(project: Project) -> str:
    return of_timeline(project)["groups"]


def of_timeline(project: Project) -> dict[str, str]:
    """What the document says of its timeline, or each sequence of itself, by the last word of the name."""
    holder = elements(project)[project.sequence or "main_bin"]
    return {name.rpartition(".")[2]: text for name, text in own(holder).items()}


def test_both_parts_of_a_split_clip_have_its_effect_and_are_linked_with_their_sound(saved: Path) -> None:
    after, _ = edited(read(saved), [Slice("V1", at(190, RATE))])
    assert after.read_from.count(b'"kdenlive_id">brightness') == 2
    assert set(links(groups_of(after))) == {(1, 0), (0, 0), (1, 170), (0, 170), (1, 190), (0, 190)}


def test_a_track_is_put_in_and_what_counts_tracks_counts_on(saved: Path) -> None:
    project = read(saved)
    added = [AddTrack("New", above="V1"), Overwrite("New", at(20, RATE), of_bin(saved.parent, "c", 0, 30))]
    after, planned = edited(project, added)
    assert [track.name for track in after.cut.tracks] == ["V1", "New", "V2", "A1"]
    assert first_difference(planned, after.cut, absent) is None
    (composition,) = (
        own(one) for one in fromstring(after.read_from).iter("transition") if own(one).get("kdenlive_id") == "affine"
    )
    assert composition["b_track"] == "4"
    assert of_timeline(after).get("tracksCount", "4") == "4"
    back = steps(after.strips, project.strips)
    after.apply(back)
    assert first_difference(read(saved).cut, read(saved, after.content()).cut, absent) is None


def test_media_that_the_project_has_is_played_from_its_bin(saved: Path) -> None:
    after, _ = edited(read(saved), [Overwrite("V2", at(0, RATE), of_bin(saved.parent, "c", 0, 30))])
    listed = elements(after)["main_bin"].findall("entry")
    assert len(listed) == len(elements(read(saved))["main_bin"].findall("entry"))


def test_what_plays_a_clip_of_the_bin_has_its_identity(saved: Path, make_clip: MakeClip) -> None:
    """Else Kdenlive 26 takes the project for a damaged one."""
    path = make_clip(40, "25")

    def probed(asked: str) -> MediaInfo | None:
        return probe(asked) if asked == str(path) else None

    take = otio.schema.Clip("take", otio.schema.ExternalReference(str(path)), time_range(0, 30, RATE))
    both = [Overwrite("V2", at(0, RATE), of_bin(saved.parent, "c", 0, 30)), Overwrite("V2", at(300, RATE), take)]
    after, _ = edited(read(saved, probed=probed), both, probed)
    masters = {number: own(one).get("kdenlive:control_uuid") for number, one in after.document.masters.items()}
    before = elements(read(saved))
    played = [own(one) for name, one in elements(after).items() if name not in before and name.startswith("producer")]
    assert len(played) == 2
    assert all(one.get("kdenlive:control_uuid") == masters[one["kdenlive:id"]] for one in played)
    assert sum(masters[one["kdenlive:id"]] is not None for one in played) == (2 if after.sequence else 1)


def test_a_preview_that_kdenlive_rendered_is_rendered_again(saved: Path) -> None:
    audio_target = r'( *<property name="kdenlive:(\w+)\.audioTarget")'
    with_chunks = r'<property name="kdenlive:\2.previewchunks">0,25</property>\1'
    content = re.sub(audio_target, with_chunks, saved.read_text(), count=1).encode()
    after, _ = edited(read(saved, content), [Slip("V1", at(200, RATE), 5)])
    said = of_timeline(after)
    assert said["previewchunks"] == ""
    assert said["dirtypreviewchunks"] == "0,25"


def test_strips_are_known_again_by_what_they_show() -> None:
    def seen(start: int, first: int, frames: int, source: str = "a.mov") -> Kept:
        return Kept("", "V1", source, first, frames, start)

    kept = [Kept("one", "V1", "a.mov", 0, 50, 0, "takes"), Kept("two", "V1", "b.mov", 10, 20, 50)]

    def known(*rows: Kept) -> list[tuple[str, str]]:
        return [(one.id, one.state) for one in known_again(rows, kept)]

    there = [("one", "takes"), ("two", "")]
    assert known(seen(0, 0, 50), seen(50, 10, 20, "b.mov")) == there
    assert known(seen(9, 0, 50), seen(70, 10, 20, "b.mov")) == there, "both moved"
    assert known(seen(0, 5, 30), seen(50, 10, 20, "b.mov")) == there, "one was trimmed"
    split = known(seen(0, 0, 20), seen(20, 20, 30))
    assert split == [("one", "takes"), ("V1/a.mov/20", "takes")], "the first part keeps the id, both the takes"
    assert known(seen(0, 100, 50)) == [("V1/a.mov/100", "")], "other frames are another strip"
    two = [*kept, Kept("three", "V1", "a.mov", 40, 50, 200)]
    assert [one.id for one in known_again([seen(0, 30, 20)], two)] == ["V1/a.mov/30"], "it may be either: neither"


@NEEDS_MELT
def test_melt_renders_what_was_planned(tmp_path: Path) -> None:
    film, other = tmp_path / "film.mkv", tmp_path / "take.mkv"
    numbered(film, RATE, 200)
    numbered(other, RATE, 150)
    cut = cut_of(
        [
            *(clip(film, 10, 30, RATE), dissolve(4, 6, RATE), clip(film, 60, 30, RATE), gap(12, RATE)),
            *(clip(film, 100, 20, RATE, speed=2.0), clip(film, 5, 25, RATE)),
        ],
        rate=RATE,
    )
    path = tmp_path / "cut.kdenlive"
    write_cut(cut, path)
    take = otio.schema.Clip("take", otio.schema.ExternalReference(str(other)), time_range(20, 18, RATE))
    operations: list[Operation] = [
        Overwrite("V1", at(62, RATE), take),
        Insert("V1", at(92, RATE), clip(other, 60, 10, RATE)),
        Trim("V1", at(20, RATE), End.HEAD, 5),
        Slice("V1", at(50, RATE)),
        Overwrite("V1", at(110, RATE), clip(other, 90, 8, RATE, speed=-1.0)),
    ]
    after, planned = edited(read(path, probed=there), operations, there)
    rewritten = path.with_stem("rewritten")
    rewritten.write_bytes(after.read_from)
    wanted = meant(planned)
    shown = numbers(pictures(rewritten, f"out={len(wanted) - 1}"))
    assert len(shown) == len(wanted)
    assert [one if two is not None else None for one, two in zip(shown, wanted, strict=True)] == wanted
    assert first_difference(planned, after.cut, there) is None


@NEEDS_CORPUS
def test_the_published_example_is_edited_and_keeps_the_rest() -> None:
    path = CORPUS / "KDE__kdenlive-opentimelineio" / "kdenlive_example_v221170.kdenlive"
    project = read(path)
    names = [track.name for track in project.cut.tracks]
    before = elements(project)
    track = Index(project.cut).track("Close")
    last = [item for item in track.items if not isinstance(item.child, otio.schema.Gap)][-1]
    after, planned = edited(project, [Lift("Close", at(int(last.start) + 10, RATE), 20)])
    assert first_difference(planned, after.cut, absent) is None
    assert [track.name for track in after.cut.tracks] == names
    now = elements(after)
    changed = {name for name in before if name in now and tostring(before[name]).strip() != tostring(now[name]).strip()}
    (close,) = (one for one in before.values() if own(one).get("kdenlive:track_name") == "Close")
    assert changed <= {"main_bin", close.get("id"), *(one.get("producer") for one in close.iterfind("track"))}
    assert json.loads(own(now["main_bin"])["kdenlive:docproperties.guides"]) == json.loads(
        own(before["main_bin"])["kdenlive:docproperties.guides"]
    )
