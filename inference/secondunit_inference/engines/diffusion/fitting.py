"""An order's work on a machine with less memory than it could use: tried, held otherwise, and measured for plans."""

import gc
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import torch
from secondunit_bridge.errors import OrderFailed

from secondunit_inference.engines.diffusion import measured, preflight
from secondunit_inference.engines.diffusion.held import Held, Model
from secondunit_inference.engines.diffusion.machine import machine
from secondunit_inference.engines.diffusion.measured import Measured
from secondunit_inference.engines.diffusion.planned import Planned
from secondunit_inference.engines.diffusion.recipes import Recipe, name_of, step_down
from secondunit_inference.engines.diffusion.sizes import sizes
from secondunit_inference.job import Job

log = logging.getLogger(__name__)

_Result = TypeVar("_Result")


def in_memory(
    held: Held, plan: Planned, folder: Path, job: Job, work: Callable[[Model], _Result]
) -> tuple[_Result, Recipe, tuple[str, ...]]:
    """What `work` made, how the weights were held, and notes for the record.

    Where the device's memory runs out, the work begins again with weights held in less, once. Raises OrderFailed
    where that does not do, OrderRefused where no way to hold them fits.
    """
    card = plan.card
    found = machine(job.models)
    size = sizes(card, folder)

    def choose(now: Recipe | None) -> Recipe:
        asked = str(plan.parameters.get(preflight.MEMORY, ""))
        if now is not None and asked in ("", name_of(now)):
            return now
        recipe, _, _ = preflight.chosen(plan, found, size, measured.read(job.models))
        job.progress.loading(f"{card.title}, {name_of(recipe)}")
        return recipe

    used: list[Recipe] = []

    def attempt(choose: Callable[[Recipe | None], Recipe]) -> _Result:
        with held.model(card, folder, choose) as model:
            used.append(model.recipe)
            return work(model)

    try:
        return attempt(choose), used[-1], ()
    except torch.OutOfMemoryError as error:
        log.warning("out of memory: %s", error)
    # only now are the pictures in work free that the error's frames held
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    before = used[-1] if used else choose(None)
    _, need, _ = preflight.chosen(plan, found, size, measured.read(job.models))
    lower = step_down(card, before, need, found.room)
    if lower is None:
        raise OrderFailed(_short(plan, before))
    note = f"the device's memory ran out with weights held as {name_of(before)}: made with {name_of(lower)}"
    job.progress.loading(note)
    try:
        return attempt(lambda _: lower), lower, (note,)
    except torch.OutOfMemoryError as error:
        raise OrderFailed(_short(plan, lower)) from error


def _short(plan: Planned, recipe: Recipe) -> str:
    framing = plan.framing
    return (
        f"the device's memory does not hold {plan.card.title} at {framing.width}×{framing.height}, with weights held "
        f"as {name_of(recipe)}: order a smaller or shorter slot or a lower tier, or end other programs that use it"
    )


class Clock:
    """Times one pass from its making on."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._steps: list[float] = []
        if torch.cuda.is_available():
            torch.cuda.reset_peak_memory_stats()

    def stepped(self) -> None:
        self._steps.append(time.monotonic())

    def measured(self, plan: Planned, frames: int, pipeline: str, model: Model) -> Measured:
        """`step` is that of one of the tier's steps, however many of them the pipeline ran."""
        total = time.monotonic() - self._began
        steps = self._steps
        each = (steps[-1] - steps[0]) / (len(steps) - 1) if len(steps) > 1 else total / max(1, len(steps))
        in_steps = each * len(steps)
        loading, model.loading = model.loading, None
        key = preflight.key(plan, machine(model.folder.parent), model.recipe, pipeline)
        return Measured(
            key=key,
            frames=frames,
            pixels=plan.framing.width * plan.framing.height,
            loading=loading,
            step=in_steps / plan.tier.steps,
            around=max(0.0, total - in_steps),
            working=torch.cuda.max_memory_allocated() - model.weights if torch.cuda.is_available() else None,
        )


def keep(models: Path, one: Measured) -> None:
    """A folder of models that cannot be written to costs the plans their figures, not the take."""
    try:
        measured.add(models, one)
    except OSError as error:
        log.warning("what this order took is not kept for later plans: %s", error)
