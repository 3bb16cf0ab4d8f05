"""Reading and writing cuts: what is refused, what is normalised, and what must come back as it was."""

import json
import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from secondunit_bridge.errors import BadInput, CutError
from secondunit_timeline.interchange import local_path, media_path, read_cut, write_cut
from secondunit_timeline.times import rate_of

from tests.timeline import cuts

SHARED = Path(__file__).parents[3] / "shared"
NTSC = Fraction(24000, 1001)


def time(value: float, rate: float = 24.0) -> dict[str, Any]:
    return {"OTIO_SCHEMA": "RationalTime.1", "rate": rate, "value": value}


def times(start: float = 0.0, duration: float = 10.0, rate: float = 24.0) -> dict[str, Any]:
    return {"OTIO_SCHEMA": "TimeRange.1", "start_time": time(start, rate), "duration": time(duration, rate)}


def external(url: str, **fields: Any) -> dict[str, Any]:
    return {"OTIO_SCHEMA": "ExternalReference.1", "target_url": url, "metadata": {}, "name": "", **fields}


def clip(reference: Any, **fields: Any) -> dict[str, Any]:
    return {
        "OTIO_SCHEMA": "Clip.2",
        "name": "c",
        "metadata": {},
        "source_range": times(),
        "effects": [],
        "markers": [],
        "enabled": True,
        "media_references": {"DEFAULT_MEDIA": reference},
        "active_media_reference_key": "DEFAULT_MEDIA",
        **fields,
    }


def timeline(*children: Any) -> dict[str, Any]:
    common = {"metadata": {}, "source_range": None, "effects": [], "markers": [], "enabled": True}
    track = {"OTIO_SCHEMA": "Track.1", "name": "V1", "kind": "Video", "children": list(children), **common}
    stack = {"OTIO_SCHEMA": "Stack.1", "name": "tracks", "children": [track], **common}
    return {"OTIO_SCHEMA": "Timeline.1", "name": "t", "metadata": {}, "global_start_time": None, "tracks": stack}


def saved(folder: Path, document: Any, name: str = "cut.otio") -> Path:
    path = folder / name
    path.write_text(json.dumps(document))
    return path


def first_clip(cut: otio.schema.Timeline) -> otio.schema.Clip:
    return cut.find_clips()[0]


BARE = {"OTIO_SCHEMA": "ExternalReference.1"}


@pytest.mark.parametrize(
    "document",
    [
        # These two end the process when OTIO reads them.
        timeline({"OTIO_SCHEMA": "Clip.1", "media_references": {"DEFAULT_MEDIA": BARE}}),
        {**timeline(), "tracks": None},
        timeline(clip(BARE)),
        timeline(clip(None)),
        timeline(None),
        timeline("clip"),
        timeline(clip(external("a.mov"), source_range=times(duration=-4))),
        timeline(clip(external("a.mov"), source_range=times(rate=-24))),
        timeline(clip(external("a.mov"), source_range=times(duration=1e300))),
        timeline(clip(external("a.mov"), source_range={"OTIO_SCHEMA": "TimeRange.1"})),
        timeline({"OTIO_SCHEMA": "Transition.1", "in_offset": None, "out_offset": time(3)}),
        timeline({"OTIO_SCHEMA": "Transition.1", "in_offset": time(-3), "out_offset": time(3)}),
        {**timeline(), "tracks": timeline()["tracks"]["children"][0]},
        clip(external("a.mov")),
        [timeline()],
        {"OTIO_SCHEMA": "SerializableCollection.1", "children": [timeline(), timeline()]},
        {},
        7,
    ],
)
def test_what_would_crash_or_poison_is_refused_with_the_file_named(tmp_path: Path, document: Any) -> None:
    path = saved(tmp_path, document)
    with pytest.raises(CutError, match=r"cut\.otio"):
        read_cut(path)


@pytest.mark.parametrize("text", ["", "  \n", "not a cut", '{"OTIO_SCHEMA": "Timeline.1"', "[" * 5000 + "]" * 5000])
def test_what_is_not_json_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "cut.otio"
    path.write_text(text)
    with pytest.raises(CutError, match=r"cut\.otio"):
        read_cut(path)


def test_a_deeply_nested_cut_is_refused_at_once(tmp_path: Path) -> None:
    nest: dict[str, Any] = timeline()["tracks"]
    for _ in range(100):
        nest = {**timeline()["tracks"], "children": [nest]}
    with pytest.raises(CutError, match="nested more than 200 levels"):
        read_cut(saved(tmp_path, {**timeline(), "tracks": nest}))


def test_infinite_times_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "cut.otio"
    path.write_text(json.dumps(timeline(clip(external("a.mov"), source_range=times(duration=float("inf"))))))
    with pytest.raises(CutError):
        read_cut(path)


def test_a_missing_file_a_folder_and_another_format_are_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.otio").mkdir()
    for name in ("none.otio", "folder.otio", "cut.xml"):
        with pytest.raises(CutError, match=name):
            read_cut(tmp_path / name)


