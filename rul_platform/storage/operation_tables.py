"""The tables of a model at work: what it answered, what people and machines said, what followed.

    prediction ──< feedback ──> feedback_hour      ratings, and their hourly counts
    prediction_failure, landing, outcome           what went wrong, which readings came, what became
    config_snapshot ──< retrain ──< gate ──< approval
    plant_freeze, alert ──< delivery, ledger
    imported_checkpoint, selected_parent           what plants can start from, and what they do

One open retrain for each plant, watermarks that are used once, one open freeze, one end for each
unit: constraints of the database. A person is a keyed pseudonym: who rated stands in
``feedback.person`` alone; who decided, in ``retrain.actor``, ``approval.actor``, ``plant_freeze.actor``,
``imported_checkpoint.actor``, ``selected_parent.actor``, in the ``evidence`` of a deployment and in the
``body`` of the ledger's rows.

Belongs here: columns and constraints. Does not belong here: questions asked of them.
"""

import sqlalchemy as sa

from rul_platform.core.architectures import ARCHITECTURES
from rul_platform.core.parents import ORIGINS
from rul_platform.storage.column_types import (
    METADATA,
    ROW_ID,
    CanonicalJson,
    Sha256,
    UtcDateTime,
    moment,
    one_of,
    sha256,
    sha256_check,
    text,
    unique_where,
)
from rul_platform.storage.tables import version_key

ROLES = ("champion", "challenger", "shadow")
"""Who answered: the model in charge, the other arm of an A/B test, or a model that was only asked."""

RATINGS = ("positive", "negative")
REASONS = ("too_early", "too_late", "implausible", "interval_too_wide", "wrong_machine", "other")
"""Why a prediction was rated so. Codes, no free text: a text could name a person."""

OUTCOMES = ("failed", "replaced", "repaired", "running")
"""What became of a unit. All but ``running`` end its history; after a repair it is another unit."""

TRIGGERS = ("feedback", "outcomes", "forced")
OPEN_STATES = ("requested", "running")
CLOSED_STATES = ("deployed", "shadowed", "held", "rejected", "failed", "cancelled")
VERDICTS = ("PROMOTE", "HOLD", "REJECT", "IN_CHARGE")
SEVERITIES = ("info", "warning", "critical")
DELIVERY_STATES = ("waiting", "sent", "given_up")

KEY_DIGITS = 32
"""Ids: 32 hex digits, those of answers and ratings as ``core.row_ids`` makes them, others at random.

On PostgreSQL the two are divided by month, with the moment in their keys (decision 0036).
"""

PREDICTION = sa.Table(
    "prediction",
    METADATA,
    sa.Column("id", sa.String(KEY_DIGITS), primary_key=True),
    text("plant"),
    text("unit"),
    sa.Column("number", sa.Integer, nullable=False),
    sha256(),
    sa.Column("life", sa.Double, nullable=False),
    sa.Column("rul", sa.Double, nullable=False),
    sa.Column("rul_low", sa.Double, nullable=False),
    sa.Column("rul_high", sa.Double, nullable=False),
    moment("created_at"),
    sa.Column("role", sa.Text, nullable=False, server_default="champion"),
    sa.Column("beside", sa.String(KEY_DIGITS)),  # the answer that was given, where this one was not
    sa.Column("raw_rul", sa.Double),  # before any limit
    sa.Column("inference_ms", sa.Double),
    sa.Column("readings_sha256", Sha256),  # artifact of the readings that it was made from
    sa.Column("is_strange", sa.Boolean, nullable=False, server_default=sa.false()),  # so were they
    sa.CheckConstraint("rul_low <= rul_high", name="interval"),
    one_of("role", ROLES),
    version_key(),
    sa.Index(None, "plant", "created_at"),
    sa.Index(None, "plant", "unit", "created_at"),
)

PREDICTION_FAILURE = sa.Table(
    "prediction_failure",
    METADATA,
    sa.Column("id", ROW_ID, primary_key=True),
    text("plant"),
    sa.Column("number", sa.Integer),  # NULL where no version could be found or loaded
    text("kind"),  # class of the error; its text may hold what a caller sent
    moment("created_at"),
    sa.Index(None, "plant", "created_at"),
)

LANDING = sa.Table(
    "landing",
    METADATA,
    sa.Column("id", ROW_ID, primary_key=True),
    text("plant"),
    text("unit"),
    sha256(),  # artifact with readings.parquet
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("first_life", sa.Double, nullable=False),
    sa.Column("last_life", sa.Double, nullable=False),
    moment("created_at"),
    sha256_check(),
    sa.Index(None, "plant", "unit", "id"),
)
"""One row for each arrival; the same readings may arrive again after others."""

CONFIG_SNAPSHOT = sa.Table(
    "config_snapshot",
    METADATA,
    sa.Column("sha256", Sha256, primary_key=True),  # of the settings as canonical JSON
    sa.Column("settings", CanonicalJson, nullable=False),
    sa.Column("sources", CanonicalJson, nullable=False),  # setting to where its value came from
    moment("created_at"),
    sha256_check(),
)

