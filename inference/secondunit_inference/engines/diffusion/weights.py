"""The folder that a model is loaded from, once nothing in it speaks against that."""

from pathlib import Path

from secondunit_bridge.errors import ModelError, OrderRefused

from secondunit_inference.cards import ModelCard
from secondunit_inference.weights.layout import INDEX, UPSAMPLER, faults
from secondunit_inference.weights.record import read_record


def folder_of(models: Path, card: ModelCard) -> Path:
    """Raises OrderRefused where its weights are missing, incomplete, or not to be loaded."""
    folder = models / card.model
    if not (folder / INDEX).is_file():
        raise OrderRefused(
            f"the weights of {card.title} are not on this machine: `secondunit models get {card.model}` downloads "
            f"them, `secondunit models import {card.model} FOLDER` takes them from a disk"
        )
    try:
        record = read_record(folder)
    except ModelError as error:
        raise OrderRefused(str(error)) from error
    if record is not None and not record.complete:
        raise OrderRefused(
            f"the weights of {card.title} are incomplete: `secondunit models get {card.model}` goes on downloading"
        )
    if wrong := faults(folder, card):
        raise OrderRefused(
            f"{folder} cannot be loaded as {card.title}: {'; '.join(wrong)}; `secondunit models check {card.model} "
            "--hashes` reads every file again"
        )
    return folder


def refuse_without_upsampler(folder: Path, card: ModelCard) -> None:
    """`folder`: the model's. Raises OrderRefused."""
    get = f"`secondunit models get {card.model} --adapter {UPSAMPLER}`"
    if not any((folder / UPSAMPLER).glob("*.safetensors")):
        raise OrderRefused(
            f"the upsampler of {card.title} is not on this machine: {get} downloads it, or order `upscale=tiled`"
        )
    record = read_record(folder)
    known = record.adapter(UPSAMPLER) if record else None
    if known is not None and not known.stands(folder):
        raise OrderRefused(f"{folder / UPSAMPLER} was changed or copied since its hashes were checked: {get} mends it")


def sha256_of(folder: Path) -> str:
    """Over the recorded hashes of all files; empty for weights that were neither downloaded nor imported."""
    record = read_record(folder)
    return record.sha256 if record else ""
