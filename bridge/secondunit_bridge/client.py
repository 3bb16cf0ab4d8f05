"""The unit's client. Errors that the unit answers with come out as the classes of `errors`."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import grpc
import grpc.aio

from secondunit_bridge import __version__, errors, spawn
from secondunit_bridge._pb import unit_pb2
from secondunit_bridge._pb.unit_pb2_grpc import UnitStub
from secondunit_bridge.controls import Controls
from secondunit_bridge.errors import NotAuthorised, SecondUnitError, UnitUnreachable, VersionMismatch
from secondunit_bridge.messages import (
    PROTOCOL_VERSION,
    Event,
    Order,
    OrderStatus,
    Plan,
    Queued,
    UnitInfo,
    UnitUse,
    Weights,
    WeightsProgress,
)
from secondunit_bridge.server import (
    AUTHORITY,
    ERROR_KEY,
    LONGEST_CALL,
    LONGEST_TRANSFER,
    MESSAGE_LIMIT,
    TOKEN_KEY,
    version_message,
)
from secondunit_bridge.spawn import Address
from secondunit_bridge.wire import event_from_proto, from_proto, to_proto

_LEAVING_SECONDS = 5  # for calls under way to a unit that has gone to fail by themselves, and not as cancelled
_CALL_SECONDS = 30.0
_STREAM_SECONDS = LONGEST_CALL * 0.9
_TRANSFER_SECONDS = LONGEST_TRANSFER * 0.9
_RECONNECT_SECONDS = 30.0
_PAUSE_SECONDS = 0.1
_OPTIONS = [
    ("grpc.default_authority", AUTHORITY),
    ("grpc.max_receive_message_length", MESSAGE_LIMIT),
    ("grpc.max_send_message_length", MESSAGE_LIMIT),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.enable_http_proxy", 0),
    ("grpc.use_local_subchannel_pool", 1),
]


class Client:
    """Used as `async with Client(address) as unit`; entering greets the unit and refuses one of another version."""

    def __init__(self, address: Address) -> None:
        self._address = address

    def _connect(self) -> None:
        self._channel = grpc.aio.insecure_channel(self._address.target, options=_OPTIONS)
        self._stub = UnitStub(self._channel)

    async def __aenter__(self) -> Self:
        self._connect()  # here, since a channel belongs to the event loop that it is made in
        try:
            await self.hello()
        except BaseException:
            await self._channel.close(None)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._channel.close(None)

    async def hello(self) -> UnitInfo:
        request = unit_pb2.HelloRequest(protocol=PROTOCOL_VERSION, version=__version__)
        info = from_proto(UnitInfo, await self._call(lambda stub: stub.Hello, request))
        if info.protocol != PROTOCOL_VERSION:
            raise VersionMismatch(version_message(PROTOCOL_VERSION, info.protocol))
        return info

    async def plan(self, order: Order) -> Plan:
        return from_proto(Plan, await self._call(lambda stub: stub.Plan, to_proto(order)))

    async def controls(self, order: Order, intent: str = "") -> Controls:
        """What can be set on `order` for its model, with the defaults of `intent`, one of the card's."""
        request = unit_pb2.ControlsRequest(order=to_proto(order), intent=intent)
        return from_proto(Controls, await self._call(lambda stub: stub.Controls, request))

    async def submit(self, order: Order) -> Queued:
        """Once it returns, the order survives any crash. Sending it again changes nothing."""
        return from_proto(Queued, await self._call(lambda stub: stub.Submit, to_proto(order)))

    async def cancel(self, order_id: str) -> None:
        """Stored when it returns; the order's events end with Cancelled, or with what it had come to before."""
        await self._call(lambda stub: stub.Cancel, unit_pb2.CancelRequest(order_id=order_id))

    async def move(self, order_id: str, after: str = "") -> None:
        """A waiting order starts right after the waiting order `after`; first where that is empty or waits no more.

        Stored when it returns. Raises OrderRefused for an order that does not wait.
        """
        await self._call(lambda stub: stub.Move, unit_pb2.MoveRequest(order_id=order_id, after=after))

    async def forget(self, order_id: str) -> None:
        """An order that has ended is listed no more, and its log is deleted; its takes stay where they are.

        Raises OrderRefused for an order that has not ended.
        """
        await self._call(lambda stub: stub.Forget, unit_pb2.ForgetRequest(order_id=order_id))

    async def use(self) -> UnitUse:
        return from_proto(UnitUse, await self._call(lambda stub: stub.Use, unit_pb2.UseRequest()))

    async def stop(self) -> None:
        await self._call(lambda stub: stub.Stop, unit_pb2.StopRequest())

    async def orders(self) -> AsyncIterator[OrderStatus]:
        call = self._stub.Orders(unit_pb2.OrdersRequest(), timeout=_CALL_SECONDS, metadata=self._token)
        async for proto in _answers(call):
            yield from_proto(OrderStatus, proto)

    async def watch(self, order_id: str, after: int = 0) -> AsyncIterator[Event]:
        """The order's events with numbers above `after`, up to its end.

        Steps and previews may be missing from a slow or late reader's stream; the others never are. A dropped stream
        is taken up again where it broke, also at a restarted unit; UnitUnreachable after 30 s without one.
        """
        loop = asyncio.get_running_loop()
        lost: float | None = None
        while True:
            request = unit_pb2.WatchRequest(order_id=order_id, after=after)
            call = self._stub.Watch(request, timeout=_STREAM_SECONDS, metadata=self._token)
            try:
                await call.wait_for_connection()
                lost = None
                async for proto in call:
                    event = event_from_proto(proto)
                    after = event.number
                    yield event
                return
            except grpc.aio.AioRpcError as error:
                if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
                    continue
                if not (_is_dropped(error) or isinstance(_error_of(error), NotAuthorised)):
                    raise _error_of(error) from error
                lost = lost or loop.time()
                if loop.time() - lost > _RECONNECT_SECONDS:
                    raise _error_of(error) from error
            finally:
                call.cancel()
            while not await self._found_again() and loop.time() - lost <= _RECONNECT_SECONDS:
                await asyncio.sleep(_PAUSE_SECONDS)
            await asyncio.sleep(_PAUSE_SECONDS)

    async def models(self) -> AsyncIterator[Weights]:
        """The weights of every model that has a card, whether they are there or not."""
        call = self._stub.Models(unit_pb2.ModelsRequest(), timeout=_CALL_SECONDS, metadata=self._token)
        async for proto in _answers(call):
            yield from_proto(Weights, proto)

    async def fetch_model(
        self, model: str, accept_licence: bool, adapters: Iterable[str] = ()
    ) -> AsyncIterator[WeightsProgress]:
        """Downloads a model's weights, and adapters of its card by name; ended early, the next call goes on where this
        one stopped. Raises ModelError."""
        request = unit_pb2.FetchModelRequest(model=model, accept_licence=accept_licence, adapters=adapters)
        call = self._stub.FetchModel(request, timeout=_TRANSFER_SECONDS, metadata=self._token)
        async for proto in _answers(call):
            yield from_proto(WeightsProgress, proto)

    async def import_model(
        self, model: str, path: str, accept_licence: bool, adapter: str = ""
    ) -> AsyncIterator[WeightsProgress]:
        """Takes a model's weights from a folder on the unit's disk, or the adapter of that name from a file.

        `path` is absolute. Raises ModelError.
        """
        request = unit_pb2.ImportModelRequest(model=model, path=path, accept_licence=accept_licence, adapter=adapter)
        call = self._stub.ImportModel(request, timeout=_TRANSFER_SECONDS, metadata=self._token)
        async for proto in _answers(call):
            yield from_proto(WeightsProgress, proto)

    async def check_model(self, model: str, hashes: bool) -> AsyncIterator[WeightsProgress]:
        """Ends without an error where the weights can be loaded; else raises ModelError with all that was found."""
        request = unit_pb2.CheckModelRequest(model=model, hashes=hashes)
        call = self._stub.CheckModel(request, timeout=_TRANSFER_SECONDS, metadata=self._token)
        async for proto in _answers(call):
            yield from_proto(WeightsProgress, proto)

    async def remove_model(self, model: str, adapters: Iterable[str] = ()) -> tuple[str, ...]:
        """With `adapters`, those alone are removed. The files that it left, since they are none of the model's.

        Raises ModelError.
        """
        request = unit_pb2.RemoveModelRequest(model=model, adapters=adapters)
        return tuple((await self._call(lambda stub: stub.RemoveModel, request)).left)

    @property
    def _token(self) -> tuple[tuple[str, str], ...]:
        return ((TOKEN_KEY, self._address.token),)

    async def _call(self, method: Callable[[Any], Any], request: Any) -> Any:
        before = self._address
        try:
            return await method(self._stub)(request, timeout=_CALL_SECONDS, metadata=self._token)
        except grpc.aio.AioRpcError as error:
            if not (_is_dropped(error) or isinstance(_error_of(error), NotAuthorised)):
                raise _error_of(error) from error
            if not await self._found_again() or self._address == before:
                raise _error_of(error) from error
        try:
            return await method(self._stub)(request, timeout=_CALL_SECONDS, metadata=self._token)
        except grpc.aio.AioRpcError as error:
            raise _error_of(error) from error

    async def _found_again(self) -> bool:
        """Moves to the unit that runs at the same home: after a restart it has another token."""
        found = spawn.find(Path(self._address.home))
        if found is None:
            return False
        if found != self._address:
            left, self._address = self._channel, found
            self._connect()  # before the other is closed, so that no call meets a closed one meanwhile
            await left.close(_LEAVING_SECONDS)
        return True


