"""Takes in an open cut whose camera frames have changed: how they are marked, and further versions of them."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

pytest.importorskip("PyQt5.QtWidgets", reason="the extra `panel` is not installed")

from pytestqt.qtbot import QtBot
from secondunit_bridge.errors import CutError
from secondunit_bridge.messages import Order, Take
from secondunit_bridge.rates import FrameTime
from secondunit_bridge.ratings import Rating, rate
from secondunit_plugin.panel import words
from secondunit_plugin.panel.events import UnitLink
from secondunit_plugin.panel.model import cutting
from secondunit_plugin.panel.model.cut import OpenCut
from secondunit_plugin.panel.model.panel import Notice, PanelModel
from secondunit_plugin.panel.model.places import ShotPlace
from secondunit_plugin.panel.model.reading import version_of
from secondunit_plugin.panel.model.remaking import held_takes, plan_version
from secondunit_plugin.panel.model.states import (
    BeingMade,
    ChooseVersion,
    Fresh,
    HeldTake,
    Locked,
    MakeVersion,
    OfflineGrade,
    Stale,
    Unknown,
)
from secondunit_timeline.conform import relink_media
from secondunit_timeline.edits import edit
from secondunit_timeline.extensions import place_extension, plan_extension
from secondunit_timeline.index import Index
from secondunit_timeline.library import scan
from secondunit_timeline.matches import look_of, place_match, plan_match
from secondunit_timeline.operations import ApproveTake, End, Into, Lift, Slip
from secondunit_timeline.operations import Operation as Change
from secondunit_timeline.orders import Settings
from secondunit_timeline.placing import Ordered
from secondunit_timeline.takes import placed_takes

from tests.timeline.cuts import at, gap
from tests.timeline.media_cuts import MakeClip, shot, sounding_cut, take_for
from tests.timeline.test_conform import movie

BLOCK = FrameTime(20 * 3600 * 24, Fraction(24))
HERE = Settings(Path())
TAKE = "take.id1"


def take_of(order: Order | None, number: int = 1, reel: str = "UAAAAAAA") -> Take:
    assert order is not None
    made = take_for(order, start=BLOCK)
    record = replace(made.record, take_id=f"id{number}", name=f"A_v{number:03}", reel=reel)
    return replace(made, record=record)


def camera(path: Path, frames: int, first: int, used: int, reel: str) -> otio.schema.Clip:
    clip = shot(path, frames, first, used, reel)
    clip.media_reference.metadata["cmx_3600"] = {"reel": reel}
    return clip


def extended(media: Path, frames: int) -> otio.schema.Timeline:
    """A shot of 60 frames up to the end of its media, and a take of 12 behind it."""
    cut = sounding_cut(camera(media, frames, frames - 60, 60, "A003"), gap(30))
    plan = plan_extension(Index(cut), "A003", End.TAIL, 12, Into.GAP, False, HERE)
    return edit(cut, place_extension(plan, (take_of(plan.order),)))[0]


@pytest.fixture
def cut(make_clip: MakeClip) -> otio.schema.Timeline:
    return extended(make_clip(80, name="A"), 80)


@pytest.fixture
def model(qtbot: QtBot, tmp_path: Path) -> Iterator[PanelModel]:  # noqa: ARG001 - Qt's application
    link = UnitLink(tmp_path)
    yield PanelModel(link)
    link.close()


def slipped(cut: otio.schema.Timeline, *after: Change) -> otio.schema.Timeline:
    """The shot before the take shows frames that lie five further on."""
    return edit(cut, [Slip("V1", at(0), -5), *after])[0]


def show(qtbot: QtBot, model: PanelModel, cut: otio.schema.Timeline, path: Path = Path("/cut.otio")) -> OpenCut:
    opened = OpenCut(path, (version_of(cut),))
    with qtbot.waitSignal(model.states.changed):
        model.cut.set_state(opened)
    qtbot.waitUntil(lambda: bool(model.states.takes))
    return opened


def place_of(opened: OpenCut, number: int = 1) -> ShotPlace:
    return [place for place in opened.version.places if isinstance(place, ShotPlace)][number]


def only(cut: otio.schema.Timeline) -> HeldTake:
    (found,) = held_takes(Index(cut))
    return found


def test_a_take_is_marked_where_it_plays_and_says_what_has_changed(
    qtbot: QtBot, model: PanelModel, cut: otio.schema.Timeline
) -> None:
    opened = show(qtbot, model, cut)
    assert not model.states.marked and model.states.remedy(place_of(opened)) is None
    opened = show(qtbot, model, slipped(cut), Path("/other.otio"))
    place = place_of(opened)
    state = model.states.marked["V1", place.at.frame]
    assert isinstance(state, Stale) and words.of_state(state) == "stale"
    changed = "it was made to follow A003 10:00:03:07, and the cut shows A003 10:00:03:02 there."
    assert words.why_of(state) == f"Stale: {changed}"
    assert isinstance(model.states.remedy(place), MakeVersion)
    assert model.states.remedy(place_of(opened, 0)) is None
    assert model.states.of_take("id1", place) == state and model.states.of_take("id2") is None
    away, _ = edit(cut, [Lift("V1", at(0), 60)])
    opened = show(qtbot, model, away, Path("/third.otio"))
    assert not model.states.marked and model.states.remedy(place_of(opened, 0)) is None
    assert model.states.of_take("id1") == Unknown("no shot lies before it")


def test_a_take_of_a_proxy_is_of_offline_grade_once_the_original_is_there(tmp_path: Path) -> None:
    proxy = movie(tmp_path / "proxies/A003.mov", 80, "A003", size="32x18")
    movie(tmp_path / "originals/A003C001.mov", 90, "A003", "09:59:59:20")
    cut = extended(proxy, 80)
    assert only(cut).state == Fresh()
    full, _, _ = relink_media(cut, scan([tmp_path / "originals"]))
    take = only(full)
    assert isinstance(take.state, OfflineGrade) and take.made_from == {"A003"}
    assert words.why_of(take.state) == (
        "Offline grade: it was made from 32×18 h264, and the shot is A003C001.mov by now, 64×36 h264."
    )
    planned = plan_version(Index(full), take, tmp_path, False)
    assert planned.order is not None and planned.order.seeds == (0,)
    assert (planned.order.slot.width, planned.order.slot.height) == (64, 36)
    after, _ = edit(full, planned.operations([take_of(planned.order, 2)]))
    held = held_takes(Index(after))
    assert [(one.plays, isinstance(one.state, Fresh)) for one in held] == [(True, False), (False, True)]


def test_a_further_version_stands_on_the_frames_of_now_and_takes_nothing_away(cut: otio.schema.Timeline) -> None:
    stale = slipped(cut)
    take = only(stale)
    planned = plan_version(Index(stale), take, Path("/takes"), True)
    after, _ = edit(stale, planned.operations([take_of(planned.order, 2)]))
    old, new = held_takes(Index(after))
    assert (old.plays, new.plays, new.state) == (False, True, Fresh()) and old.state == take.state
    assert next(placed_takes(Index(after))).path == next(placed_takes(Index(stale))).path


def test_what_would_not_fit_either_is_refused_before_anything_is_made(cut: otio.schema.Timeline) -> None:
    stale = slipped(cut)
    stale.tracks[0][0].effects.append(otio.schema.LinearTimeWarp(time_scalar=0.5))
    take = only(stale)
    assert isinstance(take.state, Stale)
    with pytest.raises(CutError, match="would not fit either"):
        plan_version(Index(stale), take, Path("/takes"), True)


@pytest.mark.parametrize("noted", ["cut", "folder"])
def test_an_approved_take_is_not_made_again(
    noted: str, qtbot: QtBot, model: PanelModel, cut: otio.schema.Timeline, tmp_path: Path
) -> None:
    """Wherever the approval is: in the cut, or beside the takes."""
    approval = [ApproveTake("V1", at(60), TAKE)] if noted == "cut" else []
    if noted == "folder":
        (tmp_path / "takes").mkdir()
        rate(tmp_path / "takes", "id1", Rating.APPROVED)
    opened = show(qtbot, model, slipped(cut, *approval), tmp_path / "cut.otio")
    place = place_of(opened)
    qtbot.waitUntil(lambda: isinstance(model.states.remedy(place), Locked))
    notices: list[Notice] = []
    model.noticed.connect(notices.append)
    model.states.make_version(place)
    assert notices == [Notice("A_v001 is approved: it is not made again", True)]
    model.states.make_all()
    assert notices[1:] == [Notice("Approved, and not made again: A_v001", True)]


def test_what_was_made_from_a_stale_take_waits_for_it(qtbot: QtBot, model: PanelModel, make_clip: MakeClip) -> None:
    """A match under a shot, and an extension that goes on from it: both are stale once the shot is slipped."""
    cut = sounding_cut(
        camera(make_clip(80, name="A"), 80, 20, 40, "A003"), gap(30), camera(make_clip(60), 60, 0, 20, "B007")
    )
    index = Index(cut)
    match = plan_match(index, "A003", [look_of(index, "B007")], replace(HERE, handles=0))
    small = make_clip(40, timecode="10:00:00:20", name="match")
    cut, _ = edit(cut, place_match(match, (replace(take_of(match.order), path=str(small)),)))
    longer = plan_extension(Index(cut), "A003", End.TAIL, 12, Into.GAP, False, HERE)
    cut, _ = edit(cut, place_extension(longer, (take_of(longer.order, 2, "UBBBBBBB"),)))
    opened = show(qtbot, model, cut)
    assert not model.states.marked
    slipped_there = cut.deepcopy()  # as another program does it, which does not know what a take holds
    clip = slipped_there.tracks[0][0]
    start = clip.source_range.start_time - otio.opentime.RationalTime(5, 24)
    clip.source_range = otio.opentime.TimeRange(start, clip.source_range.duration)
    opened = show(qtbot, model, slipped_there, Path("/other.otio"))
    assert [type(one) for one in model.states.remedies] == [MakeVersion, MakeVersion]
    notices: list[Notice] = []
    model.noticed.connect(notices.append)
    model.states.make_all()
    assert isinstance(model.states.remedy(place_of(opened, 0)), BeingMade)
    assert isinstance(model.states.remedy(place_of(opened, 1)), MakeVersion)
    qtbot.waitUntil(lambda: bool(notices))
    assert "Made from these, and to be made again after them: A_v002" in notices[0].text
    assert isinstance(model.states.remedy(place_of(opened, 0)), MakeVersion), "no unit has taken it"


def planned_beside(opened: OpenCut) -> Ordered:
    return plan_version(opened.version.index, only(opened.version.index.cut), Path("/takes"), False)


def test_a_version_fills_its_slug_beside_an_approved_take_and_plays_once_it_is_cut_in(
    qtbot: QtBot, model: PanelModel, cut: otio.schema.Timeline
) -> None:
    opened = show(qtbot, model, slipped(cut))
    planned = planned_beside(opened)
    assert planned.order is not None
    take = take_of(planned.order, 2)
    slugged = cutting.with_slug(opened, planned)
    model.cut.set_state(slugged)
    qtbot.waitUntil(lambda: isinstance(model.states.remedy(place_of(slugged)), BeingMade))
    assert words.of_step(slugged.version.step) == "Slug for A003, beside what plays"
    filled = cutting.with_take(slugged, take)
    assert words.of_step(filled.version.step) == "A_v002 added beside what plays"
    assert [one.active for one in placed_takes(filled.version.index)] == [True, False]
    model.cut.set_state(filled)
    qtbot.waitUntil(lambda: isinstance(model.states.remedy(place_of(filled)), ChooseVersion))
    for before, steps in ((filled, 1), (slugged, 1)):
        done = cutting.cut_in(before, planned.order, take, planned)
        assert [one.active for one in placed_takes(done.version.index)] == [False, True]
        assert done.place == before.place + steps and words.of_step(done.version.step) == "Cut in A_v002"
