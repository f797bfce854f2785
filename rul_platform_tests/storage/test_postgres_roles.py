"""What the application's role on PostgreSQL can do, and what it is denied."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from rul_platform.core.ledger import chain_problems
from rul_platform.storage.column_types import METADATA
from rul_platform.storage.database import connect, migrate, writing
from rul_platform.storage.feedback import FeedbackStore
from rul_platform.storage.ledger import LedgerStore
from rul_platform.storage.lineage import Input, LineageStore
from rul_platform.storage.models import ModelRegistry
from rul_platform_tests.storage.rows import ROWS, insert

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SQL = Path(__file__).parents[2] / "deploy" / "postgres_roles.sql"
RECORDS = sorted(set(ROWS) - {"alembic_version"})


@pytest.fixture(scope="module")
def application(postgres: str) -> Iterator[sa.Engine]:
    """A database with a row in every table, seen by a login that is only `rul_app`."""
    server = sa.make_url(postgres)
    admin = connect(server).execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql("CREATE DATABASE roles")
    owner = connect(server.set(database="roles"))
    migrate(owner)
    with writing(owner) as connection:
        for table in METADATA.sorted_tables:
            if table.name in ROWS:
                connection.exec_driver_sql(insert(table.name))
                if "id" in table.c and isinstance(table.c.id.type, sa.BigInteger):
                    later = f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), 100)"
                    connection.exec_driver_sql(later)
    with writing(owner) as connection:
        connection.exec_driver_sql(SQL.read_text(encoding="utf-8"))
        connection.exec_driver_sql(SQL.read_text(encoding="utf-8"))  # again, as after an upgrade
        connection.exec_driver_sql("CREATE ROLE rul_login LOGIN IN ROLE rul_app")
    owner.dispose()
    login = connect(server.set(database="roles", username="rul_login"))
    yield login
    login.dispose()
    with admin.connect() as connection:
        connection.exec_driver_sql("DROP DATABASE roles WITH (FORCE)")
        connection.exec_driver_sql("DROP ROLE rul_login")
        connection.exec_driver_sql("DROP ROLE rul_app")
    admin.dispose()


def denied(engine: sa.Engine, statement: str) -> None:
    with pytest.raises(DBAPIError) as refused, writing(engine) as connection:
        connection.exec_driver_sql(statement)
    told = str(refused.value.orig)
    assert any(word in told for word in ("permission denied", "must be owner", "refused:")), told


def test_the_platform_works_with_it(application: sa.Engine):
    migrate(application)  # finds the tables as they should be
    ledger = LedgerStore(application)
    last = ledger.append("purge", body={"feedback": 0}, now=NOW)
    assert ledger.append("purge", body={"feedback": 0}, now=NOW) == last + 1
    made = LineageStore(application).record(
        asset="raw", partition="FD002", sha256="b" * 64, run_id="r", code_version="c",
        parameters={}, environment={}, inputs=[Input("nasa", "FD002", "c" * 64)], now=NOW,
    )  # fmt: skip
    assert made.partition == "FD002"
    registry = ModelRegistry(application)
    number = registry.register("mill", "d" * 64, now=NOW).number
    registry.deploy("mill", number, expected_champion=None, evidence={}, now=NOW)
    assert FeedbackStore(application).forget(["a" * 64]) == 1
    assert not [each for each in chain_problems(ledger.all()) if "row 1 " not in each]


@pytest.mark.parametrize("table", RECORDS)
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM {table}",
        "TRUNCATE {table} CASCADE",
        "DROP TABLE {table} CASCADE",
        "ALTER TABLE {table} DISABLE TRIGGER ALL",
        "ALTER TABLE {table} ADD COLUMN more TEXT",
        "ALTER TABLE {table} OWNER TO rul_login",
    ],
)
def test_no_table_can_be_emptied_dropped_or_unprotected(
    application: sa.Engine, table: str, statement: str
):
    denied(application, statement.format(table=table))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger SET body = '{}'",
        "UPDATE ledger_anchor SET seq = 2",
        "UPDATE provenance SET envelope = sha256",
        "UPDATE gate SET verdict = 'PROMOTE'",
        "UPDATE approval SET actor = 'bob'",
        "UPDATE prediction SET rul = 1",
        "UPDATE materialization SET run_id = 'other'",
        "UPDATE config_snapshot SET settings = '{}'",
        "UPDATE deployment SET evidence = '[]'",
        "UPDATE deployment SET since = '2020-01-01'",
        "UPDATE model_version SET sha256 = repeat('e', 64)",
        "UPDATE feedback SET rating = 'positive'",
        "UPDATE outcome SET life = 1",
        "UPDATE alembic_version SET version_num = '0001'",
        "INSERT INTO alembic_version VALUES ('9999')",
        "DROP FUNCTION refuse_change CASCADE",
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN RETURN NEW; END'",
        "SET session_replication_role = replica",
        "CREATE TABLE mine (id INTEGER)",
        "ALTER ROLE rul_login SUPERUSER",
        "SET ROLE postgres",
    ],
)
def test_what_happened_cannot_be_made_otherwise(application: sa.Engine, statement: str):
    denied(application, statement)
