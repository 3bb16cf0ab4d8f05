"""What only Hiero does: inclusive outs, versions that a bin shares, effects, links, locked tracks, frame for frame."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit_bridge.errors import CutMoved, HostError
from secondunit_bridge.messages import Take
from secondunit_bridge.rates import FrameTime, format_timecode
from secondunit_plugin.checks import FAILED
from secondunit_plugin.hosts.exercise import exercise
from secondunit_plugin.hosts.host import Sequence as HostSequence
from secondunit_plugin.hosts.placement import Placed, land, place
from secondunit_plugin.hosts.steps import Add, AddTransition, Change, Remove, RemoveTransition, Step
from secondunit_plugin.hosts.steps import AddTrack as StepAddTrack
from secondunit_plugin.hosts.strips import Kind, Strips, Track, Transition, id_of, strips_from
from secondunit_timeline import placing
from secondunit_timeline.changes import Edit
from secondunit_timeline.edits import edit
from secondunit_timeline.index import Index
from secondunit_timeline.matches import place_match, plan_replace
from secondunit_timeline.operations import (
    AddTrack,
    End,
    Insert,
    Operation,
    Overwrite,
    Slip,
    SwapTake,
    Trim,
)
from secondunit_timeline.orders import Settings
from secondunit_timeline.placing import Ordered
from secondunit_timeline.takes import key_of
from secondunit_timeline.times import rational_time, time_range

from tests.plugin.hosts.conformance import Film, film, frame_map, probed
from tests.plugin.hosts.foundry.media import BinItem, Clip, MediaSource, path_of
from tests.plugin.hosts.foundry.timeline import Sequence, TrackItem
from tests.plugin.hosts.hiero_editor import HieroEditor, opened
from tests.plugin.hosts.hiero_editor import at as item_at
from tests.timeline.cuts import at
from tests.timeline.media_cuts import MakeClip, shot, sounding_cut


@pytest.fixture(scope="module")
def hiero(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HieroEditor]:
    with opened(tmp_path_factory.mktemp("hiero")) as made:
        yield made


@pytest.fixture
def shown(make_clip: MakeClip, hiero: HieroEditor) -> Film:
    made = film(make_clip)
    hiero.open(made.cut)
    return made


def sequence(hiero: HieroEditor) -> Sequence:
    found = hiero.application.active()
    assert found is not None
    return found


def screen(sequence: Sequence) -> list[list[tuple[str, int]]]:
    """What Hiero itself shows: of each video track that is not empty, the file and the frame of it on every frame."""
    found = []
    for track in sequence.videoTracks():
        shown: list[tuple[str, int]] = []
        for item in track.items():
            shown += [("", 0)] * (item.timelineIn() - len(shown))
            clip = item.source()
            begin = clip.sourceIn() - clip.mediaSource().fileinfos()[0].startFrame()
            times = range(item.timelineIn(), item.timelineOut() + 1)
            shown += [(path_of(clip), begin + item.shown(time)) for time in times]
        found.append(shown)
    return [shown for shown in found if shown]


def planned(cut: otio.schema.Timeline) -> list[list[tuple[str, int]]]:
    """The same of a cut without dissolves."""
    tracks = [frames for kind, frames in frame_map(cut) if kind == otio.schema.TrackKind.Video]
    return [[(layers[0][0], layers[0][1]) if layers else ("", 0) for layers in frames] for frames in tracks]


def carry_out(hiero: HieroEditor, *operations: Operation) -> otio.schema.Timeline:
    before = hiero.host.read()
    cut, done = edit(before.cut, list(operations))
    placement = place(hiero.host, before, done, "Edit", probed)
    assert isinstance(placement, Placed)
    assert screen(sequence(hiero)) == planned(cut)
    return placement.sequence.cut


def replaced(hiero: HieroEditor, shown: Film, on: int = 70, number: int = 1) -> Take:
    """A take of the shot there, named as the unit names it, cut in."""
    read = hiero.host.read()
    plan = plan_replace(Index(read.cut), f"V1@+{on}", None, Settings(shown.folder, handles=4, prompt="x"))
    ordered = Ordered(read.cut, plan.order, partial(place_match, plan))
    made = shown.take(plan.order, number)
    path = shown.folder / f"{made.record.name}_{made.record.reel}_{plan.order.id}.mov"
    shutil.copy(made.path, path)
    take = replace(made, path=str(path))

    def edit_of(sequence: HostSequence) -> Edit:
        return placing.place(sequence.cut, ordered, [take])[1]

    assert isinstance(land(hiero.host, read.id, edit_of, [take.path], "Take", probed), Placed)
    return take


def test_the_last_frame_of_an_item_is_its_out(hiero: HieroEditor, shown: Film) -> None:
    carry_out(hiero, Overwrite("V1", at(40), shot(shown.make_clip(96, name="film-d"), 96, 50, 24, "D")))
    new = item_at(sequence(hiero), 40)
    assert (new.timelineIn(), new.timelineOut(), new.sourceIn(), new.sourceOut()) == (40, 63, 50, 73)
    assert item_at(sequence(hiero), 64).name() == "B"  # it has met nothing


@pytest.mark.parametrize("speed", [Fraction(1, 2), Fraction(2), Fraction(-1), Fraction(7, 10), Fraction(-7, 10)])
def test_each_speed_shows_the_frames_that_were_planned(hiero: HieroEditor, shown: Film, speed: Fraction) -> None:
    other = shot(shown.make_clip(96, name="film-d"), 96, 40, 20, "D")
    other.effects.append(otio.schema.LinearTimeWarp(time_scalar=float(speed)))
    carry_out(hiero, Overwrite("V1", at(70), other))
    assert item_at(sequence(hiero), 75).playbackSpeed() == pytest.approx(float(speed))


@pytest.mark.parametrize("rate", ["25", "24000/1001", "30000/1001", "60"])
@pytest.mark.usefixtures("shown")
def test_media_of_another_rate_gets_the_speed_at_which_it_lasts_as_long(
    hiero: HieroEditor, make_clip: MakeClip, rate: str
) -> None:
    own = Fraction(rate)
    path, start = make_clip(200, rate, name="other"), 10 * 3600 * round(own)
    media = otio.schema.ExternalReference(str(path), time_range(start, 200, own))
    begin, length = rational_time(start + 11, own), rational_time(20, Fraction(24))
    other = otio.schema.Clip("other", media, otio.opentime.TimeRange(begin, length))
    carry_out(hiero, Overwrite("V1", at(70), other))
    item = item_at(sequence(hiero), 75)
    assert item.playbackSpeed() == pytest.approx(float(own / 24))


@pytest.mark.usefixtures("shown")
def test_media_of_another_rate_plays_frame_for_frame_where_hiero_was_told_no_speed(
    hiero: HieroEditor, make_clip: MakeClip
) -> None:
    clip = make_clip(100, "25", name="other")
    hiero.edit(lambda sequence: put(sequence, Clip(MediaSource(str(clip))), 210))
    read = hiero.host.read()
    assert screen(sequence(hiero)) == planned(read.cut)
    assert planned(read.cut)[0][210:213] == [(str(clip), 0), (str(clip), 1), (str(clip), 2)]


def put(sequence: Sequence, clip: Clip, at: int) -> TrackItem:
    """By hand: all of a clip from a frame on."""
    sequence.project().clipsBin().addItem(BinItem(clip))
    return sequence.videoTracks()[0].addTrackItem(clip, at)


def test_a_drop_frame_start_is_told(hiero: HieroEditor, make_clip: MakeClip) -> None:
    rate = Fraction(30000, 1001)
    cut = sounding_cut(shot(make_clip(96, str(rate), "01:00:00;00", name="df"), 96, 10, 30, "A", rate), rate=rate)
    hour = 107892  # 01:00:00;00
    cut.global_start_time = otio.opentime.RationalTime(hour, float(rate))
    hiero.open(cut)
    start = Index(hiero.host.read().cut).start
    assert (start, format_timecode(start, True)) == (FrameTime(hour, rate), "01:00:00;00")


def test_a_clip_that_begins_later_than_its_file(hiero: HieroEditor, shown: Film) -> None:
    path = str(shown.make_clip(96, name="film-d"))
    hiero.edit(lambda sequence: put(sequence, Clip(MediaSource(path), 30, 60), 210))
    assert planned(hiero.host.read().cut)[0][210] == (path, 30)
    carry_out(hiero, Slip("V1", at(210), 5))
    with pytest.raises(HostError, match="would begin before its clip does"):
        carry_out(hiero, Slip("V1", at(210), -6))


def apply(hiero: HieroEditor, steps_of: Callable[[Strips], list[Step]]) -> None:
    before = hiero.host.read()
    told = strips_from(before.cut, probed)
    hiero.host.apply(steps_of(told), told.rate, before.revision, "Edit")


def nothing_changed(hiero: HieroEditor, match: str, steps_of: Callable[[Strips], list[Step]]) -> None:
    before, history = hiero.host.read(), hiero.application.project.undoItemText()
    with pytest.raises(HostError, match=match):
        apply(hiero, steps_of)
    assert hiero.host.read().revision == before.revision
    assert hiero.application.project.undoItemText() == history


@pytest.mark.usefixtures("shown")
def test_what_cannot_be_done_changes_nothing(hiero: HieroEditor) -> None:
    def moved(by: int, place: int = 0) -> Callable[[Strips], list[Step]]:
        return lambda told: [
            Change(told.strips[place], replace(told.strips[place], start=told.strips[place].start + by))
        ]

    def led(into: int, out: int) -> Callable[[Strips], list[Step]]:
        def steps_of(told: Strips) -> list[Step]:
            return [AddTransition(Transition("V1", 94, into, out, told.strips[1].id, told.strips[2].id))]

        return steps_of

    nothing_changed(hiero, "would lie on another", moved(70))
    nothing_changed(hiero, "both sides of its cut", led(0, 4))
    nothing_changed(hiero, "not enough handles", led(4, 60))  # what only Hiero finds, amid the edit
    hiero.edit(lambda sequence: sequence.videoTracks()[0].setLocked(True))
    nothing_changed(hiero, "'V1' is locked", moved(200))


def test_parts_of_a_shot_that_was_cut_have_ids_of_their_own_and_its_takes(hiero: HieroEditor, shown: Film) -> None:
    take = replaced(hiero, shown)
    before = hiero.host.read().cut
    hiero.edit(lambda sequence: sequence.videoTracks()[0].razorAt(80))
    now = hiero.host.read().cut
    assert frame_map(now) == frame_map(before)
    clips = [item.child for item in Index(now).tracks[0].items if isinstance(item.child, otio.schema.Clip)]
    ids = [id_of(clip) for clip in clips]
    assert len(set(ids)) == len(ids) == 5
    assert ids[1] == id_of(Index(before).tracks[0].items[2].child)
    assert all(key_of(take) in clip.media_references() for clip in clips[1:3])


def test_a_copy_before_a_shot_does_not_take_its_id(hiero: HieroEditor, shown: Film) -> None:
    replaced(hiero, shown)
    number = strips_from(hiero.host.read().cut, probed).strips[1].id

    def copied(sequence: Sequence) -> None:
        copy = item_at(sequence, 70).copy()
        copy.setTimes(45, 54, 0, 9)
        sequence.videoTracks()[0].addTrackItem(copy)

    hiero.edit(copied)
    assert [strip.start for strip in strips_from(hiero.host.read().cut, probed).strips if strip.id == number] == [64]


def test_takes_stand_in_the_bin_as_versions_of_their_shot(hiero: HieroEditor, shown: Film) -> None:
    second, first, third = (replaced(hiero, shown, 70, number).path for number in (2, 1, 3))
    (folder,) = hiero.application.project.clipsBin().bins()
    (item,) = folder.clips()
    assert (folder.name(), item.name()) == ("Second Unit", "B")
    assert [path_of(version.item()) for version in item.items()] == [first, second, third]
    assert path_of(item_at(sequence(hiero), 70).currentVersion().item()) == third


def test_a_version_that_is_chosen_elsewhere_changes_no_frame_here(hiero: HieroEditor, shown: Film) -> None:
    """A copy of a sequence plays the same clips, and Hiero changes all items that are linked to the bin's version."""
    first, second = (replaced(hiero, shown, 70, number) for number in (1, 2))
    original = sequence(hiero)
    before = screen(original)

    def duplicated(sequence: Sequence) -> str:
        made = sequence.copy()
        made.setName("film copy")
        sequence.project().clipsBin().addItem(BinItem(made))
        return made.guid()

    hiero.application.sequence = hiero.edit(duplicated)
    carry_out(hiero, SwapTake("V1", at(70), key_of(first)))
    assert screen(sequence(hiero)) != before
    original = next(one for one in hiero.application.project.sequences() if one.name() == "film")
    assert screen(original) == before
    assert path_of(item_at(original, 70).source()) == second.path
    item = item_at(original, 70)
    hiero.do(lambda: item.currentVersion().parent().setActiveVersion(item.currentVersion().parent().items()[0]))
    assert screen(original) == before


