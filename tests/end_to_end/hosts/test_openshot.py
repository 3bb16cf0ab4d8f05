"""The real OpenShot on a screen: what it renders of what is placed, and a take from the click to the reopened project.

The conformance suite runs over it, too: `tests/plugin/hosts/test_conformance.py`.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from queue import Queue

import av
import numpy as np
import opentimelineio as otio
import pytest
from secondunit_bridge import spawn
from secondunit_bridge.errors import CutMoved, HostError, HostUnreachable
from secondunit_plugin.hosts.frames import first_difference
from secondunit_plugin.hosts.host import Changed, CutChanged, Gone
from secondunit_plugin.hosts.link import Connection, Links
from secondunit_plugin.hosts.linked import host_of
from secondunit_plugin.hosts.openshot.host import OpenShot
from secondunit_plugin.hosts.placement import place
from secondunit_plugin.hosts.steps import Add, AddTransition, Change, Step
from secondunit_plugin.hosts.strips import Kind, Media, Strip, Transition, id_of
from secondunit_timeline.edits import edit
from secondunit_timeline.index import Index
from secondunit_timeline.interchange import media_path
from secondunit_timeline.operations import Insert, Overwrite

from tests.end_to_end.desktop import SECONDS, quiet, screen
from tests.end_to_end.hosts.openshot_program import Docked, Person, Program, opened, require
from tests.plugin.hosts.conformance import probed
from tests.timeline.cuts import at, gap
from tests.timeline.media_cuts import MakeClip, shot, sounding_cut

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]

RATE = Fraction(24)
BITS, WIDTH, HEIGHT = 10, 320, 180


@pytest.fixture(scope="module")
def person(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Person]:
    with opened(tmp_path_factory.mktemp("openshot")) as person:
        yield person


@pytest.fixture(scope="module")
def numbered(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A film whose frames show their numbers, as bits: bright and dark bars from left to right."""
    path = tmp_path_factory.mktemp("media") / "numbered.mov"
    with av.open(str(path), "w") as film:
        stream = film.add_stream("libx264", rate=RATE, options={"g": "1", "bf": "0", "crf": "12"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(200):
            bars = [255 if number >> bit & 1 else 0 for bit in range(BITS)]
            row = np.repeat(np.array(bars, np.uint8), WIDTH // BITS)
            picture = np.broadcast_to(row[None, :, None], (HEIGHT, WIDTH, 3))
            film.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), "rgb24")))
        film.mux(stream.encode())
    return str(path)


