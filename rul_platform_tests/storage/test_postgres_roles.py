"""What the application's role on PostgreSQL can do, and what it is denied."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from rul_platform.core.ledger import LedgerRow, chain_problems, row_hash
from rul_platform.learning.recipes.search import search
from rul_platform.learning.recipes.studies import Search
from rul_platform.storage.column_types import METADATA
from rul_platform.storage.database import connect, migrate, writing
from rul_platform.storage.feedback import FeedbackStore
from rul_platform.storage.ledger import TURN, LedgerStore
from rul_platform.storage.lineage import Input, LineageStore
from rul_platform.storage.models import ModelRegistry
from rul_platform.storage.studies import SCHEMA, study_place
from rul_platform_tests.learning.study_ground import SPACE, ground
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


def test_trials_are_kept_with_it(application: sa.Engine, tmp_path: Path):
    place = study_place(application.url.render_as_string(hide_password=False), tmp_path)
    asked = Search(
        name="pumps", trials=2, workers=1, url=place.url, connect_args=place.connect_args
    )

    assert len(search(ground(steps=2), SPACE, asked).trials) == 2
    assert "trials" in sa.inspect(application).get_table_names(schema=SCHEMA)


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
        "INSERT INTO ledger SELECT seq + 1, kind, plant, body, created_at, hash, hash FROM ledger",
        "COPY ledger FROM STDIN",
        "DROP FUNCTION append_to_ledger",
        "ALTER FUNCTION append_to_ledger SECURITY INVOKER",
        "ALTER FUNCTION append_to_ledger SET search_path = pg_temp, public",
        "CREATE OR REPLACE FUNCTION append_to_ledger(bigint, text, text, text, text, text, text) "
        "RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'",
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
        "CREATE SCHEMA mine",
        "DROP SCHEMA rul_studies CASCADE",
        "ALTER ROLE rul_login SUPERUSER",
        "SET ROLE postgres",
    ],
)
def test_what_happened_cannot_be_made_otherwise(application: sa.Engine, statement: str):
    denied(application, statement)


def following(ledger: LedgerStore, **values: object) -> LedgerRow:
    """The row that comes next, sealed as it should be, with these values in place of its own."""
    newest = ledger.newest()
    assert newest is not None
    fields = {
        "seq": newest.seq + 1,
        "kind": "purge",
        "plant": "prêsse",
        "body": '{"feedback":0}',
        "created_at": NOW.isoformat(timespec="microseconds"),
        "previous": newest.hash,
    } | {name: value for name, value in values.items() if name != "hash"}
    sealed = None if None in fields.values() else row_hash(**fields)
    return LedgerRow(**fields, hash=values.get("hash", sealed))


def append(engine: sa.Engine, row: LedgerRow) -> None:
    """Past ``LedgerStore``, as whoever has the application's password can."""
    with writing(engine) as connection:
        connection.execute(sa.select(sa.func.append_to_ledger(*row)))


@pytest.mark.parametrize(
    ("told", "values"),
    [
        ("found number 0, expected", {"seq": 0}),
        ("found number 1, expected", {"seq": 1}),
        ("found number 999, expected", {"seq": 999}),
        ("found number <NULL>, expected", {"seq": None}),
        ("as the hash of the row before, expected", {"previous": "0" * 64}),
        ("as the hash of the row before, expected", {"previous": None, "hash": "0" * 64}),
        ("as its hash, expected", {"hash": "0" * 64}),
        ("violates not-null constraint", {"kind": None}),
        ("as its moment, expected UTC", {"created_at": "2026-03-01"}),
        ("as its moment, expected UTC", {"created_at": "2026-03-01T12:00:00.000000+05:00"}),
        ("invalid input syntax for type json", {"body": "no JSON"}),
    ],
)
def test_the_ledger_takes_no_row_but_the_next_one(
    application: sa.Engine, told: str, values: dict[str, object]
):
    ledger = LedgerStore(application)
    before = ledger.newest()

    with pytest.raises(DBAPIError) as refused:
        append(application, following(ledger, **values))

    assert told in str(refused.value.orig)
    assert ledger.newest() == before


