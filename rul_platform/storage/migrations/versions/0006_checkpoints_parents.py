"""Checkpoints that were imported under a name, and which one plants start from."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
RECORDS = ("imported_checkpoint", "selected_parent")
"""Tables of which nothing changes."""


def upgrade() -> None:
    """Create both, and protect them."""
    op.create_table(
        "imported_checkpoint",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("architecture", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("file_sha256", sa.String(64), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "architecture IN ('lstm', 'gru', 'tcn')",
            name=op.f("ck_imported_checkpoint_architecture"),
        ),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_imported_checkpoint_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imported_checkpoint")),
        sa.UniqueConstraint("name", name=op.f("uq_imported_checkpoint_name")),
    )
    op.create_table(
        "selected_parent",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("architecture", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "architecture IN ('lstm', 'gru', 'tcn')", name=op.f("ck_selected_parent_architecture")
        ),
        sa.CheckConstraint(
            "origin IN ('pretrained_checkpoint', 'imported_checkpoint')",
            name=op.f("ck_selected_parent_origin"),
        ),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_selected_parent_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_selected_parent")),
    )
    op.create_index(
        op.f("ix_selected_parent_architecture_id"),
        "selected_parent",
        ["architecture", "id"],
        unique=False,
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
