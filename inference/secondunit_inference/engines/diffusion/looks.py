"""LoRAs on a model while an order is made: a user's looks and the card's published adapters, taken off afterwards."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from secondunit_bridge.errors import OrderRefused
from secondunit_bridge.messages import FurtherWeights

from secondunit_inference.cards import ModelCard
from secondunit_inference.engines.diffusion.enlarging import Way
from secondunit_inference.engines.diffusion.planned import Planned
from secondunit_inference.weights import tensors
from secondunit_inference.weights.layout import UPSAMPLER, adapter_path
from secondunit_inference.weights.record import hashing, read_record


@dataclass(frozen=True, slots=True)
class Lora:
    """`sha256`: empty where it is not recorded."""

    name: str
    path: Path
    weight: float
    sha256: str = ""


def loras(plan: Planned, folder: Path) -> tuple[Lora, ...]:
    """`folder`: the model's. Raises OrderRefused for a file that is absent, changed or no LoRA."""
    found = []
    record = read_record(folder)
    for adapter, weight in plan.adapters:
        path = folder / adapter_path(adapter)
        get = f"`secondunit models get {plan.card.model} --adapter {adapter.name}`"
        if not path.is_file():
            raise OrderRefused(
                f"the adapter {adapter.name} of {plan.card.title} is not on this machine: {get} downloads it"
            )
        known = record.adapter(adapter.name) if record else None
        if known is not None and not known.stands(folder):
            raise OrderRefused(f"{path} was changed or copied since its hash was checked: {get} mends it")
        _refuse_other(path)
        said = tensors.metadata(path).get("reference_downscale_factor", str(adapter.downscale))
        if said.removesuffix(".0") != str(adapter.downscale):
            raise OrderRefused(
                f"{path} reads its guide at 1/{said} of the take's size, the card of {plan.card.title} says "
                f"1/{adapter.downscale}: {get} gets the file that the card names"
            )
        found.append(Lora(adapter.name, path, weight, known.sha256 if known is not None else ""))
    for look in plan.canvas.looks:
        if look.weight != 0:
            path = Path(look.path)
            _refuse_other(path)
            found.append(Lora(path.name, path, look.weight))
    return tuple(found)


def used(plan: Planned, loras: tuple[Lora, ...], folder: Path, check: Callable[[], None]) -> tuple[FurtherWeights, ...]:
    """For the record. Reads the files whose hash is not recorded; `check` ends it by an error."""
    made = []
    found = [*loras]
    if plan.enlarging is not None and plan.enlarging.way is Way.MODEL:
        record = read_record(folder)
        known = {file.path: file.sha256 for file in record.every} if record else {}
        paths = sorted((folder / UPSAMPLER).glob("*.safetensors"))
        found += [Lora(UPSAMPLER, path, 1.0, known.get(f"{UPSAMPLER}/{path.name}", "")) for path in paths]
    for one in found:
        sha256 = hashlib.sha256()
        for _ in () if one.sha256 else hashing(one.path, sha256):
            check()
        made.append(FurtherWeights(one.name, one.sha256 or sha256.hexdigest(), one.weight))
    return tuple(made)


def _refuse_other(path: Path) -> None:
    """The header says what a file holds before anything is loaded from it."""
    try:
        fault = tensors.lora_fault(path)
    except OSError as error:
        raise OrderRefused(f"{path} cannot be read: {error.strerror}") from error
    if fault:
        raise OrderRefused(f"{path} {fault}")


@contextmanager
def worn(pipeline: Any, card: ModelCard, wanted: tuple[Lora, ...]) -> Iterator[None]:
    """Raises OrderRefused where a file does not fit the model."""
    if not wanted:
        yield
        return
    # HunyuanVideo 1.5 has no loader of its own: its transformer takes names as diffusers writes them.
    whole = hasattr(pipeline, "load_lora_weights")
    try:
        weights: dict[str, float] = {}
        for number, lora in enumerate(wanted):
            # Both experts of a model of two make the picture, one after the other.
            for expert in ("transformer", "transformer_2"):
                if getattr(pipeline, expert, None) is not None:
                    name = f"look{number}_{expert}"
                    _put_on(pipeline, card, lora, expert, name)
                    weights[name] = lora.weight
        (pipeline if whole else pipeline.transformer).set_adapters(list(weights), list(weights.values()))
        yield
    finally:
        if whole:
            pipeline.unload_lora_weights()
        else:
            pipeline.transformer.unload_lora()


def _put_on(pipeline: Any, card: ModelCard, lora: Lora, expert: str, name: str) -> None:
    file = {"weight_name": lora.path.name, "adapter_name": name, "local_files_only": True}
    second = {"load_into_transformer_2": True} if expert == "transformer_2" else {}
    try:
        if hasattr(pipeline, "load_lora_weights"):
            pipeline.load_lora_weights(str(lora.path.parent), **file, **second)
        else:
            pipeline.transformer.load_lora_adapter(str(lora.path.parent), prefix="transformer", **file)
    except (ValueError, RuntimeError, KeyError) as error:
        raise OrderRefused(f"{lora.path} does not fit {card.title}: {error}") from error
    config = (getattr(getattr(pipeline, expert), "peft_config", None) or {}).get(name)
    targets = tuple(f".{target}" for target in card.lora_targets)
    if config is None or not any(f".{module}".endswith(targets) for module in config.target_modules):
        raise OrderRefused(f"{lora.path} does not fit {card.title}: it changes none of {', '.join(card.lora_targets)}")
