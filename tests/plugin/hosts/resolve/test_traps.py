"""What goes wrong in DaVinci Resolve without a word, and what the connector does about it.

Each is a rule of the stand-in, which names where it was seen: `program.py` and `dialect.py`.
"""

import threading
import time
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit_bridge.errors import HostError, HostUnreachable, Misplaced
from secondunit_bridge.rates import FrameTime
from secondunit_plugin.hosts.host import Support
from secondunit_plugin.hosts.placement import Beside, Placed, place
from secondunit_plugin.hosts.resolve.calls import Calls
from secondunit_plugin.hosts.resolve.connecting import check, libraries
from secondunit_plugin.hosts.resolve.host import Resolve
from secondunit_timeline import placing
from secondunit_timeline.edits import edit
from secondunit_timeline.generations import Where, place_generation, plan_generation
from secondunit_timeline.index import Index
from secondunit_timeline.markers import from_markers
from secondunit_timeline.matches import place_match, plan_replace
from secondunit_timeline.operations import AddTrack, Lift, Operation, Overwrite, SwapTake, Trim
from secondunit_timeline.operations import End as EndOf
from secondunit_timeline.orders import Settings
from secondunit_timeline.placing import Ordered
from secondunit_timeline.references import is_recipe
from secondunit_timeline.takes import key_of
from secondunit_timeline.times import time_range

from tests.plugin.hosts.conformance import Film, film, frame_map, probed
from tests.plugin.hosts.resolve.editor import ResolveEditor, timeline_of
from tests.plugin.hosts.resolve.model import Item, ProjectModel, TimelineModel
from tests.plugin.hosts.resolve.program import scriptapp
from tests.timeline.cuts import at, gap
from tests.timeline.media_cuts import MakeClip, shot, sounding_cut

V1 = "Video 1"
VERSIONS = [(18, 5, 0), (21, 0, 4)]


@pytest.fixture
def made(make_clip: MakeClip) -> Film:
    return film(make_clip)


def opened(made: Film, folder: Path, version: tuple[int, int, int] = (21, 0, 4)) -> ResolveEditor:
    editor = ResolveEditor(folder, version)
    editor.open(made.cut)
    return editor


def carried_out(editor: ResolveEditor, *operations: Operation) -> Placed | Beside:
    before = editor.host.read()
    planned, done = edit(before.cut, operations)
    placement = place(editor.host, before, done, "Edit", probed)
    assert frame_map(placement.sequence.cut) == frame_map(planned)
    return placement


def into_gap(make_clip: MakeClip, frames: int = 12) -> Operation:
    return Overwrite(V1, at(44), shot(make_clip(96, name="film-d"), 96, 30, frames, "D"))


def replaced(editor: ResolveEditor, made: Film) -> Placed | Beside:
    """B by a take."""
    before = editor.host.read()
    match = plan_replace(Index(before.cut), f"{V1}@+70", None, Settings(made.folder, handles=4, prompt="x"))
    ordered = Ordered(before.cut, match.order, partial(place_match, match))
    _, done = placing.place(before.cut, ordered, (made.take(match.order),))
    return place(editor.host, before, done, "Take", probed)


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: ".".join(map(str, version)))
@pytest.mark.parametrize("exclusive", [None, False, True], ids=["as reported", "inclusive", "exclusive"])
def test_a_placement_has_its_length_wherever_the_last_frame_counts(
    made: Film, tmp_path: Path, version: tuple[int, int, int], exclusive: bool | None
) -> None:
    """Also between clips that leave no frame to spare, and for takes."""
    editor = opened(made, tmp_path, version)
    editor.world.end_is_exclusive = exclusive
    assert isinstance(carried_out(editor, into_gap(made.make_clip, 20)), Placed)
    assert editor.on(44).frames == 20
    assert isinstance(replaced(editor, made), Placed)
    assert editor.on(70).frames == 30


def test_frames_of_a_placement_count_from_zero_timecode(made: Film, tmp_path: Path) -> None:
    editor = opened(made, tmp_path)
    carried_out(editor, into_gap(made.make_clip))
    assert editor.on(44).at == 86400 + 44


