"""Exports of real programs through a watched folder: read, a take of a real unit cut in, and imported there again."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit_bridge.messages import Take
from secondunit_plugin.hosts.frames import first_difference
from secondunit_plugin.hosts.host import Sequence
from secondunit_plugin.hosts.kdenlive.host import Kdenlive
from secondunit_plugin.hosts.placement import Beside, land
from secondunit_plugin.hosts.watched import Watched
from secondunit_timeline import Unit
from secondunit_timeline.changes import Edit
from secondunit_timeline.interchange import write_cut
from secondunit_timeline.placing import Ordered
from secondunit_timeline.placing import place as place_takes

from tests.end_to_end.hosts.kdenlive_program import Program, running
from tests.end_to_end.hosts.openshot_program import Person, opened
from tests.plugin.hosts.conformance import frame_map, probed
from tests.timeline.cuts import gap
from tests.timeline.media_cuts import MakeClip, shot, sounding_cut

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "film"
    (made / "media").mkdir(parents=True)
    return made


@pytest.fixture
def film(make_clip: MakeClip, folder: Path) -> otio.schema.Timeline:
    """A up to its media's end, a gap, and B, with their sound; media in a folder of the watched folder.

    Clips have the names of their files, as programs give them.
    """
    a, b = (Path(shutil.copy(make_clip(96, name=name), folder / "media" / f"{name}.mov")) for name in ("A", "B"))
    shots = [shot(a, 96, 40, 56, "A.mov"), gap(30), shot(b, 96, 13, 40, "B.mov")]
    cut = sounding_cut(*shots, sound=tuple(one.clone() for one in shots))
    cut.name = "film"
    cut.global_start_time = None
    return cut


def cut_in(folder: Path, takes: Path) -> tuple[Path, Sequence, Take]:
    """Extends the first shot of the newest cut in the folder into its gap. The version beside it, as it is read."""
    host = Watched(folder, probed)
    before = host.read()
    with Unit(takes) as unit:
        done = unit.extend(before.cut, "V1@+5", tail=12)
    (take,) = done.takes

    def edit(sequence: Sequence) -> Edit:
        return place_takes(sequence.cut, done.ordered, done.takes)[1]

    assert isinstance(done.ordered, Ordered)
    placed = land(host, before.id, edit, [take.path], "Extend", probed)
    assert isinstance(placed, Beside)
    return host.newest(), placed.sequence, take


def pictures(cut: otio.schema.Timeline) -> object:
    return [row for row in frame_map(cut) if row[0] == otio.schema.TrackKind.Video]


@pytest.fixture(scope="module")
def openshot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Person]:
    with opened(tmp_path_factory.mktemp("openshot")) as person:
        yield person


@pytest.fixture(scope="module")
def kdenlive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with running(tmp_path_factory.mktemp("kdenlive")) as program:
        yield program


def test_final_cut_pro_xml_of_openshot_and_back(openshot: Person, film: otio.schema.Timeline, folder: Path) -> None:
    del film.tracks[1]
    openshot.open(film)
    for clip in openshot.program.ask("clips"):  # as OpenShot places a file: picture and sound are one clip
        openshot.program.ask("edit", clip["id"], {"has_audio": clip["has_video"]})
    cut = openshot.host.read().cut
    openshot.program.ask("exchange", "exporters.final_cut_pro", str(folder / "film.xml"))
    export = (folder / "film.xml").read_bytes()
    assert frame_map(Watched(folder, probed).read().cut) == frame_map(cut)

    version, planned, take = cut_in(folder, folder / "takes")
    assert version.name == "film_unit01.xml" and (folder / "film.xml").read_bytes() == export
    openshot.program.ask("new", 24, 1)
    openshot.program.ask("exchange", "importers.final_cut_pro", str(version))
    imported = openshot.host.read().cut
    assert pictures(imported) == pictures(planned.cut)
    assert take.path in {clip.media_reference.target_url for clip in imported.find_clips()}

    openshot.program.ask("exchange", "exporters.final_cut_pro", str(folder / "again.xml"))
    assert Watched(folder, probed).newest() == folder / "again.xml"
    assert pictures(Watched(folder, probed).read().cut) == pictures(planned.cut)


def test_a_project_that_kdenlive_saves_there_and_opens_again(
    kdenlive: Program, film: otio.schema.Timeline, folder: Path, tmp_path: Path
) -> None:
    project = tmp_path / "work.kdenlive"
    write_cut(film, project)
    kdenlive.load(project)
    with kdenlive.window() as window:
        window.do_all(("file_save_as",))
    saved = folder / "film.kdenlive"
    kdenlive.dialog("Save As", lambda: kdenlive.hands.write(str(saved)))
    kdenlive.until(lambda: kdenlive.shows(saved), "Kdenlive does not save the project there")
    assert frame_map(Watched(folder, probed).read().cut) == frame_map(film)

    version, planned, _ = cut_in(folder, folder / "takes")
    assert version.name == "film_unit01.kdenlive"
    kdenlive.load(version)
    assert first_difference(planned.cut, Kdenlive(version, probed).read().cut, probed) is None
