"""The diffusion engine: an order becomes a take by one or more passes of a video model."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from math import floor
from pathlib import Path

import av
import numpy as np
import torch
from numpy.typing import NDArray
from secondunit_bridge.media.colour import parts, whole
from secondunit_bridge.media.probe import Encoding
from secondunit_bridge.media.read import picture
from secondunit_bridge.media.seam import measure
from secondunit_bridge.messages import Fit, Measure, Order, Seam
from secondunit_bridge.rates import FrameTime

from secondunit_inference import cards
from secondunit_inference.cards import IndexUnit, Input
from secondunit_inference.engines.diffusion.canvas import Known
from secondunit_inference.engines.diffusion.composite import Composite
from secondunit_inference.engines.diffusion.depth import FOLDER, is_there
from secondunit_inference.engines.diffusion.enlarging import Enlarging, Way
from secondunit_inference.engines.diffusion.families import FAMILIES, Call
from secondunit_inference.engines.diffusion.faster import faster
from secondunit_inference.engines.diffusion.fitting import Clock, in_memory, keep
from secondunit_inference.engines.diffusion.framing import Floats
from secondunit_inference.engines.diffusion.held import Held, Model
from secondunit_inference.engines.diffusion.looks import loras, used, worn
from secondunit_inference.engines.diffusion.motion import Moved, described
from secondunit_inference.engines.diffusion.planned import Planned, planned
from secondunit_inference.engines.diffusion.preflight import approximate
from secondunit_inference.engines.diffusion.previews import Previews
from secondunit_inference.engines.diffusion.recipes import name_of
from secondunit_inference.engines.diffusion.retime import Between
from secondunit_inference.engines.diffusion.run import check_size, run
from secondunit_inference.engines.diffusion.scratch import Scratch, mapped_bytes
from secondunit_inference.engines.diffusion.sound import sound
from secondunit_inference.engines.diffusion.space import Space, encoding_of, space_of
from secondunit_inference.engines.diffusion.speed import able, check_machine
from secondunit_inference.engines.diffusion.timing import Pass
from secondunit_inference.engines.diffusion.upscale import steps, upscaled
from secondunit_inference.engines.diffusion.weights import folder_of, sha256_of
from secondunit_inference.engines.diffusion.window import Windows, white_of
from secondunit_inference.engines.draft.ahead import Ahead
from secondunit_inference.engines.draft.footage import reader
from secondunit_inference.job import Job, Made, Make, Picture
from secondunit_inference.seams import NO_CORRECTION, Correction, meet

_PREVIEW_WIDTH = 480
"""Previews travel at most this wide."""

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
            takes = _passes(plan, windows, model, seeds, order, job, scratch)
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
        frames = _Frames(plan, windows, made.frames, space, job)
        openings = _corrected(plan, frames, encoding)
    except BaseException:
        windows.close()
        raise
    return Made(
        frames=Ahead(_take(plan, frames, openings, encoding, order, job), _AHEAD),
        encoding=encoding,
        sound=sound(plan, made.sound, made.sound_rate, order, seed),
        seams=openings.seams,
        look=None,
        trusted=None,
        placeholder=False,
        notes=(*_notes(plan, job.models), *windows.notes(), *plan.speed.left_out(recipe), *notes),
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


def _passes(
    plan: Planned,
    windows: Windows,
    model: Model,
    seeds: Sequence[int],
    order: Order,
    job: Job,
    scratch: Scratch,
) -> list[_Made]:
    """One of each seed; several only where there is one pass."""
    made = [_Made({}, [], []) for _ in seeds]
    for number in range(len(plan.timing.passes)):
        _pass(plan, windows, model, seeds, order, job, scratch, number, made)
    return made


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


class _Frames:
    """Pictures of the take, in the codes of its encoding, from the model's frames and the camera's."""

    def __init__(self, plan: Planned, windows: Windows, made: dict[int, Floats], space: Space, job: Job) -> None:
        self._plan, self._windows, self._made, self._space, self._job = plan, windows, made, space, job
        self._framing = plan.framing if plan.enlarging is None else plan.enlarging.framing
        self._between = Between()

    def close(self) -> None:
        self._windows.close()

    def generated(self, frame: int) -> Picture | Floats:
        """Floats where the encoding may hold light beyond white."""
        self._job.check()
        at = self._plan.timing.model_frame(frame)
        low = floor(at)
        shown = self._model(low)
        if at != low:
            shown = self._between.picture((low, low + 1), shown, self._model(low + 1), at - low)
        codes = self._space.out_of(self._framing.out_of(shown))
        return codes if self._space.name else whole(codes)

    def preview(self, codes: Picture | Floats) -> Picture:
        """As a display shows them, and small: log, HDR and scene-linear codes are none of a display."""
        skip = max(1, codes.shape[1] // _PREVIEW_WIDTH)
        return whole(self._space.into(parts(codes[::skip, ::skip])))

    def forget(self, frame: int) -> None:
        """Gives up the model frames that no take frame from `frame` on shows."""
        low = floor(self._plan.timing.model_frame(frame))
        for number in [number for number in self._made if number < low]:
            del self._made[number]

    def _model(self, frame: int) -> Floats:
        return self._made[frame] if frame in self._made else self._windows.known(frame, self._made)


@dataclass(frozen=True, slots=True)
class _Corrections:
    """What brings generated frames to the camera's at each end, and the seams that were measured."""

    opening: Correction
    ending: Correction
    seams: tuple[Seam, ...]

    def apply(self, shown: Picture | Floats, share: Fraction) -> Picture | Floats:
        """`share`: how far the frame lies from the opening towards the ending, 0 to 1."""
        if self.ending is NO_CORRECTION:
            return self.opening.apply(shown, 1.0)
        if self.opening is NO_CORRECTION:
            return self.ending.apply(shown, 1.0)
        return self.ending.apply(self.opening.apply(shown, float(1 - share)), float(share))


