"""Writes docs/models.md from the cards: `python docs/models.py`."""

from pathlib import Path

from jinja2 import Environment, StrictUndefined
from secondunit_inference import cards
from secondunit_inference.cards import Entry, FrameRule, ModelCard
from secondunit_inference.engines.diffusion.enlarging import Way, ways
from secondunit_inference.engines.diffusion.recipes import FromDisk, gigabytes, needs, on_device
from secondunit_inference.engines.diffusion.sizes import sizes
from secondunit_inference.weights.layout import UPSAMPLER

PAGE = Path(__file__).with_suffix(".md")
_ENVIRONMENT = Environment(trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined, autoescape=False)
_TEMPLATE = _ENVIRONMENT.from_string(
    """\
# Models of the diffusion engine

Written by `python docs/models.py` from the cards in `inference/secondunit_inference/cards`.

## From nothing to a take

    .venv/bin/pip install --constraint constraints.txt --editable '.[unit,diffusion]'
    secondunit models list
    secondunit models get wan2.1-vace-1.3b
    secondunit models check wan2.1-vace-1.3b
    secondunit extend CUT --shot S --tail 24 --engine diffusion --model wan2.1-vace-1.3b --prompt TEXT -o OUT
    secondunit replace CUT --shot S --mask MASK.png --engine diffusion --model wan2.1-vace-1.3b --prompt TEXT -o OUT

- `get` shows the licence, asks once whether you accept it, downloads, and goes on where it stopped. It is the only command
  that uses the network. `secondunit models import MODEL FOLDER` takes weights in diffusers' layout from a disk instead.
- Weights lie in a folder of the model's name in `SECONDUNIT_MODELS`, else in `models` in the unit's home. The unit reads the
  variable when it starts: `secondunit unit stop`, set it, then order.
- `secondunit unit status` and `secondunit doctor` say for each model whether it is ready, or what is missing.
- `--tier` chooses `draft`, `standard` or `best`; `--set NAME=VALUE` a parameter, `--look FILE.safetensors:WEIGHT` a LoRA.
- A slot larger than the model's pictures is made at the model's size and resampled. `--set upscale=model` doubles the pictures
  by the model's own upsampler, `--set upscale=tiled` resamples them; both then make the enlarged pictures again, as a whole or
  in overlapping tiles of the model's size, as far as `--set upscale_strength=0.4` says (0 to 1). The plan says the sizes.
- Without an NVIDIA GPU a model runs on the processor, in float32: it is refused where it does not fit into memory, with the
  figures. Without its weights an order is refused, with the command that gets them. The draft engine needs neither.
- How long an order takes is not measured until one was made on the machine; the plan says so before the start.

What the lists below call *the shot before* and *the shot after* are frames of the cut, taken by `extend` and `join`;
*the shot* is the one that `replace` and `match` make again. A text is `--prompt`, a first image `--image`, stills at frames
`--keyframe FRAME=FILE`, a mask `--mask`, references `--like`. Keyframes count from the clip's first frame. A model that takes a
first or last image alone makes nothing beyond it: the take has no handle there.

| model | tasks | commercial use |
|---|---|---|
{% for card in cards %}
| [{{ card.model }}](#{{ anchor(card) }}) | {{ tasks(card) }} | {{ card.licence.commercial }} |
{% endfor %}
{% for card in cards %}

## {{ card.model }}

{{ card.title }}. {{ card.description }}

{% for entry in card.entries %}
- **{{ entry.task.value }}** {{ inputs(entry) }}
{% endfor %}

| | |
|---|---|
| frames | {{ frames(card.frames) }}, at {{ "%g" | format(card.rate | float) }} a second |
| sizes | {{ "fixed: the tier's; other shapes are padded" if card.size.fixed else "multiples of %d, made for %d × %d" | format(card.size.multiple, card.size.width, card.size.height) }} |
| larger slots | {{ larger(card) }} |
| sound | {{ "made with the picture where `--set sound=true` asks for it" if card.sound else "none of its own" }} |
| parameters | {{ parameters(card) }} |
| memory | {{ memory(card) }} |
| licence | {{ card.licence.id or "unnamed" }}: {{ card.licence.url }} |
| commercial use | {{ card.licence.commercial }} |
| repository | `{{ card.source.repository }}` |
| to get it | `secondunit models get {{ card.model }}` |

| tier | steps | guidance | size |
|---|---|---|---|
{% for name, tier in card.tiers.items() %}
| {{ name }}{{ "" if tier.enabled else ", with the adapter `%s`, not offered" | format(tier.adapter) }} | {{ tier.steps }} | {{ "%g" | format(tier.guidance) }} | {{ tier.width }} × {{ tier.height }} |
{% endfor %}
{% if card.adapters %}

Adapters, published LoRAs:

{% for one in card.adapters %}
- `{{ one.name }}` ({{ one.kind }}): `{{ one.repository }}`
{% endfor %}
{% endif %}
{% endfor %}
"""  # noqa: E501
)

