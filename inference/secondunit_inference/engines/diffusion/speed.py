"""What makes an order faster and changes its pixels: each is off unless the order asks, and stands in the record.

A cache is offered for the families on whose tiny models it ran and changed the pictures, with diffusers 0.42. MagCache
is not: it needs ratios that are measured on each checkpoint.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from secondunit_bridge.errors import OrderRefused
from secondunit_bridge.messages import Value

from secondunit_inference.cards import ModelCard

CACHE, TILING = "speed.cache", "speed.tiling"
CACHES: Mapping[str, tuple[str, ...]] = {
    "first-block": ("wan",),
    "taylorseer": ("wan", "helios", "skyreels"),
}
"""Families that each works on."""


@dataclass(frozen=True, slots=True)
class Speed:
    """`cache`: guesses steps that change little; empty is none. `tiling`: the VAE works on tiles."""

    cache: str = ""
    tiling: bool = False

    @property
    def approximate(self) -> tuple[str, ...]:
        """As the record names them."""
        return tuple(name for name in (self.cache, "tiling" if self.tiling else "") if name)


def speed(card: ModelCard, shot: str, parameters: Mapping[str, Value]) -> Speed:
    """Raises OrderRefused for what the model does not do, and for an unknown parameter of that group."""
    for name in parameters:
        if name.startswith("speed.") and name not in (CACHE, TILING):
            raise OrderRefused(f"{shot}: there is no parameter {name!r}: there are {CACHE} and {TILING}")
    cache, tiling = parameters.get(CACHE, ""), parameters.get(TILING, False)
    offered = [name for name, families in CACHES.items() if card.family in families]
    if cache and cache not in offered:
        raise OrderRefused(f"{shot}: {card.title} has no cache {cache!r}: it has {', '.join(offered) or 'none'}")
    if not isinstance(tiling, bool):
        raise OrderRefused(f"{shot}: {TILING} is on or off, not {tiling!r}")
    return Speed(str(cache), tiling)
