"""gRPC as every service speaks it: one builder adds authentication, errors, trace, metrics, health and reflection."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from uuid import UUID

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1._async import HealthServicer
from grpc_health.v1.health import SERVICE_NAME
from grpc_reflection.v1alpha import reflection
from opentelemetry import propagate
from opentelemetry.trace import SpanKind

from services.shared import telemetry
from services.shared.auth import Authenticator, ServiceToken
from services.shared.errors import SonoBridgeError, Unavailable, by_code
from services.shared.http import ON_BEHALF_OF
from services.shared.settings import ServiceSettings
from services.shared.tenancy import Principal

_log = logging.getLogger(__name__)
_ERROR_CODE = "sonobridge-error"
_OPEN = ("/grpc.health.v1.Health/", "/grpc.reflection.")
_GRACE_SECONDS = 10
_MAX_MESSAGE_BYTES = 4 << 20
# A caller looks for new replicas when a connection ends, and would keep to the old ones otherwise.
_CONNECTION_MS, _LAST_CALLS_MS = 300_000, 60_000

_principal: ContextVar[Principal] = ContextVar("principal")


def principal() -> Principal:
    """The caller of the method that runs now."""
    return _principal.get()


async def serve(
    settings: ServiceSettings,
    authenticator: Authenticator,
    register: Callable[[grpc.aio.Server], list[str]],
    stop: asyncio.Event,
) -> None:
    """Serve until `stop`. `register` adds the servicers and answers the full names of their services."""
    server = grpc.aio.server(
        interceptors=[_Interceptor(authenticator)],
        options=[
            ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
            ("grpc.so_reuseport", 0),
            ("grpc.max_connection_age_ms", _CONNECTION_MS),
            ("grpc.max_connection_age_grace_ms", _LAST_CALLS_MS),
        ],
    )
    names = register(server)
    checks = HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(checks, server)
    reflection.enable_server_reflection([*names, SERVICE_NAME, reflection.SERVICE_NAME], server)
    try:
        bound = server.add_insecure_port(f"{settings.grpc_host}:{settings.grpc_port}")
    except RuntimeError as error:
        raise RuntimeError(
            f"gRPC did not start on {settings.grpc_host}:{settings.grpc_port}; is the port taken?"
        ) from error
    if settings.grpc_port not in (bound, 0):
        raise RuntimeError(f"gRPC did not start on {settings.grpc_host}:{settings.grpc_port}")
    await server.start()
    for name in ("", *names):
        await checks.set(name, health_pb2.HealthCheckResponse.SERVING)
    await stop.wait()
    await checks.enter_graceful_shutdown()
    await server.stop(_GRACE_SECONDS)


class Caller:
    """Calls another service for a tenant, with this service's token and trace; each call goes to the next of its replicas."""

    def __init__(self, target: str, token: ServiceToken) -> None:
        self.channel = grpc.aio.insecure_channel(
            target,
            options=[
                ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
                ("grpc.lb_policy_name", "round_robin"),
            ],
        )
        self._token = token

    async def metadata(self, organisation_id: UUID) -> list[tuple[str, str]]:
        """Metadata for one call on behalf of `organisation_id`."""
        entries = [("authorization", f"Bearer {await self._token.get()}"), (ON_BEHALF_OF, str(organisation_id))]
        parent = telemetry.traceparent()
        return [*entries, ("traceparent", parent)] if parent else entries

    async def close(self) -> None:
        await self.channel.close(None)


def raise_error(error: grpc.aio.AioRpcError) -> None:
    """Raise the platform's error that `error` carries; Unavailable when the other side is away."""
    metadata: Any = error.trailing_metadata() or ()
    trailing: dict[str, Any] = dict(metadata)
    if code := trailing.get(_ERROR_CODE):
        raise by_code(str(code))(error.details() or "") from error
    if error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED):
        raise Unavailable(f"{error.code().name}: {error.details()}") from error
    raise SonoBridgeError(f"{error.code().name}: {error.details()}") from error


if TYPE_CHECKING:
    _ServerInterceptor = grpc.aio.ServerInterceptor[Any, Any]
else:  # generic in its stubs alone
    _ServerInterceptor = grpc.aio.ServerInterceptor


class _Interceptor(_ServerInterceptor):
    def __init__(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator

    async def intercept_service(
        self, continuation: Callable[[Any], Awaitable[Any]], details: grpc.HandlerCallDetails
    ) -> Any:
        handler = await continuation(details)
        method: str = details.method
        if handler is None or method.startswith(_OPEN):
            return handler
        metadata = {name: value for name, value in details.invocation_metadata if isinstance(value, str)}
        if handler.response_streaming:
            wrap = (
                grpc.stream_stream_rpc_method_handler
                if handler.request_streaming
                else grpc.unary_stream_rpc_method_handler
            )
            inner_stream = handler.stream_stream or handler.unary_stream

            async def streaming(request: Any, context: Any) -> AsyncIterator[Any]:
                async with _Call(self._authenticator, method, metadata, context):
                    async for answer in inner_stream(request, context):
                        yield answer

            return wrap(streaming, handler.request_deserializer, handler.response_serializer)
        wrap = (
            grpc.stream_unary_rpc_method_handler if handler.request_streaming else grpc.unary_unary_rpc_method_handler
        )
        inner = handler.stream_unary or handler.unary_unary

        async def single(request: Any, context: Any) -> Any:
            async with _Call(self._authenticator, method, metadata, context):
                return await inner(request, context)

        return wrap(single, handler.request_deserializer, handler.response_serializer)


class _Call:
    """What surrounds one call: span, caller, errors as status, a count."""

    def __init__(self, authenticator: Authenticator, method: str, metadata: dict[str, str], context: Any) -> None:
        self._authenticator, self._method, self._metadata, self._context = authenticator, method, metadata, context
        self._span = telemetry.tracer.start_as_current_span(method, propagate.extract(metadata), SpanKind.SERVER)

    async def __aenter__(self) -> None:
        self._span.__enter__()
        try:
            caller = await self._authenticator.authenticate(
                self._metadata.get("authorization"), self._metadata.get(ON_BEHALF_OF)
            )
        except SonoBridgeError as error:
            await self._abort(error)
        _principal.set(caller)

    async def __aexit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        if isinstance(error, SonoBridgeError):
            await self._abort(error)
        if error is not None and not isinstance(error, grpc.aio.AbortError | asyncio.CancelledError | GeneratorExit):
            _log.error("%s failed", self._method, exc_info=error)
        telemetry.CALLS.labels(self._method, "OK" if error is None else "ERROR").inc()
        self._span.__exit__(kind, error, traceback)

    async def _abort(self, error: SonoBridgeError) -> None:
        telemetry.CALLS.labels(self._method, error.grpc_code.name).inc()
        try:
            await self._context.abort(error.grpc_code, error.detail, ((_ERROR_CODE, error.code()),))
        finally:
            self._span.__exit__(None, None, None)
