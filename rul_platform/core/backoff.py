"""How long to wait before something that failed is tried again.

Belongs here: the length of a wait. Does not belong here: waiting, and when to give up.
"""

import hashlib
from datetime import timedelta

FIRST_WAIT = timedelta(minutes=1)
WAIT_FACTOR = 4
LONGEST_WAIT = timedelta(days=1)
"""With these, eight attempts span two days: a mail server may be down over a night or a Sunday."""

MAX_JITTER = 0.25
"""At most this part of a wait is added to it, so that what failed together does not return together."""

_LONGEST_EXPONENT = 16  # far behind the longest wait


def wait_after(attempt: int, *, of: str) -> timedelta:
    """How long to wait after this attempt failed.

    Args:
        attempt: From 1.
        of: What was tried, in any words: the jitter follows from it, so that it can be told again.

    >>> wait_after(1, of="a") >= FIRST_WAIT
    True
    >>> wait_after(100, of="a") <= LONGEST_WAIT * (1 + MAX_JITTER)
    True
    """
    digest = hashlib.sha256(f"{of}/{attempt}".encode()).digest()
    jitter = MAX_JITTER * int.from_bytes(digest[:4]) / 2**32
    wait = FIRST_WAIT * WAIT_FACTOR ** min(attempt - 1, _LONGEST_EXPONENT)
    return min(wait, LONGEST_WAIT) * (1 + jitter)
