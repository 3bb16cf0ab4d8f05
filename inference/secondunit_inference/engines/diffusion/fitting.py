"""An order's work on a machine with less memory than it could use: tried, held otherwise, and measured for plans."""

import gc
import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import torch
from secondunit_bridge.errors import OrderFailed

from secondunit_inference.engines.diffusion import measured, preflight
from secondunit_inference.engines.diffusion.held import Held, Model
from secondunit_inference.engines.diffusion.machine import machine
from secondunit_inference.engines.diffusion.measured import Measured
from secondunit_inference.engines.diffusion.planned import Planned
from secondunit_inference.engines.diffusion.recipes import Recipe, changes_pixels, name_of, step_down
from secondunit_inference.engines.diffusion.sizes import sizes
from secondunit_inference.job import Job

log = logging.getLogger(__name__)

_Result = TypeVar("_Result")


def in_memory(
    held: Held,
    plan: Planned,
    folder: Path,
    job: Job,
    seeds: Sequence[int],
    work: Callable[[Planned, Sequence[int], Model], _Result],
) -> tuple[_Result, Planned, Recipe, tuple[str, ...]]:
    """What `work` made of the first seeds, as many as one call makes; the plan that says how many they were; how the
    weights were held, and notes for the record.

    Where the device's memory runs out, several takes are made one by one, then the work begins again with weights held
    in less, once. Raises OrderFailed where that does not do, OrderRefused where no way to hold them fits.
    """
    card = plan.card
    found = machine(job.models)
    size = sizes(card, folder)
    known = measured.read(job.models)
    used: list[Recipe] = []

    def attempt(tried: Planned, lower: Recipe | None = None) -> _Result:
        def choose(now: Recipe | None) -> Recipe:
            asked = str(plan.parameters.get(preflight.MEMORY, ""))
            if lower is not None:
                return lower
            # what an order asked for that changes pixels is not the next one's
            if now is not None and (asked == name_of(now) or (not asked and not changes_pixels(now))):
                return now
            recipe, _, _ = preflight.chosen(tried, found, size, known)
            job.progress.loading(f"{card.title}, {name_of(recipe)}")
            return recipe

        with held.model(card, folder, choose) as model:
            used.append(model.recipe)
            return work(tried, seeds[: tried.speed.batch], model)

    count = 1 if job.singly else preflight.at_once(plan, found, size, known, len(seeds))
    notes = list(preflight.fewer(plan, count, len(seeds)))
    single, several = preflight.with_batch(plan, 1), preflight.with_batch(plan, count)
    for tried in (several, single) if count > 1 else (single,):
        try:
            return attempt(tried), tried, used[-1], tuple(notes)
        except torch.OutOfMemoryError as error:
            log.warning("out of memory: %s", error)
        # only now are the pictures in work free that the error's frames held
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        if tried is several and count > 1:
            job.singly = True
            notes.append(f"the device's memory ran out with {count} takes at once: they were made one by one")
    recipe, need, _ = preflight.chosen(single, found, size, known)
    before = used[-1] if used else recipe
    lower = step_down(card, before, need, found.room)
    if lower is None:
        raise OrderFailed(_short(plan, before))
    note = f"the device's memory ran out with weights held as {name_of(before)}: made with {name_of(lower)}"
    job.progress.loading(note)
    try:
        return attempt(single, lower), single, lower, (*notes, note)
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
