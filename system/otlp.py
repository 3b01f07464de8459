"""OpenTelemetry's side of tracing: where spans go, and how one process's trace is continued in another."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import structlog
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from system.privacy import hide

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from opentelemetry.context import Context

    from system.settings import Settings
    from system.tracing import Kind

PATIENCE_S: Final = 5
FLUSH_MS: Final = 2_000
_PROPAGATOR: Final = TraceContextTextMapPropagator()
_EMPTY: Final = trace.set_span_in_context(trace.INVALID_SPAN)


class Tracing:
    """One process's tracer. Not the global one: libraries that find a global one write spans with paths and statements.

    The rest is set by OpenTelemetry's own variables: OTEL_TRACES_SAMPLER, OTEL_EXPORTER_OTLP_HEADERS and so on.
    """

    def __init__(self, settings: Settings) -> None:
        about = {"service.name": "steadypost", "deployment.environment.name": settings.environment}
        if settings.release:
            about["service.version"] = settings.release
        self._provider = TracerProvider(resource=Resource.create(about))
        endpoint = f"{str(settings.otlp_endpoint).rstrip('/')}/v1/traces"
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint, timeout=PATIENCE_S)))
        self._tracer = self._provider.get_tracer("steadypost")

    @contextmanager
    def span(self, name: str, *, kind: Kind, within: str | None, attributes: Mapping[str, Any]) -> Iterator[None]:
        """One span around a block, in the present trace or `within` that of another process."""
        with self._tracer.start_as_current_span(
            name,
            context=_read(within) if within else None,
            kind=trace.SpanKind[kind.upper()],
            attributes=_with_ids(attributes),
            record_exception=False,
            set_status_on_exception=False,
        ):
            try:
                yield
            except BaseException as exc:
                self.fail(exc)
                raise

    def begin(self, name: str, *, attributes: Mapping[str, Any]) -> str | None:
        """A new trace with one span that has ended, linked to the present one."""
        now = trace.get_current_span().get_span_context()
        span = self._tracer.start_span(
            name,
            context=_EMPTY,
            kind=trace.SpanKind.PRODUCER,
            attributes=_with_ids(attributes),
            links=[trace.Link(now)] if now.is_valid else None,
        )
        span.end()
        return _write(trace.set_span_in_context(span))

    def current(self) -> str | None:
        """The present span as others can continue it."""
        return _write(None)

    def link(self, elsewhere: Sequence[str]) -> None:
        """Link the present span to spans of other traces."""
        span = trace.get_current_span()
        for traceparent in elsewhere:
            span.add_link(trace.get_current_span(_read(traceparent)).get_span_context())

    def note(self, attributes: Mapping[str, Any]) -> None:
        """Add to the present span."""
        trace.get_current_span().set_attributes({name: _shown(value) for name, value in attributes.items()})

    def fail(self, error: BaseException) -> None:
        """Mark the present span with the error's type, and not with its text, which may quote an address."""
        trace.get_current_span().set_status(trace.Status(trace.StatusCode.ERROR, type(error).__name__))

    def flush(self) -> None:
        """Send what waits."""
        self._provider.force_flush(FLUSH_MS)


def _with_ids(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _shown(value) for name, value in {**structlog.contextvars.get_contextvars(), **attributes}.items()}


def _shown(value: Any) -> Any:
    return value if isinstance(value, bool | int | float) else hide(str(value))


def _read(traceparent: str) -> Context:
    return _PROPAGATOR.extract({"traceparent": traceparent}, context=_EMPTY)


def _write(context: Context | None) -> str | None:
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier, context)
    return carrier.get("traceparent")
