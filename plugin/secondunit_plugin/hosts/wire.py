"""Strips and steps to and from JSON, as they go over the host link.

Field by field as the dataclasses name them; fractions as "24000/1001" or "24"; a step has a field `type` beside its
own, which holds the name of its class.
"""

import re
from collections.abc import Iterable
from fractions import Fraction
from functools import partial
from typing import Any

import cattrs
import orjson
from cattrs.gen import make_dict_unstructure_fn, override
from cattrs.strategies import configure_tagged_union
from secondunit_bridge.errors import CutError

from secondunit_plugin.hosts.steps import Step
from secondunit_plugin.hosts.strips import Kind, Strip, Strips

_FRACTION = re.compile(r"-?\d{1,24}(?:/[1-9]\d{0,23})?")


def _fraction(value: Any, _: object) -> Fraction:
    if not isinstance(value, str) or _FRACTION.fullmatch(value) is None:
        raise ValueError(f"{value!r} is no fraction such as 24000/1001")
    return Fraction(value)


def _exactly(kind: type, value: Any, _: object) -> Any:
    if type(value) is not kind:
        raise ValueError(f"{value!r} is no {kind.__name__}")
    return value


def _converter() -> cattrs.Converter:
    """Nothing is converted silently: 3.7 is no frame."""
    converter = cattrs.Converter(forbid_extra_keys=True)
    for kind in (int, str, bool):
        converter.register_structure_hook(kind, partial(_exactly, kind))
    converter.register_structure_hook(Kind, lambda value, _: Kind(value))  # else it is taken for the text that it is
    converter.register_structure_hook(Fraction, _fraction)
    converter.register_unstructure_hook(Fraction, str)
    # The code of hosts without nests is told of none.
    without = make_dict_unstructure_fn(Strip, converter, nest=override(omit_if_default=True))
    converter.register_unstructure_hook(Strip, without)
    configure_tagged_union(Step, converter, tag_name="type")
    return converter


_CONVERTER = _converter()


def strips_to_json(strips: Strips) -> bytes:
    return orjson.dumps(_CONVERTER.unstructure(strips))


def strips_from_json(text: bytes | str) -> Strips:
    """Raises CutError for anything but what `strips_to_json` writes."""
    strips: Strips = _read(text, Strips)
    return strips


def steps_to_json(steps: Iterable[Step]) -> bytes:
    return orjson.dumps(_CONVERTER.unstructure(tuple(steps), unstructure_as=tuple[Step, ...]))


def steps_from_json(text: bytes | str) -> tuple[Step, ...]:
    steps: tuple[Step, ...] = _read(text, tuple[Step, ...])
    return steps


def _read(text: bytes | str, kind: Any) -> Any:
    try:
        return _CONVERTER.structure(orjson.loads(text), kind)
    except (orjson.JSONDecodeError, cattrs.BaseValidationError) as error:
        said = "; ".join(cattrs.transform_error(error)) if isinstance(error, cattrs.BaseValidationError) else error
        raise CutError(f"this is no cut as strips, nor steps of one: {said}") from None
