"""Models in memory: loaded from a local folder, safetensors only, and kept while orders of the same model come."""

import gc
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from diffusers import DiffusionPipeline
from secondunit_bridge.errors import OrderFailed

from secondunit_inference.cards import ModelCard, Tier
from secondunit_inference.engines.diffusion.embeddings import Embeddings
from secondunit_inference.engines.diffusion.placement import STREAMED, place
from secondunit_inference.engines.diffusion.previews import Projection, projection
from secondunit_inference.engines.diffusion.recipes import Recipe
from secondunit_inference.engines.diffusion.tiny import find_class

IDLE_SECONDS = 600.0
"""A model that no order used for so long is unloaded."""
_DTYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16, "float32": torch.float32}
_PREVIEWS = ".previews"


@dataclass(slots=True)
class Model:
    """One model; its pipelines share their components, so that another task loads nothing.

    `loading`: seconds that it took, None once they were told. `weights`: bytes on the device before any work.
    """

    name: str
    folder: Path
    recipe: Recipe
    components: dict[str, Any]
    settings: dict[str, Any]
    scheduler: Any
    projection: Projection
    loading: float | None
    weights: int
    embeddings: Embeddings = field(default_factory=Embeddings)
    pipelines: dict[str, Any] = field(default_factory=dict)

    def pipeline(self, name: str, tier: Tier) -> Any:
        """`name`: the class, which need not be the folder's."""
        if name not in self.pipelines:
            cls = find_class(name)
            # Not `from_pipe`, which casts what pipelines share to float32.
            expected, optional = cls._get_signature_keys(cls)
            components = {key: value for key, value in self.components.items() if key in expected}
            settings = {key: value for key, value in self.settings.items() if key in optional and key not in expected}
            made = cls(**components, **settings)
            made.set_progress_bar_config(disable=True)
            self.pipelines[name] = made
        pipeline = self.pipelines[name]
        pipeline.scheduler = type(self.scheduler).from_config(self.scheduler.config, **tier.scheduler)
        return pipeline

    def release(self) -> None:
        self.components, self.pipelines, self.scheduler = {}, {}, None
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        shutil.rmtree(self.folder.parent / STREAMED, ignore_errors=True)


class Held:
    """At most one model, which belongs to the order that works with it and to nobody else.

    Between orders it lies here, for `idle_seconds`; the lock is held to hand it over and never while it works, is
    loaded or unloaded.
    """

    def __init__(self, idle_seconds: float = IDLE_SECONDS) -> None:
        self._idle_seconds = idle_seconds
        self._lock = threading.Lock()
        self._model: Model | None = None
        self._timer: threading.Timer | None = None
        self.told: Callable[[str], None] = lambda _: None
        """Gets the model's name once it is loaded, an empty one once none is."""

    @contextmanager
    def model(self, card: ModelCard, folder: Path, choose: Callable[[Recipe | None], Recipe]) -> Iterator[Model]:
        """`choose` is told how the model is held, None where it is not, and says how it has to be.

        Raises OrderFailed where the folder is not what the card says. Without memory, the model is given up.
        """
        model = self._take()
        if model is not None and (model.name, model.folder) != (card.model, folder):
            self._release(model)
            model = None
        recipe = choose(model.recipe if model is not None else None)
        if model is not None and model.recipe != recipe:
            self._release(model)
            model = None
        try:
            model = model or load(card, folder, recipe)
            self.told(model.name)
            yield model
        except torch.OutOfMemoryError:
            self._release(model)
            model = None
            raise
        finally:
            if model is not None:
                self._keep(model)

    def release(self) -> None:
        self._release(self._take())

    def _take(self) -> Model | None:
        with self._lock:
            model, timer = self._model, self._timer
            self._model = self._timer = None
        if timer is not None:
            timer.cancel()
        return model

    def _keep(self, model: Model) -> None:
        def unload() -> None:
            with self._lock:
                mine = self._timer is timer
                if mine:
                    self._model = self._timer = None
            if mine:
                self._release(model)

        timer = threading.Timer(self._idle_seconds, unload)
        timer.daemon = True
        with self._lock:
            self._model, self._timer = model, timer
        timer.start()

    def _release(self, model: Model | None) -> None:
        if model is not None:
            model.release()
            self.told("")


def load(card: ModelCard, folder: Path, recipe: Recipe) -> Model:
    """Raises OrderFailed where the folder is not what the card says."""
    began = time.monotonic()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    dtype = _DTYPES[card.memory.dtype] if device.type == "cuda" else torch.float32
    kinds = {"default": dtype, **dict.fromkeys(card.memory.float32, torch.float32)}
    try:
        loaded = DiffusionPipeline.from_pretrained(folder, local_files_only=True, use_safetensors=True, dtype=kinds)
    except (OSError, ValueError, KeyError) as error:
        raise OrderFailed(
            f"{folder} does not load as {card.title} ({error}): `secondunit models check {card.model}` says what "
            "is wrong with it"
        ) from error
    components = dict(loaded.components)
    place(components, recipe, device, dtype, folder.parent)
    settings = {key: value for key, value in loaded.config.items() if not key.startswith("_") and key not in components}
    fitted = projection(components["vae"], folder, folder.parent / _PREVIEWS)
    weights = torch.cuda.memory_allocated() if device.type == "cuda" else 0
    seconds = time.monotonic() - began
    return Model(card.model, folder, recipe, components, settings, loaded.scheduler, fitted, seconds, weights)
