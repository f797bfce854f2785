"""Spans of requests and of the steps of an answer, sent by OTLP over HTTP.

Made here and not by OpenTelemetry's own middleware, which tells addresses, user agents and whole URLs. A
span has the route's template, the status, the plant and the version; of an error, its class.

Belongs here: spans and their way out. Does not belong here: whether there are any (``telemetry``), which
imports this module only where a collector is named: the packages are an extra.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, format_trace_id
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.types import Scope

from rul_platform.service.metrics import METHODS, OTHER
from rul_platform.service.problems import SERVER_ERROR
from rul_platform.service.telemetry import RequestSpan, Untraced

NAME = "rul-platform"
EXPORT_SECONDS = 5.0
"""How long one try to reach the collector may take."""

QUIET = frozenset({"/live", "/ready", "/serving", "/metrics"})
"""Asked every few seconds by machines; no spans."""

PARENT_HEADERS = ("traceparent", "tracestate")


class Traced:
    """Spans to one collector."""

    def __init__(self, endpoint: str) -> None:
        self._provider = TracerProvider(resource=_resource(), shutdown_on_exit=False)
        url = f"{endpoint.rstrip('/')}/v1/traces"
        exporter = OTLPSpanExporter(endpoint=url, timeout=EXPORT_SECONDS)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer(NAME, version(NAME))
        self._parent = TraceContextTextMapPropagator()

    @contextmanager
    def request(self, scope: Scope) -> Iterator[RequestSpan]:
        """A span that goes on with the caller's trace, where one is named."""
        if scope["path"] in QUIET:
            with Untraced().request(scope) as nothing:
                yield nothing
            return
        with self._tracer.start_as_current_span(
            "request",
            context=self._context(scope),
            kind=SpanKind.SERVER,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            yield _RequestSpan(span)

    @contextmanager
    def step(self, name: str, *, plant: str, version: int) -> Iterator[None]:
        """A span of a step; it fails with the step, and tells the class of the error alone."""
        with self._tracer.start_as_current_span(
            name,
            attributes={"rul.plant": plant, "rul.model.version": version},
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            except Exception as error:  # noted, and raised again
                span.set_attribute("error.type", type(error).__name__)
                span.set_status(Status(StatusCode.ERROR))
                raise

    def close(self) -> None:
        """Send what waits, and end."""
        self._provider.shutdown()

    def _context(self, scope: Scope) -> Context:
        shown = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        return self._parent.extract({name: shown[name] for name in PARENT_HEADERS if name in shown})


class _RequestSpan:
    """The span of one request."""

    def __init__(self, span: Span) -> None:
        self._span = span

    @property
    def trace_id(self) -> str:
        return format_trace_id(self._span.get_span_context().trace_id)

    def end(self, method: str, route: str, status: int) -> None:
        method = method if method in METHODS else OTHER
        self._span.update_name(f"{method} {route}")
        self._span.set_attributes(
            {
                "http.request.method": method,
                "http.route": route,
                "http.response.status_code": status,
            }
        )
        if status >= SERVER_ERROR:
            self._span.set_status(Status(StatusCode.ERROR))


def _resource() -> Resource:
    """Who sends; what ``OTEL_SERVICE_NAME`` and ``OTEL_RESOURCE_ATTRIBUTES`` say comes first."""
    ours = Resource({"service.name": NAME, "service.version": version(NAME)})
    return Resource.create().merge(ours).merge(OTELResourceDetector().detect())
