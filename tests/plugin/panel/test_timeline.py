"""The tracks of a cut: what is worked out to be drawn, what a person chooses there, and that it stays quick."""

import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path

import opentimelineio as otio
import pytest

pytest.importorskip("PyQt5.QtWidgets", reason="the extra `panel` is not installed")

from PyQt5.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot
from secondunit_plugin.panel.events import UnitLink
from secondunit_plugin.panel.model.cut import OpenCut
from secondunit_plugin.panel.model.layout import Bar, Blend, Hole, Kind, Mark
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.model.places import GapPlace, JoinPlace, Place, ShotPlace
from secondunit_plugin.panel.model.reading import version_of
from secondunit_plugin.panel.views.small_pictures import SmallPictures
from secondunit_plugin.panel.views.timeline import Timeline
from secondunit_plugin.panel.views.tracks_view import HEADER, RULER
from secondunit_plugin.panel.window import Window

from tests.timeline.cuts import clip, cut_of, dissolve, gap, times

NTSC = Fraction(30000, 1001)
LIMIT = 0.05


def film() -> otio.schema.Timeline:
    """V1: A dissolves into B, a gap, C offline; V2: a title above; A1: the sound of A."""
    made = cut_of(
        [
            clip("A", 10, 40, (0, 55)),
            dissolve(6, 12),
            clip("B", 4, 50),
            gap(16),
            otio.schema.Clip("C", None, times(0, 30)),
        ],
        [gap(20), otio.schema.Clip("T", otio.schema.GeneratorReference("T", "title"), times(0, 24))],
    )
    sound = otio.schema.Track("A1", kind=otio.schema.TrackKind.Audio)
    sound.append(clip("A", 10, 90, (0, 200)))
    made.tracks.append(sound)
    return made


def test_tracks_are_laid_out_from_top_to_bottom_with_handles_gaps_and_transitions() -> None:
    layout = version_of(film()).layout
    assert [(track.name, track.video) for track in layout.tracks] == [("V2", True), ("V1", True), ("A1", False)]
    assert layout.frames == 136
    first, second, hole, third = layout.tracks[1].items
    assert isinstance(first, Bar) and (first.at, first.frames, first.head, first.tail) == (0, 40, 10, 5)
    assert isinstance(second, Bar) and (second.at, second.head, second.tail) == (40, 4, 46)
    assert isinstance(hole, Hole) and isinstance(hole.place, GapPlace) and hole.frames == 16
    assert isinstance(third, Bar) and third.kind is Kind.OFFLINE and third.join is None
    assert layout.tracks[1].blends == (Blend(40, 6, 12, "dissolve", 7, 2),)
    title = layout.tracks[0].items[1]
    assert isinstance(title, Bar) and title.kind is Kind.TITLE
    sound = layout.tracks[2].items[0]
    assert isinstance(sound, Bar) and sound.place is None, "sound is no place of its own"


def test_markers_lie_where_their_clip_shows_them() -> None:
    slow = clip("A", 10, 40, speed=0.5)
    slow.markers.append(otio.schema.Marker("here", times(15, 4), "RED", comment="look"))
    cut = cut_of([gap(20), slow])
    cut.tracks.markers.append(otio.schema.Marker("act 2", times(30, 0), "GREEN"))
    layout = version_of(cut).layout
    assert layout.tracks[0].marks == (Mark(30, 4, "here", "look", "RED"),)
    assert layout.marks == (Mark(30, 0, "act 2", "", "GREEN"),)


def test_a_takes_clip_is_told_from_camera_media() -> None:
    taken = clip("A", 10, 40)
    references = {
        **taken.media_references(),
        "take.1": otio.schema.ExternalReference("/takes/A_v001.mov", times(0, 80)),
    }
    taken.set_media_references(references, "take.1")
    (bar,) = version_of(cut_of([taken])).layout.tracks[0].items
    assert isinstance(bar, Bar) and (bar.kind, bar.takes, bar.media) == (Kind.TAKE, 1, "/takes/A_v001.mov")


