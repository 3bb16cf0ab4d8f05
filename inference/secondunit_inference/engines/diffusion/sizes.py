"""How large a model's components are: counted in the weights on this machine, else from the card's full configuration.

`cards/sizes.json` holds the counts of the full configurations, which torch's meta device gives without weights;
`python -m secondunit_inference.engines.diffusion.sizes` writes it. Nothing heavy is imported to read it.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from secondunit_bridge.errors import OrderFailed

from secondunit_inference import cards
from secondunit_inference.cards import Component, ModelCard
from secondunit_inference.weights import tensors

_FILE = resources.files(cards) / "sizes.json"
_NOT_WEIGHTS = ("tokenizer", "scheduler", "feature_extractor", "image_processor", "processor", "guider")


@dataclass(frozen=True, slots=True)
class Size:
    """Numbers of parameters. `streamed`: those on the device at a time while the rest waits elsewhere."""

    parameters: int
    streamed: int


@dataclass(frozen=True, slots=True)
class Sizes:
    """`uncounted`: components with weights whose size neither the folder nor the card says."""

    components: Mapping[str, Size]
    uncounted: tuple[str, ...] = ()


def sizes(card: ModelCard, folder: Path) -> Sizes:
    """Raises OrderFailed for a file of weights whose header cannot be read."""
    published = json.loads(_FILE.read_text(encoding="utf-8"))[card.model]
    found: dict[str, Size] = {}
    uncounted = []
    for name in card.tiny:
        if name.startswith(_NOT_WEIGHTS):
            continue
        # a variant has a second dot in its name and is not what is loaded
        files = sorted(file for file in (folder / name).glob("*.safetensors") if "." not in file.stem)
        full = Size(*published[name]) if name in published else None
        if files:
            shapes = [shape for file in files for shape in _shapes(file).items()]
            found[name] = _counted(name, shapes)
        elif full is not None:
            found[name] = full
        else:
            uncounted.append(name)
    return Sizes(found, tuple(uncounted))


def streams_by_block(component: str) -> bool:
    return component.startswith("transformer")


def _counted(component: str, shapes: list[tuple[str, int]]) -> Size:
    """Two blocks are held at a time, one at work and the next on its way; their names are `blocks.3.attn.weight`."""
    total = sum(count for _, count in shapes)
    if not streams_by_block(component):
        return Size(total, sum(sorted(count for _, count in shapes)[-2:]))
    groups: dict[tuple[str, str], int] = {}
    rest = 0
    for name, count in shapes:
        first, number, *_ = (*name.split("."), "", "")
        if number.isdigit():
            groups[first, number] = groups.get((first, number), 0) + count
        else:
            rest += count
    return Size(total, rest + sum(sorted(groups.values())[-2:]))


def _shapes(file: Path) -> dict[str, int]:
    """Number of values of each tensor."""
    try:
        fault = tensors.fault(file)
    except OSError as error:
        fault = f"cannot be read: {error.strerror}"
    if fault:
        raise OrderFailed(f"{file} {fault}: `secondunit models check` says more")
    return {name: math.prod(one["shape"]) for name, one in tensors.named(file).items()}


def published(card: ModelCard) -> dict[str, Size]:
    """Counted on the meta device: takes no memory, but imports torch."""
    return {name: size for name, one in card.full.items() if (size := _on_meta(name, one)) is not None}


def _on_meta(name: str, component: Component) -> Size | None:
    import torch

    from secondunit_inference.engines.diffusion import tiny

    if name.startswith(_NOT_WEIGHTS):
        return None
    with torch.device("meta"):
        made: Any = tiny.make(component)
    # named_parameters gives what modules share once
    return _counted(name, [(key, one.numel()) for key, one in made.named_parameters()])


def main() -> None:
    table = {
        model: {name: [one.parameters, one.streamed] for name, one in published(cards.card(model)).items()}
        for model in cards.names()
    }
    lines = [f"{json.dumps(model)}: {json.dumps(components)}" for model, components in table.items()]
    Path(str(_FILE)).write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
