import time
from pathlib import Path
from typing import Any

from secondunit_inference.cards import ModelCard
from secondunit_inference.engines.diffusion import engine as diffusion
from secondunit_inference.engines.diffusion import held
from secondunit_inference.job import Make

SLOW_LOAD = "slow-load"
SLOW_DECODE = "slow-decode"
_load = held.load


def _slow_load(card: ModelCard, folder: Path, *values: Any, **named: Any) -> held.Model:
    if (folder.parent / SLOW_LOAD).exists():
        time.sleep(60)
    model = _load(card, folder, *values, **named)

    def decoding(*_: object) -> None:
        if (folder.parent / SLOW_DECODE).exists():
            time.sleep(0.3)

    model.components["vae"].decoder.register_forward_pre_hook(decoding)
    return model


def engine() -> Make:
    held.load = _slow_load
    return diffusion.engine()
