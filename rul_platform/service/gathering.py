"""Questions that come at the same moment, answered together.

A network takes hardly longer for eight machines than for one, and so does the arithmetic around it. What
has arrived by one turn of the event loop is one group: nobody waits for others to come.

Belongs here: who is answered together. Does not belong here: answers (``operation.serving.predicting``).
"""

import asyncio
from collections.abc import Callable, Sequence
from contextvars import Context
from datetime import datetime

from rul_platform.operation.answers import Answer
from rul_platform.operation.serving.given_units import GivenUnit
from rul_platform.operation.serving.predicting import Predicting
from rul_platform.operation.serving.steps import unwatched
from rul_platform.service.settling import settle

MOST_TOGETHER = 32
"""Questions of one group; more would make the first ones wait."""

_Asked = tuple[Sequence[GivenUnit], "asyncio.Future[tuple[Answer, ...]]"]


class Gathering:
    """The questions that wait for the end of this turn; for one event loop."""

    def __init__(self, predicting: Predicting, now: Callable[[], datetime]) -> None:
        self._predicting, self._now = predicting, now
        self._waiting: dict[tuple[str, float | None], list[_Asked]] = {}

    async def answer(
        self, plant: str, units: Sequence[GivenUnit], level: float | None
    ) -> tuple[Answer, ...]:
        """Answer a question; raises as :meth:`Predicting.answer` does.

        Where steps are watched, each question is answered alone: a span belongs to one request.
        """
        if self._predicting.step is not unwatched:
            return self._predicting.answer(plant, units, level=level, now=self._now())
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._answer_all, context=Context())
        future: asyncio.Future[tuple[Answer, ...]] = loop.create_future()
        self._waiting.setdefault((plant, level), []).append((units, future))
        return await future

    def _answer_all(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for (plant, level), asked in waiting.items():
            for at in range(0, len(asked), MOST_TOGETHER):
                self._answer(plant, level, asked[at : at + MOST_TOGETHER])

    def _answer(self, plant: str, level: float | None, asked: Sequence[_Asked]) -> None:
        questions = [units for units, _ in asked]
        answers = self._predicting.answer_each(plant, questions, level=level, now=self._now())
        settle([future for _, future in asked], answers)
