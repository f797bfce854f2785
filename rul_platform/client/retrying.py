"""When a request is sent again, and after which pause.

Everything may be sent again: a question that is answered twice is logged twice, which harms nothing, and
a rating or an outcome carries a key under which the service stores it once.

Belongs here: the rule. Does not belong here: sending (``client``).
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

AGAIN = frozenset({429, 502, 503, 504})
"""Not now, but perhaps soon; 502 and 504 come from a proxy whose service restarts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to go on.

    Attributes:
        attempts: At most so many, 1 for none but the first. Eight are a quarter of a minute on average:
            with six, of 4 s, some callers gave up while a service that was killed was started again.
        first_seconds: The longest pause after the first attempt; it doubles with each.
        longest_seconds: No pause is longer, whatever the service asks for.
        jitter: Gives a number from 0 to 1: which part of a pause is taken (full jitter).
    """

    attempts: int = 8
    first_seconds: float = 0.25
    longest_seconds: float = 30.0
    jitter: Callable[[], float] = random.random

    def pause(self, attempt: int, asked: str | None) -> float:
        """Seconds to wait after this attempt failed.

        Args:
            attempt: From 1.
            asked: The answer's ``Retry-After``, if there was one: its seconds are waited at least. Its
                other form, a date, counts for nothing.

        >>> Patience(jitter=lambda: 1.0).pause(3, None)
        1.0
        >>> Patience(jitter=lambda: 0.0).pause(1, "2")
        2.0
        """
        wait = min(self.first_seconds * 2 ** min(attempt - 1, 20), self.longest_seconds)
        least = float(asked) if asked is not None and asked.isdecimal() else 0.0
        return min(least + wait * self.jitter(), self.longest_seconds)
