"""What an order becomes for a model before torch is loaded: which pipeline, frames, size and steps."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor

from secondunit_bridge.errors import OrderRefused
from secondunit_bridge.messages import Order, Task, Value

from secondunit_inference.cards import Adapter, Entry, Input, ModelCard, Tier
from secondunit_inference.engines.diffusion.canvas import Canvas, canvas
from secondunit_inference.engines.diffusion.enlarging import Enlarging, enlarging
from secondunit_inference.engines.diffusion.framing import Framing, framing
from secondunit_inference.engines.diffusion.motion import Guide, Moved, Tracked, camera_adapters, guide
from secondunit_inference.engines.diffusion.speed import Speed, speed
from secondunit_inference.engines.diffusion.timing import Context, FrameRule, Pass, Timing, timing

TIER = "tier"
STANDARD = "standard"
STEPS = "steps"
"""The parameter that sets the number of steps; 0: the tier's."""
ADAPTER = "adapter"
"""The parameter that names one of the card's adapters."""
SOUND = "sound"
"""The parameter that asks for the sound that the model makes."""
STRENGTHS = {"wan": 0.8, "ltx": 0.4, "ltx2": 0.6, "cogvideox": 0.8}
"""How much of a source shot is made again where the order does not say, by family; 1 keeps nothing."""
SEEN_SECONDS = Fraction(1)
"""Motion that a model is shown on each side: longer says little more and costs frames."""
_ENDLESS = 100_000
_ONE = FrameRule(1, 0, 1, 1)
_MADE_AGAIN = {Input.SOURCE_SHOT, Input.GUIDE_VIDEO}


@dataclass(frozen=True, slots=True)
class Planned:
    card: ModelCard
    canvas: Canvas
    entry: Entry
    later: Entry | None
    """How the passes are made that go on from the frames of one before; None: the model cannot."""
    tier: Tier
    timing: Timing
    framing: Framing
    parameters: Mapping[str, Value]
    adapters: tuple[tuple[Adapter, float], ...]
    """Published LoRAs that the order needs, and their weights."""
    unused: tuple[Input, ...]
    """What the order brings and the model does not take."""
    speed: Speed
    slot_rate: Fraction
    guide: Guide | None
    """What is rendered of the order's strokes and camera move."""
    enlarging: Enlarging | None = None

    def entry_of(self, one: Pass) -> Entry:
        goes_on = one.first > 0 and one.head and not one.tail
        return self.later if goes_on and self.later is not None else self.entry

    @property
    def strength(self) -> float:
        given = self.parameters.get("strength", STRENGTHS.get(self.card.family, 1.0))
        return min(max(float(given), 0.0), 1.0)

    @property
    def wants_sound(self) -> bool:
        return bool(self.parameters.get(SOUND, False)) and self.card.sound and self.canvas.sound is None

    @property
    def downscale(self) -> int:
        """By how much smaller a guide is read than the take."""
        return max((adapter.downscale for adapter, _ in self.adapters), default=1)

    @property
    def composited(self) -> bool:
        """Whether the source's own picture stays outside the mask."""
        return self.canvas.source is not None and self.canvas.mask is not None


