"""One call of a pipeline: its progress, and a cancellation that takes effect inside a step and inside decoding."""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from secondunit_bridge.errors import OrderFailed

from secondunit_inference.cards import ModelCard, Progress, Tier
from secondunit_inference.engines.diffusion.families import Call
from secondunit_inference.job import Job


@dataclass(frozen=True, slots=True)
class Output:
    """`frames`: shape (frames, height, width, 3), 0..1. `sound`: shape (channels, samples), ±1, at `sound_rate`."""

    frames: NDArray[np.float32]
    sound: NDArray[np.float32] | None
    sound_rate: int


def run(
    pipeline: Any,
    card: ModelCard,
    tier: Tier,
    call: Call,
    text: Mapping[str, str],
    seeds: Sequence[int],
    job: Job,
    stepped: Callable[[int, int, torch.Tensor], None],
) -> tuple[Output, ...]:
    """For each seed, the window's frames behind those that are absent; several seeds are several videos of one call.

    `stepped` is told done, total and the latents after each step. Raises OrderCancelled out of the step in which the
    cancellation is seen; the pipeline is as good as new then.
    """
    taken = inspect.signature(type(pipeline).__call__).parameters
    arguments: dict[str, Any] = {name: value for name, value in tier.call.items() if name in taken}
    arguments |= call.arguments
    arguments |= text
    arguments |= {"num_inference_steps": tier.steps, "output_type": "np"}
    device = pipeline._execution_device if call.chunked else "cpu"
    generators = [torch.Generator(device).manual_seed(seed) for seed in seeds]
    arguments["generator"] = generators[0] if len(seeds) == 1 else generators
    if len(seeds) > 1:
        arguments["num_videos_per_prompt"] = len(seeds)
    if "guidance_scale" in taken:
        arguments["guidance_scale"] = tier.guidance
    else:
        pipeline.guider = pipeline.guider.new(guidance_scale=tier.guidance)

    done = 0

    def step_ended(latents: torch.Tensor) -> None:
        nonlocal done
        job.check()
        done = min(done + 1, call.steps)
        stepped(done, call.steps, latents)

    def called_back(_: Any, __: int, ___: Any, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        step_ended(tensors["latents"])
        return {}

    hooked = card.progress is Progress.HOOK

    if not hooked:
        arguments["callback_on_step_end"] = called_back
    chunks: list[NDArray[np.float32]] = []
    try:
        with (
            watched(pipeline, job),
            _after(pipeline.scheduler, "step", (lambda made: step_ended(made[0])) if hooked else None),
            _after(pipeline.vae, "decode", (lambda made: chunks.append(_pictures(made[0]))) if call.chunked else None),
            torch.random.fork_rng(),
            torch.inference_mode(),
        ):
            torch.manual_seed(seeds[0])  # some noise is drawn without the generator
            result = pipeline(**arguments)
    finally:
        # Offloading and caches keep state of a call that was broken off; the next one would begin with it.
        pipeline.maybe_free_model_hooks()
    videos = [np.concatenate(chunks)] if call.chunked else [np.asarray(one, np.float32) for one in result.frames]
    made = [frames[call.skipped :] for frames in videos]
    sound = getattr(result, "audio", None)
    if sound is None:
        return tuple(Output(frames, None, 0) for frames in made)
    rate = pipeline.vocoder.config.output_sampling_rate
    return tuple(Output(frames, heard.float().cpu().numpy(), rate) for frames, heard in zip(made, sound, strict=True))


def check_size(made: Output, frames: int, width: int, height: int, card: ModelCard) -> None:
    """Raises OrderFailed where a pipeline made something else than what it was asked for."""
    if made.frames.shape != (frames, height, width, 3):
        count, tall, wide, _ = made.frames.shape
        raise OrderFailed(
            f"{card.title} made {count} frames of {wide}×{tall}, asked for were {frames} of {width}×{height}: its "
            "card does not agree with the weights or with the version of diffusers"
        )


@contextmanager
def watched(pipeline: Any, job: Job) -> Iterator[None]:
    """Looks for a cancellation at every layer: a step of a large model, or its decoding, takes seconds."""
    transformers = (getattr(pipeline, name, None) for name in ("transformer", "transformer_2"))
    modules = [block for module in transformers if module is not None for block in _blocks(module)]
    hooks = [one.register_forward_pre_hook(lambda *_: job.check()) for one in (*modules, pipeline.vae.decoder)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _blocks(module: Any) -> list[Any]:
    """The repeated blocks of a transformer: the longest list of modules that it holds."""
    lists = [list(child) for child in module.children() if isinstance(child, torch.nn.ModuleList)]
    return max(lists, key=len, default=[module])


@contextmanager
def _after(owner: Any, method: str, told: Callable[[Any], Any] | None) -> Iterator[None]:
    """`told` gets what each call of the method returns."""
    if told is None:
        yield
        return
    original = getattr(owner, method)

    def wrapped(*values: Any, **named: Any) -> Any:
        returned = original(*values, **named)
        told(returned)
        return returned

    setattr(owner, method, wrapped)
    try:
        yield
    finally:
        delattr(owner, method)


def _pictures(decoded: torch.Tensor) -> NDArray[np.float32]:
    """From shape (1, 3, frames, height, width), -1..1."""
    pictures = (decoded[0] / 2 + 0.5).clamp(0, 1).permute(1, 2, 3, 0)
    return np.asarray(pictures.float().cpu().numpy(), np.float32)
