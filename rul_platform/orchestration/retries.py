"""Which failures of a step pass by themselves, and how long to wait for that.

Dagster's own `RetryPolicy` repeats a step after *any* exception, also after one that will come back
each time. Here only what passes is repeated; a refusal is final at once, and whoever runs the step in
process gets it as it was raised.
"""

import functools
import random
from collections.abc import Callable
from typing import Concatenate, ParamSpec

import dagster as dg
from sqlalchemy.exc import OperationalError

from rul_platform.errors import DatabaseUnreachableError, StoreUnreachableError

PASSING = (
    OperationalError,
    DatabaseUnreachableError,
    StoreUnreachableError,
    ConnectionError,
    TimeoutError,
)
"""A server that restarts, a lock that is held, a line that is down."""

MAX_RETRIES = 3
FIRST_WAIT_SECONDS = 5.0
"""Doubled for each retry: 5, 10, 20 seconds."""
JITTER = 0.5
"""Each wait is up to this part longer, so that steps that failed together do not return together."""

_P = ParamSpec("_P")
Body = Callable[Concatenate[dg.AssetExecutionContext, _P], dg.MaterializeResult]


def retrying(*, first_wait_seconds: float = FIRST_WAIT_SECONDS) -> Callable[[Body[_P]], Body[_P]]:
    """Let an asset's body be repeated after a failure that passes. Stands below ``@dg.asset``."""

    def decorate(body: Body[_P]) -> Body[_P]:
        @functools.wraps(body)
        def repeatable(
            context: dg.AssetExecutionContext, /, *args: _P.args, **kwargs: _P.kwargs
        ) -> dg.MaterializeResult:
            try:
                return body(context, *args, **kwargs)
            except PASSING as error:
                if context.retry_number >= MAX_RETRIES:
                    raise
                raise dg.RetryRequested(
                    max_retries=MAX_RETRIES,
                    seconds_to_wait=wait_seconds(context.retry_number, first=first_wait_seconds),
                ) from error

        return repeatable

    return decorate


def wait_seconds(retry: int, *, first: float) -> float:
    """How long to wait before the retry of this number, counted from 0."""
    return first * 2**retry * random.uniform(1, 1 + JITTER)  # noqa: S311  no secret
