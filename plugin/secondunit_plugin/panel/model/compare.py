"""The chosen take beside the original or another take, frame by frame."""

from dataclasses import dataclass

from PyQt5.QtCore import QObject, pyqtSignal
from secondunit_bridge.messages import FramesAfter, FramesBefore, SourceShot, Span, Take

from secondunit_plugin.panel.compare.modes import Mode
from secondunit_plugin.panel.frames.link import FramesLink
from secondunit_plugin.panel.frames.messages import Composition, MediaScene, PairScene, Run
from secondunit_plugin.panel.model.playback import PlaybackModel, Playing
from secondunit_plugin.panel.model.takes import TakeId, TakesModel


@dataclass(frozen=True, slots=True)
class Original:
    """The camera's frames."""


Other = Original | TakeId


@dataclass(frozen=True, slots=True)
class Source:
    """Frame `frame` of a file, from its first as 0, read at the rate of the take's slot.

    `away`: by how many frames it is another one than the take's, where the camera has none for that: negative before.
    """

    path: str
    frame: int
    away: int = 0


@dataclass(frozen=True, slots=True)
class Missing:
    why: str


class CompareModel(QObject):
    """`mode` None: nothing is compared. Frames of the take's file are counted from its first as 0."""

    changed = pyqtSignal()
    """Whatever is needed for the picture, but for its frame, which the playback tells."""

    def __init__(
        self, takes: TakesModel, frames: FramesLink, playback: PlaybackModel, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._takes, self._frames, self._playback = takes, frames, playback
        self.mode: Mode | None = None
        self.other: Other = Original()
        self.begin = 0
        """The frame that is shown first."""
        self.at = 0.5
        """Where the wipe's handle is, as a share of the picture's width."""
        self.gain = 4
        """How many times a difference is enlarged."""
        self.flipped = False
        takes.chosen_changed.connect(self._follow)
        takes.shown_changed.connect(self._follow_others)
        frames.started.connect(self._compose)

    @property
    def take(self) -> Take | None:
        return self._takes.take(self._takes.chosen) if self._takes.chosen is not None else None

    @property
    def others(self) -> tuple[Other, ...]:
        chosen = self._takes.chosen
        return (Original(), *self._takes.comparable(chosen)) if chosen is not None else ()

    @property
    def frame(self) -> int:
        """The one on the screen, or the one that will be."""
        return self._playback.head if isinstance(self._playback.scene, PairScene) else self.begin

    @property
    def counterpart(self) -> Source | Missing | None:
        """What the take's frame is compared with; None without a take."""
        take = self.take
        return self._beside(take, self.frame) if take is not None else None

    @property
    def scene(self) -> PairScene | Missing | None:
        """What is shown; None where nothing is compared."""
        take = self.take
        if self.mode is None or take is None:
            return None
        runs: list[Run] = []
        for frame in range(take.frames):
            there = self._beside(take, frame)
            if isinstance(there, Missing):
                return there
            last = runs[-1] if runs else None
            if last is not None and last.path == there.path:
                step = there.frame - last.first
                if step == 0 and (last.held or last.count == 1):
                    runs[-1] = Run(last.path, last.first, last.count + 1, held=True)
                    continue
                if step == last.count and not last.held:
                    runs[-1] = Run(last.path, last.first, last.count + 1)
                    continue
            runs.append(Run(there.path, there.frame, 1))
        return PairScene(MediaScene(take.path, take.record.order.slot.rate), tuple(runs))

    def _beside(self, take: Take, frame: int) -> Source | Missing:
        if isinstance(self.other, TakeId):
            return Source(self._takes.take(self.other).path, frame)
        return original(take, frame)

    def set_mode(self, mode: Mode | None) -> None:
        self._change(mode=mode if self._takes.chosen is not None else None, flipped=False)

    def toggle(self, mode: Mode) -> None:
        self.set_mode(None if mode is self.mode else mode)

    def set_other(self, other: Other) -> None:
        self._change(other=other)

    def step(self, frames: int) -> None:
        self.seek(self.frame + frames)

    def seek(self, frame: int) -> None:
        take = self.take
        if take is None:
            return
        self.begin = max(0, min(take.frames - 1, frame))
        if isinstance(self._playback.scene, PairScene):
            self._playback.seek(self.begin)

    def wipe_to(self, at: float) -> None:
        self._change(at=max(0.0, min(1.0, at)))

    def enlarge(self, gain: int) -> None:
        self._change(gain=gain)

    def flip(self, flipped: bool) -> None:
        self._change(flipped=flipped)

    def _change(self, **fields: object) -> None:
        if any(getattr(self, name) != value for name, value in fields.items()):
            for name, value in fields.items():
                setattr(self, name, value)
            self._compose()
            self.changed.emit()

    def _compose(self) -> None:
        if self.mode is None:
            return
        self._frames.ask(Composition(self.mode, self.at, self.gain, self.flipped))
        playback = self._playback
        if isinstance(playback.scene, PairScene) and not isinstance(playback.state, Playing):
            playback.seek(playback.head)

    def _follow(self) -> None:
        """The frame stays where the next take has it, so that takes are compared one after the other."""
        take = self.take
        if take is None:
            self._change(mode=None, other=Original())
            return
        other = self.other if self.other in self.others else Original()
        inside = self.mode is not None and self.frame < take.frames
        self.other, self.begin = other, self.frame if inside else take.record.order.slot.head
        self.changed.emit()

    def _follow_others(self) -> None:
        if self.other not in self.others:
            self._change(other=Original())


def original(take: Take, frame: int) -> Source | Missing:
    """The camera frame that lies where frame `frame` of the take's file does, else the nearest that the order names."""
    order = take.record.order
    slot = order.slot
    before: FramesBefore | None = None
    after: FramesAfter | None = None
    for condition in order.conditions:
        match condition:
            case SourceShot(span):
                return _within(span, span.range.start + frame)
            case FramesBefore():
                before = condition
            case FramesAfter():
                after = condition
            case _:
                pass
    # The slot's own frames begin behind the head handle; `into` camera frames lie inside of them.
    first, end = slot.head, slot.head + slot.frames
    near: list[Source] = []
    if before is not None:
        near.append(_within(before.span, before.span.range.end + frame - first - before.into))
    if after is not None:
        near.append(_within(after.span, after.span.range.start + frame - end + after.into))
    if not near:
        return Missing("this order stands on no camera frames: compare it with another take")
    return min(near, key=lambda one: abs(one.away))


def _within(span: Span, frame: int) -> Source:
    there = max(span.range.start, min(span.range.end - 1, frame))
    return Source(span.path, there, there - frame)
