"""Around every request: an id, a time, security headers, one line in the log.

Pure ASGI: what Starlette's own base class for middleware costs would be a fifth of an answer.

Belongs here: what holds for all routes. Does not belong here: who may call (``access``).
"""

import logging
import secrets
from time import perf_counter
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rul_platform.service import problems
from rul_platform.service.metrics import Metrics

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

GONE = 499
"""What the log says of a caller that went away before it had told all; nobody gets it as an answer."""


class Around:
    """The middleware."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["rul.request_id"] = request_id = secrets.token_hex(8)
        begin, status, is_begun = perf_counter(), problems.SERVER_ERROR, False

        async def told(message: Message) -> None:
            nonlocal status, is_begun
            if message["type"] == "http.response.start":
                status, is_begun = message["status"], True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
                headers["X-Request-ID"] = request_id
            await send(message)

        try:
            await self._app(scope, receive, told)
        except ClientDisconnect:
            status = GONE
        except Exception as error:  # whatever it is, the caller gets an answer of the one form
            answer = problems.unexpected(Request(scope), error)
            if not is_begun:
                await answer(scope, receive, told)
        finally:
            self._note(scope, status, perf_counter() - begin)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unknown")  # not the path: it may hold anything
        self._metrics.requests.labels(route, status).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        if _LOG.isEnabledFor(logging.INFO):
            _LOG.info("request", extra={"fields": _fields(scope, route, status, seconds)})


def _fields(scope: Scope, route: str, status: int, seconds: float) -> dict[str, Any]:
    return {
        "request_id": scope["rul.request_id"],
        "method": scope["method"],
        "route": route,
        "status": status,
        "ms": round(1000 * seconds, 3),
        "token": scope.get("rul.token"),
    }