def planned(card: ModelCard, order: Order) -> Planned:
    """Raises OrderRefused for what the model does not do."""
    scene = canvas(order)
    parameters = {parameter.name: parameter.value for parameter in order.parameters}
    rendered = guide(card, order, scene)
    named = _adapter(card, order, parameters, rendered)
    _refuse_stills(card, order, scene, rendered)
    entry = _entry(card, order, _inputs(scene), named, rendered)
    tier = _tier(card, order, parameters)
    if scene.task is Task.MATCH and not (scene.prompt or scene.looks) and Input.REFERENCE_IMAGES not in entry.takes:
        raise OrderRefused(f"{order.shot}: {card.title} takes no reference: give it a look or a text to match by")
    used = {*entry.needs, *entry.takes}
    later, context = context_of(card, entry)
    _refuse_short(card, order, scene, entry, context)
    multiple, plus = card.frames.multiple, card.frames.plus
    rule = FrameRule(multiple, plus, plus + multiple, max(card.frames.most or _ENDLESS, card.frames.native))
    slot = order.slot
    last = any(image.at is not None and image.at.frame == scene.total - 1 for image in scene.keyframes)
    ends = last and Input.LAST_IMAGE in used and Input.IMAGES not in used
    times = timing(scene, slot.rate, card.rate, rule, context, ends=ends)
    if len(times.passes) > 1 and later is None and not context.mixed:
        raise OrderRefused(
            f"{order.shot}: {card.title} makes at most {rule.most} frames at {float(card.rate):g} a second and does "
            f"not go on from them, this slot needs {times.frames}: order a shorter one, or another model"
        )
    moves = camera_adapters(card)
    adapters = [(adapter, 1.0) for adapter in card.adapters if adapter.name == tier.adapter]
    adapters += [(named, 1.0)] if named is not None else []
    if scene.camera is not None and scene.camera.move in moves:
        adapters.append((moves[scene.camera.move], 1.0))
    size = card.size
    frame = framing(
        slot.width,
        slot.height,
        slot.pixel_aspect,
        size.multiple * max((adapter.downscale for adapter, _ in adapters), default=1),
        tier.width * tier.height,
        (tier.width, tier.height) if size.fixed else None,
    )
    return Planned(
        card=card,
        canvas=scene,
        entry=entry,
        later=later,
        tier=tier,
        timing=times,
        framing=frame,
        parameters=parameters,
        adapters=tuple(dict.fromkeys(adapters)),
        unused=tuple(sorted(_wanted(scene) - used)),
        speed=speed(card, order.shot, parameters),
        enlarging=enlarging(card, order.shot, parameters, frame, slot.pixel_aspect),
        slot_rate=slot.rate,
        guide=rendered,
    )


def context_of(card: ModelCard, entry: Entry) -> tuple[Entry | None, Context]:
    """What is known at the ends of a pass, and what makes the passes that go on from others."""
    again = Input.MOTION in entry.needs or bool({*entry.needs, *entry.takes} & _MADE_AGAIN)
    rule, most = card.context, seen(card)
    sides = FrameRule(rule.multiple, rule.plus, rule.plus or rule.multiple, most)
    used = {*entry.needs, *entry.takes}
    alike = {one for other in card.entries if other.pipeline == entry.pipeline for one in (*other.needs, *other.takes)}
    from_still = next((other for other in card.entries if other.task is Task.EXTEND and _starts(other)), None)
    later, head = (
        (entry, sides)
        if Input.FRAMES_BEFORE in alike
        else (entry, _ONE)
        if _starts(entry)
        else (from_still, _ONE)
        if from_still is not None and not again
        else (None, _ONE if Input.FIRST_IMAGE in used else None)
    )
    tail = sides if Input.FRAMES_AFTER in used else _ONE if Input.LAST_IMAGE in used else None
    return later, Context(
        head,
        tail,
        FrameRule(1, 0, 1, most) if rule.free_tail and tail is sides else None,
        mixed=(card.frames.most or card.frames.native) // 8 if again else 0,
    )


def seen(card: ModelCard) -> int:
    """How many known frames at its own rate the model is shown at each end."""
    return card.context.most or max(1, round(card.rate * SEEN_SECONDS))


def _starts(entry: Entry) -> bool:
    """Whether it makes a shot from nothing but its first frame."""
    return Input.FIRST_IMAGE in entry.needs and Input.LAST_IMAGE not in entry.needs


def _refuse_short(card: ModelCard, order: Order, scene: Canvas, entry: Entry, context: Context) -> None:
    step = order.slot.rate / card.rate
    for needed, known, rule in (
        (Input.FRAMES_BEFORE, scene.before, context.head),
        (Input.FRAMES_AFTER, scene.after, context.tail),
    ):
        if needed not in entry.needs or known is None or rule is None:
            continue
        there = scene.first - known.at if needed is Input.FRAMES_BEFORE else known.end - scene.end
        if not rule.down(1 + floor((there - 1) / step)):
            raise OrderRefused(
                f"{order.shot}: {card.title} goes on from at least {rule.least} frames at {float(card.rate):g} a "
                f"second; of {known.span.path} the order gives {there} at {float(order.slot.rate):g}: order with "
                f"{ceil((rule.least - 1) * step) + 1} or more"
            )