def test_a_take_that_the_user_chooses_as_a_version_is_read_as_that_take(hiero: HieroEditor, shown: Film) -> None:
    first, _ = (replaced(hiero, shown, 70, number) for number in (1, 2))

    def chosen(sequence: Sequence) -> None:
        item = item_at(sequence, 70)
        item.setCurrentVersion(item.currentVersion().parent().items()[0])

    hiero.edit(chosen)
    clip = Index(hiero.host.read().cut).tracks[0].items[2].child
    assert isinstance(clip, otio.schema.Clip)
    assert clip.active_media_reference_key == key_of(first)


@pytest.mark.usefixtures("shown")
def test_sound_that_is_linked_with_a_shot_stays_where_the_shot_goes(hiero: HieroEditor) -> None:
    """Hiero removes linked items with an item, unless it is told otherwise."""
    picture, sound = strips_from(hiero.host.read().cut, probed).strips[0], sequence(hiero).audioTracks()[0]
    assert picture.link
    apply(hiero, lambda told: [Remove(told.strips[0])])
    assert [item.name() for item in sound_items(hiero)] == [item.name() for item in sound.items()] == ["A"]
    assert all(not strip.link for strip in strips_from(hiero.host.read().cut, probed).strips)


def sound_items(hiero: HieroEditor) -> tuple[TrackItem, ...]:
    return sequence(hiero).audioTracks()[0].items()