def test_the_start_of_a_drop_frame_timeline(make_clip: MakeClip, tmp_path: Path) -> None:
    """01:00:00;00 is frame 107,892."""
    rate = Fraction(30000, 1001)
    path = make_clip(96, "30000/1001", "10:00:00;00", name="drop")
    media = otio.schema.ExternalReference(str(path), time_range(1078920, 96, rate))
    cut = sounding_cut(otio.schema.Clip("A", media, time_range(1078920 + 20, 40, rate)), rate=rate)
    cut.global_start_time = otio.opentime.RationalTime(107892, float(rate))
    editor = ResolveEditor(tmp_path, (21, 0, 4))
    editor.open(cut)
    editor.timeline.drop = True
    assert frame_map(editor.host.read().cut) == frame_map(cut)
    assert Index(editor.host.read().cut).timecode(0) == "01:00:00;00"
    editor.host.reveal(FrameTime(1800, rate))
    assert editor.timeline.playhead == 107892 + 1800
    assert editor.host.attention().playhead == FrameTime(1800, rate)
    other = otio.schema.Clip("B", media.clone(), time_range(1078920 + 10, 12, rate))
    assert isinstance(carried_out(editor, Overwrite(V1, FrameTime(60, rate), other)), Placed)
    assert editor.on(60).at == 107892 + 60


def test_media_at_another_rate(make_clip: MakeClip, tmp_path: Path) -> None:
    """25 in 24: source frames are rounded up, since their time is rounded down; one that begins between two source
    frames is none that a placement can name, and goes into a version."""
    other, own = make_clip(96, "25", name="other-rate"), make_clip(96, name="film-a")
    editor = ResolveEditor(tmp_path, (21, 0, 4))
    editor.open(sounding_cut(shot(own, 96, 0, 48), gap(96)))
    for first, kind in ((25, Placed), (Fraction(51, 2), Beside)):
        media = otio.schema.ExternalReference(str(other), time_range(36000 * 25, 96, Fraction(25)))
        start = otio.opentime.RationalTime(float(36000 * 25 + first), 25)
        clip = otio.schema.Clip("O", media, otio.opentime.TimeRange(start, otio.opentime.RationalTime(23, 24)))
        placement = carried_out(editor, Overwrite(V1, at(60), clip))
        assert isinstance(placement, kind)
        editor.host.undo(placement.sequence.revision)


def test_something_in_the_way_is_not_taken_for_the_placement(made: Film, tmp_path: Path) -> None:
    """An overlap is dropped: here an editor is faster by one call."""
    editor = opened(made, tmp_path)
    in_way = Item("X", editor.world.clip(str(made.make_clip(96, name="film-d"))), 86400 + 50, 10)

    def meanwhile(name: str) -> None:
        if name == "AppendToTimeline" and in_way not in editor.timeline.tracks["video"][0].items:
            editor.timeline.tracks["video"][0].items.append(in_way)

    editor.world.during = meanwhile
    before = editor.host.read()
    _, done = edit(before.cut, (into_gap(made.make_clip, 20),))
    with pytest.raises(HostError, match="something lies there"):
        place(editor.host, before, done, "Edit", probed)
    editor.world.during = lambda _: None
    assert [one.name for one in editor.timeline.tracks["video"][0].items].count("D") == 1


def test_what_is_lost_when_the_project_is_saved_is_no_placement(made: Film, tmp_path: Path) -> None:
    editor = opened(made, tmp_path)
    editor.world.loses_on_save = True
    before = editor.host.read()
    _, done = edit(before.cut, (into_gap(made.make_clip),))
    with pytest.raises(HostError, match="lost what was placed when it saved"):
        place(editor.host, before, done, "Edit", probed)
    assert frame_map(editor.host.read().cut) == frame_map(made.cut)


def test_a_project_that_was_never_saved_is_not_edited(made: Film, tmp_path: Path) -> None:
    editor = opened(made, tmp_path)
    assert editor.world.current is not None
    editor.world.current.name = "Untitled Project"
    assert editor.host.read().id.project == ""
    with pytest.raises(HostError, match="never saved"):
        carried_out(editor, into_gap(made.make_clip))
    assert "AppendToTimeline" not in editor.world.calls


