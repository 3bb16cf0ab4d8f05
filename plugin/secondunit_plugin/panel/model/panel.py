"""The whole panel without its widgets: its parts, and the verbs that a person has."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from PyQt5.QtCore import QFileSystemWatcher, QObject, pyqtSignal
from secondunit_bridge.errors import BadInput, SecondUnitError, UnitUnreachable
from secondunit_bridge.messages import Card, Order, OrderStatus, ReferenceImage, ReferenceShot, Text
from secondunit_bridge.rates import FrameTime
from secondunit_bridge.ratings import Rating

from secondunit_plugin.panel.background import Operation
from secondunit_plugin.panel.commands import Command
from secondunit_plugin.panel.events import UnitLink
from secondunit_plugin.panel.files import data_folder
from secondunit_plugin.panel.frames.link import FramesLink
from secondunit_plugin.panel.model.basis import basis
from secondunit_plugin.panel.model.choosing import ChoosingModel
from secondunit_plugin.panel.model.compare import CompareModel
from secondunit_plugin.panel.model.cut import CutModel, NoCut, OpenCut, Reading, Unreadable, Version
from secondunit_plugin.panel.model.draft import Draft, DraftModel, Replace
from secondunit_plugin.panel.model.editing import EditingModel, read
from secondunit_plugin.panel.model.forecast import ForecastModel
from secondunit_plugin.panel.model.handles import HandlesModel
from secondunit_plugin.panel.model.history import HistoryModel
from secondunit_plugin.panel.model.host import HostModel
from secondunit_plugin.panel.model.inquiry import InquiryModel
from secondunit_plugin.panel.model.jumps import JumpsModel
from secondunit_plugin.panel.model.live import LIVE, LiveModel
from secondunit_plugin.panel.model.offers import OffersModel
from secondunit_plugin.panel.model.orders import Broken, Earlier, OrdersModel, listed
from secondunit_plugin.panel.model.pending import Awaited, PendingModel
from secondunit_plugin.panel.model.places import Place, ShotPlace, number_of, place_at
from secondunit_plugin.panel.model.playback import PlaybackModel
from secondunit_plugin.panel.model.references import ReferencesModel
from secondunit_plugin.panel.model.snapshot import Snapshot
from secondunit_plugin.panel.model.states import StatesModel
from secondunit_plugin.panel.model.suggestions import MatchTo, Suggestion
from secondunit_plugin.panel.model.takes import TakeId, TakesModel
from secondunit_plugin.panel.model.thumbnails import ThumbnailsModel
from secondunit_plugin.panel.model.tools import ToolsModel
from secondunit_plugin.panel.model.unit import Reached, Searching, UnitState
from secondunit_plugin.panel.model.watching import TheCut, WatchingModel
from secondunit_plugin.panel.model.weights import WeightsModel

if TYPE_CHECKING:
    from secondunit_bridge.client import Client
    from secondunit_bridge.spawn import Address
    from secondunit_timeline.placing import Ordered

    from secondunit_plugin.checks import Check
    from secondunit_plugin.hosts.host import Host
    from secondunit_plugin.panel.model.folders import Folder
    from secondunit_plugin.panel.model.kept import Kept
    from secondunit_plugin.panel.model.saved import State


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that a person has to be told; `refused`: what they asked for did not happen."""

    text: str
    refused: bool = False


