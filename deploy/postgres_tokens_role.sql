-- A login for `rul token` alone, where whoever hands out tokens shall not be able to deploy (docs/postgresql.md). Run it
-- after postgres_roles.sql, as the same administrator, and once more after an upgrade; run again, it changes nothing. It
-- holds no password.

DO $role$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'rul_tokens') THEN
        CREATE ROLE rul_tokens LOGIN;
    END IF;
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO rul_tokens', current_database());
END
$role$;

GRANT USAGE ON SCHEMA public TO rul_tokens;

DO $rights$
BEGIN
    IF to_regprocedure('public.drop_month(date)') IS NULL THEN
        RAISE NOTICE 'The tables of this version are not there yet: make them as rul_owner '
            '(rul database migrate), then run this once more.';
        RETURN;
    END IF;

    GRANT SELECT ON alembic_version, access_token, ledger, ledger_anchor TO rul_tokens;
    GRANT INSERT, UPDATE (revoked_at) ON access_token TO rul_tokens;
    GRANT EXECUTE ON FUNCTION append_to_ledger, lock_table TO rul_tokens;
    GRANT INSERT ON ledger_anchor TO rul_tokens;
    GRANT USAGE ON SEQUENCE ledger_anchor_id_seq TO rul_tokens;
END
$rights$;
