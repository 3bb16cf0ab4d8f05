"""A scene on the screen: which frame of it, and how it plays."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

from PyQt5.QtCore import QObject, Qt, QTimer, pyqtSignal
from secondunit_bridge.errors import SecondUnitError
from secondunit_bridge.rates import FrameTime, format_timecode

from secondunit_plugin.panel.frames.link import FramesLink
from secondunit_plugin.panel.frames.messages import (
    Answer,
    Apart,
    CutScene,
    Ended,
    Light,
    Noted,
    Opened,
    Play,
    Scene,
    Show,
    Shown,
    Sounded,
    Unshown,
)
from secondunit_plugin.panel.frames.ring import Filled, Pixels
from secondunit_plugin.panel.model.clock import Clock, SilentClock

FASTEST = 8
_TICK_MS = 4
_SETTLE_MS = 80
# How often the process may end over a picture before it is given up.
_MOST_ENDS = 2
# Frames that are ready before the clock starts.
_AT_FIRST = 3


@dataclass(frozen=True, slots=True)
class Nothing:
    """No scene."""


@dataclass(frozen=True, slots=True)
class Unseen:
    why: str


@dataclass(frozen=True, slots=True)
class Stopped:
    pass


@dataclass(frozen=True, slots=True)
class Playing:
    """`step` frames of the scene at each frame time; below 0 backward."""

    step: int


PlaybackState = Nothing | Unseen | Stopped | Playing


@dataclass(frozen=True, slots=True)
class Span:
    """The frames [first, end) of the scene."""

    first: int
    end: int


class PlaybackModel(QObject):
    """Frames are counted from the scene's first as 0, at `opened.rate`."""

    changed = pyqtSignal()
    """State, scene, marks, loop, sound."""
    picture_changed = pyqtSignal()
    """`pixels` and `frame`; the pixels that were there before change from now on."""
    moved = pyqtSignal()
    """`head`."""
    noted = pyqtSignal(str)
    """What cannot be shown or heard as the scene means it."""

    def __init__(self, link: FramesLink, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._link = link
        self.state: PlaybackState = Nothing()
        self.scene: Scene | None = None
        self.opened: Opened | None = None
        self.frame = 0
        self.pixels: Pixels | None = None
        self.light: Light | None = None
        self.apart: Apart | None = None
        """Of the picture, as `Shown` has them."""
        self.in_cut = 0
        """The frame of the cut that is shown, or was before a file by itself."""
        self.span: Span | None = None
        """What plays in a loop where nothing is marked; None: all of the scene."""
        self.mark_in: int | None = None
        self.mark_out: int | None = None
        self.loop = False
        self.shown = self.dropped = 0
        """Frames since play began that were on the screen, and that were not ready when their time came."""
        self._open_speaker: Callable[[], Clock] | None = None
        self._clock: Clock = SilentClock("")
        self._size = (960, 540)
        self._since = self._asked = 0
        self._held: Filled | None = None
        self._ends_over_it = 0
        """How often the process ended since the last picture."""
        self._wanted = 0
        self._ready: deque[Shown] = deque()
        self._last = -1
        self._ends: int | None = None
        self._clock_runs = self._sound_came = False
        self._early: list[bytes] = []
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._resized = QTimer(self)
        self._resized.setSingleShot(True)
        self._resized.setInterval(_SETTLE_MS)
        self._resized.timeout.connect(self._again)
        link.started.connect(self._again)
        link.ended.connect(self._lost)
        link.answered.connect(self._take)

    # What is on the screen

    def show(self, scene: Scene | None, frame: int = 0, span: Span | None = None) -> None:
        """Marks stay while it is the same scene."""
        if scene != self.scene:
            self.scene, self.opened = scene, None
            self.mark_in = self.mark_out = None
            self._since = self._link.number()
        self.span = span
        self._end_play()
        self.state = Stopped() if scene is not None else Nothing()
        if scene is None:
            self._hold(None, None)
        self.changed.emit()
        self.seek(frame)

    def show_nothing(self, why: str) -> None:
        self.show(None)
        self.state = Unseen(why)
        self.changed.emit()

    def resize(self, width: int, height: int) -> None:
        """In pixels of the screen."""
        if (width, height) != self._size and width > 0 and height > 0:
            self._size = (width, height)
            self._resized.start()

    @property
    def head(self) -> int:
        """The frame on the screen, or the one that will be."""
        return self.frame if isinstance(self.state, Playing) else self._wanted

    @property
    def timecode(self) -> str:
        """Of `frame`, at the scene's exact rate; empty before the scene is open."""
        return self.timecode_of(self.frame)

    def timecode_of(self, frame: int) -> str:
        if self.opened is None:
            return ""
        return format_timecode(FrameTime(self.opened.start + frame, self.opened.rate), self.opened.drop_frame)

    @property
    def looped(self) -> Span:
        """What is marked, else the span, else all of the scene."""
        whole = Span(0, self.opened.frames if self.opened is not None else 1)
        inner = self.span or whole
        first = max(0, self.mark_in if self.mark_in is not None else inner.first)
        end = min(whole.end, self.mark_out + 1 if self.mark_out is not None else inner.end)
        return Span(first, end) if first < end else whole

    @property
    def why_silent(self) -> str:
        return self._clock.why_silent if self.opened is not None and self.opened.sound else ""

    def use_speaker(self, opening: Callable[[], Clock]) -> None:
        """`opening` raises SecondUnitError where there is no sound device; it is called when something first plays."""
        self._open_speaker = opening

    def stay_silent(self, why: str) -> None:
        self._clock = SilentClock(why)
        self.changed.emit()

    # Verbs

    def seek(self, frame: int) -> None:
        """Stops there, or tries again what could not be seen."""
        if self.scene is None:
            return
        if isinstance(self.state, Playing | Unseen):
            self._end_play()
            self.state = Stopped()
            self.changed.emit()
        self._wanted = max(0, frame if self.opened is None else min(frame, self.opened.frames - 1))
        self._move()
        self._asked = self._link.number()
        self._link.ask(Show(self._asked, self.scene, self._wanted, *self._size))

    def step(self, frames: int) -> None:
        self.seek(self.head + frames)

    def toggle(self) -> None:
        if isinstance(self.state, Playing):
            self.stop()
        else:
            self.play(1)

    def stop(self) -> None:
        if isinstance(self.state, Playing):
            self.seek(self.frame)

    def shuttle(self, direction: int) -> None:
        """Forward with 1, backward with -1; each further call in the same direction doubles the speed."""
        match self.state:
            case Playing(step) if step * direction > 0:
                self.play(direction * min(abs(step) * 2, FASTEST))
            case _:
                self.play(direction)

    def play(self, step: int) -> None:
        """From the frame on the screen, within what is looped if it lies there; after its last frame from the first."""
        if self.scene is None or self.opened is None:
            return
        frame = self.frame if isinstance(self.state, Playing) else self._wanted
        within = self.looped
        if not within.first <= frame < within.end:
            within = Span(0, self.opened.frames)
        if step > 0 and frame == within.end - 1:
            frame = within.first
        elif step < 0 and frame == within.first:
            frame = within.end - 1
        self._begin_play(frame, step, within)

    def play_span(self) -> None:
        """What is looped, from its first frame."""
        if self.opened is not None:
            self._begin_play(self.looped.first, 1, self.looped)

    def mark(self, end: str) -> None:
        """`end` "in" or "out": at the frame on the screen; a mark beyond it is taken away."""
        if self.opened is None:
            return
        if end == "in":
            self.mark_in = self.frame
            self.mark_out = self.mark_out if self.mark_out is not None and self.mark_out >= self.frame else None
        else:
            self.mark_out = self.frame
            self.mark_in = self.mark_in if self.mark_in is not None and self.mark_in <= self.frame else None
        self._marks_changed()

    def clear_marks(self) -> None:
        self.mark_in = self.mark_out = None
        self._marks_changed()

    def set_loop(self, loop: bool) -> None:
        self.loop = loop
        self._marks_changed()

    def _marks_changed(self) -> None:
        self.changed.emit()
        if isinstance(self.state, Playing):
            self.play(self.state.step)

    # Playing

    def _begin_play(self, frame: int, step: int, within: Span) -> None:
        assert self.scene is not None
        self._end_play()
        if self._open_speaker is not None:
            opening, self._open_speaker = self._open_speaker, None
            try:
                self._clock = opening()
            except SecondUnitError as error:
                self._clock = SilentClock(str(error))
        self._since = self._asked = self._link.number()
        self._last, self._ends, self._sound_came = -1, None, False
        self.shown = self.dropped = 0
        self.state = Playing(step)
        request = Play(self._asked, self.scene, frame, step, within.first, within.end, self.loop, *self._size)
        self._link.ask(request)
        self._timer.start()
        self.changed.emit()

    def _end_play(self) -> None:
        if not isinstance(self.state, Playing):
            return
        self._since = self._link.number()
        self._timer.stop()
        if self._clock_runs:
            self._clock.end()
            self._clock_runs = False
        for shown in self._ready:
            self._link.free(Filled(shown.slot, shown.sequence))
        self._ready.clear()
        self._early.clear()
        self._wanted = self.frame

    def _tick(self) -> None:
        if self.opened is None or not isinstance(self.state, Playing):
            return
        if not self._clock_runs:
            if len(self._ready) < _AT_FIRST and self._ends is None:
                return
            if self.opened.sound and not self._sound_came:
                return
            self._start_clock()
        due = int(self._clock.seconds() * self.opened.rate)
        self._link.tell(self._asked, due)
        late: Shown | None = None
        while self._ready and self._ready[0].position <= due:
            if late is not None:
                self._link.free(Filled(late.slot, late.sequence))
            late = self._ready.popleft()
        if late is not None:
            self.dropped += late.position - self._last - 1
            self.shown += 1
            self._last = late.position
            self._see(late)
        if self._ends is not None and due >= self._ends:
            unseen = self._ends - self._last - 1
            self.dropped += unseen
            self.seek(self.frame + unseen * self.state.step)

    def _start_clock(self) -> None:
        self._clock.begin()
        self._clock_runs = True
        for samples in self._early:
            self._clock.write(samples)
        self._early.clear()

    # Answers

    def _take(self, answer: Answer, data: bytes) -> None:
        match answer:
            case Shown():
                self._take_picture(answer)
            case Opened(number) if number >= self._since:
                if self.opened is None or self.opened.number < self._since:
                    self.opened = answer
                    self._wanted = min(self._wanted, answer.frames - 1)
                    self.changed.emit()
            case Sounded(number) if number == self._asked:
                self._sound_came = True
                if self._clock_runs:
                    self._clock.write(data)
                else:
                    self._early.append(data)
            case Ended(number, positions) if number == self._asked:
                self._ends = positions
            case Unshown(number, why) if number == self._asked:
                self._end_play()
                self.state = Unseen(why)
                self._hold(None, None)
                self.changed.emit()
            case Noted(number, note) if number >= self._since:
                self.noted.emit(note)
            case _:
                pass

    def _take_picture(self, shown: Shown) -> None:
        filled = Filled(shown.slot, shown.sequence)
        if shown.number < self._since:
            self._link.free(filled)
        elif isinstance(self.state, Playing):
            self._ready.append(shown)
        else:
            self._see(shown)

    def _see(self, shown: Shown) -> None:
        filled = Filled(shown.slot, shown.sequence)
        pixels = self._link.pixels(filled)
        if pixels is not None:
            self._ends_over_it = 0
            self.frame, self.light, self.apart = shown.frame, shown.light, shown.apart
            self._move()
            self._hold(filled, pixels)

    def _move(self) -> None:
        if isinstance(self.scene, CutScene):
            self.in_cut = self.head
        self.moved.emit()

    def _hold(self, filled: Filled | None, pixels: Pixels | None) -> None:
        before, self._held, self.pixels = self._held, filled, pixels
        self.picture_changed.emit()
        if before is not None:
            self._link.free(before)

    # The process

    def _lost(self) -> None:
        self._ends_over_it += 1
        self._held = None
        self._ready.clear()

    def _again(self) -> None:
        """After another start of the process, or in another size."""
        if self._ends_over_it >= _MOST_ENDS and self.scene is not None:
            self._end_play()
            self._ends_over_it = 0
            self.state = Unseen(self.tr("the process that decodes pictures ended over this one: convert its media"))
            self._hold(None, None)
            self.changed.emit()
            return
        match self.state:
            case Playing(step):
                within = self.looped
                inside = within.first <= self.frame < within.end
                assert self.opened is not None
                self._begin_play(self.frame, step, within if inside else Span(0, self.opened.frames))
            case Stopped() | Unseen():
                self.seek(self._wanted)
            case Nothing():
                pass
            case _:
                assert_never(self.state)
