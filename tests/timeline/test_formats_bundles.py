"""Cuts together with their media."""

import zipfile
from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit_bridge.errors import BadInput, CutError
from secondunit_timeline.formats.losses import losses
from secondunit_timeline.interchange import media_path, read_cut, write_cut

from tests.timeline.cuts import cut_of, gap, times
from tests.timeline.media_cuts import MakeClip


def of(file: Path | str) -> otio.schema.Timeline:
    clip = otio.schema.Clip("A", otio.schema.ExternalReference(str(file), times(864000, 48)), times(864010, 20))
    return cut_of([gap(10), clip])


def test_a_folder_holds_the_media_that_plays_and_is_read_from_where_it_lies(
    make_clip: MakeClip, tmp_path: Path
) -> None:
    media = make_clip(48)
    write_cut(of(media), tmp_path / "cut.otiod")
    moved = (tmp_path / "cut.otiod").rename(tmp_path / "moved.otiod")
    back = read_cut(moved)
    path = media_path(back.find_clips()[0].media_reference)
    assert path is not None
    assert Path(path).parent == moved / "media"
    assert Path(path).read_bytes() == media.read_bytes()
    assert back.find_clips()[0].source_range == times(864010, 20)


def test_a_zip_file_is_one_that_otio_reads(make_clip: MakeClip, tmp_path: Path) -> None:
    media = make_clip(48)
    cut = of(media)
    write_cut(cut, tmp_path / "cut.otioz")
    theirs = otio.adapters.read_from_file(str(tmp_path / "cut.otioz"))
    assert [clip.name for clip in theirs.find_clips()] == ["A"]
    assert read_cut(tmp_path / "cut.otioz").find_clips()[0].source_range == times(864010, 20)
    with zipfile.ZipFile(tmp_path / "cut.otioz") as bundle:
        assert bundle.read(f"media/{media.name}") == media.read_bytes()
    with pytest.raises(BadInput, match="never written over"):
        write_cut(cut, tmp_path / "cut.otioz")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cut.otioz"]


def test_offline_media_becomes_missing_and_is_told_before(tmp_path: Path) -> None:
    assert [loss.feature for loss in losses(of("/nowhere/a.mov"), ".otioz")] == ["offline media"]
    write_cut(of("/nowhere/a.mov"), tmp_path / "cut.otioz")
    reference = read_cut(tmp_path / "cut.otioz").find_clips()[0].media_reference
    assert isinstance(reference, otio.schema.MissingReference)


def test_a_file_that_is_no_media_is_not_bundled(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("not for others")
    for suffix in (".otioz", ".otiod"):
        with pytest.raises(BadInput, match=r"secret\.txt"):
            write_cut(of(secret), tmp_path / f"cut{suffix}")
        assert not (tmp_path / f"cut{suffix}").exists()


def test_what_is_no_bundle_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.otioz").write_text("no zip file")
    (tmp_path / "empty.otiod").mkdir()
    with zipfile.ZipFile(tmp_path / "other.otioz", "w") as bundle:
        bundle.writestr("other.txt", "")
    for name in ("text.otioz", "empty.otiod", "other.otioz", "none.otioz"):
        with pytest.raises(CutError, match=name):
            read_cut(tmp_path / name)
