"""What a take's record says of how it was made."""

from collections.abc import Iterator
from pathlib import Path

from secondunit_inference.cards import IndexUnit, Input
from secondunit_inference.engines.diffusion.depth import FOLDER, is_there
from secondunit_inference.engines.diffusion.enlarging import Enlarging, Way
from secondunit_inference.engines.diffusion.motion import Moved, described
from secondunit_inference.engines.diffusion.planned import Planned


def notes_of(plan: Planned, models: Path) -> Iterator[str]:
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