RETRAIN = sa.Table(
    "retrain",
    METADATA,
    sa.Column("id", ROW_ID, primary_key=True),
    text("plant"),
    text("trigger"),
    sa.Column(
        "watermark", sa.BigInteger
    ),  # what it consumed ends here; NULL where it consumed none
    text("state"),
    sa.Column("attempt", sa.Integer, nullable=False),  # from 1, one more for each run asked for
    sa.Column("run_id", sa.Text),  # Dagster's run that claimed it
    text("actor"),
    text("reason"),
    sa.Column("snapshot", sa.ForeignKey("config_snapshot.sha256"), nullable=False),
    sa.Column("cause", CanonicalJson, nullable=False),  # the condition's numbers
    sa.Column("verdict", sa.Text),  # the gate's
    sa.Column("error", sa.Text),
    moment("requested_at"),
    sa.Column("started_at", UtcDateTime),
    sa.Column("finished_at", UtcDateTime),
    one_of("trigger", TRIGGERS),
    one_of("state", (*OPEN_STATES, *CLOSED_STATES)),
    one_of("verdict", VERDICTS),
    sa.CheckConstraint(
        f"(finished_at IS NULL) = (state IN ({', '.join(map(repr, OPEN_STATES))}))", name="finished"
    ),
    sa.UniqueConstraint("plant", "trigger", "watermark"),
)

ONE_OPEN_RETRAIN = unique_where("uq_retrain_one_open", RETRAIN.c.plant, "finished_at IS NULL")

FEEDBACK = sa.Table(
    "feedback",
    METADATA,
    sa.Column("id", sa.String(KEY_DIGITS), primary_key=True),
    sa.Column("prediction_id", sa.String(KEY_DIGITS), nullable=False),  # no key: predictions may go
    text("plant"),
    text("unit"),
    sa.Column("number", sa.Integer, nullable=False),  # version that was rated
    text("rating"),
    sa.Column("reason", sa.Text),
    sa.Column("person", Sha256),  # pseudonym; NULL once forgotten
    sa.Column("day", sa.Date, nullable=False),  # of created_at, in UTC
    moment("created_at"),
    sa.Column("salt", sa.String(KEY_DIGITS)),  # of the commitment; NULL once forgotten
    sha256("commitment"),
    sa.Column("rolled_up", sa.BigInteger),  # number of the roll-up that counted it
    sa.Column("retrain_id", sa.ForeignKey("retrain.id")),  # the retrain that consumed it
    one_of("rating", RATINGS),
    one_of("reason", REASONS),
    sa.UniqueConstraint("plant", "unit", "day", "person"),
    sa.UniqueConstraint("prediction_id", "person"),
    sa.Index(None, "rolled_up"),
    sa.Index(None, "plant", "created_at"),
)

FEEDBACK_HOUR = sa.Table(
    "feedback_hour",
    METADATA,
    sa.Column("plant", sa.Text, primary_key=True),
    sa.Column("hour", UtcDateTime, primary_key=True),  # its beginning
    sa.Column(
        "number", sa.Integer, primary_key=True, autoincrement=False
    ),  # version that was rated
    sa.Column("positive", sa.Integer, nullable=False),
    sa.Column("negative", sa.Integer, nullable=False),
    sa.Column("claimed_positive", sa.Integer, nullable=False),
    sa.Column("claimed_negative", sa.Integer, nullable=False),
    sa.Column("last_roll_up", sa.BigInteger, nullable=False),
)

OUTCOME = sa.Table(
    "outcome",
    METADATA,
    sa.Column("id", sa.String(KEY_DIGITS), primary_key=True),
    text("plant"),
    text("unit"),
    text("kind"),
    sa.Column("life", sa.Double, nullable=False),  # how long the unit had run, in the plant's unit
    moment("observed_at"),
    moment("recorded_at"),
    sa.Column("retrain_id", sa.ForeignKey("retrain.id")),
    sa.Column("withdrawn_at", UtcDateTime),  # NULL while it stands
    one_of("kind", OUTCOMES),
    sa.CheckConstraint("life >= 0", name="life"),
)

TOLD_ONCE = sa.Index(
    "uq_outcome_told_once",
    OUTCOME.c.plant,
    OUTCOME.c.unit,
    OUTCOME.c.kind,
    OUTCOME.c.life,
    unique=True,
    sqlite_where=sa.text("withdrawn_at IS NULL"),
    postgresql_where=sa.text("withdrawn_at IS NULL"),
)
ONE_END = sa.Index(
    "uq_outcome_one_end",
    OUTCOME.c.plant,
    OUTCOME.c.unit,
    unique=True,
    sqlite_where=sa.text("kind <> 'running' AND withdrawn_at IS NULL"),
    postgresql_where=sa.text("kind <> 'running' AND withdrawn_at IS NULL"),
)