class PanelModel(QObject):
    """`link`: the way to the unit, for the parts and their operations; `frames`: the process that decodes.

    Every verb returns at once; what it came to is announced by signals, what went wrong by `noticed`."""

    place_changed = pyqtSignal()
    unit_changed = pyqtSignal()
    noticed = pyqtSignal(object)
    """A `Notice`."""

    def __init__(self, link: UnitLink, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.frames = FramesLink(self)
        self.thumbnails = ThumbnailsModel(self.frames, self)
        self.link = link
        self.unit: UnitState = Searching()
        self.place: Place | None = None
        self.cut = CutModel(self)
        self.handles = HandlesModel(self)
        self.jumps = JumpsModel(self)
        self.draft = DraftModel(self)
        self.offers = OffersModel(self.draft, self)
        self.orders = OrdersModel(self)
        self.takes = TakesModel(self.orders, self)
        self.playback = PlaybackModel(self.frames, self)
        self.compare = CompareModel(self.takes, self.frames, self.playback, self)
        self.watching = WatchingModel(self.cut, self.orders, self.takes, self.frames, self.playback, self.compare, self)
        self.tools = ToolsModel(self.draft, self)
        self.forecast = ForecastModel(self)
        self.history = HistoryModel(data_folder, self._refuse, self)
        self.references = ReferencesModel(self.cut, self.draft, self._refuse, self)
        self.live = LiveModel(link, self._plan_live, self)
        self.weights = WeightsModel(link, self)
        self.use = Snapshot(lambda: link.call(lambda unit: unit.use()), self)
        self.checks = Snapshot(self._check, self)
        self.folders = Snapshot(self._measure_folders, self)
        self.earlier = Snapshot(self._list_orders, self)
        self.choosing = ChoosingModel(link, self.cut, self.draft, self.orders, self.takes, self)
        self.choosing.refused.connect(self._refuse)
        self.choosing.said.connect(lambda said: self.noticed.emit(Notice(said)))
        self.choosing.approved.connect(self._approve)
        self.choosing.place_wanted.connect(self.select)
        self.pending = PendingModel(self.orders, self)
        self.states = StatesModel(link, self.cut, self.choosing.ratings, self)
        self.states.ordered.connect(lambda opened, ordered: self._ordered(opened, ordered, ordered.order.shot))
        self.states.refused.connect(self._refuse)
        self.states.said.connect(lambda said: self.noticed.emit(Notice(said)))
        self.editing = EditingModel(self.cut, self.orders, self.pending, link.home, self)
        self.host: HostModel | None = None
        self._said_offered: set[str] = set()
        self._watcher = QFileSystemWatcher(self)
        self._watcher.fileChanged.connect(self._say_written)
        link.state_changed.connect(self._unit_changed)
        link.event_arrived.connect(self.orders.take)
        self.orders.changed.connect(self._say_failure)
        self.cut.changed.connect(self._keep_place)
        self.editing.filled.connect(self._say_filled)
        self.editing.refused.connect(self._refuse)
        self.editing.said.connect(lambda said: self.noticed.emit(Notice(said)))
        self._inquiry = InquiryModel(link, self.cut, self.draft, self.orders, self.forecast, self)
        for changed in (self.draft.changed, self.cut.changed, self.unit_changed):
            changed.connect(self.live.follow)

    def card(self, draft: Draft) -> Card | None:
        """That of the draft's model, where the unit has it."""
        return self.unit.card(draft.engine, draft.model) if isinstance(self.unit, Reached) else None

    def _plan_live(self) -> "Callable[[Path], Order | None] | None":
        opened, draft = self.cut.open, self.draft.draft
        if opened is None or draft is None or not isinstance(self.unit, Reached):
            return None
        card, (version, planned) = self.card(draft), self._basis(opened, draft)

        def plan(folder: Path) -> Order | None:
            from secondunit_plugin.panel.model.planning import plan_live

            return plan_live(version, planned, folder, card)

        return plan

    # What snapshots ask for, in a thread

    def _check(self) -> "tuple[Check, ...]":
        from secondunit_bridge import spawn

        from secondunit_plugin.checks import checks

        def running() -> "Address":
            if (found := spawn.find(self.link.home)) is None:
                raise UnitUnreachable(self.tr("it does not run: start it, in the last line of the panel's window"))
            return found

        return tuple(checks(running))

    def _measure_folders(self) -> "list[Folder]":
        from secondunit_plugin.panel.model.folders import folders

        return folders(self.link.home, [one.running.order for one in self._list_orders()])

    def _list_orders(self) -> list[Earlier]:
        async def found(unit: "Client") -> list[Earlier]:
            return [listed(status) async for status in unit.orders() if not status.order.id.startswith(LIVE)]

        return self.link.call(found)[::-1]

    @property
    def place_shown(self) -> Place | None:
        """The selected place in the version that is shown; there a slug or a take may lie in it."""
        opened, place = self.cut.open, self.place
        if opened is None or place is None or number_of(place, opened.version.places) is not None:
            return place
        return place_at(place, opened.version.places)

    # Verbs

    def open_cut(self, path: Path) -> None:
        def refuse(error: SecondUnitError) -> None:
            if self.cut.state is reading:
                self.cut.set_state(Unreadable(path, str(error)))
            self._refuse(error)

        reading, home = Reading(path), self.link.home
        self.close_host()
        self._leave_for(reading)
        Operation(self, lambda: read(path, home)).success(lambda found: self._opened(reading, *found)).failure(
            refuse
        ).run()

    def follow(self, reach: "Callable[[], Host]") -> None:
        """From then on the cut is the one that an editing program has open; `reach` is called in a thread."""
        self.close_host()
        self.host = HostModel(reach, self.cut, self.editing, self.link.home, self)
        self.host.refused.connect(self._refuse)
        self.host.reading.connect(self._leave_for)
        self.host.read.connect(self._read_from_host)
        self.host.looked_at.connect(self._look_at)
        self.host.stirred.connect(self.pending.stir)
        self.host.start()

    def close_host(self) -> None:
        if self.host is not None:
            self.host.close()
            self.host.deleteLater()
            self.host, self.editing.hosted = None, None

    def open_last(self, path: Path | None) -> None:
        """The cut that was open last, unless another was opened meanwhile."""
        if path is not None and isinstance(self.cut.state, NoCut):
            self.open_cut(path)

    def select(self, place: Place | None) -> None:
        if isinstance(place, ShotPlace) and not place.media and place == self.place_shown:
            return  # the slug of what is ordered for
        if place != self.place:
            self.place = place
            self.place_changed.emit()
            self.takes.show_place(place)
            self.watching.go_to(place)
            self.draft.begin(place)

    def step_place(self, step: int) -> None:
        """Selects the place `step` further on; where none is selected, the first one from the playhead on."""
        places = self.cut.open.version.places if self.cut.open is not None else ()
        number = number_of(self.place_shown, places)
        if number is not None:
            found = number + step
        else:
            found = next((number for number, one in enumerate(places) if one.at.frame >= self.playback.in_cut), 0)
        if 0 <= found < len(places):
            self.select(places[found])

    def take_up(self, suggestion: Suggestion) -> None:
        """Drafts what is suggested."""
        self.select(suggestion.place)
        self.draft.ask(suggestion.asking)
        opened, purpose = self.cut.open, suggestion.purpose
        if opened is None or not isinstance(purpose, MatchTo):
            return

        def work() -> ReferenceImage | ReferenceShot:
            from secondunit_plugin.panel.model.planning import reference_of

            return reference_of(opened.version, purpose.like)

        def use(like: ReferenceImage | ReferenceShot) -> None:
            draft = self.draft.draft
            still = draft is not None and (draft.place, draft.asking) == (suggestion.place, suggestion.asking)
            if still and isinstance(like, ReferenceShot):
                self.draft.set_value("like", (like,))

        Operation(self, work).success(use).failure(self._refuse).run()

    def use_frame(self, use: Callable[[str], object]) -> None:
        """Keeps the picture of the shot at the playhead, whole and without what lies over it; `use` gets its path."""
        opened, head = self.cut.open, self.playback.in_cut
        if opened is None:
            return
        layout = opened.version.layout
        shot = layout.shot_at(head) if isinstance(self.watching.watched, TheCut) else None
        if shot is None:
            said = self.tr("no shot of the cut is shown: select a place, and put the playhead on a shot")
            self._refuse(BadInput(said))
            return
        at = FrameTime(head, layout.rate)
        name = f"frame-{layout.timecode(head).replace(':', '-').replace(';', '-')}"

        def encode() -> bytes:
            from secondunit_plugin.panel.model.planning import frame_to_draw_on
            from secondunit_plugin.panel.pictures import png, still

            found = frame_to_draw_on(opened.version, Draft(shot, Replace()), at)
            assert found is not None, "a shot has frames"
            return png(still(*found))

        self.references.keep_picture(name, encode, use)

    def go_to(self, frame: int) -> None:
        """Shows the cut at one of its frames; below 0 they count from its end."""
        if (opened := self.cut.open) is not None:
            frames = opened.version.layout.frames
            self.watching.show_cut(max(0, min(frame if frame >= 0 else frames + frame, frames - 1)))

    def go_to_edit(self, step: int) -> None:
        """The edit point before, with `step` -1, or after what is shown, with 1."""
        if (opened := self.cut.open) is not None:
            self.go_to(opened.version.layout.edit_beside(self.playback.in_cut, step))

    def order(self) -> None:
        """Sends the draft as it is; once the unit has it, it survives any crash."""
        opened, draft, link = self.cut.open, self.draft.draft, self.link
        if opened is None or draft is None:
            return
        card, (version, planned) = self.card(draft), self._basis(opened, draft)
        for value in draft.values.values():
            if isinstance(value, Text):
                self.history.add(value)

        def work() -> "Ordered":
            from secondunit_plugin.panel.model.kept import submit
            from secondunit_plugin.panel.model.planning import Folders, plan

            folders = Folders(opened.takes_folder, opened.takes_folder / "masks", opened.codec)
            ordered = plan(version, planned, folders, card)
            if ordered.order is not None:
                submit(link, opened, ordered)
            return ordered

        name = draft.place.name if isinstance(draft.place, ShotPlace) else draft.place.track
        Operation(self, work).success(lambda ordered: self._ordered(opened, ordered, name)).failure(self._refuse).run()

    def cancel(self, order_id: str) -> None:
        Operation(self, lambda: self.link.call(lambda unit: unit.cancel(order_id))).failure(self._refuse).run()

    def cancel_all(self) -> None:
        for order_id in self.orders.queue:
            if not self.orders.orders[order_id].ended:
                self.cancel(order_id)

    def move(self, order_id: str, after: str) -> None:
        """A waiting order right after another one; first where `after` is empty."""
        Operation(self, lambda: self.link.call(lambda unit: unit.move(order_id, after))).failure(self._refuse).run()

    def again(self, order_id: str) -> None:
        """The same order once more, under an id of its own."""
        opened, running, link = self.cut.open, self.orders.orders[order_id], self.link
        if opened is None:
            return
        order = replace(running.order, id=uuid4().hex)
        ordered = replace(running.ordered, order=order) if running.ordered is not None else None

        def sent(_: object) -> None:
            if self._is_open(opened):
                self.orders.add(order, ordered)
                link.watch(order.id)

        Operation(self, lambda: link.call(lambda unit: unit.submit(order))).success(sent).failure(self._refuse).run()

    def forget(self, order_id: str) -> None:
        """An order that has ended; its takes stay where they are."""
        work = partial(self.link.call, lambda unit: unit.forget(order_id))
        Operation(self, work).success(lambda _: self.earlier.refresh()).failure(self._refuse).run()

    def clear_pictures(self) -> None:
        from secondunit_plugin.panel.model.folders import clear_pictures

        Operation(self, clear_pictures).success(lambda _: self.folders.refresh()).run()

    def stop_unit(self) -> None:
        """Orders stay with it, and go on once it is started."""
        Operation(self, lambda: self.link.stop_unit(self.tr("this panel"))).failure(self._refuse).run()

    def cut_in(self, way: str = "") -> None:
        """Puts the chosen take in its place, by another `timeline.ways.Way` if one is given.

        The cut is written to a file of its own."""
        chosen = self.takes.chosen
        if chosen is not None:
            self.editing.cut_in(chosen, way, settled=self.choosing.rating(chosen) is Rating.APPROVED)

    def _leave_for(self, reading: Reading) -> None:
        self.select(None)
        self.takes.clear()
        self.editing.clear()
        self.orders.clear()
        self._said_offered = set()
        self.cut.set_state(reading)

    # What they come to. Of a cut that was left meanwhile nothing is shown: its orders go on, its edits are in its file.

    def _opened(self, reading: Reading, state: "State", why: str) -> None:
        if self.cut.state is not reading:
            return
        if why:
            self.noticed.emit(Notice(why, True))
        self._watch(state.opened.path)
        self.cut.set_state(state.opened)
        self.pending.restore(state.choices, state.unplaced, set(state.opened.filled))
        self.history.open(state.opened.version.index.cut.name or state.opened.path.stem)
        self._find_orders()

    def _read_from_host(self, reading: Reading, opened: OpenCut, kept: "Kept") -> None:
        if self.cut.state is not reading:
            return
        self.cut.set_state(opened)
        awaited = {one.order.id: Awaited(one.order.shot, False, one) for one in kept.ordered if one.order is not None}
        hosted = self.editing.hosted
        self.pending.restore_awaited(kept.choices, kept.unplaced, awaited, hosted is not None and hosted.fills)
        self.noticed.emit(Notice(self.tr("{name} is open, and followed.").format(name=opened.path.name)))
        if kept.why:
            self.noticed.emit(Notice(kept.why, True))
        self.history.open(opened.version.index.cut.name or opened.path.stem)
        self._find_orders()

    def _look_at(self, place: Place | None, head: int) -> None:
        if place is not None:
            self.select(place)
        if head >= 0:
            self.go_to(head)

    def _watch(self, path: Path) -> None:
        if files := self._watcher.files():
            self._watcher.removePaths(files)
        self._watcher.addPath(str(path))

    def _say_written(self, path: str) -> None:
        """A file that was replaced is watched no more: another one has its name."""
        self._watcher.addPath(path)
        said = self.tr("{name} was written by another program: {key} reads it again, with slugs and takes in place.")
        key = Command.RELOAD.value.keys[0]
        self.noticed.emit(Notice(said.format(name=Path(path).name, key=key)))

    def _basis(self, opened: OpenCut, draft: Draft) -> tuple[Version, Draft]:
        return basis(opened, draft, self.orders.orders.values())

    def _keep_place(self) -> None:
        """Where the cut has the place no more, the shot that it has grown to or shrunk to, else what lies there.

        A gap or a cut point that a slug or a take lies in stays selected: more can be ordered for it.
        """
        opened, place = self.cut.open, self.place
        if isinstance(self.cut.state, NoCut):  # the program that had it open has gone
            self.select(None)
        if opened is None or place is None or number_of(place, opened.version.places) is not None:
            return
        there = place_at(place, opened.version.places)
        if isinstance(place, ShotPlace) and isinstance(there, ShotPlace) and there.name == place.name:
            self.place = there
            self.draft.move(there)
            self.takes.show_place(there)
            self.watching.stay_at(there)
        elif number_of(place, opened.version_with(place).places) is None:
            self.select(there)

    def _say_filled(self, name: str, plays: bool) -> None:
        if self.host is not None:
            said = self.tr("{name} is cut in. Undo takes it out again.")
        elif plays:
            said = self.tr("{name} is in the cut, where its slug was.")
        else:
            said = self.tr("{name} lies beside what its clip plays. Cut it in to play it.")
        self.noticed.emit(Notice(said.format(name=name)))

    def _ordered(self, before: OpenCut, ordered: "Ordered", name: str) -> None:
        if not self._is_open(before):
            return
        for note in ordered.notes:
            self.noticed.emit(Notice(note))
        if ordered.order is None:
            self.editing.place_camera_frames(ordered, name)
            return
        self.orders.add(ordered.order, ordered)
        self.link.watch(ordered.order.id)
        self.editing.place_slug(ordered)

    def _approve(self, chosen: TakeId) -> None:
        self.editing.approve(self.takes.take(chosen))

    def _is_open(self, cut: OpenCut) -> bool:
        """Whether it is still this cut, in whatever version."""
        return cut.is_of(self.cut.open)

    def _unit_changed(self, state: UnitState) -> None:
        self.unit = state
        self.unit_changed.emit()
        if isinstance(state, Reached):
            self.offers.set_cards(state.info.cards)
        self._inquiry.use_unit(state)
        if isinstance(state, Reached):
            self._find_orders()

    def _find_orders(self) -> None:
        """The orders for this cut that the unit has, whoever sent them."""
        opened = self.cut.open
        if opened is None or not isinstance(self.unit, Reached):
            return
        folder, link, awaited = str(opened.takes_folder), self.link, set(self.pending.awaited or ())

        async def listed(unit: "Client") -> list[OrderStatus]:
            """A project that was saved elsewhere awaits orders whose takes go to the folder of before."""
            return [
                status
                async for status in unit.orders()
                if status.order.delivery.folder == folder or status.order.id in awaited
            ]

        def work() -> tuple[list[OrderStatus], frozenset[str]]:
            found = link.call(listed)
            if opened.sequence is None:
                return found, frozenset()
            from secondunit_plugin.panel.model.kept import settled

            return found, settled(link.home, opened, found)

        def use(found: tuple[list[OrderStatus], frozenset[str]]) -> None:
            if not self._is_open(opened):
                return
            for order_id in found[1]:
                self.pending.settle(order_id)
            for status in found[0]:
                order_id = status.order.id
                if not status.takes:
                    self.pending.expect(order_id)
                self.orders.restore(status, self.pending.ordered(order_id))
                running = self.orders.orders[order_id]
                if not running.ended:
                    link.watch(order_id, running.event)
            self._say_offered()

        Operation(self, work).success(use).failure(self._refuse).run()

    def _say_offered(self) -> None:
        """What came while the program's cut was not open here."""
        offered = set(self.pending.offered)
        names = [one.name for key, one in (self.pending.awaited or {}).items() if key in offered - self._said_offered]
        self._said_offered |= offered
        if names:
            said = self.tr("Came meanwhile, and offered under Pending: {names}")
            self.noticed.emit(Notice(said.format(names=", ".join(names))))

    def _say_failure(self, order_id: str) -> None:
        running = self.orders.orders[order_id]
        if isinstance(running.state, Broken) and running.ordered is not None:
            log = self.tr(" (log: {path})").format(path=running.state.log) if running.state.log else ""
            self.noticed.emit(Notice(f"{running.order.shot}: {running.state.message}{log}", True))

    def _refuse(self, error: SecondUnitError) -> None:
        self.noticed.emit(Notice(str(error), True))
