"""Anchors: signatures over the newest row of the ledger, kept where the ledger is not.

The chain alone cannot show that its newest rows were cut off, or that all of it was written anew
(``ledger``). An anchor can: it says, signed, which hash the row of a number had.

Belongs here: making and checking one anchor. Does not belong here: where anchors are kept
(``storage.anchors``), the walk over the ledger (``operation.audit``).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from rul_platform.core.framing import framed_bytes
from rul_platform.core.signatures import PrivateKey, PublicKey

DOMAIN = "rul_platform/anchor/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """One signature over one row's hash.

    Attributes:
        seq: Number of the row.
        hash: Its hash.
        signed_at: UTC, ISO 8601 with microseconds, as it was signed.
        key_id: Who signed.
        signature: Hex digits, over :func:`anchored_bytes`.
    """

    seq: int
    hash: str
    signed_at: str
    key_id: str
    signature: str

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Anchor":
        """The inverse of :meth:`to_json`.

        Raises:
            KeyError: A value is missing.
            ValueError: The number is none.
        """
        return cls(
            seq=int(data["seq"]),
            hash=str(data["hash"]),
            signed_at=str(data["signed_at"]),
            key_id=str(data["key_id"]),
            signature=str(data["signature"]),
        )

    @classmethod
    def made(cls, seq: int, row_hash: str, *, signed_at: str, key: PrivateKey) -> "Anchor":
        """Sign one."""
        signature = key.sign(anchored_bytes(seq, row_hash, signed_at)).hex()
        return cls(
            seq=seq, hash=row_hash, signed_at=signed_at, key_id=key.public.id, signature=signature
        )

    def problem(self, keys: Mapping[str, PublicKey]) -> str | None:
        """What is wrong with its signature, in words; None where nothing is.

        Args:
            keys: Trusted keys by their id.
        """
        key = keys.get(self.key_id)
        if key is None:
            return f"is signed by key {self.key_id[:12]}, which is not known here"
        try:
            signature = bytes.fromhex(self.signature)
        except ValueError:
            signature = b""
        if signature.hex() != self.signature:  # the same bytes in other digits: somebody was here
            return "carries a signature that is not written in lower-case hex digits"
        if not key.has_signed(signature, anchored_bytes(self.seq, self.hash, self.signed_at)):
            return f"carries a signature that is not key {self.key_id[:12]}'s over it"
        return None


def anchored_bytes(seq: int, row_hash: str, signed_at: str) -> bytes:
    """What is signed: ``DOMAIN``, the row's number in decimal digits, its hash, the time; framed."""
    return framed_bytes(DOMAIN, str(seq).encode(), row_hash.encode(), signed_at.encode())
