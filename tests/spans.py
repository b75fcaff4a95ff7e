"""Collects the spans that a stack's services export: an OTLP/gRPC receiver inside the test's own process."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as messages
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as rpc

from infra.local.files import write_whole
from infra.local.paths import State
from infra.local.ports import free_port

SERVICE_NAME = "service.name"


@dataclass(frozen=True)
class Span:
    """One finished span; ids in hexadecimal digits."""

    service: str
    name: str
    trace_id: str
    links: frozenset[str]  # ids of the traces that it points to


class Collector(rpc.TraceServiceServicer):
    """Keeps every span that it is told of."""

    def __init__(self) -> None:
        self._spans: list[Span] = []
        self._lock = threading.Lock()

    def Export(self, request: messages.ExportTraceServiceRequest, context: Any) -> messages.ExportTraceServiceResponse:
        found = []
        for resource in request.resource_spans:
            service = next(
                one.value.string_value for one in resource.resource.attributes if one.key == SERVICE_NAME
            ).removeprefix("sonobridge-")
            for scope in resource.scope_spans:
                for span in scope.spans:
                    links = frozenset(link.trace_id.hex() for link in span.links)
                    found.append(Span(service, span.name, span.trace_id.hex(), links))
        with self._lock:
            self._spans += found
        return messages.ExportTraceServiceResponse()

    def spans(self) -> list[Span]:
        """Every span so far, in the order of arrival."""
        with self._lock:
            return list(self._spans)


@contextmanager
def collector(state: State) -> Iterator[Collector]:
    """A receiver whose address the stack in `state` reads when its services start."""
    endpoint = state.folder / "otlp-endpoint"
    if not endpoint.exists():
        write_whole(endpoint, f"127.0.0.1:{free_port()}\n")
    made = Collector()
    server = grpc.server(ThreadPoolExecutor(2))
    rpc.add_TraceServiceServicer_to_server(made, server)  # type: ignore[no-untyped-call]
    server.add_insecure_port(endpoint.read_text(encoding="utf-8").strip())
    server.start()
    try:
        yield made
    finally:
        server.stop(None).wait()