def test_a_version_gets_a_name_that_no_timeline_has(made: Film, tmp_path: Path) -> None:
    editor = opened(made, tmp_path)
    names = [carried_out(editor, Trim(V1, at(70), EndOf.TAIL, -5)).sequence.name for _ in range(2)]
    assert names == ["film unit01", "film unit02"]
    assert editor.timeline.name == "film"


def test_a_version_that_the_program_does_not_take_in_is_refused(made: Film, tmp_path: Path) -> None:
    """It says nothing then: there is no timeline."""
    editor = opened(made, tmp_path)

    def meanwhile(name: str) -> None:
        if name == "ImportTimelineFromFile":
            assert editor.world.current is not None
            editor.world.current.timelines.append(TimelineModel("film unit01", Fraction(24), 0))

    editor.world.during = meanwhile
    with pytest.raises(HostError, match="makes no timeline 'film unit01'"):
        carried_out(editor, Trim(V1, at(70), EndOf.TAIL, -5))


def test_a_version_keeps_grades_markers_and_names_of_tracks(made: Film, tmp_path: Path) -> None:
    """An import has none of them."""
    editor = opened(made, tmp_path)
    editor.on(10).nodes = (("Look", "show.cube"), ("Skin", ""))
    editor.timeline.tracks["video"][0].name = "Main"
    before = editor.host.read()
    _, done = edit(before.cut, (Trim("Main", at(70), EndOf.TAIL, -5),))
    placement = place(editor.host, before, done, "Edit", probed)
    assert isinstance(placement, Beside)
    assert editor.world.current is not None
    version = editor.world.current.timelines[-1]
    assert version.tracks["video"][0].items[0].nodes == editor.on(10).nodes
    assert [track.name for track in version.tracks["video"]] == ["Main"]
    assert version.markers[50]["note"] == "again"
    assert [track.name for track in Index(placement.sequence.cut).tracks] == ["Main", "Audio 1"]


def test_a_title_is_named_before_a_version_is_refused_for_it(made: Film, tmp_path: Path) -> None:
    editor = opened(made, tmp_path)
    editor.timeline.tracks["video"][0].items.append(Item("Lower Third", None, 86400 + 200, 20))
    before = editor.host.read()
    assert [clip.name for clip in before.cut.find_clips()].count("Lower Third") == 1
    _, done = edit(before.cut, (Trim(V1, at(70), EndOf.TAIL, -5),))
    with pytest.raises(HostError, match=r"'Lower Third' on Video 1 at 01:00:08:08 is a title"):
        place(editor.host, before, done, "Edit", probed)
    assert isinstance(carried_out(editor, into_gap(made.make_clip)), Placed)


def test_a_take_is_swapped_in_one_timeline_alone(made: Film, tmp_path: Path) -> None:
    """A copy of the timeline plays the same item of the pool: not one frame of it changes."""
    editor = opened(made, tmp_path)
    project = editor.world.current
    assert project is not None
    original = editor.timeline
    project.timelines.append(original.copy("film copy"))
    project.current = project.timelines[-1]
    assert isinstance(replaced(editor, made), Placed)
    project.current = original
    assert frame_map(editor.host.read().cut) == frame_map(made.cut)
    assert [one.takes for _, _, one in original.items()] == [[]] * 5


def test_each_take_is_one_item_of_the_pool_in_our_bin(made: Film, tmp_path: Path) -> None:
    editor = opened(made, tmp_path)
    assert editor.world.current is not None
    placement = replaced(editor, made)
    keys = {key for clip in placement.sequence.cut.find_clips() for key in clip.media_references()}
    key = next(key for key in keys if key.startswith("take.") and not key.endswith(".recipe"))
    for swapped in ("DEFAULT_MEDIA", key, "DEFAULT_MEDIA", key):
        carried_out(editor, SwapTake(V1, at(70), swapped))
    root = editor.world.current.root
    assert [(one.name, len(one.clips)) for one in root.bins] == [("Second Unit", 1)]
    assert len(editor.on(70).takes) == 2
    assert editor.world.calls.count("ImportMedia") == 1


