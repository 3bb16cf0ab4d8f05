"""What orders took on this machine, kept beside the weights: the only source of the seconds that plans say."""

import json
import logging
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from secondunit_bridge.files import write_whole

log = logging.getLogger(__name__)

FILE = "measured.json"
_MOST = 500


@dataclass(frozen=True, slots=True)
class Key:
    """What has to be alike for a measurement to say something about another order."""

    device: str
    model: str
    pipeline: str
    recipe: str
    approximate: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """One pass of `frames` pictures of `pixels`.

    `loading`: seconds until the weights were ready; None where they were already. `step`: seconds a step.
    `around`: seconds before the first and after the last step: text, conditions, decoding. `working`: most bytes on
    the device beside the weights; None on the processor, where nothing counts them.
    """

    key: Key
    frames: int
    pixels: int
    loading: float | None
    step: float
    around: float
    working: int | None


@dataclass(frozen=True, slots=True)
class Expected:
    """`alike`: measured on a pass of the same size, so that nothing is scaled."""

    loading: float
    step: float
    around: float
    working: int | None
    alike: bool


def read(models: Path) -> tuple[Measured, ...]:
    """Nothing where nothing was measured, or where another program's file lies there."""
    try:
        lines = json.loads((models / FILE).read_text(encoding="utf-8"))
        return tuple(_measured(**line) for line in lines)
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, TypeError, KeyError) as error:
        log.warning("%s is not read (%s): it is written anew", models / FILE, error)
        return ()


def add(models: Path, one: Measured) -> None:
    """The last one of each size counts. Raises OSError."""
    kept = [old for old in read(models) if _size(old) != _size(one)]
    if one.loading is None:
        loaded = [old.loading for old in read(models) if old.key == one.key and old.loading is not None]
        one = replace(one, loading=loaded[-1] if loaded else None)
    write_whole(models / FILE, json.dumps([asdict(each) for each in (*kept, one)[-_MOST:]], indent=1).encode())


def expected(found: Iterable[Measured], key: Key, frames: int, pixels: int) -> Expected | None:
    """From the nearest measured size; None where this was not measured on this machine.

    Times and bytes are scaled by the pixels of all frames, which is too little for larger passes, whose attention
    grows faster.
    """
    alike = [one for one in found if one.key == key]
    if not alike:
        return None
    wanted = frames * pixels
    nearest = min(alike, key=lambda one: abs(one.frames * one.pixels - wanted))
    scale = wanted / (nearest.frames * nearest.pixels)
    return Expected(
        nearest.loading or 0.0,
        nearest.step * scale,
        nearest.around * scale,
        None if nearest.working is None else round(nearest.working * scale),
        scale == 1,
    )


def _size(one: Measured) -> tuple[Key, int, int]:
    return one.key, one.frames, one.pixels


def _measured(key: dict[str, Any], **values: Any) -> Measured:
    return Measured(Key(**{**key, "approximate": tuple(key["approximate"])}), **values)