async def _answers(call: Any) -> AsyncIterator[Any]:
    """A stream's messages; to leave it ends the call at the unit."""
    try:
        async for proto in call:
            yield proto
    except grpc.aio.AioRpcError as error:
        raise _error_of(error) from error
    finally:
        call.cancel()


def _named(error: grpc.aio.AioRpcError) -> str | None:
    pairs: Any = error.trailing_metadata() or ()
    return next((str(value) for key, value in pairs if key == ERROR_KEY), None)


def _is_dropped(error: grpc.aio.AioRpcError) -> bool:
    """Ended by the transport, not by the unit's own answer."""
    return _named(error) is None and error.code() in (
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNKNOWN,
    )


def _error_of(error: grpc.aio.AioRpcError) -> SecondUnitError:
    name, details = _named(error), error.details() or ""
    if name is not None:
        kind = getattr(errors, name, SecondUnitError)
        return kind(details) if issubclass(kind, SecondUnitError) else SecondUnitError(details)
    if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
        return UnitUnreachable("the unit did not answer in time; its log tells more")
    if error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED:
        return UnitUnreachable(f"the unit refuses more calls for the moment: {details}")
    if _is_dropped(error):
        return UnitUnreachable(f"the unit does not answer: {details}")
    return SecondUnitError(f"{error.code().name}: {details}")
