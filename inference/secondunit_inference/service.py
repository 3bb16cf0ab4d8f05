# ruff: noqa: ARG002 (the signatures are gRPC's)
"""What the unit answers to its clients."""

import importlib
import logging
import os
import platform
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Protocol

import grpc
import psutil
from secondunit_bridge import __version__, messages, spawn
from secondunit_bridge._pb import unit_pb2
from secondunit_bridge._pb.unit_pb2_grpc import UnitServicer
from secondunit_bridge.controls import Controls
from secondunit_bridge.errors import OrderRefused, VersionMismatch
from secondunit_bridge.messages import PROTOCOL_VERSION, Card, Order, UnitInfo, UnitUse
from secondunit_bridge.server import version_message
from secondunit_bridge.wire import from_proto, to_proto

from secondunit_inference.engines.diffusion.machine import memory
from secondunit_inference.orders import Orders
from secondunit_inference.sources import look_at_sources
from secondunit_inference.store import admit, prepare
from secondunit_inference.weights.models import Models
from secondunit_inference.workers import order_log

log = logging.getLogger(__name__)

_WATCH_SECONDS = 15.0
_PACKAGES = ("secondunit", "av", "numpy", "opencv-python-headless", "torch", "diffusers", "transformers")
_ORDER_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class EngineCard(Protocol):
    """An engine's module `card`, which imports nothing heavy. `models`: the folder that holds weights."""

    def cards(self, models: Path) -> tuple[Card, ...]: ...

    def plan(self, order: Order, models: Path) -> messages.Plan:
        """Raises OrderRefused."""

    def controls(self, order: Order, intent: str) -> Controls:
        """Raises OrderRefused."""


@cache  # reading one takes milliseconds
def _versions() -> tuple[messages.Version, ...]:
    found = [messages.Version("python", platform.python_version())]
    for package in _PACKAGES:
        with suppress(metadata.PackageNotFoundError):
            found.append(messages.Version(package, metadata.version(package)))
    return tuple(found)


