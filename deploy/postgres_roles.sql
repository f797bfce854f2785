-- The role that the platform works with: it owns nothing, so it cannot take away the triggers that keep records.
-- Run this as the owner of the platform's database, after the tables were made (`rul status` makes them), and
-- again after an upgrade:   psql DATABASE -f deploy/postgres_roles.sql
-- Then give it to a login of its own:   CREATE ROLE rul_login LOGIN PASSWORD '...' IN ROLE rul_app;
-- and name that login in RUL_DATABASE_URL. Migrations are the owner's: the login cannot make or change tables.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'rul_app') THEN
        CREATE ROLE rul_app NOLOGIN;
    END IF;
END
$$;

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, rul_app;
GRANT USAGE ON SCHEMA public TO rul_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO rul_app;

-- Nothing is ever deleted. What is a record is only added to.
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO rul_app;
REVOKE INSERT ON alembic_version FROM rul_app;

-- The ledger's rows come in by a function of the owner: it takes the next row only, and computes its hash itself.
REVOKE INSERT ON ledger FROM rul_app;
GRANT EXECUTE ON FUNCTION append_to_ledger TO rul_app;

-- State that changes, column by column kept by triggers; and tables that are locked while they are written,
-- for which PostgreSQL asks for UPDATE: their triggers refuse every one.
GRANT UPDATE ON
    model_version, deployment, retrain, feedback, feedback_hour, outcome, plant_freeze, alert, delivery,
    materialization, approval, ledger_anchor, access_token, imported_checkpoint, selected_parent
TO rul_app;

-- Trials of `rul tune` lie in a schema of their own, which is no record: there the role makes tables as it likes.
CREATE SCHEMA IF NOT EXISTS rul_studies;
REVOKE ALL ON SCHEMA rul_studies FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA rul_studies TO rul_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA rul_studies TO rul_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA rul_studies TO rul_app;
