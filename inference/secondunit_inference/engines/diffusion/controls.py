"""What can be set on an order for a model: what its card takes for the order's task, with the defaults of an intent."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from importlib import resources

from secondunit_bridge.controls import (
    CameraMoveControl,
    ChoiceControl,
    Control,
    ControlKind,
    Controls,
    FrameRangeControl,
    ImageControl,
    IntegerControl,
    KeyframesControl,
    LookControl,
    MaskControl,
    NumberControl,
    SeedControl,
    ShotControl,
    ShownWhen,
    SoundControl,
    StrokesControl,
    TextControl,
    ToggleControl,
)
from secondunit_bridge.errors import OrderRefused
from secondunit_bridge.messages import Order, Task, Value

from secondunit_inference.cards import Input, ModelCard
from secondunit_inference.engines.diffusion.enlarging import UPSCALE, UPSCALE_STRENGTH, Way, strength_of, ways
from secondunit_inference.engines.diffusion.motion import camera_adapters, most_strokes, moves
from secondunit_inference.engines.diffusion.planned import ADAPTER, SOUND, STANDARD, STEPS, STRENGTHS, TIER
from secondunit_inference.engines.diffusion.preflight import MEMORY
from secondunit_inference.engines.diffusion.speed import (
    ATTENTION,
    BATCH,
    CACHE,
    COMPILE,
    MOST_AT_ONCE,
    NOTHING,
    TILING,
    Able,
    alone,
    choices,
    default_cache,
)

MOST_TAKES = 16
MOST_STEPS = 200
_MOST_IMAGES = 8
_MOST_KEYFRAMES = 16


@dataclass(frozen=True, slots=True)
class Intent:
    name: str
    description: str
    hidden: tuple[str, ...]
    defaults: Mapping[str, Value]


def intents() -> tuple[Intent, ...]:
    text = resources.files("secondunit_inference").joinpath("intents.toml").read_text(encoding="utf-8")
    return tuple(
        Intent(name, str(one["description"]), tuple(one["hidden"]), dict(one["defaults"]))
        for name, one in tomllib.loads(text).items()
    )


def controls(card: ModelCard, task: Task, intent: str = "", able: Able = NOTHING) -> Controls:
    """Raises OrderRefused for an intent that does not exist; without one, the model's own defaults.

    `able`: what the machine has for speed; what it cannot do is not offered.
    """
    chosen = next((one for one in intents() if one.name == intent), None)
    if intent and chosen is None:
        raise OrderRefused(f"there is no intent {intent!r}: there are {', '.join(one.name for one in intents())}")
    offered = (
        *_controls(card, task),
        *(_speed(card, task, able) if any(one.task is task for one in card.entries) else ()),
    )
    if chosen is None:
        return Controls(offered)
    return Controls(
        tuple(
            replace(one, kind=_with_default(one.kind, chosen.defaults[one.name]))
            if one.name in chosen.defaults
            else one
            for one in offered
            if one.name not in chosen.hidden
        )
    )


def check_parameters(card: ModelCard, order: Order) -> None:
    """Raises OrderRefused for a parameter that the model does not have for this task, or a value out of its range."""
    known = {one.name: one.kind for one in _controls(card, order.task)}
    if not known:
        tasks = ", ".join(dict.fromkeys(entry.task.value for entry in card.entries))
        raise OrderRefused(f"{order.shot}: {card.title} does not {order.task.value}: it does {tasks}")
    settable = [name for name, kind in known.items() if isinstance(kind, _PARAMETERS)]
    for parameter in order.parameters:
        if parameter.name.startswith("speed."):
            continue  # `speed` says why it refuses one, also where the machine is the reason
        if parameter.name == TIER and parameter.value in card.tiers:
            continue  # also one that is not offered: else nobody could try it
        kind = known.get(parameter.name)
        if not isinstance(kind, _PARAMETERS):
            raise OrderRefused(
                f"{order.shot}: {card.title} has no parameter {parameter.name!r} to {order.task.value}: it has "
                f"{', '.join(settable)}"
            )
        if (wanted := _refusal(kind, parameter.value)) is not None:
            raise OrderRefused(f"{order.shot}: {parameter.name} is {parameter.value!r}: give {wanted}")


_PARAMETERS = NumberControl | IntegerControl | ChoiceControl | ToggleControl


def _refusal(kind: NumberControl | IntegerControl | ChoiceControl | ToggleControl, value: Value) -> str | None:
    """What is to be given instead; None where the value is good."""
    match kind:
        case NumberControl(_, minimum, maximum):
            good = isinstance(value, int | float) and not isinstance(value, bool) and minimum <= value <= maximum
            return None if good else f"a number from {minimum:g} to {maximum:g}"
        case IntegerControl(_, least, most):
            good = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
            return None if good else f"a whole number from {least} to {most}"
        case ChoiceControl(_, choices):
            return None if value in choices else f"one of {', '.join(choices)}"
        case ToggleControl():
            return None if isinstance(value, bool) else "true or false"


def _with_default(kind: ControlKind, value: Value) -> ControlKind:
    """An intent's default where it suits the control, which may have a smaller range or fewer choices."""
    if not isinstance(kind, _PARAMETERS) or _refusal(kind, value) is not None:
        return kind
    match kind:
        case NumberControl():
            return replace(kind, default=float(value))
        case IntegerControl():
            return replace(kind, default=int(value))
        case ChoiceControl():
            return replace(kind, default=str(value))
        case ToggleControl():
            return replace(kind, default=bool(value))


