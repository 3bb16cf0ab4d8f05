"""Pictures whose parts move unlike each other: for each pixel of the moved picture, the place that it shows.

A field says for every pixel of the source how far it goes along with the motion, 0 to 1. Of all places that end at one
pixel, that with the highest level is in front.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import cos, hypot, radians, sin

import cv2
import numpy as np
from numpy.typing import NDArray
from secondunit_bridge.messages import CameraMove, Stroke

from secondunit_inference.engines.draft.motion import grid

Floats = NDArray[np.float32]
Holes = NDArray[np.bool_]
"""Shape (height, width): what the source does not show."""
Inverse = Callable[[Floats | float], Floats]
"""From a level, one or one for each pixel, to the places in the source that end at each pixel: shape (height, width, 2)
of x and y."""

_FALLOFF = 0.05
"""Of the picture's width: over so much, what lies beside a stroke's region is drawn along."""
_TORN = 0.5
"""A picture that is stretched to more than twice its size is torn: nothing there was seen."""
_LEVELS = 32
_HALVINGS = 6
_EXACT = 1e-5
_FILL = 5


def front(field: Floats, inverse: Inverse, levels: int) -> tuple[Floats, Floats]:
    """The places in front, shape (height, width, 2), and their levels, shape (height, width)."""

    def excess(level: Floats | float) -> Floats:
        at = cv2.remap(field, inverse(level), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(at - level, np.float32)

    # What is reached is the highest level that the field has at its own place.
    above = np.ones(field.shape, np.float32)
    reached = excess(1.0) >= -_EXACT
    below = np.where(reached, np.float32(1), np.float32(0))
    for high, low in pairwise(np.linspace(1, 0, levels + 1, dtype=np.float32)):
        here = ~reached & (excess(float(low)) >= -_EXACT)
        above[here], below[here] = high, low
        reached |= here
    for _ in range(_HALVINGS):
        middle = np.asarray((above + below) / 2, np.float32)
        inside = excess(middle) >= 0
        below, above = np.where(inside, middle, below), np.where(inside, above, middle)
    return inverse(below), below


def torn(places: Floats, plain: Floats | float) -> Holes:
    """Where the source is stretched, sheared apart, or ends. `plain`: how wide a part of the source a pixel shows
    where nothing tears."""
    x, y = places[..., 0], places[..., 1]
    (x_down, x_across), (y_down, y_across) = np.gradient(x), np.gradient(y)
    # The smaller singular value of the map's Jacobian is its strongest stretch.
    both = x_across**2 + x_down**2 + y_across**2 + y_down**2
    area = x_across * y_down - x_down * y_across
    least = (both - np.sqrt(np.maximum(both**2 - 4 * area**2, 0))) / 2
    found = (least < (_TORN * plain) ** 2).astype(np.uint8)
    found = cv2.dilate(cv2.morphologyEx(found, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)), np.ones((3, 3), np.uint8))
    return np.asarray(found.astype(np.bool_) | _outside(places), np.bool_)


def _outside(places: Floats) -> Holes:
    height, width = places.shape[:2]
    x, y = places[..., 0], places[..., 1]
    return np.asarray((x < -0.5) | (x > width - 0.5) | (y < -0.5) | (y > height - 0.5), np.bool_)


def shown(picture: Floats, places: Floats, holes: Holes) -> Floats:
    """Beyond its edges the picture is mirrored; other holes are filled from what lies around them (Telea 2004)."""
    moved = cv2.remap(picture, places, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    moved = np.asarray(np.clip(moved, 0, 1), np.float32)
    inner = holes & ~_outside(places)
    if not inner.any() or inner.all():
        return moved
    # OpenCV fills pictures of three channels in 8 bits only; what is no hole keeps its floats.
    bytes_ = np.asarray(np.round(moved * 255), np.uint8)
    fill = cv2.inpaint(bytes_, inner.astype(np.uint8), _FILL, cv2.INPAINT_TELEA).astype(np.float32) / 255
    return np.where(inner[..., None], fill, moved)


@dataclass(frozen=True, slots=True)
class _Moved:
    """`field`: 1 in the stroke's region, less beside it. `x`, `y`: pixels a second."""

    field: Floats
    x: float
    y: float


