"""What is special about Premiere, over a stand-in for it: exact time, what must not change, and what is refused."""

import subprocess
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from queue import Queue

import numpy as np
import opentimelineio as otio
import pytest
from secondunit_bridge.errors import CutError, HostError, Misplaced
from secondunit_bridge.rates import parse_timecode
from secondunit_plugin.checks import FAILED
from secondunit_plugin.hosts.exercise import exercise
from secondunit_plugin.hosts.host import Changed, CutChanged
from secondunit_plugin.hosts.host import Sequence as HostSequence
from secondunit_plugin.hosts.placement import Beside, Placed, place
from secondunit_plugin.hosts.steps import steps
from secondunit_plugin.hosts.strips import Strips, identified, strips_from
from secondunit_timeline.edits import edit
from secondunit_timeline.index import Index
from secondunit_timeline.interchange import read_cut, write_cut
from secondunit_timeline.operations import (
    End,
    Fill,
    FillLength,
    Insert,
    InsertGap,
    Lift,
    Operation,
    Overwrite,
    Roll,
    Slip,
    Trim,
)
from secondunit_timeline.takes import key_of
from secondunit_timeline.times import rational_time

from tests.plugin.hosts.conformance import Film, film, frame_map, probed
from tests.plugin.hosts.premiere_plugin import ROOT, SOURCES, PremiereEditor, opened, program
from tests.plugin.hosts.test_conformance import extended, keys, land_in, replaced, settings_in
from tests.timeline.corpus import CORPUS, NEEDS_CORPUS
from tests.timeline.cuts import at, dissolve, gap
from tests.timeline.media_cuts import MakeClip, shot, sounding_cut


def test_what_is_shipped_is_what_the_sources_compile_to(tmp_path: Path) -> None:
    """`make premiere` writes it."""
    program()
    compiler = SOURCES / "node_modules" / ".bin" / "tsc"
    subprocess.run([compiler, "-p", SOURCES, "--outDir", tmp_path], check=True, cwd=SOURCES)
    shipped = ROOT / "plugin" / "in_host" / "premiere"
    there = {path.name: path.read_text() for path in shipped.glob("*.js")}
    assert there == {path.name: path.read_text() for path in tmp_path.glob("*.js")}


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PremiereEditor]:
    with opened(tmp_path_factory.mktemp("premiere")) as made:
        yield made


def do(editor: PremiereEditor, *operations: Operation) -> otio.schema.Timeline:
    """Carried out in the open sequence, and read back as planned."""
    before = editor.host.read()
    planned, done = edit(before.cut, list(operations))
    placed = place(editor.host, before, done, "Edit", probed)
    assert isinstance(placed, Placed)
    assert frame_map(placed.sequence.cut) == frame_map(planned)
    return placed.sequence.cut


@pytest.mark.parametrize(
    ("rate", "start"),
    [
        ("24000/1001", "01:00:00:00"),
        ("25", "10:00:00:00"),
        ("30000/1001", "01:00:00;00"),
        ("30000/1001", "00:59:59:29"),
        ("60000/1001", "01:00:00;00"),
        ("48", "00:00:00:00"),
    ],
)
def test_rates_and_first_timecodes_are_exact(
    editor: PremiereEditor, make_clip: MakeClip, rate: str, start: str
) -> None:
    exact = Fraction(rate)
    clip = make_clip(60, rate, name=f"ticks-{float(exact):.3f}")
    cut = sounding_cut(shot(clip, 60, 10, 20, "A", exact), shot(clip, 60, 35, 20, "B", exact), rate=exact)
    first = parse_timecode(start, exact)
    cut.global_start_time = rational_time(first.frame, exact)
    editor.open(cut)
    read = editor.host.read()
    assert Index(read.cut).rate == exact
    assert Index(read.cut).start == first
    assert frame_map(read.cut) == frame_map(cut)
    do(editor, Roll("V1", at(20, exact), 3), Slip("V1", at(30, exact), -7))


@pytest.mark.parametrize("rate", ["25", "24000/1001", "30000/1001", "60"])
def test_media_of_another_rate_plays_by_its_own(editor: PremiereEditor, make_clip: MakeClip, rate: str) -> None:
    """Here for a second of the cut; where it is trimmed, it begins between two of its frames."""
    other = Fraction(rate)
    clip = make_clip(round(4 * other), rate, name=f"mixed-{float(other):.3f}")
    plain = shot(make_clip(96, name="film-a"), 96, 10, 24, "A")
    mixed = shot(clip, round(4 * other), 31, 1, "B", other)
    mixed.source_range = otio.opentime.TimeRange(mixed.source_range.start_time, rational_time(other, other))
    editor.open(sounding_cut(plain, mixed, plain.deepcopy()))
    assert frame_map(editor.host.read().cut) == frame_map(sounding_cut(plain, mixed, plain.deepcopy()))
    do(editor, Roll("V1", at(24), -5))
    do(editor, Insert("V1", at(24), mixed, sync=()))
    do(editor, Trim("V1", at(60), End.TAIL, -3))


