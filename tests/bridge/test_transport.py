import asyncio
import dataclasses
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.message_factory import GetMessageClass
from secondunit_bridge import client as client_module
from secondunit_bridge import errors, spawn
from secondunit_bridge._pb import unit_pb2
from secondunit_bridge._pb.unit_pb2_grpc import UnitStub
from secondunit_bridge.client import Client
from secondunit_bridge.errors import (
    BadInput,
    NotAuthorised,
    OrderNotFound,
    SecondUnitError,
    UnitUnreachable,
    VersionMismatch,
)
from secondunit_bridge.messages import PROTOCOL_VERSION, Queued, Take
from secondunit_bridge.server import (
    AUTHORITY,
    LONGEST_CALL,
    LONGEST_TRANSFER,
    MESSAGE_LIMIT,
    TOKEN_KEY,
    TRANSFERS,
    WATCHERS,
)
from secondunit_bridge.spawn import Address
from secondunit_bridge.wire import to_proto

from tests.inference.running_unit import order, submit_and_watch, takes_in, unit_in_process, wait_until

METHODS = list(unit_pb2.DESCRIPTOR.services_by_name["Unit"].methods)


@pytest.fixture(params=["unix", "tcp"])
def unit(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Address]:
    with unit_in_process(tmp_path / "home", tcp=request.param == "tcp", device=False) as address:
        yield address


@contextmanager
def raw(address: Address, authority: str = AUTHORITY) -> Iterator[grpc.Channel]:
    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.default_authority", authority)]
    with grpc.insecure_channel(address.target, options=options) as channel:
        yield channel


def call(channel: grpc.Channel, method: Any, **given: Any) -> Any:
    """Calls a method by its description; returns the first answer."""
    make = channel.unary_stream if method.server_streaming else channel.unary_unary
    ask = make(
        f"/{method.containing_service.full_name}/{method.name}",
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=GetMessageClass(method.output_type).FromString,
    )
    answer = ask(GetMessageClass(method.input_type)(), **given)
    return next(answer) if method.server_streaming else answer


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
@pytest.mark.parametrize("metadata", [None, [(TOKEN_KEY, "")], [(TOKEN_KEY, "t" * 42 + "u")], [("token", "t" * 43)]])
def test_no_method_answers_without_the_token(unit: Address, method: Any, metadata: Any) -> None:
    with raw(unit) as channel, pytest.raises(grpc.RpcError) as caught:
        call(channel, method, timeout=5, metadata=metadata)
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


def test_unknown_methods_are_told_nothing_without_the_token(unit: Address) -> None:
    with raw(unit) as channel, pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary("/secondunit.Unit/Secret")(b"", timeout=5)
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_no_method_answers_to_another_name(unit: Address, method: Any) -> None:
    with raw(unit, "rebound.example") as channel, pytest.raises(grpc.RpcError) as caught:
        call(channel, method, timeout=5, metadata=[(TOKEN_KEY, unit.token)])
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
@pytest.mark.parametrize("longer", [None, 60])
def test_calls_without_a_near_deadline_are_refused(unit: Address, method: Any, longer: float | None) -> None:
    longest = LONGEST_TRANSFER if method.name in TRANSFERS else LONGEST_CALL
    timeout = None if longer is None else longest + longer
    with raw(unit) as channel, pytest.raises(grpc.RpcError) as caught:
        call(channel, method, timeout=timeout, metadata=[(TOKEN_KEY, unit.token)])
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_messages_beyond_the_limit_are_refused(unit: Address, tmp_path: Path) -> None:
    large = order("large", tmp_path, note="x" * (MESSAGE_LIMIT + 1))
    with raw(unit) as channel, pytest.raises(grpc.RpcError) as caught:
        UnitStub(channel).Submit(to_proto(large), timeout=5, metadata=[(TOKEN_KEY, unit.token)])
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_the_socket_is_this_users_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with unit_in_process(home, device=False):
        assert (home / "unit.sock").stat().st_mode & 0o777 == 0o600
        assert home.stat().st_mode & 0o777 == 0o700


