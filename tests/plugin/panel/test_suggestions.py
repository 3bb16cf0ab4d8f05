"""What is suggested at a place of a cut, that a click drafts it, and that what is drafted can be placed."""

import subprocess
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

pytest.importorskip("PyQt5.QtWidgets", reason="the extra `panel` is not installed")

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QComboBox, QSpinBox
from pytestqt.qtbot import QtBot
from secondunit_bridge.messages import ReferenceShot, Text
from secondunit_plugin.panel.events import UnitLink
from secondunit_plugin.panel.model.cut import OpenCut, Version
from secondunit_plugin.panel.model.draft import Draft, Extend, Generate, Join, Match
from secondunit_plugin.panel.model.layout import Bar
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.model.places import GapPlace, JoinPlace, Place, ShotPlace
from secondunit_plugin.panel.model.planning import Folders, plan
from secondunit_plugin.panel.model.reading import version_of
from secondunit_plugin.panel.model.suggestions import (
    DissolveHandle,
    FillGap,
    ForDissolve,
    IntoGap,
    JoinAcross,
    JoinThese,
    Longer,
    MatchTo,
    SmoothJumpCut,
    Suggestion,
    is_jump_cut,
    suggestions,
)
from secondunit_plugin.panel.views.asking_form import AskingForm
from secondunit_plugin.panel.views.place_strip import PlaceStrip
from secondunit_plugin.panel.views.small_pictures import SmallPictures
from secondunit_timeline.joins import shows_one_set_up
from secondunit_timeline.shots import find_clip, open_shot

from tests.timeline.cuts import RATE, clip, cut_of, dissolve, gap
from tests.timeline.media_cuts import MakeClip, shot


def at(version: Version, kind: type[Place], number: int = 0) -> Place:
    return [place for place in version.places if isinstance(place, kind)][number]


def suggested(version: Version, place: Place) -> list[tuple[object, object]]:
    return [(one.asking, one.purpose) for one in suggestions(version.layout, place)]


def test_a_shot_whose_media_ends_before_a_gap_is_extended_through_it() -> None:
    version = version_of(cut_of([clip("A", 0, 40, (0, 44)), gap(16), clip("B", 0, 40)]))
    assert suggested(version, at(version, ShotPlace))[0] == (Extend("tail", 16), IntoGap("A", 16, 12))
    assert suggested(version, at(version, GapPlace)) == [
        (Extend("tail", 16), IntoGap("A", 16, 12)),
        (Join(), JoinAcross("A", "B", 16)),
        (Generate(16), FillGap(16)),
        (Extend("head", 16), IntoGap("B", 16, 16)),
    ]


def test_frames_that_a_shot_has_are_not_said_to_be_made() -> None:
    version = version_of(cut_of([clip("A", 0, 40, (0, 60)), gap(16), clip("B", 0, 40), clip("C", 0, 10)]))
    assert suggested(version, at(version, ShotPlace))[0] == (Extend("tail", 16), IntoGap("A", 16, 0))
    assert suggested(version, at(version, ShotPlace, 1))[0] == (Extend("tail", 24, "ripple"), Longer(24, 0, True))
    assert suggested(version, at(version, ShotPlace, 2))[0] == (Extend("tail", 24, None), Longer(24, 0, False))


def test_a_gap_at_the_start_is_filled_or_grown_into_and_joins_nothing() -> None:
    version = version_of(cut_of([gap(20), clip("B", 30, 40)]))
    assert suggested(version, at(version, GapPlace)) == [
        (Generate(20), FillGap(20)),
        (Extend("head", 20), IntoGap("B", 20, 0)),
    ]


@pytest.mark.parametrize(
    ("first", "second", "wanted"),
    [
        (
            clip("A", 0, 40, (0, 44)),
            clip("B", 20, 40),
            [(Extend("tail", 6, "over"), ForDissolve("A", 6)), (Extend("tail", 8, "handles"), DissolveHandle("A", 4))],
        ),
        (
            clip("A", 0, 40),
            clip("B", 2, 40),
            [(Extend("head", 8, "over"), ForDissolve("B", 8)), (Extend("head", 6, "handles"), DissolveHandle("B", 4))],
        ),
        (clip("A", 0, 40), clip("B", 20, 40), []),
    ],
)
def test_a_dissolve_without_frames_gets_them(
    first: otio.schema.Clip, second: otio.schema.Clip, wanted: list[tuple[object, object]]
) -> None:
    version = version_of(cut_of([first, dissolve(6, 8), second]))
    found = suggested(version, at(version, JoinPlace))
    assert [one for one in found if not isinstance(one[0], Match)] == wanted


