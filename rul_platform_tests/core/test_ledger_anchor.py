"""One anchor of the ledger."""

from dataclasses import replace

import pytest

from rul_platform.core.ledger_anchor import Anchor, anchored_bytes
from rul_platform.core.signatures import PrivateKey

KEY = PrivateKey(bytes(range(32)))
KEYS = {KEY.public.id: KEY.public}
ANCHOR = Anchor.made(7, "ab" * 32, signed_at="2026-11-28T21:00:00.000000+00:00", key=KEY)


def test_an_anchor_is_what_its_key_signed():
    assert ANCHOR.problem(KEYS) is None
    assert Anchor.from_json(ANCHOR.to_json()) == ANCHOR


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"seq": 8}, "not key"),
        ({"hash": "ac" * 32}, "not key"),
        ({"signed_at": "2026-11-28T21:00:00.000001+00:00"}, "not key"),
        ({"signature": "00" * 64}, "not key"),
        ({"signature": "xy"}, "not written in lower-case hex digits"),
        ({"signature": ANCHOR.signature.upper()}, "not written in lower-case hex digits"),
        ({"signature": ANCHOR.signature + " "}, "not written in lower-case hex digits"),
        ({"key_id": "0" * 64}, "by key 000000000000, which is not known here"),
    ],
)
def test_a_changed_anchor_is_found(changes: dict[str, object], problem: str):
    found = replace(ANCHOR, **changes).problem(KEYS)
    assert found is not None
    assert problem in found


def test_fields_cannot_flow_into_each_other():
    assert anchored_bytes(1, "2x", "t") != anchored_bytes(12, "x", "t")
