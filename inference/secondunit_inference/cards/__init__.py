"""Cards: what each model can do and needs, one TOML file a model, read into frozen data.

Every figure in a card is its publisher's or the pipeline's default, with its source beside it; what has no source is
left out. `full` holds the configurations of the published weights (parameter counts and memory plans come from
them), `tiny` those of the same classes at a size that runs on any machine.
"""

import dataclasses
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import cache
from importlib import resources
from typing import Any

from secondunit_bridge.errors import OrderRefused
from secondunit_bridge.messages import Task


class Input(StrEnum):
    """What a pipeline is conditioned on."""

    TEXT = "text"
    IMAGES = "images"
    """Stills, each at a frame of the order's choice."""
    FIRST_IMAGE = "first_image"
    LAST_IMAGE = "last_image"
    FRAMES_BEFORE = "frames_before"
    FRAMES_AFTER = "frames_after"
    SOURCE_SHOT = "source_shot"
    MASK = "mask"
    REFERENCE_IMAGES = "reference_images"
    GUIDE_VIDEO = "guide_video"
    MOTION = "motion"
    """A picture or the source shot, moved by strokes or a camera: a video, and where nothing was seen."""
    TRACKS = "tracks"
    """Strokes, drawn as a video of point tracks."""


CAMERA_MOVE = "camera-move"
"""The kind of adapter that makes the camera move of its name."""


class IndexUnit(StrEnum):
    """What the number of a condition's frame counts."""

    NONE = "none"
    PIXEL = "pixel"
    LATENT = "latent"


class Progress(StrEnum):
    STEPS = "steps"
    """`callback_on_step_end` runs after each step."""
    CHUNKS = "chunks"
    """Likewise, its step count starting again in every chunk of the video."""
    HOOK = "hook"
    """The pipeline has no callback: a forward pre-hook on the transformer counts the steps."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One way to call the model: an order that brings `needs`, and nothing beyond `takes`, is made by `pipeline`."""

    task: Task
    pipeline: str
    needs: tuple[Input, ...]
    takes: tuple[Input, ...] = ()
    adapter: str = ""
    """The kind or the name of the adapter without which the pipeline ignores what it is given."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """A published LoRA of the model: `ic-lora` follows a guide video, `camera-move` is a move by its name, `distilled`
    makes the model do with a tier's few steps."""

    name: str
    kind: str
    repository: str
    file: str
    source: str
    downscale: int = 1
    """A guide is read at the take's size divided by this."""


@dataclass(frozen=True, slots=True)
class FrameRule:
    """Lengths are multiple × k + plus frames."""

    multiple: int
    plus: int
    native: int
    """The length that the model is published for."""
    most: int
    """The longest that its publisher documents; 0 where the model goes on chunk by chunk."""


@dataclass(frozen=True, slots=True)
class ContextRule:
    """How many known frames the model takes at an end of what it makes: multiple × k + plus, at most `most`."""

    multiple: int = 1
    plus: int = 0
    most: int = 0
    """0: about a second, which shows the motion; more says little and costs frames."""
    free_tail: bool = False
    """Between two shots the known frames at the end may have any number: stills are placed where clips do not fit."""


@dataclass(frozen=True, slots=True)
class SizeRule:
    multiple: int
    width: int
    height: int
    fixed: bool = False
    """Pictures have the tier's size and no other; a slot of another shape is padded."""


@dataclass(frozen=True, slots=True)
class Licence:
    id: str
    """SPDX where it has one, else the publisher's name for it; empty: read it before use."""
    commercial: str
    url: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where the weights are published in the layout that diffusers loads; revision and hashes are recorded when the
    files are first downloaded."""

    repository: str


@dataclass(frozen=True, slots=True)
class Tier:
    steps: int
    guidance: float
    width: int
    height: int
    enabled: bool = True
    """Whether it is offered; one that needs an adapter only with a report. An order may name any."""
    call: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """Further arguments of the pipeline call."""
    scheduler: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """Values that the scheduler's configuration is changed to."""
    adapter: str = ""
    """The name of the adapter that the tier needs."""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Memory:
    recipes: tuple[str, ...]
    dtype: str
    float32: tuple[str, ...] = ()
    """Components that stay in float32."""


