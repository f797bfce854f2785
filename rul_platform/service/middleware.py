"""Around every request: an id, a time, security headers, one line in the log.

Pure ASGI: what Starlette's own base class for middleware costs would be a fifth of an answer.

Belongs here: what holds for all routes. Does not belong here: who may call (``access``).
"""

import logging
import secrets
from collections.abc import Iterable
from time import perf_counter
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rul_platform.service import problems
from rul_platform.service.json_log import REQUEST_ID
from rul_platform.service.metrics import Metrics
from rul_platform.service.telemetry import RequestSpan, Tracing

_LOG = logging.getLogger("rul_platform.service.requests")

CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
"""On every answer; an API's answers carry them too: a browser may be led to one."""

_RAW = [
    (name.lower().encode(), value.encode())
    for name, value in (HEADERS | {"Cache-Control": "no-store"}).items()
]

GONE = 499
"""What the log says of a caller that went away before it had told all; nobody gets it as an answer."""


class Around:
    """The middleware."""

    def __init__(self, app: ASGIApp, metrics: Metrics, tracing: Tracing) -> None:
        self._app, self._metrics, self._tracing = app, metrics, tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["rul.request_id"] = request_id = secrets.token_hex(8)
        REQUEST_ID.set(request_id)  # each request has a task, and so a context, of its own
        begin, status, is_begun = perf_counter(), problems.SERVER_ERROR, False

        async def told(message: Message) -> None:
            nonlocal status, is_begun
            if message["type"] == "http.response.start":
                status, is_begun = message["status"], True
                message["headers"] = _with_ours(message["headers"], request_id)
            await send(message)

        self._metrics.in_flight.inc()
        with self._tracing.request(scope) as span:
            try:
                await self._app(scope, receive, told)
            except ClientDisconnect:
                status = GONE
            except Exception as error:  # whatever it is, the caller gets an answer of the one form
                answer = problems.unexpected(Request(scope), error)
                if not is_begun:
                    await answer(scope, receive, told)
            finally:
                self._metrics.in_flight.dec()
                self._note(scope, span, status, perf_counter() - begin)

    def _note(self, scope: Scope, span: RequestSpan, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unknown")  # not the path: it may hold anything
        self._metrics.requested(scope["method"], route, status, seconds)
        span.end(scope["method"], route, status)
        if _LOG.isEnabledFor(logging.INFO):
            fields = _fields(scope, route, status, seconds)
            if span.trace_id is not None:
                fields["trace_id"] = span.trace_id
            _LOG.info("request", extra={"fields": fields})


def _with_ours(
    headers: Iterable[tuple[bytes, bytes]], request_id: str
) -> list[tuple[bytes, bytes]]:
    """A route's own headers stand: a report has another policy for its own style."""
    own = list(headers)
    there = {name for name, _ in own}
    own += [each for each in _RAW if each[0] not in there]
    own.append((b"x-request-id", request_id.encode()))
    return own


def _fields(scope: Scope, route: str, status: int, seconds: float) -> dict[str, Any]:
    return {
        "method": scope["method"],
        "route": route,
        "status": status,
        "ms": round(1000 * seconds, 3),
        "token": scope.get("rul.token"),
    }
