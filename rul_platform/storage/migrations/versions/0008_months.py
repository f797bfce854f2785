"""On PostgreSQL, predictions and feedback are divided by month. SQLite stays as it is.

Rows are copied month by month, and counted: one that is missing stops the migration, which is one
transaction. Indexes, foreign keys and triggers are made again as they were, but for keys, which have to
hold the moment: see decision 0036.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

MONTHS_AHEAD = 3

MICROSECONDS = "(extract(epoch FROM created_at AT TIME ZONE 'UTC') * 1000000)::bigint"
ID_TELLS_ITS_MOMENT = f"""
    substr(id, 13, 1) <> '7' OR left(id, 16) =
    lpad(to_hex({MICROSECONDS} / 1000), 12, '0') || '7' || lpad(to_hex({MICROSECONDS} % 1000), 3, '0')
"""
"""As core.row_ids: with the key (id, created_at), an id of version 7 is unique over all months."""

FUNCTIONS = (
    """
CREATE FUNCTION SCHEMA.refuse_known_id() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $once$
DECLARE
    is_known boolean;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(TG_RELID::text || NEW.id, 0));
    EXECUTE format('SELECT EXISTS (SELECT FROM SCHEMA.%I WHERE id = $1)', TG_ARGV[0])
        INTO is_known USING NEW.id;
    IF is_known THEN
        RAISE unique_violation USING MESSAGE = format(
            'duplicate key: %s %s is there already, violates unique id', TG_ARGV[0], NEW.id);
    END IF;
    RETURN NEW;
END
$once$
""",
    """
CREATE FUNCTION SCHEMA.take_feedback_key() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $take$
BEGIN
    INSERT INTO SCHEMA.feedback_key (feedback_id, prediction_id, person, plant, unit, day)
    VALUES (NEW.id, NEW.prediction_id, NEW.person, NEW.plant, NEW.unit, NEW.day)
    ON CONFLICT DO NOTHING;
    IF FOUND THEN
        RETURN NEW;
    END IF;
    RETURN NULL;  -- the first rating stands: this one is left out, as by ON CONFLICT DO NOTHING
END
$take$
""",
    """
CREATE FUNCTION SCHEMA.free_feedback_key() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $free$
BEGIN
    DELETE FROM SCHEMA.feedback_key WHERE feedback_id = OLD.id;
    RETURN NULL;
END
$free$
""",
    """
