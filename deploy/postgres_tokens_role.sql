-- A login for `rul token` alone, where whoever hands out tokens shall not be able to deploy (docs/postgresql.md). Run it
-- after postgres_roles.sql, as the same administrator; run again, it changes nothing. It holds no password.

DO $role$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'rul_tokens') THEN
        CREATE ROLE rul_tokens LOGIN;
    END IF;
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO rul_tokens', current_database());
END
$role$;

GRANT USAGE ON SCHEMA public TO rul_tokens;
GRANT SELECT ON alembic_version, access_token, ledger, ledger_anchor TO rul_tokens;
GRANT INSERT, UPDATE (revoked_at) ON access_token TO rul_tokens;
GRANT EXECUTE ON FUNCTION append_to_ledger TO rul_tokens;
GRANT INSERT ON ledger_anchor TO rul_tokens;
GRANT USAGE ON SEQUENCE ledger_anchor_id_seq TO rul_tokens;
