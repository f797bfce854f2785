"""Feedback, outcomes, retrains, gates, alerts and the ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)

ROLE = (
    "TEXT DEFAULT 'champion' NOT NULL "
    "CONSTRAINT ck_prediction_role CHECK (role IN ('champion', 'challenger', 'shadow'))"
)
"""In SQL, because SQLite takes a constraint with a new column only so."""

KEPT = {
    "feedback": (
        "id", "prediction_id", "plant", "unit", "number", "rating", "reason", "day", "created_at",
        "commitment",
    ),
    "retrain": (
        "id", "plant", "trigger", "watermark", "actor", "reason", "snapshot", "cause", "requested_at",
    ),
    "outcome": ("id", "plant", "unit", "kind", "life", "observed_at", "recorded_at"),
    "plant_freeze": ("id", "plant", "actor", "reason", "since"),
}  # fmt: skip
"""What stays as it was written; the other columns say what became of it."""

ONCE = {
    "feedback": ("rolled_up", "retrain_id"),
    "outcome": ("retrain_id", "withdrawn_at"),
    "retrain": ("finished_at",),
    "plant_freeze": ("until",),
}
"""What is set once and then stays."""

FORGOTTEN = ("person", "salt")
"""Of feedback: these may only become NULL."""

RECORDS = ("landing", "config_snapshot", "gate", "approval", "ledger")
"""Tables of which nothing changes."""

UNDELETABLE = (*RECORDS, *KEPT)


def upgrade() -> None:
    """Create everything."""
    op.execute(f"ALTER TABLE prediction ADD COLUMN role {ROLE}")
    for column in (
        sa.Column("beside", sa.String(32), nullable=True),
        sa.Column("raw_rul", sa.Double(), nullable=True),
        sa.Column("inference_ms", sa.Double(), nullable=True),
        sa.Column("readings_sha256", sa.String(64), nullable=True),
        sa.Column("is_strange", sa.Boolean(), server_default=sa.false(), nullable=False),
    ):
        op.add_column("prediction", column)
    op.create_index(
        "ix_prediction_plant_unit_created_at", "prediction", ["plant", "unit", "created_at"]
    )
    op.add_column("model_version", sa.Column("cleaned_at", MOMENT, nullable=True))
    _create_answers()
    _create_retrains()
    _create_feedback()
    _create_decisions()
    _create_records()
    if op.get_bind().dialect.name == "postgresql":
        _protect_postgresql()
    else:
        _protect_sqlite()


def _create_answers() -> None:
    """What was answered, what went wrong, which readings came."""
    op.create_table(
        "prediction_failure",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("plant", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prediction_failure")),
    )
    op.create_index(
        op.f("ix_prediction_failure_plant_created_at"),
        "prediction_failure",
        ["plant", "created_at"],
        unique=False,
    )
    op.create_table(
        "landing",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("plant", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("first_life", sa.Double(), nullable=False),
        sa.Column("last_life", sa.Double(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_landing_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_landing")),
    )
    op.create_index(
        op.f("ix_landing_plant_unit_id"), "landing", ["plant", "unit", "id"], unique=False
    )


def _create_retrains() -> None:
    """Retrains and the settings that they ran with."""
    op.create_table(
        "config_snapshot",
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("sources", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_config_snapshot_sha256")),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_config_snapshot")),
    )
    op.create_table(
        "retrain",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("plant", sa.Text(), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("watermark", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("snapshot", sa.String(64), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("requested_at", MOMENT, nullable=False),
        sa.Column("started_at", MOMENT, nullable=True),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "(finished_at IS NULL) = (state IN ('requested', 'running'))",
            name=op.f("ck_retrain_finished"),
        ),
        sa.CheckConstraint(
            "state IN ('requested', 'running', 'deployed', 'shadowed', 'held', 'rejected', 'failed', "
            "'cancelled')",
            name=op.f("ck_retrain_state"),
        ),
        sa.CheckConstraint(
            "trigger IN ('feedback', 'outcomes', 'forced')", name=op.f("ck_retrain_trigger")
        ),
        sa.CheckConstraint(
            "verdict IN ('PROMOTE', 'HOLD', 'REJECT', 'IN_CHARGE')", name=op.f("ck_retrain_verdict")
        ),
        sa.ForeignKeyConstraint(
            ["snapshot"], ["config_snapshot.sha256"], name=op.f("fk_retrain_config_snapshot")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retrain")),
        sa.UniqueConstraint(
            "plant", "trigger", "watermark", name=op.f("uq_retrain_plant_trigger_watermark")
        ),
    )
    op.create_index(
        "uq_retrain_one_open",
        "retrain",
        ["plant"],
        unique=True,
        sqlite_where=sa.text("finished_at IS NULL"),
        postgresql_where=sa.text("finished_at IS NULL"),
    )


def _create_feedback() -> None:
    """What people said, and what became of machines."""
    op.create_table(
        "feedback",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("prediction_id", sa.String(32), nullable=False),
        sa.Column("plant", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("rating", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("person", sa.String(64), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("salt", sa.String(32), nullable=True),
        sa.Column("commitment", sa.String(64), nullable=False),
        sa.Column("rolled_up", sa.BigInteger(), nullable=True),
        sa.Column("retrain_id", ROW_ID, nullable=True),
        sa.CheckConstraint("rating IN ('positive', 'negative')", name=op.f("ck_feedback_rating")),
        sa.CheckConstraint(
            "reason IN ('too_early', 'too_late', 'implausible', 'interval_too_wide', "
            "'wrong_machine', 'other')",
            name=op.f("ck_feedback_reason"),
        ),
        sa.ForeignKeyConstraint(["retrain_id"], ["retrain.id"], name=op.f("fk_feedback_retrain")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
        sa.UniqueConstraint(
            "plant", "unit", "day", "person", name=op.f("uq_feedback_plant_unit_day_person")
        ),
        sa.UniqueConstraint(
            "prediction_id", "person", name=op.f("uq_feedback_prediction_id_person")
        ),
    )
    op.create_index(
        op.f("ix_feedback_plant_created_at"), "feedback", ["plant", "created_at"], unique=False
    )
    op.create_index(op.f("ix_feedback_rolled_up"), "feedback", ["rolled_up"], unique=False)
    op.create_table(
        "feedback_hour",
        sa.Column("plant", sa.Text(), nullable=False),
        sa.Column("hour", MOMENT, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("positive", sa.Integer(), nullable=False),
        sa.Column("negative", sa.Integer(), nullable=False),
        sa.Column("claimed_positive", sa.Integer(), nullable=False),
        sa.Column("claimed_negative", sa.Integer(), nullable=False),
        sa.Column("last_roll_up", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("plant", "hour", "number", name=op.f("pk_feedback_hour")),
    )
    op.create_table(
        "outcome",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("plant", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("life", sa.Double(), nullable=False),
        sa.Column("observed_at", MOMENT, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("retrain_id", ROW_ID, nullable=True),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "kind IN ('failed', 'replaced', 'repaired', 'running')", name=op.f("ck_outcome_kind")
        ),
        sa.CheckConstraint("life >= 0", name=op.f("ck_outcome_life")),
        sa.ForeignKeyConstraint(["retrain_id"], ["retrain.id"], name=op.f("fk_outcome_retrain")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outcome")),
    )
    op.create_index(
        "uq_outcome_told_once",
        "outcome",
        ["plant", "unit", "kind", "life"],
        unique=True,
        sqlite_where=sa.text("withdrawn_at IS NULL"),
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_index(
        "uq_outcome_one_end",
        "outcome",
        ["plant", "unit"],
        unique=True,
        sqlite_where=sa.text("kind <> 'running' AND withdrawn_at IS NULL"),
        postgresql_where=sa.text("kind <> 'running' AND withdrawn_at IS NULL"),
    )


def _create_decisions() -> None:
    """Verdicts, approvals, freezes."""
    op.create_table(
        "gate",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("plant", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("report", sa.String(64), nullable=False),
        sa.Column("retrain_id", ROW_ID, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "verdict IN ('PROMOTE', 'HOLD', 'REJECT', 'IN_CHARGE')", name=op.f("ck_gate_verdict")
        ),
        sa.ForeignKeyConstraint(
            ["plant", "number", "sha256"],
            ["model_version.plant", "model_version.number", "model_version.sha256"],
            name=op.f("fk_gate_model_version"),
        ),
        sa.ForeignKeyConstraint(["retrain_id"], ["retrain.id"], name=op.f("fk_gate_retrain")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gate")),
    )
    op.create_index(op.f("ix_gate_plant_id"), "gate", ["plant", "id"], unique=False)
    op.create_table(
        "approval",
        sa.Column("gate_id", ROW_ID, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["gate_id"], ["gate.id"], name=op.f("fk_approval_gate")),
        sa.PrimaryKeyConstraint("gate_id", name=op.f("pk_approval")),
    )
    op.create_table(
        "plant_freeze",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("plant", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("until", MOMENT, nullable=True),
        sa.CheckConstraint(
            "until IS NULL OR until >= since", name=op.f("ck_plant_freeze_interval")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plant_freeze")),
    )
    op.create_index(
        "uq_plant_freeze_one_open",
        "plant_freeze",
        ["plant"],
        unique=True,
        sqlite_where=sa.text("until IS NULL"),
        postgresql_where=sa.text("until IS NULL"),
    )


def _create_records() -> None:
    """Alerts with their delivery, and the ledger."""
    op.create_table(
        "alert",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("plant", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("repeats", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "severity IN ('info', 'warning', 'critical')", name=op.f("ck_alert_severity")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
        sa.UniqueConstraint("key", name=op.f("uq_alert_key")),
    )
    op.create_table(
        "delivery",
        sa.Column("alert_id", ROW_ID, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", MOMENT, nullable=False),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'sent', 'given_up')", name=op.f("ck_delivery_state")
        ),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("fk_delivery_alert")),
        sa.PrimaryKeyConstraint("alert_id", "channel", name=op.f("pk_delivery")),
    )
    op.create_index(
        op.f("ix_delivery_state_next_at"), "delivery", ["state", "next_at"], unique=False
    )
    op.create_table(
        "ledger",
        sa.Column("seq", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("plant", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_ledger")),
    )


def _refused() -> list[tuple[str, str, str]]:
    """What triggers refuse: table, operation, when."""
    refused = [(table, "UPDATE", "TRUE") for table in RECORDS]
    for table, columns in KEPT.items():
        changed = [f"NEW.{c} {_differs()} OLD.{c}" for c in columns]
        changed += [
            f"(OLD.{c} IS NOT NULL AND NEW.{c} {_differs()} OLD.{c})" for c in ONCE.get(table, ())
        ]
        if table == "feedback":
            changed += [
                f"(NEW.{c} IS NOT NULL AND NEW.{c} {_differs()} OLD.{c})" for c in FORGOTTEN
            ]
        refused.append((table, "UPDATE", " OR ".join(changed)))
    return refused + [(table, "DELETE", "TRUE") for table in UNDELETABLE]


def _differs() -> str:
    """How to compare where NULL is a value."""
    return "IS DISTINCT FROM" if op.get_bind().dialect.name == "postgresql" else "IS NOT"


def _message(table: str, operation: str) -> str:
    return f"{operation} refused: {table} is a record of what happened"


def _protect_sqlite() -> None:
    for table, operation, condition in _refused():
        op.execute(
            f"CREATE TRIGGER {table}_{operation.lower()} BEFORE {operation} ON {table} "
            f"WHEN {condition} "
            f"BEGIN SELECT RAISE(ABORT, '{_message(table, operation)}'); END"
        )


def _protect_postgresql() -> None:
    for table, operation, condition in _refused():
        op.execute(
            f"CREATE TRIGGER {table}_{operation.lower()} BEFORE {operation} ON {table} "
            f"FOR EACH ROW WHEN ({condition}) "
            f"EXECUTE FUNCTION refuse_change('{_message(table, operation)}')"
        )
    for table in UNDELETABLE:
        op.execute(
            f"CREATE TRIGGER {table}_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT "
            f"EXECUTE FUNCTION refuse_change('{_message(table, 'TRUNCATE')}')"
        )
