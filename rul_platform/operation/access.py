"""Who may ask the service: making and revoking tokens, each with its row in the ledger.

Belongs here: these two acts. Does not belong here: the tokens (``storage.access_tokens``), which request
needs which scope (``service``).
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from rul_platform.errors import RecordError
from rul_platform.operation.decisions import given
from rul_platform.storage.access_tokens import AccessToken
from rul_platform.storage.database import writing
from rul_platform.storage.home import Home

TOKEN = "token"  # noqa: S105  a word, no secret
"""Kind of the ledger's rows."""

DEFAULT_DAYS, MOST_DAYS = 90, 3660
DEFAULT_RATE = 50.0
"""Requests per second."""


def create_token(
    home: Home,
    label: str,
    scopes: Collection[str],
    *,
    actor: str,
    days: float = DEFAULT_DAYS,
    rate: float = DEFAULT_RATE,
    now: datetime,
) -> tuple[AccessToken, str]:
    """Make a token that holds for some days.

    Args:
        home: Whose service.
        label: What it is for; not whose it is.
        scopes: Some of ``service_tables.SCOPES``.
        actor: Pseudonym of who makes it.
        days: How long it holds.
        rate: Requests per second.
        now: When.

    Returns:
        It, and the text to show: that cannot be had again.

    Raises:
        RecordError: One of these is not what it may be.
    """
    if not 0 < days <= MOST_DAYS:
        expected = f"more than 0 and at most {MOST_DAYS}"
        raise RecordError("The days that a token holds", found=f"{days:g}", expected=expected)
    with writing(home.engine):
        token, shown = home.tokens.create(
            label, scopes, rate=rate, now=now, expires_at=now + timedelta(days=days)
        )
        body = {"token": token.id, "verdict": "created", "actor": actor, "label": token.label}
        body |= {"scopes": sorted(token.scopes), "expires_at": token.expires_at.isoformat()}
        home.ledger.append(TOKEN, body=body, now=now)
    return token, shown


def revoke_token(home: Home, number: str, *, actor: str, reason: str, now: datetime) -> bool:
    """End a token at once; gives False where it was revoked before.

    Raises:
        UnknownTokenError: There is none.
        RecordError: No reason is given.
    """
    reason = given(reason)
    with writing(home.engine):
        is_new = home.tokens.revoke(number, now)
        if is_new:
            body = {"token": number, "verdict": "revoked", "actor": actor, "reason": reason}
            home.ledger.append(TOKEN, body=body, now=now)
    return is_new