@pytest.fixture
def shown(editor: PremiereEditor, make_clip: MakeClip) -> Film:
    made = film(make_clip)
    editor.open(made.cut)
    return made


def other_shot(shown: Film) -> otio.schema.Clip:
    return shot(shown.make_clip(96, name="film-d"), 96, 50, 12, "D")


@pytest.mark.parametrize(
    "operation",
    [
        Slip("V1", at(70), 40),  # by more than its length: nothing of it stays
        Slip("V1", at(70), -20),
        Trim("V1", at(10), End.HEAD, 11),
        Trim("V1", at(10), End.TAIL, -11),
        Lift("V1", at(70), 9),
        Lift("V1", at(80), 30),
    ],
    ids=repr,
)
@pytest.mark.usefixtures("shown")
def test_a_clip_is_moved_and_trimmed_as_the_same_object(editor: PremiereEditor, operation: Operation) -> None:
    editor.do("effect", 70, "AE.ADBE Gaussian Blur")
    do(editor, operation)
    assert len(editor.do("names")) >= 1
    kept = editor.do("effects")
    assert "AE.ADBE Gaussian Blur" in kept


def test_a_placement_is_one_entry_of_the_history(editor: PremiereEditor, shown: Film) -> None:
    before = editor.host.read()
    do(editor, Overwrite("V1", at(75), other_shot(shown)))
    *prepared, last = editor.do("names")
    assert last == "Edit"
    assert all(name.startswith("Second Unit: ") for name in prepared)
    editor.undo()
    assert frame_map(editor.host.read().cut) == frame_map(before.cut)


def test_what_only_adds_is_taken_back_and_what_would_lose_settings_is_left_to_premiere(
    editor: PremiereEditor, shown: Film
) -> None:
    before = editor.host.read()
    do(editor, Overwrite("V1", at(42), other_shot(shown)))
    editor.host.undo(editor.host.read().revision)
    assert frame_map(editor.host.read().cut) == frame_map(before.cut)
    do(editor, Overwrite("V1", at(64), shot(shown.make_clip(96, name="film-d"), 96, 50, 30, "D")))
    now = editor.host.read()
    with pytest.raises(HostError, match="Edit > Undo"):
        editor.host.undo(now.revision)
    assert editor.host.read().revision == now.revision


@pytest.mark.parametrize("broken", ["remove", "set end", "overwrite", "property"])
def test_a_transaction_that_fails_leaves_nothing(editor: PremiereEditor, shown: Film, broken: str) -> None:
    before = editor.host.read()
    # B goes, C is trimmed, D is placed.
    _, done = edit(before.cut, [Overwrite("V1", at(60), shot(shown.make_clip(96, name="film-d"), 96, 20, 50, "D"))])
    if broken == "set end":
        _, done = edit(before.cut, [Overwrite("V1", at(75), other_shot(shown))])
    editor.do("fail", broken)
    try:
        with pytest.raises(HostError, match="did not carry out") as told:
            place(editor.host, before, done, "Edit", probed)
        assert not isinstance(told.value, Misplaced)
    finally:
        editor.do("fail", None)
    assert editor.host.read().revision == before.revision


def test_a_locked_track_is_left_alone(editor: PremiereEditor, shown: Film) -> None:
    before = editor.host.read()
    _, done = edit(before.cut, [Overwrite("V1", at(75), other_shot(shown))])
    editor.do("lock", 0)
    with pytest.raises(HostError, match="locked"):
        place(editor.host, before, done, "Edit", probed)
    assert frame_map(editor.host.read().cut) == frame_map(shown.cut)


def test_a_shot_with_effects_is_not_replaced(editor: PremiereEditor, shown: Film) -> None:
    editor.do("effect", 70, "AE.ADBE Lumetri")
    before = editor.host.read()
    other = str(shown.make_clip(96, name="film-other"))
    planned = before.cut.deepcopy()
    (clip,) = (one for one in planned.find_clips() if one.name == "B")
    clip.media_reference.target_url = other
    todo = steps(*(strips_from(cut, probed) for cut in (before.cut, planned)))
    with pytest.raises(HostError, match="effects"):
        editor.host.apply(todo, Fraction(24), before.revision, "Edit")
    assert editor.host.read().revision == before.revision


