"""Signing the ledger's newest row, with the first key where there is none yet.

Belongs here: that one act. Does not belong here: where anchors and keys are (``anchors``,
``signing_keys``), what keys the ledger names and how one follows another (``operation.signing``).
"""

import json
from datetime import datetime

from rul_platform.core.ledger_anchor import Anchor
from rul_platform.core.signatures import PrivateKey
from rul_platform.storage.anchors import AnchorStore
from rul_platform.storage.column_types import in_utc
from rul_platform.storage.ledger import LedgerStore
from rul_platform.storage.signing_keys import SigningKeys

KEY = "key"
"""Kind of the ledger's rows about keys."""


def anchor_newest(
    ledger: LedgerStore, anchors: AnchorStore, keys: SigningKeys, now: datetime
) -> Anchor | None:
    """Sign the newest row and keep the anchor.

    In a new installation this makes the key that signs, and the ledger says so in a row of its own. A
    process without a private key signs nothing.

    Returns:
        The anchor; None where nothing was signed here.

    Raises:
        KeyFileError: The key is damaged, or others may read or replace it.
        OSError: A file cannot be written.
    """
    key = keys.signer()
    if key is None and not ledger.of_kind(KEY):
        keys.make_first()
        key = keys.signer()
    before, newest = anchors.newest(), ledger.newest()
    if key is None or newest is None:
        return None
    told = None if before is None else before.key_id
    if key.public.id != told and not _is_told(ledger, key, keys, now):
        return None  # the ledger names other keys: `rul keys rotate` on the machine that has them
    newest = ledger.newest() or newest
    signed_at = in_utc(now).isoformat(timespec="microseconds")
    anchor = Anchor.made(newest.seq, newest.hash, signed_at=signed_at, key=key)
    anchors.keep(anchor)
    return anchor


def _is_told(ledger: LedgerStore, key: PrivateKey, keys: SigningKeys, now: datetime) -> bool:
    """Whether the ledger tells of the key; of the first one it is told here, also after a crash."""
    told = {json.loads(row.body).get("key_id") for row in ledger.of_kind(KEY)}
    if not told:
        keys.publish(key.public)
        body = {"key_id": key.public.id, "public": key.public.raw.hex()}
        ledger.append(KEY, body=body, now=now)
        return True
    return key.public.id in told
