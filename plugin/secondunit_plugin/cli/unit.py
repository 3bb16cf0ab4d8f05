"""`secondunit unit`: the daemon."""

from typing import assert_never

import anyio
import click
from secondunit_bridge import spawn
from secondunit_bridge.client import Client
from secondunit_bridge.errors import UnitUnreachable
from secondunit_bridge.messages import (
    Cancelled,
    Event,
    Failed,
    Loading,
    OrderStatus,
    Preview,
    Queued,
    Step,
    TakeReady,
    UnitInfo,
)

from secondunit_plugin.cli.output import print_json, print_table


@click.group()
def unit() -> None:
    """The daemon that makes takes."""


async def _info(address: spawn.Address) -> UnitInfo:
    async with Client(address) as client:
        return await client.hello()


@unit.command()
def start() -> None:
    """Start the unit, if none runs."""
    address = spawn.ensure_running(spawn.home())
    click.echo(f"The unit runs (process {address.pid}), home {address.home}")


@unit.command()
def stop() -> None:
    """Stop the unit. Orders that wait stay stored."""
    stopped = spawn.stop(spawn.home(), by="secondunit unit stop")
    click.echo("The unit has stopped." if stopped else "No unit runs.")


@unit.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def status(as_json: bool) -> None:
    """What the unit is and can do."""
    info = anyio.run(_info, _running())
    if as_json:
        print_json(info)
        return
    click.echo(f"version {info.version}, process {info.pid}, home {info.home}, devices: {', '.join(info.devices)}")
    for card in info.cards:
        titled = f"{card.title}. " if card.title else ""
        click.echo(f"{card.engine}/{card.model}: {titled}{card.description}")
        for limit in card.limits:
            click.echo(f"  {limit.task}{f': up to {limit.frames} frames' if limit.frames else ''}")
        if card.camera_moves:
            click.echo(f"  camera moves: {', '.join(card.camera_moves)}")
        if card.tiers:
            click.echo(f"  tiers: {', '.join(card.tiers)}")
        if card.licence is not None:
            click.echo(f"  licence: {card.licence.id or 'unnamed'}; commercial use: {card.licence.commercial}")
        click.echo(f"  missing: {card.missing}" if card.missing else "  ready")


@unit.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def orders(as_json: bool) -> None:
    """Every order that the unit knows, with its state."""

    async def collect() -> list[OrderStatus]:
        async with Client(_running()) as client:
            return [order async for order in client.orders()]

    found = anyio.run(collect)
    if as_json:
        print_json(found)
        return
    from rich.table import Table

    table = Table("order", "task", "shot", "state", "takes", "attempts")
    for item in found:
        order = item.order
        table.add_row(
            order.id[:8],
            order.task,
            order.shot,
            _state(item.last),
            f"{len(item.takes)}/{len(order.seeds)}",
            str(item.attempts),
        )
    if found:
        print_table(table)
    else:
        click.echo("The unit has no orders.")


def _running() -> spawn.Address:
    address = spawn.find(spawn.home())
    if address is None:
        raise UnitUnreachable("no unit runs: start it with `secondunit unit start`")
    return address


def _state(event: Event) -> str:
    match event:
        case Queued():
            return f"queued ({event.position} before it)"
        case Loading():
            return f"loading {event.what}"
        case Step() | Preview():
            return "working"
        case TakeReady():
            return "take ready"
        case Failed():
            return f"failed: {event.message}"
        case Cancelled():
            return "cancelled"
        case _:
            assert_never(event)