@pytest.mark.parametrize(
    ("first", "second", "jumps"),
    [
        (clip("A", 0, 20), clip("A", 50, 20), True),
        (clip("A", 0, 20), clip("A", 20, 20), False),
        (clip("12A-1", 0, 20), clip("12A-3", 0, 20), True),
        (clip("kitchen_t02", 0, 20), clip("kitchen_T03", 5, 20), True),
        (clip("Wide take 1.mov", 0, 20), clip("Wide take 2.mov", 5, 20), True),
        (clip("A003", 0, 20), clip("A004", 0, 20), False),
        (clip("12A-1", 0, 20), clip("12B-1", 0, 20), False),
    ],
)
def test_takes_of_one_set_up_meet_in_a_jump_cut(first: otio.schema.Clip, second: otio.schema.Clip, jumps: bool) -> None:
    version = version_of(cut_of([first, second]))
    before, after = version.layout.tracks[0].items
    assert isinstance(before, Bar) and isinstance(after, Bar)
    assert is_jump_cut(before, after, RATE) == jumps
    found = [purpose for _, purpose in suggested(version, at(version, JoinPlace))]
    assert (SmoothJumpCut() in found) == jumps


def test_a_jump_cut_is_seen_in_the_pictures_where_names_do_not_say_so(
    qtbot: QtBot, model: PanelModel, make_clip: MakeClip
) -> None:
    """Two takes of one set-up, the second a little later and brighter, and a shot of another."""
    still = "color=black:s=160x90:r=24,drawbox=20:20:60:50:white:fill,drawbox=100:5:30:{}:gray:fill,trim=end_frame=30"
    takes = []
    for name, top in (("A003", 40), ("A004", 50)):
        path = make_clip(30).with_name(f"{name}.mov")
        source = ["-f", "lavfi", "-i", still.format(top), "-vf", f"eq=brightness={(top - 40) / 100}"]
        subprocess.run(["ffmpeg", "-v", "error", "-y", *source, "-pix_fmt", "yuv420p", str(path)], check=True)
        takes.append(shot(path, 30, 0, 30, name))
    strip = PlaceStrip(model, SmallPictures(model.thumbnails))
    qtbot.addWidget(strip)
    version = version_of(cut_of([*takes, shot(make_clip(40), 40, 0, 40, "B")]))
    model.cut.set_state(OpenCut(Path("/cut.otio"), (version,)))
    model.select(at(version, JoinPlace))
    qtbot.waitUntil(lambda: strip.buttons[0].text() == "Smooth this jump cut")
    model.select(at(version, JoinPlace, 1))
    assert strip.buttons[0].text() == "Join these two: A004 and B"
    shots = [open_shot(version.index, *find_clip(version.index, name)) for name in ("A003", "A004", "B")]
    assert shows_one_set_up(shots[0], shots[1]) and not shows_one_set_up(shots[1], shots[2])


def test_two_shots_are_joined_or_matched_either_way_and_a_cut_through_one_take_is_no_jump_cut() -> None:
    version = version_of(cut_of([clip("A", 0, 40), clip("B", 20, 40), clip("B", 60, 10)]))
    first, second = (at(version, ShotPlace, number) for number in (0, 1))
    assert isinstance(first, ShotPlace) and isinstance(second, ShotPlace)
    assert suggestions(version.layout, at(version, JoinPlace)) == (
        Suggestion(at(version, JoinPlace), Join(), JoinThese("A", "B")),
        Suggestion(second, Match(), MatchTo("B", first)),
        Suggestion(first, Match(), MatchTo("A", second)),
    )
    assert suggested(version, at(version, JoinPlace, 1)) == [(Join(), JoinThese("B", "B"))]


def test_nothing_is_suggested_on_a_locked_track_or_for_a_shot_that_is_offline() -> None:
    cut = cut_of([clip("A", 0, 40, (0, 44)), gap(16), otio.schema.Clip("C", None, clip("C", 0, 20).source_range)])
    version = version_of(cut)
    assert suggested(version, at(version, ShotPlace, 1)) == []
    cut.tracks[0].metadata["Resolve_OTIO"] = {"Locked": True}
    version = version_of(cut)
    assert version.layout.tracks[0].locked
    assert [suggestions(version.layout, place) for place in version.places] == [()] * len(version.places)


def test_what_is_suggested_can_be_placed(make_clip: MakeClip, tmp_path: Path) -> None:
    first, second = make_clip(44), make_clip(60, name="other")
    cuts = [
        cut_of([shot(first, 44, 0, 40), gap(16), shot(second, 60, 20, 40, "B")]),
        cut_of([shot(first, 44, 0, 40), dissolve(6, 8), shot(second, 60, 15, 40, "B")]),
        cut_of([shot(first, 44, 4, 40), dissolve(6, 8), shot(second, 60, 2, 40, "B")]),
        cut_of([shot(first, 44, 0, 20), shot(first, 44, 22, 20), shot(second, 60, 2, 40, "B")]),
    ]
    count = 0
    for cut in cuts:
        version = version_of(cut)
        for place in version.places:
            for one in suggestions(version.layout, place):
                if isinstance(one.asking, Join | Extend | Generate):
                    draft = Draft(one.place, one.asking, values={"prompt": Text("reeds")})
                    plan(version, draft, Folders(tmp_path, tmp_path), None)  # refuses what cannot be
                    count += 1
    assert count > 20


