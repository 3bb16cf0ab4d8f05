"""Whatever is killed, and whenever: an acknowledged order is finished once and published once."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from secondunit_bridge import spawn
from secondunit_bridge.client import Client
from secondunit_bridge.errors import UnitUnreachable
from secondunit_bridge.media.record import extract
from secondunit_bridge.messages import Event, Order, Preview, Step, TakeReady
from secondunit_bridge.spawn import Address
from secondunit_bridge.takes import digest
from secondunit_bridge.wire import record_from_json
from secondunit_inference.orders import MOST_ATTEMPTS, Orders

from tests.inference.running_unit import (
    ENGINES,
    REPO,
    delivered,
    order,
    start_unit,
    submit_and_watch,
    takes_in,
    wait_until,
)

POINTS = 46
"""The steps of one order of two takes with a .cube, from its acceptance to its end, and a few more."""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "home"
    yield path
    spawn.stop(path)


def running(home: Path) -> Address:
    address = spawn.find(home)
    assert address is not None
    return address


def check_delivery(folder: Path, orders: dict[str, list[Event]]) -> None:
    """Every take of every order is there once, whole, under its own name; nothing else is."""
    expected = []
    for events in orders.values():
        ready = takes_in(events)
        assert [event.index for event in ready] == list(range(len(ready[0].take.record.order.seeds))), events[-1]
        numbers = [event.number for event in events]
        assert numbers == sorted(set(numbers))
        for event in ready:
            take = event.take
            stored = extract(take.path)
            assert stored is not None
            assert record_from_json(stored) == take.record
            assert digest(Path(take.path)) == take.sha256
            expected += [Path(path).name for path in (take.path, take.lut) if path]
    assert delivered(folder) == sorted(expected)


def start_dying_unit(home: Path, number: int, told: Path) -> "subprocess.Popen[bytes]":
    spawn.make_private(home)
    engines = [f"--engine={name}={package}" for name, package in (ENGINES | {"draft": ENGINES["test"]}).items()]
    script = REPO / "tests" / "inference" / "dying_unit.py"
    with spawn.log_file(home).open("ab") as log:
        return subprocess.Popen(
            [sys.executable, str(script), str(number), str(told), "--home", str(home), *engines],
            env=os.environ | {"PYTHONPATH": str(REPO)},
            stderr=log,
        )


@pytest.mark.parametrize(
    "number", [pytest.param(n, marks=[] if n % 6 == 1 else pytest.mark.long) for n in range(1, POINTS)]
)
def test_the_unit_dies_at_every_step(home: Path, tmp_path: Path, number: int) -> None:
    folder, told = tmp_path / "takes", tmp_path / "told"
    told.mkdir()
    dying = start_dying_unit(home, number, told)
    asked = order("a", folder, takes=2, cube=True)
    acknowledged = False
    wait_until(lambda: spawn.find(home) is not None or dying.poll() is not None)
    if address := spawn.find(home):

        async def submit() -> None:
            async with Client(address) as unit:
                await unit.submit(asked)
                nonlocal acknowledged
                acknowledged = True
                while [len(status.takes) async for status in unit.orders()] != [2]:
                    await asyncio.sleep(0.02)

        with suppress(UnitUnreachable):
            asyncio.run(submit())
        spawn.stop(home)
    dying.wait(10)
    start_unit(home)

    async def finish() -> list[Event]:
        async with Client(running(home)) as unit:
            if acknowledged:
                assert [status.order.id async for status in unit.orders()] == ["a"]
            await unit.submit(asked)
            return [event async for event in unit.watch("a")]

    check_delivery(folder, {"a": asyncio.run(finish())})


def test_the_points_cover_a_whole_order(home: Path, tmp_path: Path) -> None:
    """Else the test above would stop short of the end: the last of its points must never be reached."""
    told = tmp_path / "told"
    told.mkdir()
    dying = start_dying_unit(home, POINTS, told)
    wait_until(lambda: spawn.find(home) is not None)
    asyncio.run(submit_and_watch(running(home), order("a", tmp_path / "takes", takes=2, cube=True)))
    assert dying.poll() is None
    dying.terminate()
    assert dying.wait(10) == 0


async def watch_and_kill(home: Path, asked: Order, kind: type[Event], nth: int) -> list[Event]:
    """Kills the unit at the n-th event of a kind and starts another, under the eyes of one watcher."""
    events: list[Event] = []
    async with Client(running(home)) as unit:
        await unit.submit(asked)
        async for event in unit.watch(asked.id):
            events.append(event)
            if isinstance(event, kind) and sum(isinstance(e, kind) for e in events) == nth:
                os.kill(running(home).pid, signal.SIGKILL)
                await asyncio.to_thread(wait_until, lambda: spawn.find(home) is None)
                await asyncio.to_thread(start_unit, home)
    return events


@pytest.mark.parametrize(("kind", "nth"), [(Preview, 1), (Step, 3), (TakeReady, 1), (TakeReady, 2)])
def test_a_watcher_lives_through_the_units_death(home: Path, tmp_path: Path, kind: type[Event], nth: int) -> None:
    start_unit(home)
    asked = order("a", tmp_path / "takes", takes=3, frame_seconds=0.03)
    events = asyncio.run(watch_and_kill(home, asked, kind, nth))
    check_delivery(tmp_path / "takes", {"a": events})


def test_a_cancellation_that_was_acknowledged_outlives_the_unit(home: Path, tmp_path: Path) -> None:
    process = start_unit(home)

    async def cancel() -> None:
        async with Client(running(home)) as unit:
            await unit.submit(order("a", tmp_path / "takes", at="frame", what="hang"))
            async for event in unit.watch("a"):
                if isinstance(event, Step):
                    break
            await unit.cancel("a")

    asyncio.run(cancel())
    process.kill()
    process.wait()
    start_unit(home)
    events = asyncio.run(submit_and_watch(running(home), order("a", tmp_path / "takes", at="frame", what="hang")))
    assert [type(event).__name__ for event in events] == ["Queued", "Cancelled"]
    assert delivered(tmp_path / "takes") == []


def many_orders_under_fire(home: Path, folder: Path, count: int, shots: int, seed: int) -> None:
    """Workers and units are killed at random moments; clients know only that their order was acknowledged."""
    chance = random.Random(seed)
    orders = [order(f"o{n}", folder, takes=2, cube=True, frame_seconds=0.004, shot=f"s{n % 3}") for n in range(count)]
    start_unit(home)

    async def submit() -> None:
        async with Client(running(home)) as unit:
            for asked in orders:
                await unit.submit(asked)

    asyncio.run(submit())
    for shot in range(shots):
        chance_seconds = chance.uniform(0.0, 0.6)
        asyncio.run(asyncio.sleep(chance_seconds))
        unit = running(home)
        if shot % 2:
            os.kill(unit.pid, signal.SIGKILL)
            wait_until(lambda: spawn.find(home) is None)
            start_unit(home)
        else:
            database = Orders(home / "orders.sqlite")
            worker = database.worker_of("cpu")
            last_chance = any(claim.attempt == MOST_ATTEMPTS for claim in database.interrupted())
            database.close()
            if worker and spawn.process_of(*worker) and not last_chance:
                os.kill(worker[0], signal.SIGKILL)

    async def collect() -> dict[str, list[Event]]:
        async with Client(running(home)) as unit:
            return {asked.id: [event async for event in unit.watch(asked.id)] for asked in orders}

    collected = asyncio.run(collect())
    check_delivery(folder, collected)
    names = Counter(event.take.record.name for events in collected.values() for event in takes_in(events))
    assert set(names.values()) == {1}


def test_nothing_is_lost_or_doubled_under_fire(home: Path, tmp_path: Path) -> None:
    many_orders_under_fire(home, tmp_path / "takes", count=20, shots=8, seed=1)


@pytest.mark.long
def test_nothing_is_lost_or_doubled_under_long_fire(home: Path, tmp_path: Path) -> None:
    many_orders_under_fire(home, tmp_path / "takes", count=400, shots=100, seed=2)