class Service(UnitServicer):
    def __init__(
        self,
        orders: Orders,
        engines: dict[str, str],
        devices: tuple[str, ...],
        home: Path,
        stop: Callable[[], None],
        loaded: Callable[[], tuple[str, ...]],
    ) -> None:
        """`loaded`: names the models that workers keep in memory."""
        self._orders = orders
        self._engines: dict[str, EngineCard] = {
            name: importlib.import_module(f"{package}.card") for name, package in engines.items()
        }
        self._models = spawn.models_folder(home)
        self._weights = Models(self._models, orders.statuses)
        self._devices = devices
        self._home = home
        self._stop = stop
        self._loaded = loaded

    def Hello(self, request: unit_pb2.HelloRequest, context: grpc.ServicerContext) -> unit_pb2.UnitInfo:
        if request.protocol != PROTOCOL_VERSION:
            raise VersionMismatch(version_message(request.protocol, PROTOCOL_VERSION))
        cards = tuple(card for engine in self._engines.values() for card in engine.cards(self._models))
        return to_proto(
            UnitInfo(PROTOCOL_VERSION, __version__, os.getpid(), str(self._home), self._devices, cards),
            unit_pb2.UnitInfo(),
        )

    def Plan(self, request: unit_pb2.Order, context: grpc.ServicerContext) -> unit_pb2.Plan:
        return to_proto(self._plan(from_proto(Order, request)), unit_pb2.Plan())

    def Controls(self, request: unit_pb2.ControlsRequest, context: grpc.ServicerContext) -> unit_pb2.Controls:
        order = from_proto(Order, request.order)
        return to_proto(self._engine(order).controls(order, request.intent), unit_pb2.Controls())

    def Submit(self, request: unit_pb2.Order, context: grpc.ServicerContext) -> unit_pb2.Queued:
        order = from_proto(Order, request)
        queued = self._orders.accepted(order)
        if queued is None:
            plan = self._plan(order)
            prepare(order.delivery)
            queued = self._orders.submit(order, plan)
        return to_proto(queued, unit_pb2.Queued())

    def Watch(self, request: unit_pb2.WatchRequest, context: grpc.ServicerContext) -> Iterator[unit_pb2.Event]:
        order_id, after = request.order_id, request.after
        self._orders.events(order_id, after, 0)  # OrderNotFound before anything is promised
        context.send_initial_metadata(())
        context.add_callback(lambda: self._orders.wake_watchers(order_id))
        while context.is_active():
            events, ended = self._orders.events(order_id, after, _WATCH_SECONDS, context.is_active)
            for event in events:
                yield to_proto(event, unit_pb2.Event())
                after = event.number
            if ended and not events:
                return

    def Cancel(self, request: unit_pb2.CancelRequest, context: grpc.ServicerContext) -> unit_pb2.CancelReply:
        self._orders.cancel(request.order_id)
        return unit_pb2.CancelReply()

    def Move(self, request: unit_pb2.MoveRequest, context: grpc.ServicerContext) -> unit_pb2.MoveReply:
        self._orders.move(request.order_id, request.after)
        return unit_pb2.MoveReply()

    def Forget(self, request: unit_pb2.ForgetRequest, context: grpc.ServicerContext) -> unit_pb2.ForgetReply:
        self._orders.forget(request.order_id)
        order_log(self._home / "logs", request.order_id).unlink(missing_ok=True)
        return unit_pb2.ForgetReply()

    def Orders(self, request: unit_pb2.OrdersRequest, context: grpc.ServicerContext) -> Iterator[unit_pb2.OrderStatus]:
        for status in self._orders.statuses():
            yield to_proto(status, unit_pb2.OrderStatus())

    def Models(self, request: unit_pb2.ModelsRequest, context: grpc.ServicerContext) -> Iterator[unit_pb2.Weights]:
        for weights in self._weights.all():
            yield to_proto(weights, unit_pb2.Weights())

    def FetchModel(
        self, request: unit_pb2.FetchModelRequest, context: grpc.ServicerContext
    ) -> Iterator[unit_pb2.WeightsProgress]:
        for progress in self._weights.fetch(
            request.model, tuple(request.adapters), request.accept_licence, context.add_callback
        ):
            yield to_proto(progress, unit_pb2.WeightsProgress())

    def ImportModel(
        self, request: unit_pb2.ImportModelRequest, context: grpc.ServicerContext
    ) -> Iterator[unit_pb2.WeightsProgress]:
        steps = (
            self._weights.take_in_adapter(request.model, request.adapter, Path(request.path), request.accept_licence)
            if request.adapter
            else self._weights.take_in(request.model, Path(request.path), request.accept_licence)
        )
        for progress in steps:
            yield to_proto(progress, unit_pb2.WeightsProgress())

    def CheckModel(
        self, request: unit_pb2.CheckModelRequest, context: grpc.ServicerContext
    ) -> Iterator[unit_pb2.WeightsProgress]:
        for progress in self._weights.check(request.model, request.hashes):
            yield to_proto(progress, unit_pb2.WeightsProgress())

    def RemoveModel(
        self, request: unit_pb2.RemoveModelRequest, context: grpc.ServicerContext
    ) -> unit_pb2.RemoveModelReply:
        return unit_pb2.RemoveModelReply(left=self._weights.remove(request.model, tuple(request.adapters)))

    def Use(self, request: unit_pb2.UseRequest, context: grpc.ServicerContext) -> unit_pb2.UnitUse:
        own = psutil.Process()
        held = 0
        for process in (own, *own.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                held += process.memory_info().rss
        started = datetime.fromtimestamp(own.create_time(), UTC).isoformat(timespec="seconds")
        return to_proto(UnitUse(started, memory(), held, self._loaded(), _versions()), unit_pb2.UnitUse())

    def Stop(self, request: unit_pb2.StopRequest, context: grpc.ServicerContext) -> unit_pb2.StopReply:
        context.add_callback(self._stop)  # after the answer is on its way
        return unit_pb2.StopReply()

    def _plan(self, order: Order) -> messages.Plan:
        if not _ORDER_ID.fullmatch(order.id):
            raise OrderRefused(f"{order.id!r} is no order id: use 1 to 64 letters, digits, '-' and '_'")
        if not order.seeds:
            raise OrderRefused(f"{order.shot}: the order asks for no takes: give it a seed for each take")
        # PyAV is needed by orders alone: the unit answers before it is loaded.
        from secondunit_bridge.media.write import refuse_format

        slot = order.slot
        refuse_format(order.delivery.codec, slot.width, slot.height, slot.pixel_aspect)
        engine = self._engine(order)
        plan = engine.plan(order, self._models)
        card = next(card for card in engine.cards(self._models) if card.model == order.model)
        warnings = look_at_sources(order, card)
        admit(order.delivery, plan.disk_bytes)
        return replace(plan, warnings=(*plan.warnings, *warnings))

    def _engine(self, order: Order) -> EngineCard:
        engine = self._engines.get(order.engine)
        if engine is None:
            raise OrderRefused(f"there is no engine {order.engine!r} here: this unit has {', '.join(self._engines)}")
        names = [card.model for card in engine.cards(self._models)]
        if order.model not in names:
            held = ", ".join(map(repr, names))
            raise OrderRefused(f"the engine {order.engine!r} has no model {order.model!r}: it has {held}")
        return engine
