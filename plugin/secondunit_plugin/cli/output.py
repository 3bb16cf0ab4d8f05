"""What commands write to stdout: one JSON document, or tables for people."""

from dataclasses import fields, is_dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson
from secondunit_bridge.messages import Condition, Event

if TYPE_CHECKING:
    from rich.table import Table


def print_table(table: "Table") -> None:
    """Names are printed as they are: brackets and colons in them are no markup."""
    from rich.console import Console

    Console(markup=False, emoji=False).print(table)


def print_json(document: Any) -> None:
    """Dataclasses become objects, members of a union with their "type"; a rate becomes a string like "24000/1001"."""
    click.echo(orjson.dumps(_plain(document), option=orjson.OPT_INDENT_2))


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        kind = {"type": type(value).__name__} if isinstance(value, (Condition, Event)) else {}
        return kind | {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, (Fraction, Path, str)) else value