@dataclass(frozen=True, slots=True)
class Component:
    """A class of diffusers or transformers and the values of its configuration that differ from the class's own."""

    class_name: str
    values: Mapping[str, Any]
    source: str = ""


@dataclass(frozen=True, slots=True)
class Upsampler:
    """A published network that doubles the width and height of the model's latents.

    `repository` holds it in the folder `latent_upsampler`. `strength`: how much of the enlarged picture is made again
    after it, where the order does not say.
    """

    pipeline: str
    repository: str
    strength: float
    source: str
    tiny: Component


@dataclass(frozen=True, slots=True)
class ModelCard:
    model: str
    family: str
    title: str
    description: str
    billions: float
    """Parameters of one transformer, as the publisher names them."""
    rate: Fraction
    index_unit: IndexUnit
    sound: bool
    progress: Progress
    pipeline: Component
    """The class that the repository's model_index.json names, with the pipeline's own settings."""
    entries: tuple[Entry, ...]
    adapters: tuple[Adapter, ...]
    frames: FrameRule
    context: ContextRule
    size: SizeRule
    licence: Licence
    source: Source
    tiers: Mapping[str, Tier]
    lora_targets: tuple[str, ...]
    memory: Memory
    full: Mapping[str, Component]
    tiny: Mapping[str, Component]
    upsampler: Upsampler | None = None
    reports: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """What was exercised on the published weights, as the record names it (`fp8`, `first-block`), or a tier, and where
    the report of `secondunit models check --exercise` lies. What changes pixels is a default only with one."""


@cache
def names() -> tuple[str, ...]:
    return tuple(sorted(f.name.removesuffix(".toml") for f in _FOLDER.iterdir() if f.name.endswith(".toml")))


@cache
def card(model: str) -> ModelCard:
    """Raises OrderRefused for a model without a card."""
    if model not in names():
        raise OrderRefused(f"there is no card for the model {model!r}: `secondunit models list` shows those there are")
    return parse(tomllib.loads((_FOLDER / f"{model}.toml").read_text(encoding="utf-8")))


def parse(table: dict[str, Any]) -> ModelCard:
    """Raises TypeError, KeyError or ValueError for what no card may say: cards are part of the program."""
    values = dict(table)
    lora = values.pop("lora")
    card = ModelCard(
        rate=Fraction(values.pop("rate")),
        index_unit=IndexUnit(values.pop("index_unit")),
        progress=Progress(values.pop("progress")),
        pipeline=_component(values.pop("pipeline")),
        entries=tuple(_entry(**entry) for entry in values.pop("entry")),
        adapters=tuple(Adapter(**adapter) for adapter in values.pop("adapter", ())),
        frames=FrameRule(**values.pop("frames")),
        context=ContextRule(**values.pop("context", {})),
        size=SizeRule(**values.pop("size")),
        licence=Licence(**values.pop("licence")),
        source=Source(**values.pop("source")),
        tiers={name: Tier(**tier) for name, tier in values.pop("tiers").items()},
        lora_targets=tuple(lora["targets"]),
        memory=_memory(**values.pop("memory")),
        full={name: _component(c) for name, c in values.pop("full", {}).items()},
        tiny={name: _component(c) for name, c in values.pop("tiny").items()},
        upsampler=_upsampler(**values.pop("upsampler")) if "upsampler" in values else None,
        reports=dict(values.pop("reports", {})),
        **values,
    )
    for name, tier in card.tiers.items():
        if tier.adapter and tier.enabled and name not in card.reports:
            raise ValueError(f"{card.model}: the tier {name} is offered without a report of it")
    return card


_FOLDER = resources.files(__name__)


def _component(table: dict[str, Any]) -> Component:
    values = dict(table)
    return Component(str(values.pop("class")), source=str(values.pop("source", "")), values=values)


def _entry(task: str, pipeline: str, needs: list[str], takes: list[str], adapter: str = "") -> Entry:
    return Entry(Task(task), pipeline, tuple(map(Input, needs)), tuple(map(Input, takes)), adapter)


def _memory(recipes: list[str], dtype: str, float32: list[str]) -> Memory:
    return Memory(tuple(recipes), dtype, tuple(float32))


def _upsampler(tiny: dict[str, Any], **values: Any) -> Upsampler:
    return Upsampler(tiny=_component(tiny), **values)
