"""OTIO's JSON as Python objects and back, to the last bit of every number."""

import math
from fractions import Fraction
from typing import Any

import opentimelineio as otio
import orjson
from secondunit_bridge.errors import CutError


def plain(text: str) -> Any:
    """OTIO's JSON as Python objects."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise CutError(f"the cut holds a number that JSON cannot write ({error}): correct it") from None


def timeline_of(document: Any) -> otio.schema.Timeline:
    """The cut that `document` describes.

    OTIO's parser misses about every tenth 17-digit number by one unit in the last place (RapidJSON without
    kParseFullPrecisionFlag). Those are written in digits that it reads as they are meant.
    """
    cut = _parsed(orjson.dumps(document))
    seen = plain(cut.to_json_string(-1))
    if seen != document:
        cut = _parsed(orjson.dumps(_respelled(document, seen)))
    return cut


def _parsed(text: bytes) -> otio.schema.Timeline:
    try:
        cut = otio.core.deserialize_json_from_string(text.decode())
    except (otio.exceptions.OTIOError, ValueError, KeyError, TypeError) as error:
        raise CutError(f"this is not a cut ({error})") from None
    if not isinstance(cut, otio.schema.Timeline):
        raise CutError(f"this is a {type(cut).__name__}, not a cut")
    return cut


def _respelled(wanted: Any, seen: Any) -> Any:
    if isinstance(wanted, dict) and isinstance(seen, dict):
        return {key: _respelled(value, seen.get(key)) for key, value in wanted.items()}
    if isinstance(wanted, list) and isinstance(seen, list) and len(wanted) == len(seen):
        return [_respelled(*pair) for pair in zip(wanted, seen, strict=True)]
    if isinstance(wanted, float) and isinstance(seen, float) and wanted != seen:
        return orjson.Fragment(_digits(wanted))
    return wanted


def _digits(number: float) -> str:
    """Digits beside those of `number` that OTIO reads as `number`; its own where none do, one in 30,000 numbers."""
    for count in (19, 18, 17, 16, 20, 21, 22, 23, 24):
        power = count - 1 - math.floor(math.log10(abs(number)))
        scaled = round(Fraction(number) * Fraction(10) ** power)
        step = int(math.ulp(float(abs(scaled)))) // 2 or 1
        for away in sorted(range(-8, 9), key=abs):
            text = f"{scaled + away * step}e{-power}"
            time = f'{{"OTIO_SCHEMA":"RationalTime.1","rate":1.0,"value":{text}}}'
            if otio.core.deserialize_json_from_string(time).value == number:
                return text
    return repr(number)
