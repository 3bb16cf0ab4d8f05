"""`secondunit models`: the weights of models on the unit's machine."""

import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import click
from secondunit_bridge import spawn
from secondunit_bridge.client import Client
from secondunit_bridge.errors import BadInput, ModelError
from secondunit_bridge.messages import AdapterWeights, Card, Parameter, Value, Weights, WeightsProgress, WeightsState

from secondunit_plugin.cli.output import print_json, print_table
from secondunit_plugin.cli.types import Setting

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from secondunit_plugin.exercise import Report

_accept = click.option("--accept-licence", is_flag=True, help="Accept the model's licence without being asked.")
_adapters = click.option(
    "--adapter",
    "adapters",
    multiple=True,
    metavar="NAME",
    help="A LoRA or upsampler that the model's card lists; may be repeated.",
)
_quiet = click.option("--quiet", is_flag=True, help="No progress.")


@click.group()
def models() -> None:
    """Weights of models: list, get, check, import, remove."""


async def _all() -> list[tuple[Card, Weights]]:
    async with _unit() as unit:
        cards = {card.model: card for card in (await unit.hello()).cards}
        return [(cards[weights.model], weights) async for weights in unit.models() if weights.model in cards]


def _unit() -> Client:
    return Client(spawn.ensure_running(spawn.home()))


def _known(model: str) -> tuple[Card, Weights]:
    found = anyio.run(_all)
    for card, weights in found:
        if card.model == model:
            return card, weights
    raise BadInput(f"there is no model {model!r}: there are {', '.join(card.model for card, _ in found)}")


@models.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def list_(as_json: bool) -> None:
    """Every model that has a card: what it does, its licence, and whether its weights are there."""
    found = anyio.run(_all)
    if as_json:
        print_json([{"card": card, "weights": weights} for card, weights in found])
        return
    from rich.table import Column, Table

    model, size, state, disk = (Column(name, no_wrap=True) for name in ("model", "size", "state", "disk"))
    table = Table(model, size, Column("tasks", min_width=8), "licence", state, disk, box=None, padding=(0, 2, 0, 0))
    for card, weights in found:
        native = card.native
        table.add_row(
            card.model,
            f"{native.width}×{native.height}" if native else "",
            " ".join(limit.task for limit in card.limits),
            card.licence.id or "see its page" if card.licence else "",
            _state(weights),
            _gigabytes(weights.bytes) if weights.bytes else "–",
        )
    print_table(table)
    for card, weights in found:
        if weights.state in (WeightsState.INCOMPLETE, WeightsState.DAMAGED):
            click.echo(f"{card.model}: {weights.todo}")
    for _, weights in found:
        if weights.adapters and weights.state is WeightsState.READY:
            said = ", ".join(f"{one.name} {_adapter_state(one)}" for one in weights.adapters)
            click.echo(f"{weights.model}, adapters: {said}")
    if any(weights.state is WeightsState.MISSING for _, weights in found):
        click.echo("`secondunit models get MODEL` downloads what is missing.")
    if any(weights.adapters for _, weights in found):
        click.echo("`secondunit models get MODEL --adapter NAME` downloads an adapter too; docs/models.md names them.")


def _adapter_state(adapter: AdapterWeights) -> str:
    if adapter.state is WeightsState.READY:
        return f"({_gigabytes(adapter.bytes)})"
    return f"({adapter.state})"


def _state(weights: Weights) -> str:
    if weights.state is WeightsState.INCOMPLETE and weights.total_bytes:
        return f"{weights.bytes / weights.total_bytes:.0%} there"
    return weights.state


@models.command()
@click.argument("model")
@_adapters
@click.option("--all-adapters", is_flag=True, help="Every one that the model's card lists.")
@_accept
@_quiet
def get(model: str, adapters: tuple[str, ...], all_adapters: bool, accept_licence: bool, quiet: bool) -> None:
    """Download a model's weights, or go on with a download. The only command that uses the network.

    With --adapter or --all-adapters its published LoRAs and upsampler come, too, where they are not there.
    """
    card, weights = _known(model)
    wanted = tuple(one.name for one in weights.adapters) if all_adapters else adapters
    there = [one.name for one in weights.adapters if one.state is WeightsState.READY]
    if weights.state is WeightsState.READY and set(wanted) <= set(there):
        click.echo(f"{', '.join((model, *wanted))} is there: {weights.folder}")
        return
    accepted = _accepted(card, weights, accept_licence)
    _follow(lambda unit: unit.fetch_model(model, accepted, wanted), quiet)
    _say_where(model)


