"""Ratings on their way to the desk: what comes while one transaction is under way goes into the next.

Many callers then wait for the same disk, and an event loop is woken once for all of them.

Belongs here: who is joined with whom. Does not belong here: the transaction
(``operation.serving.feedback_desk``).
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context

from rul_platform.operation.serving.feedback_desk import FeedbackDesk, Rating, Taken
from rul_platform.service.settling import settle

MOST_AT_ONCE = 200


class Ratings:
    """Those that wait; for one event loop."""

    def __init__(self, desk: FeedbackDesk) -> None:
        self._desk = desk
        self._waiting: list[tuple[Rating, asyncio.Future[Taken]]] = []
        self._work: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, "feedback desk")

    async def take(self, rating: Rating) -> Taken:
        """Hand a rating in, and wait until it is committed; raises what ``FeedbackDesk.take`` gives."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Taken] = loop.create_future()
        self._waiting.append((rating, future))
        if self._work is None:
            self._work = loop.create_task(self._hand_in(loop), context=Context())
        return await future

    def close(self) -> None:
        """Let the transaction that has begun end."""
        self._thread.shutdown()

    async def _hand_in(self, loop: asyncio.AbstractEventLoop) -> None:
        while self._waiting:
            some, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
            ratings = [rating for rating, _ in some]
            try:
                taken = await loop.run_in_executor(self._thread, self._desk.take, ratings)
            except Exception as error:  # as after the end: nobody waits for ever
                taken = [error] * len(some)
            settle([future for _, future in some], taken)
        self._work = None