class Strokes:
    """Regions of a picture of `width` × `height` square pixels that move on straight lines."""

    def __init__(self, strokes: Sequence[Stroke], width: int, height: int) -> None:
        self._points = grid(height, width)
        insides = [_inside(stroke, width, height) for stroke in strokes]
        away = [cv2.distanceTransform((~inside).astype(np.uint8), cv2.DIST_L2, 5) for inside in insides]
        self._moved: list[_Moved] = []
        for number, stroke in enumerate(strokes):
            field = _smooth(1 - away[number] / np.float32(_FALLOFF * width))
            for other, distance in enumerate(away):
                if other != number:
                    # Half way to another region nothing is drawn along, so that each moves as it was asked.
                    both = np.maximum(away[number] + distance, 1e-6)
                    field = np.where(insides[number], field, field * _smooth((distance - away[number]) / both))
                    field[insides[other] & ~insides[number]] = 0
            turn, speed = radians(stroke.direction), stroke.speed * width
            self._moved.append(_Moved(np.asarray(field, np.float32), speed * cos(turn), speed * sin(turn)))

    def places(self, seconds: float) -> tuple[Floats, Holes]:
        """`seconds` after the picture's own time, or before it where negative."""
        best = np.full(self._points.shape[:2], -1, np.float32)
        places = self._points
        for one in self._moved:
            step = np.array([one.x * seconds, one.y * seconds], np.float32)
            far = hypot(*step)
            if far < 1e-3:
                continue

            def back(level: Floats | float, step: Floats = step) -> Floats:
                share = level[..., None] if isinstance(level, np.ndarray) else np.float32(level)
                return np.asarray(self._points - share * step, np.float32)

            found, level = front(one.field, back, max(2, min(_LEVELS, round(far))))
            ahead = level >= best
            best = np.where(ahead, level, best)
            places = np.where(ahead[..., None], found, places)
        return places, torn(places, 1.0)


def _inside(stroke: Stroke, width: int, height: int) -> Holes:
    corners = [(round(point.x * width - 0.5), round(point.y * height - 0.5)) for point in stroke.region]
    mask = np.zeros((height, width), np.uint8)
    cv2.fillPoly(mask, [np.array(corners, np.int32)], 1)
    return mask.astype(np.bool_)


def _smooth(share: Floats) -> Floats:
    kept = np.clip(share, 0, 1)
    return np.asarray(kept * kept * (3 - 2 * kept), np.float32)


class Camera:
    """A camera before a picture of `width` × `height` square pixels.

    `nearness`: 0 far to 1 near, shape (height, width); None: all of it is equally far, a plane.
    """

    def __init__(self, move: CameraMove, width: int, height: int, nearness: Floats | None) -> None:
        self._move, self._nearness = move, nearness
        self._points = grid(height, width)
        self._middle = np.array([(width - 1) / 2, (height - 1) / 2], np.float32)
        self._size = np.array([width, height], np.float32)
        # What lies at the median travels by the move's amount, what is nearer further.
        self._median = float(np.median(nearness)) if nearness is not None else 0.0

    def places(self, way: float) -> tuple[Floats, Holes]:
        """`way`: the share of the move that is behind the camera, negative before it began."""
        if self._nearness is None:
            places = self._back(0.0, way)
            return places, torn(places, self._plain(0.0, way))
        places, level = front(self._nearness, lambda level: self._back(level, way), _LEVELS)
        return places, torn(places, self._plain(level, way))

    def _back(self, level: Floats | float, way: float) -> Floats:
        near = self._near(level)
        travel = np.float32(self._move.amount * way)
        match self._move.move:
            case "push-in" | "pull-out":
                return np.asarray(self._middle + (self._points - self._middle) * self._shrink(level, way), np.float32)
            case "pan-right" | "pan-left" | "tilt-down" | "tilt-up" as move:
                return np.asarray(self._points + travel * self._size * _WAYS[move], np.float32)
            case move:
                return np.asarray(self._points + near * travel * self._size * _WAYS[move], np.float32)

    def _near(self, level: Floats | float) -> Floats:
        """How fast what lies there goes by, 1 at the median."""
        near = np.asarray(1 + level - self._median if self._nearness is not None else 1.0, np.float32)
        return near[..., None] if near.ndim else near

    def _shrink(self, level: Floats | float, way: float) -> Floats:
        amount = self._move.amount
        pace = amount / (1 + amount) if self._move.move == "push-in" else -amount
        return np.asarray(1 - np.float32(pace * way) * self._near(level), np.float32)

    def _plain(self, level: Floats | float, way: float) -> Floats | float:
        if self._move.move not in ("push-in", "pull-out"):
            return 1.0
        shrink = self._shrink(level, way)
        return np.asarray(np.minimum(shrink[..., 0] if shrink.ndim else shrink, 1), np.float32)


_WAYS = {
    name: np.array(way, np.float32)
    for name, way in {
        "pan-right": (1, 0),
        "pan-left": (-1, 0),
        "tilt-down": (0, 1),
        "tilt-up": (0, -1),
        "dolly-right": (1, 0),
        "dolly-left": (-1, 0),
        "jib-down": (0, 1),
        "jib-up": (0, -1),
    }.items()
}
