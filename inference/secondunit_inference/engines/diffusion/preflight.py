"""What an order will take, said before it starts: how the weights are held, seconds, memory, and what is not known."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from secondunit_bridge.messages import Order, Plan

from secondunit_inference.engines.diffusion.enlarging import UPSCALE, Enlarging, Way, ways
from secondunit_inference.engines.diffusion.machine import Machine
from secondunit_inference.engines.diffusion.measured import Expected, Key, Measured, expected
from secondunit_inference.engines.diffusion.planned import STANDARD, TIER, Planned
from secondunit_inference.engines.diffusion.recipes import (
    Fp8,
    FromDisk,
    Int8,
    Needs,
    Recipe,
    Resident,
    Streamed,
    TextStreamed,
    changes_pixels,
    choose,
    fits,
    gigabytes,
    name_of,
    needs,
    on_device,
)
from secondunit_inference.engines.diffusion.scratch import mapped_bytes, picture_bytes
from secondunit_inference.engines.diffusion.sizes import Sizes
from secondunit_inference.engines.diffusion.speed import alone
from secondunit_inference.store import disk_bytes

MEMORY = "memory"
"""The order's parameter that names a recipe; without it one that changes no pixel is chosen."""


def preflight(planned: Planned, order: Order, machine: Machine, sizes: Sizes, found: Iterable[Measured]) -> Plan:
    """Raises OrderRefused where the model does not fit the machine."""
    found = tuple(found)
    count = at_once(planned, machine, sizes, found, len(order.seeds))
    said = tuple(fewer(planned, count, len(order.seeds)))
    planned = with_batch(planned, count)
    recipe, need, likely = chosen(planned, machine, sizes, found)
    steps = sum(planned.tier.steps for _ in planned.timing.passes)
    seconds = 0.0
    if likely is not None:
        each = steps * likely.step + len(planned.timing.passes) * likely.around
        each += _enlarging(planned, likely)
        seconds = likely.loading + -(-len(order.seeds) // count) * each
    return Plan(
        frames=planned.canvas.total,
        seconds=seconds,
        memory_bytes=on_device(recipe, need, machine.room.shared) + (need.working or 0),
        disk_bytes=disk_bytes(order) + mapped_bytes(planned),
        warnings=(*said, *_warnings(planned, machine, sizes, found, recipe, need, likely)),
    )


def chosen(
    planned: Planned, machine: Machine, sizes: Sizes, found: tuple[Measured, ...]
) -> tuple[Recipe, Needs, Expected | None]:
    """The same in the unit's process and in the worker. Raises OrderRefused where the model does not fit."""
    card, room = planned.card, machine.room
    asked = str(planned.parameters.get(MEMORY, ""))
    need = needs(card, sizes, room.shared, _working(planned, machine, found))
    recipe = choose(card, need, room, asked)
    return recipe, need, likely(planned, machine, recipe, found)


def _working(planned: Planned, machine: Machine, found: tuple[Measured, ...]) -> int | None:
    """Several takes at once that were not measured count as so many times one."""
    sized = [one.working for one in _alike(planned, machine, found) if one.working is not None]
    if not sized and planned.speed.batch > 1:
        single = _working(with_batch(planned, 1), machine, found)
        return None if single is None else single * planned.speed.batch
    return max(sized) if sized else None


def at_once(planned: Planned, machine: Machine, sizes: Sizes, found: tuple[Measured, ...], takes: int) -> int:
    """How many of the takes that are left are made in one call: not so many that the weights had to be held in less."""
    if planned.speed.batch == 1 or alone(planned.card, planned.entry, len(planned.timing.passes)):
        return 1
    recipe, _, _ = chosen(with_batch(planned, 1), machine, sizes, found)
    for count in range(min(planned.speed.batch, takes), 1, -1):
        working = _working(with_batch(planned, count), machine, found)
        if fits(recipe, needs(planned.card, sizes, machine.room.shared, working), machine.room):
            return count
    return 1


def with_batch(planned: Planned, count: int) -> Planned:
    return replace(planned, speed=replace(planned.speed, batch=count))


def fewer(planned: Planned, count: int, takes: int) -> Iterator[str]:
    if count < min(planned.speed.batch, takes):
        reason = alone(planned.card, planned.entry, len(planned.timing.passes)) or "the memory holds no more"
        yield f"{count} of {takes} takes at once instead of {planned.speed.batch}: {reason}"


def key(planned: Planned, machine: Machine, recipe: Recipe, pipeline: str) -> Key:
    return Key(machine.device, planned.card.model, pipeline, name_of(recipe), approximate(planned, recipe))


def approximate(planned: Planned, recipe: Recipe) -> tuple[str, ...]:
    """What changes pixels, as the record names it."""
    return ((name_of(recipe),) if changes_pixels(recipe) else ()) + planned.speed.beside(recipe).approximate


def likely(planned: Planned, machine: Machine, recipe: Recipe, found: Iterable[Measured]) -> Expected | None:
    frames, pixels = largest(planned)
    return expected(found, key(planned, machine, recipe, planned.entry.pipeline), frames, pixels)


def largest(planned: Planned) -> tuple[int, int]:
    """Frames and pixels of the longest pass."""
    frames = max(one.frames for one in planned.timing.passes)
    return frames, planned.framing.width * planned.framing.height


def _alike(planned: Planned, machine: Machine, found: Iterable[Measured]) -> Iterator[Expected]:
    """The pictures in work take the same beside weights that are held otherwise."""
    for recipe in (Resident(), TextStreamed(), Streamed(), FromDisk()):
        one = likely(planned, machine, recipe, found)
        if one is not None:
            yield one


def _enlarging(planned: Planned, likely_: Expected) -> float:
    """Seconds of the second stage, by the pixels of its tiles."""
    by = planned.enlarging
    if by is None:
        return 0.0
    scale = by.tiles.tile_width * by.tiles.tile_height / (planned.framing.width * planned.framing.height)
    tile = by.steps(planned.card.family, planned.tier.steps) * likely_.step + likely_.around
    return len(planned.timing.passes) * len(by.tiles) * tile * scale


def _warnings(
    planned: Planned,
    machine: Machine,
    sizes: Sizes,
    found: tuple[Measured, ...],
    recipe: Recipe,
    need: Needs,
    likely_: Expected | None,
) -> Iterator[str]:
    card = planned.card
    if machine.room.shared:
        yield "no NVIDIA device was found: the model runs on the processor, in float32"
    yield from planned.speed.left_out(recipe)
    yield from _unproven(planned, recipe)
    if recipe != Resident():
        yield _held(recipe, need, machine)
        yield _slower(planned, machine, found, likely_)
    if likely_ is None:
        yield f"{card.title} has not been measured on this machine at this setting: how long it takes is not known"
    elif not likely_.alike:
        yield "the time is scaled from a pass of another size on this machine: a larger one takes more than that"
    if need.working is None and not machine.room.shared:
        yield (
            "what the pictures in work take beside the weights has not been measured on this machine: the memory said "
            "here is that of the weights"
        )
    if mapped := mapped_bytes(planned):
        yield f"the model's pictures take {gigabytes(mapped)} on the disk of the takes until they are written"
    if planned.enlarging is not None:
        yield from _enlarged(planned, planned.enlarging)
    elif str(planned.parameters.get(UPSCALE, Way.NONE)) != Way.NONE:
        yield f"the slot is no larger than the pictures that {card.title} makes: nothing is enlarged"
    elif planned.framing.enlarged:
        made = f"{planned.framing.inner_width}×{planned.framing.inner_height}"
        others = ", ".join(f"{UPSCALE}={way}" for way in ways(card)[1:])
        yield f"made at {made} and resampled to the slot's size" + (f"; for more detail: {others}" if others else "")
    if sizes.uncounted:
        yield f"not counted into the memory, their size is not known: {', '.join(sizes.uncounted)}"


def _unproven(planned: Planned, recipe: Recipe) -> Iterator[str]:
    card = planned.card
    tier = str(planned.parameters.get(TIER, STANDARD))
    asked = [name_of(recipe)] if changes_pixels(recipe) else []
    asked += [planned.speed.cache] if planned.speed.cache else []
    asked += ["sage"] if planned.speed.attention == "sage" else []  # it computes with 8 bits
    asked += [] if card.tiers[tier].enabled else [tier]
    if names := ", ".join(name for name in asked if name not in card.reports):
        yield f"{names}: not tried on the published weights of {card.title}: look at one take before you order more"


def _held(recipe: Recipe, need: Needs, machine: Machine) -> str:
    free = f"{gigabytes(machine.room.device)} of memory are free, the weights alone take {gigabytes(need.weights)}"
    match recipe:
        case Resident():
            return free
        case TextStreamed():
            return f"{free}: the text encoder is streamed from main memory"
        case Fp8():
            return "the transformer's weights are held as 8-bit floats: other pictures than those of the full weights"
        case Int8():
            return "the transformer's weights are held as 8-bit numbers: other pictures than those of the full weights"
        case Streamed():
            return f"{free}: {gigabytes(need.transformers)} are streamed from main memory at every step"
        case FromDisk():
            return f"{free}: {gigabytes(need.transformers)} are read from the disk at every step"


def _slower(planned: Planned, machine: Machine, found: Iterable[Measured], likely_: Expected | None) -> str:
    resident = likely(planned, machine, Resident(), found)
    if resident is None or likely_ is None or resident.step <= 0:
        return "how much slower that is than weights that stay on the device has not been measured on this machine"
    return f"a step takes {likely_.step / resident.step:.2g} times as long as with weights that stay on the device"


def _enlarged(planned: Planned, by: Enlarging) -> Iterator[str]:
    made, larger = planned.framing, by.framing
    size = f"{larger.inner_width}×{larger.inner_height}"
    if by.way is Way.MODEL:
        yield (
            f"made at {made.inner_width}×{made.inner_height}, doubled by the model's upsampler and made again at "
            f"{size}: the device's memory for that and for the upsampler is not in the memory said here"
        )
    else:
        before = f"{made.inner_width}×{made.inner_height}"
        yield f"made at {before}, enlarged and made again at {size} in {len(by.tiles)} tiles"
    if not mapped_bytes(planned):
        yield f"the pictures take {gigabytes(picture_bytes(planned))} of main memory until they are written"
