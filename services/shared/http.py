"""HTTP as every service speaks it: health, metrics, problem details (RFC 9457), one trace, one way to know the caller."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Annotated, Any

import uvicorn
from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from opentelemetry import propagate
from opentelemetry.trace import SpanKind
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.shared import telemetry
from services.shared.auth import Authenticator
from services.shared.errors import Invalid, Malformed, NotFound, SonoBridgeError
from services.shared.settings import ServiceSettings
from services.shared.tenancy import Principal

_log = logging.getLogger(__name__)
ON_BEHALF_OF = "x-sonobridge-organisation"

Check = Callable[[], Awaitable[None]]


def build_app(
    service: str,
    title: str,
    authenticator: Authenticator | None,
    ready: dict[str, Check],
    besides: dict[str, Check] | None = None,
) -> FastAPI:
    """An app with health, readiness, metrics, OpenAPI and the platform's errors.

    `ready` names the parts it needs to work; `besides` those that it can do without for a while, which only operators see.
    """
    prefix = f"/api/{service}"
    app = FastAPI(title=title, version="1", openapi_url=f"{prefix}/openapi.json", docs_url=None, redoc_url=None)
    app.state.authenticator = authenticator

    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    async def states(checks: dict[str, Check]) -> dict[str, str]:
        return dict(zip(checks, await asyncio.gather(*(_state(check) for check in checks.values())), strict=True))

    @app.get("/readyz", include_in_schema=False)
    async def readyz() -> JSONResponse:
        found = await states(ready)
        return JSONResponse(found, 200 if all(state == "ok" for state in found.values()) else 503)

    @app.get(f"{prefix}/v1/health")
    async def health(caller: Annotated[Principal, role("operator")]) -> dict[str, str]:
        """Each part that this service works with: "ok", or what is wrong with it."""
        return await states(ready | (besides or {}))

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    @app.exception_handler(SonoBridgeError)
    async def known(request: Request, error: SonoBridgeError) -> Response:
        return problem(error.status, error.title(), error.detail, error.code(), error.data)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        faults = [{"where": ".".join(map(str, fault["loc"])), "fault": fault["msg"]} for fault in error.errors()]
        detail = "; ".join(f"{fault['where']}: {fault['fault']}" for fault in faults)
        kind = _kind(error)
        return problem(kind.status, kind.title(), detail, kind.code(), {"faults": faults})

    @app.exception_handler(HTTPException)
    async def framework(request: Request, error: HTTPException) -> Response:
        return problem(error.status_code, str(error.detail), str(error.detail), "Http", {}, dict(error.headers or {}))

    @app.exception_handler(Exception)
    async def fault(request: Request, error: Exception) -> Response:
        # The log has the rest; the trace id leads there.
        return problem(500, SonoBridgeError.title(), SonoBridgeError.title(), SonoBridgeError.code(), {})

    app.add_middleware(_Trace)
    return app


def problem(
    status: int, title: str, detail: str, code: str, data: dict[str, Any], headers: dict[str, str] | None = None
) -> Response:
    """An RFC 9457 answer."""
    body = {"type": f"urn:sonobridge:{code}", "title": title, "status": status, "detail": detail} | data
    if found := telemetry.trace_id():
        body["trace_id"] = found
    extra = dict(headers or {})
    if status == 401:
        extra["WWW-Authenticate"] = "Bearer"
    if status == 503:
        extra.setdefault("Retry-After", "5")
    return JSONResponse(body, status, extra, media_type="application/problem+json")


def _kind(error: RequestValidationError) -> type[SonoBridgeError]:
    """What a request is that does not fit its route."""
    faults = error.errors()
    if any(fault["type"] == "json_invalid" for fault in faults):
        return Malformed
    # An address that no thing can have is one that nothing has.
    return NotFound if any(fault["loc"][0] == "path" for fault in faults) else Invalid


def reaches(address: str) -> Check:
    """A check that something accepts connections at `address`: host:port, or several of which one is enough."""
    places = [one.strip().rpartition(":") for one in address.split(",")]

    async def check() -> None:
        faults = []
        for host, _, port in places:
            try:
                _, writer = await asyncio.open_connection(host, int(port))
            except OSError as error:
                faults.append(error)
            else:
                return writer.close()
        raise faults[0]

    return check


async def principal(request: Request) -> Principal:
    """The caller; a dependency of every route but health, metrics and OpenAPI."""
    authenticator: Authenticator = request.app.state.authenticator
    return await authenticator.authenticate(request.headers.get("authorization"), request.headers.get(ON_BEHALF_OF))


Caller = Annotated[Principal, Depends(principal)]


def role(*roles: str) -> Any:
    """A dependency: the caller, who must hold one of `roles`."""

    async def check(caller: Caller) -> Principal:
        caller.require(*roles)
        return caller

    return Depends(check)


async def serve(app: FastAPI, settings: ServiceSettings, stop: asyncio.Event) -> None:
    """Serve `app` until `stop`, then let requests in flight finish for up to 10 s."""
    server = _Server(
        uvicorn.Config(
            app,
            host=settings.http_host,
            port=settings.http_port,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=10,
            proxy_headers=True,
            server_header=False,
        )
    )
    serving = asyncio.create_task(server.serve())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    stopping.cancel()
    await serving
    if not stop.is_set():
        raise RuntimeError(f"HTTP did not start on {settings.http_host}:{settings.http_port}; is the port taken?")


class _Server(uvicorn.Server):
    """uvicorn without its own signal handling: the process stops by its stop event."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Trace:
    """A span and the request metrics around each request; continues the caller's W3C trace."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in ("/healthz", "/readyz", "/metrics"):
            await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        status = 500
        started = time.perf_counter()

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if found := telemetry.trace_id():
                    message["headers"] = [*message["headers"], (b"x-trace-id", found.encode())]
            await send(message)

        context = propagate.extract(headers)
        with telemetry.tracer.start_as_current_span(scope["method"], context=context, kind=SpanKind.SERVER) as span:
            try:
                await self._app(scope, receive, watched)
            finally:
                route = getattr(scope.get("route"), "path", "unknown")
                span.update_name(f"{scope['method']} {route}")
                span.set_attribute("http.response.status_code", status)
                telemetry.REQUESTS.labels(scope["method"], route, str(status)).inc()
                seconds = time.perf_counter() - started
                telemetry.REQUEST_SECONDS.labels(scope["method"], route).observe(seconds)
                # The route's template: an address itself may hold a patient's name.
                said = {"method": scope["method"], "route": route, "status": status, "seconds": round(seconds, 3)}
                _log.info("request", extra=said)


async def _state(check: Check) -> str:
    try:
        await asyncio.wait_for(check(), timeout=5)
    except (SonoBridgeError, OSError, TimeoutError) as error:
        return str(error) or type(error).__name__
    return "ok"


async def body_chunks(request: Request) -> AsyncIterator[bytes]:
    """The request's body as it arrives."""
    async for chunk in request.stream():
        if chunk:
            yield chunk
