"""The tables of lineage and models.

    materialization ──< materialization_input      what was made, and what was read for it
    model_version ──< deployment                   versions of a plant's model, and when each served

What happened stays: rows are neither changed nor deleted, but for a version's state and the end of a
deployment. Triggers in the migrations see to it.

Belongs here: columns and constraints. Does not belong here: types (``column_types``), what happens
while a model serves (``operation_tables``), questions asked of the tables (``lineage``, ``models``).
"""

import sqlalchemy as sa

from rul_platform.storage.column_types import (
    METADATA,
    ROW_ID,
    CanonicalJson,
    UtcDateTime,
    moment,
    one_of,
    sha256,
    sha256_check,
    text,
    unique_where,
)

STATES = ("candidate", "shadow", "champion", "retired", "rejected", "rolled_back", "quarantined")
"""States of a model version; ``version_states`` draws how they follow each other."""

BARRED = ("rolled_back", "quarantined")
"""They did harm, or are damaged: such a version never serves again."""

MATERIALIZATION = sa.Table(
    "materialization",
    METADATA,
    sa.Column("id", ROW_ID, primary_key=True),
    text("asset"),
    text("partition"),
    sha256(),
    text("run_id"),
    text("code_version"),
    sa.Column("parameters", CanonicalJson, nullable=False),
    sa.Column("environment", CanonicalJson, nullable=False),
    moment("created_at"),
    sha256_check(),
    sa.Index(None, "asset", "partition", "id"),
    sa.Index(None, "sha256"),
)

MATERIALIZATION_INPUT = sa.Table(
    "materialization_input",
    METADATA,
    sa.Column("materialization_id", sa.ForeignKey("materialization.id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),  # from 0, as read
    text("asset"),
    text("partition"),
    sha256(),
    sha256_check(),
)

MODEL_VERSION = sa.Table(
    "model_version",
    METADATA,
    sa.Column("plant", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),  # from 1, per plant
    sha256(),
    text("state"),
    moment("created_at"),
    text("note"),
    sa.Column("cleaned_at", UtcDateTime),  # when its files were removed; its records never are
    sha256_check(),
    sa.CheckConstraint("number >= 1", name="number"),
    one_of("state", STATES),
    sa.UniqueConstraint("plant", "sha256"),
    sa.UniqueConstraint("plant", "number", "sha256"),  # what deployments and predictions refer to
)

ONE_CHAMPION = unique_where(
    "uq_model_version_one_champion", MODEL_VERSION.c.plant, "state = 'champion'"
)


def version_key() -> sa.ForeignKeyConstraint:
    """A version by number *and* hash: a row that confuses two versions cannot be written."""
    version = MODEL_VERSION.c
    return sa.ForeignKeyConstraint(
        ["plant", "number", "sha256"], [version.plant, version.number, version.sha256]
    )


DEPLOYMENT = sa.Table(
    "deployment",
    METADATA,
    sa.Column("id", ROW_ID, primary_key=True),
    text("plant"),
    sa.Column("number", sa.Integer, nullable=False),
    sha256(),
    moment("since"),
    sa.Column("until", UtcDateTime),  # NULL while it serves
    sa.Column("evidence", CanonicalJson, nullable=False),
    sa.CheckConstraint("until IS NULL OR until >= since", name="interval"),
    version_key(),
)

ONE_OPEN_DEPLOYMENT = unique_where("uq_deployment_one_open", DEPLOYMENT.c.plant, "until IS NULL")
