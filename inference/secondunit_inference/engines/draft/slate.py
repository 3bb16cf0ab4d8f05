"""A placeholder for a shot that exists as words only."""

import math
import textwrap

import cv2
import numpy as np
from numpy.typing import NDArray
from secondunit_bridge.rates import FrameTime, format_timecode

from secondunit_inference.job import Picture

_INK, _PALE, _MARK = (232, 232, 228), (140, 146, 152), (232, 176, 72)


class Slate:
    """The prompt, the shot's name, a frame counter, timecode, and a hand that goes round once a second."""

    def __init__(
        self, prompt: str, shot: str, width: int, height: int, frames: int, start: FrameTime, drop_frame: bool
    ) -> None:
        self._width, self._height, self._frames = width, height, frames
        self._start, self._drop_frame = start, drop_frame
        self._unit = height / 1080
        self._face = cv2.FontFace("sans")
        down = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
        top, bottom = np.array([30, 36, 44], np.float32), np.array([16, 19, 24], np.float32)
        base = np.broadcast_to(top + (bottom - top) * down, (height, width, 3))
        self._base = np.ascontiguousarray(base + 0.5, np.uint8)
        left, edge = self._px(120), self._px(60)
        cv2.rectangle(self._base, (edge, edge), (width - edge, height - edge), (62, 70, 80), max(1, self._px(2)))
        self._text(self._base, "PLACEHOLDER", left, 170, 34, _MARK, 600)
        self._text(self._base, shot, left, 230, 34, _PALE, 400)
        size, lines = self._fitted(prompt, width - 2 * left)
        for index, line in enumerate(lines):
            self._text(self._base, line, left, 380 + index * size * 1.35, size, _INK, 500)

    def _px(self, value: float) -> int:
        return round(value * self._unit)

    def _text(
        self,
        canvas: NDArray[np.uint8],
        text: str,
        left: int,
        baseline: float,
        size: float,
        colour: tuple[int, ...],
        weight: int,
    ) -> None:
        cv2.putText(canvas, text, (left, self._px(baseline)), colour, self._face, max(8, self._px(size)), weight)

    def _fitted(self, prompt: str, room: int) -> tuple[float, list[str]]:
        """The largest size at which the prompt fits; what is longer still ends in an ellipsis."""
        lines: list[str] = []
        for size, most in ((72, 5), (56, 7), (44, 9)):
            pixels = max(8, self._px(size))
            letters = max(8, int(room / (0.5 * pixels)))
            while True:
                lines = textwrap.wrap(prompt, letters) or [""]
                if letters <= 8 or max(self._wide(line, pixels) for line in lines) <= room:
                    break
                letters -= 1
            if len(lines) <= most:
                return size, lines
        return 44, [*lines[:8], lines[8][:-1] + "…"]

    def _wide(self, text: str, pixels: int) -> int:
        box = cv2.getTextSize((self._width, self._height), text, (0, 0), self._face, pixels, 500)
        return int(box[0] + box[2])

    def frame(self, number: int) -> Picture:
        canvas = self._base.copy()
        time = FrameTime(self._start.frame + number, self._start.rate)
        left, low = self._px(120), 960
        self._text(canvas, format_timecode(time, self._drop_frame), left, low, 64, _INK, 500)
        counter = f"{number + 1} / {self._frames}"
        self._text(canvas, counter, self._px(120) + self._px(520), low, 64, _PALE, 400)
        radius = self._px(90)
        centre = (self._width - self._px(120) - radius, self._px(940) - radius // 2)
        angle = 2 * math.pi * (number % max(1, round(time.rate))) / max(1, round(time.rate))
        cv2.circle(canvas, centre, radius, (62, 70, 80), max(1, self._px(4)), cv2.LINE_AA)
        end = (round(centre[0] + radius * math.sin(angle)), round(centre[1] - radius * math.cos(angle)))
        cv2.line(canvas, centre, end, _MARK, max(1, self._px(8)), cv2.LINE_AA)
        bar = (self._px(60), self._height - self._px(68)), (self._width - self._px(60), self._height - self._px(60))
        done = bar[0][0] + round((bar[1][0] - bar[0][0]) * (number + 1) / self._frames)
        cv2.rectangle(canvas, bar[0], (done, bar[1][1]), _MARK, -1)
        return canvas.astype(np.uint16) * np.uint16(257)
