"""Ratings on their way to the desk: whatever happens there, nobody waits for ever."""

import asyncio

import pytest

from rul_platform.operation.intake import FeedbackRow
from rul_platform.operation.serving.feedback_desk import FeedbackDesk, Rating
from rul_platform.service.ratings import Ratings
from rul_platform_tests.service.running import Running


def test_after_the_end_a_caller_is_told_and_so_is_the_next(running: Running):
    ratings = Ratings(FeedbackDesk(running.home, running.parts.log))
    ratings.close()
    rating = Rating(FeedbackRow("0" * 32, "positive", person="p"), None, "")

    async def rate_twice() -> None:
        for _ in range(2):
            with pytest.raises(RuntimeError, match="after shutdown"):
                await ratings.take(rating)

    asyncio.run(rate_twice())