def test_a_take_without_the_clips_grade_is_not_kept_selected(made: Film, tmp_path: Path) -> None:
    editor = opened(made, tmp_path)
    editor.on(70).nodes = (("Look", "show.cube"),)
    editor.world.keeps_no_grade = True
    with pytest.raises(HostError, match="with its length and grade"):
        replaced(editor, made)
    assert editor.on(70).selected == 1
    assert frame_map(editor.host.read().cut) == frame_map(made.cut)


@pytest.mark.parametrize("page", ["fairlight", "edit"])
def test_clips_are_removed_on_any_page_and_at_the_second_try(made: Film, tmp_path: Path, page: str) -> None:
    editor = opened(made, tmp_path)
    editor.world.page, editor.world.refuses_first_delete = page, True
    assert isinstance(carried_out(editor, Lift(V1, at(64), 30)), Placed)
    assert editor.world.page == page


def test_a_removed_clip_is_put_back_as_it_looked(made: Film, tmp_path: Path) -> None:
    """From a copy of the timeline, which is open for nobody, and goes then."""
    editor = opened(made, tmp_path)
    editor.on(70).nodes, editor.on(70).properties["ZoomX"] = (("Look", "show.cube"),), 1.5
    before = editor.host.read()
    placement = carried_out(editor, Lift(V1, at(64), 30))
    project = editor.world.current
    assert project is not None
    assert [one.name for one in project.timelines] == ["film", "film before01"]
    assert editor.timeline.name == "film"
    editor.host.undo(placement.sequence.revision)
    assert editor.host.read().revision == before.revision
    assert (editor.on(70).nodes, editor.on(70).properties["ZoomX"]) == ((("Look", "show.cube"),), 1.5)
    assert [one.name for one in project.timelines] == ["film"]


def test_a_locked_track_is_left_alone(made: Film, tmp_path: Path) -> None:
    editor = opened(made, tmp_path)
    before = editor.host.read()
    _, done = edit(before.cut, (into_gap(made.make_clip),))
    editor.timeline.tracks["video"][0].locked = True
    with pytest.raises(HostError):
        place(editor.host, before, done, "Edit", probed)
    assert Index(editor.host.read().cut).track(V1).locked
    assert not {"AppendToTimeline", "ImportTimelineFromFile"} & set(editor.world.calls)


@pytest.mark.parametrize("version", [(18, 6, 6), (19, 0, 3)], ids=["18.6", "19.0"])
def test_a_track_between_others_needs_19(made: Film, tmp_path: Path, version: tuple[int, int, int]) -> None:
    editor = opened(made, tmp_path, version)
    clip = shot(made.make_clip(96, name="film-d"), 96, 30, 12, "D")
    assert isinstance(carried_out(editor, AddTrack("Top"), Overwrite("Top", at(5), clip.clone())), Placed)
    placement = carried_out(editor, AddTrack("Between", above=V1), Overwrite("Between", at(5), clip.clone()))
    assert isinstance(placement, Placed if version >= (19,) else Beside)
    assert [track.name for track in Index(placement.sequence.cut).tracks][:3] == [V1, "Between", "Top"]


def test_sound_and_retimed_clips_have_no_takes(made: Film, tmp_path: Path) -> None:
    """What would become one goes into a version."""
    editor = opened(made, tmp_path)
    item = editor.on(70)
    item.speed, item.frames = Fraction(1, 2), 20
    assert isinstance(replaced(editor, made), Beside)
    assert not item.takes


def test_metadata_that_does_not_stay_is_said(made: Film, tmp_path: Path) -> None:
    """The take is placed, and found by its file."""
    editor = opened(made, tmp_path)
    editor.world.forgets_metadata = True
    assert Support.STATE in editor.host.about().supports
    assert isinstance(replaced(editor, made), Placed)
    about = editor.host.about()
    assert Support.STATE not in about.supports
    assert any("has not kept" in limit for limit in about.limits)


