"""A failure that passes is waited for; one that would come back is final, as it was raised."""

from collections.abc import Callable

import dagster as dg
import pytest
from sqlalchemy.exc import OperationalError

from rul_platform.errors import DatabaseUnreachableError, StoreUnreachableError, TooFewUnitsError
from rul_platform.orchestration.retries import MAX_RETRIES, retrying, wait_seconds

UNREACHABLE = DatabaseUnreachableError("postgresql://db", "connection refused")
AWAY = StoreUnreachableError("s3://bucket", "it does not answer")
LOCKED = OperationalError("INSERT", {}, Exception("database is locked"))
REFUSED = TooFewUnitsError("plant p", found=2, needed=3, what="units that ran to failure")


def asset(body: Callable[[], None]) -> dg.AssetsDefinition:
    @dg.asset(name="tried")
    @retrying(first_wait_seconds=0)
    def tried(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        body()
        return dg.MaterializeResult(metadata={"retries": context.retry_number})

    return tried


def failing(error: Exception, *, times: int) -> tuple[Callable[[], None], list[int]]:
    calls: list[int] = []

    def body() -> None:
        calls.append(1)
        if len(calls) <= times:
            raise error

    return body, calls


@pytest.mark.parametrize(
    "error",
    [UNREACHABLE, AWAY, LOCKED, ConnectionResetError("reset by peer"), TimeoutError("too slow")],
)
def test_what_passes_is_tried_again(error: Exception):
    body, calls = failing(error, times=2)
    result = dg.materialize([asset(body)])
    assert result.success
    assert len(calls) == 3
    (made,) = result.asset_materializations_for_node("tried")
    assert made.metadata["retries"].value == 2


@pytest.mark.parametrize("error", [REFUSED, KeyError("typo")])
def test_what_would_come_back_is_tried_once_and_arrives_as_it_was_raised(error: Exception):
    body, calls = failing(error, times=9)
    with pytest.raises(type(error)) as caught:
        dg.materialize([asset(body)])
    assert caught.value is error
    assert len(calls) == 1


def test_what_does_not_pass_is_given_up_and_arrives_as_it_was_raised():
    body, calls = failing(UNREACHABLE, times=99)
    with pytest.raises(DatabaseUnreachableError, match="connection refused") as caught:
        dg.materialize([asset(body)])
    assert caught.value is UNREACHABLE
    assert len(calls) == 1 + MAX_RETRIES


def test_each_wait_is_about_twice_the_one_before():
    waits = [wait_seconds(retry, first=4) for retry in range(3)]
    assert 4 <= waits[0] <= 6
    assert 8 <= waits[1] <= 12
    assert 16 <= waits[2] <= 24
