"""The SQL tables, the same on SQLite and on PostgreSQL.

    materialization ──< materialization_input      what was made, and what was read for it
    model_version ──< deployment                   versions of a plant's model, and when each served
                 └──< prediction                   what was answered, by which version

What happened stays: rows are neither changed nor deleted, but for a version's state, the end of a
deployment, and predictions, which may have to be forgotten. Triggers in the migration see to it.

Belongs here: columns, types, constraints. Does not belong here: questions asked of the tables
(``lineage``, ``models``, ``predictions``).
"""

import json
import re
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DontWrapMixin
from sqlalchemy.types import TypeDecorator

from rul_platform.core.canonical import canonical_json
from rul_platform.errors import RecordError

STATES = ("candidate", "shadow", "champion", "retired", "rejected", "rolled_back", "quarantined")
"""States of a model version. ``shadow``, ``rolled_back`` and ``quarantined`` wait for their policies."""

SHA256_DIGITS = 64
_SHA256 = re.compile(rf"[0-9a-f]{{{SHA256_DIGITS}}}", re.ASCII)


class UnwrappedRecordError(RecordError, DontWrapMixin):
    """Reaches the caller as it is, where SQLAlchemy would wrap it into a ``StatementError``."""


def in_utc(moment: datetime) -> datetime:
    """The same moment in UTC.

    Raises:
        RecordError: It has no time zone.
    """
    if moment.tzinfo is None:
        raise UnwrappedRecordError(
            "A moment",
            found=f"{moment.isoformat()} without a time zone",
            expected="aware of its zone, as datetime.now(UTC) is",
        )
    return moment.astimezone(UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: goes in with any time zone, comes back in UTC on every database."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """To UTC; naive for SQLite, which has no type with a zone."""
        if value is None:
            return None
        utc = in_utc(value)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class CanonicalJson(TypeDecorator[dict[str, Any]]):
    """A JSON object as canonical text: the same bytes on every database, so that it can be hashed."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(
        self,
        value: dict[str, Any] | None,
        dialect: sa.Dialect,  # noqa: ARG002  the name is SQLAlchemy's
    ) -> str | None:
        """To text; refuses what JSON has no word for."""
        if value is None:
            return None
        try:
            return canonical_json(value).decode()
        except (TypeError, ValueError) as error:
            raise UnwrappedRecordError(
                "A recorded object",
                found=f"not JSON ({error})",
                expected="made of text, finite numbers, true, false, null, lists and objects",
            ) from error

    def process_result_value(
        self,
        value: str | None,
        dialect: sa.Dialect,  # noqa: ARG002  the name is SQLAlchemy's
    ) -> dict[str, Any] | None:
        """Back from text."""
        return None if value is None else json.loads(value)


class Sha256(TypeDecorator[str]):
    """The name of an artifact, or of bytes from outside: 64 hex digits."""

    impl = sa.String(SHA256_DIGITS)
    cache_ok = True

    def process_bind_param(
        self,
        value: str | None,
        dialect: sa.Dialect,  # noqa: ARG002  the name is SQLAlchemy's
    ) -> str | None:
        """As it is; refuses everything else, also in a question."""
        if value is not None and not _SHA256.fullmatch(value):
            raise UnwrappedRecordError(
                "A sha256", found=repr(value), expected=f"{SHA256_DIGITS} lower-case hex digits"
            )
        return value


METADATA = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # SQLite counts up INTEGER only


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _sha256() -> sa.Column[str]:
    return sa.Column("sha256", Sha256, nullable=False)


def _moment(name: str) -> sa.Column[datetime]:
    return sa.Column(name, UtcDateTime, nullable=False)


def _sha256_check() -> sa.CheckConstraint:
    return sa.CheckConstraint(f"length(sha256) = {SHA256_DIGITS}", name="sha256")


def _version_key() -> sa.ForeignKeyConstraint:
    """A version by number *and* hash: a row that confuses two versions cannot be written."""
    return sa.ForeignKeyConstraint(
        ["plant", "number", "sha256"],
        ["model_version.plant", "model_version.number", "model_version.sha256"],
    )


MATERIALIZATION = sa.Table(
    "materialization",
    METADATA,
    sa.Column("id", _ROW_ID, primary_key=True),
    _text("asset"),
    _text("partition"),
    _sha256(),
    _text("run_id"),
    _text("code_version"),
    sa.Column("parameters", CanonicalJson, nullable=False),
    sa.Column("environment", CanonicalJson, nullable=False),
    _moment("created_at"),
    _sha256_check(),
    sa.Index(None, "asset", "partition", "id"),
    sa.Index(None, "sha256"),
)

MATERIALIZATION_INPUT = sa.Table(
    "materialization_input",
    METADATA,
    sa.Column("materialization_id", sa.ForeignKey("materialization.id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),  # from 0, as read
    _text("asset"),
    _text("partition"),
    _sha256(),
    _sha256_check(),
)

MODEL_VERSION = sa.Table(
    "model_version",
    METADATA,
    sa.Column("plant", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),  # from 1, per plant
    _sha256(),
    _text("state"),
    _moment("created_at"),
    _text("note"),
    _sha256_check(),
    sa.CheckConstraint("number >= 1", name="number"),
    sa.CheckConstraint(f"state IN ({', '.join(map(repr, STATES))})", name="state"),
    sa.UniqueConstraint("plant", "sha256"),
    sa.UniqueConstraint("plant", "number", "sha256"),  # what deployments and predictions refer to
)

ONE_CHAMPION = sa.Index(
    "uq_model_version_one_champion",
    MODEL_VERSION.c.plant,
    unique=True,
    sqlite_where=MODEL_VERSION.c.state == "champion",
    postgresql_where=MODEL_VERSION.c.state == "champion",
)

DEPLOYMENT = sa.Table(
    "deployment",
    METADATA,
    sa.Column("id", _ROW_ID, primary_key=True),
    _text("plant"),
    sa.Column("number", sa.Integer, nullable=False),
    _sha256(),
    _moment("since"),
    sa.Column("until", UtcDateTime),  # NULL while it serves
    sa.Column("evidence", CanonicalJson, nullable=False),
    sa.CheckConstraint("until IS NULL OR until >= since", name="interval"),
    _version_key(),
)

ONE_OPEN_DEPLOYMENT = sa.Index(
    "uq_deployment_one_open",
    DEPLOYMENT.c.plant,
    unique=True,
    sqlite_where=DEPLOYMENT.c.until.is_(None),
    postgresql_where=DEPLOYMENT.c.until.is_(None),
)

PREDICTION = sa.Table(
    "prediction",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    _text("plant"),
    _text("unit"),
    sa.Column("number", sa.Integer, nullable=False),
    _sha256(),
    sa.Column("life", sa.Double, nullable=False),
    sa.Column("rul", sa.Double, nullable=False),
    sa.Column("rul_low", sa.Double, nullable=False),
    sa.Column("rul_high", sa.Double, nullable=False),
    _moment("created_at"),
    sa.CheckConstraint("rul_low <= rul_high", name="interval"),
    _version_key(),
    sa.Index(None, "plant", "created_at"),
)
