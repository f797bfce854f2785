"""One row for every table, in plain SQL, for the tests of what the database itself refuses."""

import sqlalchemy as sa

from rul_platform.storage.database import writing

SHA = "a" * 64
NOW = "'2026-03-01 00:00:00.000000'"
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
    "prediction_failure": ("id, plant, kind, created_at", f"1, 'press', 'OSError', {NOW}"),
    "landing": (
        "id, plant, unit, sha256, rows, first_life, last_life, created_at",
        f"1, 'press', 'u1', '{SHA}', 5, 1, 5, {NOW}",
    ),
    "config_snapshot": (
        "sha256, settings, sources, created_at",
        f"'{SHA}', '{{}}', '{{}}', {NOW}",
    ),
    "retrain": (
        "id, plant, trigger, watermark, state, attempt, actor, reason, snapshot, cause, requested_at",
        f"1, 'press', 'feedback', 7, 'requested', 1, 'system', '', '{SHA}', '{{}}', {NOW}",
    ),
    "feedback": (
        "id, prediction_id, plant, unit, number, rating, person, day, created_at, salt, commitment",
        f"'f', 'p', 'press', 'u1', 1, 'negative', '{SHA}', '2026-03-01', {NOW}, 's', '{SHA}'",
    ),
    "feedback_hour": (
        "plant, hour, number, positive, negative, claimed_positive, claimed_negative, last_roll_up",
        f"'press', {NOW}, 1, 0, 1, 0, 0, 1",
    ),
    "outcome": (
        "id, plant, unit, kind, life, observed_at, recorded_at",
        f"'o', 'press', 'u1', 'failed', 9, {NOW}, {NOW}",
    ),
    "gate": (
        "id, plant, number, sha256, verdict, record, report, created_at",
        f"1, 'press', 1, '{SHA}', 'HOLD', '{{}}', '{SHA}', {NOW}",
    ),
    "approval": ("gate_id, actor, reason, created_at", f"1, 'ann', 'seen', {NOW}"),
    "plant_freeze": ("id, plant, actor, reason, since", f"1, 'press', 'ann', 'overhaul', {NOW}"),
    "alert": (
        "id, key, plant, kind, severity, title, text, created_at, repeats",
        f"1, 'k', 'press', 'drift', 'warning', 't', 'x', {NOW}, 0",
    ),
    "delivery": ("alert_id, channel, state, attempts, next_at", f"1, 'log', 'waiting', 0, {NOW}"),
    "ledger": (
        "seq, kind, plant, body, created_at, previous, hash",
        f"1, 'freeze', 'press', '{{}}', 'now', '{'0' * 64}', '{SHA}'",
    ),
    "ledger_anchor": (
        "id, seq, hash, signed_at, key_id, signature",
        f"1, 1, '{SHA}', 'now', '{SHA}', '{SHA}{SHA}'",
    ),
    "access_token": (
        "id, hash, label, scopes, rate, created_at, expires_at",
        f"'0123456789ab', '{SHA}', 'for a test', 'read', 5, {NOW}, '2026-06-01 00:00:00.000000'",
    ),
    "answered_request": ("key, body, answer, created_at", f"'{SHA}', '{SHA}', '{{}}', {NOW}"),
    "ended_session": ("cookie, created_at", f"'{SHA}', {NOW}"),
    "provenance": (
        "id, plant, number, sha256, envelope, created_at",
        f"1, 'press', 1, '{SHA}', '{SHA}', {NOW}",
    ),
    "imported_checkpoint": (
        "id, name, architecture, sha256, file_sha256, actor, created_at",
        f"1, 'lstm.pt', 'lstm', '{SHA}', '{SHA}', 'ann', {NOW}",
    ),
    "selected_parent": (
        "id, architecture, sha256, origin, name, actor, reason, created_at",
        f"1, 'lstm', '{SHA}', 'imported_checkpoint', 'lstm.pt', 'ann', 'better', {NOW}",
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