@pytest.mark.parametrize("field", ["kind", "plant", "body", "created_at"])
def test_the_ledger_takes_no_row_that_was_changed_after_it_was_sealed(
    application: sa.Engine, field: str
):
    ledger = LedgerStore(application)
    other = {"created_at": "2020-01-01T00:00:00.000000+00:00", "body": "{}"}.get(field, "other")
    row = following(ledger)._replace(**{field: other})

    with pytest.raises(DBAPIError, match=r"row refused: found .* as its hash, expected"):
        append(application, row)


def test_one_row_is_not_appended_twice(application: sa.Engine):
    row = following(LedgerStore(application))
    append(application, row)

    with pytest.raises(DBAPIError, match="row refused: found number"):
        append(application, row)


def test_a_row_waits_for_whoever_has_the_turn(application: sa.Engine):
    row = following(LedgerStore(application))
    with writing(application) as first, application.connect() as second:
        first.execute(sa.select(sa.func.pg_advisory_xact_lock(TURN)))
        second.exec_driver_sql("SET LOCAL lock_timeout = '50ms'")
        with pytest.raises(DBAPIError, match="lock timeout"):
            second.execute(sa.select(sa.func.append_to_ledger(*row)))


def test_a_clock_that_was_set_back_moves_no_row(application: sa.Engine):
    """Numbers give the order; the moment is what the writer's clock said."""
    ledger = LedgerStore(application)
    early = "2001-01-01T00:00:00.000000+00:00"

    append(application, following(ledger, created_at=early))

    newest = ledger.newest()
    assert newest is not None
    assert newest.created_at == early
    assert not [each for each in chain_problems(ledger.all()) if "row 1 " not in each]


def test_what_a_session_puts_before_the_tables_is_not_looked_at(application: sa.Engine):
    """A temporary table of the same name, empty, would let the chain begin again."""
    ledger = LedgerStore(application)
    row = following(ledger)
    with writing(application) as connection:
        connection.exec_driver_sql("CREATE TEMP TABLE ledger (LIKE public.ledger) ON COMMIT DROP")
        connection.exec_driver_sql("SET LOCAL search_path = pg_temp, public")
        connection.execute(sa.select(sa.func.append_to_ledger(*row)))
        assert connection.exec_driver_sql("SELECT count(*) FROM pg_temp.ledger").scalar_one() == 0

    assert ledger.newest() == row


def test_functions_of_the_role_do_not_stand_in_for_the_database_s_own(application: sa.Engine):
    """In the one schema where it may make them: else its own hash would let any row in."""
    row = following(LedgerStore(application), hash="f" * 64)
    with writing(application) as connection:
        connection.exec_driver_sql(
            "CREATE FUNCTION rul_studies.encode(bytea, text) RETURNS text LANGUAGE sql "
            "AS $$ SELECT repeat('f', 64) $$"
        )
        connection.exec_driver_sql("SET LOCAL search_path = rul_studies, pg_catalog, public")
        with pytest.raises(DBAPIError, match="as its hash, expected"):
            connection.execute(sa.select(sa.func.append_to_ledger(*row)))


def test_nobody_appends_who_was_not_granted_it(application: sa.Engine, postgres: str):
    owner = connect(application.url.set(username=sa.make_url(postgres).username))
    with writing(owner) as connection:
        connection.exec_driver_sql("CREATE ROLE stranger")
    try:
        row = following(LedgerStore(owner))
        with writing(owner) as connection:
            connection.exec_driver_sql("SET LOCAL ROLE stranger")
            with pytest.raises(DBAPIError, match="permission denied"):
                connection.execute(sa.select(sa.func.append_to_ledger(*row)))
    finally:
        with writing(owner) as connection:
            connection.exec_driver_sql("DROP ROLE stranger")
        owner.dispose()
