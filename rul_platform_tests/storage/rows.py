"""One row for every table, in plain SQL, for the tests of what the database itself refuses."""

import sqlalchemy as sa

from rul_platform.storage.database import writing

SHA = "a" * 64
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
