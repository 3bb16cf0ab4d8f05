"""How pictures of a model become those of a larger slot, decided before torch is loaded."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from math import ceil

from secondunit_bridge.errors import OrderRefused
from secondunit_bridge.messages import Value

from secondunit_inference.cards import Entry, Input, ModelCard
from secondunit_inference.engines.diffusion.framing import Framing
from secondunit_inference.engines.diffusion.tiles import Tiles

UPSCALE, UPSCALE_STRENGTH = "upscale", "upscale_strength"
"""The order's parameters: a way by its name, and how much of the enlarged pictures is made again."""
STRENGTH = 0.4
"""That of the second stage of LTX 0.9.7, see its card; for other models a starting point."""


class Way(StrEnum):
    NONE = "none"
    """Resampled (Lanczos), nothing is made again."""
    MODEL = "model"
    """Doubled by the card's upsampler, then made again as a whole."""
    TILED = "tiled"
    """Resampled, then made again tile by tile at the model's own size."""


@dataclass(frozen=True, slots=True)
class Enlarging:
    """`framing`: the slot's picture inside the enlarged one. `strength`: 0 where nothing of it is made again."""

    way: Way
    framing: Framing
    tiles: Tiles
    entry: Entry
    strength: float

    def steps(self, family: str, tier: int) -> int:
        """Of one tile, of the `tier`'s."""
        if not self.strength:
            return 0
        return tier if family == "ltx2" else max(1, int(tier * self.strength))  # LTX-2 weighs its source instead

    def tile_framing(self) -> Framing:
        """What a tile is to the model: a picture without a border."""
        wide, tall = self.tiles.tile_width, self.tiles.tile_height
        return Framing(wide, tall, wide, tall, 0, 0, wide, tall)


def ways(card: ModelCard) -> tuple[Way, ...]:
    """Those that the model has."""
    again = _again(card) is not None
    offered = (Way.NONE, *((Way.MODEL,) if again and card.upsampler is not None else ()))
    return (*offered, Way.TILED) if again else offered


def strength_of(card: ModelCard) -> float:
    return card.upsampler.strength if card.upsampler is not None else STRENGTH


def enlarging(
    card: ModelCard, shot: str, parameters: Mapping[str, Value], framing: Framing, pixel_aspect: Fraction
) -> Enlarging | None:
    """`framing`: that of the model's own pictures. None where the order does not ask or the slot is no larger.

    Raises OrderRefused for a way that the model does not have.
    """
    name = str(parameters.get(UPSCALE, Way.NONE))
    offered = ways(card)
    if name not in offered:
        raise OrderRefused(f"{shot}: {card.title} does not enlarge as {name!r}: it has {', '.join(offered)}")
    entry, way = _again(card), Way(name)
    strength = float(parameters.get(UPSCALE_STRENGTH, strength_of(card)))
    if entry is None or way is Way.NONE or not framing.enlarged:
        return None
    if way is Way.MODEL:
        doubled = ("width", "height", "inner_width", "inner_height", "left", "top")
        large = replace(framing, **{side: 2 * getattr(framing, side) for side in doubled})
        return Enlarging(way, large, Tiles(large.width, large.height, large.width, large.height), entry, strength)
    if not strength:
        raise OrderRefused(f"{shot}: {UPSCALE}={way} makes something again: give {UPSCALE_STRENGTH} above 0")
    inner_width, inner_height = round(framing.slot_width * pixel_aspect), framing.slot_height
    multiple = card.size.multiple
    width = max(framing.width, ceil(inner_width / multiple) * multiple)
    height = max(framing.height, ceil(inner_height / multiple) * multiple)
    left, top = (width - inner_width) // 2, (height - inner_height) // 2
    large = Framing(width, height, inner_width, inner_height, left, top, framing.slot_width, framing.slot_height)
    return Enlarging(way, large, Tiles(width, height, framing.width, framing.height), entry, strength)


def _again(card: ModelCard) -> Entry | None:
    """How the model makes a shot again from nothing but itself."""
    return next((entry for entry in card.entries if entry.needs == (Input.SOURCE_SHOT,) and not entry.adapter), None)
