"""What the columns of the platform's tables hold, the same on SQLite and on PostgreSQL.

Belongs here: column types and the columns that many tables share. Does not belong here: tables.
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

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # SQLite counts up INTEGER only


def text(name: str) -> sa.Column[str]:
    """Text that must be there."""
    return sa.Column(name, sa.Text, nullable=False)


def sha256(name: str = "sha256") -> sa.Column[str]:
    """A hash that must be there."""
    return sa.Column(name, Sha256, nullable=False)


def moment(name: str) -> sa.Column[datetime]:
    """A moment that must be there."""
    return sa.Column(name, UtcDateTime, nullable=False)


def one_of(column: str, allowed: tuple[str, ...]) -> sa.CheckConstraint:
    """The column holds one of these words."""
    return sa.CheckConstraint(f"{column} IN ({', '.join(map(repr, allowed))})", name=column)


def sha256_check() -> sa.CheckConstraint:
    """A hash that the types cannot see, as one written by hand, has the right length."""
    return sa.CheckConstraint(f"length(sha256) = {SHA256_DIGITS}", name="sha256")


def unique_where(name: str, column: sa.Column[str], condition: str) -> sa.Index:
    """At most one row for each value of ``column`` among those for which ``condition`` holds."""
    where = sa.text(condition)
    return sa.Index(name, column, unique=True, sqlite_where=where, postgresql_where=where)
