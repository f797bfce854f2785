"""What the database itself keeps true, whoever writes to it."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy.exc import DBAPIError, IntegrityError

from rul_platform.storage.database import connect, writing
from rul_platform.storage.service_tables import METADATA
from rul_platform_tests.storage.rows import SHA, execute, insert

TABLES = set(METADATA.tables) | {"alembic_version"}
BY_MONTH = ("feedback", "prediction")
"""On PostgreSQL these have a table for each month, keys with the moment in them, and a table of keys."""


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
    if engine.dialect.name == "postgresql":
        indexes = {
            name: sql
            for name, sql in indexes.items()
            if not re.search(
                r" on public\.(feedback|prediction)(_(?!hour|failure)\w+)? ",
                sql.replace(" only ", " "),
            )
        }
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
        if engine.dialect.name == "sqlite" or table not in BY_MONTH
    }


def is_part(table: str) -> bool:
    """A month of a table, or its keys."""
    return table not in METADATA.tables and table.startswith(tuple(f"{name}_" for name in BY_MONTH))


def is_ours(_: object, name: str | None, kind: str, __: object, compared: object) -> bool:
    """Whether autogenerate is to compare it: not what PostgreSQL has for months, and has otherwise."""
    of_month = str(name).startswith(
        (*(f"{table}_" for table in BY_MONTH), "ix_feedback_", "ix_prediction_")
    )
    is_extra = of_month and compared is None
    return not (is_extra or (kind == "unique_constraint" and str(name).startswith("uq_feedback_")))


def test_autogenerate_finds_no_difference_between_tables_and_migrations(engine: sa.Engine):
    with engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        if engine.dialect.name == "postgresql":
            options["include_object"] = is_ours
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, METADATA) == []

        connection.rollback()
    execute(engine, "DROP INDEX ix_materialization_sha256")
    with engine.connect() as connection:
        (found,) = compare_metadata(MigrationContext.configure(connection, opts=options), METADATA)
        assert found[0] == "add_index"  # the comparison itself notices


def test_migrations_make_every_constraint_that_the_tables_promise(
    engine: sa.Engine, new_database: Callable[[], str]
):
    """Autogenerate compares neither check constraints nor what a partial index is partial to."""
    promised = connect(new_database())
    with writing(promised) as connection:
        METADATA.create_all(connection)

    assert shape(engine) == shape(promised)
    assert {name for name in sa.inspect(engine).get_table_names() if not is_part(name)} == TABLES
    promised.dispose()


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
        insert("imported_checkpoint", ("1, ", "2, ")),
        insert("imported_checkpoint", ("1, 'lstm.pt', 'lstm'", "2, 'x', 'rnn'")),
        insert("selected_parent", ("1, 'lstm'", "2, 'rnn'")),
        insert("selected_parent", ("1, ", "2, "), ("imported_checkpoint", "plant_source")),
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
        "a name that stands for two checkpoints",
        "a checkpoint of no architecture",
        "a parent of no architecture",
        "a parent from elsewhere",
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
        ("UPDATE imported_checkpoint SET name = 'other'", "imported_checkpoint"),
        ("DELETE FROM imported_checkpoint", "imported_checkpoint"),
        ("UPDATE selected_parent SET sha256 = sha256", "selected_parent"),
        ("DELETE FROM selected_parent", "selected_parent"),
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
