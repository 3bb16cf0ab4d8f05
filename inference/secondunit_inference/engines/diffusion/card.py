"""What the diffusion engine offers: a model for each card, ready where its weights are on this machine."""

from importlib.util import find_spec
from pathlib import Path

from secondunit_bridge.controls import Controls
from secondunit_bridge.errors import OrderRefused
from secondunit_bridge.messages import Card, Licence, Native, Order, Plan, Task, TaskLimit
from secondunit_bridge.rates import FrameTime

from secondunit_inference import cards as model_cards
from secondunit_inference.cards import Input, ModelCard
from secondunit_inference.engines.diffusion.controls import check_parameters, intents
from secondunit_inference.engines.diffusion.controls import controls as card_controls
from secondunit_inference.engines.diffusion.enlarging import Way
from secondunit_inference.engines.diffusion.looks import loras
from secondunit_inference.engines.diffusion.machine import device_name, machine
from secondunit_inference.engines.diffusion.measured import read
from secondunit_inference.engines.diffusion.motion import moves
from secondunit_inference.engines.diffusion.planned import planned, seen
from secondunit_inference.engines.diffusion.preflight import preflight
from secondunit_inference.engines.diffusion.sizes import sizes
from secondunit_inference.engines.diffusion.speed import able, check_machine
from secondunit_inference.engines.diffusion.weights import folder_of, refuse_without_upsampler

ENGINE = "diffusion"
_PACKAGES = ("accelerate", "diffusers", "peft", "safetensors", "torch", "transformers")


def cards(models: Path) -> tuple[Card, ...]:
    return tuple(_card(model_cards.card(name), models) for name in model_cards.names())


def _card(card: ModelCard, models: Path) -> Card:
    try:
        _refuse_without_packages()
        folder_of(models, card)
        missing = ""
    except OrderRefused as error:
        missing = str(error)
    tasks = dict.fromkeys(entry.task for entry in card.entries)
    inputs = {one for entry in card.entries for one in (*entry.needs, *entry.takes)}
    return Card(
        engine=ENGINE,
        model=card.model,
        description=card.description,
        limits=tuple(TaskLimit(Task(task), 0) for task in tasks),
        camera_moves=moves(card, Task.GENERATE),
        title=card.title,
        licence=Licence(card.licence.id, card.licence.commercial, card.licence.url),
        repository=card.source.repository,
        tiers=tuple(name for name, tier in card.tiers.items() if tier.enabled),
        intents=tuple(intent.name for intent in intents()),
        missing=missing,
        native=Native(card.frames.native, card.rate, card.size.width, card.size.height),
        hdr=True,
        variable_rate=True,
        interlaced=True,
        context=FrameTime(seen(card), card.rate) if inputs & {Input.FRAMES_BEFORE, Input.FRAMES_AFTER} else None,
        stills_at_ends=Input.IMAGES not in inputs,
    )


def _refuse_without_packages() -> None:
    if absent := [name for name in _PACKAGES if find_spec(name) is None]:
        raise OrderRefused(f"{', '.join(absent)} not installed: `pip install 'secondunit[diffusion]'`")


def controls(order: Order, intent: str) -> Controls:
    return card_controls(model_cards.card(order.model), order.task, intent, able(device_name() != "cpu"))


def plan(order: Order, models: Path) -> Plan:
    """Raises OrderRefused; reads no media and loads nothing."""
    from secondunit_inference.engines.diffusion.space import Space  # brings av, which the unit starts without

    card = model_cards.card(order.model)
    check_parameters(card, order)
    Space(order.slot.encoding)  # refuses a name that is not known
    made = planned(card, order)
    _refuse_without_packages()
    folder = folder_of(models, card)
    loras(made, folder)
    if made.enlarging is not None and made.enlarging.way is Way.MODEL:
        refuse_without_upsampler(folder, card)
    found = machine(models)
    check_machine(made.speed, card, order.shot, able(cuda=not found.room.shared))
    return preflight(made, order, found, sizes(card, folder), read(models))
