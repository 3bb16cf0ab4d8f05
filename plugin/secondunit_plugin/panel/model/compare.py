"""The chosen take beside the original or another take, frame by frame."""

from dataclasses import dataclass
from enum import StrEnum

from PyQt5.QtCore import QObject, pyqtSignal
from secondunit_bridge.messages import FramesAfter, FramesBefore, SourceShot, Span, Take

from secondunit_plugin.panel.model.takes import TakeId, TakesModel


class Mode(StrEnum):
    """WIPE: the take on the left of a handle, the other on the right. FLIP: the other while a key is held."""

    WIPE = "wipe"
    FLIP = "flip"
    DIFFERENCE = "difference"
    FALSE_COLOUR = "false colour"


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
    """`mode` None: nothing is compared. `frame` of the take's file, from its first as 0."""

    changed = pyqtSignal()
    """Whatever is needed for the picture."""

    def __init__(self, takes: TakesModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._takes = takes
        self.mode: Mode | None = None
        self.other: Other = Original()
        self.frame = 0
        self.at = 0.5
        """Where the wipe's handle is, as a share of the picture's width."""
        self.gain = 4
        """How many times a difference is enlarged."""
        self.flipped = False
        takes.chosen_changed.connect(self._follow)
        takes.shown_changed.connect(self._follow_others)

    @property
    def take(self) -> Take | None:
        return self._takes.take(self._takes.chosen) if self._takes.chosen is not None else None

    @property
    def others(self) -> tuple[Other, ...]:
        chosen = self._takes.chosen
        return (Original(), *self._takes.comparable(chosen)) if chosen is not None else ()

    @property
    def counterpart(self) -> Source | Missing | None:
        """What the take's frame is compared with; None without a take."""
        take = self.take
        if take is None:
            return None
        if isinstance(self.other, TakeId):
            return Source(self._takes.take(self.other).path, self.frame)
        return original(take, self.frame)

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
        if take is not None:
            self._change(frame=max(0, min(take.frames - 1, frame)))

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
            self.changed.emit()

    def _follow(self) -> None:
        """The frame stays where the next take has it, so that takes are compared one after the other."""
        take = self.take
        if take is None:
            self._change(mode=None, other=Original())
            return
        other = self.other if self.other in self.others else Original()
        slot = take.record.order.slot
        inside = self.mode is not None and self.frame < take.frames
        self.other, self.frame = other, self.frame if inside else slot.head
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