def _controls(card: ModelCard, task: Task) -> Iterator[Control]:
    entries = [entry for entry in card.entries if entry.task is task]
    used = {one for entry in entries for one in (*entry.needs, *entry.takes)}
    if not entries:
        return
    yield from _content(used, task)
    yield from _strengths(card, used)
    yield from _motion(card, task)
    kinds = {entry.adapter for entry in entries}
    guides = [adapter.name for adapter in card.adapters if adapter.kind in kinds or adapter.name in kinds]
    if guides:
        choice = ChoiceControl("", ("", *guides))
        yield _control(ADAPTER, "Guide", "How the source shot guides the picture.", choice, "guide")
    if card.lora_targets:
        yield _control("look", "Look", "A look learnt as a LoRA, in a .safetensors file.", LookControl(), "look")
    if card.sound:
        yield _control(
            SOUND, "Sound of the model", "Sound that is made with the picture.", ToggleControl(False), "sound"
        )
        shown = (ShownWhen(SOUND, (False,)),)
        yield _control("room", "Sound", "Made of the shot's own.", SoundControl(False), "sound", shown)
    elif task in (Task.EXTEND, Task.JOIN):
        yield _control("room", "Sound", "Made of the shot's own.", SoundControl(False), "sound")
    tiers = tuple(name for name, tier in card.tiers.items() if tier.enabled)
    default = STANDARD if STANDARD in tiers else tiers[0]
    yield _control(TIER, "Quality", "More steps take longer.", ChoiceControl(default, tiers), "quality")
    steps = IntegerControl(0, 0, MOST_STEPS)
    yield _control(STEPS, "Steps", "0: as many as the quality has.", steps, "quality")
    enlarge = tuple(way.value for way in ways(card))
    if len(enlarge) > 1:
        text = "Slots larger than the model's pictures: resampled, by the model's upsampler, or in tiles."
        yield _control(UPSCALE, "Enlarge", text, ChoiceControl(Way.NONE.value, enlarge), "quality")
        shown = (ShownWhen(UPSCALE, enlarge[1:]),)
        text = "How much of the enlarged pictures is made again."
        kind = NumberControl(strength_of(card), 0, 1)
        yield _control(UPSCALE_STRENGTH, "Detail", text, kind, "quality", shown)
    held = ChoiceControl("", ("", *card.memory.recipes))
    yield _control(
        MEMORY,
        "Memory",
        "How the weights are held: empty for the fastest way that fits and keeps every bit; others need less.",
        held,
        "speed",
    )
    yield _control("seed", "Seed", "Other seeds give other takes.", SeedControl(MOST_TAKES), "takes")


