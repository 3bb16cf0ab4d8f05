"""Units for tests: in this process, or as the daemon that users have, with an engine that does what it is told."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

from secondunit_bridge import spawn
from secondunit_bridge.client import Client
from secondunit_bridge.messages import (
    Codec,
    Delivery,
    Event,
    Order,
    Parameter,
    Slot,
    TakeReady,
    Task,
    Value,
)
from secondunit_bridge.server import serve
from secondunit_bridge.spawn import Address
from secondunit_inference.orders import Orders
from secondunit_inference.service import Service
from secondunit_inference.workers import Device

ENGINES = {"test": "tests.inference.fake_engine"}
REPO = Path(__file__).parents[2]


def order(
    order_id: str,
    folder: Path,
    *,
    frames: int = 8,
    takes: int = 1,
    slot: Slot | None = None,
    codec: Codec = Codec.PRORES_HQ,
    show: str = "show",
    shot: str = "shot",
    **parameters: Value,
) -> Order:
    rate = Fraction(24)
    return Order(
        id=order_id,
        task=Task.GENERATE,
        show=show,
        shot=shot,
        slot=slot or Slot(frames, 0, 0, rate, rate, 64, 36, Fraction(1), None),
        conditions=(),
        engine="test",
        model="test",
        parameters=tuple(Parameter(name, value) for name, value in parameters.items()),
        seeds=tuple(range(1, takes + 1)),
        delivery=Delivery(str(folder), codec),
    )


@contextmanager
def unit_in_process(
    home: Path, *, tcp: bool = False, device: bool = True, engines: dict[str, str] = ENGINES
) -> Iterator[Address]:
    """Workers are processes of their own; without `device`, orders stay queued."""
    spawn.make_private(home)
    (home / "logs").mkdir(exist_ok=True)
    os.environ["PYTHONPATH"] = str(REPO)
    orders = Orders(home / "orders.sqlite")
    worker = Device("cpu", orders, engines, home / "models", home / "logs")
    service = Service(orders, engines, ("cpu",), home, lambda: None, lambda: worker.loaded)
    server, target = serve(service, "t" * 43, None if tcp else home / "unit.sock")
    if device:
        orders.on_change = worker.wake
        worker.start()
    try:
        yield Address(target, "t" * 43, os.getpid(), 0.0, str(home))
    finally:
        server.stop(0).wait()
        if device:
            worker.stop()
        orders.close()


def start_unit(home: Path, *arguments: str) -> "subprocess.Popen[bytes]":
    """The daemon, once it listens."""
    spawn.make_private(home)
    engines = [f"--engine={name}={package}" for name, package in (ENGINES | {"draft": ENGINES["test"]}).items()]
    with spawn.log_file(home).open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "secondunit_inference", "--home", str(home), *engines, *arguments],
            env=os.environ | {"PYTHONPATH": str(REPO)},
            stderr=log,
        )
    wait_until(lambda: spawn.find(home) is not None or process.poll() is not None)
    return process


def wait_until(condition: object, seconds: float = 20.0) -> None:
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"nothing came in {seconds} s"
        time.sleep(0.01)


async def submit_and_watch(address: Address, asked: Order) -> list[Event]:
    async with Client(address) as unit:
        await unit.submit(asked)
        return [event async for event in unit.watch(asked.id)]


def takes_in(events: list[Event]) -> list[TakeReady]:
    return [event for event in events if isinstance(event, TakeReady)]


def delivered(folder: Path) -> list[str]:
    """Names in a delivery folder, hidden ones too, beside the marker."""
    return sorted(path.name for path in folder.iterdir() if path.name != ".secondunit-takes")
