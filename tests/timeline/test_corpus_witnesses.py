"""What we write of every interchange file, as programs that we did not write see it."""

import re
import subprocess
from collections import Counter
from pathlib import Path

import defusedxml.ElementTree
import opentimelineio as otio
import pytest
from secondunit_timeline.formats import reading
from secondunit_timeline.index import Index
from secondunit_timeline.interchange import read_cut, write_cut

from tests.timeline.corpus import NEEDS_CORPUS, cut_or_skip, files, name_of, read_here


@pytest.fixture(autouse=True)
def readers_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "read_document", read_here)


def lengths(cut: otio.schema.Timeline, kind: str) -> Counter[tuple[str, int]]:
    """Clips by name and length in milliseconds; a published reader may put sound among the pictures."""
    return Counter(
        (clip.name.removesuffix(" FF"), round(clip.duration().to_seconds() * 1000))
        for track in cut.tracks
        if track.kind == kind
        for clip in track
        if isinstance(clip, otio.schema.Clip)
    )


@NEEDS_CORPUS
@pytest.mark.parametrize("path", files(), ids=name_of)
def test_the_published_readers_see_the_same_clips(path: Path, tmp_path: Path) -> None:
    cut = cut_or_skip(path)
    rate = Index(cut).rate
    if cut.find_clips():
        write_cut(cut, tmp_path / "cut.edl")
        black = re.search(r"^\d+  BL ", (tmp_path / "cut.edl").read_text(), re.MULTILINE)
        if not black:  # of fades from and to black it refuses some, and makes clips of others
            options = {"rate": float(rate), "ignore_timecode_mismatch": True}
            ours, theirs = published(cut, tmp_path / "cut.edl", "cmx_3600", **options)
            assert lengths(theirs, "Video") == lengths(ours, "Video")
    nested = cut.find_children(descended_from_type=otio.core.Composition)
    flat = all(isinstance(one, otio.schema.Track) and one.parent() is cut.tracks for one in nested)
    for suffix, adapter in ((".xml", "fcp_xml"), (".aaf", "AAF")):
        ours, theirs = published(cut, tmp_path / f"cut{suffix}", adapter)
        for kind in ("Video", "Audio") if flat or suffix == ".xml" else ():  # the AAF reader puts nests in tracks
            assert lengths(theirs, kind) == lengths(ours, kind)
    if any(isinstance(clip.media_reference, otio.schema.GeneratorReference) for clip in cut.find_clips()):
        return  # it knows no titles
    ours, theirs = published(cut, tmp_path / "cut.fcpxml", "fcpx_xml")
    both = [sorted((lengths(one, "Video") + lengths(one, "Audio")).elements()) for one in (ours, theirs)]
    # It counts in whole frames of a rate cut off to a whole number.
    for (name, length), (their_name, their_length) in zip(*both, strict=True):
        assert name == their_name
        assert abs(length - their_length) <= max(60, length // 20)


@NEEDS_CORPUS
@pytest.mark.long
@pytest.mark.parametrize("path", files(), ids=name_of)
def test_melt_plays_every_project_for_as_long_as_the_cut(path: Path, tmp_path: Path) -> None:
    cut = cut_or_skip(path)
    write_cut(cut, tmp_path / "cut.kdenlive")
    command = ["melt", str(tmp_path / "cut.kdenlive"), "-consumer", "xml"]
    # Now and then it crashes as it ends, where media is offline: then all has been said already.
    played = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120).stdout
    *_, main = defusedxml.ElementTree.fromstring(played).iterfind("tractor")
    assert int(main.get("out")) + 1 == max(1, round(Index(cut).end)), "an empty cut plays one black frame"


def published(
    cut: otio.schema.Timeline, path: Path, adapter: str, **options: object
) -> tuple[otio.schema.Timeline, otio.schema.Timeline]:
    """What we read of what we write, and what the published reader does."""
    write_cut(cut, path)
    found = otio.adapters.read_from_file(str(path), adapter, **options)
    if not isinstance(found, otio.schema.Timeline):
        (found,) = (one for one in found if isinstance(one, otio.schema.Timeline))
    return read_cut(path, Index(cut).rate if path.suffix == ".edl" else None), found
