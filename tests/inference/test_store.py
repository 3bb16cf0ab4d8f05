import errno
import os
import subprocess
from pathlib import Path

import pytest
from secondunit_bridge.errors import OrderRefused
from secondunit_bridge.messages import Codec, Delivery
from secondunit_bridge.takes import MARKER, digest
from secondunit_inference.store import TakeFiles, admit, prepare, publish, sweep


def files_in(folder: Path, codec: Codec = Codec.PRORES_HQ, fence: int = 1) -> TakeFiles:
    prepare(Delivery(str(folder), codec))
    return TakeFiles(Delivery(str(folder), codec), "ab12", "SH_v001", "UAAAAAAA", fence)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_names_hold_the_reel_and_the_fence(tmp_path: Path) -> None:
    assert files_in(tmp_path, fence=7).final.name == "SH_v001_UAAAAAAA_7.mov"
    assert files_in(tmp_path, Codec.H264).final.name == "SH_v001_UAAAAAAA_1.mp4"
    png = files_in(tmp_path, Codec.PNG)
    assert png.media(png.final).endswith("SH_v001_UAAAAAAA_1/frame_%04d.png")


@pytest.mark.parametrize("links", [True, False])
def test_publishing_moves_media_and_cube(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EOPNOTSUPP, "no hard links")

    if not links:
        monkeypatch.setattr(os, "link", refuse)
    files = files_in(tmp_path)
    files.temporary.write_bytes(b"media")
    files.temporary_cube.write_text("cube")
    publish(files)
    publish(files)  # after a crash before it was stored
    assert files.final.read_bytes() == b"media"
    assert files.final_cube.read_text() == "cube"
    assert names(tmp_path) == [MARKER, files.final_cube.name, files.final.name]


@pytest.mark.parametrize("links", [True, False])
def test_publishing_never_replaces_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "no hard links")

    if not links:
        monkeypatch.setattr(os, "link", refuse)
    files = files_in(tmp_path)
    files.final.write_bytes(b"somebody's")
    files.temporary.write_bytes(b"ours")
    with pytest.raises(FileExistsError):
        publish(files)
    assert files.final.read_bytes() == b"somebody's"


def test_a_crash_between_the_two_names_is_made_good(tmp_path: Path) -> None:
    files = files_in(tmp_path)
    files.temporary.write_bytes(b"media")
    os.link(files.temporary, files.final)
    publish(files)
    assert names(tmp_path) == [MARKER, files.final.name]


def test_folders_of_pictures_are_published_whole(tmp_path: Path) -> None:
    files = files_in(tmp_path, Codec.PNG)
    files.temporary.mkdir()
    (files.temporary / "frame_1001.png").write_bytes(b"1")
    publish(files)
    assert [path.name for path in files.final.iterdir()] == ["frame_1001.png"]
    files.temporary.mkdir()
    with pytest.raises(OSError, match="not empty"):
        publish(files)
    assert [path.name for path in files.final.iterdir()] == ["frame_1001.png"]


def test_a_take_that_has_vanished_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        publish(files_in(tmp_path))


def test_sweeping_deletes_only_our_own_unfinished_files(tmp_path: Path) -> None:
    files = files_in(tmp_path)
    kept = [tmp_path / name for name in ("clip.mov", ".secondunit-part-cd34-1.mov", files.final.name, ".ab12")]
    for path in (*kept, files.temporary, files.temporary_cube, files_in(tmp_path, fence=2).temporary):
        path.write_bytes(b"x")
    files_in(tmp_path, Codec.PNG).temporary.mkdir()
    sweep(files)
    assert sorted(tmp_path.iterdir()) == sorted([*kept, tmp_path / MARKER])


def test_sweeping_follows_no_links(tmp_path: Path) -> None:
    files = files_in(tmp_path / "takes", Codec.PNG)
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "clip.mov").touch()
    files.temporary.symlink_to(tmp_path / "clips")
    sweep(files)
    assert (tmp_path / "clips" / "clip.mov").exists()
    assert not files.temporary.is_symlink()


def test_nothing_is_deleted_in_a_folder_without_our_marker(tmp_path: Path) -> None:
    files = files_in(tmp_path)
    files.temporary.write_bytes(b"x")
    (tmp_path / MARKER).unlink()
    sweep(files)
    assert files.temporary.exists()


def test_hashes_are_those_of_sha256sum(tmp_path: Path) -> None:
    folder = tmp_path / "take"
    folder.mkdir()
    (folder / "b.png").write_bytes(b"b")
    (folder / "a.png").write_bytes(b"a" * 100_000)
    listing = subprocess.run(["sha256sum", "a.png", "b.png"], cwd=folder, capture_output=True, check=True).stdout
    (tmp_path / "listing").write_bytes(listing)
    printed = subprocess.run(["sha256sum", tmp_path / "listing"], capture_output=True, check=True, text=True).stdout
    assert digest(folder) == printed.split()[0]


def test_where_takes_cannot_go(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder, reason in (("takes", "not an absolute path"), (f"{tmp_path}/file/takes", "is a file")):
        with pytest.raises(OrderRefused, match=reason):
            admit(Delivery(folder), 0)
    with pytest.raises(OrderRefused, match="GB free"):
        admit(Delivery(str(tmp_path)), 10**17)
    admit(Delivery(str(tmp_path / "a" / "b")), 0)
    assert names(tmp_path) == ["file"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OrderRefused, match="cannot be written"):
        admit(Delivery(str(tmp_path / "takes")), 0)


def test_a_folder_that_cannot_be_made_is_refused() -> None:
    with pytest.raises(OrderRefused, match="cannot go to"):
        prepare(Delivery("/proc/takes"))
