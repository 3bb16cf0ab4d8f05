"""What commands write to stdout: one JSON document, or tables for people."""

from dataclasses import fields, is_dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import click
import orjson


def print_json(document: Any) -> None:
    """Dataclasses become objects; a rate becomes a string such as "24000/1001"."""
    click.echo(orjson.dumps(_plain(document), option=orjson.OPT_INDENT_2))


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (Fraction, Path)):
        return str(value)
    if isinstance(value, str):
        return str(value)
    return value
