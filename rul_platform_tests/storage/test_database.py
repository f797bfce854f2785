"""One schema on two databases; any number of processes may start at once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy.exc import DBAPIError, IntegrityError

from rul_platform.errors import DatabaseUnreachableError, DatabaseVersionError, SettingsError
from rul_platform.storage.database import connect, migrate, writing
from rul_platform.storage.tables import METADATA
from rul_platform_tests.storage.at_once import in_processes, in_threads

SHA = "a" * 64
TABLES = set(METADATA.tables) | {"alembic_version"}

ROWS = {
    "materialization": (
        "id, asset, partition, sha256, run_id, code_version, parameters, environment, created_at",
        f"1, 'raw', 'FD001', '{SHA}', 'r', 'c', '{{}}', '{{}}', '2026-03-01 00:00:00.000000'",
    ),
    "materialization_input": (
        "materialization_id, position, asset, partition, sha256",
        f"1, 0, 'nasa', 'FD001', '{SHA}'",
    ),
    "model_version": (
        "plant, number, sha256, state, created_at, note",
        f"'press', 1, '{SHA}', 'champion', '2026-03-01 00:00:00.000000', ''",
    ),
    "deployment": (
        "id, plant, number, sha256, since, evidence",
        f"1, 'press', 1, '{SHA}', '2026-03-01 00:00:00.000000', '{{}}'",
    ),
    "prediction": (
        "id, plant, unit, number, sha256, life, rul, rul_low, rul_high, created_at",
        f"'p', 'press', 'u1', 1, '{SHA}', 5, 3, 2, 4, '2026-03-01 00:00:00.000000'",
    ),
}


def execute(engine: sa.Engine, *statements: str) -> None:
    with writing(engine) as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def insert(table: str, *replaced: tuple[str, str]) -> str:
    columns, values = ROWS[table]
    for old, new in replaced:
        assert old in values
        values = values.replace(old, new)
    return f"INSERT INTO {table} ({columns}) VALUES ({values})"  # noqa: S608  all ours


@pytest.fixture
def filled(engine: sa.Engine) -> sa.Engine:
    """One row in every table."""
    execute(engine, *(insert(table) for table in ROWS))
    return engine


def shape(engine: sa.Engine) -> dict[str, Any]:
    """All that a database says about its tables, in an order of its own."""
    inspector = sa.inspect(engine)
    with engine.connect() as connection:
        question = (
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
            if engine.dialect.name == "sqlite"
            else "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
        )
        indexes = {name: sql.lower() for name, sql in connection.exec_driver_sql(question)}
    indexes.pop("alembic_version_pkc", None)
    return {"indexes": indexes} | {
        table: {
            "columns": [
                (c["name"], str(c["type"]), c["nullable"]) for c in inspector.get_columns(table)
            ],
            "checks": {c["name"]: c["sqltext"] for c in inspector.get_check_constraints(table)},
            "keys": {k["name"]: k for k in inspector.get_foreign_keys(table)},
            "unique": {
                u["name"]: u["column_names"] for u in inspector.get_unique_constraints(table)
            },
            "primary": inspector.get_pk_constraint(table),
        }
        for table in METADATA.tables
    }


def test_autogenerate_finds_no_difference_between_tables_and_migrations(engine: sa.Engine):
    with engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, METADATA) == []

        connection.rollback()
    execute(engine, "DROP INDEX ix_materialization_sha256")
    with engine.connect() as connection:
        (found,) = compare_metadata(MigrationContext.configure(connection), METADATA)
        assert found[0] == "add_index"  # the comparison itself notices


def test_migrations_make_every_constraint_that_the_tables_promise(
    engine: sa.Engine, new_database: Callable[[], str]
):
    """Autogenerate compares neither check constraints nor what a partial index is partial to."""
    promised = connect(new_database())
    with writing(promised) as connection:
        METADATA.create_all(connection)

    assert shape(engine) == shape(promised)
    assert set(sa.inspect(engine).get_table_names()) == TABLES
    promised.dispose()


def test_migrating_again_changes_nothing(filled: sa.Engine):
    migrate(filled)

    with filled.connect() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").all() == [
            ("0001",)
        ]
        assert connection.exec_driver_sql("SELECT count(*) FROM prediction").scalar() == 1


def migrate_url(number: int, url: str) -> int:
    engine = connect(url)
    migrate(engine)
    engine.dispose()
    return number


def test_eight_may_start_at_once(database_url: str):
    assert in_threads(lambda number: migrate_url(number, database_url), 8) == list(range(8))


def test_several_databases_may_be_migrated_by_one_process_at_once(new_database: Callable[[], str]):
    urls = [new_database() for _ in range(3)]

    assert in_threads(lambda number: migrate_url(number, urls[number]), 3) == [0, 1, 2]


def test_three_processes_may_start_at_once(database_url: str):
    assert sorted(in_processes(migrate_url, 3, [database_url])) == [0, 1, 2]


def test_a_migration_that_fails_leaves_nothing(database_url: str):
    engine = connect(database_url)
    execute(engine, "CREATE TABLE prediction (id INTEGER)")  # in the way of the last step

    with pytest.raises(DBAPIError, match="already exists"):
        migrate(engine)

    assert sa.inspect(engine).get_table_names() == ["prediction"]
    execute(engine, "DROP TABLE prediction")
    migrate(engine)
    assert set(sa.inspect(engine).get_table_names()) == TABLES
    engine.dispose()


def test_tables_of_a_newer_version_are_left_alone(engine: sa.Engine):
    execute(engine, "UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(DatabaseVersionError) as refused:
        migrate(engine)

    assert str(refused.value) == (
        f"{engine.url}: the tables are at revision 9999, this version of the platform knows them up to "
        "0001. Install the newer version that made them; nothing was changed."
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


@pytest.mark.parametrize(
    "statement",
    [
        insert("materialization", ("1, 'raw'", "2, 'raw'"), (SHA, "short")),
        insert("materialization_input", ("1, 0", "2, 0")),
        insert("materialization_input", ("1, 0", "1, 1"), (SHA, "short")),
        insert("model_version", ("press", "mill"), ("champion", "best")),
        insert("model_version", ("press', 1", "mill', 0")),
        insert("model_version", ("1, ", "2, ")),
        insert("model_version", ("1, ", "2, "), (SHA, "b" * 64)),
        insert("deployment", ("1, 'press'", "2, 'press'")),
        insert("deployment", ("1, 'press'", "2, 'mill'")),
        insert("prediction", ("'p'", "'q'"), (SHA, "b" * 64)),
        insert("prediction", ("'p'", "'q'"), ("2, 4", "4, 2")),
    ],
    ids=[
        "a materialisation of no artifact",
        "an input of nothing",
        "an input that is no artifact",
        "a state that is none",
        "a number below 1",
        "two versions of one artifact",
        "a second champion",
        "a second open deployment",
        "a deployment of an unknown version",
        "a prediction of another artifact than the version's",
        "an interval turned round",
    ],
)
def test_the_database_itself_refuses(filled: sa.Engine, statement: str):
    with pytest.raises(IntegrityError):
        execute(filled, statement)


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ("UPDATE materialization SET run_id = 'other'", "materialization"),
        ("UPDATE materialization_input SET asset = 'other'", "materialization_input"),
        ("DELETE FROM materialization_input", "materialization_input"),
        ("UPDATE model_version SET note = 'x', sha256 = sha256, number = 2", "model_version"),
        ("UPDATE deployment SET evidence = 'other'", "deployment"),
        ("UPDATE deployment SET until = since, number = 2", "deployment"),
        ("DELETE FROM deployment", "deployment"),
        ("UPDATE prediction SET rul = 4", "prediction"),
    ],
)
def test_what_happened_cannot_be_changed(filled: sa.Engine, statement: str, table: str):
    operation = statement.split()[0]
    with pytest.raises(
        DBAPIError, match=f"{operation} refused: {table} is a record of what happened"
    ):
        execute(filled, statement)


def test_a_deployment_is_closed_once(filled: sa.Engine):
    execute(filled, "UPDATE deployment SET until = since")

    with pytest.raises(DBAPIError, match="UPDATE refused: deployment"):
        execute(filled, "UPDATE deployment SET until = NULL")


def test_neither_replace_nor_truncate_gets_past_the_triggers(filled: sa.Engine):
    statement = (
        insert("materialization").replace("INSERT", "INSERT OR REPLACE")
        if filled.dialect.name == "sqlite"
        else "TRUNCATE materialization CASCADE"
    )
    with pytest.raises(DBAPIError, match="refused: materialization"):
        execute(filled, statement)


def test_a_prediction_may_be_forgotten(filled: sa.Engine):
    execute(filled, "DELETE FROM prediction")
