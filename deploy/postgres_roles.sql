-- Five logins, each with the rights that its work needs and no other (docs/postgresql.md):
--   rul_owner   owns the tables: migrations, and nothing else
--   rul_api     the service: answers, ratings, outcomes
--   rul_worker  Dagster's runs, code server and daemon, and what people decide on the command line
--   rul_read    auditors and dashboards: reads
--   rul_purge   forgets persons, and lets go of what is older than is kept
--
-- Run it as an administrator of the platform's database, before or after the tables are made, and once more, as
-- that one or as rul_owner, after each upgrade:
--   psql --single-transaction --set ON_ERROR_STOP=1 --file deploy/postgres_roles.sql DATABASE
-- Run again, it changes nothing. No password is in here: until a role has one (\password rul_api), or a line in
-- pg_hba.conf that asks for none, nobody comes in by it.

DO $roles$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['rul_owner', 'rul_api', 'rul_worker', 'rul_read', 'rul_purge'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            EXECUTE format('CREATE ROLE %I LOGIN', role);
        END IF;
    END LOOP;
    IF NOT pg_has_role(current_user, 'rul_owner', 'MEMBER') THEN
        EXECUTE format('GRANT rul_owner TO %I', current_user);  -- who is no superuser can give only so
    END IF;
END
$roles$;

-- Trials of `rul tune` lie in a schema of their own, which is no record: there rul_worker makes tables as it likes.
CREATE SCHEMA IF NOT EXISTS rul_studies;

-- Database, schema, tables and functions are rul_owner's, and the trials rul_worker's, also what another login made.
DO $owner$
DECLARE
    change text;
BEGIN
    FOR change IN
        SELECT format('ALTER DATABASE %I OWNER TO rul_owner', datname) FROM pg_database
        WHERE datname = current_database() AND pg_get_userbyid(datdba) <> 'rul_owner'
        UNION ALL
        SELECT format('ALTER TABLE public.%I OWNER TO rul_owner', relname) FROM pg_class c
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
            AND pg_get_userbyid(relowner) <> 'rul_owner'
            AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = c.oid AND deptype = 'e')
        UNION ALL
        SELECT format('ALTER SCHEMA %I OWNER TO rul_owner', nspname) FROM pg_namespace
        WHERE nspname = 'rul_studies' AND pg_get_userbyid(nspowner) <> 'rul_owner'
        UNION ALL
        SELECT format('ALTER TABLE rul_studies.%I OWNER TO rul_worker', relname) FROM pg_class
        WHERE relnamespace = 'rul_studies'::regnamespace AND relkind = 'r'
            AND pg_get_userbyid(relowner) <> 'rul_worker'
        UNION ALL
        SELECT format('ALTER FUNCTION %s OWNER TO rul_owner', oid::regprocedure) FROM pg_proc p
        WHERE pronamespace = 'public'::regnamespace AND pg_get_userbyid(proowner) <> 'rul_owner'
            AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = p.oid AND deptype = 'e')
    LOOP
        EXECUTE change;
    END LOOP;
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format(
        'GRANT CONNECT ON DATABASE %I TO rul_owner, rul_api, rul_worker, rul_read, rul_purge',
        current_database());
END
$owner$;

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO rul_owner;
GRANT USAGE ON SCHEMA public TO rul_api, rul_worker, rul_read, rul_purge;

REVOKE ALL ON SCHEMA rul_studies FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA rul_studies TO rul_worker;

DO $rights$
DECLARE
    part regclass;
BEGIN
    IF to_regclass('public.ended_session') IS NULL THEN
        RAISE NOTICE 'The tables of this version are not there yet: make them as rul_owner '
            '(rul database migrate), then run this once more.';
        RETURN;
    END IF;

    REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, rul_api, rul_worker, rul_read, rul_purge;
    REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM PUBLIC, rul_api, rul_worker, rul_read, rul_purge;
    REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC, rul_api, rul_worker, rul_read, rul_purge;

    -- Nothing is ever deleted, nothing truncated. The ledger's rows come in by a function of the owner, which takes
    -- the next row only and computes its hash itself. Another one locks a table for whoever may not change it.
    GRANT EXECUTE ON FUNCTION append_to_ledger TO rul_api, rul_worker, rul_purge;
    GRANT EXECUTE ON FUNCTION lock_table TO rul_api, rul_worker, rul_purge;
    GRANT EXECUTE ON FUNCTION add_months TO rul_worker, rul_purge;
    GRANT EXECUTE ON FUNCTION drop_month TO rul_purge;

    GRANT SELECT ON ALL TABLES IN SCHEMA public TO rul_api, rul_worker, rul_read;
    FOR part IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace
        AND relispartition AND relkind = 'r' LOOP
        EXECUTE format('REVOKE ALL ON %s FROM rul_api, rul_worker, rul_read', part);  -- months: as a whole alone
    END LOOP;
    REVOKE SELECT ON feedback_key FROM rul_api, rul_worker, rul_read;
    REVOKE SELECT ON access_token, answered_request, ended_session FROM rul_read;
    GRANT SELECT (id, label, scopes, rate, created_at, expires_at, revoked_at) ON access_token TO rul_read;
    GRANT INSERT ON
        prediction, prediction_failure, landing, feedback, outcome, answered_request, ended_session, alert,
        delivery, selected_parent
    TO rul_api;
    GRANT UPDATE (repeats) ON alert TO rul_api;
    GRANT USAGE ON SEQUENCE
        prediction_failure_id_seq, landing_id_seq, alert_id_seq, selected_parent_id_seq
    TO rul_api;

    GRANT INSERT ON
        materialization, materialization_input, model_version, deployment, prediction, prediction_failure, landing,
        config_snapshot, retrain, feedback, feedback_hour, outcome, gate, approval, plant_freeze, alert, delivery,
        provenance, imported_checkpoint, selected_parent, ledger_anchor, access_token
    TO rul_worker;
    GRANT UPDATE (state, note, cleaned_at) ON model_version TO rul_worker;
    GRANT UPDATE (until) ON deployment, plant_freeze TO rul_worker;
    GRANT UPDATE (state, attempt, run_id, verdict, error, started_at, finished_at) ON retrain TO rul_worker;
    GRANT UPDATE (rolled_up, retrain_id) ON feedback TO rul_worker;
    GRANT UPDATE (positive, negative, claimed_positive, claimed_negative, last_roll_up) ON feedback_hour
        TO rul_worker;
    GRANT UPDATE (retrain_id, withdrawn_at) ON outcome TO rul_worker;
    GRANT UPDATE (repeats) ON alert TO rul_worker;
    GRANT UPDATE (state, attempts, next_at, sent_at, error) ON delivery TO rul_worker;
    GRANT UPDATE (revoked_at) ON access_token TO rul_worker;
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO rul_worker;

    GRANT SELECT ON
        alembic_version, prediction, feedback, feedback_hour, outcome, retrain, gate, approval, plant_freeze,
        deployment, imported_checkpoint, selected_parent, ledger, ledger_anchor
    TO rul_purge;
    GRANT UPDATE (person, salt) ON feedback TO rul_purge;
    GRANT INSERT ON ledger_anchor TO rul_purge;
    GRANT USAGE ON SEQUENCE ledger_anchor_id_seq TO rul_purge;
END
$rights$;

-- Until logins of the one role of before have moved to these, they can what the three can together.
DO $before$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'rul_app') THEN
        REVOKE ALL ON ALL TABLES IN SCHEMA public FROM rul_app;
        REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM rul_app;
        REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM rul_app;
        GRANT rul_api, rul_worker, rul_purge TO rul_app;
    END IF;
END
$before$;
