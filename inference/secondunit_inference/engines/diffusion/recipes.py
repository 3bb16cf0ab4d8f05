"""How a model's weights are held in memory: chosen from what they need and what is free, before anything is loaded.

Streamed weights wait in main memory or in files and are on the device for as long as they are at work.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import assert_never

from secondunit_bridge.errors import OrderRefused

from secondunit_inference.cards import ModelCard
from secondunit_inference.engines.diffusion.sizes import Sizes

UNMEASURED_SHARE = 4
"""Until the pictures in work are measured, a quarter of the device's free memory is left to them: our choice."""
_WIDTHS = {"bfloat16": 2, "float16": 2, "float32": 4}


@dataclass(frozen=True, slots=True)
class Resident:
    """All weights stay on the device."""


@dataclass(frozen=True, slots=True)
class TextStreamed:
    """All but those of the encoders, which work once for an order and are streamed from main memory then."""


@dataclass(frozen=True, slots=True)
class Fp8:
    """The transformers' weights are stored as float8_e4m3fn and calculated with in the card's type: changes pixels."""


@dataclass(frozen=True, slots=True)
class Int8:
    """The transformers' weights are stored as whole numbers of 8 bits with a scale for each row: changes pixels."""


@dataclass(frozen=True, slots=True)
class Streamed:
    """Transformers and text encoders are streamed from main memory, block by block."""


@dataclass(frozen=True, slots=True)
class FromDisk:
    """Likewise, from files."""


Recipe = Resident | TextStreamed | Fp8 | Int8 | Streamed | FromDisk


@dataclass(frozen=True, slots=True)
class Room:
    """Free bytes. `shared`: the device is the processor, whose memory is main memory."""

    device: int
    main: int
    disk: int
    shared: bool


@dataclass(frozen=True, slots=True)
class Needs:
    """Bytes. `working`: pictures in work, measured on this machine; None before the first order."""

    stay: int
    transformers: int
    text: int
    streamed: int
    streamed_text: int
    working: int | None

    @property
    def weights(self) -> int:
        return self.stay + self.transformers + self.text


def needs(card: ModelCard, sizes: Sizes, shared: bool, working: int | None) -> Needs:
    """On the processor, weights are calculated with in float32."""
    width = 4 if shared else _WIDTHS[card.memory.dtype]
    stay = transformers = text = streamed = streamed_text = 0
    for name, size in sizes.components.items():
        each = 4 if name in card.memory.float32 else width
        if name.startswith("transformer"):
            transformers += size.parameters * each
            streamed = max(streamed, size.streamed * each)
        elif streams(name):
            text += size.parameters * each
            streamed_text = max(streamed_text, size.streamed * each)
        else:
            stay += size.parameters * each
    return Needs(stay, transformers, text, streamed, streamed_text, working)


def streams(component: str) -> bool:
    """Whether a component is streamed at all; decoders are small beside the pictures that they make."""
    return component.startswith(("transformer", "text_encoder", "image_encoder", "connectors"))


def name_of(recipe: Recipe) -> str:
    """As cards name recipes."""
    match recipe:
        case Resident():
            return "resident"
        case TextStreamed():
            return "text_offload"
        case Fp8():
            return "fp8"
        case Int8():
            return "int8"
        case Streamed():
            return "group_offload"
        case FromDisk():
            return "disk"
        case _:
            assert_never(recipe)


def changes_pixels(recipe: Recipe) -> bool:
    return isinstance(recipe, Fp8 | Int8)


def on_device(recipe: Recipe, need: Needs, shared: bool) -> int:
    """Bytes of weights on the device at a time."""
    match recipe:
        case Resident():
            return need.weights
        case TextStreamed():
            return need.stay + need.transformers + need.streamed_text
        case Fp8() | Int8():
            return need.stay + need.text + need.transformers // (4 if shared else 2)
        case Streamed() | FromDisk():
            return need.stay + max(need.streamed, need.streamed_text)
        case _:
            assert_never(recipe)


def fits(recipe: Recipe, need: Needs, room: Room) -> bool:
    working = need.working if need.working is not None else room.device // UNMEASURED_SHARE
    if on_device(recipe, need, room.shared) + working > room.device:
        return False
    match recipe:
        case Resident() | Fp8() | Int8():
            return True
        case TextStreamed():
            return not room.shared and need.text <= room.main
        case Streamed():
            return not room.shared and need.text + need.transformers <= room.main
        case FromDisk():
            return need.text + need.transformers <= room.disk
        case _:
            assert_never(recipe)


def choose(card: ModelCard, need: Needs, room: Room, asked: str = "") -> Recipe:
    """The fastest that fits and keeps every bit, or has a report in the card; `asked`: a recipe of the card by name,
    which is taken as it is.

    Raises OrderRefused where none fits, and for a recipe that the card does not name.
    """
    if asked:
        recipe = _BY_NAME.get(asked)
        if recipe is None or asked not in card.memory.recipes:
            offered = ", ".join(name for name in card.memory.recipes if name in _BY_NAME)
            raise OrderRefused(f"{card.title} is not held in memory as {asked!r}: it can be {offered}")
        if isinstance(recipe, Int8) and not _quantizes():
            raise OrderRefused(f"{card.title} as int8 needs torchao: `pip install 'secondunit[diffusion]'`")
        return recipe
    for recipe in _ladder(card):
        if fits(recipe, need, room):
            return recipe
    least = on_device(FromDisk(), need, room.shared) + (need.working or 0)
    raise OrderRefused(
        f"{card.title} does not fit this machine: with its weights streamed from files it takes at least "
        f"{gigabytes(least)} of the {'main' if room.shared else 'device'} memory, of which {gigabytes(room.device)} "
        f"are free, and {gigabytes(need.text + need.transformers)} on the disk of the models, which has "
        f"{gigabytes(room.disk)} free: end other programs, make room or order a smaller model or picture"
    )


def step_down(card: ModelCard, recipe: Recipe, need: Needs, room: Room) -> Recipe | None:
    """What is tried after the device's memory ran out: the next recipe that holds less there."""
    held = on_device(recipe, need, room.shared)
    for lower in _ladder(card):
        streamed_here = room.shared and not isinstance(lower, FromDisk)
        if on_device(lower, need, room.shared) < held and not streamed_here:
            return lower
    return None


def gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB"


def _quantizes() -> bool:
    return find_spec("torchao") is not None


def _ladder(card: ModelCard) -> Iterator[Recipe]:
    """From fast to slow; those that change pixels only where the card has a report of them."""
    for name in card.memory.recipes:
        recipe = _BY_NAME.get(name)
        if recipe is None or (isinstance(recipe, Int8) and not _quantizes()):
            continue
        if not changes_pixels(recipe) or name in card.reports:
            yield recipe
            if recipe == Resident():
                yield TextStreamed()  # no card names it: whatever can be resident can be held so


_BY_NAME: Mapping[str, Recipe] = {
    name_of(recipe): recipe for recipe in (Resident(), Fp8(), Int8(), Streamed(), FromDisk())
}
