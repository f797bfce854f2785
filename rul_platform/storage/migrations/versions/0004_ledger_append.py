"""On PostgreSQL, the ledger's rows come in by one function: the application needs no INSERT on it."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

SIGNATURE = "append_to_ledger(bigint, text, text, text, text, text, text)"

FUNCTION = r"""
CREATE FUNCTION SCHEMA.append_to_ledger(
    seq bigint, kind text, plant text, body text, created_at text, previous text, hash text
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $append$
DECLARE
    last_seq bigint;
    last_hash text;
    field text;
    layout bytea := '';
    sealed text;
BEGIN
    PERFORM pg_advisory_xact_lock(83860381975890);  -- as storage.ledger takes its turn
    SELECT l.seq, l.hash INTO last_seq, last_hash FROM SCHEMA.ledger l ORDER BY l.seq DESC LIMIT 1;
    IF NOT FOUND THEN
        last_seq := 0;
        last_hash := repeat('0', 64);
    END IF;
    IF seq IS DISTINCT FROM last_seq + 1 THEN
        RAISE EXCEPTION 'row refused: found number %, expected %, as the ledger ends with row %',
            seq, last_seq + 1, last_seq;
    END IF;
    IF previous IS DISTINCT FROM last_hash THEN
        RAISE EXCEPTION 'row refused: found % as the hash of the row before, expected %',
            previous, last_hash;
    END IF;
    IF created_at !~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$' THEN
        RAISE EXCEPTION 'row refused: found % as its moment, expected UTC with microseconds', created_at;
    END IF;
    PERFORM body::json;
    FOREACH field IN ARRAY
        ARRAY['rul_platform/ledger/1', seq::text, kind, plant, body, created_at, previous]
    LOOP  -- as core.framing: each field behind its size in 8 bytes
        layout := layout || int8send(octet_length(convert_to(field, 'UTF8'))::bigint)
            || convert_to(field, 'UTF8');
    END LOOP;
    sealed := encode(sha256(layout), 'hex');
    IF hash IS DISTINCT FROM sealed THEN
        RAISE EXCEPTION 'row refused: found % as its hash, expected %', hash, sealed;
    END IF;
    INSERT INTO SCHEMA.ledger VALUES (seq, kind, plant, body, created_at, previous, hash);
    RETURN seq;
END
$append$
"""
"""Runs as the tables' owner, hence names the table in full, and searches nobody's schema."""


def upgrade() -> None:
    """Create the function, for its owner until somebody is granted it. SQLite has one kind of user."""
    bind = op.get_bind()
    if bind.dialect.name != "postgresql":
        return
    schema = bind.execute(sa.select(sa.func.quote_ident(sa.func.current_schema()))).scalar_one()
    bind.exec_driver_sql(FUNCTION.replace("SCHEMA", schema).replace("%", "%%"))
    bind.exec_driver_sql(f"REVOKE ALL ON FUNCTION {schema}.{SIGNATURE} FROM PUBLIC")