def test_every_place_is_found_where_it_is_drawn() -> None:
    version = version_of(film())
    for place in version.places:
        found = version.layout.find(place)
        assert found is not None
        item = found[0].items[found[1]]
        assert item.at == place.at.frame
        assert place == (item.join if isinstance(place, JoinPlace) and isinstance(item, Bar) else item.place)
    assert version.layout.find(ShotPlace("V1", version.places[0].at, 1, "other", "")) is None


def test_edit_points_of_all_tracks_are_stepped_through() -> None:
    layout = version_of(film()).layout
    seen, frame = [], 0
    while (following := layout.edit_beside(frame, 1)) != frame:
        seen.append(frame := following)
    assert seen == [20, 40, 90, 106, 135]
    assert layout.edit_beside(40, -1) == 20 and layout.edit_beside(0, -1) == 0


@pytest.fixture
def model(qtbot: QtBot, tmp_path: Path) -> Iterator[PanelModel]:  # noqa: ARG001 - Qt's application
    link = UnitLink(tmp_path)
    yield PanelModel(link)
    link.close()


def opened(qtbot: QtBot, model: PanelModel, cut: otio.schema.Timeline) -> Timeline:
    view = Timeline(model, SmallPictures(model.thumbnails))
    qtbot.addWidget(view)
    view.resize(1000, 260)
    with qtbot.waitExposed(view):
        view.show()
    version = version_of(cut)
    model.cut.set_state(OpenCut(Path("/cut.otio"), (version,)))
    qtbot.waitUntil(lambda: model.playback.scene is not None)
    return view


