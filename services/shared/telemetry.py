"""Signals: structured logs with the trace id and no patient data, Prometheus metrics, OpenTelemetry spans."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, SpanKind, TraceFlags
from prometheus_client import Counter, Gauge, Histogram

from services.shared.events import Event

tracer = trace.get_tracer("sonobridge")

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

# The metrics that every service has; its own are in its metrics.py.
OUTBOX_WAITING = Gauge("sonobridge_outbox_waiting_events", "Events written and not yet acknowledged by Kafka")
OUTBOX_AGE = Gauge("sonobridge_outbox_oldest_seconds", "Age of the oldest event that waits in the outbox, seconds")
EVENTS_CONSUMED = Counter("sonobridge_events_consumed_total", "Records handled, by topic", ["topic"])
CONSUMER_LAG = Gauge(
    "sonobridge_consumer_lag_records", "Records not yet handled in the partitions held here", ["topic"]
)
DEAD_LETTERS = Counter("sonobridge_dead_letters_total", "Records put into a dead-letter topic, by origin", ["topic"])
REQUESTS = Counter(
    "sonobridge_http_requests_total", "HTTP requests, by route and status", ["method", "route", "status"]
)
REQUEST_SECONDS = Histogram(
    "sonobridge_http_request_seconds", "Duration of HTTP requests, seconds", ["method", "route"], buckets=_SECONDS
)
CALLS = Counter("sonobridge_grpc_calls_total", "gRPC calls served, by method and code", ["method", "code"])

# What a log line may say beside its words: nothing of it tells of a patient.
_LOGGED = ("method", "route", "status", "seconds", "topic", "event_type", "event_id")


def configure(service: str, level: str, otlp_endpoint: str) -> None:
    """Set up logs (JSON lines on stderr) and spans for this process."""
    processors: list[structlog.types.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_trace,
        structlog.stdlib.ExtraAdder(allow=_LOGGED),
        structlog.processors.format_exc_info,
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=processors,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("kafka", "uvicorn.access", "httpx", "pynetdicom"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    for quoting in ("pydicom", "highdicom"):  # their warnings quote the values that they doubt
        logging.getLogger(quoting).setLevel(logging.CRITICAL)
    structlog.configure(
        processors=[*processors, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    provider = TracerProvider(resource=Resource.create({"service.name": f"sonobridge-{service}"}))
    if otlp_endpoint:
        plain = not otlp_endpoint.startswith("https://")
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=otlp_endpoint, insecure=plain)))
    trace.set_tracer_provider(provider)


def trace_id() -> str:
    """The current trace's id, 32 hex digits; empty outside of any span."""
    context = trace.get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else ""


def traceparent() -> str:
    """The current span as a W3C traceparent header; empty outside of any span."""
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return carrier.get("traceparent", "")


@contextmanager
def consumer_span(event: Event, group: str) -> Iterator[None]:
    """A span for handling `event`, in the trace that the event carries."""
    parent = propagate.extract({"traceparent": event.traceparent}) if event.traceparent else None
    with tracer.start_as_current_span(f"{group} {event.type}", context=parent, kind=SpanKind.CONSUMER):
        yield


@contextmanager
def span_in_trace(name: str, exam_trace_id: str) -> Iterator[None]:
    """A span inside the exam's own trace, linked to the request that is going on now."""
    here = trace.get_current_span().get_span_context()
    remote = _of_trace(exam_trace_id)
    if not remote.is_valid:
        with tracer.start_as_current_span(name):
            yield
        return
    link_trace(exam_trace_id)
    context = trace.set_span_in_context(NonRecordingSpan(remote))
    with tracer.start_as_current_span(name, context=context, links=[Link(here)] if here.is_valid else []):
        yield


def link_trace(exam_trace_id: str) -> None:
    """Link the current span to the exam's trace, once; nothing happens inside that trace."""
    span = trace.get_current_span()
    remote = _of_trace(exam_trace_id)
    linked = {link.context.trace_id for link in getattr(span, "links", ())}
    if remote.is_valid and remote.trace_id not in linked | {span.get_span_context().trace_id}:
        span.add_link(remote)


def _of_trace(trace_id: str) -> SpanContext:
    """A place in a trace of which the id alone is kept."""
    return SpanContext(int(trace_id or "0", 16), int(trace_id[-16:] or "0", 16) or 1, True, TraceFlags(1))


def _add_trace(_logger: object, _name: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    if found := trace_id():
        event["trace_id"] = found
    return event
