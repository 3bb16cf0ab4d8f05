"""The thread of the frames process that shows and plays scenes."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from secondunit_bridge.errors import SecondUnitError

from secondunit_plugin.panel.compare.modes import Mode
from secondunit_plugin.panel.frames.messages import (
    Answer,
    Composition,
    Ended,
    Noted,
    Opened,
    Play,
    Scene,
    Show,
    Shown,
    Sounded,
    Unshown,
)
from secondunit_plugin.panel.frames.pictures import Bgra
from secondunit_plugin.panel.frames.ring import RingWriter

if TYPE_CHECKING:  # brings OpenTimelineIO, which thumbnails do not wait for
    from secondunit_plugin.panel.frames.scenes import Painted, Stage

_OPEN_SCENES = 4
_WAIT = 0.002
# Seconds of sound that are sent at once, and by how much the sound is ahead of the pictures.
_SOUND_CHUNK, _SOUND_AHEAD = 0.2, 0.6
# Frames that are decoded forward to be shown backward.
_BLOCK = 12


class Superseded(Exception):
    pass


class Viewing(threading.Thread):
    def __init__(self, ring: RingWriter, send: Callable[[Answer, bytes], None]) -> None:
        super().__init__(name="viewing", daemon=True)
        self._ring, self._send = ring, send
        self._asked: Show | Play | None = None
        self._changed = threading.Condition()
        self._stages: OrderedDict[Scene, Stage] = OrderedDict()
        self._resting = threading.Event()
        self._resting.set()
        self.composition = Composition(Mode.WIPE, 0.5, 1, False)
        """Of pairs; for the next picture."""

    def ask(self, request: Show | Play) -> None:
        with self._changed:
            self._asked = request
            self._changed.notify()

    def rest(self) -> None:
        """Returns once nothing is played, for work that would hold it up."""
        self._resting.wait()

    def run(self) -> None:
        import secondunit_plugin.panel.frames.scenes  # noqa: F401

        done: Show | Play | None = None
        while True:
            with self._changed:
                self._changed.wait_for(lambda done=done: self._asked is not done)  # type: ignore[misc]
                done = self._asked
            assert done is not None
            try:
                self._do(done)
            except Superseded:
                pass
            except SecondUnitError as error:
                self._send(Unshown(done.number, str(error)), b"")
            finally:
                self._resting.set()

    def _do(self, request: Show | Play) -> None:
        stage = self._stage(request.scene)
        player, index = stage.player, stage.player.flat.index
        self._send(
            Opened(
                request.number,
                player.rate,
                player.frames,
                index.start.frame,
                index.drop_frame,
                player.has_sound,
            ),
            b"",
        )
        match request:
            case Show(frame=frame):
                self._fill(request, stage, min(max(frame, 0), player.frames - 1), 0)
            case Play():
                self._resting.clear()
                self._play(request, stage)
        self._note(request, stage)

    def _stage(self, scene: Scene) -> "Stage":
        if scene not in self._stages:
            from secondunit_plugin.panel.frames.scenes import Stage

            stage = Stage(scene)
            while len(self._stages) >= _OPEN_SCENES:
                self._stages.popitem(last=False)[1].close()
            self._stages[scene] = stage
        self._stages.move_to_end(scene)
        return self._stages[scene]

    def _note(self, request: Show | Play, stage: "Stage") -> None:
        for note in stage.notes():
            self._send(Noted(request.number, note), b"")

    def _play(self, request: Play, stage: "Stage") -> None:
        sound = self._sound(request, stage)
        heard: int | None = 0
        ahead = round(_SOUND_AHEAD * stage.player.rate)
        position = 0
        while (frame := _frame(request, position)) is not None:
            while heard is not None and heard < position + ahead:
                heard = next(sound, None)
            if request.step > 0:
                self._fill(request, stage, frame, position)
                position += 1
            else:
                position = self._fill_backward(request, stage, position)
            position = max(position, self._ring.due(request.number))
        for _ in sound:
            self._check(request)
        last = request.end - 1 if request.step > 0 else request.first
        self._send(Ended(request.number, (last - request.frame) // request.step + 1), b"")

    def _sound(self, request: Play, stage: "Stage") -> Iterator[int]:
        """Sends the sound piece by piece; yields the position that it has come to."""
        if not stage.player.has_sound:
            return
        position, most = 0, max(1, round(_SOUND_CHUNK * stage.player.rate))
        while (frame := _frame(request, position)) is not None:
            count = 1
            while count < most and _frame(request, position + count) == frame + count * request.step:
                count += 1
            frames = range(frame, frame + count * request.step, request.step)
            self._send(Sounded(request.number, position), stage.sound(frames, position))
            position += count
            yield position

    def _fill_backward(self, request: Play, stage: "Stage", position: int) -> int:
        """Decodes a block of frames forward and shows them backward; returns the position after them."""
        block: list[tuple[int, int]] = []
        # The first block is small, so that the first picture is there soon.
        for at in range(position, position + (_BLOCK if position else 3)):
            frame = _frame(request, at)
            if frame is None or (block and frame > block[-1][1]):
                break
            block.append((at, frame))
        width, height = stage.size(request.width, request.height)
        painted: dict[int, tuple[Bgra, Painted]] = {}
        for at, frame in reversed(block):
            self._check(request)
            picture = np.empty((height, width, 4), np.uint8)
            painted[at] = picture, stage.paint(frame, picture, self.composition)
        for at, frame in block:
            if at >= self._ring.due(request.number):
                slot = self._slot(request)
                canvas = self._canvas(slot, width, height)
                canvas[:], said = painted[at]
                self._shown(request, frame, at, slot, canvas, said)
        return position + len(block)

    def _fill(self, request: Show | Play, stage: "Stage", frame: int, position: int) -> None:
        slot = self._slot(request)
        width, height = stage.size(request.width, request.height)
        try:
            canvas = self._canvas(slot, width, height)
            painted = stage.paint(frame, canvas, self.composition)
        except SecondUnitError:
            self._ring.drop(slot)
            raise
        self._shown(request, frame, position, slot, canvas, painted)

    def _canvas(self, slot: int, width: int, height: int) -> Bgra:
        return np.frombuffer(self._ring.data(slot, width, height), np.uint8).reshape(height, width, 4)

    def _shown(
        self, request: Show | Play, frame: int, position: int, slot: int, canvas: Bgra, painted: "Painted"
    ) -> None:
        filled = self._ring.end(slot, canvas.shape[1], canvas.shape[0])
        said = painted.light, painted.apart
        self._send(Shown(request.number, frame, position, filled.slot, filled.sequence, *said), b"")

    def _slot(self, request: Show | Play) -> int:
        while (slot := self._ring.begin()) is None:
            self._check(request)
            time.sleep(_WAIT)
        if request is not self._asked:
            self._ring.drop(slot)
        self._check(request)
        return slot

    def _check(self, request: Show | Play) -> None:
        if request is not self._asked:
            raise Superseded


def _frame(play: Play, position: int) -> int | None:
    """Which frame is shown at `position`; None after the last."""
    frame = play.frame + position * play.step
    if play.first <= frame < play.end:
        return frame
    return play.first + (frame - play.first) % (play.end - play.first) if play.loop else None
