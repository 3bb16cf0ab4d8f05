"""Strokes as a video of point tracks, as the motion track adapter of LTX-2.3 was trained to read it.

Drawn as Lightricks' own node LTXVDrawTracks does: discs on black that trail behind their point for 50 frames, in a
picture of 1080 lines that is then reduced (https://github.com/Lightricks/ComfyUI-LTXVideo, sparse_tracks.py).
"""

from collections.abc import Sequence
from fractions import Fraction
from math import cos, radians, sin

import cv2
import numpy as np
from secondunit_bridge.messages import Stroke

from secondunit_inference.engines.diffusion.framing import Floats

_SHORT_SIDE = 1080
_TRAIL = 50
_OLDEST, _NEWEST = 2.0, 8.0
"""Radii in pixels."""
_APART = 1 / 12
"""Points lie so far from each other, as a share of the picture's width."""


class Tracks:
    """For pictures of `width` × `height` square pixels, with a frame each `step` seconds."""

    def __init__(self, strokes: Sequence[Stroke], width: int, height: int, step: Fraction) -> None:
        self._size = (width, height)
        self._scale = _SHORT_SIDE / min(width, height)
        self._step = float(step)
        self._tracks = [(point, _pace(stroke, width)) for stroke in strokes for point in _points(stroke, width, height)]

    def frame(self, number: int) -> Floats:
        """`number`: frames since the points began to move; black before that."""
        width, height = self._size
        drawn = np.zeros((round(height * self._scale), round(width * self._scale), 3), np.float32)
        for age in range(min(number, _TRAIL), -1, -1) if number >= 0 else ():
            share = 1 - age / _TRAIL
            radius = _OLDEST + (_NEWEST - _OLDEST) * share
            for (x, y), (across, down) in self._tracks:
                seconds = (number - age) * self._step
                place = ((x + across * seconds) * self._scale, (y + down * seconds) * self._scale)
                cv2.circle(drawn, (round(place[0]), round(place[1])), round(radius), _colour(share), cv2.FILLED)
        return np.asarray(cv2.resize(drawn, self._size, interpolation=cv2.INTER_LINEAR), np.float32)


def _pace(stroke: Stroke, width: int) -> tuple[float, float]:
    turn, speed = radians(stroke.direction), stroke.speed * width
    return speed * cos(turn), speed * sin(turn)


def _points(stroke: Stroke, width: int, height: int) -> list[tuple[float, float]]:
    """A grid of points in the region, and at least its middle."""
    corners = np.array([(point.x * width, point.y * height) for point in stroke.region], np.float32)
    low, high = corners.min(axis=0), corners.max(axis=0)
    counts = [max(1, round(float(side) / (_APART * width))) for side in high - low]
    across, down = ((np.arange(n) + 0.5) / n * (high[i] - low[i]) + low[i] for i, n in enumerate(counts))
    found = [
        (float(x), float(y))
        for y in down
        for x in across
        if cv2.pointPolygonTest(corners, (float(x), float(y)), False) >= 0
    ]
    middle = corners.mean(axis=0)
    return found or [(float(middle[0]), float(middle[1]))]


def _colour(share: float) -> tuple[float, float, float]:
    """R'G'B' from red, the oldest, over yellow and green to blue, the newest: the training data's order of channels."""
    if share <= 1 / 3:
        return 1 - 3 * share, 3 * share, 0.0
    if share <= 2 / 3:
        return 0.0, 1.0, 3 * share - 1
    return 0.0, 3 - 3 * share, 1.0
