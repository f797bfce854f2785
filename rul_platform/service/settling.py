"""What many callers wait for, told to each of them.

Belongs here: results to waiting callers. Does not belong here: who waits together (``gathering``,
``ratings``).
"""

import asyncio
from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")


def settle(futures: Iterable["asyncio.Future[T]"], results: Iterable[T | Exception]) -> None:
    """Give each what came of it; an exception is raised where it is awaited."""
    for future, result in zip(futures, results, strict=True):
        if future.done():
            continue  # the caller went away
        if isinstance(result, Exception):
            future.set_exception(result)
        else:
            future.set_result(result)