def test_ids_and_takes_stay_with_the_project(made: Film, tmp_path: Path) -> None:
    """For another panel, too, from 19.1 on; and metadata of other people is no trouble."""
    editor = opened(made, tmp_path, (19, 1, 0))
    replaced(editor, made)
    again = Resolve(tmp_path / "other", tmp_path, probed, partial(scriptapp, editor.world))
    one, other = editor.host.read(), again.read()
    assert one.revision == other.revision
    assert other.id.project == str(tmp_path)
    editor.timeline.metadata["secondunit"] = "[1, {}"
    assert frame_map(again.read().cut) == frame_map(one.cut)


def test_a_dialog_that_is_open_is_not_waited_for(made: Film, tmp_path: Path) -> None:
    """What was asked meanwhile is not done later."""
    editor, calls = opened(made, tmp_path), Calls()
    app = scriptapp(editor.world)
    editor.world.dialog.clear()
    done = threading.Event()

    def late() -> None:
        app.OpenPage("edit")
        calls.go_on()
        done.set()

    for _ in range(2):
        with pytest.raises(HostUnreachable, match="close its dialogs"):
            calls(late, 0.1)
    editor.world.dialog.set()
    end = time.monotonic() + 5
    while time.monotonic() < end:
        try:
            assert calls(app.GetCurrentPage, 0.5) == "edit"
            break
        except HostUnreachable:
            pass
    assert not done.is_set()


