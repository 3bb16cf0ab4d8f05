"""`secondunit controls`: what can be set on an order for a model, and with which option."""

from pathlib import Path
from typing import Any, assert_never

import click
from secondunit_bridge.controls import (
    CameraMoveControl,
    ChoiceControl,
    Control,
    FrameRangeControl,
    ImageControl,
    IntegerControl,
    KeyframesControl,
    LookControl,
    MaskControl,
    NumberControl,
    SeedControl,
    ShotControl,
    SoundControl,
    StrokesControl,
    TextControl,
    ToggleControl,
)
from secondunit_bridge.messages import SoundKind, Task

from secondunit_plugin.cli.output import print_json, print_table


@click.command()
@click.argument("cut", type=click.Path(path_type=Path))
@click.option(
    "--task",
    required=True,
    type=click.Choice([task.value for task in Task]),
    callback=lambda _context, _option, value: Task(value),
    help="What is to be ordered.",
)
@click.option("--shot", help="NAME, NAME#2 among equals, or TRACK@TIME. Default: a clip of its own.")
@click.option("--engine", default="draft", show_default=True)
@click.option("--model", default="draft", show_default=True, help="`secondunit unit status` lists them.")
@click.option("--intent", default="", help="What it is for, such as previs: brings defaults of its own.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def controls(cut: Path, task: Task, shot: str | None, engine: str, model: str, intent: str, as_json: bool) -> None:
    """List what can be set on an order for a model. Nothing is ordered."""
    from secondunit_timeline.interchange import read_cut
    from secondunit_timeline.session import Unit

    read = read_cut(cut)
    with Unit(cut.parent / "takes") as unit:
        found = unit.controls(read, shot, task, intent=intent, engine=engine, model=model).controls
    if as_json:
        print_json({"task": task, "engine": engine, "model": model, "controls": [_document(one) for one in found]})
        return
    from rich.table import Column, Table

    table = Table(Column("option", no_wrap=True), "takes", "default", "", "only with")
    group = ""
    for one in found:
        takes, default = values_of(one)
        if one.group != group:
            table.add_section()
        group = one.group
        shown = ", ".join(f"{when.control} {'/'.join(map(_said, when.values))}" for when in one.shown_when)
        table.add_row(option_of(one, task), takes, default, f"{one.label}. {one.description}", shown)
    if found:
        print_table(table)
    else:
        click.echo(f"{engine} {model} takes nothing for {task.value!r}: `secondunit unit status` lists what each does")


def _document(one: Control) -> dict[str, Any]:
    kind = {"type": type(one.kind).__name__.removesuffix("Control").lower()}
    kind |= {name: getattr(one.kind, name) for name in one.kind.__slots__}
    return {
        "name": one.name,
        "label": one.label,
        "description": one.description,
        "group": one.group,
        "kind": kind,
        "shown_when": one.shown_when,
    }


def option_of(one: Control, task: Task) -> str:
    """Empty where the task's command has none."""
    match one.kind:
        case NumberControl() | IntegerControl() | ChoiceControl() | ToggleControl():
            own = {"tier", "strength"} if task is Task.REPLACE else {"tier"}
            return f"--{one.name}" if one.name in own else f"--set {one.name}="
        case SeedControl():
            return "--seed, --takes"
        case TextControl(negative):
            return "--prompt, --negative" if negative else "--prompt"
        case ImageControl() if task is Task.GENERATE:
            return "--image, --like"
        case ImageControl() | ShotControl():
            return "--like"
        case KeyframesControl():
            return "--keyframe" if task is Task.GENERATE else ""
        case FrameRangeControl():
            return ""
        case MaskControl():
            return "--mask"
        case StrokesControl():
            return "--strokes"
        case CameraMoveControl():
            return "--camera"
        case SoundControl():
            return "--sound" if task in (Task.EXTEND, Task.JOIN) else ""
        case LookControl():
            return "--look"
        case _:
            assert_never(one.kind)


def values_of(one: Control) -> tuple[str, str]:
    """What it takes, and its default."""
    match one.kind:
        case NumberControl(default, low, high) | IntegerControl(default, low, high):
            return f"{low:g} to {high:g}", f"{default:g}"
        case ChoiceControl(default, choices):
            return ", ".join(choice for choice in choices if choice), default
        case ToggleControl(default):
            return "true, false", _said(default)
        case SeedControl(most):
            return f"up to {most} takes", "0, 1 take"
        case TextControl():
            return "text", ""
        case ImageControl(most) | ShotControl(most):
            return f"up to {most}", ""
        case KeyframesControl(most, ends_only):
            return f"up to {most}{', first and last frame' if ends_only else ''}", ""
        case FrameRangeControl():
            return "the cut's own", ""
        case StrokesControl(most):
            return f"up to {most}", ""
        case CameraMoveControl(moves):
            return ", ".join(moves), ""
        case SoundControl():
            return ", ".join(SoundKind), SoundKind.ROOM_TONE
        case MaskControl() | LookControl():
            return "a file", ""
        case _:
            assert_never(one.kind)


def _said(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
