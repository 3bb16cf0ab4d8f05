"""What a model's tiers take through the engine and through diffusers alone: seconds, memory, first preview, plan.

Weights are random: a step takes what it takes with trained ones. A cache decides by what the weights make of a
picture, so that with random ones its figures say that it runs, not how often it would skip.
"""

import dataclasses
import gc
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import torch
from secondunit_bridge.messages import Delivery, Order, Parameter, Slot, Task, Text, Value
from secondunit_inference import cards
from secondunit_inference.cards import Input, ModelCard
from secondunit_inference.engines.diffusion import card as planning
from secondunit_inference.engines.diffusion import engine, tiny
from secondunit_inference.engines.diffusion.held import Held
from secondunit_inference.engines.diffusion.sizes import sizes
from secondunit_inference.engines.diffusion.speed import able, choices
from secondunit_inference.job import Job, Progress

from tests.gpu import stock

FEW, MANY = 2, 6
"""Numbers of steps whose difference says what one takes."""
STANDARD, STOCK = "standard", "diffusers alone"
_BYTES = 2
"""Of a weight in the types that cards name."""


@dataclass(frozen=True, slots=True)
class Row:
    """`options`: what the order asked for beside the tier, `STOCK` for the same call of diffusers.

    `around`: seconds of a take beside its steps. `peak`, `planned`: bytes on the device, None where nothing counts
    them; `planned` before the order, from a shorter one on the same machine. `preview`: seconds to the first.
    """

    model: str
    tier: str
    options: str
    width: int
    height: int
    frames: int
    steps: int
    step: float
    around: float
    preview: float | None
    peak: int | None
    planned: int | None
    planned_seconds: float | None

    @property
    def seconds(self) -> float:
        return self.around + self.steps * self.step


def unfit(card: ModelCard, device_bytes: int, disk_bytes: int) -> str:
    """Why its published sizes are not measured; empty where they are."""
    found = sizes(card, Path())
    if found.uncounted:
        return f"its card has no full configuration of {', '.join(found.uncounted)}"
    if not any(one.task is Task.GENERATE and set(one.needs) <= {Input.TEXT} for one in card.entries):
        return "it makes nothing from a text alone"
    weights = _BYTES * sum(one.parameters for one in found.components.values())
    if weights > 0.8 * device_bytes:
        return f"its weights take {weights / 1e9:.0f} GB"
    if weights > 0.9 * disk_bytes:
        return f"its weights take {weights / 1e9:.0f} GB on the disk"
    return ""


def full(card: ModelCard) -> ModelCard:
    """Tokenizers stay the tiny ones: their vocabulary is part of the published one."""
    return dataclasses.replace(card, tiny={**card.tiny, **card.full})


def build(card: ModelCard, models: Path, device: str) -> None:
    """Weights of `card.tiny`'s classes, made where they are quickest to draw."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(stock.DTYPES[card.memory.dtype] if device == "cuda" else torch.float32)
    try:
        with torch.device(device):
            tiny.build(card, models / card.model)
    finally:
        torch.set_default_dtype(before)
        _emptied(device)


Option = tuple[str, str]
"""A parameter of an order that makes it faster, and its value."""


def options(card: ModelCard, device: str) -> tuple[Option, ...]:
    """All that this machine can do for the model."""
    found = choices(card, able(cuda=device == "cuda"))
    return tuple((name, value) for name, values in found.items() for value in values)


def measure(card: ModelCard, device: str, frames: int, options: Iterable[Option]) -> Iterator[Row]:
    """`card`: its `tiny` is what is built, `frames` those of an order. Nothing else may use the device meanwhile."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build(card, folder, device)
        yield _of_stock(order(card, STANDARD, frames, FEW), folder, device)
        held = Held()
        try:
            # a shorter one first: what is planned is scaled from it, as on a user's machine
            least = 2 * card.frames.multiple + card.frames.plus
            _made(held, order(card, STANDARD, min(frames, least), FEW), folder)
            yield _of_engine(held, order(card, STANDARD, frames, FEW), folder, device, "")
            for option, value in options:
                asked = order(card, STANDARD, frames, FEW, **{option: value})
                yield _of_engine(held, asked, folder, device, f"{option.removeprefix('speed.')} {value}")
            for tier in (name for name, one in card.tiers.items() if name != STANDARD and one.enabled):
                if "sigmas" not in card.tiers[tier].call:
                    yield _of_engine(held, order(card, tier, frames, FEW), folder, device, "")
        finally:
            held.release()
            _emptied(device)


