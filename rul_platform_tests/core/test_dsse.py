"""Signed envelopes."""

import json
from base64 import b64decode, b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rul_platform.core.dsse import open_envelope, seal, signed_bytes
from rul_platform.core.signatures import PrivateKey
from rul_platform.errors import EnvelopeError

KIND = "application/vnd.in-toto+json"
KEY = PrivateKey(bytes(range(32)))
KEYS = {KEY.public.id: KEY.public}


@given(payload=st.binary(max_size=200))
def test_what_was_sealed_is_what_is_opened(payload: bytes):
    envelope = seal(payload, KIND, KEY)
    assert envelope == seal(payload, KIND, KEY)
    opened = open_envelope(envelope, KIND, KEYS, source="e")
    assert (opened.payload, opened.key_ids) == (payload, (KEY.public.id,))


def test_the_signature_is_over_kind_and_payload():
    envelope = json.loads(seal(b"{}", KIND, KEY))
    signature = b64decode(envelope["signatures"][0]["sig"])
    assert KEY.public.has_signed(signature, b"DSSEv1 28 application/vnd.in-toto+json 2 {}")
    assert signed_bytes(b"", "") == b"DSSEv1 0  0 "


def changed(**values: object) -> bytes:
    return json.dumps(json.loads(seal(b"{}", KIND, KEY)) | values).encode()


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (changed(payload=b64encode(b"{ }").decode()), "that is not over this content"),
        (changed(payloadType="text/plain"), "a payload of type 'text/plain'"),
        (changed(signatures=[]), "signed by nobody"),
        (changed(payload="%%"), "no DSSE envelope"),
        (changed(signatures=[{"keyid": KEY.public.id}]), "no DSSE envelope"),
        (changed(signatures={"keyid": 1}), "no DSSE envelope"),
        (b"[]", "no DSSE envelope"),
        (b"\xff", "no DSSE envelope"),
        (b"[" * 100_000, "no DSSE envelope"),
        (seal(b"{}", KIND, PrivateKey(bytes(32))), "signed by "),
    ],
)
def test_what_cannot_be_believed_is_refused(data: bytes, found: str):
    with pytest.raises(EnvelopeError, match=r"^e: found .*, expected ") as raised:
        open_envelope(data, KIND, KEYS, source="e")
    assert found in str(raised.value)


def test_every_flipped_bit_of_content_or_signature_is_found():
    """Only the key's name may change its letters unseen: then nobody known has signed."""
    envelope = seal(b'{"a": 1}', KIND, KEY)
    for place in range(len(envelope)):
        for bit in range(8):
            data = bytearray(envelope)
            data[place] ^= 1 << bit
            try:
                opened = open_envelope(bytes(data), KIND, KEYS, source="e")
            except EnvelopeError:
                continue
            assert opened.payload == b'{"a": 1}'
