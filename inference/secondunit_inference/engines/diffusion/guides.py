"""The frames of a guide video, as a model sees them."""

from collections.abc import Callable
from fractions import Fraction

import cv2
import numpy as np

from secondunit_inference.engines.diffusion.framing import Floats, Framing
from secondunit_inference.engines.diffusion.motion import Moved
from secondunit_inference.engines.diffusion.warp import Camera, Holes, Strokes, shown


class MovedPictures:
    """`picture`: that of a take's frame before it is moved, in the model's size. `nearness`: see `Camera`."""

    def __init__(
        self,
        guide: Moved,
        framing: Framing,
        rate: Fraction,
        picture: Callable[[Fraction], Floats],
        nearness: Callable[[Floats], Floats | None],
    ) -> None:
        self._guide, self._framing, self._rate = guide, framing, rate
        self._picture, self._nearness = picture, nearness
        size = framing.inner_width, framing.inner_height
        self._strokes = Strokes(guide.strokes, *size) if guide.strokes else None
        self._camera: Camera | None = None
        self._still: Floats | None = None

    def frame(self, position: Fraction) -> tuple[Floats, Floats]:
        """The picture at a take's frame, and a mask of it: 1 where nothing was seen, shape (height, width, 1)."""
        guide, framing = self._guide, self._framing
        if self._still is None or guide.moving:
            self._still = framing.inner(self._picture(position if guide.moving else Fraction(guide.anchor)))
        picture = self._still
        holes: Holes = np.zeros(picture.shape[:2], np.bool_)
        if guide.camera is not None and self._camera is None:
            nearness = self._nearness(picture) if guide.parallax and not guide.moving else None
            self._camera = Camera(guide.camera, framing.inner_width, framing.inner_height, nearness)
        if self._strokes is not None:
            places, holes = self._strokes.places(float((position - guide.anchor) / self._rate))
            picture = shown(picture, places, holes)
        if self._camera is not None:
            places, further = self._camera.places(self._way(position))
            picture = shown(picture, places, further)
            followed = cv2.remap(holes.astype(np.float32), places, None, cv2.INTER_LINEAR)
            holes = further | (followed > 0)
        mask = framing.surrounded(holes.astype(np.float32)).reshape(framing.height, framing.width, 1)
        return framing.surrounded(picture), mask

    def _way(self, position: Fraction) -> float:
        """1 when the move is done; where it leads up to the anchor, -1 where it begins."""
        travel = self._guide.end - self._guide.anchor
        return float((position - self._guide.anchor) / abs(travel)) if travel else 0.0
