"""Where a model's weights lie on this machine."""

from pathlib import Path

from secondunit_bridge.errors import OrderRefused

from secondunit_inference.cards import ModelCard


def folder_of(models: Path, card: ModelCard) -> Path:
    """Raises OrderRefused where nothing lies there."""
    folder = models / card.model
    if not (folder / "model_index.json").is_file():
        raise OrderRefused(
            f"the weights of {card.title} are not on this machine: `secondunit models get {card.model}` downloads "
            f"them, `secondunit models import {card.model} FOLDER` takes them from a disk"
        )
    return folder
