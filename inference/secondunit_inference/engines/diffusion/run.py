"""One call of a pipeline: its progress, its previews, and a cancellation that takes effect inside a step."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from secondunit_inference.cards import ModelCard, Progress, Tier
from secondunit_inference.job import Job


def run(
    pipeline: Any,
    card: ModelCard,
    tier: Tier,
    arguments: Mapping[str, Any],
    seed: int,
    job: Job,
    stepped: Callable[[int, int], None],
) -> NDArray[np.float32]:
    """The frames that the pipeline makes, shape (frames, height, width, 3), 0..1.

    `stepped` is told done and total after each step. Raises OrderCancelled out of the step in which the
    cancellation is seen; the pipeline is as good as new then.
    """
    total = tier.steps
    call = dict(arguments)
    call |= tier.call
    call |= {"num_inference_steps": tier.steps, "output_type": "np"}
    call["generator"] = torch.Generator("cpu").manual_seed(seed)
    if "guidance_scale" not in call:
        call["guidance_scale"] = tier.guidance

    def step_ended(_: Any, step: int, __: Any, ___: dict[str, Any]) -> dict[str, Any]:
        job.check()
        stepped(step + 1, total)
        return {}

    if card.progress is not Progress.HOOK:
        call["callback_on_step_end"] = step_ended
    # A look for a cancellation at every layer: a step of a large model takes seconds.
    hooks = [
        block.register_forward_pre_hook(lambda *_: job.check())
        for name in ("transformer", "transformer_2")
        if (module := getattr(pipeline, name, None)) is not None
        for block in _blocks(module)
    ]
    try:
        with torch.inference_mode():
            result = pipeline(**call)
    finally:
        for hook in hooks:
            hook.remove()
        # Offloading and caches keep state of a call that was broken off; the next one would begin with it.
        pipeline.maybe_free_model_hooks()
    frames: NDArray[np.float32] = np.asarray(result.frames[0], np.float32)
    return frames


def _blocks(module: Any) -> list[Any]:
    """The repeated blocks of a transformer: the longest list of modules that it holds."""
    lists = [list(child) for child in module.children() if isinstance(child, torch.nn.ModuleList)]
    return max(lists, key=len, default=[module])