@pytest.mark.parametrize("rate", [23.976, 23.98, 23.976024627685547, 23.976023976, 24000 / 1001])
def test_rates_become_exact(tmp_path: Path, rate: float) -> None:
    cut = read_cut(
        saved(
            tmp_path, timeline(clip(external("a.mov", available_range=times(rate=rate)), source_range=times(rate=rate)))
        )
    )
    shot = first_clip(cut)
    assert shot.source_range.duration.rate == float(NTSC)
    assert rate_of(shot.media_reference.available_range.duration) == NTSC


def test_the_one_timeline_of_a_collection_is_read(tmp_path: Path) -> None:
    other = {"OTIO_SCHEMA": "SerializableCollection.1", "children": [timeline(clip(external("a.mov")))]}
    assert len(read_cut(saved(tmp_path, other)).find_clips()) == 1


def test_relative_media_is_found_from_a_cut_written_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "project" / "media").mkdir(parents=True)
    (tmp_path / "out").mkdir()
    media = tmp_path / "project" / "media" / "my clip.mov"
    media.write_bytes(b"camera")
    urls = ["media/my clip.mov", "media/my%20clip.mov", "media\\my clip.mov", "./media/my clip.mov"]
    source = saved(tmp_path / "project", timeline(*(clip(external(url)) for url in urls)))
    cut = read_cut(source)
    assert {media_path(shot.media_reference) for shot in cut.find_clips()} == {str(media)}

    write_cut(cut, tmp_path / "out" / "new.otio")
    again = read_cut(tmp_path / "out" / "new.otio")
    assert {media_path(shot.media_reference) for shot in again.find_clips()} == {str(media)}
    written = json.loads((tmp_path / "out" / "new.otio").read_text())
    first = written["tracks"]["children"][0]["children"][0]["media_references"]["DEFAULT_MEDIA"]
    assert first["target_url"] == "../project/media/my clip.mov"
    assert "secondunit" not in json.dumps(written)

    write_cut(cut, tmp_path / "project" / "beside.otio")
    beside = json.loads((tmp_path / "project" / "beside.otio").read_text())
    shots = beside["tracks"]["children"][0]["children"]
    assert [shot["media_references"]["DEFAULT_MEDIA"]["target_url"] for shot in shots] == urls


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("/media/a b.mov", "/media/a b.mov"),
        ("file:///media/a%20b.mov", "/media/a b.mov"),
        ("file://localhost/media/a.mov", "/media/a.mov"),
        ("file:/media/a.mov", "/media/a.mov"),
        ("file:///E:/SHOW/a.mxf", "E:/SHOW/a.mxf"),
        ("file://server/share/a.mov", "//server/share/a.mov"),
        ("E:\\SHOW\\a.mxf", "E:\\SHOW\\a.mxf"),
        ("http://169.254.169.254/x", None),
        ("s3://bucket/a.mov", None),
        # As programs write them: Premiere, Avid, Resolve on Windows, Kdenlive, and what they get wrong.
        ("file://localhost/C%3a/Show/a%20b.mov", "C:/Show/a b.mov"),
        ("file:///C%3A/Avid%20MediaFiles/MXF/1/a.mxf", "C:/Avid MediaFiles/MXF/1/a.mxf"),
        ("file://C:/Show/a.mov", "C:/Show/a.mov"),
        ("file:///C:\\Show\\a.mov", "C:/Show/a.mov"),
        ("file://///server/share/a.mov", "//server/share/a.mov"),
        ("file:////server/share/a.mov", "//server/share/a.mov"),
        ("FILE:///media/a.mov", "/media/a.mov"),
        ("\\\\server\\share\\a.mov", "\\\\server\\share\\a.mov"),
        ("C:/Show/plates\\a.mov", "C:/Show/plates\\a.mov"),
        ("/media/100%.mov", "/media/100%.mov"),
        ("file:///media/a.mov?token=1#t=3", "/media/a.mov"),
        ("file:///media/caf%C3%A9.mov", "/media/café.mov"),
        ("http://[::1", None),
    ],
)
def test_absolute_addresses_are_understood_and_written_as_they_came(tmp_path: Path, url: str, path: str | None) -> None:
    assert local_path(url) == path
    cut = read_cut(saved(tmp_path, timeline(clip(external(url)))))
    write_cut(cut, tmp_path / "new.otio")
    assert first_clip(read_cut(tmp_path / "new.otio")).media_reference.target_url == url
    assert media_path(first_clip(cut).media_reference) == path


def test_an_image_sequence_is_a_pattern() -> None:
    reference = otio.schema.ImageSequenceReference(
        "file:///plates/sh010", "sh010.", ".exr", start_frame=1001, frame_zero_padding=4, rate=24
    )
    assert media_path(reference) == "/plates/sh010/sh010.%04d.exr"
    assert media_path(otio.schema.MissingReference()) is None
    # Hiero ends folders of Windows with a backslash.
    reference.target_url_base = "C:/show/plates/sh010\\"
    assert media_path(reference) == "C:\\show\\plates\\sh010\\sh010.%04d.exr"


