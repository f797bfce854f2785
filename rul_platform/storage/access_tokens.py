"""Tokens that callers show: random, kept as hashes, with scopes, a rate and an end.

    rul_<id>_<secret>       id: 12 hex digits, for people and logs; secret: 43 URL-safe characters

A secret of 32 random bytes cannot be guessed, so one SHA-256 of it is enough (no salt, no stretching:
those are for passwords that people choose).

Belongs here: making, finding and revoking them. Does not belong here: which request needs which scope
(``service``), the ledger's rows about them (``operation.access``).
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from rul_platform.errors import RecordError, UnknownTokenError
from rul_platform.storage.column_types import in_utc
from rul_platform.storage.database import reading, writing
from rul_platform.storage.service_tables import ACCESS_TOKEN, SCOPES, TOKEN_ID_DIGITS

SECRET_BYTES = 32
LONGEST_LABEL = 100
FORM = re.compile(rf"rul_([0-9a-f]{{{TOKEN_ID_DIGITS}}})_([A-Za-z0-9_-]{{43}})", re.ASCII)

_T = ACCESS_TOKEN.c


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """A token without its secret.

    Attributes:
        id: For people and logs; no secret.
        hash: SHA-256 of the secret.
        label: What it is for.
        scopes: Some of ``SCOPES``.
        rate: Requests per second that it allows.
        created_at: When, in UTC.
        expires_at: From then on it does not hold.
        revoked_at: From then on neither; None while nobody revoked it.
    """

    id: str
    hash: str
    label: str
    scopes: frozenset[str]
    rate: float
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None

    def holds(self, now: datetime) -> bool:
        """Whether it is neither revoked nor expired."""
        return self.revoked_at is None and now < self.expires_at

    def is_of(self, secret: str) -> bool:
        """Whether this is the token's secret; takes the same time whatever is wrong with it."""
        return hmac.compare_digest(self.hash, _hash(secret))


class AccessTokenStore:
    """All tokens, also those that do not hold any more."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def create(
        self,
        label: str,
        scopes: Collection[str],
        *,
        rate: float,
        now: datetime,
        expires_at: datetime,
    ) -> tuple[AccessToken, str]:
        """Make a token.

        Returns:
            It, and the text to show: that cannot be had again.

        Raises:
            RecordError: The label is empty or too long, a scope is none, the rate is not above 0, or the
                end is not after ``now``.
        """
        _check(label, scopes, rate, in_utc(now), in_utc(expires_at))
        number, secret = (
            secrets.token_hex(TOKEN_ID_DIGITS // 2),
            secrets.token_urlsafe(SECRET_BYTES),
        )
        token = AccessToken(
            id=number,
            hash=_hash(secret),
            label=label.strip(),
            scopes=frozenset(scopes),
            rate=rate,
            created_at=in_utc(now),
            expires_at=in_utc(expires_at),
            revoked_at=None,
        )
        with writing(self._engine) as connection:
            connection.execute(ACCESS_TOKEN.insert().values(_row(token)))
        return token, f"rul_{number}_{secret}"

    def get(self, number: str) -> AccessToken:
        """One token by its id.

        Raises:
            UnknownTokenError: There is none.
        """
        found = self._select(_T.id == number)
        if not found:
            raise UnknownTokenError(number)
        return found[0]

    def find(self, number: str) -> AccessToken | None:
        """One token by its id, or None."""
        found = self._select(_T.id == number)
        return found[0] if found else None

    def all(self) -> tuple[AccessToken, ...]:
        """Every token, the oldest first."""
        return self._select()

    def any_holds(self, now: datetime) -> bool:
        """Whether anybody could ask at all."""
        return any(token.holds(now) for token in self.all())

    def revoke(self, number: str, now: datetime) -> bool:
        """End a token at once; gives False where it was revoked before.

        Raises:
            UnknownTokenError: There is none.
        """
        self.get(number)
        ends = ACCESS_TOKEN.update().where(_T.id == number, _T.revoked_at.is_(None))
        with writing(self._engine) as connection:
            return bool(connection.execute(ends.values(revoked_at=now)).rowcount)

    def _select(self, *where: sa.ColumnElement[bool]) -> tuple[AccessToken, ...]:
        question = sa.select(ACCESS_TOKEN).where(*where).order_by(_T.created_at, _T.id)
        with reading(self._engine) as connection:
            rows = connection.execute(question).mappings().all()
        return tuple(
            AccessToken(**{**row, "scopes": frozenset(row["scopes"].split())}) for row in rows
        )


def parts_of(shown: str) -> tuple[str, str] | None:
    """Id and secret of what a caller showed, or None where it has not a token's form."""
    found = FORM.fullmatch(shown)
    return (found[1], found[2]) if found else None


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _row(token: AccessToken) -> dict[str, Any]:
    ordered = " ".join(scope for scope in SCOPES if scope in token.scopes)
    names = ("id", "hash", "label", "rate", "created_at", "expires_at")
    return {name: getattr(token, name) for name in names} | {"scopes": ordered}


def _check(
    label: str, scopes: Collection[str], rate: float, now: datetime, expires_at: datetime
) -> None:
    if not 0 < len(label.strip()) <= LONGEST_LABEL or not label.isprintable():
        found, expected = repr(label[:LONGEST_LABEL]), f"1 to {LONGEST_LABEL} printable characters"
        raise RecordError("A token's label", found=found, expected=expected)
    if not scopes or set(scopes) - set(SCOPES):
        found, expected = ", ".join(sorted(scopes)) or "none", f"some of {', '.join(SCOPES)}"
        raise RecordError("A token's scopes", found=found, expected=expected)
    if not 0 < rate < float("inf"):
        expected = "a number of requests per second above 0"
        raise RecordError("A token's rate", found=f"{rate:g}", expected=expected)
    if expires_at <= now:
        found, expected = expires_at.isoformat(), f"later than now, {now.isoformat()}"
        raise RecordError("A token's end", found=found, expected=expected)
