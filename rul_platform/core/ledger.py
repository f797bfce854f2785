"""The hash chain of the ledger: each row's hash covers the row and the hash of the row before.

A chain shows that a row was changed, taken out, put in or moved. It cannot show that the newest rows
were cut off, or that all of it was written anew: for that, its newest hash must be kept elsewhere.

Belongs here: the hash of a row, and what is wrong with a list of rows. Does not belong here: the table.
"""

import hashlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from rul_platform.core.framing import framed_bytes, framed_text

DOMAIN = "rul_platform/ledger/1"
_BEGINS = framed_bytes(DOMAIN)
GENESIS = "0" * 64
"""What the first row names as the hash of the row before it."""


class LedgerRow(NamedTuple):
    """One row as it is stored. A tuple, since an audit makes hundreds of thousands of them.

    Attributes:
        seq: From 1, without gaps.
        kind: What happened.
        plant: Whose; empty where it is about no plant.
        body: Canonical JSON, as it was hashed.
        created_at: UTC, ISO 8601 with microseconds, as it was hashed.
        previous: Hash of the row before; ``GENESIS`` in the first.
        hash: See :func:`row_hash`.
    """

    seq: int
    kind: str
    plant: str
    body: str
    created_at: str
    previous: str
    hash: str


def row_hash(*, seq: int, kind: str, plant: str, body: str, created_at: str, previous: str) -> str:
    """Hex sha256 of one row.

    ``framing.framed_sha256`` with ``DOMAIN`` over six fields in this order: ``seq`` in decimal digits,
    ``kind``, ``plant``, ``body``, ``created_at`` and ``previous`` as 64 hex digits; all as UTF-8.
    """
    fields = (str(seq), kind, plant, body, created_at, previous)
    return hashlib.sha256(framed_text(_BEGINS, fields)).hexdigest()


def row_bytes(row: LedgerRow) -> bytes:
    """What a row's hash is made of; it ends with the hash of the row before."""
    return framed_text(_BEGINS, (str(row.seq), *row[1:-1]))


def chain_problems(rows: Iterable[LedgerRow]) -> tuple[str, ...]:
    """What is wrong with the ledger from its first row on, each with the row's number.

    Args:
        rows: All rows, in the order in which they are stored.
    """
    return tuple(breaks(rows))


def breaks(rows: Iterable[LedgerRow]) -> Iterator[str]:
    """As :func:`chain_problems`, one after the other while the rows go by, in small memory."""
    before, previous = 0, GENESIS
    for row in rows:
        if row.seq <= before:
            yield f"row {row.seq} stands after row {before}: the order was changed"
        elif row.seq == before + 2:
            yield f"row {before + 1} is missing"
        elif row.seq > before + 1:
            yield f"rows {before + 1} to {row.seq - 1} are missing"
        elif row.previous != previous:
            yield _breach(row, previous)
        if row.hash != (found := hashlib.sha256(row_bytes(row)).hexdigest()):
            yield f"row {row.seq} was changed: it hashes to {found}, but {row.hash} is written in it"
        before, previous = row.seq, row.hash


def _breach(row: LedgerRow, previous: str) -> str:
    if row.seq == 1:
        return f"row 1 does not begin the chain: it names a row {row.previous} before it"
    return (
        f"row {row.seq} does not follow row {row.seq - 1}: it names {row.previous} before it, but "
        f"that row's hash is {previous}"
    )