def test_hello_tells_what_the_unit_is(unit: Address) -> None:
    async def ask() -> None:
        async with Client(unit) as connected:
            info = await connected.hello()
            assert (info.protocol, info.pid, info.devices) == (PROTOCOL_VERSION, os.getpid(), ("cpu",))
            assert [card.engine for card in info.cards] == ["test"]

    asyncio.run(ask())


@pytest.mark.parametrize(("theirs", "advice"), [(-1, "this program"), (1, "the unit")])
def test_another_version_is_refused(unit: Address, monkeypatch: pytest.MonkeyPatch, theirs: int, advice: str) -> None:
    monkeypatch.setattr(client_module, "PROTOCOL_VERSION", PROTOCOL_VERSION + theirs)

    async def ask() -> None:
        async with Client(unit):
            pass

    with pytest.raises(VersionMismatch, match=f"upgrade {advice}"):
        asyncio.run(ask())


@pytest.mark.parametrize("kind", [kind for kind, _, _ in errors.STATUS], ids=lambda kind: kind.__name__)
def test_errors_arrive_as_they_were_raised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[SecondUnitError]
) -> None:
    message = "„Aufnahme 3“, 100 %: line one\nline two; do this"

    def fail(*_: object) -> None:
        raise kind(message)

    monkeypatch.setattr("tests.inference.fake_engine.card.plan", fail)

    async def ask(address: Address) -> None:
        async with Client(address) as unit:
            await unit.plan(order("a", tmp_path / "takes"))

    with unit_in_process(tmp_path / "home", device=False) as address, pytest.raises(SecondUnitError) as caught:
        asyncio.run(ask(address))
    assert (type(caught.value), str(caught.value)) == (kind, message)


def test_a_mistake_in_the_unit_is_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.inference.fake_engine.card.plan", lambda *_: 1 / 0)

    async def ask(address: Address) -> None:
        async with Client(address) as unit:
            await unit.plan(order("a", tmp_path / "takes"))

    with (
        unit_in_process(tmp_path / "home", device=False) as address,
        pytest.raises(SecondUnitError, match="ZeroDivisionError"),
    ):
        asyncio.run(ask(address))


def test_nobody_at_the_address(tmp_path: Path) -> None:
    async def ask() -> None:
        async with Client(Address(f"unix:{tmp_path}/none.sock", "t", os.getpid(), 0.0, str(tmp_path))):
            pass

    with pytest.raises(UnitUnreachable):
        asyncio.run(ask())


def test_watching_an_unknown_order(unit: Address) -> None:
    async def ask() -> None:
        async with Client(unit) as connected:
            async for _ in connected.watch("nothing"):
                pass

    with pytest.raises(OrderNotFound):
        asyncio.run(ask())


def test_hung_watchers_starve_nobody_and_are_bounded(unit: Address, tmp_path: Path) -> None:
    metadata = [(TOKEN_KEY, unit.token)]
    with raw(unit) as channel:
        stub = UnitStub(channel)
        stub.Submit(to_proto(order("a", tmp_path)), timeout=5, metadata=metadata)
        hung = [stub.Watch(unit_pb2.WatchRequest(order_id="a"), timeout=60, metadata=metadata) for _ in range(WATCHERS)]
        for watcher in hung:
            watcher.initial_metadata()
        began = time.monotonic()
        for _ in range(20):
            stub.Hello(unit_pb2.HelloRequest(protocol=PROTOCOL_VERSION), timeout=5, metadata=metadata)
        assert time.monotonic() - began < 1.0
        with pytest.raises(grpc.RpcError) as caught:
            next(stub.Watch(unit_pb2.WatchRequest(order_id="a"), timeout=5, metadata=metadata))
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        assert f"{WATCHERS} watchers" in str(caught.value.details())
        for watcher in hung:
            watcher.cancel()

        def has_room() -> bool:
            try:
                next(stub.Watch(unit_pb2.WatchRequest(order_id="a"), timeout=5, metadata=metadata))
            except grpc.RpcError:
                return False
            return True

        wait_until(has_room)


