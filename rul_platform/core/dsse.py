"""DSSE envelopes: a payload, what it is, and signatures over both.

Belongs here: the envelope's form. Does not belong here: what is in it (``statement``).

Source: "DSSE: Dead Simple Signing Envelope", protocol and envelope 1.0.2, github.com/secure-systems-lab.
"""

import binascii
import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rul_platform.core.canonical import canonical_json
from rul_platform.core.signatures import PrivateKey, PublicKey
from rul_platform.errors import EnvelopeError


@dataclass(frozen=True, slots=True)
class Opened:
    """What a checked envelope holds.

    Attributes:
        payload: The signed bytes.
        key_ids: Known keys that signed them, one or more.
    """

    payload: bytes
    key_ids: tuple[str, ...]


def signed_bytes(payload: bytes, kind: str) -> bytes:
    """What a signature is made over: the pre-authentication encoding of the protocol.

    >>> signed_bytes(b"hello world", "http://example.com/HelloWorld")
    b'DSSEv1 29 http://example.com/HelloWorld 11 hello world'
    """
    of = kind.encode()
    return b" ".join((b"DSSEv1", b"%d" % len(of), of, b"%d" % len(payload), payload))


def seal(payload: bytes, kind: str, key: PrivateKey) -> bytes:
    """The envelope as canonical JSON; the same for the same payload and key.

    Args:
        payload: Any bytes.
        kind: What they are: a media type.
        key: Signs.
    """
    signature = key.sign(signed_bytes(payload, kind))
    return canonical_json(
        {
            "payload": b64encode(payload).decode(),
            "payloadType": kind,
            "signatures": [{"keyid": key.public.id, "sig": b64encode(signature).decode()}],
        }
    )


def open_envelope(data: bytes, kind: str, keys: Mapping[str, PublicKey], *, source: str) -> Opened:
    """Check an envelope and give what it holds.

    Args:
        data: The envelope.
        kind: What its payload is expected to be.
        keys: Trusted keys by their id.
        source: For messages.

    Raises:
        EnvelopeError: It is no envelope, of another kind, signed by no known key, or one of its
            signatures by a known key is wrong.
    """
    payload, found, signatures = _parsed(data, source)
    if found != kind:
        raise EnvelopeError(source, found=f"a payload of type {found!r}", expected=kind)
    known = [(keys[name], made) for name, made in signatures if name in keys]
    if not known:
        names = ", ".join(name[:12] or "no id" for name, _ in signatures) or "nobody"
        trusted = ", ".join(name[:12] for name in keys) or "none"
        raise EnvelopeError(
            source, found=f"signed by {names}", expected=f"a signature of a known key ({trusted})"
        )
    wrong = [key.id for key, made in known if not key.has_signed(made, signed_bytes(payload, kind))]
    if wrong:
        raise EnvelopeError(
            source,
            found=f"a signature of key {wrong[0][:12]} that is not over this content",
            expected="what was signed, unchanged",
        )
    return Opened(payload, tuple(key.id for key, _ in known))


def _parsed(data: bytes, source: str) -> tuple[bytes, str, list[tuple[str, bytes]]]:
    try:
        envelope: dict[str, Any] = json.loads(data)
        payload = b64decode(envelope["payload"], validate=True)
        signatures = [
            (str(each.get("keyid", "")), b64decode(each["sig"], validate=True))
            for each in envelope["signatures"]
        ]
        return payload, str(envelope["payloadType"]), signatures
    except (
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
        RecursionError,
        binascii.Error,
    ) as e:
        raise EnvelopeError(source, found="no DSSE envelope", expected="one as JSON") from e
