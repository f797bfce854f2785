"""One hash over several fields, so that no two different lists of fields give the same bytes.

Belongs here: the byte layout. Does not belong here: what is hashed (``ledger``, ``commitments``).
"""

import hashlib

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
    framed = (
        len(field).to_bytes(LENGTH_BYTES, "big") + field for field in (domain.encode(), *fields)
    )
    return b"".join(framed)
