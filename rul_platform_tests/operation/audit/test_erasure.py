"""Erased is told apart from altered, and nobody who was erased is left anywhere."""

from datetime import UTC, datetime
from pathlib import Path
from random import Random
from secrets import token_hex

import pytest
import sqlalchemy as sa

from rul_platform.operation.audit.decisions import FEEDBACK, Counted, decisions
from rul_platform.operation.privacy import erase
from rul_platform.settings import Settings
from rul_platform.storage.column_types import METADATA
from rul_platform.storage.database import leave_no_trace, writing
from rul_platform.storage.feedback_rows import NewFeedback
from rul_platform.storage.home import Home
from rul_platform.storage.retrains import SYSTEM

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PERSONS, RATINGS, SHARE, TIMES = 40, 5, 20, 4
"""Of forty persons with five ratings each, one in twenty is erased, again and again."""


def rate_all(home: Home) -> dict[str, str]:
    """Ratings of everybody; name to pseudonym."""
    version = home.registry.register("press", "c" * 64, now=NOW)
    names = {
        f"person {number}": home.people.of(f"person {number}", NOW) for number in range(PERSONS)
    }
    with writing(home.engine):
        for number in range(PERSONS * RATINGS):
            prediction = home.predictions.record(
                plant="press", unit=f"u{number}", number=1, sha256=version.sha256, life=50.0, rul=30.0,
                rul_low=20.0, rul_high=40.0, now=NOW,
            )  # fmt: skip
            home.feedback.add(
                NewFeedback(
                    prediction_id=prediction, rating="negative", reason=None, created_at=NOW,
                    person=names[f"person {number % PERSONS}"], salt=token_hex(16),
                )
            )  # fmt: skip
    return names


def dump(home: Home) -> str:
    """Every value of every table."""
    with home.engine.connect() as connection:
        return "\n".join(
            str(tuple(row))
            for table in METADATA.sorted_tables
            for row in connection.execute(sa.select(table))
        )


def found(home: Home) -> tuple[Counted, list[str]]:
    counted = Counted()
    told = [each.what for each in decisions(home, counted) if each.part == FEEDBACK]
    return counted, told


def test_the_erased_are_counted_and_no_pseudonym_of_theirs_is_left(home: Home):
    names = rate_all(home)
    random, gone = Random(0), set[str]()  # noqa: S311  the same persons each time
    for turn in range(1, TIMES + 1):
        for name in random.sample(sorted(names.keys() - gone), PERSONS // SHARE):
            gone.add(name)
            assert erase(home, name, SYSTEM, NOW).feedback == RATINGS
        counted, told = found(home)
        assert told == []
        assert (counted.feedback, counted.erased) == (
            PERSONS * RATINGS, turn * PERSONS // SHARE * RATINGS,
        )  # fmt: skip
        everything = dump(home)
        assert not [name for name in gone if names[name] in everything]
        assert all(names[name] in everything for name in names.keys() - gone)


def test_sqlite_s_own_files_hold_nobody_who_was_erased(tmp_path: Path):
    """Neither the pages that were overwritten, nor what was written ahead."""
    home = Home(Settings.read({"RUL_HOME": str(tmp_path)}))
    names = rate_all(home)
    leave_no_trace(home.engine)  # so that all of them lie in the file itself
    erase(home, "person 7", SYSTEM, NOW)

    raw = b"".join(path.read_bytes() for path in tmp_path.glob("rul.db*"))

    home.engine.dispose()
    assert names["person 7"].encode() not in raw
    assert names["person 8"].encode() in raw


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE feedback SET rating = 'positive' WHERE unit = 'u7'", "unit u7, was altered"),
        ("UPDATE feedback SET person = NULL, salt = NULL WHERE unit = 'u7'", "the ledger says 0"),
        ("UPDATE feedback SET salt = NULL WHERE unit = 'u7'", "the ledger says 0"),
    ],
)
def test_what_was_altered_or_erased_outside_of_the_ledger_is_told(home: Home, statement, what):
    rate_all(home)
    with writing(home.engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("ALTER TABLE feedback DISABLE TRIGGER USER")
        else:
            connection.exec_driver_sql("DROP TRIGGER feedback_update")
        connection.exec_driver_sql(statement)
    _, told = found(home)
    assert len(told) == 1
    assert what in told[0]
