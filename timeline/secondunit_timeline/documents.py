"""OTIO's JSON as Python objects and back, to the last bit of every number."""

import math
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import opentimelineio as otio
import orjson
from secondunit_bridge.errors import CutError

# The end of a number whose last digits may be missed: decimals of a long one, or an exponent. Each pattern begins with
# one fixed byte, which makes the search ten times faster.
_LONG = (re.compile(rb"\.\d{8,}(?:e[-+]?\d+)?"), re.compile(rb"e[-+]?\d+(?=[,}\]])"))
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_NOT_OF_A_NUMBER = re.compile(rb"[^-+.0-9e]")
_LONGEST = 32


def plain(text: str) -> Any:
    """OTIO's JSON as Python objects."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise CutError(f"the cut holds a number that JSON cannot write ({error}): correct it") from None


def timeline_of(document: Any) -> otio.schema.Timeline:
    """The cut that `document` describes."""
    return parsed(text_of(document))


def text_of(document: Any) -> bytes:
    """`document` as JSON whose numbers OTIO reads as they are meant.

    OTIO's parser misses about every tenth 17-digit number by one unit in the last place (RapidJSON without
    kParseFullPrecisionFlag). Those are written in digits that it reads right.
    """
    text = orjson.dumps(document)
    if rb"\u0000" in text and _NUL.search(text):  # the search alone takes longer than all else here
        raise CutError("a text in it holds the character NUL, where OpenTimelineIO ends it")
    tokens = {_token(text, match) for pattern in _LONG for match in pattern.finditer(text)}
    numbers = {number for token in tokens if (number := _number(token)) is not None}
    if numbers:
        rows = ",".join(map(repr, numbers))
        read = otio.core.deserialize_json_from_string(f'{{"numbers":[{rows}]}}')["numbers"]
        missed = {number for number, seen in zip(numbers, read, strict=True) if number != seen}
        if missed:
            text = orjson.dumps(_respelled(document, {number: _digits(number) for number in missed}))
    return text


def parsed(text: bytes) -> otio.schema.Timeline:
    try:
        cut = otio.core.deserialize_json_from_string(text.decode())
    except (otio.exceptions.OTIOError, ValueError, KeyError, TypeError) as error:
        raise CutError(f"this is not a cut ({error})") from None
    if not isinstance(cut, otio.schema.Timeline):
        raise CutError(f"this is a {type(cut).__name__}, not a cut")
    return cut


def _token(text: bytes, end: re.Match[bytes]) -> bytes:
    """What ends with the match `end`, from the last mark before it that no number holds: most are alike."""
    token = text[max(0, end.start() - _LONGEST) : end.end()]
    return token[max(token.rfind(b":"), token.rfind(b","), token.rfind(b"[")) + 1 :]


def _number(token: bytes) -> float | None:
    """The number that `token` ends with, as far as it is one: it may be digits in a string."""
    try:
        number = float(_NOT_OF_A_NUMBER.split(token)[-1])
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _respelled(value: Any, digits: Mapping[float, str]) -> Any:
    if isinstance(value, dict):
        return {key: _respelled(inner, digits) for key, inner in value.items()}
    if isinstance(value, list):
        return [_respelled(inner, digits) for inner in value]
    return orjson.Fragment(digits[value]) if isinstance(value, float) and value in digits else value


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