def _corrected(plan: Planned, frames: _Frames, encoding: Encoding) -> _Corrections:
    scene = plan.canvas
    opening = ending = NO_CORRECTION
    seams = []
    if scene.first < scene.end:
        for known, frame, later in ((scene.before, scene.first, False), (scene.after, scene.end, True)):
            if known is None:
                continue
            camera = _camera_picture(known, frame if later else frame - 1, encoding)
            made = whole(frames.generated(frame - 1 if later else frame))
            meeting = meet(camera, made, scene.ignored, camera_last=later)
            seams.append(Seam(FrameTime(frame, known.span.range.rate), meeting.before, meeting.after))
            if later:
                ending = meeting.correction
            else:
                opening = meeting.correction
    return _Corrections(opening, ending, tuple(seams))


def _camera_picture(known: Known, frame: int, encoding: Encoding) -> Picture:
    with reader(known.span) as source:
        return picture(source.frame(known.span.range.start + frame - known.at), encoding)


def _take(
    plan: Planned, frames: _Frames, corrections: _Corrections, encoding: Encoding, order: Order, job: Job
) -> Iterator[av.VideoFrame | Picture | Floats]:
    scene = plan.canvas
    count = max(1, scene.end - scene.first - 1)
    try:
        if plan.composited:
            yield from _composited(plan, frames, encoding, order, job)
            return
        yield from _camera_frames(scene.before, 0, scene.first)
        for frame in range(scene.first, scene.end):
            shown = corrections.apply(frames.generated(frame), Fraction(frame - scene.first, count))
            frames.forget(frame + 1)
            job.progress.preview(FrameTime(frame, order.slot.rate), partial(frames.preview, shown))
            yield shown
        yield from _camera_frames(scene.after, scene.end, scene.total)
    finally:
        frames.close()


def _composited(
    plan: Planned, frames: _Frames, encoding: Encoding, order: Order, job: Job
) -> Iterator[av.VideoFrame | Picture | Floats]:
    """Where the mask is black, the source's own codes."""
    source, mask = plan.canvas.source, plan.canvas.mask
    assert source is not None and mask is not None
    composite = Composite(encoding)
    with reader(mask.span) as masks:
        for frame, camera in enumerate(_camera_frames(source, 0, plan.canvas.total)):
            at = min(frame, mask.span.range.duration - 1)
            white = white_of(masks, mask.span.range.start + at)
            if not white.any():
                yield camera
                continue
            shown = frames.generated(frame)
            frames.forget(frame + 1)
            job.progress.preview(FrameTime(frame, order.slot.rate), partial(frames.preview, shown))
            yield composite.frame(camera, shown, white)


def _camera_frames(known: Known | None, first: int, end: int) -> Iterator[av.VideoFrame]:
    """The camera's own frames [first, end) of the take, as decoded, so that their codes stay as they are."""
    if known is None or first >= end:
        return
    begin = known.span.range.start - known.at
    with reader(known.span) as source:
        yield from source.frames(begin + first, begin + end)


def _notes(plan: Planned, models: Path) -> Iterator[str]:
    timing, framing, card = plan.timing, plan.framing, plan.card
    if timing.step != 1:
        yield (
            f"{card.title} runs at {float(card.rate):g} frames a second: frames between its own are motion-compensated"
        )
    if plan.enlarging is not None:
        yield _enlarged(plan, plan.enlarging)
    elif framing.enlarged:
        yield (
            f"made at {framing.inner_width}×{framing.inner_height} and enlarged to "
            f"{framing.slot_width}×{framing.slot_height}"
        )
    if len(timing.passes) > 1:
        how = "begins with the last frames of" if plan.later is not None else "goes into the frames of"
        yield f"made in {len(timing.passes)} passes, each of which {how} the one before"
    if plan.composited and Input.MASK not in {*plan.entry.needs, *plan.entry.takes}:
        yield f"{card.title} takes no mask: the whole picture was made, what lies outside the mask is the source's"
    if card.index_unit is IndexUnit.LATENT and plan.canvas.keyframes:
        yield f"{card.title} places a still at the nearest of every eighth of its frames"
    if plan.guide is not None:
        yield from described(plan.guide)
        if isinstance(plan.guide, Moved) and plan.guide.parallax:
            deep = not plan.guide.moving and is_there(models)
            yield f"depth by {FOLDER}" if deep else "without depth: the picture was moved as a plane"
    for adapter, weight in plan.adapters:
        yield f"made with the adapter {adapter.name} of {adapter.repository}, weight {weight:g}"
    for unused in plan.unused:
        yield f"{card.title} does not take {unused.value.replace('_', ' ')} for this task: they were not used"


def _enlarged(plan: Planned, by: Enlarging) -> str:
    framing = plan.framing
    made = f"made at {framing.inner_width}×{framing.inner_height}"
    size = f"{by.framing.inner_width}×{by.framing.inner_height}"
    again = f"made again there with strength {by.strength:g}" if by.strength else "nothing made again there"
    match by.way:
        case Way.MODEL if plan.card.upsampler is not None:
            return f"{made}, doubled to {size} by the upsampler of {plan.card.upsampler.repository}, {again}"
        case _:
            return f"{made}, enlarged to {size}, {again} in {len(by.tiles)} tiles of {framing.width}×{framing.height}"
