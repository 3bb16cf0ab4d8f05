"""A folder that a program exports into: in which format, when, and what lies there afterwards."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from queue import Empty, Queue

import opentimelineio as otio
import pytest
from secondunit_bridge.errors import CutMoved, HostUnreachable
from secondunit_plugin.hosts.host import Changed, CutChanged, Gone
from secondunit_plugin.hosts.placement import Beside, place
from secondunit_plugin.hosts.watched import Watched
from secondunit_timeline.changes import Edit
from secondunit_timeline.edits import edit
from secondunit_timeline.interchange import read_cut, write_cut
from secondunit_timeline.operations import AddTrack, Operation, Overwrite, Slip

from tests.plugin.hosts.conformance import Film, film, frame_map, probed
from tests.timeline.cuts import at
from tests.timeline.media_cuts import MakeClip, shot


@pytest.fixture
def shown(make_clip: MakeClip) -> Film:
    made = film(make_clip)
    del made.cut.tracks[1]  # an EDL's sound is another matter
    return made


def planned(cut: otio.schema.Timeline, *operations: Operation) -> Edit:
    return edit(cut, operations)[1]


def above(made: Film) -> tuple[Operation, ...]:
    """A shot over B, on a track of its own."""
    other = shot(made.make_clip(96, name="film-d"), 96, 50, 12, "D")
    return AddTrack("V2"), Overwrite("V2", at(70), other)


@pytest.mark.parametrize("suffix", [".otio", ".fcpxml", ".xml", ".aaf", ".kdenlive"])
def test_a_version_has_the_format_of_the_export(shown: Film, tmp_path: Path, suffix: str) -> None:
    export = tmp_path / f"film{suffix}"
    write_cut(shown.cut, export)
    content, host = export.read_bytes(), Watched(tmp_path, probed)
    before = host.read()
    assert frame_map(before.cut) == frame_map(shown.cut)
    done = place(host, before, planned(before.cut, *above(shown)), "Overwrite", probed)
    assert isinstance(done, Beside)
    version = tmp_path / f"film_unit01{suffix}"
    assert host.newest() == version
    assert frame_map(read_cut(version)) == frame_map(edit(shown.cut, above(shown))[0])
    assert export.read_bytes() == content

    # What comes next is put into that version.
    now = host.read()
    assert now.id == before.id
    place(host, now, planned(now.cut, Slip("V1", at(70), 5)), "Slip", probed)
    assert host.newest() == tmp_path / f"film_unit02{suffix}"
    assert {path.name for path in tmp_path.iterdir()} == {
        *(f"film{suffix}", f"film_unit01{suffix}", f"film_unit02{suffix}"),
    }


def test_what_an_edl_cannot_hold_is_written_as_otio(shown: Film, tmp_path: Path) -> None:
    write_cut(shown.cut, tmp_path / "film.edl")
    host = Watched(tmp_path, probed)
    before = host.read()
    place(host, before, planned(before.cut, *above(shown)), "Overwrite", probed)
    assert {path.name for path in tmp_path.iterdir()} == {"film.edl", "film_unit01.otio"}


def test_ids_never_get_into_a_file(shown: Film, tmp_path: Path) -> None:
    write_cut(shown.cut, tmp_path / "film.otio")
    host = Watched(tmp_path, probed)
    before = host.read()
    place(host, before, planned(before.cut, Slip("V1", at(70), 5)), "Slip", probed)
    assert b"host_id" not in (tmp_path / "film_unit01.otio").read_bytes()


def test_a_version_is_newer_than_an_export_of_a_machine_whose_clock_is_ahead(shown: Film, tmp_path: Path) -> None:
    write_cut(shown.cut, tmp_path / "film.otio")
    ahead = time.time() + 3600
    os.utime(tmp_path / "film.otio", (ahead, ahead))
    host = Watched(tmp_path, probed)
    before = host.read()
    place(host, before, planned(before.cut, Slip("V1", at(70), 5)), "Slip", probed)
    assert host.newest().name == "film_unit01.otio"


def test_a_version_is_only_taken_back_while_nobody_has_changed_it(shown: Film, tmp_path: Path) -> None:
    write_cut(shown.cut, tmp_path / "film.otio")
    host = Watched(tmp_path, probed)
    before = host.read()
    made = host.add_version(before.cut, before.revision)
    version = tmp_path / "film_unit01.otio"
    version.write_bytes(version.read_bytes() + b"\n")
    with pytest.raises(CutMoved, match="was written anew"):
        host.undo(made.revision)
    version.unlink()
    made = host.add_version(before.cut, before.revision)
    host.undo(made.revision)
    assert not version.exists()
    with pytest.raises(CutMoved):
        host.undo(made.revision)


def test_a_folder_without_a_cut_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    (tmp_path / ".film.otio.part").touch()
    with pytest.raises(HostUnreachable, match="holds no cut: export one into it"):
        Watched(tmp_path, probed).read()
    with pytest.raises(HostUnreachable, match="cannot be looked into"):
        Watched(tmp_path / "none", probed).read()


def test_an_export_is_told_once_it_is_complete(shown: Film, tmp_path: Path) -> None:
    """A program that writes for two seconds is not read in between."""
    folder = tmp_path / "exports"
    folder.mkdir()
    write_cut(shown.cut, tmp_path / "film.otio")
    content = (tmp_path / "film.otio").read_bytes()
    host, told = Watched(folder, probed), Queue[tuple[float, Changed]]()
    tell: Callable[[Changed], None] = lambda changed: told.put((time.monotonic(), changed))  # noqa: E731
    end = host.follow(tell)
    try:
        with (folder / "film.otio").open("wb") as file:
            for part in range(8):
                file.write(content[part * len(content) // 8 : (part + 1) * len(content) // 8])
                file.flush()
                time.sleep(0.25)
            last = time.monotonic()
        when, changed = told.get(timeout=10)
        assert isinstance(changed, CutChanged)
        assert when > last - 0.25
        assert frame_map(host.read().cut) == frame_map(shown.cut)
        with pytest.raises(Empty):
            told.get(timeout=1.5)
        (folder / "film.otio").unlink()
        folder.rmdir()
        seen = [told.get(timeout=10)[1]]
        while not isinstance(seen[-1], Gone):
            seen.append(told.get(timeout=10)[1])
    finally:
        end()
