"""Trace requests by OpenTelemetry; its package is imported where traces are asked for."""

from __future__ import annotations

from time import perf_counter, time_ns
from typing import TYPE_CHECKING, Any

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.web.observability.record import Record

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from werkzeug.datastructures import Headers

SERVICE = "houndstooth"
"""Name of the service, unless ``OTEL_SERVICE_NAME`` says another."""


class Traces:
    """Makes a span for each request, and in it one for each part of a stage and of the engine.

    A caller's ``traceparent`` is the parent.

    Args:
        provider: Takes the spans.
    """

    def __init__(self, provider: TracerProvider) -> None:
        from opentelemetry import propagate, trace

        self.provider = provider
        self._tracer = provider.get_tracer(SERVICE)
        self._parent, self._inside = propagate.extract, trace.set_span_in_context
        self._server, self._error = trace.SpanKind.SERVER, trace.StatusCode.ERROR

    def begin(self, record: Record, method: str, headers: Headers) -> None:
        """Begin the span of a request; its trace id goes into the log line."""
        parent = self._parent({name.lower(): value for name, value in headers.items()})
        record.span = span = self._tracer.start_span(method, parent, self._server)
        if span.get_span_context().is_valid:
            record.facts["trace_id"] = f"{span.get_span_context().trace_id:032x}"

    def end(self, record: Record, method: str, route: str, status: int) -> None:
        """End the span of a request; its parts follow, as they are known by now."""
        span = record.span
        if not span.is_recording():
            return
        span.update_name(f"{method} {route}")
        span.set_attributes(
            {
                "http.request.method": method,
                "http.route": route,
                "http.response.status_code": status,
                "houndstooth.request_id": record.request_id,
            }
        )
        if status >= 500:
            span.set_status(self._error)
        self._add_parts(record)
        span.end()

    def _add_parts(self, record: Record) -> None:
        """Add a span for each part; what was asked of the engine in a stage lies in that stage."""
        epoch = time_ns() - int(1e9 * perf_counter())
        around: list[tuple[float, Any]] = [(float("inf"), record.span)]
        for name, began, ended in sorted(record.parts, key=lambda part: (part[1], -part[2])):
            while around[-1][0] < ended:
                around.pop()
            inside = self._inside(around[-1][1])
            part = self._tracer.start_span(name, inside, start_time=epoch + int(1e9 * began))
            part.end(epoch + int(1e9 * ended))
            around.append((ended, part))


def open_traces() -> Traces:
    """Send traces by OTLP over HTTP, where the standard variables ``OTEL_*`` say.

    Raises:
        InvalidConfig: The packages of ``houndstooth[traces]`` are missing.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import OTELResourceDetector, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise InvalidConfig(
            f"HOUNDSTOOTH_TRACES: expected the packages of houndstooth[traces]; got {error}"
        ) from None
    resource = Resource.create({"service.name": SERVICE}).merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Traces(provider)