def _speed(card: ModelCard, task: Task, able: Able) -> Iterator[Control]:
    labels = {
        CACHE: ("Cache", "Guesses steps that change little: faster, other pictures."),
        COMPILE: (
            "Compile",
            "The first order waits for the compiler; later ones are faster. Pictures differ by little.",
        ),
        ATTENTION: ("Attention", "Which kernels compute attention; pictures differ by little."),
    }
    for name, offered in choices(card, able).items():
        if offered:
            default = default_cache(card) if name == CACHE else ""
            yield _control(name, *labels[name], ChoiceControl(default, ("", *offered)), "speed")
    if any(one.task is task and not alone(card, one, 1) for one in card.entries):
        text = "Made in one call: faster where memory allows, pictures differ by little."
        yield _control(BATCH, "Takes at once", text, IntegerControl(1, 1, MOST_AT_ONCE), "speed")
    yield _control(
        TILING,
        "Tiles",
        "Encodes and decodes tile by tile: needs less memory, other pictures.",
        ToggleControl(False),
        "speed",
    )


def _content(used: set[Input], task: Task) -> Iterator[Control]:
    if Input.TEXT in used:
        yield _control("prompt", "Text", "What is to be seen, and what is not.", TextControl(negative=True))
    if Input.IMAGES in used:
        kind = KeyframesControl(_MOST_KEYFRAMES, ends_only=False)
        yield _control("keyframes", "Keyframes", "Stills at frames of the take.", kind)
    elif task is Task.GENERATE and used & {Input.FIRST_IMAGE, Input.LAST_IMAGE}:
        kind = KeyframesControl(2 if Input.LAST_IMAGE in used else 1, ends_only=True)
        yield _control("keyframes", "First and last frame", "Stills that the take begins and ends with.", kind)
    if Input.REFERENCE_IMAGES in used:
        yield _control("image", "Images", "What is to be seen, whenever.", ImageControl(_MOST_IMAGES))
        yield _control("like", "Shots", "Shots that it is to be like.", ShotControl(_MOST_IMAGES))
    if used & {Input.FRAMES_BEFORE, Input.FRAMES_AFTER}:
        yield _control("context", "Frames beside it", "Camera frames that the model sees.", FrameRangeControl(0))
    if task is Task.REPLACE:
        yield _control("mask", "Mask", "White is made again, the rest stays as it is.", MaskControl())


def _motion(card: ModelCard, task: Task) -> Iterator[Control]:
    own = tuple(camera_adapters(card))
    rendered = tuple(move for move in moves(card, task) if move not in own)
    if own:
        text = "A move that a published LoRA was trained on."
        yield _control("camera", "Camera", text, CameraMoveControl(own, True))
    if rendered:
        text = "A move that is rendered into a guide from the picture."
        yield _control("camera_guide", "Camera, as a guide", text, CameraMoveControl(rendered, False))
    if most := most_strokes(card, task):
        text = "Regions that move, rendered into a guide."
        yield _control("strokes", "Strokes", text, StrokesControl(most, False))


def _strengths(card: ModelCard, used: set[Input]) -> Iterator[Control]:
    # VACE keeps what it is given and makes again what is white in a mask, from nothing.
    filling = card.pipeline.class_name == "WanVACEPipeline"
    if used & {Input.SOURCE_SHOT, Input.MOTION} and card.family in STRENGTHS and not filling:
        text = "0 keeps the shot, 1 keeps nothing of it."
        yield _control("strength", "Strength", text, NumberControl(STRENGTHS[card.family], 0, 1), "guide")
    if filling:
        text = "How closely frames and references are kept to."
        yield _control("conditioning_scale", "Hold", text, NumberControl(1, 0, 2), "guide")
    if card.family == "ltx2" and Input.GUIDE_VIDEO in used:
        text = "How closely the guide is followed."
        yield _control("guide_strength", "Guide strength", text, NumberControl(1, 0, 1), "guide")


def _control(
    name: str,
    label: str,
    description: str,
    kind: ControlKind,
    group: str = "content",
    shown_when: tuple[ShownWhen, ...] = (),
) -> Control:
    return Control(name, label, description, group, kind, shown_when)