def test_an_address_whose_signs_are_not_encoded_is_found_where_it_lies(tmp_path: Path) -> None:
    for name in ("take #1.mov", "50%20.mov", "who?.mov"):
        (tmp_path / name).write_bytes(b"camera")
        assert local_path(f"file://{tmp_path}/{name}") == str(tmp_path / name)
        assert local_path(str(tmp_path / name)) == str(tmp_path / name)
    (tmp_path / "a b.mov").write_bytes(b"camera")
    assert local_path(f"{tmp_path}/a%20b.mov") == str(tmp_path / "a b.mov")


def test_inputs_are_never_written_not_even_through_links(tmp_path: Path) -> None:
    media = tmp_path / "a.otio"  # a name that the output may have
    media.write_bytes(b"camera")
    source = saved(tmp_path, timeline(clip(external("a.otio"))))
    other = saved(tmp_path, timeline(), "other.otio")
    (tmp_path / "soft.otio").symlink_to(source)
    os.link(source, tmp_path / "hard.otio")
    before = source.read_bytes()
    cut = read_cut(source)
    for name in ("cut.otio", "soft.otio", "hard.otio", "a.otio", "other.otio", "../" + tmp_path.name + "/cut.otio"):
        with pytest.raises(BadInput, match="never written"):
            write_cut(cut, tmp_path / name, source=other)
    assert source.read_bytes() == before
    assert media.read_bytes() == b"camera"


def test_writing_is_deterministic_and_leaves_nothing_behind(tmp_path: Path) -> None:
    cut = read_cut(saved(tmp_path, timeline(clip(external("a.mov"), metadata={"z": 1, "a": {"x": [1, 2.5, None]}}))))
    before = cut.to_json_string()
    write_cut(cut, tmp_path / "one.otio")
    write_cut(cut, tmp_path / "two.otio")
    assert (tmp_path / "one.otio").read_bytes() == (tmp_path / "two.otio").read_bytes()
    assert cut.to_json_string() == before
    assert {path.name for path in tmp_path.iterdir()} == {"cut.otio", "one.otio", "two.otio"}
    with pytest.raises(BadInput, match="not a folder"):
        write_cut(cut, tmp_path / "none" / "new.otio")


def test_metadata_comes_back_as_it_was(tmp_path: Path) -> None:
    metadata = {"Resolve_OTIO": {"Link Group ID": 3}, "unheard": {"OTIO_SCHEMA": "ExampleStudioTake.1", "take": 4}}
    cut = read_cut(saved(tmp_path, timeline(clip(external("a.mov"), metadata=metadata))))
    write_cut(cut, tmp_path / "new.otio")
    written = json.loads((tmp_path / "new.otio").read_text())
    assert written["tracks"]["children"][0]["children"][0]["metadata"] == metadata


CORPUS = sorted((SHARED / "corpus").glob("**/*.otio")) + sorted((SHARED / "footage").glob("*.otio"))


@pytest.mark.skipif(not CORPUS, reason="the shared corpus is not beside the repository")
def test_every_cut_of_the_corpus_reads_and_comes_back_equal(tmp_path: Path) -> None:
    for number, path in enumerate(CORPUS):
        cut = read_cut(path)
        write_cut(cut, tmp_path / f"{number}.otio")
        again = read_cut(tmp_path / f"{number}.otio")
        cut.metadata["secondunit"] = again.metadata["secondunit"] = {}
        for shot in (*cut.find_clips(), *again.find_clips()):
            for reference in shot.media_references().values():
                reference.metadata.pop("secondunit", None)
        assert again.is_equivalent_to(cut), path


def test_pictures_without_a_folder_lie_beside_the_cut(tmp_path: Path) -> None:
    pictures = otio.schema.ImageSequenceReference(
        "", "shot.", ".exr", 1001, 1, 24, 4, available_range=cuts.times(1001, 20)
    )
    cut = cuts.cut_of([otio.schema.Clip("A", pictures, cuts.times(1001, 20))])
    path, copy = tmp_path / "cut.otio", tmp_path / "elsewhere" / "cut.otio"
    copy.parent.mkdir()
    path.write_text(cut.to_json_string())
    read = read_cut(path)
    assert media_path(read.tracks[0][0].media_reference) == str(tmp_path / "shot.%04d.exr")
    write_cut(read, tmp_path / "same.otio")
    assert (
        json.loads((tmp_path / "same.otio").read_text())["tracks"]["children"][0]["children"][0]["media_references"][
            "DEFAULT_MEDIA"
        ]["target_url_base"]
        == ""
    )
    write_cut(read, copy)
    assert media_path(read_cut(copy).tracks[0][0].media_reference) == str(tmp_path / "shot.%04d.exr")