def test_calls_come_one_after_the_other(made: Film, tmp_path: Path) -> None:
    """The stand-in refuses two at once."""
    editor = opened(made, tmp_path)
    threads = [threading.Thread(target=editor.host.attention) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert editor.world.calls.count("GetCurrentTimecode") == 8


def with_other_product(editor: ResolveEditor) -> None:
    editor.world.product = "DaVinci Resolve"


def with_older_version(editor: ResolveEditor) -> None:
    editor.world.version = (18, 1, 4)


def without_project(editor: ResolveEditor) -> None:
    editor.world.current = None


def without_timeline(editor: ResolveEditor) -> None:
    assert editor.world.current is not None
    editor.world.current.current = None


def ended(editor: ResolveEditor) -> None:
    editor.host.read()
    editor.world.ended = True


@pytest.mark.parametrize(
    ("happens", "says"),
    [
        (with_other_product, "not DaVinci Resolve Studio"),
        (with_older_version, "older than 18.5"),
        (without_project, "no project open"),
        (without_timeline, "no timeline open"),
        (ended, "does not answer|was ended"),
    ],
)
def test_who_cannot_be_reached_says_what_to_do(
    made: Film, tmp_path: Path, happens: Callable[[ResolveEditor], None], says: str
) -> None:
    editor = opened(made, tmp_path)

    def reach() -> object:
        app = scriptapp(editor.world)
        if app is None:
            raise HostUnreachable("DaVinci Resolve does not answer")
        check(app)
        return app

    editor.host = Resolve(tmp_path, None, probed, reach)
    happens(editor)
    with pytest.raises(HostUnreachable, match=says):
        editor.host.read()


def test_every_name_is_an_attribute_so_dir_is_asked(made: Film, tmp_path: Path) -> None:
    editor = opened(made, tmp_path, (21, 0, 3))
    assert hasattr(scriptapp(editor.world), "NoSuchMethod")
    assert Support.SELECTION not in editor.host.about().supports
    assert editor.host.attention().selected == ()


def test_markers_are_orders(made: Film, tmp_path: Path) -> None:
    """Their frames count from the timeline's first one, and the OTIO export has none of them."""
    editor = opened(made, tmp_path)
    note = {"name": "Marker 1", "note": "extend tail 10", "color": "Red", "duration": 1.0, "customData": "mine"}
    editor.timeline.markers[20] = note
    cut, done = from_markers(editor.host.read().cut)
    assert len(done) == 1
    recipes = [one for clip in cut.find_clips() for one in clip.media_references().values() if is_recipe(one)]
    assert [recipe.generator_kind for recipe in recipes] == ["secondunit.extend"]


def test_a_generated_clip_takes_grade_and_transform_of_the_shot_that_it_extends(made: Film, tmp_path: Path) -> None:
    from secondunit_timeline.extensions import place_extension, plan_extension
    from secondunit_timeline.operations import Into

    editor = opened(made, tmp_path)
    editor.on(10).nodes, editor.on(10).properties["ZoomX"] = (("Look", "show.cube"),), 1.5
    before = editor.host.read()
    settings = Settings(made.folder, handles=0, prompt="x")
    plan = plan_extension(Index(before.cut), f"{V1}@+10", EndOf.TAIL, 10, Into.GAP, False, settings)
    assert plan.order is not None
    ordered = Ordered(before.cut, plan.order, partial(place_extension, plan))
    _, done = placing.place(before.cut, ordered, (made.take(plan.order),))
    assert isinstance(place(editor.host, before, done, "Take", probed), Placed)
    added = editor.on(45)
    assert (added.nodes, added.properties["ZoomX"]) == ((("Look", "show.cube"),), 1.5)


def test_pictures_that_are_numbered(made: Film, tmp_path: Path) -> None:
    """They are imported by their numbers, and a placement of them counts by those."""
    from tests.timeline.media_cuts import write_still

    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(1001, 1025):
        write_still(folder / f"take_{number}.png")
    path = str(folder / "take_%04d.png")
    editor = opened(made, tmp_path)
    media = otio.schema.ImageSequenceReference(f"{folder}/", "take_", ".png", 1001, 1, 24.0, 4, available_range=None)
    media.available_range = time_range(1001, 24, Fraction(24))
    clip = otio.schema.Clip("P", media, time_range(1001 + 5, 12, Fraction(24)))
    assert isinstance(carried_out(editor, Overwrite(V1, at(44), clip)), Placed)
    item = editor.on(44)
    assert item.clip is not None
    assert (item.clip.path, item.first) == (path, 5)
    assert isinstance(carried_out(editor, Trim(V1, at(44), EndOf.TAIL, -2)), Beside)


@pytest.mark.parametrize("system", ["linux", "darwin", "win32"])
def test_the_library_is_where_the_documentation_says_or_its_variables(system: str) -> None:
    there = [one.binary.name for one in libraries(system, {})]
    assert set(there) == {"fusionscript.dll" if system == "win32" else "fusionscript.so"}
    named = {"RESOLVE_SCRIPT_API": "/api", "RESOLVE_SCRIPT_LIB": "/lib/other.so"}
    first = next(libraries(system, named))
    assert (first.modules, first.binary) == (Path("/api/Modules"), Path("/lib/other.so"))


def test_a_generation_on_a_track_of_its_own(made: Film, tmp_path: Path) -> None:
    editor = opened(made, tmp_path)
    before = editor.host.read()
    plan = plan_generation(
        Index(before.cut), at(10), 20, Where.ABOVE, None, Settings(made.folder, handles=0, prompt="x")
    )
    ordered = Ordered(before.cut, plan.order, partial(place_generation, plan))
    take = made.take(plan.order)
    _, done = placing.place(before.cut, ordered, (take,))
    placement = place(editor.host, before, done, "Take", probed)
    assert isinstance(placement, Placed)
    assert key_of(take) in {key for clip in placement.sequence.cut.find_clips() for key in clip.media_references()}
    editor.host.undo(placement.sequence.revision)
    assert len(editor.timeline.tracks["video"]) == 1


def test_a_misplacement_is_undone_and_said(made: Film, tmp_path: Path) -> None:
    """Another file under the name of the one that is placed."""
    editor = opened(made, tmp_path)
    other = editor.world.clip(str(made.make_clip(96, name="film-a")))

    def meanwhile(name: str) -> None:
        if name == "SaveProject":
            for item in editor.timeline.tracks["video"][0].items:
                if item.at == 86400 + 44:
                    item.clip = other

    editor.world.during = meanwhile
    before = editor.host.read()
    _, done = edit(before.cut, (into_gap(made.make_clip),))
    with pytest.raises((HostError, Misplaced)):
        place(editor.host, before, done, "Edit", probed)


def test_another_project_is_another_sequence(made: Film, tmp_path: Path) -> None:
    editor = opened(made, tmp_path)
    first = editor.host.read().id
    project = ProjectModel("film 1")
    project.timelines.append(timeline_of(made.cut, editor.world))
    project.current = project.timelines[0]
    editor.world.current = project
    second = editor.host.read().id
    assert first.project != second.project
    assert first.sequence != second.sequence
