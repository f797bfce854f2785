"""Prove later what was used, without keeping it: salted commitments under one root.

Once a row's fields and its salt are erased, its commitment stays and says nothing about it: the row is
known to be *erased*. A row whose fields no longer give its commitment was *altered*.

Belongs here: hashes. Does not belong here: which rows, and where they are kept.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from rul_platform.core.canonical import canonical_json
from rul_platform.core.framing import framed_sha256

DOMAIN = "rul_platform/commitment/1"
LEAF, NODE = b"\x00", b"\x01"


def commitment(salt: str, fields: Mapping[str, Any]) -> str:
    """Hex sha256 that binds to ``fields`` and hides them.

    ``framing.framed_sha256`` with ``DOMAIN`` over the salt as UTF-8 and the fields as canonical JSON.

    Args:
        salt: Random, at least 128 bits: without it, fields with few possible values could be guessed.
        fields: Plain values by name.
    """
    return framed_sha256(DOMAIN, salt.encode(), canonical_json(fields))


def merkle_root(commitments: Iterable[str]) -> str:
    """One hex sha256 for a set of commitments, whatever their order; each counts as often as it occurs.

    Sorted by their bytes, they are the leaves of the tree of RFC 6962, section 2.1: a leaf is
    ``sha256(0x00 || bytes)``, a node ``sha256(0x01 || left || right)``, and of no leaf the root is
    ``sha256("")``.

    Args:
        commitments: Hex digits.

    Raises:
        ValueError: One of them is not written in hex digits.
    """
    leaves = sorted(bytes.fromhex(digits) for digits in commitments)
    level = [hashlib.sha256(LEAF + leaf).digest() for leaf in leaves]
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        nodes = [hashlib.sha256(NODE + left + right).digest() for left, right in pairs]
        level = nodes + level[len(nodes) * 2 :]  # an odd one moves up as it is
    return (level[0] if level else hashlib.sha256(b"").digest()).hex()
