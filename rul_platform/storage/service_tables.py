"""The tables of the service: who may ask, who signed out, what was answered under a caller's key.

No table here names a person: a token has a label that says what it is for, and a key of a caller, and
what it sent, are kept only as hashes that nobody without the token's secret can compute.

Belongs here: columns and constraints. Does not belong here: questions asked of them (``access_tokens``,
``answered_requests``, ``ended_sessions``).
"""

import sqlalchemy as sa

from rul_platform.storage.column_types import (
    METADATA,
    CanonicalJson,
    Sha256,
    UtcDateTime,
    moment,
    sha256,
    text,
)

SCOPES = ("read", "predict", "feedback", "deploy", "admin")
"""What a token allows: looking, asking, rating and telling outcomes, choosing models, tokens."""

TOKEN_ID_DIGITS = 12

ACCESS_TOKEN = sa.Table(
    "access_token",
    METADATA,
    sa.Column("id", sa.String(TOKEN_ID_DIGITS), primary_key=True),
    sha256("hash"),  # of the secret, which is nowhere kept
    text("label"),
    text("scopes"),  # in the order of SCOPES, with spaces between them
    sa.Column("rate", sa.Double, nullable=False),  # requests per second
    moment("created_at"),
    moment("expires_at"),
    sa.Column("revoked_at", UtcDateTime),  # NULL while it holds
    sa.CheckConstraint("rate > 0", name="rate"),
    sa.CheckConstraint("expires_at > created_at", name="expiry"),
)

ANSWERED_REQUEST = sa.Table(
    "answered_request",
    METADATA,
    sa.Column(
        "key", Sha256, primary_key=True
    ),  # of the caller's key, keyed with the token's secret
    sha256("body"),  # of the request, keyed likewise
    sa.Column("answer", CanonicalJson, nullable=False),
    moment("created_at"),
)

ENDED_SESSION = sa.Table(
    "ended_session",
    METADATA,
    sa.Column("cookie", Sha256, primary_key=True),  # its SHA-256
    moment("created_at"),
    sa.CheckConstraint("length(cookie) = 64", name="cookie"),
)
