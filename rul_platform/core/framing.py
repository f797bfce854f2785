"""One hash over several fields, so that no two different lists of fields give the same bytes.

Belongs here: the byte layout. Does not belong here: what is hashed (``ledger``, ``commitments``).
"""

import hashlib
from collections.abc import Iterable

LENGTH_BYTES = 8


def framed_sha256(domain: str, *fields: bytes) -> str:
    """Hex sha256 over the domain and the fields, each with its length before it.

    Byte layout, without anything in between: for the domain as UTF-8 and then for each field, its
    number of bytes as an unsigned integer of 8 bytes (big-endian), then the bytes themselves. The
    domain says what the hash is for, so that a hash of one kind is never one of another.

    >>> framed_sha256("x", b"ab", b"c") == framed_sha256("x", b"a", b"bc")
    False
    """
    return hashlib.sha256(framed_bytes(domain, *fields)).hexdigest()


def framed_bytes(domain: str, *fields: bytes) -> bytes:
    """The layout itself, where it is signed instead of hashed."""
    return b"".join((_framed_alone(domain.encode()), *[_framed_alone(field) for field in fields]))


def framed_text(begins: bytes, fields: Iterable[str]) -> bytes:
    """The layout behind what is framed already, for text: an audit does so for every row of a ledger."""
    parts = [begins]
    for text in fields:
        field = text.encode()
        size = len(field)
        parts.append(_SIZES[size] if size < len(_SIZES) else size.to_bytes(LENGTH_BYTES, "big"))
        parts.append(field)
    return b"".join(parts)


def _framed_alone(field: bytes) -> bytes:
    return len(field).to_bytes(LENGTH_BYTES, "big") + field


_SIZES = tuple(size.to_bytes(LENGTH_BYTES, "big") for size in range(4096))
