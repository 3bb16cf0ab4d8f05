"""Overlapping tiles over a picture that is larger than a model's, and what each adds to it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

LEAST_OVERLAP = 8
"""Neighbours share at least one part in so many of a tile's side."""


@dataclass(frozen=True, slots=True)
class Tile:
    left: int
    top: int


@dataclass(frozen=True, slots=True)
class Tiles:
    """`width` × `height`: the whole picture's, at least a tile's."""

    width: int
    height: int
    tile_width: int
    tile_height: int

    def __iter__(self) -> Iterator[Tile]:
        lefts, tops = _places(self.width, self.tile_width), _places(self.height, self.tile_height)
        return (Tile(left, top) for top in tops for left in lefts)

    def __len__(self) -> int:
        return len(_places(self.width, self.tile_width)) * len(_places(self.height, self.tile_height))

    def weight(self, tile: Tile) -> Floats:
        """How much of each pixel the tile gives, shape (tile_height, tile_width, 1); those of all tiles add up to 1."""
        across = _share(self.width, self.tile_width, tile.left)
        down = _share(self.height, self.tile_height, tile.top)
        return np.asarray(down[:, None, None] * across[None, :, None], np.float32)


def _places(whole: int, part: int) -> list[int]:
    """Spread evenly, the first at the start, the last at the end."""
    step = part - max(1, part // LEAST_OVERLAP)
    count = 1 + -(-(whole - part) // step)
    return [round(number * (whole - part) / max(1, count - 1)) for number in range(count)]


def _share(whole: int, part: int, place: int) -> Floats:
    """Along one side: straight ramps up to the side's middle, divided by the sum of all tiles' ramps."""
    ramp = np.minimum(np.arange(1, part + 1), np.arange(part, 0, -1)).astype(np.float64)
    every = np.zeros(whole)
    for other in _places(whole, part):
        every[other : other + part] += ramp
    return np.asarray(ramp / every[place : place + part], np.float32)