def test_effects_go_with_their_shot_and_are_given_to_what_extends_it(hiero: HieroEditor, shown: Film) -> None:
    def graded(sequence: Sequence) -> None:
        track = sequence.videoTracks()[0]
        track.createEffect("Grade", trackItem=item_at(sequence, 120), subTrackIndex=0)
        item_at(sequence, 120).reformatState().setType("to format")
        item_at(sequence, 120).setSourceMediaColourTransform("AlexaV3LogC")

    hiero.edit(graded)
    carry_out(hiero, Insert("V1", at(64), shot(shown.make_clip(96, name="film-d"), 96, 50, 12, "D"), sync=()))
    (effect,) = sequence(hiero).videoTracks()[0].effects
    graded_item = item_at(sequence(hiero), 132)
    assert (effect.timelineIn(), effect.timelineOut()) == (graded_item.timelineIn(), graded_item.timelineOut())
    strip = strips_from(hiero.host.read().cut, probed).strips[3]
    apply(hiero, lambda _: [Add(replace(strip, id="new", start=300, link=""), strip.id)])
    new = item_at(sequence(hiero), 300)
    assert [one.node().Class() for one in new.linkedItems()] == ["Grade"]
    assert (new.reformatState().type(), new.sourceMediaColourTransform()) == ("to format", "AlexaV3LogC")


