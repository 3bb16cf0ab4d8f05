"""Every interchange file, written to every format and read back: what comes back otherwise stands in the report."""

import re
from collections import Counter
from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit_bridge.errors import CutError
from secondunit_timeline.formats import reading
from secondunit_timeline.formats.writing import WRITERS
from secondunit_timeline.index import Index
from secondunit_timeline.interchange import read_cut, write_cut

from tests.timeline.corpus import NEEDS_CORPUS, files, name_of, read_file, read_here
from tests.timeline.round_trips import there_and_back

FORMATS = (".otio", *(suffix for suffix in WRITERS if suffix not in (".kdenlive", ".mlt")))


@pytest.fixture(autouse=True)
def readers_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "read_document", read_here)


def cut_of(path: Path) -> otio.schema.Timeline:
    cut = read_file(path)
    if not isinstance(cut, otio.schema.Timeline):
        assert len(str(cut)) > 40
        pytest.skip(f"refused: {str(cut)[:120]}")
    return cut


@NEEDS_CORPUS
@pytest.mark.parametrize("path", files(), ids=name_of)
def test_what_the_report_does_not_name_comes_back(path: Path, tmp_path: Path) -> None:
    cut = cut_of(path)
    frozen, wrong = cut.to_json_string(), []
    for suffix in FORMATS:
        try:
            done = there_and_back(cut, tmp_path / f"cut{suffix}")
        except CutError as refusal:
            assert "shows nothing" in str(refusal)
            assert not cut.find_clips()
            continue
        wrong += [f"{suffix}: {unsaid}" for unsaid in done.unsaid]
    assert not wrong
    assert cut.to_json_string() == frozen


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
    cut = cut_of(path)
    rate = Index(cut).rate
    if cut.find_clips():
        write_cut(cut, tmp_path / "cut.edl")
        black = re.search(r"^\d+  BL ", (tmp_path / "cut.edl").read_text(), re.MULTILINE)
        if not black:  # of fades from and to black it refuses some, and makes clips of others
            options = {"rate": float(rate), "ignore_timecode_mismatch": True}
            ours, theirs = published(cut, tmp_path / "cut.edl", "cmx_3600", **options)
            assert lengths(theirs, "Video") == lengths(ours, "Video")
    ours, theirs = published(cut, tmp_path / "cut.xml", "fcp_xml")
    for kind in ("Video", "Audio"):
        assert lengths(theirs, kind) == lengths(ours, kind)
    if any(isinstance(clip.media_reference, otio.schema.GeneratorReference) for clip in cut.find_clips()):
        return  # it knows no titles
    ours, theirs = published(cut, tmp_path / "cut.fcpxml", "fcpx_xml")
    both = [sorted((lengths(one, "Video") + lengths(one, "Audio")).elements()) for one in (ours, theirs)]
    # It counts in whole frames of a rate cut off to a whole number.
    for (name, length), (their_name, their_length) in zip(*both, strict=True):
        assert name == their_name
        assert abs(length - their_length) <= max(60, length // 20)


def published(
    cut: otio.schema.Timeline, path: Path, adapter: str, **options: object
) -> tuple[otio.schema.Timeline, otio.schema.Timeline]:
    """What we read of what we write, and what the published reader does."""
    write_cut(cut, path)
    found = otio.adapters.read_from_file(str(path), adapter, **options)
    if not isinstance(found, otio.schema.Timeline):
        (found,) = (one for one in found if isinstance(one, otio.schema.Timeline))
    return read_cut(path, Index(cut).rate if path.suffix == ".edl" else None), found
