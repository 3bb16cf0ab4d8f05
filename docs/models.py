"""Writes docs/models.md from the cards and models.md.j2: `python docs/models.py`."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from secondunit_bridge.messages import Task, Value
from secondunit_inference import cards
from secondunit_inference.cards import Entry, Input, ModelCard
from secondunit_inference.engines.diffusion.controls import controls, intents
from secondunit_inference.engines.diffusion.enlarging import UPSCALE, UPSCALE_STRENGTH, Way, ways
from secondunit_inference.engines.diffusion.planned import STEPS, TIER, context_of
from secondunit_inference.engines.diffusion.preflight import MEMORY
from secondunit_inference.engines.diffusion.recipes import (
    Fp8,
    FromDisk,
    Int8,
    Needs,
    Recipe,
    Resident,
    Streamed,
    TextStreamed,
    gigabytes,
    name_of,
    needs,
    on_device,
)
from secondunit_inference.engines.diffusion.sizes import sizes
from secondunit_inference.engines.diffusion.speed import ATTENTIONS, TILING, Able
from secondunit_inference.weights.layout import UPSAMPLER, extras
from secondunit_plugin.cli.controls import option_of, values_of

PAGE = Path(__file__).with_suffix(".md")
_RECIPES = (Resident(), TextStreamed(), Int8(), Fp8(), Streamed(), FromDisk())
_ATTENTION_NEEDS = ", ".join(
    f"`{name}`: {f'the package {one.package}' if one.package else 'an NVIDIA GPU'}"
    for name, one in ATTENTIONS.items()
    if one.cuda
)
_ABLE = Able(cuda=True, compiler=True, packages=frozenset(one.package for one in ATTENTIONS.values()))
_SHARED = ("prompt", "look", "seed", TIER, STEPS, MEMORY, TILING)
_TOLD = (*_SHARED, UPSCALE, UPSCALE_STRENGTH)
"""Controls that the page describes for all models."""
_CHOSEN = {TIER: "as the tables below", MEMORY: "a name from the tables below"}
_WORDS = {
    Input.TEXT: "a text",
    Input.IMAGES: "stills at frames",
    Input.FIRST_IMAGE: "a first image",
    Input.LAST_IMAGE: "a last image",
    Input.FRAMES_BEFORE: "the shot before",
    Input.FRAMES_AFTER: "the shot after",
    Input.SOURCE_SHOT: "the shot",
    Input.MASK: "a mask",
    Input.REFERENCE_IMAGES: "references",
    Input.GUIDE_VIDEO: "the shot as a guide",
    Input.MOTION: "strokes and camera moves",
    Input.TRACKS: "strokes",
}
_COMMANDS = {
    Task.GENERATE: "generate CUT --at +0 --frames {frames}",
    Task.EXTEND: "extend CUT --shot S --tail 24",
    Task.JOIN: "join CUT --at +100 --frames 8",
    Task.REPLACE: "replace CUT --shot S",
    Task.MATCH: "match CUT --shot S",
}


def words(inputs: Iterable[Input]) -> str:
    return ", ".join(_WORDS[one] for one in inputs)


def tasks(card: ModelCard) -> str:
    return ", ".join(dict.fromkeys(entry.task.value for entry in card.entries))


def longest(card: ModelCard) -> str:
    rule = card.frames
    if not rule.most:
        return f"any length at {float(card.rate):g}/s"
    return f"{rule.most} at {float(card.rate):g}/s, {float(rule.most / card.rate):.1f} s"


def frames(card: ModelCard) -> str:
    rule = card.frames
    form = f"{rule.multiple} × k + {rule.plus}" if rule.plus else f"multiples of {rule.multiple}"
    most = f"at most {rule.most} in one pass" if rule.most else "goes on chunk by chunk"
    return (
        f"{form} at {float(card.rate):g} a second, published for {rule.native}, {most}; others are rounded and trimmed"
    )


def goes_on(card: ModelCard, entry: Entry) -> str:
    """As `planned` makes them."""
    later, context = context_of(card, entry)
    if not card.frames.most:
        return "chunk by chunk"
    if later is not None:
        known = context.head.most if context.head is not None else 1
        if known == 1:
            return "each further pass begins with the last frame before it"
        if Input.FRAMES_AFTER in entry.needs and Input.FRAMES_BEFORE not in entry.needs:
            return f"each further pass ends with up to {known} frames of the one after it"
        return f"each further pass begins with up to {known} frames of the one before it"
    if context.mixed:
        return f"passes overlap and go into each other over {context.mixed} frames"
    return "refused"


def larger(card: ModelCard) -> str:
    """What the parameter `upscale` can be."""
    found = ["resampled"]
    for way in ways(card)[1:]:
        upsampler = card.upsampler if way is Way.MODEL else None
        source = f", with the adapter `{UPSAMPLER}`" if upsampler else ""
        found.append(f"`--set upscale={way}`{source}")
    return "; ".join(found)


def counted(card: ModelCard) -> str:
    found = sizes(card, Path())
    said = ", ".join(f"{name} {size.parameters / 1e9:.2f}" for name, size in found.components.items())
    return f"billions: {said}{uncounted(card)}"


def uncounted(card: ModelCard) -> str:
    names = sizes(card, Path()).uncounted
    return f" (not counted: {', '.join(names)})" if names else ""


def disk(card: ModelCard) -> str:
    return gigabytes(_needs(card, False).weights)


def held(card: ModelCard) -> str:
    need = _needs(card, False)
    return f"{gigabytes(need.weights)}, {gigabytes(on_device(Streamed(), need, False))}"


def memory(card: ModelCard) -> list[tuple[str, str, str, str]]:
    """Of the weights, as a plan counts them."""
    gpu, processor = _needs(card, False), _needs(card, True)
    rows = []
    for recipe in _RECIPES:
        if name_of(recipe) in card.memory.recipes or isinstance(recipe, TextStreamed):
            here = "–"
            if not isinstance(recipe, TextStreamed | Streamed):
                here = gigabytes(on_device(recipe, processor, True))
            rows.append((name_of(recipe), gigabytes(on_device(recipe, gpu, False)), _waiting(recipe, gpu), here))
    return rows


def _needs(card: ModelCard, shared: bool) -> Needs:
    return needs(card, sizes(card, Path()), shared, None)


def _waiting(recipe: Recipe, need: Needs) -> str:
    match recipe:
        case TextStreamed():
            return gigabytes(need.text)
        case Streamed():
            return gigabytes(need.text + need.transformers)
        case FromDisk():
            return f"{gigabytes(need.text + need.transformers)} in files"
        case _:
            return "–"


def shared() -> list[tuple[str, str, str, str]]:
    """Of the first model that has each."""
    rows: dict[str, tuple[str, str, str, str]] = {}
    for card in map(cards.card, cards.names()):
        for task in dict.fromkeys(entry.task for entry in card.entries):
            for one in controls(card, task, able=_ABLE).controls:
                if one.name in _SHARED:
                    takes, default = values_of(one)
                    takes = _CHOSEN.get(one.name, takes)
                    row = (option_of(one, task), takes, default or "–", f"{one.label}. {one.description}")
                    rows.setdefault(one.name, row)
    return [rows[name] for name in _SHARED]


def options(card: ModelCard) -> list[tuple[str, str, str, str]]:
    """What the model takes beside what every model does, with the tasks that it is for."""
    found: dict[tuple[str, str, str], dict[str, None]] = {}
    for task in dict.fromkeys(entry.task for entry in card.entries):
        for one in controls(card, task, able=_ABLE).controls:
            option = option_of(one, task)
            if option and one.name not in _TOLD:
                takes, default = values_of(one)
                found.setdefault((option, takes, default or "–"), {})[task.value] = None
    every = tasks(card)
    return [(*row, "every task" if ", ".join(names) == every else ", ".join(names)) for row, names in found.items()]


def commands(card: ModelCard) -> list[str]:
    """From nothing to a take, one for each task."""
    chosen = f"--engine diffusion --model {card.model}"
    lines = [f"models get {card.model}"]
    for task in dict.fromkeys(entry.task for entry in card.entries):
        entry = next(entry for entry in card.entries if entry.task is task)
        used = {*entry.needs, *entry.takes}
        line = f"{_COMMANDS[task].format(frames=card.frames.native)} {chosen}"
        line += " --image STILL.png" if task is Task.GENERATE and Input.FIRST_IMAGE in entry.needs else ""
        line += " --mask MASK.png" if task is Task.REPLACE else ""
        line += " --prompt TEXT" if Input.TEXT in used else ""
        lines.append(f"{line} -o OUT.otio")
    lines += [f"models get {card.model} --adapter {adapter.name}" for adapter in extras(card)[:1]]
    return [f"secondunit {line}" for line in lines]


def pairs(defaults: Mapping[str, Value]) -> str:
    return ", ".join(f"{name} {str(value).lower()}" for name, value in defaults.items())


def page() -> str:
    environment = Environment(
        loader=FileSystemLoader(PAGE.parent),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        autoescape=False,
        keep_trailing_newline=True,
    )
    return environment.get_template("models.md.j2").render(
        cards=[cards.card(name) for name in cards.names()],
        anchor=lambda card: card.model.replace(".", ""),
        shared=shared(),
        intents=intents(),
        pairs=pairs,
        words=words,
        tasks=tasks,
        longest=longest,
        frames=frames,
        goes_on=goes_on,
        larger=larger,
        counted=counted,
        uncounted=uncounted,
        disk=disk,
        held=held,
        memory=memory,
        options=options,
        commands=commands,
        extras=extras,
        attentions=", ".join(f"`{name}`" for name in ATTENTIONS),
        attention_needs=_ATTENTION_NEEDS,
    )


if __name__ == "__main__":
    PAGE.write_text(page())