GATE = sa.Table(
    "gate",
    METADATA,
    sa.Column("id", ROW_ID, primary_key=True),
    text("plant"),
    sa.Column("number", sa.Integer, nullable=False),  # the candidate
    sha256(),
    text("verdict"),
    sa.Column("record", CanonicalJson, nullable=False),  # all its numbers
    sha256("report"),  # artifact of the evaluation
    sa.Column("retrain_id", sa.ForeignKey("retrain.id")),
    moment("created_at"),
    one_of("verdict", VERDICTS),
    version_key(),
    sa.Index(None, "plant", "id"),
)

APPROVAL = sa.Table(
    "approval",
    METADATA,
    sa.Column("gate_id", sa.ForeignKey("gate.id"), primary_key=True),
    text("actor"),
    text("reason"),
    moment("created_at"),
)

PLANT_FREEZE = sa.Table(
    "plant_freeze",
    METADATA,
    sa.Column("id", ROW_ID, primary_key=True),
    text("plant"),
    text("actor"),
    text("reason"),
    moment("since"),
    sa.Column("until", UtcDateTime),  # NULL while it holds
    sa.CheckConstraint("until IS NULL OR until >= since", name="interval"),
)

ONE_OPEN_PLANT_FREEZE = unique_where(
    "uq_plant_freeze_one_open", PLANT_FREEZE.c.plant, "until IS NULL"
)

ALERT = sa.Table(
    "alert",
    METADATA,
    sa.Column("id", ROW_ID, primary_key=True),
    text("key"),  # the same key is the same alert
    text("plant"),  # empty where it is about no plant
    text("kind"),
    text("severity"),
    text("title"),
    text("text"),
    moment("created_at"),
    sa.Column("repeats", sa.Integer, nullable=False),  # how often it was raised again
    one_of("severity", SEVERITIES),
    sa.UniqueConstraint("key"),
)

DELIVERY = sa.Table(
    "delivery",
    METADATA,
    sa.Column("alert_id", sa.ForeignKey("alert.id"), primary_key=True),
    sa.Column("channel", sa.Text, primary_key=True),
    text("state"),
    sa.Column("attempts", sa.Integer, nullable=False),
    moment("next_at"),
    sa.Column("sent_at", UtcDateTime),
    sa.Column("error", sa.Text),
    one_of("state", DELIVERY_STATES),
    sa.Index(None, "state", "next_at"),
)

LEDGER = sa.Table(
    "ledger",
    METADATA,
    sa.Column("seq", ROW_ID, primary_key=True, autoincrement=False),  # from 1, without gaps
    text("kind"),
    text("plant"),  # empty where it is about no plant
    text("body"),  # canonical JSON, as it was hashed
    text("created_at"),  # as text, as it was hashed: UTC, ISO 8601 with microseconds
    sha256("previous"),  # hash of the row before; 64 zeros in the first
    sha256("hash"),
)
"""No unique constraint but the primary key: on SQLite, INSERT OR REPLACE deletes rows through one."""

LEDGER_ANCHOR = sa.Table(
    "ledger_anchor",
    METADATA,
    sa.Column("id", ROW_ID, primary_key=True),
    sa.Column("seq", ROW_ID, nullable=False),  # of the ledger's row
    sha256("hash"),  # of that row, when it was signed
    text("signed_at"),  # as text, as it was signed
    sha256("key_id"),
    text("signature"),  # 128 hex digits
    sa.Index(None, "seq"),
)
"""No foreign key: an anchor of a row that is gone is what shows that it is gone."""

PROVENANCE = sa.Table(
    "provenance",
    METADATA,
    sa.Column("id", ROW_ID, primary_key=True),
    text("plant"),
    sa.Column("number", sa.Integer, nullable=False),
    sha256("sha256"),  # the version's artifact
    sha256("envelope"),  # the artifact that holds the signed statement
    moment("created_at"),
    sa.ForeignKeyConstraint(
        ["plant", "number", "sha256"],
        ["model_version.plant", "model_version.number", "model_version.sha256"],
        name="fk_provenance_model_version",
    ),
    sha256_check(),
    sa.Index(None, "plant", "number"),
)

IMPORTED_CHECKPOINT = sa.Table(
    "imported_checkpoint",
    METADATA,
    sa.Column("id", ROW_ID, primary_key=True),
    text("name"),  # a name and no path: nothing is ever opened by it
    text("architecture"),
    sha256(),  # the artifact: file and card
    sha256("file_sha256"),  # the file as it came
    text("actor"),
    moment("created_at"),
    one_of("architecture", ARCHITECTURES),
    sha256_check(),
    sa.UniqueConstraint("name"),
)

SELECTED_PARENT = sa.Table(
    "selected_parent",
    METADATA,
    sa.Column("id", ROW_ID, primary_key=True),
    text("architecture"),
    sha256(),
    text("origin"),
    text("name"),  # empty where it has none
    text("actor"),
    text("reason"),
    moment("created_at"),
    one_of("architecture", ARCHITECTURES),
    one_of("origin", ORIGINS),
    sha256_check(),
    sa.Index(None, "architecture", "id"),
)
"""A history: of each architecture the newest row counts."""
