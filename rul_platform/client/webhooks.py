"""For whoever receives alerts by a webhook: is a delivery ours, whole and new?

    delivery = webhooks.verify(body, headers, "whsec_…")
    if delivery.id not in seen:
        act_on(delivery.alert)

It follows Standard Webhooks 1.0.0, so that any library for that does as well.

A delivery is repeated under the same id until it is answered with a 2xx, and somebody who overheard one
may send it again within the tolerance: keep the ids of those that were acted on for an hour, better
for the two days that the platform goes on trying.

Belongs here: checking. Does not belong here: a web server.
"""

import base64
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from rul_platform.client.problem import UnverifiedError

TOLERANCE = timedelta(minutes=5)
"""How far apart the two clocks may be, with the way in between."""

SECRET = "whsec_"  # noqa: S105  how every one begins
SECRET_BYTES = range(24, 65)
"""How long a key may be: an empty one would be a signature that anybody can make."""

VERSION = "v1"
"""Signatures with a secret that both know; others that stand beside are passed over."""

MOST_DIGITS = 11
"""Of a time in seconds: some thousand years."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """An alert that came from who knows the secret.

    Attributes:
        id: The same for each attempt to deliver the same alert.
        attempted_at: When it was sent, in UTC.
        alert: ``key``, ``plant``, ``kind``, ``severity``, ``title``, ``text``, ``created_at``.
    """

    id: str
    attempted_at: datetime
    alert: Mapping[str, Any]


def verify(
    body: bytes,
    headers: Mapping[str, str],
    secret: str | Sequence[str],
    *,
    now: datetime | None = None,
    tolerance: timedelta = TOLERANCE,
) -> Delivery:
    """Check one request before anything in it is believed.

    Args:
        body: As it came, before anybody reads it as JSON.
        headers: Of the request, in any case.
        secret: What the platform has as RUL_ALERT_WEBHOOK_SECRET; several while one is replaced.
        now: This machine's time with its zone; None asks its clock.
        tolerance: How old, or how far ahead, the attempt may be.

    Raises:
        UnverifiedError: A header is missing, nobody signed who knows a secret, it is too old, or no
            alert; answer 400, and do nothing else.
        ValueError: A secret is none: not whsec_ and 24 to 64 bytes in base64.
    """
    keys = [_key(each) for each in ([secret] if isinstance(secret, str) else secret)]
    found = {name.lower(): value for name, value in headers.items()}
    id_, sent, signatures = (_header(found, name) for name in ("id", "timestamp", "signature"))
    if not (sent.isascii() and sent.isdigit() and len(sent) <= MOST_DIGITS):
        raise UnverifiedError("webhook-timestamp is no number of seconds")
    signed = f"{id_}.{sent}.".encode() + body
    expected = [base64.b64encode(hmac.digest(key, signed, "sha256")) for key in keys]
    given = [each.partition(",") for each in signatures.split()]
    offered = [text.encode() for version, _, text in given if version == VERSION]
    if not any(hmac.compare_digest(a, b) for a in expected for b in offered):
        raise UnverifiedError("no signature is by a secret that is known here, over this very body")
    attempted_at = datetime.fromtimestamp(int(sent), UTC)
    away = (now or datetime.now(UTC)) - attempted_at
    if abs(away) > tolerance:
        way = "old" if away > timedelta(0) else "ahead"
        reason = f"it is {abs(away)} {way}, and {tolerance} are allowed"
        raise UnverifiedError(reason)
    return Delivery(id=id_, attempted_at=attempted_at, alert=_alert(body))


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(SECRET), validate=True)
    except ValueError:
        key = b""
    if not secret.startswith(SECRET) or len(key) not in SECRET_BYTES:
        shortest, longest = SECRET_BYTES[0], SECRET_BYTES[-1]
        msg = f"A secret is {SECRET} and base64 of {shortest} to {longest} bytes; this one is not."
        raise ValueError(msg)
    return key


def _alert(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise UnverifiedError("what was signed is no alert: the body is no object in JSON")
    return found


def _header(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(f"webhook-{name}")
    if not value:
        reason = f"the header webhook-{name} is missing"
        raise UnverifiedError(reason)
    return value
