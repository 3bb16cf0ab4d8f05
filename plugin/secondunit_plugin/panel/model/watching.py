"""What the viewer shows: the cut at its place, or the chosen take in it."""

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal
from secondunit_bridge.errors import SecondUnitError
from secondunit_bridge.messages import Take

from secondunit_plugin.panel.background import Operation
from secondunit_plugin.panel.frames.link import FramesLink
from secondunit_plugin.panel.frames.messages import CutScene, MediaScene, PairScene, Scene
from secondunit_plugin.panel.model.compare import CompareModel, Missing
from secondunit_plugin.panel.model.cut import CutModel, OpenCut, Version
from secondunit_plugin.panel.model.orders import OrdersModel, Running
from secondunit_plugin.panel.model.places import JoinPlace, Place
from secondunit_plugin.panel.model.playback import PlaybackModel, Span
from secondunit_plugin.panel.model.takes import TakeId, TakesModel

CONTEXT_SECONDS = 2
# Takes whose cuts are kept, so that they are shown again at once.
_KEPT = 16


@dataclass(frozen=True, slots=True)
class TheCut:
    pass


@dataclass(frozen=True, slots=True)
class TheTake:
    """In the cut as it would be with it."""

    take: TakeId


@dataclass(frozen=True, slots=True)
class OnlyTheTake:
    """Its file by itself; `why` it is not shown in the cut."""

    take: TakeId
    why: str


@dataclass(frozen=True, slots=True)
class Pair:
    """The take beside another picture of the same frames."""


Watched = TheCut | TheTake | OnlyTheTake | Pair


@dataclass(frozen=True, slots=True)
class Written:
    """A cut as the frames process reads it; the span, what plays in a loop, and `at`, the frame that is shown first."""

    scene: Scene
    span: Span | None
    at: int


class WatchingModel(QObject):
    """Follows the cut, its place and the chosen take; `place` is told by `go_to`."""

    changed = pyqtSignal()

    def __init__(
        self,
        cut: CutModel,
        orders: OrdersModel,
        takes: TakesModel,
        frames: FramesLink,
        playback: PlaybackModel,
        compare: CompareModel,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.watched: Watched = TheCut()
        self._cut, self._orders, self._takes, self._frames, self._playback = cut, orders, takes, frames, playback
        self._compare = compare
        self._written: OrderedDict[tuple[Version, TakeId], Written] = OrderedDict()
        self._version: Version | None = None
        self._scene: Scene | None = None
        self._asked = 0
        self._take_comes = False
        self._place: Place | None = None
        cut.changed.connect(self._follow_cut)
        takes.chosen_changed.connect(self._follow_take)
        compare.changed.connect(self._follow_comparison)

    def go_to(self, place: Place | None) -> None:
        """Shows the cut at the place's first frame."""
        self._place = place
        if place is not None:
            self.show_cut(place.at.frame)

    def stay_at(self, place: Place) -> None:
        """The same place, of another length."""
        self._place = place

    def show_cut(self, frame: int) -> None:
        self._asked += 1
        self._take_comes = False
        self.watched = TheCut()
        self._compare.set_mode(None)
        if self._scene is not None:
            self._playback.show(self._scene, frame, self._around())
        self.changed.emit()

    def _around(self) -> Span | None:
        """The place with what is before and after it."""
        place, opened = self._place, self._playback.opened
        if place is None:
            return None
        margin = round(CONTEXT_SECONDS * place.at.rate)
        frames = 0 if isinstance(place, JoinPlace) else place.frames
        end = place.at.frame + frames + margin
        return Span(max(0, place.at.frame - margin), min(end, opened.frames) if opened is not None else end)

    def _follow_cut(self) -> None:
        opened = self._cut.open
        version = opened.version if opened is not None else None
        if version is self._version:
            return
        self._version, self._scene = version, None
        frame = self._playback.frame if isinstance(self.watched, TheCut) else 0
        if version is None:
            self._playback.show(None)
            return
        folder = self._frames.folder

        def work() -> CutScene:
            from secondunit_plugin.panel.model.reading import write_scene

            return write_scene(version.index.cut, folder)

        def use(scene: CutScene) -> None:
            if self._version is version:
                self._scene = scene
                if isinstance(self.watched, TheCut) and not self._take_comes:
                    place = self._place
                    self.show_cut(place.at.frame if place is not None else frame)

        def refuse(error: SecondUnitError) -> None:
            if self._version is version:
                self._playback.show_nothing(str(error))

        Operation(self, work).success(use).failure(refuse).run()

    def _follow_comparison(self) -> None:
        match self._compare.scene:
            case PairScene() as scene:
                if scene != self._playback.scene:
                    self._leave_take()
                    self._playback.show(scene, self._compare.begin)
                    self.changed.emit()
            case Missing(why):
                self._leave_take()
                self._playback.show_nothing(why)
                self.changed.emit()
            case None:
                if isinstance(self.watched, Pair):
                    self._follow_take()

    def _leave_take(self) -> None:
        self._asked += 1
        self._take_comes = False
        self.watched = Pair()

    def _follow_take(self) -> None:
        chosen, opened = self._takes.chosen, self._cut.open
        if self._compare.mode is not None and chosen is not None:
            return
        if chosen is None or opened is None:
            self._asked += 1  # one that is being put into the cut still is not shown any more
            self._take_comes = False
            if not isinstance(self.watched, TheCut):
                self.show_cut(self._place.at.frame if self._place is not None else 0)
            return
        self._asked += 1
        asked, folder = self._asked, self._frames.folder
        running, take = self._orders.orders[chosen.order_id], self._takes.take(chosen)
        key = (opened.version, chosen)

        def use(written: Written) -> None:
            self._keep(key, written)
            if asked == self._asked:
                self._take_comes = False
                self.watched = TheTake(chosen)
                self._playback.show(written.scene, written.at, written.span)
                self.changed.emit()

        def show_alone(error: SecondUnitError) -> None:
            if asked == self._asked:
                self._take_comes = False
                slot = take.record.order.slot
                self.watched = OnlyTheTake(chosen, str(error))
                self._playback.show(MediaScene(take.path, slot.rate), slot.head)
                self.changed.emit()

        known = self._written.get(key)
        if known is not None:
            use(known)
        else:
            self._take_comes = True
            Operation(self, lambda: _in_context(opened, running, take, folder)).success(use).failure(show_alone).run()

    def _keep(self, key: tuple[Version, TakeId], written: Written) -> None:
        self._written[key] = written
        self._written.move_to_end(key)
        if len(self._written) > _KEPT:
            scene = self._written.popitem(last=False)[1].scene
            if isinstance(scene, CutScene):
                Operation(self, lambda: Path(scene.path).unlink(missing_ok=True)).run()


def _in_context(opened: OpenCut, running: Running, take: Take, folder: Path) -> Written:
    """In a thread. Raises CutError where the take has no place in the cut."""
    from secondunit_plugin.panel.model.cutting import cut_in
    from secondunit_plugin.panel.model.reading import where, write_scene

    version = opened.version
    found = where(version.index, take.path)
    if found is None:
        version = cut_in(opened, running.order, take, running.ordered).version
        found = where(version.index, take.path)
    scene = write_scene(version.index.cut, folder)
    if found is None:  # a handle only: it lies on a shot, unseen
        return Written(MediaScene(take.path, take.record.order.slot.rate), None, take.record.order.slot.head)
    margin = round(CONTEXT_SECONDS * version.index.rate)
    span = Span(max(0, found.start - margin), min(int(version.index.end), found.end + margin))
    return Written(scene, span, found.start)
