"""The panel on the cut that a program has open: read and read again, looked at together, takes cut in there."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("PyQt5.QtCore", reason="the extra `panel` is not installed")

import opentimelineio as otio
from PyQt5.QtCore import Qt
from pytestqt.qtbot import QtBot
from secondunit_bridge.errors import HostUnreachable, UnitUnreachable
from secondunit_bridge.messages import Order, OrderStatus, TakeReady
from secondunit_bridge.rates import FrameTime
from secondunit_plugin.hosts.host import Changed, Gone, SequenceId, Support
from secondunit_plugin.hosts.watched import Watched
from secondunit_plugin.panel.events import UnitLink
from secondunit_plugin.panel.model.cut import NoCut, OpenCut, Reading, Unreadable
from secondunit_plugin.panel.model.draft import Extend, Generate, Join
from secondunit_plugin.panel.model.kept import submit
from secondunit_plugin.panel.model.panel import Notice, PanelModel
from secondunit_plugin.panel.model.pending import Choices
from secondunit_plugin.panel.model.places import GapPlace, JoinPlace, ShotPlace
from secondunit_plugin.panel.model.programs import ProgramsModel
from secondunit_plugin.panel.model.takes import TakeId
from secondunit_plugin.panel.views.pending import Pending
from secondunit_timeline.interchange import write_cut
from secondunit_timeline.placing import Ordered

from tests.plugin.hosts.conformance import Film, film, frame_map, probed
from tests.plugin.hosts.fake import FakeEditor
from tests.plugin.hosts.linked_fake import InHost, pumped
from tests.plugin.hosts.test_conformance import extended, extended_by_a_ripple, plays_at, replaced, settings_in
from tests.timeline.media_cuts import MakeClip

WAIT_MS = 30_000


class Seat:
    """A panel, and what it says."""

    def __init__(self, model: PanelModel) -> None:
        self.model = model
        self.said: list[Notice] = []
        model.noticed.connect(self.said.append)

    @property
    def opened(self) -> OpenCut:
        opened = self.model.cut.open
        assert opened is not None
        return opened

    @property
    def cut(self) -> otio.schema.Timeline:
        return self.opened.version.index.cut

    def order(self, made: Film, ordered: Ordered, awaited: bool = False) -> TakeId:
        """As a unit that is quick about it."""
        order = ordered.order
        assert order is not None
        self.model.orders.add(order, ordered)
        if awaited:
            self.model.editing.place_slug(ordered)
        self.model.orders.take(TakeReady(order.id, 1, 0, made.take(order)))
        return TakeId(order.id, 0)


@pytest.fixture
def seat(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Seat]:  # noqa: ARG001
    monkeypatch.setenv("SECONDUNIT_HOME", str(tmp_path / "home"))
    model = PanelModel(UnitLink())
    yield Seat(model)
    model.close_host()


@pytest.fixture
def shown(make_clip: MakeClip) -> Film:
    return film(make_clip)


def opened(made: Film, supports: set[Support] | None = None) -> FakeEditor:
    editor = FakeEditor(supports if supports is not None else Support)
    editor.open(made.cut)
    return editor


def follow(seat: Seat, qtbot: QtBot, editor: FakeEditor) -> None:
    seat.model.follow(lambda: editor.host)
    qtbot.waitUntil(lambda: seat.model.cut.open is not None, timeout=WAIT_MS)


def follow_again(seat: Seat, qtbot: QtBot, editor: FakeEditor) -> None:
    editor.host._tell(Gone("Fake ended"))
    qtbot.waitUntil(lambda: isinstance(seat.model.cut.state, NoCut), timeout=WAIT_MS)
    assert seat.model.place is None
    follow(seat, qtbot, editor)


def idle(seat: Seat) -> Callable[[], bool]:
    return lambda: not seat.model.editing._edits


def test_the_hosts_cut_is_shown_and_read_again_when_it_changes(qtbot: QtBot, seat: Seat, shown: Film) -> None:
    editor = opened(shown)
    follow(seat, qtbot, editor)
    assert frame_map(seat.cut) == frame_map(shown.cut)
    editor.insert_gap(64, 7)
    moved = frame_map(editor.host.read().cut)
    qtbot.waitUntil(lambda: frame_map(seat.cut) == moved, timeout=WAIT_MS)
    assert seat.said == [Notice("project1 is open, and followed.")]


def test_what_is_looked_at_in_the_host_is_looked_at_here(qtbot: QtBot, seat: Seat, shown: Film) -> None:
    editor = opened(shown)
    follow(seat, qtbot, editor)
    editor.select((70,), 70)
    qtbot.waitUntil(lambda: isinstance(seat.model.place, ShotPlace) and seat.model.place.name == "B", timeout=WAIT_MS)
    editor.select((110,), 110)
    qtbot.waitUntil(lambda: isinstance(seat.model.place, ShotPlace) and seat.model.place.name == "C", timeout=WAIT_MS)


@pytest.mark.parametrize("told", [True, False])
def test_what_was_selected_in_the_host_before_its_cut_is_read_is_selected_then(
    qtbot: QtBot, seat: Seat, shown: Film, monkeypatch: pytest.MonkeyPatch, told: bool
) -> None:
    """Told, or not."""
    editor = opened(shown)
    begin = editor.host.follow

    def tell_at_once(changed: Callable[[Changed], None]) -> Callable[[], None]:
        leave = begin(changed)
        editor.select((70,), 72)
        return leave

    if told:
        monkeypatch.setattr(editor.host, "follow", tell_at_once)
    else:
        editor.select((70,), 72)
    follow(seat, qtbot, editor)
    qtbot.waitUntil(lambda: isinstance(seat.model.place, ShotPlace) and seat.model.place.name == "B", timeout=WAIT_MS)
    qtbot.waitUntil(lambda: seat.model.playback.in_cut == 72, timeout=WAIT_MS)


def test_a_take_is_cut_in_there_and_taken_back(qtbot: QtBot, seat: Seat, shown: Film) -> None:
    editor = opened(shown)
    follow(seat, qtbot, editor)
    chosen = seat.order(shown, extended(seat.cut, settings_in(shown)))
    take = seat.model.takes.take(chosen)
    with qtbot.waitSignal(seat.model.editing.stepped, timeout=WAIT_MS):
        seat.model.editing.cut_in(chosen)
    assert plays_at(editor.host.read().cut, take) == [40]
    assert plays_at(seat.cut, take) == [40]
    assert editor.host.undo_names == [f"Second Unit: {take.record.name}"]
    assert editor.host.attention().playhead == FrameTime(40, Fraction(24))
    qtbot.waitUntil(idle(seat), timeout=WAIT_MS)
    seat.model.editing.undo()
    qtbot.waitUntil(lambda: plays_at(seat.cut, take) == [], timeout=WAIT_MS)
    assert frame_map(editor.host.read().cut) == frame_map(shown.cut)
    assert seat.said == [Notice("project1 is open, and followed.")]


def test_a_take_whose_shot_is_gone_waits_and_lies_in_the_bin(qtbot: QtBot, seat: Seat, shown: Film) -> None:
    editor = opened(shown)
    follow(seat, qtbot, editor)
    chosen = seat.order(shown, replaced(seat.cut, settings_in(shown)))
    take = seat.model.takes.take(chosen)
    editor.delete(70)
    seat.model.editing.cut_in(chosen)
    qtbot.waitUntil(lambda: bool(seat.model.pending.unplaced), timeout=WAIT_MS)
    (unplaced,) = seat.model.pending.unplaced
    assert unplaced.path == take.path
    assert editor.bin() == {take.path}
    assert any(take.path in notice.text for notice in seat.said)


def test_a_program_that_connects_again_is_offered_what_came_meanwhile(qtbot: QtBot, seat: Seat, shown: Film) -> None:
    """Over the real link; nothing of the panel is left but what it has kept."""
    editor = opened(shown)
    editor.host.projects = f"{seat.model.link.home}/"
    programs = ProgramsModel(seat.model)
    programs.listen()
    qtbot.waitUntil(lambda: (seat.model.link.home / "link.json").exists(), timeout=WAIT_MS)
    try:
        with pumped(InHost(editor.host, seat.model.link.home)):
            qtbot.waitUntil(lambda: seat.model.cut.open is not None, timeout=WAIT_MS)
            ordered = replaced(seat.cut, settings_in(shown))
            order = ordered.order
            assert order is not None
            with pytest.raises(UnitUnreachable):
                submit(seat.model.link, seat.opened, ordered)
        qtbot.waitUntil(lambda: isinstance(seat.model.cut.state, NoCut), timeout=WAIT_MS)
        take = shown.take(order)
        editor.insert_gap(64, 7)
        with pumped(InHost(editor.host, seat.model.link.home)):
            qtbot.waitUntil(lambda: seat.model.cut.open is not None, timeout=WAIT_MS)
            assert seat.model.pending.awaited is not None and list(seat.model.pending.awaited) == [order.id]
            status = OrderStatus(order, TakeReady(order.id, 1, 0, take), (take,), 1)
            seat.model.orders.restore(status, seat.model.pending.ordered(order.id))
            assert seat.model.pending.offered == {order.id: TakeId(order.id, 0)}
            seat.model.pending.cut_in(order.id)
            qtbot.waitUntil(lambda: seat.model.cut.open is not None and plays_at(seat.cut, take) == [71])
            assert plays_at(editor.host.read().cut, take) == [71]
            qtbot.waitUntil(idle(seat), timeout=WAIT_MS)
    finally:
        seat.model.close_host()
        programs.close()


def test_takes_are_offered_where_the_programs_own_undo_does_not_take_them_back(
    qtbot: QtBot, seat: Seat, shown: Film
) -> None:
    editor = opened(shown, set(Support) - {Support.HISTORY})
    follow(seat, qtbot, editor)
    view = Pending(seat.model)
    qtbot.addWidget(view)
    chosen = seat.order(shown, extended(seat.cut, settings_in(shown)), awaited=True)
    take = seat.model.takes.take(chosen)
    assert not seat.model.pending.waiting and not view.as_they_arrive.isEnabled()
    assert view.list.item(0).text() == "A: its take has come, and is offered"
    assert view.cut_in.isEnabled() and not view.leave_out.isEnabled()
    qtbot.mouseClick(view.cut_in, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: plays_at(seat.cut, take) == [40], timeout=WAIT_MS)
    qtbot.waitUntil(lambda: view.list.count() == 0, timeout=WAIT_MS)
    assert plays_at(editor.host.read().cut, take) == [40]


def test_no_version_of_the_cut_is_made_by_itself(qtbot: QtBot, seat: Seat, shown: Film) -> None:
    editor = opened(shown, set(Support) - {Support.MOVE})
    follow(seat, qtbot, editor)
    view = Pending(seat.model)
    qtbot.addWidget(view)
    chosen = seat.order(shown, extended_by_a_ripple(seat.cut, settings_in(shown)), awaited=True)
    assert list(seat.model.pending.waiting) == [chosen.order_id]
    seat.model.pending.carry_out()
    qtbot.waitUntil(lambda: bool(seat.model.pending.unplaced), timeout=WAIT_MS)
    assert not editor.host.versions and frame_map(editor.host.read().cut) == frame_map(shown.cut)
    assert view.list.item(0).text() == "C_v001: Fake cannot move and trim clips: nothing was placed"
    view.list.itemActivated.emit(view.list.item(0))
    qtbot.waitUntil(lambda: len(editor.host.versions) == 1, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: view.list.count() == 0, timeout=WAIT_MS)


def test_what_is_left_out_of_the_list_is_not_offered_again(qtbot: QtBot, seat: Seat, shown: Film) -> None:
    editor = opened(shown)
    editor.host.projects = f"{seat.model.link.home}/"
    follow(seat, qtbot, editor)
    view = Pending(seat.model)
    qtbot.addWidget(view)
    seat.model.pending.choose(Choices(as_they_arrive=False))
    ordered = extended(seat.cut, settings_in(shown))
    with pytest.raises(UnitUnreachable):
        submit(seat.model.link, seat.opened, ordered)
    seat.order(shown, ordered, awaited=True)
    view.list.setCurrentRow(0)
    qtbot.keyClick(view.list, Qt.Key.Key_Delete)
    assert view.list.count() == 0
    files = seat.model.link.home / "panel"
    qtbot.waitUntil(lambda: not list(files.glob("*/*.ordered")), timeout=WAIT_MS)
    follow_again(seat, qtbot, editor)
    assert seat.model.pending.awaited == {} and seat.model.pending.choices == Choices(as_they_arrive=False)


def ordered_in_a_project(qtbot: QtBot, seat: Seat, shown: Film) -> tuple[FakeEditor, Order]:
    """What the unit was to make, which is not there, so that what is kept of it is all that there is."""
    editor = opened(shown)
    editor.host.projects = f"{seat.model.link.home}/"
    follow(seat, qtbot, editor)
    ordered = extended(seat.cut, settings_in(shown))
    assert ordered.order is not None
    with pytest.raises(UnitUnreachable):
        submit(seat.model.link, seat.opened, ordered)
    return editor, ordered.order


def test_what_cannot_be_read_of_what_was_kept_is_said_and_the_rest_is_there(
    qtbot: QtBot, seat: Seat, shown: Film
) -> None:
    editor, order = ordered_in_a_project(qtbot, seat, shown)
    (file,) = (seat.model.link.home / "panel").glob("*/*.ordered")
    file.with_name("half.ordered").write_bytes(file.read_bytes()[:100])
    (file.parent / "state.json").write_text("{")
    follow_again(seat, qtbot, editor)
    qtbot.waitUntil(lambda: list(seat.model.pending.awaited or ()) == [order.id], timeout=WAIT_MS)
    said = seat.said[-1]
    assert said.refused and "half.ordered cannot be read" in said.text and "state.json cannot be read" in said.text


def test_a_project_that_is_saved_under_another_name_awaits_what_was_ordered(
    qtbot: QtBot, seat: Seat, shown: Film
) -> None:
    editor, order = ordered_in_a_project(qtbot, seat, shown)

    def shows(name: str, awaited: list[str]) -> bool:
        now, pending = seat.model.cut.open, seat.model.pending
        return now is not None and name in str(now.path) and list(pending.awaited or ("",)) == (awaited or [""])

    editor.host.projects = f"{seat.model.link.home}/v2_"
    editor.host.edit(lambda strips: strips)
    qtbot.waitUntil(lambda: shows("v2_", [order.id]), timeout=WAIT_MS)
    editor.host.projects = f"{seat.model.link.home}/other_"
    editor.open(shown.cut)  # the same shots, as clips of their own
    editor.host.edit(lambda strips: strips)
    qtbot.waitUntil(lambda: shows("other_", []), timeout=WAIT_MS)


def test_another_sequence_of_the_project_is_another_cut(qtbot: QtBot, seat: Seat, shown: Film) -> None:
    editor = opened(shown)
    follow(seat, qtbot, editor)
    chosen = seat.order(shown, extended(seat.cut, settings_in(shown)))
    editor.host.sequence = "other"
    seat.model.editing.cut_in(chosen)
    qtbot.waitUntil(lambda: bool(seat.model.pending.unplaced), timeout=WAIT_MS)
    assert "is for 'cut' of project1, and 'other' of project1 is open" in seat.model.pending.unplaced[0].why
    assert frame_map(editor.host.read().cut) == frame_map(shown.cut)
    editor.insert_gap(64, 7)
    qtbot.waitUntil(lambda: not seat.model.orders.orders and seat.model.cut.open is not None, timeout=WAIT_MS)
    assert seat.opened.sequence == SequenceId("project1", "other") and not seat.model.pending.unplaced


def test_what_a_host_notes_of_a_placement_is_said(qtbot: QtBot, seat: Seat, shown: Film) -> None:
    """Over the real link."""
    editor = opened(shown)
    programs = ProgramsModel(seat.model)
    programs.listen()
    qtbot.waitUntil(lambda: (seat.model.link.home / "link.json").exists(), timeout=WAIT_MS)
    inside = InHost(editor.host, seat.model.link.home)
    inside.notes = ("'A' is animated.", "'B' is not.")
    try:
        with pumped(inside):
            qtbot.waitUntil(lambda: seat.model.cut.open is not None, timeout=WAIT_MS)
            chosen = seat.order(shown, extended(seat.cut, settings_in(shown)))
            with qtbot.waitSignal(seat.model.editing.stepped, timeout=WAIT_MS):
                seat.model.editing.cut_in(chosen)
            qtbot.waitUntil(lambda: seat.said[-1] == Notice("'A' is animated.\n'B' is not."), timeout=WAIT_MS)
    finally:
        seat.model.close_host()
        programs.close()


def test_a_take_that_was_about_to_be_shown_is_not_when_another_sequence_is_opened(
    qtbot: QtBot, seat: Seat, shown: Film
) -> None:
    editor = opened(shown)
    follow(seat, qtbot, editor)
    qtbot.waitUntil(idle(seat), timeout=WAIT_MS)
    watched: list[object] = []
    seat.model.watching.changed.connect(lambda: watched.append(seat.model.watching.watched))
    seat.model.takes.choose(seat.order(shown, replaced(seat.cut, settings_in(shown))))
    seat.model._leave_for(Reading(seat.opened.path))
    qtbot.wait(1500)
    assert watched == []


def test_the_host_that_came_last_is_followed(qtbot: QtBot, seat: Seat, shown: Film) -> None:
    first, second = opened(shown), opened(shown)
    follow(seat, qtbot, first)
    seat.model.follow(lambda: second.host)
    second.insert_gap(64, 7)
    moved = frame_map(second.host.read().cut)
    qtbot.waitUntil(lambda: seat.model.cut.open is not None and frame_map(seat.cut) == moved, timeout=WAIT_MS)
    first.host._tell(Gone("the first ended"))
    first.insert_gap(64, 3)
    qtbot.wait(500)
    assert frame_map(seat.cut) == moved
    assert not any("first" in notice.text for notice in seat.said)


def test_a_host_that_cannot_be_reached_says_why(qtbot: QtBot, seat: Seat) -> None:
    def reach() -> Any:
        raise HostUnreachable("Fake does not run")

    seat.model.follow(reach)
    qtbot.waitUntil(lambda: bool(seat.said), timeout=WAIT_MS)
    assert seat.said == [Notice("Fake does not run", True)]


def test_a_watched_folder_waits_for_an_export_and_gets_versions_beside_it(
    qtbot: QtBot, seat: Seat, shown: Film, tmp_path: Path
) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    seat.model.follow(lambda: Watched(folder, probed))
    qtbot.waitUntil(lambda: isinstance(seat.model.cut.state, Unreadable), timeout=WAIT_MS)
    assert "export one into it" in seat.said[0].text
    write_cut(shown.cut, folder / "film.xml")
    qtbot.waitUntil(lambda: seat.model.cut.open is not None, timeout=WAIT_MS)
    assert seat.opened.takes_folder == folder / "takes"
    chosen = seat.order(shown, extended(seat.cut, settings_in(shown)))
    with qtbot.waitSignal(seat.model.editing.stepped, timeout=WAIT_MS):
        seat.model.editing.cut_in(chosen)
    take = seat.model.takes.take(chosen)
    assert plays_at(seat.cut, take) == [40]
    assert (folder / "film_unit01.xml").exists()
    qtbot.waitUntil(idle(seat), timeout=WAIT_MS)
    seat.model.editing.approve(take)
    qtbot.waitUntil(idle(seat), timeout=WAIT_MS)
    assert not (folder / "film_unit02.xml").exists()
    assert seat.said[1] == Notice("exports is open, and followed.")
    assert seat.said[-1] == Notice(
        f"it lies beside the cut, as film_unit01.xml: the folder {folder} takes every edit as a version"
    )


@pytest.mark.parametrize(
    ("name", "select", "asking", "place"),
    [("extend", 70, Extend, ShotPlace), ("generate", 10, Generate, GapPlace), ("join", 70, Join, JoinPlace)],
)
def test_a_program_that_connects_is_followed_and_its_commands_begin_drafts(
    qtbot: QtBot, seat: Seat, shown: Film, name: str, select: int, asking: type, place: type
) -> None:
    """Over the real link."""
    programs = ProgramsModel(seat.model)
    programs.listen()
    qtbot.waitUntil(lambda: (seat.model.link.home / "link.json").exists(), timeout=WAIT_MS)
    editor = opened(shown)
    inside = InHost(editor.host, seat.model.link.home)
    try:
        with pumped(inside):
            qtbot.waitUntil(lambda: seat.model.cut.open is not None, timeout=WAIT_MS)
            assert frame_map(seat.cut) == frame_map(shown.cut)
            editor.select((select,), select)
            with qtbot.waitSignal(programs.asked, timeout=WAIT_MS):
                inside.link.tell("command", name=name)
            draft = seat.model.draft.draft
            assert draft is not None
            assert (type(draft.asking), type(draft.place)) == (asking, place)
        qtbot.waitUntil(lambda: isinstance(seat.model.cut.state, NoCut), timeout=WAIT_MS)
    finally:
        seat.model.close_host()
        programs.close()