@models.command("import")
@click.argument("model")
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@click.option("--adapter", default="", metavar="NAME", help="PATH is this LoRA's file, or the upsampler's folder.")
@_accept
@_quiet
def import_(model: str, path: Path, adapter: str, accept_licence: bool, quiet: bool) -> None:
    """Take a model's weights from a folder in diffusers' layout; hard links where the disk is the same.

    With --adapter, PATH is a .safetensors file: the published LoRA of that name.
    """
    card, weights = _known(model)
    accepted = _accepted(card, weights, accept_licence)
    _follow(lambda unit: unit.import_model(model, str(path.absolute()), accepted, adapter), quiet)
    _say_where(model)


@models.command()
@click.argument("model")
@click.option("--hashes", is_flag=True, help="Read every file and compare its hash with the recorded one.")
@click.option(
    "--exercise", "exercised", is_flag=True, help="Make every task once and print a report, as JSON, that can be sent."
)
@click.option(
    "--set", "given", multiple=True, type=Setting(), help="A parameter of the exercised orders; may be repeated."
)
@_quiet
def check(model: str, hashes: bool, exercised: bool, given: tuple[tuple[str, Value], ...], quiet: bool) -> None:
    """Say whether a model's weights can be loaded, or all that is wrong with them.

    With --exercise every task runs at the model's own size, with two steps: exit code 5 if one fails. --set tries what
    is off by default, such as memory=fp8, speed.cache=taylorseer or tier=distilled.
    """
    if given and not exercised:
        raise click.UsageError("--set is for --exercise")
    card, weights = _known(model)
    _follow(lambda unit: unit.check_model(model, hashes), quiet)
    if exercised:
        report = anyio.run(_exercise, card, weights, given, quiet)
        print_json(report)
        if any(task.error for task in report.tasks):
            raise SystemExit(5)
        return
    _, weights = _known(model)
    said = "every hash is the recorded one" if hashes else "sizes, headers and classes are right"
    click.echo(f"{model}: {said}; weights {weights.sha256 or 'without recorded hashes'}")


@models.command()
@click.argument("model")
@_adapters
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(model: str, adapters: tuple[str, ...], yes: bool) -> None:
    """Delete a model's weights: what was downloaded or imported, and nothing else.

    With --adapter, those alone.
    """
    _, weights = _known(model)
    if not yes:
        size = sum(one.bytes for one in weights.adapters if one.name in adapters) if adapters else weights.bytes
        click.confirm(f"Delete {_gigabytes(size)} in {weights.folder}?", abort=True)

    async def run() -> tuple[str, ...]:
        async with _unit() as unit:
            return await unit.remove_model(model, adapters)

    for path in anyio.run(run):
        click.echo(f"left: {path}")
    click.echo(f"{', '.join(adapters) or model} is removed.")


def _accepted(card: Card, weights: Weights, accept: bool) -> bool:
    """Whether the licence is accepted by this call; asks where a person can answer."""
    licence = card.licence
    if weights.accepted or licence is None:
        return False
    click.echo(
        f"{card.title}, licence: {licence.id or 'unnamed'}\ncommercial use: {licence.commercial}\n{licence.url}",
        err=True,
    )
    if accept:
        return True
    if not sys.stdin.isatty():
        raise ModelError(f"the licence of {card.title} has to be accepted first: give --accept-licence")
    click.confirm("Accept it?", abort=True, err=True)
    return True


def _follow(begin: Callable[[Client], AsyncIterator[WeightsProgress]], quiet: bool) -> None:
    async def run() -> None:
        async with _unit() as unit:
            with _bar(quiet) as bar:
                await _show(begin(unit), bar)

    anyio.run(run)


async def _exercise(card: Card, weights: Weights, given: tuple[tuple[str, Value], ...], quiet: bool) -> "Report":
    from secondunit_plugin.cli.progress import LiveOrders
    from secondunit_plugin.exercise import exercise

    with LiveOrders(quiet) as live:
        async with _unit() as unit:
            return await exercise(unit, card, weights, live.show, tuple(Parameter(*one) for one in given))


async def _show(steps: AsyncIterator[WeightsProgress], bar: "Progress") -> None:
    line: TaskID | None = None
    async for step in steps:
        line = bar.add_task("", total=None) if line is None else line
        bar.update(line, description=step.what, completed=step.done, total=step.total or None)


def _bar(quiet: bool) -> "Progress":
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(file=sys.stderr),
        disable=quiet,
    )


def _say_where(model: str) -> None:
    _, weights = _known(model)
    click.echo(f"{model} is ready: {_gigabytes(weights.bytes)} in {weights.folder}, weights {weights.sha256}")


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB"
