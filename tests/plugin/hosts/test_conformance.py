"""One script of edits over every host: what it ends up with is what was planned, frame by frame, or nothing changed.

`conformance` says how a host is registered.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from queue import Empty, Queue

import opentimelineio as otio
import pytest
from secondunit_bridge.errors import CutError, CutMoved, HostError, Misplaced
from secondunit_bridge.messages import Take
from secondunit_bridge.rates import FrameTime
from secondunit_plugin.hosts.host import AttentionChanged, Changed, CutChanged, SequenceId, Support
from secondunit_plugin.hosts.host import Sequence as HostSequence
from secondunit_plugin.hosts.placement import FILLING, Beside, Placed, land, needs, place
from secondunit_plugin.hosts.steps import steps
from secondunit_plugin.hosts.strips import id_of, identified, strips_from
from secondunit_timeline import placing
from secondunit_timeline.changes import Edit
from secondunit_timeline.edits import edit
from secondunit_timeline.extensions import place_extension, plan_extension
from secondunit_timeline.generations import Where, place_generation, plan_generation
from secondunit_timeline.index import Index
from secondunit_timeline.interchange import media_path
from secondunit_timeline.joins import place_join, plan_join
from secondunit_timeline.matches import place_match, plan_replace
from secondunit_timeline.operations import (
    End,
    Fill,
    FillLength,
    Insert,
    Into,
    Lift,
    Operation,
    Overwrite,
    Roll,
    Slip,
    SwapTake,
)
from secondunit_timeline.orders import Settings
from secondunit_timeline.placing import Ordered
from secondunit_timeline.takes import key_of

from tests.plugin.hosts.conformance import Editor, Film, film, frame_map, opened, parameters, probed
from tests.timeline.cuts import at, dissolve
from tests.timeline.media_cuts import MakeClip, shot

Plan = Callable[[otio.schema.Timeline, Settings], Ordered]


@pytest.fixture(scope="module", params=parameters())
def editor(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    with opened(request.param, tmp_path_factory.mktemp("host")) as made:
        yield made


@pytest.fixture
def shown(make_clip: MakeClip, editor: Editor) -> Film:
    """The film, which the host has open."""
    made = film(make_clip)
    editor.open(made.cut)
    return made


def settings_in(made: Film) -> Settings:
    return Settings(made.folder, handles=4, prompt="x")


def v1(cut: otio.schema.Timeline) -> str:
    """What the host calls the lowest video track."""
    return next(track.name for track in Index(cut).tracks if track.kind == otio.schema.TrackKind.Video)


def on(cut: otio.schema.Timeline, frame: int) -> str:
    return f"{v1(cut)}@+{frame}"


def generated(cut: otio.schema.Timeline, settings: Settings) -> Ordered:
    """Into the gap behind A."""
    plan = plan_generation(Index(cut), at(45), 15, Where.OVERWRITE, None, settings)
    return Ordered(cut, plan.order, partial(place_generation, plan))


def generated_above(cut: otio.schema.Timeline, settings: Settings) -> Ordered:
    """Over A, on a track of its own."""
    plan = plan_generation(Index(cut), at(10), 20, Where.ABOVE, None, settings)
    return Ordered(cut, plan.order, partial(place_generation, plan))


def extended(cut: otio.schema.Timeline, settings: Settings) -> Ordered:
    """A, beyond its media, into the gap."""
    plan = plan_extension(Index(cut), on(cut, 10), End.TAIL, 10, Into.GAP, False, settings)
    return Ordered(cut, plan.order, partial(place_extension, plan))


def extended_by_a_ripple(cut: otio.schema.Timeline, settings: Settings) -> Ordered:
    """C: the 50 frames that its media still has first; D moves."""
    plan = plan_extension(Index(cut), on(cut, 100), End.TAIL, 60, Into.RIPPLE, False, settings)
    return Ordered(cut, plan.order, partial(place_extension, plan))


def joined(cut: otio.schema.Timeline, settings: Settings) -> Ordered:
    """B and C, over the cut between them."""
    plan = plan_join(Index(cut), at(94), 8, settings)
    return Ordered(cut, plan.order, partial(place_join, plan))


def replaced(cut: otio.schema.Timeline, settings: Settings) -> Ordered:
    """B."""
    plan = plan_replace(Index(cut), on(cut, 70), None, settings)
    return Ordered(cut, plan.order, partial(place_match, plan))


def able(editor: Editor, before: otio.schema.Timeline, planned: otio.schema.Timeline) -> bool:
    """Whether the host's capabilities are enough for an edit of the open sequence. Takes that it cannot keep with a
    clip are kept with their files."""
    told = (strips_from(identified(cut)[0], probed) for cut in (before, planned))
    needed = {support for step in steps(*told) for support in needs(step)}
    return needed - {Support.STATE} <= editor.host.about().supports


def carry_out(editor: Editor, edit_of: Callable[[str], Sequence[Operation]]) -> otio.schema.Timeline | None:
    """The cut that the edit ends up in, None where it is refused."""
    before = editor.host.read()
    planned, done = edit(before.cut, edit_of(v1(before.cut)))
    return settle(editor, before.cut, planned, lambda: place(editor.host, before, done, "Edit", probed))


def land_takes(editor: Editor, ordered: Ordered, takes: Sequence[Take]) -> otio.schema.Timeline | None:
    before = editor.host.read()
    planned, _ = placing.place(before.cut, ordered, takes)
    return settle(editor, before.cut, planned, lambda: land_in(editor, before.id, ordered, takes))


def land_in(editor: Editor, where: SequenceId, ordered: Ordered, takes: Sequence[Take]) -> Placed | Beside:
    def edit_of(sequence: HostSequence) -> Edit:
        return placing.place(sequence.cut, ordered, takes)[1]

    return land(editor.host, where, edit_of, [take.path for take in takes], "Take", probed)


def settle(
    editor: Editor,
    before: otio.schema.Timeline,
    planned: otio.schema.Timeline,
    carry_out: Callable[[], Placed | Beside],
) -> otio.schema.Timeline | None:
    host, read = editor.host, editor.host.read().revision
    supports = host.about().supports
    try:
        placement = carry_out()
    except HostError as error:
        assert not isinstance(error, Misplaced), str(error)
        assert not able(editor, before, planned)
        assert Support.VERSIONS not in supports
        assert frame_map(host.read().cut) == frame_map(before)
        return None
    now = host.read()
    match placement:
        case Placed(sequence):
            assert able(editor, before, planned)
            assert sequence.revision == now.revision
        case Beside(sequence, why):
            assert not able(editor, before, planned)
            assert why
            assert now.revision in (read, sequence.revision)
    assert frame_map(sequence.cut) == frame_map(planned)
    return sequence.cut


def plays_at(cut: otio.schema.Timeline, take: Take) -> list[int]:
    """The record frames from which on clips play the take."""
    return [
        int(item.start)
        for track in Index(cut).tracks
        if track.kind == otio.schema.TrackKind.Video
        for item in track.items
        if isinstance(item.child, otio.schema.Clip) and media_path(item.child.media_reference) == take.path
    ]


def ids(cut: otio.schema.Timeline) -> list[str]:
    return [id_of(child) for track in cut.tracks for child in track if not isinstance(child, otio.schema.Gap)]


def test_the_cut_is_read_frame_by_frame(editor: Editor, shown: Film) -> None:
    read, again = editor.host.read(), editor.host.read()
    assert frame_map(read.cut) == frame_map(shown.cut)
    assert (again.id, again.revision, ids(again.cut)) == (read.id, read.revision, ids(read.cut))
    assert len(set(ids(read.cut))) == 5
    about = editor.host.about()
    assert about.program
    assert all(limit.endswith(".") for limit in about.limits)
    if Support.TIMECODE in about.supports:
        assert Index(read.cut).start == Index(shown.cut).start
    if Support.MARKERS in about.supports:
        (marker,) = read.cut.tracks.markers
        assert (marker.name, marker.marked_range.start_time.value) == ("look", 50)


@pytest.mark.parametrize("plan", [generated, generated_above, extended, extended_by_a_ripple, joined, replaced])
def test_takes_land(editor: Editor, shown: Film, plan: Plan) -> None:
    ordered = plan(editor.host.read().cut, settings_in(shown))
    assert ordered.order is not None
    take = shown.take(ordered.order)
    cut = land_takes(editor, ordered, (take,))
    if cut is not None:
        assert len(plays_at(cut, take)) == 1


@pytest.mark.parametrize(
    "edit_of",
    [
        lambda track, _: [Slip(track, at(70), 5)],
        lambda track, _: [Roll(track, at(94), -3)],
        lambda track, other: [Overwrite(track, at(75), other)],
        lambda track, other: [Fill(track, at(40), other, FillLength.FIT, 24)],
    ],
    ids=["slip", "roll", "overwrite", "fit to fill"],
)
@pytest.mark.usefixtures("shown")
def test_edits_land(
    editor: Editor, make_clip: MakeClip, edit_of: Callable[[str, otio.schema.Clip], Sequence[Operation]]
) -> None:
    """Among them one that splits a shot, and one at another speed."""
    other = shot(make_clip(96, name="film-d"), 96, 50, 12, "D")
    carry_out(editor, lambda track: edit_of(track, other))


def test_a_dissolve_is_read_and_goes_with_its_shots(editor: Editor, shown: Film) -> None:
    """Between B and C, which a ripple before them moves."""
    if not editor.host.about().supports & {Support.TRANSITIONS, Support.VERSIONS}:
        pytest.skip("the host has no transitions")
    cut = shown.cut.deepcopy()
    cut.tracks[0].insert(3, dissolve(4, 4))
    try:
        editor.open(cut)
    except NotImplementedError as why:
        pytest.skip(str(why))
    assert frame_map(editor.host.read().cut) == frame_map(cut)
    other = shot(shown.make_clip(96, name="film-d"), 96, 50, 12, "D")
    assert carry_out(editor, lambda track: [Insert(track, at(64), other, sync=())]) is not None


def test_a_take_is_switched_and_switched_back(editor: Editor, shown: Film) -> None:
    ordered = replaced(editor.host.read().cut, settings_in(shown))
    take = shown.take(ordered.order)
    cut = land_takes(editor, ordered, (take,))
    if cut is None or (len(plays_at(cut, take)) == 1 and key_of(take) not in keys(cut)):
        pytest.skip("the host keeps no takes with its clips")
    back = carry_out(editor, lambda track: [SwapTake(track, at(70), "DEFAULT_MEDIA")])
    assert back is not None
    assert frame_map(back) == frame_map(shown.cut)
    again = carry_out(editor, lambda track: [SwapTake(track, at(70), key_of(take))])
    assert again is not None
    assert plays_at(again, take) == [64]


def keys(cut: otio.schema.Timeline) -> set[str]:
    return {str(key) for clip in cut.find_clips() for key in clip.media_references()}


def test_a_placement_is_undone_in_the_host(editor: Editor, shown: Film) -> None:
    if Support.UNDO not in editor.host.about().supports:
        pytest.skip("the host has no undo")
    before = editor.host.read()
    ordered = joined(before.cut, settings_in(shown))
    assert land_takes(editor, ordered, (shown.take(ordered.order),)) is not None
    editor.undo()
    now = editor.host.read()
    assert frame_map(now.cut) == frame_map(shown.cut)
    assert ids(now.cut) == ids(before.cut)


@pytest.mark.usefixtures("shown")
def test_a_version_is_taken_back(editor: Editor) -> None:
    """As one is that turns out not to be as planned."""
    if Support.VERSIONS not in editor.host.about().supports:
        pytest.skip("the host puts no versions beside the sequence")
    before = editor.host.read()
    planned, _ = edit(before.cut, [Lift(v1(before.cut), at(64), 30)])
    seen = editor.host.add_version(planned, before.revision)
    assert frame_map(seen.cut) == frame_map(planned)
    editor.host.undo(seen.revision)
    assert editor.host.read().revision == before.revision
    with pytest.raises(HostError):
        editor.host.undo(seen.revision)


def test_a_take_lands_where_its_shot_has_moved_to(editor: Editor, shown: Film) -> None:
    ordered = replaced(editor.host.read().cut, settings_in(shown))
    take = shown.take(ordered.order)
    editor.insert_gap(64, 7)
    cut = land_takes(editor, ordered, (take,))
    if cut is not None:
        assert plays_at(cut, take) == [71]


def test_a_copy_of_the_shot_never_gets_its_take(editor: Editor, shown: Film) -> None:
    ordered = replaced(editor.host.read().cut, settings_in(shown))
    take = shown.take(ordered.order)
    editor.duplicate(70, 200)
    before = editor.host.read()
    assert len(set(ids(before.cut))) == 6
    try:
        done = land_in(editor, before.id, ordered, (take,))
    except HostError:
        assert not able_to(editor, Support.MEDIA)
    except CutError as error:
        assert "cannot be found again" in str(error)
        assert frame_map(editor.host.read().cut) == frame_map(before.cut)
    else:
        assert plays_at(done.sequence.cut, take) == [64]


def able_to(editor: Editor, support: Support) -> bool:
    supports = editor.host.about().supports
    return support in supports or Support.VERSIONS in supports


def gone(editor: Editor) -> None:
    editor.delete(70)


def trimmed(editor: Editor) -> None:
    editor.trim(70, 5)


@pytest.mark.parametrize("meanwhile", [gone, trimmed])
def test_a_take_without_a_place_goes_to_the_bin(
    editor: Editor, shown: Film, meanwhile: Callable[[Editor], None]
) -> None:
    ordered = replaced(editor.host.read().cut, settings_in(shown))
    take = shown.take(ordered.order)
    meanwhile(editor)
    before = editor.host.read()
    with pytest.raises(CutError) as told:
        land_in(editor, before.id, ordered, (take,))
    assert take.path in str(told.value)
    now = editor.host.read()
    assert frame_map(now.cut) == frame_map(before.cut)
    if Support.BIN in editor.host.about().supports:
        assert editor.bin() >= {take.path}


def test_an_edit_of_a_cut_that_has_moved_is_not_carried_out(editor: Editor, shown: Film) -> None:
    before = editor.host.read()
    _, done = edit(before.cut, [Slip(v1(before.cut), at(70), 5)])
    editor.insert_gap(64, 7)
    moved = editor.host.read()
    assert moved.revision != before.revision
    with pytest.raises(CutMoved if able_to(editor, Support.MOVE) else HostError):
        place(editor.host, before, done, "Slip", probed)
    assert editor.host.read().revision == moved.revision
    assert len(frame_map(moved.cut)[0][1]) == len(frame_map(shown.cut)[0][1]) + 7


def test_takes_for_another_sequence_are_not_placed(editor: Editor, shown: Film) -> None:
    before = editor.host.read()
    ordered = replaced(before.cut, settings_in(shown))
    editor.open(shown.cut)
    other = editor.host.read()
    assert other.id != before.id
    with pytest.raises(HostError, match="open the former"):
        land_in(editor, before.id, ordered, (shown.take(ordered.order),))
    assert editor.host.read().revision == other.revision


def test_what_is_kept_with_a_clip_survives(editor: Editor, shown: Film) -> None:
    ordered = replaced(editor.host.read().cut, settings_in(shown))
    take = shown.take(ordered.order)
    cut = land_takes(editor, ordered, (take,))
    if cut is None:
        pytest.skip("the host cannot replace media")
    before = editor.host.read()
    editor.reopen()
    now = editor.host.read()
    assert now.id == before.id
    assert frame_map(now.cut) == frame_map(before.cut)
    assert ids(now.cut) == ids(before.cut)
    assert keys(now.cut) == keys(before.cut)
    if Support.STATE in editor.host.about().supports:
        assert key_of(take) in keys(now.cut)


def test_selection_and_playhead_are_told(editor: Editor, shown: Film) -> None:
    supports = editor.host.about().supports
    if not supports & {Support.SELECTION, Support.PLAYHEAD}:
        assert (editor.host.attention().selected, editor.host.attention().playhead) == ((), None)
        return
    cut = editor.host.read().cut
    track = Index(cut).track(v1(cut))
    editor.select((10, 70), 33)
    seen = editor.host.attention()
    if Support.SELECTION in supports:
        clips = [track.at(frame) for frame in (10, 70)]
        assert set(seen.selected) == {id_of(item.child) for item in clips if item is not None}
    if Support.PLAYHEAD in supports:
        assert seen.playhead == FrameTime(33, Index(shown.cut).rate)
    if Support.REVEAL in supports:
        editor.host.reveal(at(77))
        assert editor.host.attention().playhead == at(77) or Support.PLAYHEAD not in supports


def test_what_its_user_looks_at_stays_when_a_take_comes_in(editor: Editor, shown: Film) -> None:
    """Where takes are cut in by themselves."""
    about = editor.host.about()
    if not about.supports >= FILLING:
        pytest.skip("takes are offered there")
    editor.select((70,), 70)
    editor.host.read()
    before = editor.host.attention()
    ordered = extended(editor.host.read().cut, settings_in(shown))
    assert land_takes(editor, ordered, (shown.take(ordered.order),)) is not None
    assert editor.host.attention() == before


@pytest.mark.usefixtures("shown")
def test_changes_are_told(editor: Editor) -> None:
    supports = editor.host.about().supports
    if Support.EVENTS not in supports:
        pytest.skip("the host tells no changes: the panel looks by itself")
    told: Queue[Changed] = Queue()
    end = editor.host.follow(told.put)
    try:
        editor.host.read()  # as the panel does: a host that counts frames at the cut's rate has it from there
        editor.insert_gap(64, 7)
        while not isinstance(told.get(timeout=20), CutChanged):
            pass
        if Support.SELECTION in supports:
            editor.select((10,), 5)
            while not isinstance(told.get(timeout=20), AttentionChanged):
                pass
    finally:
        end()
    while not told.empty():
        told.get()
    editor.insert_gap(64, 3)
    with pytest.raises(Empty):
        told.get(timeout=2)
