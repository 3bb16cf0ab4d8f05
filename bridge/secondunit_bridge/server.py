"""The unit's gRPC server: a private address, a token on every method, limits, and errors by the table in `errors`."""

from __future__ import annotations  # the stubs make generics of grpc's classes

import hmac
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import grpc

from secondunit_bridge._pb.unit_pb2_grpc import UnitServicer, add_UnitServicer_to_server
from secondunit_bridge.errors import BadInput, NotAuthorised, SecondUnitError, UnitUnreachable, status_of

log = logging.getLogger(__name__)

AUTHORITY = "secondunit"
"""The only :authority that is answered, so that no page can reach a TCP port by rebinding a name."""
TOKEN_KEY = "secondunit-token"
ERROR_KEY = "secondunit-error"
MESSAGE_LIMIT = 4 * 1024 * 1024
LONGEST_CALL = 600.0
"""Seconds. A client asks again before its stream reaches it, so that a hung one is let go after as long."""
LONGEST_TRANSFER = 7 * 24 * 3600.0
"""Seconds. Weights of a hundred gigabytes over a slow line take days."""
WATCHERS = 64
OTHER_CALLS = 16
TRANSFERS = ("FetchModel", "ImportModel", "CheckModel")
"""Methods that may run for LONGEST_TRANSFER."""
_UNIX = "unix:"
_DETAIL_LIMIT = 4000  # a status travels as a header: the peer refuses more than 8 KiB of them


def unix_target(path: Path) -> str:
    """gRPC reads a target as a URI."""
    return f"{_UNIX}{quote(str(path))}"


def unix_path(target: str) -> Path | None:
    """The socket that a target names; None for a TCP port."""
    return Path(unquote(target.removeprefix(_UNIX))) if target.startswith(_UNIX) else None


def version_message(client: int, unit: int) -> str:
    older = "the unit: stop it with `secondunit unit stop`, so that this version starts its own"
    newer = "this program: the unit that runs is newer"
    return (
        f"this program speaks protocol {client}, the unit protocol {unit}; upgrade {older if unit < client else newer}"
    )


class _Gate(grpc.ServerInterceptor):
    def __init__(self, token: str) -> None:
        self._token = token.encode()
        self._watchers = threading.BoundedSemaphore(WATCHERS)

    def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], grpc.RpcMethodHandler[Any, Any] | None],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        given = dict(handler_call_details.invocation_metadata or ()).get(TOKEN_KEY, "")
        if not isinstance(given, str) or not hmac.compare_digest(given.encode(), self._token):
            return grpc.unary_unary_rpc_method_handler(_not_authorised)
        handler = continuation(handler_call_details)
        if handler is None:
            return None
        method = handler_call_details.method.rpartition("/")[2]
        return self._guarded(handler, method)

    def _guarded(self, handler: Any, method: str) -> grpc.RpcMethodHandler[Any, Any]:
        longest = LONGEST_TRANSFER if method in TRANSFERS else LONGEST_CALL

        def unary(request: Any, context: grpc.ServicerContext) -> Any:
            with _errors_answered(context):
                _check_call(context, longest)
                return handler.unary_unary(request, context)

        def stream(request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
            with _errors_answered(context):
                _check_call(context, longest)
                if method == "Watch" or method in TRANSFERS:
                    self._admit_watcher(context)
                yield from handler.unary_stream(request, context)

        codec = {
            "request_deserializer": handler.request_deserializer,
            "response_serializer": handler.response_serializer,
        }
        if handler.response_streaming:
            return grpc.unary_stream_rpc_method_handler(stream, **codec)
        return grpc.unary_unary_rpc_method_handler(unary, **codec)

    def _admit_watcher(self, context: grpc.ServicerContext) -> None:
        if not self._watchers.acquire(blocking=False):
            raise UnitUnreachable(f"{WATCHERS} watchers follow this unit's work already: close one, then try again")
        if not context.add_callback(self._watchers.release):
            self._watchers.release()
            raise UnitUnreachable("the caller has gone")


def _not_authorised(_request: Any, context: grpc.ServicerContext) -> Any:
    _abort(context, NotAuthorised("the unit's token is missing or wrong: connect as the user who runs the unit"))


def _check_call(context: grpc.ServicerContext, longest: float) -> None:
    # grpc has no public way to the :authority on the server's side
    authority = context._rpc_event.call_details.host.decode()  # type: ignore[attr-defined]
    if authority != AUTHORITY:
        raise NotAuthorised(f"this unit does not answer to the name {authority!r}")
    remaining = context.time_remaining()
    if remaining is None or remaining > longest:
        raise BadInput(f"calls need a deadline of at most {longest:g} s")


@contextmanager
def _errors_answered(context: grpc.ServicerContext) -> Iterator[None]:
    try:
        yield
    except SecondUnitError as error:
        _abort(context, error)
    except Exception as error:  # the edge of the process
        log.exception("a call failed")
        _abort(context, SecondUnitError(f"the unit failed: {type(error).__name__}: {error}; its log tells more"))


def _abort(context: grpc.ServicerContext, error: SecondUnitError) -> None:
    context.set_trailing_metadata(((ERROR_KEY, type(error).__name__),))
    context.abort(status_of(error), str(error)[:_DETAIL_LIMIT])


class _WithAuthority:
    """Takes a service's handlers as generic ones only: calls of registered methods come without their :authority."""

    def __init__(self, server: grpc.Server) -> None:
        self.add_generic_rpc_handlers = server.add_generic_rpc_handlers

    def add_registered_method_handlers(self, service_name: str, method_handlers: Any) -> None:
        pass


def serve(servicer: UnitServicer, token: str, socket: Path | None) -> tuple[grpc.Server, str]:
    """A started server and its target: a unix socket (mode 0600, in a folder that must be private), or a port of the
    loopback interface where `socket` is None."""
    server = grpc.server(
        ThreadPoolExecutor(WATCHERS + OTHER_CALLS, thread_name_prefix="rpc"),
        interceptors=[_Gate(token)],
        maximum_concurrent_rpcs=WATCHERS + OTHER_CALLS,
        options=[
            ("grpc.so_reuseport", 0),
            ("grpc.max_receive_message_length", MESSAGE_LIMIT),
            ("grpc.max_send_message_length", MESSAGE_LIMIT),
        ],
    )
    add_UnitServicer_to_server(servicer, _WithAuthority(server))  # type: ignore[arg-type]
    try:
        if socket is None:
            target = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
        else:
            target = unix_target(socket)
            server.add_insecure_port(target)
            socket.chmod(0o600)
    except (RuntimeError, OSError) as error:
        raise UnitUnreachable(f"the unit cannot listen at {socket or 'a port of 127.0.0.1'}: {error}") from error
    server.start()
    return server, target
