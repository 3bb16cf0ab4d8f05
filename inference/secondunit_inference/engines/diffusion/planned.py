"""What an order becomes for a model before torch is loaded: which pipeline, frames, size and steps."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from secondunit_bridge.errors import OrderRefused
from secondunit_bridge.messages import Order, Task, Value

from secondunit_inference.cards import Entry, Input, ModelCard, Tier
from secondunit_inference.engines.diffusion.canvas import Canvas, canvas
from secondunit_inference.engines.diffusion.framing import Framing, framing
from secondunit_inference.engines.diffusion.timing import Context, FrameRule, Timing, timing

TIER = "tier"
STANDARD = "standard"
SEEN_SECONDS = Fraction(1)
"""Motion that a model is shown on each side: longer says little more and costs frames."""
_ENDLESS = 100_000
_ONE = FrameRule(1, 0, 1, 1)


@dataclass(frozen=True, slots=True)
class Planned:
    card: ModelCard
    canvas: Canvas
    entry: Entry
    tier: Tier
    timing: Timing
    framing: Framing
    parameters: Mapping[str, Value]
    unused: tuple[Input, ...]
    """What the order brings and the model does not take."""


def planned(card: ModelCard, order: Order) -> Planned:
    """Raises OrderRefused for what the model does not do."""
    scene = canvas(order)
    have = _inputs(scene)
    entry = _entry(card, order, have)
    parameters = {parameter.name: parameter.value for parameter in order.parameters}
    tier = _tier(card, order, parameters)
    used = {*entry.needs, *entry.takes}
    multiple, plus = card.frames.multiple, card.frames.plus
    rule = FrameRule(multiple, plus, plus + multiple, max(card.frames.most or _ENDLESS, card.frames.native))
    seen = FrameRule(multiple, 1, 1, max(1, round(card.rate * SEEN_SECONDS)))
    context = Context(
        seen if Input.FRAMES_BEFORE in used else _ONE if Input.FIRST_IMAGE in used else None,
        seen if Input.FRAMES_AFTER in used else _ONE if Input.LAST_IMAGE in used else None,
    )
    slot = order.slot
    return Planned(
        card=card,
        canvas=scene,
        entry=entry,
        tier=tier,
        timing=timing(scene, slot.rate, card.rate, rule, context),
        framing=framing(slot.width, slot.height, slot.pixel_aspect, card.size.multiple, tier.width * tier.height),
        parameters=parameters,
        unused=tuple(sorted(_wanted(scene) - used)),
    )


def _inputs(scene: Canvas) -> set[Input]:
    """Everything that the order could be turned into."""
    have: set[Input] = set()
    have |= {Input.TEXT} if scene.prompt else set()
    have |= {Input.FRAMES_BEFORE, Input.FIRST_IMAGE} if scene.before is not None else set()
    have |= {Input.FRAMES_AFTER, Input.LAST_IMAGE} if scene.after is not None else set()
    have |= {Input.SOURCE_SHOT, Input.GUIDE_VIDEO} if scene.source is not None else set()
    have |= {Input.MASK} if scene.mask is not None else set()
    have |= {Input.REFERENCE_IMAGES} if scene.images or scene.shots else set()
    have |= {Input.IMAGES} if scene.keyframes else set()
    times = {image.at.frame for image in scene.keyframes if image.at is not None}
    if 0 in times or (scene.task is Task.GENERATE and scene.images):
        have.add(Input.FIRST_IMAGE)
    if scene.total - 1 in times and scene.total > 1:
        have.add(Input.LAST_IMAGE)
    return have


def _wanted(scene: Canvas) -> set[Input]:
    """What the order asks for by name, so that leaving it out has to be said."""
    wanted = {Input.TEXT} if scene.prompt else set()
    wanted |= {Input.MASK} if scene.mask is not None else set()
    wanted |= {Input.REFERENCE_IMAGES} if scene.shots or (scene.images and scene.task is not Task.GENERATE) else set()
    return wanted


def _entry(card: ModelCard, order: Order, have: set[Input]) -> Entry:
    """The way to call the model that makes the most of what the order brings."""
    offered = [entry for entry in card.entries if entry.task is order.task]
    if not offered:
        tasks = ", ".join(dict.fromkeys(entry.task.value for entry in card.entries))
        raise OrderRefused(f"{order.shot}: {card.title} does not {order.task.value}: it does {tasks}")
    able = [entry for entry in offered if set(entry.needs) <= have]
    if not able:
        needs = " or ".join(" and ".join(need.value.replace("_", " ") for need in entry.needs) for entry in offered)
        raise OrderRefused(f"{order.shot}: to {order.task.value}, {card.title} needs {needs}")
    return max(able, key=lambda entry: (len({*entry.needs, *entry.takes} & have), len(entry.needs)))


def _tier(card: ModelCard, order: Order, parameters: Mapping[str, Value]) -> Tier:
    name = parameters.get(TIER, STANDARD)
    tier = card.tiers.get(str(name))
    if tier is None:
        raise OrderRefused(f"{order.shot}: {card.title} has no tier {name!r}: it has {', '.join(card.tiers)}")
    return tier
