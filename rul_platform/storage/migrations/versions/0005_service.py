"""Tokens of the service, and answers that were given under a caller's key."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

RECORDS = {"access_token": "revoked_at", "answered_request": None}
"""Tables of which nothing changes but this column, once, from NULL."""


def upgrade() -> None:
    """Create both, and protect them."""
    op.create_table(
        "access_token",
        sa.Column("id", sa.String(12), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("rate", sa.Double(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("rate > 0", name=op.f("ck_access_token_rate")),
        sa.CheckConstraint("expires_at > created_at", name=op.f("ck_access_token_expiry")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_token")),
    )
    op.create_table(
        "answered_request",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("body", sa.String(64), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_answered_request")),
    )
    if op.get_bind().dialect.name == "postgresql":
        _protect_postgresql()
    else:
        _protect_sqlite()


def _message(table: str, operation: str) -> str:
    return f"{operation} refused: {table} is a record of what happened"


def _protect_sqlite() -> None:
    for table in RECORDS:
        op.execute(
            f"CREATE TRIGGER {table}_delete BEFORE DELETE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{_message(table, 'DELETE')}'); END"
        )
        op.execute(
            f"CREATE TRIGGER {table}_update BEFORE UPDATE ON {table} {_unless_it_ends(table)}"
            f"BEGIN SELECT RAISE(ABORT, '{_message(table, 'UPDATE')}'); END"
        )


def _protect_postgresql() -> None:
    for table in RECORDS:
        op.execute(
            f"CREATE TRIGGER {table}_delete BEFORE DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION refuse_change('{_message(table, 'DELETE')}')"
        )
        op.execute(
            f"CREATE TRIGGER {table}_update BEFORE UPDATE ON {table} FOR EACH ROW "
            f"{_unless_it_ends(table)}EXECUTE FUNCTION refuse_change('{_message(table, 'UPDATE')}')"
        )
        op.execute(
            f"CREATE TRIGGER {table}_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT "
            f"EXECUTE FUNCTION refuse_change('{_message(table, 'TRUNCATE')}')"
        )


def _unless_it_ends(table: str) -> str:
    """The condition under which an update is refused: it does more than set the column from NULL."""
    column = RECORDS[table]
    if column is None:
        return ""
    fixed = ("id", "hash", "label", "scopes", "rate", "created_at", "expires_at")
    changed = " OR ".join(f"NEW.{name} <> OLD.{name}" for name in fixed)
    return f"WHEN (OLD.{column} IS NOT NULL OR NEW.{column} IS NULL OR {changed}) "
