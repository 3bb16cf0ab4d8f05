"""Orders for a video model are cancelled in a worker process: between passes, while it decodes, while it loads."""

import asyncio
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from secondunit_bridge import spawn
from secondunit_bridge.client import Client
from secondunit_bridge.media.read import VideoReader
from secondunit_bridge.messages import (
    Cancelled,
    Codec,
    Delivery,
    Event,
    Loading,
    Order,
    Parameter,
    Slot,
    Step,
    TakeReady,
    Task,
    Text,
)
from secondunit_bridge.spawn import Address
from secondunit_inference import cards
from secondunit_inference.orders import Orders

from tests.inference.running_unit import delivered, unit_in_process

tiny = pytest.importorskip("secondunit_inference.engines.diffusion.tiny")

MODEL, OTHER = "wan2.1-vace-1.3b", "wan2.1-t2v-1.3b"
RATE = Fraction(16)
ENGINES = {"diffusion": "tests.inference.slow_diffusion"}


def order(name: str, folder: Path, model: str = MODEL, frames: int = 90) -> Order:
    """Two passes of at most 81 frames."""
    slot = Slot(frames, 0, 0, RATE, RATE, 32, 32, Fraction(1), None)
    steps = (Parameter("steps", 2),)
    delivery = Delivery(str(folder), Codec.FFV1)
    return Order(name, Task.GENERATE, "show", name, slot, (Text("a lake"),), "diffusion", model, steps, (1,), delivery)


async def cancelled(address: Address, asked: Order, when: Callable[[Event], bool]) -> float:
    """Cancels at the first event that `when` says; seconds until the unit said that it was."""
    async with Client(address) as unit:
        await unit.submit(asked)
        began, last = 0.0, None
        async for event in unit.watch(asked.id):
            if not began and when(event):
                await unit.cancel(asked.id)
                began = time.monotonic()
            last = event
        assert isinstance(last, Cancelled), last
        return time.monotonic() - began


async def made(address: Address, asked: Order) -> list[np.ndarray[tuple[int, ...], np.dtype[np.generic]]]:
    async with Client(address) as unit:
        await unit.submit(asked)
        last = [event async for event in unit.watch(asked.id)][-1]
    assert isinstance(last, TakeReady), last
    with VideoReader(last.take.path) as reader:
        return [frame.to_ndarray() for frame in reader.frames(0, reader.info.frames)]


def worker(home: Path) -> int:
    orders = Orders(home / "orders.sqlite")
    found = orders.worker_of("cpu")
    orders.close()
    assert found is not None
    return found[0]


def decodes(event: Event) -> bool:
    return isinstance(event, Step) and event.done == event.total


def second_pass(event: Event) -> bool:
    return isinstance(event, Step) and event.what.endswith("pass 2 of 2")


def loads(event: Event) -> bool:
    return isinstance(event, Loading) and event.what.startswith(cards.card(OTHER).title)


def test_an_order_after_a_cancellation_is_as_on_a_fresh_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    home, folder = tmp_path / "home", tmp_path / "takes"
    models = home / "models"
    spawn.make_private(home)
    for name in (MODEL, OTHER):
        tiny.build(cards.card(name), models / name)
    with unit_in_process(home, engines=ENGINES) as address:
        fresh = asyncio.run(made(address, order("fresh", folder)))
        first = worker(home)

        (models / "slow-decode").touch()
        assert asyncio.run(cancelled(address, order("passes", folder, frames=82), second_pass)) < 2
        assert asyncio.run(cancelled(address, order("decoding", folder, frames=20), decodes)) < 2
        (models / "slow-decode").unlink()
        after = asyncio.run(made(address, order("after", folder)))
        assert all(np.array_equal(one, other) for one, other in zip(fresh, after, strict=True))
        assert worker(home) == first, "it stopped by itself"

        # Loading looks for no cancellation: the worker is ended, and another begins.
        (models / "slow-load").touch()
        assert asyncio.run(cancelled(address, order("loading", folder, OTHER, 9), loads)) < 4
        (models / "slow-load").unlink()
        again = asyncio.run(made(address, order("again", folder)))
        assert all(np.array_equal(one, other) for one, other in zip(fresh, again, strict=True))
        assert worker(home) != first
    assert len(delivered(folder)) == 3
    assert not (models / ".streamed").exists()