def test_a_shot_a_gap_and_a_cut_point_are_clicked(qtbot: QtBot, model: PanelModel) -> None:
    view = opened(qtbot, model, film())
    port = view.area.viewport()
    state = model.cut.open
    assert state is not None
    for place in state.version.places:
        rect = view.area.area_of(place)
        assert rect is not None
        qtbot.mouseClick(port, Qt.MouseButton.LeftButton, pos=rect.center())
        assert model.place == place
        assert view.places.text().startswith(place.track)
    qtbot.mouseClick(port, Qt.MouseButton.LeftButton, pos=QPoint(HEADER + 1, RULER // 2))
    assert model.playback.head == 0 and view.timecode.text() == "00:00:00:00"


def test_a_shot_is_chosen_when_the_mouse_lets_go_so_that_it_can_be_dragged(qtbot: QtBot, model: PanelModel) -> None:
    view = opened(qtbot, model, film())
    shot = next(place for place in places(model) if isinstance(place, ShotPlace))
    rect = view.area.area_of(shot)
    assert rect is not None
    qtbot.mousePress(view.area.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    assert model.place is None
    qtbot.mouseRelease(view.area.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    assert model.place == shot


def test_a_place_is_chosen_by_its_name(qtbot: QtBot, model: PanelModel) -> None:
    view = opened(qtbot, model, film())
    finder = view.places.completer()
    assert finder is not None
    view.write_name()
    qtbot.keyClicks(view.places, "b, 5")
    qtbot.waitUntil(lambda: finder.currentCompletion() == "V1  B, 50 frames")
    popup = finder.popup()
    assert popup is not None
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Return):
        qtbot.keyClick(popup, key)
    assert isinstance(model.place, ShotPlace) and model.place.name == "B"
    assert model.playback.head == 40 and view.places.text() == "V1  B, 50 frames"


def test_places_are_stepped_through(qtbot: QtBot, model: PanelModel) -> None:
    opened(qtbot, model, film())
    model.go_to(95)
    seen = []
    for _ in range(3):
        model.step_place(1)
        assert model.place is not None
        seen.append((type(model.place), model.place.at.frame))
    assert seen == [(ShotPlace, 106), (GapPlace, 0), (ShotPlace, 20)]


def test_keys_work_where_the_cut_is_seen_and_not_where_a_name_is_written(qtbot: QtBot, model: PanelModel) -> None:
    window = Window()
    qtbot.addWidget(window)
    with qtbot.waitExposed(window):
        window.show()
    window.fill(model)
    version = version_of(film())
    model.cut.set_state(OpenCut(Path("/cut.otio"), (version,)))
    qtbot.waitUntil(lambda: model.playback.scene is not None)
    window.activateWindow()
    area = window.timeline.area
    area.setFocus()
    qtbot.waitUntil(area.hasFocus)
    for key, wanted in ((Qt.Key.Key_End, 135), (Qt.Key.Key_Left, 134), (Qt.Key.Key_Home, 0), (Qt.Key.Key_Right, 1)):
        qtbot.keyClick(area, key)
        assert model.playback.head == wanted
    qtbot.keyClick(area, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert model.playback.head == 20
    qtbot.keyClick(area, Qt.Key.Key_Down)
    assert model.place == version.places[1] and model.playback.head == 40
    before = area.area_of(version.places[2])
    qtbot.keyClick(area, Qt.Key.Key_Equal)
    closer = area.area_of(version.places[2])
    assert before is not None and closer is not None and closer.width() > before.width()
    qtbot.keyClick(area, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert window.timeline.places.hasFocus()
    qtbot.keyClicks(window.timeline.places, "i-")
    qtbot.keyClick(window.timeline.places, Qt.Key.Key_Home)
    assert window.timeline.places.text() == "i-" and model.playback.head == 40
    window.timeline.write_name()
    qtbot.keyClicks(window.timeline.places, "c, 30")
    finder = window.timeline.places.completer()
    assert finder is not None
    qtbot.waitUntil(lambda: finder.currentCompletion() == "V1  C, 30 frames")
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Return):
        qtbot.keyClick(finder.popup(), key)
    assert isinstance(model.place, ShotPlace) and model.place.name == "C"
    qtbot.waitUntil(area.hasFocus)


def test_a_closer_look_shows_the_place_and_fitting_shows_the_cut(qtbot: QtBot, model: PanelModel) -> None:
    area = opened(qtbot, model, film()).area
    shot = places(model)[2]
    whole = area.area_of(shot)
    model.select(shot)
    area.zoom(2)
    closer = area.area_of(shot)
    area.fit()
    assert whole is not None and closer is not None and closer.width() > 1.5 * whole.width()
    assert area.area_of(shot) == whole


def places(model: PanelModel) -> tuple[Place, ...]:
    assert model.cut.open is not None
    return model.cut.open.version.places


def test_a_cut_of_ten_thousand_clips_is_scrolled_zoomed_and_played_without_a_block(
    qtbot: QtBot, model: PanelModel
) -> None:
    tracks = [[clip(f"S{n:05}", n % 40, 30 + n % 50, (0, 200)) for n in range(2500)] for _ in range(4)]
    area = opened(qtbot, model, cut_of(*tracks, rate=NTSC)).area
    port = area.viewport()
    assert port is not None and len(places(model)) == 19_996

    def seconds(do: Callable[[], None]) -> float:
        """Of this thread alone: other processes run beside the tests."""
        began = time.thread_time()
        do()
        port.repaint()
        return time.thread_time() - began

    whole = 137_000
    taken = [seconds(area.fit)]
    taken += [seconds(partial(area.zoom, 3)) for _ in range(12)]
    taken += [seconds(partial(model.go_to, at)) for at in range(0, whole, 9000)]
    taken += [seconds(partial(model.select, places(model)[number])) for number in range(0, 19_996, 2500)]
    taken += [seconds(partial(area.zoom, -4)) for _ in range(9)]
    assert min(taken) > 0.0001, "it is painted"
    assert max(taken) < LIMIT, [round(one * 1000) for one in taken]