def test_a_watcher_takes_up_a_dropped_stream_where_it_broke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The unit goes after the first take, and another one, with another token, comes up at the same home."""
    home, folder = tmp_path / "home", tmp_path / "takes"
    asked = order("a", folder, takes=3, frame_seconds=0.03)
    numbers: list[int] = []
    taken: list[Take] = []

    async def watch(address: Address, move: Callable[[], None]) -> None:
        async with Client(address) as unit:
            await unit.submit(asked)
            async for event in unit.watch("a"):
                numbers.append(event.number)
                for ready in takes_in([event]):
                    taken.append(ready.take)
                    if len(taken) == 1:
                        move()

    first = unit_in_process(home)
    address = first.__enter__()
    second = unit_in_process(home)
    moved: list[Address] = []

    def move() -> None:
        first.__exit__(None, None, None)
        moved.append(dataclasses.replace(second.__enter__(), token="t" * 43, created=1.0))

    monkeypatch.setattr(spawn, "find", lambda _: moved[-1] if moved else None)
    try:
        asyncio.run(watch(address, move))
    finally:
        second.__exit__(None, None, None)
    assert numbers == sorted(set(numbers))
    assert len({take.sha256 for take in taken}) == len(taken) == 3
    assert sorted(path.name for path in folder.glob("*.mov")) == sorted(Path(take.path).name for take in taken)


def test_calls_at_one_time_move_to_a_unit_that_was_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some fail at the unit that has gone, others begin while these look for the next one."""

    async def ask(first: Address, stop: Callable[[], None]) -> list[int]:
        async with Client(first) as unit:
            stop()

            async def later(number: int) -> int:
                await asyncio.sleep(number / 2000)
                return (await unit.hello()).pid

            return await asyncio.gather(*map(later, range(100)))

    with ExitStack() as gone, unit_in_process(tmp_path / "second", device=False) as second:
        first = gone.enter_context(unit_in_process(tmp_path / "first", device=False))
        monkeypatch.setattr(spawn, "find", lambda _: second)
        assert asyncio.run(ask(first, gone.close)) == [os.getpid()] * 100


def test_watching_an_ended_order_tells_its_whole_story_again(tmp_path: Path) -> None:
    with unit_in_process(tmp_path / "home") as address:
        events = asyncio.run(submit_and_watch(address, order("a", tmp_path / "takes", takes=2)))

        async def rest() -> list[Any]:
            async with Client(address) as unit:
                return [event async for event in unit.watch("a", after=takes_in(events)[0].number)]

        assert takes_in(asyncio.run(rest())) == takes_in(events)[1:]
    assert isinstance(events[0], Queued)
    with unit_in_process(tmp_path / "home", device=False) as address:
        again = asyncio.run(submit_and_watch(address, order("a", tmp_path / "takes", takes=2)))
    assert again == [events[0], *takes_in(events)]


def test_the_same_order_twice_is_one_order(unit: Address, tmp_path: Path) -> None:
    async def ask() -> None:
        async with Client(unit) as connected:
            first = await connected.submit(order("a", tmp_path))
            assert await connected.submit(order("a", tmp_path)) == first
            assert len([status async for status in connected.orders()]) == 1
            with pytest.raises(BadInput, match="another order already"):
                await connected.submit(order("a", tmp_path, frames=9))

    asyncio.run(ask())


def test_unauthorised_clients_know_it(unit: Address) -> None:
    async def ask() -> None:
        async with Client(dataclasses.replace(unit, token="wrong")):
            pass

    with pytest.raises(NotAuthorised):
        asyncio.run(ask())
