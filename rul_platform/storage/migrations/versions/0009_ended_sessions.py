"""Browser sessions whose owner signed out, for every process of the service."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

TABLE = "ended_session"


def upgrade() -> None:
    """Create the table, and protect it."""
    op.create_table(
        TABLE,
        sa.Column("cookie", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(cookie) = 64", name=op.f("ck_ended_session_cookie")),
        sa.PrimaryKeyConstraint("cookie", name=op.f("pk_ended_session")),
    )
    if op.get_bind().dialect.name == "postgresql":
        _protect_postgresql()
    else:
        _protect_sqlite()


def _message(operation: str) -> str:
    return f"{operation} refused: {TABLE} is a record of what happened"


def _protect_sqlite() -> None:
    for operation in ("DELETE", "UPDATE"):
        op.execute(
            f"CREATE TRIGGER {TABLE}_{operation.lower()} BEFORE {operation} ON {TABLE} "
            f"BEGIN SELECT RAISE(ABORT, '{_message(operation)}'); END"
        )


def _protect_postgresql() -> None:
    for operation, each in (("DELETE", "ROW"), ("UPDATE", "ROW"), ("TRUNCATE", "STATEMENT")):
        op.execute(
            f"CREATE TRIGGER {TABLE}_{operation.lower()} BEFORE {operation} ON {TABLE} "
            f"FOR EACH {each} EXECUTE FUNCTION refuse_change('{_message(operation)}')"
        )
