"""Pipelines in memory: loaded from a local folder, safetensors only, and kept while orders of the same model come."""

import gc
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import DiffusionPipeline
from secondunit_bridge.errors import OrderFailed

from secondunit_inference.cards import ModelCard, Tier
from secondunit_inference.engines.diffusion.tiny import find_class

_DTYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16, "float32": torch.float32}


@dataclass(frozen=True, slots=True)
class _Key:
    model: str
    folder: str
    recipe: str


class Held:
    """One model at a time; its pipelines share their components, so that another task loads nothing."""

    def __init__(self) -> None:
        self._key: _Key | None = None
        self._components: dict[str, Any] = {}
        self._settings: dict[str, Any] = {}
        self._scheduler: Any = None
        self._pipelines: dict[str, Any] = {}

    def pipeline(self, card: ModelCard, folder: Path, recipe: str, name: str, tier: Tier) -> Any:
        """`name`: the class, which need not be the folder's. Raises OrderFailed where the folder is not what the card
        says."""
        key = _Key(card.model, str(folder), recipe)
        if key != self._key:
            self.release()
            self._load(card, folder)
            self._key = key
        if name not in self._pipelines:
            cls = find_class(name)
            # Not `from_pipe`, which casts what pipelines share to float32.
            expected, optional = cls._get_signature_keys(cls)
            components = {key: value for key, value in self._components.items() if key in expected}
            settings = {key: value for key, value in self._settings.items() if key in optional and key not in expected}
            made = cls(**components, **settings)
            made.set_progress_bar_config(disable=True)
            self._pipelines[name] = made
        pipeline = self._pipelines[name]
        pipeline.scheduler = type(self._scheduler).from_config(self._scheduler.config, **tier.scheduler)
        return pipeline

    def release(self) -> None:
        self._key, self._components, self._pipelines, self._scheduler = None, {}, {}, None
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _load(self, card: ModelCard, folder: Path) -> None:
        dtype = _DTYPES[card.memory.dtype] if torch.cuda.is_available() else torch.float32
        kinds = {"default": dtype, **dict.fromkeys(card.memory.float32, torch.float32)}
        try:
            loaded = DiffusionPipeline.from_pretrained(folder, local_files_only=True, use_safetensors=True, dtype=kinds)
        except (OSError, ValueError, KeyError) as error:
            raise OrderFailed(
                f"{folder} does not load as {card.title} ({error}): `secondunit models check {card.model}` says what "
                "is wrong with it"
            ) from error
        self._components = dict(loaded.components)
        self._scheduler = loaded.scheduler
        self._settings = {
            key: value
            for key, value in loaded.config.items()
            if not key.startswith("_") and key not in self._components
        }
