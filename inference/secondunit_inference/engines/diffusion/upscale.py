"""The second stage of a take that is larger than its model's pictures: enlarged, and made again as a whole or tiled."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from secondunit_inference.engines.diffusion.enlarging import Enlarging, Way
from secondunit_inference.engines.diffusion.families import FAMILIES
from secondunit_inference.engines.diffusion.faster import faster
from secondunit_inference.engines.diffusion.framing import Floats, Framing
from secondunit_inference.engines.diffusion.held import Model
from secondunit_inference.engines.diffusion.planned import Planned
from secondunit_inference.engines.diffusion.run import check_size, run, watched
from secondunit_inference.engines.diffusion.scratch import Scratch
from secondunit_inference.engines.diffusion.tiles import Tile
from secondunit_inference.engines.diffusion.timing import Pass
from secondunit_inference.engines.diffusion.tiny import find_class
from secondunit_inference.engines.diffusion.window import Window, Windows
from secondunit_inference.job import Job
from secondunit_inference.weights.layout import UPSAMPLER

_SEEDS = 7_919
"""Between the seeds of two tiles, and of the first one and its pass, so that no noise repeats."""


def upscaled(
    plan: Planned,
    by: Enlarging,
    windows: Windows,
    made: dict[int, Floats],
    model: Model,
    seed: int,
    job: Job,
    stepped: Callable[[int], None],
    scratch: Scratch,
) -> dict[int, Floats]:
    """The frames of `made` inside `by.framing`. `windows`: in the model's own size.

    `stepped` is told how many of this stage's `steps` are done. Where passes overlap they are mixed: none
    begins with a jump.
    """
    larger: dict[int, Floats] = {}
    done, total = 0, steps(plan, by)

    def step() -> None:
        nonlocal done
        done = min(done + 1, total)
        stepped(done)

    for number, one in enumerate(plan.timing.passes):
        numbers = [frame for frame in range(one.first, one.end) if frame in made]
        small = [windows.known(frame, made) for frame in range(one.first, one.end)]
        noise = seed + number * 1_000_003
        base: list[Floats] | None = None
        if by.way is Way.MODEL:
            base = list(_doubled(plan, model, np.stack(small), noise, job))
        if by.strength:
            shown = _again(plan, by, one, small, base, model, noise, job, step, scratch)
        else:
            assert base is not None
            shown = [scratch.put(picture) for picture in base]
        twice = [frame for frame in numbers if frame in larger]
        for frame in numbers:
            picture = shown[frame - one.first]
            if frame in larger:
                share = np.float32((twice.index(frame) + 1) / (len(twice) + 1))
                picture[:] = (1 - share) * larger[frame] + share * picture
            larger[frame] = picture
    return larger


def steps(plan: Planned, by: Enlarging) -> int:
    return len(plan.timing.passes) * len(by.tiles) * by.steps(plan.card.family, plan.tier.steps)


def _again(
    plan: Planned,
    by: Enlarging,
    one: Pass,
    small: list[Floats],
    base: list[Floats] | None,
    model: Model,
    seed: int,
    job: Job,
    step: Callable[[], None],
    scratch: Scratch,
) -> list[Floats]:
    """Each tile is one call of the model; the weights of all tiles add up to 1 at every pixel."""
    tiles = by.tiles
    tiled = replace(
        plan,
        entry=by.entry,
        framing=by.tile_framing(),
        parameters={**plan.parameters, "strength": by.strength},
    )
    pipeline = model.pipeline(by.entry.pipeline, plan.tier)
    shown = [scratch.put(np.zeros((tiles.height, tiles.width, 3), np.float32)) for _ in small]
    for number, tile in enumerate(tiles):
        source = tuple(_cut(picture, by, tile) for picture in (base or _resampled(small, plan.framing, by.framing)))
        window = Window(
            frames=one.frames,
            width=tiles.tile_width,
            height=tiles.tile_height,
            rate=plan.card.rate,
            head=(),
            tail=(),
            source=source,
            masks=(),
            keyframes=(),
            references=(),
            prompt=plan.canvas.prompt,
            negative=plan.canvas.negative,
        )
        call = FAMILIES[plan.card.family](tiled, by.entry, window)
        text = {"prompt": window.prompt, "negative_prompt": window.negative}
        with model.embeddings.used_by(pipeline), faster(pipeline, plan.speed.beside(model.recipe)):
            own = seed + (number + 1) * _SEEDS
            (output,) = run(pipeline, plan.card, plan.tier, call, text, [own], job, lambda *_: step())
        check_size(output, one.frames, tiles.tile_width, tiles.tile_height, plan.card)
        weight = tiles.weight(tile)
        for whole, part in zip(shown, output.frames, strict=True):
            _cut(whole, by, tile)[:] += weight * part
    return shown


def _cut(picture: Floats, by: Enlarging, tile: Tile) -> Floats:
    """A view."""
    return picture[tile.top : tile.top + by.tiles.tile_height, tile.left : tile.left + by.tiles.tile_width]


def _resampled(small: list[Floats], framing: Framing, larger: Framing) -> Iterator[Floats]:
    """One at a time: all of them enlarged take as much memory as the take."""
    for picture in small:
        size = (larger.inner_width, larger.inner_height)
        enlarged = cv2.resize(framing.inner(picture), size, interpolation=cv2.INTER_LANCZOS4)
        yield larger.surrounded(np.clip(enlarged, 0, 1))


def _doubled(plan: Planned, model: Model, video: Floats, seed: int, job: Job) -> Floats:
    """Through the card's upsampler: encoded, doubled as latents, decoded."""
    pipeline = _upsampling(plan, model)
    taken = inspect.signature(type(pipeline).__call__).parameters
    arguments: dict[str, Any] = {name: value for name, value in plan.tier.call.items() if name in taken}
    height, width = video.shape[1:3]
    with (
        watched(pipeline, job),
        torch.random.fork_rng(),
        torch.inference_mode(),
        faster(pipeline, plan.speed.beside(model.recipe)),
    ):
        result = pipeline(
            video=list(video),
            height=height,
            width=width,
            generator=torch.Generator("cpu").manual_seed(seed),
            output_type="np",
            **arguments,
        )
    return np.asarray(result.frames[0], np.float32)


def _upsampling(plan: Planned, model: Model) -> Any:
    upsampler = plan.card.upsampler
    assert upsampler is not None
    if upsampler.pipeline not in model.pipelines:
        vae = model.components["vae"]
        parameter = next(vae.parameters())
        network = find_class(upsampler.tiny.class_name).from_pretrained(
            Path(model.folder) / UPSAMPLER, local_files_only=True, use_safetensors=True, torch_dtype=parameter.dtype
        )
        made = find_class(upsampler.pipeline)(vae=vae, latent_upsampler=network.to(parameter.device))
        made.set_progress_bar_config(disable=True)
        model.pipelines[upsampler.pipeline] = made
    return model.pipelines[upsampler.pipeline]
