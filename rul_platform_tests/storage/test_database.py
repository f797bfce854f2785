"""One schema on two databases; any number of processes may start at once."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from rul_platform.errors import DatabaseUnreachableError, DatabaseVersionError, SettingsError
from rul_platform.settings import Pool
from rul_platform.storage.database import connect, migrate, writing
from rul_platform.storage.ledger import LedgerStore
from rul_platform.storage.service_tables import METADATA
from rul_platform_tests.storage.at_once import in_processes, in_threads
from rul_platform_tests.storage.rows import execute, insert

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TABLES = set(METADATA.tables) | {"alembic_version"}


def test_migrating_again_changes_nothing(filled: sa.Engine):
    migrate(filled)

    with filled.connect() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").all() == [
            ("0009",)
        ]
        assert connection.exec_driver_sql("SELECT count(*) FROM prediction").scalar() == 1


def migrate_url(number: int, url: str) -> int:
    engine = connect(url)
    migrate(engine)
    engine.dispose()
    return number


def test_eight_may_start_at_once(empty_database_url: str):
    assert in_threads(lambda number: migrate_url(number, empty_database_url), 8) == list(range(8))


def test_several_databases_may_be_migrated_by_one_process_at_once(new_database: Callable[[], str]):
    urls = [new_database() for _ in range(3)]

    assert in_threads(lambda number: migrate_url(number, urls[number]), 3) == [0, 1, 2]


def test_three_processes_may_start_at_once(empty_database_url: str):
    assert sorted(in_processes(migrate_url, 3, [empty_database_url])) == [0, 1, 2]


def test_a_migration_that_fails_leaves_nothing(empty_database_url: str):
    engine = connect(empty_database_url)
    execute(engine, "CREATE TABLE prediction (id INTEGER)")  # in the way of the last step

    with pytest.raises(DBAPIError, match="already exists"):
        migrate(engine)

    assert sa.inspect(engine).get_table_names() == ["prediction"]
    execute(engine, "DROP TABLE prediction")
    migrate(engine)
    assert not TABLES - set(sa.inspect(engine).get_table_names())
    engine.dispose()


def test_tables_of_a_newer_version_are_left_alone(engine: sa.Engine):
    execute(engine, "UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(DatabaseVersionError) as refused:
        migrate(engine)

    assert str(refused.value) == (
        f"{engine.url}: the tables are at revision 9999, this version of the platform knows them up to "
        "0009. Install the newer version that made them; nothing was changed."
    )


@pytest.mark.parametrize("scheme", ["sqlite", "postgresql"])
def test_a_database_that_does_not_answer_is_named_without_its_password(tmp_path: Path, scheme: str):
    (tmp_path / "folder").mkdir()
    address = f"/{tmp_path}/folder" if scheme == "sqlite" else f"u:secret@/rul?host={tmp_path}"
    engine = connect(f"{scheme}://{address}")

    with pytest.raises(DatabaseUnreachableError) as refused:
        migrate(engine)

    assert "cannot be used: " in str(refused.value)
    assert "Is RUL_DATABASE_URL right, and does its server run?" in str(refused.value)
    assert str(tmp_path).replace("/", "%2F") in str(refused.value) or scheme == "sqlite"
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "found"), [("mysql://u:secret@host/rul", "mysql:…"), ("rul.db", "no URL")]
)
def test_other_databases_are_refused(url: str, found: str):
    with pytest.raises(SettingsError) as refused:
        connect(url)

    assert str(refused.value) == (
        f"RUL_DATABASE_URL is {found!r}, but must be a sqlite:/// or postgresql:// URL."
    )


def test_postgresql_is_spoken_through_psycopg2():
    for scheme in ("postgresql", "postgresql+psycopg2"):
        assert connect(f"{scheme}://host/rul").url.drivername == "postgresql+psycopg2"


def test_sqlite_waits_checks_and_keeps(tmp_path: Path):
    engine = connect(f"sqlite:///{tmp_path / 'new' / 'folder' / 'rul.db'}")
    with engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in (
                "journal_mode",
                "foreign_keys",
                "busy_timeout",
                "synchronous",
                "recursive_triggers",
            )
        }
    engine.dispose()

    assert pragmas == {
        "journal_mode": "wal",
        "foreign_keys": 1,
        "busy_timeout": 60_000,
        "synchronous": 2,
        "recursive_triggers": 1,
    }


def test_a_transaction_that_fails_writes_nothing(engine: sa.Engine):
    with pytest.raises(IntegrityError):
        execute(engine, insert("materialization"), insert("materialization"))

    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM materialization").scalar() == 0


def test_a_reader_sees_one_state_while_another_writes(filled: sa.Engine):
    with filled.connect() as reader:
        reader.execution_options(isolation_level="SERIALIZABLE")
        count = "SELECT count(*) FROM materialization"
        assert reader.exec_driver_sql(count).scalar() == 1
        execute(filled, insert("materialization", ("1, 'raw'", "2, 'raw'")))
        assert reader.exec_driver_sql(count).scalar() == 1


def test_whoever_finds_no_connection_in_time_is_told_and_writes_later(database_url: str):
    engine = connect(database_url, Pool(size=1, overflow=0, wait_seconds=0))
    if engine.dialect.name == "sqlite":  # it has a file, and no connections to share
        engine.dispose()
        return
    with engine.connect(), pytest.raises(PoolTimeoutError, match="limit of size 1 overflow 0"):
        execute(engine, insert("materialization"))
    execute(engine, insert("materialization"))
    engine.dispose()


def test_more_callers_than_connections_wait_for_their_turn(database_url: str):
    engine = connect(database_url, Pool(size=1, overflow=1, wait_seconds=60))
    ledger = LedgerStore(engine)

    def work(number: int) -> bool:
        """A question within a transaction needs no second connection, and sees what was written."""
        with writing(engine):
            row = ledger.append("gate", body={"n": number}, now=NOW)
            return ledger.rows()[-1].seq == row

    assert in_threads(work, 8) == [True] * 8
    assert len(ledger.rows()) == 8
    engine.dispose()
