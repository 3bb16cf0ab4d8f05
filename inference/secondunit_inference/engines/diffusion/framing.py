"""Pictures of a slot inside those of a model: square pixels, a legal size, edges repeated into what is over.

The unit plans with it and starts without OpenCV, which is imported where pictures are.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, sqrt

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Framing:
    """`inner_width` × `inner_height` square pixels at (`left`, `top`) of the model's picture hold the slot's."""

    width: int
    height: int
    inner_width: int
    inner_height: int
    left: int
    top: int
    slot_width: int
    slot_height: int

    @property
    def enlarged(self) -> bool:
        """Whether the model's picture has to be enlarged for the slot."""
        return self.inner_height < self.slot_height

    def into(self, picture: Floats) -> Floats:
        """A picture of the slot, shape (slot_height, slot_width, channels), as one of the model's."""
        import cv2

        size = (self.inner_width, self.inner_height)
        if size != (self.slot_width, self.slot_height):
            smaller = self.inner_width * self.inner_height < self.slot_width * self.slot_height
            picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)
        return self.surrounded(picture)

    def surrounded(self, picture: Floats) -> Floats:
        """A picture of the inner size, its edges repeated into the rest."""
        import cv2

        right, bottom = self.width - self.inner_width - self.left, self.height - self.inner_height - self.top
        if right or bottom or self.left or self.top:
            picture = cv2.copyMakeBorder(picture, self.top, bottom, self.left, right, cv2.BORDER_REPLICATE)
        return np.asarray(picture, np.float32)

    def inner(self, picture: Floats) -> Floats:
        """What a picture of the model holds of the slot's, square pixels."""
        return picture[self.top : self.top + self.inner_height, self.left : self.left + self.inner_width]

    def out_of(self, picture: Floats) -> Floats:
        """A picture of the model as one of the slot."""
        import cv2

        inner = self.inner(picture)
        size = (self.slot_width, self.slot_height)
        if size != (self.inner_width, self.inner_height):
            smaller = self.slot_width * self.slot_height < self.inner_width * self.inner_height
            inner = cv2.resize(inner, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LANCZOS4)
        return np.ascontiguousarray(inner, np.float32)


def framing(
    width: int,
    height: int,
    pixel_aspect: Fraction,
    multiple: int,
    pixels: int,
    fixed: tuple[int, int] | None = None,
) -> Framing:
    """`pixels`: the area of the pictures that the model was made for; larger slots are made smaller and enlarged.

    `fixed`: the only size that the model makes; the slot's picture is fitted into it.
    """
    square = width * pixel_aspect
    scale = min(1.0, sqrt(pixels / float(square * height)))
    if fixed is not None:
        scale = min(fixed[0] / float(square), fixed[1] / height)
    inner_width, inner_height = max(1, round(float(square) * scale)), max(1, round(height * scale))
    full_width, full_height = fixed or (ceil(side / multiple) * multiple for side in (inner_width, inner_height))
    left, top = (full_width - inner_width) // 2, (full_height - inner_height) // 2
    return Framing(full_width, full_height, inner_width, inner_height, left, top, width, height)