_WORDS = {
    "text": "a text",
    "images": "stills at frames",
    "first_image": "a first image",
    "last_image": "a last image",
    "frames_before": "the shot before",
    "frames_after": "the shot after",
    "source_shot": "the shot",
    "mask": "a mask",
    "reference_images": "references",
    "guide_video": "the shot as a guide",
}


def inputs(entry: Entry) -> str:
    needed = " and ".join(_WORDS[one.value] for one in entry.needs)
    taken = ", ".join(_WORDS[one.value] for one in entry.takes)
    adapter = f", with an adapter (`--set adapter=NAME`, {entry.adapter})" if entry.adapter else ""
    return f"needs {needed}{adapter}{f'; takes {taken}' if taken else ''}"


def frames(rule: FrameRule) -> str:
    form = f"{rule.multiple} × k + {rule.plus}" if rule.plus else f"multiples of {rule.multiple}"
    most = f"at most {rule.most} in one pass" if rule.most else "goes on chunk by chunk"
    return f"{form}, published for {rule.native}, {most}"


def larger(card: ModelCard) -> str:
    """What the parameter `upscale` can be."""
    found = ["resampled"]
    for way in ways(card)[1:]:
        upsampler = card.upsampler if way is Way.MODEL else None
        source = f", with the folder `{UPSAMPLER}` of `{upsampler.repository}` in the model's" if upsampler else ""
        found.append(f"`--set upscale={way}`{source}")
    return "; ".join(found)


def parameters(card: ModelCard) -> str:
    counted = sizes(card, Path())
    said = ", ".join(f"{name} {size.parameters / 1e9:.2f}" for name, size in counted.components.items())
    return f"billions: {said}{_uncounted(counted.uncounted)}"


def memory(card: ModelCard) -> str:
    """Of the weights, as a plan counts it; what the pictures in work take is measured on the machine."""
    counted = sizes(card, Path())
    gpu, processor = needs(card, counted, False, None), needs(card, counted, True, None)
    streamed = gigabytes(on_device(FromDisk(), gpu, False))
    return (
        f"weights {gigabytes(gpu.weights)} on a GPU, at least {streamed} of it when they are streamed, "
        f"{gigabytes(processor.weights)} on the processor{_uncounted(counted.uncounted)}; "
        "pictures in work: not measured"
    )


def _uncounted(names: tuple[str, ...]) -> str:
    return f" (not counted: {', '.join(names)})" if names else ""


def page() -> str:
    return (
        _TEMPLATE.render(
            cards=[cards.card(name) for name in cards.names()],
            anchor=lambda card: card.model.replace(".", ""),
            tasks=lambda card: ", ".join(dict.fromkeys(entry.task.value for entry in card.entries)),
            inputs=inputs,
            frames=frames,
            larger=larger,
            parameters=parameters,
            memory=memory,
        ).rstrip()
        + "\n"
    )


if __name__ == "__main__":
    PAGE.write_text(page())
