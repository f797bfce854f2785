"""Anchors of the ledger, and the signed provenance of model versions."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
RECORDS = ("ledger_anchor", "provenance")
"""Tables of which nothing changes."""


def upgrade() -> None:
    """Create both, and protect them."""
    op.create_table(
        "ledger_anchor",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("seq", ROW_ID, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("signed_at", sa.Text(), nullable=False),
        sa.Column("key_id", sa.String(64), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_anchor")),
    )
    op.create_index(op.f("ix_ledger_anchor_seq"), "ledger_anchor", ["seq"], unique=False)
    op.create_table(
        "provenance",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("plant", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("envelope", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_provenance_sha256")),
        sa.ForeignKeyConstraint(
            ["plant", "number", "sha256"],
            ["model_version.plant", "model_version.number", "model_version.sha256"],
            name=op.f("fk_provenance_model_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provenance")),
    )
    op.create_index(
        op.f("ix_provenance_plant_number"), "provenance", ["plant", "number"], unique=False
    )
    if op.get_bind().dialect.name == "postgresql":
        _protect_postgresql()
    else:
        _protect_sqlite()


def _message(table: str, operation: str) -> str:
    return f"{operation} refused: {table} is a record of what happened"


def _protect_sqlite() -> None:
    for table in RECORDS:
        for operation in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_{operation.lower()} BEFORE {operation} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{_message(table, operation)}'); END"
            )


def _protect_postgresql() -> None:
    for table in RECORDS:
        for operation in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_{operation.lower()} BEFORE {operation} ON {table} "
                f"FOR EACH ROW EXECUTE FUNCTION refuse_change('{_message(table, operation)}')"
            )
        op.execute(
            f"CREATE TRIGGER {table}_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT "
            f"EXECUTE FUNCTION refuse_change('{_message(table, 'TRUNCATE')}')"
        )
