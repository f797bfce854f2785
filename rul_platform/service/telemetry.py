"""Traces for an OpenTelemetry collector, where one is named; otherwise nothing, at no cost.

Belongs here: on or off. Does not belong here: spans (``spans``), which need an extra.
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from starlette.types import Scope

from rul_platform.errors import MissingExtraError
from rul_platform.operation.serving.steps import Step, unwatched


class RequestSpan(Protocol):
    """The span of one request."""

    @property
    def trace_id(self) -> str | None:
        """Of its trace, in hex; None where there is none."""
        ...

    def end(self, method: str, route: str, status: int) -> None:
        """Say what came of it."""
        ...


class Tracing(Protocol):
    """Where spans go."""

    @property
    def step(self) -> Step:
        """For steps of an answer."""
        ...

    def request(self, scope: Scope) -> AbstractContextManager[RequestSpan]:
        """A block that a request is answered in."""
        ...

    def close(self) -> None:
        """Send what waits, and end."""
        ...


class _Nothing:
    trace_id = None

    def end(self, method: str, route: str, status: int) -> None:
        """There is nothing to end."""


class Untraced:
    """Tells nobody."""

    step: Step = staticmethod(unwatched)
    _request: AbstractContextManager[RequestSpan] = nullcontext(_Nothing())

    def request(self, scope: Scope) -> AbstractContextManager[RequestSpan]:  # noqa: ARG002
        """The same nothing for each."""
        return self._request

    def close(self) -> None:
        """Nothing waits."""


def tracing_to(endpoint: str | None) -> Tracing:
    """Spans to a collector, or to nobody where there is no endpoint.

    Args:
        endpoint: Its base URL, as ``OTEL_EXPORTER_OTLP_ENDPOINT`` has it.

    Raises:
        MissingExtraError: An endpoint is named, and the packages are not installed.
    """
    if endpoint is None:
        return Untraced()
    try:
        from rul_platform.service.spans import Traced
    except ImportError as error:
        what = "Sending traces (OTEL_EXPORTER_OTLP_ENDPOINT is set)"
        raise MissingExtraError(what, package="opentelemetry-sdk", extra="telemetry") from error
    return Traced(endpoint)