@pytest.fixture
def model(qtbot: QtBot, tmp_path: Path) -> Iterator[PanelModel]:  # noqa: ARG001 - Qt's application
    link = UnitLink(tmp_path)
    yield PanelModel(link)
    link.close()


def test_a_click_drafts_what_is_suggested(qtbot: QtBot, model: PanelModel, make_clip: MakeClip) -> None:
    strip = PlaceStrip(model, SmallPictures(model.thumbnails))
    qtbot.addWidget(strip)
    version = version_of(cut_of([shot(make_clip(44), 44, 0, 40), gap(16), shot(make_clip(60), 60, 0, 40, "B")]))
    model.cut.set_state(OpenCut(Path("/cut.otio"), (version,)))
    assert not strip.isVisibleTo(None)
    model.select(at(version, GapPlace))
    assert [button.text() for button in strip.buttons] == [
        "Extend A through the gap: 12 frames made",
        "Join A and B across the gap",
        "Fill this gap of 16 frames",
        "Extend B through the gap: 16 frames made",
    ]
    assert [button.isChecked() for button in strip.buttons] == [False, False, True, False], "as it is drafted"
    qtbot.mouseClick(strip.buttons[0], Qt.MouseButton.LeftButton)
    assert model.draft.draft is not None
    assert (model.place, model.draft.draft.asking) == (at(version, ShotPlace), Extend("tail", 16))
    assert strip.buttons[0].isChecked()


def test_the_form_shows_what_was_suggested(qtbot: QtBot, model: PanelModel) -> None:
    form = AskingForm(model.draft)
    qtbot.addWidget(form)
    version = version_of(cut_of([clip("A", 0, 40, (0, 44)), dissolve(6, 8), clip("B", 20, 40)]))
    model.cut.set_state(OpenCut(Path("/cut.otio"), (version,)))
    model.select(at(version, ShotPlace))

    def shown() -> tuple[int, str]:
        """Of what was drawn last; what was drawn before goes with the next event."""
        return form.findChildren(QSpinBox)[-1].value(), form.findChildren(QComboBox)[-1].currentText()

    for one in suggestions(version.layout, at(version, ShotPlace))[:2]:
        model.take_up(one)
        assert isinstance(one.asking, Extend)
        assert shown()[0] == one.asking.frames
    assert shown() == (8, "handles only")
    form.findChildren(QSpinBox)[-1].setValue(11)
    assert model.draft.draft is not None and model.draft.draft.asking == Extend("tail", 11, "handles")


def test_a_match_is_drafted_with_the_shot_that_it_is_like(qtbot: QtBot, model: PanelModel, make_clip: MakeClip) -> None:
    like = make_clip(60, name="other")
    version = version_of(cut_of([shot(like, 60, 0, 40), shot(make_clip(44), 44, 0, 40, "B")]))
    model.cut.set_state(OpenCut(Path("/cut.otio"), (version,)))
    (match,) = [
        one for one in suggestions(version.layout, at(version, ShotPlace, 1)) if isinstance(one.purpose, MatchTo)
    ]
    model.take_up(match)
    assert model.draft.draft is not None and model.draft.draft.asking == Match()
    qtbot.waitUntil(lambda: model.draft.draft is not None and "like" in model.draft.draft.values)
    (reference,) = model.draft.draft.values["like"]  # type: ignore[misc, union-attr]
    assert isinstance(reference, ReferenceShot) and reference.span.path == str(like)
    assert reference.span.range.rate == Fraction(24)


def test_frames_of_another_shot_are_no_unused_ones_of_this(
    qtbot: QtBot, model: PanelModel, make_clip: MakeClip, tmp_path: Path
) -> None:
    film = tmp_path / "film.mov"
    other = "smptebars=size=160x90:rate=24:duration=1"
    joined = "[0:v]trim=end_frame=36,setpts=PTS-STARTPTS,format=yuv420p[a];[1:v]format=yuv420p[b];[a][b]concat"
    sources = ["-i", str(make_clip(36)), "-f", "lavfi", "-i", other]
    subprocess.run(["ffmpeg", "-v", "error", *sources, "-filter_complex", joined, "-r", "24", str(film)], check=True)
    strip = PlaceStrip(model, SmallPictures(model.thumbnails))
    qtbot.addWidget(strip)
    version = version_of(cut_of([shot(film, 60, 6, 24), gap(12), shot(film, 60, 36, 20, "B")]))
    model.cut.set_state(OpenCut(Path("/cut.otio"), (version,)))
    with qtbot.waitSignal(model.handles.changed, timeout=10_000):
        model.select(at(version, GapPlace))
    layout = model.handles.narrowed(version, at(version, GapPlace))
    before, _, after = layout.tracks[0].items
    assert isinstance(before, Bar) and isinstance(after, Bar)
    assert (before.head, before.tail, after.head, after.tail) == (6, 6, 0, 4)
    assert strip.buttons[0].text() == "Extend A through the gap: 6 frames made"
