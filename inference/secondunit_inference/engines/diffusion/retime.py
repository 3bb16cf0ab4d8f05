"""Pictures between two pictures: each is moved along the motion from one to the other, and they meet half way."""

from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from secondunit_inference.engines.draft.motion import flow, grid

Floats = NDArray[np.float32]


class Between:
    """Motion of a pair is measured once and kept while positions between the same two pictures are asked for."""

    def __init__(self) -> None:
        self._pair: tuple[int, int] | None = None
        self._flows: tuple[Floats, Floats] | None = None

    def picture(self, pair: tuple[int, int], a: Floats, b: Floats, share: Fraction) -> Floats:
        """`share` of the way from `a` to `b`, R'G'B' of shape (height, width, 3), 0..1; `pair` names the two."""
        if share == 0:
            return a
        if self._pair != pair or self._flows is None:
            grey = [
                np.asarray(np.sqrt(cv2.cvtColor(one, cv2.COLOR_RGB2GRAY).clip(0, 1)) * 255, np.uint8) for one in (a, b)
            ]
            self._pair, self._flows = pair, (flow(grey[0], grey[1]), flow(grey[1], grey[0]))
        there, back = self._flows
        part = float(share)
        points = grid(*a.shape[:2])
        # The motion at a point between the two is taken to be that of the nearer picture at the same place.
        from_a = cv2.remap(a, points - part * there, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        from_b = cv2.remap(b, points - (1 - part) * back, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        # Where there and back do not cancel, something is hidden in one of them: a plain mix shows no torn edges.
        returned = there + cv2.remap(back, points + there, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        torn = np.clip(np.linalg.norm(returned, axis=-1, keepdims=True) - 1, 0, 1).astype(np.float32)
        moved = (1 - part) * from_a + part * from_b
        mixed = (1 - part) * a + part * b
        return np.asarray(moved + torn * (mixed - moved), np.float32)
