"""Lineage, model versions, deployments, predictions."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
SHA256 = "length(sha256) = 64"

CLOSED_ONCE = """(OLD.until IS NULL AND NEW.until IS NOT NULL AND NEW.id = OLD.id
    AND NEW.plant = OLD.plant AND NEW.number = OLD.number AND NEW.sha256 = OLD.sha256
    AND NEW.since = OLD.since AND NEW.evidence = OLD.evidence)"""
"""The only change that a deployment allows."""

SAME_MODEL = """(NEW.plant = OLD.plant AND NEW.number = OLD.number AND NEW.sha256 = OLD.sha256
    AND NEW.created_at = OLD.created_at)"""
"""What stays true of a version, whatever becomes of it."""

REFUSED = (
    ("materialization", "UPDATE", "TRUE"),
    ("materialization", "DELETE", "TRUE"),
    ("materialization_input", "UPDATE", "TRUE"),
    ("materialization_input", "DELETE", "TRUE"),
    ("model_version", "UPDATE", f"NOT {SAME_MODEL}"),
    ("model_version", "DELETE", "TRUE"),
    ("deployment", "UPDATE", f"NOT {CLOSED_ONCE}"),
    ("deployment", "DELETE", "TRUE"),
    ("prediction", "UPDATE", "TRUE"),  # deleting stays possible: a log may have to forget
)
"""What triggers refuse: table, operation, when."""


def upgrade() -> None:
    """Create everything."""
    _create_lineage()
    _create_models()
    _create_predictions()
    if op.get_bind().dialect.name == "postgresql":
        _protect_postgresql()
    else:
        _protect_sqlite()


def _create_lineage() -> None:
    op.create_table(
        "materialization",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("partition", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("code_version", sa.Text(), nullable=False),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_materialization"),
        sa.CheckConstraint(SHA256, name=op.f("ck_materialization_sha256")),
    )
    op.create_index(
        "ix_materialization_asset_partition_id", "materialization", ["asset", "partition", "id"]
    )
    op.create_index("ix_materialization_sha256", "materialization", ["sha256"])
    op.create_table(
        "materialization_input",
        sa.Column("materialization_id", ROW_ID, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("partition", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("materialization_id", "position", name="pk_materialization_input"),
        sa.ForeignKeyConstraint(
            ["materialization_id"],
            ["materialization.id"],
            name="fk_materialization_input_materialization",
        ),
        sa.CheckConstraint(SHA256, name=op.f("ck_materialization_input_sha256")),
    )


def _create_models() -> None:
    op.create_table(
        "model_version",
        sa.Column("plant", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("plant", "number", name="pk_model_version"),
        sa.UniqueConstraint("plant", "sha256", name="uq_model_version_plant_sha256"),
        sa.UniqueConstraint(
            "plant", "number", "sha256", name="uq_model_version_plant_number_sha256"
        ),
        sa.CheckConstraint(SHA256, name=op.f("ck_model_version_sha256")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_model_version_number")),
        sa.CheckConstraint(
            "state IN ('candidate', 'shadow', 'champion', 'retired', 'rejected', 'rolled_back', "
            "'quarantined')",
            name=op.f("ck_model_version_state"),
        ),
    )
    _create_partial_index("uq_model_version_one_champion", "model_version", "state = 'champion'")
    op.create_table(
        "deployment",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("plant", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("until", MOMENT, nullable=True),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_deployment"),
        _version_key("deployment"),
        sa.CheckConstraint("until IS NULL OR until >= since", name=op.f("ck_deployment_interval")),
    )
    _create_partial_index("uq_deployment_one_open", "deployment", "until IS NULL")


def _create_predictions() -> None:
    op.create_table(
        "prediction",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("plant", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("life", sa.Double(), nullable=False),
        sa.Column("rul", sa.Double(), nullable=False),
        sa.Column("rul_low", sa.Double(), nullable=False),
        sa.Column("rul_high", sa.Double(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_prediction"),
        _version_key("prediction"),
        sa.CheckConstraint("rul_low <= rul_high", name=op.f("ck_prediction_interval")),
    )
    op.create_index("ix_prediction_plant_created_at", "prediction", ["plant", "created_at"])


def _version_key(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["plant", "number", "sha256"],
        ["model_version.plant", "model_version.number", "model_version.sha256"],
        name=f"fk_{table}_model_version",
    )


def _create_partial_index(name: str, table: str, condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, ["plant"], unique=True, sqlite_where=where, postgresql_where=where)


def _message(table: str, operation: str) -> str:
    return f"{operation} refused: {table} is a record of what happened"


def _protect_sqlite() -> None:
    for table, operation, condition in REFUSED:
        op.execute(
            f"CREATE TRIGGER {table}_{operation.lower()} BEFORE {operation} ON {table} "
            f"WHEN {condition} "
            f"BEGIN SELECT RAISE(ABORT, '{_message(table, operation)}'); END"
        )


def _protect_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION USING MESSAGE = TG_ARGV[0]; END $$"
    )
    for table, operation, condition in REFUSED:
        op.execute(
            f"CREATE TRIGGER {table}_{operation.lower()} BEFORE {operation} ON {table} "
            f"FOR EACH ROW WHEN ({condition}) "
            f"EXECUTE FUNCTION refuse_change('{_message(table, operation)}')"
        )
    for table in sorted({table for table, operation, _ in REFUSED if operation == "DELETE"}):
        op.execute(
            f"CREATE TRIGGER {table}_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT "
            f"EXECUTE FUNCTION refuse_change('{_message(table, 'TRUNCATE')}')"
        )