def _refuse_stills(card: ModelCard, order: Order, scene: Canvas, rendered: Guide | None) -> None:
    """A model that places no stills has room for one only where it begins or ends, or in a guide."""
    inputs = {one for entry in card.entries if entry.task is order.task for one in (*entry.needs, *entry.takes)}
    if order.task is not Task.GENERATE or Input.IMAGES in inputs or not inputs:
        return
    last = scene.total - 1
    ends = [(0, "first")] * (Input.FIRST_IMAGE in inputs) + [(last, "last")] * (Input.LAST_IMAGE in inputs)
    for image in scene.keyframes:
        if isinstance(rendered, Moved) and image is rendered.base:
            continue
        if image.at is not None and image.at.frame not in [frame for frame, _ in ends]:
            takes = (
                f"takes a still as a take's {' or '.join(name for _, name in ends)} frame" if ends else "takes no still"
            )
            handles = f", handles of {order.slot.head} and {order.slot.tail} frames included" if ends else ""
            raise OrderRefused(
                f"{order.shot}: {card.title} {takes}; {image.path} stands at frame {image.at.frame} of 0 to {last}"
                f"{handles}: order it without the handle there, or another model"
            )


def _inputs(scene: Canvas) -> set[Input]:
    """Everything that the order could be turned into."""
    have: set[Input] = set()
    have |= {Input.TEXT} if scene.prompt else set()
    have |= {Input.FRAMES_BEFORE, Input.FIRST_IMAGE} if scene.before is not None else set()
    have |= {Input.FRAMES_AFTER, Input.LAST_IMAGE} if scene.after is not None else set()
    have |= _MADE_AGAIN if scene.source is not None else set()
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
    """What the order asks for by name, so that leaving it out has to be said. A mask is composited in any case."""
    wanted = {Input.TEXT} if scene.prompt else set()
    wanted |= {Input.REFERENCE_IMAGES} if scene.shots or (scene.images and scene.task is not Task.GENERATE) else set()
    wanted |= {Input.IMAGES} if scene.keyframes and scene.task is not Task.GENERATE else set()
    return wanted


def _adapter(card: ModelCard, order: Order, parameters: Mapping[str, Value], rendered: Guide | None) -> Adapter | None:
    """The one that the order names, or that its tracks need."""
    name = str(parameters.get(ADAPTER, ""))
    if isinstance(rendered, Tracked):
        needed = next(one.adapter for one in card.entries if one.task is order.task and Input.TRACKS in one.needs)
        if name not in ("", needed):
            raise OrderRefused(f"{order.shot}: {card.title} follows strokes with the adapter {needed}, not {name}")
        name = needed
    found = next((adapter for adapter in card.adapters if adapter.name == name), None)
    if name and found is None:
        known = ", ".join(adapter.name for adapter in card.adapters) or "none"
        raise OrderRefused(f"{order.shot}: {card.title} has no adapter {name!r}: it has {known}")
    return found


def _entry(card: ModelCard, order: Order, have: set[Input], adapter: Adapter | None, rendered: Guide | None) -> Entry:
    """The way to call the model that makes the most of what the order brings.

    One that works through an adapter only when the order names the adapter, or its tracks need it.
    """
    offered = [entry for entry in card.entries if entry.task is order.task]
    if not offered:
        tasks = ", ".join(dict.fromkeys(entry.task.value for entry in card.entries))
        raise OrderRefused(f"{order.shot}: {card.title} does not {order.task.value}: it does {tasks}")
    drawn = set() if rendered is None else {Input.TRACKS if isinstance(rendered, Tracked) else Input.MOTION}
    have = have | drawn
    suited = [entry for entry in offered if drawn <= {*entry.needs, *entry.takes}]
    adapters = ("", adapter.kind, adapter.name) if adapter is not None else ("",)
    able = [entry for entry in suited if set(entry.needs) <= have and entry.adapter in adapters]
    if not able:
        needs = " or ".join(
            " and ".join(need.value.replace("_", " ") for need in entry.needs)
            + (f" (with an adapter: {entry.adapter})" if entry.adapter else "")
            for entry in suited
        )
        raise OrderRefused(f"{order.shot}: to {order.task.value}, {card.title} needs {needs}")
    return max(
        able, key=lambda entry: (bool(entry.adapter), len({*entry.needs, *entry.takes} & have), len(entry.needs))
    )


def _tier(card: ModelCard, order: Order, parameters: Mapping[str, Value]) -> Tier:
    name = parameters.get(TIER, STANDARD)
    tier = card.tiers.get(str(name))
    if tier is None:
        raise OrderRefused(f"{order.shot}: {card.title} has no tier {name!r}: it has {', '.join(card.tiers)}")
    steps = int(parameters.get(STEPS, 0))
    if steps and "sigmas" in tier.call:
        raise OrderRefused(f"{order.shot}: the tier {name!r} of {card.title} has steps of its own: leave out {STEPS!r}")
    return replace(tier, steps=steps) if steps else tier