def order(card: ModelCard, tier: str, frames: int, steps: int, **given: Value) -> Order:
    one, rate = card.tiers[tier], card.rate
    slot = Slot(frames, 0, 0, rate, rate, one.width, one.height, Fraction(1), None)
    parameters = {"tier": tier, "steps": steps} | given
    return Order(
        "measure",
        Task.GENERATE,
        "measures",
        "shot",
        slot,
        (Text("a lake in the rain"),),
        "diffusion",
        card.model,
        tuple(Parameter(name, value) for name, value in parameters.items()),
        (1,),
        Delivery("/takes"),
    )


def _of_stock(asked: Order, folder: Path, device: str) -> Row:
    pipeline = stock.load(asked, folder, device)
    stock.call(pipeline, asked)()  # the first call also chooses kernels

    def made(steps: int) -> None:
        stock.call(pipeline, _with_steps(asked, steps))()

    try:
        return _row(asked, STOCK, device, made)
    finally:
        made = pipeline = None
        _emptied(device)


def _of_engine(held: Held, asked: Order, folder: Path, device: str, options: str) -> Row:
    plan = planning.plan(_with_steps(asked, MANY), folder)
    _made(held, asked, folder)  # compiles and chooses kernels
    previews: list[float | None] = []

    def made(steps: int) -> None:
        previews.append(_made(held, _with_steps(asked, steps), folder))

    row = _row(asked, options, device, made)
    planned = plan.memory_bytes if device == "cuda" else None
    return dataclasses.replace(row, preview=previews[0], planned=planned, planned_seconds=plan.seconds)


def _row(asked: Order, options: str, device: str, made: Callable[[int], object]) -> Row:
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    few, many = _seconds(lambda: made(FEW), device), _seconds(lambda: made(MANY), device)
    step = (many - few) / (MANY - FEW)
    tier = next(str(one.value) for one in asked.parameters if one.name == "tier")
    return Row(
        model=asked.model,
        tier=tier,
        options=options,
        width=asked.slot.width,
        height=asked.slot.height,
        frames=asked.slot.frames,
        steps=cards.card(asked.model).tiers[tier].steps,
        step=step,
        around=max(0.0, few - FEW * step),
        preview=None,
        peak=torch.cuda.max_memory_allocated() if device == "cuda" else None,
        planned=None,
        planned_seconds=None,
    )


def _made(held: Held, asked: Order, folder: Path) -> float | None:
    """Makes the take without writing it; seconds to its first preview."""
    began, shown = time.perf_counter(), []

    def preview(_: object, picture: object) -> None:
        if callable(picture):
            picture()
        shown.append(time.perf_counter() - began)

    progress = Progress(lambda _: None, lambda *_: None, preview)
    made = engine.make(held, asked, 0, asked.seeds[0], Job(progress, threading.Event(), folder))
    for _ in made.frames:
        pass
    return shown[0] if shown else None


def _with_steps(asked: Order, steps: int) -> Order:
    others = tuple(one for one in asked.parameters if one.name != "steps")
    return dataclasses.replace(asked, parameters=(*others, Parameter("steps", steps)))


def _seconds(work: Callable[[], Any], device: str) -> float:
    began = time.perf_counter()
    work()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - began


def _emptied(device: str) -> None:
    gc.collect()
    if device == "cuda":
        torch.cuda.empty_cache()