def test_a_take_in_a_copy_of_the_sequence_leaves_the_original_as_it_is(editor: PremiereEditor, shown: Film) -> None:
    """With the same items of the project in both."""
    do(editor, Overwrite("V1", at(75), other_shot(shown)))
    original = editor.do("sequence", 0)
    editor.do("duplicateSequence")
    do(editor, Slip("V1", at(80), 5), Overwrite("V1", at(66), other_shot(shown)), Roll("V1", at(94), -3))
    assert editor.do("sequence", 0) == original
    assert editor.do("sequence", 1) != original


def test_a_clip_at_another_speed_is_read_and_trimmed(editor: PremiereEditor, make_clip: MakeClip) -> None:
    clip = shot(make_clip(96, name="film-a"), 96, 10, 24, "A")
    clip.effects.append(otio.schema.LinearTimeWarp(time_scalar=2.0))
    cut = sounding_cut(clip, shot(make_clip(96, name="film-b"), 96, 10, 24, "B"))
    editor.open(cut)
    assert frame_map(editor.host.read().cut) == frame_map(cut)
    do(editor, Roll("V1", at(24), -5))
    do(editor, Slip("V1", at(10), 6))


@pytest.mark.usefixtures("shown")
def test_subclips_of_somebody_else_are_not_taken_for_media(editor: PremiereEditor) -> None:
    editor.do("subclip", 70, "by hand")
    (found,) = (one for one in editor.host.read().cut.find_clips() if one.name == "B")
    assert isinstance(found.media_reference, otio.schema.GeneratorReference)


def test_it_does_all_that_it_says_of_itself(editor: PremiereEditor, shown: Film, tmp_path: Path) -> None:
    """`secondunit doctor --host premiere --exercise`, without a person."""
    checks = list(exercise(editor.host, tmp_path, lambda _: False))
    assert [one.name for one in checks if one.mark == FAILED] == []
    assert frame_map(editor.host.read().cut) == frame_map(shown.cut)


def test_a_project_that_is_opened_later_is_told(tmp_path: Path, make_clip: MakeClip) -> None:
    with opened(tmp_path) as editor:
        told: Queue[Changed] = Queue()
        editor.host.follow(told.put)
        with pytest.raises(HostError, match="no project is open"):
            editor.host.read()
        editor.open(film(make_clip).cut)
        assert isinstance(told.get(timeout=20), CutChanged)
        assert len(editor.host.read().cut.tracks) == 2


def test_what_a_take_does_not_have_of_its_shot_is_said(editor: PremiereEditor, shown: Film) -> None:
    def notes() -> tuple[str, ...]:
        before = editor.host.read()
        ordered = extended(before.cut, settings_in(shown))
        assert ordered.order is not None
        done = land_in(editor, before.id, ordered, (shown.take(ordered.order),))
        assert isinstance(done, Placed)
        return done.sequence.notes

    assert notes() == ()
    editor.open(shown.cut)
    editor.do("effect", 10, "AE.ADBE Lumetri")
    (note,) = notes()
    assert note.endswith(" has none of the effects of A: give them to it in Premiere")


@NEEDS_CORPUS
@pytest.mark.parametrize("name", ["premiere_enable_property.xml", "premiere_example.xml"])
def test_what_premiere_wrote_is_held_edited_and_written_as_it_reads_it(
    editor: PremiereEditor, tmp_path: Path, name: str
) -> None:
    """Its Final Cut Pro XML becomes an open sequence, and an edit lands there.

    That goes out as XML, and comes in again by the published reader of it.
    """
    exported = read_cut(CORPUS / "OpenTimelineIO__otio-fcp-adapter" / name)
    for number, track in enumerate(exported.tracks):
        track.name = track.name or f"{track.kind[0]}{number}"
    strips = strips_from(identified(exported)[0], lambda _: None)
    editor.open_offline(strips)
    read = editor.host.read()
    assert told(read.cut) == told(exported)
    first = next(one for one in strips.strips if one.kind == "picture" and one.media is not None)
    track = next(one.name for one in Index(read.cut).tracks if one.name == lane(strips, first.track))
    operation = Trim(track, at(first.start, strips.rate), End.TAIL, -3)
    planned, done = edit(read.cut, [operation])
    placed = place(editor.host, read, done, "Trim", lambda _: None)
    assert isinstance(placed, Placed)
    assert told(placed.sequence.cut) == told(planned)
    write_cut(placed.sequence.cut, tmp_path / "again.xml")
    again = otio.adapters.read_from_file(str(tmp_path / "again.xml"))
    assert told(again) == told(planned)


def lane(strips: Strips, name: str) -> str:
    """What Premiere calls the track."""
    kind = next(one.kind for one in strips.tracks if one.name == name)
    same = [one.name for one in strips.tracks if one.kind == kind]
    return f"{'V' if kind == 'picture' else 'A'}{same.index(name) + 1}"


