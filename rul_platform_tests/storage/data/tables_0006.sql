SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE FUNCTION public.append_to_ledger(seq bigint, kind text, plant text, body text, created_at text, previous text, hash text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
DECLARE
    last_seq bigint;
    last_hash text;
    field text;
    layout bytea := '';
    sealed text;
BEGIN
    PERFORM pg_advisory_xact_lock(83860381975890);  -- as storage.ledger takes its turn
    SELECT l.seq, l.hash INTO last_seq, last_hash FROM public.ledger l ORDER BY l.seq DESC LIMIT 1;
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
    INSERT INTO public.ledger VALUES (seq, kind, plant, body, created_at, previous, hash);
    RETURN seq;
END
$_$;
CREATE FUNCTION public.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION USING MESSAGE = TG_ARGV[0]; END $$;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public.access_token (
    id character varying(12) NOT NULL,
    hash character varying(64) NOT NULL,
    label text NOT NULL,
    scopes text NOT NULL,
    rate double precision NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    CONSTRAINT ck_access_token_expiry CHECK ((expires_at > created_at)),
    CONSTRAINT ck_access_token_rate CHECK ((rate > (0)::double precision))
);
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.alert (
    id bigint NOT NULL,
    key text NOT NULL,
    plant text NOT NULL,
    kind text NOT NULL,
    severity text NOT NULL,
    title text NOT NULL,
    text text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    repeats integer NOT NULL,
    CONSTRAINT ck_alert_severity CHECK ((severity = ANY (ARRAY['info'::text, 'warning'::text, 'critical'::text])))
);
CREATE SEQUENCE public.alert_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.alert_id_seq OWNED BY public.alert.id;
CREATE TABLE public.answered_request (
    key character varying(64) NOT NULL,
    body character varying(64) NOT NULL,
    answer text NOT NULL,
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE public.approval (
    gate_id bigint NOT NULL,
    actor text NOT NULL,
    reason text NOT NULL,
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE public.config_snapshot (
    sha256 character varying(64) NOT NULL,
    settings text NOT NULL,
    sources text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_config_snapshot_sha256 CHECK ((length((sha256)::text) = 64))
);
CREATE TABLE public.delivery (
    alert_id bigint NOT NULL,
    channel text NOT NULL,
    state text NOT NULL,
    attempts integer NOT NULL,
    next_at timestamp with time zone NOT NULL,
    sent_at timestamp with time zone,
    error text,
    CONSTRAINT ck_delivery_state CHECK ((state = ANY (ARRAY['waiting'::text, 'sent'::text, 'given_up'::text])))
);
CREATE TABLE public.deployment (
    id bigint NOT NULL,
    plant text NOT NULL,
    number integer NOT NULL,
    sha256 character varying(64) NOT NULL,
    since timestamp with time zone NOT NULL,
    until timestamp with time zone,
    evidence text NOT NULL,
    CONSTRAINT ck_deployment_interval CHECK (((until IS NULL) OR (until >= since)))
);
CREATE SEQUENCE public.deployment_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.deployment_id_seq OWNED BY public.deployment.id;
CREATE TABLE public.feedback (
    id character varying(32) NOT NULL,
    prediction_id character varying(32) NOT NULL,
    plant text NOT NULL,
    unit text NOT NULL,
    number integer NOT NULL,
    rating text NOT NULL,
    reason text,
    person character varying(64),
    day date NOT NULL,
    created_at timestamp with time zone NOT NULL,
    salt character varying(32),
    commitment character varying(64) NOT NULL,
    rolled_up bigint,
    retrain_id bigint,
    CONSTRAINT ck_feedback_rating CHECK ((rating = ANY (ARRAY['positive'::text, 'negative'::text]))),
    CONSTRAINT ck_feedback_reason CHECK ((reason = ANY (ARRAY['too_early'::text, 'too_late'::text, 'implausible'::text, 'interval_too_wide'::text, 'wrong_machine'::text, 'other'::text])))
);
CREATE TABLE public.feedback_hour (
    plant text NOT NULL,
    hour timestamp with time zone NOT NULL,
    number integer NOT NULL,
    positive integer NOT NULL,
    negative integer NOT NULL,
    claimed_positive integer NOT NULL,
    claimed_negative integer NOT NULL,
    last_roll_up bigint NOT NULL
);
CREATE TABLE public.gate (
    id bigint NOT NULL,
    plant text NOT NULL,
    number integer NOT NULL,
    sha256 character varying(64) NOT NULL,
    verdict text NOT NULL,
    record text NOT NULL,
    report character varying(64) NOT NULL,
    retrain_id bigint,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_gate_verdict CHECK ((verdict = ANY (ARRAY['PROMOTE'::text, 'HOLD'::text, 'REJECT'::text, 'IN_CHARGE'::text])))
);
CREATE SEQUENCE public.gate_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.gate_id_seq OWNED BY public.gate.id;
CREATE TABLE public.imported_checkpoint (
    id bigint NOT NULL,
    name text NOT NULL,
    architecture text NOT NULL,
    sha256 character varying(64) NOT NULL,
    file_sha256 character varying(64) NOT NULL,
    actor text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_imported_checkpoint_architecture CHECK ((architecture = ANY (ARRAY['lstm'::text, 'gru'::text, 'tcn'::text]))),
    CONSTRAINT ck_imported_checkpoint_sha256 CHECK ((length((sha256)::text) = 64))
);
CREATE SEQUENCE public.imported_checkpoint_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.imported_checkpoint_id_seq OWNED BY public.imported_checkpoint.id;
CREATE TABLE public.landing (
    id bigint NOT NULL,
    plant text NOT NULL,
    unit text NOT NULL,
    sha256 character varying(64) NOT NULL,
    rows integer NOT NULL,
    first_life double precision NOT NULL,
    last_life double precision NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_landing_sha256 CHECK ((length((sha256)::text) = 64))
);
CREATE SEQUENCE public.landing_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.landing_id_seq OWNED BY public.landing.id;
CREATE TABLE public.ledger (
    seq bigint NOT NULL,
    kind text NOT NULL,
    plant text NOT NULL,
    body text NOT NULL,
    created_at text NOT NULL,
    previous character varying(64) NOT NULL,
    hash character varying(64) NOT NULL
);
CREATE TABLE public.ledger_anchor (
    id bigint NOT NULL,
    seq bigint NOT NULL,
    hash character varying(64) NOT NULL,
    signed_at text NOT NULL,
    key_id character varying(64) NOT NULL,
    signature text NOT NULL
);
CREATE SEQUENCE public.ledger_anchor_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.ledger_anchor_id_seq OWNED BY public.ledger_anchor.id;
CREATE TABLE public.materialization (
    id bigint NOT NULL,
    asset text NOT NULL,
    partition text NOT NULL,
    sha256 character varying(64) NOT NULL,
    run_id text NOT NULL,
    code_version text NOT NULL,
    parameters text NOT NULL,
    environment text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_materialization_sha256 CHECK ((length((sha256)::text) = 64))
);
CREATE SEQUENCE public.materialization_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.materialization_id_seq OWNED BY public.materialization.id;
CREATE TABLE public.materialization_input (
    materialization_id bigint NOT NULL,
    "position" integer NOT NULL,
    asset text NOT NULL,
    partition text NOT NULL,
    sha256 character varying(64) NOT NULL,
    CONSTRAINT ck_materialization_input_sha256 CHECK ((length((sha256)::text) = 64))
);
CREATE TABLE public.model_version (
    plant text NOT NULL,
    number integer NOT NULL,
    sha256 character varying(64) NOT NULL,
    state text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    note text NOT NULL,
    cleaned_at timestamp with time zone,
    CONSTRAINT ck_model_version_number CHECK ((number >= 1)),
    CONSTRAINT ck_model_version_sha256 CHECK ((length((sha256)::text) = 64)),
    CONSTRAINT ck_model_version_state CHECK ((state = ANY (ARRAY['candidate'::text, 'shadow'::text, 'champion'::text, 'retired'::text, 'rejected'::text, 'rolled_back'::text, 'quarantined'::text])))
);
CREATE TABLE public.outcome (
    id character varying(32) NOT NULL,
    plant text NOT NULL,
    unit text NOT NULL,
    kind text NOT NULL,
    life double precision NOT NULL,
    observed_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    retrain_id bigint,
    withdrawn_at timestamp with time zone,
    CONSTRAINT ck_outcome_kind CHECK ((kind = ANY (ARRAY['failed'::text, 'replaced'::text, 'repaired'::text, 'running'::text]))),
    CONSTRAINT ck_outcome_life CHECK ((life >= (0)::double precision))
);
CREATE TABLE public.plant_freeze (
    id bigint NOT NULL,
    plant text NOT NULL,
    actor text NOT NULL,
    reason text NOT NULL,
    since timestamp with time zone NOT NULL,
    until timestamp with time zone,
    CONSTRAINT ck_plant_freeze_interval CHECK (((until IS NULL) OR (until >= since)))
);
CREATE SEQUENCE public.plant_freeze_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.plant_freeze_id_seq OWNED BY public.plant_freeze.id;
CREATE TABLE public.prediction (
    id character varying(32) NOT NULL,
    plant text NOT NULL,
    unit text NOT NULL,
    number integer NOT NULL,
    sha256 character varying(64) NOT NULL,
    life double precision NOT NULL,
    rul double precision NOT NULL,
    rul_low double precision NOT NULL,
    rul_high double precision NOT NULL,
    created_at timestamp with time zone NOT NULL,
    role text DEFAULT 'champion'::text NOT NULL,
    beside character varying(32),
    raw_rul double precision,
    inference_ms double precision,
    readings_sha256 character varying(64),
    is_strange boolean DEFAULT false NOT NULL,
    CONSTRAINT ck_prediction_interval CHECK ((rul_low <= rul_high)),
    CONSTRAINT ck_prediction_role CHECK ((role = ANY (ARRAY['champion'::text, 'challenger'::text, 'shadow'::text])))
);
CREATE TABLE public.prediction_failure (
    id bigint NOT NULL,
    plant text NOT NULL,
    number integer,
    kind text NOT NULL,
    created_at timestamp with time zone NOT NULL
);
CREATE SEQUENCE public.prediction_failure_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.prediction_failure_id_seq OWNED BY public.prediction_failure.id;
CREATE TABLE public.provenance (
    id bigint NOT NULL,
    plant text NOT NULL,
    number integer NOT NULL,
    sha256 character varying(64) NOT NULL,
    envelope character varying(64) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_provenance_sha256 CHECK ((length((sha256)::text) = 64))
);
CREATE SEQUENCE public.provenance_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.provenance_id_seq OWNED BY public.provenance.id;
CREATE TABLE public.retrain (
    id bigint NOT NULL,
    plant text NOT NULL,
    trigger text NOT NULL,
    watermark bigint,
    state text NOT NULL,
    attempt integer NOT NULL,
    run_id text,
    actor text NOT NULL,
    reason text NOT NULL,
    snapshot character varying(64) NOT NULL,
    cause text NOT NULL,
    verdict text,
    error text,
    requested_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    CONSTRAINT ck_retrain_finished CHECK (((finished_at IS NULL) = (state = ANY (ARRAY['requested'::text, 'running'::text])))),
    CONSTRAINT ck_retrain_state CHECK ((state = ANY (ARRAY['requested'::text, 'running'::text, 'deployed'::text, 'shadowed'::text, 'held'::text, 'rejected'::text, 'failed'::text, 'cancelled'::text]))),
    CONSTRAINT ck_retrain_trigger CHECK ((trigger = ANY (ARRAY['feedback'::text, 'outcomes'::text, 'forced'::text]))),
    CONSTRAINT ck_retrain_verdict CHECK ((verdict = ANY (ARRAY['PROMOTE'::text, 'HOLD'::text, 'REJECT'::text, 'IN_CHARGE'::text])))
);
CREATE SEQUENCE public.retrain_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.retrain_id_seq OWNED BY public.retrain.id;
CREATE TABLE public.selected_parent (
    id bigint NOT NULL,
    architecture text NOT NULL,
    sha256 character varying(64) NOT NULL,
    origin text NOT NULL,
    name text NOT NULL,
    actor text NOT NULL,
    reason text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_selected_parent_architecture CHECK ((architecture = ANY (ARRAY['lstm'::text, 'gru'::text, 'tcn'::text]))),
    CONSTRAINT ck_selected_parent_origin CHECK ((origin = ANY (ARRAY['pretrained_checkpoint'::text, 'imported_checkpoint'::text]))),
    CONSTRAINT ck_selected_parent_sha256 CHECK ((length((sha256)::text) = 64))
);
CREATE SEQUENCE public.selected_parent_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.selected_parent_id_seq OWNED BY public.selected_parent.id;
ALTER TABLE ONLY public.alert ALTER COLUMN id SET DEFAULT nextval('public.alert_id_seq'::regclass);
ALTER TABLE ONLY public.deployment ALTER COLUMN id SET DEFAULT nextval('public.deployment_id_seq'::regclass);
ALTER TABLE ONLY public.gate ALTER COLUMN id SET DEFAULT nextval('public.gate_id_seq'::regclass);
ALTER TABLE ONLY public.imported_checkpoint ALTER COLUMN id SET DEFAULT nextval('public.imported_checkpoint_id_seq'::regclass);
ALTER TABLE ONLY public.landing ALTER COLUMN id SET DEFAULT nextval('public.landing_id_seq'::regclass);
ALTER TABLE ONLY public.ledger_anchor ALTER COLUMN id SET DEFAULT nextval('public.ledger_anchor_id_seq'::regclass);
ALTER TABLE ONLY public.materialization ALTER COLUMN id SET DEFAULT nextval('public.materialization_id_seq'::regclass);
ALTER TABLE ONLY public.plant_freeze ALTER COLUMN id SET DEFAULT nextval('public.plant_freeze_id_seq'::regclass);
ALTER TABLE ONLY public.prediction_failure ALTER COLUMN id SET DEFAULT nextval('public.prediction_failure_id_seq'::regclass);
ALTER TABLE ONLY public.provenance ALTER COLUMN id SET DEFAULT nextval('public.provenance_id_seq'::regclass);
ALTER TABLE ONLY public.retrain ALTER COLUMN id SET DEFAULT nextval('public.retrain_id_seq'::regclass);
ALTER TABLE ONLY public.selected_parent ALTER COLUMN id SET DEFAULT nextval('public.selected_parent_id_seq'::regclass);
INSERT INTO public.access_token VALUES ('0123456789ab', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'for a test', 'read', 5, '2026-03-01 00:00:00+00', '2026-06-01 00:00:00+00', NULL);
INSERT INTO public.alembic_version VALUES ('0006');
INSERT INTO public.alert VALUES (1, 'k', 'press', 'drift', 'warning', 't', 'x', '2026-03-01 00:00:00+00', 0);
INSERT INTO public.answered_request VALUES ('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', '{}', '2026-03-01 00:00:00+00');
INSERT INTO public.approval VALUES (1, 'ann', 'seen', '2026-03-01 00:00:00+00');
INSERT INTO public.config_snapshot VALUES ('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', '{}', '{}', '2026-03-01 00:00:00+00');
INSERT INTO public.delivery VALUES (1, 'log', 'waiting', 0, '2026-03-01 00:00:00+00', NULL, NULL);
INSERT INTO public.deployment VALUES (1, 'press', 1, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', '2026-03-01 00:00:00+00', NULL, '{}');
INSERT INTO public.feedback VALUES ('f', 'p', 'press', 'u1', 1, 'negative', NULL, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', '2026-03-01', '2026-03-01 00:00:00+00', 's', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', NULL, NULL);
INSERT INTO public.feedback VALUES ('f728b4fa42484e3a8a5d2f346baa9455', 'e3e70682c2094caca29f6fbed82c07cd', 'press', 'u0', 1, 'positive', NULL, '0000000000000000000000000000000000000000000000000000000000000000', '2025-11-30', '2025-11-30 23:59:59.999999+00', '00000000000000000000000000000000', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 1, 1);
INSERT INTO public.feedback VALUES ('e443df789558467f9ba91faf7a024204', 'eb1167b367a94378bc65c1e582e2e662', 'press', 'u1', 1, 'negative', 'too_late', NULL, '2025-12-01', '2025-12-01 00:00:00+00', NULL, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 1, 1);
INSERT INTO public.feedback VALUES ('1846d424c17c4279a3c6612f48268673', '23a7711a81334876b7ebdcd9e87a1613', 'press', 'u2', 1, 'positive', NULL, '2222222222222222222222222222222222222222222222222222222222222222', '2025-12-31', '2025-12-31 23:59:59.999999+00', '22222222222222222222222222222222', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 1, NULL);
INSERT INTO public.feedback VALUES ('259f4329e6f4490b9a164106cf6a659e', 'fcbd04c340214ef78ca5a5a19e4d6e3c', 'press', 'u0', 1, 'negative', 'too_late', '3333333333333333333333333333333333333333333333333333333333333333', '2026-01-01', '2026-01-01 00:00:00+00', '33333333333333333333333333333333', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 1, NULL);
INSERT INTO public.feedback VALUES ('5487ce1eaf19422a99b8a714e61a441c', '12e0c8b2bad640fb99488dec4f65d4d9', 'press', 'u1', 1, 'positive', NULL, '4444444444444444444444444444444444444444444444444444444444444444', '2026-02-14', '2026-02-14 08:15:00.5+00', '44444444444444444444444444444444', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', NULL, NULL);
INSERT INTO public.feedback VALUES ('8d723104f77343c1b458a748e9bb17bc', '5a92118719c74df48f4ff31e78de5857', 'press', 'u2', 1, 'negative', 'too_late', '5555555555555555555555555555555555555555555555555555555555555555', '2026-03-01', '2026-03-01 12:00:00+00', '55555555555555555555555555555555', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', NULL, NULL);
INSERT INTO public.feedback VALUES ('eb2083e6ce164dba8ff18e0242af9fc3', '85776e9add84439eb1545a137a1d5006', 'press', 'u0', 1, 'positive', NULL, '6666666666666666666666666666666666666666666666666666666666666666', '2026-03-31', '2026-03-31 22:30:00+00', '66666666666666666666666666666666', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', NULL, NULL);
INSERT INTO public.feedback_hour VALUES ('press', '2026-03-01 00:00:00+00', 1, 0, 1, 0, 0, 1);
INSERT INTO public.gate VALUES (1, 'press', 1, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'HOLD', '{}', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', NULL, '2026-03-01 00:00:00+00');
INSERT INTO public.imported_checkpoint VALUES (1, 'lstm.pt', 'lstm', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'ann', '2026-03-01 00:00:00+00');
INSERT INTO public.landing VALUES (1, 'press', 'u1', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 5, 1, 5, '2026-03-01 00:00:00+00');
INSERT INTO public.ledger VALUES (1, 'freeze', 'press', '{"actor":"ann","reason":"overhaul"}', '2026-03-01T12:00:00.000000+00:00', '0000000000000000000000000000000000000000000000000000000000000000', '84b2e52405b8448cd15b0ff0bc5971844587d30107fed5a252311bab0d3ac5f2');
INSERT INTO public.ledger VALUES (2, 'purge', '', '{"before":"2025-12-02","feedback":1,"keys":0}', '2026-03-01T12:00:00.000000+00:00', '84b2e52405b8448cd15b0ff0bc5971844587d30107fed5a252311bab0d3ac5f2', '6cd40ff4bf6201d5a997f949d75362a9e70e2b5288d2b073ee4ea82c52b688c7');
INSERT INTO public.ledger_anchor VALUES (1, 1, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'now', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa');
INSERT INTO public.materialization VALUES (1, 'raw', 'FD001', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'r', 'c', '{}', '{}', '2026-03-01 00:00:00+00');
INSERT INTO public.materialization_input VALUES (1, 0, 'nasa', 'FD001', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa');
INSERT INTO public.model_version VALUES ('press', 1, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'champion', '2026-03-01 00:00:00+00', '', NULL);
INSERT INTO public.outcome VALUES ('o', 'press', 'u1', 'failed', 9, '2026-03-01 00:00:00+00', '2026-03-01 00:00:00+00', NULL, NULL);
INSERT INTO public.plant_freeze VALUES (1, 'press', 'ann', 'overhaul', '2026-03-01 00:00:00+00', NULL);
INSERT INTO public.prediction VALUES ('p', 'press', 'u1', 1, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 5, 3, 2, 4, '2026-03-01 00:00:00+00', 'champion', NULL, NULL, NULL, NULL, false);
INSERT INTO public.prediction VALUES ('e3e70682c2094caca29f6fbed82c07cd', 'press', 'u0', 1, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 50, 30, 20, 40, '2025-11-30 23:59:59.999999+00', 'champion', NULL, 30.5, 0.4, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', false);
INSERT INTO public.prediction VALUES ('eb1167b367a94378bc65c1e582e2e662', 'press', 'u1', 1, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 51, 30, 20, 40, '2025-12-01 00:00:00+00', 'champion', NULL, 30.5, 0.4, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', false);
INSERT INTO public.prediction VALUES ('f7c1bd874da5470994713d60c8a70639', 'press', 'u1', 1, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 51, 30, 20, 40, '2025-12-01 00:00:00+00', 'shadow', 'eb1167b367a94378bc65c1e582e2e662', 30.5, 0.4, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', false);
INSERT INTO public.prediction VALUES ('23a7711a81334876b7ebdcd9e87a1613', 'press', 'u2', 1, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 52, 30, 20, 40, '2025-12-31 23:59:59.999999+00', 'champion', NULL, 30.5, 0.4, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', false);
INSERT INTO public.prediction VALUES ('fcbd04c340214ef78ca5a5a19e4d6e3c', 'press', 'u0', 1, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 53, 30, 20, 40, '2026-01-01 00:00:00+00', 'champion', NULL, 30.5, 0.4, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', false);
INSERT INTO public.prediction VALUES ('b4862b21fb97443588561712e8e5216a', 'press', 'u0', 1, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 53, 30, 20, 40, '2026-01-01 00:00:00+00', 'shadow', 'fcbd04c340214ef78ca5a5a19e4d6e3c', 30.5, 0.4, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', false);
INSERT INTO public.prediction VALUES ('12e0c8b2bad640fb99488dec4f65d4d9', 'press', 'u1', 1, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 54, 30, 20, 40, '2026-02-14 08:15:00.5+00', 'champion', NULL, 30.5, 0.4, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', false);
INSERT INTO public.prediction VALUES ('5a92118719c74df48f4ff31e78de5857', 'press', 'u2', 1, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 55, 30, 20, 40, '2026-03-01 12:00:00+00', 'champion', NULL, 30.5, 0.4, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', false);
INSERT INTO public.prediction VALUES ('a3f2c9bf9c6346b990f244556f25e2a2', 'press', 'u2', 1, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 55, 30, 20, 40, '2026-03-01 12:00:00+00', 'shadow', '5a92118719c74df48f4ff31e78de5857', 30.5, 0.4, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', false);
INSERT INTO public.prediction VALUES ('85776e9add84439eb1545a137a1d5006', 'press', 'u0', 1, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 56, 30, 20, 40, '2026-03-31 22:30:00+00', 'champion', NULL, 30.5, 0.4, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', false);
INSERT INTO public.prediction_failure VALUES (1, 'press', NULL, 'OSError', '2026-03-01 00:00:00+00');
INSERT INTO public.provenance VALUES (1, 'press', 1, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', '2026-03-01 00:00:00+00');
INSERT INTO public.retrain VALUES (1, 'press', 'feedback', 7, 'requested', 1, NULL, 'system', '', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', '{}', NULL, NULL, '2026-03-01 00:00:00+00', NULL, NULL);
INSERT INTO public.selected_parent VALUES (1, 'lstm', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'imported_checkpoint', 'lstm.pt', 'ann', 'better', '2026-03-01 00:00:00+00');
SELECT pg_catalog.setval('public.alert_id_seq', 100, true);
SELECT pg_catalog.setval('public.deployment_id_seq', 100, true);
SELECT pg_catalog.setval('public.gate_id_seq', 100, true);
SELECT pg_catalog.setval('public.imported_checkpoint_id_seq', 100, true);
SELECT pg_catalog.setval('public.landing_id_seq', 100, true);
SELECT pg_catalog.setval('public.ledger_anchor_id_seq', 100, true);
SELECT pg_catalog.setval('public.materialization_id_seq', 100, true);
SELECT pg_catalog.setval('public.plant_freeze_id_seq', 100, true);
SELECT pg_catalog.setval('public.prediction_failure_id_seq', 100, true);
SELECT pg_catalog.setval('public.provenance_id_seq', 100, true);
SELECT pg_catalog.setval('public.retrain_id_seq', 100, true);
SELECT pg_catalog.setval('public.selected_parent_id_seq', 100, true);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.access_token
    ADD CONSTRAINT pk_access_token PRIMARY KEY (id);
ALTER TABLE ONLY public.alert
    ADD CONSTRAINT pk_alert PRIMARY KEY (id);
ALTER TABLE ONLY public.answered_request
    ADD CONSTRAINT pk_answered_request PRIMARY KEY (key);
ALTER TABLE ONLY public.approval
    ADD CONSTRAINT pk_approval PRIMARY KEY (gate_id);
ALTER TABLE ONLY public.config_snapshot
    ADD CONSTRAINT pk_config_snapshot PRIMARY KEY (sha256);
ALTER TABLE ONLY public.delivery
    ADD CONSTRAINT pk_delivery PRIMARY KEY (alert_id, channel);
ALTER TABLE ONLY public.deployment
    ADD CONSTRAINT pk_deployment PRIMARY KEY (id);
ALTER TABLE ONLY public.feedback
    ADD CONSTRAINT pk_feedback PRIMARY KEY (id);
ALTER TABLE ONLY public.feedback_hour
    ADD CONSTRAINT pk_feedback_hour PRIMARY KEY (plant, hour, number);
ALTER TABLE ONLY public.gate
    ADD CONSTRAINT pk_gate PRIMARY KEY (id);
ALTER TABLE ONLY public.imported_checkpoint
    ADD CONSTRAINT pk_imported_checkpoint PRIMARY KEY (id);
ALTER TABLE ONLY public.landing
    ADD CONSTRAINT pk_landing PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger
    ADD CONSTRAINT pk_ledger PRIMARY KEY (seq);
ALTER TABLE ONLY public.ledger_anchor
    ADD CONSTRAINT pk_ledger_anchor PRIMARY KEY (id);
ALTER TABLE ONLY public.materialization
    ADD CONSTRAINT pk_materialization PRIMARY KEY (id);
ALTER TABLE ONLY public.materialization_input
    ADD CONSTRAINT pk_materialization_input PRIMARY KEY (materialization_id, "position");
ALTER TABLE ONLY public.model_version
    ADD CONSTRAINT pk_model_version PRIMARY KEY (plant, number);
ALTER TABLE ONLY public.outcome
    ADD CONSTRAINT pk_outcome PRIMARY KEY (id);
ALTER TABLE ONLY public.plant_freeze
    ADD CONSTRAINT pk_plant_freeze PRIMARY KEY (id);
ALTER TABLE ONLY public.prediction
    ADD CONSTRAINT pk_prediction PRIMARY KEY (id);
ALTER TABLE ONLY public.prediction_failure
    ADD CONSTRAINT pk_prediction_failure PRIMARY KEY (id);
ALTER TABLE ONLY public.provenance
    ADD CONSTRAINT pk_provenance PRIMARY KEY (id);
ALTER TABLE ONLY public.retrain
    ADD CONSTRAINT pk_retrain PRIMARY KEY (id);
ALTER TABLE ONLY public.selected_parent
    ADD CONSTRAINT pk_selected_parent PRIMARY KEY (id);
ALTER TABLE ONLY public.alert
    ADD CONSTRAINT uq_alert_key UNIQUE (key);
ALTER TABLE ONLY public.feedback
    ADD CONSTRAINT uq_feedback_plant_unit_day_person UNIQUE (plant, unit, day, person);
ALTER TABLE ONLY public.feedback
    ADD CONSTRAINT uq_feedback_prediction_id_person UNIQUE (prediction_id, person);
ALTER TABLE ONLY public.imported_checkpoint
    ADD CONSTRAINT uq_imported_checkpoint_name UNIQUE (name);
ALTER TABLE ONLY public.model_version
    ADD CONSTRAINT uq_model_version_plant_number_sha256 UNIQUE (plant, number, sha256);
ALTER TABLE ONLY public.model_version
    ADD CONSTRAINT uq_model_version_plant_sha256 UNIQUE (plant, sha256);
ALTER TABLE ONLY public.retrain
    ADD CONSTRAINT uq_retrain_plant_trigger_watermark UNIQUE (plant, trigger, watermark);
CREATE INDEX ix_delivery_state_next_at ON public.delivery USING btree (state, next_at);
CREATE INDEX ix_feedback_plant_created_at ON public.feedback USING btree (plant, created_at);
CREATE INDEX ix_feedback_rolled_up ON public.feedback USING btree (rolled_up);
CREATE INDEX ix_gate_plant_id ON public.gate USING btree (plant, id);
CREATE INDEX ix_landing_plant_unit_id ON public.landing USING btree (plant, unit, id);
CREATE INDEX ix_ledger_anchor_seq ON public.ledger_anchor USING btree (seq);
CREATE INDEX ix_materialization_asset_partition_id ON public.materialization USING btree (asset, partition, id);
CREATE INDEX ix_materialization_sha256 ON public.materialization USING btree (sha256);
CREATE INDEX ix_prediction_failure_plant_created_at ON public.prediction_failure USING btree (plant, created_at);
CREATE INDEX ix_prediction_plant_created_at ON public.prediction USING btree (plant, created_at);
CREATE INDEX ix_prediction_plant_unit_created_at ON public.prediction USING btree (plant, unit, created_at);
CREATE INDEX ix_provenance_plant_number ON public.provenance USING btree (plant, number);
CREATE INDEX ix_selected_parent_architecture_id ON public.selected_parent USING btree (architecture, id);
CREATE UNIQUE INDEX uq_deployment_one_open ON public.deployment USING btree (plant) WHERE (until IS NULL);
CREATE UNIQUE INDEX uq_model_version_one_champion ON public.model_version USING btree (plant) WHERE (state = 'champion'::text);
CREATE UNIQUE INDEX uq_outcome_one_end ON public.outcome USING btree (plant, unit) WHERE ((kind <> 'running'::text) AND (withdrawn_at IS NULL));
CREATE UNIQUE INDEX uq_outcome_told_once ON public.outcome USING btree (plant, unit, kind, life) WHERE (withdrawn_at IS NULL);
CREATE UNIQUE INDEX uq_plant_freeze_one_open ON public.plant_freeze USING btree (plant) WHERE (until IS NULL);
CREATE UNIQUE INDEX uq_retrain_one_open ON public.retrain USING btree (plant) WHERE (finished_at IS NULL);
CREATE TRIGGER access_token_delete BEFORE DELETE ON public.access_token FOR EACH ROW EXECUTE FUNCTION public.refuse_change('DELETE refused: access_token is a record of what happened');
CREATE TRIGGER access_token_truncate BEFORE TRUNCATE ON public.access_token FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change('TRUNCATE refused: access_token is a record of what happened');
CREATE TRIGGER access_token_update BEFORE UPDATE ON public.access_token FOR EACH ROW WHEN (((old.revoked_at IS NOT NULL) OR (new.revoked_at IS NULL) OR ((new.id)::text <> (old.id)::text) OR ((new.hash)::text <> (old.hash)::text) OR (new.label <> old.label) OR (new.scopes <> old.scopes) OR (new.rate <> old.rate) OR (new.created_at <> old.created_at) OR (new.expires_at <> old.expires_at))) EXECUTE FUNCTION public.refuse_change('UPDATE refused: access_token is a record of what happened');
CREATE TRIGGER answered_request_delete BEFORE DELETE ON public.answered_request FOR EACH ROW EXECUTE FUNCTION public.refuse_change('DELETE refused: answered_request is a record of what happened');
CREATE TRIGGER answered_request_truncate BEFORE TRUNCATE ON public.answered_request FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change('TRUNCATE refused: answered_request is a record of what happened');
CREATE TRIGGER answered_request_update BEFORE UPDATE ON public.answered_request FOR EACH ROW EXECUTE FUNCTION public.refuse_change('UPDATE refused: answered_request is a record of what happened');
CREATE TRIGGER approval_delete BEFORE DELETE ON public.approval FOR EACH ROW WHEN (true) EXECUTE FUNCTION public.refuse_change('DELETE refused: approval is a record of what happened');
CREATE TRIGGER approval_truncate BEFORE TRUNCATE ON public.approval FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change('TRUNCATE refused: approval is a record of what happened');
CREATE TRIGGER approval_update BEFORE UPDATE ON public.approval FOR EACH ROW WHEN (true) EXECUTE FUNCTION public.refuse_change('UPDATE refused: approval is a record of what happened');
CREATE TRIGGER config_snapshot_delete BEFORE DELETE ON public.config_snapshot FOR EACH ROW WHEN (true) EXECUTE FUNCTION public.refuse_change('DELETE refused: config_snapshot is a record of what happened');
CREATE TRIGGER config_snapshot_truncate BEFORE TRUNCATE ON public.config_snapshot FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change('TRUNCATE refused: config_snapshot is a record of what happened');
CREATE TRIGGER config_snapshot_update BEFORE UPDATE ON public.config_snapshot FOR EACH ROW WHEN (true) EXECUTE FUNCTION public.refuse_change('UPDATE refused: config_snapshot is a record of what happened');
CREATE TRIGGER deployment_delete BEFORE DELETE ON public.deployment FOR EACH ROW WHEN (true) EXECUTE FUNCTION public.refuse_change('DELETE refused: deployment is a record of what happened');
CREATE TRIGGER deployment_truncate BEFORE TRUNCATE ON public.deployment FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change('TRUNCATE refused: deployment is a record of what happened');
CREATE TRIGGER deployment_update BEFORE UPDATE ON public.deployment FOR EACH ROW WHEN ((NOT ((old.until IS NULL) AND (new.until IS NOT NULL) AND (new.id = old.id) AND (new.plant = old.plant) AND (new.number = old.number) AND ((new.sha256)::text = (old.sha256)::text) AND (new.since = old.since) AND (new.evidence = old.evidence)))) EXECUTE FUNCTION public.refuse_change('UPDATE refused: deployment is a record of what happened');
CREATE TRIGGER feedback_delete BEFORE DELETE ON public.feedback FOR EACH ROW WHEN (true) EXECUTE FUNCTION public.refuse_change('DELETE refused: feedback is a record of what happened');
CREATE TRIGGER feedback_truncate BEFORE TRUNCATE ON public.feedback FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change('TRUNCATE refused: feedback is a record of what happened');
CREATE TRIGGER feedback_update BEFORE UPDATE ON public.feedback FOR EACH ROW WHEN ((((new.id)::text IS DISTINCT FROM (old.id)::text) OR ((new.prediction_id)::text IS DISTINCT FROM (old.prediction_id)::text) OR (new.plant IS DISTINCT FROM old.plant) OR (new.unit IS DISTINCT FROM old.unit) OR (new.number IS DISTINCT FROM old.number) OR (new.rating IS DISTINCT FROM old.rating) OR (new.reason IS DISTINCT FROM old.reason) OR (new.day IS DISTINCT FROM old.day) OR (new.created_at IS DISTINCT FROM old.created_at) OR ((new.commitment)::text IS DISTINCT FROM (old.commitment)::text) OR ((old.rolled_up IS NOT NULL) AND (new.rolled_up IS DISTINCT FROM old.rolled_up)) OR ((old.retrain_id IS NOT NULL) AND (new.retrain_id IS DISTINCT FROM old.retrain_id)) OR ((new.person IS NOT NULL) AND ((new.person)::text IS DISTINCT FROM (old.person)::text)) OR ((new.salt IS NOT NULL) AND ((new.salt)::text IS DISTINCT FROM (old.salt)::text)))) EXECUTE FUNCTION public.refuse_change('UPDATE refused: feedback is a record of what happened');
CREATE TRIGGER gate_delete BEFORE DELETE ON public.gate FOR EACH ROW WHEN (true) EXECUTE FUNCTION public.refuse_change('DELETE refused: gate is a record of what happened');
CREATE TRIGGER gate_truncate BEFORE TRUNCATE ON public.gate FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change('TRUNCATE refused: gate is a record of what happened');
CREATE TRIGGER gate_update BEFORE UPDATE ON public.gate FOR EACH ROW WHEN (true) EXECUTE FUNCTION public.refuse_change('UPDATE refused: gate is a record of what happened');
CREATE TRIGGER imported_checkpoint_delete BEFORE DELETE ON public.imported_checkpoint FOR EACH ROW EXECUTE FUNCTION public.refuse_change('DELETE refused: imported_checkpoint is a record of what happened');
CREATE TRIGGER imported_checkpoint_truncate BEFORE TRUNCATE ON public.imported_checkpoint FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change('TRUNCATE refused: imported_checkpoint is a record of what happened');
CREATE TRIGGER imported_checkpoint_update BEFORE UPDATE ON public.imported_checkpoint FOR EACH ROW EXECUTE FUNCTION public.refuse_change('UPDATE refused: imported_checkpoint is a record of what happened');
CREATE TRIGGER landing_delete BEFORE DELETE ON public.landing FOR EACH ROW WHEN (true) EXECUTE FUNCTION public.refuse_change('DELETE refused: landing is a record of what happened');
CREATE TRIGGER landing_truncate BEFORE TRUNCATE ON public.landing FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change('TRUNCATE refused: landing is a record of what happened');
CREATE TRIGGER landing_update BEFORE UPDATE ON public.landing FOR EACH ROW WHEN (true) EXECUTE FUNCTION public.refuse_change('UPDATE refused: landing is a record of what happened');
CREATE TRIGGER ledger_anchor_delete BEFORE DELETE ON public.ledger_anchor FOR EACH ROW EXECUTE FUNCTION public.refuse_change('DELETE refused: ledger_anchor is a record of what happened');
CREATE TRIGGER ledger_anchor_truncate BEFORE TRUNCATE ON public.ledger_anchor FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change('TRUNCATE refused: ledger_anchor is a record of what happened');
CREATE TRIGGER ledger_anchor_update BEFORE UPDATE ON public.ledger_anchor FOR EACH ROW EXECUTE FUNCTION public.refuse_change('UPDATE refused: ledger_anchor is a record of what happened');
CREATE TRIGGER ledger_delete BEFORE DELETE ON public.ledger FOR EACH ROW WHEN (true) EXECUTE FUNCTION public.refuse_change('DELETE refused: ledger is a record of what happened');
CREATE TRIGGER ledger_truncate BEFORE TRUNCATE ON public.ledger FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change('TRUNCATE refused: ledger is a record of what happened');
CREATE TRIGGER ledger_update BEFORE UPDATE ON public.ledger FOR EACH ROW WHEN (true) EXECUTE FUNCTION public.refuse_change('UPDATE refused: ledger is a record of what happened');
CREATE TRIGGER materialization_delete BEFORE DELETE ON public.materialization FOR EACH ROW WHEN (true) EXECUTE FUNCTION public.refuse_change('DELETE refused: materialization is a record of what happened');
CREATE TRIGGER materialization_input_delete BEFORE DELETE ON public.materialization_input FOR EACH ROW WHEN (true) EXECUTE FUNCTION public.refuse_change('DELETE refused: materialization_input is a record of what happened');
CREATE TRIGGER materialization_input_truncate BEFORE TRUNCATE ON public.materialization_input FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change('TRUNCATE refused: materialization_input is a record of what happened');
CREATE TRIGGER materialization_input_update BEFORE UPDATE ON public.materialization_input FOR EACH ROW WHEN (true) EXECUTE FUNCTION public.refuse_change('UPDATE refused: materialization_input is a record of what happened');
CREATE TRIGGER materialization_truncate BEFORE TRUNCATE ON public.materialization FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change('TRUNCATE refused: materialization is a record of what happened');
CREATE TRIGGER materialization_update BEFORE UPDATE ON public.materialization FOR EACH ROW WHEN (true) EXECUTE FUNCTION public.refuse_change('UPDATE refused: materialization is a record of what happened');
CREATE TRIGGER model_version_delete BEFORE DELETE ON public.model_version FOR EACH ROW WHEN (true) EXECUTE FUNCTION public.refuse_change('DELETE refused: model_version is a record of what happened');
CREATE TRIGGER model_version_truncate BEFORE TRUNCATE ON public.model_version FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change('TRUNCATE refused: model_version is a record of what happened');
CREATE TRIGGER model_version_update BEFORE UPDATE ON public.model_version FOR EACH ROW WHEN ((NOT ((new.plant = old.plant) AND (new.number = old.number) AND ((new.sha256)::text = (old.sha256)::text) AND (new.created_at = old.created_at)))) EXECUTE FUNCTION public.refuse_change('UPDATE refused: model_version is a record of what happened');
CREATE TRIGGER outcome_delete BEFORE DELETE ON public.outcome FOR EACH ROW WHEN (true) EXECUTE FUNCTION public.refuse_change('DELETE refused: outcome is a record of what happened');
CREATE TRIGGER outcome_truncate BEFORE TRUNCATE ON public.outcome FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change('TRUNCATE refused: outcome is a record of what happened');
CREATE TRIGGER outcome_update BEFORE UPDATE ON public.outcome FOR EACH ROW WHEN ((((new.id)::text IS DISTINCT FROM (old.id)::text) OR (new.plant IS DISTINCT FROM old.plant) OR (new.unit IS DISTINCT FROM old.unit) OR (new.kind IS DISTINCT FROM old.kind) OR (new.life IS DISTINCT FROM old.life) OR (new.observed_at IS DISTINCT FROM old.observed_at) OR (new.recorded_at IS DISTINCT FROM old.recorded_at) OR ((old.retrain_id IS NOT NULL) AND (new.retrain_id IS DISTINCT FROM old.retrain_id)) OR ((old.withdrawn_at IS NOT NULL) AND (new.withdrawn_at IS DISTINCT FROM old.withdrawn_at)))) EXECUTE FUNCTION public.refuse_change('UPDATE refused: outcome is a record of what happened');
CREATE TRIGGER plant_freeze_delete BEFORE DELETE ON public.plant_freeze FOR EACH ROW WHEN (true) EXECUTE FUNCTION public.refuse_change('DELETE refused: plant_freeze is a record of what happened');
CREATE TRIGGER plant_freeze_truncate BEFORE TRUNCATE ON public.plant_freeze FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change('TRUNCATE refused: plant_freeze is a record of what happened');
CREATE TRIGGER plant_freeze_update BEFORE UPDATE ON public.plant_freeze FOR EACH ROW WHEN (((new.id IS DISTINCT FROM old.id) OR (new.plant IS DISTINCT FROM old.plant) OR (new.actor IS DISTINCT FROM old.actor) OR (new.reason IS DISTINCT FROM old.reason) OR (new.since IS DISTINCT FROM old.since) OR ((old.until IS NOT NULL) AND (new.until IS DISTINCT FROM old.until)))) EXECUTE FUNCTION public.refuse_change('UPDATE refused: plant_freeze is a record of what happened');
CREATE TRIGGER prediction_update BEFORE UPDATE ON public.prediction FOR EACH ROW WHEN (true) EXECUTE FUNCTION public.refuse_change('UPDATE refused: prediction is a record of what happened');
CREATE TRIGGER provenance_delete BEFORE DELETE ON public.provenance FOR EACH ROW EXECUTE FUNCTION public.refuse_change('DELETE refused: provenance is a record of what happened');
CREATE TRIGGER provenance_truncate BEFORE TRUNCATE ON public.provenance FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change('TRUNCATE refused: provenance is a record of what happened');
CREATE TRIGGER provenance_update BEFORE UPDATE ON public.provenance FOR EACH ROW EXECUTE FUNCTION public.refuse_change('UPDATE refused: provenance is a record of what happened');
CREATE TRIGGER retrain_delete BEFORE DELETE ON public.retrain FOR EACH ROW WHEN (true) EXECUTE FUNCTION public.refuse_change('DELETE refused: retrain is a record of what happened');
CREATE TRIGGER retrain_truncate BEFORE TRUNCATE ON public.retrain FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change('TRUNCATE refused: retrain is a record of what happened');
CREATE TRIGGER retrain_update BEFORE UPDATE ON public.retrain FOR EACH ROW WHEN (((new.id IS DISTINCT FROM old.id) OR (new.plant IS DISTINCT FROM old.plant) OR (new.trigger IS DISTINCT FROM old.trigger) OR (new.watermark IS DISTINCT FROM old.watermark) OR (new.actor IS DISTINCT FROM old.actor) OR (new.reason IS DISTINCT FROM old.reason) OR ((new.snapshot)::text IS DISTINCT FROM (old.snapshot)::text) OR (new.cause IS DISTINCT FROM old.cause) OR (new.requested_at IS DISTINCT FROM old.requested_at) OR ((old.finished_at IS NOT NULL) AND (new.finished_at IS DISTINCT FROM old.finished_at)))) EXECUTE FUNCTION public.refuse_change('UPDATE refused: retrain is a record of what happened');
CREATE TRIGGER selected_parent_delete BEFORE DELETE ON public.selected_parent FOR EACH ROW EXECUTE FUNCTION public.refuse_change('DELETE refused: selected_parent is a record of what happened');
CREATE TRIGGER selected_parent_truncate BEFORE TRUNCATE ON public.selected_parent FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change('TRUNCATE refused: selected_parent is a record of what happened');
CREATE TRIGGER selected_parent_update BEFORE UPDATE ON public.selected_parent FOR EACH ROW EXECUTE FUNCTION public.refuse_change('UPDATE refused: selected_parent is a record of what happened');
ALTER TABLE ONLY public.approval
    ADD CONSTRAINT fk_approval_gate FOREIGN KEY (gate_id) REFERENCES public.gate(id);
ALTER TABLE ONLY public.delivery
    ADD CONSTRAINT fk_delivery_alert FOREIGN KEY (alert_id) REFERENCES public.alert(id);
ALTER TABLE ONLY public.deployment
    ADD CONSTRAINT fk_deployment_model_version FOREIGN KEY (plant, number, sha256) REFERENCES public.model_version(plant, number, sha256);
ALTER TABLE ONLY public.feedback
    ADD CONSTRAINT fk_feedback_retrain FOREIGN KEY (retrain_id) REFERENCES public.retrain(id);
ALTER TABLE ONLY public.gate
    ADD CONSTRAINT fk_gate_model_version FOREIGN KEY (plant, number, sha256) REFERENCES public.model_version(plant, number, sha256);
ALTER TABLE ONLY public.gate
    ADD CONSTRAINT fk_gate_retrain FOREIGN KEY (retrain_id) REFERENCES public.retrain(id);
ALTER TABLE ONLY public.materialization_input
    ADD CONSTRAINT fk_materialization_input_materialization FOREIGN KEY (materialization_id) REFERENCES public.materialization(id);
ALTER TABLE ONLY public.outcome
    ADD CONSTRAINT fk_outcome_retrain FOREIGN KEY (retrain_id) REFERENCES public.retrain(id);
ALTER TABLE ONLY public.prediction
    ADD CONSTRAINT fk_prediction_model_version FOREIGN KEY (plant, number, sha256) REFERENCES public.model_version(plant, number, sha256);
ALTER TABLE ONLY public.provenance
    ADD CONSTRAINT fk_provenance_model_version FOREIGN KEY (plant, number, sha256) REFERENCES public.model_version(plant, number, sha256);
ALTER TABLE ONLY public.retrain
    ADD CONSTRAINT fk_retrain_config_snapshot FOREIGN KEY (snapshot) REFERENCES public.config_snapshot(sha256);
