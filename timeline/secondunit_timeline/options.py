"""What whoever orders can say, and the settings that come of it."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

from secondunit_bridge.errors import BadInput
from secondunit_bridge.messages import (
    CameraMove,
    Card,
    Codec,
    IgnoreRegion,
    Look,
    Parameter,
    SoundKind,
    Strokes,
    Value,
)

from secondunit_timeline.orders import Settings


class Options(TypedDict, total=False):
    """What every order can be told; see `orders.Settings`.

    `takes`: how many, with seeds from `seed` on. `parameters`: by the names that the model's card has for them; `tier`
    ("draft", "standard", for some "best") is one of every model of the diffusion engine.
    """

    takes: int
    seed: int
    handles: int
    engine: str
    model: str
    sound: SoundKind
    ignore: tuple[IgnoreRegion, ...]
    codec: Codec
    encoding: str
    prompt: str
    negative: str
    looks: tuple[Look, ...]
    camera: CameraMove
    strokes: Strokes
    parameters: Mapping[str, Value]


def settings_from(options: Options, defaults: Settings, cards: Sequence[Card]) -> Settings:
    """`defaults`: for what `options` leave out, with handles of 12 frames and one take. `cards`: those of the unit."""
    count, seed, handles = (
        options.get("takes", 1),
        options.get("seed", defaults.seeds[0]),
        options.get("handles", 12),
    )
    if count < 1 or handles < 0:
        raise BadInput(f"{count} takes with {handles} frames of handle: give at least 1 take and 0 frames")
    engine, model = options.get("engine", defaults.engine), options.get("model", defaults.model)
    parameters = defaults.parameters if model == defaults.model else ()
    if "parameters" in options:
        parameters = tuple(Parameter(name, value) for name, value in options["parameters"].items())
    return Settings(
        folder=defaults.folder,
        handles=handles,
        seeds=tuple(range(seed, seed + count)),
        engine=engine,
        model=model,
        sound=options.get("sound", defaults.sound),
        ignore=options.get("ignore", defaults.ignore),
        codec=options.get("codec", defaults.codec),
        encoding=options.get("encoding", defaults.encoding),
        prompt=options.get("prompt", defaults.prompt),
        negative=options.get("negative", defaults.negative),
        looks=options.get("looks", defaults.looks),
        camera=options.get("camera", defaults.camera),
        strokes=options.get("strokes", defaults.strokes),
        parameters=parameters,
        card=next((card for card in cards if (card.engine, card.model) == (engine, model)), None),
    )
