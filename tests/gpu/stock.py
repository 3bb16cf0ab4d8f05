"""The call of diffusers that the engine makes for an order of one pass, without the engine around it."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from secondunit_bridge.messages import Order
from secondunit_inference import cards
from secondunit_inference.engines.diffusion.families import FAMILIES
from secondunit_inference.engines.diffusion.planned import planned
from secondunit_inference.engines.diffusion.tiny import find_class
from secondunit_inference.engines.diffusion.window import Windows

DTYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16}


def load(order: Order, models: Path, device: str) -> Any:
    """The order's pipeline as diffusers loads it, all of it on the device, of the types that the model's card names."""
    card = cards.card(order.model)
    entry = planned(card, order).entry
    dtype = DTYPES[card.memory.dtype] if device == "cuda" else torch.float32
    kinds = {"default": dtype, **dict.fromkeys(card.memory.float32, torch.float32)}
    pipeline = find_class(entry.pipeline).from_pretrained(
        models / order.model, local_files_only=True, use_safetensors=True, dtype=kinds
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to(device)


def call(pipeline: Any, order: Order) -> Callable[[], Any]:
    """Makes the order's first take."""
    plan = planned(cards.card(order.model), order)
    (one,) = plan.timing.passes
    window = Windows(plan, order.slot.encoding, lambda: None, Path()).window(one, plan.entry, {})
    asked = FAMILIES[plan.card.family](plan, plan.entry, window)
    tier, taken = plan.tier, inspect.signature(type(pipeline).__call__).parameters
    arguments: dict[str, Any] = {name: value for name, value in tier.call.items() if name in taken}
    arguments |= asked.arguments
    arguments |= {"prompt": window.prompt, "negative_prompt": window.negative}
    arguments |= {"num_inference_steps": tier.steps, "output_type": "np"}
    if "guidance_scale" in taken:
        arguments["guidance_scale"] = tier.guidance
    else:
        pipeline.guider = pipeline.guider.new(guidance_scale=tier.guidance)
    pipeline.scheduler = type(pipeline.scheduler).from_config(pipeline.scheduler.config, **tier.scheduler)
    device = pipeline._execution_device if asked.chunked else "cpu"

    def made() -> Any:
        with torch.inference_mode():
            return pipeline(**arguments, generator=torch.Generator(device).manual_seed(order.seeds[0]))

    return made