@pytest.mark.usefixtures("shown")
def test_effects_are_trimmed_with_their_shot(hiero: HieroEditor) -> None:
    """One lies on all of it, one on a part of it."""

    def graded(sequence: Sequence) -> None:
        track = sequence.videoTracks()[0]
        _, part = (track.createEffect(kind, trackItem=item_at(sequence, 70), subTrackIndex=0) for kind in ("A", "B"))
        part.first, part.last = 74, 83

    hiero.edit(graded)
    carry_out(hiero, Trim("V1", at(70), End.HEAD, -4), Trim("V1", at(70), End.TAIL, -14))
    found = sequence(hiero).videoTracks()[0].effects
    assert [(one.timelineIn(), one.timelineOut()) for one in found] == [(60, 79), (74, 79)]


@pytest.mark.usefixtures("shown")
def test_what_only_hiero_can_show_is_told_as_such_and_moves(hiero: HieroEditor) -> None:
    def warped(sequence: Sequence) -> None:
        track = sequence.videoTracks()[0]
        track.createEffect("TimeWarp", trackItem=item_at(sequence, 120), subTrackIndex=0)

    hiero.edit(warped)
    strip = strips_from(hiero.host.read().cut, probed).strips[2]
    assert strip.media is None
    apply(hiero, lambda _: [Change(strip, replace(strip, start=300))])
    assert strips_from(hiero.host.read().cut, probed).strips[3].start == 300
    longer = replace(strip, start=300, frames=strip.frames - 1)
    nothing_changed(hiero, "can only be moved", lambda told: [Change(told.strips[3], longer)])


