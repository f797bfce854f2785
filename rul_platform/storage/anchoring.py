"""Signing the ledger's newest row, with the first key where there is none yet.

Belongs here: that one act. Does not belong here: where anchors and keys are (``anchors``,
``signing_keys``), what keys the ledger names and how one follows another (``operation.signing``).
"""

from datetime import datetime

from rul_platform.core.ledger_anchor import Anchor
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
    if (first := keys.make_first()) is not None:
        public = first.public
        ledger.append(KEY, body={"key_id": public.id, "public": public.raw.hex()}, now=now)
    key, newest = keys.signer(), ledger.newest()
    if key is None or newest is None:
        return None
    signed_at = in_utc(now).isoformat(timespec="microseconds")
    anchor = Anchor.made(newest.seq, newest.hash, signed_at=signed_at, key=key)
    anchors.keep(anchor)
    return anchor
