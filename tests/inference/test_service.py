import asyncio
import dataclasses
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import psutil
import pytest
from secondunit_bridge.client import Client
from secondunit_bridge.errors import OrderRefused
from secondunit_bridge.messages import Delivery, Order, OrderStatus, UnitUse
from secondunit_bridge.spawn import Address

from tests.inference.running_unit import order, unit_in_process


@pytest.fixture
def unit(tmp_path: Path) -> Iterator[Address]:
    with unit_in_process(tmp_path / "home", device=False) as address:
        yield address


async def submit(address: Address, asked: Order) -> None:
    async with Client(address) as unit:
        await unit.submit(asked)


async def statuses(address: Address) -> list[OrderStatus]:
    async with Client(address) as unit:
        return [status async for status in unit.orders()]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"engine": "ltx"}, "no engine 'ltx' here: this unit has test"),
        ({"model": "large"}, "no model 'large': it has 'test'"),
        ({"seeds": ()}, "asks for no takes"),
        ({"id": "../a"}, "no order id"),
        ({"id": ""}, "no order id"),
        ({"delivery": Delivery("takes")}, "not an absolute path"),
        ({"delivery": Delivery("/dev/null/takes")}, "is a file|cannot go to"),
    ],
)
def test_what_cannot_be_done_is_refused_before_it_starts(
    unit: Address, tmp_path: Path, change: dict[str, object], reason: str
) -> None:
    asked = dataclasses.replace(order("a", tmp_path / "takes"), **change)  # type: ignore[arg-type]
    with pytest.raises(OrderRefused, match=reason):
        asyncio.run(submit(unit, asked))
    assert asyncio.run(statuses(unit)) == []
    assert not (tmp_path / "takes").exists()


def test_an_order_larger_than_the_disk_is_refused(unit: Address, tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free
    with pytest.raises(OrderRefused, match="make room"):
        asyncio.run(submit(unit, order("a", tmp_path / "takes", disk_bytes=free // 2)))
    assert not (tmp_path / "takes").exists()


def test_planning_writes_nothing(unit: Address, tmp_path: Path) -> None:
    async def plan() -> int:
        async with Client(unit) as connected:
            return (await connected.plan(order("a", tmp_path / "takes", frames=9))).frames

    assert asyncio.run(plan()) == 9
    assert not (tmp_path / "takes").exists()
    assert asyncio.run(statuses(unit)) == []


def test_an_acknowledged_order_is_stored(unit: Address, tmp_path: Path) -> None:
    asyncio.run(submit(unit, order("a", tmp_path / "takes", takes=2)))
    assert [status.order for status in asyncio.run(statuses(unit))] == [order("a", tmp_path / "takes", takes=2)]
    with unit_in_process(tmp_path / "copy", device=False) as other:
        assert asyncio.run(statuses(other)) == []


def test_the_unit_says_what_it_uses_and_which_models_it_keeps_in_memory(tmp_path: Path) -> None:
    async def used(address: Address, asked: Order) -> list[UnitUse]:
        async with Client(address) as unit:
            found = [await unit.use()]
            await unit.submit(asked)
            while not found[-1].loaded:
                await asyncio.sleep(0.2)
                found.append(await unit.use())
            return found

    with unit_in_process(tmp_path / "home") as address:
        first, *_, last = asyncio.run(used(address, order("a", tmp_path / "takes", holds="large")))
    assert (first.loaded, last.loaded) == ((), ("large",))
    main = first.memory[0]
    assert main.name == "" and 0 < main.used < main.total == psutil.virtual_memory().total
    assert 1e7 < first.process_bytes < main.total
    began = datetime.fromisoformat(first.started)
    assert abs(began.timestamp() - psutil.Process().create_time()) < 2
    assert {"python", "secondunit", "av"} <= {one.package for one in first.versions}
