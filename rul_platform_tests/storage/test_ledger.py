"""The ledger: one chain, whoever writes and whatever else the transaction does."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from rul_platform.core.ledger import GENESIS, chain_problems
from rul_platform.errors import RecordError
from rul_platform.storage.database import connect, writing
from rul_platform.storage.ledger import LedgerStore
from rul_platform_tests.storage.at_once import in_processes, in_threads
from rul_platform_tests.storage.rows import execute

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def ledger(engine: sa.Engine) -> LedgerStore:
    return LedgerStore(engine)


def test_rows_are_numbered_and_each_names_the_one_before(ledger):
    assert ledger.append("freeze", plant="press", body={"b": 1, "a": "ü"}, now=NOW) == 1
    assert ledger.append("purge", body={}, now=NOW + timedelta(seconds=1)) == 2

    first, second = ledger.rows()
    assert (first.kind, first.plant, first.body) == ("freeze", "press", '{"a":"ü","b":1}')
    assert first.created_at == "2026-03-01T12:00:00.000000+00:00"
    assert (first.previous, second.previous) == (GENESIS, first.hash)
    assert (second.kind, second.plant) == ("purge", "")
    assert chain_problems([first, second]) == ()


def test_a_clock_that_is_set_back_breaks_nothing(ledger):
    ledger.append("purge", body={}, now=NOW)
    ledger.append("purge", body={}, now=NOW - timedelta(days=3))
    ledger.append("purge", body={}, now=NOW.astimezone(timezone(timedelta(hours=5, minutes=45))))

    rows = ledger.rows()
    assert chain_problems(rows) == ()
    assert [row.seq for row in rows] == [1, 2, 3]
    assert rows[0].created_at == rows[2].created_at


def test_rows_are_read_in_pages_and_by_plant_and_kind(ledger):
    for number in range(5):
        ledger.append(("gate", "freeze")[number % 2], plant="press", body={"n": number}, now=NOW)
    ledger.append("gate", plant="mill", body={}, now=NOW)

    assert [row.seq for row in ledger.rows(after=2, limit=2)] == [3, 4]
    assert [row.seq for row in ledger.of_plant("press")] == [1, 2, 3, 4, 5]
    assert [row.seq for row in ledger.of_plant("press", ["freeze"])] == [2, 4]
    assert ledger.of_plant("lathe") == ()


def test_a_row_is_there_with_its_transaction_or_not_at_all(engine, ledger):
    with writing(engine):
        ledger.append("gate", body={"n": 1}, now=NOW)
        ledger.append("gate", body={"n": 2}, now=NOW)
    with pytest.raises(RecordError, match="kind"), writing(engine):
        write_then_fail(ledger)
    ledger.append("gate", body={"n": 4}, now=NOW)

    rows = ledger.rows()
    assert [json.loads(row.body)["n"] for row in rows] == [1, 2, 4]
    assert [row.seq for row in rows] == [1, 2, 3]
    assert chain_problems(rows) == ()


def write_then_fail(ledger: LedgerStore) -> None:
    ledger.append("gate", body={"n": 3}, now=NOW)
    ledger.append("no such kind", body={}, now=NOW)


def test_many_writers_make_one_chain(ledger):
    def write(number: int) -> int:
        return ledger.append("gate", plant=f"p{number}", body={"n": number}, now=NOW)

    given = in_threads(write, 8)

    assert sorted(given) == list(range(1, 9))
    assert chain_problems(ledger.rows()) == ()


def test_processes_make_one_chain(ledger, database_url):
    in_processes(append_some, 3, [database_url])

    rows = ledger.rows()
    assert len(rows) == 30
    assert chain_problems(rows) == ()


def append_some(number: int, url: str) -> None:
    engine = connect(url)
    for _ in range(10):
        LedgerStore(engine).append("gate", body={"process": number}, now=NOW)
    engine.dispose()


def test_nobody_changes_a_row(engine, ledger):
    ledger.append("gate", body={}, now=NOW)
    copy = "SELECT 1, kind, plant, 'forged', created_at, previous, hash FROM ledger"
    for change in ("UPDATE ledger SET body = '{}'", "DELETE FROM ledger"):
        with pytest.raises(DBAPIError, match="refused: ledger is a record"):
            execute(engine, change)
    insert = "INSERT" if engine.dialect.name == "postgresql" else "INSERT OR REPLACE"
    with pytest.raises(DBAPIError):
        execute(engine, f"{insert} INTO ledger {copy}")
    assert [row.body for row in ledger.rows()] == ["{}"]


def test_what_cannot_be_recorded_is_told(ledger):
    with pytest.raises(RecordError, match="kind of a ledger row is 'gates', but must be trigger"):
        ledger.append("gates", body={}, now=NOW)
    with pytest.raises(RecordError, match="body of a ledger row is not JSON"):
        ledger.append("gate", body={"gain": float("nan")}, now=NOW)
    with pytest.raises(RecordError, match="without a time zone"):
        ledger.append("gate", body={}, now=NOW.replace(tzinfo=None))
    assert ledger.rows() == ()


def test_the_newest_rows_of_a_plant_come_first_and_go_on_before_a_row(ledger):
    for number in range(5):
        ledger.append("gate", plant=("press", "mill")[number % 2], body={}, now=NOW)

    assert [row.seq for row in ledger.newest_of_plant("press", limit=2)] == [5, 3]
    assert [row.seq for row in ledger.newest_of_plant("press", limit=2, before=3)] == [1]
    assert ledger.newest_of_plant("mill", limit=2, before=1) == ()
