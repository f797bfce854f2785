"""Sessions that are over because somebody signed out, here or at another process of the service.

A session is looked up once a second at most, as tokens are, and believed for as long as they are while
the database does not answer.

Belongs here: what is remembered between two looks. Does not belong here: rows
(``storage.ended_sessions``).
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from time import monotonic

from rul_platform.service.access import (
    LOOK_SECONDS,
    REMEMBERED_SECONDS,
    WITHOUT_DATABASE_SECONDS,
    nobody_can_tell,
)
from rul_platform.storage.database import REFUSED
from rul_platform.storage.home import Home

_LOG = logging.getLogger(__name__)

SESSIONS_KNOWN = 10_000
FOR_GOOD = float("inf")


class Ended:
    """The sessions that were shown lately: those that go on, and those that are over."""

    def __init__(self, home: Home, *, remembered_seconds: float = REMEMBERED_SECONDS) -> None:
        self._home, self._remembered = home, remembered_seconds
        self._looked_up: OrderedDict[str, float] = OrderedDict()  # FOR_GOOD: it is over
        self._unwritten = set[str]()  # over, and the database did not take it yet
        self._failed = -FOR_GOOD

    async def end(self, cookie: str) -> None:
        """End a session, everywhere.

        Raises:
            SQLAlchemyError: The database does not answer: it is over here, and goes on elsewhere until
                its cookie is shown here once more.
        """
        self._remember(cookie, FOR_GOOD)
        self._unwritten.add(cookie)
        await asyncio.to_thread(self._home.ended_sessions.end, cookie, self._home.now())
        self._unwritten.discard(cookie)

    def is_known(self, cookie: str) -> bool:
        """Whether a session is over, as far as was seen here."""
        return cookie in self._unwritten or self._looked_up.get(cookie) == FOR_GOOD

    async def has_ended(self, cookie: str) -> bool:
        """Whether a session is over.

        Args:
            cookie: One of ours, by its signature: made-up ones would fill memory and ask the database.

        Raises:
            Problem: 503 where the database does not answer, and did not lately.
        """
        now, before = monotonic(), self._looked_up.get(cookie, -FOR_GOOD)
        if self.is_known(cookie):
            if cookie in self._unwritten:
                await self._ask(self.end, cookie)
            return True
        if now - before < self._remembered:
            return False
        is_over = await self._ask(self._find, cookie)
        if is_over is not None:
            self._remember(cookie, FOR_GOOD if is_over else now)
        elif now - before > WITHOUT_DATABASE_SECONDS:
            raise nobody_can_tell()
        return self.is_known(cookie)

    async def _find(self, cookie: str) -> bool:
        return await asyncio.to_thread(self._home.ended_sessions.has_ended, cookie)

    async def _ask(
        self, question: Callable[[str], Awaitable[bool | None]], cookie: str
    ) -> bool | None:
        """What the database says; None where it does not answer, or did not a moment ago."""
        if monotonic() - self._failed < LOOK_SECONDS:
            return None
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                return await question(cookie)
        except REFUSED as error:
            _LOG.warning("The database does not say which sessions are over: %r", error)
            self._failed = monotonic()
            return None

    def _remember(self, cookie: str, looked_up: float) -> None:
        """What is over stays so: it may have ended while the database was asked."""
        self._looked_up[cookie] = max(looked_up, self._looked_up.get(cookie, looked_up))
        self._looked_up.move_to_end(cookie)
        if len(self._looked_up) > SESSIONS_KNOWN:
            self._looked_up.popitem(last=False)
