"""Who calls: a bearer token, or a signed-in browser, with the scope that the call needs.

A token is looked up once a second at most: one that was revoked ends within that. While the database
does not answer, tokens that were good a short while ago go on, so that predictions do.

Belongs here: tokens of requests, and how often each may ask. Does not belong here: cookies
(``sessions``), making tokens (``operation.access``).
"""

import asyncio
import math
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic

from fastapi import Request

from rul_platform.service.problems import Problem
from rul_platform.storage.access_tokens import AccessToken, parts_of
from rul_platform.storage.database import REFUSED
from rul_platform.storage.home import Home

REMEMBERED_SECONDS = 1.0
"""A token that was revoked ends within this time."""

WITHOUT_DATABASE_SECONDS = 300.0
"""How long a token is believed while nobody can look it up."""

LOOK_SECONDS = 2.0
"""A database that says nothing is waited for so long, and then left alone as long."""

TOKENS_KNOWN = 10_000
BURST_SECONDS = 2.0
"""A caller may save up so many seconds of its rate."""


@dataclass(slots=True)
class _Known:
    token: AccessToken | None
    looked_up: float
    failed: float  # when a look-up failed last
    left: float  # of the rate, in requests
    counted: float


class Tokens:
    """The tokens that were shown lately."""

    def __init__(self, home: Home, *, remembered_seconds: float = REMEMBERED_SECONDS) -> None:
        self._home, self._remembered = home, remembered_seconds
        self._known: OrderedDict[str, _Known] = OrderedDict()

    async def caller(self, shown: str, scope: str) -> AccessToken:
        """The token that was shown, if it is good for this.

        Raises:
            Problem: 401 where it is none, or does not hold; 403 without the scope; 429 too often.
        """
        parts = parts_of(shown)
        if parts is None:
            raise unauthorised("The token has not the form rul_<id>_<secret>.")
        number, secret = parts
        known = await self._look_up(number)
        token = known.token
        if token is None or not token.is_of(secret):
            raise unauthorised("Nobody knows this token.")
        self._require(token, known, scope)
        return token

    async def by_id(self, number: str, scope: str) -> AccessToken:
        """The token of somebody who signed in with it; raises as :meth:`caller`."""
        known = await self._look_up(number)
        if known.token is None:
            raise unauthorised("Nobody knows this token.")
        self._require(known.token, known, scope)
        return known.token

    def forget(self) -> None:
        """Look every token up again when it is shown next."""
        self._known.clear()

    async def still_holds(self, number: str, scope: str) -> bool:
        """Whether a token still allows this; not counted as a request."""
        token = (await self._look_up(number)).token
        if token is None or not token.holds(self._home.now()):
            return False
        return scope in token.scopes or "admin" in token.scopes

    def _require(self, token: AccessToken, known: _Known, scope: str) -> None:
        if not token.holds(self._home.now()):
            ended = "was revoked" if token.revoked_at else "has expired"
            detail = f"Token {token.id} {ended}. `rul token create` makes another."
            raise unauthorised(detail)
        if scope not in token.scopes and "admin" not in token.scopes:
            detail = (
                f"Token {token.id} allows {', '.join(sorted(token.scopes))}; this needs {scope}."
            )
            raise Problem(403, "forbidden", detail)
        self._count(token, known)

    def _count(self, token: AccessToken, known: _Known) -> None:
        now, most = monotonic(), max(token.rate * BURST_SECONDS, 1.0)
        known.left = min(most, known.left + (now - known.counted) * token.rate)
        known.counted = now
        if known.left < 1.0:
            wait = math.ceil((1.0 - known.left) / token.rate)
            detail = f"Token {token.id} allows {token.rate:g} requests per second. Ask again later."
            raise Problem(429, "too_many_requests", detail, headers={"Retry-After": str(wait)})
        known.left -= 1.0

    def _believed(self, known: _Known, now: float) -> _Known:
        """A token that was good a short while ago, while nobody can look it up."""
        if now - known.looked_up > WITHOUT_DATABASE_SECONDS:
            raise nobody_can_tell()
        return known

    async def _look_up(self, number: str) -> _Known:
        now, known = monotonic(), self._known.get(number)
        if known is not None and now - known.looked_up < self._remembered:
            return known
        if known is not None and now - known.failed < LOOK_SECONDS:
            return self._believed(known, now)
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                token = await asyncio.to_thread(self._home.tokens.find, number)
        except REFUSED as error:
            if known is None:
                raise nobody_can_tell() from error
            known.failed = monotonic()
            return self._believed(known, now)
        known = self._known.get(number)  # another request may have been faster
        if known is None:
            burst = max((token.rate if token else 0.0) * BURST_SECONDS, 1.0)
            known = _Known(token, now, -math.inf, burst, now)
        known.token, known.looked_up = token, now
        if token is None:  # forgotten: made-up tokens must not drive out those that hold
            self._known.pop(number, None)
            return known
        self._known[number] = known
        self._known.move_to_end(number)
        if len(self._known) > TOKENS_KNOWN:
            self._known.popitem(last=False)
        return known


def nobody_can_tell() -> Problem:
    """A 503: whether somebody may come in stands in the database."""
    detail = "The database does not answer, so nobody can be let in. Ask again later."
    return Problem(503, "unavailable", detail)


def unauthorised(detail: str) -> Problem:
    """A 401 that says how to do better."""
    return Problem(401, "unauthorised", detail, headers={"WWW-Authenticate": "Bearer"})


async def caller(request: Request, scope: str) -> AccessToken:
    """The token of a request, if it allows this.

    Raises:
        Problem: As :meth:`Tokens.caller`, and 401 where none was shown.
    """
    told = request.headers.getlist("authorization")
    kind, _, shown = told[0].partition(" ") if len(told) == 1 else ("", "", "")
    if kind.lower() != "bearer":
        raise unauthorised(
            "Send one header, `Authorization: Bearer rul_…`; `rul token create` makes a token."
        )
    tokens: Tokens = request.app.state.parts.tokens
    token = await tokens.caller(shown.strip(" "), scope)
    request.scope["rul.token"] = token.id
    return token


def requires(scope: str) -> Callable[[Request], Awaitable[AccessToken]]:
    """A dependency that lets callers with this scope through, and gives their token."""

    async def required(request: Request) -> AccessToken:
        return await caller(request, scope)

    return required
