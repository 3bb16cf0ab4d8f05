"""The diffusion engine: an order becomes a take by one or more passes of a video model."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from math import floor
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from secondunit_bridge.media.colour import whole
from secondunit_bridge.media.probe import Encoding
from secondunit_bridge.media.seam import measure
from secondunit_bridge.messages import Fit, Measure, Order, Seam
from secondunit_bridge.rates import FrameTime

from secondunit_inference import cards
from secondunit_inference.engines.diffusion.canvas import Known
from secondunit_inference.engines.diffusion.enlarging import Enlarging
from secondunit_inference.engines.diffusion.families import FAMILIES, Call
from secondunit_inference.engines.diffusion.faster import faster
from secondunit_inference.engines.diffusion.fitting import Clock, in_memory, keep
from secondunit_inference.engines.diffusion.framing import Floats
from secondunit_inference.engines.diffusion.held import Held, Model
from secondunit_inference.engines.diffusion.looks import loras, used, worn
from secondunit_inference.engines.diffusion.notes import notes_of
from secondunit_inference.engines.diffusion.pictures import Frames, corrected, take
from secondunit_inference.engines.diffusion.planned import Planned, planned
from secondunit_inference.engines.diffusion.preflight import approximate
from secondunit_inference.engines.diffusion.previews import Previews
from secondunit_inference.engines.diffusion.recipes import name_of
from secondunit_inference.engines.diffusion.run import check_size, run
from secondunit_inference.engines.diffusion.scratch import Scratch, mapped_bytes
from secondunit_inference.engines.diffusion.sound import sound
from secondunit_inference.engines.diffusion.space import Space, encoding_of, space_of
from secondunit_inference.engines.diffusion.speed import able, check_machine
from secondunit_inference.engines.diffusion.timing import Pass
from secondunit_inference.engines.diffusion.upscale import steps, upscaled
from secondunit_inference.engines.diffusion.weights import folder_of, sha256_of
from secondunit_inference.engines.diffusion.window import Windows
from secondunit_inference.engines.draft.ahead import Ahead
from secondunit_inference.engines.draft.footage import reader
from secondunit_inference.job import Job, Made, Make, Picture
from secondunit_inference.seams import Correction, meet

_AHEAD = 2
"""Frames of the take that are brought into its size and colours while those before them are encoded."""


def engine() -> Make:
    return partial(make, Held())


def make(held: Held, order: Order, index: int, seed: int, job: Job) -> Made:
    """Raises OrderRefused for what the model does not do, OrderFailed for weights, MediaError, OrderCancelled."""
    held.told = job.holds
    card = cards.card(order.model)
    plan = planned(card, order)
    check_machine(plan.speed, card, order.shot, able(torch.cuda.is_available()))
    folder = folder_of(job.models, card)
    job.check()
    wanted = loras(plan, folder)
    recorded = used(plan, wanted, folder, job.check)
    encoding = next((probed(known) for known in _camera(plan)), encoding_of(order.slot.encoding))
    space = Space(space_of(order.slot.encoding, encoding))
    windows = Windows(plan, order.slot.encoding, job.check, job.models)

    def work(plan: Planned, seeds: Sequence[int], model: Model) -> list[_Made]:
        scratch = Scratch(Path(order.delivery.folder) if mapped_bytes(plan) else None, plan.timing.frames, job.check)
        with worn(model.pipeline(plan.entry.pipeline, plan.tier), card, wanted):
            takes = [_Made({}, [], []) for _ in seeds]  # several only where there is one pass
            for number in range(len(plan.timing.passes)):
                _pass(plan, windows, model, seeds, order, job, scratch, number, takes)
            if plan.enlarging is not None:
                _enlarge(plan, plan.enlarging, windows, takes, model, seeds, job, scratch)
            return takes

    try:
        if index not in job.aside:
            together = [seed, *(order.seeds[later] for later in job.further)]
            takes, *how = in_memory(held, plan, folder, job, together, work)
            job.aside |= {one: (made, *how) for one, made in zip((index, *job.further), takes, strict=False)}
        made, plan, recipe, notes = job.aside.pop(index)
        if plan.enlarging is not None:
            windows.close()
            windows = Windows(replace(plan, framing=plan.enlarging.framing), order.slot.encoding, job.check, job.models)
        frames = Frames(plan, windows, made.frames, space, job)
        openings = corrected(plan, frames, encoding)
    except BaseException:
        windows.close()
        raise
    return Made(
        frames=Ahead(take(plan, frames, openings, encoding, order, job), _AHEAD),
        encoding=encoding,
        sound=sound(plan, made.sound, made.sound_rate, order, seed),
        seams=openings.seams,
        look=None,
        trusted=None,
        placeholder=False,
        notes=(*notes_of(plan, job.models), *windows.notes(), *plan.speed.left_out(recipe), *notes),
        cube="",
        weights_sha256=sha256_of(folder),
        fit=Fit(
            frames=plan.timing.frames,
            rate=card.rate,
            width=plan.framing.width,
            height=plan.framing.height,
            windows=len(plan.timing.passes),
            recipe=name_of(recipe),
            approximate=approximate(plan, recipe),
            seams=tuple(made.seams),
        ),
        further_weights=recorded,
    )


def probed(known: Known) -> Encoding:
    with reader(known.span) as source:
        return source.info.encoding


def _camera(plan: Planned) -> Iterator[Known]:
    scene = plan.canvas
    yield from (known for known in (scene.source, scene.before, scene.after) if known is not None)


@dataclass(slots=True)
class _Made:
    """`frames`: the model frames that were made, by number; what camera frames show is not among them.

    `sound`: for each pass its samples, shape (channels, samples). `seams`: see `Fit`.
    """

    frames: dict[int, Floats]
    sound: list[tuple[Pass, NDArray[np.float32]]]
    seams: list[Seam]
    sound_rate: int = 0
    steps: int = 0


def _pass(
    plan: Planned,
    windows: Windows,
    model: Model,
    seeds: Sequence[int],
    order: Order,
    job: Job,
    scratch: Scratch,
    number: int,
    takes: list[_Made],
) -> None:
    one, count = plan.timing.passes[number], len(plan.timing.passes)
    entry = plan.entry_of(one)
    pipeline = model.pipeline(entry.pipeline, plan.tier)
    window = windows.window(one, entry, takes[0].frames)
    call = FAMILIES[plan.card.family](plan, entry, window)
    text = {"prompt": window.prompt, "negative_prompt": window.negative}

    def show(frame: int, make: Callable[[], Picture]) -> None:
        at = min(max(0, round(plan.timing.position(one.first + frame))), plan.canvas.total - 1)
        job.progress.preview(FrameTime(at, order.slot.rate), make)

    after = len(seeds) * steps(plan, plan.enlarging) if plan.enlarging is not None else 0
    previews = Previews(plan.card, model.projection, plan.framing, one.frames, call, show)
    clock = Clock()

    def stepped(done: int, total: int, latents: torch.Tensor) -> None:
        clock.stepped()
        what = [f"pass {number + 1} of {count}"] if count > 1 else []
        what += [f"chunk {call.chunk(done) + 1} of {len(call.chunks)}"] if len(call.chunks) > 1 else []
        job.progress.step(number * total + done, count * total + after, ", ".join(("steps", *what)))
        previews.step(pipeline, latents, done)

    # Each pass has a seed of its own, so that no noise repeats; the first has the order's.
    with (
        model.embeddings.used_by(pipeline),
        previews.decoding(pipeline),
        faster(pipeline, plan.speed.beside(model.recipe)),
    ):
        own = [seed + number * 1_000_003 for seed in seeds]
        outputs = run(pipeline, plan.card, plan.tier, call, text, own, job, stepped)
    keep(job.models, clock.measured(plan, one.frames, entry.pipeline, model))
    for made, output in zip(takes, outputs, strict=True):
        check_size(output, one.frames - call.absent, window.width, window.height, plan.card)
        made.steps += call.steps
        job.check()
        made.seams += _collect(plan, order.slot.rate, made.frames, one, output.frames, call, scratch)
        if output.sound is not None:
            made.sound.append((one, output.sound))
            made.sound_rate = output.sound_rate


def _enlarge(
    plan: Planned,
    by: Enlarging,
    windows: Windows,
    takes: list[_Made],
    model: Model,
    seeds: Sequence[int],
    job: Job,
    scratch: Scratch,
) -> None:
    each, before = steps(plan, by), takes[0].steps
    for number, (made, seed) in enumerate(zip(takes, seeds, strict=True)):

        def stepped(done: int, first: int = before + number * each) -> None:
            job.progress.step(first + done, before + len(takes) * each, "steps, enlarged")

        made.frames = upscaled(plan, by, windows, made.frames, model, seed, job, stepped, scratch)


def _collect(
    plan: Planned,
    rate: Fraction,
    made: dict[int, Floats],
    one: Pass,
    frames: Floats,
    call: Call,
    scratch: Scratch,
) -> Iterator[Seam]:
    """The pass's frames among those made, and the seams where it goes on from others and between its chunks.

    Where it was given frames of the pass before, its colours are brought to theirs. What the pass before made and this
    one was not given is mixed, so that neither begins with a jump.
    """
    begin = one.first + call.absent
    first, end = one.first + one.head, one.end - one.tail
    # (the frame after the seam, the pass before's frame there, this one's)
    before = [(first, first - 1, first)] if first - 1 in made else []
    before += [(end, end, end - 1)] if end in made else []
    uncorrected: list[tuple[int, Measure]] = []
    corrections: list[Correction] = []

    def shown(number: int) -> Floats:
        picture: Floats = frames[number - begin]
        for correction in corrections:
            picture = np.clip(correction.apply(picture, 1.0), 0, 1)
        return picture

    for seam, theirs, ours in before:
        later = theirs > ours
        meeting = meet(
            _display(plan, made[theirs]), _display(plan, shown(ours)), plan.canvas.ignored, camera_last=later
        )
        uncorrected.append((seam, meeting.before))
        if ours not in made:
            corrections.append(meeting.correction)
    twice = [number for number in range(first, end) if number in made]
    for number in range(first, end):
        picture = shown(number)
        if number in made:
            share = np.float32((twice.index(number) + 1) / (len(twice) + 1))
            picture = (1 - share) * made[number] + share * picture
        made[number] = scratch.put(picture)
    for seam, figures in uncorrected:
        yield from _seam(plan, rate, made, seam, figures)
    for chunk in call.chunks[1:]:
        yield from _seam(plan, rate, made, one.first + chunk.first + chunk.shared, None)


def _seam(plan: Planned, rate: Fraction, made: dict[int, Floats], at: int, before: Measure | None) -> Iterator[Seam]:
    """That between model frames `at` - 1 and `at`, where the take shows it. `before` None: nothing was corrected."""
    frame = floor(plan.timing.position(at - 1)) + 1
    if plan.canvas.first < frame < plan.canvas.end:
        after = measure(_display(plan, made[at - 1]), _display(plan, made[at]), plan.canvas.ignored)
        yield Seam(FrameTime(frame, rate), before or after, after)


def _display(plan: Planned, shown: Floats) -> Picture:
    return whole(plan.framing.out_of(shown))