CREATE FUNCTION SCHEMA.add_month(name text, month date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '5s'
AS $add$
DECLARE
    first date := date_trunc('month', month)::date;
    since timestamptz := first::timestamp AT TIME ZONE 'UTC';
    until timestamptz := (first + interval '1 month')::timestamp AT TIME ZONE 'UTC';
    part text := name || to_char(first, '_YYYY_MM');
    rest text := name || '_default';
    is_full boolean;
BEGIN
    IF name IS NULL OR name NOT IN ('prediction', 'feedback') THEN
        RAISE EXCEPTION 'month refused: found table %, expected prediction or feedback', name;
    END IF;
    PERFORM pg_advisory_xact_lock(85041823663187);
    IF to_regclass('SCHEMA.' || part) IS NOT NULL THEN
        RETURN 0;
    END IF;
    EXECUTE format('CREATE TABLE SCHEMA.%I (LIKE SCHEMA.%I INCLUDING ALL)', part, name);
    EXECUTE format(
        'SELECT EXISTS (SELECT FROM SCHEMA.%I WHERE created_at >= $1 AND created_at < $2)', rest
    ) INTO is_full USING since, until;
    IF is_full THEN  -- rows that came before their month was made go where they belong
        EXECUTE format('ALTER TABLE SCHEMA.%I DETACH PARTITION SCHEMA.%I', name, rest);
        EXECUTE format(
            'WITH moved AS (DELETE FROM SCHEMA.%I WHERE created_at >= $1 AND created_at < $2 '
            'RETURNING *) INSERT INTO SCHEMA.%I SELECT * FROM moved', rest, part
        ) USING since, until;
    END IF;
    EXECUTE format('ALTER TABLE SCHEMA.%I ATTACH PARTITION SCHEMA.%I FOR VALUES FROM (%L) TO (%L)',
        name, part, since, until);
    IF is_full THEN
        EXECUTE format('ALTER TABLE SCHEMA.%I ATTACH PARTITION SCHEMA.%I DEFAULT', name, rest);
    END IF;
    RETURN 1;
END
$add$
""",
    """
CREATE FUNCTION SCHEMA.add_months(today date, ahead integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $ahead$
DECLARE
    name text;
    month date;
    made integer := 0;
BEGIN
    IF today IS NULL OR ahead IS NULL OR ahead NOT BETWEEN 0 AND 24 THEN
        RAISE EXCEPTION 'months refused: found %, expected 0 to 24', ahead;
    END IF;
    PERFORM pg_advisory_xact_lock(85041823663187);  -- first of all, or two wait in a ring
    FOREACH name IN ARRAY ARRAY['feedback', 'prediction'] LOOP
        FOR month IN EXECUTE format(
            'SELECT generate_series(date_trunc(''month'', $1::timestamp), '
            '$1 + make_interval(months => $2), ''1 month'')::date '
            'UNION SELECT date_trunc(''month'', created_at AT TIME ZONE ''UTC'')::date '
            'FROM SCHEMA.%I ORDER BY 1', name || '_default') USING today, ahead
        LOOP
            made := made + SCHEMA.add_month(name, month);
        END LOOP;
    END LOOP;
    RETURN made;
END
$ahead$
""",
    """
CREATE FUNCTION SCHEMA.drop_month(month date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '5s'
AS $drop$
DECLARE
    first date := date_trunc('month', month)::date;
    part text := 'prediction' || to_char(first, '_YYYY_MM');
    gone bigint;
BEGIN
    IF first IS NULL OR first + interval '7 months' > now() AT TIME ZONE 'UTC' THEN
        RAISE EXCEPTION 'month refused: found %, expected one that ended six months ago', first;
    END IF;
    IF to_regclass('SCHEMA.' || part) IS NULL THEN
        RETURN 0;
    END IF;
    EXECUTE format('LOCK TABLE SCHEMA.%I IN ACCESS EXCLUSIVE MODE', part);
    EXECUTE format('SELECT count(*) FROM SCHEMA.%I', part) INTO gone;
    EXECUTE format('DROP TABLE SCHEMA.%I', part);
    RETURN gone;
END
$drop$
""",
)

SIGNATURES = (
    "refuse_known_id()",
    "take_feedback_key()",
    "free_feedback_key()",
    "add_month(text, date)",
    "add_months(date, integer)",
    "drop_month(date)",
)

FEEDBACK_KEY = """
CREATE TABLE feedback_key (
    feedback_id varchar(32) NOT NULL CONSTRAINT pk_feedback_key PRIMARY KEY,
    prediction_id varchar(32) NOT NULL,
    person varchar(64) NOT NULL,
    plant text NOT NULL,
    unit text NOT NULL,
    day date NOT NULL,
    CONSTRAINT uq_feedback_key_prediction_id_person UNIQUE (prediction_id, person),
    CONSTRAINT uq_feedback_key_plant_unit_day_person UNIQUE (plant, unit, day, person)
)
"""
"""One row for each rating that somebody stands behind; gone when that person is forgotten."""


def upgrade() -> None:
    """Divide both tables."""
    bind = op.get_bind()
    if bind.dialect.name != "postgresql":
        return
    schema = bind.execute(sa.select(sa.func.quote_ident(sa.func.current_schema()))).scalar_one()
    for function in FUNCTIONS:
        _run(bind, function.replace("SCHEMA", schema))
    for signature in SIGNATURES:
        _run(bind, f"REVOKE ALL ON FUNCTION {schema}.{signature} FROM PUBLIC")
    for table in ("prediction", "feedback"):
        _divide(bind, table)
    _keep_ids_unique(bind)
    _keep_one_rating(bind)
    _run(bind, f"SELECT add_months((now() AT TIME ZONE 'UTC')::date, {MONTHS_AHEAD})")


def _divide(bind: sa.Connection, table: str) -> None:
    """Put a table's rows into one for each month; only what is unique is made anew by others."""
    before = f"{table}_before"
    _run(bind, f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
    _run(bind, f"ALTER TABLE {table} RENAME TO {before}")
    again = _definitions(bind, table, before)
    _run(
        bind,
        f"CREATE TABLE {table} (LIKE {before} INCLUDING DEFAULTS INCLUDING CONSTRAINTS) "
        f"PARTITION BY RANGE (created_at)",
    )
    _run(bind, f"CREATE TABLE {table}_default PARTITION OF {table} DEFAULT")
    _copy(bind, table, before)
    _run(bind, f"DROP TABLE {before}")
    _run(bind, f"ALTER TABLE {table} ADD CONSTRAINT pk_{table} PRIMARY KEY (id, created_at)")
    for statement in again:
        _run(bind, statement)


def _definitions(bind: sa.Connection, table: str, before: str) -> list[str]:
    """How to make the indexes, foreign keys and triggers that the table had, once it is away."""
    indexes = (
        "SELECT pg_get_indexdef(indexrelid) FROM pg_index "  # noqa: S608
        f"WHERE indrelid = '{before}'::regclass AND NOT indisunique ORDER BY 1"
    )
    keys = (
        f"SELECT format('ALTER TABLE {table} ADD CONSTRAINT %I %s', conname, pg_get_constraintdef(oid)) "  # noqa: S608
        f"FROM pg_constraint WHERE conrelid = '{before}'::regclass AND contype = 'f' ORDER BY 1"
    )
    triggers = (
        "SELECT pg_get_triggerdef(oid) FROM pg_trigger "  # noqa: S608
        f"WHERE tgrelid = '{before}'::regclass AND NOT tgisinternal ORDER BY 1"
    )
    found = [row[0] for question in (indexes, keys, triggers) for row in _run(bind, question)]
    return [statement.replace(f".{before} ", f".{table} ") for statement in found]


def _copy(bind: sa.Connection, table: str, before: str) -> None:
    """Month by month.

    Raises:
        RuntimeError: Fewer or more rows came than were there.
    """
    month = "date_trunc('month', created_at AT TIME ZONE 'UTC')"
    found = _run(bind, f"SELECT {month}::date, count(*) FROM {before} GROUP BY 1 ORDER BY 1").all()  # noqa: S608
    for first, count in [tuple(row) for row in found]:
        _run(bind, f"SELECT add_month('{table}', '{first}')")
        copied = _run(
            bind,
            f"INSERT INTO {table} SELECT * FROM {before} WHERE {month} = '{first}'",  # noqa: S608
        ).rowcount
        there = _run(bind, f"SELECT count(*) FROM {table}_{first:%Y_%m}").scalar_one()  # noqa: S608
        if not count == copied == there:
            msg = f"{table} of {first:%Y-%m}: {count} rows before, {copied} copied, {there} there."
            raise RuntimeError(msg)


def _keep_ids_unique(bind: sa.Connection) -> None:
    for table in ("prediction", "feedback"):
        _run(
            bind, f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_id CHECK ({ID_TELLS_ITS_MOMENT})"
        )
        _run(
            bind,
            f"CREATE TRIGGER {table}_id BEFORE INSERT ON {table} FOR EACH ROW "
            f"WHEN (substr(NEW.id, 13, 1) <> '7') EXECUTE FUNCTION refuse_known_id('{table}')",
        )


def _keep_one_rating(bind: sa.Connection) -> None:
    _run(bind, FEEDBACK_KEY)
    _run(
        bind,
        "INSERT INTO feedback_key SELECT id, prediction_id, person, plant, unit, day FROM feedback "
        "WHERE person IS NOT NULL",
    )
    _run(
        bind,
        "CREATE TRIGGER feedback_take_key BEFORE INSERT ON feedback FOR EACH ROW "
        "WHEN (NEW.person IS NOT NULL) EXECUTE FUNCTION take_feedback_key()",
    )
    _run(
        bind,
        "CREATE TRIGGER feedback_free_key AFTER UPDATE ON feedback FOR EACH ROW "
        "WHEN (OLD.person IS NOT NULL AND NEW.person IS NULL) EXECUTE FUNCTION free_feedback_key()",
    )


def _run(bind: sa.Connection, statement: str) -> sa.CursorResult[Any]:
    return bind.exec_driver_sql(statement.replace("%", "%%"))