def told(cut: otio.schema.Timeline) -> list[tuple[str, list[tuple[str, int, int]]]]:
    """By track that holds anything: what lies there, from which frame of the cut on, and how long."""
    found = []
    for track in Index(cut).tracks:
        items = [
            (item.child.name, int(item.start), int(item.duration))
            for item in track.items
            if not isinstance(item.child, otio.schema.Gap)
        ]
        if items:
            found.append((str(track.kind), items))
    return found


def fit_to_fill(editor: PremiereEditor, shown: Film) -> tuple[HostSequence, otio.schema.Timeline, Placed | Beside]:
    """What Premiere's API has no call for."""
    before = editor.host.read()
    planned, done = edit(before.cut, [Fill("V1", at(40), other_shot(shown), FillLength.FIT, 24)])
    return before, planned, place(editor.host, before, done, "Edit", probed)


def test_what_the_api_cannot_goes_into_a_sequence_beside_with_its_takes(editor: PremiereEditor, shown: Film) -> None:
    ordered = replaced(editor.host.read().cut, settings_in(shown))
    take = shown.take(ordered.order)
    land_in(editor, editor.host.read().id, ordered, (take,))
    before, planned, placed = fit_to_fill(editor, shown)
    assert isinstance(placed, Beside)
    assert frame_map(placed.sequence.cut) == frame_map(planned)
    assert keys(placed.sequence.cut) == keys(before.cut) and key_of(take) in keys(before.cut)
    assert "effects" in placed.sequence.notes[0]
    assert editor.do("sequences") == ["film", "film 2"]
    assert placed.sequence.name == "film 2"
    assert editor.host.read().revision == before.revision
    editor.host.undo(placed.sequence.revision)
    assert editor.do("sequences") == ["film"]
    assert editor.host.read().revision == before.revision


def test_a_version_never_loses_what_only_premiere_can_show(editor: PremiereEditor, shown: Film) -> None:
    editor.do("subclip", 70, "by hand")
    with pytest.raises(HostError, match="would lose what only Premiere can show: B"):
        fit_to_fill(editor, shown)
    assert editor.do("sequences") == ["film"]


@pytest.mark.parametrize("seed", range(2))
def test_random_edits_end_in_the_same_frames(editor: PremiereEditor, shown: Film, seed: int) -> None:
    """With a dissolve and two tracks of pictures; each is one entry of the history, and undone to the same frames."""
    cut = shown.cut.deepcopy()
    cut.tracks[0].insert(3, dissolve(4, 4))
    above = otio.schema.Track("V2", kind="Video")
    above.extend([gap(50), other_shot(shown), gap(40), other_shot(shown)])
    cut.tracks.insert(1, above)
    editor.open(cut)
    assert frame_map(editor.host.read().cut) == frame_map(cut)
    random, landed, last = np.random.default_rng(seed), 0, Counter[str]()
    for number in range(24):
        sequence = editor.host.read()
        track, end = f"V{int(random.integers(1, 3))}", int(Index(sequence.cut).end)
        frame, by = at(int(random.integers(0, end))), int(random.integers(-8, 9)) or 3
        other = shot(shown.make_clip(96, name="film-b"), 96, int(random.integers(0, 80)), 8 + abs(by), "E")
        operations = (
            *(Overwrite(track, frame, other), Insert(track, frame, other, sync=()), Lift(track, frame, 5 + abs(by))),
            *(Slip(track, frame, by), Roll(track, frame, by), InsertGap(track, frame, abs(by))),
            *(Trim(track, frame, End.TAIL, by), Trim(track, frame, End.HEAD, by)),
        )
        operation = operations[int(random.integers(0, len(operations)))]
        try:
            planned, done = edit(sequence.cut, [operation])
            placed = place(editor.host, sequence, done, f"Edit {number}", probed)
        except CutError:
            continue
        except HostError as error:
            assert not isinstance(error, Misplaced), str(error)
            last[str(error)] += 1
            assert frame_map(editor.host.read().cut) == frame_map(sequence.cut)
            continue
        if not isinstance(placed, Placed):
            continue
        landed += 1
        assert frame_map(editor.host.read().cut) == frame_map(planned)
        if number % 3 == 0 and editor.do("names")[-1:] == [f"Edit {number}"]:
            editor.undo()
            assert frame_map(editor.host.read().cut) == frame_map(sequence.cut)
            now, before = (strips_from(cut, probed).strips for cut in (editor.host.read().cut, sequence.cut))
            assert [one.id for one in now] == [one.id for one in before]
    assert landed > 6, last