@pytest.mark.usefixtures("shown")
def test_fades_and_dissolves(hiero: HieroEditor) -> None:
    def steps_of(told: Strips) -> list[Step]:
        a, b, c, _ = (strip.id for strip in told.strips if strip.track == "V1")
        leads = [
            Transition("V1", 40, 6, 0, a, None),
            Transition("V1", 64, 0, 5, None, b),
            Transition("V1", 94, 3, 4, b, c),
        ]
        return [AddTransition(one) for one in leads]

    apply(hiero, steps_of)
    told = strips_from(hiero.host.read().cut, probed).transitions
    assert [(one.at, one.into, one.out) for one in told] == [(40, 6, 0), (64, 0, 5), (94, 3, 4)]
    apply(hiero, lambda told: [RemoveTransition(one) for one in told.transitions])
    assert strips_from(hiero.host.read().cut, probed).transitions == ()


@pytest.mark.usefixtures("shown")
def test_a_track_goes_above_the_others(hiero: HieroEditor) -> None:
    carry_out(hiero, AddTrack("titles", otio.schema.TrackKind.Video))
    assert [track.name() for track in sequence(hiero).videoTracks()] == ["V1", "titles"]
    track = Track("between", Kind.PICTURE)
    nothing_changed(hiero, "above the others only", lambda _: [StepAddTrack(track, "V1")])


def test_nothing_of_the_users_is_undone(hiero: HieroEditor, shown: Film) -> None:
    before = hiero.host.read()
    placed = hiero.host.apply(
        [Change(one := strips_from(before.cut, probed).strips[0], replace(one, start=300))],
        *(Fraction(24), before.revision, "Move"),
    )

    def binned(_: Sequence) -> None:
        hiero.application.project.clipsBin().addItem(
            BinItem(Clip(MediaSource(str(shown.make_clip(96, name="film-d")))))
        )

    hiero.edit(binned)
    with pytest.raises(CutMoved, match="'By hand' first"):
        hiero.host.undo(placed.revision)
    hiero.undo()
    hiero.host.undo(placed.revision)
    assert hiero.host.read().revision == before.revision


@pytest.mark.usefixtures("shown")
def test_a_version_beside_the_sequence_is_undone(hiero: HieroEditor) -> None:
    before = hiero.host.read()
    cut, _ = edit(before.cut, [Slip("V1", at(70), 5)])
    version = hiero.host.add_version(cut, before.revision)
    assert (version.id.sequence, frame_map(version.cut)) == ("film 2", frame_map(cut))
    assert hiero.host.read().revision == before.revision
    hiero.host.undo(version.revision)
    assert [one.name() for one in hiero.application.project.sequences()] == ["film"]


@pytest.mark.usefixtures("shown")
def test_the_exercise_for_people_with_the_program_runs_through(hiero: HieroEditor, tmp_path: Path) -> None:
    found = list(exercise(hiero.host, tmp_path, lambda _: False))
    assert [check for check in found if check.mark == FAILED] == []
    assert sum(check.mark == "ok" for check in found) > 10
