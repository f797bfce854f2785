"""On PostgreSQL, a function that locks a table, so that a role needs no right to change it for that."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

FUNCTION = """
CREATE FUNCTION SCHEMA.lock_table(name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $lock$
BEGIN
    IF name IS NULL OR name NOT IN (
        'approval', 'feedback', 'feedback_hour', 'imported_checkpoint', 'ledger_anchor',
        'materialization', 'model_version', 'selected_parent'
    ) THEN
        RAISE EXCEPTION 'lock refused: found %, expected a table that is written alone', name;
    END IF;
    EXECUTE 'LOCK TABLE SCHEMA.' || name || ' IN SHARE ROW EXCLUSIVE MODE';
END
$lock$
"""
"""Runs as the tables' owner, hence names the table in full, and searches nobody's schema.

``LOCK TABLE`` itself asks for UPDATE, DELETE or TRUNCATE, which would be more than a lock.
"""


def upgrade() -> None:
    """Create the function, for its owner until somebody is granted it. SQLite has one writer anyway."""
    bind = op.get_bind()
    if bind.dialect.name != "postgresql":
        return
    schema = bind.execute(sa.select(sa.func.quote_ident(sa.func.current_schema()))).scalar_one()
    bind.exec_driver_sql(FUNCTION.replace("SCHEMA", schema).replace("%", "%%"))
    bind.exec_driver_sql(f"REVOKE ALL ON FUNCTION {schema}.lock_table(text) FROM PUBLIC")
