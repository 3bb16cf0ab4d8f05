# ruff: noqa: ARG001 (the signatures are an engine's)
"""An engine without a GPU's work in it: an order's parameters say what goes wrong, and where."""

from pathlib import Path

from secondunit_bridge.controls import Controls
from secondunit_bridge.messages import Card, Order, Plan

CARD = Card(engine="test", model="test", description="for tests", limits=(), camera_moves=())


def cards(models: Path) -> tuple[Card, ...]:
    return (CARD,)


def controls(order: Order, intent: str) -> Controls:
    return Controls(())


def plan(order: Order, models: Path) -> Plan:
    given = {parameter.name: parameter.value for parameter in order.parameters}
    frames = order.slot.head + order.slot.frames + order.slot.tail
    return Plan(frames, 1.0, 1, int(given.get("disk_bytes", 1)), ())