def bars(picture: Path) -> list[int]:
    """How bright the bars are."""
    with av.open(str(picture)) as read:
        grey = next(read.decode(video=0)).to_ndarray(format="gray")
    height, width = grey.shape
    shown = height * WIDTH // HEIGHT
    left = (width - shown) // 2
    return [int(grey[height // 2, left + (2 * bit + 1) * shown // (2 * BITS)]) for bit in range(BITS)]


def shown_frames(person: Person, frames: range, folder: Path) -> list[int]:
    person.program.ask("rendered", list(frames), str(folder))
    return [sum((bar > 128) << bit for bit, bar in enumerate(bars(folder / f"{frame}.png"))) for frame in frames]


def carry_out(host: OpenShot, *steps: Step) -> None:
    host.apply(steps, RATE, host.read().revision, "test")


def test_openshot_renders_the_frames_that_were_placed(person: Person, numbered: str, tmp_path: Path) -> None:
    """Among them in points whose seconds in single precision lie below the frame's, and retimed clips."""
    person.program.ask("new", 24, 1)
    track = Index(person.host.read().cut).tracks[1].name

    def strip(name: str, start: int, frames: int, first: int, speed: Fraction = Fraction(1)) -> Strip:
        return Strip(name, track, Kind.PICTURE, name, start, frames, Media(numbered, RATE, Fraction(first), speed))

    strips = (
        *(strip("a", 0, 10, 7), strip("b", 10, 10, 59), strip("c", 20, 10, 133)),
        *(strip("half", 30, 11, 31, Fraction(1, 2)), strip("back", 41, 11, 80, Fraction(-2))),
        *(strip("part", 52, 10, 100, Fraction(2, 3)), strip("hold", 62, 5, 40, Fraction(0))),
        strip("last", 67, 9, 150),
    )
    carry_out(person.host, *map(Add, strips))
    planned = [int(one.media.first + k * one.media.speed) for one in strips if one.media for k in range(one.frames)]
    assert shown_frames(person, range(76), tmp_path) == planned
    person.undo()
    assert not list(person.host.read().cut.find_clips())


def test_a_dissolve_is_even_and_on_its_frames(person: Person, numbered: str, tmp_path: Path) -> None:
    person.program.ask("new", 24, 1)
    track = Index(person.host.read().cut).tracks[0].name
    # Bar 5 is dark in the first, up to its frame 31, and bright in the second.
    left = Strip("left", track, Kind.PICTURE, "left", 0, 14, Media(numbered, RATE, Fraction(0)))
    right = Strip("right", track, Kind.PICTURE, "right", 14, 14, Media(numbered, RATE, Fraction(40)))
    carry_out(person.host, Add(left), Add(right), AddTransition(Transition(track, 14, 4, 4, "left", "right")))
    person.program.ask("rendered", list(range(8, 20)), str(tmp_path))
    seen = [bars(tmp_path / f"{frame}.png")[5] / 255 for frame in range(8, 20)]
    planned = [max(0.0, min(1.0, (frame - 10) / 8)) for frame in range(8, 20)]
    assert seen == pytest.approx(planned, abs=0.02)


def test_what_an_editor_made_of_a_clip_stays(person: Person, numbered: str) -> None:
    """A step changes what it is about: keyframes of the clip are as they were."""
    person.program.ask("new", 24, 1)
    track = Index(person.host.read().cut).tracks[0].name
    strip = Strip("one", track, Kind.PICTURE, "one", 0, 20, Media(numbered, RATE, Fraction(5)))
    carry_out(person.host, Add(strip))
    zoom = {"Points": [{"co": {"X": 1, "Y": 1.5}, "interpolation": 2}]}
    person.program.ask("edit", "one", {"scale_x": zoom})
    carry_out(person.host, Change(strip, replace(strip, frames=12)))
    carry_out(person.host, Add(replace(strip, id="two", start=30), like="one"))
    held = {clip["id"]: clip for clip in person.program.ask("clips")}
    assert held["one"]["scale_x"] == held["two"]["scale_x"] == zoom
    assert (held["one"]["end"] - held["one"]["start"]) * 24 == pytest.approx(12)


def film_of(person: Person, numbered: str, clips: int, folder: Path) -> str:
    """Has a saved project of shots of two seconds open, one behind the other. Returns their track."""
    person.program.ask("new", 24, 1)
    track = Index(person.host.read().cut).tracks[0].name
    carry_out(person.host, Add(Strip("0", track, Kind.PICTURE, "0", 0, 48, Media(numbered, RATE, Fraction(9)))))
    path = folder / f"{clips}.osp"
    person.program.ask("save", str(path))
    project = json.loads(path.read_text())
    (one,) = project["clips"]
    project["clips"] = [{**one, "id": str(number), "position": 2.0 * number} for number in range(clips)]
    path.write_text(json.dumps(project))
    person.program.ask("open", str(path))
    return track


@pytest.mark.parametrize("clips", [4, 400])
def test_a_take_is_seen_within_a_second(
    person: Person, numbered: str, make_clip: MakeClip, tmp_path: Path, clips: int
) -> None:
    """From the order to put it there to its drawing on the timeline."""
    track = film_of(person, numbered, clips, tmp_path)
    path = make_clip(120, size="1920x1080", name="long")
    seconds = []
    for _ in range(3):
        sequence = person.host.read()
        _, done = edit(sequence.cut, [Overwrite(track, at(30), shot(path, 120, 0, 120, "T"))])
        begin = time.monotonic()
        placed = place(person.host, sequence, done, "Take", probed)
        (clip,) = [one for one in placed.sequence.cut.find_clips() if one.name == "T"]
        while person.program.ask("place_of", id_of(clip)) is None:
            pass
        seconds.append(time.monotonic() - begin)
        person.host.undo(placed.sequence.revision)
    assert min(seconds) < quiet(1), seconds


def test_a_ripple_through_a_long_film_is_undone_and_done_again_as_one_step(
    person: Person, numbered: str, make_clip: MakeClip, tmp_path: Path
) -> None:
    """The film is longer than the timeline of an empty project, which OpenShot makes longer meanwhile."""
    track = film_of(person, numbered, 160, tmp_path)
    sequence = person.host.read()
    path = make_clip(120, size="1920x1080", name="long")
    planned, done = edit(sequence.cut, [Insert(track, at(0), shot(path, 120, 0, 120, "T"))])
    begin = time.monotonic()
    placed = place(person.host, sequence, done, "Take", probed)
    seconds = time.monotonic() - begin
    person.host.undo(placed.sequence.revision)
    assert first_difference(sequence.cut, person.host.read().cut, probed) is None
    person.program.ask("press", "actionRedo")
    assert first_difference(planned, person.host.read().cut, probed) is None
    person.undo()
    assert first_difference(sequence.cut, person.host.read().cut, probed) is None
    assert seconds < quiet(3)


class Job:
    """A shot whose media ends with it, a gap behind it, and another shot, open in OpenShot with the panel docked."""

    def __init__(self, display: str, folder: Path, cut: otio.schema.Timeline) -> None:
        self._display, self._folder = display, folder
        self.start()
        self.person.open(cut)
        self.project = self.person.path
        self.before = self.plays

    def start(self) -> None:
        home = self._folder / "home"
        home.mkdir(exist_ok=True)
        self.desk = Docked(self._display, home)
        self.person = Person(self.desk.program, self._folder)

    @property
    def plays(self) -> list[str]:
        """The files on the lowest track, by time."""
        clips = (item.child for item in Index(self.person.host.read().cut).tracks[0].items)
        return [Path(media_path(one.media_reference)).name for one in clips if isinstance(one, otio.schema.Clip)]

    def wait_for(self, clips: int) -> list[str]:
        end = time.monotonic() + SECONDS
        while len(self.plays) != clips:
            assert time.monotonic() < end, self.desk.log.read_text()[-3000:]
            time.sleep(0.5)
        return self.plays

    def order(self) -> None:
        self.desk.find("Unit ready*")
        clips = json.loads(self.desk.program.read())["clips"]
        self.desk.click_clip(next(one["id"] for one in clips if one["title"] == "A"))
        self.desk.find("A, 30 frames")
        self.desk.write_into("Frames", "12")
        self.desk.hands.keys("Tab")
        self.desk.find("24 frames are generated*")  # with a handle of 12
        self.desk.click("Order takes")


@pytest.fixture
def job(tmp_path: Path, make_clip: MakeClip) -> Iterator[Job]:
    require()
    first, second = make_clip(30, size="320x180"), make_clip(42, size="320x180", name="other")
    cut = sounding_cut(shot(first, 30, 0, 30), gap(24), shot(second, 42, 0, 30, "B"))
    with screen(1920, 1080) as display:
        job = Job(display, tmp_path, cut)
        try:
            yield job
        finally:
            job.desk.program.quit()
            spawn.stop(tmp_path / "home" / "unit")


def test_a_take_is_ordered_for_a_clip_that_is_clicked_and_comes_into_the_open_timeline_by_itself(job: Job) -> None:
    job.order()
    cut_in = job.wait_for(3)
    assert [cut_in[0], cut_in[2]] == job.before and cut_in[1].startswith("A_v001_")
    job.person.undo()
    assert job.plays == job.before
    job.person.program.ask("press", "actionRedo")
    assert job.plays == cut_in
    job.person.reopen()
    assert job.plays == cut_in
    (placed,) = [one for one in job.person.host.read().cut.find_clips() if one.name == "A_v001"]
    assert any(key.startswith("take.") for key in placed.media_references())


def test_a_take_is_offered_after_openshot_was_killed_and_lands_where_its_shot_is_by_then(job: Job) -> None:
    job.order()
    job.desk.find("take 1 in the making*")
    job.desk.kill()
    job.start()
    job.person.program.ask("open", str(job.project))
    job.person.insert_gap(0, 6)
    job.desk.click("A")
    job.desk.find("A_v001")
    job.desk.click("A_v001")
    job.desk.click("Cut in")
    job.wait_for(3)
    (placed,) = [one for one in Index(job.person.host.read().cut).tracks[0].items if one.child.name == "A_v001"]
    assert int(placed.start) == 36
    job.desk.click("Edit")
    job.desk.click("Undo")
    assert job.wait_for(2) == job.before


def test_keys_in_the_panel_are_none_of_openshot(job: Job) -> None:
    clips = json.loads(job.desk.program.read())["clips"]
    job.desk.find("Unit ready*")
    job.desk.click_clip(next(one["id"] for one in clips if one["title"] == "A"))
    job.desk.find("A, 30 frames")
    job.desk.click("B")
    job.desk.find("B, 30 frames")
    assert job.desk.program.attention()["selected"]
    job.desk.hands.keys("Delete")
    assert job.plays == job.before


def test_an_openshot_in_another_python_is_reached_over_the_link(make_clip: MakeClip, tmp_path: Path) -> None:
    require()
    (tmp_path / "home").mkdir()
    came: Queue[Connection] = Queue()
    with screen(1920, 1080) as display, Links(tmp_path / "home" / "unit", came.put):
        program = Program(display, tmp_path / "home", linked=tmp_path / "home" / "unit")
        try:
            connection = came.get(timeout=SECONDS)
            host, told = host_of(connection), Queue[Changed]()
            assert connection.greeting.program == host.about().program
            person = Person(program, tmp_path)
            person.open(sounding_cut(shot(make_clip(30), 30, 0, 30), gap(24), shot(make_clip(40), 40, 2, 30, "B")))
            sequence = host.read()
            end = host.follow(told.put)
            track = Index(sequence.cut).tracks[0].name
            take = shot(make_clip(42, name="other"), 42, 4, 20, "T")
            planned, done = edit(sequence.cut, [Overwrite(track, at(30), take)])
            placed = place(host, sequence, done, "Take", probed)
            assert told.get(timeout=SECONDS) == CutChanged()
            assert first_difference(planned, person.host.read().cut, probed) is None
            host.reveal(at(31))
            person.program.ask("select", [id_of(one) for one in placed.sequence.cut.find_clips() if one.name == "T"])
            seen = host.attention()
            assert seen.playhead == at(31) and seen.selected == tuple(
                id_of(one) for one in placed.sequence.cut.find_clips() if one.name == "T"
            )
            with pytest.raises(HostError, match=r"nothing\.mov cannot be read"):
                host.to_bin([str(tmp_path / "nothing.mov")])
            with pytest.raises(CutMoved):
                host.undo(sequence.revision)
            host.undo(placed.sequence.revision)
            assert first_difference(sequence.cut, host.read().cut, probed) is None
            program.quit()
            while not isinstance(told.get(timeout=SECONDS), Gone):
                pass
            end()
            with pytest.raises(HostUnreachable, match="not connected any more"):
                host.read()
        finally:
            program.quit()
