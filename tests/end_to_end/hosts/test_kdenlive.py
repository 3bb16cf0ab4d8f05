"""Takes of a real unit land in the timeline that the real Kdenlive has open, and `melt` renders what was planned."""

import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import opentimelineio as otio
import pytest
from numpy.typing import NDArray
from secondunit_bridge.errors import CutMoved, HostUnreachable
from secondunit_bridge.rates import FrameTime
from secondunit_plugin.hosts.host import CutChanged, Gone, Sequence
from secondunit_plugin.hosts.kdenlive.host import Kdenlive, open_project
from secondunit_plugin.hosts.placement import Placed, land
from secondunit_plugin.hosts.placement import place as place_edit
from secondunit_plugin.hosts.probing import Probing
from secondunit_plugin.hosts.steps import Add
from secondunit_plugin.hosts.strips import Kind, Media, Strip
from secondunit_timeline import Unit, write_cut
from secondunit_timeline.changes import Edit
from secondunit_timeline.edits import edit
from secondunit_timeline.flat import Flat
from secondunit_timeline.operations import InsertGap, Overwrite
from secondunit_timeline.placing import place
from secondunit_timeline.times import time_range

from tests.end_to_end.desktop import quiet
from tests.end_to_end.hosts.kdenlive_program import Program, running
from tests.plugin.hosts.conformance import probed
from tests.timeline.cuts import at, cut_of, dissolve, gap
from tests.timeline.media_cuts import MakeClip
from tests.timeline.media_cuts import shot as media_shot
from tests.timeline.test_formats_melt import HEIGHT, WIDTH, numbered, run

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(900),
    pytest.mark.skipif(shutil.which("melt") is None or shutil.which("ffmpeg") is None, reason="melt and ffmpeg"),
]
RATE = Fraction(25)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with running(tmp_path_factory.mktemp("kdenlive")) as made:
        yield made


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A shot up to its media's end, a gap of 20 frames, two shots over a dissolve, and one that abuts.

    Every frame of media shows its number.
    """
    first, second = tmp_path / "first.mkv", tmp_path / "second.mkv"
    numbered(first, RATE, 40)
    numbered(second, RATE, 120)
    tail = (shot(second, 50, 30, 120), dissolve(4, 4, RATE), shot(second, 8, 20, 120), shot(second, 90, 20, 120))
    cut = cut_of([shot(first, 10, 30, 40), gap(20, RATE), *tail], rate=RATE)
    path = tmp_path / f"{tmp_path.name}.kdenlive"
    write_cut(cut, path)
    return path


def shot(path: Path, first: int, frames: int, of: int) -> otio.schema.Clip:
    media = otio.schema.ExternalReference(str(path), time_range(0, of, RATE))
    return otio.schema.Clip(path.stem, media, time_range(first, frames, RATE))


def frames(path: Path) -> NDArray[np.int16]:
    """Luma of every frame of a file."""
    raw = run(
        "ffmpeg", "-v", "error", "-i", path, "-vf", f"scale={WIDTH}:{HEIGHT}", "-pix_fmt", "gray", "-f", "rawvideo", "-"
    )
    return np.frombuffer(raw, np.uint8).reshape(-1, HEIGHT, WIDTH).astype(np.int16)


def rendered(project: Path, length: int) -> NDArray[np.int16]:
    out = project.with_suffix(".mkv")
    target = f"avformat:{out}"
    run("melt", "-silent", project, f"out={length - 1}", "-consumer", target, "vcodec=ffv1", "pix_fmt=yuv420p", "an=1")
    return frames(out)


def compare(project: Path, cut: otio.schema.Timeline) -> None:
    """What `melt` renders of the saved project, with the frames of the files that the cut plays."""
    flat = Flat(cut)
    shown, files = rendered(project, flat.frames), dict[str, NDArray[np.int16]]()
    probed = Probing()
    assert len(shown) == flat.frames
    for number in range(flat.frames):
        layers = flat.picture(number)
        if not layers:
            assert shown[number].mean() < 20, f"frame {number} is not black"
            continue
        if len(layers) > 1:  # under the dissolve
            continue
        path = layers[0].source.path or ""
        if path not in files:
            files[path] = frames(Path(path))
        info = probed(path)
        assert info is not None
        # Of numbered frames that follow each other, an eighth at least is black in one and white in the other.
        apart = np.abs(shown[number] - files[path][layers[0].frame(info.rate, info.start)]).mean()
        assert apart < 6, f"frame {number} differs by {apart} from {path}"


def test_a_take_lands_is_undone_and_is_there_after_a_restart(program: Program, project: Path, tmp_path: Path) -> None:
    program.load(project)
    host, probed = Kdenlive(project, Probing()), Probing()
    before = host.read()
    original = project.read_bytes()
    with Unit(tmp_path / "takes") as unit:
        done = unit.extend(before.cut, "V1@+5", tail=12)
    (take,) = done.takes

    def cut_in(sequence: Sequence) -> Edit:
        return place(sequence.cut, done.ordered, done.takes)[1]

    placed = land(host, before.id, cut_in, [take.path], "Extend", probed)
    assert isinstance(placed, Placed)
    compare(project, placed.sequence.cut)
    (added,) = [clip for clip in placed.sequence.cut.find_clips() if take.path in clip.media_reference.target_url]
    assert added.active_media_reference_key == f"take.{take.record.take_id}"
    assert [clip.duration().value for clip in placed.sequence.cut.find_clips()] == [30, 12, 30, 20, 20]
    (backup,) = tmp_path.glob("*_before*.kdenlive")
    assert backup.read_bytes() != project.read_bytes() and len(backup.read_bytes()) >= len(original) // 2

    host.undo(placed.sequence.revision)
    undone = host.read()
    assert undone.revision == before.revision
    compare(project, undone.cut)

    again = land(host, before.id, cut_in, [take.path], "Extend", probed)
    assert isinstance(again, Placed)
    program.quit()
    program.start(project)
    assert open_project() == project
    back = Kdenlive(project, Probing()).read()
    assert back.revision == again.sequence.revision
    (kept,) = [clip for clip in back.cut.find_clips() if take.path in clip.media_reference.target_url]
    assert set(kept.media_references()) == set(added.media_references())
    compare(project, back.cut)


def test_a_take_is_seen_within_a_second(program: Program, project: Path, make_clip: MakeClip) -> None:
    program.load(project)
    host = Kdenlive(project, probed)
    path = make_clip(125, "25", size="1920x1080", name="long")
    seconds = []
    for _ in range(3):
        sequence = host.read()
        _, done = edit(sequence.cut, [Overwrite("V1", FrameTime(32, RATE), media_shot(path, 125, 0, 125, "T", RATE))])
        begin = time.monotonic()
        placed = place_edit(host, sequence, done, "Take", probed)
        seconds.append(time.monotonic() - begin)
        assert isinstance(placed, Placed)
        host.undo(placed.sequence.revision)
    assert min(seconds) < quiet(1), seconds


def test_picture_and_sound_are_one_clip_in_kdenlive(program: Program, make_clip: MakeClip, tmp_path: Path) -> None:
    """Those of a written project, and those of a take that is placed: what deletes one deletes both."""
    old, new = (make_clip(60, "25", name=name) for name in ("old", "new"))
    cut = cut_of([media_shot(old, 60, 0, 50, "A", RATE)], rate=RATE)
    heard = otio.schema.Track("A1", [media_shot(old, 60, 0, 50, "A", RATE)], kind=otio.schema.TrackKind.Audio)
    cut.tracks.append(heard)
    path = tmp_path / "linked.kdenlive"
    write_cut(cut, path)
    program.load(path)
    host = Kdenlive(path, probed)
    before = host.read()
    media = Media(str(new), RATE, Fraction(5))
    picture = Strip("picture", "V1", Kind.PICTURE, "T", 60, 40, media, link="take")
    sound = replace(picture, id="sound", track="A1", kind=Kind.SOUND)
    host.apply([Add(picture), Add(sound)], RATE, before.revision, "Take")
    for frame, left in ((70, 2), (10, 0)):
        host.reveal(FrameTime(frame, RATE))
        program.do("raise_timeline", "activate_video_1", "select_timeline_clip", "delete_timeline_clip")
        assert len(list(host.read().cut.find_clips())) == left


def test_a_take_lands_beside_a_nested_sequence(program: Program, project: Path, tmp_path: Path) -> None:
    """The title of the window begins with the sequence in front then."""
    program.load(project)
    if program.version.startswith("22.12"):
        pytest.skip("Kdenlive 22.12 has no sequences")
    first, second = tmp_path / "first.mkv", tmp_path / "second.mkv"
    nest = otio.schema.Stack("nest", [otio.schema.Track("V1", [shot(second, 20, 30, 120)], kind="Video")])
    path = tmp_path / f"nests_{tmp_path.name}.kdenlive"
    write_cut(cut_of([shot(first, 10, 30, 40), gap(20, RATE), nest, shot(second, 80, 20, 120)], rate=RATE), path)
    program.load(path)
    host = Kdenlive(path, Probing())
    before = host.read()
    take = shot(second, 40, 12, 120)
    _, done = edit(before.cut, [InsertGap("V1", at(30, RATE), 8), Overwrite("V1", at(30, RATE), take)])
    placed = place_edit(host, before, done, "Take", Probing())
    assert isinstance(placed, Placed)
    shown, of_second = rendered(path, 108), frames(second)
    for start, end, first_shown in ((30, 42, 40), (58, 88, 20), (88, 108, 80)):
        assert np.abs(shown[start:end] - of_second[first_shown : first_shown + end - start]).mean() < 6
    host.undo(placed.sequence.revision)
    assert host.read().revision == before.revision


def test_what_the_editor_does_meanwhile_counts_and_is_told(program: Program, project: Path) -> None:
    program.load(project)
    host = Kdenlive(project, Probing())
    before = host.read()
    told: list[object] = []
    end = host.follow(told.append)
    try:
        host.reveal(FrameTime(60, RATE))
        assert host.attention().playhead == FrameTime(60, RATE)
        program.do("raise_timeline", "activate_video_1", "select_timeline_clip", "delete_timeline_clip")
        with pytest.raises(CutMoved, match="was edited in Kdenlive"):
            host.apply([], RATE, before.revision, "Nothing")
        program.until(lambda: CutChanged() in told, "the deleted clip is not told of")
        program.do("edit_undo")
        assert host.read().revision == before.revision
    finally:
        end()


def test_a_dialog_that_waits_for_an_answer_is_said(program: Program, project: Path) -> None:
    program.load(project)
    with program.window() as window, pytest.raises(HostUnreachable, match="answer the dialog"):
        window.do("project_settings", 3)
    program.hands.focus("^Project Settings")
    program.hands.keys("Escape")
    assert Kdenlive(project, Probing()).read().id.project == str(project)


def test_a_project_that_is_not_open_is_said(program: Program, project: Path, tmp_path: Path) -> None:
    program.load(project)
    other = tmp_path / "other.kdenlive"
    shutil.copy(project, other)
    with pytest.raises(HostUnreachable, match="is not open in Kdenlive"):
        Kdenlive(other, Probing()).read()


def test_the_end_of_the_program_is_told(program: Program, project: Path) -> None:
    program.load(project)
    told: list[object] = []
    end = Kdenlive(project, Probing()).follow(told.append)
    try:
        program.kill()
        program.until(lambda: any(isinstance(one, Gone) for one in told), "the end is not told")
    finally:
        end()
